//! Fences that one side pays for both: `membarrier`, which makes every processor that runs a registered process pass a
//! full fence.
//!
//! Needs `unsafe` for `syscall`.

use std::sync::atomic::{Ordering, compiler_fence, fence};

const QUERY: libc::c_int = 0;
const GLOBAL_EXPEDITED: libc::c_int = 1 << 1;
const REGISTER_GLOBAL_EXPEDITED: libc::c_int = 1 << 2;

/// What a process does between a store and a load that both matter to who sleeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Barrier {
    /// Those who sleep do the work.
    registered: bool,
    /// This process can do the work.
    reaches_all: bool,
}

impl Barrier {
    pub(crate) fn new() -> Barrier {
        let reaches_all = membarrier(QUERY).is_some_and(|commands| commands & GLOBAL_EXPEDITED != 0);
        let registered = reaches_all && membarrier(REGISTER_GLOBAL_EXPEDITED).is_some();
        Barrier { registered, reaches_all }
    }

    pub(crate) fn reaches_all(self) -> bool {
        self.reaches_all
    }

    #[inline]
    pub(crate) fn light(self) {
        if self.registered {
            // The processor may still turn the two around, unless somebody calls `heavy`; the compiler may not.
            compiler_fence(Ordering::SeqCst);
        } else {
            // Pairs with the fence of `heavy`.
            fence(Ordering::SeqCst);
        }
    }

    pub(crate) fn heavy(self) {
        // Pairs with those who were not registered.
        fence(Ordering::SeqCst);
        if self.reaches_all {
            membarrier(GLOBAL_EXPEDITED);
        }
    }
}

fn membarrier(command: libc::c_int) -> Option<libc::c_int> {
    // SAFETY: a call without pointers.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
    libc::c_int::try_from(result).ok().filter(|&result| result >= 0)
}
