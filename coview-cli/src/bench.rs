//! `coview bench`: what channels cost on this machine, beside what the machine itself costs.

mod figures;
mod part;
mod peer;
mod processors;
mod works;

use std::io::IsTerminal;
use std::time::Duration;

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

/// How long a measurement takes, and how many of them there are of each.
const SLICE: Duration = Duration::from_millis(60);
const ROUNDS: usize = 9;

const QUICK_SLICE: Duration = Duration::from_millis(8);
const QUICK_ROUNDS: usize = 3;

const EXAMPLES: &str = r#"Examples:
  coview bench                                    takes some 15 seconds
  coview bench --quick                            rougher, in two
  coview bench --json | jq '.rows[] | {work, ratio}'"#;

const NOTES: &str = "\
Two processes on two processors pass messages to each other. Beside each figure stands the floor, measured in turns with \
it: one cache line that goes to and fro, a copy of the message in the cache, two events, or a mapping of the same size. The \
ratio is the median of the rounds' ratios, for on many machines the floor itself changes from minute to minute. Messages are \
copied in at one side and out at the other.";

const FIELDS: &str = "\
JSON fields: processors, pinned ([the two that were used], or null), rounds, rows ([{work, bytes, coview and floor \
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
        let (slice, rounds) = if self.quick { (QUICK_SLICE, QUICK_ROUNDS) } else { (SLICE, ROUNDS) };
        let processors = Processors::choose();
        processors.pin_here();
        let mut bench = Bench::new(Peer::start(&processors)?);
        let works: Vec<Work> = Work::all().filter(|work| !processors.is_single() || !work.spins()).collect();
        let bar = progress(works.len() * (rounds + 1));
        let mut rows = Vec::new();
        for work in works {
            bar.set_message(work.name());
            rows.push(measure(&mut bench, work, slice, rounds, &bar)?);
        }
        bar.finish_and_clear();
        bench.finish()?;
        let figures = Figures { processors, rounds, rows };
        if self.json {
            output::json_pretty(&figures.to_json())?;
        } else {
            figures.print(std::io::stdout().is_terminal())?;
        }
        Ok(DONE)
    }
}

/// Measures Coview and the floor in turns.
fn measure(bench: &mut Bench, work: Work, slice: Duration, rounds: usize, bar: &ProgressBar) -> Result<Row, Failure> {
    let variants = [Variant::Floor, Variant::Coview];
    let mut counts = [0; 2];
    for (count, variant) in counts.iter_mut().zip(variants) {
        *count = calibrate(bench, work, variant, slice)?;
    }
    bar.inc(1);
    let mut row = Row::new(work);
    for _ in 0..rounds {
        let floor = bench.run(work, Variant::Floor, counts[0])?;
        let coview = bench.run(work, Variant::Coview, counts[1])?;
        row.note(coview, floor);
        bar.inc(1);
    }
    Ok(row)
}

/// How often a thing has to be done to take as long as a slice.
fn calibrate(bench: &mut Bench, work: Work, variant: Variant, slice: Duration) -> Result<u64, Failure> {
    const COUNT_MIN: u64 = 10;
    const COUNT_MAX: u64 = 1 << 30;
    let mut count = COUNT_MIN;
    loop {
        let took_ns = bench.run(work, variant, count)? * count as f64;
        let slice_ns = slice.as_nanos() as f64;
        let wanted = (count as f64 * slice_ns / took_ns.max(1.0)) as u64;
        if took_ns >= slice_ns / 8.0 || count >= COUNT_MAX {
            return Ok(wanted.clamp(COUNT_MIN, COUNT_MAX));
        }
        count = wanted.clamp(2 * count, 20 * count).min(COUNT_MAX);
    }
}

/// A bar that moves with each round, where stderr is a terminal.
fn progress(steps: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg:34} {wide_bar} {eta}").expect("the template is a constant and valid");
    ProgressBar::new(steps as u64).with_style(style)
}
