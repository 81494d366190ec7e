//! The side of a channel that receives, whatever its messages are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::cursor::{Cursor, Found};
use super::head::Head;
use super::message::Message;
use super::pace::Pace;
use super::patience::{self, Look, Patience, Waiting};
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
    patience: Patience,
    pace: Pace,
    /// How often it had slept when others were told.
    blocked_times: u64,
    /// Last: what is open is finished with before the end is.
    seat: Seat,
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
        // A publisher that waits for subscribers counts on it: where this one begins is decided.
        seat.count();
        let (patience, pace) = (Patience::new(), Pace::new(rules.lead(), ring.form.message_size));
        let (messages, bytes, missed, missed_now, blocked_times) = (0, 0, 0, 0, 0);
        Ok(Receiving {
            ring,
            out,
            end,
            open: None,
            messages,
            bytes,
            missed,
            missed_now,
            patience,
            pace,
            blocked_times,
            seat,
        })
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Finds the next message; `None` if the deadline passes before there is one. Whatever was open is finished with.
    #[inline(always)]
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
    #[inline(always)]
    pub(crate) fn finish(&mut self) -> Result<()> {
        let Some(position) = self.open.take() else { return Ok(()) };
        let is_time = match &mut self.out {
            Out::Cursor(cursor) => cursor.finish(&self.ring.memory),
            Out::Head(head) => head.finish(&self.ring.memory, position),
        };
        if is_time { self.ring.notify(EndRole::Sender) } else { Ok(()) }
    }

    /// Copies the next message out. In a lossy topic, of those that are whole.
    #[inline(always)]
    pub(crate) fn copy<T: Payload + ?Sized>(&mut self, deadline: Deadline) -> Result<Option<T::Owned>> {
        self.whole(deadline, T::take)
    }

    /// Puts the bytes of the next message into a vector; `false` if the deadline passes before there is one.
    pub(crate) fn copy_into(&mut self, bytes: &mut Vec<u8>, deadline: Deadline) -> Result<bool> {
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

    #[inline(always)]
    fn whole<R>(&mut self, deadline: Deadline, mut copy: impl FnMut(Spot<'_>) -> R) -> Result<Option<R>> {
        let mut torn = 0;
        loop {
            let Some(arrived) = self.begin(deadline)? else { return Ok(None) };
            let copied = copy(self.spot(&arrived));
            let intact = self.is_intact(arrived.position);
            // A failure to wake a sender is no reason to lose the message; it looks by itself.
            let _ = self.finish();
            if intact {
                return Ok(Some(copied));
            }
            // It was no message after all.
            self.messages -= 1;
            self.bytes -= arrived.len as u64;
            self.note_missed(1);
            torn += 1;
            // Publishers that are faster than any copy leave nothing to copy.
            if torn >= self.ring.rules.slots && deadline.has_passed() {
                return Ok(None);
            }
        }
    }

    #[inline(always)]
    pub(crate) fn spot(&self, arrived: &Arrived) -> Spot<'_> {
        Spot { memory: &self.ring.memory, position: arrived.position, len: arrived.len }
    }

    /// Whether the message at a position is still what it was when it was found.
    #[inline(always)]
    pub(crate) fn is_intact(&self, position: u64) -> bool {
        self.ring.rules.room != Room::Always || Cursor::is_intact(&self.ring.memory, &self.ring.rules, position)
    }

    /// Waits until somebody can send, or there is something to receive.
    pub(crate) fn wait_connected(&mut self, deadline: Deadline) -> Result<bool> {
        patience::wait_connected(self, deadline)
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
            high_water: 0,
        }
    }

    #[inline(always)]
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
        let len = self.len(position);
        self.messages += 1;
        self.bytes += len as u64;
        self.count(EndField::Messages, self.messages);
        self.count(EndField::Bytes, self.bytes);
        Ok(Some(Arrived { position, len, missed: std::mem::take(&mut self.missed_now), redelivered }))
    }

    /// The length of a message that was found. Anybody may have written it: it is never more than there is.
    #[inline(always)]
    fn len(&self, position: u64) -> usize {
        let words = &self.ring.memory;
        let most = words.message_size();
        if self.ring.rules.typed {
            return most;
        }
        // Relaxed: the word of the slot has published it.
        usize::try_from(words.load(Place::Length(position), Ordering::Relaxed)).unwrap_or(most).min(most)
    }

    #[cold]
    fn note_missed(&mut self, missed: u64) {
        // Positions are what others have written.
        self.missed = self.missed.wrapping_add(missed);
        self.missed_now = self.missed_now.wrapping_add(missed);
        self.count(EndField::Missed, self.missed);
    }

    #[inline(always)]
    fn begin_in_time(&mut self, deadline: Deadline) -> Result<Option<Arrived>> {
        self.tell_senders()?;
        if deadline.is_now() {
            return self.begin_now();
        }
        if let Out::Cursor(cursor) = &self.out {
            if self.pace.is_at_heels(self.messages) {
                let ahead = cursor.position.wrapping_add(self.pace.lead);
                self.pace.wait_behind(|| cursor.is_full(&self.ring.memory, ahead));
            }
            if cursor.is_soon(&self.ring.memory, self.patience.looks())
                && let Some(arrived) = self.find()?
            {
                return Ok(Some(arrived));
            }
        }
        self.find_in_time(deadline)
    }

    #[cold]
    fn find_in_time(&mut self, deadline: Deadline) -> Result<Option<Arrived>> {
        let found = patience::wait(self, deadline)?;
        if self.patience.blocked_times != self.blocked_times {
            self.blocked_times = self.patience.blocked_times;
            self.count(EndField::BlockedNs, self.patience.blocked_ns);
            self.count(EndField::BlockedTimes, self.blocked_times);
        }
        match found {
            Look::Found(arrived) => Ok(Some(arrived)),
            Look::Nothing => Ok(None),
            Look::Deserted => Err(self.ring.disconnected("receive from", EndRole::Sender)),
        }
    }

    fn begin_now(&mut self) -> Result<Option<Arrived>> {
        if self.patience.polled_in_vain() {
            self.ring.bury_the_dead()?;
            self.patience.has_asked();
        }
        match self.look()? {
            Look::Found(arrived) => Ok(Some(arrived)),
            Look::Nothing => Ok(None),
            Look::Deserted => Err(self.ring.disconnected("receive from", EndRole::Sender)),
        }
    }

    #[inline(always)]
    fn count(&self, field: EndField, value: u64) {
        // Relaxed: a number for people.
        self.ring.memory.store(Place::End(self.end, field), value, Ordering::Relaxed);
    }

    /// Looks whether a receiver that nobody has missed yet has died with a message in its hands.
    #[cold]
    fn look_among_the_dead(&mut self) -> Result<Look<Arrived>> {
        self.ring.bury_the_dead()?;
        // Whoever has buried them.
        let arrived = self.find()?;
        Ok(arrived.map_or(Look::Deserted, Look::Found))
    }

    /// Tells the senders of all that is free, before this end has nothing to do.
    #[inline(always)]
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

impl Waiting for Receiving {
    type Found = Arrived;

    fn ring(&self) -> &Ring {
        &self.ring
    }

    fn end(&self) -> End {
        self.end
    }

    fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }

    #[inline]
    fn glimpse(&mut self) -> Result<Option<Arrived>> {
        self.find()
    }

    fn look(&mut self) -> Result<Look<Arrived>> {
        // Before the look: what those who have gone have sent is found.
        let deserted = self.ring.is_deserted(EndRole::Sender);
        match self.find()? {
            Some(arrived) => Ok(Look::Found(arrived)),
            None if deserted => self.look_among_the_dead(),
            None => Ok(Look::Nothing),
        }
    }

    fn is_connected(&self) -> bool {
        self.ring.here(EndRole::Sender) != 0 || self.has_message()
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if self.seat.is_ours() {
            // A message that is open was forgotten. A failure has nobody to tell; senders look by themselves.
            let _ = self.finish().and_then(|()| self.tell_senders());
        }
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
        self.ring.look_after(self.end.role);
    }

    fn seat(&self) -> (&sys::Seats, u32) {
        (self.ring.seats(), self.end.number())
    }
}
