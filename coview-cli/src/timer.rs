//! `coview timer`: makes, sets, cancels and awaits timers.

use std::time::Duration;

use clap::{Args, Subcommand};
use coview::{Reset, TimerOptions};

use crate::failure::{DONE, Failure, Outcome};
use crate::holding::{Holding, Stops};
use crate::units;

const EXAMPLES: &str = r#"Examples:
  coview timer create tick                        hold it until Ctrl-C
  coview timer set tick 5s --every 1s             from another terminal
  coview timer wait tick && echo tick
  coview stat tick                                whether it is signaled, and when it will be
  coview timer cancel tick"#;

const CREATE_EXAMPLES: &str = r#"Examples:
  coview timer create tick                        hold it until Ctrl-C
  coview timer create start --manual -- ./server  hold it while ./server runs"#;

const SET_EXAMPLES: &str = r#"Examples:
  coview timer set tick 250ms                     once
  coview timer set tick 0 --every 1s              now, and then each second"#;

const CANCEL_EXAMPLES: &str = "Example:\n  coview timer cancel tick";

const WAIT_EXAMPLES: &str = r#"Examples:
  coview timer wait tick && echo tick
  coview timer wait tick --timeout 250ms          exits with 124 when that is not enough
  coview timer wait tick --wait 10s               for a timer that does not exist yet"#;

/// Create, set, cancel and await timers
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Timer {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create a timer and keep it in existence until a signal, or while a command runs
    #[command(after_help = CREATE_EXAMPLES)]
    Create {
        /// Its name
        name: String,
        /// Once its time has come it stays signaled until it is set again; without this, it releases one waiter each time
        #[arg(long)]
        manual: bool,
        #[command(flatten)]
        holding: Holding,
    },
    /// Set a timer: it is not signaled now, and will be after a time
    #[command(after_help = format!("{SET_EXAMPLES}\n\n{}", units::DURATIONS))]
    Set {
        #[command(flatten)]
        existing: Existing,
        /// When it is signaled, counted from now
        #[arg(value_parser = units::duration, value_name = "DURATION")]
        after: Duration,
        /// Signal it again each time so much has passed
        #[arg(long, value_parser = units::duration, value_name = "DURATION")]
        every: Option<Duration>,
    },
    /// Stop a timer; if it is signaled it stays so
    #[command(after_help = CANCEL_EXAMPLES)]
    Cancel(Existing),
    /// Wait until a timer's time has come
    #[command(after_help = format!("{WAIT_EXAMPLES}\n\n{}", units::DURATIONS))]
    Wait {
        #[command(flatten)]
        existing: Existing,
        /// Give up after so long; 0 only looks
        #[arg(long, value_parser = units::duration, value_name = "DURATION")]
        timeout: Option<Duration>,
    },
}

#[derive(Debug, Args)]
struct Existing {
    /// Its name
    name: String,
    /// Wait so long for the timer to come into existence
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    wait: Option<Duration>,
}

impl Timer {
    pub(crate) fn run(&self) -> Outcome {
        match &self.verb {
            Verb::Create { name, manual, holding } => create(name, *manual, holding),
            Verb::Set { existing, after, every } => Ok(existing.open()?.set(*after, *every).map(|()| DONE)?),
            Verb::Cancel(existing) => Ok(existing.open()?.cancel().map(|()| DONE)?),
            Verb::Wait { existing, timeout } => wait(existing, *timeout),
        }
    }
}

fn create(name: &str, manual: bool, holding: &Holding) -> Outcome {
    let stops = Stops::listen()?;
    let reset = if manual { Reset::Manual } else { Reset::Auto };
    let _timer = TimerOptions::new(reset).rights(holding.rights()).create(name)?;
    holding.hold(stops, "timer", name, None)
}

/// Waits in one piece, so that an expiry is not missed when the timer is set anew at once; a signal ends the process.
fn wait(existing: &Existing, timeout: Option<Duration>) -> Outcome {
    let timer = existing.open()?;
    let expired = match timeout {
        None => timer.wait().map(|()| true)?,
        Some(timeout) => timer.wait_timeout(timeout)?,
    };
    if expired { Ok(DONE) } else { Err(Failure::timed_out("wait for timer", &existing.name, timeout)) }
}

impl Existing {
    fn open(&self) -> coview::Result<coview::Timer> {
        // The way of resetting counts only for a creator.
        let options = TimerOptions::new(Reset::Auto);
        self.wait.iter().fold(options, |options, &wait| options.open_timeout(wait)).open(&self.name)
    }
}
