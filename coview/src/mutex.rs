//! Named mutexes: recursive, owned by a thread, and never stuck.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::time::Duration;

use crate::error::{from_sys, known, open_error, parse_name};
use crate::name::Name;
use crate::sys::{self, Deadline, Locked};
use crate::{Error, Noun, Result, Rights};

/// A named lock between threads of any processes.
///
/// It is owned by the thread that locked it, and that thread may lock it again: it is free when each guard is gone.
/// When the owner dies, be it the thread or its process, the mutex is *abandoned*: the next locker has it at once,
/// and its guard says [`was_abandoned`](MutexGuard::was_abandoned), since what the mutex protects may be half done.
///
/// Closing a handle releases nothing: a thread that forgets its guard and drops its `Mutex` stays the owner until it
/// releases through another handle of the same object, or ends.
///
/// # Platform
///
/// A mutex object on Windows. On Linux a word on a shared page, locked and unlocked without a system call when
/// nobody competes, entered in the thread's robust futex list (`get_robust_list`), by which the kernel marks it when
/// the owner dies; waiting is `futex(FUTEX_WAIT_BITSET)` on the monotonic clock. After `fork` the child owns nothing.
///
/// # Examples
///
/// ```
/// use coview::Mutex;
///
/// # let name = format!("doc.mutex.{}", std::process::id());
/// # let name = name.as_str();
/// let mutex = Mutex::create_or_open(name)?;
/// let guard = mutex.lock()?;
/// if guard.was_abandoned() {
///     println!("the last owner died: repair what it left");
/// }
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct Mutex {
    pub(crate) sys: sys::Mutex,
    pub(crate) name: Box<str>,
    pub(crate) created: bool,
}

impl Mutex {
    /// Creates a mutex that nobody owns.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists), [`ErrorKind::WrongKind`](crate::ErrorKind::WrongKind),
    /// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName), [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied),
    /// [`ErrorKind::NoSpace`](crate::ErrorKind::NoSpace).
    ///
    /// # Platform
    ///
    /// As for [`Mapping::create`](crate::Mapping::create), with one page of memory; `CreateMutexExW`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.mutex.create.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str) -> Result<Mutex> {
        MutexOptions::new().create(name)
    }

    /// Opens a mutex that exists. Never creates one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound), [`ErrorKind::WrongKind`](crate::ErrorKind::WrongKind),
    /// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName), [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied),
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged).
    ///
    /// # Platform
    ///
    /// As for [`Mapping::open`](crate::Mapping::open); `OpenMutexW`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.mutex.open.{}", std::process::id());
    /// # let owner = coview::Mutex::create(&name)?;
    /// let mutex = coview::Mutex::open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Mutex> {
        MutexOptions::new().open(name)
    }

    /// Creates the mutex, or opens the one that exists.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::create`], but for `AlreadyExists`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.mutex.either.{}", std::process::id());
    /// let mutex = coview::Mutex::create_or_open(&name)?;
    /// assert!(mutex.was_created());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str) -> Result<Mutex> {
        MutexOptions::new().create_or_open(name)
    }

    /// Creates a mutex without a name that nobody owns, for the threads of this process.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoSpace`](crate::ErrorKind::NoSpace).
    ///
    /// # Platform
    ///
    /// Linux: one page of memory in a `memfd`, sealed against change of size; no folder is involved. Windows:
    /// `CreateMutexExW` without a name.
    ///
    /// # Examples
    ///
    /// ```
    /// let mutex = coview::Mutex::unnamed()?;
    /// assert_eq!(mutex.name(), "");
    /// let guard = mutex.lock()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed() -> Result<Mutex> {
        MutexOptions::new().unnamed()
    }

    /// Waits until the calling thread owns the mutex.
    ///
    /// # Errors
    ///
    /// What the system says; on Linux also [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) when another program has
    /// overwritten the shared page, and [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) when the thread
    /// owns 1,900 mutexes already: the kernel looks no further when it dies.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.mutex.lock.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// let outer = mutex.lock()?;
    /// let inner = mutex.lock()?; // the same thread may
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn lock(&self) -> Result<MutexGuard<'_>> {
        match self.lock_until(Deadline::NEVER)? {
            Some(guard) => Ok(guard),
            None => self.lock_again(),
        }
    }

    /// Takes the mutex if it is free or this thread's already; `None` if another thread owns it.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::lock`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.mutex.try.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// let _held = mutex.lock()?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert!(mutex.try_lock().unwrap().is_none()));
    /// });
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_lock(&self) -> Result<Option<MutexGuard<'_>>> {
        self.lock_until(Deadline::NOW)
    }

    /// Waits for the mutex for at most `timeout`; `None` if that was not enough.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::lock`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # let name = format!("doc.mutex.timeout.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// assert!(mutex.lock_timeout(Duration::from_millis(10))?.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Option<MutexGuard<'_>>> {
        self.lock_until(Deadline::after(timeout))
    }

    /// Gives back one level of ownership whose guard was forgotten, for bindings that cannot keep a guard.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOwner`](crate::ErrorKind::NotOwner) if the calling thread does not own the mutex.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Mutex};
    ///
    /// # let name = format!("doc.mutex.unlock.{}", std::process::id());
    /// let mutex = Mutex::create(&name)?;
    /// std::mem::forget(mutex.lock()?);
    /// mutex.unlock()?;
    /// assert_eq!(mutex.unlock().unwrap_err().kind(), ErrorKind::NotOwner);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unlock(&self) -> Result<()> {
        self.sys.unlock().map_err(|source| self.error("unlock", source))
    }

    /// Returns the name as it was given, or "" for a mutex without one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.mutex.name.{}", std::process::id());
    /// assert_eq!(coview::Mutex::create(&name)?.name(), name);
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
    /// # let name = format!("doc.mutex.created.{}", std::process::id());
    /// assert!(coview::Mutex::create(&name)?.was_created());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn was_created(&self) -> bool {
        self.created
    }

    /// The guard of a level that the calling thread has just been given.
    pub(crate) fn guard(&self, locked: Locked) -> MutexGuard<'_> {
        MutexGuard { mutex: self, abandoned: locked == Locked::Abandoned, _not_send: PhantomData }
    }

    #[inline]
    pub(crate) fn lock_until(&self, deadline: Deadline) -> Result<Option<MutexGuard<'_>>> {
        match self.sys.lock(deadline) {
            Ok(locked) => Ok(locked.map(|locked| self.guard(locked))),
            Err(source) => Err(self.error("lock", source)),
        }
    }

    /// A wait without a deadline that has ended without a result. Out of line, or it would cost every lock.
    #[cold]
    fn lock_again(&self) -> Result<MutexGuard<'_>> {
        loop {
            if let Some(guard) = self.lock_until(Deadline::NEVER)? {
                return Ok(guard);
            }
        }
    }

    #[cold]
    fn error(&self, operation: &'static str, source: std::io::Error) -> Error {
        let kind = sys::error_kind(&source);
        Error::new(operation, Noun::Mutex, known(&self.name), kind).with_source(source)
    }

    fn new(sys: sys::Mutex, name: Option<&Name>, created: bool) -> Mutex {
        Mutex { sys, name: name.map_or("", Name::given).into(), created }
    }
}

