//! Looking at objects through their files, and at their holders through `/proc`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::block::Picture;
use super::deadline::now;
use super::folder::{self, Place};
use super::lock::{self, Life};
use super::object::{BLOCK_BIT, open_file};
use super::over::Over;
use super::section::MARK_BITS;
use super::timer::next_due;
use super::{os_error, robust, tokens};
use crate::inspect::{Holder, Kind, Object, State};
use crate::name::Name;
use crate::{Access, Namespace};

/// Who has which file open, by device and inode.
type Holders = BTreeMap<(u64, u64), Vec<Holder>>;

pub(crate) fn list(namespace: Namespace) -> io::Result<Vec<Object>> {
    let entries = match fs::read_dir(folder::folder(namespace)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut holders = holders();
    let mut objects = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Some((base, whole)) = folder::name_of(namespace, &entry.file_name()) else { continue };
        let place = Place::in_folder(namespace, entry.file_name());
        let name = Name::display(namespace, &base);
        // What has gone since, what is no file, and what does not exist yet are not in the list.
        objects.extend(look(&place, name, whole, &mut holders).ok().flatten());
    }
    Ok(objects)
}

pub(crate) fn stat(name: &Name) -> io::Result<Object> {
    let place = Place::of(name);
    let displayed = Name::display(name.namespace(), name.base());
    // Finding the holders walks all of /proc, which is for nothing when there is no file.
    place.path.symlink_metadata()?;
    look(&place, displayed, true, &mut holders())?.ok_or_else(|| os_error(libc::ENOENT))
}

fn look(place: &Place, name: String, whole: bool, holders: &mut Holders) -> io::Result<Option<Object>> {
    let metadata = place.path.symlink_metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let file = match open_file(&place.path, Access::ReadOnly) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        file => Some(file?),
    };
    let life = match (&file, place.namespace) {
        (Some(file), Namespace::Local | Namespace::Global) => lock::life(file)?,
        _ => Life::Living,
    };
    if life == Life::Unborn {
        return Ok(None);
    }
    let posix = place.namespace == Namespace::Posix;
    let plain = metadata.mode() & BLOCK_BIT == 0 || posix;
    let (kind, state) = if plain { (Kind::Mapping, State::Mapping) } else { read_state(file.as_ref()) };
    let over = file.as_ref().filter(|_| !plain && kind == Kind::Mapping);
    Ok(Some(Object {
        name,
        complete_name: whole,
        namespace: place.namespace,
        kind,
        size: if plain { Some(metadata.size()) } else { over.and_then(|file| Over::read(file).ok()?.size().into()) },
        memory: Some(metadata.blocks() * 512),
        owner: Some(user_name(metadata.uid())),
        rights: Some(rights(if posix { metadata.mode() } else { metadata.mode() & !MARK_BITS })),
        created: metadata.created().ok(),
        state,
        holders: Some(holders.remove(&(metadata.dev(), metadata.ino())).unwrap_or_default()),
        dead: matches!(life, Life::Dead | Life::Dying),
    }))
}

fn read_state(file: Option<&File>) -> (Kind, State) {
    let Some(Ok(picture)) = file.map(Picture::read) else { return (Kind::Unknown, State::Hidden) };
    let owner = picture.owner & robust::OWNER;
    let state = match picture.kind {
        Kind::Mutex => State::Mutex {
            owned: !matches!(owner, 0 | robust::FROZEN),
            owner: Some(owner).filter(|&owner| !matches!(owner, 0 | robust::FROZEN)),
            abandoned: picture.owner & robust::DIED != 0,
        },
        Kind::Event => State::Event { manual: picture.parameter == 1, signaled: super::event::is_open(picture.state) },
        Kind::Semaphore => State::Semaphore { count: tokens::count_of(picture.state), maximum: picture.parameter },
        Kind::Timer => timer_state(&picture),
        Kind::Mapping => State::Mapping,
        Kind::Unknown => State::Hidden,
    };
    (picture.kind, state)
}

/// The state of a timer as the next to look at it will find it.
fn timer_state(picture: &Picture) -> State {
    let now = now();
    let fires = picture.due != 0 && picture.due <= now;
    let due = if fires { next_due(picture.due, picture.period, now) } else { picture.due };
    State::Timer {
        manual: Some(picture.parameter == 1),
        signaled: fires || super::event::is_open(picture.state),
        due: (due != 0).then(|| Duration::from_nanos(due.saturating_sub(now))),
    }
}

/// The permission bits as `ls` writes them.
fn rights(mode: u32) -> String {
    let letters = "rwxrwxrwx".chars().enumerate();
    letters.map(|(index, letter)| if mode & (0o400 >> index) == 0 { '-' } else { letter }).collect()
}

/// A user's name from the local list of users, or the number.
fn user_name(user: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then(|| name.to_owned())
    });
    found.unwrap_or_else(|| user.to_string())
}

/// Finds every open file on the file system of shared memory, as far as this process may look.
fn holders() -> Holders {
    let mut holders = Holders::new();
    let Ok(processes) = fs::read_dir("/proc") else { return holders };
    for process in processes.filter_map(Result::ok) {
        if let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) {
            add_holder(&mut holders, pid, &process.path());
        }
    }
    holders
}

fn add_holder(holders: &mut Holders, pid: u32, process: &Path) {
    let Ok(descriptors) = fs::read_dir(process.join("fd")) else { return };
    for descriptor in descriptors.filter_map(Result::ok) {
        let path = descriptor.path();
        // Asking only what leads to shared memory spares a call for each of the others.
        if !fs::read_link(&path).is_ok_and(|target| target.starts_with(folder::SHM)) {
            continue;
        }
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let list = holders.entry((metadata.dev(), metadata.ino())).or_default();
        if list.iter().all(|holder| holder.pid != pid) {
            list.push(Holder { pid, program: program(process) });
        }
    }
}

fn program(process: &Path) -> String {
    let executable = fs::read_link(process.join("exe")).ok();
    let name = executable.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.or_else(|| Some(fs::read_to_string(process.join("comm")).ok()?.trim_end().to_owned())).unwrap_or_default()
}
