//! The conformance programs under AddressSanitizer, which also looks for what they leak.

#![cfg(target_os = "linux")]

mod programs;

use std::process::Command;

fn is_clean(file: &str) {
    let mut command = Command::new(programs::build_sanitized(file));
    // The library has a handler for faults; what it does not know goes on to the sanitizer's.
    command.env("ASAN_OPTIONS", "allow_user_segv_handler=1:detect_leaks=1");
    let what = format!("{command:?}");
    let outcome = programs::run(command);
    assert!(outcome.status.success(), "{what}: {}\n{}\n{}", outcome.status, outcome.output, outcome.errors);
    assert!(!outcome.errors.contains("Sanitizer"), "{what}:\n{}", outcome.errors);
}

#[test]
fn names_and_sections_touch_no_memory_of_others() {
    is_clean("names.c");
    is_clean("sections.c");
}

#[test]
fn views_touch_no_memory_of_others() {
    is_clean("views.c");
    is_clean("query.c");
}

#[test]
fn objects_touch_no_memory_of_others() {
    is_clean("mutex.c");
    is_clean("event.c");
    is_clean("semaphore.c");
    is_clean("timers.c");
}

#[test]
fn waits_and_handles_touch_no_memory_of_others() {
    is_clean("waits.c");
    is_clean("handles.c");
    is_clean("errors.c");
}

#[test]
fn what_stands_beside_them_touches_no_memory_of_others() {
    is_clean("beside.c");
    is_clean("system.c");
}
