//! Waitable timers on Linux, without any thread: a gate as an event has, and a time at which it opens.
//!
//! Whoever looks at a timer whose time has come *fires* it: signals it and puts its time forward by whole periods, or to 0.
//! Sleepers sleep until that time at most, on two words: the gate, and `rearmed`, which changes when the timer is set. All
//! are registered as waiting for several objects (see `wait`), so whoever fires wakes everyone.
//!
//! The latch of `tokens` serialises those who set, cancel and fire. Who sets makes `rearmed` odd and wakes everyone first;
//! who finds it odd waits for the latch, and makes it even if its owner has died. Who sleeps has set the waiters' bit
//! before it reads `rearmed`, and reads the time after it; so it is woken by whoever sets the timer later. An expiry that
//! was on its way to somebody when the timer is set anew goes on as the offer of a pulse (see `pulse`), or by the
//! generation.
//!
//! | killed | what is found |
//! |---|---|
//! | setting, before everyone is woken | the timer as it was; the next to look makes `rearmed` even |
//! | setting, after that, before the time is stored | the timer is cancelled, perhaps not signaled any more |
//! | setting, after that | the timer is set |
//! | firing, before the gate opens | nothing happened; the next to look fires |
//! | firing, between the gate and the time | the next to look fires again |
//! | firing, before everyone is woken | the gate is open and announced: the kernel wakes one, and the others know the time |

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::block::{self, Block, Start};
use super::deadline::now;
use super::event::{AUTO_MAX, leave_to_the_woken, opened, shut, wake_everyone};
use super::folder::Place;
use super::futex;
use super::object::{Object, Plan};
use super::share;
use super::thread::{self, Thread};
use super::tokens::{self, FROZEN, WAITERS, count_of, replace, state_of};
use super::wait::{open_within, wait_any};
use super::{Deadline, Waitable};
use crate::inspect::Kind;
use crate::name::Name;
use crate::{Access, Rights};

/// Somebody is setting the timer, or was killed then.
const ODD: u32 = 1;

/// The latest time that a timer can be set to: what the kernel's own clock can hold.
const DUE_MAX: u64 = i64::MAX as u64;

/// A handle to a timer.
#[derive(Debug)]
pub(crate) struct Timer {
    block: Box<Block>,
    manual: bool,
    object: Object,
}

impl Timer {
    pub(crate) fn create(name: &Name, manual: bool, rights: Rights) -> io::Result<Timer> {
        let prepare = |file: &File| prepare(file, manual);
        let plan = Plan { kind: Kind::Timer, rights, prepare: &prepare, unborn: false };
        Timer::new(Object::create(Place::of(name), &plan)?)
    }

    pub(crate) fn open(name: &Name, deadline: Deadline) -> io::Result<Timer> {
        Timer::new(open_within(name, Kind::Timer, Access::ReadWrite, deadline)?.0)
    }

    pub(crate) fn create_or_open(name: &Name, manual: bool, rights: Rights) -> io::Result<(Timer, bool)> {
        let prepare = |file: &File| prepare(file, manual);
        let plan = Plan { kind: Kind::Timer, rights, prepare: &prepare, unborn: false };
        let (object, existed) = Object::create_or_open(Place::of(name), &plan, Access::ReadWrite)?;
        Ok((Timer::new(object)?, existed.is_none()))
    }

    pub(crate) fn unnamed(manual: bool) -> io::Result<Timer> {
        Timer::new(Object::unnamed(&|file: &File| prepare(file, manual))?)
    }

    pub(crate) fn set(&self, after: Duration, period: Option<Duration>) -> io::Result<()> {
        let due = now().saturating_add(nanos(after)).min(DUE_MAX);
        let period = period.map_or(0, nanos);
        thread::with(|thread| {
            // What has come by now releases somebody who waits, though nobody may have looked yet.
            self.fire_if_due(thread)?;
            self.latched(thread, || self.arm(due, period))?;
            // At once, if that is when.
            self.fire_if_due(thread)
        })
    }

    pub(crate) fn cancel(&self) -> io::Result<()> {
        thread::with(|thread| {
            self.fire_if_due(thread)?;
            // SeqCst, here and below: the words of the protocol above are in one order for everyone.
            self.latched(thread, || {
                self.block.due().store(0, Ordering::SeqCst);
                // Another setting; as odd or even as it was, and nobody who sleeps needs to know.
                self.block.rearmed().fetch_add(2, Ordering::SeqCst);
            })
        })
    }

    /// A number that changes whenever the timer is set or cancelled.
    pub(crate) fn setting(&self) -> u32 {
        self.block.rearmed().load(Ordering::SeqCst).wrapping_add(ODD) & !ODD
    }

    pub(crate) fn wait(&self, deadline: Deadline) -> io::Result<bool> {
        Ok(wait_any(&[Waitable::Timer(self)], deadline)?.is_some())
    }

    /// A descriptor that keeps the object by itself.
    pub(crate) fn share(&self) -> io::Result<OwnedFd> {
        share::share(&self.object, Access::ReadWrite)
    }

    /// Makes a handle of a shared descriptor; returns the name too, "" without one.
    pub(crate) fn from_shared(descriptor: OwnedFd) -> io::Result<(Timer, String)> {
        let (object, name) = share::receive(descriptor, Kind::Timer)?;
        Ok((Timer::new(object)?, name))
    }

