//! The conformance programs: each runs against the library, and then under Wine, where it has to say the same.

#![cfg(target_os = "linux")]

mod programs;

use std::collections::BTreeSet;

/// What is known of how Wine differs; PLATFORM.md points there.
const WINE_DIFFERS: &str = include_str!("conformance/wine-differs.txt");

const DIFFERS: &str = ": differs on Wine";

/// Runs a program natively and under Wine, and demands a check for each of the numbered statements.
fn conforms(program: &str, statements: impl IntoIterator<Item = String>) {
    let file = format!("{program}.c");
    let native = programs::run_well(programs::as_from_a_shell(&programs::build(&file)));
    let unmarked = native.lines().filter(|line| line.starts_with('[')).all(|line| line.ends_with(": ok"));
    assert!(unmarked, "a check says neither ok nor that it failed:\n{native}");
    for statement in statements {
        assert!(native.contains(&format!("[{statement}] ")), "{file} has no check of statement {statement}");
    }
    if programs::has_wine(program) {
        let outcome = programs::run(programs::under_wine(&programs::build_for_windows(&file)));
        assert!(outcome.status.success(), "under Wine: {}\n{}\n{}", outcome.status, outcome.output, outcome.errors);
        compare(program, &native, &outcome.output);
    }
}

/// The numbers of a section's statements.
fn numbered(section: u32, count: u32) -> impl Iterator<Item = String> {
    (1..=count).map(move |number| format!("{section}.{number}"))
}

fn compare(program: &str, native: &str, wine: &str) {
    let mut marked = BTreeSet::new();
    assert_eq!(native.lines().count(), wine.lines().count(), "{program} makes other checks under Wine:\n{wine}");
    for (ours, theirs) in native.lines().zip(wine.lines()) {
        match theirs.strip_suffix(DIFFERS) {
            Some(check) if ours.strip_suffix(": ok") == Some(check) => _ = marked.insert(check),
            _ => assert_eq!(ours, theirs, "{program}: natively, and under Wine"),
        }
    }
    let prefix = format!("{program}: ");
    let listed = WINE_DIFFERS.lines().filter_map(|line| line.strip_prefix(&prefix)).collect::<BTreeSet<_>>();
    assert_eq!(marked, listed, "{program}: what differs on Wine, and what wine-differs.txt lists");
}

#[test]
fn names_conform() {
    conforms("names", numbered(1, 10));
}

#[test]
fn sections_conform() {
    conforms("sections", numbered(2, 8));
}

#[test]
fn views_conform() {
    conforms("views", numbered(3, 12));
}

#[test]
fn virtual_query_conforms() {
    conforms("query", ["4".to_owned()]);
}

#[test]
fn mutexes_conform() {
    conforms("mutex", numbered(5, 8));
}

#[test]
fn events_conform() {
    conforms("event", numbered(6, 4));
}

#[test]
fn semaphores_conform() {
    conforms("semaphore", numbered(7, 3));
}

#[test]
fn waits_conform() {
    conforms("waits", numbered(8, 8));
}

#[test]
fn handles_conform() {
    conforms("handles", numbered(9, 4));
}

#[test]
fn timers_conform() {
    conforms("timers", ["10".to_owned()]);
}

#[test]
fn errors_conform() {
    conforms("errors", ["0".to_owned()]);
}

#[test]
fn what_stands_beside_them_conforms() {
    conforms("beside", ["B".to_owned()]);
}

#[test]
fn what_the_system_tells_conforms() {
    conforms("system", ["B".to_owned()]);
}

#[test]
fn callbacks_and_what_threads_share_conform() {
    conforms("callbacks", ["B".to_owned()]);
}
