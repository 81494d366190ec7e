//! The side of a channel that receives, whatever its messages are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::cursor::{Cursor, Found};
use super::head::Head;
use super::message::Message;
use super::patience::{Look, Patience};
use super::payload::Spot;
use super::ring::{Ring, Seat};
use super::rules::Room;
use super::state::EndStats;
use super::words::{End, EndField, EndRole, Place, Words};
use crate::sys::{self, Deadline};
use crate::{ErrorKind, Payload, Result};

/// A receiver or a subscriber.
#[derive(Debug)]
pub(crate) struct Receiving {
    ring: Arc<Ring>,
    out: Out,
    end: End,
    /// The message that was given out and is not finished with.
    open: Option<u64>,
    messages: u64,
    bytes: u64,
    missed: u64,
    /// Since the last message.
    missed_now: u64,
    high_water: u64,
    patience: Patience,
    /// Last: what is open is finished with before the end is.
    _seat: Seat,
}

/// Where messages come out.
#[derive(Debug)]
enum Out {
    Cursor(Cursor),
    Head(Head),
}

/// A message that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) position: u64,
    pub(crate) len: usize,
    pub(crate) missed: u64,
    pub(crate) redelivered: bool,
}

impl Receiving {
    pub(crate) fn join(ring: &Arc<Ring>) -> Result<Receiving> {
        let mut seat = ring.seat(EndRole::Receiver)?;
        let (ring, end) = (Arc::clone(ring), seat.end);
        let (words, rules) = (&ring.memory, ring.rules);
        let out = match rules.room {
            Room::FreeSlot => Out::Head(Head::new(rules, end)),
            Room::OneCursor => Out::Cursor(Cursor::take_over(words, rules, end)),
            Room::AllCursors | Room::Always => Out::Cursor(Cursor::join(words, rules, end, || seat.enter())),
        };
        if matches!(rules.room, Room::FreeSlot | Room::OneCursor) {
            seat.enter();
        }
        let patience = Patience::new();
        let numbers = (0, 0, 0, 0, 0);
        let (messages, bytes, missed, missed_now, high_water) = numbers;
        Ok(Receiving {
            ring,
            out,
            end,
            open: None,
            messages,
            bytes,
            missed,
            missed_now,
            high_water,
            patience,
            _seat: seat,
        })
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Finds the next message; `None` if the deadline passes before there is one. Whatever was open is finished with.
    #[inline]
    pub(crate) fn begin(&mut self, deadline: Deadline) -> Result<Option<Arrived>> {
        if self.open.is_some() {
            self.finish()?;
        }
        match self.find()? {
            Some(arrived) => Ok(Some(arrived)),
            None => self.begin_in_time(deadline),
        }
    }

    /// Finishes with the message that is open.
    #[inline]
    pub(crate) fn finish(&mut self) -> Result<()> {
        let Some(position) = self.open.take() else { return Ok(()) };
        let is_time = match &mut self.out {
            Out::Cursor(cursor) => cursor.finish(&self.ring.memory),
            Out::Head(head) => head.finish(&self.ring.memory, position),
        };
        if is_time { self.ring.notify(EndRole::Sender) } else { Ok(()) }
    }

    /// Copies the next message out. In a lossy topic, of those that are whole.
    #[inline]
    pub(crate) fn copy<T: Payload + ?Sized>(&mut self, deadline: Deadline) -> Result<Option<T::Owned>> {
        self.whole(deadline, T::take)
    }

    /// Puts the bytes of the next message into a vector; `false` if the deadline passes before there is one.
    pub(crate) fn into_vec(&mut self, bytes: &mut Vec<u8>, deadline: Deadline) -> Result<bool> {
        let read = self.whole(deadline, |spot| {
            bytes.resize(spot.len, 0);
            spot.memory.read(spot.position, 0, bytes);
        })?;
        Ok(read.is_some())
    }

    /// Waits for a message, then takes what is there.
    pub(crate) fn many<T: Payload + ?Sized>(
        &mut self,
        max: usize,
        mut take: impl FnMut(&Message<'_, T>),
        deadline: Deadline,
    ) -> Result<usize> {
        let mut count = 0;
        while count < max {
            let arrived = match self.begin(if count == 0 { deadline } else { Deadline::NOW }) {
                Ok(Some(arrived)) => arrived,
                Err(error) if count == 0 => return Err(error),
                // Whoever comes next finds the same error.
                Ok(None) | Err(_) => break,
            };
            take(&Message::new(self, arrived));
            count += 1;
        }
        Ok(count)
    }

    #[inline]
    fn whole<R>(&mut self, deadline: Deadline, mut copy: impl FnMut(Spot<'_>) -> R) -> Result<Option<R>> {
        loop {
            let Some(arrived) = self.begin(deadline)? else { return Ok(None) };
            let copied = copy(self.spot(&arrived));
            let intact = self.is_intact(arrived.position);
            self.finish()?;
            if intact {
                return Ok(Some(copied));
            }
            // It was no message after all.
            self.messages -= 1;
            self.bytes -= arrived.len as u64;
            self.note_missed(1);
        }
    }

    #[inline]
    pub(crate) fn spot(&self, arrived: &Arrived) -> Spot<'_> {
        Spot { memory: &self.ring.memory, position: arrived.position, len: arrived.len }
    }

    /// Whether the message at a position is still what it was when it was found.
    #[inline]
    pub(crate) fn is_intact(&self, position: u64) -> bool {
        self.ring.rules.room != Room::Always || Cursor::is_intact(&self.ring.memory, &self.ring.rules, position)
    }

    /// Waits until somebody can send, or there is something to receive.
    pub(crate) fn wait_connected(&mut self, deadline: Deadline) -> Result<bool> {
        let ring = Arc::clone(&self.ring);
        let is_there = |side: &mut Receiving| ring.here(EndRole::Sender) != 0 || side.has_message();
        if is_there(self) {
            return Ok(true);
        }
        let waited = Patience::wait(
            self,
            |side| &mut side.patience,
            (&ring, self.end),
            deadline,
            |side| Ok(is_there(side).then_some(())),
            |side| Ok(if is_there(side) { Look::Found(()) } else { Look::Nothing }),
        )?;
        Ok(waited.is_some())
    }

    pub(crate) fn missed(&self) -> u64 {
        self.missed
    }

    pub(crate) fn stats(&self) -> EndStats {
        EndStats {
            messages: self.messages,
            bytes: self.bytes,
            missed: self.missed,
            blocked: Duration::from_nanos(self.patience.blocked_ns),
            blocked_times: self.patience.blocked_times,
            high_water: self.high_water,
        }
    }

    #[inline]
    fn find(&mut self) -> Result<Option<Arrived>> {
        let words = &self.ring.memory;
        let (position, redelivered) = match &mut self.out {
            Out::Cursor(cursor) => {
                let (found, missed) = cursor.find(words);
                if found == Found::Message {
                    cursor.begin(words);
                }
                let at = (cursor.position, cursor.is_redelivered());
                if missed > 0 {
                    self.note_missed(missed);
                }
                match found {
                    Found::Message => at,
                    Found::Nothing => return Ok(None),
                    Found::Damaged => return Err(self.ring.error("receive from", ErrorKind::Damaged)),
                }
            }
            Out::Head(head) => match head.take(words) {
                Some(taken) => (taken.position, taken.redelivered),
                None => return Ok(None),
            },
        };
        self.open = Some(position);
        let words = &self.ring.memory;
        // Relaxed: the word of the slot has published it. Anybody may have written it: it is never more than there is.
        let len = words.load(Place::Length(position), Ordering::Relaxed);
        let room = words.message_size();
        let len = if self.ring.form.typed { room } else { usize::try_from(len).unwrap_or(room).min(room) };
        self.messages += 1;
        self.bytes += len as u64;
        words.store(Place::End(self.end, EndField::Messages), self.messages, Ordering::Relaxed);
        words.store(Place::End(self.end, EndField::Bytes), self.bytes, Ordering::Relaxed);
        Ok(Some(Arrived { position, len, missed: std::mem::take(&mut self.missed_now), redelivered }))
    }

    #[cold]
    fn note_missed(&mut self, missed: u64) {
        self.missed += missed;
        self.missed_now += missed;
        // Relaxed: a number for people.
        self.ring.memory.store(Place::End(self.end, EndField::Missed), self.missed, Ordering::Relaxed);
    }

    #[cold]
    fn begin_in_time(&mut self, deadline: Deadline) -> Result<Option<Arrived>> {
        self.tell_senders()?;
        if deadline.is_now() {
            self.patience.polled_in_vain(&self.ring)?;
            return match self.look()? {
                Look::Found(arrived) => Ok(Some(arrived)),
                Look::Nothing => Ok(None),
                Look::Deserted => Err(self.ring.disconnected("receive from", EndRole::Sender)),
            };
        }
        let ring = Arc::clone(&self.ring);
        let waited = Patience::wait(
            self,
            |side| &mut side.patience,
            (&ring, self.end),
            deadline,
            Receiving::find,
            Receiving::look,
        );
        for (field, value) in
            [(EndField::BlockedNs, self.patience.blocked_ns), (EndField::BlockedTimes, self.patience.blocked_times)]
        {
            // Relaxed: a number for people.
            self.ring.memory.store(Place::End(self.end, field), value, Ordering::Relaxed);
        }
        match waited? {
            Some(Look::Found(arrived)) => Ok(Some(arrived)),
            Some(Look::Deserted) => Err(self.ring.disconnected("receive from", EndRole::Sender)),
            Some(Look::Nothing) | None => Ok(None),
        }
    }

    fn look(&mut self) -> Result<Look<Arrived>> {
        // Before the look: what those who have gone have sent is found.
        let deserted = self.ring.is_deserted(EndRole::Sender);
        Ok(match self.find()? {
            Some(arrived) => Look::Found(arrived),
            None if deserted => Look::Deserted,
            None => Look::Nothing,
        })
    }

    /// Tells the senders of all that is free, before this end has nothing to do.
    #[inline]
    fn tell_senders(&mut self) -> Result<()> {
        let is_news = match &mut self.out {
            Out::Cursor(cursor) => cursor.pass(&self.ring.memory),
            Out::Head(head) => head.pass(),
        };
        if is_news { self.ring.notify(EndRole::Sender) } else { Ok(()) }
    }

    fn has_message(&self) -> bool {
        match &self.out {
            Out::Cursor(cursor) => cursor.is_ready(&self.ring.memory),
            Out::Head(head) => head.is_ready(&self.ring.memory),
        }
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        // A message that is open was forgotten. A failure has nobody to tell; senders look by themselves.
        let _ = self.finish().and_then(|()| self.tell_senders());
    }
}

impl sys::Watch for Receiving {
    fn is_ready(&self) -> bool {
        let deserted = self.ring.is_deserted(EndRole::Sender);
        self.has_message() || deserted
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
