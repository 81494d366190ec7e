//! `coview lock`: runs a command while it owns a mutex.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use crate::failure::{Failure, Outcome};
use crate::holding::{self, Stops};
use crate::{output, units};

const EXAMPLES: &str = r#"Examples:
  coview lock build -- make                       one build at a time
  coview lock build --timeout 0 -- make           or not at all: 124 if another builds
  coview lock 'Global\printer' --timeout 5m -- print.exe report.pdf

Exit status: the command's own; 124 if the mutex was not free in time."#;

/// Run a command while owning a mutex
///
/// The mutex is created if it does not exist, and is gone when nobody uses it. If its last owner died while owning
/// it, that is said on stderr, since what the mutex protects may be half done.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", units::DURATIONS))]
pub(crate) struct Lock {
    /// The mutex's name
    name: String,

    /// Give up after so long; 0 only tries
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    timeout: Option<Duration>,

    /// The command to run
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Lock {
    pub(crate) fn run(&self) -> Outcome {
        let stops = Stops::listen()?;
        let mutex = coview::Mutex::create_or_open(&self.name)?;
        let held = stops.wait_for(self.timeout, |slice| mutex.lock_timeout(slice))?;
        let held = held.ok_or_else(|| Failure::timed_out("lock mutex", &self.name, self.timeout))?;
        if held.was_abandoned() {
            let name = output::printable(&self.name);
            output::complain(format_args!("mutex `{name}` was abandoned: its last owner died while owning it"));
        }
        holding::run(&self.command, stops)
    }
}
