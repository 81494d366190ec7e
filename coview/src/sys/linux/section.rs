//! Handles to mappings on Linux: a named object, a POSIX name, a memfd, or somebody's file.
//!
//! Needs `unsafe` for `fallocate` and `fcntl`.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use super::folder::Place;
use super::object::{Object, Plan};
use super::posix::{self, Posix, PosixBirth};
use super::wait::{appearing, open_within};
use super::{Deadline, Pages, Passed, SectionOptions, check, error, os_error, pass, uninterrupted};
use crate::inspect::Kind;
use crate::name::Name;
use crate::{Access, ErrorKind, Namespace};

/// A handle to a mapping.
#[derive(Debug)]
pub(crate) struct Section {
    hold: Hold,
    size: u64,
}

#[derive(Debug)]
enum Hold {
    Named(Object),
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
        let prepare = |file: &File| resize(file, size, options);
        let hold = if name.namespace() == Namespace::Posix {
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
        Ok(Section { hold: Hold::Named(object), size: metadata.size() })
    }

    pub(crate) fn create_or_open(
        name: &Name,
        size: u64,
        options: &SectionOptions,
    ) -> io::Result<(Section, Option<Birth>)> {
        let prepare = |file: &File| resize(file, size, options);
        if name.namespace() == Namespace::Posix {
            let (posix, birth) = posix::create_or_open(Place::of(name), options, &prepare)?;
            return Ok((Section::of_existing(Hold::Posix(posix))?, birth.map(Birth::Posix)));
        }
        let plan = Plan { kind: Kind::Mapping, rights: options.rights, prepare: &prepare, unborn: true };
        let (object, existed) = Object::create_or_open(Place::of(name), &plan, options.access)?;
        let birth = if existed.is_none() { Some(Birth::Named) } else { None };
        Ok((Section { hold: Hold::Named(object), size: existed.map_or(size, |metadata| metadata.size()) }, birth))
    }

    pub(crate) fn unnamed(size: u64, options: &SectionOptions) -> io::Result<Section> {
        let file = pass::memory_file(0)?;
        resize(&file, size, options)?;
        pass::seal_size(&file)?;
        Ok(Section { hold: Hold::Unnamed { file, memory: true }, size })
    }

    pub(crate) fn from_file(file: &File, size: Option<u64>, access: Access) -> io::Result<Section> {
        let file = file.try_clone()?;
        check_mode(&file, access)?;
        let present = file.metadata()?.size();
        let size = size.unwrap_or(present);
        if size == 0 || (size > present && access == Access::ReadOnly) {
            return Err(error(ErrorKind::InvalidInput));
        }
        if size > present {
            extend(&file, size)?;
        }
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

    pub(super) fn file(&self) -> &File {
        match &self.hold {
            Hold::Named(object) => object.file(),
            Hold::Posix(posix) => posix.file(),
            Hold::Unnamed { file, .. } => file,
        }
    }

    fn of_existing(hold: Hold) -> io::Result<Section> {
        let mut section = Section { hold, size: 0 };
        section.size = section.file().metadata()?.size();
        Ok(section)
    }
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

/// Whether the file is open for what its views shall do.
fn check_mode(file: &File, access: Access) -> io::Result<()> {
    // SAFETY: the descriptor is open; there are no pointers.
    let flags = check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) })?;
    let enough = match flags & libc::O_ACCMODE {
        libc::O_RDWR => true,
        libc::O_RDONLY => access == Access::ReadOnly,
        _ => false,
    };
    if enough { Ok(()) } else { Err(os_error(libc::EACCES)) }
}
