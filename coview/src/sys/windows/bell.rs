//! What wakes those who sleep over a gate: two manual-reset events that take turns, because Windows wakes no other process
//! by an address.
//!
//! Sleepers of an even turn wait for one event, those of an odd turn for the other. Who ends a turn first resets the event
//! of the next, then moves the word, then sets the event of the turn that is over; it stays set until the turn after the
//! next begins. One rings at a time. A sleeper that is kept off the processor between its look and its wait while two
//! turns end would wait for the wrong event: so nobody sleeps longer than [`NAP`] without a look.
//!
//! | killed while ringing | what is found |
//! |---|---|
//! | before the turn is over | the word still says that somebody sleeps: the next ring wakes them |
//! | after that, before the event is set | who sleeps looks again within [`NAP`] |

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Deadline;
use super::event::Event;
use crate::Rights;
use crate::name::Name;
use crate::sys::{EventStart, gate};

/// How the names of the two events begin.
pub(super) const EVEN: &str = "coview.even.";
pub(super) const ODD: &str = "coview.odd.";

/// How long anybody sleeps without a look.
const NAP: Duration = Duration::from_millis(20);

/// How long one sleeps whom nobody wakes.
const GLANCE: Duration = Duration::from_millis(1);

/// What wakes those who sleep over a gate.
#[derive(Debug)]
pub(crate) struct Bell {
    name: Option<Name>,
    rights: Rights,
    /// Made by the first who sleeps or rings.
    events: OnceLock<[Event; 2]>,
}

impl Bell {
    pub(crate) fn new(name: Option<&Name>, rights: Rights) -> Bell {
        Bell { name: name.cloned(), rights, events: OnceLock::new() }
    }

    pub(crate) fn sleep(&self, word: &AtomicU32, seen: u32, deadline: Deadline) -> io::Result<()> {
        let Some(events) = self.events()? else { return self.glance(deadline) };
        // Relaxed: should it change after this, the event of the turn is set.
        if word.load(Ordering::Relaxed) == seen {
            of_turn(events, gate::turn_of(seen)).wait(deadline.at_most(NAP))?;
        }
        Ok(())
    }

    pub(crate) fn glance(&self, deadline: Deadline) -> io::Result<()> {
        deadline.pause(GLANCE);
        Ok(())
    }

    #[cold]
    pub(crate) fn ring(&self, word: &AtomicU32) -> io::Result<()> {
        let Some(events) = self.events()? else {
            gate::end_turn(word);
            return Ok(());
        };
        // Relaxed: one rings at a time, so that nobody else ends this turn.
        let turn = gate::turn_of(word.load(Ordering::Relaxed));
        of_turn(events, turn.wrapping_add(1)).reset()?;
        match gate::end_turn(word) {
            Some(ended) => of_turn(events, ended).set(),
            None => Ok(()),
        }
    }

    /// The events beside a mapping with a name; nobody could find those of another.
    fn events(&self) -> io::Result<Option<&[Event; 2]>> {
        let Some(name) = &self.name else { return Ok(None) };
        if let Some(events) = self.events.get() {
            return Ok(Some(events));
        }
        let start = EventStart { manual: true, signaled: false };
        let make = |prefix| Event::beside(name, prefix, start, self.rights);
        let events = [make(EVEN)?, make(ODD)?];
        Ok(Some(self.events.get_or_init(|| events)))
    }
}

fn of_turn(events: &[Event; 2], turn: u32) -> &Event {
    &events[(turn & 1) as usize]
}
