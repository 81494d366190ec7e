//! The kernel's event.
//!
//! Needs `unsafe` to call the kernel.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::ptr;

use windows_sys::Win32::System::Threading::{
    CREATE_EVENT_INITIAL_SET, CREATE_EVENT_MANUAL_RESET, CreateEventExW, EVENT_MODIFY_STATE, OpenEventW, PulseEvent,
    ResetEvent, SYNCHRONIZATION_SYNCHRONIZE, SetEvent,
};

use super::object::{Made, WideName, adopt, check, raw};
use super::security::Security;
use super::{Deadline, wait::wait_one};
use crate::Rights;
use crate::name::Name;
use crate::sys::EventStart;

/// `EVENT_QUERY_STATE`.
pub(super) const QUERY: u32 = 1;
const ACCESS: u32 = SYNCHRONIZATION_SYNCHRONIZE | EVENT_MODIFY_STATE | QUERY;

/// A handle to an event.
#[derive(Debug)]
pub(crate) struct Event {
    handle: OwnedHandle,
}

impl Event {
    pub(crate) fn create(name: &Name, start: EventStart, rights: Rights) -> io::Result<Event> {
        Ok(Event { handle: make(Some(&WideName::new(name)), start, rights)?.new_only()? })
    }

    pub(crate) fn open(name: &Name, deadline: Deadline) -> io::Result<Event> {
        let name = WideName::new(name);
        Ok(Event { handle: deadline.poll(|| open(&name, ACCESS))? })
    }

    pub(crate) fn create_or_open(name: &Name, start: EventStart, rights: Rights) -> io::Result<(Event, bool)> {
        let made = make(Some(&WideName::new(name)), start, rights)?;
        Ok((Event { handle: made.handle }, made.created))
    }

    pub(crate) fn unnamed(start: EventStart) -> io::Result<Event> {
        Ok(Event { handle: make(None, start, Rights::Private)?.handle })
    }

    /// The event that stands beside the object called `name`, made if it is not there.
    pub(super) fn beside(name: &Name, prefix: &str, start: EventStart, rights: Rights) -> io::Result<Event> {
        let made = make(Some(&WideName::with_prefix(name, prefix)), start, rights)?;
        Ok(Event { handle: made.handle })
    }

    pub(crate) fn set(&self) -> io::Result<()> {
        let handle = raw(&self.handle);
        // SAFETY: the handle is open.
        check(unsafe { SetEvent(handle) })
    }

    pub(crate) fn reset(&self) -> io::Result<()> {
        let handle = raw(&self.handle);
        // SAFETY: the handle is open.
        check(unsafe { ResetEvent(handle) })
    }

    pub(crate) fn pulse(&self) -> io::Result<()> {
        let handle = raw(&self.handle);
        // SAFETY: the handle is open.
        check(unsafe { PulseEvent(handle) })
    }

    /// Waits until it is signaled; `false` when the deadline passed.
    pub(crate) fn wait(&self, deadline: Deadline) -> io::Result<bool> {
        Ok(wait_one(&self.handle, deadline)?.is_some())
    }

    pub(super) fn handle(&self) -> &OwnedHandle {
        &self.handle
    }
}

/// Creates or opens an event; the start counts only for a new one.
pub(super) fn make(name: Option<&WideName>, start: EventStart, rights: Rights) -> io::Result<Made> {
    let security = Security::new(rights)?;
    let attributes = security.attributes();
    let name = name.map_or(ptr::null(), WideName::as_ptr);
    let manual = if start.manual { CREATE_EVENT_MANUAL_RESET } else { 0 };
    let signaled = if start.signaled { CREATE_EVENT_INITIAL_SET } else { 0 };
    // SAFETY: the attributes and the name live until the call returns; the name is null or ends with a NUL.
    let handle = unsafe { CreateEventExW(&raw const attributes, name, manual | signaled, ACCESS) };
    // SAFETY: just returned, for us.
    unsafe { Made::adopt(handle) }
}

pub(super) fn open(name: &WideName, access: u32) -> io::Result<OwnedHandle> {
    // SAFETY: the name ends with a NUL.
    let handle = unsafe { OpenEventW(access, 0, name.as_ptr()) };
    // SAFETY: just returned, for us.
    unsafe { adopt(handle) }
}
