//! Results on stdout, words on stderr, colour on terminals only.

use std::fmt::{Arguments, Display};
use std::io::{self, StdoutLock, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use serde::Serialize;

const ALARM: Style = AnsiColor::Red.on_default().bold();
const HEADER: Style = Style::new().bold();

/// Stdout for text, which loses its colours where they would not be seen.
pub(crate) fn stdout() -> AutoStream<StdoutLock<'static>> {
    anstream::stdout().lock()
}

/// Says a sentence on stderr. If nobody can hear it, the command goes on.
pub(crate) fn say(words: Arguments<'_>) {
    let _ = writeln!(anstream::stderr().lock(), "{words}");
}

/// Says on stderr what went wrong.
pub(crate) fn complain(what: impl Display) {
    say(format_args!("{ALARM}coview:{ALARM:#} {what}"));
}

/// Prints a value as one line of JSON.
pub(crate) fn json_line(value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    write_all(&line)
}

/// Prints a value as JSON that people can read too.
pub(crate) fn json_pretty(value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    write_all(&text)
}

/// Prints one line.
pub(crate) fn line(text: impl Display) -> io::Result<()> {
    write_all(format!("{text}\n").as_bytes())
}

fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// A name as a terminal may see it: one line, and no escape sequences.
pub(crate) fn printable(text: &str) -> String {
    let escape = |character: char| match character.is_control() {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Prints rows in aligned columns under a header. Columns named in `right` lean to the right.
pub(crate) fn table(header: &[&str], right: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let cells = |column: usize| rows.iter().map(move |row| row[column].as_str());
    let width = |column: usize| {
        cells(column).chain([header[column]]).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<(usize, bool)> =
        header.iter().enumerate().map(|(column, title)| (width(column), right.contains(title))).collect();
    let mut out = stdout();
    writeln!(out, "{HEADER}{}{HEADER:#}", align(header.iter().copied(), &widths))?;
    for row in rows {
        writeln!(out, "{}", align(row.iter().map(String::as_str), &widths))?;
    }
    out.flush()
}

fn align<'a>(cells: impl Iterator<Item = &'a str>, widths: &[(usize, bool)]) -> String {
    let padded = cells.zip(widths).map(|(cell, &(width, right))| match right {
        true => format!("{cell:>width$}"),
        false => format!("{cell:<width$}"),
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_reach_the_terminal_with_control_characters() {
        assert_eq!(printable("a\n\u{1b}[31mb \u{e9}"), "a\\n\\u{1b}[31mb \u{e9}");
    }

    #[test]
    fn columns_are_aligned_and_lines_end_with_their_last_word() {
        let widths = [(5, false), (4, true), (6, false)];
        assert_eq!(align(["a", "12", "x"].into_iter(), &widths), "a        12  x");
    }
}
