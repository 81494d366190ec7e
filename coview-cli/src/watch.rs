//! `coview watch`: shows a mapping or a typed region as it changes.

use std::ops::Range;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use coview::PublisherState;

use crate::change_lines::{ChangeLines, LineFormat};
use crate::failure::{DONE, Failure, Outcome};
use crate::holding::Stops;
use crate::picture::Picture;
use crate::screen::Screen;
use crate::subject::Subject;
use crate::type_parser::{self, TYPES};
use crate::value_type::Type;
use crate::watcher::Watcher;
use crate::{output, report, units};

const EXAMPLES: &str = r#"Examples:
  coview watch penghao                                hexadecimal, what has changed marked
  coview watch frames --offset 64K --length 256
  coview watch pose --as 'u32 id; f32[3] position; f64 time'
  coview watch pose --as 'u32 id; f32[3] position; f64 time' --csv > poses.csv
  coview watch pose --as 'u32 id; f32[3] position; f64 time' --json | jq .value.position
  coview watch device --as 'be { u16 code; pad[2]; u32 count }' --offset 4K
  coview watch penghao --count 2 --timeout 5s         the next change, or exit code 124"#;

const NOTES: &str = "\
On a terminal the display is redrawn in place, and Ctrl-C ends it. Elsewhere, and with --format, there is a line for the \
first value and one for each change: NAME=VALUE pairs, or without --as the offsets and bytes that have changed. A # and \
a number before them say which value of a region it is.

A typed region (a Shared or a Latest of the library) wakes whoever watches it; its values are whole, and --offset and \
--length count within a value. Any other mapping is looked at every --interval: what changes and changes back in between \
is not seen, and a change may be seen half made.

Whoever watches holds what is watched, as whoever opens it does: a mapping that all others have let go of lives on, and \
its name stays taken, until the watching ends. What becomes of a publisher is told once, and the watching goes on.";

/// How often there is a look at what changes without a value: the age, the publisher.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// How long a signal may have to wait.
const SLICE: Duration = Duration::from_millis(100);

const TERMINAL_INTERVAL: Duration = Duration::from_millis(50);
const PIPE_INTERVAL: Duration = Duration::from_millis(10);

/// How much is watched on a pipe if nobody says more, and how much at most.
const PIPE_LENGTH: u64 = 64 << 10;
const LENGTH_MAX: u64 = 16 << 20;

/// Show a mapping or a typed region as it changes
#[derive(Debug, Args)]
#[command(after_help = format!(
    "{EXAMPLES}\n\n{NOTES}\n\n{TYPES}\n\n{} Without --as there are changes ([{{offset, hex}}]) in place of value.\n\n{}\n{}",
    report::FIELDS, units::SIZES, units::DURATIONS
))]
pub(crate) struct Watch {
    /// The mapping's name
    name: String,

    /// Show a value of this type, such as 'u32 id; f32[3] position'
    #[arg(long = "as", value_parser = type_parser::parse, value_name = "TYPE")]
    value_type: Option<Type>,

    /// Where to begin; without it, at the start
    #[arg(long, value_parser = units::size, value_name = "N")]
    offset: Option<u64>,

    /// How many bytes, at most 16 MiB; without it, as many as fit the terminal, or 64 KiB on a pipe
    #[arg(long, value_parser = units::size, value_name = "N", conflicts_with = "value_type")]
    length: Option<u64>,

    /// From one look to the next, at least; without it, 50ms on a terminal, else 10ms, and none for a typed region
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    interval: Option<Duration>,

    /// End after so many lines, or changes of the display, the first value included
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "N")]
    count: Option<u64>,

    /// End after so long, with exit code 124
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    timeout: Option<Duration>,

    /// Wait so long for the mapping to appear
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    wait: Option<Duration>,

    /// Print lines of this form, also on a terminal
    #[arg(long, value_enum, group = "lines")]
    format: Option<Format>,

    /// The same as --format json
    #[arg(long, group = "lines")]
    json: bool,

    /// The same as --format csv
    #[arg(long, group = "lines", requires = "value_type")]
    csv: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// NAME=VALUE pairs, or the offsets and bytes that have changed
    Text,
    /// An object in each line
    Json,
    /// With --as: a line of names, then a line for each value
    Csv,
}

impl Watch {
    pub(crate) fn run(&self) -> Outcome {
        let format = self.format()?;
        let subject = Subject::open_awake(&self.name, self.wait)?;
        let deadline = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let range = self.range(&subject)?;
        match format {
            None if Screen::is_possible() => self.show(&subject, range, deadline),
            format => self.print(&subject, range, deadline, format.unwrap_or(Format::Text)),
        }
    }

    fn format(&self) -> Result<Option<Format>, Failure> {
        let format = match self.format {
            Some(format) => Some(format),
            None if self.json => Some(Format::Json),
            None => self.csv.then_some(Format::Csv),
        };
        if format == Some(Format::Csv) && self.value_type.is_none() {
            return Err(Failure::Usage("CSV needs a type: --as TYPE".into()));
        }
        Ok(format)
    }

