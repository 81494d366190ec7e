//! The one error type: what was being done, to which noun and name, why, and the system's own code.
//!
//! No other file builds error texts.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::name::Name;
use crate::{Namespace, sys};

/// A specialised result for everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Says why an operation on a shared object failed.
///
/// The message names the operation, the noun and the name, then the reason, then what to do where that can be
/// known: ``open mapping `seed`: not found``. The system's own error stays reachable through
/// [`std::error::Error::source`] and [`Error::os_code`].
///
/// # Examples
///
/// ```
/// use coview::{ErrorKind, Mapping};
///
/// let error = Mapping::open("no.such.mapping").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert!(error.to_string().starts_with("open mapping `no.such.mapping`: not found"));
/// ```
pub struct Error {
    detail: Box<Detail>,
}

struct Detail {
    operation: &'static str,
    noun: Noun,
    name: Option<String>,
    kind: ErrorKind,
    advice: Option<Cow<'static, str>>,
    source: Option<io::Error>,
}

/// The kinds of failure that a program can want to tell apart.
///
/// # Examples
///
/// ```
/// use coview::{ErrorKind, Mapping};
///
/// let kind = Mapping::create(r"a\b", 1).unwrap_err().kind();
/// assert_eq!(kind, ErrorKind::InvalidName);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No living object has this name.
    NotFound,
    /// `create` found a living object of this name.
    AlreadyExists,
    /// The name belongs to an object of another kind.
    WrongKind,
    /// The system forbids it: other user, missing right, read-only object.
    AccessDenied,
    /// The name cannot be a name: empty, a stray backslash, a NUL character, too long.
    InvalidName,
    /// An argument is outside what the operation allows.
    InvalidInput,
    /// The size cannot be represented or mapped on this machine.
    TooLarge,
    /// The system has no room for it: a full `/dev/shm`, the commit limit, too many handles.
    NoSpace,
    /// The object did not appear within the time that was allowed for it.
    TimedOut,
    /// A release would lift a semaphore above its maximum.
    LimitExceeded,
    /// The calling thread does not own the mutex.
    NotOwner,
    /// The object's shared state makes no sense, because another program has overwritten it; or a process was stopped at
    /// the one place where others have to wait for it.
    Damaged,
    /// The memory holds a typed region of another layout, kind, type or fingerprint, or none; the message says what differs.
    Incompatible,
    /// Somebody else is at it: there is a publisher already, or a value was written over at every try to read it.
    Busy,
    /// All ends of the other side of a channel have gone, by themselves or by death, and there is nothing left to wait for.
    Disconnected,
    /// This system cannot do it.
    Unsupported,
    /// Anything else; see [`Error::os_code`].
    Other,
}

/// What an operation was about.
///
/// # Examples
///
/// ```
/// assert_eq!(coview::Noun::Mapping.to_string(), "mapping");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Noun {
    /// Shared memory itself.
    Mapping,
    /// A window onto a mapping.
    View,
    /// A mutual exclusion lock.
    Mutex,
    /// An auto- or manual-reset event.
    Event,
    /// A counting semaphore.
    Semaphore,
    /// A waitable timer.
    Timer,
    /// A wait for several objects.
    Wait,
    /// An object of any kind.
    Object,
    /// The place where names live.
    Namespace,
    /// A typed region of whatever kind.
    Region,
    /// One value, many writers.
    Shared,
    /// One current value, read by everyone.
    Latest,
    /// A [`Queue`](crate::Queue) or an end of it.
    Queue,
    /// A [`Topic`](crate::Topic) or an end of it.
    Topic,
    /// A channel whose kind is not known.
    Channel,
}

impl Error {
    pub(crate) fn new(operation: &'static str, noun: Noun, name: Option<&str>, kind: ErrorKind) -> Error {
        let name = name.map(str::to_owned);
        Error { detail: Box::new(Detail { operation, noun, name, kind, advice: None, source: None }) }
    }

    /// The same failure of what was made of the object that the layer below had to do with.
    pub(crate) fn about(mut self, noun: Noun) -> Error {
        self.detail.noun = noun;
        self
    }

    /// The same failure of what the caller asked for.
    pub(crate) fn doing(mut self, operation: &'static str) -> Error {
        self.detail.operation = operation;
        self
    }

    /// The same failure under the name that the caller knows.
    pub(crate) fn named(mut self, name: &str) -> Error {
        self.detail.name = Some(name.to_owned());
        self
    }

    pub(crate) fn with_source(mut self, source: io::Error) -> Error {
        self.detail.source = Some(source);
        self
    }

