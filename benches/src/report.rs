//! What comes out: rows, the goals they are held against, the table and the JSON. Measures nothing.

use std::fmt::Write as _;

use crate::measure::{Effort, Figures, Side, interleave, repetitions};

/// What a row is asked to be. Missing it is said, and fails nothing.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// The row is there to be looked at.
    None,
    /// Coview takes at most so many times the floor's time.
    Ratio(f64),
    /// Coview takes less than so many nanoseconds.
    Below(f64),
}

impl Goal {
    fn text(self) -> String {
        match self {
            Goal::None => String::new(),
            Goal::Ratio(most) => format!("<= {most:.2}"),
            Goal::Below(ns) => format!("< {ns:.0} ns"),
        }
    }

    fn verdict(self, figures: &Figures) -> &'static str {
        let met = match self {
            Goal::None => return "",
            Goal::Ratio(most) => figures.ratio <= most,
            Goal::Below(ns) => figures.coview_ns < ns,
        };
        if met { "met" } else { "MISSED" }
    }
}

/// One line of the table.
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    pub(crate) floor: &'static str,
    pub(crate) figures: Figures,
    pub(crate) goal: Goal,
    pub(crate) note: String,
}

/// What one side is held against.
pub(crate) struct Floor<'a> {
    pub(crate) name: &'static str,
    pub(crate) goal: Goal,
    pub(crate) run: &'a mut Side<'a>,
}

/// A comparison whose sides are plain loops in this process: one row for each floor.
pub(crate) struct Case<'a> {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    /// How many bytes one operation moves; 0 if that is not what it is about.
    pub(crate) bytes: usize,
    pub(crate) coview: &'a mut Side<'a>,
    pub(crate) floors: &'a mut [Floor<'a>],
}

/// The run: how thorough it is, which rows are wanted, and the rows so far.
pub(crate) struct Report {
    pub(crate) quick: bool,
    pub(crate) effort: Effort,
    filter: String,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(quick: bool, filter: String) -> Report {
        let effort = if quick { Effort::QUICK } else { Effort::FULL };
        Report { quick, effort, filter, rows: Vec::new() }
    }

    /// Says whether the filter lets a row through; `name` may be the common beginning of several.
    pub(crate) fn wants(&self, group: &str, name: &str) -> bool {
        let wanted = self.is_wanted(group, name);
        if wanted {
            eprintln!("measuring {group}/{name}");
        }
        wanted
    }

    /// The same without a word: for who has to prepare a lot before `compare`.
    pub(crate) fn is_wanted(&self, group: &str, name: &str) -> bool {
        format!("{group}/{name}").contains(&self.filter)
    }

    pub(crate) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Measures a case and adds its rows; says whether it was wanted.
    pub(crate) fn compare(&mut self, case: Case) -> bool {
        if !self.wants(case.group, &case.name) {
            return false;
        }
        let Case { group, name, bytes, coview, floors } = case;
        let times = repetitions(self.effort.round, coview);
        let mut coview = || coview(times);
        let mut floor_sides: Vec<_> = floors.iter_mut().map(|floor| || (floor.run)(times)).collect();
        let mut sides: Vec<&mut dyn FnMut() -> f64> = vec![&mut coview];
        sides.extend(floor_sides.iter_mut().map(|side| side as &mut dyn FnMut() -> f64));
        let samples = interleave(self.effort.rounds, &mut sides);
        drop(floor_sides);
        for (floor, floor_samples) in floors.iter().zip(&samples[1..]) {
            let figures = Figures::of(&samples[0], floor_samples);
            let note = bandwidths(bytes, &figures);
            self.push(Row { group, name: name.clone(), floor: floor.name, figures, goal: floor.goal, note });
        }
        true
    }

    /// The table, a section for each group, in the order in which the rows came.
    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        let mut group = "";
        for row in &self.rows {
            if row.group != group {
                group = row.group;
                heading(&mut table, group);
            }
            line(&mut table, row);
        }
        table
    }

    pub(crate) fn json(&self) -> String {
        let rows: Vec<String> = self.rows.iter().map(json_row).collect();
        format!("[\n  {}\n]\n", rows.join(",\n  "))
    }

    /// How many rows missed the goal they have.
    pub(crate) fn missed(&self) -> (usize, usize) {
        let verdicts: Vec<_> = self.rows.iter().map(|row| row.goal.verdict(&row.figures)).collect();
        let with_goal = verdicts.iter().filter(|verdict| !verdict.is_empty()).count();
        (verdicts.iter().filter(|&&verdict| verdict == "MISSED").count(), with_goal)
    }
}

fn heading(table: &mut String, group: &str) {
    let (coview, floor, ratio) = ("Coview", "floor", "ratio  (quartiles)");
    let _ = writeln!(
        table,
        "\n{group:<38} {coview:>9} {floor:>9}  {ratio:<19} {:<9} {:<6}  {:<24} note",
        "goal", "", "the floor is"
    );
}

fn line(table: &mut String, row: &Row) {
    let Figures { coview_ns, floor_ns, ratio, quartiles: (low, high) } = row.figures;
    let spread = format!("{ratio:>5.2}  ({low:.2}-{high:.2})");
    let _ = writeln!(
        table,
        "  {:<36} {:>9} {:>9}  {spread:<19} {:<9} {:<6}  {:<24} {}",
        row.name,
        duration(coview_ns),
        duration(floor_ns),
        row.goal.text(),
        row.goal.verdict(&row.figures),
        row.floor,
        row.note
    );
}

fn duration(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} us", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// Bytes per nanosecond are gigabytes per second.
fn bandwidths(bytes: usize, figures: &Figures) -> String {
    if bytes == 0 {
        return String::new();
    }
    let bytes = bytes as f64;
    format!("{:.1} of {:.1} GB/s", bytes / figures.coview_ns, bytes / figures.floor_ns)
}

/// Names and notes are this program's own and hold nothing that JSON would escape.
fn json_row(row: &Row) -> String {
    let Figures { coview_ns, floor_ns, ratio, quartiles: (low, high) } = row.figures;
    format!(
        concat!(
            r#"{{"group":"{}","name":"{}","floor":"{}","coview_ns":{:.3},"floor_ns":{:.3},"#,
            r#""ratio":{:.4},"ratio_quartiles":[{:.4},{:.4}],"goal":"{}","verdict":"{}","note":"{}"}}"#
        ),
        row.group,
        row.name,
        row.floor,
        coview_ns,
        floor_ns,
        ratio,
        low,
        high,
        row.goal.text(),
        row.goal.verdict(&row.figures),
        row.note
    )
}
