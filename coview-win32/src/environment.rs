//! The environment and the current directory.
//!
//! Needs `unsafe` to export functions, to change the environment, to read what callers point to and to write where they
//! point.
//!
//! Names are found as they are written; where there is none, one that differs only in the case of ASCII letters is found,
//! as it would be on Windows.

use std::env;
use std::ffi::{OsStr, OsString, c_char};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::last_error::{self, Code, Result};
use crate::{path, text};

const ENVIRONMENT_VARIABLE_NOT_FOUND: Code = Code(203);
const DIRECTORY: Code = Code(267);

/// The name under which a variable stands in the environment.
fn find(name: &str) -> Option<OsString> {
    if name.is_empty() {
        return None;
    }
    if env::var_os(name).is_some() {
        return Some(name.into());
    }
    env::vars_os().map(|(found, _)| found).find(|found| found.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
}

fn get(name: Option<String>) -> Result<OsString> {
    let name = name.filter(|name| !name.contains('\0')).and_then(|name| find(&name));
    name.and_then(env::var_os).ok_or(ENVIRONMENT_VARIABLE_NOT_FOUND)
}

fn set(name: Option<String>, value: Option<String>) -> Result<()> {
    // An equals sign may begin a name on Windows, where such variables stand for the current directories of drives.
    let name = name.filter(|name| !name.is_empty() && !name.contains('=')).ok_or(Code::INVALID_PARAMETER)?;
    let found = find(&name);
    match value {
        // SAFETY: as on Windows, other threads may read the environment through these functions and Rust's, which lock it;
        // a C program that calls `getenv` meanwhile has the race that it has with `setenv`.
        Some(value) => unsafe { env::set_var(found.unwrap_or(name.into()), value) },
        // SAFETY: as above.
        None => unsafe { env::remove_var(found.ok_or(ENVIRONMENT_VARIABLE_NOT_FOUND)?) },
    }
    Ok(())
}

/// A length or size as functions return it.
fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn to_wide(text: &OsStr) -> Vec<u16> {
    text::to_wide(text.as_bytes())
}

/// # Safety
///
/// The name is null or ends with a NUL, and the buffer has room for the capacity.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetEnvironmentVariableA(name: *const c_char, buffer: *mut u8, capacity: u32) -> u32 {
    // SAFETY: as the caller promises.
    let name = unsafe { text::utf8_of_narrow(name) };
    // SAFETY: as the caller promises.
    let given = get(name).map(|value| unsafe { text::give(value.as_bytes(), buffer, capacity as usize) });
    last_error::value(given.map(count), 0)
}

/// # Safety
///
/// As for [`GetEnvironmentVariableA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetEnvironmentVariableW(name: *const u16, buffer: *mut u16, capacity: u32) -> u32 {
    // SAFETY: as the caller promises.
    let name = unsafe { text::utf8_of_wide(name) };
    // SAFETY: as the caller promises.
    let given = get(name).map(|value| unsafe { text::give(&to_wide(&value), buffer, capacity as usize) });
    if given.as_ref().is_ok_and(|&len| len > capacity as usize) && capacity > 0 && !buffer.is_null() {
        // This form, and not the other, leaves an empty text in a buffer that is too small.
        // SAFETY: there is room for one unit at least.
        unsafe { buffer.write(0) };
    }
    last_error::value(given.map(count), 0)
}

/// # Safety
///
/// The texts are null or end with a NUL.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetEnvironmentVariableA(name: *const c_char, value: *const c_char) -> i32 {
    // SAFETY: as the caller promises.
    let name = unsafe { text::utf8_of_narrow(name) };
    // SAFETY: as the caller promises.
    let value = unsafe { text::utf8_of_narrow(value) };
    last_error::truth(set(name, value))
}

/// # Safety
///
/// As for [`SetEnvironmentVariableA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetEnvironmentVariableW(name: *const u16, value: *const u16) -> i32 {
    // SAFETY: as the caller promises.
    let name = unsafe { text::utf8_of_wide(name) };
    // SAFETY: as the caller promises.
    let value = unsafe { text::utf8_of_wide(value) };
    last_error::truth(set(name, value))
}

/// All variables as `NAME=value`, each with a NUL, and a NUL at the end.
fn block() -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in env::vars_os() {
        block.extend([name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat());
    }
    if block.is_empty() {
        block.push(0);
    }
    block.push(0);
    block
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetEnvironmentStringsW() -> *mut u16 {
    let units = text::to_wide(&block());
    allocate_copy(&units)
}

/// Windows' own name for it, which is an A-function.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetEnvironmentStrings() -> *mut c_char {
    GetEnvironmentStringsA()
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetEnvironmentStringsA() -> *mut c_char {
    allocate_copy(&block()).cast()
}

fn allocate_copy<T: Copy>(units: &[T]) -> *mut T {
    // SAFETY: a call without pointers.
    let start = unsafe { libc::malloc(size_of_val(units)) }.cast::<T>();
    if start.is_null() {
        last_error::set(Code::NOT_ENOUGH_MEMORY);
        return start;
    }
    // SAFETY: there is room for just that many.
    unsafe { std::ptr::copy_nonoverlapping(units.as_ptr(), start, units.len()) };
    start
}

/// # Safety
///
/// The block came from [`GetEnvironmentStringsA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn FreeEnvironmentStringsA(block: *mut c_char) -> i32 {
    // SAFETY: as the caller promises.
    unsafe { libc::free(block.cast()) };
    1
}

