//! The names of the machine and of the user.
//!
//! Needs `unsafe` to export functions, to call the C library, and to write where callers point.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr;

use crate::last_error::{self, Code, Result};
use crate::text;

const BUFFER_OVERFLOW: Code = Code(111);
const NONE_MAPPED: Code = Code(1332);

/// The host's name up to its first dot, as it is written: a name of Windows would be in capitals and no longer than 15.
fn computer() -> Result<String> {
    let mut buffer = [0u8; 256];
    // SAFETY: the buffer is as long as it says; the last byte stays 0.
    let result = unsafe { libc::gethostname(buffer.as_mut_ptr().cast::<c_char>(), buffer.len() - 1) };
    if result != 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    let name = CStr::from_bytes_until_nul(&buffer).map_err(|_| Code::GEN_FAILURE)?.to_string_lossy();
    Ok(name.split('.').next().unwrap_or_default().to_owned())
}

/// The name that the system knows the user by whose rights the process has.
fn user() -> Result<String> {
    let mut buffer = vec![0u8; 16 * 1024];
    let mut entry = MaybeUninit::<libc::passwd>::uninit();
    let mut found = ptr::null_mut();
    // SAFETY: a call without pointers.
    let id = unsafe { libc::geteuid() };
    // SAFETY: the buffer is as long as it says, and there is room for both answers.
    let result =
        unsafe { libc::getpwuid_r(id, entry.as_mut_ptr(), buffer.as_mut_ptr().cast(), buffer.len(), &raw mut found) };
    // SAFETY: the answer is null or leads to the entry, which was filled then.
    let Some(found) = unsafe { found.as_ref() }.filter(|_| result == 0) else { return Err(NONE_MAPPED) };
    // SAFETY: the name is in the buffer and ends with a NUL.
    Ok(unsafe { CStr::from_ptr(found.pw_name) }.to_string_lossy().into_owned())
}

/// Copies the name if it fits, and writes how many units that was, or how many it would take with the NUL.
///
/// # Safety
///
/// `size` is null or leads to the number of units that the buffer has room for.
unsafe fn give<T: Copy + Default>(name: &[T], buffer: *mut T, size: *mut u32, too_small: Code) -> Result<usize> {
    // SAFETY: as the caller promises.
    let size = unsafe { size.as_mut() }.ok_or(Code::INVALID_PARAMETER)?;
    // SAFETY: as the caller promises.
    let len = unsafe { text::give(name, buffer, *size as usize) };
    *size = u32::try_from(len).unwrap_or(u32::MAX);
    if len == name.len() { Ok(len) } else { Err(too_small) }
}

/// The same for a function that counts the NUL.
///
/// # Safety
///
/// As for [`give`].
unsafe fn give_counting_nul<T: Copy + Default>(name: &[T], buffer: *mut T, size: *mut u32) -> Result<()> {
    // SAFETY: as the caller promises.
    unsafe { give(name, buffer, size, Code::INSUFFICIENT_BUFFER) }?;
    // SAFETY: it was written just now.
    if let Some(size) = unsafe { size.as_mut() } {
        *size += 1;
    }
    Ok(())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetComputerNameA(buffer: *mut u8, size: *mut u32) -> i32 {
    // SAFETY: the caller passes a buffer and its size.
    let result = computer().and_then(|name| unsafe { give(name.as_bytes(), buffer, size, BUFFER_OVERFLOW) });
    last_error::truth(result.map(drop))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetComputerNameW(buffer: *mut u16, size: *mut u32) -> i32 {
    let name = computer().map(|name| name.encode_utf16().collect::<Vec<_>>());
    // SAFETY: the caller passes a buffer and its size.
    let result = name.and_then(|name| unsafe { give(&name, buffer, size, BUFFER_OVERFLOW) });
    last_error::truth(result.map(drop))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetUserNameA(buffer: *mut u8, size: *mut u32) -> i32 {
    // SAFETY: the caller passes a buffer and its size.
    last_error::truth(user().and_then(|name| unsafe { give_counting_nul(name.as_bytes(), buffer, size) }))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetUserNameW(buffer: *mut u16, size: *mut u32) -> i32 {
    let name = user().map(|name| name.encode_utf16().collect::<Vec<_>>());
    // SAFETY: the caller passes a buffer and its size.
    last_error::truth(name.and_then(|name| unsafe { give_counting_nul(&name, buffer, size) }))
}
