//! What exists in a namespace: the kernel's own directory of objects, and their states.
//!
//! Needs `unsafe` to ask for the number of the session.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::process;

use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;

use super::companion::is_companion;
use super::object::{WideName, check};
use super::{error_kind, event, mutex, native, section, semaphore, timer};
use crate::name::Name;
use crate::sys::error;
use crate::{ErrorKind, Kind, Namespace, Object, State};

/// The kinds in the order in which a name is tried.
const KINDS: [Kind; 5] = [Kind::Mutex, Kind::Event, Kind::Semaphore, Kind::Timer, Kind::Mapping];

/// Every object of these kinds in the namespace, whoever made it, but for the companions of sections.
pub(crate) fn list(namespace: Namespace) -> io::Result<Vec<Object>> {
    let directory = directory_of(namespace)?;
    let mut entries = native::read_directory(&directory)?;
    // A directory is read by position. When objects come and go meanwhile, another that moves is met twice or not at
    // all; a second reading finds what the first has missed, and names tell what was met before.
    entries.extend(native::read_directory(&directory)?);
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries.dedup_by(|one, other| one.name == other.name);
    let objects = entries.into_iter().filter_map(|entry| Some(listed(namespace, &entry.name, kind_of(&entry.kind)?)));
    objects.filter_map(Result::transpose).collect()
}

/// The object of this name, of whatever kind.
pub(crate) fn stat(name: &Name) -> io::Result<Object> {
    for kind in KINDS {
        match object(name, kind) {
            Err(error) if error_kind(&error) == ErrorKind::WrongKind => {}
            looked_at => return looked_at,
        }
    }
    Ok(unread(name.namespace(), name.base(), Kind::Unknown))
}

/// Nothing is ever left behind here.
pub(crate) fn sweep(namespace: Namespace) -> io::Result<usize> {
    directory_of(namespace).map(|_| 0)
}

/// The object of an entry; `None` if it is nobody's business or gone already.
fn listed(namespace: Namespace, units: &[u16], kind: Kind) -> io::Result<Option<Object>> {
    let Ok(base) = String::from_utf16(units) else {
        let object = unread(namespace, &String::from_utf16_lossy(units), kind);
        return Ok(Some(Object { complete_name: false, ..object }));
    };
    if is_companion(&base) {
        return Ok(None);
    }
    // A name that no caller could write is of another program's making, and can only be shown.
    let Ok(name) = Name::parse(&Name::display(namespace, &base)) else {
        return Ok(Some(unread(namespace, &base, kind)));
    };
    match object(&name, kind) {
        Ok(object) => Ok(Some(object)),
        Err(error) => match error_kind(&error) {
            ErrorKind::NotFound | ErrorKind::WrongKind => Ok(None),
            _ => Ok(Some(unread(namespace, &base, kind))),
        },
    }
}

/// Looks at an object that is of this kind, or fails with [`ErrorKind::WrongKind`].
fn object(name: &Name, kind: Kind) -> io::Result<Object> {
    let found = unread(name.namespace(), name.base(), kind);
    match state_and_size(name, kind) {
        Ok((state, size)) => Ok(Object { state, size, ..found }),
        Err(error) if error_kind(&error) == ErrorKind::AccessDenied => Ok(found),
        Err(error) => Err(error),
    }
}

fn state_and_size(name: &Name, kind: Kind) -> io::Result<(State, Option<u64>)> {
    let wide = WideName::new(name);
    match kind {
        Kind::Mutex => Ok((mutex_state(&mutex::open(&wide, mutex::QUERY)?)?, None)),
        Kind::Event => Ok((event_state(&event::open(&wide, event::QUERY)?)?, None)),
        Kind::Semaphore => Ok((semaphore_state(&semaphore::open(&wide, semaphore::QUERY)?)?, None)),
        Kind::Timer => Ok((timer_state(&timer::open(&wide, timer::QUERY)?)?, None)),
        Kind::Mapping => Ok((State::Mapping, Some(section::look(name)?))),
        Kind::Unknown => Ok((State::Hidden, None)),
    }
}

fn mutex_state(mutex: &OwnedHandle) -> io::Result<State> {
    let state = native::query_mutex(mutex)?;
    Ok(State::Mutex { owned: state.owned(), owner: None, abandoned: state.abandoned() })
}

fn event_state(event: &OwnedHandle) -> io::Result<State> {
    let state = native::query_event(event)?;
    Ok(State::Event { manual: state.manual(), signaled: state.signaled() })
}

fn semaphore_state(semaphore: &OwnedHandle) -> io::Result<State> {
    let state = native::query_semaphore(semaphore)?;
    Ok(State::Semaphore { count: state.count, maximum: state.maximum })
}

fn timer_state(timer: &OwnedHandle) -> io::Result<State> {
    let state = native::query_timer(timer)?;
    Ok(State::Timer { manual: None, signaled: state.signaled(), due: state.due() })
}

/// What is known of an object without looking inside.
fn unread(namespace: Namespace, base: &str, kind: Kind) -> Object {
    Object {
        name: Name::display(namespace, base),
        complete_name: true,
        namespace,
        kind,
        size: None,
        memory: None,
        owner: None,
        rights: None,
        created: None,
        state: State::Hidden,
        holders: None,
        dead: false,
    }
}

/// The kernel's name for a type, where it is one of ours.
fn kind_of(type_name: &str) -> Option<Kind> {
    match type_name {
        "Section" => Some(Kind::Mapping),
        "Mutant" => Some(Kind::Mutex),
        "Event" => Some(Kind::Event),
        "Semaphore" => Some(Kind::Semaphore),
        "Timer" => Some(Kind::Timer),
        _ => None,
    }
}

fn directory_of(namespace: Namespace) -> io::Result<String> {
    const GLOBAL: &str = r"\BaseNamedObjects";
    match namespace {
        Namespace::Global => Ok(GLOBAL.to_owned()),
        // The services' session has no names of its own.
        Namespace::Local => Ok(match session()? {
            0 => GLOBAL.to_owned(),
            session => format!(r"\Sessions\{session}\BaseNamedObjects"),
        }),
        Namespace::Posix => Err(error(ErrorKind::Unsupported)),
    }
}

fn session() -> io::Result<u32> {
    let mut session = 0;
    // SAFETY: the place for the number is ours.
    check(unsafe { ProcessIdToSessionId(process::id(), &raw mut session) })?;
    Ok(session)
}
