//! Named waitable timers: a time comes, and whoever waits for it is released.

use std::time::Duration;

use crate::error::{from_sys, known, open_error, parse_name};
use crate::name::Name;
use crate::sys::{self, Deadline};
use crate::{Error, Noun, Reset, Result, Rights};

/// A named timer between threads of any processes.
///
/// A timer that nobody has set is not signaled. [`Timer::set`] lets it be signaled once or again and again, and that needs
/// nobody: it goes on when the process that has set it ends, as long as another has a handle. With [`Reset::Auto`] each
/// expiry releases one wait, and expiries that nobody waited for do not add up; with [`Reset::Manual`] it releases
/// everyone from the first expiry until it is set again.
///
/// # Platform
///
/// A waitable timer on Windows, which counts periods in milliseconds. On Linux words on a shared page, which no thread
/// watches: whoever looks at a timer whose time has come signals it, and whoever sleeps does so until then
/// (`futex_waitv`, Linux 5.16). The clock is `CLOCK_MONOTONIC`, which stands still while the machine sleeps.
///
/// # Examples
///
/// ```
/// use coview::{Reset, Timer};
/// use std::time::Duration;
///
/// # let name = format!("doc.timer.{}", std::process::id());
/// # let name = name.as_str();
/// let tick = Timer::create_or_open(name, Reset::Auto)?;
/// tick.set(Duration::from_millis(5), Some(Duration::from_millis(5)))?;
/// for _ in 0..3 {
///     tick.wait()?;
/// }
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct Timer {
    pub(crate) sys: sys::Timer,
    pub(crate) name: Box<str>,
    pub(crate) created: bool,
}