    pub(crate) fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Error {
        self.detail.advice = Some(advice.into());
        self
    }

    /// Returns which kind of failure this is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use coview::{ErrorKind, Event};
    /// assert_eq!(Event::open("nobody.made.it").unwrap_err().kind(), ErrorKind::NotFound);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.detail.kind
    }

    /// Returns the operation that failed, a verb such as `create` or `open`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use coview::Event;
    /// assert_eq!(Event::open("nobody.made.it").unwrap_err().operation(), "open");
    /// ```
    pub fn operation(&self) -> &'static str {
        self.detail.operation
    }

    /// Returns what the operation was about.
    ///
    /// # Examples
    ///
    /// ```
    /// # use coview::{Event, Noun};
    /// assert_eq!(Event::open("nobody.made.it").unwrap_err().noun(), Noun::Event);
    /// ```
    pub fn noun(&self) -> Noun {
        self.detail.noun
    }

    /// Returns the name of the object as the caller gave it, or `None` for what has no name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use coview::Event;
    /// assert_eq!(Event::open("nobody.made.it").unwrap_err().name(), Some("nobody.made.it"));
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.detail.name.as_deref()
    }

    /// Returns the system's own code: an `errno` on Linux, a Win32 error code on Windows.
    ///
    /// `None` when the failure was found before the system was asked, as with an invalid name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use coview::Event;
    /// assert_eq!(Event::open("nobody.made.it").unwrap_err().os_code(), Some(2)); // ENOENT, and ERROR_FILE_NOT_FOUND
    /// assert_eq!(Event::open("").unwrap_err().os_code(), None);
    /// ```
    pub fn os_code(&self) -> Option<i32> {
        self.detail.source.as_ref()?.raw_os_error()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Detail { operation, noun, name, kind, advice, source } = &*self.detail;
        write!(out, "{operation} {noun}")?;
        if let Some(name) = name {
            write!(out, " `{}`", Quoted(name))?;
        }
        match (kind, source.as_ref().and_then(io::Error::raw_os_error)) {
            // The name was not found, until the time was up: the system's code would speak of something else.
            (ErrorKind::WrongKind, _) if name.is_none() => write!(out, ": it is an object of another kind")?,
            (ErrorKind::TimedOut, _) | (_, None) => write!(out, ": {kind}")?,
            (ErrorKind::Other, Some(code)) => write!(out, ": {}", io::Error::from_raw_os_error(code))?,
            (_, Some(code)) => write!(out, ": {kind} (os error {code})")?,
        }
        match advice {
            Some(advice) => write!(out, "; {advice}"),
            None => Ok(()),
        }
    }
}

/// A name as a message shows it: control characters escaped, never longer than a line.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_MAX: usize = 120;
        for character in self.0.chars().take(SHOWN_MAX) {
            if character.is_control() {
                write!(out, "{}", character.escape_default())?;
            } else {
                write!(out, "{character}")?;
            }
        }
        if self.0.chars().nth(SHOWN_MAX).is_some() {
            write!(out, "…")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Error({:?}: {self})", self.detail.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.detail.source.as_ref().map(|source| source as _)
    }
}

impl From<Error> for io::Error {
    /// Wraps the error, so that `?` works in functions that return [`io::Result`].
    fn from(error: Error) -> io::Error {
        let kind = match error.kind() {
            ErrorKind::NotFound => io::ErrorKind::NotFound,
            ErrorKind::AlreadyExists => io::ErrorKind::AlreadyExists,
            ErrorKind::AccessDenied | ErrorKind::NotOwner => io::ErrorKind::PermissionDenied,
            ErrorKind::InvalidName | ErrorKind::InvalidInput => io::ErrorKind::InvalidInput,
            ErrorKind::NoSpace => io::ErrorKind::StorageFull,
            ErrorKind::TooLarge => io::ErrorKind::FileTooLarge,
            ErrorKind::TimedOut => io::ErrorKind::TimedOut,
            ErrorKind::Damaged | ErrorKind::Incompatible => io::ErrorKind::InvalidData,
            ErrorKind::Busy => io::ErrorKind::ResourceBusy,
            ErrorKind::Disconnected => io::ErrorKind::BrokenPipe,
            ErrorKind::Unsupported => io::ErrorKind::Unsupported,
            ErrorKind::WrongKind | ErrorKind::LimitExceeded | ErrorKind::Other => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            ErrorKind::NotFound => "not found",
            ErrorKind::AlreadyExists => "already exists",
            ErrorKind::WrongKind => "an object of another kind has this name",
            ErrorKind::AccessDenied => "access denied",
            ErrorKind::InvalidName => "invalid name",
            ErrorKind::InvalidInput => "invalid argument",
            ErrorKind::TooLarge => "too large",
            ErrorKind::NoSpace => "no space",
            ErrorKind::TimedOut => "timed out",
            ErrorKind::LimitExceeded => "the count would exceed the maximum",
            ErrorKind::NotOwner => "the calling thread does not own it",
            ErrorKind::Damaged => "its shared state is damaged, or a stopped process holds it up",
            ErrorKind::Incompatible => "incompatible",
            ErrorKind::Busy => "busy",
            ErrorKind::Disconnected => "disconnected",
            ErrorKind::Unsupported => "not supported on this system",
            ErrorKind::Other => "failed",
        })
    }
}