/// Ownership of a [`Mutex`], one level of it; dropping it gives the level back.
///
/// It stays with its thread: ownership is a thread's, on both systems.
///
/// # Examples
///
/// ```
/// # let name = format!("doc.guard.{}", std::process::id());
/// let mutex = coview::Mutex::create(&name)?;
/// let guard = mutex.lock()?;
/// assert!(!guard.was_abandoned());
/// drop(guard);
/// # Ok::<(), coview::Error>(())
/// ```
///
/// ```compile_fail
/// let mutex = coview::Mutex::create("doc.guard.send").unwrap();
/// let guard = mutex.lock().unwrap();
/// std::thread::scope(|scope| { scope.spawn(move || drop(guard)); }); // a guard is not Send
/// ```
#[must_use = "the mutex is released when the guard is dropped"]
pub struct MutexGuard<'a> {
    mutex: &'a Mutex,
    abandoned: bool,
    _not_send: PhantomData<*const ()>,
}

impl<'a> MutexGuard<'a> {
    /// Says whether the last owner died owning the mutex, so that what it protects may be half done.
    ///
    /// It is said once: the next guard knows nothing of it, unless this owner dies too.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.guard.abandoned.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| std::mem::forget(mutex.lock())); // ends as the owner
    /// });
    /// assert!(mutex.lock()?.was_abandoned());
    /// assert!(!mutex.lock()?.was_abandoned());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn was_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Returns the mutex.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.guard.mutex.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// assert_eq!(mutex.lock()?.mutex().name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn mutex(&self) -> &'a Mutex {
        self.mutex
    }

    /// Gives the level back and says if that failed, which dropping cannot.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOwner`](crate::ErrorKind::NotOwner) in a child made by `fork`, which owns nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.guard.unlock.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// mutex.lock()?.unlock()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unlock(self) -> Result<()> {
        let mutex = self.mutex;
        mem::forget(self);
        mutex.unlock()
    }
}

impl Drop for MutexGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        // Fails only where nothing is owned and so nothing to be given back: in a forked child, and after `abandon_held`.
        let _ = self.mutex.sys.unlock();
    }
}

impl fmt::Debug for MutexGuard<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MutexGuard").field("mutex", &self.mutex.name).field("abandoned", &self.abandoned).finish()
    }
}

