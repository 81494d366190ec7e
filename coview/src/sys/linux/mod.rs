//! The contract of `sys` on Linux, built from files on `/dev/shm`, file locks and futexes.
//!
//! ARCHITECTURE.md tells how an object lives and dies here, step by step.

mod barrier;
mod bell;
mod block;
mod claim;
mod deadline;
mod event;
mod folder;
mod futex;
mod inspect;
mod lock;
mod mutex;
mod object;
mod over;
mod pages;
mod pass;
mod posix;
mod pulse;
mod robust;
mod seats;
mod section;
mod semaphore;
mod share;
mod sweep;
mod thread;
mod timer;
mod tokens;
pub(crate) mod transfer;
mod wait;
mod waitable;

use std::io;

pub(crate) use barrier::Barrier;
pub(crate) use bell::Bell;
pub(crate) use claim::Claim;
pub(crate) use deadline::{Deadline, now};
pub(crate) use event::Event;
pub(crate) use inspect::{list, stat};
pub(crate) use mutex::Mutex;
pub(crate) use pages::Pages;
pub(crate) use pass::Passed;
pub(crate) use seats::Seats;
pub(crate) use section::Section;
pub(crate) use semaphore::Semaphore;
pub(crate) use sweep::sweep;
pub(crate) use thread::abandon_held;
pub(crate) use timer::Timer;
pub(crate) use wait::{Waited, wait_all, wait_all_unless, wait_any, wait_any_unless};

use super::{Locked, Protection, Refusal, SectionOptions, SemaphoreStart, Waitable, error, refusal};
use crate::ErrorKind;

/// A name that begins with a slash is a POSIX shared-memory name.
pub(crate) const POSIX_NAMES: bool = true;

/// As long as Windows takes them. A file name holds a beginning and a hash of a long one.
pub(crate) const NAME_LEN_MAX: usize = 32_766;

/// The kind of an error of this layer.
pub(crate) fn error_kind(error: &io::Error) -> ErrorKind {
    if let Some(kind) = refusal(error) {
        return kind;
    }
    match error.raw_os_error().unwrap_or_default() {
        libc::ENOENT => ErrorKind::NotFound,
        libc::EEXIST => ErrorKind::AlreadyExists,
        libc::EISDIR => ErrorKind::WrongKind,
        libc::EACCES | libc::EPERM | libc::EROFS | libc::ELOOP => ErrorKind::AccessDenied,
        libc::ENOSPC | libc::EDQUOT | libc::ENOMEM | libc::EMFILE | libc::ENFILE => ErrorKind::NoSpace,
        libc::EFBIG | libc::EOVERFLOW => ErrorKind::TooLarge,
        libc::EINVAL => ErrorKind::InvalidInput,
        libc::ENAMETOOLONG => ErrorKind::InvalidName,
        libc::ETIMEDOUT => ErrorKind::TimedOut,
        libc::ENOSYS | libc::EOPNOTSUPP => ErrorKind::Unsupported,
        _ => ErrorKind::Other,
    }
}

/// Turns the `-1` of a system call into the error behind it.
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// An error with the system's own code.
fn os_error(code: libc::c_int) -> io::Error {
    io::Error::from_raw_os_error(code)
}

/// An error that only this layer can explain.
fn refuse(kind: ErrorKind, why: impl Into<String>) -> io::Error {
    io::Error::other(Refusal { kind, why: Some(why.into()) })
}

/// Calls again while a signal interrupts.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
