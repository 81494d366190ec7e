//! Plain shared memory without a name, for floors and for what two processes have to tell each other.
//!
//! Needs `unsafe` for `mmap` and for the addresses it gives.

use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// Far enough apart that no two words share a cache line or the line that is fetched with it.
const WORD_STRIDE: usize = 128;

/// Zeroed memory that this process shares with the children it forks.
pub(crate) struct Memory {
    start: *mut u8,
    len: usize,
}

impl Memory {
    /// Maps `len` bytes and enters every page into the page table.
    pub(crate) fn new(len: usize) -> Memory {
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_POPULATE;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
        Memory { start: start.cast(), len }
    }

    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.start
    }

    /// The 32-bit word number `index`, on lines of its own.
    pub(crate) fn word(&self, index: usize) -> &AtomicU32 {
        // SAFETY: `place` is aligned and inside memory that lives as long as `self`; all access to it is atomic.
        unsafe { AtomicU32::from_ptr(self.place(index).cast()) }
    }

    /// The 64-bit word number `index`, on lines of its own.
    pub(crate) fn long(&self, index: usize) -> &AtomicU64 {
        // SAFETY: as in `word`.
        unsafe { AtomicU64::from_ptr(self.place(index).cast()) }
    }

    /// The address of place number `index`.
    pub(crate) fn place(&self, index: usize) -> *mut u8 {
        assert!((index + 1) * WORD_STRIDE <= self.len, "the place is inside the memory");
        self.start.wrapping_add(index * WORD_STRIDE)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing borrowed from it is left.
        unsafe { libc::munmap(self.start.cast(), self.len) };
    }
}
