//! The locks on an object's file by which the kernel tells who lives.
//!
//! Needs `unsafe` for `fcntl`. They are open file description locks on two bytes: the kernel gives them up when the
//! last descriptor of the description closes, however its process ends; they can be asked about without being taken,
//! and turned from exclusive into shared in one step.
//!
//! | bytes 0 and 1 | meaning |
//! |---|---|
//! | byte 0 shared | a handle is open: the object lives |
//! | both exclusive | the creator is initialising it: it does not exist yet |
//! | byte 0 exclusive | somebody found it dead and is removing it |
//! | none | nobody has a handle: it is dead |
//!
//! Far behind these and behind all bytes of any file, one byte stands for each part that can be claimed.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use super::{check, uninterrupted};

/// What the locks on a file say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Living,
    Unborn,
    Dying,
    Dead,
}

const LIFE: libc::off_t = 0;
const BIRTH: libc::off_t = 1;

/// Where the bytes of claims begin: no file is so long, and no program locks there by chance.
const CLAIMS: libc::off_t = 1 << 62;

/// Asks, and takes nothing. A descriptor open for reading will do.
pub(super) fn life(file: &File) -> io::Result<Life> {
    // Byte 0 alone: those who waited for a birth have byte 1 shared, and are no sign of life.
    let mut lock = range(libc::F_WRLCK, LIFE, 1);
    fcntl(file, libc::F_OFD_GETLK, &mut lock)?;
    Ok(match (libc::c_int::from(lock.l_type), lock.l_len) {
        (libc::F_UNLCK, _) => Life::Dead,
        (libc::F_RDLCK, _) => Life::Living,
        (_, 1) => Life::Dying,
        _ => Life::Unborn,
    })
}

/// Says that a handle is open; `false` if somebody has the file to himself.
pub(super) fn hold(file: &File) -> io::Result<bool> {
    taken(fcntl(file, libc::F_OFD_SETLK, &mut range(libc::F_RDLCK, LIFE, 1)))
}

/// Says that the handle is closed, whoever else has a copy of its descriptor.
pub(super) fn let_go(file: &File) -> io::Result<()> {
    fcntl(file, libc::F_OFD_SETLK, &mut range(libc::F_UNLCK, LIFE, 2))
}

/// Takes a new file for its creator alone.
pub(super) fn begin_birth(file: &File) -> io::Result<()> {
    fcntl(file, libc::F_OFD_SETLK, &mut range(libc::F_WRLCK, LIFE, 2))
}

/// Turns the creator's lock into that of a living object, in one step.
pub(super) fn end_birth(file: &File) -> io::Result<()> {
    fcntl(file, libc::F_OFD_SETLK, &mut range(libc::F_RDLCK, LIFE, 2))
}

/// Blocks until nobody is initialising the object.
pub(super) fn wait_for_birth(file: &File) -> io::Result<()> {
    uninterrupted(|| fcntl(file, libc::F_OFD_SETLKW, &mut range(libc::F_RDLCK, BIRTH, 1)))
}

/// Takes a dead object's file for removing it; `false` if it is not dead after all. Needs a writable descriptor.
pub(super) fn begin_death(file: &File) -> io::Result<bool> {
    taken(fcntl(file, libc::F_OFD_SETLK, &mut range(libc::F_WRLCK, LIFE, 1)))
}

/// Takes a part for the holder of this open file description; `false` if somebody has it. Needs a writable descriptor.
pub(super) fn claim(file: &File, part: u32) -> io::Result<bool> {
    taken(fcntl(file, libc::F_OFD_SETLK, &mut range(libc::F_WRLCK, CLAIMS + libc::off_t::from(part), 1)))
}

/// Asks whether somebody else has a part, and takes nothing. A descriptor open for reading will do.
pub(super) fn is_claimed(file: &File, part: u32) -> io::Result<bool> {
    let mut lock = range(libc::F_RDLCK, CLAIMS + libc::off_t::from(part), 1);
    fcntl(file, libc::F_OFD_GETLK, &mut lock)?;
    Ok(libc::c_int::from(lock.l_type) != libc::F_UNLCK)
}

/// Gives a part up, whoever else has a copy of the descriptor.
pub(super) fn give_up(file: &File, part: u32) -> io::Result<()> {
    fcntl(file, libc::F_OFD_SETLK, &mut range(libc::F_UNLCK, CLAIMS + libc::off_t::from(part), 1))
}

fn taken(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn range(kind: libc::c_int, start: libc::off_t, len: libc::off_t) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: start,
        l_len: len,
        l_pid: 0,
    }
}

fn fcntl(file: &File, command: libc::c_int, lock: &mut libc::flock) -> io::Result<()> {
    // SAFETY: the descriptor is open, and the pointer is to a flock of our own.
    check(unsafe { libc::fcntl(file.as_raw_fd(), command, lock) })?;
    Ok(())
}
