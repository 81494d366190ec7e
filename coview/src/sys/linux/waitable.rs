//! What the waits for several objects ask of one object, whatever its kind.
//!
//! A *note* tells whether an object was signaled and is not any more: of a manual-reset event or timer it is the
//! generation, of an auto-reset event the number of the last pulse that was offered. A waiter notes before it looks; who
//! looks without a note sees what is signaled now.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use super::block::Block;
use super::event::{AUTO_MAX, generation_of, is_open, wake_everyone};
use super::pulse;
use super::robust;
use super::thread::Thread;
use super::tokens::{self, FROZEN, WAITERS, count_of, gate_of, replace, settled, state_of};
use super::{Deadline, Locked, Waitable, error};
use crate::ErrorKind;

/// What a look has found.
pub(super) struct Look {
    /// Now, or since it was noted.
    pub(super) signaled: bool,
    /// It is not signaled now.
    pub(super) closed: bool,
    /// As if the wait began now.
    pub(super) note: u32,
}

/// What a `wait_all` has of an object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frozen {
    No,
    /// Its word is frozen.
    State,
    /// The offer of a pulse was taken, of this number.
    Pulse(u32),
}

impl<'a> Waitable<'a> {
    /// The block of an object that has one: a channel has not.
    pub(super) fn block(&self) -> Option<&'a Block> {
        match self {
            Waitable::Mutex(mutex) => Some(mutex.block()),
            Waitable::Event(event) => Some(event.block()),
            Waitable::Semaphore(semaphore) => Some(semaphore.block()),
            Waitable::Timer(timer) => Some(timer.block()),
            Waitable::Channel(_) => None,
        }
    }

    /// What later looks compare with.
    pub(super) fn note(&self, thread: &Thread) -> io::Result<u32> {
        self.fire(thread)?;
        match (self, self.block(), self.maximum()) {
            (Waitable::Mutex(_), ..) | (_, None, _) => Ok(0),
            (_, Some(block), Some(_)) => Ok(pulse::number(block)),
            (_, Some(block), None) => Ok(generation_of(settled(thread, block)?)),
        }
    }

    /// Takes from the object if it is signaled; says whether it did, and whether it is an abandoned mutex.
    pub(super) fn try_take(&self, thread: &Thread, note: Option<u32>, slept: bool) -> io::Result<Option<bool>> {
        if let Waitable::Mutex(mutex) = self {
            return Ok(mutex.lock_on(thread, Deadline::NOW)?.map(|locked| locked == Locked::Abandoned));
        }
        if let Waitable::Channel(end) = self {
            return Ok(end.is_ready().then_some(false));
        }
        self.fire(thread)?;
        let block = self.block_of_wait()?;
        if self.maximum().is_none() {
            let seen = settled(thread, block)?;
            let signaled = is_open(seen) || has_gone_by(seen, note);
            if slept && signaled && seen & WAITERS != 0 {
                // The setter or pulser may have died before it had woken everyone.
                wake_everyone(block);
            }
            return Ok(signaled.then_some(false));
        }
        loop {
            let seen = settled(thread, block)?;
            if note.is_some_and(|note| pulse::take(block, note)) {
                return Ok(Some(false));
            }
            if count_of(seen) == 0 {
                return Ok(None);
            }
            if tokens::try_take(block, seen, slept) {
                return Ok(Some(false));
            }
        }
    }

    /// Looks without taking.
    pub(super) fn look(&self, thread: &Thread, note: Option<u32>) -> io::Result<Look> {
        self.fire(thread)?;
        let block = self.block_of_wait()?;
        if let Waitable::Mutex(_) = self {
            // SeqCst: after the registration.
            let owner = block.owner().load(Ordering::SeqCst) & robust::OWNER;
            // A frozen one was free; `take_all` will see.
            let signaled = matches!(owner, 0 | robust::FROZEN) || thread.levels(block) > 0;
            return Ok(Look { signaled, closed: !signaled, note: 0 });
        }
        if self.maximum().is_none() {
            let seen = settled(thread, block)?;
            let open = is_open(seen);
            return Ok(Look { signaled: open || has_gone_by(seen, note), closed: !open, note: generation_of(seen) });
        }
        // The offer first: what comes after this look has another number.
        let number = pulse::number(block);
        let offered = note.is_some_and(|note| pulse::is_there(block, note));
        let closed = count_of(settled(thread, block)?) == 0;
        Ok(Look { signaled: offered || !closed, closed, note: number })
    }

    /// The word to sleep on and its value, with the waiters' bit set; `None` if the object is signaled or has changed.
    pub(super) fn sleepable(&self, thread: &Thread, note: u32) -> io::Result<Option<(&'a AtomicU32, u32)>> {
        if let Waitable::Channel(end) = self {
            let seen = end.announce();
            return Ok((!end.is_ready()).then(|| (end.gate(), seen)));
        }
        let block = self.block_of_wait()?;
        if let Waitable::Mutex(_) = self {
            // SeqCst: after the registration.
            let seen = block.owner().load(Ordering::SeqCst);
            let owned = !matches!(seen & robust::OWNER, 0 | robust::FROZEN);
            let noted = owned && robust::note_waiter(block.owner(), seen);
            return Ok(noted.then_some((block.owner(), seen | robust::WAITERS)));
        }
        let seen = settled(thread, block)?;
        let nothing = match self.maximum() {
            // A gate that is open with nothing behind it was overwritten: sleeping on it is as good as anything.
            Some(_) => count_of(seen) == 0 && !pulse::is_there(block, note),
            None => !is_open(seen) && generation_of(seen) == note,
        };
        let noted = nothing && tokens::note_waiter(block, seen);
        Ok(noted.then_some((block.gate(), gate_of(seen | WAITERS))))
    }

    /// A timer's second word to sleep on. To be asked for after the first, and before the `nap`.
    pub(super) fn rearming(&self, thread: &Thread) -> io::Result<Option<(&'a AtomicU32, u32)>> {
        match self {
            Waitable::Timer(timer) => timer.rearming(thread).map(Some),
            Waitable::Mutex(_) | Waitable::Event(_) | Waitable::Semaphore(_) | Waitable::Channel(_) => Ok(None),
        }
    }

    /// When to look again although nobody woke: see `robust::nap`.
    pub(super) fn nap(&self, deadline: Deadline) -> Deadline {
        match self {
            // Registered once itself.
            Waitable::Mutex(mutex) => robust::nap(mutex.block().multi(), 1, robust::NAP, deadline),
            Waitable::Event(event) => tokens::nap(event.block(), 1, deadline),
            Waitable::Semaphore(semaphore) => tokens::nap(semaphore.block(), 1, deadline),
            Waitable::Channel(end) => deadline.at_most(end.nap()),
            Waitable::Timer(timer) => timer.due().map_or(deadline, |due| due.earlier(deadline)),
        }
    }

    /// Now and then: nobody tells of a death.
    pub(super) fn look_after(&self) {
        if let Waitable::Channel(end) = self {
            end.look_after();
        }
    }

    /// Wakes a sleeper if the object is signaled: the wake that came here may have been meant for it too.
    pub(super) fn pass_on(&self) {
        match (self, self.maximum()) {
            (Waitable::Mutex(mutex), _) => robust::pass_on(mutex.block().owner(), mutex.block().multi()),
            (Waitable::Event(event), Some(_)) => tokens::pass_on(event.block()),
            (Waitable::Semaphore(semaphore), Some(_)) => tokens::pass_on(semaphore.block()),
            (Waitable::Timer(timer), Some(_)) => tokens::pass_on(timer.block()),
            (_, None) | (Waitable::Channel(_), _) => {}
        }
    }

    /// Freezes the object if it is signaled. The caller has the latch, so that nobody else has it frozen.
    pub(super) fn freeze(&self, thread: &Thread, note: Option<u32>) -> io::Result<Frozen> {
        let block = self.block_of_wait()?;
        if let Waitable::Mutex(_) = self {
            if thread.levels(block) > 0 {
                return Ok(Frozen::State);
            }
            if thread.is_full() {
                return Err(error(ErrorKind::LimitExceeded));
            }
            return Ok(if freeze_word(block.owner()) { Frozen::State } else { Frozen::No });
        }
        if self.maximum().is_some()
            && let Some(number) = note.and_then(|note| pulse::take_number(block, note))
        {
            return Ok(Frozen::Pulse(number));
        }
        loop {
            let seen = block.state().load(Ordering::SeqCst);
            let signaled = match self.maximum() {
                Some(_) => count_of(seen) > 0,
                None => is_open(seen) || has_gone_by(seen, note),
            };
            if !signaled {
                return Ok(Frozen::No);
            }
            if replace(block, seen, seen | FROZEN) {
                return Ok(Frozen::State);
            }
        }
    }

    /// Takes from the object that this thread has frozen, which unfreezes it; says whether it is an abandoned mutex.
    pub(super) fn take_frozen(&self, thread: &Thread) -> io::Result<bool> {
        let block = self.block_of_wait()?;
        if let Waitable::Mutex(_) = self {
            if thread.add_level(block)? {
                return Ok(false);
            }
            let died = robust::take_frozen(thread, block.owner()).ok_or_else(|| error(ErrorKind::Damaged))?;
            thread.note_owned(block);
            return Ok(died);
        }
        loop {
            let seen = block.state().load(Ordering::SeqCst);
            let taken = match self.maximum() {
                Some(_) => state_of(count_of(seen).saturating_sub(1), seen & !FROZEN),
                None => seen & !FROZEN,
            };
            if replace(block, seen, taken) {
                return Ok(false);
            }
        }
    }

    /// The highest count, if the object counts.
    fn maximum(&self) -> Option<u32> {
        match self {
            Waitable::Semaphore(semaphore) => Some(semaphore.maximum()),
            Waitable::Event(event) if !event.is_manual() => Some(AUTO_MAX),
            Waitable::Timer(timer) if !timer.is_manual() => Some(AUTO_MAX),
            Waitable::Mutex(_) | Waitable::Event(_) | Waitable::Timer(_) | Waitable::Channel(_) => None,
        }
    }

    /// Signals a timer whose time has come.
    fn fire(&self, thread: &Thread) -> io::Result<()> {
        match self {
            Waitable::Timer(timer) => timer.fire_if_due(thread),
            Waitable::Mutex(_) | Waitable::Event(_) | Waitable::Semaphore(_) | Waitable::Channel(_) => Ok(()),
        }
    }

    /// The block, for what is done to objects that have one.
    fn block_of_wait(&self) -> io::Result<&'a Block> {
        self.block().ok_or_else(|| error(ErrorKind::InvalidInput))
    }
}

/// Whether a gate has been opened since it was noted.
fn has_gone_by(state: u64, note: Option<u32>) -> bool {
    note.is_some_and(|note| generation_of(state) != note)
}

fn freeze_word(owner: &AtomicU32) -> bool {
    loop {
        let seen = owner.load(Ordering::SeqCst);
        if seen & robust::OWNER != 0 {
            return false;
        }
        // SeqCst: what follows is judged after it.
        if owner.compare_exchange(seen, seen | robust::FROZEN, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
            return true;
        }
    }
}
