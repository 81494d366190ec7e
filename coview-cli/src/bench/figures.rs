//! What the benchmark has found: as bars, as text, as JSON.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::processors::Processors;
use super::works::Work;
use crate::output;

const TITLE: Style = Style::new().bold();
const FLOOR: Style = AnsiColor::BrightBlack.on_default();
const COVIEW: Style = AnsiColor::Cyan.on_default();

/// How many columns the longer bar of a row has.
const BAR: usize = 32;

/// By how much the rounds of a floor differ where nothing can be said of the figures.
const BUSY: f64 = 20.0;

/// What was found, on which processors.
pub(super) struct Figures {
    pub(super) processors: Processors,
    pub(super) rows: Vec<Row>,
}

/// What was found of a work, round by round, in nanoseconds.
pub(super) struct Row {
    work: Work,
    coview: Vec<f64>,
    floor: Vec<f64>,
}

/// The figures as JSON. The field names are stable.
#[derive(Serialize)]
pub(super) struct FiguresJson {
    processors: usize,
    pinned: Option<[usize; 2]>,
    rounds: usize,
    busy: bool,
    rows: Vec<RowJson>,
}

#[derive(Serialize)]
struct RowJson {
    work: String,
    bytes: usize,
    coview: f64,
    floor: f64,
    floor_is: &'static str,
    ratio: f64,
    messages_per_second: Option<f64>,
    bytes_per_second: Option<f64>,
}

impl Row {
    pub(super) fn new(work: Work) -> Row {
        Row { work, coview: Vec::new(), floor: Vec::new() }
    }

    /// Notes what one took in a round.
    pub(super) fn note(&mut self, coview: f64, floor: f64) {
        self.coview.push(coview);
        self.floor.push(floor);
    }

    fn ratio(&self) -> f64 {
        median(&mut self.coview.iter().zip(&self.floor).map(|(coview, floor)| coview / floor).collect::<Vec<_>>())
    }

    fn to_json(&self) -> RowJson {
        let (coview, floor) = (median(&mut self.coview.clone()), median(&mut self.floor.clone()));
        let rate = self.work.is_stream().then(|| 1e9 / coview);
        RowJson {
            work: self.work.name(),
            bytes: self.work.len(),
            coview,
            floor,
            floor_is: self.work.floor_name(),
            ratio: self.ratio(),
            messages_per_second: rate,
            bytes_per_second: rate.map(|rate| rate * self.work.len() as f64),
        }
    }
}

impl Figures {
    pub(super) fn to_json(&self) -> FiguresJson {
        FiguresJson {
            processors: self.processors.count(),
            pinned: self.processors.pinned(),
            rounds: self.rounds(),
            busy: self.is_busy(),
            rows: self.rows.iter().map(Row::to_json).collect(),
        }
    }

    /// Draws two bars for each work, as long as what they stand for takes.
    pub(super) fn print(&self, is_terminal: bool) -> io::Result<()> {
        let mut out = output::stdout();
        writeln!(out, "{}", self.headline())?;
        if self.is_busy() {
            writeln!(
                out,
                "The machine is busy with other things: in some rounds the floor is {BUSY} times that of others."
            )?;
        }
        for row in self.rows.iter().map(Row::to_json) {
            let longer = row.coview.max(row.floor);
            let bar = |ns: f64| bar(ns / longer, is_terminal);
            writeln!(out, "\n{TITLE}{}{TITLE:#}", row.work)?;
            writeln!(out, "  {:<22} {FLOOR}{}{FLOOR:#} {:>8}", row.floor_is, bar(row.floor), time(row.floor))?;
            let (coview, note) = (bar(row.coview), row.note());
            let line = format!("  {:<22} {COVIEW}{coview}{COVIEW:#} {:>8}  {note}", "Coview", time(row.coview));
            writeln!(out, "{line}")?;
        }
        out.flush()
    }

    /// Whether the machine had other things to do: then even the floor is now and then a multiple of itself.
    fn is_busy(&self) -> bool {
        self.rows.iter().any(|row| {
            let slowest = row.floor.iter().copied().fold(0.0, f64::max);
            let fastest = row.floor.iter().copied().fold(f64::INFINITY, f64::min);
            slowest > BUSY * fastest
        })
    }

    /// How many rounds there were of each work at least.
    fn rounds(&self) -> usize {
        self.rows.iter().map(|row| row.coview.len()).min().unwrap_or(0)
    }

    fn headline(&self) -> String {
        let rounds = format!("medians of {} rounds", self.rounds());
        match (self.processors.pinned(), self.processors.is_single()) {
            (_, true) => format!("{rounds}; on one processor it makes no sense to spin, so that is left out"),
            (Some([here, there]), _) => {
                format!("{rounds}, on processors {here} and {there} of {}", self.processors.count())
            }
            (None, _) => format!("{rounds}, on any of {} processors", self.processors.count()),
        }
    }
}

impl RowJson {
    fn note(&self) -> String {
        let ratio = format!("{:.2} x", self.ratio);
        match (self.messages_per_second, self.bytes_per_second) {
            (Some(_), Some(bytes)) if self.bytes >= 1 << 14 => {
                format!("{ratio}, {:.1} GiB/s", bytes / f64::from(1 << 30))
            }
            (Some(messages), _) => format!("{ratio}, {:.1} million/s", messages / 1e6),
            _ => ratio,
        }
    }
}

/// A bar of this part of the longest, and as wide as that.
fn bar(part: f64, is_terminal: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = ((part.clamp(0.0, 1.0) * BAR as f64 * 8.0).round() as usize).max(1);
    let (full, rest) = (eighths / 8, eighths % 8);
    let bar = match is_terminal {
        true => format!("{}{}", "█".repeat(full), EIGHTHS[rest]),
        false => "#".repeat(eighths.div_ceil(8)),
    };
    format!("{bar:<BAR$}")
}

/// Writes nanoseconds for people.
fn time(ns: f64) -> String {
    const UNITS: [(&str, f64); 3] = [("ns", 1.0), ("us", 1e3), ("ms", 1e6)];
    let &(unit, one) = UNITS.iter().rev().find(|&&(_, one)| ns >= one).unwrap_or(&UNITS[0]);
    let value = ns / one;
    if value < 99.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// The value in the middle of all, which are put in order for that.
pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => values[len / 2],
        len => (values[len / 2 - 1] + values[len / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn bars_are_as_long_as_what_they_stand_for() {
        assert_eq!(bar(1.0, false), "#".repeat(BAR));
        assert_eq!(bar(0.5, false).trim_end().len(), BAR / 2);
        assert_eq!(bar(0.0, false).trim_end(), "#");
        assert_eq!(bar(0.25 + 0.5 / BAR as f64, true).trim_end(), format!("{}▌", "█".repeat(BAR / 4)));
        assert_eq!(bar(0.3, true).chars().count(), BAR);
    }

    #[test]
    fn a_busy_machine_is_known_by_its_floors() {
        let row = |floor: &[f64]| Row { work: Work::RoundTrip, coview: floor.to_vec(), floor: floor.to_vec() };
        let figures = |rows| Figures { processors: Processors::choose(), rows };
        assert!(!figures(vec![row(&[70.0, 330.0, 30.5])]).is_busy());
        assert!(figures(vec![row(&[70.0, 71.0]), row(&[70.0, 1401.0])]).is_busy());
        assert!(!figures(vec![]).is_busy());
    }

    #[test]
    fn times_have_three_digits_or_so() {
        assert_eq!([time(1.25), time(112.4), time(1679.0), time(4e7)], ["1.2 ns", "112 ns", "1.7 us", "40.0 ms"]);
    }
}
