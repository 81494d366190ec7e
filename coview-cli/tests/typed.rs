//! `coview read --as`: plain mappings and typed regions as text, JSON and CSV.

mod common;

use common::{Running, coview, coview_fed, name};
use coview::{Latest, LatestBytesPublisher, LatestPublisher, Shared};
use serde_json::json;

const POSE: &str = "u32 id; f32[3] position; f64 time";

/// Holds a mapping with these bytes.
fn holding(name: &str, bytes: &[u8]) -> Running {
    let holder = Running::start_ready(&["create", name, &bytes.len().to_string(), "--json"]);
    coview_fed(&["write", name, "--from", "-"], bytes).ok();
    holder
}

/// A value of the type `POSE`, in words of which it has the size and the alignment.
fn pose(id: u32, position: [f32; 3], time: f64) -> [u64; 3] {
    let [x, y, z] = position.map(|length| u64::from(length.to_bits()));
    let words = [u64::from(id) | x << 32, y | z << 32, time.to_bits()];
    words.map(|word| u64::from_ne_bytes(word.to_le_bytes()))
}

#[test]
fn a_plain_mapping_is_read_as_what_it_is_said_to_hold() {
    let name = name("plain");
    let bytes = [&7u32.to_le_bytes()[..], &u64::MAX.to_le_bytes(), &300u16.to_be_bytes(), b"a \"b\",\n\0cd"].concat();
    let _holder = holding(&name, &bytes);
    let described = "packed le u32 id; le u64 large; be u16 port; char[8] text; bytes[2] rest";
    let read = |format: &str| coview(&["read", &name, "--as", described, "--format", format]);
    let text = "\
id    = 7
large = 18446744073709551615
port  = 300
text  = \"a \\\"b\\\",\\n\"
rest  = 6364
";
    assert_eq!(read("text").ok(), text);
    assert_eq!(coview(&["read", &name, "--as", described]).ok(), text);
    assert_eq!(read("csv").ok(), "id,large,port,text,rest\n7,18446744073709551615,300,\"a \"\"b\"\",\n\",6364\n");
    let json = format!(
        concat!(
            r#"{{"name":"{}","kind":"mapping","offset":0,"sequence":null,"generation":null,"age":null,"publisher":null,"#,
            r#""value":{{"id":7,"large":18446744073709551615,"port":300,"text":"a \"b\",\n","rest":"6364"}}}}"#,
            "\n"
        ),
        name
    );
    assert_eq!(read("json").ok(), json);
}

#[test]
fn values_without_names_are_called_value() {
    let name = name("nameless");
    let _holder = holding(&name, &[1, 0, 2, 0, 3, 0, 4, 0]);
    let read = |described: &str, format: &str| coview(&["read", &name, "--as", described, "--format", format]);
    assert_eq!(read("le u16", "text").ok(), "value = 1\n");
    assert_eq!(read("le u16[2]", "csv").ok(), "value[0],value[1]\n1,2\n");
    assert_eq!(read("le hex16[2][2]", "json").json()["value"], json!([["0x0001", "0x0002"], ["0x0003", "0x0004"]]));
    assert_eq!(coview(&["read", &name, "--as", "be u16", "--offset", "6"]).ok(), "value = 1024\n");
}

#[test]
fn several_values_stand_one_behind_the_other() {
    let name = name("count");
    let _holder = holding(&name, &[9, 1, 0, 2, 0, 3, 0]);
    let read = |more: &[&str]| coview(&[&["read", &name, "--as", "u8 low; u8 high", "--offset", "1"], more].concat());
    assert_eq!(read(&["--count", "3", "--format", "csv"]).ok(), "low,high\n1,0\n2,0\n3,0\n");
    assert_eq!(read(&["--count", "2"]).ok(), "[0]\nlow  = 1\nhigh = 0\n[1]\nlow  = 2\nhigh = 0\n");
    let values = |count: &str| read(&["--count", count, "--format", "json"]).json()["value"].take();
    assert_eq!(values("2"), json!([{"low": 1, "high": 0}, {"low": 2, "high": 0}]));
    assert_eq!(values("1"), json!([{"low": 1, "high": 0}]));
    let complaint = read(&["--count", "4"]).failed(1);
    assert_eq!(complaint.trim_end(), "coview: the type has 8 bytes, and there are 6 bytes from offset 1 on");
    let complaint = read(&["--count", "9999999999999"]).failed(1);
    assert!(complaint.contains("are read at once"), "{complaint}");
}

