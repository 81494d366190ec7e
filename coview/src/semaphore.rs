//! Named semaphores: a count that processes take from and give to.

use std::time::Duration;

use crate::error::{from_sys, known, open_error, parse_name};
use crate::name::Name;
use crate::sys::{self, Deadline, SemaphoreStart};
use crate::{Error, ErrorKind, Noun, Result, Rights};

/// A named counting semaphore between threads of any processes.
///
/// It has no owner: what a process has acquired when it dies stays taken. Where that must not be, use a
/// [`Mutex`](crate::Mutex).
///
/// # Platform
///
/// A semaphore object on Windows. On Linux words on a shared page: releasing makes a system call (`FUTEX_WAKE`) only
/// when somebody sleeps, acquiring (`FUTEX_WAIT_BITSET`) only when the count is 0.
///
/// # Examples
///
/// ```
/// use coview::Semaphore;
///
/// # let name = format!("doc.semaphore.{}", std::process::id());
/// let slots = Semaphore::create(&name, 2, 2)?;
/// slots.acquire()?;
/// slots.acquire()?;
/// assert!(!slots.try_acquire()?);
/// assert_eq!(slots.release(2)?, 0);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct Semaphore {
    pub(crate) sys: sys::Semaphore,
    pub(crate) name: Box<str>,
    pub(crate) created: bool,
}

impl Semaphore {
    /// Creates a semaphore with a count of `initial` that never exceeds `maximum`.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::create`](crate::Mutex::create); [`ErrorKind::InvalidInput`] unless `initial <= maximum` and
    /// `1 <= maximum <= 2_147_483_647`.
    ///
    /// # Platform
    ///
    /// As for [`Mutex::create`](crate::Mutex::create); `CreateSemaphoreExW`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.create.{}", std::process::id());
    /// let semaphore = coview::Semaphore::create(&name, 0, 10)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str, initial: u32, maximum: u32) -> Result<Semaphore> {
        SemaphoreOptions::new().create(name, initial, maximum)
    }

    /// Opens a semaphore that exists. Never creates one.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::open`](crate::Mutex::open).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.open.{}", std::process::id());
    /// # let owner = coview::Semaphore::create(&name, 0, 10)?;
    /// let semaphore = coview::Semaphore::open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Semaphore> {
        SemaphoreOptions::new().open(name)
    }

    /// Creates the semaphore, or opens the one that exists, whose own counts stay.
    ///
    /// # Errors
    ///
    /// As for [`Semaphore::create`], but for `AlreadyExists`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.either.{}", std::process::id());
    /// let semaphore = coview::Semaphore::create_or_open(&name, 1, 1)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str, initial: u32, maximum: u32) -> Result<Semaphore> {
        SemaphoreOptions::new().create_or_open(name, initial, maximum)
    }

    /// Creates a semaphore without a name, for the threads of this process.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] as for [`Semaphore::create`], [`ErrorKind::NoSpace`].
    ///
    /// # Platform
    ///
    /// As for [`Mutex::unnamed`](crate::Mutex::unnamed); `CreateSemaphoreExW` without a name.
    ///
    /// # Examples
    ///
    /// ```
    /// let slots = coview::Semaphore::unnamed(2, 2)?;
    /// assert_eq!(slots.name(), "");
    /// slots.acquire()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed(initial: u32, maximum: u32) -> Result<Semaphore> {
        SemaphoreOptions::new().unnamed(initial, maximum)
    }

    /// Adds `count` to the semaphore, which releases as many waiters, and returns the count before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`] if the maximum would be exceeded, and [`ErrorKind::InvalidInput`] for 0; nothing has
    /// changed then. [`ErrorKind::Damaged`] on Linux when another program has overwritten the shared page.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Semaphore};
    ///
    /// # let name = format!("doc.semaphore.release.{}", std::process::id());
    /// let semaphore = Semaphore::create(&name, 0, 3)?;
    /// assert_eq!(semaphore.release(2)?, 0);
    /// assert_eq!(semaphore.release(2).unwrap_err().kind(), ErrorKind::LimitExceeded);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn release(&self, count: u32) -> Result<u32> {
        if count == 0 {
            return Err(Error::new("release", Noun::Semaphore, known(&self.name), ErrorKind::InvalidInput)
                .with_advice("the count to release is at least 1"));
        }
        self.sys.release(count).map_err(|source| self.error("release", source))
    }

    /// Takes one from the count, waiting until there is one.
    ///
    /// # Errors
    ///
    /// What the system says, and [`ErrorKind::Damaged`] as for [`Semaphore::release`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.acquire.{}", std::process::id());
    /// let semaphore = coview::Semaphore::create(&name, 1, 1)?;
    /// semaphore.acquire()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn acquire(&self) -> Result<()> {
        while !self.acquire_until(Deadline::NEVER)? {}
        Ok(())
    }

    /// Takes one from the count if there is one, and says whether there was.
    ///
    /// # Errors
    ///
    /// As for [`Semaphore::acquire`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.try.{}", std::process::id());
    /// let semaphore = coview::Semaphore::create(&name, 0, 1)?;
    /// assert!(!semaphore.try_acquire()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_acquire(&self) -> Result<bool> {
        self.acquire_until(Deadline::NOW)
    }

    /// Takes one from the count, waiting for at most `timeout`, and says whether that was enough.
    ///
    /// # Errors
    ///
    /// As for [`Semaphore::acquire`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.timeout.{}", std::process::id());
    /// let semaphore = coview::Semaphore::create(&name, 0, 1)?;
    /// assert!(!semaphore.acquire_timeout(std::time::Duration::from_millis(1))?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<bool> {
        self.acquire_until(Deadline::after(timeout))
    }

    /// Returns the name as it was given, or "" for a semaphore without one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.name.{}", std::process::id());
    /// assert_eq!(coview::Semaphore::create(&name, 0, 1)?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says whether this handle's call created the object.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.created.{}", std::process::id());
    /// assert!(coview::Semaphore::create(&name, 0, 1)?.was_created());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn was_created(&self) -> bool {
        self.created
    }

    fn acquire_until(&self, deadline: Deadline) -> Result<bool> {
        self.sys.acquire(deadline).map_err(|source| self.error("acquire", source))
    }

    #[cold]
    fn error(&self, operation: &'static str, source: std::io::Error) -> Error {
        let kind = sys::error_kind(&source);
        Error::new(operation, Noun::Semaphore, known(&self.name), kind).with_source(source)
    }

    fn new(sys: sys::Semaphore, name: Option<&Name>, created: bool) -> Semaphore {
        Semaphore { sys, name: name.map_or("", Name::given).into(), created }
    }
}

