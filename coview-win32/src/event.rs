//! Events.
//!
//! Needs `unsafe` to export functions that take pointers.

use std::ffi::c_char;
use std::sync::Arc;

use coview::{EventOptions, Reset};

use crate::access::{self, MODIFY_STATE};
use crate::handle::{created, found};
use crate::last_error::{self, Code, Result};
use crate::limit::with_descriptors;
use crate::name::Given;
use crate::object::Object;
use crate::security::{self, SecurityAttributes, Wishes};
use crate::table::{self, Handle};

const CREATE_EVENT_MANUAL_RESET: u32 = 1;
const CREATE_EVENT_INITIAL_SET: u32 = 2;

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateEventA(
    attributes: *const SecurityAttributes,
    manual: i32,
    signaled: i32,
    name: *const c_char,
) -> Handle {
    // SAFETY: as the caller promises.
    unsafe { CreateEventExA(attributes, name, flags(manual, signaled), access::EVENT.all) }
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateEventW(
    attributes: *const SecurityAttributes,
    manual: i32,
    signaled: i32,
    name: *const u16,
) -> Handle {
    // SAFETY: as the caller promises.
    unsafe { CreateEventExW(attributes, name, flags(manual, signaled), access::EVENT.all) }
}

fn flags(manual: i32, signaled: i32) -> u32 {
    let manual = if manual != 0 { CREATE_EVENT_MANUAL_RESET } else { 0 };
    manual | if signaled != 0 { CREATE_EVENT_INITIAL_SET } else { 0 }
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateEventExA(
    attributes: *const SecurityAttributes,
    name: *const c_char,
    flags: u32,
    access: u32,
) -> Handle {
    // SAFETY: as the caller promises.
    let wishes = unsafe { security::wishes(attributes) };
    // SAFETY: as the caller promises.
    let name = unsafe { Given::narrow(name) };
    created(create(wishes, name, flags, access))
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateEventExW(
    attributes: *const SecurityAttributes,
    name: *const u16,
    flags: u32,
    access: u32,
) -> Handle {
    // SAFETY: as the caller promises.
    let wishes = unsafe { security::wishes(attributes) };
    // SAFETY: as the caller promises.
    let name = unsafe { Given::wide(name) };
    created(create(wishes, name, flags, access))
}

fn create(wishes: Wishes, name: Result<Given>, flags: u32, access: u32) -> Result<(Handle, bool)> {
    if flags & !(CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET) != 0 {
        return Err(Code::INVALID_PARAMETER);
    }
    let name = name?;
    let access = access::EVENT.grant(access)?;
    let reset = if flags & CREATE_EVENT_MANUAL_RESET != 0 { Reset::Manual } else { Reset::Auto };
    let options = EventOptions::new(reset).signaled(flags & CREATE_EVENT_INITIAL_SET != 0).rights(wishes.rights);
    let event = with_descriptors(|| match name.for_creating() {
        Some(name) => options.create_or_open(name),
        None => options.unnamed(),
    })?;
    let is_new = event.was_created();
    Ok((table::insert(Arc::new(Object::Event(event)), access, wishes.inherit)?, is_new))
}

/// # Safety
///
/// The pointer is null or leads to a string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenEventA(access: u32, inherit: i32, name: *const c_char) -> Handle {
    // SAFETY: as the caller promises.
    found(access, inherit, unsafe { Given::narrow(name) }, open)
}

/// # Safety
///
/// The pointer is null or leads to a string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenEventW(access: u32, inherit: i32, name: *const u16) -> Handle {
    // SAFETY: as the caller promises.
    found(access, inherit, unsafe { Given::wide(name) }, open)
}

fn open(name: &str) -> coview::Result<Object> {
    Ok(Object::Event(coview::Event::open(name)?))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn SetEvent(handle: Handle) -> i32 {
    change(handle, coview::Event::set)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn ResetEvent(handle: Handle) -> i32 {
    change(handle, coview::Event::reset)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn PulseEvent(handle: Handle) -> i32 {
    change(handle, coview::Event::pulse)
}

#[inline]
fn change(handle: Handle, how: impl FnOnce(&coview::Event) -> coview::Result<()>) -> i32 {
    last_error::truth(table::with(handle, |entry| {
        let event = entry.object().as_event()?;
        entry.demand(MODIFY_STATE)?;
        Ok(how(event)?)
    }))
}
