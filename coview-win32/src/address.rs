//! Waiting for a value at an address to change.
//!
//! Needs `unsafe` to export functions, to read what callers point to, and to park threads on an address.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

use parking_lot_core::{DEFAULT_PARK_TOKEN, DEFAULT_UNPARK_TOKEN, ParkResult, park, unpark_all, unpark_one};

use crate::condition_variable::deadline;
use crate::last_error::{self, Code, Result};

const TIMEOUT: Code = Code(1460);

/// Waits while the value at `address` is the one at `compare`. Wakes threads of the own process only, as on Windows.
/// The address is a multiple of the size, which C compilers see to.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn WaitOnAddress(
    address: *mut c_void,
    compare: *const c_void,
    size: usize,
    timeout_ms: u32,
) -> i32 {
    // SAFETY: as Windows demands of the caller.
    last_error::truth(unsafe { wait(address, compare, size, timeout_ms) })
}

/// # Safety
///
/// Both pointers lead to that many bytes.
unsafe fn wait(address: *mut c_void, compare: *const c_void, size: usize, timeout_ms: u32) -> Result<()> {
    if !matches!(size, 1 | 2 | 4 | 8) || address.is_null() || compare.is_null() || !address.addr().is_multiple_of(size)
    {
        return Err(Code::INVALID_PARAMETER);
    }
    let mut unwanted = [0; 8];
    // SAFETY: as the caller promises.
    unsafe { std::ptr::copy_nonoverlapping(compare.cast(), unwanted.as_mut_ptr(), size) };
    let unwanted = u64::from_le_bytes(unwanted);
    let until = deadline(timeout_ms);
    // SAFETY: as the caller promises.
    let unchanged = || unsafe { read(address, size) } == unwanted;
    // SAFETY: nobody else parks on data of the caller's; what runs under the queue's lock neither panics nor parks.
    match unsafe { park(address.addr(), unchanged, || {}, |_, _| {}, DEFAULT_PARK_TOKEN, until) } {
        ParkResult::TimedOut => Err(TIMEOUT),
        ParkResult::Unparked(_) | ParkResult::Invalid => Ok(()),
    }
}

/// # Safety
///
/// The pointer is aligned and leads to that many bytes, which are 1, 2, 4 or 8.
unsafe fn read(address: *mut c_void, size: usize) -> u64 {
    // SeqCst in all: who changes the value and wakes afterwards takes the queue's lock after it.
    match size {
        // SAFETY: as the caller promises.
        1 => unsafe { AtomicU8::from_ptr(address.cast()) }.load(Ordering::SeqCst).into(),
        // SAFETY: as the caller promises.
        2 => unsafe { AtomicU16::from_ptr(address.cast()) }.load(Ordering::SeqCst).into(),
        // SAFETY: as the caller promises.
        4 => unsafe { AtomicU32::from_ptr(address.cast()) }.load(Ordering::SeqCst).into(),
        // SAFETY: as the caller promises.
        _ => unsafe { AtomicU64::from_ptr(address.cast()) }.load(Ordering::SeqCst),
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn WakeByAddressSingle(address: *mut c_void) {
    // SAFETY: as for parking.
    unsafe { unpark_one(address.addr(), |_| DEFAULT_UNPARK_TOKEN) };
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn WakeByAddressAll(address: *mut c_void) {
    // SAFETY: as for parking.
    unsafe { unpark_all(address.addr(), DEFAULT_UNPARK_TOKEN) };
}
