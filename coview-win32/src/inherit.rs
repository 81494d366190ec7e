//! Objects on their way to another process, to a child that inherits them or through the service: each becomes one or two
//! descriptors that keep it alive, and what those do not tell.
//!
//! Mutexes are not owned by who receives them, and views do not travel.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use coview::os::linux::Share;
use coview::{Event, Mutex, Semaphore};

use crate::exit_page::ExitPage;
use crate::file::File;
use crate::last_error::{Code, Result};
use crate::linux;
use crate::object::Object;
use crate::process::{self, Process, State};
use crate::section::{Section, Traits};
use crate::table::{self, HANDLE_FLAG_INHERIT, Handle, Reference};
use crate::thread::Thread;
use crate::timer::Timer;
use crate::watcher;
use crate::wire::{Reader, Writer};

/// What kind of object travels. The numbers are the same in all processes of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    Mutex = 1,
    Event = 2,
    Semaphore = 3,
    Timer = 4,
    Section = 5,
    File = 6,
    Process = 7,
    /// The first thread of a process, which is the process.
    FirstThread = 8,
    Thread = 9,
}

const KINDS: [Kind; 9] = [
    Kind::Mutex,
    Kind::Event,
    Kind::Semaphore,
    Kind::Timer,
    Kind::Section,
    Kind::File,
    Kind::Process,
    Kind::FirstThread,
    Kind::Thread,
];

/// An object without its process. The descriptors are closed on `exec`.
pub(crate) struct Packed {
    pub(crate) kind: Kind,
    pub(crate) extras: Vec<u8>,
    pub(crate) descriptors: Vec<OwnedFd>,
}

impl Packed {
    fn new(kind: Kind, extras: Vec<u8>, descriptor: OwnedFd) -> Result<Packed> {
        Ok(Packed { kind, extras, descriptors: vec![linux::beyond_standard(descriptor)?] })
    }

    /// Everything but the descriptors.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.number(self.kind as u32).bytes(&self.extras);
    }

    /// What [`Packed::write`] wrote; the descriptors are added by who has them.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Packed> {
        let number = reader.number()?;
        let kind = KINDS.into_iter().find(|kind| *kind as u32 == number)?;
        Some(Packed { kind, extras: reader.bytes()?.to_vec(), descriptors: Vec::new() })
    }
}

/// A handle that a child gets.
pub(crate) struct Inherited {
    pub(crate) handle: usize,
    pub(crate) access: u32,
    pub(crate) flags: u32,
    pub(crate) packed: Packed,
}

/// Everything that a child inherits now.
pub(crate) fn collect() -> Result<Vec<Inherited>> {
    let mut all = Vec::new();
    for (handle, reference) in table::with_flag(HANDLE_FLAG_INHERIT) {
        match pack(&reference.object) {
            Ok(packed) => {
                all.push(Inherited { handle: handle.addr(), access: reference.access, flags: reference.flags, packed })
            }
            // Nothing that could be shared.
            Err(Code::NOT_SUPPORTED) => {}
            Err(code) => return Err(code),
        }
    }
    Ok(all)
}

/// Puts what a parent has passed on under the handle it had there. What cannot be taken is left out.
pub(crate) fn adopt(inherited: Inherited) {
    let Inherited { handle, access, flags, packed } = inherited;
    if let Ok(object) = unpack(packed) {
        let access = access & object.rights().all;
        let handle: Handle = std::ptr::without_provenance_mut(handle);
        let _ = table::insert_at(handle, object, access, flags);
    }
}

/// Makes an object ready to travel.
pub(crate) fn pack(object: &Object) -> Result<Packed> {
    match object {
        Object::Mutex(mutex) => Packed::new(Kind::Mutex, Vec::new(), mutex.share()?),
        Object::Event(event) => Packed::new(Kind::Event, Vec::new(), event.share()?),
        Object::Semaphore(semaphore) => Packed::new(Kind::Semaphore, Vec::new(), semaphore.share()?),
        Object::File(file) => Packed::new(Kind::File, Vec::new(), file.descriptor().try_clone_to_owned()?),
        Object::Process(process) => pack_process(Kind::Process, process.state()),
        Object::Thread(thread) => pack_thread(thread),
        Object::Timer(timer) => Packed::new(Kind::Timer, Vec::new(), timer.timer().share()?),
        Object::Section(section) => {
            let (descriptor, traits) = section.share()?;
            let mut writer = Writer::default();
            writer.number(traits.to_bits());
            Packed::new(Kind::Section, writer.finish(), descriptor)
        }
    }
}

