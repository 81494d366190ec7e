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
use crate::type_parser::{self, TYPES};
use crate::typed_read::TypedRead;
use crate::value_type::Type;
use crate::write::room_behind;
use crate::{report, units};

const EXAMPLES: &str = r#"Examples:
  coview read penghao                                 text on a terminal, else the bytes
  coview read frames --offset 64K --length 16 --format hex
  coview read model --to copy.bin
  coview read penghao --format json | jq -r .text
  coview read penghao --wait 5s                       wait for the mapping to appear
  coview read pose --as 'u32 id; f32[3] position; f64 time'
  coview read pose --as 'u32 id; f32[3] position; f64 time' --format json | jq .value.position
  coview read trades --offset 64 --as 'u64 time; f64 price; u32 size' --count 100 --format csv"#;

const VALUES: &str = "\
With --as, what is read is a value of that type: of a typed region (a Shared or a Latest of the library) the current \
value, which is whole, whoever writes meanwhile, and --offset counts within it; of any other mapping the bytes at \
--offset. The forms are then text, JSON and CSV, whose first line has the names.";

const FIELDS: &str = "\
JSON of bytes: name, size, offset, length, hex (the bytes), text (what stands before the first NUL, or null if that is not \
UTF-8 or is longer than 1 MiB).";

/// Read a mapping, or a part of it
#[derive(Debug, Args)]
#[command(after_help = format!(
    "{EXAMPLES}\n\n{VALUES}\n\n{TYPES}\n\n{FIELDS}\n\n{}\n\n{}\n{}", report::FIELDS, units::SIZES, units::DURATIONS
))]
pub(crate) struct Read {
    /// The mapping's name
    name: String,

    /// Where in the mapping to begin; without it, at its start
    #[arg(long, value_parser = units::size, value_name = "N")]
    offset: Option<u64>,

    /// How many bytes; without it, to the end
    #[arg(long, value_parser = units::size, value_name = "N", conflicts_with = "value_type")]
    length: Option<u64>,

    /// Read a value of this type, such as 'u32 id; f32[3] position'
    #[arg(long = "as", value_parser = type_parser::parse, value_name = "TYPE")]
    value_type: Option<Type>,

    /// With --as: so many values, one behind the other
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "N", requires = "value_type")]
    count: Option<u64>,

    /// Write to a file instead of stdout (`-`)
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,

    /// In which form; without it, text on a terminal and raw elsewhere, and with --as text
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Wait so long for the mapping to appear, and with --as for the first value
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
    /// With --as: a line of names, and a line for each value
    Csv,
}

/// Where the result goes.
struct Target {
    writer: Box<dyn Write>,
    label: String,
    is_terminal: bool,
}

impl Read {
    pub(crate) fn run(&self) -> Outcome {
        match &self.value_type {
            Some(value_type) => self.read_typed(value_type),
            None => self.read_bytes(),
        }
    }

    fn read_typed(&self, value_type: &Type) -> Outcome {
        let write = match self.format.unwrap_or(Format::Text) {
            Format::Text => TypedRead::write_text,
            Format::Json => TypedRead::write_json,
            Format::Csv => TypedRead::write_csv,
            Format::Raw | Format::Hex => {
                return Err(Failure::Usage("with --as the form is text, json or csv".into()));
            }
        };
        let typed = TypedRead::new(&self.name, value_type, self.count, self.offset, self.wait)?;
        let mut target = self.target()?;
        let written = write(&typed, &mut target.writer).and_then(|()| target.writer.flush());
        written.map_err(|source| Failure::stream(format!("write to {}", target.label), source))?;
        Ok(DONE)
    }

    fn read_bytes(&self) -> Outcome {
        if let Some(Format::Csv) = self.format {
            return Err(Failure::Usage("CSV needs a type: --as TYPE".into()));
        }
        let options = MappingOptions::new().access(Access::ReadOnly);
        let options = self.wait.iter().fold(options, |options, &wait| options.open_timeout(wait));
        let mapping = options.open(&self.name)?;
        let range = self.range(&mapping)?;
        let target = self.target()?;
        let format = self.format.unwrap_or(if target.is_terminal { Format::Text } else { Format::Raw });
        let (offset, length) = (range.start, range.end - range.start);
        match format {
            Format::Raw => copy(&mapping, range, target, Raw)?,
            Format::Text => copy(&mapping, range, target, Text::new())?,
            Format::Hex => copy(&mapping, range.clone(), target, Hex::new(range.start))?,
            Format::Json => {
                copy(&mapping, range, target, Json::new(&self.name, mapping.size(), offset, length))?;
            }
            Format::Csv => unreachable!("it was refused above"),
        }
        Ok(DONE)
    }

    fn range(&self, mapping: &Mapping) -> Result<Range<u64>, Failure> {
        let offset = self.offset.unwrap_or(0);
        let room = room_behind(mapping, offset)?;
        let length = self.length.unwrap_or(room);
        if length > room {
            let asked = units::bytes(length);
            return Err(Failure::Refused(format!("asked for {asked}, and there are {room} from offset {offset} on")));
        }
        Ok(offset..offset + length)
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
