//! `coview send` and `recv`: what goes in comes out, who begins, and how it ends.

mod common;

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use common::{PATIENCE, Running, Said, await_made, coview, coview_fed, name};
use coview::{Queue, QueueOptions};

/// Bytes that look like anything.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Starts a command, and feeds it from a thread of its own.
fn start_fed(arguments: &[&str], input: Vec<u8>) -> Running {
    let mut running = Running::start(arguments);
    let mut stdin = running.stdin();
    // A command that does not read its stdin is no failure.
    thread::spawn(move || stdin.write_all(&input));
    running
}

/// Starts a command that may write much.
fn start_collected(arguments: &[&str]) -> Running {
    let mut running = Running::start(arguments);
    running.collect();
    running
}

/// Waits until a command has made or opened the queue of this name.
fn await_queue(running: &mut Running, name: &str) -> Queue<[u8]> {
    await_made(running, |timeout| Queue::open_with(&QueueOptions::new().max_len(0).open_timeout(timeout), name))
}

/// Waits until something is true of a queue.
fn await_state(queue: &Queue<[u8]>, is_so: impl Fn(&coview::ChannelState) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so(&queue.state().expect("the queue lives")) {
        assert!(Instant::now() < deadline, "it does not come to that: {:?}", queue.state());
        thread::sleep(Duration::from_millis(1));
    }
}

fn assert_copied(said: &Said, original: &[u8]) {
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert!(said.stdout == original, "{} bytes came out changed, of {}", said.stdout.len(), original.len());
}

#[test]
fn a_large_file_comes_out_as_it_went_in() {
    let name = name("copy");
    let bytes = noise((64 << 20) + 12_345);
    let receiver = start_collected(&["recv", &name]);
    coview_fed(&["send", &name], &bytes).ok();
    assert_copied(&receiver.finish(), &bytes);
    assert!(coview::stat(&name).is_err(), "something is left");
}

#[test]
fn either_side_may_begin() {
    let name = name("order");
    for input in [&b""[..], b"x", b"no line feed at the end", &noise(1 << 20)] {
        let mut sender = start_fed(&["send", &name], input.to_vec());
        // The sender has what it sends, or as much as fits, in the queue.
        drop(await_queue(&mut sender, &name));
        assert_copied(&Running::start(&["recv", &name]).finish(), input);
        sender.finish().ok();
        let mut receiver = start_collected(&["recv", &name]);
        drop(await_queue(&mut receiver, &name));
        coview_fed(&["send", &name], input).ok();
        assert_copied(&receiver.finish(), input);
    }
}

#[test]
fn lines_go_in_without_their_line_feeds_and_come_out_with_them() {
    let name = name("lines");
    let queue = Queue::<[u8]>::create(&name).expect("the name is free");
    let mut receiver = queue.receiver().expect("there is room for one");
    coview_fed(&["send", &name, "--lines", "--leave"], b"one\n\nthree").ok();
    for line in [&b"one"[..], b"", b"three"] {
        assert_eq!(receiver.recv_copy().expect("it was sent"), line);
    }
    drop(receiver);
    let mut sender = queue.sender().expect("there is room for one");
    sender.send_many([&b"four"[..], b"", b"six"]).expect("there is room");
    drop(sender);
    // Who comes when all senders have gone waits for another, unless something is there.
    assert_eq!(coview(&["recv", &name, "--lines"]).ok(), "four\n\nsix\n");
}

#[test]
fn frames_are_kept_apart() {
    let name = name("frames");
    let frames = b"\x03\0\0\0one\0\0\0\0\x05\0\0\0three";
    let receiver = Running::start(&["recv", &name, "--length-prefixed"]);
    coview_fed(&["send", &name, "--length-prefixed"], frames).ok();
    assert_copied(&receiver.finish(), frames);
    let receiver = Running::start(&["recv", &name, "--lines"]);
    coview_fed(&["send", &name, "--fixed", "2"], b"aabbcc").ok();
    assert_eq!(receiver.finish().ok(), "aa\nbb\ncc\n");
    let receiver = start_collected(&["recv", &name, "--fixed", "70000"]);
    let bytes = noise(140_000);
    coview_fed(&["send", &name, "--fixed", "70000"], &bytes).ok();
    assert_copied(&receiver.finish(), &bytes);
}

