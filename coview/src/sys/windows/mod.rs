//! The contract of [`super`] on Windows: a thin skin over the kernel's own objects.
//!
//! Sections, mutexes, events, semaphores and timers are the kernel's, and so are their names and lifetimes. What Windows lacks
//! is made of further kernel objects beside a section, see `companion.rs`: they go with their holders like any other.

use std::io;

use windows_sys::Win32::Foundation as code;

use super::refusal;
use crate::ErrorKind;

mod barrier;
mod bell;
mod claim;
mod companion;
mod deadline;
mod event;
mod inspect;
mod machine;
mod mutex;
mod native;
mod object;
mod pages;
mod pass;
mod seats;
mod section;
mod security;
mod semaphore;
mod timer;
mod wait;

pub(crate) use barrier::Barrier;
pub(crate) use bell::Bell;
pub(crate) use claim::Claim;
pub(crate) use deadline::{Deadline, now};
pub(crate) use event::Event;
pub(crate) use inspect::{list, stat, sweep};
pub(crate) use mutex::Mutex;
pub(crate) use pages::Pages;
pub(crate) use pass::Passed;
pub(crate) use seats::Seats;
pub(crate) use section::Section;
pub(crate) use semaphore::Semaphore;
pub(crate) use timer::Timer;
pub(crate) use wait::{wait_all, wait_any};

/// A name that begins with a slash is a name like any other here.
pub(crate) const POSIX_NAMES: bool = false;

/// Windows itself ends at 32,767 with the prefix; the rest is room for the companions beside an object.
pub(crate) const NAME_LEN_MAX: usize = 32_000;

/// The kind of an error that this layer reported.
pub(crate) fn error_kind(error: &io::Error) -> ErrorKind {
    if let Some(kind) = refusal(error) {
        return kind;
    }
    match error.raw_os_error() {
        Some(code) => kind_of(code.cast_unsigned()),
        None => ErrorKind::Other,
    }
}

fn kind_of(code: u32) -> ErrorKind {
    match code {
        code::ERROR_FILE_NOT_FOUND => ErrorKind::NotFound,
        code::ERROR_ALREADY_EXISTS => ErrorKind::AlreadyExists,
        code::ERROR_INVALID_HANDLE => ErrorKind::WrongKind,
        code::ERROR_ACCESS_DENIED | code::ERROR_PRIVILEGE_NOT_HELD => ErrorKind::AccessDenied,
        code::ERROR_PATH_NOT_FOUND
        | code::ERROR_INVALID_NAME
        | code::ERROR_BAD_PATHNAME
        | code::ERROR_FILENAME_EXCED_RANGE => ErrorKind::InvalidName,
        code::ERROR_INVALID_PARAMETER | code::ERROR_FILE_INVALID | code::ERROR_MAPPED_ALIGNMENT => {
            ErrorKind::InvalidInput
        }
        code::ERROR_FILE_TOO_LARGE => ErrorKind::TooLarge,
        code::ERROR_NOT_ENOUGH_MEMORY
        | code::ERROR_OUTOFMEMORY
        | code::ERROR_TOO_MANY_OPEN_FILES
        | code::ERROR_DISK_FULL
        | code::ERROR_HANDLE_DISK_FULL
        | code::ERROR_NO_SYSTEM_RESOURCES
        | code::ERROR_WORKING_SET_QUOTA
        | code::ERROR_PAGEFILE_QUOTA
        | code::ERROR_NOT_ENOUGH_QUOTA
        | code::ERROR_COMMITMENT_LIMIT => ErrorKind::NoSpace,
        code::ERROR_NOT_OWNER => ErrorKind::NotOwner,
        code::ERROR_TOO_MANY_POSTS => ErrorKind::LimitExceeded,
        code::ERROR_NOT_SUPPORTED => ErrorKind::Unsupported,
        _ => ErrorKind::Other,
    }
}