#[test]
fn what_is_no_number_does_not_break_json() {
    let name = name("nan");
    let floats = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.1];
    let _holder = holding(&name, &floats.map(f32::to_ne_bytes).concat());
    let read = |format: &str| coview(&["read", &name, "--as", "f32[4]", "--format", format]);
    assert!(read("json").ok().contains(r#""value":["NaN","inf","-inf",-0.1]"#));
    assert!(read("csv").ok().ends_with("\nNaN,inf,-inf,-0.1\n"));
}

#[test]
fn a_shared_value_is_read_whole_with_its_number() {
    let name = name("shared");
    let shared = Shared::create(&name, &[0u32; 2]).expect("the name is free");
    shared.set(&[7, 8]).expect("it can be set");
    assert_eq!(coview(&["read", &name, "--as", "u32 a; u32 b"]).ok(), "# shared, value 2\na = 7\nb = 8\n");
    let read = coview(&["read", &name, "--as", "u32[2]", "--format", "json"]).json();
    let expected = json!({
        "name": name, "kind": "shared", "offset": 0, "sequence": 2, "generation": null, "age": null, "publisher": null,
        "value": [7, 8],
    });
    assert_eq!(read, expected);
    // Without a type, the mapping's bytes are read as those of any other.
    assert!(coview(&["read", &name, "--length", "8"]).ok().starts_with("coviewTR"));
}

#[test]
fn a_latest_value_is_read_with_its_age_and_its_publisher() {
    let name = name("latest");
    let mut publisher = LatestPublisher::<[u64; 3]>::create(&name).expect("the name is free");
    let reader = Latest::<[u64; 3]>::open(&name).expect("it exists");
    let complaint = coview(&["read", &name, "--as", POSE]).failed(1);
    assert_eq!(complaint.trim_end(), "coview: nothing has been published yet");
    publisher.publish(&pose(7, [0.5, -1.0, 1e30], 2.25)).expect("it can be published");
    let json = coview(&["read", &name, "--as", &format!("le {{ {POSE} }}"), "--format", "json"]).json();
    assert_eq!(json["value"], json!({"id": 7, "position": [0.5, -1.0, 1e30], "time": 2.25}));
    assert_eq!((&json["kind"], &json["sequence"], &json["generation"]), (&json!("latest"), &json!(1), &json!(1)));
    assert_eq!(json["publisher"], "alive");
    assert!(json["age"].as_f64().is_some_and(|age| age < 60.0), "{json}");
    drop(publisher);
    let text = coview(&["read", &name, "--as", POSE]).ok();
    assert!(text.starts_with("# latest, value 1, ") && text.contains(" old, publisher 1 ended\nid "), "{text}");
    drop(reader);
}

#[test]
fn a_reader_waits_for_the_first_value() {
    let name = name("first");
    let mut publisher = LatestPublisher::<u8>::create(&name).expect("the name is free");
    coview(&["read", &name, "--as", "u8", "--wait", "10ms"]).failed(1);
    let reader = Running::start(&["read", &name, "--as", "u8", "--format", "csv", "--wait", "30s"]);
    publisher.publish(&5).expect("it can be published");
    assert_eq!(reader.finish().ok(), "value\n5\n");
}

#[test]
fn a_type_of_another_size_is_refused_with_both_sizes() {
    let name = name("sizes");
    let _shared = Shared::create(&name, &[1u32, 2, 3]).expect("the name is free");
    for wrong in ["u32", "u32[4]", "u64[1]"] {
        let complaint = coview(&["read", &name, "--as", wrong]).failed(1);
        assert!(complaint.contains(" bytes, and a value of this shared has 12 bytes"), "{complaint}");
        coview(&["watch", &name, "--as", wrong]).failed(1);
    }
    assert_eq!(coview(&["read", &name, "--as", "u32", "--offset", "8"]).ok(), "# shared, value 1\nvalue = 3\n");
    let complaint = coview(&["read", &name, "--as", "u64", "--offset", "8"]).failed(1);
    assert!(complaint.contains("the type has 8 bytes, and there are 4 bytes from offset 8 on"), "{complaint}");
    coview(&["read", &name, "--as", "u8", "--offset", "16777215T"]).failed(1);
}

#[test]
fn a_value_that_may_be_shorter_is_read_as_far_as_it_goes() {
    let name = name("bytes");
    let mut publisher = LatestBytesPublisher::create(&name, 8).expect("the name is free");
    publisher.publish(&[1, 2, 3]).expect("it fits");
    assert!(coview(&["read", &name, "--as", "u8[3]"]).ok().ends_with("value[2] = 3\n"));
    assert!(coview(&["read", &name, "--as", "u8", "--offset", "2"]).ok().ends_with("value = 3\n"));
    let complaint = coview(&["read", &name, "--as", "u8[4]"]).failed(1);
    assert!(complaint.contains("the type has 4 bytes, and the current value 3 bytes"), "{complaint}");
    let complaint = coview(&["read", &name, "--as", "u8[9]"]).failed(1);
    assert!(complaint.contains("the type has 9 bytes, and there are 8 bytes"), "{complaint}");
}

#[test]
fn wrong_types_and_options_are_wrong_usage() {
    let complaint = coview(&["read", "x", "--as", "u32 id; f33 x"]).failed(2);
    assert!(complaint.contains("`f33` is no type here\n\n  u32 id; f33 x\n          ^^^\n"), "{complaint}");
    for wrong in [
        &["read", "x", "--as", ""][..],
        &["read", "x", "--as", "u8", "--format", "hex"],
        &["read", "x", "--as", "u8", "--format", "raw"],
        &["read", "x", "--as", "u8", "--length", "1"],
        &["read", "x", "--as", "u8", "--count", "0"],
        &["read", "x", "--count", "2"],
        &["read", "x", "--format", "csv"],
    ] {
        coview(wrong).failed(2);
    }
}

#[test]
fn stat_tells_of_the_region_in_a_mapping() {
    let name = name("stat-region");
    let mut publisher = LatestPublisher::<[u64; 3]>::create(&name).expect("the name is free");
    publisher.publish(&[0; 3]).expect("it can be published");
    let words = coview(&["stat", &name]).ok();
    assert!(words.contains("region     latest of 24 bytes, value 1, publisher alive\n"), "{words}");
    let region = coview(&["stat", &name, "--json"]).json()["region"].take();
    let expected = json!({
        "kind": "latest", "value_size": 24, "value_align": 8, "fingerprint": null, "sequence": 1, "publisher": "alive",
    });
    assert_eq!(region, expected);
    let plain = self::name("stat-plain");
    let _holder = holding(&plain, b"x");
    assert!(coview(&["stat", &plain, "--json"]).json()["region"].is_null());
}
