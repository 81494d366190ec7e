//! `coview read`: takes bytes out of a mapping, in the form that is asked for.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use coview::{Access, Mapping, MappingOptions};

use crate::failure::{DONE, Failure, Outcome};
use crate::format::{Hex, Json, Raw, Shape, Text};
use crate::stream::{Progress, windows};
use crate::units;
use crate::write::room_behind;

const EXAMPLES: &str = r#"Examples:
  coview read penghao                                 text on a terminal, else the bytes
  coview read frames --offset 64K --length 16 --format hex
  coview read model --to copy.bin
  coview read penghao --format json | jq -r .text
  coview read penghao --wait 5s                       wait for the mapping to appear"#;

const FIELDS: &str = "\
JSON: name, size, offset, length, hex (the bytes), text (what stands before the first NUL, or null if that is not \
UTF-8 or is longer than 1 MiB).";

/// Read a mapping, or a part of it
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{FIELDS}\n\n{}\n{}", units::SIZES, units::DURATIONS))]
pub(crate) struct Read {
    /// The mapping's name
    name: String,

    /// Where in the mapping to begin
    #[arg(long, value_parser = units::size, default_value = "0", value_name = "N")]
    offset: u64,

    /// How many bytes; without it, to the end
    #[arg(long, value_parser = units::size, value_name = "N")]
    length: Option<u64>,

    /// Write to a file instead of stdout (`-`)
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,

    /// In which form; without it, text on a terminal and raw elsewhere
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Wait so long for the mapping to appear
    #[arg(long, visible_alias = "timeout", value_parser = units::duration, value_name = "DURATION")]
    wait: Option<Duration>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// The bytes themselves
    Raw,
    /// Up to the first NUL, as UTF-8; what is not UTF-8 is replaced
    Text,
    /// As `hexdump -C` writes it
    Hex,
    /// One object
    Json,
}

/// Where the result goes.
struct Target {
    writer: Box<dyn Write>,
    label: String,
    is_terminal: bool,
}

impl Read {
    pub(crate) fn run(&self) -> Outcome {
        let options = MappingOptions::new().access(Access::ReadOnly);
        let options = self.wait.iter().fold(options, |options, &wait| options.open_timeout(wait));
        let mapping = options.open(&self.name)?;
        let range = self.range(&mapping)?;
        let target = self.target()?;
        let format = self.format.unwrap_or(if target.is_terminal { Format::Text } else { Format::Raw });
        let length = range.end - range.start;
        match format {
            Format::Raw => copy(&mapping, range, target, Raw)?,
            Format::Text => copy(&mapping, range, target, Text::new())?,
            Format::Hex => copy(&mapping, range.clone(), target, Hex::new(range.start))?,
            Format::Json => {
                copy(&mapping, range, target, Json::new(&self.name, mapping.size(), self.offset, length))?;
            }
        }
        Ok(DONE)
    }

    fn range(&self, mapping: &Mapping) -> Result<Range<u64>, Failure> {
        let room = room_behind(mapping, self.offset)?;
        let length = self.length.unwrap_or(room);
        if length > room {
            let (asked, offset) = (units::bytes(length), self.offset);
            return Err(Failure::Refused(format!("asked for {asked}, and there are {room} from offset {offset} on")));
        }
        Ok(self.offset..self.offset + length)
    }

    fn target(&self) -> Result<Target, Failure> {
        match self.to.as_deref().filter(|path| path.as_os_str() != "-") {
            None => {
                let stdout = io::stdout().lock();
                let is_terminal = stdout.is_terminal();
                Ok(Target { writer: Box::new(BufWriter::new(stdout)), label: "stdout".into(), is_terminal })
            }
            Some(path) => {
                let label = format!("`{}`", path.display());
                let file = File::create(path).map_err(|source| Failure::Stream(format!("create {label}"), source))?;
                Ok(Target { writer: Box::new(BufWriter::new(file)), label, is_terminal: false })
            }
        }
    }
}

fn copy(mapping: &Mapping, range: Range<u64>, mut target: Target, mut shape: impl Shape) -> Result<(), Failure> {
    let progress = Progress::new("reading", Some(range.end - range.start));
    let mut progress = if target.is_terminal { progress.hide() } else { progress };
    let failure = |source| Failure::stream(format!("write to {}", target.label), source);
    shape.begin(&mut target.writer).map_err(failure)?;
    for window in windows(range) {
        if shape.is_complete() {
            break;
        }
        let view = mapping.read_view_range(window.clone())?;
        let shaped = Shaped { shape: &mut shape, writer: &mut target.writer };
        view.copy_to(.., shaped).map_err(failure)?;
        progress.advance(window.end - window.start);
    }
    progress.finish();
    shape.end(&mut target.writer).and_then(|()| target.writer.flush()).map_err(failure)
}

/// A writer that gives its bytes their shape on the way.
struct Shaped<'a, S> {
    shape: &'a mut S,
    writer: &'a mut dyn Write,
}

impl<S: Shape> Write for Shaped<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.shape.bytes(bytes, self.writer)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