    /// What is to be watched, as far as the arguments and the subject decide it.
    fn range(&self, subject: &Subject) -> Result<Range<u64>, Failure> {
        if let Some(value_type) = &self.value_type {
            return subject.range_of(value_type.size() as u64, self.offset);
        }
        let offset = self.offset.unwrap_or(0);
        let size = units::bytes(subject.size());
        let room = subject.size().checked_sub(offset).filter(|&room| room > 0);
        let room = room.ok_or_else(|| Failure::Refused(format!("nothing is at offset {offset}: there are {size}")))?;
        let length = self.length.unwrap_or(room);
        if length > room || length == 0 {
            let asked = units::bytes(length);
            return Err(Failure::Refused(format!("asked for {asked}, and there are {room} from offset {offset} on")));
        }
        if self.length.is_some() && length > LENGTH_MAX {
            return Err(Failure::Refused(format!("at most {} can be watched", units::human_size(LENGTH_MAX))));
        }
        Ok(offset..offset + length)
    }

    fn timed_out(&self) -> Failure {
        Failure::timed_out("watch", &self.name, self.timeout)
    }

    /// Prints a line for each change.
    fn print(&self, subject: &Subject, range: Range<u64>, deadline: Option<Instant>, format: Format) -> Outcome {
        let format = match (format, &self.value_type) {
            (Format::Json, value_type) => LineFormat::Json(value_type.as_ref()),
            (Format::Csv, Some(value_type)) => LineFormat::Csv(value_type.cells()),
            (_, Some(value_type)) => LineFormat::Text(value_type.cells()),
            (_, None) => LineFormat::Hex,
        };
        let range = if self.value_type.is_some() { range } else { self.shortened(range) };
        let mut watcher = Watcher::new(subject, range, self.interval.unwrap_or(pipe_interval(subject)));
        let mut lines = ChangeLines::begin(&self.name, format, self.value_type.as_ref())?;
        let mut news = PublisherNews { name: &self.name, last: None };
        let mut printed = 0;
        loop {
            if watcher.is_due() && watcher.look()? {
                printed += u64::from(lines.print(&watcher)?);
                if self.count == Some(printed) {
                    return Ok(DONE);
                }
            }
            news.tell(subject.publisher()?);
            let left = left(deadline, HEARTBEAT);
            if left.is_zero() {
                return Err(self.timed_out());
            }
            watcher.sleep(left)?;
        }
    }

    /// Not all of what is too much for lines, unless it was asked for.
    fn shortened(&self, range: Range<u64>) -> Range<u64> {
        let length = range.end - range.start;
        if self.length.is_some() || length <= PIPE_LENGTH {
            return range;
        }
        output::say(format_args!(
            "watching {} of {length}; --offset and --length choose others",
            units::bytes(PIPE_LENGTH)
        ));
        range.start..range.start + PIPE_LENGTH
    }

    /// Shows the value and its changes on the terminal.
    fn show(&self, subject: &Subject, range: Range<u64>, deadline: Option<Instant>) -> Outcome {
        let stops = Stops::listen()?;
        let screen = Screen::enter()?;
        match self.redraw(subject, range, deadline, &stops, screen) {
            // The normal end of a display.
            Err(Failure::Stopped(_)) => Ok(DONE),
            ended => ended,
        }
    }

    fn redraw(
        &self,
        subject: &Subject,
        range: Range<u64>,
        deadline: Option<Instant>,
        stops: &Stops,
        mut screen: Screen,
    ) -> Outcome {
        let interval = self.interval.unwrap_or(TERMINAL_INTERVAL);
        let mut watcher = Watcher::new(subject, range.clone(), interval);
        let mut picture = Picture::new(&self.name, range, self.value_type.as_ref());
        let (mut changes, mut drawn) = (0, None::<Instant>);
        loop {
            let size = screen.size();
            watcher.limit(picture.range_for(size, &watcher));
            let changes_before = watcher.changes();
            let has_changed = watcher.is_due() && watcher.look()?;
            let is_due = drawn.is_none_or(|drawn| drawn.elapsed() >= HEARTBEAT) || screen.was_resized();
            if has_changed || is_due {
                screen.draw(picture.lines(size, &watcher, has_changed)?)?;
                drawn = Some(Instant::now());
            }
            // After a change of the window the first look is new too, but no change.
            changes += u64::from(has_changed && (changes == 0 || watcher.changes() > changes_before));
            if self.count == Some(changes) {
                return Ok(DONE);
            }
            if left(deadline, SLICE).is_zero() {
                drop(screen);
                return Err(self.timed_out());
            }
            stops.sleep(left(deadline, interval.min(HEARTBEAT)))?;
            watcher.sleep(left(deadline, SLICE))?;
        }
    }
}

/// How long there is to the deadline, but not more than `most`.
fn left(deadline: Option<Instant>, most: Duration) -> Duration {
    deadline.map_or(most, |deadline| deadline.saturating_duration_since(Instant::now()).min(most))
}

fn pipe_interval(subject: &Subject) -> Duration {
    match subject {
        Subject::Plain(_) => PIPE_INTERVAL,
        Subject::Typed(_) => Duration::ZERO,
    }
}

/// Says what becomes of a publisher, once each time.
struct PublisherNews<'a> {
    name: &'a str,
    last: Option<PublisherState>,
}

impl PublisherNews<'_> {
    fn tell(&mut self, state: Option<PublisherState>) {
        if state == self.last {
            return;
        }
        let name = output::printable(self.name);
        match (state, self.last) {
            (Some(PublisherState::Died), _) => output::say(format_args!("the publisher of `{name}` has died")),
            (Some(PublisherState::Ended), _) => output::say(format_args!("the publisher of `{name}` has ended")),
            (Some(PublisherState::Alive), Some(_)) => output::say(format_args!("`{name}` has a publisher again")),
            _ => {}
        }
        self.last = state;
    }
}
