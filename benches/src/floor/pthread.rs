//! The C library's own mutex for processes that may die: what Coview's mutex must not be slower than.
//!
//! Needs `unsafe` for the C library's calls.

use std::mem::zeroed;

use super::memory::Memory;

/// A robust, process-shared mutex; not recursive, so it does less than Coview's.
pub(crate) struct RobustMutex<'a> {
    mutex: *mut libc::pthread_mutex_t,
    _memory: &'a Memory,
}

impl<'a> RobustMutex<'a> {
    /// Initialises a mutex at place number `index`.
    pub(crate) fn new(memory: &'a Memory, index: usize) -> RobustMutex<'a> {
        let mutex: *mut libc::pthread_mutex_t = memory.place(index).cast();
        // SAFETY: the attributes are initialised before they are used.
        let mut attributes: libc::pthread_mutexattr_t = unsafe { zeroed() };
        // SAFETY: the structure is ours.
        check(unsafe { libc::pthread_mutexattr_init(&mut attributes) });
        // SAFETY: the attributes are initialised.
        check(unsafe { libc::pthread_mutexattr_setpshared(&mut attributes, libc::PTHREAD_PROCESS_SHARED) });
        // SAFETY: the attributes are initialised.
        check(unsafe { libc::pthread_mutexattr_setrobust(&mut attributes, libc::PTHREAD_MUTEX_ROBUST) });
        // SAFETY: the place is aligned, large enough, shared, and not yet in use.
        check(unsafe { libc::pthread_mutex_init(mutex, &attributes) });
        RobustMutex { mutex, _memory: memory }
    }

    #[inline]
    pub(crate) fn lock(&self) {
        // SAFETY: the mutex is initialised, and its memory lives.
        check(unsafe { libc::pthread_mutex_lock(self.mutex) });
    }

    #[inline]
    pub(crate) fn unlock(&self) {
        // SAFETY: the mutex is initialised, its memory lives, and this thread has locked it.
        check(unsafe { libc::pthread_mutex_unlock(self.mutex) });
    }
}

#[inline]
fn check(outcome: i32) {
    assert_eq!(outcome, 0, "pthread mutex");
}
