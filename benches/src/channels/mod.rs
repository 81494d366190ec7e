//! Channels: what it takes to get messages from one process to another, for Coview, the floor and the rivals, in the same
//! rounds and on the same work. Every message is looked at.

mod board;
mod channel;
mod chart;
mod coview;
mod fan_out;
mod floors;
#[cfg(feature = "rivals")]
mod kernel;
mod machine;
mod message;
mod pair;
#[cfg(feature = "rivals")]
mod rivals;
mod set_up;
mod works;

use std::fs;
use std::path::Path;

use board::Outcome;
use machine::Machine;

use crate::peer::Processors;
use crate::report::{Goal, Report, Row};

const GROUP: &str = "channels";

/// The charts, and what stands above each.
const CHARTS: [(&str, &str); 4] = [
    ("round-trips", "Round trips between two processes that spin"),
    ("one-way", "Messages in one direction, the time of one"),
    ("publish", "One publisher: what a publish of 64 bytes costs it"),
    ("blocking", "Asleep until a message comes; setting up"),
];

/// What was measured here, beside the rows of the report.
pub(crate) struct Channels {
    outcomes: Vec<Outcome>,
}

impl Channels {
    /// Measures all works that are wanted, with those whose names contain `only`.
    pub(crate) fn measure(report: &mut Report, processors: Processors, only: &str) -> Channels {
        let mut outcomes = Vec::new();
        for mut work in works::all(report.effort, processors) {
            work.sides.retain(|(name, _)| name.contains(only));
            if report.wants(GROUP, &work.name) {
                let line_ns = || works::line_ns(report.effort, processors);
                let outcome = Outcome::measure(report.effort.rounds, work, line_ns);
                add_row(report, &outcome);
                outcomes.push(outcome);
            }
        }
        #[cfg(feature = "rivals")]
        rivals::remove_leftovers();
        Channels { outcomes }
    }

    /// Everybody's figures; empty if nothing was measured.
    pub(crate) fn text(&self) -> String {
        board::text(&self.outcomes)
    }

    /// Writes tables, JSON and charts into a folder.
    pub(crate) fn write_to(&self, folder: &Path) -> std::io::Result<()> {
        let machine = Machine::this_one();
        fs::create_dir_all(folder)?;
        fs::write(folder.join("channels.md"), self.markdown(&machine))?;
        fs::write(folder.join("channels.json"), self.json(&machine))?;
        for (chart, title) in CHARTS {
            let outcomes: Vec<&Outcome> = self.outcomes.iter().filter(|outcome| outcome.chart == chart).collect();
            if !outcomes.is_empty() {
                fs::write(folder.join(format!("channels-{chart}.svg")), chart::svg(title, &outcomes, &machine))?;
            }
        }
        Ok(())
    }

    fn markdown(&self, machine: &Machine) -> String {
        let (short, all) = (board::markdown(&self.outcomes, coview::DEFAULT), board::markdown_of_all(&self.outcomes));
        format!("{}\n\n{short}\nEverybody, and in brackets the ratio to the floor:\n\n{all}", machine.text())
    }

    fn json(&self, machine: &Machine) -> String {
        let Machine { processor, processors, kernel, date } = machine;
        format!(
            "{{\n  \"processor\":\"{processor}\",\"processors\":{processors},\"kernel\":\"{kernel}\",\"date\":\"{date}\",\n  \
             \"rows\":[\n    {}\n  ]\n}}\n",
            board::json(&self.outcomes)
        )
    }
}

/// Coview against the floor, among the other rows.
fn add_row(report: &mut Report, outcome: &Outcome) {
    let Some(coview) = outcome.coview() else { return };
    let goal = match outcome.goals {
        board::Goals { floor_max: Some(most), .. } => Goal::Ratio(most),
        board::Goals { ns_max: Some(ns), .. } => Goal::Below(ns),
        _ => Goal::None,
    };
    report.push(Row {
        group: GROUP,
        name: outcome.name.clone(),
        floor: outcome.floor.name,
        figures: coview.against(&outcome.floor),
        goal,
        note: coview.name.to_owned(),
    });
}
