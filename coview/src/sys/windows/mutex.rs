//! The kernel's mutex, which knows its owning thread and when that died.
//!
//! Needs `unsafe` to call the kernel.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::ptr;

use windows_sys::Win32::System::Threading::{
    CREATE_MUTEX_INITIAL_OWNER, CreateMutexExW, MUTEX_MODIFY_STATE, OpenMutexW, ReleaseMutex,
    SYNCHRONIZATION_SYNCHRONIZE,
};

use super::object::{Made, WideName, adopt, check, raw};
use super::security::Security;
use super::{Deadline, wait::wait_one};
use crate::Rights;
use crate::name::Name;
use crate::sys::Locked;

/// To look at the state: `MUTANT_QUERY_STATE`, which is the bit that user mode calls `MUTEX_MODIFY_STATE`.
pub(super) const QUERY: u32 = MUTEX_MODIFY_STATE;
/// Releasing needs no right.
const ACCESS: u32 = SYNCHRONIZATION_SYNCHRONIZE | QUERY;

/// A handle to a mutex.
#[derive(Debug)]
pub(crate) struct Mutex {
    handle: OwnedHandle,
}

impl Mutex {
    pub(crate) fn create(name: &Name, rights: Rights, owned: bool) -> io::Result<Mutex> {
        Ok(Mutex { handle: make(Some(&WideName::new(name)), rights, owned)?.new_only()? })
    }

    pub(crate) fn open(name: &Name, deadline: Deadline) -> io::Result<Mutex> {
        let name = WideName::new(name);
        Ok(Mutex { handle: deadline.poll(|| open(&name, ACCESS))? })
    }

    pub(crate) fn create_or_open(name: &Name, rights: Rights, owned: bool) -> io::Result<(Mutex, bool)> {
        let made = make(Some(&WideName::new(name)), rights, owned)?;
        Ok((Mutex { handle: made.handle }, made.created))
    }

    pub(crate) fn unnamed(owned: bool) -> io::Result<Mutex> {
        Ok(Mutex { handle: make(None, Rights::Private, owned)?.handle })
    }

    /// Acquires one level; `None` when the deadline passed.
    pub(crate) fn lock(&self, deadline: Deadline) -> io::Result<Option<Locked>> {
        wait_one(&self.handle, deadline)
    }

    /// Gives one level back.
    pub(crate) fn unlock(&self) -> io::Result<()> {
        release(&self.handle)
    }

    pub(super) fn handle(&self) -> &OwnedHandle {
        &self.handle
    }
}

/// Creates or opens a mutex; a new one is owned by nobody, or by the calling thread.
pub(super) fn make(name: Option<&WideName>, rights: Rights, owned: bool) -> io::Result<Made> {
    let security = Security::new(rights)?;
    let attributes = security.attributes();
    let flags = if owned { CREATE_MUTEX_INITIAL_OWNER } else { 0 };
    let name = name.map_or(ptr::null(), WideName::as_ptr);
    // SAFETY: the attributes and the name live until the call returns; the name is null or ends with a NUL.
    let handle = unsafe { CreateMutexExW(&raw const attributes, name, flags, ACCESS) };
    // SAFETY: just returned, for us.
    unsafe { Made::adopt(handle) }
}

pub(super) fn open(name: &WideName, access: u32) -> io::Result<OwnedHandle> {
    // SAFETY: the name ends with a NUL.
    let handle = unsafe { OpenMutexW(access, 0, name.as_ptr()) };
    // SAFETY: just returned, for us.
    unsafe { adopt(handle) }
}

pub(super) fn release(mutex: &OwnedHandle) -> io::Result<()> {
    let handle = raw(mutex);
    // SAFETY: the handle is open.
    check(unsafe { ReleaseMutex(handle) })
}
