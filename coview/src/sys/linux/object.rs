//! A handle to a named object's file: how it is made, found, held and, by the last who leaves, removed.
//!
//! Needs `unsafe` for `linkat`. The locks of `lock` decide; a name is only ever removed by somebody who has its very
//! file to himself. What a kill leaves at each step stands in ARCHITECTURE.md.

use std::ffi::CString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process;
use std::thread;
use std::time::Duration;

use super::folder::{self, Place};
use super::lock::{self, Life};
use super::sweep::{in_passing, sweep};
use super::{Deadline, block, check, error, os_error, pass};
use crate::inspect::Kind;
use crate::{Access, ErrorKind, Namespace, Rights};

/// The permission bit that tells an object with a block of Coview's own from a mapping, whose bytes are the user's.
pub(super) const BLOCK_BIT: u32 = 0o1000;

/// How long a creator waits for a dead object's file to go. Removing takes two system calls; but should the remover be
/// killed between them, and have forked before, the child keeps the file locked.
const DYING_MAX: Duration = Duration::from_secs(2);

/// A handle. While it is open the object lives.
#[derive(Debug)]
pub(super) struct Object {
    file: ManuallyDrop<File>,
    /// Where its name is, for the last who leaves. Without one, closing the file is all that there is to do.
    place: Option<Place>,
    /// The process that opened it. A forked child has a copy of the handle, but the lock is its parent's.
    process: u32,
}

/// What a new object's file shall be.
pub(super) struct Plan<'a> {
    pub(super) kind: Kind,
    pub(super) rights: Rights,
    /// Gives the empty file its size and first contents.
    pub(super) prepare: &'a dyn Fn(&File) -> io::Result<()>,
    /// The creator wants to be alone with it until `Object::publish`.
    pub(super) unborn: bool,
}

/// What stands under a name.
enum Standing {
    Nothing,
    Object(Kind),
    /// Somebody is initialising it; the file is there to wait on.
    Unborn(File, Kind),
}

impl Object {
    /// Makes the object under its name, complete.
    pub(super) fn create(place: Place, plan: &Plan<'_>) -> io::Result<Object> {
        let object = Object::make(place, plan)?;
        object.appear(plan.kind)?;
        Ok(object)
    }

    /// Makes the object, complete but for its name: should the process die, it never was.
    pub(super) fn make(place: Place, plan: &Plan<'_>) -> io::Result<Object> {
        match make(&place, plan) {
            Ok(file) => Ok(Object::new(file, Some(place))),
            Err(error) => Err(explain(&place, plan.kind, error)),
        }
    }

    /// Gives an object that was made its name, if nothing that lives has it.
    pub(super) fn appear(&self, kind: Kind) -> io::Result<()> {
        let Some(place) = &self.place else { return Ok(()) };
        loop {
            match link(&self.file, &place.path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match examine(place)? {
                    Standing::Nothing => {}
                    Standing::Object(found) | Standing::Unborn(_, found) => return Err(taken(found, kind)),
                },
                linked => return linked,
            }
        }
    }

    /// Makes an object with a block in memory that never has a name. It lives as long as a descriptor of it is open.
    pub(super) fn unnamed(prepare: &dyn Fn(&File) -> io::Result<()>) -> io::Result<Object> {
        let file = pass::memory_file(BLOCK_BIT)?;
        prepare(&file)?;
        pass::seal_size(&file)?;
        Ok(Object::new(file, None))
    }

    /// Opens the object that lives under a name; also returns what its file says of it.
    pub(super) fn open(place: Place, kind: Kind, access: Access) -> io::Result<(Object, Metadata)> {
        loop {
            let file = open_file(&place.path, access)?;
            match lock::life(&file)? {
                Life::Living => {}
                Life::Unborn | Life::Dying => return Err(os_error(libc::ENOENT)),
                Life::Dead => {
                    drop(file);
                    bury(&place);
                    return Err(os_error(libc::ENOENT));
                }
            }
            if !lock::hold(&file)? {
                continue;
            }
            // From here on the object lives for us, unless the last other handle was faster and it is gone.
            let metadata = judge(&place, &file)?;
            if metadata.nlink() == 0 {
                continue;
            }
            let object = Object::new(file, Some(place));
            return match kind_of(&object.file, &metadata)? {
                found if found == kind => Ok((object, metadata)),
                _ => Err(error(ErrorKind::WrongKind)),
            };
        }
    }

    /// Opens the object, or makes it: without metadata it is new. Waits while somebody else is initialising it.
    pub(super) fn create_or_open(
        place: Place,
        plan: &Plan<'_>,
        access: Access,
    ) -> io::Result<(Object, Option<Metadata>)> {
        Object::open_or(&place, plan.kind, access, Ok, || Object::create(place.clone(), plan))
    }

