//! What a handle leads to.

use std::mem;
use std::os::fd::AsFd;
use std::sync::Arc;

use coview::Waitable;
use coview::os::linux::Share;

use crate::access::{self, Type};
use crate::last_error::{Code, Result};
use crate::{file, linux, process, section, thread};

/// An object of the system, as this process knows it. Several may stand for one object that processes share.
pub(crate) enum Object {
    Mutex(coview::Mutex),
    Event(coview::Event),
    Semaphore(coview::Semaphore),
    Timer(crate::timer::Timer),
    Section(section::Section),
    File(file::File),
    Thread(Arc<thread::Thread>),
    Process(process::Process),
}

impl Object {
    pub(crate) fn rights(&self) -> Type {
        match self {
            Object::Mutex(_) => access::MUTEX,
            Object::Event(_) => access::EVENT,
            Object::Semaphore(_) => access::SEMAPHORE,
            Object::Timer(_) => access::TIMER,
            Object::Section(_) => access::SECTION,
            Object::File(_) => access::FILE,
            Object::Thread(_) => access::THREAD,
            Object::Process(_) => access::PROCESS,
        }
    }

    /// What a wait waits for; nothing can wait for a section, whose handles cannot have the right.
    pub(crate) fn waitable(&self) -> Result<Waitable<'_>> {
        match self {
            Object::Mutex(mutex) => Ok(mutex.into()),
            Object::Event(event) => Ok(event.into()),
            Object::Semaphore(semaphore) => Ok(semaphore.into()),
            Object::Timer(timer) => Ok(timer.waitable()),
            Object::Thread(thread) => Ok(thread.ended().into()),
            Object::Process(process) => Ok(process.ended()?.into()),
            Object::File(file) => Ok(file.idle()?.into()),
            Object::Section(_) => Err(Code::ACCESS_DENIED),
        }
    }

    /// Whether both are the same object of the system. Objects that have no descriptor of their own are the same only if
    /// this process knows them as one.
    pub(crate) fn is_same(&self, other: &Object) -> Result<bool> {
        if let (Object::Thread(one), Object::Thread(other)) = (self, other) {
            return Ok(Arc::ptr_eq(one, other));
        }
        if let (Object::Process(one), Object::Process(other)) = (self, other) {
            return Ok(one.pid() == other.pid());
        }
        let identity = self.identity()?;
        Ok(mem::discriminant(self) == mem::discriminant(other) && identity.is_some() && identity == other.identity()?)
    }

    /// The device and the inode of the file that processes share for the object.
    fn identity(&self) -> Result<Option<(u64, u64)>> {
        let descriptor = match self {
            Object::Mutex(mutex) => mutex.share()?,
            Object::Event(event) => event.share()?,
            Object::Semaphore(semaphore) => semaphore.share()?,
            Object::Timer(timer) => timer.timer().share()?,
            Object::Section(section) => return Ok(Some(section.identity())),
            Object::File(_) | Object::Thread(_) | Object::Process(_) => return Ok(None),
        };
        Ok(Some(linux::identity(descriptor.as_fd())?))
    }

    pub(crate) fn as_mutex(&self) -> Result<&coview::Mutex> {
        if let Object::Mutex(mutex) = self { Ok(mutex) } else { Err(Code::INVALID_HANDLE) }
    }

    pub(crate) fn as_event(&self) -> Result<&coview::Event> {
        if let Object::Event(event) = self { Ok(event) } else { Err(Code::INVALID_HANDLE) }
    }

    pub(crate) fn as_semaphore(&self) -> Result<&coview::Semaphore> {
        if let Object::Semaphore(semaphore) = self { Ok(semaphore) } else { Err(Code::INVALID_HANDLE) }
    }

    pub(crate) fn as_timer(&self) -> Result<&crate::timer::Timer> {
        if let Object::Timer(timer) = self { Ok(timer) } else { Err(Code::INVALID_HANDLE) }
    }

    pub(crate) fn as_section(&self) -> Result<&section::Section> {
        if let Object::Section(section) = self { Ok(section) } else { Err(Code::INVALID_HANDLE) }
    }

    pub(crate) fn as_file(&self) -> Result<&file::File> {
        if let Object::File(file) = self { Ok(file) } else { Err(Code::INVALID_HANDLE) }
    }

    pub(crate) fn as_thread(&self) -> Result<&Arc<thread::Thread>> {
        if let Object::Thread(thread) = self { Ok(thread) } else { Err(Code::INVALID_HANDLE) }
    }

    pub(crate) fn as_process(&self) -> Result<&process::Process> {
        if let Object::Process(process) = self { Ok(process) } else { Err(Code::INVALID_HANDLE) }
    }
}
