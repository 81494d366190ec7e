//! The side of a channel that sends, whatever its messages are.

use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::patience::{Look, Patience};
use super::payload::Spot;
use super::ring::{Ring, Seat};
use super::rules::Room;
use super::state::EndStats;
use super::tail::Tail;
use super::words::{End, EndField, EndRole, Place, Words};
use crate::sys::{self, Deadline};
use crate::{Error, ErrorKind, Payload, Result};

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
    _seat: Seat,
}

impl Sending {
    pub(crate) fn join(ring: &Arc<Ring>) -> Result<Sending> {
        let mut seat = ring.seat(EndRole::Sender)?;
        seat.enter();
        let (ring, end) = (Arc::clone(ring), seat.end);
        let tail = Tail::attach(&ring.memory, ring.rules, end);
        Ok(Sending { ring, tail, end, open: None, messages: 0, bytes: 0, patience: Patience::new(), _seat: seat })
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Gets a slot to write a message of `len` bytes to; `None` if the deadline passes before there is room. Whatever was
    /// open is given back: its owner has forgotten it.
    #[inline]
    pub(crate) fn begin(&mut self, len: usize, deadline: Deadline) -> Result<Option<u64>> {
        if len > self.ring.memory.message_size() {
            return Err(self.too_long(len));
        }
        if self.open.is_some() {
            self.give_back()?;
        }
        self.open = match self.tail.begin(&self.ring.memory, true) {
            Some(position) => Some(position),
            None => self.begin_in_time(deadline)?,
        };
        Ok(self.open)
    }

    /// Makes a message of the slot that is open. Nobody is woken yet.
    #[inline]
    pub(crate) fn commit(&mut self, position: u64, len: usize) {
        self.open = None;
        self.tail.commit(&self.ring.memory, position, len);
        self.messages += 1;
        self.bytes += len as u64;
        self.count(EndField::Messages, self.messages);
        self.count(EndField::Bytes, self.bytes);
    }

    /// Wakes the receivers that sleep.
    #[inline]
    pub(crate) fn notify(&self) -> Result<()> {
        self.ring.notify(EndRole::Receiver)
    }

    /// Sends a message; `false` if the deadline passes before there is room.
    #[inline]
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

    #[inline]
    fn send_quietly<T: Payload + ?Sized>(&mut self, message: &T, deadline: Deadline) -> Result<bool> {
        let len = message.len();
        let Some(position) = self.begin(len, deadline)? else { return Ok(false) };
        message.put(Spot { memory: &self.ring.memory, position, len });
        self.commit(position, len);
        Ok(true)
    }

    /// Gives the slot back that is open, if there is one.
    #[inline]
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
        // Receivers may wait for what comes behind it.
        if self.tail.give_back(&self.ring.memory, position) { self.notify() } else { Ok(()) }
    }

    #[cold]
    fn begin_in_time(&mut self, deadline: Deadline) -> Result<Option<u64>> {
        self.count(EndField::HighWater, self.tail.high_water);
        if self.is_deserted() {
            return Err(self.ring.disconnected("send to", EndRole::Receiver));
        }
        if deadline.is_now() {
            self.patience.polled_in_vain(&self.ring)?;
            return Ok(None);
        }
        // In a batch, what was sent so far.
        self.notify()?;
        let ring = Arc::clone(&self.ring);
        let waited = Patience::wait(
            self,
            |side| &mut side.patience,
            (&ring, self.end),
            deadline,
            |side| Ok(side.tail.begin(&ring.memory, false)),
            |side| Ok(side.look()),
        );
        self.count(EndField::BlockedNs, self.patience.blocked_ns);
        self.count(EndField::BlockedTimes, self.patience.blocked_times);
        match waited? {
            Some(Look::Found(position)) => Ok(Some(position)),
            Some(Look::Deserted) => Err(self.ring.disconnected("send to", EndRole::Receiver)),
            Some(Look::Nothing) | None => Ok(None),
        }
    }

    fn look(&mut self) -> Look<u64> {
        let deserted = self.is_deserted();
        match self.tail.begin(&self.ring.memory, true) {
            Some(position) => Look::Found(position),
            None if deserted => Look::Deserted,
            None => Look::Nothing,
        }
    }

    /// Whether nobody is left who could make room in a queue. A topic without subscribers has room.
    fn is_deserted(&self) -> bool {
        let is_queue = matches!(self.ring.rules.room, Room::FreeSlot | Room::OneCursor);
        is_queue && self.ring.is_deserted(EndRole::Receiver)
    }

    #[inline]
    fn count(&self, field: EndField, value: u64) {
        // Relaxed: a number for people.
        self.ring.memory.store(Place::End(self.end, field), value, Ordering::Relaxed);
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        // A failure has nobody to tell; receivers look by themselves.
        let _ = self.give_back();
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
        // What the system refuses now it will tell when the channel is used.
        let _ = self.ring.bury_the_dead();
    }

    fn seat(&self) -> (&sys::Seats, u32) {
        (self.ring.seats(), self.end.number())
    }
}
