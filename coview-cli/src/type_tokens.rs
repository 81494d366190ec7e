//! The words and marks of a type's description, and complaints that point at them.

use std::ops::Range;

use crate::output::printable;

/// A word, a number or a mark, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) mark: Mark,
    pub(crate) range: Range<usize>,
    /// Whether a line break stands before it.
    pub(crate) starts_line: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Letters, digits and underscores.
    Word,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Semicolon,
    Comma,
    /// The end of the description.
    End,
}

/// What is wrong, where, and what would be right.
#[derive(Debug)]
pub(crate) struct Complaint {
    pub(crate) range: Range<usize>,
    pub(crate) what: String,
    pub(crate) advice: String,
}

/// Cuts a description into tokens, of which the last is [`Mark::End`].
pub(crate) fn tokens(description: &str) -> Result<Vec<Token>, Complaint> {
    let mut tokens = Vec::new();
    let (mut at, mut starts_line) = (0, false);
    while let Some(first) = description[at..].chars().next() {
        let end = at + first.len_utf8();
        if first.is_whitespace() {
            starts_line |= first == '\n';
            at = end;
            continue;
        }
        let Some(mark) = mark(first) else {
            let what = format!("`{}` does not belong here", first.escape_debug());
            let advice = "a description has words, numbers, and the marks { } [ ] ; and ,".into();
            return Err(Complaint { range: at..end, what, advice });
        };
        let end = if mark == Mark::Word { word_end(description, at) } else { end };
        tokens.push(Token { mark, range: at..end, starts_line });
        (at, starts_line) = (end, false);
    }
    let end = description.trim_end().len();
    tokens.push(Token { mark: Mark::End, range: end..end, starts_line });
    Ok(tokens)
}

fn mark(first: char) -> Option<Mark> {
    Some(match first {
        '{' => Mark::OpenBrace,
        '}' => Mark::CloseBrace,
        '[' => Mark::OpenBracket,
        ']' => Mark::CloseBracket,
        ';' => Mark::Semicolon,
        ',' => Mark::Comma,
        first if is_word(first) => Mark::Word,
        _ => return None,
    })
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word_end(description: &str, at: usize) -> usize {
    description[at..].find(|character| !is_word(character)).map_or(description.len(), |len| at + len)
}

impl Complaint {
    /// How many characters of a line are shown before and behind the place.
    const AROUND: usize = 60;

    /// The complaint with the line that it is about, and a caret below the place.
    pub(crate) fn at(&self, description: &str) -> String {
        let start = description[..self.range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = description[self.range.start..].find('\n').map_or(description.len(), |len| self.range.start + len);
        let before = last_of(&description[start..self.range.start]);
        let there = printable(&description[self.range.start..self.range.end.min(end)]);
        let behind = first_of(&description[self.range.end.min(end)..end]);
        let indent = " ".repeat(console::measure_text_width(&before));
        let carets = "^".repeat(console::measure_text_width(&there).clamp(1, Complaint::AROUND));
        let Complaint { what, advice, .. } = self;
        format!("{what}\n\n  {before}{there}{behind}\n  {indent}{carets}\n\n{advice}")
    }
}

fn last_of(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().rev().nth(Complaint::AROUND) {
        Some((at, _)) => format!("…{}", &text[at..]),
        None => text,
    }
}

fn first_of(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(Complaint::AROUND) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
