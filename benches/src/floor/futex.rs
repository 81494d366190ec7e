//! The least that a lock and an event between processes can be: one word and the futex call.
//!
//! Needs `unsafe` for the system call.

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use super::memory::Memory;

const FREE: u32 = 0;
const HELD: u32 = 1;
const HELD_WITH_WAITERS: u32 = 2;

/// The three-state lock of Drepper's "Futexes Are Tricky": not robust, not recursive, no owner.
pub(crate) struct FutexLock<'a> {
    word: &'a AtomicU32,
}

impl<'a> FutexLock<'a> {
    pub(crate) fn new(memory: &'a Memory, index: usize) -> FutexLock<'a> {
        FutexLock { word: memory.word(index) }
    }

    #[inline]
    pub(crate) fn lock(&self) {
        // Acquire pairs with the release in `unlock`.
        if self.word.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.lock_slowly();
        }
    }

    #[cold]
    fn lock_slowly(&self) {
        // Acquire pairs with the release in `unlock`.
        while self.word.swap(HELD_WITH_WAITERS, Ordering::Acquire) != FREE {
            wait(self.word, HELD_WITH_WAITERS);
        }
    }

    #[inline]
    pub(crate) fn unlock(&self) {
        // Release pairs with the acquire of the next locker.
        if self.word.swap(FREE, Ordering::Release) == HELD_WITH_WAITERS {
            wake_one(self.word);
        }
    }
}

const CLEAR: u32 = 0;
const SET: u32 = 1;
const CLEAR_WITH_SLEEPER: u32 = 2;

/// An auto-reset event for one waiter; a setter calls the kernel only when the waiter sleeps.
pub(crate) struct FutexEvent<'a> {
    word: &'a AtomicU32,
}

impl<'a> FutexEvent<'a> {
    pub(crate) fn new(memory: &'a Memory, index: usize) -> FutexEvent<'a> {
        FutexEvent { word: memory.word(index) }
    }

    #[inline]
    pub(crate) fn set(&self) {
        // Release pairs with the acquire in `wait`.
        if self.word.swap(SET, Ordering::Release) == CLEAR_WITH_SLEEPER {
            wake_one(self.word);
        }
    }

    #[inline]
    pub(crate) fn wait(&self) {
        // Acquire pairs with the release in `set`.
        while self.word.compare_exchange(SET, CLEAR, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.sleep();
        }
    }

    fn sleep(&self) {
        // Relaxed: the word publishes nothing here; a set in between makes the exchange or the kernel's check fail.
        let _ = self.word.compare_exchange(CLEAR, CLEAR_WITH_SLEEPER, Ordering::Relaxed, Ordering::Relaxed);
        wait(self.word, CLEAR_WITH_SLEEPER);
    }
}

/// Sleeps while the word is `expected`; may return early.
fn wait(word: &AtomicU32, expected: u32) {
    // SAFETY: the word is mapped while it is borrowed; a null timeout waits for ever.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, ptr::null::<libc::timespec>()) };
}

fn wake_one(word: &AtomicU32) {
    // SAFETY: the word is mapped while it is borrowed.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
}
