//! `coview completions` and `coview man`: documents generated from the command's own definition.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
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
        let mut command = Arguments::command().disable_help_subcommand(true);
        command.build();
        let Some(dir) = &self.dir else { return print(page(&clap_mangen::Man::new(command))?.as_bytes()) };
        let failure = |source| Failure::Stream(format!("write manual pages to `{}`", dir.display()), source);
        fs::create_dir_all(dir).and_then(|()| write_pages(command, dir)).map_err(failure)?;
        Ok(DONE)
    }
}

/// Writes the pages of a command and of all commands below it.
fn write_pages(command: Command, dir: &Path) -> io::Result<()> {
    for subcommand in command.get_subcommands().cloned() {
        write_pages(subcommand, dir)?;
    }
    let manual = clap_mangen::Man::new(command);
    fs::write(dir.join(manual.get_filename()), page(&manual)?)
}

/// A page as clap makes it, but with the examples line by line under a title of their own.
fn page(manual: &clap_mangen::Man) -> io::Result<String> {
    let mut page = Vec::new();
    manual.render(&mut page)?;
    let mut text = String::new();
    let mut is_example = false;
    for line in String::from_utf8_lossy(&page).lines() {
        if line.starts_with("  ") != is_example {
            is_example = !is_example;
            text.push_str(if is_example { ".nf\n" } else { ".fi\n" });
        }
        let line = match line {
            ".SH EXTRA" => ".SH EXAMPLES",
            "Examples:" | "Example:" => continue,
            line => line.strip_prefix("  ").unwrap_or(line),
        };
        text.extend([line, "\n"]);
    }
    Ok(text)
}

fn print(document: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(document)?;
    out.flush()?;
    Ok(DONE)
}
