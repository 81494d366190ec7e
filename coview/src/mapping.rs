//! Shared memory under a name: how it is made, found and handed on.

use std::fs::File;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::process::Command;
use std::sync::Arc;

use crate::error::{from_sys, open_error, parse_name};
use crate::name::Name;
use crate::sys::{Pages, Protection, Section};
use crate::view::Shown;
use crate::{Access, ChildToken, CopyView, Error, ErrorKind, MappingOptions, Noun, ReadView, Result, View};

/// Shared memory: named, unnamed, or backed by a file.
///
/// The memory's bytes belong to the user from the first to the last; nothing of Coview's is among them. A mapping is
/// reached through its views, and every view keeps the mapping alive.
///
/// A named mapping lives while any process has a handle to it or a view of it, and no longer: when the last process
/// lets go, by drop, exit or `SIGKILL`, the name is free and the memory is given back. While one process lives on,
/// the memory keeps what a dead process wrote.
///
/// # Platform
///
/// A section object on Windows. On Linux a file on `/dev/shm` in the user's own folder, held by an open file
/// description lock (`fcntl(F_OFD_SETLK)`); a `memfd` when unnamed.
///
/// # Examples
///
/// ```
/// use coview::Mapping;
///
/// # let name = format!("doc.mapping.{}", std::process::id());
/// # let name = name.as_str();
/// let server = Mapping::create(name, 1024)?;
/// server.view()?.write(0, b"Update");
///
/// let client = Mapping::open(name)?;
/// assert_eq!(&client.view()?.get::<[u8; 6]>(0), b"Update");
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct Mapping {
    pub(crate) section: Arc<Section>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) opened: Opened,
}

/// How a handle was opened: what its views need to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    pub(crate) access: Access,
    pub(crate) prefault: bool,
    pub(crate) huge_pages: bool,
    pub(crate) created: bool,
}

