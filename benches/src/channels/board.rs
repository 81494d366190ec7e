//! What was measured: for each work the floor and all who did it in the same rounds. Measures and prints; draws nothing.

use std::fmt::Write as _;

use crate::measure::{Figures, interleave, quantile};

/// Does a work for a round and returns the nanoseconds of one.
pub(crate) type Run<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// What Coview is to reach, against the floor and against whoever is best otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Goals {
    /// At most so many times the floor.
    pub(crate) floor_max: Option<f64>,
    /// At most so many nanoseconds.
    pub(crate) ns_max: Option<f64>,
    /// At most so many times what this rival takes, or the best of all if it has no name.
    pub(crate) rival_max: Option<(Option<&'static str>, f64)>,
}

/// One work, before it is measured.
pub(crate) struct Work<'a> {
    pub(crate) name: String,
    /// Which works are drawn together.
    pub(crate) chart: &'static str,
    /// How many bytes one message has.
    pub(crate) bytes: usize,
    pub(crate) goals: Goals,
    pub(crate) floor: (&'static str, Run<'a>),
    pub(crate) sides: Vec<(&'static str, Run<'a>)>,
}

/// One who did a work: what each round took.
pub(crate) struct Side {
    pub(crate) name: &'static str,
    samples: Vec<f64>,
}

impl Side {
    pub(crate) fn ns(&self) -> f64 {
        quantile(&self.samples, 0.5)
    }

    pub(crate) fn is_coview(&self) -> bool {
        self.name.starts_with("Coview")
    }

    /// This one's figures against another's.
    pub(crate) fn against(&self, other: &Side) -> Figures {
        Figures::of(&self.samples, &other.samples)
    }
}

/// One work, measured.
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) chart: &'static str,
    pub(crate) bytes: usize,
    pub(crate) goals: Goals,
    /// How long a cache line took there and back, before and after: hosts move virtual processors.
    pub(crate) line_ns: [f64; 2],
    pub(crate) floor: Side,
    pub(crate) sides: Vec<Side>,
}

impl Outcome {
    /// Lets everybody do the work in turn, round after round.
    pub(crate) fn measure(rounds: usize, work: Work, line_ns: impl Fn() -> f64) -> Outcome {
        let Work { name, chart, bytes, goals, floor, sides } = work;
        let (mut names, mut runs) = (vec![floor.0], vec![floor.1]);
        for (name, run) in sides {
            names.push(name);
            runs.push(run);
        }
        let mut turns: Vec<&mut dyn FnMut() -> f64> = runs.iter_mut().map(|run| run.as_mut() as _).collect();
        let before = line_ns();
        let samples = interleave(rounds, &mut turns);
        let line_ns = [before, line_ns()];
        let mut sides: Vec<_> = names.iter().zip(samples).map(|(name, samples)| Side { name, samples }).collect();
        let floor = sides.remove(0);
        Outcome { name, chart, bytes, goals, line_ns, floor, sides }
    }

    /// Coview as it is to be compared: with what the rivals have.
    pub(crate) fn coview(&self) -> Option<&Side> {
        self.sides.iter().find(|side| side.is_coview())
    }

    /// The time of the line, in words.
    fn line(&self) -> String {
        let [before, after] = self.line_ns;
        format!("{before:.0} to {after:.0} ns")
    }

    fn side(&self, name: &str) -> Option<&Side> {
        self.sides.iter().find(|side| side.name == name)
    }

    /// The quickest of the others.
    pub(crate) fn best_rival(&self) -> Option<&Side> {
        let rivals = self.sides.iter().filter(|side| !side.is_coview());
        rivals.min_by(|one, other| one.ns().total_cmp(&other.ns()))
    }

    /// What was missed, in words; nothing if nothing was.
    pub(crate) fn missed(&self) -> Vec<String> {
        let Some(coview) = self.coview() else { return Vec::new() };
        let of_floor = coview.against(&self.floor).ratio;
        let (rival, rival_max) = self.goals.rival_max.unzip();
        let rival = rival.flatten().map_or_else(|| self.best_rival(), |name| self.side(name));
        let of_rival = rival.map(|rival| coview.against(rival).ratio);
        let checks = [
            (Some(of_floor), self.goals.floor_max, "of the floor"),
            (Some(coview.ns()), self.goals.ns_max, "ns"),
            (of_rival, rival_max, "of the rival"),
        ];
        let missed = checks.into_iter().filter_map(|(is, max, of)| is.zip(max).map(|(is, max)| (is, max, of)));
        missed.filter(|(is, max, _)| is > max).map(|(is, max, of)| format!("{is:.2} {of}, not {max:.2}")).collect()
    }
}

/// Everything that was measured, for people in a terminal.
pub(crate) fn text(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let _ = writeln!(text, "\nchannels: {:<44} {:>10}  x floor (quartiles)      Coview takes", outcome.name, "");
        let _ =
            writeln!(text, "  {:<52} {:>10}", format!("floor: {}", outcome.floor.name), duration(outcome.floor.ns()));
        let _ = writeln!(text, "  {:<52} {:>10}", "a cache line there and back, before and after", outcome.line());
        for side in &outcome.sides {
            line(&mut text, outcome, side);
        }
        for missed in outcome.missed() {
            let _ = writeln!(text, "  MISSED: {missed}");
        }
    }
    text
}

