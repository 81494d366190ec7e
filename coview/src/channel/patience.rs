//! How an end waits: first by looking again and again, then asleep; and how it notices who has died meanwhile.
//!
//! Who spins finds what comes soon, without a system call at either side; who spins in vain spins less the next time. Who
//! sleeps is woken, and looks by himself now and then: nobody else can tell him of a death.

use std::hint;
use std::time::Duration;

use super::ring::Ring;
use super::words::End;
use crate::Result;
use crate::sys::{self, Deadline};

/// How often one looks before one sleeps: at the most for some 100 microseconds, which is what it may take to sleep and to be
/// woken; at the least hardly at all.
const SPINS_MAX: u32 = 4096;
const SPINS_MIN: u32 = 16;

/// Who sleeps for so long would not have spun so long.
const LONG: Duration = Duration::from_micros(300);

/// For how many sleeps one does not try to spin more, after it has kept the other side off its processor.
const HOLD_FIRST: u32 = 16;
const HOLD_LAST: u32 = 4096;

/// From which look on the processor is told that this is a loop, which takes it some 20 nanoseconds.
const PAUSE_FROM: u32 = 512;

/// How often at most one may look in vain, who never waits, before it looks at the clock.
const POLLS_MAX: u32 = 127;

/// How long ago one has asked at least who lives, to ask again.
const LIVES_ASKED: Duration = Duration::from_millis(3);

/// What an end has learnt of its waits.
#[derive(Debug)]
pub(crate) struct Patience {
    spins: u32,
    /// For how many sleeps not to spin more, and how many it will be the next time.
    held: u32,
    hold: u32,
    /// How often one may still look in vain before it looks at the clock, and how often it was after the last time.
    polls: u32,
    polls_last: u32,
    /// When it has last looked at the clock so, and asked who lives, in nanoseconds.
    looked: u64,
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

/// Who waits, and for what.
pub(crate) trait Waiting {
    type Found;

    fn ring(&self) -> &Ring;
    fn end(&self) -> End;
    fn patience(&mut self) -> &mut Patience;
    /// A look that costs the others nothing.
    fn glimpse(&mut self) -> Result<Option<Self::Found>>;
    /// The same with all that can be known.
    fn look(&mut self) -> Result<Look<Self::Found>>;
}

/// Looks until something is found or the deadline passes.
pub(crate) fn wait<W: Waiting>(waiting: &mut W, deadline: Deadline) -> Result<Look<W::Found>> {
    let (spins, began) = (waiting.patience().spins, sys::now());
    for spin in 0..spins {
        if spin >= PAUSE_FROM {
            hint::spin_loop();
        }
        if let Some(found) = waiting.glimpse()? {
            return Ok(Look::Found(found));
        }
    }
    let spun_ns = sys::now().saturating_sub(began);
    let (found, slept_ns) = sleep(waiting, deadline)?;
    if slept_ns > 0 {
        waiting.patience().learn(spun_ns, slept_ns);
    }
    Ok(found)
}

/// Looks and sleeps in turn; says also for how long it has slept.
fn sleep<W: Waiting>(waiting: &mut W, deadline: Deadline) -> Result<(Look<W::Found>, u64)> {
    let blocked_before = waiting.patience().blocked_ns;
    loop {
        let end = waiting.end();
        let seen = waiting.ring().announce(end.role);
        match waiting.look()? {
            Look::Nothing if !deadline.has_passed() => {}
            found => return Ok((found, waiting.patience().blocked_ns - blocked_before)),
        }
        let began = sys::now();
        let ring = waiting.ring();
        ring.sleep(end, seen, deadline.at_most(ring.nap(end.role)))?;
        if waiting.patience().note_sleep(began) {
            waiting.ring().bury_the_dead()?;
        }
        if let found @ (Look::Found(_) | Look::Deserted) = waiting.look()? {
            return Ok((found, waiting.patience().blocked_ns - blocked_before));
        }
    }
}

impl Patience {
    pub(crate) fn new() -> Patience {
        Patience {
            spins: SPINS_MAX / 8,
            held: 0,
            hold: HOLD_FIRST,
            polls: 0,
            polls_last: 0,
            looked: 0,
            asked: 0,
            blocked_ns: 0,
            blocked_times: 0,
        }
    }

    /// To be called by who looks in vain and does not wait; says whether to ask who lives.
    #[inline]
    pub(crate) fn polled_in_vain(&mut self) -> bool {
        if self.polls > 0 {
            self.polls -= 1;
            return false;
        }
        self.look_at_the_clock()
    }

    /// Who looks again and again looks at the clock seldom; who comes by now and then does so each time.
    #[cold]
    fn look_at_the_clock(&mut self) -> bool {
        let now = sys::now();
        let comes_often = now.saturating_sub(self.looked) < LIVES_ASKED.as_nanos() as u64;
        self.polls_last = if comes_often { (2 * self.polls_last + 1).min(POLLS_MAX) } else { 0 };
        (self.polls, self.looked) = (self.polls_last, now);
        self.is_time_to_ask(now)
    }

    fn note_sleep(&mut self, began: u64) -> bool {
        let now = sys::now();
        self.blocked_ns += now.saturating_sub(began);
        self.blocked_times += 1;
        self.is_time_to_ask(now)
    }

    /// Spins more the next time if it would have been worth while, and less if not.
    fn learn(&mut self, spun_ns: u64, slept_ns: u64) {
        if u128::from(slept_ns) > LONG.as_nanos() {
            self.spins = (self.spins / 2).max(SPINS_MIN);
        } else if slept_ns < spun_ns / 2 {
            // It came as soon as this side slept: the other one waits for this processor.
            self.spins = SPINS_MIN;
            self.held = self.hold;
            self.hold = (self.hold * 2).min(HOLD_LAST);
        } else if self.held > 0 {
            self.held -= 1;
        } else {
            self.spins = (self.spins * 2).min(SPINS_MAX);
        }
    }

    #[cold]
    fn is_time_to_ask(&mut self, now: u64) -> bool {
        let is_time = now.saturating_sub(self.asked) >= LIVES_ASKED.as_nanos() as u64;
        if is_time {
            self.asked = now;
        }
        is_time
    }
}
