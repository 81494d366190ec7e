//! Writing to a pipe that nobody reads any more, without the signal that would end a program of Windows.
//!
//! Needs `unsafe` to call what has to do with signals.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// Calls `write` so that a broken pipe is an error only: the signal is held back, and taken away if it came.
pub(super) fn as_error<T>(write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let signal = only_sigpipe();
    let was_pending = is_pending();
    let mut before = empty();
    // SAFETY: both sets are this function's own.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signal, &raw mut before) };
    let result = write();
    if !was_pending && result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        take(&signal);
    }
    // SAFETY: the set is what the thread had.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut()) };
    result
}

fn take(signal: &libc::sigset_t) {
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set and the time outlive the call; nobody wants to know more about the signal.
    unsafe { libc::sigtimedwait(signal, ptr::null_mut(), &raw const at_once) };
}

fn is_pending() -> bool {
    let mut pending = empty();
    // SAFETY: the set is this function's own.
    unsafe { libc::sigpending(&raw mut pending) };
    // SAFETY: the set is initialised.
    unsafe { libc::sigismember(&raw const pending, libc::SIGPIPE) == 1 }
}

fn only_sigpipe() -> libc::sigset_t {
    let mut set = empty();
    // SAFETY: the set is initialised.
    unsafe { libc::sigaddset(&raw mut set, libc::SIGPIPE) };
    set
}

fn empty() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: there is room for a set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the call above has filled it.
    unsafe { set.assume_init() }
}
