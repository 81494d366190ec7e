//! Handles: closing, duplicating, comparing, and their flags.
//!
//! Needs `unsafe` to export functions and to write where callers point.

use std::ptr;
use std::sync::Arc;

use crate::last_error::{self, Code, Result};
use crate::limit::with_descriptors;
use crate::name::Given;
use crate::object::Object;
use crate::process::Process;
use crate::table::{self, HANDLE_FLAG_INHERIT, HANDLE_FLAG_PROTECT_FROM_CLOSE, Handle, Reference};
use crate::{process, service, thread};

const DUPLICATE_CLOSE_SOURCE: u32 = 1;
const DUPLICATE_SAME_ACCESS: u32 = 2;
const PROCESS_DUP_HANDLE: u32 = 0x40;

/// The calling process (-1) and the calling thread (-2): constants, not entries of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pseudo {
    Process,
    Thread,
}

pub(crate) fn pseudo(handle: Handle) -> Option<Pseudo> {
    match handle.addr().cast_signed() {
        -1 => Some(Pseudo::Process),
        -2 => Some(Pseudo::Thread),
        _ => None,
    }
}

/// What a handle stands for, the pseudo handles included, which may do everything.
pub(crate) fn resolve(handle: Handle) -> Result<Reference> {
    let object = match pseudo(handle) {
        None => return table::get(handle),
        Some(Pseudo::Process) => Object::Process(Process::current()?),
        Some(Pseudo::Thread) => Object::Thread(thread::current()?),
    };
    let access = object.rights().all;
    Ok(Reference { object: Arc::new(object), access, flags: 0 })
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn CloseHandle(handle: Handle) -> i32 {
    // Pseudo handles need no closing.
    last_error::truth(if pseudo(handle).is_some() { Ok(()) } else { table::close(handle) })
}

/// # Safety
///
/// `target` is null or may be written.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn DuplicateHandle(
    source_process: Handle,
    source: Handle,
    target_process: Handle,
    target: *mut Handle,
    access: u32,
    inherit: i32,
    options: u32,
) -> i32 {
    let made = duplicate(source_process, source, target_process, access, inherit != 0, options);
    if !target.is_null() {
        // SAFETY: as the caller promises.
        unsafe { target.write(*made.as_ref().unwrap_or(&ptr::null_mut())) };
    }
    last_error::truth(made.map(drop))
}

fn duplicate(
    source_process: Handle,
    source: Handle,
    target_process: Handle,
    access: u32,
    inherit: bool,
    options: u32,
) -> Result<Handle> {
    let from = where_is(source_process)?;
    let closes = options & DUPLICATE_CLOSE_SOURCE != 0;
    if target_process.is_null() && closes {
        return close_at(from, source).map(|()| ptr::null_mut());
    }
    let to = where_is(target_process);
    let reference = match from {
        Place::Here => resolve(source)?,
        Place::There(pid) => service::take_from(pid, source.addr(), closes)?,
    };
    let freed = if closes && from == Place::Here && pseudo(source).is_none() { close_source(source) } else { None };
    let access = if options & DUPLICATE_SAME_ACCESS != 0 {
        reference.access
    } else {
        reference.object.rights().grant(access)?
    };
    match (to?, freed) {
        (Place::Here, Some(slot)) => {
            let flags = if inherit { HANDLE_FLAG_INHERIT } else { 0 };
            // Another thread may have taken the slot in between.
            match table::insert_at(slot, reference.object.clone(), access, flags) {
                Ok(()) => Ok(slot),
                Err(_) => table::insert(reference.object, access, inherit),
            }
        }
        (Place::Here, None) => table::insert(reference.object, access, inherit),
        (Place::There(pid), _) => {
            service::insert_into(pid, &reference, access, inherit).map(ptr::without_provenance_mut)
        }
    }
}

/// Closes the source, and says which slot is free then: the duplicate gets it. A protected source stays.
fn close_source(source: Handle) -> Option<Handle> {
    table::close(source).ok().map(|()| source)
}

fn close_at(place: Place, handle: Handle) -> Result<()> {
    match place {
        Place::Here => table::close(handle),
        Place::There(pid) => service::take_from(pid, handle.addr(), true).map(drop),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Here,
    There(u32),
}

/// Where a process handle leads, if it allows duplicating.
fn where_is(handle: Handle) -> Result<Place> {
    match pseudo(handle) {
        Some(Pseudo::Process) => return Ok(Place::Here),
        Some(Pseudo::Thread) => return Err(Code::INVALID_HANDLE),
        None => {}
    }
    let reference = table::get(handle)?;
    let process = reference.object.as_process()?;
    reference.demand(PROCESS_DUP_HANDLE)?;
    Ok(if process.pid() == process::current_pid() { Place::Here } else { Place::There(process.pid()) })
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn CompareObjectHandles(first: Handle, second: Handle) -> i32 {
    last_error::truth(compare(first, second))
}

fn compare(first: Handle, second: Handle) -> Result<()> {
    /// `ERROR_NOT_SAME_OBJECT`.
    const NOT_SAME_OBJECT: Code = Code(1656);
    let (first, second) = (resolve(first)?.object, resolve(second)?.object);
    if Arc::ptr_eq(&first, &second) || first.is_same(&second)? { Ok(()) } else { Err(NOT_SAME_OBJECT) }
}

/// # Safety
///
/// `flags` is null or may be written.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetHandleInformation(handle: Handle, flags: *mut u32) -> i32 {
    let result = flags_of(handle).and_then(|found| {
        if flags.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: as the caller promises.
        unsafe { flags.write(found) };
        Ok(())
    });
    last_error::truth(result)
}

/// Pseudo handles have no flags.
fn flags_of(handle: Handle) -> Result<u32> {
    if pseudo(handle).is_some() { Ok(0) } else { table::with(handle, |entry| Ok(entry.flags())) }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn SetHandleInformation(handle: Handle, mask: u32, flags: u32) -> i32 {
    last_error::truth(if pseudo(handle).is_some() {
        Err(Code::ACCESS_DENIED)
    } else {
        table::with(handle, |entry| {
            // Flags that do not exist are ignored.
            entry.change_flags(mask & (HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE), flags);
            Ok(())
        })
    })
}

/// What a function returns that creates an object: the last error is always written.
pub(crate) fn created(result: Result<(Handle, bool)>) -> Handle {
    let (handle, code) = match result {
        Ok((handle, true)) => (handle, Code::SUCCESS),
        Ok((handle, false)) => (handle, Code::ALREADY_EXISTS),
        Err(code) => (ptr::null_mut(), code),
    };
    last_error::set(code);
    handle
}

/// What a function returns that opens one.
pub(crate) fn opened(result: Result<Handle>) -> Handle {
    last_error::value(result, ptr::null_mut())
}

/// What a function returns that finds an object by its name, with a handle of the access that was asked for.
pub(crate) fn found(
    access: u32,
    inherit: i32,
    name: Result<Given>,
    find: impl Fn(&str) -> coview::Result<Object>,
) -> Handle {
    opened(find_by_name(name, find).and_then(|object| {
        let access = object.rights().grant_opener(access)?;
        table::insert(Arc::new(object), access, inherit != 0)
    }))
}

fn find_by_name(name: Result<Given>, find: impl Fn(&str) -> coview::Result<Object>) -> Result<Object> {
    let name = name?;
    let name = name.for_opening()?;
    Ok(with_descriptors(|| find(name))?)
}
