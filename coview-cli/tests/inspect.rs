//! `coview ls`, `stat` and `sweep`: tables for people, JSON for programs.

mod common;

use common::{Running, coview, name};

#[test]
fn a_listing_shows_what_lives() {
    let name = name("ls");
    let holder = Running::start_ready(&["create", &name, "64K", "--json"]);
    let table = coview(&["ls"]).ok();
    assert!(table.starts_with("NAME "), "{table}");
    let row = table.lines().find(|line| line.starts_with(&name)).expect("the mapping is listed");
    assert!(row.contains("mapping") && row.contains("64 KiB"), "{row}");
    let listed = coview(&["ls", "--json"]).json();
    let object = find(&listed, &name).expect("the mapping is listed");
    assert_eq!((&object["kind"], &object["size"], &object["dead"]), (&"mapping".into(), &65536.into(), &false.into()));
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
