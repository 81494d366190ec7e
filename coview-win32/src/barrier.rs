//! Synchronization barriers: threads wait for one another, until all are there.
//!
//! Needs `unsafe` to export functions, to look at what callers point to, and to park threads on an address.

use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering};

use parking_lot_core::{DEFAULT_PARK_TOKEN, DEFAULT_UNPARK_TOKEN, park, unpark_all};

use crate::last_error::{self, Code, Result};

/// Windows' structure.
#[repr(C)]
pub(crate) struct Barrier {
    /// How many threads have come since it opened last.
    arrived: AtomicI32,
    /// How many it takes.
    total: i32,
    /// How often it has opened.
    openings: AtomicUsize,
    /// The threads that wait and that the barrier must outlive.
    inside: AtomicUsize,
    reserved: [AtomicU32; 2],
}

const _: () = assert!(size_of::<Barrier>() == 32);

const NO_DELETE: u32 = 4;
/// As often as the system finds right.
const USUAL_SPINS: i32 = -1;

impl Barrier {
    fn new(total: i32) -> Barrier {
        Barrier {
            arrived: AtomicI32::new(0),
            total,
            openings: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
            reserved: [const { AtomicU32::new(0) }; 2],
        }
    }

    /// Waits for the others; true for the thread that came last.
    fn enter(&self, outlives: bool) -> bool {
        // Acquire: who enters again has seen the last opening.
        let openings = self.openings.load(Ordering::Acquire);
        let counted = usize::from(!outlives);
        // SeqCst: pairs with the load of `closed`; the count is there before the last thread can come.
        self.inside.fetch_add(counted, Ordering::SeqCst);
        // AcqRel: what each thread did before it came, all see when they go on.
        let is_last = self.arrived.fetch_add(1, Ordering::AcqRel) + 1 >= self.total;
        if is_last {
            self.open()
        } else {
            self.await_opening(openings)
        }
        // SeqCst: as above. Only the address is used afterwards.
        let key = ptr::from_ref(&self.inside).addr();
        if self.inside.fetch_sub(counted, Ordering::SeqCst) == counted {
            wake(key);
        }
        is_last
    }

    fn open(&self) {
        // Relaxed: who comes next has seen the opening.
        self.arrived.store(0, Ordering::Relaxed);
        // Release: pairs with the Acquire loads.
        self.openings.fetch_add(1, Ordering::Release);
        wake(ptr::from_ref(self).addr());
    }

    fn await_opening(&self, openings: usize) {
        // Acquire: pairs with the Release in `open`.
        await_change(ptr::from_ref(self).addr(), || self.openings.load(Ordering::Acquire) == openings);
    }

    /// Waits until no thread is inside that the barrier must outlive.
    fn closed(&self) {
        // SeqCst: pairs with the changes in `enter`.
        await_change(ptr::from_ref(&self.inside).addr(), || self.inside.load(Ordering::SeqCst) != 0);
    }
}

/// Parks the thread on an address for as long as `unchanged` says.
fn await_change(key: usize, unchanged: impl Fn() -> bool) {
    while unchanged() {
        // SAFETY: the address is of the barrier's own; what runs under the queue's lock neither panics nor parks.
        unsafe { park(key, &unchanged, || {}, |_, _| {}, DEFAULT_PARK_TOKEN, None) };
    }
}

fn wake(key: usize) {
    // SAFETY: as for parking.
    unsafe { unpark_all(key, DEFAULT_UNPARK_TOKEN) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitializeSynchronizationBarrier(barrier: *mut Barrier, total: i32, spins: i32) -> i32 {
    let made: Result<()> = if barrier.is_null() || total <= 0 || spins < USUAL_SPINS {
        Err(Code::INVALID_PARAMETER)
    } else {
        // SAFETY: as Windows demands of the caller.
        unsafe { barrier.write(Barrier::new(total)) };
        Ok(())
    };
    last_error::truth(made)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn EnterSynchronizationBarrier(barrier: *const Barrier, flags: u32) -> i32 {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*barrier }.enter(flags & NO_DELETE != 0).into()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn DeleteSynchronizationBarrier(barrier: *const Barrier) -> i32 {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*barrier }.closed();
    1
}
