//! The kernel's semaphore.
//!
//! Needs `unsafe` to call the kernel.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::ptr;

use windows_sys::Win32::System::Threading::{
    CreateSemaphoreExW, OpenSemaphoreW, ReleaseSemaphore, SEMAPHORE_MODIFY_STATE, SYNCHRONIZATION_SYNCHRONIZE,
};

use super::object::{Made, WideName, adopt, check, raw};
use super::security::Security;
use super::{Deadline, wait::wait_one};
use crate::name::Name;
use crate::sys::{SemaphoreStart, error};
use crate::{ErrorKind, Rights};

/// `SEMAPHORE_QUERY_STATE`.
pub(super) const QUERY: u32 = 1;
const ACCESS: u32 = SYNCHRONIZATION_SYNCHRONIZE | SEMAPHORE_MODIFY_STATE | QUERY;

/// A handle to a semaphore.
#[derive(Debug)]
pub(crate) struct Semaphore {
    handle: OwnedHandle,
}

impl Semaphore {
    pub(crate) fn create(name: &Name, start: SemaphoreStart, rights: Rights) -> io::Result<Semaphore> {
        Ok(Semaphore { handle: make(Some(&WideName::new(name)), start, rights)?.new_only()? })
    }

    pub(crate) fn open(name: &Name, deadline: Deadline) -> io::Result<Semaphore> {
        let name = WideName::new(name);
        Ok(Semaphore { handle: deadline.poll(|| open(&name, ACCESS))? })
    }

    pub(crate) fn create_or_open(name: &Name, start: SemaphoreStart, rights: Rights) -> io::Result<(Semaphore, bool)> {
        let made = make(Some(&WideName::new(name)), start, rights)?;
        Ok((Semaphore { handle: made.handle }, made.created))
    }

    pub(crate) fn unnamed(start: SemaphoreStart) -> io::Result<Semaphore> {
        Ok(Semaphore { handle: make(None, start, Rights::Private)?.handle })
    }

    /// Adds to the count, and returns what it was before.
    pub(crate) fn release(&self, count: u32) -> io::Result<u32> {
        release(&self.handle, count)
    }

    /// Takes one from the count; `false` when the deadline passed.
    pub(crate) fn acquire(&self, deadline: Deadline) -> io::Result<bool> {
        Ok(wait_one(&self.handle, deadline)?.is_some())
    }

    pub(super) fn handle(&self) -> &OwnedHandle {
        &self.handle
    }
}

/// Creates or opens a semaphore; the start counts only for a new one.
pub(super) fn make(name: Option<&WideName>, start: SemaphoreStart, rights: Rights) -> io::Result<Made> {
    let security = Security::new(rights)?;
    let attributes = security.attributes();
    let name = name.map_or(ptr::null(), WideName::as_ptr);
    let attributes = ptr::from_ref(&attributes);
    let (initial, maximum) = (start.initial.cast_signed(), start.maximum.cast_signed());
    // SAFETY: the attributes and the name live until the call returns; the name is null or ends with a NUL.
    let handle = unsafe { CreateSemaphoreExW(attributes, initial, maximum, name, 0, ACCESS) };
    // SAFETY: just returned, for us.
    unsafe { Made::adopt(handle) }
}

pub(super) fn open(name: &WideName, access: u32) -> io::Result<OwnedHandle> {
    // SAFETY: the name ends with a NUL.
    let handle = unsafe { OpenSemaphoreW(access, 0, name.as_ptr()) };
    // SAFETY: just returned, for us.
    unsafe { adopt(handle) }
}

/// Adds to the count of a semaphore, and returns what it was before.
pub(super) fn release(semaphore: &OwnedHandle, count: u32) -> io::Result<u32> {
    let count = i32::try_from(count).map_err(|_| error(ErrorKind::LimitExceeded))?;
    let (handle, mut before) = (raw(semaphore), 0);
    let before_at = ptr::from_mut(&mut before);
    // SAFETY: the handle is open, the place for the count before is ours.
    check(unsafe { ReleaseSemaphore(handle, count, before_at) })?;
    Ok(before.cast_unsigned())
}
