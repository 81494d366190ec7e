//! `coview completions` and `coview man`: documents generated from the command's own definition.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::Arguments;
use crate::failure::{DONE, Failure, Outcome};

const COMPLETIONS_EXAMPLES: &str = r#"Examples:
  coview completions bash > ~/.local/share/bash-completion/completions/coview
  coview completions zsh > "${fpath[1]}/_coview"
  coview completions fish > ~/.config/fish/completions/coview.fish
  coview completions powershell >> $PROFILE"#;

const MAN_EXAMPLES: &str = r#"Examples:
  coview man | man -l -
  coview man --dir ~/.local/share/man/man1        one page per command"#;

/// Print shell completions
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct Completions {
    /// For which shell
    shell: Shell,
}

/// Print the manual page, or write the pages of all commands
#[derive(Debug, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(crate) struct Man {
    /// Write one page per command into this folder, which is created if it does not exist
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Completions {
    pub(crate) fn run(&self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "coview", &mut script);
        print(&script)
    }
}

impl Man {
    pub(crate) fn run(&self) -> Outcome {
        let Some(dir) = &self.dir else {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
            return print(&page);
        };
        let failure = |source| Failure::Stream(format!("write manual pages to `{}`", dir.display()), source);
        fs::create_dir_all(dir).map_err(failure)?;
        clap_mangen::generate_to(Arguments::command(), dir).map_err(failure)?;
        Ok(DONE)
    }
}

fn print(document: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(document)?;
    out.flush()?;
    Ok(DONE)
}
