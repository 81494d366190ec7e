//! `coview create`, `write` and `read`: lifetimes, every format, and what does not fit.

mod common;

use std::fs;
use std::path::PathBuf;

use common::{COVIEW, Running, coview, coview_fed, name};

fn create(name: &str, size: &str) -> Running {
    Running::start_ready(&["create", name, size, "--json"])
}

/// A file that is removed when the test ends.
struct Temporary(PathBuf);

impl Temporary {
    fn new(test: &str, bytes: &[u8]) -> Temporary {
        let path = std::env::temp_dir().join(name(test));
        fs::write(&path, bytes).expect("the folder for temporary files can be written to");
        Temporary(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("the path is UTF-8")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A test that failed may not have made it.
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_mapping_is_there_while_it_is_held_and_gone_when_the_holder_is_killed() {
    let name = name("held");
    let holder = create(&name, "1K");
    assert_eq!(coview(&["read", &name]).ok().len(), 1024);
    let complaint = coview(&["create", &name, "1K"]).failed(1);
    assert!(complaint.starts_with(&format!("coview: create mapping `{name}`: already exists")), "{complaint}");
    holder.kill();
    let complaint = coview(&["read", &name]).failed(1);
    assert!(complaint.starts_with(&format!("coview: open mapping `{name}`: not found")), "{complaint}");
}

#[test]
fn a_mapping_lives_while_a_command_runs_and_its_status_is_passed_on() {
    let name = name("while");
    assert_eq!(coview(&["create", &name, "64", "--", COVIEW, "read", &name]).ok().len(), 64);
    coview(&["create", &name, "64", "--", COVIEW, "read", "no.such.mapping"]).failed(1);
    coview(&["create", &name, "64", "--", COVIEW, "no-such-command"]).failed(2);
    let complaint = coview(&["create", &name, "64", "--", "./no/such/program"]).failed(127);
    assert!(complaint.starts_with("coview: run `./no/such/program`: "), "{complaint}");
    coview(&["stat", &name]).failed(1);
}

#[test]
fn text_is_read_back_in_every_format() {
    let name = name("formats");
    let _holder = create(&name, "64");
    coview(&["write", &name, "Update"]).ok();
    assert_eq!(coview(&["read", &name, "--format", "text"]).ok(), "Update\n");
    assert_eq!(coview(&["read", &name, "--length", "6"]).ok(), "Update");
    assert_eq!(coview(&["read", &name, "--format", "raw"]).ok().len(), 64);
    let json = coview(&["read", &name, "--offset", "2", "--length", "5", "--format", "json"]).json();
    assert_eq!(json["name"], name.as_str());
    assert_eq!((&json["size"], &json["offset"], &json["length"]), (&64.into(), &2.into(), &5.into()));
    assert_eq!((&json["text"], &json["hex"]), (&"date".into(), &"6461746500".into()));
    let hex = coview(&["read", &name, "--length", "32", "--format", "hex"]).ok();
    let expected = "\
00000000  55 70 64 61 74 65 00 00  00 00 00 00 00 00 00 00  |Update..........|
00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
00000020
";
    assert_eq!(hex, expected);
}

#[test]
fn a_nul_ends_the_text_where_one_is_asked_for() {
    let name = name("nul");
    let _holder = create(&name, "64");
    coview(&["write", &name, "a longer text"]).ok();
    coview(&["write", &name, "--nul", "short"]).ok();
    assert_eq!(coview(&["read", &name, "--format", "text"]).ok(), "short\n");
}

#[test]
fn files_and_streams_go_in_and_come_out_whole() {
    let name = name("streams");
    // More than one window, and not a whole number of pages.
    let byte = |index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8;
    let bytes: Vec<u8> = (0..(17 << 20) + 123).map(byte).collect();
    let (input, output) = (Temporary::new("streams.in", &bytes), Temporary::new("streams.out", b""));
    let _holder = create(&name, "20MiB");
    coview(&["write", &name, "--offset", "4097", "--from", input.path()]).ok();
    let length = bytes.len().to_string();
    coview(&["read", &name, "--offset", "4097", "--length", &length, "--to", output.path()]).ok();
    assert!(fs::read(output.path()).expect("it was written") == bytes, "the file came out changed");
    coview_fed(&["write", &name, "--from", "-"], &bytes).ok();
    let said = coview(&["read", &name, "--length", &length]);
    assert!(said.status == Some(0) && said.stdout == bytes, "the stream came out changed");
}

#[test]
fn what_does_not_fit_is_refused_with_numbers() {
    let name = name("too-long");
    let file = Temporary::new("too-long.in", &[b'x'; 65]);
    let _holder = create(&name, "64");
    let complaint = coview(&["write", &name, "--offset", "60", "Update"]).failed(1);
    assert_eq!(complaint.trim_end(), "coview: the text has 6 bytes, and 4 fit; nothing was written");
    let complaint = coview(&["write", &name, "--from", file.path()]).failed(1);
    assert!(complaint.contains("has 65 bytes, and 64 fit; nothing was written"), "{complaint}");
    assert_eq!(coview(&["read", &name]).ok(), "\0".repeat(64));
    let complaint = coview_fed(&["write", &name, "--from", "-"], &[b'y'; 65]).failed(1);
    assert!(complaint.contains("stdin is too long: only 64 bytes fit"), "{complaint}");
    assert_eq!(coview(&["read", &name]).ok(), "y".repeat(64));
}

#[test]
fn ranges_outside_are_refused_and_empty_ones_are_nothing() {
    let name = name("ranges");
    let _holder = create(&name, "64");
    for arguments in [["--offset", "65"], ["--length", "65"], ["--offset", "16777215T"]] {
        let complaint = coview(&["read", &name, arguments[0], arguments[1]]).failed(1);
        assert!(complaint.starts_with("coview: "), "{complaint}");
    }
    let complaint = coview(&["write", &name, "--offset", "65", ""]).failed(1);
    assert!(complaint.contains("beyond the mapping's end: it has 64 bytes"), "{complaint}");
    for format in ["raw", "text", "hex"] {
        assert_eq!(coview(&["read", &name, "--offset", "64", "--format", format]).ok(), "");
        assert_eq!(coview(&["read", &name, "--length", "0", "--format", format]).ok(), "");
    }
    coview(&["write", &name, ""]).ok();
    coview(&["write", &name, "--offset", "64", "--from", "-"]).ok();
    coview(&["create", &self::name("never"), "0"]).failed(1);
}

#[test]
fn a_mapping_is_created_filled() {
    let name = name("filled");
    let file = Temporary::new("filled.in", b"from a file");
    let read = ["--", COVIEW, "read", &name];
    let create = |arguments: &[&str]| coview(&[&["create", &name], arguments, &read].concat());
    assert_eq!(create(&["--from", file.path()]).ok(), "from a file");
    assert_eq!(create(&["13", "--from", file.path()]).ok(), "from a file\0\0");
    let complaint = create(&["10", "--from", file.path()]).failed(1);
    assert!(complaint.contains("has 11 bytes, and 10 fit"), "{complaint}");
    let complaint = coview_fed(&["create", &name, "3", "--from", "-"], b"four").failed(1);
    assert!(complaint.contains("stdin is too long: only 3 bytes fit"), "{complaint}");
    coview(&["create", &name, "--from", "-"]).failed(1);
    coview(&["stat", &name]).failed(1);
}

#[test]
fn creating_a_name_that_is_taken_fails_with_a_source_too() {
    let name = name("taken");
    let file = Temporary::new("taken.in", b"new");
    let _holder = create(&name, "3");
    coview(&["write", &name, "old"]).ok();
    let complaint = coview(&["create", &name, "--from", file.path()]).failed(1);
    assert!(complaint.contains("already exists"), "{complaint}");
    assert_eq!(coview(&["read", &name]).ok(), "old");
}

#[test]
fn a_reader_waits_for_a_mapping_to_appear_or_times_out() {
    let name = name("appears");
    let complaint = coview(&["read", &name, "--wait", "10ms"]).failed(124);
    assert!(complaint.contains("timed out"), "{complaint}");
    let reader = Running::start(&["read", &name, "--length", "3", "--wait", "30s"]);
    let file = Temporary::new("appears.in", b"yes");
    let _holder = Running::start_ready(&["create", &name, "--from", file.path(), "--json"]);
    assert_eq!(reader.finish().ok(), "yes");
}

#[test]
fn a_reader_of_the_output_that_goes_away_is_no_error() {
    let name = name("pipe");
    let _holder = create(&name, "8M");
    coview_fed(&["write", &name, "--from", "-"], &[b'\n'; 8 << 20]).ok();
    for format in ["raw", "hex", "text", "json"] {
        let mut reader = Running::start(&["read", &name, "--format", format]);
        reader.close_stdout();
        let said = reader.finish();
        assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""), "{format}");
    }
    let mut reader = Running::start(&["read", &name]);
    reader.line();
    reader.close_stdout();
    assert_eq!(reader.finish().status, Some(0));
}

#[test]
fn wrong_usage_is_told_by_status_2() {
    for wrong in [
        &["create", "x"][..],
        &["create", "x", "1X"],
        &["write", "x"],
        &["write", "x", "text", "--from", "-"],
        &["read", "x", "--format", "prose"],
        &["lock", "x"],
        &["event", "wait", "x", "--timeout", "soon"],
        &["semaphore", "create", "x"],
        &["timer", "set", "x"],
        &["timer", "set", "x", "1s", "--every", "soon"],
        &["nonsense"],
        &[],
    ] {
        coview(wrong).failed(2);
    }
}

#[test]
fn names_that_cannot_be_names_are_told_with_the_reason() {
    let complaint = coview(&["create", r"a\b", "1K"]).failed(1);
    assert!(complaint.contains("invalid name"), "{complaint}");
    let complaint = coview(&["read", ""]).failed(1);
    assert!(complaint.contains("at least one character"), "{complaint}");
}
