//! Bytes that go between a descriptor and shared memory without a copy on the way.
//!
//! Needs `unsafe` to call `read`, `write`, `poll` and `ioctl`. The kernel reads and writes the shared bytes; what it finds there does
//! not matter to it.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::{check, uninterrupted};

/// Reads once, at most `len` bytes; 0 at the end of the file.
///
/// # Safety
///
/// `target` leads to `len` bytes that are mapped, writable, and no Rust reference's.
pub(crate) unsafe fn read(file: BorrowedFd<'_>, target: *mut u8, len: usize) -> io::Result<usize> {
    uninterrupted(|| {
        // SAFETY: the caller vouches for the target.
        counted(unsafe { libc::read(file.as_raw_fd(), target.cast(), len) })
    })
}

/// Writes all of it.
///
/// # Safety
///
/// `source` leads to `len` bytes that are mapped.
pub(crate) unsafe fn write_all(file: BorrowedFd<'_>, source: *const u8, len: usize) -> io::Result<()> {
    let mut done = 0;
    while done < len {
        let written = uninterrupted(|| {
            // SAFETY: the caller vouches for the source, and `done` is not beyond its end.
            counted(unsafe { libc::write(file.as_raw_fd(), source.wrapping_add(done).cast(), len - done) })
        })?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        done += written;
    }
    Ok(())
}

/// Waits until a read would not have to wait: there is something, or the end, or an error. Returns how much there is at least,
/// as far as the system tells.
pub(crate) fn wait_readable(file: BorrowedFd<'_>) -> io::Result<usize> {
    let mut poll = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    uninterrupted(|| {
        // SAFETY: one pollfd of our own.
        check(unsafe { libc::poll(&mut poll, 1, -1) })
    })?;
    let mut there: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, which is our own.
    match check(unsafe { libc::ioctl(file.as_raw_fd(), libc::FIONREAD, &mut there) }) {
        // What is more than an int can count is told modulo that.
        Ok(_) if there < 0 => Ok(1),
        Ok(_) => Ok(there.unsigned_abs() as usize),
        // Not every file can tell.
        Err(_) => Ok(0),
    }
}

fn counted(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_negative| io::Error::last_os_error())
}