/// How a semaphore is created or opened, when the defaults do not fit.
///
/// # Examples
///
/// ```
/// use coview::{Rights, SemaphoreOptions};
///
/// # let name = format!(r"Global\doc.semaphore.options.{}", std::process::id());
/// let licences = SemaphoreOptions::new().rights(Rights::Everyone).create(&name, 5, 5)?;
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SemaphoreOptions {
    rights: Rights,
    open_timeout: Option<Duration>,
}

impl SemaphoreOptions {
    /// Returns the defaults: private, no waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::SemaphoreOptions::new();
    /// ```
    pub fn new() -> SemaphoreOptions {
        SemaphoreOptions::default()
    }

    /// Sets what other users may do with the semaphore, if this call creates it.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::SemaphoreOptions::new().rights(coview::Rights::Group);
    /// ```
    pub fn rights(mut self, rights: Rights) -> SemaphoreOptions {
        self.rights = rights;
        self
    }

    /// Sets how long [`SemaphoreOptions::open`] waits for the object to appear.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::SemaphoreOptions::new().open_timeout(std::time::Duration::from_secs(1));
    /// ```
    pub fn open_timeout(mut self, timeout: Duration) -> SemaphoreOptions {
        self.open_timeout = Some(timeout);
        self
    }

    /// Creates a semaphore; see [`Semaphore::create`].
    ///
    /// # Errors
    ///
    /// As for [`Semaphore::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.options.create.{}", std::process::id());
    /// let semaphore = coview::SemaphoreOptions::new().create(&name, 0, 1)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(&self, name: &str, initial: u32, maximum: u32) -> Result<Semaphore> {
        let name = parse_name("create", Noun::Semaphore, name)?;
        let start = check_counts("create", Some(&name), initial, maximum)?;
        let sys = sys::Semaphore::create(&name, start, self.rights)
            .map_err(|source| from_sys("create", Noun::Semaphore, Some(&name), source))?;
        Ok(Semaphore::new(sys, Some(&name), true))
    }

    /// Opens a semaphore; see [`Semaphore::open`].
    ///
    /// # Errors
    ///
    /// As for [`Semaphore::open`], and [`ErrorKind::TimedOut`] after an
    /// [`open_timeout`](SemaphoreOptions::open_timeout).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.options.open.{}", std::process::id());
    /// # let owner = coview::Semaphore::create(&name, 0, 1)?;
    /// let semaphore = coview::SemaphoreOptions::new().open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(&self, name: &str) -> Result<Semaphore> {
        let name = parse_name("open", Noun::Semaphore, name)?;
        let deadline = self.open_timeout.map_or(Deadline::NOW, Deadline::after);
        let sys = sys::Semaphore::open(&name, deadline)
            .map_err(|source| open_error(Noun::Semaphore, &name, self.open_timeout, source))?;
        Ok(Semaphore::new(sys, Some(&name), false))
    }

    /// Creates or opens a semaphore; see [`Semaphore::create_or_open`].
    ///
    /// # Errors
    ///
    /// As for [`Semaphore::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.semaphore.options.either.{}", std::process::id());
    /// let semaphore = coview::SemaphoreOptions::new().create_or_open(&name, 0, 1)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(&self, name: &str, initial: u32, maximum: u32) -> Result<Semaphore> {
        let name = parse_name("create or open", Noun::Semaphore, name)?;
        let start = check_counts("create or open", Some(&name), initial, maximum)?;
        let (sys, created) = sys::Semaphore::create_or_open(&name, start, self.rights)
            .map_err(|source| from_sys("create or open", Noun::Semaphore, Some(&name), source))?;
        Ok(Semaphore::new(sys, Some(&name), created))
    }

    /// Creates a semaphore without a name; see [`Semaphore::unnamed`]. Rights and waiting are for names.
    ///
    /// # Errors
    ///
    /// As for [`Semaphore::unnamed`].
    ///
    /// # Examples
    ///
    /// ```
    /// let semaphore = coview::SemaphoreOptions::new().unnamed(0, 1)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed(&self, initial: u32, maximum: u32) -> Result<Semaphore> {
        let start = check_counts("create", None, initial, maximum)?;
        let sys = sys::Semaphore::unnamed(start).map_err(|source| from_sys("create", Noun::Semaphore, None, source))?;
        Ok(Semaphore::new(sys, None, true))
    }
}

fn check_counts(operation: &'static str, name: Option<&Name>, initial: u32, maximum: u32) -> Result<SemaphoreStart> {
    if initial > maximum || maximum == 0 || i32::try_from(maximum).is_err() {
        let error = Error::new(operation, Noun::Semaphore, name.map(Name::given), ErrorKind::InvalidInput);
        return Err(error.with_advice("the maximum is 1 to 2147483647, and the initial count not above it"));
    }
    Ok(SemaphoreStart { initial, maximum })
}
