//! Semaphores on Linux: a count with a maximum.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use super::block::{self, Block, Start};
use super::folder::Place;
use super::object::{Object, Plan};
use super::share;
use super::tokens;
use super::wait::open_within;
use super::{Deadline, SemaphoreStart, error};
use crate::inspect::Kind;
use crate::name::Name;
use crate::{Access, ErrorKind, Rights};

/// A handle to a semaphore.
#[derive(Debug)]
pub(crate) struct Semaphore {
    block: Box<Block>,
    maximum: u32,
    object: Object,
}

impl Semaphore {
    pub(crate) fn create(name: &Name, start: SemaphoreStart, rights: Rights) -> io::Result<Semaphore> {
        let prepare = |file: &File| prepare(file, start);
        let plan = Plan { kind: Kind::Semaphore, rights, prepare: &prepare, unborn: false };
        Semaphore::new(Object::create(Place::of(name), &plan)?)
    }

    pub(crate) fn open(name: &Name, deadline: Deadline) -> io::Result<Semaphore> {
        Semaphore::new(open_within(name, Kind::Semaphore, Access::ReadWrite, deadline)?.0)
    }

    pub(crate) fn create_or_open(name: &Name, start: SemaphoreStart, rights: Rights) -> io::Result<(Semaphore, bool)> {
        let prepare = |file: &File| prepare(file, start);
        let plan = Plan { kind: Kind::Semaphore, rights, prepare: &prepare, unborn: false };
        let (object, existed) = Object::create_or_open(Place::of(name), &plan, Access::ReadWrite)?;
        Ok((Semaphore::new(object)?, existed.is_none()))
    }

    pub(crate) fn unnamed(start: SemaphoreStart) -> io::Result<Semaphore> {
        Semaphore::new(Object::unnamed(&|file: &File| prepare(file, start))?)
    }

    pub(crate) fn release(&self, count: u32) -> io::Result<u32> {
        tokens::give(&self.block, count, self.maximum)?.ok_or_else(|| error(ErrorKind::LimitExceeded))
    }

    pub(crate) fn acquire(&self, deadline: Deadline) -> io::Result<bool> {
        tokens::take(&self.block, deadline)
    }

    /// A descriptor that keeps the object by itself.
    pub(crate) fn share(&self) -> io::Result<OwnedFd> {
        share::share(&self.object, Access::ReadWrite)
    }

    /// Makes a handle of a shared descriptor; returns the name too, "" without one.
    pub(crate) fn from_shared(descriptor: OwnedFd) -> io::Result<(Semaphore, String)> {
        let (object, name) = share::receive(descriptor, Kind::Semaphore)?;
        Ok((Semaphore::new(object)?, name))
    }

    pub(super) fn block(&self) -> &Block {
        &self.block
    }

    pub(super) fn maximum(&self) -> u32 {
        self.maximum
    }

    fn new(object: Object) -> io::Result<Semaphore> {
        let (block, picture) = Block::map(object.file())?;
        Ok(Semaphore { block, maximum: picture.parameter, object })
    }
}

fn prepare(file: &File, start: SemaphoreStart) -> io::Result<()> {
    let state = tokens::state_of(start.initial, 0);
    block::write(file, Start { kind: Kind::Semaphore, parameter: start.maximum, state })
}
