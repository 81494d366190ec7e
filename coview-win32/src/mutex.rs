//! Mutexes.
//!
//! Needs `unsafe` to export functions that take pointers.

use std::ffi::c_char;
use std::sync::Arc;

use coview::MutexOptions;

use crate::access;
use crate::handle::{created, found};
use crate::last_error::{self, Code, Result};
use crate::limit::with_descriptors;
use crate::name::Given;
use crate::object::Object;
use crate::security::{self, SecurityAttributes, Wishes};
use crate::table::{self, Handle};

const CREATE_MUTEX_INITIAL_OWNER: u32 = 1;

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateMutexA(
    attributes: *const SecurityAttributes,
    initial_owner: i32,
    name: *const c_char,
) -> Handle {
    // SAFETY: as the caller promises.
    unsafe { CreateMutexExA(attributes, name, u32::from(initial_owner != 0), access::MUTEX.all) }
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateMutexW(
    attributes: *const SecurityAttributes,
    initial_owner: i32,
    name: *const u16,
) -> Handle {
    // SAFETY: as the caller promises.
    unsafe { CreateMutexExW(attributes, name, u32::from(initial_owner != 0), access::MUTEX.all) }
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateMutexExA(
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
pub(crate) unsafe extern "C" fn CreateMutexExW(
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
    if flags & !CREATE_MUTEX_INITIAL_OWNER != 0 {
        return Err(Code::INVALID_PARAMETER);
    }
    let name = name?;
    let access = access::MUTEX.grant(access)?;
    let options = MutexOptions::new().rights(wishes.rights).owned(flags & CREATE_MUTEX_INITIAL_OWNER != 0);
    let mutex = with_descriptors(|| match name.for_creating() {
        Some(name) => options.create_or_open(name),
        None => options.unnamed(),
    })?;
    let is_new = mutex.was_created();
    Ok((table::insert(Arc::new(Object::Mutex(mutex)), access, wishes.inherit)?, is_new))
}

/// # Safety
///
/// The pointer is null or leads to a string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenMutexA(access: u32, inherit: i32, name: *const c_char) -> Handle {
    // SAFETY: as the caller promises.
    found(access, inherit, unsafe { Given::narrow(name) }, open)
}

/// # Safety
///
/// The pointer is null or leads to a string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenMutexW(access: u32, inherit: i32, name: *const u16) -> Handle {
    // SAFETY: as the caller promises.
    found(access, inherit, unsafe { Given::wide(name) }, open)
}

fn open(name: &str) -> coview::Result<Object> {
    Ok(Object::Mutex(coview::Mutex::open(name)?))
}

/// Needs no right at all.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn ReleaseMutex(handle: Handle) -> i32 {
    last_error::truth(table::with(handle, |entry| Ok(entry.object().as_mutex()?.unlock()?)))
}
