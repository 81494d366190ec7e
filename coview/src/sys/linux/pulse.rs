//! Pulses of auto-reset events: a release for somebody who is blocked now, or for nobody.
//!
//! Sleepers of this object alone are handed a grant, as by a set (see `tokens`), but what finds no sleeper is taken back.
//! Who waits for several objects knows nothing of grants: while there is such a one, the pulse is *offered* to everyone
//! who waits. The word `pulse` has the number of the last offer, and in bit 0 whether it is still there. A waiter notes the
//! number before its first look, and takes only an offer of another number: whoever comes after a pulse finds the number
//! that it notes. A next pulse replaces an offer that is still there.
//!
//! The same way goes what an event's count has no room for, or loses, while somebody waits for several objects: it is set
//! again, or reset, before those it has woken have run. Who may take an offer does so before it takes from the count, so
//! that the count is left for who comes later. Even if nobody takes an offer there are never more releases than sets.
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
use super::tokens::{WAITERS, count_of, replace, settled, state_of, take_grant};

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
    if !is_awaited(block) {
        if !asleep {
            return;
        }
        block.granted().fetch_add(1, Ordering::SeqCst);
        let woken = futex::wake(block.gate(), 1) > 0;
        // Somebody who waits for several objects may have come meanwhile and have been the one woken.
        let several = is_awaited(block);
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

/// Whether somebody waits for several objects, who would not see a grant.
pub(super) fn is_awaited(block: &Block) -> bool {
    // SeqCst, here and below: ordered with the state, as in `tokens`.
    block.multi().load(Ordering::SeqCst) > 0
}

/// Lets one of those who wait now take a release.
pub(super) fn offer(block: &Block) {
    post(block);
    futex::wake(block.gate(), futex::ALL);
}

/// After an event was set that was signaled already: while somebody waits for several objects, that signal may be on its
/// way to one of them, and this one is for another. `false` if the event is not signaled any more, and to be set after all.
pub(super) fn set_again(block: &Block) -> bool {
    !is_awaited(block) || offer_again(block)
}

#[cold]
fn offer_again(block: &Block) -> bool {
    let offer = post(block);
    // While it is signaled nobody falls asleep, and whoever slept is being woken.
    let signaled = count_of(block.state().load(Ordering::SeqCst)) > 0;
    let withdraw = || block.pulse().compare_exchange(offer, offer & !THERE, Ordering::SeqCst, Ordering::Relaxed);
    signaled || withdraw().is_err()
}

/// Replaces the offer, and returns the word.
fn post(block: &Block) -> u32 {
    let next = |seen: u32| (seen >> 1).wrapping_add(1) << 1 | THERE;
    // SeqCst: before the wake, and ordered with the state.
    match block.pulse().fetch_update(Ordering::SeqCst, Ordering::SeqCst, |seen| Some(next(seen))) {
        Ok(seen) | Err(seen) => next(seen),
    }
}

/// The number of the last offer, which a waiter notes before it looks at the state.
pub(super) fn number(block: &Block) -> u32 {
    block.pulse().load(Ordering::SeqCst) >> 1
}

/// Whether there is an offer for a waiter that has noted `first`.
pub(super) fn is_there(block: &Block, first: u32) -> bool {
    is_for(block.pulse().load(Ordering::SeqCst), first)
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
