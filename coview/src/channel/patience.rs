//! How an end waits: first by looking again and again, then asleep; and how it notices who has died meanwhile.
//!
//! Who spins finds what comes soon, without a system call at either side; who spins in vain spins less the next time. Who
//! sleeps is woken, and looks by himself now and then: nobody else can tell him of a death.

use std::time::Duration;

use super::ring::Ring;
use super::words::End;
use crate::Result;
use crate::sys::{self, Deadline};

/// How often one looks before one sleeps: at the most for some 50 microseconds, which is what a sleep and a wake between two
/// processors cost; at the least enough to learn that it is worth more.
const SPINS_MAX: u32 = 4096;
const SPINS_MIN: u32 = 16;

/// How often who never waits is asked in vain before it looks at the clock.
const POLLS: u32 = 512;

/// How long ago one has asked at least who lives, to ask again.
const LIVES_ASKED: Duration = Duration::from_millis(3);

/// What an end has learnt of its waits.
#[derive(Debug)]
pub(crate) struct Patience {
    spins: u32,
    polls: u32,
    /// When it has last asked who lives, in nanoseconds.
    asked: u64,
    pub(crate) blocked_ns: u64,
    pub(crate) blocked_times: u64,
}

/// How a look ended.
pub(crate) enum Look<R> {
    Found(R),
    Nothing,
    /// Nothing, and nobody is left of whom it could come.
    Deserted,
}

impl Patience {
    pub(crate) fn new() -> Patience {
        Patience { spins: SPINS_MAX / 8, polls: 0, asked: 0, blocked_ns: 0, blocked_times: 0 }
    }

    /// Looks until something is found or the deadline passes. `glimpse` is a look that costs the others nothing.
    #[cold]
    pub(crate) fn wait<S, R>(
        side: &mut S,
        of: impl Fn(&mut S) -> &mut Patience,
        (ring, end): (&Ring, End),
        deadline: Deadline,
        mut glimpse: impl FnMut(&mut S) -> Result<Option<R>>,
        mut look: impl FnMut(&mut S) -> Result<Look<R>>,
    ) -> Result<Option<Look<R>>> {
        let spins = of(side).spins;
        for _ in 0..spins {
            std::hint::spin_loop();
            if let Some(found) = glimpse(side)? {
                of(side).spins = (spins + spins / 4 + 1).min(SPINS_MAX);
                return Ok(Some(Look::Found(found)));
            }
        }
        of(side).spins = (spins / 2).max(SPINS_MIN);
        loop {
            let seen = ring.announce(end.role);
            match look(side)? {
                Look::Nothing if deadline.has_passed() => return Ok(None),
                Look::Nothing => {}
                found => return Ok(Some(found)),
            }
            let began = sys::now();
            ring.sleep(end, seen, deadline.at_most(ring.nap(end.role)))?;
            of(side).note_sleep(ring, began)?;
            if let found @ (Look::Found(_) | Look::Deserted) = look(side)? {
                return Ok(Some(found));
            }
        }
    }

    /// To be called by who looks in vain and does not wait.
    #[inline]
    pub(crate) fn polled_in_vain(&mut self, ring: &Ring) -> Result<()> {
        self.polls += 1;
        if self.polls < POLLS { Ok(()) } else { self.ask(ring) }
    }

    fn note_sleep(&mut self, ring: &Ring, began: u64) -> Result<()> {
        self.blocked_ns += sys::now().saturating_sub(began);
        self.blocked_times += 1;
        self.ask(ring)
    }

    /// Asks who lives, if that is some time ago.
    #[cold]
    fn ask(&mut self, ring: &Ring) -> Result<()> {
        self.polls = 0;
        let now = sys::now();
        if now.saturating_sub(self.asked) >= LIVES_ASKED.as_nanos() as u64 {
            self.asked = now;
            ring.bury_the_dead()?;
        }
        Ok(())
    }
}
