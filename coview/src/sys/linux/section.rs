//! Handles to mappings on Linux: a named object, a POSIX name, a memfd, or somebody's file.
//!
//! Needs `unsafe` for `fallocate` and `fcntl`.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use super::folder::Place;
use super::object::{BLOCK_BIT, Object, Plan, add_bits};
use super::over::Over;
use super::posix::{self, Posix, PosixBirth};
use super::share::{self, Received, Standing};
use super::wait::{appearing, open_within};
use super::{Deadline, Pages, Passed, SectionOptions, check, error, os_error, pass, refuse, uninterrupted};
use crate::inspect::Kind;
use crate::name::Name;
use crate::{Access, ErrorKind, Namespace};

/// The bits of a file's mode that say nothing about rights here: they are a mapping's marks.
pub(super) const MARK_BITS: u32 = 0o111;

/// A handle to a mapping.
#[derive(Debug)]
pub(crate) struct Section {
    hold: Hold,
    size: u64,
}

#[derive(Debug)]
enum Hold {
    Named(Object),
    /// A named object that says which file holds the bytes, and that file.
    Over(Object, File),
    Posix(Posix),
    /// A memfd, or a user's file.
    Unnamed {
        file: File,
        memory: bool,
    },
}

/// The time in which a creator is alone with a new section. Dropping it needs nothing on Linux: closing the section,
/// which the creator does then, removes what was never published.
#[derive(Debug)]
pub(crate) enum Birth {
    Named,
    Posix(PosixBirth),
}

impl Birth {
    pub(crate) fn publish(self, section: &Section) -> io::Result<()> {
        match (self, &section.hold) {
            (Birth::Named, Hold::Named(object)) => object.publish(),
            (Birth::Posix(birth), Hold::Posix(posix)) => birth.publish(posix),
            _ => Err(os_error(libc::EINVAL)),
        }
    }
}

impl Section {
    pub(crate) fn create(name: &Name, size: u64, options: &SectionOptions) -> io::Result<Section> {
        let prepare = |file: &File| furnish(file, size, options);
        let hold = if name.namespace() == Namespace::Posix {
            refuse_marks(options)?;
            Hold::Posix(Posix::create(Place::of(name), options.rights, &prepare)?)
        } else {
            let plan = Plan { kind: Kind::Mapping, rights: options.rights, prepare: &prepare, unborn: false };
            Hold::Named(Object::create(Place::of(name), &plan)?)
        };
        Ok(Section { hold, size })
    }

    pub(crate) fn open(name: &Name, access: Access, deadline: Deadline) -> io::Result<Section> {
        if name.namespace() == Namespace::Posix {
            let place = Place::of(name);
            return Section::of_existing(Hold::Posix(appearing(&place, deadline, || {
                Posix::open(place.clone(), access)
            })?));
        }
        let (object, metadata) = open_within(name, Kind::Mapping, access, deadline)?;
        Section::of_object(object, &metadata)
    }

    pub(crate) fn create_or_open(
        name: &Name,
        size: u64,
        options: &SectionOptions,
    ) -> io::Result<(Section, Option<Birth>)> {
        let prepare = |file: &File| furnish(file, size, options);
        if name.namespace() == Namespace::Posix {
            refuse_marks(options)?;
            let (posix, birth) = posix::create_or_open(Place::of(name), options, &prepare)?;
            return Ok((Section::of_existing(Hold::Posix(posix))?, birth.map(Birth::Posix)));
        }
        let plan = Plan { kind: Kind::Mapping, rights: options.rights, prepare: &prepare, unborn: true };
        let (object, existed) = Object::create_or_open(Place::of(name), &plan, options.access)?;
        match existed {
            Some(metadata) => Ok((Section::of_object(object, &metadata)?, None)),
            None => Ok((Section { hold: Hold::Named(object), size }, Some(Birth::Named))),
        }
    }

    /// Opens the mapping, or makes one whose bytes are the file's; says whether it did.
    pub(crate) fn create_or_open_over(
        name: &Name,
        file: &File,
        size: u64,
        options: &SectionOptions,
    ) -> io::Result<(Section, bool)> {
        if name.namespace() == Namespace::Posix {
            return Err(refuse(ErrorKind::InvalidInput, "a POSIX name is the name of a file itself"));
        }
        let file = file.try_clone()?;
        let prepare = |object: &File| {
            mark(object, options.marks)?;
            Over::write(object, &file, size)
        };
        let plan = Plan { kind: Kind::Mapping, rights: options.rights, prepare: &prepare, unborn: true };
        let (object, existed) = Object::create_or_open(Place::of(name), &plan, options.access)?;
        if let Some(metadata) = existed {
            return Ok((Section::of_object(object, &metadata)?, false));
        }
        // Only now is it sure that the file is to be touched; should this fail, the object goes unseen.
        make_room(&file, size, options.access)?;
        object.publish()?;
        Ok((Section { hold: Hold::Over(object, file), size }, true))
    }

