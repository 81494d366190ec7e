//! Where messages come in: how a sender gets a slot, and how what it has written there becomes a message.
//!
//! Several senders:
//!
//! | step | killed after it | what the others find |
//! |---|---|---|
//! | 1. the slot's word: loaned, with the sender's number | nothing is sent; who finds it dead sets the word to free, of the next lap | others help the tail on; receivers wait for the message, until the sender is found dead, and go on behind it |
//! | 2. tail := position + 1 (whoever comes first) | likewise | |
//! | 3. the message's bytes and its length | likewise | |
//! | 4. the slot's word := full | the message is sent | |
//! | 5. wake those who sleep | the message is sent | they look again by themselves |
//!
//! One sender alone, who has the only end there is:
//!
//! | step | killed after it | what the next sender finds |
//! |---|---|---|
//! | 1. in a lossy topic, the slot's word: loaned | the oldest message is gone, and nothing is sent | the position is still the next |
//! | 2. the message's bytes and its length | nothing is sent | likewise |
//! | 3. the slot's word := full | the message is sent | the tail is behind: everybody looks for the first slot that is not full |
//! | 4. now and then, and before it asks whether there is room, tail := position + 1 | the message is sent | |
//! | 5. wake those who sleep | the message is sent | |
//!
//! The tail is not stored every time because a store to another line costs as much as a short message.

use std::sync::atomic::Ordering;

use super::rules::{Room, Rules};
use super::word::{State, Word};
use super::words::{End, EndField, EndRole, Place, RoleField, Words};

#[cfg(loom)]
use loom::sync::atomic::fence;
#[cfg(not(loom))]
use std::sync::atomic::fence;

/// How often a sender tries to get a slot while others get theirs. Each failure is another's success; only a hostile
/// program makes it fail so often, and then there seems to be no room.
const TRIES_MAX: u32 = 10_000;

/// One sender's view of the tail.
#[derive(Debug)]
pub(crate) struct Tail {
    rules: Rules,
    me: End,
    /// Of one sender alone: the position of the next message.
    position: u64,
    /// There is room for every position below it, as far as it is known.
    limit: u64,
    /// The most messages that were seen waiting.
    pub(crate) high_water: u64,
}

impl Tail {
    /// Begins where the senders before have ended.
    pub(crate) fn attach(words: &impl Words, rules: Rules, me: End) -> Tail {
        let limit = if matches!(rules.room, Room::FreeSlot | Room::Always) { u64::MAX } else { 0 };
        let position = position(words, &rules);
        if rules.one_sender {
            words.store(Place::Tail, position, Ordering::Release);
        }
        Tail { rules, me, position, limit, high_water: 0 }
    }

    /// Of one sender alone: says in the channel where the tail is.
    pub(crate) fn tell(&self, words: &impl Words) {
        if self.rules.one_sender {
            // Release: who finds this tail finds the messages before it. Pairs with `position`.
            words.store(Place::Tail, self.position, Ordering::Release);
        }
    }

    /// Looks how many messages wait. In a lossy topic nobody waits for them.
    pub(crate) fn measure(&mut self, words: &impl Words) {
        let position = if self.rules.one_sender { self.position } else { words.load(Place::Tail, Ordering::Acquire) };
        let first = match self.rules.room {
            // Relaxed: a number for people.
            Room::FreeSlot => words.load(Place::Head, Ordering::Relaxed).min(position),
            Room::OneCursor | Room::AllCursors | Room::Always => self.least(words, EndField::Cursor, position),
        };
        self.high_water = self.high_water.max((position - first).min(self.rules.slots));
    }

    /// Gets the slot for the next message; `None` while there is no room. Who tries again and again, and is not `thorough`,
    /// leaves the cursors' lines to the receivers, which say now and then where they are.
    #[inline(always)]
    pub(crate) fn begin(&mut self, words: &impl Words, thorough: bool) -> Option<u64> {
        if self.rules.one_sender { self.begin_alone(words, thorough) } else { self.begin_among_others(words, thorough) }
    }

    /// Makes a message of what was written to the slot.
    #[inline(always)]
    pub(crate) fn commit(&mut self, words: &impl Words, position: u64, len: usize) {
        if !self.rules.typed {
            // Relaxed: the word of the slot publishes it.
            words.store(Place::Length(position), len as u64, Ordering::Relaxed);
        }
        // Release: the message is complete. Pairs with the loads of receivers.
        words.store(Place::Slot(position), Word::full(self.rules.lap(position)).0, Ordering::Release);
        if self.rules.one_sender {
            self.position = position.wrapping_add(1);
        }
    }

    /// Gives a slot back without a message. Says whether receivers may wait for it.
    #[cold]
    pub(crate) fn give_back(&mut self, words: &impl Words, position: u64) -> bool {
        if self.rules.one_sender {
            return false;
        }
        // Release: whatever was written there comes before the next message. Pairs with `begin_among_others`.
        words.store(Place::Slot(position), Word::free(self.rules.lap(position).wrapping_add(1)).0, Ordering::Release);
        true
    }

    /// Whether there is room now.
    pub(crate) fn is_ready(&self, words: &impl Words) -> bool {
        let rules = &self.rules;
        let position = if rules.one_sender { self.position } else { words.load(Place::Tail, Ordering::Acquire) };
        let has_room = position < self.limit
            || position < self.least(words, EndField::Cursor, position).saturating_add(rules.window());
        let (word, lap) = (Word(words.load(Place::Slot(position), Ordering::Acquire)), rules.lap(position));
        // What is past is another sender's, and the next position has room or will have it.
        has_room && (self.is_usable(word, lap) || Rules::is_past(word, lap))
    }

