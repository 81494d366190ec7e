//! Signals on Unix: what holds lets go, what runs a command passes the signal on.
#![cfg(unix)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;

use common::{COVIEW, PATIENCE, Running, coview, name};
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
