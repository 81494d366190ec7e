//! Robust futex words: taking, giving and abandoning, so that no death leaves one taken.
//!
//! Needs `unsafe` to put words on the thread's robust list.
//!
//! | word | meaning |
//! |---|---|
//! | 0, perhaps `WAITERS` | free |
//! | thread id | taken, nobody sleeps |
//! | thread id, `WAITERS` | taken, somebody may sleep |
//! | `DIED`, perhaps `WAITERS` | free; the last owner died |
//! | `FROZEN`, perhaps `DIED`, `WAITERS` | a mutex that was free, while a `wait_all` judges it |
//!
//! | killed | what is found |
//! |---|---|
//! | between announcing and taking | nothing happened; a wake that was on its way goes to the next sleeper |
//! | between taking and joining the list | the announcement stands for the list: `DIED` |
//! | while on the list | `DIED`, one sleeper woken |
//! | between leaving the list and giving | the announcement stands for the list: `DIED` |
//! | between giving and waking | the kernel finds the announced word free and wakes one sleeper |

use std::hint;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Deadline;
use super::futex::{self, Slept};
use super::thread::{Thread, wake_next};

pub(super) const WAITERS: u32 = libc::FUTEX_WAITERS;
pub(super) const DIED: u32 = libc::FUTEX_OWNER_DIED;
pub(super) const OWNER: u32 = libc::FUTEX_TID_MASK;
/// No thread has this id: the kernel's end at 2^22.
pub(super) const FROZEN: u32 = OWNER;

/// How often a taker looks again before it sleeps, pausing twice as long each time. A hold is usually shorter than a
/// sleep and a wake; and each look costs the owner the cache line, so the looks are few.
const LOOKS: u32 = 7;

/// How long a mutex can stay free with somebody asleep before it, at the worst: see `nap`.
pub(super) const NAP: Duration = Duration::from_millis(10);

/// How an attempt to take a word ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes {
        died: bool,
    },
    /// A `wait_all` has it frozen; settle that and come again.
    Frozen,
    TimedOut,
}

/// Takes a word that nobody has and nobody waits for.
#[inline]
pub(super) fn take_free(thread: &Thread, word: &AtomicU32) -> bool {
    let _announced = thread.announce(word);
    try_take(thread, word, 0, 0)
}

/// Takes a word, waiting until the deadline.
pub(super) fn take(thread: &Thread, word: &AtomicU32, multi: &AtomicU32, deadline: Deadline) -> io::Result<Taken> {
    let _announced = thread.announce(word);
    take_slow(thread, word, multi, deadline)
}

#[cold]
fn take_slow(thread: &Thread, word: &AtomicU32, multi: &AtomicU32, deadline: Deadline) -> io::Result<Taken> {
    let mut looks = 0;
    // Once asleep, others may sleep behind us whom only `WAITERS` remembers.
    let mut behind = 0;
    loop {
        // SeqCst: pairs with `wake_next`, for those who registered as waiting for several.
        let seen = word.load(Ordering::SeqCst);
        if seen & OWNER == FROZEN {
            return Ok(Taken::Frozen);
        }
        if seen & OWNER == 0 {
            if try_take(thread, word, seen, behind) {
                return Ok(Taken::Yes { died: seen & DIED != 0 });
            }
        } else if deadline.is_now() {
            return Ok(Taken::TimedOut);
        } else if looks < LOOKS {
            looks += 1;
            (0..1 << looks).for_each(|_| hint::spin_loop());
        } else if note_waiter(word, seen) {
            let ended = futex::wait(word, seen | WAITERS, nap(multi, 0, NAP, deadline))?;
            if ended == Slept::TimedOut && deadline.has_passed() {
                return Ok(Taken::TimedOut);
            }
            behind = WAITERS;
        }
    }
}

