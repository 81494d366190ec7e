//! The picture that is drawn of what is watched: a headline, and bytes or values with those marked that have changed.

use std::ops::Range;
use std::time::Instant;

use anstyle::Style;
use console::{measure_text_width, pad_str};
use coview::PublisherState;

use crate::output::printable;
use crate::rate::Rate;
use crate::report::publisher_words;
use crate::screen::Size;
use crate::subject::Subject;
use crate::units;
use crate::value_type::{Cell, Type};
use crate::watcher::Watcher;

const TITLE: Style = Style::new().bold();
const CHANGED: Style = Style::new().invert();
const QUIET: Style = Style::new().dimmed();

/// Between the parts of the headline, and between columns of values.
const GAP: &str = "   ";

/// What the pictures of one subject have in common.
pub(crate) struct Picture<'a> {
    name: &'a str,
    /// All that may be shown.
    range: Range<u64>,
    cells: Option<Vec<Cell>>,
    needed: usize,
    rate: Rate,
    per_second: f64,
    /// Which bytes are marked: those that the last change has changed.
    marked: Vec<bool>,
    /// For which the two numbers below hold, which only grow, so that nothing moves to and fro.
    size: Option<Size>,
    cell_width: usize,
    headline_rows: usize,
}

impl<'a> Picture<'a> {
    pub(crate) fn new(name: &'a str, range: Range<u64>, value_type: Option<&Type>) -> Picture<'a> {
        let cells = value_type.map(Type::cells);
        let needed = value_type.map_or(0, Type::size);
        let (rate, marked) = (Rate::default(), Vec::new());
        Picture {
            name,
            range,
            cells,
            needed,
            rate,
            per_second: 0.0,
            marked,
            size: None,
            cell_width: 0,
            headline_rows: 1,
        }
    }

    /// What is worth looking at, if the screen is so large.
    pub(crate) fn range_for(&self, size: Size, watcher: &Watcher<'_>) -> Range<u64> {
        if self.cells.is_some() || matches!(watcher.subject(), Subject::Typed(_)) {
            return self.range.clone();
        }
        let shown = (self.body_rows(size) * bytes_in_row(size.columns)) as u64;
        self.range.start..self.range.end.min(self.range.start.saturating_add(shown))
    }

    /// The rows between the headline and the last line, which says what is left out.
    fn body_rows(&self, size: Size) -> usize {
        size.rows.saturating_sub(self.headline_rows + 2).max(1)
    }

    /// The picture's lines.
    pub(crate) fn lines(
        &mut self,
        size: Size,
        watcher: &Watcher<'_>,
        has_changed: bool,
    ) -> coview::Result<Vec<String>> {
        if has_changed {
            let len = watcher.bytes().len();
            self.marked = (0..len).map(|index| watcher.can_compare() && watcher.has_changed(index)).collect();
        }
        self.per_second = self.rate.note(Instant::now(), watcher.changes());
        if self.size.replace(size) != Some(size) {
            (self.cell_width, self.headline_rows) = (0, 1);
        }
        let mut lines = self.headline(size.columns, watcher)?;
        self.headline_rows = self.headline_rows.max(lines.len());
        lines.resize(self.headline_rows + 1, String::new());
        match &self.cells {
            _ if !watcher.has_seen() => lines.push("no value yet".into()),
            Some(_) if watcher.bytes().len() < self.needed => {
                let has = units::bytes(watcher.bytes().len() as u64);
                lines.push(format!("the value has {has} there, and the type {}", self.needed));
            }
            Some(_) => self.push_cells(size, watcher.bytes(), &mut lines),
            None => self.push_hex(size, watcher, &mut lines),
        }
        Ok(lines)
    }

    /// What is watched and how it fares, in as many lines as it takes.
    fn headline(&self, columns: usize, watcher: &Watcher<'_>) -> coview::Result<Vec<String>> {
        let subject = watcher.subject();
        let size = units::human_size(subject.size());
        let name = format!("{TITLE}{}{TITLE:#}: {} of {size}", printable(self.name), subject.kind());
        let mut parts = vec![name];
        match watcher.stamp() {
            Some(stamp) => parts.push(format!("value {}", stamp.sequence)),
            None if matches!(subject, Subject::Plain(_)) => parts.push(format!("{} changes", watcher.changes())),
            None => {}
        }
        parts.push(format!("{}/s", rate_text(self.per_second)));
        parts.push(age(watcher));
        if let Some(state) = subject.publisher()? {
            let words = publisher_words(state, watcher.stamp().map_or(1, |stamp| stamp.generation));
            let style = if state == PublisherState::Died { CHANGED } else { Style::new() };
            parts.push(format!("{style}{words}{style:#}"));
        }
        Ok(wrap(parts, columns))
    }

    fn push_cells(&mut self, size: Size, bytes: &[u8], lines: &mut Vec<String>) {
        let Some(cells) = &self.cells else { return };
        let rows = self.body_rows(size);
        let wanted = cells.len().div_ceil(rows);
        // Columns of values that are too wide for two are one column; more than the screen is wide are never shown.
        let name_width = cells.iter().map(|cell| cell.name.chars().count()).max().unwrap_or_default();
        let shown = cells.iter().take(rows * size.columns);
        let texts: Vec<String> = shown
            .map(|cell| format!("{:<name_width$} = {}", cell.name, cell.short_datum(bytes, size.columns).to_text()))
            .collect();
        let widest = texts.iter().map(|text| measure_text_width(text)).max().unwrap_or_default();
        self.cell_width = self.cell_width.max(widest);
        let columns = wanted.min((size.columns + GAP.len()) / (self.cell_width + GAP.len())).max(1);
        let rows_used = rows.min(cells.len().div_ceil(columns));
        let is_marked = |cell: &Cell| self.marked.get(cell.range.clone()).is_some_and(|marks| marks.contains(&true));
        for row in 0..rows_used {
            let places = (0..columns).map(|column| column * rows_used + row);
            let drawn = places.filter_map(|place| {
                let (cell, text) = (cells.get(place)?, texts.get(place)?);
                let text = pad_str(text, self.cell_width, console::Alignment::Left, None);
                let text = if columns > 1 { text.as_ref() } else { text.trim_end() };
                let (name, value) = text.split_at(text.find(" = ").map_or(0, |at| at + 3));
                let shown = value.trim_end();
                let style = if is_marked(cell) { CHANGED } else { Style::new() };
                Some(format!("{name}{style}{shown}{style:#}{}", &value[shown.len()..]))
            });
            lines.push(drawn.collect::<Vec<_>>().join(GAP));
        }
        let left_out = cells.len().saturating_sub(rows_used * columns);
        if left_out > 0 {
            lines.push(format!("{QUIET}{left_out} more values are not shown; a larger window shows more{QUIET:#}"));
        }
    }

    fn push_hex(&self, size: Size, watcher: &Watcher<'_>, lines: &mut Vec<String>) {
        let width = bytes_in_row(size.columns);
        let rows = self.body_rows(size);
        let (bytes, start) = (watcher.bytes(), watcher.range().start);
        for (row, piece) in bytes.chunks(width).take(rows).enumerate() {
            let marks = &self.marked[row * width..];
            lines.push(hex_row(start + (row * width) as u64, piece, marks, width));
        }
        let (shown, all) = (bytes.len().min(rows * width), self.range.end - self.range.start);
        let is_region = matches!(watcher.subject(), Subject::Typed(_));
        let all = if is_region { bytes.len() as u64 } else { all };
        if (shown as u64) < all {
            let left_out = units::bytes(all - shown as u64);
            lines.push(format!("{QUIET}{left_out} more are not shown; --offset chooses where to begin{QUIET:#}"));
        }
    }
}

/// How many bytes fit into a row: a power of two up to 16.
fn bytes_in_row(columns: usize) -> usize {
    [16usize, 8, 4, 2].into_iter().find(|&width| 12 + 4 * width + width.div_ceil(8) <= columns).unwrap_or(1)
}

/// The offset, the bytes, and those that are ASCII between bars; what is marked stands out in both.
fn hex_row(offset: u64, bytes: &[u8], marks: &[bool], width: usize) -> String {
    let mut row = format!("{offset:08x}");
    let mut text = String::new();
    for index in 0..width {
        row.push_str(if index % 8 == 0 { "  " } else { " " });
        let Some(&byte) = bytes.get(index) else {
            row.push_str("  ");
            continue;
        };
        let shown = if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '.' };
        let style = if marks.get(index) == Some(&true) { CHANGED } else { Style::new() };
        row.push_str(&format!("{style}{byte:02x}{style:#}"));
        text.push_str(&format!("{style}{shown}{style:#}"));
    }
    format!("{row}  |{text}|")
}