/// # Safety
///
/// The block came from [`GetEnvironmentStringsW`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn FreeEnvironmentStringsW(block: *mut u16) -> i32 {
    // SAFETY: as the caller promises.
    unsafe { libc::free(block.cast()) };
    1
}

/// Puts values in the place of `%NAME%`. What is no variable stays as it stands.
fn expand(source: &str) -> OsString {
    let (mut expanded, mut rest) = (Vec::new(), source);
    while let Some((before, behind)) = rest.split_once('%') {
        expanded.extend(before.as_bytes());
        let variable = behind.split_once('%').and_then(|(name, after)| Some((env::var_os(find(name)?)?, after)));
        if let Some((value, after)) = variable {
            expanded.extend(value.as_bytes());
            rest = after;
        } else {
            expanded.push(b'%');
            rest = behind;
        }
    }
    expanded.extend(rest.as_bytes());
    OsString::from_vec(expanded)
}

/// # Safety
///
/// The source is null or ends with a NUL, and the buffer has room for the capacity.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ExpandEnvironmentStringsA(
    source: *const c_char,
    buffer: *mut u8,
    capacity: u32,
) -> u32 {
    // SAFETY: as the caller promises.
    let expanded = expand(&unsafe { text::utf8_of_narrow(source) }.unwrap_or_default());
    // SAFETY: as the caller promises.
    unsafe { text::give(expanded.as_bytes(), buffer, capacity as usize) };
    count(expanded.len() + 1)
}

/// # Safety
///
/// As for [`ExpandEnvironmentStringsA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ExpandEnvironmentStringsW(source: *const u16, buffer: *mut u16, capacity: u32) -> u32 {
    // SAFETY: as the caller promises.
    let expanded = to_wide(&expand(&unsafe { text::utf8_of_wide(source) }.unwrap_or_default()));
    // SAFETY: as the caller promises.
    unsafe { text::give(&expanded, buffer, capacity as usize) };
    count(expanded.len() + 1)
}

/// # Safety
///
/// The buffer has room for the capacity.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetCurrentDirectoryA(capacity: u32, buffer: *mut u8) -> u32 {
    let directory = env::current_dir().map_err(Code::from);
    let given = directory.map(|directory| {
        // SAFETY: as the caller promises.
        unsafe { text::give(directory.as_os_str().as_bytes(), buffer, capacity as usize) }
    });
    last_error::value(given.map(count), 0)
}

/// # Safety
///
/// As for [`GetCurrentDirectoryA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetCurrentDirectoryW(capacity: u32, buffer: *mut u16) -> u32 {
    let directory = env::current_dir().map_err(Code::from);
    let given = directory.map(|directory| {
        // SAFETY: as the caller promises.
        unsafe { text::give(&to_wide(directory.as_os_str()), buffer, capacity as usize) }
    });
    last_error::value(given.map(count), 0)
}

/// # Safety
///
/// The path is null or ends with a NUL.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetCurrentDirectoryA(directory: *const c_char) -> i32 {
    // SAFETY: as the caller promises.
    last_error::truth(change_directory(unsafe { text::utf8_of_narrow(directory) }))
}

/// # Safety
///
/// As for [`SetCurrentDirectoryA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetCurrentDirectoryW(directory: *const u16) -> i32 {
    // SAFETY: as the caller promises.
    last_error::truth(change_directory(unsafe { text::utf8_of_wide(directory) }))
}

fn change_directory(directory: Option<String>) -> Result<()> {
    let directory = directory.filter(|directory| !directory.is_empty()).ok_or(Code::INVALID_NAME)?;
    let directory = path::to_unix(&directory)?;
    env::set_current_dir(&directory).map_err(|error| match error.raw_os_error() {
        // What is there is no directory.
        Some(libc::ENOTDIR) if std::fs::metadata(&directory).is_ok() => DIRECTORY,
        _ => path::failure(&directory, error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_that_exist_are_expanded() {
        // SAFETY: no other test of this program uses this name.
        unsafe { env::set_var("COVIEW_WIN32_TEST", "a b") };
        for (source, expanded) in [
            ("", ""),
            ("x%COVIEW_WIN32_TEST%y", "xa by"),
            ("%Coview_Win32_Test%", "a b"),
            ("100% %NO_SUCH_THING% %", "100% %NO_SUCH_THING% %"),
            ("%%COVIEW_WIN32_TEST%%", "%a b%"),
        ] {
            assert_eq!(expand(source), expanded);
        }
    }
}
