//! `coview watch` on a pipe: a line per change, and what is told besides.

mod common;

use std::env;
use std::process::{Child, Command, Stdio};

use common::{COVIEW, Running, coview, name, spawn};
use coview::{Latest, LatestBytesPublisher, LatestPublisher, Mapping, Shared};
use serde_json::{Value, json};

/// Which region this program is to publish in, when it was started for that.
const PUBLISH: &str = "COVIEW_CLI_TEST_PUBLISH";

fn watch(name: &str, more: &[&str]) -> Running {
    Running::start(&[&["watch", name], more].concat())
}

fn json_line(running: &mut Running) -> Value {
    serde_json::from_str(&running.line()).expect("the line is JSON")
}

/// A process that has published one value, and goes on to live.
struct Publishing(Child);

impl Publishing {
    fn start(name: &str) -> Publishing {
        let mut command = Command::new(env::current_exe().expect("a test program has a path"));
        command.args(["publishing", "--exact", "--nocapture"]).env(PUBLISH, name);
        // It lives until its stdin ends.
        Publishing(spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null())))
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it can be waited for");
    }
}

/// The part of the process above; in a usual run of the tests, nothing.
#[test]
fn publishing() {
    let Ok(name) = env::var(PUBLISH) else { return };
    let mut publisher = LatestPublisher::<u32>::create(&name).expect("the name is free");
    publisher.publish(&1).expect("it can be published");
    // Who started this kills it, or is gone.
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[test]
fn a_plain_mapping_is_watched_value_by_value() {
    let name = name("values");
    let _holder = Running::start_ready(&["create", &name, "64", "--json"]);
    let mut watch = watch(&name, &["--as", "char[8] word; u8 n", "--count", "3"]);
    assert_eq!(watch.line(), "word=\"\" n=0\n");
    coview(&["write", &name, "Update"]).ok();
    assert_eq!(watch.line(), "word=\"Update\" n=0\n");
    coview(&["write", &name, "--offset", "8", "A"]).ok();
    assert_eq!(watch.line(), "word=\"Update\" n=65\n");
    watch.finish().ok();
}

#[test]
fn bytes_are_watched_by_offset() {
    let name = name("offsets");
    let mapping = Mapping::create(&name, 4096).expect("the name is free");
    let view = mapping.view().expect("it can be mapped");
    let mut watch = watch(&name, &["--offset", "16", "--length", "4", "--count", "3"]);
    assert_eq!(watch.line(), "00000010: 00000000\n");
    view.write(8, &[0xff; 9]);
    assert_eq!(watch.line(), "00000010: ff\n");
    view.write(16, &[0xfe, 0, 1, 2]);
    // It may have been seen half made.
    assert!(watch.line().starts_with("00000010: fe"));
    watch.finish().ok();
}

#[test]
fn changes_of_bytes_are_told_as_json() {
    let name = name("changes");
    let shared = Shared::create(&name, &[1u8, 2, 3, 4]).expect("the name is free");
    let mut watch = watch(&name, &["--json", "--offset", "1", "--count", "3"]);
    assert_eq!(json_line(&mut watch)["changes"], json!([{"offset": 1, "hex": "020304"}]));
    shared.set(&[9, 9, 3, 9]).expect("it can be set");
    let changed = json_line(&mut watch);
    assert_eq!(changed["changes"], json!([{"offset": 1, "hex": "09"}, {"offset": 3, "hex": "09"}]));
    assert_eq!((&changed["kind"], &changed["sequence"]), (&json!("shared"), &json!(2)));
    shared.set(&[9, 9, 3, 9]).expect("it can be set");
    assert_eq!(json_line(&mut watch)["changes"], json!([]));
    watch.finish().ok();
}

#[test]
fn a_shared_value_is_watched_without_missing_one_that_stays() {
    let name = name("shared");
    let shared = Shared::create(&name, &[0u32; 2]).expect("the name is free");
    let mut watch = watch(&name, &["--as", "u32[2] pair", "--count", "20"]);
    for number in 1..=20 {
        assert_eq!(watch.line(), format!("#{number} pair[0]={0} pair[1]={0}\n", number - 1));
        if number < 20 {
            shared.set(&[number; 2]).expect("it can be set");
        }
    }
    watch.finish().ok();
}

#[test]
fn values_are_told_as_csv_and_json() {
    let name = name("forms");
    let mut publisher = LatestPublisher::<[u16; 2]>::create(&name).expect("the name is free");
    let mut csv = watch(&name, &["--as", "u16 a; u16 b", "--csv", "--count", "2"]);
    let mut json = watch(&name, &["--as", "u16 a; u16 b", "--json", "--count", "2"]);
    // Nothing was published, so there is nothing but the names.
    assert_eq!(csv.line(), "a,b\n");
    publisher.publish(&[1, 2]).expect("it can be published");
    assert_eq!(csv.line(), "1,2\n");
    let first = json_line(&mut json);
    assert_eq!((&first["sequence"], &first["publisher"]), (&json!(1), &json!("alive")));
    publisher.publish(&[3, 4]).expect("it can be published");
    assert_eq!(csv.line(), "3,4\n");
    assert_eq!(json_line(&mut json)["value"], json!({"a": 3, "b": 4}));
    csv.finish().ok();
    json.finish().ok();
}

#[test]
fn a_value_that_is_too_short_for_the_type_is_told_and_watched_on() {
    let name = name("short");
    let mut publisher = LatestBytesPublisher::create(&name, 8).expect("the name is free");
    publisher.publish(b"a").expect("it fits");
    let mut watch = watch(&name, &["--as", "char[2]", "--count", "1"]);
    watch.hear("a value has 1 byte there, and the type 2 bytes");
    publisher.publish(b"abc").expect("it fits");
    assert_eq!(watch.finish().ok(), "#2 value=\"ab\"\n");
}

#[test]
fn the_death_of_a_publisher_is_told_once_and_watched_beyond() {
    let name = name("death");
    let publishing = Publishing::start(&name);
    let mut watch = watch(&name, &["--as", "u32", "--count", "2", "--wait", "30s"]);
    assert_eq!(watch.line(), "#1 value=1\n");
    // Somebody has to hold the region when the publisher is gone: the watch does.
    drop(publishing);
    watch.hear("has died");
    let mut publisher = LatestPublisher::<u32>::open(&name).expect("it lives on");
    watch.hear("has a publisher again");
    publisher.publish(&2).expect("it can be published");
    let said = watch.finish();
    assert_eq!((said.status, said.stderr.matches("has died").count()), (Some(0), 1), "{}", said.stderr);
    assert_eq!(said.stdout, b"#2 value=2\n");
}

#[test]
fn the_end_of_a_publisher_is_told_as_no_death() {
    let name = name("end");
    let mut publisher = LatestPublisher::<u32>::create(&name).expect("the name is free");
    publisher.publish(&1).expect("it can be published");
    let _reader = Latest::<u32>::open(&name).expect("it exists");
    let mut watch = watch(&name, &["--as", "u32", "--timeout", "60s"]);
    watch.line();
    drop(publisher);
    watch.hear("has ended");
}

#[test]
fn a_watch_times_out_with_124() {
    let name = name("timeout");
    let complaint = coview(&["watch", &name, "--wait", "10ms"]).failed(124);
    assert!(complaint.contains("timed out"), "{complaint}");
    coview(&["watch", &name]).failed(1);
    let _shared = Shared::create(&name, &1u8).expect("the name is free");
    let complaint = coview(&["watch", &name, "--timeout", "50ms"]).failed(124);
    assert!(complaint.contains(&format!("watch `{name}`: timed out after 50ms")), "{complaint}");
    let plain = self::name("timeout-plain");
    let said = coview(&["create", &plain, "3", "--", COVIEW, "watch", &plain, "--timeout", "50ms"]);
    assert_eq!((said.status, said.stdout.as_slice()), (Some(124), &b"00000000: 000000\n"[..]));
}

#[test]
fn nobody_who_reads_the_lines_is_no_error() {
    let name = name("pipe");
    let shared = Shared::create(&name, &0u32).expect("the name is free");
    let mut watch = watch(&name, &["--as", "u32"]);
    watch.line();
    watch.close_stdout();
    shared.set(&1).expect("it can be set");
    let said = watch.finish();
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
}

#[test]
fn what_is_watched_lives_on_until_the_watch_ends() {
    let name = name("held");
    let holder = Running::start_ready(&["create", &name, "8", "--json"]);
    let mut watch = watch(&name, &["--count", "2"]);
    watch.line();
    holder.kill();
    coview(&["write", &name, "x"]).ok();
    assert_eq!(watch.line(), "00000000: 78\n");
    watch.finish().ok();
    coview(&["stat", &name]).failed(1);
}

#[test]
fn of_a_large_mapping_a_part_is_watched_unless_more_is_asked_for() {
    let name = name("large");
    let _holder = Running::start_ready(&["create", &name, "20M", "--json"]);
    let said = coview(&["watch", &name, "--count", "1"]);
    assert!(said.stderr.contains("watching 65536 bytes of 20971520; --offset and --length choose others"));
    assert_eq!(said.ok().len(), "00000000: \n".len() + 2 * 65_536);
    assert_eq!(coview(&["watch", &name, "--count", "1", "--offset", "20971519"]).ok(), "013fffff: 00\n");
    coview(&["watch", &name, "--length", "17M"]).failed(1);
    coview(&["watch", &name, "--offset", "20M"]).failed(1);
    coview(&["watch", &name, "--offset", "20971519", "--length", "2"]).failed(1);
    coview(&["watch", &name, "--length", "0"]).failed(1);
}

#[test]
fn wrong_usage_of_watch_is_told_by_status_2() {
    for wrong in [
        &["watch"][..],
        &["watch", "x", "--as", "f33"],
        &["watch", "x", "--csv"],
        &["watch", "x", "--format", "csv"],
        &["watch", "x", "--json", "--format", "text"],
        &["watch", "x", "--json", "--csv", "--as", "u8"],
        &["watch", "x", "--as", "u8", "--length", "1"],
        &["watch", "x", "--count", "0"],
        &["watch", "x", "--interval", "often"],
    ] {
        coview(wrong).failed(2);
    }
}
