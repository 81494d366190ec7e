//! Fences on both sides: Windows has none that reaches the threads of other processes.

use std::sync::atomic::{Ordering, fence};

/// What a process does between a store and a load that both matter to who sleeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Barrier;

impl Barrier {
    pub(crate) fn new() -> Barrier {
        Barrier
    }

    #[inline]
    pub(crate) fn light(self) {
        // Pairs with the fence of `heavy`.
        fence(Ordering::SeqCst);
    }

    pub(crate) fn heavy(self) {
        // Pairs with the fence of `light`.
        fence(Ordering::SeqCst);
    }

    pub(crate) fn reaches_all(self) -> bool {
        true
    }
}
