//! Semaphores.
//!
//! Needs `unsafe` to export functions that take pointers.

use std::ffi::c_char;
use std::sync::Arc;

use coview::SemaphoreOptions;

use crate::access::{self, MODIFY_STATE};
use crate::handle::{created, found};
use crate::last_error::{self, Code, Result};
use crate::limit::with_descriptors;
use crate::name::Given;
use crate::object::Object;
use crate::security::{self, SecurityAttributes, Wishes};
use crate::table::{self, Handle};

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateSemaphoreA(
    attributes: *const SecurityAttributes,
    initial: i32,
    maximum: i32,
    name: *const c_char,
) -> Handle {
    // SAFETY: as the caller promises.
    unsafe { CreateSemaphoreExA(attributes, initial, maximum, name, 0, access::SEMAPHORE.all) }
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateSemaphoreW(
    attributes: *const SecurityAttributes,
    initial: i32,
    maximum: i32,
    name: *const u16,
) -> Handle {
    // SAFETY: as the caller promises.
    unsafe { CreateSemaphoreExW(attributes, initial, maximum, name, 0, access::SEMAPHORE.all) }
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateSemaphoreExA(
    attributes: *const SecurityAttributes,
    initial: i32,
    maximum: i32,
    name: *const c_char,
    flags: u32,
    access: u32,
) -> Handle {
    // SAFETY: as the caller promises.
    let wishes = unsafe { security::wishes(attributes) };
    // SAFETY: as the caller promises.
    let name = unsafe { Given::narrow(name) };
    created(create(wishes, (initial, maximum), name, flags, access))
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateSemaphoreExW(
    attributes: *const SecurityAttributes,
    initial: i32,
    maximum: i32,
    name: *const u16,
    flags: u32,
    access: u32,
) -> Handle {
    // SAFETY: as the caller promises.
    let wishes = unsafe { security::wishes(attributes) };
    // SAFETY: as the caller promises.
    let name = unsafe { Given::wide(name) };
    created(create(wishes, (initial, maximum), name, flags, access))
}

fn create(
    wishes: Wishes,
    (initial, maximum): (i32, i32),
    name: Result<Given>,
    flags: u32,
    access: u32,
) -> Result<(Handle, bool)> {
    // The counts are judged whether the object exists or not.
    let (Ok(initial), Ok(maximum)) = (u32::try_from(initial), u32::try_from(maximum)) else {
        return Err(Code::INVALID_PARAMETER);
    };
    if flags != 0 || maximum == 0 || initial > maximum {
        return Err(Code::INVALID_PARAMETER);
    }
    let name = name?;
    let access = access::SEMAPHORE.grant(access)?;
    let options = SemaphoreOptions::new().rights(wishes.rights);
    let semaphore = with_descriptors(|| match name.for_creating() {
        Some(name) => options.create_or_open(name, initial, maximum),
        None => options.unnamed(initial, maximum),
    })?;
    let is_new = semaphore.was_created();
    Ok((table::insert(Arc::new(Object::Semaphore(semaphore)), access, wishes.inherit)?, is_new))
}

/// # Safety
///
/// The pointer is null or leads to a string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenSemaphoreA(access: u32, inherit: i32, name: *const c_char) -> Handle {
    // SAFETY: as the caller promises.
    found(access, inherit, unsafe { Given::narrow(name) }, open)
}

/// # Safety
///
/// The pointer is null or leads to a string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenSemaphoreW(access: u32, inherit: i32, name: *const u16) -> Handle {
    // SAFETY: as the caller promises.
    found(access, inherit, unsafe { Given::wide(name) }, open)
}

fn open(name: &str) -> coview::Result<Object> {
    Ok(Object::Semaphore(coview::Semaphore::open(name)?))
}

/// # Safety
///
/// `previous` is null or may be written.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ReleaseSemaphore(handle: Handle, count: i32, previous: *mut i32) -> i32 {
    let result = table::with(handle, |entry| release(entry, count)).map(|before| {
        if !previous.is_null() {
            // SAFETY: as the caller promises.
            unsafe { previous.write(before.cast_signed()) };
        }
    });
    last_error::truth(result)
}

fn release(entry: &table::Entry, count: i32) -> Result<u32> {
    let count = u32::try_from(count).ok().filter(|&count| count > 0).ok_or(Code::INVALID_PARAMETER)?;
    let semaphore = entry.object().as_semaphore()?;
    entry.demand(MODIFY_STATE)?;
    Ok(semaphore.release(count)?)
}
