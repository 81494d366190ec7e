//! The telemetry examples, run as a user runs them: the vehicle is killed and started again, and nobody else is.

mod common;

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use common::{DEADLINE, Outcome, name, start, until};
use coview::{ErrorKind, Mapping};

/// An example that runs, and what it says. It does not outlive this value.
struct Example {
    process: Child,
    lines: Receiver<String>,
}

impl Example {
    fn start(example: &str, name: &str) -> Example {
        let file = format!("../examples/{example}{}", env::consts::EXE_SUFFIX);
        let program = env::current_exe().expect("a test program has a path").with_file_name(file);
        let mut process = start(Command::new(&program).arg(name).stdout(Stdio::piped()))
            .unwrap_or_else(|error| panic!("{}: {error}; `cargo build --examples` makes it", program.display()));
        let output = process.stdout.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Example { process, lines }
    }

    /// Waits for a line that has this in it.
    #[track_caller]
    fn says(&self, part: &str) {
        let begin = Instant::now();
        while let Some(left) = DEADLINE.checked_sub(begin.elapsed()) {
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(part) => return,
                Ok(_) => {}
                Err(error) => panic!("it does not say `{part}`: {error}"),
            }
        }
        panic!("it does not say `{part}` within {DEADLINE:?}");
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_vehicle_is_killed_and_replaced_and_nobody_else_starts_again() -> Outcome {
    let name = name("vehicle");
    // The readers come first.
    let (print, plot) = (Example::start("telemetry_print", &name), Example::start("telemetry_plot", &name));
    let first = Example::start("telemetry_vehicle", &name);
    print.says("vehicle 1,");
    plot.says("vehicle 1 ");
    drop(first);
    print.says("the publisher died");
    let second = Example::start("telemetry_vehicle", &name);
    print.says("vehicle 2,");
    plot.says("vehicle 2 ");
    drop((second, print, plot));
    // All were killed, and the next call that meets the name finds that out.
    until("the name is free", || Mapping::open(&name).is_err_and(|error| error.kind() == ErrorKind::NotFound));
    Ok(())
}
