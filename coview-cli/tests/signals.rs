//! Signals on Unix: what holds lets go, what runs a command passes the signal on.
#![cfg(unix)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;

use common::{COVIEW, PATIENCE, Running, coview, name};
use coview::Queue;
use shared_child::SharedChild;
use shared_child::unix::SharedChildExt;
use signal_hook::consts::{SIGINT, SIGTERM};

/// Starts a command that says when it is ready, sends it a signal, and returns its exit status.
fn status_after(signal: i32, arguments: &[&str]) -> Option<i32> {
    // What runs in a shell's background ignores SIGINT, and so would the command.
    let mut command = Command::new("env");
    command.args(["--default-signal=INT", COVIEW]);
    let child = SharedChild::spawn(command.args(arguments).stdout(Stdio::piped())).expect("the command starts");
    let child = Arc::new(child);
    let mut stdout = BufReader::new(child.take_stdout().expect("stdout is piped"));
    let (sender, received) = mpsc::channel();
    let signalled = Arc::clone(&child);
    thread::spawn(move || {
        stdout.read_line(&mut String::new()).expect("stdout is UTF-8");
        signalled.send_signal(signal).expect("the signal is sent");
        let _ = sender.send(signalled.wait().expect("it can be waited for").code());
    });
    let status = received.recv_timeout(PATIENCE);
    // It has ended by itself unless the test has failed.
    let _ = child.kill();
    status.expect("the command ends in time")
}

#[test]
fn a_signal_is_the_normal_end_of_holding() {
    let name = name("signal");
    for signal in [SIGINT, SIGTERM] {
        assert_eq!(status_after(signal, &["create", &name, "1K", "--json"]), Some(0));
        coview(&["stat", &name]).failed(1);
    }
}

#[test]
fn a_posix_name_is_unlinked_at_the_end() {
    let name = format!("/{}", name("posix"));
    assert_eq!(status_after(SIGTERM, &["create", &name, "1K", "--json"]), Some(0));
    coview(&["stat", &name]).failed(1);
    coview(&["create", &name, "1K", "--", "./no/such/program"]).failed(127);
    coview(&["stat", &name]).failed(1);
}

#[test]
fn a_request_to_terminate_reaches_the_command() {
    let (name, inner) = (name("forward"), name("forward.inner"));
    let holding = ["create", &inner, "1", "--json"];
    assert_eq!(status_after(SIGTERM, &[&["lock", &name, "--", COVIEW], &holding[..]].concat()), Some(0));
    coview(&["stat", &name]).failed(1);
    coview(&["stat", &inner]).failed(1);
}

#[test]
fn a_signal_ends_receiving_with_what_was_received() {
    let name = name("receiving");
    let queue = Queue::<[u8]>::create(&name).expect("the name is free");
    let mut sender = queue.sender().expect("there is room for one");
    sender.send_many([&b"one"[..], b"two", b"three"]).expect("there is room");
    assert_eq!(status_after(SIGINT, &["recv", &name, "--lines"]), Some(128 + SIGINT));
    sender.send(b"four").expect("there is room");
    // With --follow there is no other end.
    assert_eq!(status_after(SIGTERM, &["recv", &name, "--lines", "--follow"]), Some(0));
    let ends = queue.state().expect("the queue lives").receivers;
    assert_eq!((ends.ended, ends.died), (2, 0));
}

#[test]
fn a_sender_that_is_interrupted_counts_as_dead() {
    let name = name("sending");
    let mut command = Command::new("env");
    command.args(["--default-signal=INT", COVIEW, "send", &name, "--lines", "--stats"]);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = SharedChild::spawn(command).expect("the command starts");
    let mut stdin = child.take_stdin().expect("stdin is piped");
    stdin.write_all(b"one\n").expect("the sender reads");
    let mut receiver = Running::start(&["recv", &name, "--lines"]);
    assert_eq!(receiver.line(), "one\n");
    child.send_signal(SIGINT).expect("the signal is sent");
    assert_eq!(child.wait().expect("it can be waited for").code(), Some(128 + SIGINT));
    let mut words = String::new();
    let mut stderr = child.take_stderr().expect("stderr is piped");
    stderr.read_to_string(&mut words).expect("stderr is UTF-8");
    // The signal may come before the message was counted.
    assert!(words.starts_with("sent ") && words.contains(" messages/s, "), "{words}");
    assert!(receiver.finish().failed(1).contains("a sender has died"));
}

#[test]
fn a_signal_ends_waiting_for_a_lock() {
    let name = name("waiting");
    let (gate, ready) = (self::name("waiting.gate"), self::name("waiting.ready"));
    let _gate = Running::start_ready(&["event", "create", &gate, "--json"]);
    let inner = ["event", "create", &ready, "--json", "--", COVIEW, "event", "wait", &gate];
    let owner = Running::start_ready(&[&["lock", &name, "--", COVIEW], &inner[..]].concat());
    // A waiter says nothing; so the signal goes to a process that speaks before it starts one.
    let outer = self::name("waiting.outer");
    let waiter = ["create", &outer, "1", "--json", "--", COVIEW, "lock", &name, "--", COVIEW, "ls"];
    assert_eq!(status_after(SIGTERM, &waiter), Some(128 + SIGTERM));
    coview(&["event", "set", &gate]).ok();
    owner.finish().ok();
}
