//! Holding something until a signal, or while a command runs.

use std::ffi::OsString;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde::Serialize;
use shared_child::SharedChild;

use crate::failure::{DONE, Failure, Outcome};
use crate::os::{self, Stop};
use crate::{output, units};

/// How often a wait looks for a signal.
const SLICE: Duration = Duration::from_millis(100);

/// What every `create` command can be told.
#[derive(Debug, Args)]
pub(crate) struct Holding {
    /// What other users may do with it
    #[arg(long, value_enum, default_value_t = Others::Private, value_name = "WHO")]
    rights: Others,

    /// Print one line of JSON when it is ready: name, kind, size and pid
    #[arg(long)]
    json: bool,

    /// Hold it while this command runs, and exit with its status; without it, hold until Ctrl-C or SIGTERM
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// What other users may do with what is created.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Others {
    /// Nobody else
    Private,
    /// The creator's group may do everything
    Group,
    /// Everyone may read
    EveryoneReadOnly,
    /// Everyone may do everything
    Everyone,
}

/// What is announced when an object is ready. The field names are stable.
#[derive(Serialize)]
struct Ready<'a> {
    name: &'a str,
    kind: &'a str,
    size: Option<u64>,
    pid: u32,
}

impl Others {
    pub(crate) fn rights(self) -> coview::Rights {
        match self {
            Others::Private => coview::Rights::Private,
            Others::Group => coview::Rights::Group,
            Others::EveryoneReadOnly => coview::Rights::EveryoneReadOnly,
            Others::Everyone => coview::Rights::Everyone,
        }
    }
}

impl Holding {
    pub(crate) fn rights(&self) -> coview::Rights {
        self.rights.rights()
    }

    /// Announces what was created, then returns when the command has ended or a signal has come.
    ///
    /// The caller keeps the object, and drops it afterwards.
    pub(crate) fn hold(&self, stops: Stops, kind: &str, name: &str, size: Option<u64>) -> Outcome {
        if self.json {
            output::json_line(&Ready { name, kind, size, pid: std::process::id() })?;
        }
        if !self.command.is_empty() {
            return run(&self.command, stops);
        }
        let size = size.map(|size| format!(", {}", units::bytes(size))).unwrap_or_default();
        output::say(format_args!("created {kind} `{}`{size}; holding it until Ctrl-C", output::printable(name)));
        stops.wait();
        Ok(DONE)
    }
}

/// The signals that ask this process to end, from the moment of [`Stops::listen`] on.
pub(crate) struct Stops {
    received: Receiver<Stop>,
}

impl Stops {
    /// From now on a signal ends nothing by itself; whoever holds this has to look.
    pub(crate) fn listen() -> Result<Stops, Failure> {
        let (sender, received) = mpsc::channel();
        let handler = move |stop| {
            // Nobody listens any more only when the process is about to end.
            let _ = sender.send(stop);
        };
        os::on_stop(handler).map_err(|source| Failure::Stream("listen for signals".into(), source))?;
        Ok(Stops { received })
    }

    fn wait(&self) {
        // The sender lives as long as the process, so this returns for a signal only.
        let _ = self.received.recv();
    }

    /// Sleeps for so long; a signal ends it as a failure.
    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), Failure> {
        match self.received.recv_timeout(duration) {
            Ok(stop) => Err(Failure::Stopped(stop)),
            Err(_) => Ok(()),
        }
    }

    fn check(&self) -> Result<(), Failure> {
        self.received.try_recv().map_or(Ok(()), |stop| Err(Failure::Stopped(stop)))
    }

    /// Waits for what `attempt` tries to take within the time it is given, until `timeout` or a signal.
    ///
    /// A signal ends the wait with nothing taken, so nothing that was taken is lost.
    pub(crate) fn wait_for<T>(
        &self,
        timeout: Option<Duration>,
        mut attempt: impl FnMut(Duration) -> coview::Result<Option<T>>,
    ) -> Result<Option<T>, Failure> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map_or(SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
            if let Some(taken) = attempt(left.min(SLICE))? {
                return Ok(Some(taken));
            }
            self.check()?;
            if left.is_zero() {
                return Ok(None);
            }
        }
    }
}

/// Runs a command to its end, and returns its status as an exit status.
pub(crate) fn run(command: &[OsString], stops: Stops) -> Outcome {
    stops.check()?;
    let (program, arguments) = command.split_first().expect("clap asks for a command");
    let not_started = |source| Failure::NotStarted(program.to_string_lossy().into_owned(), source);
    let child = SharedChild::spawn(Command::new(program).args(arguments)).map_err(not_started)?;
    let child = Arc::new(child);
    let signalled = Arc::clone(&child);
    thread::spawn(move || stops.received.iter().for_each(|stop| os::forward(stop, &signalled)));
    child.wait().map(os::exit_status).map_err(not_started)
}