impl Mapping {
    /// Creates a mapping of `size` bytes, all zero.
    ///
    /// The object appears under its name complete, and its memory is reserved: using it does not fail later
    /// for want of memory.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyExists`] while an object of this name lives, [`ErrorKind::WrongKind`] if that is not a
    /// mapping, [`ErrorKind::InvalidName`], [`ErrorKind::InvalidInput`] for size 0, [`ErrorKind::TooLarge`],
    /// [`ErrorKind::NoSpace`], [`ErrorKind::AccessDenied`].
    ///
    /// # Platform
    ///
    /// Linux: `open(O_TMPFILE)`, `fallocate`, `fcntl(F_OFD_SETLK)`, `linkat`. A process killed between any two of them
    /// leaves nothing. Windows: `CreateFileMappingW`.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Mapping};
    ///
    /// # let name = format!("doc.create.{}", std::process::id());
    /// let mapping = Mapping::create(&name, 5000)?;
    /// assert_eq!(mapping.size(), 5000);
    /// assert_eq!(Mapping::create(&name, 1).unwrap_err().kind(), ErrorKind::AlreadyExists);
    /// drop(mapping);
    /// assert_eq!(Mapping::create(&name, 1)?.size(), 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str, size: u64) -> Result<Mapping> {
        MappingOptions::new().create(name, size)
    }

    /// Opens a mapping that exists. Never creates one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no object of this name lives, or one is still being initialised;
    /// [`ErrorKind::WrongKind`], [`ErrorKind::AccessDenied`], [`ErrorKind::InvalidName`].
    ///
    /// # Platform
    ///
    /// Linux: `open`, `fcntl(F_OFD_GETLK)`, `fcntl(F_OFD_SETLK)`, `fstat`. Windows: `OpenFileMappingW`.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Mapping};
    ///
    /// # let name = format!("doc.open.{}", std::process::id());
    /// assert_eq!(Mapping::open(&name).unwrap_err().kind(), ErrorKind::NotFound);
    /// let mapping = Mapping::create(&name, 16)?;
    /// assert_eq!(Mapping::open(&name)?.size(), 16);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Mapping> {
        MappingOptions::new().open(name)
    }

    /// Creates the mapping and runs `init` on it, or opens the one that exists.
    ///
    /// Of all the processes that call this at once exactly one runs `init`; nobody sees the memory before `init` has
    /// returned. If the process dies inside `init`, or `init` panics, the mapping never was: the next caller, who is
    /// usually waiting already, starts over at once with zeroed memory and its own `init`. When the mapping exists,
    /// `size` and `init` are ignored.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::create`], but for `AlreadyExists`.
    ///
    /// # Deadlocks
    ///
    /// An `init` that waits for another caller of the same name waits for ever.
    ///
    /// # Platform
    ///
    /// Linux: the file is linked under its name while its creator holds the lock exclusively, which later becomes
    /// the shared lock of a living object; other callers wait in `fcntl(F_OFD_SETLKW)`. Windows: a companion
    /// mutex, `coview.lock.` and the name, guards the name while a mapping is created or opened.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::Mapping;
    ///
    /// # let name = format!("doc.either.{}", std::process::id());
    /// # let name = name.as_str();
    /// let first = Mapping::create_or_open(name, 64, |view| view.put(0, &42u64))?;
    /// let second = Mapping::create_or_open(name, 64, |_| unreachable!("it exists"))?;
    /// assert!(first.was_created() && !second.was_created());
    /// assert_eq!(second.view()?.get::<u64>(0), 42);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str, size: u64, init: impl FnOnce(&View)) -> Result<Mapping> {
        MappingOptions::new().create_or_open(name, size, init)
    }

    /// Creates a mapping without a name, zeroed, for this process and the children it is handed to.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for size 0, [`ErrorKind::TooLarge`], [`ErrorKind::NoSpace`].
    ///
    /// # Platform
    ///
    /// Linux: `memfd_create`, sealed against change of size. Windows: `CreateFileMappingW` without a name.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(4096)?.view()?;
    /// assert_eq!(view.len(), 4096);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed(size: u64) -> Result<Mapping> {
        MappingOptions::new().unnamed(size)
    }

    /// Maps a file: every process that maps it shares its bytes, and they are the file's contents.
    ///
    /// With `None` the mapping is as long as the file is now. A `size` larger than the file extends the file, to the
    /// byte. [`View::flush`] writes to the medium. The file must be open for reading and writing, or, with
    /// [`Access::ReadOnly`], for reading.
    ///
    /// Whoever truncates the file under a view makes touching the lost part fatal (`SIGBUS`) on Linux; Windows
    /// refuses to truncate a mapped file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AccessDenied`] if the file is not open for what is asked, [`ErrorKind::InvalidInput`] for an empty
    /// file and `None`, for size 0, and for a larger size with read-only access; [`ErrorKind::NoSpace`].
    ///
    /// # Platform
    ///
    /// Linux: `fstat`, `fallocate`. Windows: `CreateFileMappingW`.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::Mapping;
    ///
    /// let path = std::env::temp_dir().join(format!("coview-doc-{}", std::process::id()));
    /// let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path)?;
    /// let view = Mapping::from_file(&file, Some(100))?.view()?;
    /// view.write(0, b"kept");
    /// view.flush()?;
    /// drop(view);
    /// assert_eq!(&std::fs::read(&path)?[..4], b"kept");
    /// # drop(file); std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_file(file: &File, size: Option<u64>) -> Result<Mapping> {
        MappingOptions::new().from_file(file, size)
    }

    /// Makes an unnamed mapping reachable for a child process that `command` will start.
    ///
    /// Give the token to the child, as an argument, in its environment or through a pipe; the child passes it to
    /// [`Mapping::from_token`]. Keep the token until the child has been started. The child's handle is its own: the
    /// memory lives while either process holds it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a mapping with a name or a file: open it by name. [`ErrorKind::NoSpace`] when
    /// the process has no handle left.
    ///
    /// # Platform
    ///
    /// Linux: the descriptor is duplicated and its close-on-exec flag is cleared in this child alone, between `fork`
    /// and `exec`. Windows: an inheritable duplicate of the handle exists while the token lives, and every process
    /// started in that time inherits it.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use coview::Mapping;
    /// use std::process::Command;
    ///
    /// let mapping = Mapping::unnamed(4096)?;
    /// let mut command = Command::new("child");
    /// let token = mapping.pass(&mut command)?;
    /// let child = command.arg(token.as_str()).spawn()?;
    /// drop(token);
    /// // In the child: Mapping::from_token(&std::env::args().nth(1).unwrap())?
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pass(&self, command: &mut Command) -> Result<ChildToken> {
        if self.name.is_some() {
            let error = Error::new("pass", Noun::Mapping, self.name(), ErrorKind::InvalidInput);
            return Err(error.with_advice("it has a name: let the child open it"));
        }
        self.section.pass(command).map(ChildToken::new).map_err(|source| self.error("pass", source))
    }

    /// Opens the mapping that a parent process handed over with [`Mapping::pass`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if the token is not one, [`ErrorKind::NotFound`] if it means nothing in this process.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Mapping};
    ///
    /// assert_eq!(Mapping::from_token("nonsense").unwrap_err().kind(), ErrorKind::InvalidInput);
    /// ```
    pub fn from_token(token: &str) -> Result<Mapping> {
        let section = Section::receive(token).map_err(|source| from_sys("receive", Noun::Mapping, None, source))?;
        Ok(Mapping::new(section, None, MappingOptions::new().opened(false)))
    }

    /// Returns the size in bytes.
    ///
    /// # Platform
    ///
    /// Exact everywhere, with one exception: on Windows a section made by a program that does not use Coview tells
    /// only its whole pages.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(coview::Mapping::unnamed(5000)?.size(), 5000);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn size(&self) -> u64 {
        self.section.size()
    }

    /// Returns the name as it was given, or `None` for a mapping without one.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(coview::Mapping::unnamed(1)?.name(), None);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Says whether this handle's call created the object.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.created.{}", std::process::id());
    /// assert!(coview::Mapping::create(&name, 1)?.was_created());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn was_created(&self) -> bool {
        self.opened.created
    }

    /// Maps the whole mapping for reading and writing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AccessDenied`] if the handle is read-only, [`ErrorKind::TooLarge`] if the address space has no
    /// room.
    ///
    /// # Platform
    ///
    /// `mmap`, `MapViewOfFile`.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(100)?.view()?;
    /// view.write(90, b"the end...");
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn view(&self) -> Result<View> {
        self.view_range(..)
    }

    /// Maps a range of bytes for reading and writing. Any range will do; the view's offset 0 is its start.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::view`]; [`ErrorKind::InvalidInput`] if the range is empty or ends beyond the mapping.
    ///
    /// # Examples
    ///
    /// ```
    /// let mapping = coview::Mapping::unnamed(1 << 20)?;
    /// let middle = mapping.view_range(70_001..70_005)?;
    /// middle.write(0, b"four");
    /// assert_eq!(&mapping.view()?.get::<[u8; 4]>(70_001), b"four");
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn view_range(&self, range: impl RangeBounds<u64>) -> Result<View> {
        Ok(View::new(self.show(range, Protection::ReadWrite)?))
    }

    /// The same mapping, of which every view from now on is there at once.
    pub(crate) fn prefaulted(mut self) -> Mapping {
        self.opened.prefault = true;
        self
    }

    /// Maps the whole mapping for reading.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`] if the address space has no room.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(100)?.read_view()?;
    /// assert_eq!(view.get::<u32>(96), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn read_view(&self) -> Result<ReadView> {
        self.read_view_range(..)
    }

    /// Maps a range of bytes for reading.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::view_range`].
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(100)?.read_view_range(10..=19)?;
    /// assert_eq!(view.len(), 10);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn read_view_range(&self, range: impl RangeBounds<u64>) -> Result<ReadView> {
        Ok(ReadView::new(self.show(range, Protection::ReadOnly)?))
    }

    /// Maps the whole mapping as a private copy: what is written stays in this view and is gone with it.
    ///
    /// Pages that this view has not written to go on showing what others write.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`] if the address space has no room.
    ///
    /// # Examples
    ///
    /// ```
    /// let mapping = coview::Mapping::unnamed(100)?;
    /// let copy = mapping.copy_view()?;
    /// copy.write(0, b"mine");
    /// assert_eq!(mapping.read_view()?.get::<u32>(0), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn copy_view(&self) -> Result<CopyView> {
        self.copy_view_range(..)
    }

    /// Maps a range of bytes as a private copy.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::view_range`], but for `AccessDenied`.
    ///
    /// # Examples
    ///
    /// ```
    /// let copy = coview::Mapping::unnamed(100)?.copy_view_range(50..)?;
    /// copy.fill(.., 7);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn copy_view_range(&self, range: impl RangeBounds<u64>) -> Result<CopyView> {
        Ok(CopyView::new(self.show(range, Protection::CopyOnWrite)?))
    }

    /// Removes the POSIX name that this handle created. Handles and views of the object live on.
    ///
    /// Only POSIX names need this: they outlive every process until someone unlinks them. Coview never does it by
    /// itself, and never to a name that this handle did not create.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if this handle did not create a POSIX name; [`ErrorKind::NotFound`] if the name is
    /// gone or belongs to another object by now.
    ///
    /// # Platform
    ///
    /// Linux: `unlink`, after a look at the inode. On Windows there are no such names.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Mapping};
    ///
    /// # let name = format!("doc.unlink.{}", std::process::id());
    /// let mapping = Mapping::create(&name, 64)?;
    /// assert_eq!(mapping.unlink().unwrap_err().kind(), ErrorKind::InvalidInput);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unlink(&self) -> Result<()> {
        self.section.unlink().map_err(|source| self.error("unlink", source))
    }

    /// What the handle may do.
    pub(crate) fn access(&self) -> Access {
        self.opened.access
    }

    pub(crate) fn create_with(options: &MappingOptions, name: &str, size: u64) -> Result<Mapping> {
        let name = parse_name("create", Noun::Mapping, name)?;
        check_size("create", Some(&name), size)?;
        let section = Section::create(&name, size, &options.section())
            .map_err(|source| from_sys("create", Noun::Mapping, Some(&name), source))?;
        Ok(Mapping::new(section, Some(&name), options.opened(true)))
    }

    pub(crate) fn open_with(options: &MappingOptions, name: &str) -> Result<Mapping> {
        let name = parse_name("open", Noun::Mapping, name)?;
        let section = Section::open(&name, options.access, options.open_deadline())
            .map_err(|source| open_error(Noun::Mapping, &name, options.open_timeout, source))?;
        Ok(Mapping::new(section, Some(&name), options.opened(false)))
    }

    pub(crate) fn create_or_open_with(
        options: &MappingOptions,
        name: &str,
        size: u64,
        init: impl FnOnce(&View),
    ) -> Result<Mapping> {
        let name = parse_name("create or open", Noun::Mapping, name)?;
        check_size("create or open", Some(&name), size)?;
        let failed = |source| from_sys("create or open", Noun::Mapping, Some(&name), source);
        let (section, birth) = Section::create_or_open(&name, size, &options.section()).map_err(failed)?;
        let mapping = Mapping::new(section, Some(&name), options.opened(birth.is_some()));
        if let Some(birth) = birth {
            init(&mapping.view()?);
            birth.publish(&mapping.section).map_err(failed)?;
        }
        Ok(mapping)
    }

    pub(crate) fn unnamed_with(options: &MappingOptions, size: u64) -> Result<Mapping> {
        check_size("create", None, size)?;
        let section = Section::unnamed(size, &options.section())
            .map_err(|source| from_sys("create", Noun::Mapping, None, source))?;
        Ok(Mapping::new(section, None, options.opened(true)))
    }

    pub(crate) fn from_file_with(options: &MappingOptions, file: &File, size: Option<u64>) -> Result<Mapping> {
        if let Some(size) = size {
            check_size("map file of", None, size)?;
        }
        if options.marks != 0 {
            let error = Error::new("map file of", Noun::Mapping, None, ErrorKind::InvalidInput);
            return Err(error.with_advice("a file keeps no marks"));
        }
        let section = Section::from_file(file, size, options.access)
            .map_err(|source| from_sys("map file of", Noun::Mapping, None, source))?;
        Ok(Mapping::new(section, None, options.opened(false)))
    }

    pub(crate) fn new(section: Section, name: Option<&Name>, opened: Opened) -> Mapping {
        Mapping { section: Arc::new(section), name: name.map(|name| name.given().into()), opened }
    }

    fn show(&self, range: impl RangeBounds<u64>, protection: Protection) -> Result<Shown> {
        let (offset, len) = self.resolve(range)?;
        if protection == Protection::ReadWrite && self.opened.access == Access::ReadOnly {
            let error = Error::new("map", Noun::View, self.name(), ErrorKind::AccessDenied);
            return Err(error.with_advice("the handle was opened read-only"));
        }
        let pages = Pages::map(&self.section, offset, len, protection, self.opened.huge_pages, self.opened.prefault)
            .map_err(|source| self.view_error(source))?;
        Ok(Shown::new(pages, Arc::clone(&self.section)))
    }

    /// Turns a range into an offset and a length that lie inside the mapping.
    fn resolve(&self, range: impl RangeBounds<u64>) -> Result<(u64, usize)> {
        let start = match range.start_bound() {
            Bound::Included(&start) => Some(start),
            Bound::Excluded(&before) => before.checked_add(1),
            Bound::Unbounded => Some(0),
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.checked_add(1),
            Bound::Excluded(&end) => Some(end),
            Bound::Unbounded => Some(self.size()),
        };
        let (Some(start), Some(end)) = (start, end) else { return Err(self.range_error()) };
        if start >= end || end > self.size() {
            return Err(self.range_error());
        }
        let too_large = |_| Error::new("map", Noun::View, self.name(), ErrorKind::TooLarge);
        Ok((start, usize::try_from(end - start).map_err(too_large)?))
    }

    fn range_error(&self) -> Error {
        let advice = format!("the range is empty or ends beyond the mapping's {} bytes", self.size());
        Error::new("map", Noun::View, self.name(), ErrorKind::InvalidInput).with_advice(advice)
    }

    fn view_error(&self, source: io::Error) -> Error {
        let kind = crate::sys::error_kind(&source);
        Error::new("map", Noun::View, self.name(), kind).with_source(source)
    }

    fn error(&self, operation: &'static str, source: io::Error) -> Error {
        let kind = crate::sys::error_kind(&source);
        Error::new(operation, Noun::Mapping, self.name(), kind).with_source(source)
    }
}

pub(crate) fn check_size(operation: &'static str, name: Option<&Name>, size: u64) -> Result<()> {
    let name = name.map(Name::given);
    if size == 0 {
        let error = Error::new(operation, Noun::Mapping, name, ErrorKind::InvalidInput);
        return Err(error.with_advice("a mapping has at least one byte"));
    }
    if size > i64::MAX as u64 {
        return Err(Error::new(operation, Noun::Mapping, name, ErrorKind::TooLarge));
    }
    Ok(())
}
