//! The charts: bars on a logarithmic scale, a panel for each work, as SVG that is read in light and in dark.

use std::fmt::Write as _;

use super::board::{Outcome, Side, duration};
use super::machine::Machine;

/// How wide a panel is; two stand side by side.
const PANEL: f64 = 430.0;
/// Where the bars begin in a panel; before it stand the names.
const BARS: f64 = 168.0;
/// How long the longest bar is; after it stands its figure.
const BAR_MAX: f64 = 190.0;
const LINE: f64 = 17.0;
const HEAD: f64 = 32.0;
const GAP: f64 = 14.0;

/// The colours of both schemes; the text has the colour of the page around it where that can be known.
const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#24292f}\
.work{font-weight:600}.note{font-size:11px;fill:#57606a}\
.rival{fill:#afb8c1}.coview{fill:#0969da}.floor{fill:none;stroke:#57606a;stroke-dasharray:3 2}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#8d96a0}.rival{fill:#484f58}.coview{fill:#4493f8}\
.floor{stroke:#8d96a0}}";

/// Draws all works of one chart.
pub(crate) fn svg(title: &str, outcomes: &[&Outcome], machine: &Machine) -> String {
    let mut body = String::new();
    let mut y = HEAD;
    for pair in outcomes.chunks(2) {
        let ends = pair.iter().zip([0.0, PANEL]).map(|(outcome, x)| panel(&mut body, outcome, x, y));
        y = ends.fold(y, f64::max);
    }
    let (width, height) = (PANEL * outcomes.len().min(2) as f64, y + 12.0);
    let note = format!("{}; shorter is better, logarithmic", machine.text());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n\
         <text class=\"work\" x=\"8\" y=\"18\">{}</text>\n{body}\
         <text class=\"note\" x=\"8\" y=\"{}\">{}</text>\n</svg>\n",
        escaped(title),
        escaped(title),
        height - 6.0,
        escaped(&note)
    )
}

/// Draws one work with its corner at `x`, `y`, and returns where it ends.
fn panel(body: &mut String, outcome: &Outcome, x: f64, y: f64) -> f64 {
    let mut sides: Vec<&Side> = outcome.sides.iter().collect();
    sides.sort_by(|one, other| one.ns().total_cmp(&other.ns()));
    let scale = Scale::of(outcome);
    let mut y = y + LINE;
    let _ = writeln!(
        body,
        "<text class=\"work\" x=\"{:.0}\" y=\"{:.0}\">{}</text>",
        x + 8.0,
        y - 4.0,
        escaped(&outcome.name)
    );
    bar(body, (outcome.floor.name, "floor"), outcome.floor.ns(), &scale, (x, y));
    for side in sides {
        y += LINE;
        let class = if side.is_coview() { "coview" } else { "rival" };
        bar(body, (side.name, class), side.ns(), &scale, (x, y));
    }
    y + LINE + GAP
}

fn bar(body: &mut String, (name, class): (&str, &str), ns: f64, scale: &Scale, (x, y): (f64, f64)) {
    let (start, length, text_y) = (x + BARS, scale.length(ns), y + 12.0);
    let _ = writeln!(
        body,
        "<text x=\"{:.0}\" y=\"{text_y:.0}\" text-anchor=\"end\">{}</text>\
         <rect class=\"{class}\" x=\"{start}\" y=\"{:.0}\" width=\"{length:.1}\" height=\"12\" rx=\"2\"/>\
         <text x=\"{:.1}\" y=\"{text_y:.0}\">{}</text>",
        start - 6.0,
        escaped(name),
        y + 2.0,
        start + length + 5.0,
        duration(ns)
    );
}

/// From nanoseconds to lengths: each panel has its own, from a little below the shortest to the longest.
struct Scale {
    least_ns: f64,
    most_ns: f64,
}

impl Scale {
    fn of(outcome: &Outcome) -> Scale {
        let all = outcome.sides.iter().chain([&outcome.floor]).map(Side::ns);
        let (least, most) = all.fold((f64::MAX, 0.0_f64), |(least, most), ns| (least.min(ns), most.max(ns)));
        Scale { least_ns: least / 2.0, most_ns: most.max(least * 2.0) }
    }

    fn length(&self, ns: f64) -> f64 {
        BAR_MAX * (ns / self.least_ns).ln() / (self.most_ns / self.least_ns).ln()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
