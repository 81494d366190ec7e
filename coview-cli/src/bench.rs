//! `coview bench`: what channels cost on this machine, beside what the machine itself costs.

mod figures;
mod part;
mod peer;
mod processors;
mod works;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::{DONE, Failure, Outcome};
use crate::output;
use figures::{Figures, Row};
use peer::Peer;
use processors::Processors;
use works::{Bench, Variant, Work};

pub(crate) use part::BenchPart;

/// How long a part of the benchmark may take before it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a measurement takes, how many of them there are of each, and how long all of them may take: on a machine that
/// is busy there are fewer.
struct Pace {
    slice: Duration,
    rounds: usize,
    limit: Duration,
}

const USUAL: Pace = Pace { slice: Duration::from_millis(75), rounds: 9, limit: Duration::from_secs(24) };
const QUICK: Pace = Pace { slice: Duration::from_millis(10), rounds: 3, limit: Duration::from_secs(5) };

const EXAMPLES: &str = r#"Examples:
  coview bench                                    takes some 15 seconds
  coview bench --quick                            rougher, in two
  coview bench --json | jq '.rows[] | {work, ratio}'"#;

const NOTES: &str = "\
Two processes on two processors pass messages to each other. Beside each figure stands the floor, measured in turns with \
it: a cache line that goes there and another that comes back, a copy of the message in the cache, two events, or a mapping \
of the same size. The ratio is the median of the rounds' ratios, for on many machines the floor itself changes from minute \
to minute. Messages are copied in at one side and out at the other.";

const FIELDS: &str = "\
JSON fields: processors, pinned ([the two that were used], or null), rounds, busy (the machine had so much else to do that the figures say little), rows ([{work, bytes, coview and floor \
(nanoseconds), floor_is, ratio, messages_per_second, bytes_per_second}]).";

/// Measure channels on this machine, beside the machine's own limits
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{NOTES}\n\n{FIELDS}"))]
pub(crate) struct BenchCommand {
    /// Take less time, and be less exact
    #[arg(long)]
    quick: bool,

    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

impl BenchCommand {
    pub(crate) fn run(&self) -> Outcome {
        let pace = if self.quick { QUICK } else { USUAL };
        let processors = Processors::choose();
        processors.pin_here();
        let mut bench = Bench::new(Peer::start(&processors)?);
        let works: Vec<Work> = Work::all().filter(|work| !processors.is_single() || !work.spins()).collect();
        let bar = progress(works.len() * pace.rounds);
        let (began, count, mut rows) = (Instant::now(), works.len(), Vec::new());
        for work in works {
            bar.set_message(work.name());
            let deadline = began + pace.limit * (rows.len() as u32 + 1) / count as u32;
            rows.push(measure(&mut bench, work, &pace, deadline, &bar)?);
        }
        bar.finish_and_clear();
        bench.finish()?;
        let figures = Figures { processors, rows };
        if self.json {
            output::json_pretty(&figures.to_json())?;
        } else {
            figures.print(std::io::stdout().is_terminal())?;
        }
        Ok(DONE)
    }
}

/// Measures Coview and the floor in turns, so often unless it gets too late.
fn measure(bench: &mut Bench, work: Work, pace: &Pace, deadline: Instant, bar: &ProgressBar) -> Result<Row, Failure> {
    // What is there for the first time takes longer.
    for variant in [Variant::Floor, Variant::Coview] {
        bench.run(work, variant, pace.slice / 4)?;
    }
    let mut row = Row::new(work);
    for round in 0..pace.rounds {
        if round == 0 || Instant::now() < deadline {
            let floor = bench.run(work, Variant::Floor, pace.slice)?;
            row.note(bench.run(work, Variant::Coview, pace.slice)?, floor);
        }
        bar.inc(1);
    }
    Ok(row)
}

/// A bar that moves with each round, where stderr is a terminal.
fn progress(steps: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg:34} {wide_bar} {eta}").expect("the template is a constant and valid");
    ProgressBar::new(steps as u64).with_style(style)
}
