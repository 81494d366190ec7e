//! Locks on ranges of a file, between all programs of this library.
//!
//! Needs `unsafe` to export functions and to call `fcntl`.
//!
//! They are Linux's locks of open file descriptions: they end with the last handle, however that comes about. Other
//! than on Windows they do not keep `ReadFile`, `WriteFile` and views away: programs that lock agree by locking.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;

use super::{Code, File, Handle, READ_DATA, Result, WRITE_DATA, claim, with};
use crate::{last_error, table};

const LOCK_VIOLATION: Code = Code(33);
const NOT_LOCKED: Code = Code(158);

/// A locked range, as its caller described it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    start: u64,
    len: u64,
}

impl Range {
    fn new(start_low: u32, start_high: u32, len_low: u32, len_high: u32) -> Range {
        Range { start: wide(start_low, start_high), len: wide(len_low, len_high) }
    }

    fn last(self) -> u64 {
        self.start.saturating_add(self.len - 1)
    }

    fn overlaps(self, other: Range) -> bool {
        self.len != 0 && other.len != 0 && self.start <= other.last() && other.start <= self.last()
    }

    /// The part below the bytes that stand for claims, for Linux; what is beyond is known to this process only.
    fn for_linux(self) -> Option<(i64, i64)> {
        let start = i64::try_from(self.start).ok().filter(|&start| start < claim::FIRST)?;
        let room = claim::FIRST - start;
        let len = i64::try_from(self.len).map_or(room, |len| len.min(room));
        (len != 0).then_some((start, len))
    }
}

fn wide(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

impl File {
    fn lock(&self, range: Range) -> Result<()> {
        if range.start.checked_add(range.len.saturating_sub(1)).is_none() {
            return Err(Code::INVALID_PARAMETER);
        }
        let mut locks = table::lock(&self.locks);
        if locks.iter().any(|&lock| lock.overlaps(range)) {
            return Err(LOCK_VIOLATION);
        }
        if let Some((start, len)) = range.for_linux() {
            self.lock_for_all(start, len)?;
        }
        locks.push(range);
        Ok(())
    }

    fn lock_for_all(&self, start: i64, len: i64) -> Result<()> {
        match set(&self.file, libc::F_WRLCK, start, len) {
            // A descriptor that cannot write: it looks for others first, and keeps them out with a reader's lock.
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => {
                if is_held(&self.file, start, len) {
                    return Err(LOCK_VIOLATION);
                }
                set(&self.file, libc::F_RDLCK, start, len).map_err(refusal)
            }
            result => result.map_err(refusal),
        }
    }

    fn unlock(&self, range: Range) -> Result<()> {
        let mut locks = table::lock(&self.locks);
        let index = locks.iter().position(|&lock| lock == range).ok_or(NOT_LOCKED)?;
        locks.swap_remove(index);
        let Some((start, len)) = range.for_linux() else { return Ok(()) };
        Ok(set(&self.file, libc::F_UNLCK, start, len)?)
    }
}

fn refusal(error: io::Error) -> Code {
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => LOCK_VIOLATION,
        _ => error.into(),
    }
}

/// Takes or gives back a lock, without waiting.
pub(super) fn set(file: &fs::File, kind: libc::c_int, start: i64, len: i64) -> io::Result<()> {
    control(file, libc::F_OFD_SETLK, kind, start, len).map(drop)
}

/// Whether another open file has a lock on any of these bytes. Where files have no locks, none has.
pub(super) fn is_held(file: &fs::File, start: i64, len: i64) -> bool {
    let free = libc::F_UNLCK;
    control(file, libc::F_OFD_GETLK, libc::F_WRLCK, start, len).is_ok_and(|found| found != free)
}

/// Gives back every lock and every claim.
pub(super) fn release_all(file: &fs::File) {
    // It fails where no lock could be taken either.
    let _ = set(file, libc::F_UNLCK, 0, 0);
}

fn control(file: &fs::File, command: libc::c_int, kind: libc::c_int, start: i64, len: i64) -> io::Result<libc::c_int> {
    let kind = i16::try_from(kind).map_err(io::Error::other)?;
    let whence = i16::try_from(libc::SEEK_SET).map_err(io::Error::other)?;
    let mut lock = libc::flock { l_type: kind, l_whence: whence, l_start: start, l_len: len, l_pid: 0 };
    // SAFETY: the structure is this function's own, and the descriptor is open.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut lock) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(lock.l_type.into()) }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn LockFile(file: Handle, start_low: u32, start_high: u32, len_low: u32, len_high: u32) -> i32 {
    let range = Range::new(start_low, start_high, len_low, len_high);
    last_error::truth(with(file, READ_DATA | WRITE_DATA, |file| file.lock(range)))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn UnlockFile(file: Handle, start_low: u32, start_high: u32, len_low: u32, len_high: u32) -> i32 {
    let range = Range::new(start_low, start_high, len_low, len_high);
    last_error::truth(with(file, 0, |file| file.unlock(range)))
}
