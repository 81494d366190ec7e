//! The side of a channel that sends, whatever its messages are.

use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::patience::{self, Look, Patience, Waiting};
use super::payload::Spot;
use super::ring::{Ring, Seat};
use super::rules::Room;
use super::state::EndStats;
use super::tail::Tail;
use super::words::{End, EndField, EndRole, Place, Words};
use crate::sys::{self, Deadline};
use crate::{Error, ErrorKind, Payload, Result};

/// After how many messages it is said how many there were; and each of the first times, and whenever somebody is woken or
/// waited for.
const TOLD_EVERY: u64 = 64;

/// A sender or a publisher.
#[derive(Debug)]
pub(crate) struct Sending {
    ring: Arc<Ring>,
    tail: Tail,
    end: End,
    /// The slot that was given out and has not come back.
    open: Option<u64>,
    messages: u64,
    bytes: u64,
    patience: Patience,
    /// Last: what is open is given back before the end is.
    seat: Seat,
}

impl Sending {
    pub(crate) fn join(ring: &Arc<Ring>) -> Result<Sending> {
        let mut seat = ring.seat(EndRole::Sender)?;
        seat.enter();
        seat.count();
        let (ring, end) = (Arc::clone(ring), seat.end);
        let tail = Tail::attach(&ring.memory, ring.rules, end);
        Ok(Sending { ring, tail, end, open: None, messages: 0, bytes: 0, patience: Patience::new(), seat })
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Gets a slot to write a message of `len` bytes to; `None` if the deadline passes before there is room.
    #[inline(always)]
    pub(crate) fn begin(&mut self, len: usize, deadline: Deadline) -> Result<Option<u64>> {
        self.open = self.find(len, deadline)?;
        Ok(self.open)
    }

    /// Makes a message of the slot that is open. Nobody is woken yet.
    #[inline(always)]
    pub(crate) fn commit_open(&mut self, position: u64, len: usize) {
        self.open = None;
        self.commit(position, len);
    }

    /// Finds the slot for a message. Whatever was open is given back: its owner has forgotten it.
    #[inline(always)]
    fn find(&mut self, len: usize, deadline: Deadline) -> Result<Option<u64>> {
        if len > self.ring.memory.message_size() {
            return Err(self.too_long(len));
        }
        if self.open.is_some() {
            self.give_back()?;
        }
        // Who waits can as well wait for the receivers to say where they are.
        match self.tail.begin(&self.ring.memory, deadline.is_now()) {
            Some(position) => Ok(Some(position)),
            None => self.find_in_time(deadline),
        }
    }

    #[inline(always)]
    fn commit(&mut self, position: u64, len: usize) {
        self.tail.commit(&self.ring.memory, position, len);
        self.messages += 1;
        self.bytes += len as u64;
        if self.messages < TOLD_EVERY || self.messages.is_multiple_of(TOLD_EVERY) {
            self.tell();
        }
    }

    /// Says in the channel what was sent, and where the tail is.
    fn tell(&mut self) {
        self.tail.tell(&self.ring.memory);
        self.tail.measure(&self.ring.memory);
        self.count(EndField::Messages, self.messages);
        self.count(EndField::Bytes, self.bytes);
        self.count(EndField::HighWater, self.tail.high_water);
    }

    /// Wakes the receivers that sleep, and publishers that wait for another's loan.
    #[inline(always)]
    pub(crate) fn notify(&mut self) -> Result<()> {
        if self.ring.is_awaited(EndRole::Receiver) {
            self.wake()?;
        }
        if self.ring.rules.room == Room::Always { self.ring.notify(EndRole::Sender) } else { Ok(()) }
    }

    #[cold]
    fn wake(&mut self) -> Result<()> {
        self.tell();
        self.ring.wake(EndRole::Receiver)
    }

    /// Sends a message; `false` if the deadline passes before there is room.
    #[inline(always)]
    pub(crate) fn send<T: Payload + ?Sized>(&mut self, message: &T, deadline: Deadline) -> Result<bool> {
        let sent = self.send_quietly(message, deadline)?;
        if sent {
            self.notify()?;
        }
        Ok(sent)
    }

    /// Sends messages, waiting for room, and wakes the receivers when all are sent; returns how many that were.
    pub(crate) fn send_many<T, M>(&mut self, messages: impl IntoIterator<Item = M>) -> Result<usize>
    where
        T: Payload + ?Sized,
        M: Borrow<T>,
    {
        let mut count = 0;
        for message in messages {
            if let Err(error) = self.send_quietly(message.borrow(), Deadline::NEVER) {
                self.notify()?;
                return Err(error);
            }
            count += 1;
        }
        self.notify()?;
        Ok(count)
    }

    #[inline(always)]
    fn send_quietly<T: Payload + ?Sized>(&mut self, message: &T, deadline: Deadline) -> Result<bool> {
        let len = message.len();
        let Some(position) = self.find(len, deadline)? else { return Ok(false) };
        message.put(Spot { memory: &self.ring.memory, position, len });
        self.commit(position, len);
        Ok(true)
    }

    /// Gives the slot back that is open, if there is one.
    #[inline(always)]
    pub(crate) fn give_back(&mut self) -> Result<()> {
        match self.open.take() {
            None => Ok(()),
            Some(position) => self.give_back_slot(position),
        }
    }

    pub(crate) fn stats(&self) -> EndStats {
        EndStats {
            messages: self.messages,
            bytes: self.bytes,
            missed: 0,
            blocked: Duration::from_nanos(self.patience.blocked_ns),
            blocked_times: self.patience.blocked_times,
            high_water: self.tail.high_water,
        }
    }

    /// Waits until somebody can receive.
    pub(crate) fn wait_connected(&mut self, deadline: Deadline) -> Result<bool> {
        patience::wait_connected(self, deadline)
    }

    /// Whether a message can be sent now.
    pub(crate) fn is_ready(&self) -> bool {
        self.tail.is_ready(&self.ring.memory) || self.is_deserted()
    }

    #[cold]
    fn too_long(&self, len: usize) -> Error {
        let most = self.ring.memory.message_size();
        let error = self.ring.error("send to", ErrorKind::TooLarge);
        error.with_advice(format!("its messages have at most {most} bytes, and this one {len}"))
    }

    #[cold]
    fn give_back_slot(&mut self, position: u64) -> Result<()> {
        // What a forked child lets go of is its parent's.
        if !self.seat.is_ours() {
            return Ok(());
        }
        // Receivers may wait for what comes behind it.
        if self.tail.give_back(&self.ring.memory, position) { self.notify() } else { Ok(()) }
    }

    #[cold]
    fn find_in_time(&mut self, deadline: Deadline) -> Result<Option<u64>> {
        self.tell();
        if self.is_deserted() {
            // What those who have gone have received is room, and they may have done so after the first look.
            let found = self.tail.begin(&self.ring.memory, true).map(Some);
            return found.ok_or_else(|| self.ring.disconnected("send to", EndRole::Receiver));
        }
        if deadline.is_now() {
            return self.find_now();
        }
        // In a batch, what was sent so far.
        self.notify()?;
        let waited = patience::wait(self, deadline);
        self.count(EndField::BlockedNs, self.patience.blocked_ns);
        self.count(EndField::BlockedTimes, self.patience.blocked_times);
        match waited? {
            Look::Found(position) => Ok(Some(position)),
            Look::Nothing => Ok(None),
            Look::Deserted => Err(self.ring.disconnected("send to", EndRole::Receiver)),
        }
    }

    fn find_now(&mut self) -> Result<Option<u64>> {
        if !self.patience.polled_in_vain() {
            return Ok(None);
        }
        self.ring.bury_the_dead()?;
        self.patience.has_asked();
        Ok(self.tail.begin(&self.ring.memory, true))
    }

    /// Whether nobody is left who could make room in a queue. A topic without subscribers has room.
    fn is_deserted(&self) -> bool {
        let is_queue = matches!(self.ring.rules.room, Room::FreeSlot | Room::OneCursor);
        is_queue && self.ring.is_deserted(EndRole::Receiver)
    }

    #[inline(always)]
    fn count(&self, field: EndField, value: u64) {
        // Relaxed: a number for people.
        self.ring.memory.store(Place::End(self.end, field), value, Ordering::Relaxed);
    }
}

impl Waiting for Sending {
    type Found = u64;

