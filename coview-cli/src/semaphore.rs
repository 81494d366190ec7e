//! `coview semaphore`: makes, acquires and releases semaphores.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Subcommand};
use coview::SemaphoreOptions;

use crate::failure::{DONE, Failure, Outcome};
use crate::holding::{self, Holding, Stops};
use crate::{output, units};

const EXAMPLES: &str = r#"Examples:
  coview semaphore create slots --initial 4 --maximum 4
  coview semaphore acquire slots -- ./job         at most four jobs at a time
  coview semaphore release slots"#;

const CREATE_EXAMPLES: &str = r#"Examples:
  coview semaphore create slots --initial 4 --maximum 4              hold it until Ctrl-C
  coview semaphore create slots --initial 4 --maximum 4 -- ./server  hold it while ./server runs"#;

const ACQUIRE_EXAMPLES: &str = r#"Examples:
  coview semaphore acquire slots --timeout 5s     take one; exits with 124 when that is not enough
  coview semaphore acquire slots -- ./job         take one, run, give it back

Exit status: with a command, the command's own; 124 if there was none to take in time."#;

const RELEASE_EXAMPLES: &str = r#"Examples:
  coview semaphore release slots                  prints the count before
  coview semaphore release slots --count 3"#;

/// Create, acquire and release semaphores
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Semaphore {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create a semaphore and keep it in existence until a signal, or while a command runs
    #[command(after_help = CREATE_EXAMPLES)]
    Create {
        /// Its name
        name: String,
        /// The count to begin with
        #[arg(long, value_name = "N")]
        initial: u32,
        /// The highest count
        #[arg(long, value_name = "N")]
        maximum: u32,
        #[command(flatten)]
        holding: Holding,
    },
    /// Take one from the count, waiting until there is one
    #[command(after_help = format!("{ACQUIRE_EXAMPLES}\n\n{}", units::DURATIONS))]
    Acquire(Acquire),
    /// Add to the count, and print what it was before
    #[command(after_help = RELEASE_EXAMPLES)]
    Release {
        #[command(flatten)]
        existing: Existing,
        /// How many
        #[arg(long, default_value_t = 1, value_name = "N")]
        count: u32,
    },
}

#[derive(Debug, Args)]
struct Acquire {
    #[command(flatten)]
    existing: Existing,

    /// Give up after so long; 0 only tries
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    timeout: Option<Duration>,

    /// Run this command, and give back what was taken when it has ended
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, Args)]
struct Existing {
    /// Its name
    name: String,
    /// Wait so long for the semaphore to come into existence
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    wait: Option<Duration>,
}

impl Semaphore {
    pub(crate) fn run(&self) -> Outcome {
        match &self.verb {
            Verb::Create { name, initial, maximum, holding } => create(name, *initial, *maximum, holding),
            Verb::Acquire(acquire) => acquire.run(),
            Verb::Release { existing, count } => {
                output::line(existing.open()?.release(*count)?)?;
                Ok(DONE)
            }
        }
    }
}

fn create(name: &str, initial: u32, maximum: u32, holding: &Holding) -> Outcome {
    let stops = Stops::listen()?;
    let _semaphore = SemaphoreOptions::new().rights(holding.rights()).create(name, initial, maximum)?;
    holding.hold(stops, "semaphore", name, None)
}

impl Acquire {
    fn run(&self) -> Outcome {
        let semaphore = self.existing.open()?;
        let stops = Stops::listen()?;
        let acquired = stops.wait_for(self.timeout, |slice| {
            let acquired = semaphore.acquire_timeout(slice)?;
            Ok(acquired.then_some(()))
        })?;
        acquired.ok_or_else(|| Failure::timed_out("acquire semaphore", &self.existing.name, self.timeout))?;
        if self.command.is_empty() {
            return Ok(DONE);
        }
        let outcome = holding::run(&self.command, stops);
        semaphore.release(1)?;
        outcome
    }
}

impl Existing {
    fn open(&self) -> coview::Result<coview::Semaphore> {
        let options = SemaphoreOptions::new();
        self.wait.iter().fold(options, |options, &wait| options.open_timeout(wait)).open(&self.name)
    }
}
