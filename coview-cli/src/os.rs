//! What differs between the systems: signals, how a child's end becomes an exit status, and whether messages can go from stdin
//! and to stdout without a copy. No other file has a platform `cfg`.

use std::io;
use std::process::ExitStatus;

use coview::{Message, Sender};
use shared_child::SharedChild;

use crate::failure::Failure;

/// A request from outside to come to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    signal: i32,
}

impl Stop {
    /// The exit status by which a shell tells this end.
    pub(crate) fn exit_status(self) -> i32 {
        128 + self.signal
    }
}

/// Calls `handler`, on a thread of its own, for each Ctrl-C and each request to terminate, which no longer end the
/// process by themselves.
pub(crate) fn on_stop(handler: impl FnMut(Stop) + Send + 'static) -> io::Result<()> {
    system::on_stop(handler)
}

/// Passes a request on to a child that did not get it by itself.
///
/// Ctrl-C comes from the terminal and goes to the whole process group, child included; `kill` goes to one process.
pub(crate) fn forward(stop: Stop, child: &SharedChild) {
    system::forward(stop, child);
}

/// A child's end as an exit status: its own, or 128 and the signal that killed it.
pub(crate) fn exit_status(status: ExitStatus) -> i32 {
    system::exit_status(status)
}

/// Sends what can be read from stdin at once, without a copy; returns how many bytes that were, 0 at its end. Only while there
/// is something it has a place in the queue, so that it holds nobody up. `None` where the system cannot do it.
pub(crate) fn send_stdin(sender: &mut Sender<[u8]>) -> Option<Result<usize, Failure>> {
    system::send_stdin(sender)
}

/// Lets stdin take more at once, if it is a pipe and the system can do that: then the programs at its ends take fewer turns.
pub(crate) fn widen_stdin() {
    system::widen_stdin();
}

/// Writes a message to stdout without a copy. `None` where the system cannot do it.
pub(crate) fn write_to_stdout(message: &Message<'_, [u8]>) -> Option<io::Result<()>> {
    system::write_to_stdout(message)
}

#[cfg(unix)]
mod system {
    use std::fs;
    use std::io::{self, Read};
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;
    use std::thread;

    use coview::os::linux::{LoanExt, MessageExt, wait_readable};
    use coview::{Message, Sender};
    use shared_child::SharedChild;
    use shared_child::unix::SharedChildExt;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use super::{Failure, Stop};

    /// How much is read at once of what does not tell how much there is.
    const PIECE_LEN: usize = 64 << 10;

    pub(super) fn on_stop(mut handler: impl FnMut(Stop) + Send + 'static) -> io::Result<()> {
        let ignored = ignored_signals();
        let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let mut signals = Signals::new(wanted)?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                handler(Stop { signal });
            }
        })?;
        Ok(())
    }

    /// The signals that whoever started this process wants ignored, as `nohup` and a shell's `&` do.
    fn ignored_signals() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
    }

    pub(super) fn forward(stop: Stop, child: &SharedChild) {
        if stop.signal != SIGINT {
            // A child that has ended needs no signal.
            let _ = child.send_signal(stop.signal);
        }
    }

    pub(super) fn exit_status(status: ExitStatus) -> i32 {
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
    }

    pub(super) fn send_stdin(sender: &mut Sender<[u8]>) -> Option<Result<usize, Failure>> {
        let unread = |source| Failure::Stream("read stdin".into(), source);
        let mut send = || {
            let there = wait_readable(io::stdin()).map_err(unread)?;
            let len = sender.max_len();
            if there == 0 {
                // The end, or what only a read can tell. Nothing is read for which there is nobody: it would be lost.
                drop(sender.loan(0)?);
                let mut piece = vec![0; len.min(PIECE_LEN)];
                let read = io::stdin().lock().read(&mut piece).map_err(unread)?;
                if read > 0 {
                    sender.send(&piece[..read])?;
                }
                return Ok(read);
            }
            let mut loan = sender.loan(len)?;
            let read = loan.read_from(io::stdin()).map_err(unread)?;
            loan.truncate(read);
            loan.commit()?;
            Ok(read)
        };
        Some(send())
    }

    pub(super) fn widen_stdin() {
        // The most that the system lets anybody have.
        const PIPE_LEN: usize = 1 << 20;
        // What is no pipe, or may not be larger, is good as it is.
        let _ = rustix::pipe::fcntl_setpipe_size(io::stdin(), PIPE_LEN);
    }

    pub(super) fn write_to_stdout(message: &Message<'_, [u8]>) -> Option<io::Result<()>> {
        Some(message.write_to(io::stdout()))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_child_that_a_signal_killed_is_told_by_the_signal() {
            assert_eq!(exit_status(ExitStatus::from_raw(7 << 8)), 7);
            assert_eq!(exit_status(ExitStatus::from_raw(9)), 137);
        }
    }
}

#[cfg(windows)]
mod system {
    use std::io;
    use std::process::ExitStatus;

    use coview::{Message, Sender};
    use shared_child::SharedChild;

    use super::{Failure, Stop};

    /// The number that Ctrl-C has in C on Windows too.
    const SIGINT: i32 = 2;

    pub(super) fn on_stop(mut handler: impl FnMut(Stop) + Send + 'static) -> io::Result<()> {
        ctrlc::set_handler(move || handler(Stop { signal: SIGINT })).map_err(io::Error::other)
    }

    /// Every process on the console gets the event by itself.
    pub(super) fn forward(_stop: Stop, _child: &SharedChild) {}

    pub(super) fn exit_status(status: ExitStatus) -> i32 {
        status.code().unwrap_or(1)
    }

    pub(super) fn send_stdin(_sender: &mut Sender<[u8]>) -> Option<Result<usize, Failure>> {
        None
    }

    pub(super) fn widen_stdin() {}

    pub(super) fn write_to_stdout(_message: &Message<'_, [u8]>) -> Option<io::Result<()>> {
        None
    }
}