impl Timer {
    /// Creates a timer that is not set.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::create`](crate::Mutex::create).
    ///
    /// # Platform
    ///
    /// As for [`Mutex::create`](crate::Mutex::create); `CreateWaitableTimerExW`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.create.{}", std::process::id());
    /// let timer = coview::Timer::create(&name, coview::Reset::Auto)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str, reset: Reset) -> Result<Timer> {
        TimerOptions::new(reset).create(name)
    }

    /// Opens a timer that exists. Never creates one.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::open`](crate::Mutex::open).
    ///
    /// # Platform
    ///
    /// As for [`Mutex::open`](crate::Mutex::open); `OpenWaitableTimerW`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.open.{}", std::process::id());
    /// # let owner = coview::Timer::create(&name, coview::Reset::Auto)?;
    /// let timer = coview::Timer::open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Timer> {
        // An open reads the kind of reset from the object; the options' own counts only for a creator.
        TimerOptions::new(Reset::Auto).open(name)
    }

    /// Creates the timer, or opens the one that exists, whose own kind of reset stays.
    ///
    /// # Errors
    ///
    /// As for [`Timer::create`], but for `AlreadyExists`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.either.{}", std::process::id());
    /// let timer = coview::Timer::create_or_open(&name, coview::Reset::Manual)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str, reset: Reset) -> Result<Timer> {
        TimerOptions::new(reset).create_or_open(name)
    }

    /// Creates a timer without a name, for the threads of this process. It is not set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoSpace`](crate::ErrorKind::NoSpace).
    ///
    /// # Platform
    ///
    /// As for [`Mutex::unnamed`](crate::Mutex::unnamed); `CreateWaitableTimerExW` without a name.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let timer = coview::Timer::unnamed(coview::Reset::Auto)?;
    /// timer.set(Duration::from_millis(1), None)?;
    /// timer.wait()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed(reset: Reset) -> Result<Timer> {
        TimerOptions::new(reset).unnamed()
    }

    /// Sets the timer: it is not signaled now, will be `after` that time, and then again after each `period`.
    ///
    /// What it was set to before is forgotten; who waits already waits for the new time. With an `after` of zero it is
    /// signaled at once. A `period` of zero is none.
    ///
    /// A process that is killed while it sets a timer leaves it as it was, or cancelled, or set.
    ///
    /// # Errors
    ///
    /// What the system says; on Linux [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) when another program has
    /// overwritten the shared page.
    ///
    /// # Platform
    ///
    /// `SetWaitableTimer`, with a period of whole milliseconds, rounded up, up to 24 days. On Linux one nanosecond counts,
    /// and a wake (`FUTEX_WAKE`) is needed only if somebody may sleep.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # let name = format!("doc.timer.set.{}", std::process::id());
    /// let timer = coview::Timer::create(&name, coview::Reset::Auto)?;
    /// timer.set(Duration::from_millis(10), None)?;
    /// assert!(!timer.try_wait()?);
    /// timer.wait()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn set(&self, after: Duration, period: Option<Duration>) -> Result<()> {
        let period = period.filter(|period| !period.is_zero());
        self.sys.set(after, period).map_err(|source| self.error("set", source))
    }

    /// Stops the timer. If it is signaled it stays so.
    ///
    /// # Errors
    ///
    /// As for [`Timer::set`].
    ///
    /// # Platform
    ///
    /// `CancelWaitableTimer`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # let name = format!("doc.timer.cancel.{}", std::process::id());
    /// let timer = coview::Timer::create(&name, coview::Reset::Auto)?;
    /// timer.set(Duration::from_millis(10), None)?;
    /// timer.cancel()?;
    /// assert!(!timer.wait_timeout(Duration::from_millis(20))?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn cancel(&self) -> Result<()> {
        self.sys.cancel().map_err(|source| self.error("cancel", source))
    }

    /// Waits until the timer releases this thread; for ever if nobody sets it.
    ///
    /// # Errors
    ///
    /// As for [`wait_any`](crate::wait_any).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.wait.{}", std::process::id());
    /// let timer = coview::Timer::create(&name, coview::Reset::Auto)?;
    /// timer.set(std::time::Duration::from_millis(2), None)?;
    /// timer.wait()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait(&self) -> Result<()> {
        while !self.wait_until(Deadline::NEVER)? {}
        Ok(())
    }

    /// Takes the signal if there is one, and says whether there was.
    ///
    /// # Errors
    ///
    /// As for [`Timer::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.try.{}", std::process::id());
    /// let timer = coview::Timer::create(&name, coview::Reset::Auto)?;
    /// assert!(!timer.try_wait()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_wait(&self) -> Result<bool> {
        self.wait_until(Deadline::NOW)
    }

    /// Waits for at most `timeout`, and says whether the timer released this thread.
    ///
    /// # Errors
    ///
    /// As for [`wait_any`](crate::wait_any).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.timeout.{}", std::process::id());
    /// let timer = coview::Timer::create(&name, coview::Reset::Auto)?;
    /// assert!(!timer.wait_timeout(std::time::Duration::from_millis(1))?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        self.wait_until(Deadline::after(timeout))
    }

    /// Returns the name as it was given.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.name.{}", std::process::id());
    /// assert_eq!(coview::Timer::create(&name, coview::Reset::Auto)?.name(), name);
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
    /// # let name = format!("doc.timer.created.{}", std::process::id());
    /// assert!(coview::Timer::create(&name, coview::Reset::Auto)?.was_created());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn was_created(&self) -> bool {
        self.created
    }

    fn wait_until(&self, deadline: Deadline) -> Result<bool> {
        self.sys.wait(deadline).map_err(|source| self.error("wait for", source))
    }

    #[cold]
    fn error(&self, operation: &'static str, source: std::io::Error) -> Error {
        let kind = sys::error_kind(&source);
        Error::new(operation, Noun::Timer, known(&self.name), kind).with_source(source)
    }

    fn new(sys: sys::Timer, name: Option<&Name>, created: bool) -> Timer {
        Timer { sys, name: name.map_or("", Name::given).into(), created }
    }
}