    /// The same for who makes more than an object: `wrap` is for one that exists, and `create` fails with `EEXIST` when
    /// somebody was faster.
    pub(super) fn open_or<T>(
        place: &Place,
        kind: Kind,
        access: Access,
        wrap: impl FnOnce(Object) -> io::Result<T>,
        create: impl Fn() -> io::Result<T>,
    ) -> io::Result<(T, Option<Metadata>)> {
        loop {
            match Object::open(place.clone(), kind, access) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                opened => {
                    let (object, metadata) = opened?;
                    return Ok((wrap(object)?, Some(metadata)));
                }
            }
            if let Standing::Unborn(file, _) = examine(place)? {
                lock::wait_for_birth(&file)?;
                continue;
            }
            match create() {
                Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {}
                created => return Ok((created?, None)),
            }
        }
    }

    /// Ends the creator's time alone: the object exists now, for everyone.
    pub(super) fn publish(&self) -> io::Result<()> {
        lock::end_birth(&self.file)?;
        // Those who wait for the name to appear watch the folder: a change of the file's times wakes them.
        let now = std::time::SystemTime::now();
        self.file.set_modified(now)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Whether this handle's own lock can be trusted to be there: a forked child's went with its parent's handle.
    pub(super) fn is_own(&self) -> bool {
        self.process == process::id()
    }

    /// Where its name is; `None` if there is none to be removed by this handle.
    pub(super) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// A handle to an object whose file the caller has locked, or to one that has no name and needs no lock.
    pub(super) fn new(file: File, place: Option<Place>) -> Object {
        Object { file: ManuallyDrop::new(file), place, process: process::id() }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // A forked child has copies; the lock is its parent's to give up.
        let own = self.is_own();
        let unsettled = self.place.take_if(|place| !(own && leave(place, &self.file).is_ok()));
        // SAFETY: the file is not used again.
        unsafe { ManuallyDrop::drop(&mut self.file) };
        if let Some(place) = unsettled {
            bury(&place);
        }
    }
}

/// Gives up the hold on a living object, and removes it if nobody else has one. An error if the file cannot be locked
/// exclusively because it is open for reading only.
fn leave(place: &Place, file: &File) -> io::Result<()> {
    // Closing alone would leave the lock to views, which keep the file open, and to any child that another thread has
    // just forked and that has not come to its `exec` yet: the name would stay taken for that long.
    let alone = lock::begin_death(file);
    if !matches!(alone, Ok(true)) {
        lock::let_go(file)?;
        // Another handle that was let go at the same moment may have seen us, as we saw it.
        if !alone.and_then(|_| lock::begin_death(file))? {
            return Ok(());
        }
    }
    // The lock on a file that has lost its name means nothing to anybody.
    if remove(place, file) { Ok(()) } else { lock::let_go(file) }
}

/// Removes what stands under a name if it is dead, and says whether it did. Failing is harmless: the next one will.
pub(super) fn bury(place: &Place) -> bool {
    let Ok(file) = open_file(&place.path, Access::ReadWrite) else { return false };
    if !lock::begin_death(&file).unwrap_or(false) {
        return false;
    }
    // By hand, as in `leave`.
    let removed = remove(place, &file);
    if !removed {
        let _ = lock::let_go(&file);
    }
    removed
}

/// Takes the name from a file that the caller has locked exclusively, unless somebody has before and perhaps made
/// another object of that name.
fn remove(place: &Place, file: &File) -> bool {
    let (Ok(ours), Ok(named)) = (judge(place, file), place.path.symlink_metadata()) else { return false };
    (ours.dev(), ours.ino()) == (named.dev(), named.ino()) && fs::remove_file(&place.path).is_ok()
}

/// The kind of an object by its file.
pub(super) fn kind_of(file: &File, metadata: &Metadata) -> io::Result<Kind> {
    if metadata.mode() & BLOCK_BIT == 0 { Ok(Kind::Mapping) } else { block::read_kind(file) }
}

/// Opens a file by its path alone, whatever it is.
pub(super) fn open_file(path: &Path, access: Access) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(access == Access::ReadWrite).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options.open(path)
}

/// Refuses what nobody should have put under a name.
pub(super) fn judge(place: &Place, file: &File) -> io::Result<Metadata> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(error(ErrorKind::WrongKind));
    }
    if place.namespace == Namespace::Local && metadata.uid() != place.user {
        return Err(os_error(libc::EPERM));
    }
    Ok(metadata)
}

