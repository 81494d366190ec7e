//! Messages: `FormatMessage`.
//!
//! Needs `unsafe` to export functions, and to read and write where callers point.

mod argument;
mod debugger;
mod insert;
mod layout;
mod system;

use std::ffi::{c_char, c_void};
use std::ptr;

use argument::Arguments;

use crate::last_error::{self, Code, Result};
use crate::{heap, text};

const WIDTH_MASK: u32 = 0xFF;
const ALLOCATE_BUFFER: u32 = 0x0100;
const IGNORE_INSERTS: u32 = 0x0200;
const FROM_STRING: u32 = 0x0400;
const FROM_HMODULE: u32 = 0x0800;
const FROM_SYSTEM: u32 = 0x1000;
const ARGUMENT_ARRAY: u32 = 0x2000;

const NO_WORK_DONE: Code = Code(235);
const MESSAGE_NOT_FOUND: Code = Code(317);
const RESOURCE_TYPE_NOT_FOUND: Code = Code(1813);

/// What the A-function can return at most, as on Windows.
const NARROW_MAX: usize = 32_766;

/// How strings are written in the arguments, unless the message says so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Narrow,
    Wide,
}

/// The message, laid out and with its inserts. Messages of the system are English, whatever language is asked for.
///
/// # Safety
///
/// The arguments are those that the message and the flags speak of.
unsafe fn message(
    flags: u32,
    source: Option<Vec<u16>>,
    code: u32,
    arguments: *mut c_void,
    width: Width,
) -> Result<Vec<u16>> {
    let definition = definition(flags, source, code)?;
    // SAFETY: as the caller promises.
    let arguments = unsafe { Arguments::new(arguments, flags & ARGUMENT_ARRAY != 0) };
    let inserts = (flags & IGNORE_INSERTS == 0).then_some((arguments, width));
    // SAFETY: as the caller promises.
    let message = unsafe { layout::lay_out(&definition, (flags & WIDTH_MASK) as usize, inserts) }?;
    if message.is_empty() { Err(NO_WORK_DONE) } else { Ok(message) }
}

/// A string goes before the system, as on Windows. No module here has messages of its own.
fn definition(flags: u32, source: Option<Vec<u16>>, code: u32) -> Result<Vec<u16>> {
    if flags & FROM_STRING != 0 {
        return source.ok_or(Code::INVALID_PARAMETER);
    }
    if flags & FROM_SYSTEM != 0 {
        return system::text(code).ok_or(MESSAGE_NOT_FOUND);
    }
    Err(if flags & FROM_HMODULE != 0 { RESOURCE_TYPE_NOT_FOUND } else { Code::INVALID_PARAMETER })
}

/// Where the message goes.
struct Buffer<T> {
    /// Of the buffer, or of the pointer to one that is to be made.
    place: *mut T,
    capacity: usize,
    is_to_be_made: bool,
}

impl<T: Copy + Default> Buffer<T> {
    fn new(flags: u32, place: *mut T, capacity: u32) -> Buffer<T> {
        Buffer { place, capacity: capacity as usize, is_to_be_made: flags & ALLOCATE_BUFFER != 0 }
    }

    /// # Safety
    ///
    /// The place is null or may be written to.
    unsafe fn forget_old(&self) {
        if self.is_to_be_made && !self.place.is_null() {
            // SAFETY: as the caller promises.
            unsafe { self.place.cast::<*mut T>().write(ptr::null_mut()) };
        }
    }

    fn has_room(&self, message: &[T]) -> bool {
        self.is_to_be_made || message.len() < self.capacity
    }

    /// Returns the length without the NUL.
    ///
    /// # Safety
    ///
    /// There is room.
    unsafe fn give(&self, message: &[T]) -> Result<u32> {
        if self.place.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        let target = if self.is_to_be_made {
            // SAFETY: as the caller promises.
            unsafe { self.make(message.len() + 1) }?
        } else {
            self.place
        };
        // SAFETY: there is room for one more than these.
        unsafe { text::give(message, target, message.len() + 1) };
        Ok(message.len() as u32)
    }

