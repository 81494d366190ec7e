//! Where messages go out to a receiver that has a cursor of its own: every subscriber of a topic, and the one receiver of
//! a queue.
//!
//! | step | killed after it | what is found |
//! |---|---|---|
//! | 1. begun := position + 1 | a topic's subscriber takes everything with it | a queue's next receiver gets the message again, and is told so |
//! | 2. the message is read | | likewise |
//! | 3. cursor := position + 1 | | the next receiver begins behind it |
//! | 4. now and then, passed := cursor | | senders look at the cursor when there seems to be no room |
//! | 5. now and then, wake the senders that sleep | | they look again by themselves |

use std::sync::atomic::Ordering;

use super::rules::{Room, Rules};
use super::tail;
use super::word::{State, Word};
use super::words::{End, EndField, Place, Words};

#[cfg(loom)]
use loom::sync::atomic::fence;
#[cfg(not(loom))]
use std::sync::atomic::fence;

/// What there is at a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Message,
    /// Nothing, or nothing yet.
    Nothing,
    /// What cannot be there.
    Damaged,
}

/// A receiver's own position.
#[derive(Debug)]
pub(crate) struct Cursor {
    rules: Rules,
    me: End,
    /// Of the next message.
    pub(crate) position: u64,
    /// What senders were told.
    passed: u64,
    batch: u64,
    /// Messages below this position were begun by a receiver that is dead.
    redelivered: u64,
}

impl Cursor {
    /// Begins where a queue's last receiver has ended.
    pub(crate) fn take_over(words: &impl Words, rules: Rules, me: End) -> Cursor {
        // Acquire: pairs with `finish`, in a process that is gone.
        let position = words.load(Place::End(me, EndField::Cursor), Ordering::Acquire);
        // Relaxed: it is a mark for people.
        let redelivered = words.load(Place::End(me, EndField::Begun), Ordering::Relaxed);
        let cursor = Cursor { rules, me, position, passed: position, batch: rules.batch(), redelivered };
        cursor.tell(words);
        cursor
    }

    /// Begins with a topic's last messages. `enter` makes publishers see the subscriber, with a sequentially consistent
    /// exchange.
    pub(crate) fn join(words: &impl Words, rules: Rules, me: End, enter: impl FnOnce()) -> Cursor {
        let position = rules.first_for_late(tail::position(words, &rules));
        let mut cursor = Cursor { rules, me, position, passed: position, batch: rules.batch(), redelivered: 0 };
        // Holds up publishers that see the subscriber before it has made up its mind.
        cursor.tell(words);
        enter();
        // A publisher that has not seen the subscriber was not farther than the tail which is seen here, and what it takes
        // for room ends before the history that begins below. Pairs with the fence of `Tail::find_room`.
        fence(Ordering::SeqCst);
        cursor.position = rules.first_for_late(tail::position(words, &rules));
        cursor.passed = cursor.position;
        cursor.tell(words);
        cursor
    }

    /// Looks for the next message, over those that were given back or lost; says how many were lost.
    #[inline(always)]
    pub(crate) fn find(&mut self, words: &impl Words) -> (Found, u64) {
        // Acquire: the message is complete. Pairs with `Tail::commit`.
        let word = Word(words.load(Place::Slot(self.position), Ordering::Acquire));
        if word == Word::full(self.rules.lap(self.position)) {
            return (Found::Message, 0);
        }
        if !Rules::is_past(word, self.rules.lap(self.position)) {
            return (Found::Nothing, 0);
        }
        self.find_behind(words)
    }

    /// Says that the message at the cursor is being read.
    #[inline(always)]
    pub(crate) fn begin(&self, words: &impl Words) {
        if self.rules.room == Room::OneCursor {
            // Relaxed: it counts when this process is dead.
            words.store(Place::End(self.me, EndField::Begun), self.position.wrapping_add(1), Ordering::Relaxed);
        }
    }

    /// Whether a receiver before has begun with the message at the cursor, and has died.
    #[inline(always)]
    pub(crate) fn is_redelivered(&self) -> bool {
        self.position < self.redelivered
    }