impl fmt::Display for Noun {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Noun::Mapping => "mapping",
            Noun::View => "view",
            Noun::Mutex => "mutex",
            Noun::Event => "event",
            Noun::Semaphore => "semaphore",
            Noun::Timer => "timer",
            Noun::Wait => "wait",
            Noun::Object => "object",
            Noun::Namespace => "namespace",
            Noun::Region => "typed region",
            Noun::Shared => "shared value",
            Noun::Latest => "latest value",
            Noun::Queue => "queue",
            Noun::Topic => "topic",
            Noun::Channel => "channel",
        })
    }
}

/// The name of an object as an error carries it: `None` for an object without one.
pub(crate) fn known(name: &str) -> Option<&str> {
    if name.is_empty() { None } else { Some(name) }
}

/// Parses a name, or says what is wrong with it.
pub(crate) fn parse_name(operation: &'static str, noun: Noun, name: &str) -> Result<Name> {
    Name::parse(name)
        .map_err(|advice| Error::new(operation, noun, Some(name), ErrorKind::InvalidName).with_advice(advice))
}

/// Dresses an error of the layer below, and adds what to do about it where that is known.
#[cold]
pub(crate) fn from_sys(operation: &'static str, noun: Noun, name: Option<&Name>, source: io::Error) -> Error {
    let kind = sys::error_kind(&source);
    let explained = sys::explanation(&source).map(str::to_owned);
    let error = Error::new(operation, noun, name.map(Name::given), kind).with_source(source);
    match explained.map(Cow::Owned).or_else(|| advice(kind, name)) {
        Some(advice) => error.with_advice(advice),
        None => error,
    }
}

fn advice(kind: ErrorKind, name: Option<&Name>) -> Option<Cow<'static, str>> {
    match (kind, name) {
        (ErrorKind::NotFound, Some(name)) => elsewhere(name),
        (ErrorKind::WrongKind, Some(name)) => {
            let object = sys::stat(name).ok()?;
            Some(format!("it is of kind {}", object.kind).into())
        }
        (ErrorKind::AlreadyExists, Some(_)) => Some("open it, or create_or_open it".into()),
        (ErrorKind::AccessDenied, Some(name)) => denied(name),
        (ErrorKind::NoSpace, _) => Some("free shared memory, ask for less, or raise the limit".into()),
        _ => None,
    }
}

/// Looks for the same name where the caller may have meant it.
fn elsewhere(name: &Name) -> Option<Cow<'static, str>> {
    let other = match name.namespace() {
        Namespace::Local => Namespace::Global,
        Namespace::Global => Namespace::Local,
        Namespace::Posix => return None,
    };
    let other = Name::parse(&Name::display(other, name.base())).ok()?;
    let found = sys::stat(&other).ok().filter(|object| !object.dead)?;
    Some(format!("there is `{}`, of kind {}", found.name, found.kind).into())
}

fn denied(name: &Name) -> Option<Cow<'static, str>> {
    let object = sys::stat(name).ok()?;
    let owner = object.owner?;
    if object.dead {
        return Some(
            format!("what holds the name was left by a dead process of user {owner}, who can remove it").into(),
        );
    }
    let rights = object.rights?;
    Some(format!("it belongs to user {owner} with rights {rights}; its creator can widen them with `Rights`").into())
}

/// As [`from_sys`], for an `open` that may have waited for its object.
#[cold]
pub(crate) fn open_error(noun: Noun, name: &Name, waited: Option<Duration>, source: io::Error) -> Error {
    let mut error = from_sys("open", noun, Some(name), source);
    if let (ErrorKind::NotFound, Some(waited)) = (error.kind(), waited) {
        error.detail.kind = ErrorKind::TimedOut;
        error.detail.advice.get_or_insert_with(|| format!("it did not appear within {waited:?}").into());
    }
    error
}
