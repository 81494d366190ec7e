//! `coview lock`, `mutex`, `event`, `semaphore` and `timer`: waiting, timing out, and passing on a command's status.

mod common;

use common::{COVIEW, Running, coview, name};

#[test]
fn a_lock_passes_on_the_status_of_its_command() {
    let name = name("status");
    coview(&["lock", &name, "--", COVIEW, "completions", "bash"]).ok();
    coview(&["lock", &name, "--", COVIEW, "stat", "no.such.object"]).failed(1);
    coview(&["lock", &name, "--", COVIEW, "nonsense"]).failed(2);
    coview(&["lock", &name, "--", "./no/such/program"]).failed(127);
    coview(&["stat", &name]).failed(1);
}

#[test]
fn a_mutex_is_owned_while_the_command_runs() {
    let name = name("owned");
    let stat = coview(&["lock", &name, "--", COVIEW, "stat", &name, "--json"]).json();
    assert_eq!((&stat["kind"], &stat["state"]["owned"]), (&"mutex".into(), &true.into()));
    for timeout in ["0", "20ms"] {
        let inner = ["lock", &name, "--timeout", timeout, "--", COVIEW, "ls"];
        let complaint = coview(&[&["lock", &name, "--", COVIEW], &inner[..]].concat()).failed(124);
        assert!(complaint.contains(&format!("lock mutex `{name}`: timed out after")), "{complaint}");
    }
}

#[test]
fn a_killed_owner_abandons_its_mutex_and_the_next_one_is_told() {
    let name = name("abandoned");
    let gate = self::name("abandoned.gate");
    let _keeper = Running::start_ready(&["mutex", "create", &name, "--json"]);
    let _gate = Running::start_ready(&["event", "create", &gate, "--manual", "--json"]);
    // The command prints a line of its own, which says that the mutex is owned, and then waits for the gate: when the
    // test has killed its parent, opening the gate ends it.
    let inner = ["event", "create", &self::name("abandoned.inner"), "--json", "--", COVIEW, "event", "wait", &gate];
    let owner = Running::start_ready(&[&["lock", &name, "--", COVIEW], &inner[..]].concat());
    let waiter = Running::start(&["lock", &name, "--timeout", "30s", "--", COVIEW, "stat", &name, "--json"]);
    owner.kill();
    coview(&["event", "set", &gate]).ok();
    let said = waiter.finish();
    let complaint = format!("coview: mutex `{name}` was abandoned: its last owner died while owning it");
    assert_eq!(said.stderr.trim_end(), complaint);
    assert_eq!(said.json()["state"]["owned"], true);
    let again = coview(&["lock", &name, "--", COVIEW, "stat", &name]);
    assert_eq!(again.stderr, "");
}

#[test]
fn an_auto_event_releases_one_waiter() {
    let name = name("auto");
    let _holder = Running::start_ready(&["event", "create", &name, "--json"]);
    let complaint = coview(&["event", "wait", &name, "--timeout", "10ms"]).failed(124);
    assert!(complaint.contains("timed out after 10ms"), "{complaint}");
    let waiter = Running::start(&["event", "wait", &name, "--timeout", "30s"]);
    coview(&["event", "set", &name]).ok();
    waiter.finish().ok();
    coview(&["event", "wait", &name, "--timeout", "0"]).failed(124);
}

#[test]
fn a_manual_event_stays_set_until_it_is_reset() {
    let name = name("manual");
    let _holder = Running::start_ready(&["event", "create", &name, "--manual", "--signaled", "--json"]);
    coview(&["event", "wait", &name]).ok();
    coview(&["event", "wait", &name, "--timeout", "0"]).ok();
    let state = coview(&["stat", &name, "--json"]).json();
    assert_eq!((&state["state"]["manual"], &state["state"]["signaled"]), (&true.into(), &true.into()));
    coview(&["event", "reset", &name]).ok();
    coview(&["event", "wait", &name, "--timeout", "0"]).failed(124);
}

