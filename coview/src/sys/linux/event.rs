//! Events on Linux. An auto-reset event is a count of at most one; a manual-reset event is a gate with a generation.
//!
//! The manual-reset event's state is the gate of `tokens` below and a generation above, which each set and each pulse
//! raises: a sleeper that wakes to find the gate closed sees by the generation that it was opened meanwhile. A closed gate
//! has the generation in its lower 29 bits, below a bit that is always set: who is about to sleep while the event is set
//! and reset finds another gate than the one that it saw.
//!
//! | killed | what is found |
//! |---|---|
//! | setting or pulsing, before the state changes | nothing happened |
//! | setting, after it, before the wake | the gate is open and announced: the kernel wakes one, who wakes the others |
//! | pulsing, after it, before the wake | as if the pulse had not come yet; whoever is woken next was released by it |
//! | woken | it changes nothing for the others |

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use super::Deadline;
use super::block::{self, Block, Start};
use super::folder::Place;
use super::futex::{self, Slept};
use super::object::{Object, Plan};
use super::pulse;
use super::share;
use super::thread::{self, Thread};
use super::tokens::{self, CLOSED, FROZEN, WAITERS, gate_of, replace, settled};
use super::wait::open_within;
use crate::inspect::Kind;
use crate::name::Name;
use crate::sys::EventStart;
use crate::{Access, Rights};

/// Set in every closed gate. No thread has such an id, so the kernel never takes the gate for a dead owner's word.
const SHUT: u64 = 1 << 29;

/// An auto-reset event's signal does not add up.
pub(super) const AUTO_MAX: u32 = 1;

/// A handle to an event.
#[derive(Debug)]
pub(crate) struct Event {
    block: Box<Block>,
    manual: bool,
    object: Object,
}

impl Event {
    pub(crate) fn create(name: &Name, start: EventStart, rights: Rights) -> io::Result<Event> {
        let prepare = |file: &File| prepare(file, start);
        let plan = Plan { kind: Kind::Event, rights, prepare: &prepare, unborn: false };
        Event::new(Object::create(Place::of(name), &plan)?)
    }

    pub(crate) fn open(name: &Name, deadline: Deadline) -> io::Result<Event> {
        Event::new(open_within(name, Kind::Event, Access::ReadWrite, deadline)?.0)
    }

    pub(crate) fn create_or_open(name: &Name, start: EventStart, rights: Rights) -> io::Result<(Event, bool)> {
        let prepare = |file: &File| prepare(file, start);
        let plan = Plan { kind: Kind::Event, rights, prepare: &prepare, unborn: false };
        let (object, existed) = Object::create_or_open(Place::of(name), &plan, Access::ReadWrite)?;
        Ok((Event::new(object)?, existed.is_none()))
    }

    pub(crate) fn unnamed(start: EventStart) -> io::Result<Event> {
        Event::new(Object::unnamed(&|file: &File| prepare(file, start))?)
    }

    pub(crate) fn set(&self) -> io::Result<()> {
        if self.manual {
            return set_manual(&self.block);
        }
        // That it was signaled already, and so has no room for more, is no error.
        while tokens::give(&self.block, 1, AUTO_MAX)?.is_none() && !pulse::set_again(&self.block) {}
        Ok(())
    }

    pub(crate) fn reset(&self) -> io::Result<()> {
        thread::with(|thread| {
            loop {
                let seen = settled(thread, &self.block)?;
                if !is_open(seen) {
                    return Ok(());
                }
                let closed = if self.manual { shut(seen) } else { tokens::state_of(0, seen) };
                if replace(&self.block, seen, closed) {
                    if !self.manual {
                        leave_to_the_woken(&self.block);
                    }
                    return Ok(());
                }
            }
        })
    }

    pub(crate) fn pulse(&self) -> io::Result<()> {
        if self.manual { pulse_manual(&self.block) } else { pulse::pulse(&self.block) }
    }

    pub(crate) fn wait(&self, deadline: Deadline) -> io::Result<bool> {
        if !self.manual {
            return tokens::take(&self.block, deadline);
        }
        wait_manual(&self.block, deadline)
    }

    /// A descriptor that keeps the object by itself.
    pub(crate) fn share(&self) -> io::Result<OwnedFd> {
        share::share(&self.object, Access::ReadWrite)
    }

