//! The seed's two fragments, as C programs that know nothing of Linux: built against the library and, for Windows, run
//! under Wine, they say the same.

#![cfg(target_os = "linux")]

mod programs;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

const WRITER: &str = "../../examples/seed/a.c";

const READER: &str = "../../examples/seed/b.c";
const WRITER_SAYS: &str = "Shared data is successfully opened!";

/// Runs the writer, which starts the reader as `processmfc.exe` and fails unless that has read what was written.
fn tells_the_story(mut command: Command, writer: &Path, lines: &[&str]) {
    command.current_dir(writer.parent().expect("it is in a folder"));
    let said = programs::run_well(command);
    assert_eq!(said.lines().map(str::trim_end).collect::<BTreeSet<_>>(), lines.iter().copied().collect(), "{said}");
}

fn rename(program: &Path, name: &str) -> io::Result<()> {
    fs::rename(program, program.with_file_name(name))
}

#[test]
fn the_seeds_programs_share_memory() -> io::Result<()> {
    let writer = programs::build(WRITER);
    rename(&programs::build(READER), "processmfc")?;
    let reader_says = ["Shared data opened successfully", "Update"];
    tells_the_story(Command::new(&writer), &writer, &[WRITER_SAYS, reader_says[0], reader_says[1]]);

    if programs::has_wine("the seed") {
        let writer = programs::build_for_windows(WRITER);
        rename(&programs::build_for_windows(READER), "processmfc.exe")?;
        // There, `ShellExecute` gives the reader a console of its own, where it says the same to nobody.
        tells_the_story(programs::under_wine(&writer), &writer, &[WRITER_SAYS]);
    }
    Ok(())
}