    pub(super) fn block(&self) -> &Block {
        &self.block
    }

    pub(super) fn is_manual(&self) -> bool {
        self.manual
    }

    /// When the timer fires next.
    pub(super) fn due(&self) -> Option<Deadline> {
        let due = self.block.due().load(Ordering::SeqCst);
        (due != 0).then(|| Deadline::at(due))
    }

    /// Signals the timer if its time has come.
    pub(super) fn fire_if_due(&self, thread: &Thread) -> io::Result<()> {
        if !is_due(&self.block, now) {
            return Ok(());
        }
        let _announced = thread.announce(self.block.gate());
        if self.latched(thread, || self.fire())? {
            wake_everyone(&self.block);
        }
        Ok(())
    }

    /// The word that changes when the timer is set, with its value.
    pub(super) fn rearming(&self, thread: &Thread) -> io::Result<(&AtomicU32, u32)> {
        let word = self.block.rearmed();
        let seen = word.load(Ordering::SeqCst);
        if seen & ODD == 0 {
            return Ok((word, seen));
        }
        self.latched(thread, || make_even(word)).map(|seen| (word, seen))
    }

    /// Does something while nobody else sets, cancels or fires the timer, and nobody has it frozen.
    fn latched<T>(&self, thread: &Thread, work: impl FnOnce() -> T) -> io::Result<T> {
        tokens::take_latch(thread, &self.block)?;
        // Left by somebody who died.
        tokens::thaw(&self.block);
        let result = work();
        tokens::give_latch(thread, &self.block);
        Ok(result)
    }

    fn arm(&self, due: u64, period: u64) {
        let block = &self.block;
        block.rearmed().fetch_or(ODD, Ordering::SeqCst);
        if block.state().load(Ordering::SeqCst) & WAITERS != 0 {
            futex::wake(block.rearmed(), futex::ALL);
        }
        block.due().store(0, Ordering::SeqCst);
        let seen = self.change(|seen| if self.manual { shut(seen) } else { state_of(0, seen) });
        if !self.manual && count_of(seen) > 0 {
            leave_to_the_woken(block);
        }
        block.period().store(period, Ordering::SeqCst);
        block.due().store(due, Ordering::SeqCst);
        make_even(block.rearmed());
    }

    /// Opens the gate if it is still time; says whether somebody may sleep.
    fn fire(&self) -> bool {
        // Another may have fired it, or set it anew.
        let time = now();
        if !is_due(&self.block, || time) {
            return false;
        }
        let seen = self.change(|seen| if self.manual { opened(seen) } else { state_of(AUTO_MAX, seen) });
        let (due, period) = (self.block.due().load(Ordering::SeqCst), self.block.period().load(Ordering::SeqCst));
        self.block.due().store(next_due(due, period, time), Ordering::SeqCst);
        seen & WAITERS != 0
    }

    /// Replaces the state, and returns what it was.
    fn change(&self, new: impl Fn(u64) -> u64) -> u64 {
        loop {
            let seen = self.block.state().load(Ordering::SeqCst);
            if replace(&self.block, seen, new(seen) & !FROZEN) {
                return seen;
            }
        }
    }

    fn new(object: Object) -> io::Result<Timer> {
        let (block, picture) = Block::map(object.file())?;
        Ok(Timer { block, manual: picture.parameter == 1, object })
    }
}

fn prepare(file: &File, manual: bool) -> io::Result<()> {
    let state = if manual { shut(0) } else { state_of(0, 0) };
    block::write(file, Start { kind: Kind::Timer, parameter: u32::from(manual), state })
}

fn is_due(block: &Block, now: impl FnOnce() -> u64) -> bool {
    let due = block.due().load(Ordering::SeqCst);
    due != 0 && due <= now()
}

/// The time after `due` that is a whole number of periods later and after `now`; 0 if there is none.
pub(super) fn next_due(due: u64, period: u64, now: u64) -> u64 {
    let Some(passed) = now.saturating_sub(due).checked_div(period) else { return 0 };
    let next = passed.checked_add(1).and_then(|periods| periods.checked_mul(period)?.checked_add(due));
    next.filter(|&next| next <= DUE_MAX).unwrap_or(0)
}

/// Makes the word even if it is not, and returns it.
fn make_even(word: &AtomicU32) -> u32 {
    let seen = word.load(Ordering::SeqCst);
    if seen & ODD == 0 {
        return seen;
    }
    word.store(seen.wrapping_add(1), Ordering::SeqCst);
    seen.wrapping_add(1)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_periodic_timer_goes_on_at_whole_periods() {
        assert_eq!(next_due(100, 10, 100), 110);
        assert_eq!(next_due(100, 10, 109), 110);
        assert_eq!(next_due(100, 10, 110), 120);
        assert_eq!(next_due(100, 10, 1005), 1010);
    }

    #[test]
    fn a_timer_without_a_next_time_is_not_set() {
        assert_eq!(next_due(100, 0, 100), 0);
        assert_eq!(next_due(100, u64::MAX, 100), 0);
        assert_eq!(next_due(DUE_MAX, 1, DUE_MAX), 0);
    }
}