    /// Goes on behind the message at the cursor; says whether the senders that sleep should be woken.
    #[inline(always)]
    pub(crate) fn finish(&mut self, words: &impl Words) -> bool {
        self.position = self.position.wrapping_add(1);
        // Release: the message was read before. Pairs with `Tail::least`, here and below.
        words.store(Place::End(self.me, EndField::Cursor), self.position, Ordering::Release);
        self.position.wrapping_sub(self.passed) >= self.batch && self.pass(words)
    }

    /// Tells the senders where the cursor is, if they do not know; says whether they did not.
    #[inline(always)]
    pub(crate) fn pass(&mut self, words: &impl Words) -> bool {
        if self.passed == self.position || self.rules.room == Room::Always {
            return false;
        }
        self.passed = self.position;
        words.store(Place::End(self.me, EndField::Passed), self.position, Ordering::Release);
        true
    }

    /// Whether the message at a position has not been written over since it was found.
    #[inline]
    pub(crate) fn is_intact(words: &impl Words, rules: &Rules, position: u64) -> bool {
        // Whoever has read a byte of a later message sees that the word was changed before. Pairs with the fence of
        // `Tail::fence_before_writing`.
        fence(Ordering::Acquire);
        // Relaxed: the fence orders it.
        words.load(Place::Slot(position), Ordering::Relaxed) == Word::full(rules.lap(position)).0
    }

    /// Looks so many times until there may be something at the cursor, with nothing in the way of what comes.
    #[inline(always)]
    pub(crate) fn is_soon(&self, words: &impl Words, looks: u32) -> bool {
        let place = Place::Slot(self.position);
        let full = Word::full(self.rules.lap(self.position)).0;
        // Relaxed: it is only a hint.
        (0..looks).any(|_| words.load(place, Ordering::Relaxed) >= full)
    }

    /// Whether there is a message at a position.
    pub(crate) fn is_full(&self, words: &impl Words, position: u64) -> bool {
        // Relaxed: it is only a hint.
        words.load(Place::Slot(position), Ordering::Relaxed) == Word::full(self.rules.lap(position)).0
    }

    /// Whether there may be something at the cursor, without a step.
    pub(crate) fn is_ready(&self, words: &impl Words) -> bool {
        let word = Word(words.load(Place::Slot(self.position), Ordering::Acquire));
        let lap = self.rules.lap(self.position);
        Rules::is_past(word, lap) && (word.lap(), word.state()) != (lap, State::Loaned)
    }

    #[cold]
    fn find_behind(&mut self, words: &impl Words) -> (Found, u64) {
        let mut missed = 0;
        for _ in 0..=self.rules.slots {
            let word = Word(words.load(Place::Slot(self.position), Ordering::Acquire));
            let lap = self.rules.lap(self.position);
            if word == Word::full(lap) {
                return (Found::Message, missed);
            }
            if word == Word::free(lap.wrapping_add(1)) {
                self.position = self.position.wrapping_add(1);
            } else if !Rules::is_past(word, lap) || word.lap() == lap && word.state() == State::Loaned {
                break;
            } else if self.rules.room == Room::Always && word.lap() > lap {
                let next = self.position.wrapping_add(1);
                let next = self.rules.catch_up(tail::position(words, &self.rules)).max(next);
                missed = missed.wrapping_add(next.wrapping_sub(self.position));
                self.position = next;
            } else {
                return (Found::Damaged, missed);
            }
        }
        words.store(Place::End(self.me, EndField::Cursor), self.position, Ordering::Release);
        (Found::Nothing, missed)
    }

    fn tell(&self, words: &impl Words) {
        words.store(Place::End(self.me, EndField::Cursor), self.position, Ordering::Release);
        words.store(Place::End(self.me, EndField::Passed), self.position, Ordering::Release);
    }
}

impl Rules {
    /// Where a late subscriber begins.
    fn first_for_late(&self, tail: u64) -> u64 {
        tail.saturating_sub(self.history.min(self.slots - 1))
    }
}
