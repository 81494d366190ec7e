//! Everything about a mapping that is rarely needed, in one place.

use std::fs::File;
use std::time::Duration;

use crate::mapping::Opened;
use crate::sys::{Deadline, SectionOptions};
use crate::{Access, Mapping, Result, Rights, View};

/// How a mapping is created or opened, when the defaults do not fit.
///
/// The defaults are what [`Mapping`]'s own constructors use: read-write access, private rights, memory reserved at
/// creation, ordinary pages, no waiting.
///
/// # Examples
///
/// ```
/// use coview::{MappingOptions, Rights};
/// use std::time::Duration;
///
/// # let name = format!("doc.options.{}", std::process::id());
/// let frames = MappingOptions::new().huge_pages(true).rights(Rights::Group).create(&name, 4 << 20)?;
/// let reader = MappingOptions::new().open_timeout(Duration::from_secs(5)).open(&name)?;
/// assert_eq!(reader.size(), 4 << 20);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MappingOptions {
    pub(crate) access: Access,
    rights: Rights,
    reserve: bool,
    huge_pages: bool,
    pub(crate) prefault: bool,
    pub(crate) open_timeout: Option<Duration>,
    pub(crate) marks: u8,
}

impl MappingOptions {
    /// Returns the defaults.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::MappingOptions::new();
    /// ```
    pub fn new() -> MappingOptions {
        MappingOptions {
            access: Access::ReadWrite,
            rights: Rights::Private,
            reserve: true,
            huge_pages: false,
            prefault: false,
            open_timeout: None,
            marks: 0,
        }
    }

