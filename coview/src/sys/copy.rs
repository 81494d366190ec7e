//! Copies between shared and private memory at the speed of `memcpy`.
//!
//! Needs `unsafe` to call the C library's own routines. Each is called through a pointer that has passed an empty
//! piece of assembly, so the compiler knows nothing of the callee: it can neither assume that shared bytes stay the
//! same nor turn one read into two, and a peer that writes meanwhile makes the bytes wrong, not the program undefined.
//! Under Miri, which has no assembly, bytes travel as relaxed atomics; short values do so everywhere.

use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Copies `len` bytes out of shared memory.
///
/// # Safety
///
/// `source` is mapped and readable for `len` bytes; `target` is valid for writing them, and nobody else's.
#[inline]
pub(crate) unsafe fn from_shared(source: *const u8, target: *mut u8, len: usize) {
    // SAFETY: the caller vouches for both ends, which cannot overlap.
    unsafe { routine::copy(source, target, len) }
}

/// Copies `len` bytes into shared memory.
///
/// # Safety
///
/// `source` is valid for reading `len` bytes; `target` is mapped and writable for as many.
#[inline]
pub(crate) unsafe fn to_shared(source: *const u8, target: *mut u8, len: usize) {
    // SAFETY: the caller vouches for both ends, which cannot overlap.
    unsafe { routine::copy(source, target, len) }
}

/// The longest value that travels in words, in line: beyond it a call of the C library costs less.
const IN_LINE_MAX: usize = 128;

/// Copies a value out of shared memory. A short one travels as relaxed atomic words.
///
/// # Safety
///
/// `source` is aligned to 8 bytes, and mapped and readable for the size of `T` rounded up to a multiple of 8; `target` is
/// valid for writing a `T`, and nobody else's.
#[inline]
pub(crate) unsafe fn value_from_shared<T>(source: *const u8, target: *mut T) {
    let (target, len) = (target.cast::<u8>(), size_of::<T>());
    if len > IN_LINE_MAX {
        // SAFETY: the caller vouches for both ends.
        return unsafe { from_shared(source, target, len) };
    }
    for at in (0..len).step_by(8) {
        // SAFETY: the word lies in what the caller vouches for, and is aligned.
        let word = unsafe { AtomicU64::from_ptr(source.wrapping_add(at).cast_mut().cast()) };
        // Relaxed: bytes that others write are torn at will; the protocol around them makes them whole.
        let bytes = word.load(Ordering::Relaxed).to_ne_bytes();
        // SAFETY: as much of the target as there is behind `at`.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), target.wrapping_add(at), (len - at).min(8)) };
    }
}

/// Copies a value into shared memory. A short one travels as relaxed atomic words, the last of them filled up with zeros.
///
/// # Safety
///
/// `source` is a `T` without padding; `target` is aligned to 8 bytes, and mapped and writable for the size of `T` rounded
/// up to a multiple of 8.
#[inline]
pub(crate) unsafe fn value_to_shared<T>(source: *const T, target: *mut u8) {
    let (source, len) = (source.cast::<u8>(), size_of::<T>());
    if len > IN_LINE_MAX {
        // SAFETY: the caller vouches for both ends.
        return unsafe { to_shared(source, target, len) };
    }
    for at in (0..len).step_by(8) {
        let mut bytes = [0; 8];
        // SAFETY: as much of the source as there is behind `at`.
        unsafe { ptr::copy_nonoverlapping(source.wrapping_add(at), bytes.as_mut_ptr(), (len - at).min(8)) };
        // SAFETY: the word lies in what the caller vouches for, and is aligned.
        let word = unsafe { AtomicU64::from_ptr(target.wrapping_add(at).cast()) };
        // Relaxed: as above.
        word.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
    }
}

/// Sets `len` bytes of shared memory.
///
/// # Safety
///
/// `target` is mapped and writable for `len` bytes.
#[inline]
pub(crate) unsafe fn fill_shared(target: *mut u8, byte: u8, len: usize) {
    // SAFETY: the caller vouches for the target.
    unsafe { routine::fill(target, byte, len) }
}

