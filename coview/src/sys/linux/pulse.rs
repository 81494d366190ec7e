//! Pulses of auto-reset events: a release for somebody who is blocked now, or for nobody.
//!
//! Sleepers of this object alone are handed a grant, as by a set (see `tokens`), but what finds no sleeper is taken back.
//! Who waits for several objects knows nothing of grants: while there is such a one, the pulse is *offered* to everyone
//! who waits. The word `pulse` has the number of the last offer, and in bit 0 whether it is still there. A waiter notes the
//! number before its first look, and takes only an offer of another number: whoever comes after a pulse finds the number
//! that it notes. A next pulse replaces an offer that is still there.
//!
//! | killed | what is found |
//! |---|---|
//! | before the count is set to 0 | nothing happened |
//! | after it, before the grant or offer | the event is not signaled, and nobody is released |
//! | between the grant and the wake | as if the pulse had not come yet; the next wake brings it |
//! | between the offer and the wake | those who wait find the offer at their next wake; who comes later does not |
//! | woken, before taking | the grant or offer stays for another who waits |

use std::io;
use std::sync::atomic::Ordering;

use super::block::Block;
use super::futex;
use super::thread;
use super::tokens::{WAITERS, replace, settled, state_of, take_grant};

/// The offer has not been taken.
const THERE: u32 = 1;

/// Ends the signaled state and releases one who is blocked, if there is one.
pub(super) fn pulse(block: &Block) -> io::Result<()> {
    thread::with(|thread| {
        loop {
            let seen = settled(thread, block)?;
            if replace(block, seen, state_of(0, seen)) {
                release_one(block, seen & WAITERS != 0);
                return Ok(());
            }
        }
    })
}

fn release_one(block: &Block, asleep: bool) {
    // SeqCst, here and below: ordered with the state, as in `tokens`.
    let several = || block.multi().load(Ordering::SeqCst) > 0;
    if !several() {
        if !asleep {
            return;
        }
        block.granted().fetch_add(1, Ordering::SeqCst);
        let woken = futex::wake(block.gate(), 1) > 0;
        // Somebody who waits for several objects may have come meanwhile and have been the one woken.
        let several = several();
        if woken && !several {
            return;
        }
        let taken_back = take_grant(block);
        if !taken_back || !several {
            return;
        }
    }
    offer(block);
}

/// Lets one of those who wait now take a release.
pub(super) fn offer(block: &Block) {
    let next = |seen: u32| Some((seen >> 1).wrapping_add(1) << 1 | THERE);
    // SeqCst: before the wake, and ordered with the state.
    let _ = block.pulse().fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
    futex::wake(block.gate(), futex::ALL);
}

/// The number of the last offer, which a waiter notes before it looks at the state.
pub(super) fn number(block: &Block) -> u32 {
    block.pulse().load(Ordering::SeqCst) >> 1
}

/// Whether there is an offer for a waiter that has noted `first`, and the number as it is now.
pub(super) fn look(block: &Block, first: u32) -> (bool, u32) {
    let seen = block.pulse().load(Ordering::SeqCst);
    (is_for(seen, first), seen >> 1)
}

/// Takes the offer if there is one for a waiter that has noted `first`.
pub(super) fn take(block: &Block, first: u32) -> bool {
    take_number(block, first).is_some()
}

/// As `take`, and says which one it was.
pub(super) fn take_number(block: &Block, first: u32) -> Option<u32> {
    let taken = |seen| is_for(seen, first).then_some(seen & !THERE);
    let seen = block.pulse().fetch_update(Ordering::SeqCst, Ordering::SeqCst, taken).ok()?;
    Some(seen >> 1)
}

/// Gives the offer back that this thread has taken and cannot use, unless another has come since.
pub(super) fn give_back(block: &Block, number: u32) {
    let (taken, there) = (number << 1, number << 1 | THERE);
    if block.pulse().compare_exchange(taken, there, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
        futex::wake(block.gate(), futex::ALL);
    }
}

fn is_for(seen: u32, first: u32) -> bool {
    seen & THERE != 0 && seen >> 1 != first
}
