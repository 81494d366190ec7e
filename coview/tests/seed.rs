//! The seed's program as the example pair `seed_writer` and `seed_reader`, run as a user runs it.

mod common;

use std::env;
use std::process::Command;

use common::{Outcome, failure, name, within};
use coview::{ErrorKind, Mapping, Mutex};

#[test]
fn the_reader_prints_what_the_writer_wrote() -> Outcome {
    let name = name("seed");
    let program = env::current_exe()?.with_file_name(format!("../examples/seed_writer{}", env::consts::EXE_SUFFIX));
    let mut writer = Command::new(&program);
    writer.arg(&name);
    let output = within("the writer ends", move || writer.output())
        .map_err(|error| format!("{}: {error}; `cargo build --examples` makes it", program.display()))?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), "Update");
    assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
    assert_eq!(failure(Mutex::open(&format!("{name}.lock"))), ErrorKind::NotFound);
    Ok(())
}