/// Makes an object of what has arrived.
pub(crate) fn unpack(packed: Packed) -> Result<Arc<Object>> {
    let Packed { kind, extras, descriptors } = packed;
    let mut descriptors = descriptors.into_iter();
    let descriptor = descriptors.next().ok_or(Code::INVALID_PARAMETER)?;
    let object = match kind {
        Kind::Mutex => Object::Mutex(Mutex::from_shared(descriptor)?),
        Kind::Event => Object::Event(Event::from_shared(descriptor)?),
        Kind::Semaphore => Object::Semaphore(Semaphore::from_shared(descriptor)?),
        Kind::File => Object::File(File::from_descriptor(descriptor)),
        Kind::Process => Object::Process(Process::new(unpack_process(&extras, descriptor, descriptors.next())?)),
        Kind::FirstThread => {
            let state = unpack_process(&extras, descriptor, descriptors.next())?;
            Object::Thread(process::first_thread(&state)?)
        }
        Kind::Thread => Object::Thread(Arc::new(unpack_thread(&extras, descriptor, descriptors.next())?)),
        Kind::Timer => Object::Timer(Timer::new(coview::Timer::from_shared(descriptor)?)),
        Kind::Section => {
            let traits = Reader::new(&extras).number().ok_or(Code::INVALID_PARAMETER)?;
            Object::Section(Section::from_shared(descriptor, Traits::from_bits(traits))?)
        }
    };
    Ok(Arc::new(object))
}

fn pack_process(kind: Kind, state: &State) -> Result<Packed> {
    let mut writer = Writer::default();
    writer.number(state.process());
    let mut packed = Packed::new(kind, writer.finish(), state.descriptor().try_clone_to_owned()?)?;
    if let Some(page) = state.page() {
        packed.descriptors.push(page.share()?);
    }
    Ok(packed)
}

fn unpack_process(extras: &[u8], descriptor: OwnedFd, page: Option<OwnedFd>) -> Result<Arc<State>> {
    let process = Reader::new(extras).number().ok_or(Code::INVALID_PARAMETER)?;
    let page = page.and_then(|page| ExitPage::adopt(page).ok());
    Ok(Arc::new(State::of_shared(process, descriptor, page)))
}

/// A thread ends with its process at the latest: whoever has it watches the process too.
fn pack_thread(thread: &Thread) -> Result<Packed> {
    let state = thread.other().cloned().map_or_else(|| process::find_or_open(thread.process()), Ok)?;
    if thread.id() == thread.process() {
        return pack_process(Kind::FirstThread, &state);
    }
    let mut writer = Writer::default();
    writer.number(thread.id()).number(thread.process());
    let mut packed = Packed::new(Kind::Thread, writer.finish(), thread.ended().share()?)?;
    packed.descriptors.push(state.descriptor().try_clone_to_owned()?);
    Ok(packed)
}

fn unpack_thread(extras: &[u8], ended: OwnedFd, process: Option<OwnedFd>) -> Result<Thread> {
    let mut reader = Reader::new(extras);
    let mut number = || reader.number().ok_or(Code::INVALID_PARAMETER);
    let (id, pid) = (number()?, number()?);
    let ended = Event::from_shared(ended)?;
    let process = process.ok_or(Code::INVALID_PARAMETER)?;
    let state = Arc::new(State::with_event(pid, process, Event::from_shared(ended.share()?)?));
    watcher::watch(&state, false)?;
    Ok(Thread::of_other(ended, id, state))
}

/// A reference to an object that has arrived.
pub(crate) fn receive(packed: Packed, access: u32, flags: u32) -> Result<Reference> {
    let object = unpack(packed)?;
    let access = access & object.rights().all;
    Ok(Reference { object, access, flags })
}
