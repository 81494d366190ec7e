//! What wakes the ends of a channel: an auto-reset event for each of them, because Windows wakes no other process by an
//! address, and because such an event can be waited for together with other objects.
//!
//! | killed while ringing | what is found |
//! |---|---|
//! | before the turn is over | the word still says that somebody sleeps: the next ring wakes them |
//! | after that, before all events are set | who sleeps looks again at the end of his nap |
//!
//! An event that is set for an end which does not sleep lets its next sleep end at once, and it looks in vain.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Deadline;
use super::event::Event;
use crate::Rights;
use crate::name::Name;
use crate::sys::{EventStart, SEATS, gate};

/// The event of seat `NUMBER` beside the mapping `NAME` is `coview.seat.NUMBER.NAME`.
pub(super) const SEAT: &str = "coview.seat.";

/// What wakes the ends of a channel.
#[derive(Debug)]
pub(crate) struct Seats {
    name: Name,
    rights: Rights,
    /// Each made by the first who sleeps there or rings for it.
    events: Box<[OnceLock<Event>]>,
}

impl Seats {
    pub(crate) fn new(name: &Name, rights: Rights) -> Seats {
        let events = (0..SEATS).map(|_| OnceLock::new()).collect();
        Seats { name: name.clone(), rights, events }
    }

    pub(crate) fn sleep(&self, seat: u32, word: &AtomicU32, seen: u32, deadline: Deadline) -> io::Result<()> {
        let event = self.event(seat)?;
        // Relaxed: should it change after this, the event is set.
        if word.load(Ordering::Relaxed) == seen {
            event.wait(deadline)?;
        }
        Ok(())
    }

    #[cold]
    pub(crate) fn ring<S: Iterator<Item = u32>>(&self, word: &AtomicU32, seats: impl FnOnce() -> S) -> io::Result<()> {
        if gate::end_turn(word).is_none() {
            return Ok(());
        }
        // Now: whoever has slept over this turn was there before it ended. All of them, whatever one event says.
        let mut outcome = Ok(());
        for seat in seats() {
            outcome = self.event(seat).and_then(Event::set).and(outcome);
        }
        outcome
    }

    pub(super) fn event(&self, seat: u32) -> io::Result<&Event> {
        let place = &self.events[seat as usize];
        if let Some(event) = place.get() {
            return Ok(event);
        }
        let start = EventStart { manual: false, signaled: false };
        let event = Event::beside(&self.name, &format!("{SEAT}{seat}."), start, self.rights)?;
        Ok(place.get_or_init(|| event))
    }
}
