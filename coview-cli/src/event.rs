//! `coview event`: makes, sets, resets and awaits events.

use std::time::Duration;

use clap::{Args, Subcommand};
use coview::{EventOptions, Reset};

use crate::failure::{DONE, Failure, Outcome};
use crate::holding::{Holding, Stops};
use crate::units;

const EXAMPLES: &str = r#"Examples:
  coview event create ready --manual              hold it until Ctrl-C
  coview event wait ready --timeout 5s            from another terminal
  coview event set ready"#;

const CREATE_EXAMPLES: &str = r#"Examples:
  coview event create ready --manual              hold it until Ctrl-C
  coview event create tick -- ./server            hold it while ./server runs"#;

const SET_EXAMPLES: &str = "Example:\n  coview event set ready && echo somebody may go on";

const RESET_EXAMPLES: &str = "Example:\n  coview event reset ready";

const WAIT_EXAMPLES: &str = r#"Examples:
  coview event wait ready && echo ready
  coview event wait ready --timeout 250ms         exits with 124 when that is not enough
  coview event wait ready --wait 10s              for an event that does not exist yet"#;

/// Create, set, reset and await events
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Event {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create an event and keep it in existence until a signal, or while a command runs
    #[command(after_help = CREATE_EXAMPLES)]
    Create {
        /// Its name
        name: String,
        /// Once set it stays so until it is reset; without this, it releases one waiter and resets itself
        #[arg(long)]
        manual: bool,
        /// Begin signaled
        #[arg(long)]
        signaled: bool,
        #[command(flatten)]
        holding: Holding,
    },
    /// Set an event: release its waiters, or one of them
    #[command(after_help = SET_EXAMPLES)]
    Set(Existing),
    /// Reset an event: let waiters wait
    #[command(after_help = RESET_EXAMPLES)]
    Reset(Existing),
    /// Wait until an event is set
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
    /// Wait so long for the event to come into existence
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    wait: Option<Duration>,
}

impl Event {
    pub(crate) fn run(&self) -> Outcome {
        match &self.verb {
            Verb::Create { name, manual, signaled, holding } => create(name, *manual, *signaled, holding),
            Verb::Set(existing) => Ok(existing.open()?.set().map(|()| DONE)?),
            Verb::Reset(existing) => Ok(existing.open()?.reset().map(|()| DONE)?),
            Verb::Wait { existing, timeout } => wait(existing, *timeout),
        }
    }
}

fn create(name: &str, manual: bool, signaled: bool, holding: &Holding) -> Outcome {
    let stops = Stops::listen()?;
    let reset = if manual { Reset::Manual } else { Reset::Auto };
    let _event = EventOptions::new(reset).signaled(signaled).rights(holding.rights()).create(name)?;
    holding.hold(stops, "event", name, None)
}

/// Waits in one piece, so that an event which is set and reset at once is not missed; a signal ends the process.
fn wait(existing: &Existing, timeout: Option<Duration>) -> Outcome {
    let event = existing.open()?;
    let was_set = match timeout {
        None => event.wait().map(|()| true)?,
        Some(timeout) => event.wait_timeout(timeout)?,
    };
    if was_set { Ok(DONE) } else { Err(Failure::timed_out("wait for event", &existing.name, timeout)) }
}

impl Existing {
    fn open(&self) -> coview::Result<coview::Event> {
        // The way of resetting counts only for a creator.
        let options = EventOptions::new(Reset::Auto);
        self.wait.iter().fold(options, |options, &wait| options.open_timeout(wait)).open(&self.name)
    }
}
