//! Where messages go out of a queue with several receivers.
//!
//! | step | killed after it | what the others find |
//! |---|---|---|
//! | 1. the slot's word: held, with the receiver's number | who finds it dead sets the word to full, marked as returned, and counts up the returns; the next receiver that looks takes it, and is told that it is delivered again | others help the head on |
//! | 2. head := position + 1 (whoever comes first) | likewise | |
//! | 3. the message is read | likewise | |
//! | 4. the slot's word := free, of the next lap | the message is gone | |
//! | 5. now and then, wake the senders that sleep | | they look again by themselves |

use std::sync::atomic::Ordering;

use super::rules::Rules;
use super::tail::advance;
use super::word::{State, Word};
use super::words::{End, Place, Words};

/// As `Tail`'s; more are needed only to go over places that were lent and not used, of which there are two laps at most.
const TRIES_MAX: u64 = 10_000;

/// One receiver's view of the head.
#[derive(Debug)]
pub(crate) struct Head {
    rules: Rules,
    me: End,
    /// How many times messages had been returned when this receiver last found none of them.
    returns: u64,
    /// How many messages it has finished with since senders were told.
    untold: u64,
}

/// A message that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) position: u64,
    pub(crate) redelivered: bool,
}

impl Head {
    pub(crate) fn new(rules: Rules, me: End) -> Head {
        Head { rules, me, returns: 0, untold: 0 }
    }

    /// Takes the next message, or one that a dead receiver has not finished with; `None` if there is nothing.
    pub(crate) fn take(&mut self, words: &impl Words) -> Option<Taken> {
        // Acquire: pairs with `return_held`.
        let returns = words.load(Place::Returns, Ordering::Acquire);
        if returns != self.returns {
            if let Some(taken) = self.take_returned(words) {
                return Some(taken);
            }
            self.returns = returns;
        }
        for _ in 0..TRIES_MAX + 2 * self.rules.slots {
            // Acquire: pairs with `advance`.
            let position = words.load(Place::Head, Ordering::Acquire);
            let lap = self.rules.lap(position);
            // Acquire: pairs with `Tail::commit`.
            let seen = Word(words.load(Place::Slot(position), Ordering::Acquire));
            if seen.lap() == lap && seen.state() == State::Full {
                if let Some(taken) = self.hold(words, position, seen) {
                    advance(words, Place::Head, position);
                    return Some(taken);
                }
            } else if Rules::is_past(seen, lap) && (seen.lap(), seen.state()) != (lap, State::Loaned) {
                self.go_over(words, position, seen);
            } else {
                return None;
            }
        }
        None
    }

    /// Frees the slot of a message; says whether the senders that sleep should be woken.
    #[inline]
    pub(crate) fn finish(&mut self, words: &impl Words, position: u64) -> bool {
        // Release: the message was read before. Pairs with the loads of `Tail`.
        words.store(Place::Slot(position), Word::free(self.rules.lap(position).wrapping_add(1)).0, Ordering::Release);
        self.untold += 1;
        self.untold >= self.rules.batch() && self.pass()
    }

    /// Whether there is something that senders have not been told, which they now are.
    #[inline]
    pub(crate) fn pass(&mut self) -> bool {
        std::mem::take(&mut self.untold) > 0
    }

    /// Whether there may be something to take.
    pub(crate) fn is_ready(&self, words: &impl Words) -> bool {
        if words.load(Place::Returns, Ordering::Acquire) != self.returns {
            return true;
        }
        let position = words.load(Place::Head, Ordering::Acquire);
        let word = Word(words.load(Place::Slot(position), Ordering::Acquire));
        let lap = self.rules.lap(position);
        Rules::is_past(word, lap) && (word.lap(), word.state()) != (lap, State::Loaned)
    }

    /// Helps the head on over a place whose slot is past it, and over all that is done with: senders who lend places and do not
    /// use them may be many laps ahead.
    fn go_over(&self, words: &impl Words, position: u64, seen: Word) {
        // The tail was at this slot a lap before the word's, so all that is one more lap behind was freed.
        let laps = seen.lap().saturating_sub(self.rules.lap(position)).saturating_sub(2);
        let next = position.wrapping_add(1).wrapping_add(laps.wrapping_mul(self.rules.slots));
        // If it fails, somebody else was faster.
        let _ = words.replace(Place::Head, position, next);
    }

    fn hold(&self, words: &impl Words, position: u64, seen: Word) -> Option<Taken> {
        let held = Word::held(self.rules.lap(position), self.me.index);
        let taken = Taken { position, redelivered: seen != Word::full(seen.lap()) };
        words.replace(Place::Slot(position), seen.0, held.0).then_some(taken)
    }

    /// Takes a message that was returned.
    #[cold]
    fn take_returned(&self, words: &impl Words) -> Option<Taken> {
        (0..self.rules.slots).find_map(|slot| {
            let seen = Word(words.load(Place::Slot(slot), Ordering::Acquire));
            // Wherever the head is: whoever finds it there, held by this receiver, goes on behind it.
            let is_returned = seen == Word::returned(seen.lap());
            if is_returned { self.hold(words, self.rules.position(slot, seen), seen) } else { None }
        })
    }
}

/// Returns the messages that a receiver has not finished with which is dead, or has let go of them unfinished.
pub(crate) fn return_held(words: &impl Words, rules: &Rules, dead: End) {
    for slot in 0..rules.slots {
        let seen = Word(words.load(Place::Slot(slot), Ordering::Acquire));
        if seen.state() == State::Held && seen.index() == dead.index {
            words.replace(Place::Slot(slot), seen.0, Word::returned(seen.lap()).0);
        }
    }
    // After them: who sees this number finds them. Whoever is killed before it leaves the end as it is, to be looked at again.
    words.fetch_add(Place::Returns, 1);
}

/// Frees the slots that a sender had on loan which is dead, so that receivers go on behind them.
pub(crate) fn free_loaned(words: &impl Words, rules: &Rules, dead: End) {
    for slot in 0..rules.slots {
        let seen = Word(words.load(Place::Slot(slot), Ordering::Acquire));
        if seen.state() == State::Loaned && seen.index() == dead.index {
            words.replace(Place::Slot(slot), seen.0, Word::free(seen.lap().wrapping_add(1)).0);
        }
    }
}
