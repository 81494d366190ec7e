//! The priorities of threads.
//!
//! Needs `unsafe` to export functions.
//!
//! The kernel's scheduler goes its own way; the number is kept for those who ask.

use std::sync::atomic::{AtomicI32, Ordering};

use crate::last_error::{self, Code};
use crate::table::Handle;
use crate::thread::{QUERY_LIMITED, SET_LIMITED, with_thread};

const IDLE: i32 = -15;
const LOWEST: i32 = -2;
const HIGHEST: i32 = 2;
const TIME_CRITICAL: i32 = 15;
const ERROR_RETURN: i32 = i32::MAX;

/// What a thread keeps: one of the levels that a process of an ordinary class may ask for.
#[derive(Debug)]
pub(crate) struct Priority(AtomicI32);

impl Priority {
    /// `THREAD_PRIORITY_NORMAL`.
    pub(crate) const fn normal() -> Priority {
        Priority(AtomicI32::new(0))
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn SetThreadPriority(handle: Handle, level: i32) -> i32 {
    last_error::truth(with_thread(handle, SET_LIMITED, |thread| {
        if !matches!(level, IDLE | LOWEST..=HIGHEST | TIME_CRITICAL) {
            return Err(Code::INVALID_PARAMETER);
        }
        // Relaxed: a number for itself.
        thread.priority().0.store(level, Ordering::Relaxed);
        Ok(())
    }))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetThreadPriority(handle: Handle) -> i32 {
    // Relaxed: a number for itself.
    let level = with_thread(handle, QUERY_LIMITED, |thread| Ok(thread.priority().0.load(Ordering::Relaxed)));
    last_error::value(level, ERROR_RETURN)
}
