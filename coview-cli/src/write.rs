//! `coview write`: puts text, a file or a stream into a mapping.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use coview::{Mapping, MappingOptions};

use crate::failure::{DONE, Failure, Outcome};
use crate::stream::{Progress, Source, windows};
use crate::units;

const EXAMPLES: &str = r#"Examples:
  coview write penghao Update                   the six bytes of the word, at the start
  coview write penghao --nul Update             and a NUL behind them, as C's strcpy does
  coview write frames --offset 64K --from image.raw
  tar c . | coview write archive --from -
  coview write penghao --wait 5s Update         wait for the mapping to appear"#;

/// Write text, a file or stdin into a mapping
///
/// Text or a file that does not fit is refused before anything is written. Of a stream that does not fit, what fits
/// has been written when the command fails.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}\n{}", units::SIZES, units::DURATIONS))]
pub(crate) struct Write {
    /// The mapping's name
    name: String,

    /// The text to write, as UTF-8
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    text: Option<String>,

    /// Where in the mapping to begin
    #[arg(long, value_parser = units::size, default_value = "0", value_name = "N")]
    offset: u64,

    /// Write a file, or stdin (`-`)
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Write a NUL byte behind the text
    #[arg(long, conflicts_with = "from")]
    nul: bool,

    /// Wait so long for the mapping to appear
    #[arg(long, visible_alias = "timeout", value_parser = units::duration, value_name = "DURATION")]
    wait: Option<Duration>,
}

impl Write {
    pub(crate) fn run(&self) -> Outcome {
        let options = self.wait.iter().fold(MappingOptions::new(), |options, &wait| options.open_timeout(wait));
        let mapping = options.open(&self.name)?;
        let room = room_behind(&mapping, self.offset)?;
        match &self.from {
            None => self.write_text(&mapping, room)?,
            Some(path) => self.write_stream(&mapping, room, Source::open(path)?)?,
        }
        Ok(DONE)
    }

    fn write_text(&self, mapping: &Mapping, room: u64) -> Result<(), Failure> {
        let mut bytes = self.text.clone().expect("clap asks for it").into_bytes();
        if self.nul {
            bytes.push(0);
        }
        let len = bytes.len() as u64;
        if len > room {
            return Err(Failure::Refused(format!(
                "the text has {}, and {room} fit; nothing was written",
                units::bytes(len)
            )));
        }
        if len > 0 {
            mapping.view_range(self.offset..self.offset + len)?.write(0, &bytes);
        }
        Ok(())
    }

    fn write_stream(&self, mapping: &Mapping, room: u64, mut source: Source) -> Result<(), Failure> {
        source.check_room(room)?;
        let mut progress = Progress::new("writing", source.len());
        let expected = source.len().unwrap_or(room);
        for window in windows(self.offset..self.offset + expected) {
            let view = mapping.view_range(window.clone())?;
            let read = view.copy_from(.., source.metered(&mut progress)).map_err(|error| source.failure(error))?;
            if (read as u64) < window.end - window.start {
                break;
            }
        }
        progress.finish();
        source.check_end(expected)
    }
}

/// How many bytes there are from `offset` to the mapping's end.
pub(crate) fn room_behind(mapping: &Mapping, offset: u64) -> Result<u64, Failure> {
    let size = mapping.size();
    size.checked_sub(offset).ok_or_else(|| {
        Failure::Refused(format!("the offset {offset} lies beyond the mapping's end: it has {}", units::bytes(size)))
    })
}