/// Makes a file without a name: should this process die, it is gone.
pub(super) fn make_unnamed(folder: &Path, rights: Rights, bits: u32) -> io::Result<File> {
    let mode = mode(rights) | bits;
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).custom_flags(libc::O_TMPFILE).mode(0o600).open(folder)?;
    if mode != 0o600 {
        // The mode given to `open` is subject to the umask; rights are what the caller said.
        file.set_permissions(PermissionsExt::from_mode(mode))?;
    }
    Ok(file)
}

/// Adds bits to a new file's mode.
pub(super) fn add_bits(file: &File, bits: u32) -> io::Result<()> {
    file.set_permissions(PermissionsExt::from_mode(file.metadata()?.mode() | bits))
}

/// Gives an unnamed file its name, if that is free.
pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
    let target = c_path(path)?;
    let flags = libc::AT_EMPTY_PATH;
    // SAFETY: the descriptor is open, and both strings end in NUL.
    let linked = unsafe { libc::linkat(file.as_raw_fd(), c"".as_ptr(), libc::AT_FDCWD, target.as_ptr(), flags) };
    match check(linked) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EPERM)) => link_by_proc(file, &target),
        result => result.map(drop),
    }
}

/// The way that every kernel allows to every user, through `/proc`.
fn link_by_proc(file: &File, target: &CString) -> io::Result<()> {
    let source = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).expect("digits hold no NUL");
    // SAFETY: both strings end in NUL.
    check(unsafe {
        libc::linkat(libc::AT_FDCWD, source.as_ptr(), libc::AT_FDCWD, target.as_ptr(), libc::AT_SYMLINK_FOLLOW)
    })?;
    Ok(())
}

/// A path as system calls take it.
pub(super) fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| os_error(libc::EINVAL))
}

/// Makes the object's file, locked and complete but for its name.
fn make(place: &Place, plan: &Plan<'_>) -> io::Result<File> {
    in_passing(place, &folder::prepare(place)?);
    match make_once(place, plan) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSPC) => {
            // The dead may hold the memory that is missing.
            if sweep(place.namespace)? == 0 { Err(error) } else { make_once(place, plan) }
        }
        made => made,
    }
}

fn make_once(place: &Place, plan: &Plan<'_>) -> io::Result<File> {
    let bits = if plan.kind == Kind::Mapping { 0 } else { BLOCK_BIT };
    let file = make_unnamed(place.folder(), plan.rights, bits)?;
    (plan.prepare)(&file)?;
    if plan.unborn {
        lock::begin_birth(&file)?;
    } else {
        lock::hold(&file)?;
    }
    Ok(file)
}

/// Prefers to say that the name is taken over saying that there was no room to find out.
fn explain(place: &Place, wanted: Kind, error: io::Error) -> io::Error {
    match examine(place) {
        Ok(Standing::Object(kind) | Standing::Unborn(_, kind)) => taken(kind, wanted),
        _ => error,
    }
}

fn taken(found: Kind, wanted: Kind) -> io::Error {
    if found == wanted { os_error(libc::EEXIST) } else { error(ErrorKind::WrongKind) }
}

/// Looks at what stands under a name; removes it if it is dead.
fn examine(place: &Place) -> io::Result<Standing> {
    let patience = Deadline::after(DYING_MAX);
    loop {
        let file = match open_file(&place.path, Access::ReadOnly) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Nothing),
            file => file?,
        };
        let metadata = judge(place, &file)?;
        match lock::life(&file)? {
            // A file without a name was removed while we looked; what stands there now is to be seen.
            Life::Living if metadata.nlink() == 0 => {}
            Life::Living => return Ok(Standing::Object(kind_of(&file, &metadata)?)),
            Life::Unborn => {
                let kind = kind_of(&file, &metadata)?;
                return Ok(Standing::Unborn(file, kind));
            }
            Life::Dying if patience.has_passed() => return Err(os_error(libc::EBUSY)),
            Life::Dying => thread::yield_now(),
            Life::Dead => {
                drop(file);
                if !bury(place) && stays(place) {
                    return Err(os_error(libc::EACCES));
                }
            }
        }
    }
}

/// Whether a dead object cannot be removed because it is another user's.
fn stays(place: &Place) -> bool {
    place.user != 0 && place.path.symlink_metadata().is_ok_and(|metadata| metadata.uid() != place.user)
}

fn mode(rights: Rights) -> u32 {
    match rights {
        Rights::Private => 0o600,
        Rights::Group => 0o660,
        Rights::EveryoneReadOnly => 0o644,
        Rights::Everyone => 0o666,
    }
}
