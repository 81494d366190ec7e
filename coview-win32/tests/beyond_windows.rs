//! What a C program may do on Linux with handles that Windows does not know.

#![cfg(target_os = "linux")]

mod programs;

use std::process::Command;

#[test]
fn handles_are_good_in_signal_handlers_forked_children_and_exit_handlers() {
    let program = programs::build("linux.c");
    programs::run_well(Command::new(program));
}

#[test]
fn they_are_good_there_without_touching_memory_of_others() {
    let mut command = Command::new(programs::build_sanitized("linux.c"));
    command.env("ASAN_OPTIONS", "detect_leaks=0");
    programs::run_well(command);
}
