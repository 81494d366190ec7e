//! What streams into and out of mappings: sources, windows and a progress bar.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;
use crate::units::bytes;

/// How much of a mapping is mapped at once, so that no mapping is too large.
const WINDOW: u64 = 16 << 20;

/// How long something takes before a progress bar appears.
const PATIENCE: Duration = Duration::from_millis(500);

/// Cuts a range of bytes into windows.
pub(crate) fn windows(range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let mut start = range.start;
    std::iter::from_fn(move || {
        let end = start.saturating_add(WINDOW).min(range.end);
        let window = start..end;
        start = end;
        (!window.is_empty()).then_some(window)
    })
}

/// A file or stdin, to be read once.
pub(crate) struct Source {
    reader: Box<dyn Read>,
    label: String,
    len: Option<u64>,
}

impl Source {
    /// Opens a file, or stdin for `-`.
    pub(crate) fn open(path: &Path) -> Result<Source, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Source { reader: Box::new(io::stdin().lock()), label: "stdin".into(), len: None });
        }
        let label = format!("`{}`", path.display());
        let failure = |source| Failure::Stream(format!("open {label}"), source);
        let file = File::open(path).map_err(failure)?;
        let metadata = file.metadata().map_err(failure)?;
        // What is no plain file, and what the system makes up while it is read, says 0.
        let len = Some(metadata.len()).filter(|&len| metadata.is_file() && len > 0);
        Ok(Source { reader: Box::new(file), label, len })
    }

    /// The length, if it is known before the end.
    pub(crate) fn len(&self) -> Option<u64> {
        self.len
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Refuses a source that is known to be too long for `room` bytes.
    pub(crate) fn check_room(&self, room: u64) -> Result<(), Failure> {
        match self.len {
            Some(len) if len > room => {
                let label = &self.label;
                Err(Failure::Refused(format!("{label} has {}, and {room} fit; nothing was written", bytes(len))))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a source that goes on after the `written` bytes for which there was room.
    pub(crate) fn check_end(&mut self, written: u64) -> Result<(), Failure> {
        match self.reader.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Failure::Refused(format!("{} is too long: only {} fit", self.label, bytes(written)))),
            Err(error) => Err(self.failure(error)),
        }
    }

    pub(crate) fn failure(&self, source: io::Error) -> Failure {
        Failure::Stream(format!("read {}", self.label), source)
    }

    /// The source as a reader that moves the progress bar.
    pub(crate) fn metered<'a>(&'a mut self, progress: &'a mut Progress) -> impl Read + 'a {
        Metered { reader: &mut *self.reader, progress }
    }
}

struct Metered<'a> {
    reader: &'a mut dyn Read,
    progress: &'a mut Progress,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.progress.advance(read as u64);
        Ok(read)
    }
}

/// A progress bar on stderr, which appears only on a terminal and only when something takes long.
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    /// Nothing is left to decide: it is shown, or never will be.
    is_decided: bool,
}

impl Progress {
    /// A bar that knows how many bytes there will be, or only counts them.
    pub(crate) fn new(verb: &'static str, total: Option<u64>) -> Progress {
        const KNOWN: &str = "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}";
        const UNKNOWN: &str = "{msg} {spinner} {binary_bytes} {binary_bytes_per_sec}";
        let style = ProgressStyle::with_template(if total.is_some() { KNOWN } else { UNKNOWN });
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden()).with_message(verb);
        bar.set_style(style.expect("the templates are constants and valid"));
        Progress { bar, started: Instant::now(), is_decided: false }
    }

    /// Never shows the bar: the terminal shows the data.
    pub(crate) fn hide(mut self) -> Progress {
        self.is_decided = true;
        self
    }

    pub(crate) fn advance(&mut self, bytes: u64) {
        if !self.is_decided && self.started.elapsed() > PATIENCE {
            // Where stderr is no terminal, this draws nothing.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.is_decided = true;
        }
        self.bar.inc(bytes);
    }

    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_a_range_without_gap_or_overlap() {
        assert_eq!(windows(5..5).count(), 0);
        assert!(windows(5..6).eq(std::iter::once(5..6)));
        let three = windows(7..7 + 2 * WINDOW + 1).collect::<Vec<_>>();
        assert_eq!(three, [7..7 + WINDOW, 7 + WINDOW..7 + 2 * WINDOW, 7 + 2 * WINDOW..8 + 2 * WINDOW]);
        assert_eq!(windows(u64::MAX - 1..u64::MAX).count(), 1);
    }
}
