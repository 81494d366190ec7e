//! A count that threads take from: what an auto-reset event and a semaphore have in common.
//!
//! The state is one 64-bit word: the gate below, the count above. The gate's lower 30 bits are 0 exactly while the
//! count is not, because that is what the kernel looks at when a thread dies that has announced the gate: it then wakes
//! one sleeper, so no wake is lost with the one it was meant for.
//!
//! | gate | meaning |
//! |---|---|
//! | 0 | there is something to take |
//! | `CLOSED` | there is not |
//! | and `FROZEN` | a `wait_all` judges it; whoever meets it settles first |
//! | and `WAITERS` | somebody may sleep |
//!
//! A release that finds sleepers hands over: it counts in `granted` first, then wakes, and the kernel says how many it
//! took off the gate; each of them takes one from `granted`. What found nobody becomes count. So two releases reach
//! two sleepers, however late they run, and a newcomer cannot take what a sleeper was given. While somebody waits for
//! several objects (`multi`), a wake may reach one that takes another object; then everyone is woken and the count
//! decides. Pulses, which `pulse` has, go to sleepers only and never to the count.
//!
//! | killed | what is found |
//! |---|---|
//! | before the count changes | nothing happened |
//! | handing over, between `granted` and the wake, or after it with nobody woken | as if the release had not come yet; the next wake brings it |
//! | after the count changed, before the wake | the gate is open and announced: the kernel wakes one |
//! | woken, before taking a grant | the grant stays for whoever is woken next; nobody is woken for it now |
//! | woken, before taking from the count | the gate is open and announced: the kernel wakes the next |

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::block::Block;
use super::futex::{self, Slept};
use super::pulse;
use super::robust::{self, Taken};
use super::thread::{self, Thread};
use super::{Deadline, error};
use crate::ErrorKind;

pub(super) const CLOSED: u64 = libc::FUTEX_TID_MASK as u64;
pub(super) const FROZEN: u64 = 1 << 30;
pub(super) const WAITERS: u64 = 1 << 31;
const GATE: u64 = 0xffff_ffff;

/// How long an operation puts up with a frozen object. Freezing takes well under a millisecond even on a busy machine,
/// and the freezer's death ends it; so this much means that another program has overwritten the block.
pub(super) const FROZEN_MAX: Duration = Duration::from_secs(2);

/// The state with a count and flags.
pub(super) fn state_of(count: u32, flags: u64) -> u64 {
    let gate = if count == 0 { CLOSED } else { 0 };
    u64::from(count) << 32 | gate | flags & (FROZEN | WAITERS)
}

pub(super) fn count_of(state: u64) -> u32 {
    (state >> 32) as u32
}

/// The gate as a futex wait compares it.
pub(super) fn gate_of(state: u64) -> u32 {
    (state & GATE) as u32
}

/// Replaces the state if it is still `seen`.
///
/// SeqCst: an Acquire for the one who takes, a Release for the one who gives, and ordered with `multi` and `granted`.
pub(super) fn replace(block: &Block, seen: u64, new: u64) -> bool {
    block.state().compare_exchange(seen, new, Ordering::SeqCst, Ordering::Relaxed).is_ok()
}

/// Reads the state, settled.
///
/// SeqCst: ordered with `multi` and `granted`.
pub(super) fn settled(thread: &Thread, block: &Block) -> io::Result<u64> {
    let seen = block.state().load(Ordering::SeqCst);
    if seen & FROZEN == 0 { Ok(seen) } else { settled_slow(thread, block) }
}

#[cold]
fn settled_slow(thread: &Thread, block: &Block) -> io::Result<u64> {
    let patience = Deadline::after(FROZEN_MAX);
    loop {
        settle(thread, block)?;
        let seen = block.state().load(Ordering::SeqCst);
        if seen & FROZEN == 0 {
            return Ok(seen);
        }
        if patience.has_passed() {
            return Err(error(ErrorKind::Damaged));
        }
    }
}

/// Waits until the `wait_all` that has frozen an object is done with it, or thaws it if that has died.
#[cold]
pub(super) fn settle(thread: &Thread, block: &Block) -> io::Result<()> {
    take_latch(thread, block)?;
    thaw(block);
    give_latch(thread, block);
    Ok(())
}

/// Takes the right to freeze.
pub(super) fn take_latch(thread: &Thread, block: &Block) -> io::Result<()> {
    if take_latch_within(thread, block, FROZEN_MAX)? { Ok(()) } else { Err(error(ErrorKind::Damaged)) }
}