#[test]
fn frames_that_are_none_are_told() {
    let name = name("cut");
    let queue = Queue::<[u8]>::create_with(&QueueOptions::new().max_len(100), &name).expect("the name is free");
    let mut receiver = queue.receiver().expect("there is room for one");
    let fed = |framing: &[&str], input: &[u8]| coview_fed(&[&["send", &name], framing].concat(), input).failed(1);
    let complaint = fed(&["--fixed", "4"], b"abcdef");
    assert_eq!(complaint.trim_end(), "coview: stdin ended within a message, which has 2 bytes of 4 bytes");
    assert_eq!(receiver.recv_copy().expect("the first was whole"), b"abcd");
    assert!(fed(&["--length-prefixed"], b"\x03\0\0\0ab").contains("2 bytes of 3 bytes"));
    let complaint = fed(&["--lines"], &[b'x'; 101]);
    assert!(complaint.contains(&format!("is too long: those of queue `{name}` have at most 100 bytes")), "{complaint}");
    assert!(complaint.contains("--max-len N") && complaint.contains("--raw"), "{complaint}");
    assert!(
        fed(&["--length-prefixed"], b"\xff\xff\xff\xff").contains("message 1 has 4294967295 bytes and is too long")
    );
    assert!(fed(&["--fixed", "101"], b"").contains("message 1 has 101 bytes and is too long"));
    let mut sender = queue.sender().expect("there is room for one");
    sender.send(b"three").expect("there is room");
    drop(receiver);
    let complaint = coview(&["recv", &name, "--fixed", "4"]).failed(1);
    assert!(complaint.contains("a message has 5 bytes, and --fixed says 4 bytes"), "{complaint}");
}

#[test]
fn long_messages_need_a_queue_that_is_made_for_them() {
    let name = name("long");
    let line = [vec![b'x'; 100_000], vec![b'\n']].concat();
    let complaint = coview_fed(&["send", &name, "--lines"], &line).failed(1);
    assert!(complaint.contains("at most 16384 bytes"), "{complaint}");
    let mut receiver = Running::start(&["recv", &name, "--lines"]);
    let queue = await_queue(&mut receiver, &name);
    let complaint = coview_fed(&["send", &name, "--lines", "--max-len", "100K"], &line).failed(1);
    assert!(complaint.contains("at most 16384 bytes, and 102400 are wanted"), "{complaint}");
    receiver.kill();
    drop(queue);
    let mut sender = start_fed(&["send", &name, "--lines", "--max-len", "100K"], line.clone());
    drop(await_queue(&mut sender, &name));
    assert_copied(&coview(&["recv", &name, "--lines"]), &line);
    sender.finish().ok();
}

#[test]
fn so_many_messages_are_sent_and_received_as_asked_for() {
    let name = name("count");
    let queue = Queue::<[u8]>::create(&name).expect("the name is free");
    coview_fed(&["send", &name, "--lines", "--count", "3", "--leave"], b"1\n2\n3\n4\n").ok();
    assert_eq!(queue.state().expect("the queue lives").depth, 3);
    assert_eq!(coview(&["recv", &name, "--lines", "--count", "1"]).ok(), "1\n");
    assert_eq!(coview(&["recv", &name, "--lines", "--count", "2"]).ok(), "2\n3\n");
    assert_eq!(queue.state().expect("the queue lives").depth, 0);
}

#[test]
fn a_rate_is_kept() {
    let name = name("rate");
    let mut receiver = Running::start(&["recv", &name, "--lines"]);
    drop(await_queue(&mut receiver, &name));
    let began = Instant::now();
    coview_fed(&["send", &name, "--lines", "--rate", "50"], b"1\n2\n3\n4\n5\n6\n").ok();
    // Six messages have five pauses of 20 ms between them.
    assert!(began.elapsed() >= Duration::from_millis(100), "{:?}", began.elapsed());
    assert_eq!(receiver.finish().ok(), "1\n2\n3\n4\n5\n6\n");
}

#[test]
fn who_follows_outlives_the_other_side() {
    let name = name("follow");
    let mut receiver = Running::start(&["recv", &name, "--lines", "--follow", "--count", "3"]);
    for line in ["one\n", "two\n"] {
        coview_fed(&["send", &name, "--lines"], line.as_bytes()).ok();
        assert_eq!(receiver.line(), line);
    }
    let mut killed = Running::start(&["send", &name, "--lines"]);
    let _open = killed.stdin();
    await_state(&await_queue(&mut killed, &name), |state| state.senders.joined == 3);
    killed.kill();
    receiver.hear("a sender of ");
    receiver.hear("has died; waiting for the next");
    coview_fed(&["send", &name, "--lines"], b"three\n").ok();
    assert_eq!(receiver.finish().ok(), "three\n");
    let mut sender = start_fed(&["send", &name, "--lines", "--follow", "--capacity", "2"], b"1\n2\n3\n4\n5\n".to_vec());
    let mut lines = String::new();
    for _ in 0..5 {
        // Each takes one, and leaves the sender alone.
        drop(await_queue(&mut sender, &name));
        lines += &coview(&["recv", &name, "--lines", "--count", "1"]).ok();
    }
    assert_eq!(lines, "1\n2\n3\n4\n5\n");
    sender.finish().ok();
}

