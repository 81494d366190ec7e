//! Condition variables of one process: one word, zero while nobody waits.
//!
//! Needs `unsafe` to export functions, to look at what callers point to, and to park threads on an address.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::lock_api::RawRwLock as _;
use parking_lot_core::{DEFAULT_PARK_TOKEN, DEFAULT_UNPARK_TOKEN, ParkResult, park, unpark_all, unpark_one};

use crate::critical_section::CriticalSection;
use crate::last_error::{self, Code, Result};
use crate::srw_lock::{self, SrwLock};

/// Windows' structure.
#[repr(C)]
pub(crate) struct ConditionVariable {
    /// 1 if threads may be parked on this address, else 0. It becomes 1 while the sleeper has the lock, and 0 when the
    /// queue is empty, both under the queue's lock.
    sleepers: AtomicUsize,
}

const _: () = assert!(size_of::<ConditionVariable>() == 8);

const TIMEOUT: Code = Code(1460);
const LOCKMODE_SHARED: u32 = 1;
const INFINITE: u32 = u32::MAX;

/// When a wait of this many milliseconds ends; `None` for never.
pub(crate) fn deadline(timeout_ms: u32) -> Option<Instant> {
    (timeout_ms != INFINITE).then(|| Instant::now() + Duration::from_millis(timeout_ms.into()))
}

impl ConditionVariable {
    fn key(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Sleeps until it is woken or the time is over; `release` gives up the caller's lock when waking can no longer be
    /// missed.
    fn sleep(&self, timeout_ms: u32, release: impl FnOnce()) -> Result<()> {
        let until = deadline(timeout_ms);
        // Relaxed: who wakes after changing what the lock protects sees it through the lock, and the rest happens under
        // the queue's lock.
        let announce = || {
            self.sleepers.store(1, Ordering::Relaxed);
            true
        };
        let timed_out = |_, was_last| self.forget_sleepers(was_last);
        // SAFETY: the address is this variable's own; what runs under the queue's lock neither panics nor parks.
        let result = unsafe { park(self.key(), announce, release, timed_out, DEFAULT_PARK_TOKEN, until) };
        if result == ParkResult::TimedOut { Err(TIMEOUT) } else { Ok(()) }
    }

    fn forget_sleepers(&self, none_left: bool) {
        if none_left {
            // Relaxed: as above.
            self.sleepers.store(0, Ordering::Relaxed);
        }
    }

    fn wake(&self) {
        // Relaxed: as above.
        if self.sleepers.load(Ordering::Relaxed) != 0 {
            self.wake_sleeper();
        }
    }

    #[cold]
    fn wake_sleeper(&self) {
        let woken = |result: parking_lot_core::UnparkResult| {
            self.forget_sleepers(!result.have_more_threads);
            DEFAULT_UNPARK_TOKEN
        };
        // SAFETY: as for parking.
        unsafe { unpark_one(self.key(), woken) };
    }

    fn wake_all(&self) {
        // Relaxed: as above. The word stays 1 for the next to wake, so that no sleeper is forgotten that comes now.
        if self.sleepers.load(Ordering::Relaxed) != 0 {
            // SAFETY: as for parking.
            unsafe { unpark_all(self.key(), DEFAULT_UNPARK_TOKEN) };
        }
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitializeConditionVariable(variable: *mut ConditionVariable) {
    // SAFETY: as Windows demands of the caller.
    unsafe { variable.write(ConditionVariable { sleepers: AtomicUsize::new(0) }) };
}

/// Leaves the critical section once, as Windows does: who entered it twice still has it while sleeping.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SleepConditionVariableCS(
    variable: *const ConditionVariable,
    section: *const CriticalSection,
    timeout_ms: u32,
) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let variable = unsafe { &*variable };
    // SAFETY: as Windows demands of the caller.
    let section = unsafe { &*section };
    let result = variable.sleep(timeout_ms, || section.leave());
    section.enter();
    last_error::truth(result)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SleepConditionVariableSRW(
    variable: *const ConditionVariable,
    lock: *const SrwLock,
    timeout_ms: u32,
    flags: u32,
) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let variable = unsafe { &*variable };
    // SAFETY: as Windows demands of the caller.
    let lock = unsafe { &*lock };
    last_error::truth(match flags {
        0 => sleep_exclusive(variable, lock, timeout_ms),
        LOCKMODE_SHARED => sleep_shared(variable, lock, timeout_ms),
        _ => Err(Code::INVALID_PARAMETER),
    })
}

fn sleep_exclusive(variable: &ConditionVariable, lock: &SrwLock, timeout_ms: u32) -> Result<()> {
    let result = variable.sleep(timeout_ms, || srw_lock::release_exclusive(lock));
    lock.lock_exclusive();
    result
}

fn sleep_shared(variable: &ConditionVariable, lock: &SrwLock, timeout_ms: u32) -> Result<()> {
    let result = variable.sleep(timeout_ms, || srw_lock::release_shared(lock));
    lock.lock_shared();
    result
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn WakeConditionVariable(variable: *const ConditionVariable) {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*variable }.wake();
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn WakeAllConditionVariable(variable: *const ConditionVariable) {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*variable }.wake_all();
}
