//! Objects as descriptors, which keep them alive in processes that need not know Coview.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::error::{Error, from_sys, known};
use crate::mapping::Opened;
use crate::sys::{self, Section};
use crate::{Event, Mapping, MappingOptions, Mutex, Noun, Result, Semaphore, Timer};

/// An object that can be handed on as a descriptor.
///
/// The descriptor holds the object by itself: the object lives as long as the descriptor is open, in whatever process,
/// and however that process came by it: through a socket (`SCM_RIGHTS`), by inheritance, or with `pidfd_getfd`. Copies
/// of it count as one hold, which ends when the last of them is closed. It can be made into a handle again, any number
/// of times if it is copied before.
///
/// # Examples
///
/// ```
/// use coview::Event;
/// use coview::os::linux::Share;
///
/// # let name = format!("doc.share.trait.{}", std::process::id());
/// let event = Event::create(&name, coview::Reset::Auto)?;
/// let descriptor = event.share()?;
/// drop(event);
///
/// // Here, or in another process.
/// let event = Event::from_shared(descriptor)?;
/// assert_eq!(event.name(), name);
/// # Ok::<(), coview::Error>(())
/// ```
pub trait Share: Sized {
    /// Returns a new descriptor that keeps the object alive by itself. It is closed on `exec`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoSpace`](crate::ErrorKind::NoSpace) when the process has no descriptor left,
    /// [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) if the object may not be opened once more, and
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) in a forked child whose parent has dropped its handle.
    ///
    /// # Platform
    ///
    /// Linux: `open` of `/proc/self/fd/N` and `fcntl(F_OFD_SETLK)`. For a mapping of a file (see
    /// [`Mapping::from_file`]) the descriptor's position says how long the mapping is. A read-only handle gives a
    /// read-only descriptor.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::Mapping;
    /// use coview::os::linux::Share;
    ///
    /// # let name = format!("doc.share.{}", std::process::id());
    /// let mapping = Mapping::create(&name, 64)?;
    /// let descriptor = mapping.share()?;
    /// drop(mapping);
    /// assert_eq!(Mapping::open(&name)?.size(), 64);
    /// drop(descriptor); // and now it is gone
    /// # Ok::<(), coview::Error>(())
    /// ```
    fn share(&self) -> Result<OwnedFd>;

    /// Makes a handle of a descriptor that [`share`](Share::share) has made, here or in another process.
    ///
    /// An object with a name has it still, and its name is free when the last handle and the last descriptor are gone.
    /// The name of an object in another user's `Local\` namespace is not known here, and of a very long name only its
    /// beginning, with `…` behind it. A regular file that has nothing to do with Coview is taken for a mapping of that
    /// file, up to the descriptor's position, or of all of it when that is 0.
    ///
    /// Take descriptors from those with whom you would share memory by name. Whoever may write to an object that is not
    /// Coview's own memory without a name can cut it off, and who touches it then is ended by `SIGBUS`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongKind`](crate::ErrorKind::WrongKind) if it is another object's;
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for what is neither an object's nor a file's, and
    /// for an empty file; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for an object that lives no more;
    /// [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) for a descriptor of a mutex, event or semaphore that
    /// is open for reading only; [`ErrorKind::Damaged`](crate::ErrorKind::Damaged).
    ///
    /// # Platform
    ///
    /// Linux: `fstat`, `readlink` of `/proc/self/fd/N`, and `open` of it. Where another user's file cannot be opened
    /// again, the handle uses the descriptor itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::os::linux::Share;
    /// use coview::{ErrorKind, Event, Mutex};
    ///
    /// let mutex = Mutex::unnamed()?;
    /// let same = Mutex::from_shared(mutex.share()?)?;
    /// let held = same.lock()?;
    /// assert_eq!(Event::from_shared(mutex.share()?).unwrap_err().kind(), ErrorKind::WrongKind);
    /// # Ok::<(), coview::Error>(())
    /// ```
    fn from_shared(descriptor: OwnedFd) -> Result<Self>;
}

impl Share for Mapping {
    fn share(&self) -> Result<OwnedFd> {
        self.section.share(self.opened.access).map_err(|source| share_error(Noun::Mapping, self.name(), source))
    }

    fn from_shared(descriptor: OwnedFd) -> Result<Mapping> {
        let (section, access, name) =
            Section::from_shared(descriptor).map_err(|source| receive_error(Noun::Mapping, source))?;
        let opened = Opened { access, ..MappingOptions::new().opened(false) };
        Ok(Mapping { name: name.map(String::into_boxed_str), ..Mapping::new(section, None, opened) })
    }
}

impl Share for Mutex {
    fn share(&self) -> Result<OwnedFd> {
        self.sys.share().map_err(|source| share_error(Noun::Mutex, known(&self.name), source))
    }

    fn from_shared(descriptor: OwnedFd) -> Result<Mutex> {
        let (sys, name) = sys::Mutex::from_shared(descriptor).map_err(|source| receive_error(Noun::Mutex, source))?;
        Ok(Mutex { sys, name: name.into(), created: false })
    }
}

impl Share for Event {
    fn share(&self) -> Result<OwnedFd> {
        self.sys.share().map_err(|source| share_error(Noun::Event, known(&self.name), source))
    }

    fn from_shared(descriptor: OwnedFd) -> Result<Event> {
        let (sys, name) = sys::Event::from_shared(descriptor).map_err(|source| receive_error(Noun::Event, source))?;
        Ok(Event { sys, name: name.into(), created: false })
    }
}

impl Share for Semaphore {
    fn share(&self) -> Result<OwnedFd> {
        self.sys.share().map_err(|source| share_error(Noun::Semaphore, known(&self.name), source))
    }

    fn from_shared(descriptor: OwnedFd) -> Result<Semaphore> {
        let (sys, name) =
            sys::Semaphore::from_shared(descriptor).map_err(|source| receive_error(Noun::Semaphore, source))?;
        Ok(Semaphore { sys, name: name.into(), created: false })
    }
}

impl Share for Timer {
    fn share(&self) -> Result<OwnedFd> {
        self.sys.share().map_err(|source| share_error(Noun::Timer, known(&self.name), source))
    }

    fn from_shared(descriptor: OwnedFd) -> Result<Timer> {
        let (sys, name) = sys::Timer::from_shared(descriptor).map_err(|source| receive_error(Noun::Timer, source))?;
        Ok(Timer { sys, name: name.into(), created: false })
    }
}

/// The descriptor of the file that holds the mapping's bytes, for `mmap` and for looking. What is to outlive the handle
/// is [shared](Share::share) instead: a copy of this descriptor loses its hold with the handle.
impl AsFd for Mapping {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.section.file().as_fd()
    }
}

fn share_error(noun: Noun, name: Option<&str>, source: std::io::Error) -> Error {
    Error::new("share", noun, name, sys::error_kind(&source)).with_source(source)
}

fn receive_error(noun: Noun, source: std::io::Error) -> Error {
    from_sys("receive", noun, None, source)
}