/// How long to sleep on a word at a time. The one wake for who dies may reach a thread that waits for several objects, and
/// that may be dying too: then nobody else is woken. So while more than `own` threads wait so, one looks again at times.
/// Who fell asleep before they came is woken before them.
pub(super) fn nap(multi: &AtomicU32, own: u32, length: Duration, deadline: Deadline) -> Deadline {
    // SeqCst: pairs with the registration in `wait`.
    if multi.load(Ordering::SeqCst) > own { Deadline::after(length).earlier(deadline) } else { deadline }
}

/// Takes a free word that was seen as `seen`. The word must be announced.
#[inline]
fn try_take(thread: &Thread, word: &AtomicU32, seen: u32, behind: u32) -> bool {
    let taken = thread.id() | (seen & WAITERS) | behind;
    // Acquire: pairs with the swap in `give`, or with the kernel's when the owner died.
    if word.compare_exchange(seen, taken, Ordering::Acquire, Ordering::Relaxed).is_err() {
        return false;
    }
    // SAFETY: the word was free, so it is on nobody's list; its block stays mapped while it is held.
    unsafe { thread.join(word) };
    true
}

/// Makes the owner wake us when it gives; `false` if the word has changed.
pub(super) fn note_waiter(word: &AtomicU32, seen: u32) -> bool {
    // SeqCst: a waiter for several must be seen by `wake_next` if the giver has seen this bit.
    seen & WAITERS != 0 || word.compare_exchange(seen, seen | WAITERS, Ordering::SeqCst, Ordering::Relaxed).is_ok()
}

/// Gives a word that this thread has taken.
#[inline]
pub(super) fn give(thread: &Thread, word: &AtomicU32, multi: &AtomicU32) {
    end(thread, word, multi, 0);
}

/// Gives a word as the kernel would for a dead owner.
pub(super) fn abandon(thread: &Thread, word: &AtomicU32, multi: &AtomicU32) {
    end(thread, word, multi, DIED);
}

#[inline]
fn end(thread: &Thread, word: &AtomicU32, multi: &AtomicU32, left: u32) {
    let _announced = thread.announce(word);
    // SAFETY: this thread has taken the word, so it is on its list.
    unsafe { thread.leave(word) };
    // SeqCst: a release for the next taker's Acquire, and before the look at `multi` in `wake_next`. Relaxed: a failure
    // is looked at again; it means that a sleeper has noted itself, or that the word was overwritten.
    let mut seen = word.load(Ordering::Relaxed);
    while let Err(now) = word.compare_exchange(seen, left | seen & WAITERS, Ordering::SeqCst, Ordering::Relaxed) {
        seen = now;
    }
    if seen & WAITERS != 0 {
        wake_sleepers(word, multi, left);
    }
}

/// Wakes who sleeps on a word that was just given. The bit that tells of them stays until nobody is found: the one woken
/// may die before it says again that others sleep behind it.
#[cold]
fn wake_sleepers(word: &AtomicU32, multi: &AtomicU32, left: u32) {
    if wake_next(word, multi) == 0 {
        // Nobody falls asleep on a free word. Relaxed, SeqCst: as in `end`.
        let _ = word.compare_exchange(left | WAITERS, left, Ordering::SeqCst, Ordering::Relaxed);
    }
}

/// Passes on a wake that came to a thread which takes something else: if the word is free, its next sleeper is woken.
pub(super) fn pass_on(word: &AtomicU32, multi: &AtomicU32) {
    // SeqCst: after the sleep that the wake ended.
    let seen = word.load(Ordering::SeqCst);
    if seen & OWNER == 0 && seen & WAITERS != 0 {
        wake_next(word, multi);
    }
}

/// Takes a frozen mutex for its freezer, who has the latch; `None` if something else overwrote it.
pub(super) fn take_frozen(thread: &Thread, word: &AtomicU32) -> Option<bool> {
    let _announced = thread.announce(word);
    loop {
        // Relaxed: the compare-exchange decides.
        let seen = word.load(Ordering::Relaxed);
        if seen & OWNER != FROZEN {
            return None;
        }
        if try_take(thread, word, seen, 0) {
            return Some(seen & DIED != 0);
        }
    }
}
