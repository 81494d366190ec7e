//! The arguments of a message: an array, or a `va_list` of C.
//!
//! Needs `unsafe` to read what callers point to.

use std::ffi::c_void;

use crate::last_error::{Code, Result};

/// Where arguments come from, one machine word each.
enum Source {
    Nowhere,
    Array(*const usize),
    List(*mut List),
}

/// The arguments, of which a list can be read but once.
pub(super) struct Arguments {
    source: Source,
    read: Vec<usize>,
    /// How many have been asked for so far; the next one follows.
    last: usize,
}

impl Arguments {
    /// # Safety
    ///
    /// The pointer is null or leads to an array or to a `va_list`, which have what is asked for later.
    pub(super) unsafe fn new(pointer: *mut c_void, is_array: bool) -> Arguments {
        let source = match is_array {
            _ if pointer.is_null() => Source::Nowhere,
            true => Source::Array(pointer.cast()),
            false => Source::List(pointer.cast()),
        };
        Arguments { source, read: Vec::new(), last: 0 }
    }

    /// # Safety
    ///
    /// The message has an argument of this number, counted from 1.
    pub(super) unsafe fn get(&mut self, number: usize) -> Result<usize> {
        let value = match self.source {
            Source::Nowhere => return Err(Code::INVALID_PARAMETER),
            // SAFETY: as the caller promises.
            Source::Array(array) => unsafe { *array.wrapping_add(number - 1) },
            // SAFETY: as the caller promises.
            Source::List(list) => unsafe { self.get_from(list, number) }?,
        };
        self.last = self.last.max(number);
        Ok(value)
    }

    /// # Safety
    ///
    /// As for [`get`](Self::get).
    unsafe fn get_from(&mut self, list: *mut List, number: usize) -> Result<usize> {
        while self.read.len() < number {
            // SAFETY: as the caller promises.
            self.read.push(unsafe { next(list) }?);
        }
        Ok(self.read[number - 1])
    }

    /// The argument after the last.
    ///
    /// # Safety
    ///
    /// As for [`get`](Self::get).
    pub(super) unsafe fn get_next(&mut self) -> Result<usize> {
        // SAFETY: as the caller promises.
        unsafe { self.get(self.last + 1) }
    }

    /// The value that follows a width or a precision. From a list it takes the number of that one, as on Windows.
    ///
    /// # Safety
    ///
    /// As for [`get`](Self::get).
    pub(super) unsafe fn get_after_star(&mut self) -> Result<usize> {
        if matches!(self.source, Source::List(_)) {
            self.last = self.last.saturating_sub(1);
            self.read.truncate(self.last);
        }
        // SAFETY: as the caller promises.
        unsafe { self.get_next() }
    }
}

/// What `va_list` is in the System V ABI for AMD64.
#[cfg(target_arch = "x86_64")]
#[repr(C)]
struct List {
    general_offset: u32,
    float_offset: u32,
    overflow: *mut usize,
    saved: *mut u8,
}

/// Takes the next integer or pointer.
///
/// # Safety
///
/// The list has one more.
#[cfg(target_arch = "x86_64")]
unsafe fn next(list: *mut List) -> Result<usize> {
    const SAVED_LEN: u32 = 48;
    // SAFETY: as the caller promises.
    let list = unsafe { &mut *list };
    let place = if list.general_offset < SAVED_LEN {
        let place = list.saved.wrapping_add(list.general_offset as usize).cast::<usize>();
        list.general_offset += 8;
        place
    } else {
        let place = list.overflow;
        list.overflow = place.wrapping_add(1);
        place
    };
    // SAFETY: as the caller promises.
    Ok(unsafe { place.read() })
}

/// What `va_list` is in the procedure call standard for AArch64.
#[cfg(target_arch = "aarch64")]
#[repr(C)]
struct List {
    stack: *mut usize,
    general_end: *mut u8,
    float_end: *mut u8,
    general_offset: i32,
    float_offset: i32,
}

/// Takes the next integer or pointer.
///
/// # Safety
///
/// The list has one more.
#[cfg(target_arch = "aarch64")]
unsafe fn next(list: *mut List) -> Result<usize> {
    // SAFETY: as the caller promises.
    let list = unsafe { &mut *list };
    let place = if list.general_offset < 0 {
        let place = list.general_end.wrapping_offset(list.general_offset as isize).cast::<usize>();
        list.general_offset += 8;
        place
    } else {
        let place = list.stack;
        list.stack = place.wrapping_add(1);
        place
    };
    // SAFETY: as the caller promises.
    Ok(unsafe { place.read() })
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type List = c_void;

/// Only arrays are understood here.
///
/// # Safety
///
/// None is needed.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
unsafe fn next(_list: *mut List) -> Result<usize> {
    Err(Code::INVALID_PARAMETER)
}