    /// Makes the buffer that `LocalFree` frees.
    ///
    /// # Safety
    ///
    /// The place leads to a pointer.
    unsafe fn make(&self, capacity: usize) -> Result<*mut T> {
        let made: *mut T = heap::allocate(capacity.max(self.capacity) * size_of::<T>(), true).cast();
        if made.is_null() {
            return Err(Code::NOT_ENOUGH_MEMORY);
        }
        // SAFETY: as the caller promises.
        unsafe { self.place.cast::<*mut T>().write(made) };
        Ok(made)
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn FormatMessageA(
    flags: u32,
    source: *const c_void,
    code: u32,
    _language: u32,
    buffer: *mut c_char,
    capacity: u32,
    arguments: *mut c_void,
) -> u32 {
    let buffer = Buffer::new(flags, buffer, capacity);
    // SAFETY: as Windows demands of the caller.
    last_error::value(unsafe { format_narrow(flags, source, code, &buffer, arguments) }, 0)
}

/// # Safety
///
/// As Windows demands of the caller.
unsafe fn format_narrow(
    flags: u32,
    source: *const c_void,
    code: u32,
    buffer: &Buffer<c_char>,
    arguments: *mut c_void,
) -> Result<u32> {
    // SAFETY: as the caller promises.
    unsafe { buffer.forget_old() };
    if buffer.is_to_be_made && buffer.place.is_null() {
        return Err(Code::NOT_ENOUGH_MEMORY);
    }
    let source = if flags & FROM_STRING == 0 { ptr::null() } else { source };
    // SAFETY: as the caller promises.
    let source = unsafe { text::narrow(source.cast()) }.map(text::to_wide);
    // SAFETY: as the caller promises.
    let message = unsafe { message(flags, source, code, arguments, Width::Narrow) }?;
    let message: Vec<c_char> = text::to_utf8(&message).bytes().map(|byte| byte as c_char).collect();
    if message.len() > NARROW_MAX {
        return Err(Code::INVALID_PARAMETER);
    }
    if !buffer.has_room(&message) {
        return Err(Code::INSUFFICIENT_BUFFER);
    }
    // SAFETY: as the caller promises.
    unsafe { buffer.give(&message) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn FormatMessageW(
    flags: u32,
    source: *const c_void,
    code: u32,
    _language: u32,
    buffer: *mut u16,
    capacity: u32,
    arguments: *mut c_void,
) -> u32 {
    let buffer = Buffer::new(flags, buffer, capacity);
    // SAFETY: as Windows demands of the caller.
    last_error::value(unsafe { format_wide(flags, source, code, &buffer, arguments) }, 0)
}

/// # Safety
///
/// As Windows demands of the caller.
unsafe fn format_wide(
    flags: u32,
    source: *const c_void,
    code: u32,
    buffer: &Buffer<u16>,
    arguments: *mut c_void,
) -> Result<u32> {
    if buffer.place.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: as the caller promises.
    unsafe { buffer.forget_old() };
    let source = if flags & FROM_STRING == 0 { ptr::null() } else { source };
    // SAFETY: as the caller promises.
    let source = unsafe { text::wide(source.cast()) }.map(<[u16]>::to_vec);
    // SAFETY: as the caller promises.
    let message = match unsafe { message(flags, source, code, arguments, Width::Wide) } {
        Ok(message) if buffer.has_room(&message) => message,
        Ok(message) => {
            // SAFETY: as the caller promises.
            unsafe { give_beginning(&message, buffer) };
            return Err(Code::INSUFFICIENT_BUFFER);
        }
        Err(code) => {
            if code == NO_WORK_DONE {
                // SAFETY: as the caller promises.
                unsafe { give_beginning(&[], buffer) };
            }
            return Err(code);
        }
    };
    // SAFETY: as the caller promises.
    unsafe { buffer.give(&message) }
}

/// What the W-function leaves in the buffer when it fails for want of room or of a text.
///
/// # Safety
///
/// The buffer has room for its capacity.
unsafe fn give_beginning(message: &[u16], buffer: &Buffer<u16>) {
    if !buffer.is_to_be_made && buffer.capacity != 0 {
        let fits = message.len().min(buffer.capacity - 1);
        // SAFETY: as the caller promises.
        unsafe { text::give(&message[..fits], buffer.place, buffer.capacity) };
    }
}