fn rate_text(per_second: f64) -> String {
    if per_second < 99.95 { format!("{per_second:.1}") } else { format!("{per_second:.0}") }
}

/// How old the value is, or for how long it has been seen unchanged.
fn age(watcher: &Watcher<'_>) -> String {
    match watcher.stamp().filter(|stamp| stamp.time_ns > 0) {
        Some(stamp) => format!("{} old", units::human_duration(stamp.age())),
        None if watcher.changes() > 0 => format!("changed {} ago", units::human_duration(watcher.since_change())),
        None => format!("unchanged for {}", units::human_duration(watcher.since_change())),
    }
}

/// Puts parts into lines that are no longer than they may be, where no part is by itself.
fn wrap(parts: Vec<String>, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + GAP.len() + measure_text_width(&part) <= columns => {
                line.push_str(GAP);
                line.push_str(&part);
            }
            _ => lines.push(part),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_bytes_are_as_wide_as_the_terminal_allows() {
        for (columns, width) in
            [(200, 16), (78, 16), (77, 8), (45, 8), (44, 4), (29, 4), (28, 2), (21, 2), (20, 1), (1, 1)]
        {
            assert_eq!(bytes_in_row(columns), width, "{columns}");
            let row = hex_row(0, &[0; 16][..width], &[], width);
            assert!(measure_text_width(&row) <= columns.max(17), "{columns}: {row}");
        }
    }

    #[test]
    fn changed_bytes_stand_out_twice() {
        let row = hex_row(16, b"ab", &[false, true], 4);
        assert_eq!(row, "00000010  61 \u{1b}[7m62\u{1b}[0m        |a\u{1b}[7mb\u{1b}[0m|");
    }

    #[test]
    fn a_headline_breaks_between_its_parts() {
        let parts = || ["one", "two", "three"].map(str::to_owned).to_vec();
        assert_eq!(wrap(parts(), 80), ["one   two   three"]);
        assert_eq!(wrap(parts(), 9), ["one   two", "three"]);
        assert_eq!(wrap(parts(), 1), ["one", "two", "three"]);
    }
}