#[test]
fn a_semaphore_counts() {
    let name = name("semaphore");
    let create = ["semaphore", "create", &name, "--initial", "1", "--maximum", "3", "--json"];
    let _holder = Running::start_ready(&create);
    coview(&["semaphore", "acquire", &name]).ok();
    coview(&["semaphore", "acquire", &name, "--timeout", "0"]).failed(124);
    assert_eq!(coview(&["semaphore", "release", &name, "--count", "2"]).ok().trim_end(), "0");
    assert_eq!(coview(&["semaphore", "release", &name]).ok().trim_end(), "2");
    let complaint = coview(&["semaphore", "release", &name]).failed(1);
    assert!(complaint.contains("would exceed the maximum"), "{complaint}");
    coview(&["semaphore", "release", &name, "--count", "0"]).failed(1);
    let state = coview(&["stat", &name, "--json"]).json();
    assert_eq!((&state["state"]["count"], &state["state"]["maximum"]), (&3.into(), &3.into()));
}

#[test]
fn what_a_semaphore_gave_for_a_command_is_given_back() {
    let name = name("given-back");
    let create = ["semaphore", "create", &name, "--initial", "1", "--maximum", "1", "--json"];
    let _holder = Running::start_ready(&create);
    let inner = ["--", COVIEW, "semaphore", "acquire", &name, "--timeout", "0"];
    coview(&[&["semaphore", "acquire", &name], &inner[..]].concat()).failed(124);
    coview(&["semaphore", "acquire", &name, "--", "./no/such/program"]).failed(127);
    coview(&["semaphore", "acquire", &name, "--timeout", "0"]).ok();
}

#[test]
fn a_timer_releases_who_waits_when_its_time_has_come() {
    let name = name("timer");
    let _holder = Running::start_ready(&["timer", "create", &name, "--json"]);
    let complaint = coview(&["timer", "wait", &name, "--timeout", "10ms"]).failed(124);
    assert!(complaint.contains(&format!("wait for timer `{name}`: timed out after 10ms")), "{complaint}");
    let waiter = Running::start(&["timer", "wait", &name, "--timeout", "30s"]);
    coview(&["timer", "set", &name, "20ms"]).ok();
    waiter.finish().ok();
    coview(&["timer", "wait", &name, "--timeout", "0"]).failed(124);
    coview(&["timer", "set", &name, "0", "--every", "20ms"]).ok();
    for _ in 0..3 {
        coview(&["timer", "wait", &name, "--timeout", "30s"]).ok();
    }
}

#[test]
fn a_manual_timer_stays_signaled_until_it_is_set_again() {
    let name = name("manual.timer");
    let _holder = Running::start_ready(&["timer", "create", &name, "--manual", "--json"]);
    coview(&["timer", "set", &name, "0"]).ok();
    for _ in 0..2 {
        coview(&["timer", "wait", &name, "--timeout", "30s"]).ok();
    }
    coview(&["timer", "set", &name, "1h"]).ok();
    coview(&["timer", "wait", &name, "--timeout", "0"]).failed(124);
    let state = coview(&["stat", &name, "--json"]).json();
    let due = state["state"]["due"].as_f64().expect("it was set");
    assert!(due > 3000.0 && due <= 3600.0, "{due}");
    coview(&["timer", "cancel", &name]).ok();
    coview(&["timer", "wait", &name, "--timeout", "10ms"]).failed(124);
}

#[test]
fn what_does_not_exist_or_is_of_another_kind_is_told() {
    let name = name("kind");
    for verb in [
        &["event", "set"][..],
        &["event", "reset"],
        &["event", "wait"],
        &["semaphore", "acquire"],
        &["timer", "cancel"],
        &["timer", "wait"],
    ] {
        let complaint = coview(&[verb, &[&name]].concat()).failed(1);
        assert!(complaint.contains("not found"), "{complaint}");
    }
    for noun in ["event", "timer"] {
        coview(&[noun, "wait", &name, "--wait", "10ms"]).failed(124);
    }
    let _holder = Running::start_ready(&["mutex", "create", &name, "--json"]);
    for set in [&["event", "set", &name][..], &["timer", "set", &name, "1s"]] {
        let complaint = coview(set).failed(1);
        assert!(complaint.contains("another kind"), "{complaint}");
    }
}
