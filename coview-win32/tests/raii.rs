//! A C++ program with wrappers around handles, exceptions and standard threads.

#![cfg(target_os = "linux")]

mod programs;

use std::process::Command;

#[test]
fn a_cpp_program_with_wrappers_and_exceptions_runs() {
    programs::run_well(Command::new(programs::build("raii.cpp")));
}