#[test]
fn who_comes_between_two_senders_waits_for_the_second() {
    let name = name("between");
    let queue = Queue::<[u8]>::create(&name).expect("the name is free");
    drop(queue.sender().expect("there is room for one"));
    let receiver = Running::start(&["recv", &name]);
    await_state(&queue, |state| state.receivers.present == 1);
    coview_fed(&["send", &name], b"second").ok();
    assert_eq!(receiver.finish().ok(), "second");
}

#[test]
fn a_killed_sender_is_told_and_what_it_sent_is_there() {
    let name = name("killed");
    let mut sender = Running::start(&["send", &name, "--lines"]);
    let mut stdin = sender.stdin();
    stdin.write_all(b"one\ntwo\nhalf of a li").expect("the sender reads");
    let mut receiver = Running::start(&["recv", &name, "--lines"]);
    assert_eq!(receiver.line() + &receiver.line(), "one\ntwo\n");
    sender.kill();
    let said = receiver.finish();
    assert_eq!(said.stdout, b"");
    let complaint = said.failed(1);
    let expected = format!("coview: receive from queue `{name}`: a sender has died before the end");
    assert!(complaint.starts_with(&expected), "{complaint}");
    assert!(complaint.trim_end().ends_with("what is there was received: 2 messages, 6 B"), "{complaint}");
}

#[test]
fn a_sender_whose_receivers_are_gone_says_what_to_do() {
    let name = name("gone");
    let lines = "line\n".repeat(100);
    // In the middle, and with everything sent and not received.
    for capacity in ["2", "100"] {
        let mut sender = start_fed(&["send", &name, "--lines", "--capacity", capacity], lines.clone().into_bytes());
        let queue = await_queue(&mut sender, &name);
        await_state(&queue, |state| state.depth >= 2);
        assert_eq!(coview(&["recv", &name, "--lines", "--count", "1"]).ok(), "line\n");
        let complaint = sender.finish().failed(1);
        assert!(complaint.starts_with(&format!("coview: send to queue `{name}`: ")), "{complaint}");
        assert!(complaint.contains("all receivers have gone") && complaint.contains("--follow"), "{complaint}");
    }
}

#[test]
fn the_end_of_a_raw_stream_leaves_nothing_to_be_received() {
    let name = name("raw-end");
    let queue = Queue::<[u8]>::create(&name).expect("the name is free");
    let sender = start_fed(&["send", &name], b"everything".to_vec());
    await_state(&queue, |state| state.depth == 1);
    assert_eq!(coview(&["recv", &name, "--count", "1"]).ok(), "everything");
    sender.finish().ok();
    assert_eq!(queue.state().expect("the queue lives").depth, 0);
}

#[test]
fn nothing_that_comes_in_time_is_told_by_status_124() {
    let name = name("timeout");
    let complaint = coview(&["recv", &name, "--wait", "10ms"]).failed(124);
    assert!(complaint.contains("timed out"), "{complaint}");
    let complaint = coview(&["recv", &name, "--timeout", "20ms"]).failed(124);
    assert!(complaint.contains(&format!("receive from queue `{name}`: timed out after 20ms")), "{complaint}");
    let complaint = coview_fed(&["send", &name, "--timeout", "20ms"], b"text").failed(124);
    assert!(complaint.contains(&format!("send to queue `{name}`: timed out after 20ms")), "{complaint}");
    let lines = coview_fed(&["send", &name, "--lines", "--capacity", "2", "--timeout", "20ms"], b"1\n2\n3\n");
    lines.failed(124);
    assert!(coview::stat(&name).is_err(), "something is left");
}