/// The same for one who has the latches of other objects, and may not hold those up for long; `false` after a while.
pub(super) fn take_latch_soon(thread: &Thread, block: &Block) -> io::Result<bool> {
    const SOON: Duration = Duration::from_millis(50);
    take_latch_within(thread, block, SOON)
}

fn take_latch_within(thread: &Thread, block: &Block, patience: Duration) -> io::Result<bool> {
    if robust::take_free(thread, block.latch()) {
        return Ok(true);
    }
    let taken = robust::take(thread, block.latch(), &nobody(), Deadline::after(patience))?;
    Ok(matches!(taken, Taken::Yes { .. }))
}

pub(super) fn give_latch(thread: &Thread, block: &Block) {
    robust::give(thread, block.latch(), &nobody());
}

/// How many wait for a latch among several objects.
fn nobody() -> AtomicU32 {
    AtomicU32::new(0)
}

/// Ends a freeze without taking anything. The caller has the latch.
pub(super) fn thaw(block: &Block) {
    block.state().fetch_and(!FROZEN, Ordering::SeqCst);
    // Relaxed: the compare-exchange decides.
    let seen = block.owner().load(Ordering::Relaxed);
    if seen & robust::OWNER == robust::FROZEN {
        // Fails only if a waiter's bit has come, which cannot be: waiters settle first. A peer may do as it likes.
        let _ = block.owner().compare_exchange(seen, seen & !robust::OWNER, Ordering::SeqCst, Ordering::Relaxed);
    }
}

/// Takes one, waiting until the deadline.
pub(super) fn take(block: &Block, deadline: Deadline) -> io::Result<bool> {
    // The first look needs nothing of the thread, and is usually the last.
    let seen = block.state().load(Ordering::SeqCst);
    if seen & (FROZEN | WAITERS) == 0 && count_of(seen) > 0 && replace(block, seen, state_of(count_of(seen) - 1, seen))
    {
        return Ok(true);
    }
    take_slow(block, deadline)
}

#[cold]
fn take_slow(block: &Block, deadline: Deadline) -> io::Result<bool> {
    thread::with(|thread| take_on(thread, block, deadline))
}

fn take_on(thread: &Thread, block: &Block, deadline: Deadline) -> io::Result<bool> {
    let _announced = thread.announce(block.gate());
    let first = pulse::number(block);
    let mut slept = false;
    loop {
        let seen = settled(thread, block)?;
        if pulse::take(block, first) {
            return Ok(true);
        }
        if count_of(seen) > 0 {
            if !try_take(block, seen, slept) {
                continue;
            }
            if slept {
                pass_on(block);
            }
            return Ok(true);
        }
        if deadline.is_now() {
            return Ok(false);
        }
        if !note_waiter(block, seen) {
            continue;
        }
        match futex::wait(block.gate(), gate_of(seen | WAITERS), nap(block, 0, deadline))? {
            Slept::Woken if take_grant(block) => {
                // The wake may have been meant for the count, and the grant another's.
                pass_on(block);
                return Ok(true);
            }
            Slept::TimedOut if deadline.has_passed() => return Ok(false),
            Slept::Woken | Slept::TimedOut => slept = true,
            Slept::Disturbed => {}
        }
    }
}

/// How long to sleep on a gate at a time: see `robust::nap`. A giver that is killed between two instructions, together
/// with a thread that waits for several, is rarer than a dead owner; and waits for events are long.
pub(super) fn nap(block: &Block, own: u32, deadline: Deadline) -> Deadline {
    const NAP: Duration = Duration::from_millis(250);
    robust::nap(block.multi(), own, NAP, deadline)
}

/// Takes one from the count that was seen. One who has slept leaves the waiters' bit: others may sleep still.
pub(super) fn try_take(block: &Block, seen: u64, slept: bool) -> bool {
    let behind = if slept { WAITERS } else { 0 };
    count_of(seen) > 0 && replace(block, seen, state_of(count_of(seen) - 1, seen | behind))
}

/// Wakes the next sleeper if one who slept leaves something behind: its own wake may have stood for several.
pub(super) fn pass_on(block: &Block) {
    let seen = block.state().load(Ordering::SeqCst);
    if count_of(seen) > 0 && seen & WAITERS != 0 {
        thread::wake_next(block.gate(), block.multi());
    }
}