    #[inline(always)]
    fn begin_alone(&mut self, words: &impl Words, thorough: bool) -> Option<u64> {
        let position = self.position;
        if position >= self.limit && !self.find_room(words, position, thorough) {
            return None;
        }
        let lap = self.rules.lap(position);
        match self.rules.room {
            Room::OneCursor | Room::AllCursors => {}
            Room::FreeSlot => {
                // Acquire: the receiver has finished. Pairs with `Head::finish`.
                if words.load(Place::Slot(position), Ordering::Acquire) != Word::free(lap).0 {
                    return None;
                }
            }
            Room::Always => {
                // Relaxed: the fence orders it.
                words.store(Place::Slot(position), Word::loaned(lap, self.me.index).0, Ordering::Relaxed);
                self.fence_before_writing();
            }
        }
        Some(position)
    }

    fn begin_among_others(&mut self, words: &impl Words, thorough: bool) -> Option<u64> {
        for _ in 0..TRIES_MAX {
            // Acquire: pairs with `advance`.
            let position = words.load(Place::Tail, Ordering::Acquire);
            if position >= self.limit && !self.find_room(words, position, thorough) {
                return None;
            }
            let lap = self.rules.lap(position);
            // Acquire: pairs with those who have made the slot free.
            let seen = Word(words.load(Place::Slot(position), Ordering::Acquire));
            if self.is_usable(seen, lap) {
                if words.replace(Place::Slot(position), seen.0, Word::loaned(lap, self.me.index).0) {
                    advance(words, Place::Tail, position);
                    if self.rules.room == Room::Always {
                        self.fence_before_writing();
                    }
                    return Some(position);
                }
            } else if Rules::is_past(seen, lap) {
                advance(words, Place::Tail, position);
            } else {
                return None;
            }
        }
        None
    }

    /// Whether a message of this lap may be written to a slot, now that there is room for its position.
    #[inline]
    fn is_usable(&self, seen: Word, lap: u64) -> bool {
        if seen == Word::free(lap) {
            return true;
        }
        // What all receivers are past, or what is to be lost.
        self.rules.room != Room::FreeSlot && seen.state() == State::Full && seen.lap().wrapping_add(1) == lap
    }

    /// The word that says that a message is gone is there before anything is written over it.
    #[inline]
    fn fence_before_writing(&self) {
        // Pairs with the fence of `Cursor::is_intact`. The C library may copy much at once past the caches, by stores that
        // x86 does not order after others; that takes the stronger fence.
        fence(if self.rules.long { Ordering::SeqCst } else { Ordering::Release });
    }

    /// Looks where the receivers are; says whether there is room for the message at `position`.
    #[cold]
    fn find_room(&mut self, words: &impl Words, position: u64, thorough: bool) -> bool {
        self.tell(words);
        // Either a subscriber that joins is seen here, or it sees the tail that this position is. Pairs with `Cursor::join`.
        fence(Ordering::SeqCst);
        let field = if thorough { EndField::Cursor } else { EndField::Passed };
        let least = self.least(words, field, position);
        self.high_water = self.high_water.max(position - least);
        self.limit = least.saturating_add(self.rules.window());
        position < self.limit
    }

    /// The cursor that is farthest behind, and no farther than `position`.
    fn least(&self, words: &impl Words, field: EndField, position: u64) -> u64 {
        // Acquire: the receiver has finished with the messages before it. Pairs with `Cursor::finish`.
        let cursor = |index: u32| {
            let end = End { role: EndRole::Receiver, index };
            words.load(Place::End(end, field), Ordering::Acquire).min(position)
        };
        match self.rules.room {
            Room::OneCursor => cursor(0),
            // SeqCst: after the fence. Pairs with `Cursor::join`.
            Room::AllCursors => {
                let here = words.load(Place::Role(EndRole::Receiver, RoleField::Here), Ordering::SeqCst);
                bits(here).map(cursor).min().unwrap_or(position)
            }
            Room::FreeSlot | Room::Always => position,
        }
    }
}

/// The position of the next message. One sender alone tells only now and then, so that some may be there already: in a lossy
/// topic, and where each receiver frees what it has received, many laps of them.
pub(crate) fn position(words: &impl Words, rules: &Rules) -> u64 {
    // Acquire: pairs with `advance` and `Tail::tell`.
    let mut position = words.load(Place::Tail, Ordering::Acquire);
    if rules.one_sender {
        // The first slot tells of the last lap; those behind it are of that lap or the one before.
        for _ in 0..=rules.slots {
            // Acquire: pairs with `Tail::commit`.
            let word = Word(words.load(Place::Slot(position), Ordering::Acquire));
            if !Rules::is_past(word, rules.lap(position)) {
                break;
            }
            // What is free has been used in the lap before.
            let lap = if word.state() == State::Free { word.lap().wrapping_sub(1) } else { word.lap() };
            position = rules.position(position & (rules.slots - 1), Word::free(lap));
            // In a lossy topic, what is loaned is not sent yet, or never will be.
            if word.state() == State::Loaned {
                break;
            }
            position = position.wrapping_add(1);
        }
    }
    position
}

/// Helps a position on that is behind what the slots say.
#[inline]
pub(crate) fn advance(words: &impl Words, place: Place, position: u64) {
    // If it fails, somebody else was faster.
    let _ = words.replace(place, position, position.wrapping_add(1));
}

/// The numbers of the bits that are set.
pub(crate) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let index = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (index < u64::BITS).then_some(index)
    })
}
