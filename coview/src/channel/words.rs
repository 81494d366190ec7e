//! The words of a channel, wherever they are: in a mapping, or on the heap, so that loom and Miri can look at the protocol.

use std::sync::atomic::Ordering;

/// Which side of a channel.
///
/// # Examples
///
/// ```
/// use coview::{EndRole, Queue};
///
/// # let name = format!("doc.channel.role.{}", std::process::id());
/// let queue = Queue::<u64>::create(&name)?;
/// let receiver = queue.receiver()?;
/// assert_eq!(queue.state()?.ends[0].role, EndRole::Receiver);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndRole {
    /// A [`Sender`](crate::Sender) or a [`Publisher`](crate::Publisher).
    Sender,
    /// A [`Receiver`](crate::Receiver) or a [`Subscriber`](crate::Subscriber).
    Receiver,
}

/// How many ends of a role there can be at a time.
pub(crate) const ENDS: u32 = 64;

/// One end of a channel, by its role and its number, which is less than [`ENDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) role: EndRole,
    pub(crate) index: u32,
}

impl End {
    /// A number that no other end of the channel has, less than `sys::SEATS`.
    pub(crate) fn number(self) -> u32 {
        match self.role {
            EndRole::Sender => self.index,
            EndRole::Receiver => ENDS + self.index,
        }
    }
}

/// What is known of the ends of a role together; the value is its offset.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(crate) enum RoleField {
    Here = 0,
    Joined = 8,
    Ended = 16,
    Died = 24,
    Messages = 32,
    Bytes = 40,
    Missed = 48,
}

/// What is known of an end; the value is its offset.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(crate) enum EndField {
    Process = 0,
    Cursor = 8,
    Begun = 16,
    Messages = 24,
    Bytes = 32,
    Missed = 40,
    BlockedNs = 48,
    BlockedTimes = 56,
    HighWater = 64,
    Passed = 128,
}

/// Where a word is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Tail,
    Head,
    /// How often messages have been returned that dead receivers held.
    Returns,
    Role(EndRole, RoleField),
    End(End, EndField),
    /// The word of the slot for a position.
    Slot(u64),
    /// The length of the message in it.
    Length(u64),
}

/// Memory that others write meanwhile.
pub(crate) trait Words {
    fn load(&self, place: Place, order: Ordering) -> u64;
    fn store(&self, place: Place, value: u64, order: Ordering);
    /// Whether the word was `old` and is `new` now; acquires and releases.
    fn replace(&self, place: Place, old: u64, new: u64) -> bool;
    /// Sequentially consistent; returns what was there.
    fn fetch_or(&self, place: Place, bits: u64) -> u64;
    /// Sequentially consistent; returns what was there.
    fn fetch_and(&self, place: Place, bits: u64) -> u64;
    /// Sequentially consistent; wraps around.
    fn fetch_add(&self, place: Place, count: u64);
}
