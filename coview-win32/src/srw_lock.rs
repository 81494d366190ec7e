//! Slim reader-writer locks: one word, zero while free, not to be taken twice by one thread.
//!
//! Needs `unsafe` to export functions, to look at what callers point to, and to unlock a lock that no guard stands for.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RawRwLock;
use parking_lot::lock_api::RawRwLock as _;

/// Windows' structure.
pub(crate) type SrwLock = RawRwLock;

const _: () = assert!(size_of::<SrwLock>() == 8 && align_of::<SrwLock>() == 8);
// SAFETY: the sizes agree, and every pattern of bits is a number.
const _: () = assert!(unsafe { std::mem::transmute::<SrwLock, usize>(SrwLock::INIT) } == 0);

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitializeSRWLock(lock: *mut SrwLock) {
    // SAFETY: as Windows demands of the caller.
    unsafe { lock.write(SrwLock::INIT) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn AcquireSRWLockExclusive(lock: *const SrwLock) {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*lock }.lock_exclusive();
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn AcquireSRWLockShared(lock: *const SrwLock) {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*lock }.lock_shared();
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn TryAcquireSRWLockExclusive(lock: *const SrwLock) -> u8 {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*lock }.try_lock_exclusive().into()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn TryAcquireSRWLockShared(lock: *const SrwLock) -> u8 {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*lock }.try_lock_shared().into()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ReleaseSRWLockExclusive(lock: *const SrwLock) {
    // SAFETY: as Windows demands of the caller.
    release_exclusive(unsafe { &*lock });
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ReleaseSRWLockShared(lock: *const SrwLock) {
    // SAFETY: as Windows demands of the caller.
    release_shared(unsafe { &*lock });
}

/// What the word of a lock is on Windows while one writer has it and nobody waits.
const LOCKED_ON_WINDOWS: usize = 1;

pub(crate) fn release_exclusive(lock: &SrwLock) {
    if !lock.is_locked_exclusive() {
        return release_foreign(lock);
    }
    // SAFETY: it was locked just now, and the caller says by whom.
    unsafe { lock.unlock_exclusive() };
}

pub(crate) fn release_shared(lock: &SrwLock) {
    // A writer that waits for the readers to leave makes the lock look exclusive, so that cannot be refused.
    if !lock.is_locked() {
        not_owned();
    }
    // SAFETY: it was locked just now, and the caller says by whom.
    unsafe { lock.unlock_shared() };
}

/// Frees a lock into whose word the program has written what a taken one has on Windows, which some programs do.
#[cold]
fn release_foreign(lock: &SrwLock) {
    // SAFETY: the lock is one word, which is only ever used as an atomic one.
    let word = unsafe { AtomicUsize::from_ptr(std::ptr::from_ref(lock).cast_mut().cast()) };
    // Release: pairs with the Acquire of whoever locks it next.
    if word.compare_exchange(LOCKED_ON_WINDOWS, 0, Ordering::Release, Ordering::Relaxed).is_err() {
        not_owned();
    }
}

/// Ends the process, as Windows' `STATUS_RESOURCE_NOT_OWNED` does.
#[cold]
fn not_owned() -> ! {
    std::process::abort()
}
