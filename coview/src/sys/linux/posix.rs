//! POSIX shared-memory names, which live until somebody unlinks them.
//!
//! Needs `unsafe` for `flock`. There is no lock on their files that other programs would know of. A `create_or_open`
//! with an initialiser therefore works on a file without a name, under a lock on the user's folder, and links it when
//! it is complete: whoever dies before that leaves nothing.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use super::folder::{self, Place};
use super::object::{judge, link, make_unnamed, open_file};
use super::{SectionOptions, check, error, os_error, uninterrupted};
use crate::{Access, ErrorKind, Namespace, Rights};

/// A handle to a POSIX object.
#[derive(Debug)]
pub(super) struct Posix {
    file: File,
    place: Place,
    created: bool,
}

/// The lock under which a POSIX object is initialised.
#[derive(Debug)]
pub(crate) struct PosixBirth {
    _folder: File,
}

impl Posix {
    pub(super) fn create(place: Place, rights: Rights, prepare: &dyn Fn(&File) -> io::Result<()>) -> io::Result<Posix> {
        let posix = Posix::make(place, rights, prepare)?;
        posix.link()?;
        Ok(posix)
    }

    pub(super) fn open(place: Place, access: Access) -> io::Result<Posix> {
        let file = open_file(&place.path, access)?;
        // Its creator has yet to give it a size, as `shm_open` and `ftruncate` leave it for a moment.
        if judge(&place, &file)?.size() == 0 {
            return Err(os_error(libc::ENOENT));
        }
        Ok(Posix { file, place, created: false })
    }

    /// Removes the name, if this handle made it and it is still this object's.
    pub(super) fn unlink(&self) -> io::Result<()> {
        if !self.created {
            return Err(error(ErrorKind::InvalidInput));
        }
        let (ours, named) = (self.file.metadata()?, self.place.path.symlink_metadata()?);
        if (ours.dev(), ours.ino()) != (named.dev(), named.ino()) {
            return Err(os_error(libc::ENOENT));
        }
        std::fs::remove_file(&self.place.path)
    }

    /// A handle of a descriptor that somebody else has opened.
    pub(super) fn received(file: File, place: Place) -> Posix {
        Posix { file, place, created: false }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    fn make(place: Place, rights: Rights, prepare: &dyn Fn(&File) -> io::Result<()>) -> io::Result<Posix> {
        let file = make_unnamed(place.folder(), rights, 0)?;
        prepare(&file)?;
        Ok(Posix { file, place, created: true })
    }

    fn link(&self) -> io::Result<()> {
        match link(&self.file, &self.place.path) {
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) && self.place.path.is_dir() => {
                Err(os_error(libc::EISDIR))
            }
            result => result,
        }
    }
}

/// Opens the object, or makes it without a name yet; then the caller initialises and publishes it.
pub(super) fn create_or_open(
    place: Place,
    options: &SectionOptions,
    prepare: &dyn Fn(&File) -> io::Result<()>,
) -> io::Result<(Posix, Option<PosixBirth>)> {
    if let Some(posix) = open_existing(&place, options.access)? {
        return Ok((posix, None));
    }
    let birth = PosixBirth::begin()?;
    if let Some(posix) = open_existing(&place, options.access)? {
        return Ok((posix, None));
    }
    Ok((Posix::make(place, options.rights, prepare)?, Some(birth)))
}

fn open_existing(place: &Place, access: Access) -> io::Result<Option<Posix>> {
    match Posix::open(place.clone(), access) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

impl PosixBirth {
    fn begin() -> io::Result<PosixBirth> {
        // Any name will do: what is wanted is its folder.
        let place = Place::in_folder(Namespace::Local, "posix");
        folder::prepare(&place)?;
        let folder = File::open(place.folder())?;
        uninterrupted(|| {
            // SAFETY: the descriptor is open; there are no pointers.
            check(unsafe { libc::flock(folder.as_raw_fd(), libc::LOCK_EX) }).map(drop)
        })?;
        Ok(PosixBirth { _folder: folder })
    }

    pub(super) fn publish(self, posix: &Posix) -> io::Result<()> {
        posix.link()
    }
}
