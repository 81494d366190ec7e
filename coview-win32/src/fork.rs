//! A child that was forked without `exec`: it has one thread, and finds the handles of its parent usable.
//!
//! Needs `unsafe` to register with `fork`. The locks of the tables are taken before a fork and given back on both sides
//! after it, so that no other thread has them in that moment. What other libraries lock is their business.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::{MutexGuard, Once};

use crate::{hazard, mapped_file, region, standard, table, thread, virtual_memory, watcher};

/// Everything that is locked across a fork, in an order that nothing goes against.
struct Held {
    _locks: (
        standard::Held,
        MutexGuard<'static, table::Free>,
        watcher::Held,
        thread::Held,
        MutexGuard<'static, region::Regions>,
        virtual_memory::Held,
        mapped_file::Held,
    ),
}

thread_local! {
    static HELD: Cell<Option<ManuallyDrop<Held>>> = const { Cell::new(None) };
}

/// Registers with `fork`.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handlers stay, and call nothing that may not be called there.
        unsafe { libc::pthread_atfork(Some(take), Some(give_back), Some(begin_child)) };
    });
}

extern "C" fn take() {
    let locks = (
        standard::hold(),
        table::hold(),
        watcher::hold(),
        thread::hold(),
        region::regions(),
        virtual_memory::hold(),
        mapped_file::hold(),
    );
    HELD.set(Some(ManuallyDrop::new(Held { _locks: locks })));
}

extern "C" fn give_back() {
    drop(HELD.take().map(ManuallyDrop::into_inner));
}

extern "C" fn begin_child() {
    hazard::forget_others();
    give_back();
}
