//! `coview pub` and `sub`: every message to every subscriber, late ones, slow ones, and how it ends.

mod common;

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use common::{PATIENCE, Running, await_made, coview, coview_fed, name};
use coview::{Topic, TopicOptions};

/// Waits until a command has made or opened the topic of this name.
fn await_topic(running: &mut Running, name: &str) -> Topic<[u8]> {
    await_made(running, |timeout| Topic::open_with(&TopicOptions::new().max_len(0).open_timeout(timeout), name))
}

fn await_state(topic: &Topic<[u8]>, is_so: impl Fn(&coview::ChannelState) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so(&topic.state().expect("the topic lives")) {
        assert!(Instant::now() < deadline, "it does not come to that: {:?}", topic.state());
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn every_line_goes_to_every_subscriber_whoever_begins() {
    let name = name("all");
    let lines: String = (0..3000).map(|number| format!("line {number}\n")).collect();
    let start = || {
        let mut subscriber = Running::start(&["sub", &name]);
        subscriber.collect();
        subscriber
    };
    let mut early = start();
    drop(await_topic(&mut early, &name));
    let publisher = {
        let mut publisher = Running::start(&["pub", &name, "--subscribers", "3"]);
        let (mut stdin, lines) = (publisher.stdin(), lines.clone());
        thread::spawn(move || stdin.write_all(lines.as_bytes()));
        publisher
    };
    let late = [(); 2].map(|()| start());
    publisher.finish().ok();
    for subscriber in [early].into_iter().chain(late) {
        let got = subscriber.finish().ok();
        let (first, count) = (got.lines().next(), got.lines().count());
        assert!(got == lines, "{count} lines, from {first:?} on");
    }
    assert!(coview::stat(&name).is_err(), "something is left");
}

#[test]
fn the_first_message_waits_for_a_first_subscriber() {
    let name = name("first");
    let mut publisher = Running::start(&["pub", &name]);
    publisher.stdin().write_all(b"one\ntwo").expect("the publisher reads");
    drop(await_topic(&mut publisher, &name));
    assert_eq!(coview(&["sub", &name]).ok(), "one\ntwo\n");
    publisher.finish().ok();
    let complaint = coview_fed(&["pub", &name, "--timeout", "20ms"], b"one").failed(124);
    assert!(complaint.contains(&format!("send to topic `{name}`: timed out after 20ms")), "{complaint}");
    coview_fed(&["pub", &name, "--subscribers", "0"], b"nobody hears it").ok();
}

#[test]
fn late_subscribers_get_the_history() {
    let name = name("history");
    let mut publisher = Running::start(&["pub", &name, "--history", "2"]);
    let mut stdin = publisher.stdin();
    stdin.write_all(b"1\n2\n3\n4\n").expect("the publisher reads");
    let topic = await_topic(&mut publisher, &name);
    let mut early = topic.subscriber().expect("there is room for one");
    while early.recv_copy().expect("the publisher lives") != b"4" {}
    assert_eq!(coview(&["sub", &name, "--count", "2"]).ok(), "3\n4\n");
    drop(stdin);
    publisher.finish().ok();
}

#[test]
fn who_misses_messages_of_a_lossy_topic_is_told_how_many() {
    let name = name("lossy");
    let options = TopicOptions::new().lossy().capacity(4);
    let topic = Topic::<[u8]>::create_with(&options, &name).expect("the name is free");
    let mut publisher = topic.publisher().expect("there is room for one");
    let mut subscriber = Running::start(&["sub", &name, "--lossy", "--stats"]);
    await_state(&topic, |state| state.receivers.present == 1);
    publisher.publish(b"0").expect("nobody waits");
    assert_eq!(subscriber.line(), "0\n");
    let lines: Vec<Vec<u8>> = (1..=100_000).map(|number: u32| number.to_string().into_bytes()).collect();
    publisher.publish_many(lines.iter().map(Vec::as_slice)).expect("nobody waits");
    drop(publisher);
    let said = subscriber.finish();
    let got = said.stdout.split(|&byte| byte == b'\n').count() as u64 - 1;
    let words: Vec<&str> = said.stderr.split(", ").collect();
    let missed = words.iter().find_map(|word| word.strip_suffix(" missed")).unwrap_or("0");
    let missed: u64 = missed.parse().expect("it is a number");
    assert_eq!((said.status, got + missed), (Some(0), 100_000), "{}", said.stderr);
    let complaint = coview(&["sub", &name, "--max-len", "1M"]).failed(1);
    assert!(complaint.contains("1048576 are wanted"), "{complaint}");
}

#[test]
fn a_topic_that_is_not_lossy_is_not_taken_for_one() {
    let name = name("lossless");
    let _topic = Topic::<[u8]>::create(&name).expect("the name is free");
    let complaint = coview_fed(&["pub", &name, "--lossy"], b"text").failed(1);
    assert!(complaint.contains(&format!("topic `{name}` exists and is lossless")), "{complaint}");
}

#[test]
fn a_killed_publisher_is_told_and_one_that_follows_goes_on() {
    let name = name("killed");
    let mut publisher = Running::start(&["pub", &name, "--subscribers", "2"]);
    let mut stdin = publisher.stdin();
    let mut ending = Running::start(&["sub", &name]);
    let mut following = Running::start(&["sub", &name, "--follow", "--count", "2"]);
    stdin.write_all(b"one\n").expect("the publisher reads");
    assert_eq!((ending.line().as_str(), following.line().as_str()), ("one\n", "one\n"));
    publisher.kill();
    let complaint = ending.finish().failed(1);
    let expected = format!("coview: receive from topic `{name}`: a publisher has died before the end");
    assert!(complaint.starts_with(&expected), "{complaint}");
    following.hear("has died; waiting for the next");
    coview_fed(&["pub", &name], b"two\n").ok();
    assert_eq!(following.finish().ok(), "two\n");
}
