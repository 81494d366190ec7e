//! The conformance programs under AddressSanitizer, which also looks for what they leak.

#![cfg(target_os = "linux")]

mod programs;

use std::process::Command;

fn is_clean(file: &str) {
    is_clean_with(file, "detect_leaks=1");
}

fn is_clean_with(file: &str, option: &str) {
    let mut command = Command::new(programs::build_sanitized(file));
    // The library has a handler for faults; what it does not know goes on to the sanitizer's.
    command.env("ASAN_OPTIONS", format!("allow_user_segv_handler=1:{option}"));
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
    // It terminates threads, and ends processes from within others: what those had allocated stays.
    is_clean_with("beside.c", "detect_leaks=0");
    is_clean("system.c");
}

/// Valgrind knows system calls up to its own age only: some versions have none of what waits and processes need.
#[test]
#[allow(clippy::print_stderr, reason = "what was skipped is told to the person who reads")]
fn valgrind_finds_nothing_where_it_knows_the_system_calls() {
    if !programs::exists("valgrind") {
        eprintln!("\n*** SKIPPED: valgrind is not here ***\n");
        return;
    }
    for file in ["sections.c", "query.c"] {
        let mut command = Command::new("valgrind");
        command.args(["-q", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite"]);
        command.arg("--errors-for-leak-kinds=definite").arg(programs::build(file));
        programs::run_well(command);
    }
}
