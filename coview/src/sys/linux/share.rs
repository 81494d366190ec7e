//! Objects as descriptors, each of which keeps its object by itself in whatever process it is open.
//!
//! A handle gives its lock up by hand when it is dropped, for all copies of its descriptor. So what is shared is never
//! a copy: it is the file opened again, with a lock of its own. What is received is opened again as well, for others
//! may have copies of that descriptor; where the system forbids it (another user's file) the handle uses the descriptor
//! it was given, and gives nothing up by hand.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::folder::{self, Place};
use super::lock::{self, Life};
use super::object::{BLOCK_BIT, Object, judge, kind_of, open_file};
use super::over::path_of;
use super::posix::Posix;
use super::section::access_of;
use super::{block, error, os_error, pass, refuse};
use crate::inspect::Kind;
use crate::name::Name;
use crate::{Access, ErrorKind, Namespace};

/// How the path of every user's folder of `Local\` names begins.
const LOCAL_PREFIX: &[u8] = b"/dev/shm/coview-";

/// What a descriptor has turned out to be.
pub(super) struct Received {
    pub(super) standing: Standing,
    pub(super) metadata: Metadata,
    kind: Kind,
}

/// Where a received object stands.
pub(super) enum Standing {
    /// An object that has a name, or had one; it is known while it is there, unless it is another user's.
    Object(Object, Option<Place>),
    /// An object in memory that nobody can make shorter.
    Unnamed(File),
    Posix(Posix),
    /// Somebody's file.
    File(File),
}

impl Received {
    /// Makes a handle of a descriptor, and gives the descriptor up.
    pub(super) fn take(descriptor: OwnedFd) -> io::Result<Received> {
        let file = File::from(descriptor);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(refuse(ErrorKind::InvalidInput, "the descriptor is not of a shared object or a file"));
        }
        let standing = stand(file, &metadata)?;
        let kind = kind_at(&standing, &metadata)?;
        Ok(Received { standing, metadata, kind })
    }

    /// Refuses an object of another kind.
    pub(super) fn expect(&self, kind: Kind) -> io::Result<()> {
        if self.kind == kind { Ok(()) } else { Err(error(ErrorKind::WrongKind)) }
    }

    pub(super) fn file(&self) -> &File {
        self.standing.file()
    }

    /// The name that opens it, as far as it is known.
    pub(super) fn name(&self) -> Option<String> {
        let place = match &self.standing {
            Standing::Object(_, place) => place.as_ref()?,
            Standing::Posix(posix) => posix.place(),
            Standing::Unnamed(_) | Standing::File(_) => return None,
        };
        let (base, _) = folder::name_of(place.namespace, place.path.file_name()?)?;
        Some(Name::display(place.namespace, &base))
    }
}

impl Standing {
    fn file(&self) -> &File {
        match self {
            Standing::Object(object, _) => object.file(),
            Standing::Posix(posix) => posix.file(),
            Standing::Unnamed(file) | Standing::File(file) => file,
        }
    }
}

/// Makes a handle to a synchronization object of a descriptor; returns its name too, "" without one.
pub(super) fn receive(descriptor: OwnedFd, kind: Kind) -> io::Result<(Object, String)> {
    let received = Received::take(descriptor)?;
    received.expect(kind)?;
    if access_of(received.file())? == Access::ReadOnly {
        return Err(os_error(libc::EACCES));
    }
    let name = received.name().unwrap_or_default();
    match received.standing {
        Standing::Object(object, _) => Ok((object, name)),
        Standing::Unnamed(file) => Ok((Object::new(file, None), name)),
        Standing::Posix(_) | Standing::File(_) => Err(error(ErrorKind::WrongKind)),
    }
}

/// A descriptor that keeps an object by itself.
pub(super) fn share(object: &Object, access: Access) -> io::Result<OwnedFd> {
    let Some(place) = object.place() else {
        // Nobody gives the lock of a descriptor without a name up by hand, so that a copy will do.
        return reopen_or_copy(object.file(), access);
    };
    let shared = reopen_at(place, object.file(), access)?;
    // In a forked child, the parent's handle may be gone and the object with it.
    if !lock::hold(&shared)? || (!object.is_own() && shared.metadata()?.nlink() == 0) {
        return Err(os_error(libc::ENOENT));
    }
    Ok(shared.into())
}

/// A descriptor of a POSIX object.
pub(super) fn share_posix(posix: &Posix) -> io::Result<OwnedFd> {
    reopen_at(posix.place(), posix.file(), access_of(posix.file())?).map(OwnedFd::from)
}

/// A descriptor of memory without a name, with a hold if that is possible and the lock that it has otherwise.
pub(super) fn reopen_or_copy(file: &File, access: Access) -> io::Result<OwnedFd> {
    match reopen(file, access) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => file.try_clone().map(OwnedFd::from),
        reopened => {
            let shared = reopened?;
            lock::hold(&shared)?;
            Ok(shared.into())
        }
    }
}

