//! The kernel's section, with its size to the byte and the guarded moment of its birth.
//!
//! Needs `unsafe` to call the kernel.

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::os::windows::io::OwnedHandle;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, OpenFileMappingW, PAGE_READONLY, PAGE_READWRITE, SEC_COMMIT, SEC_LARGE_PAGES, SEC_RESERVE,
    SECTION_MAP_READ, SECTION_MAP_WRITE, SECTION_QUERY,
};

use super::companion::{Cradle, DYING, Lock, make_slack, open_slack};
use super::machine::{address_max, large_page_len};
use super::object::{Made, WideName, adopt, already_exists, raw};
use super::security::Security;
use super::{Deadline, error_kind, native};
use crate::name::Name;
use crate::sys::{SectionOptions, error};
use crate::{Access, ErrorKind, Rights};

/// The least that a section is opened with: querying alone is the bit that `OpenFileMappingW` takes for a wish to copy,
/// and turns into reading.
const LOOK: u32 = SECTION_QUERY | SECTION_MAP_READ;

/// A handle to a section. Closed in the order of its fields, so that no section is met without its slack.
#[derive(Debug)]
pub(crate) struct Section {
    handle: OwnedHandle,
    /// Held open beside a named section, for those who open it later.
    slack: Option<OwnedHandle>,
    /// Held until a new section is published. If it never is, the section goes first and then the right to make it.
    cradle: Mutex<Option<Cradle>>,
    size: u64,
    /// The `SEC_` flags with which it was made.
    flags: u32,
    /// The file behind it.
    file: Option<Arc<File>>,
}

/// The duty to finish a section that is being initialised.
///
/// What has to end with it lies in the section, so that it ends after the section's own handle when there is no
/// [`Birth::publish`]. It stays in its thread, which is the one that owns the lock.
#[derive(Debug)]
pub(crate) struct Birth {
    _not_send: PhantomData<*const ()>,
}

impl Birth {
    /// Lets the others see the section.
    pub(crate) fn publish(self, section: &Section) -> io::Result<()> {
        let cradle = section.cradle.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(cradle);
        Ok(())
    }
}

impl Section {
    pub(crate) fn create(name: &Name, size: u64, options: &SectionOptions) -> io::Result<Section> {
        let lock = Lock::take(name, options.rights)?;
        refuse_existing(name)?;
        let _cradle = Cradle::new(name, options.rights, lock)?;
        Section::make(name, size, options)
    }

    pub(crate) fn open(name: &Name, access: Access, deadline: Deadline) -> io::Result<Section> {
        deadline.poll(|| {
            let lock = Lock::take_to_look(name)?;
            Section::find(name, rights_to(access), &lock)
        })
    }

    pub(crate) fn create_or_open(
        name: &Name,
        size: u64,
        options: &SectionOptions,
    ) -> io::Result<(Section, Option<Birth>)> {
        let mut lock = Lock::take(name, options.rights)?;
        loop {
            match Section::find(name, rights_to(options.access), &lock) {
                Err(error) if error_kind(&error) == ErrorKind::NotFound => {}
                found => return Ok((found?, None)),
            }
            let cradle = Cradle::new(name, options.rights, lock)?;
            match Section::make(name, size, options) {
                // A program without Coview was faster, as it does not know the lock.
                Err(error) if error_kind(&error) == ErrorKind::AlreadyExists => lock = cradle.into_lock(),
                made => return Ok(made?.guarded(cradle)),
            }
        }
    }

    pub(crate) fn unnamed(size: u64, options: &SectionOptions) -> io::Result<Section> {
        let plan = Plan { name: None, size, rights: options.rights };
        let (made, flags) = plan.make(options)?;
        Ok(Section::new(made.handle, size, flags))
    }

    pub(crate) fn from_file(file: &File, size: Option<u64>, access: Access) -> io::Result<Section> {
        let file_size = file.metadata()?.len();
        let size = size.unwrap_or(file_size);
        if size == 0 || (size > file_size && access == Access::ReadOnly) {
            return Err(error(ErrorKind::InvalidInput));
        }
        let protection = match access {
            Access::ReadWrite => PAGE_READWRITE,
            Access::ReadOnly => PAGE_READONLY,
        };
        let (high, low) = halves(size);
        // SAFETY: the file is open; without attributes and name there is nothing else to point to.
        let handle =
            unsafe { CreateFileMappingW(raw(file), ptr::null(), protection | SEC_COMMIT, high, low, ptr::null()) };
        // SAFETY: just returned, for us.
        let handle = unsafe { adopt(handle) }?;
        let file = Some(Arc::new(file.try_clone()?));
        Ok(Section { file, ..Section::new(handle, size, SEC_COMMIT) })
    }

    /// In bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// There are no POSIX names here.
    pub(crate) fn unlink(&self) -> io::Result<()> {
        Err(error(ErrorKind::InvalidInput))
    }

    /// A section around a handle that is known to be one, without companions.
    pub(super) fn new(handle: OwnedHandle, size: u64, flags: u32) -> Section {
        Section { handle, slack: None, cradle: Mutex::new(None), size, flags, file: None }
    }

    pub(super) fn handle(&self) -> &OwnedHandle {
        &self.handle
    }

    pub(super) fn file(&self) -> Option<&Arc<File>> {
        self.file.as_ref()
    }