/// How a timer is created or opened, when the defaults do not fit.
///
/// # Examples
///
/// ```
/// use coview::{Reset, Rights, TimerOptions};
///
/// # let name = format!("doc.timer.options.{}", std::process::id());
/// let timer = TimerOptions::new(Reset::Manual).rights(Rights::Group).create(&name)?;
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TimerOptions {
    reset: Reset,
    rights: Rights,
    open_timeout: Option<Duration>,
}

impl TimerOptions {
    /// Returns the defaults: private, no waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::TimerOptions::new(coview::Reset::Auto);
    /// ```
    pub fn new(reset: Reset) -> TimerOptions {
        TimerOptions { reset, rights: Rights::default(), open_timeout: None }
    }

    /// Sets what other users may do with the timer, if this call creates it.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::TimerOptions::new(coview::Reset::Auto).rights(coview::Rights::Group);
    /// ```
    pub fn rights(mut self, rights: Rights) -> TimerOptions {
        self.rights = rights;
        self
    }

    /// Sets how long [`TimerOptions::open`] waits for the object to appear.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// let options = coview::TimerOptions::new(coview::Reset::Auto).open_timeout(Duration::from_secs(1));
    /// ```
    pub fn open_timeout(mut self, timeout: Duration) -> TimerOptions {
        self.open_timeout = Some(timeout);
        self
    }

    /// Creates a timer; see [`Timer::create`].
    ///
    /// # Errors
    ///
    /// As for [`Timer::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.options.create.{}", std::process::id());
    /// let timer = coview::TimerOptions::new(coview::Reset::Auto).create(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(&self, name: &str) -> Result<Timer> {
        let name = parse_name("create", Noun::Timer, name)?;
        let sys = sys::Timer::create(&name, self.is_manual(), self.rights)
            .map_err(|source| from_sys("create", Noun::Timer, Some(&name), source))?;
        Ok(Timer::new(sys, Some(&name), true))
    }

    /// Opens a timer; see [`Timer::open`].
    ///
    /// # Errors
    ///
    /// As for [`Timer::open`], and [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) after an
    /// [`open_timeout`](TimerOptions::open_timeout).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.options.open.{}", std::process::id());
    /// # let owner = coview::Timer::create(&name, coview::Reset::Auto)?;
    /// let timer = coview::TimerOptions::new(coview::Reset::Auto).open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(&self, name: &str) -> Result<Timer> {
        let name = parse_name("open", Noun::Timer, name)?;
        let deadline = self.open_timeout.map_or(Deadline::NOW, Deadline::after);
        let sys = sys::Timer::open(&name, deadline)
            .map_err(|source| open_error(Noun::Timer, &name, self.open_timeout, source))?;
        Ok(Timer::new(sys, Some(&name), false))
    }

    /// Creates or opens a timer; see [`Timer::create_or_open`].
    ///
    /// # Errors
    ///
    /// As for [`Timer::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.timer.options.either.{}", std::process::id());
    /// let timer = coview::TimerOptions::new(coview::Reset::Auto).create_or_open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(&self, name: &str) -> Result<Timer> {
        let name = parse_name("create or open", Noun::Timer, name)?;
        let (sys, created) = sys::Timer::create_or_open(&name, self.is_manual(), self.rights)
            .map_err(|source| from_sys("create or open", Noun::Timer, Some(&name), source))?;
        Ok(Timer::new(sys, Some(&name), created))
    }

    /// Creates a timer without a name; see [`Timer::unnamed`]. Rights and waiting are for names.
    ///
    /// # Errors
    ///
    /// As for [`Timer::unnamed`].
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Reset, TimerOptions};
    ///
    /// assert!(!TimerOptions::new(Reset::Manual).unnamed()?.try_wait()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed(&self) -> Result<Timer> {
        let sys =
            sys::Timer::unnamed(self.is_manual()).map_err(|source| from_sys("create", Noun::Timer, None, source))?;
        Ok(Timer::new(sys, None, true))
    }

    fn is_manual(&self) -> bool {
        self.reset == Reset::Manual
    }
}
