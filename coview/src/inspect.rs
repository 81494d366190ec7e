//! Looking at the objects that exist, without holding, changing or waking any of them.

use std::time::{Duration, SystemTime};

use crate::name::Name;
use crate::{Error, Namespace, Noun, Result, error, sys};

/// What an object is.
///
/// # Examples
///
/// ```
/// # let name = format!("doc.kind.{}", std::process::id());
/// let event = coview::Event::create(&name, coview::Reset::Auto)?;
/// assert_eq!(coview::stat(&name)?.kind, coview::Kind::Event);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Shared memory.
    Mapping,
    /// A mutual exclusion lock.
    Mutex,
    /// An auto- or manual-reset event.
    Event,
    /// A counting semaphore.
    Semaphore,
    /// A waitable timer.
    Timer,
    /// Something that this version cannot tell.
    Unknown,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Kind::Mapping => "mapping",
            Kind::Mutex => "mutex",
            Kind::Event => "event",
            Kind::Semaphore => "semaphore",
            Kind::Timer => "timer",
            Kind::Unknown => "unknown",
        })
    }
}

/// The state of an object at the moment it was looked at.
///
/// # Examples
///
/// ```
/// use coview::{Semaphore, State};
///
/// # let name = format!("doc.state.{}", std::process::id());
/// let semaphore = Semaphore::create(&name, 2, 5)?;
/// assert_eq!(coview::stat(&name)?.state, State::Semaphore { count: 2, maximum: 5 });
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A mapping has no state but its bytes.
    Mapping,
    /// A mutex.
    Mutex {
        /// Whether a thread owns it now.
        owned: bool,
        /// The owning thread's id, where the system tells it; on Linux, as the owner's own PID namespace counts.
        owner: Option<u32>,
        /// Whether it waits for a next owner after the last one died.
        abandoned: bool,
    },
    /// An event.
    Event {
        /// Whether it stays signaled until it is reset.
        manual: bool,
        /// Whether it is signaled.
        signaled: bool,
    },
    /// A semaphore.
    Semaphore {
        /// How many more can acquire it now.
        count: u32,
        /// The highest count.
        maximum: u32,
    },
    /// A timer.
    Timer {
        /// Whether it stays signaled until it is set again, where the system tells it: Windows does not.
        manual: Option<bool>,
        /// Whether it is signaled.
        signaled: bool,
        /// How long it takes until it is signaled next; `None` if it is not set. Windows goes on telling the time of a
        /// timer that was cancelled until that has passed.
        due: Option<Duration>,
    },
    /// The state could not be read, for want of rights.
    Hidden,
}

/// A process that holds a handle to an object.
///
/// # Examples
///
/// ```
/// # let name = format!("doc.holder.{}", std::process::id());
/// let mapping = coview::Mapping::create(&name, 4096)?;
/// for holder in coview::stat(&name)?.holders.unwrap_or_default() {
///     println!("{} {}", holder.pid, holder.program);
/// }
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The process id, as this process's PID namespace counts.
    pub pid: u32,
    /// The program's file name.
    pub program: String,
}

/// An object as it was when it was looked at.
///
/// # Examples
///
/// ```
/// # let name = format!("doc.object.{}", std::process::id());
/// let mapping = coview::Mapping::create(&name, 4096)?;
/// let object = coview::stat(&name)?;
/// assert_eq!((object.name.as_str(), object.size), (name.as_str(), Some(4096)));
/// assert!(!object.dead);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Object {
    /// The name that opens it. Ends in `…` where only its beginning is known: see `complete_name`.
    pub name: String,
    /// Whether `name` is the whole name. On Linux a very long name is kept only as a beginning and a hash.
    pub complete_name: bool,
    /// The namespace of the name.
    pub namespace: Namespace,
    /// What it is.
    pub kind: Kind,
    /// The size of a mapping in bytes; `None` for other kinds, and where it cannot be read.
    pub size: Option<u64>,
    /// Bytes of memory that it occupies now, where the system tells.
    pub memory: Option<u64>,
    /// The user who created it, where the system tells.
    pub owner: Option<String>,
    /// What others may do, as the system writes it (`rw-------` on Linux), where it tells.
    pub rights: Option<String>,
    /// When it was created, where the system tells.
    pub created: Option<SystemTime>,
    /// Its state.
    pub state: State,
    /// Who holds it, as far as this process may look; `None` where the system does not tell.
    pub holders: Option<Vec<Holder>>,
    /// Nobody holds it any more: killed processes left it behind, and the next call that meets it removes it.
    pub dead: bool,
}

/// Lists the objects of a namespace, in the order of their names.
///
/// The list is a picture of a moment; objects may have come or gone since. What is still being initialised is not
/// in it; what killed processes left behind is, marked [`Object::dead`].
///
/// # Errors
///
/// [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) if the namespace cannot be read.
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for [`Namespace::Posix`] on Windows.
///
/// # Platform
///
/// Linux reads the namespace folder (`getdents64`), asks for locks with `fcntl(F_OFD_GETLK)`, and finds the holders in
/// `/proc/*/fd`: other users' processes stay invisible without privilege. [`Namespace::Posix`] lists every POSIX
/// object, whoever made it. Windows reads the object directory (`NtQueryDirectoryObject`): it lists the objects of
/// every program, and tells neither owners nor holders.
///
/// # Examples
///
/// ```
/// # let name = format!("doc.list.{}", std::process::id());
/// let mapping = coview::Mapping::create(&name, 4096)?;
/// let objects = coview::list(coview::Namespace::Local)?;
/// assert!(objects.iter().any(|object| object.name == name));
/// # Ok::<(), coview::Error>(())
/// ```
pub fn list(namespace: Namespace) -> Result<Vec<Object>> {
    let mut objects = sys::list(namespace).map_err(|source| namespace_error("list", source))?;
    objects.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(objects)
}

/// Looks at one object by its name.
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is nothing of this name, living or dead,
/// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName), and what [`list`] can say.
///
/// # Platform
///
/// As for [`list`].
///
/// # Examples
///
/// ```
/// # let name = format!("doc.stat.{}", std::process::id());
/// let mutex = coview::Mutex::create(&name)?;
/// let held = mutex.lock()?;
/// assert!(matches!(coview::stat(&name)?.state, coview::State::Mutex { owned: true, .. }));
/// # Ok::<(), coview::Error>(())
/// ```
pub fn stat(name: &str) -> Result<Object> {
    let name = error::parse_name("stat", Noun::Object, name)?;
    sys::stat(&name).map_err(|source| error::from_sys("stat", Noun::Object, Some(&name), source))
}

/// Removes what killed processes left behind in a namespace, and returns how many objects that were.
///
/// Nobody has to call this: a dead object's name is free whatever happens, and each creation looks at a few others
/// in passing. It gives memory back at once, for example before a large creation; and a creation that finds the
/// system full does it by itself.
///
/// # Errors
///
/// As for [`list`].
///
/// # Platform
///
/// On Linux what other users left can be removed only with privilege. On Windows nothing is ever left, and the
/// answer is 0. For [`Namespace::Posix`] it is 0 as well: those names live until someone unlinks them.
///
/// # Examples
///
/// ```
/// let freed = coview::sweep(coview::Namespace::Local)?;
/// println!("{freed} dead objects removed");
/// # Ok::<(), coview::Error>(())
/// ```
pub fn sweep(namespace: Namespace) -> Result<usize> {
    sys::sweep(namespace).map_err(|source| namespace_error("sweep", source))
}

fn namespace_error(operation: &'static str, source: std::io::Error) -> Error {
    error::from_sys(operation, Noun::Namespace, None::<&Name>, source)
}
