//! Why a command ends without its result: what it says on stderr, and with which exit status.

use std::fmt;
use std::io;
use std::time::Duration;

use coview::ErrorKind;

use crate::os::Stop;
use crate::output;

/// The exit status of a command that did what it was asked.
pub(crate) const DONE: i32 = 0;
const FAILED: i32 = 1;
const WRONG_USAGE: i32 = 2;
const TIMED_OUT: i32 = 124;
const NOT_EXECUTABLE: i32 = 126;
const COMMAND_NOT_FOUND: i32 = 127;

/// The exit status, or why there is no result.
pub(crate) type Outcome = Result<i32, Failure>;

/// Why a command ends without its result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library said no.
    Library(coview::Error),
    /// A file or a stream failed while the named thing was done.
    Stream(String, io::Error),
    /// The command itself found a reason.
    Refused(String),
    /// The arguments contradict each other.
    Usage(String),
    /// What was waited for did not happen in time.
    TimedOut(String),
    /// The COMMAND could not be started.
    NotStarted(String, io::Error),
    /// A signal ended a wait.
    Stopped(Stop),
    /// Nobody reads the results any more: a reason to end, not an error.
    BrokenPipe,
}

impl Failure {
    /// A failure of a stream, while `doing` was done to it.
    pub(crate) fn stream(doing: impl Into<String>, source: io::Error) -> Failure {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Failure::BrokenPipe,
            _ => Failure::Stream(doing.into(), source),
        }
    }

    /// A wait for the named thing that took longer than it might.
    pub(crate) fn timed_out(doing: &str, name: &str, timeout: Option<Duration>) -> Failure {
        let waited = timeout.map(|timeout| format!(" after {timeout:?}")).unwrap_or_default();
        Failure::TimedOut(format!("{doing} `{}`: timed out{waited}", output::printable(name)))
    }

    /// The exit status that tells this failure.
    pub(crate) fn exit_status(&self) -> i32 {
        match self {
            Failure::Library(error) if error.kind() == ErrorKind::TimedOut => TIMED_OUT,
            Failure::TimedOut(_) => TIMED_OUT,
            Failure::Usage(_) => WRONG_USAGE,
            Failure::NotStarted(_, source) if source.kind() == io::ErrorKind::NotFound => COMMAND_NOT_FOUND,
            Failure::NotStarted(..) => NOT_EXECUTABLE,
            Failure::Stopped(stop) => stop.exit_status(),
            Failure::BrokenPipe => DONE,
            Failure::Library(_) | Failure::Stream(..) | Failure::Refused(_) => FAILED,
        }
    }

    /// Whether there is nothing to say about it.
    pub(crate) fn is_quiet(&self) -> bool {
        matches!(self, Failure::BrokenPipe | Failure::Stopped(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Library(error) => error.fmt(out),
            Failure::Stream(doing, source) => write!(out, "{doing}: {source}"),
            Failure::Refused(reason) | Failure::Usage(reason) | Failure::TimedOut(reason) => out.write_str(reason),
            Failure::NotStarted(program, source) => write!(out, "run `{program}`: {source}"),
            Failure::Stopped(_) => out.write_str("stopped by a signal"),
            Failure::BrokenPipe => out.write_str("nobody reads the output"),
        }
    }
}

impl From<coview::Error> for Failure {
    fn from(error: coview::Error) -> Failure {
        Failure::Library(error)
    }
}

/// An error of writing results: the only place where `?` meets [`io::Error`] without a name is stdout.
impl From<io::Error> for Failure {
    fn from(source: io::Error) -> Failure {
        Failure::stream("write to stdout", source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_cannot_start_is_told_as_a_shell_tells_it() {
        let status = |kind: io::ErrorKind| Failure::NotStarted("x".into(), kind.into()).exit_status();
        assert_eq!(status(io::ErrorKind::NotFound), 127);
        assert_eq!(status(io::ErrorKind::PermissionDenied), 126);
    }

    #[test]
    fn a_broken_pipe_is_no_error() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(failure.is_quiet());
        assert_eq!(failure.exit_status(), 0);
    }
}
