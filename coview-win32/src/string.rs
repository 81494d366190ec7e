//! Strings: the `lstr` functions.
//!
//! Needs `unsafe` to export functions, and to read and write strings where callers point.

mod code_page;
mod compare;

use std::ffi::c_char;
use std::ptr;

use crate::text;

/// Copies units and a NUL. The strings may overlap.
///
/// # Safety
///
/// There is room for them.
unsafe fn put<T: Copy + Default>(target: *mut T, units: &[T]) {
    // SAFETY: as the caller promises.
    unsafe { ptr::copy(units.as_ptr(), target, units.len()) };
    // SAFETY: as the caller promises.
    unsafe { *target.wrapping_add(units.len()) = T::default() };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrlenA(string: *const c_char) -> i32 {
    // SAFETY: as Windows demands of the caller.
    unsafe { text::narrow(string) }.map_or(0, |text| text.len() as i32)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrlenW(string: *const u16) -> i32 {
    // SAFETY: as Windows demands of the caller.
    unsafe { text::wide(string) }.map_or(0, |text| text.len() as i32)
}

/// Returns NULL and copies nothing if a pointer is null, as do the following.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcpyA(target: *mut c_char, source: *const c_char) -> *mut c_char {
    // SAFETY: as Windows demands of the caller.
    unsafe { lstrcpynA(target, source, -1) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcpyW(target: *mut u16, source: *const u16) -> *mut u16 {
    // SAFETY: as Windows demands of the caller.
    unsafe { lstrcpynW(target, source, -1) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcpynA(target: *mut c_char, source: *const c_char, capacity: i32) -> *mut c_char {
    // SAFETY: as Windows demands of the caller; the source need not end where it is cut.
    match unsafe { beginning(source, capacity) } {
        Some(text) if !target.is_null() => {
            if capacity != 0 {
                // SAFETY: as Windows demands of the caller.
                unsafe { put(target, text) };
            }
            target
        }
        _ => ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcpynW(target: *mut u16, source: *const u16, capacity: i32) -> *mut u16 {
    // SAFETY: as Windows demands of the caller; the source need not end where it is cut.
    match unsafe { beginning(source, capacity) } {
        Some(text) if !target.is_null() => {
            if capacity != 0 {
                // SAFETY: as Windows demands of the caller.
                unsafe { put(target, text) };
            }
            target
        }
        _ => ptr::null_mut(),
    }
}

/// What comes before the NUL, or before the last unit of the capacity. No unit behind that is read.
///
/// # Safety
///
/// The pointer is null or leads to units that end with a NUL or are as many as the capacity.
unsafe fn beginning<'a, T: Copy + Default + PartialEq>(source: *const T, capacity: i32) -> Option<&'a [T]> {
    if source.is_null() {
        return None;
    }
    // A negative number is a large one on Windows.
    let room = (capacity as u32 as usize).saturating_sub(1);
    let mut len = 0;
    // SAFETY: everything before the NUL may be read.
    while len < room && unsafe { *source.wrapping_add(len) } != T::default() {
        len += 1;
    }
    // SAFETY: that many units were read just now.
    Some(unsafe { std::slice::from_raw_parts(source, len) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcatA(target: *mut c_char, source: *const c_char) -> *mut c_char {
    // SAFETY: as Windows demands of the caller.
    let Some(text) = (unsafe { text::narrow(target) }) else { return ptr::null_mut() };
    let end = target.wrapping_add(text.len());
    // SAFETY: as Windows demands of the caller.
    if unsafe { lstrcpyA(end, source) }.is_null() { ptr::null_mut() } else { target }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcatW(target: *mut u16, source: *const u16) -> *mut u16 {
    // SAFETY: as Windows demands of the caller.
    let Some(text) = (unsafe { text::wide(target) }) else { return ptr::null_mut() };
    let end = target.wrapping_add(text.len());
    // SAFETY: as Windows demands of the caller.
    if unsafe { lstrcpyW(end, source) }.is_null() { ptr::null_mut() } else { target }
}
