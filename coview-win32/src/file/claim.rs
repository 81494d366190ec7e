//! Share modes: what an open file is used for, and what others must not use it for meanwhile, known to all programs of
//! this library and to no other.
//!
//! Six ranges of bytes far beyond the end of any file stand for six claims: the file is read, is written, may be
//! deleted; and nobody else may read, write, delete it. Whoever makes a claim locks a byte of its range; whoever is
//! about to open the file looks for locks in the ranges of what would contradict. Which byte of the range it is means
//! nothing: a descriptor that can only write can only lock for itself alone, and takes the first byte that is free. The
//! locks are those of open file descriptions: they end when the handle's own process closes it, and with all who
//! inherited it at the latest.
//!
//! Where files have no such locks, as on some network file systems, nobody is kept out.

use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, SystemTime};

use super::lock::{self, is_held};
use super::{File, Kind, READ_DATA, Result, SHARING_VIOLATION};
use crate::access::DELETE;

/// The first of the bytes that stand for claims.
pub(super) const FIRST: i64 = 1 << 62;
const SPAN: i64 = 1 << 40;

/// `FILE_SHARE_READ`, `FILE_SHARE_WRITE`, `FILE_SHARE_DELETE`, and the uses that they permit to others.
const READS: u32 = 1;
const WRITES: u32 = 2;
pub(crate) const DELETES: u32 = 4;
const ALL: u32 = READS | WRITES | DELETES;

const EXECUTE_DATA: u32 = 0x20;
const ATTEMPTS_MAX: u32 = 20;

/// The uses of a file that an access mask permits.
pub(super) fn uses(access: u32) -> u32 {
    let mut uses = 0;
    if access & (READ_DATA | EXECUTE_DATA) != 0 {
        uses |= READS;
    }
    if access & (super::WRITE_DATA | super::APPEND_DATA) != 0 {
        uses |= WRITES;
    }
    if access & DELETE != 0 {
        uses |= DELETES;
    }
    uses
}

impl File {
    /// Claims the file for these uses, and for nobody else's but those that are shared.
    pub(super) fn claim(&mut self, uses: u32, shared: u32) -> Result<()> {
        if self.kind != Kind::Disk || uses == 0 {
            return Ok(());
        }
        for _ in 0..ATTEMPTS_MAX {
            if is_contradicted(&self.file, uses, shared) {
                return Err(SHARING_VIOLATION);
            }
            self.claimed = true;
            make(&self.file, uses, shared);
            if !is_contradicted(&self.file, uses, shared) {
                return Ok(());
            }
            // Somebody else opens the file at this very moment. Both step back, and one will be the first.
            lock::release_all(&self.file);
            thread::sleep(some_microseconds());
        }
        Err(SHARING_VIOLATION)
    }
}

/// Whether somebody has the file open in a way that does not share these uses.
pub(crate) fn refuses(path: &str, uses: u32) -> bool {
    let flags = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW;
    // What cannot be opened to look is left to the operation itself.
    super::opening::descriptor(path, flags).is_ok_and(|file| is_contradicted(&file, uses, ALL))
}

fn is_contradicted(file: &fs::File, uses: u32, shared: u32) -> bool {
    claims(uses, shared).any(|claim| is_held(file, range((claim + 3) % 6), SPAN))
}

fn make(file: &fs::File, uses: u32, shared: u32) {
    for claim in claims(uses, shared) {
        // A file system without locks: the file is opened, as on Windows' own network drives of old.
        let _ = make_one(file, range(claim));
    }
}

/// The numbers of the claims: 0 to 2 for uses, 3 to 5 for denying them to others. Opposites are three apart.
fn claims(uses: u32, shared: u32) -> impl Iterator<Item = i64> {
    let claimed = uses & ALL | (!shared & ALL) << 3;
    (0..6).filter(move |claim| claimed >> claim & 1 != 0)
}

fn range(claim: i64) -> i64 {
    FIRST + claim * SPAN
}

fn make_one(file: &fs::File, range: i64) -> io::Result<()> {
    let mut result = Ok(());
    for byte in range..range + SPAN {
        result = lock_byte(file, byte);
        let taken = |error: &io::Error| matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES));
        if !result.as_ref().is_err_and(taken) {
            break;
        }
    }
    result
}

/// A reader's lock where the descriptor can read; otherwise a writer's.
fn lock_byte(file: &fs::File, byte: i64) -> io::Result<()> {
    match lock::set(file, libc::F_RDLCK, byte, 1) {
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => lock::set(file, libc::F_WRLCK, byte, 1),
        result => result,
    }
}

fn some_microseconds() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Duration::from_micros(u64::from(now.subsec_nanos() % 1000))
}
