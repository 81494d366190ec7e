//! The `coview` command: what it is told, which part does it, and with which status it ends.

mod bench;
mod change_lines;
mod channel_end;
mod channel_facts;
mod create;
mod datum;
mod demo;
mod documents;
mod event;
mod failure;
mod format;
mod frames;
mod holding;
mod inspect;
mod lock;
mod meter;
mod mutex;
mod os;
mod output;
mod pace;
mod picture;
mod rate;
mod read;
mod receive;
mod region_facts;
mod report;
mod screen;
mod semaphore;
mod send;
mod stream;
mod subject;
mod timer;
mod type_parser;
mod type_tokens;
mod typed_read;
mod units;
mod value;
mod value_type;
mod watch;
mod watcher;
mod write;

use clap::{Parser, Subcommand};

use failure::Outcome;

const EXAMPLES: &str = r#"Examples:
  coview demo                                     see it work, with real processes
  coview create penghao 1024                      create a mapping, hold it until Ctrl-C
  coview write penghao Update                     from another terminal
  coview read penghao
  coview watch penghao                            see it change
  cat bigfile | coview send x                     and elsewhere: coview recv x > copy
  coview ls                                       what is shared now, and who holds it
  coview lock build --timeout 5m -- make          one build at a time"#;

const NAMES: &str = "\
Names: `x` and `Local\\x` are the user's own, `Global\\x` is machine-wide; on Linux `/x` is POSIX shared memory. A \
name is free as soon as nobody holds its object, however its holders ended.";

const STATUSES: &str = "\
Exit status: 0 done, 1 failed, 2 wrong usage, 124 timed out. A command that runs a COMMAND ends with its status: its \
own, 128 and the signal that killed it, 126 if it cannot be executed, 127 if it does not exist.";

/// Shared memory, channels, mutexes, events, semaphores and timers by name, on Linux and on Windows
#[derive(Debug, Parser)]
#[command(name = "coview", version, max_term_width = 110, after_help = format!("{EXAMPLES}\n\n{NAMES}\n\n{STATUSES}"))]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Create(create::Create),
    Write(write::Write),
    Read(read::Read),
    Watch(watch::Watch),
    Send(send::Send),
    Recv(receive::Recv),
    Pub(send::Pub),
    Sub(receive::Sub),
    Lock(lock::Lock),
    Mutex(mutex::Mutex),
    Event(event::Event),
    Semaphore(semaphore::Semaphore),
    Timer(timer::Timer),
    Ls(inspect::Ls),
    Stat(inspect::Stat),
    Sweep(inspect::Sweep),
    Bench(bench::BenchCommand),
    Completions(documents::Completions),
    Man(documents::Man),
}

fn main() {
    let parts = (demo::DemoPart::from_command_line(), bench::BenchPart::from_command_line());
    let outcome = match parts {
        (Some(part), _) => part.run(),
        (None, Some(part)) => part.run(),
        (None, None) => run(&Arguments::parse().command),
    };
    let status = outcome.unwrap_or_else(|failure| {
        if !failure.is_quiet() {
            output::complain(&failure);
        }
        failure.exit_status()
    });
    std::process::exit(status);
}

fn run(command: &Command) -> Outcome {
    match command {
        Command::Demo(demo) => demo.run(),
        Command::Create(create) => create.run(),
        Command::Write(write) => write.run(),
        Command::Read(read) => read.run(),
        Command::Watch(watch) => watch.run(),
        Command::Send(send) => send.run(),
        Command::Recv(recv) => recv.run(),
        Command::Pub(publish) => publish.run(),
        Command::Sub(subscribe) => subscribe.run(),
        Command::Lock(lock) => lock.run(),
        Command::Mutex(mutex) => mutex.run(),
        Command::Event(event) => event.run(),
        Command::Semaphore(semaphore) => semaphore.run(),
        Command::Timer(timer) => timer.run(),
        Command::Ls(ls) => ls.run(),
        Command::Stat(stat) => stat.run(),
        Command::Sweep(sweep) => sweep.run(),
        Command::Bench(bench) => bench.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        fn check(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "`{}` has no example", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
