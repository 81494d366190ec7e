//! Where temporary files go, and names for them.
//!
//! Needs `unsafe` to export functions and to write where callers point.

use std::env;
use std::ffi::c_char;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use crate::last_error::{self, Code, Result};
use crate::{file, path, text};

const BUFFER_OVERFLOW: Code = Code(111);
const INVALID_DIRECTORY: Code = Code(267);
/// The room that callers of `GetTempFileName` give.
const PATH_LEN_MAX: usize = 260;
/// What follows the folder: a slash, three letters, four digits, the ending and a NUL, and one to spare.
const NAME_LEN_MAX: usize = 14;
const PREFIX_LEN: usize = 3;

/// The first of `TMP`, `TEMP` and `TMPDIR` that is set, or `/tmp`, with a slash at the end.
fn folder() -> String {
    let named = ["TMP", "TEMP", "TMPDIR"].into_iter().find_map(|name| env::var(name).ok().filter(|it| !it.is_empty()));
    let folder = named.and_then(|named| path::to_unix(&named).ok()).unwrap_or_else(|| "/tmp".into());
    if folder.ends_with('/') { folder } else { folder + "/" }
}

/// Makes a file with a new name, unless the caller gives the number of it.
fn file_name(folder: Option<String>, prefix: Option<String>, unique: u32) -> Result<(String, u32)> {
    let folder = folder.ok_or(Code::INVALID_PARAMETER)?;
    if folder.chars().count() > PATH_LEN_MAX - NAME_LEN_MAX {
        return Err(BUFFER_OVERFLOW);
    }
    // The current folder, as on Windows.
    let folder = path::to_unix(if folder.is_empty() { "." } else { &folder })?;
    let prefix: String = prefix.unwrap_or_default().chars().take(PREFIX_LEN).collect();
    let name = |number: u32| format!("{}/{prefix}{number:X}.TMP", folder.trim_end_matches('/'));
    if !Path::new(&folder).is_dir() {
        return Err(INVALID_DIRECTORY);
    }
    let number = unique & 0xFFFF;
    if number != 0 {
        return Ok((name(number), number));
    }
    create_first_free(name)
}

fn create_first_free(name: impl Fn(u32) -> String) -> Result<(String, u32)> {
    let first = first_number();
    for step in 0..=0xFFFF {
        let number = first.wrapping_add(step) & 0xFFFF;
        if number == 0 {
            continue;
        }
        let path = name(number);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|_| (path.clone(), number)).map_err(|error| path::failure(&path, error)),
        }
    }
    Err(file::FILE_EXISTS)
}

/// A number that other processes and earlier calls hardly have begun with.
fn first_number() -> u32 {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Relaxed: the number itself is all that counts.
    (now.subsec_micros() ^ process::id()).wrapping_add(CALLS.fetch_add(1, Ordering::Relaxed))
}

/// Copies the name into the caller's buffer, whose size is a matter of documentation.
///
/// # Safety
///
/// The buffer is null or has room for 260 units.
unsafe fn give<T: Copy + Default>(name: &[T], buffer: *mut T) -> Result<()> {
    if buffer.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: as the caller promises.
    let len = unsafe { text::give(name, buffer, PATH_LEN_MAX) };
    if len == name.len() { Ok(()) } else { Err(BUFFER_OVERFLOW) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetTempPathA(capacity: u32, buffer: *mut u8) -> u32 {
    // SAFETY: the caller passes the buffer's size.
    let len = unsafe { text::give(folder().as_bytes(), buffer, capacity as usize) };
    u32::try_from(len).unwrap_or(0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetTempPathW(capacity: u32, buffer: *mut u16) -> u32 {
    let folder: Vec<u16> = folder().encode_utf16().collect();
    // SAFETY: the caller passes the buffer's size.
    let len = unsafe { text::give(&folder, buffer, capacity as usize) };
    u32::try_from(len).unwrap_or(0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetTempFileNameA(
    folder: *const c_char,
    prefix: *const c_char,
    unique: u32,
    buffer: *mut u8,
) -> u32 {
    // SAFETY: the caller passes a string or null.
    let folder = unsafe { text::utf8_of_narrow(folder) };
    // SAFETY: as above.
    let prefix = unsafe { text::utf8_of_narrow(prefix) };
    let result = file_name(folder, prefix, unique).and_then(|(name, number)| {
        // SAFETY: the caller passes a buffer of the documented size, or null.
        unsafe { give(name.as_bytes(), buffer) }?;
        Ok(number)
    });
    last_error::value(result, 0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetTempFileNameW(
    folder: *const u16,
    prefix: *const u16,
    unique: u32,
    buffer: *mut u16,
) -> u32 {
    // SAFETY: the caller passes a string or null.
    let folder = unsafe { text::utf8_of_wide(folder) };
    // SAFETY: as above.
    let prefix = unsafe { text::utf8_of_wide(prefix) };
    let result = file_name(folder, prefix, unique).and_then(|(name, number)| {
        // SAFETY: the caller passes a buffer of the documented size, or null.
        unsafe { give(&name.encode_utf16().collect::<Vec<_>>(), buffer) }?;
        Ok(number)
    });
    last_error::value(result, 0)
}
