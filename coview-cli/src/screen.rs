//! The terminal as a screen that is drawn anew in place, and given back as it was.

use std::env;
use std::io::{self, IsTerminal, Stdout, Write};

use anstream::AutoStream;
use console::{Term, truncate_str};

/// The other page of the terminal, cleared, without a cursor and without wrapping.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[0m\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// How many columns and rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// The terminal while it is drawn on. Leaving it shows the last picture among the other output.
pub(crate) struct Screen {
    out: AutoStream<Stdout>,
    terminal: Term,
    lines: Vec<String>,
    drawn: Option<Size>,
}

impl Screen {
    /// Whether stdout is a terminal that can do this.
    pub(crate) fn is_possible() -> bool {
        io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Begins to draw on the terminal.
    pub(crate) fn enter() -> io::Result<Screen> {
        // Inverse video is no colour, and is wanted where colours are not.
        let mut out = AutoStream::always(io::stdout());
        out.write_all(ENTER.as_bytes())?;
        out.flush()?;
        Ok(Screen { out, terminal: Term::stdout(), lines: Vec::new(), drawn: None })
    }

    pub(crate) fn size(&self) -> Size {
        let (rows, columns) = self.terminal.size();
        Size { columns: usize::from(columns).max(1), rows: usize::from(rows).max(1) }
    }

    /// Whether the terminal has another size than the last picture was drawn for.
    pub(crate) fn was_resized(&self) -> bool {
        self.drawn.is_some_and(|drawn| drawn != self.size())
    }

    /// Shows these lines, as far as they fit, and nothing else.
    pub(crate) fn draw(&mut self, mut lines: Vec<String>) -> io::Result<()> {
        let size = self.size();
        lines.truncate(size.rows);
        for line in &mut lines {
            *line = truncate_str(line, size.columns, "").into_owned();
        }
        let separator = format!("{CLEAR_LINE}\r\n");
        let picture = format!("{HOME}{}{CLEAR_LINE}{CLEAR_BELOW}", lines.join(&separator));
        (self.lines, self.drawn) = (lines, Some(size));
        self.out.write_all(picture.as_bytes())?;
        self.out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let picture: String = self.lines.iter().map(|line| format!("{line}\x1b[0m\r\n")).collect();
        // A terminal that is gone needs nothing any more.
        let _ = self.out.write_all(format!("{LEAVE}{picture}").as_bytes()).and_then(|()| self.out.flush());
    }
}
