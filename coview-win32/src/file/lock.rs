//! Locks on ranges of a file, between all programs of this library.
//!
//! Needs `unsafe` to export functions and to call `fcntl`.
//!
//! They are Linux's locks of open file descriptions: they end with the last handle, however that comes about. Other
//! than on Windows they do not keep `ReadFile`, `WriteFile` and views away: programs that lock agree by locking.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

use super::{Code, File, Handle, READ_DATA, Result, WRITE_DATA, claim, with};
use crate::{last_error, table};

const LOCK_VIOLATION: Code = Code(33);
const NOT_LOCKED: Code = Code(158);

const FAIL_IMMEDIATELY: u32 = 1;
const EXCLUSIVE_LOCK: u32 = 2;

/// How often a lock is tried that is waited for.
const PERIOD: Duration = Duration::from_millis(2);

/// A locked range, as its caller described it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    start: u64,
    len: u64,
}

/// A lock that this process has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lock {
    range: Range,
    is_shared: bool,
}

/// Windows' structure: the offset at which a lock begins.
#[repr(C)]
pub(crate) struct Overlapped {
    internal: [usize; 2],
    start_low: u32,
    start_high: u32,
    event: Handle,
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

    /// What is left of the range where these locks are not.
    fn without(self, locks: &[Lock]) -> Vec<Range> {
        locks.iter().fold(vec![self], |parts, lock| parts.into_iter().flat_map(|part| part.cut(lock.range)).collect())
    }

    /// What is left before and behind another range.
    fn cut(self, other: Range) -> Vec<Range> {
        if !self.overlaps(other) {
            return vec![self];
        }
        let before = Range { start: self.start, len: other.start.saturating_sub(self.start) };
        let behind = other.last().saturating_add(1);
        let after = Range { start: behind, len: self.last().saturating_add(1).saturating_sub(behind) };
        [before, after].into_iter().filter(|part| part.len != 0).collect()
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
    fn lock(&self, range: Range, is_shared: bool) -> Result<()> {
        if range.start.checked_add(range.len.saturating_sub(1)).is_none() {
            return Err(Code::INVALID_PARAMETER);
        }
        let mut locks = table::lock(&self.locks);
        if locks.iter().any(|lock| lock.range.overlaps(range) && !(lock.is_shared && is_shared)) {
            return Err(LOCK_VIOLATION);
        }
        if let Some((start, len)) = range.for_linux() {
            self.lock_for_all(start, len, is_shared)?;
        }
        locks.push(Lock { range, is_shared });
        Ok(())
    }

    fn lock_at_last(&self, range: Range, is_shared: bool) -> Result<()> {
        loop {
            match self.lock(range, is_shared) {
                Err(LOCK_VIOLATION) => thread::sleep(PERIOD),
                result => return result,
            }
        }
    }

    fn lock_for_all(&self, start: i64, len: i64, is_shared: bool) -> Result<()> {
        let (kind, other) = if is_shared { (libc::F_RDLCK, libc::F_WRLCK) } else { (libc::F_WRLCK, libc::F_RDLCK) };
        match set(&self.file, kind, start, len) {
            // A descriptor that cannot write, or read: it looks for others first, and takes the lock that it can have.
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => {
                if is_held(&self.file, start, len) {
                    return Err(LOCK_VIOLATION);
                }
                set(&self.file, other, start, len).map_err(refusal)
            }
            result => result.map_err(refusal),
        }
    }

    fn unlock(&self, range: Range) -> Result<()> {
        let mut locks = table::lock(&self.locks);
        let index = locks.iter().position(|lock| lock.range == range).ok_or(NOT_LOCKED)?;
        locks.swap_remove(index);
        for (start, len) in range.without(&locks).into_iter().filter_map(Range::for_linux) {
            set(&self.file, libc::F_UNLCK, start, len)?;
        }
        Ok(())
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
    last_error::truth(with(file, READ_DATA | WRITE_DATA, |file| file.lock(range, false)))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn UnlockFile(file: Handle, start_low: u32, start_high: u32, len_low: u32, len_high: u32) -> i32 {
    let range = Range::new(start_low, start_high, len_low, len_high);
    last_error::truth(with(file, 0, |file| file.unlock(range)))
}

/// # Safety
///
/// `overlapped` is null or leads to Windows' structure.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn LockFileEx(
    file: Handle,
    flags: u32,
    _reserved: u32,
    len_low: u32,
    len_high: u32,
    overlapped: *const Overlapped,
) -> i32 {
    // SAFETY: as the caller promises.
    let range = unsafe { range_at(overlapped, len_low, len_high) };
    last_error::truth(range.and_then(|range| {
        if flags & !(FAIL_IMMEDIATELY | EXCLUSIVE_LOCK) != 0 {
            return Err(Code::INVALID_PARAMETER);
        }
        let lock = if flags & FAIL_IMMEDIATELY != 0 { File::lock } else { File::lock_at_last };
        with(file, READ_DATA | WRITE_DATA, |file| lock(file, range, flags & EXCLUSIVE_LOCK == 0))
    }))
}

/// # Safety
///
/// As for [`LockFileEx`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn UnlockFileEx(
    file: Handle,
    _reserved: u32,
    len_low: u32,
    len_high: u32,
    overlapped: *const Overlapped,
) -> i32 {
    // SAFETY: as the caller promises.
    let range = unsafe { range_at(overlapped, len_low, len_high) };
    last_error::truth(range.and_then(|range| with(file, 0, |file| file.unlock(range))))
}

/// # Safety
///
/// As for [`LockFileEx`].
unsafe fn range_at(overlapped: *const Overlapped, len_low: u32, len_high: u32) -> Result<Range> {
    // SAFETY: as the caller promises.
    let overlapped = unsafe { overlapped.as_ref() }.ok_or(Code::INVALID_PARAMETER)?;
    Ok(Range::new(overlapped.start_low, overlapped.start_high, len_low, len_high))
}
