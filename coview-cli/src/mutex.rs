//! `coview mutex`: makes a mutex and holds a handle to it.

use clap::{Args, Subcommand};
use coview::MutexOptions;

use crate::failure::Outcome;
use crate::holding::{Holding, Stops};

const EXAMPLES: &str = r#"Examples:
  coview mutex create 'Global\printer' --rights everyone
  coview lock 'Global\printer' -- print.exe report.pdf"#;

/// Create a mutex; `coview lock` uses it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Mutex {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create a mutex that nobody owns, and keep it in existence until a signal, or while a command runs
    #[command(after_help = EXAMPLES)]
    Create {
        /// Its name
        name: String,
        #[command(flatten)]
        holding: Holding,
    },
}

impl Mutex {
    pub(crate) fn run(&self) -> Outcome {
        let Verb::Create { name, holding } = &self.verb;
        let stops = Stops::listen()?;
        let _mutex = MutexOptions::new().rights(holding.rights()).create(name)?;
        holding.hold(stops, "mutex", name, None)
    }
}
