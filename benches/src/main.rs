//! Measures what Coview costs and, in the same rounds, what the machine itself costs. Run it with `--release`; Linux only.

#[cfg(not(target_os = "linux"))]
compile_error!("the floors that Coview is measured against here are Linux system calls");

mod channels;
mod companion;
mod copies;
mod events;
mod floor;
mod growth;
mod latest;
mod locks;
mod measure;
mod objects;
mod peer;
mod report;
#[cfg(feature = "rivals")]
mod rivals;
mod shared;
mod waits;
mod win32;

use std::fs;
use std::io;
use std::process::exit;

use channels::Channels;
use peer::Processors;
use report::Report;

const USAGE: &str = "\
Measures Coview against the floor: raw Linux calls, timed in the same rounds.

Usage: cargo run --release --manifest-path benches/Cargo.toml -- [--quick] [--json FILE] [--channels FOLDER] [--only NAME] [FILTER]

  --quick            fewer and shorter rounds: under 30 seconds
  --json FILE        writes the rows to FILE too
  --channels FOLDER  writes what was measured of channels to FOLDER: tables, JSON and charts
  --only NAME        of those who carry messages, only those whose names contain NAME, for example `Coview`
  FILTER             measures only the rows whose group/name contains it, for example `mutex` or `channels/one way`";

/// What the command line asks for.
#[derive(Default)]
struct Wanted {
    quick: bool,
    json: Option<String>,
    channels: Option<String>,
    only: String,
    filter: String,
}

fn main() {
    let wanted = parse(std::env::args().skip(1));
    if cfg!(debug_assertions) {
        eprintln!("warning: without --release these figures mean nothing");
    }
    let processors = Processors::allowed();
    if processors.ours == processors.peers {
        eprintln!("warning: one processor only, so the two sides of a pair share it");
    }
    peer::pin(processors.ours);
    floor::section::remove_leftovers();
    let mut report = Report::new(wanted.quick, wanted.filter);
    let channels = measure_all(&mut report, processors, &wanted.only);
    print!("{}", report.table());
    print!("{}", channels.text());
    let (missed, with_goal) = report.missed();
    println!("\n{missed} of {with_goal} goals missed");
    if let Some(path) = wanted.json {
        written(&path, fs::write(&path, report.json()));
    }
    if let Some(folder) = wanted.channels {
        written(&folder, channels.write_to(folder.as_ref()));
    }
}

fn measure_all(report: &mut Report, processors: Processors, only: &str) -> Channels {
    objects::measure(report);
    locks::measure(report, processors);
    events::measure(report, processors);
    waits::measure(report);
    copies::measure(report);
    latest::measure(report, processors);
    shared::measure(report, processors);
    let channels = Channels::measure(report, processors, only);
    #[cfg(feature = "rivals")]
    rivals::measure(report, processors);
    growth::measure(report);
    win32::measure(report);
    channels
}

fn parse(arguments: impl Iterator<Item = String>) -> Wanted {
    let mut wanted = Wanted::default();
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => wanted.quick = true,
            "--channels" => wanted.channels = Some(arguments.next().unwrap_or_else(|| usage(2))),
            "--only" => wanted.only = arguments.next().unwrap_or_else(|| usage(2)),
            "--json" => wanted.json = Some(arguments.next().unwrap_or_else(|| usage(2))),
            "--help" | "-h" => usage(0),
            option if option.starts_with('-') => usage(2),
            filter => wanted.filter = filter.to_owned(),
        }
    }
    wanted
}

fn usage(status: i32) -> ! {
    println!("{USAGE}");
    exit(status)
}

/// Ends the run if what it found could not be written.
fn written(path: &str, outcome: io::Result<()>) {
    if let Err(error) = outcome {
        eprintln!("write {path}: {error}");
        exit(1);
    }
}

/// The name of an object of this run.
fn object_name(text: &str) -> String {
    format!("coview-bench.{}.{text}", std::process::id())
}