/// Makes givers wake who sleeps on the gate; `false` if the state has changed.
pub(super) fn note_waiter(block: &Block, seen: u64) -> bool {
    seen & WAITERS != 0 || replace(block, seen, seen | WAITERS)
}

pub(super) fn take_grant(block: &Block) -> bool {
    // SeqCst: ordered with the state.
    block.granted().fetch_update(Ordering::SeqCst, Ordering::SeqCst, |granted| granted.checked_sub(1)).is_ok()
}

/// Adds `count`, up to `maximum`, and returns the count before; `None`, with nothing changed, if it does not fit.
pub(super) fn give(block: &Block, count: u32, maximum: u32) -> io::Result<Option<u32>> {
    let seen = block.state().load(Ordering::SeqCst);
    if seen & (FROZEN | WAITERS) == 0 {
        let Some(sum) = sum_of(seen, count, maximum) else { return Ok(None) };
        if replace(block, seen, state_of(sum, seen)) {
            return Ok(Some(count_of(seen)));
        }
    }
    give_slow(block, count, maximum)
}

#[cold]
fn give_slow(block: &Block, count: u32, maximum: u32) -> io::Result<Option<u32>> {
    thread::with(|thread| give_on(thread, block, count, maximum))
}

fn give_on(thread: &Thread, block: &Block, count: u32, maximum: u32) -> io::Result<Option<u32>> {
    let _announced = thread.announce(block.gate());
    loop {
        let seen = settled(thread, block)?;
        let Some(sum) = sum_of(seen, count, maximum) else { return Ok(None) };
        let several = block.multi().load(Ordering::SeqCst) > 0;
        if seen & WAITERS != 0 && count_of(seen) == 0 && !several {
            hand_over(thread, block, count, maximum)?;
            return Ok(Some(0));
        }
        if replace(block, seen, state_of(sum, seen)) {
            if seen & WAITERS != 0 {
                wake_takers(block, if several { futex::ALL } else { count });
            }
            return Ok(Some(count_of(seen)));
        }
    }
}

/// Gives to sleepers, and what finds no sleeper to the count.
fn hand_over(thread: &Thread, block: &Block, count: u32, maximum: u32) -> io::Result<()> {
    block.granted().fetch_add(count, Ordering::SeqCst);
    let woken = futex::wake(block.gate(), count);
    // Somebody who waits for several objects may have come meanwhile and have been among the woken. Those know nothing of
    // grants; let everyone look at the count.
    let several = block.multi().load(Ordering::SeqCst) > 0;
    let left = if several { count } else { count.saturating_sub(woken) };
    if left > 0 { take_back(thread, block, left, maximum) } else { Ok(()) }
}

/// Turns grants that nobody has taken into count, as far as there is room.
fn take_back(thread: &Thread, block: &Block, most: u32, maximum: u32) -> io::Result<()> {
    let mut moved = 0;
    let _ = block.granted().fetch_update(Ordering::SeqCst, Ordering::SeqCst, |granted| {
        moved = granted.min(most);
        Some(granted - moved)
    });
    if moved == 0 {
        return Ok(());
    }
    loop {
        let seen = settled(thread, block)?;
        let room = maximum.saturating_sub(count_of(seen)).min(moved);
        if replace(block, seen, state_of(count_of(seen) + room, seen)) {
            // What has no room belongs to a sleeper that was woken and has yet to take it.
            block.granted().fetch_add(moved - room, Ordering::SeqCst);
            // Somebody may have fallen asleep after the wake that found nobody.
            let several = block.multi().load(Ordering::SeqCst) > 0;
            wake_takers(block, if several { futex::ALL } else { moved });
            return Ok(());
        }
    }
}

/// Wakes sleepers for what is in the count, and forgets the waiters' bit when there were fewer.
fn wake_takers(block: &Block, count: u32) {
    if futex::wake(block.gate(), count) < count {
        let seen = block.state().load(Ordering::SeqCst);
        // A sleeper compares the gate with the bit set, so it cannot fall asleep while this succeeds.
        if count_of(seen) > 0 && seen & (FROZEN | WAITERS) == WAITERS {
            replace(block, seen, seen & !WAITERS);
        }
    }
}

fn sum_of(seen: u64, count: u32, maximum: u32) -> Option<u32> {
    count_of(seen).checked_add(count).filter(|&sum| sum <= maximum)
}
