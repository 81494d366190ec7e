//! The local and the global heap, which are one: `LocalAlloc`, `GlobalAlloc` and their relatives.
//!
//! Needs `unsafe` to export functions, and to reach blocks by the pointers that callers have.
//!
//! The handle of a moveable block is its address; locking counts, and returns the same. Whatever is a pointer from
//! `malloc` may be freed here.

use std::ffi::c_void;
use std::ptr;

use parking_lot::Mutex;

use super::block::{self, Kind};
use crate::last_error::{self, Code, Result};

const MOVEABLE: u32 = 2;
const ZEROINIT: u32 = 0x40;
const MODIFY: u32 = 0x80;

const DISCARDED: Code = Code(157);
const NOT_LOCKED: Code = Code(158);

/// Who counts locks.
static LOCKS: Mutex<()> = Mutex::new(());

fn allocate(flags: u32, size: usize) -> Result<*mut u8> {
    let block = block::allocate(size, flags & ZEROINIT != 0);
    if block.is_null() {
        return Err(Code::NOT_ENOUGH_MEMORY);
    }
    if flags & MOVEABLE != 0 {
        // SAFETY: it is a new block.
        unsafe { block::set_kind(block, Kind { moveable: true, discarded: size == 0, locks: 0 }) };
    }
    Ok(block)
}

fn present(block: *mut c_void) -> Result<*mut u8> {
    if block.is_null() { Err(Code::INVALID_HANDLE) } else { Ok(block.cast()) }
}

/// # Safety
///
/// The pointer is null or a block.
unsafe fn reallocate(block: *mut c_void, size: usize, flags: u32) -> Result<*mut u8> {
    let block = present(block)?;
    if flags & MODIFY != 0 {
        // SAFETY: as the caller promises.
        unsafe { modify(block, flags) };
        return Ok(block);
    }
    // SAFETY: as the caller promises.
    unsafe { resize(block, size, flags) }
}

/// # Safety
///
/// It is a block.
unsafe fn modify(block: *mut u8, flags: u32) {
    let _counting = LOCKS.lock();
    // SAFETY: as the caller promises.
    let kind = unsafe { block::kind(block) };
    // SAFETY: as the caller promises.
    unsafe { block::set_kind(block, Kind { moveable: kind.moveable || flags & MOVEABLE != 0, ..kind }) };
}

/// As on Windows a block moves only if it is moveable and not locked, or if the caller allows it.
///
/// # Safety
///
/// It is a block.
unsafe fn resize(block: *mut u8, size: usize, flags: u32) -> Result<*mut u8> {
    // SAFETY: as the caller promises.
    let kind = unsafe { block::kind(block) };
    let zero = flags & ZEROINIT != 0;
    let may_move = flags & MOVEABLE != 0 || kind.moveable && kind.locks == 0;
    let new = if may_move {
        // SAFETY: as the caller promises.
        unsafe { block::reallocate(block, size, zero) }
    } else {
        // SAFETY: as the caller promises.
        unsafe { block::resize_in_place(block, size, zero) }
    };
    if new.is_null() {
        return Err(Code::NOT_ENOUGH_MEMORY);
    }
    // SAFETY: it is a block.
    unsafe { block::set_kind(new, Kind { discarded: kind.moveable && size == 0, ..kind }) };
    Ok(new)
}

/// # Safety
///
/// The pointer is null or a block, which nobody uses any more.
unsafe fn free(block: *mut c_void) -> *mut c_void {
    if let Ok(block) = present(block) {
        // SAFETY: as the caller promises.
        unsafe { block::free(block) };
    }
    ptr::null_mut()
}

/// # Safety
///
/// The pointer is null or a block.
unsafe fn size(block: *mut c_void) -> Result<usize> {
    let block = present(block)?;
    // SAFETY: as the caller promises.
    Ok(unsafe { block::size(block) })
}

/// # Safety
///
/// The pointer is null or a block.
unsafe fn lock(block: *mut c_void) -> Result<*mut u8> {
    let block = present(block)?;
    let _counting = LOCKS.lock();
    // SAFETY: as the caller promises.
    let kind = unsafe { block::kind(block) };
    if kind.discarded {
        return Err(DISCARDED);
    }
    if kind.moveable {
        // SAFETY: as the caller promises.
        unsafe { block::set_kind(block, Kind { locks: kind.locks.saturating_add(1), ..kind }) };
    }
    Ok(block)
}

/// As on Windows the last unlocking fails, with the last error 0, and a fixed block is always locked.
///
/// # Safety
///
/// The pointer is null or a block.
unsafe fn unlock(block: *mut c_void) -> Result<()> {
    let block = present(block)?;
    let _counting = LOCKS.lock();
    // SAFETY: as the caller promises.
    let kind = unsafe { block::kind(block) };
    if !kind.moveable {
        return Ok(());
    }
    let locks = kind.locks.checked_sub(1).ok_or(NOT_LOCKED)?;
    // SAFETY: as the caller promises.
    unsafe { block::set_kind(block, Kind { locks, ..kind }) };
    if locks == 0 { Err(Code::SUCCESS) } else { Ok(()) }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn LocalAlloc(flags: u32, size: usize) -> *mut c_void {
    last_error::value(allocate(flags, size), ptr::null_mut()).cast()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn LocalReAlloc(block: *mut c_void, size: usize, flags: u32) -> *mut c_void {
    // SAFETY: as Windows demands of the caller.
    last_error::value(unsafe { reallocate(block, size, flags) }, ptr::null_mut()).cast()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn LocalFree(block: *mut c_void) -> *mut c_void {
    // SAFETY: as Windows demands of the caller.
    unsafe { free(block) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn LocalSize(block: *mut c_void) -> usize {
    // SAFETY: as Windows demands of the caller.
    last_error::value(unsafe { size(block) }, 0)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GlobalAlloc(flags: u32, size: usize) -> *mut c_void {
    last_error::value(allocate(flags, size), ptr::null_mut()).cast()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GlobalReAlloc(block: *mut c_void, size: usize, flags: u32) -> *mut c_void {
    // SAFETY: as Windows demands of the caller.
    last_error::value(unsafe { reallocate(block, size, flags) }, ptr::null_mut()).cast()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GlobalFree(block: *mut c_void) -> *mut c_void {
    // SAFETY: as Windows demands of the caller.
    unsafe { free(block) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GlobalSize(block: *mut c_void) -> usize {
    // SAFETY: as Windows demands of the caller.
    last_error::value(unsafe { size(block) }, 0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GlobalLock(block: *mut c_void) -> *mut c_void {
    // SAFETY: as Windows demands of the caller.
    last_error::value(unsafe { lock(block) }, ptr::null_mut()).cast()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GlobalUnlock(block: *mut c_void) -> i32 {
    // SAFETY: as Windows demands of the caller.
    last_error::truth(unsafe { unlock(block) })
}
