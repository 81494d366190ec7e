//! What can be told of a channel and of its ends.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::ring::Ring;
use super::rules::Room;
use super::tail::{self, bits};
use super::word::{State, Word};
use super::words::{End, EndField, EndRole, Place, RoleField, Words};
use crate::Result;

/// What a channel has seen, and who is there.
///
/// The numbers are read one after the other while others write them, so they need not fit together to the last message.
///
/// # Examples
///
/// ```
/// use coview::Queue;
///
/// # let name = format!("doc.channel.state.{}", std::process::id());
/// let queue = Queue::<u64>::create(&name)?;
/// queue.sender()?.send(&7)?;
/// let state = queue.state()?;
/// assert_eq!((state.messages, state.depth, state.senders.ended), (1, 1, 1));
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelState {
    /// Senders, or publishers.
    pub senders: Ends,
    /// Receivers, or subscribers.
    pub receivers: Ends,
    /// How many messages were sent.
    pub messages: u64,
    /// How many bytes were in them.
    pub bytes: u64,
    /// How many messages were received, by all receivers together.
    pub received: u64,
    /// How many messages of a lossy topic were lost, by all subscribers together.
    pub missed: u64,
    /// How many messages wait: in a queue for a receiver, including those that one has in its hands, in a topic for the
    /// subscriber that is farthest behind.
    pub depth: u64,
    /// The most messages that a sender that is here has seen waiting. Senders look once in a while; in a lossy topic they do
    /// not wait for anybody, and it is 0.
    pub high_water: u64,
    /// The ends that are here.
    pub ends: Vec<EndState>,
}

/// How many ends of one side there are, and what became of the others.
///
/// # Examples
///
/// ```
/// use coview::Topic;
///
/// # let name = format!("doc.channel.ends.{}", std::process::id());
/// let topic = Topic::<u64>::create(&name)?;
/// let subscriber = topic.subscriber()?;
/// let ends = topic.state()?.receivers;
/// assert_eq!((ends.present, ends.joined, ends.died), (1, 1, 0));
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Ends {
    /// How many live now. A subscriber is counted when it is decided with which message it begins: who waits until so many
    /// are present knows that they all get what he publishes.
    pub present: u64,
    /// How many have come, since the channel was created.
    pub joined: u64,
    /// How many have left as they should.
    pub ended: u64,
    /// How many have died, as far as it was noticed: by those who wait, and by a look at the state.
    pub died: u64,
}

/// One end of a channel.
///
/// # Examples
///
/// ```
/// use coview::Queue;
///
/// # let name = format!("doc.channel.end.{}", std::process::id());
/// let queue = Queue::<u64>::create(&name)?;
/// let receiver = queue.receiver()?;
/// assert_eq!(queue.state()?.ends[0].pid, std::process::id());
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndState {
    /// Which side it is on.
    pub role: EndRole,
    /// Its number among the ends of its side, below 64.
    pub index: u32,
    /// The process that it is in; what it says itself.
    pub pid: u32,
    /// Whether it lives. One that has died stays until somebody has cleared up after it.
    pub alive: bool,
    /// How many messages a receiver with a cursor of its own has not received yet: a subscriber, and the one receiver of
    /// a queue. 0 for others.
    pub lag: u64,
    /// What it has done.
    pub stats: EndStats,
}

/// What one end of a channel has done.
///
/// # Examples
///
/// ```
/// use coview::Queue;
///
/// # let name = format!("doc.channel.stats.{}", std::process::id());
/// let queue = Queue::<u64>::create(&name)?;
/// let mut sender = queue.sender()?;
/// sender.send(&7)?;
/// assert_eq!((sender.stats().messages, sender.stats().bytes), (1, 8));
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EndStats {
    /// Messages sent or received. Others see a sender's number grow by 64 at a time after the first 63, and whenever it
    /// waits or wakes somebody; so it is with the bytes.
    pub messages: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Messages that a subscriber of a lossy topic has lost.
    pub missed: u64,
    /// How long it has slept: a sender for room, a receiver for messages.
    pub blocked: Duration,
    /// How often it has slept.
    pub blocked_times: u64,
    /// The most messages that a sender has seen waiting; it looks once in a while. 0 for a receiver.
    pub high_water: u64,
}