    pub(crate) fn unnamed(size: u64, options: &SectionOptions) -> io::Result<Section> {
        let file = pass::memory_file(mark_bits(options.marks))?;
        resize(&file, size, options)?;
        pass::seal_size(&file)?;
        Ok(Section { hold: Hold::Unnamed { file, memory: true }, size })
    }

    pub(crate) fn from_file(file: &File, size: Option<u64>, access: Access) -> io::Result<Section> {
        let file = file.try_clone()?;
        let size = match size {
            Some(size) => size,
            None => file.metadata()?.size(),
        };
        make_room(&file, size, access)?;
        Ok(Section { hold: Hold::Unnamed { file, memory: false }, size })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn pass(&self, command: &mut Command) -> io::Result<Passed> {
        match &self.hold {
            Hold::Unnamed { file, memory: true } => Passed::new(file, command),
            _ => Err(error(ErrorKind::InvalidInput)),
        }
    }

    pub(crate) fn receive(token: &str) -> io::Result<Section> {
        Section::of_existing(Hold::Unnamed { file: pass::receive(token)?, memory: true })
    }

    pub(crate) fn unlink(&self) -> io::Result<()> {
        match &self.hold {
            Hold::Posix(posix) => posix.unlink(),
            _ => Err(error(ErrorKind::InvalidInput)),
        }
    }

    /// The three bits that the creator gave it; 0 where there are none.
    pub(crate) fn marks(&self) -> io::Result<u8> {
        let mode = match &self.hold {
            Hold::Named(object) | Hold::Over(object, _) => object.file().metadata()?.mode(),
            // A memory file of another program has whatever mode the kernel gave it, which is open to everyone.
            Hold::Unnamed { file, memory: true } => file.metadata()?.mode(),
            Hold::Posix(_) | Hold::Unnamed { .. } => 0,
        };
        let foreign = matches!(self.hold, Hold::Unnamed { .. }) && mode & 0o066 != 0;
        Ok(if foreign { 0 } else { marks_in(mode) })
    }

    /// A descriptor that keeps the mapping by itself, for handles that may do this.
    pub(crate) fn share(&self, access: Access) -> io::Result<OwnedFd> {
        match &self.hold {
            Hold::Named(object) | Hold::Over(object, _) => share::share(object, access),
            Hold::Posix(posix) => share::share_posix(posix),
            Hold::Unnamed { file, memory: true } => share::reopen_or_copy(file, access_of(file)?),
            Hold::Unnamed { file, memory: false } => share::share_file(file, self.size, access),
        }
    }

    /// Makes a handle of a shared descriptor; says what it may do and what it is called.
    pub(crate) fn from_shared(descriptor: OwnedFd) -> io::Result<(Section, Access, Option<String>)> {
        let received = Received::take(descriptor)?;
        received.expect(Kind::Mapping)?;
        let access = access_of(received.file())?;
        let (name, metadata) = (received.name(), received.metadata);
        let section = match received.standing {
            Standing::Object(object, _) => Section::of_object(object, &metadata)?,
            Standing::Unnamed(file) => Section::of_existing(Hold::Unnamed { file, memory: true })?,
            Standing::Posix(posix) => Section::of_existing(Hold::Posix(posix))?,
            Standing::File(file) => {
                let size = share::size_of(&file)?;
                Section { hold: Hold::Unnamed { file, memory: false }, size }
            }
        };
        if section.size == 0 {
            return Err(refuse(ErrorKind::InvalidInput, "the descriptor's memory is empty"));
        }
        Ok((section, access, name))
    }

    /// The file that holds the bytes.
    pub(crate) fn file(&self) -> &File {
        match &self.hold {
            Hold::Named(object) => object.file(),
            Hold::Over(_, file) => file,
            Hold::Posix(posix) => posix.file(),
            Hold::Unnamed { file, .. } => file,
        }
    }

    /// A handle to a named mapping that exists: its file has the bytes, or tells which file has.
    fn of_object(object: Object, metadata: &Metadata) -> io::Result<Section> {
        if metadata.mode() & BLOCK_BIT == 0 {
            return Ok(Section { hold: Hold::Named(object), size: metadata.size() });
        }
        let over = Over::read(object.file())?;
        let file = over.find(metadata, access_of(object.file())?)?;
        Ok(Section { size: over.size(), hold: Hold::Over(object, file) })
    }

    fn of_existing(hold: Hold) -> io::Result<Section> {
        let mut section = Section { hold, size: 0 };
        section.size = section.file().metadata()?.size();
        Ok(section)
    }
}

/// Gives a new mapping's file its marks and its size.
fn furnish(file: &File, size: u64, options: &SectionOptions) -> io::Result<()> {
    mark(file, options.marks)?;
    resize(file, size, options)
}

/// Gives a new file marks. Whoever may use the file sees them; nobody can take them for rights to anything.
fn mark(file: &File, marks: u8) -> io::Result<()> {
    if marks == 0 {
        return Ok(());
    }
    add_bits(file, mark_bits(marks))
}

/// The execute bits that stand for marks.
fn mark_bits(marks: u8) -> u32 {
    (0..3).filter(|bit| marks & 1 << bit != 0).map(|bit| 1 << (3 * bit)).sum()
}

fn marks_in(mode: u32) -> u8 {
    (0..3).filter(|bit| mode & 1 << (3 * bit) != 0).map(|bit| 1 << bit).sum()
}

fn refuse_marks(options: &SectionOptions) -> io::Result<()> {
    if options.marks == 0 {
        return Ok(());
    }
    Err(refuse(ErrorKind::InvalidInput, "a POSIX object belongs to every program and keeps no marks"))
}

/// Makes sure that a user's file can be mapped like this and is at least as long.
fn make_room(file: &File, size: u64, access: Access) -> io::Result<()> {
    let able = access_of(file)?;
    if access == Access::ReadWrite && able == Access::ReadOnly {
        return Err(os_error(libc::EACCES));
    }
    let present = file.metadata()?.size();
    if size == 0 || (size > present && access == Access::ReadOnly) {
        return Err(error(ErrorKind::InvalidInput));
    }
    if size > present { extend(file, size) } else { Ok(()) }
}

/// Gives a new file its size, with the memory for it or without.
fn resize(file: &File, size: u64, options: &SectionOptions) -> io::Result<()> {
    if options.reserve {
        check_memory(size)?;
    }
    if !options.reserve || options.huge_pages {
        file.set_len(size)?;
    }
    if options.reserve && options.huge_pages {
        // `fallocate` alone would take small pages: only a mapping can be advised.
        Pages::take_huge(file, size)?;
    }
    if options.reserve { allocate(file, size) } else { Ok(()) }
}

/// Refuses what the machine has no memory for, before the kernel would look for some by killing processes: a tmpfs may
/// be allowed more than there is, and a memfd knows no limit at all.
fn check_memory(size: u64) -> io::Result<()> {
    /// Less is not worth the question.
    const ASK_FROM: u64 = 64 << 20;
    if size < ASK_FROM {
        return Ok(());
    }
    let Ok(figures) = fs::read_to_string("/proc/meminfo") else { return Ok(()) };
    let kibibytes = |label: &str| -> Option<u64> {
        figures.lines().find_map(|line| line.strip_prefix(label)?.trim().strip_suffix(" kB")?.parse().ok())
    };
    let Some(available) = kibibytes("MemAvailable:") else { return Ok(()) };
    let free = available.saturating_add(kibibytes("SwapFree:").unwrap_or(0)).saturating_mul(1024);
    if size > free { Err(os_error(libc::ENOSPC)) } else { Ok(()) }
}

/// Extends a user's file, with the room for it where the file system can promise that.
fn extend(file: &File, size: u64) -> io::Result<()> {
    match allocate(file, size) {
        Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => file.set_len(size),
        result => result,
    }
}

fn allocate(file: &File, size: u64) -> io::Result<()> {
    let len = libc::off_t::try_from(size).map_err(|_| os_error(libc::EFBIG))?;
    uninterrupted(|| {
        // SAFETY: the descriptor is open; there are no pointers.
        check(unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, len) }).map(drop)
    })
}

/// What the file is open for.
pub(super) fn access_of(file: &File) -> io::Result<Access> {
    // SAFETY: the descriptor is open; there are no pointers.
    let flags = check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) })?;
    match flags & (libc::O_ACCMODE | libc::O_PATH) {
        libc::O_RDWR => Ok(Access::ReadWrite),
        libc::O_RDONLY => Ok(Access::ReadOnly),
        _ => Err(os_error(libc::EACCES)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_the_execute_bits() {
        assert_eq!((mark_bits(0), mark_bits(7), mark_bits(2)), (0, MARK_BITS, 0o010));
        assert!((0..8).all(|marks| marks_in(0o666 | mark_bits(marks)) == marks));
    }
}
