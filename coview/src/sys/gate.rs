//! A word of a mapping that says whether anybody sleeps over it, the same on both systems.
//!
//! | bit 0 | bits 1 to 31 | meaning |
//! |---|---|---|
//! | 0 | turn | nobody sleeps, or has to be woken: who has changed something goes on |
//! | 1 | turn | somebody is about to sleep, or sleeps, until the turn is over |
//!
//! Who wants to sleep sets bit 0, *then* looks whether there is something new, then sleeps while the word is as it was.
//! Who has changed something looks at the word *after* the change, and ends the turn if bit 0 is set. Each side has a SeqCst
//! fence between its store and its load, so that one of them sees the other.

use std::sync::atomic::{AtomicU32, Ordering, fence};

const AWAITED: u32 = 1;

/// How often a change of the word is tried again. Those who sleep set one bit once a turn, and one rings at a time: only
/// a hostile program makes it fail so often, and sleepers look again by themselves.
const TRIES_MAX: u32 = 100;

/// Says that the caller is about to sleep; returns the value to sleep over. To be followed by a look.
pub(crate) fn announce(word: &AtomicU32) -> u32 {
    // Relaxed: the fence orders it before the look that follows.
    let seen = word.fetch_or(AWAITED, Ordering::Relaxed);
    // Pairs with the fence of `is_awaited`.
    fence(Ordering::SeqCst);
    seen | AWAITED
}

/// Whether somebody is to be woken for what the caller has just changed.
#[inline]
pub(crate) fn is_awaited(word: &AtomicU32) -> bool {
    // The change is in memory before the word is read. Pairs with the fence of `announce`.
    fence(Ordering::SeqCst);
    is_marked(word)
}

/// The same without the fence, for who has another.
#[inline]
pub(crate) fn is_marked(word: &AtomicU32) -> bool {
    // Relaxed: it is only a hint for whom to wake, and a fence has ordered it.
    word.load(Ordering::Relaxed) & AWAITED != 0
}

/// The number of a turn.
pub(crate) fn turn_of(word: u32) -> u32 {
    word >> 1
}

/// Ends the turn if somebody waits for that; returns which turn it was.
pub(crate) fn end_turn(word: &AtomicU32) -> Option<u32> {
    // Relaxed: the exchange looks again.
    let mut seen = word.load(Ordering::Relaxed);
    for _ in 0..TRIES_MAX {
        if seen & AWAITED == 0 {
            return None;
        }
        let next = (seen & !AWAITED).wrapping_add(2);
        // SeqCst: who announces himself after it sees what was changed before it.
        match word.compare_exchange(seen, next, Ordering::SeqCst, Ordering::Relaxed) {
            Ok(_) => return Some(turn_of(seen)),
            Err(now) => seen = now,
        }
    }
    Some(turn_of(seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_ends_when_somebody_waits_for_it() {
        let word = AtomicU32::new(0);
        assert_eq!(end_turn(&word), None);
        assert_eq!(announce(&word), 1);
        assert_eq!(announce(&word), 1);
        assert!(is_awaited(&word));
        assert_eq!(end_turn(&word), Some(0));
        assert!(!is_awaited(&word));
        assert_eq!(announce(&word), 3);
    }

    #[test]
    fn turns_begin_again_after_the_last() {
        let word = AtomicU32::new(u32::MAX);
        assert_eq!(end_turn(&word), Some(u32::MAX >> 1));
        assert_eq!(word.load(Ordering::Relaxed), 0);
    }
}
