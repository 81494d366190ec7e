//! The attributes of files by their names.
//!
//! Needs `unsafe` to export functions and to write where callers point.
//!
//! Of all attributes only `FILE_ATTRIBUTE_READONLY` can be set: Linux has the permissions to write, and nothing for the
//! others.

use std::ffi::{c_char, c_void};
use std::fs::{self, Metadata};

use super::{Code, Result};
use crate::file::{self, FileTime, high, low};
use crate::{last_error, path, text};

const INVALID_ATTRIBUTES: u32 = u32::MAX;
/// `GetFileExInfoStandard`, the only level.
const STANDARD: u32 = 0;

/// Windows' structure.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Data {
    attributes: u32,
    created: FileTime,
    accessed: FileTime,
    written: FileTime,
    size_high: u32,
    size_low: u32,
}

const _: () = assert!(size_of::<Data>() == 36);

fn metadata(given: Option<String>) -> Result<Metadata> {
    let path = path::given(given)?;
    fs::metadata(&path).map_err(|error| path::failure(&path, error))
}

fn get(given: Option<String>) -> Result<u32> {
    Ok(file::attributes_of(&metadata(given)?))
}

fn set(given: Option<String>, attributes: u32) -> Result<()> {
    let path = path::given(given)?;
    let metadata = fs::metadata(&path).map_err(|error| path::failure(&path, error))?;
    // On Windows a folder with the attribute takes new files all the same.
    if !metadata.is_file() {
        return Ok(());
    }
    let permissions = file::permissions(&metadata, attributes & file::READONLY != 0);
    if permissions == metadata.permissions() {
        return Ok(());
    }
    Ok(fs::set_permissions(&path, permissions)?)
}

fn data(given: Option<String>) -> Result<Data> {
    let metadata = metadata(given)?;
    let size = if metadata.is_dir() { 0 } else { metadata.len() };
    Ok(Data {
        attributes: file::attributes_of(&metadata),
        created: FileTime::from(metadata.created().or(metadata.modified())),
        accessed: FileTime::from(metadata.accessed()),
        written: FileTime::from(metadata.modified()),
        size_high: high(size),
        size_low: low(size),
    })
}

/// # Safety
///
/// The address is null or has room for what the level is about.
unsafe fn give_data(given: Option<String>, level: u32, to: *mut c_void) -> Result<()> {
    if level != STANDARD || to.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    let data = data(given)?;
    // SAFETY: as the caller promises; it need not be aligned.
    unsafe { to.cast::<Data>().write_unaligned(data) };
    Ok(())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetFileAttributesA(path: *const c_char) -> u32 {
    // SAFETY: the caller passes a string or null.
    last_error::value(get(unsafe { text::utf8_of_narrow(path) }), INVALID_ATTRIBUTES)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetFileAttributesW(path: *const u16) -> u32 {
    // SAFETY: the caller passes a string or null.
    last_error::value(get(unsafe { text::utf8_of_wide(path) }), INVALID_ATTRIBUTES)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetFileAttributesA(path: *const c_char, attributes: u32) -> i32 {
    // SAFETY: the caller passes a string or null.
    last_error::truth(set(unsafe { text::utf8_of_narrow(path) }, attributes))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetFileAttributesW(path: *const u16, attributes: u32) -> i32 {
    // SAFETY: the caller passes a string or null.
    last_error::truth(set(unsafe { text::utf8_of_wide(path) }, attributes))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetFileAttributesExA(path: *const c_char, level: u32, to: *mut c_void) -> i32 {
    // SAFETY: the caller passes a string or null.
    let path = unsafe { text::utf8_of_narrow(path) };
    // SAFETY: the caller passes the structure's address or null.
    last_error::truth(unsafe { give_data(path, level, to) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetFileAttributesExW(path: *const u16, level: u32, to: *mut c_void) -> i32 {
    // SAFETY: the caller passes a string or null.
    let path = unsafe { text::utf8_of_wide(path) };
    // SAFETY: the caller passes the structure's address or null.
    last_error::truth(unsafe { give_data(path, level, to) })
}