/// How a mutex is created or opened, when the defaults do not fit.
///
/// # Examples
///
/// ```
/// use coview::{MutexOptions, Rights};
///
/// # let name = format!(r"Global\doc.mutex.options.{}", std::process::id());
/// let mutex = MutexOptions::new().rights(Rights::Everyone).create_or_open(&name)?;
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MutexOptions {
    rights: Rights,
    owned: bool,
    open_timeout: Option<Duration>,
}

impl MutexOptions {
    /// Returns the defaults: private, owned by nobody, no waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::MutexOptions::new();
    /// ```
    pub fn new() -> MutexOptions {
        MutexOptions::default()
    }

    /// Sets what other users may do with the mutex, if this call creates it.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::MutexOptions::new().rights(coview::Rights::Group);
    /// ```
    pub fn rights(mut self, rights: Rights) -> MutexOptions {
        self.rights = rights;
        self
    }

    /// Sets whether the calling thread owns the mutex from its first moment, if this call creates it.
    ///
    /// Nobody ever sees the new mutex free. It counts as one level, which [`Mutex::unlock`] gives back: there is no
    /// guard for it. When the mutex exists already, this changes nothing; [`Mutex::was_created`] tells. Should the
    /// creator die as the owner, the next locker has the mutex as an abandoned one.
    ///
    /// # Platform
    ///
    /// Linux: the word is locked before the file has a name. Windows: `CREATE_MUTEX_INITIAL_OWNER`.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::MutexOptions;
    ///
    /// # let name = format!("doc.mutex.owned.{}", std::process::id());
    /// let mutex = MutexOptions::new().owned(true).create_or_open(&name)?;
    /// if mutex.was_created() {
    ///     // Alone with what the mutex protects: prepare it.
    ///     mutex.unlock()?;
    /// }
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn owned(mut self, owned: bool) -> MutexOptions {
        self.owned = owned;
        self
    }

    /// Sets how long [`MutexOptions::open`] waits for the object to appear.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::MutexOptions::new().open_timeout(std::time::Duration::from_secs(1));
    /// ```
    pub fn open_timeout(mut self, timeout: Duration) -> MutexOptions {
        self.open_timeout = Some(timeout);
        self
    }

    /// Creates a mutex; see [`Mutex::create`].
    ///
    /// # Errors
    ///
    /// As for [`Mutex::create`]; to be [`owned`](MutexOptions::owned), as for [`Mutex::lock`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.mutex.options.create.{}", std::process::id());
    /// let mutex = coview::MutexOptions::new().create(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(&self, name: &str) -> Result<Mutex> {
        let name = parse_name("create", Noun::Mutex, name)?;
        let sys = sys::Mutex::create(&name, self.rights, self.owned)
            .map_err(|source| from_sys("create", Noun::Mutex, Some(&name), source))?;
        Ok(Mutex::new(sys, Some(&name), true))
    }

    /// Opens a mutex; see [`Mutex::open`].
    ///
    /// # Errors
    ///
    /// As for [`Mutex::open`], and [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) after an
    /// [`open_timeout`](MutexOptions::open_timeout).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.mutex.options.open.{}", std::process::id());
    /// # let owner = coview::Mutex::create(&name)?;
    /// let mutex = coview::MutexOptions::new().open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(&self, name: &str) -> Result<Mutex> {
        let name = parse_name("open", Noun::Mutex, name)?;
        let deadline = self.open_timeout.map_or(Deadline::NOW, Deadline::after);
        let sys = sys::Mutex::open(&name, deadline)
            .map_err(|source| open_error(Noun::Mutex, &name, self.open_timeout, source))?;
        Ok(Mutex::new(sys, Some(&name), false))
    }

    /// Creates or opens a mutex; see [`Mutex::create_or_open`].
    ///
    /// # Errors
    ///
    /// As for [`Mutex::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.mutex.options.either.{}", std::process::id());
    /// let mutex = coview::MutexOptions::new().create_or_open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(&self, name: &str) -> Result<Mutex> {
        let name = parse_name("create or open", Noun::Mutex, name)?;
        let (sys, created) = sys::Mutex::create_or_open(&name, self.rights, self.owned)
            .map_err(|source| from_sys("create or open", Noun::Mutex, Some(&name), source))?;
        Ok(Mutex::new(sys, Some(&name), created))
    }

    /// Creates a mutex without a name; see [`Mutex::unnamed`]. Rights and waiting are for names.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::unnamed`].
    ///
    /// # Examples
    ///
    /// ```
    /// let mutex = coview::MutexOptions::new().owned(true).unnamed()?;
    /// mutex.unlock()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed(&self) -> Result<Mutex> {
        let sys = sys::Mutex::unnamed(self.owned).map_err(|source| from_sys("create", Noun::Mutex, None, source))?;
        Ok(Mutex::new(sys, None, true))
    }
}
