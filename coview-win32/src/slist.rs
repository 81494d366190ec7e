//! Singly linked lists that threads push to and pop from.
//!
//! Needs `unsafe` to export functions, and to link entries that callers point to.
//!
//! The entry on top is marked while a thread changes the list, which is over in a few instructions: so a thread never
//! reads an entry that another one has popped and freed.

use std::hint;
use std::ptr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

/// Windows' structure.
#[repr(C, align(16))]
pub(crate) struct Entry {
    next: *mut Entry,
}

/// Windows' structure. An empty list is all zeros.
#[repr(C, align(16))]
pub(crate) struct Header {
    /// The number of entries in the low 16 bits, and above them the number of changes.
    counts: AtomicU64,
    /// The address of the entry on top; with [`HELD`] while a thread changes the list.
    top: AtomicUsize,
}

const _: () = assert!(size_of::<Entry>() == 16 && size_of::<Header>() == 16);

/// Entries are at multiples of 16.
const HELD: usize = 1;
const LOOKS_MAX: u32 = 100;
const DEPTH: u64 = 0xffff;

impl Header {
    /// Replaces the entry on top by what `change` makes of it, and the depth; returns the entry that was there.
    fn change(&self, change: impl FnOnce(*mut Entry, u64) -> (*mut Entry, u64)) -> *mut Entry {
        let before = self.hold();
        // Relaxed: only who holds the list writes it.
        let counts = self.counts.load(Ordering::Relaxed);
        let (top, depth) = change(before, counts & DEPTH);
        let changes = (counts | DEPTH).wrapping_add(1);
        // Relaxed: as above.
        self.counts.store(changes | depth & DEPTH, Ordering::Relaxed);
        // Release: pairs with the Acquire of `hold`.
        self.top.store(top.expose_provenance(), Ordering::Release);
        before
    }

    fn hold(&self) -> *mut Entry {
        let mut looks = 0;
        loop {
            // Acquire: pairs with the Release of `change`.
            let top = self.top.fetch_or(HELD, Ordering::Acquire);
            if top & HELD == 0 {
                return ptr::with_exposed_provenance_mut(top);
            }
            looks += 1;
            if looks < LOOKS_MAX { hint::spin_loop() } else { thread::yield_now() }
        }
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitializeSListHead(list: *mut Header) {
    // SAFETY: as Windows demands of the caller.
    unsafe { list.write(Header { counts: AtomicU64::new(0), top: AtomicUsize::new(0) }) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn QueryDepthSList(list: *const Header) -> u16 {
    // Relaxed: the answer is old when it is given.
    // SAFETY: as Windows demands of the caller.
    unsafe { &*list }.counts.load(Ordering::Relaxed) as u16
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InterlockedPushEntrySList(list: *const Header, entry: *mut Entry) -> *mut Entry {
    // SAFETY: as Windows demands of the caller.
    unsafe { InterlockedPushListSListEx(list, entry, entry, 1) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InterlockedPushListSListEx(
    list: *const Header,
    first: *mut Entry,
    last: *mut Entry,
    count: u32,
) -> *mut Entry {
    // SAFETY: as Windows demands of the caller.
    let list = unsafe { &*list };
    list.change(|top, depth| {
        // SAFETY: the entry is the caller's until it is in the list.
        unsafe { (*last).next = top };
        (first, depth + u64::from(count))
    })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InterlockedPopEntrySList(list: *const Header) -> *mut Entry {
    // SAFETY: as Windows demands of the caller.
    let list = unsafe { &*list };
    list.change(|top, depth| {
        // SAFETY: an entry that is in the list stays there while the list is held.
        match unsafe { top.as_ref() } {
            Some(entry) => (entry.next, depth.wrapping_sub(1)),
            None => (top, depth),
        }
    })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InterlockedFlushSList(list: *const Header) -> *mut Entry {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*list }.change(|_, _| (ptr::null_mut(), 0))
}