#[test]
fn what_exists_or_does_not_is_told() {
    let name = name("exists");
    for verb in ["send", "recv", "pub", "sub"] {
        let complaint = coview(&[verb, &name, "--open"]).failed(1);
        assert!(complaint.contains("not found"), "{complaint}");
    }
    let queue = Queue::<[u8]>::create(&name).expect("the name is free");
    for verb in ["send", "recv"] {
        let complaint = coview(&[verb, &name, "--create"]).failed(1);
        assert!(complaint.contains(&format!("create queue `{name}`: already exists")), "{complaint}");
    }
    let complaint = coview(&["sub", &name]).failed(1);
    assert!(complaint.contains("it is a queue, not a topic"), "{complaint}");
    drop(queue);
    let _typed = Queue::<u64>::create(&name).expect("the name is free");
    let complaint = coview(&["recv", &name]).failed(1);
    assert!(complaint.contains("its messages are of a type, not bytes"), "{complaint}");
    let _event = Running::start_ready(&["event", "create", &self::name("exists.event"), "--json"]);
    let complaint = coview(&["recv", &self::name("exists.event")]).failed(1);
    assert!(complaint.contains("another kind"), "{complaint}");
    let complaint = coview(&["recv", "/cli.exists.posix"]).failed(1);
    assert!(complaint.contains("is opened here, and not created"), "{complaint}");
    let complaint = coview(&["send", &self::name("huge"), "--capacity", "4000000000", "--max-len", "1T"]).failed(1);
    assert!(complaint.contains("create or open queue"), "{complaint}");
}

#[test]
fn sums_are_told_when_they_are_asked_for() {
    let name = name("stats");
    let mut receiver = Running::start(&["recv", &name, "--lines", "--stats"]);
    drop(await_queue(&mut receiver, &name));
    let sent = coview_fed(&["send", &name, "--lines", "--stats"], b"one\ntwo\nthree\n");
    assert!(sent.stderr.starts_with("sent 3 messages, 11 B in "), "{}", sent.stderr);
    assert!(sent.stderr.contains(" messages/s, ") && sent.stderr.contains("blocked "), "{}", sent.stderr);
    let received = receiver.finish();
    assert!(received.stderr.starts_with("received 3 messages, 11 B in "), "{}", received.stderr);
    assert_eq!(received.ok(), "one\ntwo\nthree\n");
}

#[test]
fn each_message_goes_to_one_of_several_receivers() {
    let name = name("several");
    let queue = Queue::<[u8]>::create(&name).expect("the name is free");
    let receivers = [(); 3].map(|()| Running::start(&["recv", &name, "--lines"]));
    await_state(&queue, |state| state.receivers.present == 3);
    let lines: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    coview_fed(&["send", &name, "--lines"], lines.join("\n").as_bytes()).ok();
    let mut received = Vec::new();
    for receiver in receivers {
        let text = receiver.finish().ok();
        received.extend(text.lines().map(|line| line.parse::<u32>().expect("lines are whole")));
    }
    received.sort_unstable();
    assert!(received.into_iter().eq(0..5000), "a line was lost or came twice");
}

#[test]
fn nobody_who_reads_the_messages_is_no_error() {
    let name = name("pipe");
    let queue = Queue::<[u8]>::create(&name).expect("the name is free");
    let mut sender = queue.sender().expect("there is room for one");
    let mut receiver = Running::start(&["recv", &name, "--lines"]);
    sender.send(b"one").expect("there is room");
    assert_eq!(receiver.line(), "one\n");
    receiver.close_stdout();
    sender.send(b"two").expect("there is room");
    let said = receiver.finish();
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
}

#[test]
fn wrong_usage_of_channels_is_told_by_status_2() {
    for wrong in [
        &["send"][..],
        &["send", "x", "--create", "--open"],
        &["send", "x", "--create", "--wait", "1s"],
        &["send", "x", "--open", "--capacity", "4"],
        &["send", "x", "--open", "--rights", "group"],
        &["send", "x", "--capacity", "0"],
        &["send", "x", "--lines", "--raw"],
        &["send", "x", "--fixed", "0"],
        &["send", "x", "--fixed", "many"],
        &["send", "x", "--rate", "0"],
        &["send", "x", "--count", "0"],
        &["send", "x", "--lossy"],
        &["recv", "x", "--rate", "5"],
        &["recv", "x", "--history", "5"],
        &["recv", "x", "--timeout", "soon"],
        &["pub", "x", "--follow"],
        &["pub", "x", "--open", "--history", "5"],
        &["sub", "x", "--lines", "--length-prefixed"],
        &["bench", "x"],
    ] {
        coview(wrong).failed(2);
    }
}
