//! Locks on ranges of a file, between all programs of this library.
//!
//! Needs `unsafe` to export functions, to reach the structures of callers and to call `fcntl`.
//!
//! They are Linux's locks of open file descriptions: they end with the last handle, however that comes about. Other
//! than on Windows they do not keep `ReadFile`, `WriteFile` and views away: programs that lock agree by locking.
//!
//! Linux knows one lock a byte, Windows a list: a file's shared locks may lie over each other and over its exclusive
//! ones. The list is kept here, and Linux is told what it comes to.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::{Condvar, Mutex, PoisonError};

use super::transfer::Overlapped;
use super::{Code, File, Handle, READ_DATA, Result, WRITE_DATA, claim, opening, with};
use crate::{last_error, table};

const LOCK_VIOLATION: Code = Code(33);
const NOT_LOCKED: Code = Code(158);

const FAIL_IMMEDIATELY: u32 = 1;
const EXCLUSIVE_LOCK: u32 = 2;

/// The locks of one file, in the order in which they were taken, and the threads that wait for one of them to end.
#[derive(Default)]
pub(crate) struct Locks {
    list: Mutex<Vec<Lock>>,
    ended: Condvar,
}

impl Locks {
    pub(super) fn is_empty(&self) -> bool {
        table::lock(&self.list).is_empty()
    }
}

#[derive(Clone, Copy, Debug)]
struct Lock {
    range: Range,
    exclusive: bool,
}

