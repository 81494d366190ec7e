//! A witness in each slot: that nobody reads or writes a message before whoever had it has finished, in the order of the
//! memory model and not only in time. Relaxed words alone would not show that.
//!
//! Needs `unsafe` to share loom's cell among threads, which panics when two use it of whom neither comes after the other.

use loom::cell::UnsafeCell;

pub(super) struct Witness(UnsafeCell<()>);

// SAFETY: there is nothing in the cell, and nobody uses the pointer to it.
unsafe impl Sync for Witness {}

impl Witness {
    pub(super) fn new() -> Witness {
        Witness(UnsafeCell::new(()))
    }

    pub(super) fn write(&self) {
        self.0.with_mut(|_nothing| ());
    }

    pub(super) fn read(&self) {
        self.0.with(|_nothing| ());
    }
}