/// A descriptor of a user's file. Its position says how much of the file the mapping has.
pub(super) fn share_file(file: &File, size: u64, access: Access) -> io::Result<OwnedFd> {
    let mut shared = reopen(file, access)?;
    shared.seek(SeekFrom::Start(size))?;
    Ok(shared.into())
}

/// How much of a file is meant: up to its position, or all of it.
pub(super) fn size_of(mut file: &File) -> io::Result<u64> {
    let (position, len) = (file.stream_position()?, file.metadata()?.size());
    let size = if position == 0 { len } else { position };
    if size == 0 || size > len {
        return Err(refuse(ErrorKind::InvalidInput, "the descriptor's file is empty, or ends before its position"));
    }
    Ok(size)
}

/// Opens a file once more by its name, so that `/proc` shows that name: what its creator has open was made without one.
fn reopen_at(place: &Place, file: &File, access: Access) -> io::Result<File> {
    let (ours, named) = (file.metadata()?, open_file(&place.path, access));
    match named.and_then(|named| Ok((named.metadata()?, named))) {
        Ok((metadata, named)) if (metadata.dev(), metadata.ino()) == (ours.dev(), ours.ino()) => Ok(named),
        // Somebody has removed the name.
        _ => reopen(file, access),
    }
}

/// Opens a file once more.
pub(super) fn reopen(file: &File, access: Access) -> io::Result<File> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let mut options = OpenOptions::new();
    // Its owner may have leased it (`F_SETLEASE`), and could hold up whoever waits for the end of that.
    options.read(true).write(access == Access::ReadWrite).custom_flags(libc::O_NONBLOCK).open(path)
}

/// Finds out where the object of a descriptor stands, and makes a handle of it.
fn stand(file: File, metadata: &Metadata) -> io::Result<Standing> {
    if let Some(place) = place_of(&file, metadata) {
        if place.namespace == Namespace::Posix {
            return Ok(Standing::Posix(Posix::received(file.try_clone()?, place)));
        }
        return hold_named(&file, Some(place));
    }
    if pass::is_sealed(&file) {
        return file.try_clone().map(Standing::Unnamed);
    }
    if is_local(&file) {
        return hold_named(&file, None);
    }
    // Copies, like those above: they are never inherited.
    let file = file.try_clone()?;
    // A user's file may have that bit for reasons of its own.
    if metadata.mode() & BLOCK_BIT != 0 && block::read_kind(&file).is_ok() {
        return Ok(Standing::Object(Object::new(file, None), None));
    }
    Ok(Standing::File(file))
}

/// Takes a hold on an object that has, or had, a name.
fn hold_named(file: &File, place: Option<Place>) -> io::Result<Standing> {
    match reopen(file, access_of(file)?) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let copy = file.try_clone()?;
            if !lock::hold(&copy)? {
                return Err(os_error(libc::ENOENT));
            }
            Ok(Standing::Object(Object::new(copy, None), place))
        }
        reopened => {
            let own = reopened?;
            if lock::life(&own)? != Life::Living || !lock::hold(&own)? {
                return Err(os_error(libc::ENOENT));
            }
            let object = Object::new(own, place.clone());
            if let Some(place) = &place
                && judge(place, object.file())?.nlink() == 0
            {
                return Err(os_error(libc::ENOENT));
            }
            Ok(Standing::Object(object, place))
        }
    }
}

/// The place under whose name this very file stands now. Not in another user's folder: that can be replaced.
fn place_of(file: &File, metadata: &Metadata) -> Option<Place> {
    let path = path_of(file)?;
    let (folder, file_name) = (path.parent()?, path.file_name()?);
    let namespace = match folder {
        local if local == folder::folder(Namespace::Local) => Namespace::Local,
        shm if shm != Path::new(folder::SHM) => return None,
        _ if folder::name_of(Namespace::Global, file_name).is_some() => Namespace::Global,
        _ => Namespace::Posix,
    };
    folder::name_of(namespace, file_name)?;
    let place = Place::in_folder(namespace, file_name);
    let named = fs::symlink_metadata(&place.path).ok()?;
    ((named.dev(), named.ino()) == (metadata.dev(), metadata.ino())).then_some(place)
}

/// Whether the file lies, or lay, in some user's folder of `Local\` names.
fn is_local(file: &File) -> bool {
    let Some(path) = path_of(file) else { return false };
    path.parent().is_some_and(|folder| folder.as_os_str().as_bytes().starts_with(LOCAL_PREFIX))
}

fn kind_at(standing: &Standing, metadata: &Metadata) -> io::Result<Kind> {
    match standing {
        Standing::Object(object, _) => kind_of(object.file(), metadata),
        Standing::Unnamed(file) => kind_of(file, metadata),
        Standing::Posix(_) | Standing::File(_) => Ok(Kind::Mapping),
    }
}