fn line(text: &mut String, outcome: &Outcome, side: &Side) {
    let Figures { ratio, quartiles: (low, high), .. } = side.against(&outcome.floor);
    let against = outcome.coview().filter(|_| !side.is_coview()).map(|coview| coview.against(side).ratio);
    let against = against.map(|ratio| format!("{ratio:.2} of its time")).unwrap_or_default();
    let figures = format!("{ratio:>8.2} ({low:.2}-{high:.2})");
    let rate = rate(outcome.bytes, side.ns());
    let _ = writeln!(text, "  {:<52} {:>10} {figures:<25} {against:<20} {rate}", side.name, duration(side.ns()));
}

/// How many bytes a second that is, where it is many.
fn rate(bytes: usize, ns: f64) -> String {
    if bytes < 4096 {
        return String::new();
    }
    format!("{:.1} GiB/s", bytes as f64 / ns * 1e9 / f64::from(1 << 30))
}

pub(crate) fn duration(ns: f64) -> String {
    match ns {
        ns if ns < 99.95 => format!("{ns:.1} ns"),
        ns if ns < 999.5 => format!("{ns:.0} ns"),
        ns if ns < 99.95e3 => format!("{:.2} us", ns / 1e3),
        ns if ns < 999.5e3 => format!("{:.0} us", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// The table for the README: Coview, with the capacity that the rivals have and with its default, the floor, and the best of
/// the others.
pub(crate) fn markdown(outcomes: &[Outcome], as_it_comes: &str) -> String {
    let mut text = String::from(
        "| work | Coview | default capacity | the floor | Coview / floor | best rival | Coview / rival | line |\n|---|---|---|---|---|---|---|---|\n",
    );
    for outcome in outcomes {
        let Some(coview) = outcome.coview() else { continue };
        let of = |other: &Side| format!("{:.2}", coview.against(other).ratio);
        let rival = outcome.best_rival();
        let cells = [
            outcome.name.clone(),
            duration(coview.ns()),
            outcome.side(as_it_comes).map(|side| duration(side.ns())).unwrap_or_default(),
            format!("{}, {}", duration(outcome.floor.ns()), outcome.floor.name),
            of(&outcome.floor),
            rival.map(|rival| format!("{}, {}", duration(rival.ns()), rival.name)).unwrap_or_default(),
            rival.map(of).unwrap_or_default(),
            outcome.line(),
        ];
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// The table with everybody, a column each: time, and how many times the floor's that is.
pub(crate) fn markdown_of_all(outcomes: &[Outcome]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for side in outcomes.iter().flat_map(|outcome| &outcome.sides) {
        if !names.contains(&side.name) {
            names.push(side.name);
        }
    }
    // Coview's come first, whichever work was the first that had them.
    names.sort_by_key(|name| !name.starts_with("Coview"));
    let mut text = format!("| work | floor | {} |\n|---|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for outcome in outcomes {
        let cells = names.iter().map(|name| cell(outcome, name)).collect::<Vec<_>>().join(" | ");
        let _ = writeln!(text, "| {} | {} | {cells} |", outcome.name, duration(outcome.floor.ns()));
    }
    text
}

fn cell(outcome: &Outcome, name: &str) -> String {
    outcome
        .side(name)
        .map(|side| format!("{} ({:.2})", duration(side.ns()), side.against(&outcome.floor).ratio))
        .unwrap_or_default()
}

/// Names are this program's own and hold nothing that JSON would escape.
pub(crate) fn json(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(json_outcome).collect::<Vec<_>>().join(",\n    ")
}

fn json_outcome(outcome: &Outcome) -> String {
    let sides: Vec<String> = outcome.sides.iter().map(|side| json_side(outcome, side)).collect();
    format!(
        "{{\"work\":\"{}\",\"bytes\":{},\"line_ns\":[{:.1},{:.1}],\"floor\":\"{}\",\"floor_ns\":{:.3},\"sides\":[\n      {}]}}",
        outcome.name,
        outcome.bytes,
        outcome.line_ns[0],
        outcome.line_ns[1],
        outcome.floor.name,
        outcome.floor.ns(),
        sides.join(",\n      ")
    )
}

fn json_side(outcome: &Outcome, side: &Side) -> String {
    let Figures { ratio, quartiles: (low, high), .. } = side.against(&outcome.floor);
    let coview = outcome.coview().filter(|_| !side.is_coview()).map(|coview| coview.against(side));
    let coview = coview.map(|figures| {
        let Figures { ratio, quartiles: (low, high), .. } = figures;
        format!(",\"coview_ratio\":{ratio:.4},\"coview_ratio_quartiles\":[{low:.4},{high:.4}]")
    });
    format!(
        "{{\"name\":\"{}\",\"ns\":{:.3},\"ratio\":{ratio:.4},\"ratio_quartiles\":[{low:.4},{high:.4}]{}}}",
        side.name,
        side.ns(),
        coview.unwrap_or_default()
    )
}
