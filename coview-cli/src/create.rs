//! `coview create`: makes a mapping and holds it.

use std::path::PathBuf;

use clap::Args;
use coview::{ErrorKind, Mapping, MappingOptions, View};

use crate::failure::{Failure, Outcome};
use crate::holding::{Holding, Stops};
use crate::stream::{Progress, Source};
use crate::units;

const EXAMPLES: &str = r#"Examples:
  coview create penghao 1024                             hold 1024 bytes until Ctrl-C
  coview create frames 64MiB --huge -- ./camera          hold them while ./camera runs
  coview create model --from model.bin                   as large as the file, and filled from it
  gzip -d < data.gz | coview create data 1G --from -     filled from a pipe
  coview create 'Global\prices' 4K --rights everyone-read-only
  coview create /posix 4096                              POSIX shared memory, unlinked at the end"#;

/// Create a mapping and hold it until a signal, or while a command runs
///
/// The mapping appears under its name complete: with --from, nobody sees it before it is filled. It lives while
/// anybody holds it, so it outlives this command where another process has opened it.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", units::SIZES))]
pub(crate) struct Create {
    /// Its name
    name: String,

    /// How many bytes; with --from FILE it may be left out
    #[arg(value_parser = units::size, required_unless_present = "from")]
    size: Option<u64>,

    /// Fill it from a file, or from stdin (`-`)
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Ask for huge pages
    #[arg(long)]
    huge: bool,

    /// Reserve no memory: each page is taken when it is first used, and a full system is met then
    #[arg(long)]
    sparse: bool,

    #[command(flatten)]
    holding: Holding,
}

impl Create {
    pub(crate) fn run(&self) -> Outcome {
        let stops = Stops::listen()?;
        let mapping = match &self.from {
            None => self.options().create(&self.name, self.size.expect("clap asks for it"))?,
            Some(path) => self.create_filled(Source::open(path)?)?,
        };
        let outcome = self.holding.hold(stops, "mapping", &self.name, Some(mapping.size()));
        unlink(&mapping).and(outcome)
    }

    fn options(&self) -> MappingOptions {
        MappingOptions::new().rights(self.holding.rights()).huge_pages(self.huge).reserve(!self.sparse)
    }

    fn create_filled(&self, mut source: Source) -> Result<Mapping, Failure> {
        let no_size = || Failure::Refused(format!("{} does not tell its size: give SIZE", source.label()));
        let size = self.size.or(source.len()).ok_or_else(no_size)?;
        source.check_room(size)?;
        let mut progress = Progress::new("filling", source.len());
        let mut filled = Ok(());
        let mapping = self.options().create_or_open(&self.name, size, |view| {
            filled = fill(view, &mut source, &mut progress);
        })?;
        progress.finish();
        if !mapping.was_created() {
            return self.already_exists(size);
        }
        match filled {
            Ok(()) => Ok(mapping),
            Err(failure) => unlink(&mapping).and(Err(failure)),
        }
    }

    /// The library's own words about a name that is taken.
    fn already_exists(&self, size: u64) -> Result<Mapping, Failure> {
        match self.options().create(&self.name, size) {
            Err(error) => Err(error.into()),
            Ok(_) => Err(Failure::Refused(format!("create mapping `{}`: it existed a moment ago", self.name))),
        }
    }
}

fn fill(view: &View, source: &mut Source, progress: &mut Progress) -> Result<(), Failure> {
    let read = view.copy_from(.., source.metered(progress)).map_err(|error| source.failure(error))?;
    source.check_end(read as u64)
}

/// Removes a POSIX name, the only kind that does not go by itself; for any other the library says `InvalidInput`.
fn unlink(mapping: &Mapping) -> Result<(), Failure> {
    match mapping.unlink() {
        Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => Err(error.into()),
        _ => Ok(()),
    }
}
