//! Many processes, random operations, random kills; and nothing is left of them.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stderr, reason = "how much was done is told to the person who reads")]

mod programs;

use std::process::Command;

use coview::Namespace;

#[test]
fn random_operations_and_kills_break_nothing_and_leave_nothing() -> coview::Result<()> {
    let outcome = programs::run(Command::new(programs::build("stress.c")));
    eprintln!("{}", outcome.errors);
    assert!(outcome.status.success(), "{}\n{}", outcome.output, outcome.errors);
    let prefix = outcome.output.lines().next().expect("it says how its names begin");
    coview::sweep(Namespace::Local)?;
    let left = coview::list(Namespace::Local)?.into_iter().filter(|object| object.name.starts_with(prefix));
    assert_eq!(left.map(|object| object.name).collect::<Vec<_>>(), Vec::<String>::new());
    Ok(())
}