#[cfg(not(miri))]
mod routine {
    use std::arch::asm;
    use std::ffi::c_int;

    type Copy = unsafe extern "C" fn(target: *mut u8, source: *const u8, len: usize) -> *mut u8;
    type Fill = unsafe extern "C" fn(target: *mut u8, byte: c_int, len: usize) -> *mut u8;

    unsafe extern "C" {
        fn memcpy(target: *mut u8, source: *const u8, len: usize) -> *mut u8;
        fn memset(target: *mut u8, byte: c_int, len: usize) -> *mut u8;
    }

    #[inline]
    pub(super) unsafe fn copy(source: *const u8, target: *mut u8, len: usize) {
        let mut routine: Copy = memcpy;
        // SAFETY: no instruction at all; the register leaves as it came.
        unsafe { asm!("/* {0} */", inout(reg) routine, options(nostack, preserves_flags)) };
        // SAFETY: it is still `memcpy`; the caller vouches for the memory.
        unsafe { routine(target, source, len) };
    }

    #[inline]
    pub(super) unsafe fn fill(target: *mut u8, byte: u8, len: usize) {
        let mut routine: Fill = memset;
        // SAFETY: no instruction at all; the register leaves as it came.
        unsafe { asm!("/* {0} */", inout(reg) routine, options(nostack, preserves_flags)) };
        // SAFETY: it is still `memset`; the caller vouches for the memory.
        unsafe { routine(target, c_int::from(byte), len) };
    }
}

#[cfg(miri)]
mod routine {
    use std::sync::atomic::{AtomicU8, Ordering};

    pub(super) unsafe fn copy(source: *const u8, target: *mut u8, len: usize) {
        for index in 0..len {
            // SAFETY: the caller vouches for `len` bytes at both ends.
            let from = unsafe { AtomicU8::from_ptr(source.add(index).cast_mut()) };
            // SAFETY: as above.
            let to = unsafe { AtomicU8::from_ptr(target.add(index)) };
            // Relaxed: bytes that others write are torn at will anyway.
            to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    pub(super) unsafe fn fill(target: *mut u8, byte: u8, len: usize) {
        for index in 0..len {
            // SAFETY: the caller vouches for `len` bytes.
            let to = unsafe { AtomicU8::from_ptr(target.add(index)) };
            // Relaxed: as in `copy`.
            to.store(byte, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn travels<const LEN: usize>() {
        let mut value: [u8; LEN] = std::array::from_fn(|index| (index as u8).wrapping_mul(3));
        let mut shared = vec![u64::MAX; LEN.div_ceil(8) + 1];
        // SAFETY: the vector is aligned and has the bytes.
        unsafe { value_to_shared(&raw mut value, shared.as_mut_ptr().cast()) };
        assert_eq!(shared.last(), Some(&u64::MAX), "{LEN} bytes were written beyond their words");
        let mut found = [0; LEN];
        // SAFETY: as above.
        unsafe { value_from_shared(shared.as_ptr().cast(), &mut found) };
        assert_eq!(found, value);
    }

    #[test]
    fn values_of_every_length_travel_whole() {
        travels::<0>();
        travels::<1>();
        travels::<4>();
        travels::<7>();
        travels::<8>();
        travels::<63>();
        travels::<128>();
        travels::<129>();
        travels::<1000>();
    }

    #[test]
    fn copies_and_fills_every_length_and_alignment() {
        for len in 0..70 {
            for shift in 0..8 {
                let source: Vec<u8> = (0..len as u8).collect();
                let mut target = vec![0xee; len + shift + 1];
                // SAFETY: both vectors have the bytes.
                unsafe { to_shared(source.as_ptr(), target[shift..].as_mut_ptr(), len) };
                assert_eq!(target[shift..shift + len], source);
                assert_eq!(target[shift + len], 0xee);
                // SAFETY: the vector has the bytes.
                unsafe { fill_shared(target[shift..].as_mut_ptr(), 7, len) };
                assert!(target[shift..shift + len].iter().all(|&byte| byte == 7));
                assert_eq!(target[shift + len], 0xee);
            }
        }
    }
}