    /// Sets what the handle may do. A creator is always able to write, so this counts when the object exists already.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Access, Mapping, MappingOptions};
    ///
    /// # let name = format!("doc.access.{}", std::process::id());
    /// let writer = Mapping::create(&name, 64)?;
    /// let reader = MappingOptions::new().access(Access::ReadOnly).open(&name)?;
    /// assert!(reader.view().is_err());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn access(mut self, access: Access) -> MappingOptions {
        self.access = access;
        self
    }

    /// Sets what other users may do with the object, if this call creates it.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{MappingOptions, Rights};
    ///
    /// let prices = MappingOptions::new().rights(Rights::EveryoneReadOnly);
    /// ```
    pub fn rights(mut self, rights: Rights) -> MappingOptions {
        self.rights = rights;
        self
    }

    /// Sets whether creation takes the memory at once (the default) or leaves each page to its first use.
    ///
    /// With `false` a huge, sparse mapping costs only what is touched; but on Linux a full `/dev/shm` is then met at
    /// first use, where the only answer that the system has is `SIGBUS`. On Windows the commit charge is then taken
    /// for each view when it is mapped (`SEC_RESERVE`).
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::MappingOptions;
    ///
    /// # let name = format!("doc.reserve.{}", std::process::id());
    /// let sparse = MappingOptions::new().reserve(false).create(&name, 1 << 30)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn reserve(mut self, reserve: bool) -> MappingOptions {
        self.reserve = reserve;
        self
    }

    /// Asks for huge pages. Where the system has none to give, ordinary pages serve.
    ///
    /// # Platform
    ///
    /// `madvise(MADV_HUGEPAGE)` on Linux, which needs `/sys/kernel/mm/transparent_hugepage/shmem_enabled` at `advise`;
    /// `SEC_LARGE_PAGES` on Windows, which needs the privilege to lock pages and a size in multiples of 2 MiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::MappingOptions;
    ///
    /// # let name = format!("doc.huge.{}", std::process::id());
    /// let frames = MappingOptions::new().huge_pages(true).create(&name, 8 << 20)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn huge_pages(mut self, huge_pages: bool) -> MappingOptions {
        self.huge_pages = huge_pages;
        self
    }

    /// Makes every view of this handle enter its pages into the page table in one call, when it is mapped.
    ///
    /// For a mapping that will be used whole this is several times faster than one page fault per 4 KiB later.
    ///
    /// # Platform
    ///
    /// `madvise(MADV_POPULATE_WRITE)` or `MADV_POPULATE_READ` on Linux; `PrefetchVirtualMemory` on Windows.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::MappingOptions;
    ///
    /// # let name = format!("doc.prefault.{}", std::process::id());
    /// let view = MappingOptions::new().prefault(true).create(&name, 1 << 20)?.view()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn prefault(mut self, prefault: bool) -> MappingOptions {
        self.prefault = prefault;
        self
    }

    /// Sets how long [`MappingOptions::open`] waits for the object to appear.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, MappingOptions};
    /// use std::time::Duration;
    ///
    /// let patient = MappingOptions::new().open_timeout(Duration::from_millis(5));
    /// assert_eq!(patient.open("doc.never.made").unwrap_err().kind(), ErrorKind::TimedOut);
    /// ```
    pub fn open_timeout(mut self, timeout: Duration) -> MappingOptions {
        self.open_timeout = Some(timeout);
        self
    }

    /// Creates a mapping; see [`Mapping::create`].
    ///
    /// # Errors
    ///
    /// As for [`Mapping::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.options.create.{}", std::process::id());
    /// let mapping = coview::MappingOptions::new().create(&name, 64)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(&self, name: &str, size: u64) -> Result<Mapping> {
        Mapping::create_with(self, name, size)
    }

    /// Opens a mapping; see [`Mapping::open`].
    ///
    /// # Errors
    ///
    /// As for [`Mapping::open`], and [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) when there is an
    /// [`open_timeout`](MappingOptions::open_timeout) and it passes.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.options.open.{}", std::process::id());
    /// # let mapping = coview::Mapping::create(&name, 64)?;
    /// let same = coview::MappingOptions::new().open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(&self, name: &str) -> Result<Mapping> {
        Mapping::open_with(self, name)
    }

    /// Creates or opens a mapping; see [`Mapping::create_or_open`].
    ///
    /// # Errors
    ///
    /// As for [`Mapping::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.options.either.{}", std::process::id());
    /// let mapping = coview::MappingOptions::new().create_or_open(&name, 64, |view| view.put(0, &1u64))?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(&self, name: &str, size: u64, init: impl FnOnce(&View)) -> Result<Mapping> {
        Mapping::create_or_open_with(self, name, size, init)
    }

    /// Creates a mapping without a name; see [`Mapping::unnamed`].
    ///
    /// # Errors
    ///
    /// As for [`Mapping::unnamed`].
    ///
    /// # Examples
    ///
    /// ```
    /// let scratch = coview::MappingOptions::new().prefault(true).unnamed(1 << 16)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed(&self, size: u64) -> Result<Mapping> {
        Mapping::unnamed_with(self, size)
    }

    /// Maps a file; see [`Mapping::from_file`].
    ///
    /// # Errors
    ///
    /// As for [`Mapping::from_file`].
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Access, MappingOptions};
    ///
    /// let program = std::fs::File::open(std::env::current_exe()?)?;
    /// let mapping = MappingOptions::new().access(Access::ReadOnly).from_file(&program, None)?;
    /// assert_eq!(mapping.size(), program.metadata()?.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_file(&self, file: &File, size: Option<u64>) -> Result<Mapping> {
        Mapping::from_file_with(self, file, size)
    }

    pub(crate) fn section(&self) -> SectionOptions {
        SectionOptions {
            rights: self.rights,
            reserve: self.reserve,
            huge_pages: self.huge_pages,
            access: self.access,
            marks: self.marks,
        }
    }

    pub(crate) fn opened(&self, created: bool) -> Opened {
        let access = if created { Access::ReadWrite } else { self.access };
        Opened { access, prefault: self.prefault, huge_pages: self.huge_pages, created }
    }

    pub(crate) fn open_deadline(&self) -> Deadline {
        self.open_timeout.map_or(Deadline::NOW, Deadline::after)
    }
}

impl Default for MappingOptions {
    fn default() -> MappingOptions {
        MappingOptions::new()
    }
}
