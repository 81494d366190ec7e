//! `coview ls`, `stat` and `sweep`: tables for people, JSON for programs.

mod common;

use common::{PATIENCE, Running, coview, name};
use coview::{Mapping, Queue, QueueOptions, Topic, TopicOptions};
use serde_json::json;

#[test]
fn a_listing_shows_what_lives() {
    let name = name("ls");
    // Too small for a channel: nobody who lists at the same time opens it to look.
    let holder = Running::start_ready(&["create", &name, "16K", "--json"]);
    let table = coview(&["ls"]).ok();
    assert!(table.starts_with("NAME "), "{table}");
    let row = table.lines().find(|line| line.starts_with(&name)).expect("the mapping is listed");
    assert!(row.contains("mapping") && row.contains("16 KiB"), "{row}");
    let listed = coview(&["ls", "--json"]).json();
    let object = find(&listed, &name).expect("the mapping is listed");
    assert_eq!((&object["kind"], &object["size"], &object["dead"]), (&"mapping".into(), &16384.into(), &false.into()));
    if let Some(holders) = object["holders"].as_array() {
        assert_eq!(holders.len(), 1);
        assert_eq!(holders[0]["pid"], holder.pid());
        assert!(holders[0]["program"].as_str().is_some_and(|program| program.starts_with("coview")));
    }
}

#[test]
fn every_namespace_can_be_listed() {
    let name = format!(r"Global\{}", name("ls-global"));
    let _holder = Running::start_ready(&["event", "create", &name, "--json"]);
    for which in ["--global", "--all"] {
        let listed = coview(&["ls", which, "--json"]).json();
        let object = find(&listed, &name).expect("the event is listed");
        assert_eq!((&object["namespace"], &object["kind"]), (&"global".into(), &"event".into()));
    }
    assert!(find(&coview(&["ls", "--json"]).json(), &name).is_none());
}

#[test]
fn one_object_is_shown_in_words_and_as_json() {
    const FIELDS: &str = "name complete_name namespace kind size memory owner rights created state holders dead";
    let name = name("stat");
    let _holder = Running::start_ready(&["create", &name, "5000", "--json"]);
    let words = coview(&["stat", &name]).ok();
    assert!(words.contains("5000 bytes (4.9 KiB)"), "{words}");
    let object = coview(&["stat", &name, "--json"]).json();
    for field in FIELDS.split(' ') {
        assert!(object.get(field).is_some(), "{field} is missing");
    }
    let complaint = coview(&["stat", &self::name("stat-nothing")]).failed(1);
    assert!(complaint.contains("not found"), "{complaint}");
}

#[test]
fn a_timer_is_shown_with_the_time_that_is_left() {
    let name = name("timer");
    let timer = coview::Timer::create(&name, coview::Reset::Auto).expect("the name is free");
    assert!(coview(&["stat", &name]).ok().contains("not signaled"));
    timer.set(std::time::Duration::from_secs(1000), None).expect("it can be set");
    let words = coview(&["stat", &name]).ok();
    assert!(words.contains("kind       timer") && words.contains("due in "), "{words}");
    let state = &coview(&["stat", &name, "--json"]).json()["state"];
    assert!(state["due"].as_f64().is_some_and(|due| due < 1000.0) && state["signaled"] == false, "{state}");
}

#[test]
fn a_channel_is_listed_with_what_waits_and_who_is_there() {
    let name = name("ls-channel");
    let queue = Queue::<[u8]>::create(&name).expect("the name is free");
    let (mut sender, _receiver) = (queue.sender().expect("there is room"), queue.receiver().expect("there is room"));
    sender.send_many([&b"one"[..], b"two"]).expect("there is room");
    let table = coview(&["ls"]).ok();
    let row = table.lines().find(|line| line.starts_with(&name)).expect("the mapping is listed");
    assert!(row.contains("mapping") && row.contains("queue, 2 wait, 1 sender, 1 receiver"), "{row}");
    let listed = coview(&["ls", "--json"]).json();
    let channel = &find(&listed, &name).expect("the mapping is listed")["channel"];
    assert_eq!((&channel["kind"], &channel["depth"]), (&json!("queue"), &json!(2)));
    drop((queue, sender, _receiver));
    // Another test may look into it right now.
    wait_until("looking has kept it", || coview::stat(&name).is_err());
}

