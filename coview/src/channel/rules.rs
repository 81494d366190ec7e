//! What a channel's header decides about its protocol, in the form in which every step needs it.

use super::form::{ChannelKind, Form};
use super::word::{State, Word};

/// When there is room for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// When its slot is free: a queue with several receivers, each of which frees what it has received.
    FreeSlot,
    /// When the one receiver's cursor, which outlives receivers, is past the message before it in its slot.
    OneCursor,
    /// When the cursors of all subscribers that are here are past it.
    AllCursors,
    /// Always: a lossy topic.
    Always,
}

/// The rules of a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) room: Room,
    pub(crate) one_sender: bool,
    pub(crate) one_receiver: bool,
    pub(crate) history: u64,
    /// A power of two.
    pub(crate) slots: u64,
    /// Its logarithm.
    slots_log2: u32,
    /// All messages are of the same length, which is not stored.
    pub(crate) typed: bool,
    /// Messages are so long that copying them may go past the caches.
    pub(crate) long: bool,
}

impl Rules {
    /// The rules of a form that was checked.
    pub(crate) fn of(form: &Form) -> Rules {
        let room = match form.kind {
            ChannelKind::Queue if form.one_receiver => Room::OneCursor,
            ChannelKind::Queue => Room::FreeSlot,
            ChannelKind::Topic if form.lossy => Room::Always,
            ChannelKind::Topic => Room::AllCursors,
        };
        let slots = form.slots().unwrap_or(2);
        Rules {
            room,
            one_sender: form.one_sender,
            one_receiver: form.one_receiver,
            history: form.history,
            slots,
            slots_log2: slots.trailing_zeros(),
            typed: form.typed,
            long: form.message_size >= PAST_CACHES_MIN,
        }
    }

    /// How many messages may wait for a receiver.
    #[inline]
    pub(crate) fn window(&self) -> u64 {
        self.slots.saturating_sub(self.history).max(1)
    }

    /// The lap of a position.
    #[inline]
    pub(crate) fn lap(&self, position: u64) -> u64 {
        position >> self.slots_log2
    }

    /// The position of a word that stands in the slot of this number.
    pub(crate) fn position(&self, slot: u64, word: Word) -> u64 {
        word.lap() << self.slots_log2 | slot
    }

    /// Whether the slot of a position in this lap has been used for it, or is in use.
    #[inline]
    pub(crate) fn is_past(word: Word, lap: u64) -> bool {
        word.lap() > lap || word.lap() == lap && word.state() != State::Free
    }

    /// How many messages a receiver finishes with before senders are told.
    pub(crate) fn batch(&self) -> u64 {
        (self.window() / 8).clamp(1, BATCH_MAX)
    }

    /// How far a receiver stays behind a sender that sends without a pause, so that it fetches several messages at a time.
    pub(crate) fn lead(&self) -> u64 {
        (self.window() / 4).min(LEAD_MAX)
    }

    /// From where on somebody goes on reading whom a lossy topic has left behind.
    pub(crate) fn catch_up(&self, tail: u64) -> u64 {
        let spare = (self.slots / 8).max(1);
        tail.saturating_sub(self.slots - spare)
    }
}

/// From where on `memcpy` might copy past the caches. It begins at hundreds of kilobytes at the least.
const PAST_CACHES_MIN: u64 = 64 * 1024;

const BATCH_MAX: u64 = 256;

const LEAD_MAX: u64 = 64;
