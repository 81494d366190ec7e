//! Mutexes on Linux: a robust word, and per thread how often it is held.
//!
//! Needs `unsafe` to end a hold on a block.

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use super::block::{self, Block, Start};
use super::folder::Place;
use super::object::{Object, Plan};
use super::robust::{self, Taken};
use super::share;
use super::thread::{self, Thread};
use super::tokens::{FROZEN_MAX, settle};
use super::wait::open_within;
use super::{Deadline, Locked, error};
use crate::inspect::Kind;
use crate::name::Name;
use crate::{Access, ErrorKind, Rights};

/// A handle to a mutex.
#[derive(Debug)]
pub(crate) struct Mutex {
    block: ManuallyDrop<Box<Block>>,
    object: Object,
}

impl Mutex {
    pub(crate) fn create(name: &Name, rights: Rights, owned: bool) -> io::Result<Mutex> {
        Mutex::make(Place::of(name), rights, owned)
    }

    pub(crate) fn open(name: &Name, deadline: Deadline) -> io::Result<Mutex> {
        Mutex::new(open_within(name, Kind::Mutex, Access::ReadWrite, deadline)?.0)
    }

    pub(crate) fn create_or_open(name: &Name, rights: Rights, owned: bool) -> io::Result<(Mutex, bool)> {
        let place = Place::of(name);
        let make = || Mutex::make(place.clone(), rights, owned);
        let (mutex, existed) = Object::open_or(&place, Kind::Mutex, Access::ReadWrite, Mutex::new, make)?;
        Ok((mutex, existed.is_none()))
    }

    pub(crate) fn unnamed(owned: bool) -> io::Result<Mutex> {
        let mutex = Mutex::new(Object::unnamed(&prepare)?)?;
        if owned {
            mutex.own()?;
        }
        Ok(mutex)
    }

    #[inline]
    pub(crate) fn lock(&self, deadline: Deadline) -> io::Result<Option<Locked>> {
        thread::with(|thread| self.lock_on(thread, deadline))
    }

    #[inline]
    pub(crate) fn unlock(&self) -> io::Result<()> {
        thread::with(|thread| {
            let Some(taken) = thread.remove_level(&self.block)? else { return Ok(()) };
            // SAFETY: a held block stays mapped; this thread took the mutex through it.
            let block = unsafe { &*taken };
            robust::give(thread, block.owner(), block.multi());
            // SAFETY: the block is not used again here, unless it is this handle's own.
            unsafe { Block::end_hold(taken) };
            Ok(())
        })
    }

    #[inline]
    pub(super) fn lock_on(&self, thread: &Thread, deadline: Deadline) -> io::Result<Option<Locked>> {
        if !thread.is_full() && robust::take_free(thread, self.block.owner()) {
            thread.note_owned(&self.block);
            return Ok(Some(Locked::Normally));
        }
        self.lock_slow(thread, deadline)
    }

    #[cold]
    fn lock_slow(&self, thread: &Thread, deadline: Deadline) -> io::Result<Option<Locked>> {
        // Relaxed: the word can name this thread only if this thread wrote it.
        let seen = self.block.owner().load(Ordering::Relaxed);
        if seen & robust::OWNER == thread.id() && thread.add_level(&self.block)? {
            return Ok(Some(Locked::Normally));
        }
        if thread.is_full() {
            return Err(error(ErrorKind::LimitExceeded));
        }
        let patience = Deadline::after(FROZEN_MAX);
        loop {
            match robust::take(thread, self.block.owner(), self.block.multi(), deadline)? {
                Taken::Yes { died } => {
                    thread.note_owned(&self.block);
                    return Ok(Some(if died { Locked::Abandoned } else { Locked::Normally }));
                }
                // Frozen again and again, and that for longer than any `wait_all` takes.
                Taken::Frozen if deadline.is_now() && patience.has_passed() => return Err(error(ErrorKind::Damaged)),
                Taken::Frozen if deadline.has_passed() && !deadline.is_now() => return Ok(None),
                Taken::Frozen => settle(thread, &self.block)?,
                Taken::TimedOut => return Ok(None),
            }
        }
    }

    /// A descriptor that keeps the object by itself.
    pub(crate) fn share(&self) -> io::Result<OwnedFd> {
        share::share(&self.object, Access::ReadWrite)
    }

    /// Makes a handle of a shared descriptor; returns the name too, "" without one.
    pub(crate) fn from_shared(descriptor: OwnedFd) -> io::Result<(Mutex, String)> {
        let (object, name) = share::receive(descriptor, Kind::Mutex)?;
        Ok((Mutex::new(object)?, name))
    }

    pub(super) fn block(&self) -> &Block {
        &self.block
    }

    /// Makes a mutex, which may be owned by this thread before it has its name.
    fn make(place: Place, rights: Rights, owned: bool) -> io::Result<Mutex> {
        let plan = Plan { kind: Kind::Mutex, rights, prepare: &prepare, unborn: false };
        let mutex = Mutex::new(Object::make(place, &plan)?)?;
        if owned {
            mutex.own()?;
        }
        if let Err(error) = mutex.object.appear(Kind::Mutex) {
            if owned {
                mutex.unlock()?;
            }
            return Err(error);
        }
        Ok(mutex)
    }

    /// Takes a mutex that nobody else can know of.
    fn own(&self) -> io::Result<()> {
        match self.lock(Deadline::NOW)? {
            Some(_) => Ok(()),
            None => Err(error(ErrorKind::Damaged)),
        }
    }

    fn new(object: Object) -> io::Result<Mutex> {
        let (block, _) = Block::map(object.file())?;
        Ok(Mutex { block: ManuallyDrop::new(block), object })
    }
}

impl Drop for Mutex {
    fn drop(&mut self) {
        // SAFETY: the field is not used again.
        Block::release(unsafe { ManuallyDrop::take(&mut self.block) });
    }
}

fn prepare(file: &std::fs::File) -> io::Result<()> {
    block::write(file, Start { kind: Kind::Mutex, parameter: 0, state: 0 })
}