#[test]
fn a_channel_is_shown_end_by_end() {
    let name = name("stat-channel");
    let options = TopicOptions::new().lossy().history(2).capacity(30).max_len(100).fingerprint(0x1234);
    let topic = Topic::<[u8]>::create_with(&options, &name).expect("the name is free");
    let mut publisher = topic.publisher().expect("there is room");
    let mut killed = Running::start(&["sub", &name, "--open"]);
    publisher_waits_for(&topic, 1);
    publisher.publish(b"12345").expect("nobody waits");
    assert_eq!(killed.line(), "12345\n");
    killed.kill();
    let mut subscriber = topic.subscriber().expect("there is room");
    // Ends say in the channel what they have done when they have done some more, and when they go.
    for _ in 1..64 {
        publisher.publish(b"678").expect("nobody waits");
        subscriber.recv_copy().expect("it was published");
    }
    let words = coview(&["stat", &name]).ok();
    for expected in [
        "channel     lossy topic of up to 100 bytes, capacity 30, history 2, fingerprint 0x0000000000001234\n",
        "messages    64 sent (194 B), ",
        "publishers  1 present, 0 ended, 0 died\n",
        "subscribers 1 present, 0 ended, 1 died\n",
        "publisher 0 ",
        "subscriber 0 ",
    ] {
        assert!(words.contains(expected), "no {expected:?} in {words}");
    }
    let channel = &coview(&["stat", &name, "--json"]).json()["channel"];
    for (field, value) in [
        ("kind", json!("topic")),
        ("message_size", json!(100)),
        ("typed", json!(false)),
        ("history", json!(2)),
        ("lossy", json!(true)),
        ("messages", json!(64)),
        ("receivers", json!({"present": 1, "joined": 2, "ended": 0, "died": 1})),
    ] {
        assert_eq!(channel[field], value, "{field} of {channel}");
    }
    let living = channel["ends"]
        .as_array()
        .expect("there are ends")
        .iter()
        .find(|end| end["role"] == "receiver" && end["alive"] == true);
    let living = living.expect("the subscriber is shown");
    assert_eq!((&living["pid"], &living["missed"]), (&json!(std::process::id()), &json!(0)));
}

/// Waits until so many subscribers have come.
fn publisher_waits_for(topic: &Topic<[u8]>, count: u64) {
    wait_until("no subscriber comes", || topic.state().expect("the topic lives").receivers.joined >= count);
}

fn wait_until(complaint: &str, is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "{complaint}");
        std::thread::yield_now();
    }
}

#[test]
fn what_is_no_channel_or_a_broken_one_is_shown_as_a_mapping() {
    let name = name("no-channel");
    let mapping = Mapping::create(&name, 64 << 10).expect("the name is free");
    for first in [&b"something"[..], b"coviewCH", b"coviewCH\x01\0\0\0\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"] {
        mapping.view().expect("it can be mapped").write(0, first);
        assert_eq!(coview(&["stat", &name, "--json"]).json()["channel"], json!(null));
        assert!(coview(&["ls"]).ok().lines().any(|line| line.starts_with(&name)));
    }
    let typed = self::name("typed-channel");
    let options = QueueOptions::new().capacity(8);
    let _queue = Queue::<[u32; 5]>::create_with(&options, &typed).expect("the name is free");
    assert!(coview(&["stat", &typed]).ok().contains("queue of values of 20 bytes, capacity 8\n"));
}

#[test]
fn what_killed_processes_left_is_swept() {
    let name = name("swept");
    Running::start_ready(&["create", &name, "1", "--json"]).kill();
    let removed = coview(&["sweep"]).ok();
    removed.trim_end().parse::<usize>().expect("the result is a number");
    coview(&["stat", &name]).failed(1);
    assert!(find(&coview(&["ls", "--sweep", "--json"]).json(), &name).is_none());
}

fn find<'a>(listed: &'a serde_json::Value, name: &str) -> Option<&'a serde_json::Value> {
    listed.as_array().expect("a listing is an array").iter().find(|object| object["name"] == name)
}
