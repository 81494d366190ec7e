//! Memory without a name, and how it reaches a child process.
//!
//! Needs `unsafe` for `memfd_create`, seals, and the hook between `fork` and `exec`.

use std::fs::{File, Permissions};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, RawFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::section::MARK_BITS;
use super::{check, error, os_error};
use crate::ErrorKind;

/// What a child finds its parent's memory by: the number of the descriptor, and the inode to know it again.
#[derive(Debug)]
pub(crate) struct Passed {
    token: String,
}

const PREFIX: &str = "coview-fd";

impl Passed {
    pub(super) fn new(file: &File, command: &mut Command) -> io::Result<Passed> {
        // A duplicate: the token stays good when the mapping is dropped before the child starts.
        let file = file.try_clone()?;
        let token = format!("{PREFIX}:{}:{}", file.as_raw_fd(), file.metadata()?.ino());
        let hook = move || keep_open(file.as_raw_fd());
        // SAFETY: the hook makes one system call, which is safe after `fork`, and allocates nothing.
        unsafe { command.pre_exec(hook) };
        Ok(Passed { token })
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

fn keep_open(descriptor: RawFd) -> io::Result<()> {
    // SAFETY: the descriptor is open; there are no pointers.
    check(unsafe { libc::fcntl(descriptor, libc::F_SETFD, 0) })?;
    Ok(())
}

/// Opens what a parent has passed. The inherited descriptor itself stays with the process, out of its children.
pub(super) fn receive(token: &str) -> io::Result<File> {
    let (descriptor, inode) = parse(token).ok_or_else(|| error(ErrorKind::InvalidInput))?;
    // SAFETY: borrowed for one call, which fails if it is not open.
    let inherited = unsafe { BorrowedFd::borrow_raw(descriptor) };
    let file = File::from(inherited.try_clone_to_owned().map_err(|_| os_error(libc::ENOENT))?);
    if file.metadata()?.ino() != inode || !is_sealed(&file) {
        return Err(os_error(libc::ENOENT));
    }
    // SAFETY: the descriptor is open; there are no pointers.
    check(unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(file)
}

fn parse(token: &str) -> Option<(RawFd, u64)> {
    let mut parts = token.split(':');
    let (prefix, descriptor, inode) = (parts.next()?, parts.next()?, parts.next()?);
    if prefix != PREFIX || parts.next().is_some() {
        return None;
    }
    let descriptor: RawFd = descriptor.parse().ok()?;
    (descriptor >= 0).then_some((descriptor, inode.parse().ok()?))
}

/// Makes an empty memory file that can be sealed, private to the user, with these further bits in its mode.
pub(super) fn memory_file(bits: u32) -> io::Result<File> {
    // Where `vm.memfd_noexec` is 1, the execute bits are sealed unless they are asked for; kernels before 6.3 know
    // neither.
    let wanted = if bits & MARK_BITS == 0 { 0 } else { libc::MFD_EXEC };
    let file = match new_memory_file(wanted) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => new_memory_file(0)?,
        made => made?,
    };
    // The kernel makes it with all execute bits.
    file.set_permissions(Permissions::from_mode(0o600 | bits))?;
    Ok(file)
}

fn new_memory_file(flags: libc::c_uint) -> io::Result<File> {
    let flags = flags | libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: the name ends in NUL.
    let descriptor = check(unsafe { libc::memfd_create(c"coview".as_ptr(), flags) })?;
    // SAFETY: the descriptor is new and ours.
    Ok(unsafe { File::from_raw_fd(descriptor) })
}

/// Makes it impossible, for everyone and for good, to change the size.
pub(super) fn seal_size(file: &File) -> io::Result<()> {
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
    // SAFETY: the descriptor is open; there are no pointers.
    check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) })?;
    Ok(())
}

/// Whether nobody can make the file shorter, so that its mapped bytes stay.
pub(super) fn is_sealed(file: &File) -> bool {
    // SAFETY: the descriptor is open; there are no pointers.
    let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
    seals != -1 && seals & libc::F_SEAL_SHRINK != 0
}