impl Lock {
    /// Whether this one cannot be had beside another one of the same file.
    fn is_refused_by(self, held: Lock) -> bool {
        self.exclusive && self.range.overlaps(held.range)
    }
}

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

    /// Refuses a range that goes beyond the last byte there can be.
    fn checked(self) -> Result<Range> {
        let end = self.start.checked_add(self.len.saturating_sub(1));
        end.map(|_| self).ok_or(Code::INVALID_PARAMETER)
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

/// A part of a range on which the locks of a list lie alike.
struct Piece {
    start: i64,
    len: i64,
    exclusive: Option<bool>,
}

/// Cuts a range where locks begin and end in it.
fn pieces(range: Range, list: &[Lock]) -> impl Iterator<Item = Piece> {
    let (start, len) = range.for_linux().unwrap_or((0, 0));
    let covers: Vec<_> = list.iter().filter_map(|lock| Some((lock.range.for_linux()?, lock.exclusive))).collect();
    let borders = covers.iter().flat_map(|&((start, len), _)| [start, start + len]);
    let mut cuts: Vec<_> = borders.filter(|&border| border > start && border < start + len).collect();
    cuts.extend([start, start + len]);
    cuts.sort_unstable();
    cuts.dedup();
    (1..cuts.len()).map(move |end| {
        let (start, end) = (cuts[end - 1], cuts[end]);
        let here = covers.iter().filter(|&&((first, len), _)| first <= start && start < first + len);
        Piece { start, len: end - start, exclusive: here.map(|&(_, exclusive)| exclusive).max() }
    })
}

impl File {
    /// Takes the lock, or fails at once.
    fn try_lock(&self, lock: Lock) -> Result<()> {
        let mut list = table::lock(&self.locks.list);
        if list.iter().any(|&held| lock.is_refused_by(held)) {
            return Err(LOCK_VIOLATION);
        }
        list.push(lock);
        let result = self.settle(lock.range, &list);
        if result.is_err() {
            list.pop();
            // Whatever part was taken is given back, and giving back does not fail.
            let _ = self.settle(lock.range, &list);
        }
        result
    }

    /// Takes the lock as soon as no other is in its way.
    fn lock(&self, lock: Lock) -> Result<()> {
        loop {
            match self.try_lock(lock) {
                Err(LOCK_VIOLATION) => self.wait_for(lock)?,
                result => return result,
            }
        }
    }

    /// Waits until the lock may have become possible: for the other locks of this file, then for those of others.
    #[cold]
    fn wait_for(&self, lock: Lock) -> Result<()> {
        let mut list = table::lock(&self.locks.list);
        while list.iter().any(|&held| lock.is_refused_by(held)) {
            list = self.locks.ended.wait(list).unwrap_or_else(PoisonError::into_inner);
        }
        let free: Vec<_> = pieces(lock.range, &list).filter(|piece| piece.exclusive != Some(true)).collect();
        drop(list);
        // A descriptor of its own, which never holds a lock for long, so that the file's own locks stay as they are.
        let kind = if lock.exclusive { libc::F_WRLCK } else { libc::F_RDLCK };
        let path = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let waiter = opening::descriptor(&path, if lock.exclusive { libc::O_RDWR } else { libc::O_RDONLY })?;
        for piece in free {
            wait_to_set(&waiter, kind, piece.start, piece.len)?;
        }
        Ok(())
    }

    fn unlock(&self, range: Range) -> Result<()> {
        let mut list = table::lock(&self.locks.list);
        // Of two locks on one range the exclusive one ends first.
        let exclusive = list.iter().position(|lock| lock.range == range && lock.exclusive);
        let index = exclusive.or_else(|| list.iter().position(|lock| lock.range == range)).ok_or(NOT_LOCKED)?;
        list.remove(index);
        self.locks.ended.notify_all();
        self.settle(range, &list)
    }

    /// Has Linux lock what the list says of a range.
    fn settle(&self, range: Range, list: &[Lock]) -> Result<()> {
        pieces(range, list).try_for_each(|Piece { start, len, exclusive }| match exclusive {
            None => Ok(set(&self.file, libc::F_UNLCK, start, len)?),
            Some(true) => self.set_exclusive(start, len),
            Some(false) => self.set_shared(start, len),
        })
    }

    fn set_exclusive(&self, start: i64, len: i64) -> Result<()> {
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

    fn set_shared(&self, start: i64, len: i64) -> Result<()> {
        match set(&self.file, libc::F_RDLCK, start, len) {
            // A descriptor that cannot read has the writer's lock only.
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => {
                set(&self.file, libc::F_WRLCK, start, len).map_err(refusal)
            }
            result => result.map_err(refusal),
        }
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

/// Takes a lock when it becomes free.
fn wait_to_set(file: &fs::File, kind: libc::c_int, start: i64, len: i64) -> io::Result<()> {
    loop {
        match control(file, libc::F_OFD_SETLKW, kind, start, len) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map(drop),
        }
    }
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

/// The range of a call that names its start in a structure, which it must have.
///
/// # Safety
///
/// The pointer is null or valid.
unsafe fn range_at(overlapped: *mut Overlapped, reserved: u32, len_low: u32, len_high: u32) -> Result<Range> {
    // SAFETY: as the caller promises.
    let overlapped = unsafe { overlapped.as_ref() }.filter(|_| reserved == 0).ok_or(Code::INVALID_PARAMETER)?;
    Range { start: overlapped.offset(), len: wide(len_low, len_high) }.checked()
}

/// # Safety
///
/// The pointer is valid.
unsafe fn lock_at(handle: Handle, flags: u32, range: Range, overlapped: *mut Overlapped) -> Result<()> {
    let lock = Lock { range, exclusive: flags & EXCLUSIVE_LOCK != 0 };
    with(handle, READ_DATA | WRITE_DATA, |file| {
        if flags & FAIL_IMMEDIATELY != 0 { file.try_lock(lock) } else { file.lock(lock) }
    })?;
    // SAFETY: as the caller promises; it was not looked at while this waited.
    let overlapped = unsafe { &mut *overlapped };
    overlapped.complete(Ok(0)).map(drop)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn LockFile(file: Handle, start_low: u32, start_high: u32, len_low: u32, len_high: u32) -> i32 {
    let range = Range::new(start_low, start_high, len_low, len_high).checked();
    let lock = range.map(|range| Lock { range, exclusive: true });
    last_error::truth(lock.and_then(|lock| with(file, READ_DATA | WRITE_DATA, |file| file.try_lock(lock))))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn LockFileEx(
    file: Handle,
    flags: u32,
    reserved: u32,
    len_low: u32,
    len_high: u32,
    overlapped: *mut Overlapped,
) -> i32 {
    // SAFETY: the caller passes a structure or null.
    let range = unsafe { range_at(overlapped, reserved, len_low, len_high) };
    // SAFETY: there is a range, so there is a structure.
    last_error::truth(range.and_then(|range| unsafe { lock_at(file, flags, range, overlapped) }))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn UnlockFile(file: Handle, start_low: u32, start_high: u32, len_low: u32, len_high: u32) -> i32 {
    let range = Range::new(start_low, start_high, len_low, len_high);
    last_error::truth(with(file, 0, |file| file.unlock(range)))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn UnlockFileEx(
    file: Handle,
    reserved: u32,
    len_low: u32,
    len_high: u32,
    overlapped: *mut Overlapped,
) -> i32 {
    // SAFETY: the caller passes a structure or null.
    let range = unsafe { range_at(overlapped, reserved, len_low, len_high) };
    last_error::truth(range.and_then(|range| with(file, 0, |file| file.unlock(range))))
}
