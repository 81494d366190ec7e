//! `GetFullPathName`: a path as it would be without the current folder, worked out from its letters alone.
//!
//! Needs `unsafe` to export functions and to write where callers point.

use std::env;
use std::ffi::c_char;
use std::ptr;

use super::{Code, Result};
use crate::{last_error, path, text};

/// The path from the root on, without `.`, `..` and doubled slashes. A slash at the end stays.
fn full_path(given: Option<String>) -> Result<String> {
    let given = given.filter(|given| !given.is_empty()).ok_or(Code::INVALID_NAME)?;
    let path = path::to_unix(&given)?;
    let start = if path.starts_with('/') { String::new() } else { current_folder()? };
    let mut parts = Vec::new();
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let end = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    Ok(format!("/{}{end}", parts.join("/")))
}

fn current_folder() -> Result<String> {
    Ok(env::current_dir()?.to_string_lossy().into_owned())
}

/// Copies the path and points to its last part, if it has one.
///
/// # Safety
///
/// The buffer has room for `capacity` units; `last_part` is null or an address for a pointer.
unsafe fn give<T: Copy + Default + PartialEq>(
    path: &[T],
    slash: T,
    capacity: u32,
    buffer: *mut T,
    last_part: *mut *mut T,
) -> u32 {
    // SAFETY: as the caller promises.
    let len = unsafe { text::give(path, buffer, capacity as usize) };
    // SAFETY: as the caller promises.
    if let Some(last_part) = unsafe { last_part.as_mut() }
        && len == path.len()
    {
        let start = path.iter().rposition(|&unit| unit == slash).map_or(0, |index| index + 1);
        *last_part = if start == len { ptr::null_mut() } else { buffer.wrapping_add(start) };
    }
    u32::try_from(len).unwrap_or(0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetFullPathNameA(
    path: *const c_char,
    capacity: u32,
    buffer: *mut u8,
    last_part: *mut *mut u8,
) -> u32 {
    // SAFETY: the caller passes a string or null.
    let full = full_path(unsafe { text::utf8_of_narrow(path) });
    // SAFETY: the caller passes the buffer's size and addresses or nulls.
    let len = full.map(|full| unsafe { give(full.as_bytes(), b'/', capacity, buffer, last_part) });
    last_error::value(len, 0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetFullPathNameW(
    path: *const u16,
    capacity: u32,
    buffer: *mut u16,
    last_part: *mut *mut u16,
) -> u32 {
    // SAFETY: the caller passes a string or null.
    let full = full_path(unsafe { text::utf8_of_wide(path) });
    let full = full.map(|full| full.encode_utf16().collect::<Vec<_>>());
    // SAFETY: the caller passes the buffer's size and addresses or nulls.
    let len = full.map(|full| unsafe { give(&full, u16::from(b'/'), capacity, buffer, last_part) });
    last_error::value(len, 0)
}