    /// Makes a handle of a shared descriptor; returns the name too, "" without one.
    pub(crate) fn from_shared(descriptor: OwnedFd) -> io::Result<(Event, String)> {
        let (object, name) = share::receive(descriptor, Kind::Event)?;
        Ok((Event::new(object)?, name))
    }

    pub(super) fn block(&self) -> &Block {
        &self.block
    }

    pub(super) fn is_manual(&self) -> bool {
        self.manual
    }

    fn new(object: Object) -> io::Result<Event> {
        let (block, picture) = Block::map(object.file())?;
        Ok(Event { block, manual: picture.parameter == 1, object })
    }
}

fn prepare(file: &File, start: EventStart) -> io::Result<()> {
    let state = match (start.manual, start.signaled) {
        (true, true) => 0,
        (true, false) => shut(0),
        (false, signaled) => tokens::state_of(u32::from(signaled), 0),
    };
    block::write(file, Start { kind: Kind::Event, parameter: u32::from(start.manual), state })
}

/// Whether a state is signaled, be it a count or a gate.
pub(super) fn is_open(state: u64) -> bool {
    state & CLOSED == 0
}

/// How often a manual-reset event has been set, modulo 2^32.
pub(super) fn generation_of(state: u64) -> u32 {
    (state >> 32) as u32
}

/// The same generation with the gate closed.
pub(super) fn shut(state: u64) -> u64 {
    state & !CLOSED | SHUT | u64::from(generation_of(state)) & (SHUT - 1)
}

/// The next generation with the gate open; waiters are remembered.
pub(super) fn opened(state: u64) -> u64 {
    u64::from(generation_of(state).wrapping_add(1)) << 32 | state & WAITERS
}

/// After an auto-reset event was set and reset at once: a signal that was there while somebody waited among several
/// objects was on its way to one of them.
pub(super) fn leave_to_the_woken(block: &Block) {
    if pulse::is_awaited(block) {
        pulse::offer(block);
    }
}

// A function of its own, so that an auto-reset event is set without saving the registers that this one needs.
#[inline(never)]
fn set_manual(block: &Block) -> io::Result<()> {
    thread::with(|thread| {
        let _announced = thread.announce(block.gate());
        loop {
            let seen = settled(thread, block)?;
            if replace(block, seen, opened(seen)) {
                if seen & WAITERS != 0 {
                    wake_everyone(block);
                }
                return Ok(());
            }
        }
    })
}

fn pulse_manual(block: &Block) -> io::Result<()> {
    thread::with(|thread| {
        loop {
            let seen = settled(thread, block)?;
            if replace(block, seen, shut(opened(seen))) {
                if seen & WAITERS != 0 {
                    futex::wake(block.gate(), futex::ALL);
                }
                return Ok(());
            }
        }
    })
}

#[inline(never)]
fn wait_manual(block: &Block, deadline: Deadline) -> io::Result<bool> {
    thread::with(|thread| wait_manual_on(thread, block, deadline))
}

fn wait_manual_on(thread: &Thread, block: &Block, deadline: Deadline) -> io::Result<bool> {
    let _announced = thread.announce(block.gate());
    let first = generation_of(settled(thread, block)?);
    let mut slept = false;
    loop {
        let seen = settled(thread, block)?;
        if is_open(seen) || generation_of(seen) != first {
            if slept && seen & WAITERS != 0 {
                // The setter or pulser may have died before it had woken everyone.
                wake_everyone(block);
            }
            return Ok(true);
        }
        if deadline.is_now() {
            return Ok(false);
        }
        if !tokens::note_waiter(block, seen) {
            continue;
        }
        match futex::wait(block.gate(), gate_of(seen | WAITERS), tokens::nap(block, 0, deadline))? {
            Slept::TimedOut if deadline.has_passed() => return Ok(false),
            Slept::Woken | Slept::TimedOut => slept = true,
            Slept::Disturbed => {}
        }
    }
}

/// Wakes all sleepers, and forgets the waiters' bit while the gate is open.
pub(super) fn wake_everyone(block: &Block) {
    futex::wake(block.gate(), futex::ALL);
    let seen = block.state().load(Ordering::SeqCst);
    // Nobody can fall asleep while the gate is open, and who slept has been woken.
    if is_open(seen) && seen & (FROZEN | WAITERS) == WAITERS {
        replace(block, seen, seen & !WAITERS);
    }
}