    fn ring(&self) -> &Ring {
        &self.ring
    }

    fn end(&self) -> End {
        self.end
    }

    fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }

    fn glimpse(&mut self) -> Result<Option<u64>> {
        Ok(self.tail.begin(&self.ring.memory, false))
    }

    fn look(&mut self) -> Result<Look<u64>> {
        // Before the look: what those who have gone have received is room.
        let deserted = self.is_deserted();
        Ok(match self.tail.begin(&self.ring.memory, true) {
            Some(position) => Look::Found(position),
            None if deserted => Look::Deserted,
            None => Look::Nothing,
        })
    }

    fn is_connected(&self) -> bool {
        self.ring.here(EndRole::Receiver) != 0
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if self.seat.is_ours() {
            // A failure has nobody to tell; receivers look by themselves.
            let _ = self.give_back();
            self.tell();
        }
    }
}

impl sys::Watch for Sending {
    fn is_ready(&self) -> bool {
        Sending::is_ready(self)
    }

    fn gate(&self) -> &AtomicU32 {
        self.ring.memory.gate(self.end.role)
    }

    fn announce(&self) -> u32 {
        self.ring.announce(self.end.role)
    }

    fn nap(&self) -> Duration {
        self.ring.nap(self.end.role)
    }

    fn look_after(&self) {
        self.ring.look_after(self.end.role);
    }

    fn seat(&self) -> (&sys::Seats, u32) {
        (self.ring.seats(), self.end.number())
    }
}
