//! A line for each change of what is watched.

use std::io;

use crate::failure::Failure;
use crate::output;
use crate::report::{Change, Content, Report};
use crate::units;
use crate::value::{Value, csv_header, csv_row, text_line};
use crate::value_type::{Cell, Type};
use crate::watcher::Watcher;

/// In which form changes are printed.
pub(crate) enum LineFormat<'a> {
    /// The offsets and bytes that have changed.
    Hex,
    Text(Vec<Cell>),
    Csv(Vec<Cell>),
    Json(Option<&'a Type>),
}

/// Prints changes, each as soon as it is known.
pub(crate) struct ChangeLines<'a> {
    name: &'a str,
    format: LineFormat<'a>,
    /// How many bytes are needed for a line.
    needed: usize,
}

impl<'a> ChangeLines<'a> {
    /// Prints what stands before the first line.
    pub(crate) fn begin(
        name: &'a str,
        format: LineFormat<'a>,
        value_type: Option<&Type>,
    ) -> io::Result<ChangeLines<'a>> {
        if let LineFormat::Csv(cells) = &format {
            output::line(csv_header(cells))?;
        }
        Ok(ChangeLines { name, format, needed: value_type.map_or(0, Type::size) })
    }

    /// Prints what was seen last; false if it is too short to be of the type.
    pub(crate) fn print(&mut self, watcher: &Watcher<'_>) -> Result<bool, Failure> {
        let bytes = watcher.bytes();
        if bytes.len() < self.needed {
            let (has, wanted) = (units::bytes(bytes.len() as u64), units::bytes(self.needed as u64));
            output::say(format_args!("a value has {has} there, and the type {wanted}"));
            return Ok(false);
        }
        let number = watcher.stamp().map(|stamp| format!("#{} ", stamp.sequence)).unwrap_or_default();
        match &self.format {
            LineFormat::Hex => output::line(format_args!("{number}{}", changes_text(watcher)))?,
            LineFormat::Text(cells) => output::line(format_args!("{number}{}", text_line(cells, bytes)))?,
            LineFormat::Csv(cells) => output::line(csv_row(cells, bytes))?,
            LineFormat::Json(value_type) => self.print_json(watcher, *value_type)?,
        }
        Ok(true)
    }

    fn print_json(&self, watcher: &Watcher<'_>, value_type: Option<&Type>) -> Result<(), Failure> {
        let value = value_type.and_then(|value_type| Value::at_start(value_type, watcher.bytes()));
        let content = value.map_or_else(|| Content::Changes(changes(watcher)), Content::Value);
        let report = Report::new(self.name, watcher.subject(), watcher.range().start, watcher.stamp())?;
        Ok(output::json_line(&report.with(content))?)
    }
}

fn changes(watcher: &Watcher<'_>) -> Vec<Change> {
    let change = |range: std::ops::Range<usize>| {
        Change::new(watcher.range().start + range.start as u64, &watcher.bytes()[range])
    };
    watcher.changed_ranges().into_iter().map(change).collect()
}

fn changes_text(watcher: &Watcher<'_>) -> String {
    match changes(watcher).iter().map(Change::to_text).collect::<Vec<_>>() {
        texts if texts.is_empty() => "the same bytes".into(),
        texts => texts.join("  "),
    }
}