impl ChannelState {
    pub(crate) fn of(ring: &Ring) -> Result<ChannelState> {
        let mut ends = Vec::new();
        for role in [EndRole::Sender, EndRole::Receiver] {
            for index in bits(ring.here(role)) {
                ends.push(end_state(ring, End { role, index })?);
            }
        }
        let present = |role: EndRole| ends.iter().filter(move |end| end.role == role);
        let sum = |role, field, of: fn(&EndStats) -> u64| {
            present(role).map(|end| of(&end.stats)).fold(load(ring, Place::Role(role, field)), u64::saturating_add)
        };
        let state = ChannelState {
            senders: ends_of(ring, EndRole::Sender, present(EndRole::Sender)),
            receivers: ends_of(ring, EndRole::Receiver, present(EndRole::Receiver)),
            messages: sum(EndRole::Sender, RoleField::Messages, |stats| stats.messages),
            bytes: sum(EndRole::Sender, RoleField::Bytes, |stats| stats.bytes),
            received: sum(EndRole::Receiver, RoleField::Messages, |stats| stats.messages),
            missed: sum(EndRole::Receiver, RoleField::Missed, |stats| stats.missed),
            depth: depth(ring, present(EndRole::Receiver)),
            high_water: present(EndRole::Sender).map(|end| end.stats.high_water).max().unwrap_or(0),
            ends: Vec::new(),
        };
        Ok(ChannelState { ends, ..state })
    }
}

fn ends_of<'a>(ring: &Ring, role: EndRole, present: impl Iterator<Item = &'a EndState>) -> Ends {
    let count = |field| load(ring, Place::Role(role, field));
    let (living, dead): (Vec<_>, Vec<_>) = present.partition(|end| end.alive);
    Ends {
        // Who has no process yet is about to begin.
        present: living.iter().filter(|end| end.pid != 0).count() as u64,
        joined: count(RoleField::Joined),
        ended: count(RoleField::Ended),
        died: count(RoleField::Died).saturating_add(dead.len() as u64),
    }
}

fn end_state(ring: &Ring, end: End) -> Result<EndState> {
    let field = |field| load(ring, Place::End(end, field));
    let has_cursor = end.role == EndRole::Receiver && ring.rules.room != Room::FreeSlot;
    let stats = EndStats {
        messages: field(EndField::Messages),
        bytes: field(EndField::Bytes),
        missed: field(EndField::Missed),
        blocked: Duration::from_nanos(field(EndField::BlockedNs)),
        blocked_times: field(EndField::BlockedTimes),
        high_water: field(EndField::HighWater),
    };
    Ok(EndState {
        role: end.role,
        index: end.index,
        pid: field(EndField::Process) as u32,
        alive: ring.lives(end)?,
        lag: if has_cursor { waiting(ring, field(EndField::Cursor)) } else { 0 },
        stats,
    })
}

fn depth<'a>(ring: &Ring, subscribers: impl Iterator<Item = &'a EndState>) -> u64 {
    match ring.rules.room {
        Room::FreeSlot => (0..ring.rules.slots).filter(|&slot| is_there(ring, slot)).count() as u64,
        Room::OneCursor => {
            waiting(ring, load(ring, Place::End(End { role: EndRole::Receiver, index: 0 }, EndField::Cursor)))
        }
        Room::AllCursors | Room::Always => subscribers.map(|end| end.lag).max().unwrap_or(0),
    }
}

/// Whether a slot has a message, which a receiver may have in its hands.
fn is_there(ring: &Ring, slot: u64) -> bool {
    matches!(Word(load(ring, Place::Slot(slot))).state(), State::Full | State::Held)
}

/// How many positions there are between one and the tail, and no more than there are slots.
fn waiting(ring: &Ring, position: u64) -> u64 {
    tail::position(&ring.memory, &ring.rules).saturating_sub(position).min(ring.rules.slots)
}

fn load(ring: &Ring, place: Place) -> u64 {
    // Acquire: of whom the process is seen, the cursor is. Pairs with `Seat::count`.
    ring.memory.load(place, Ordering::Acquire)
}
