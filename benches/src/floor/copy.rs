//! Copies as the machine makes them, and numbers that the compiler does not know.
//!
//! Needs `unsafe` for the C library's `memcpy`, and for hiding a number from the compiler.

use std::arch::asm;
use std::hint::black_box;
use std::mem::MaybeUninit;

use bytemuck::Pod;

/// A number that the compiler does not know. `black_box` would take it through memory, and a store just before a locked
/// instruction has to be waited for: that would count as the instruction's own time.
#[inline]
pub(crate) fn opaque(mut number: usize) -> usize {
    // SAFETY: no instruction at all; the register leaves as it came.
    unsafe { asm!("/* {0} */", inout(reg) number, options(nomem, nostack, preserves_flags)) };
    number
}

/// Calls the C library's `memcpy`, whose length the compiler cannot know.
#[inline]
pub(crate) fn memcpy(source: *const u8, target: *mut u8, len: usize) {
    // SAFETY: every caller has `len` bytes at both ends, which do not overlap.
    unsafe { libc::memcpy(target.cast(), source.cast(), opaque(len)) };
    // Nobody knows what was copied, or that it was not needed.
    black_box(target);
}

/// Copies a value out of ordinary shared memory by `memcpy`, once, and looks at it.
#[inline]
pub(crate) fn memcpy_value<T: Pod>(source: *const u8, look: impl FnOnce(&T)) {
    let mut value = MaybeUninit::<T>::uninit();
    memcpy(source, value.as_mut_ptr().cast(), size_of::<T>());
    // SAFETY: every byte was written, and any bytes make a `T`.
    look(unsafe { value.assume_init_ref() });
}

/// A value copied out of ordinary shared memory by the instructions that the compiler finds best for its length.
#[inline]
pub(crate) fn copy_value<T: Pod>(source: *const u8) -> T {
    let source = source.with_addr(opaque(source.addr())).cast::<T>();
    // SAFETY: every caller has an aligned `T` there, which nobody writes to meanwhile.
    unsafe { source.read() }
}
