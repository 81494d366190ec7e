//! Calls of Linux that several files here make.
//!
//! Needs `unsafe` for the calls themselves.

use std::ffi::{CStr, c_int, c_long};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// With these, nothing about a memory file can change any more.
pub(crate) const SEALED: c_int = libc::F_SEAL_SEAL | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE;
/// With these, only its bytes can.
pub(crate) const SIZE_SEALED: c_int = libc::F_SEAL_SEAL | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW;

/// Turns the `-1` of a system call into the error behind it.
pub(crate) fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The same for what `syscall` returns.
pub(crate) fn check_long(result: c_long) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(c_int::try_from(result).unwrap_or(c_int::MAX)) }
}

/// Calls again while a signal interrupts.
pub(crate) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// A descriptor that a call has just returned.
///
/// # Safety
///
/// Nobody else owns it.
pub(crate) unsafe fn own(descriptor: c_int) -> OwnedFd {
    // SAFETY: as the caller promises.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

/// Makes an empty file in memory that can be sealed.
pub(crate) fn memory_file(name: &CStr) -> io::Result<File> {
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: the name ends in NUL.
    let descriptor = check(unsafe { libc::memfd_create(name.as_ptr(), flags) })?;
    // SAFETY: the descriptor is new.
    Ok(unsafe { own(descriptor) }.into())
}

pub(crate) fn seal(file: &File, seals: c_int) -> io::Result<()> {
    // SAFETY: a call without pointers.
    check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) })?;
    Ok(())
}

/// Whether a descriptor is that of a memory file with all these seals.
pub(crate) fn is_sealed(file: BorrowedFd<'_>, seals: c_int) -> bool {
    // SAFETY: a call without pointers.
    let found = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
    found != -1 && found & seals == seals
}

/// What tells an open file from another one.
pub(crate) fn identity(file: BorrowedFd<'_>) -> io::Result<(u64, u64)> {
    let mut found = MaybeUninit::<libc::stat64>::uninit();
    // SAFETY: the call fills the structure in.
    check(unsafe { libc::fstat64(file.as_raw_fd(), found.as_mut_ptr()) })?;
    // SAFETY: filled in just now.
    let found = unsafe { found.assume_init() };
    Ok((found.st_dev, found.st_ino))
}

/// Whether there is something to read now, as there is from a process that has ended.
pub(crate) fn is_readable(file: BorrowedFd<'_>) -> bool {
    let mut wanted = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let found = uninterrupted(|| {
        // SAFETY: one entry, our own.
        check(unsafe { libc::poll(&raw mut wanted, 1, 0) })
    });
    found.is_ok_and(|count| count > 0)
}

/// Moves a descriptor out of the way of standard input, output and error.
pub(crate) fn beyond_standard(file: OwnedFd) -> io::Result<OwnedFd> {
    if file.as_raw_fd() > libc::STDERR_FILENO {
        return Ok(file);
    }
    // The standard library's clones are never below 3.
    file.as_fd().try_clone_to_owned()
}

/// A pipe: what is written to the second comes out of the first.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [-1; 2];
    // SAFETY: there is room for two.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: the descriptor is new.
    let read = unsafe { own(ends[0]) };
    // SAFETY: as above.
    let write = unsafe { own(ends[1]) };
    Ok((read, write))
}

/// Starts a thread that no signal of the program is ever delivered to.
pub(crate) fn start_quiet_thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    const STACK_BYTES: usize = 256 * 1024;
    let before = block_signals();
    let started = thread::Builder::new().name(name.into()).stack_size(STACK_BYTES).spawn(work);
    restore_signals(&before);
    started?;
    // Relaxed: a number for itself.
    QUIET_THREADS.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// How many such threads there are; they live as long as the process.
pub(crate) fn quiet_threads() -> usize {
    // Relaxed: as above.
    QUIET_THREADS.load(Ordering::Relaxed)
}

/// Forgets them in a forked child, which has none.
pub(crate) fn forget_quiet_threads() {
    // Relaxed: as above.
    QUIET_THREADS.store(0, Ordering::Relaxed);
}

static QUIET_THREADS: AtomicUsize = AtomicUsize::new(0);

/// Blocks every signal in the calling thread, and returns what was blocked before.
pub(crate) fn block_signals() -> libc::sigset_t {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: it writes the set, and cannot fail.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: the one set is initialised, the other is written; with these arguments it cannot fail.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    // SAFETY: written just now.
    unsafe { before.assume_init() }
}

pub(crate) fn restore_signals(before: &libc::sigset_t) {
    // SAFETY: an initialised set; nothing is written.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, ptr::null_mut()) };
}
