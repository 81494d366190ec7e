//! Strings of C: UTF-16 for the W-functions, and UTF-8, which is the ANSI code page here, for the A-functions.
//!
//! Needs `unsafe` to read what callers point to.

use std::ffi::CStr;
use std::ffi::c_char;

/// The units before the NUL; `None` for a null pointer.
///
/// # Safety
///
/// The pointer is null or leads to units that end with a NUL and stay for the lifetime.
pub(crate) unsafe fn wide<'a>(text: *const u16) -> Option<&'a [u16]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the string ends with a NUL, and everything before it may be read.
    let len = (0..).take_while(|&at| unsafe { text.wrapping_add(at).read() } != 0).count();
    // SAFETY: that many units were read just now.
    Some(unsafe { std::slice::from_raw_parts(text, len) })
}

/// The bytes before the NUL; `None` for a null pointer.
///
/// # Safety
///
/// As for [`wide`].
pub(crate) unsafe fn narrow<'a>(text: *const c_char) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    Some(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// What an A-function makes of its bytes: UTF-16, where each sequence that is no UTF-8 becomes one U+FFFD.
///
/// Such a sequence ends where no character could go on that begins like it. But as on Windows, a second byte that
/// continues something else than its lead byte permits, as in `E0 80`, goes with the lead byte.
pub(crate) fn to_wide(bytes: &[u8]) -> Vec<u16> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut leads = false;
    for chunk in bytes.utf8_chunks() {
        units.extend(chunk.valid().encode_utf16());
        let continues = leads && chunk.valid().is_empty() && matches!(chunk.invalid(), [0x80..=0xBF]);
        if !chunk.invalid().is_empty() && !continues {
            units.push(REPLACEMENT);
        }
        leads = !continues && matches!(chunk.invalid(), [0xE0 | 0xED | 0xF0 | 0xF4]);
    }
    units
}

const REPLACEMENT: u16 = 0xFFFD;

/// UTF-8 for what Linux wants to be told; a lone surrogate becomes U+FFFD.
pub(crate) fn to_utf8(units: &[u16]) -> String {
    String::from_utf16_lossy(units)
}

/// Reads a path or another text that Linux wants as bytes.
///
/// # Safety
///
/// As for [`wide`].
pub(crate) unsafe fn utf8_of_wide(text: *const u16) -> Option<String> {
    // SAFETY: as the caller promises.
    unsafe { wide(text) }.map(to_utf8)
}

/// The same for an A-function.
///
/// # Safety
///
/// As for [`wide`].
pub(crate) unsafe fn utf8_of_narrow(text: *const c_char) -> Option<String> {
    // SAFETY: as the caller promises.
    unsafe { narrow(text) }.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// Copies a text and a NUL into a caller's buffer, as functions do that return the length: without the NUL if it
/// fits, else nothing is copied and the size that would do is returned, NUL included.
///
/// # Safety
///
/// The buffer has room for `capacity` units, or `capacity` is 0.
pub(crate) unsafe fn give<T: Copy + Default>(text: &[T], buffer: *mut T, capacity: usize) -> usize {
    if text.len() >= capacity || buffer.is_null() {
        return text.len() + 1;
    }
    // SAFETY: the text is shorter than the buffer, and the caller's buffer is not ours.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), buffer, text.len()) };
    // SAFETY: there is room for one more.
    let end = unsafe { buffer.add(text.len()) };
    // SAFETY: as above.
    unsafe { end.write(T::default()) };
    text.len()
}
