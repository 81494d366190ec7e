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

/// For how long one looks before one sleeps: at first, and at the most, which is what it may take to sleep and to be woken.
const SPIN_FIRST_NS: u64 = 10_000;
const SPIN_MAX_NS: u64 = 100_000;

/// For how many sleeps one does not try to spin more, after it has kept the other side off its processor.
const HOLD_FIRST: u32 = 16;
const HOLD_LAST: u32 = 1024;

/// See [`Patience::looks`].
const LOOKS: u32 = 4000;
const LOOKS_HELD: u32 = 32;

/// How often one looks between two looks at the clock.
const LOOKS_A_TIME: u32 = 16;

/// How often at most one may look in vain, who never waits, before it looks at the clock.
const POLLS_MAX: u32 = 127;

/// How long ago one has asked at least who lives, to ask again; and how many times as long as that took, for with many ends
/// it takes long.
const LIVES_ASKED: Duration = Duration::from_millis(3);
const ASKING_SHARE: u64 = 16;

/// What an end has learnt of its waits.
#[derive(Debug)]
pub(crate) struct Patience {
    /// For how long it looks before it sleeps.
    spin_ns: u64,
    /// For how many sleeps not to spin, and how many it will be the next time.
    held: u32,
    hold: u32,
    /// How often one may still look in vain before it looks at the clock, and how often it was after the last time.
    polls: u32,
    polls_last: u32,
    /// When it has last looked at the clock so, and asked who lives, in nanoseconds.
    looked: u64,
    asked: u64,
    /// For how long not to ask again.
    asked_for: u64,
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
    /// Whether there is anybody on the other side, or something that makes up for it.
    fn is_connected(&self) -> bool;
}

/// Waits until the other side is there; `false` if the deadline passes before.
pub(crate) fn wait_connected<W: Waiting>(waiting: &mut W, deadline: Deadline) -> Result<bool> {
    if waiting.is_connected() {
        return Ok(true);
    }
    let waited = wait(&mut Connecting(waiting), deadline)?;
    Ok(matches!(waited, Look::Found(())))
}

/// Who waits for the other side.
struct Connecting<'a, W>(&'a mut W);

impl<W: Waiting> Waiting for Connecting<'_, W> {
    type Found = ();

    fn ring(&self) -> &Ring {
        self.0.ring()
    }

    fn end(&self) -> End {
        self.0.end()
    }

    fn patience(&mut self) -> &mut Patience {
        self.0.patience()
    }

    fn glimpse(&mut self) -> Result<Option<()>> {
        Ok(self.is_connected().then_some(()))
    }

    fn look(&mut self) -> Result<Look<()>> {
        Ok(if self.is_connected() { Look::Found(()) } else { Look::Nothing })
    }

    fn is_connected(&self) -> bool {
        self.0.is_connected()
    }
}

/// Looks until something is found or the deadline passes.
pub(crate) fn wait<W: Waiting>(waiting: &mut W, deadline: Deadline) -> Result<Look<W::Found>> {
    let (spin_ns, began) = (waiting.patience().spin_ns, sys::now());
    let mut spun_ns = 0;
    while spun_ns < spin_ns {
        for _ in 0..LOOKS_A_TIME {
            if let Some(found) = waiting.glimpse()? {
                let patience = waiting.patience();
                patience.hold = (patience.hold / 2).max(HOLD_FIRST);
                return Ok(Look::Found(found));
            }
            hint::spin_loop();
        }
        spun_ns = sys::now().saturating_sub(began);
    }
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
            waiting.patience().has_asked();
        }
        if let found @ (Look::Found(_) | Look::Deserted) = waiting.look()? {
            return Ok((found, waiting.patience().blocked_ns - blocked_before));
        }
    }
}

impl Patience {
    pub(crate) fn new() -> Patience {
        Patience {
            spin_ns: SPIN_FIRST_NS,
            held: 0,
            hold: HOLD_FIRST,
            polls: 0,
            polls_last: 0,
            looked: 0,
            asked: 0,
            asked_for: 0,
            blocked_ns: 0,
            blocked_times: 0,
        }
    }

    /// How often to look before anything is done that takes longer than a look: for a microsecond, but hardly at all if the
    /// other side waits for this processor.
    #[inline]
    pub(crate) fn looks(&self) -> u32 {
        if self.held == 0 { LOOKS } else { LOOKS_HELD }
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

    /// Spins for as long the next time as would have been enough, if that is worth while.
    fn learn(&mut self, spun_ns: u64, slept_ns: u64) {
        if slept_ns < 2 * spun_ns {
            // It came soon after this side slept, though not while it looked: the other one waits for this processor.
            self.spin_ns = 0;
            self.held = self.hold;
            self.hold = (self.hold * 2).min(HOLD_LAST);
        } else if self.held > 0 {
            self.held -= 1;
        } else if spun_ns + slept_ns > SPIN_MAX_NS {
            self.spin_ns /= 2;
        } else {
            self.spin_ns = spun_ns + slept_ns;
        }
    }

    /// To be called by who was told to ask who lives, and has.
    pub(crate) fn has_asked(&mut self) {
        let took = sys::now().saturating_sub(self.asked);
        self.asked_for = took.saturating_mul(ASKING_SHARE).max(LIVES_ASKED.as_nanos() as u64);
    }

    #[cold]
    fn is_time_to_ask(&mut self, now: u64) -> bool {
        let is_time = now.saturating_sub(self.asked) >= self.asked_for;
        if is_time {
            self.asked = now;
        }
        is_time
    }
}
