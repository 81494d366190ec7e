//! Examples, run as a user runs them.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use super::{DEADLINE, start};

/// An example that runs, and what it says. It is killed when this value is dropped.
pub(crate) struct Example {
    name: String,
    process: Child,
    lines: Receiver<String>,
}

impl Example {
    /// Starts an example with one argument. Cargo builds it beside the test programs.
    pub(crate) fn start(example: &str, argument: &str) -> Example {
        let file = format!("../examples/{example}{}", env::consts::EXE_SUFFIX);
        let program = env::current_exe().expect("a test program has a path").with_file_name(file);
        let mut process = start(Command::new(&program).arg(argument).stdout(Stdio::piped()))
            .unwrap_or_else(|error| panic!("{}: {error}; `cargo build --examples` makes it", program.display()));
        let output = process.stdout.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Example { name: example.to_owned(), process, lines }
    }

    /// Waits for a line that has this in it, and returns it.
    #[track_caller]
    pub(crate) fn says(&self, part: &str) -> String {
        let begin = Instant::now();
        while let Some(left) = DEADLINE.checked_sub(begin.elapsed()) {
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(part) => return line,
                Ok(_) => {}
                Err(error) => panic!("{} does not say `{part}`: {error}", self.name),
            }
        }
        panic!("{} does not say `{part}` within {DEADLINE:?}", self.name);
    }

    /// The lines that it has said and nobody has heard.
    pub(crate) fn rest(&self) -> impl Iterator<Item = String> + '_ {
        self.lines.try_iter()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