    pub(super) fn has_large_pages(&self) -> bool {
        self.flags & SEC_LARGE_PAGES != 0
    }

    /// Nothing stands behind its pages until somebody commits them.
    pub(super) fn is_uncommitted(&self) -> bool {
        self.flags & SEC_RESERVE != 0
    }

    /// Opens the section that exists; the lock has waited until none is half made.
    fn find(name: &Name, rights: u32, lock: &Lock) -> io::Result<Section> {
        let section = Section::see(name, rights, lock)?;
        if section.slack.is_some() {
            return Ok(section);
        }
        // Either it was not made by Coview, or the kernel is closing the handles of its last holder in this moment,
        // and the slack's came first. Then the section is gone at the second look.
        drop(section);
        thread::sleep(DYING);
        Section::see(name, rights, lock)
    }

    /// Opens the slack before the section, as holders close them the other way round.
    fn see(name: &Name, rights: u32, _lock: &Lock) -> io::Result<Section> {
        let slack = open_slack(name)?;
        let handle = open(&WideName::new(name), rights)?;
        let state = native::query_section(&handle)?;
        let unused = slack.as_ref().map_or(0, |(_, count)| u64::from(*count));
        // Anyone may have made that count, so it is believed only if something is left.
        let size = state.size.checked_sub(unused).filter(|&size| size > 0).unwrap_or(state.size);
        let slack = slack.map(|(semaphore, _)| semaphore);
        Ok(Section { slack, ..Section::new(handle, size, state.attributes) })
    }

    /// Makes a new section with its slack; the caller holds the lock.
    fn make(name: &Name, size: u64, options: &SectionOptions) -> io::Result<Section> {
        let plan = Plan { name: Some(WideName::new(name)), size, rights: options.rights };
        let (made, flags) = plan.make(options)?;
        let handle = made.new_only()?;
        let whole = native::query_section(&handle)?.size;
        let unused = u32::try_from(whole.saturating_sub(size)).map_err(|_| error(ErrorKind::TooLarge))?;
        let slack = make_slack(name, options.rights, unused)?;
        Ok(Section { slack: Some(slack), ..Section::new(handle, size, flags) })
    }

    /// Hands a new section to its initialiser.
    fn guarded(self, cradle: Cradle) -> (Section, Option<Birth>) {
        let cradle = Mutex::new(Some(cradle));
        (Section { cradle, ..self }, Some(Birth { _not_send: PhantomData }))
    }
}

/// Large pages are always committed.
const LARGE: u32 = SEC_COMMIT | SEC_LARGE_PAGES;

/// A section that pages of memory stand behind.
struct Plan {
    name: Option<WideName>,
    size: u64,
    rights: Rights,
}

impl Plan {
    /// Makes it, with large pages if that is wanted and the system gives them; returns the flags too.
    fn make(&self, options: &SectionOptions) -> io::Result<(Made, u32)> {
        debug_assert_eq!(options.marks, 0, "only Linux can set marks");
        if self.size > address_max() {
            return Err(error(ErrorKind::TooLarge));
        }
        if options.huge_pages
            && let Some(made) = self.make_large()
        {
            return Ok((made, LARGE));
        }
        let flags = if options.reserve { SEC_COMMIT } else { SEC_RESERVE };
        Ok((self.call(self.size, flags)?, flags))
    }

    /// Needs the privilege to lock memory, and contiguous memory.
    fn make_large(&self) -> Option<Made> {
        self.call(self.size.checked_next_multiple_of(large_page_len()?)?, LARGE).ok()
    }

    fn call(&self, size: u64, flags: u32) -> io::Result<Made> {
        let security = Security::new(self.rights)?;
        let attributes = security.attributes();
        let attributes = ptr::from_ref(&attributes);
        let name = self.name.as_ref().map_or(ptr::null(), WideName::as_ptr);
        let (high, low) = halves(size);
        let protection = PAGE_READWRITE | flags;
        // SAFETY: the attributes and the name live until the call returns; the name is null or ends with a NUL.
        let handle = unsafe { CreateFileMappingW(INVALID_HANDLE_VALUE, attributes, protection, high, low, name) };
        // SAFETY: just returned, for us.
        unsafe { Made::adopt(handle) }
    }
}

fn open(name: &WideName, rights: u32) -> io::Result<OwnedHandle> {
    // SAFETY: the name ends with a NUL.
    let handle: HANDLE = unsafe { OpenFileMappingW(rights, 0, name.as_ptr()) };
    // SAFETY: just returned, for us.
    unsafe { adopt(handle) }
}

/// Fails if there is a section of this name.
fn refuse_existing(name: &Name) -> io::Result<()> {
    match open(&WideName::new(name), LOOK) {
        Ok(_) => Err(already_exists()),
        Err(error) if error_kind(&error) == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The size of a section for those who only look; [`ErrorKind::NotFound`] while it is being initialised.
pub(super) fn look(name: &Name) -> io::Result<u64> {
    let lock = Lock::take_to_look(name)?;
    Ok(Section::see(name, LOOK, &lock)?.size)
}

fn rights_to(access: Access) -> u32 {
    match access {
        Access::ReadWrite => LOOK | SECTION_MAP_WRITE,
        Access::ReadOnly => LOOK,
    }
}

fn halves(size: u64) -> (u32, u32) {
    ((size >> 32) as u32, size as u32)
}
