//! Named events: one side says that something happened, others wait for it.

use std::time::Duration;

use crate::error::{from_sys, known, open_error, parse_name};
use crate::name::Name;
use crate::sys::{self, Deadline, EventStart};
use crate::{Error, Noun, Result, Rights};

/// What ends an event's signaled state.
///
/// # Examples
///
/// ```
/// use coview::{Event, Reset};
///
/// # let name = format!("doc.reset.{}", std::process::id());
/// let gate = Event::create(&name, Reset::Manual)?;
/// gate.set()?;
/// assert!(gate.try_wait()? && gate.try_wait()?);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reset {
    /// The one wait that it satisfies: each set releases one waiter, and sets do not add up.
    Auto,
    /// [`Event::reset`]: it releases everyone until then.
    Manual,
}

/// A named event between threads of any processes.
///
/// An event has no owner: the death of a process changes nothing about it. A waiter that is killed after it was
/// released takes its release with it, as on Windows.
///
/// # Platform
///
/// An event object on Windows. On Linux words on a shared page: setting makes a system call (`FUTEX_WAKE`) only when
/// somebody sleeps, waiting (`FUTEX_WAIT_BITSET`) only when it has to.
///
/// # Examples
///
/// ```
/// use coview::{Event, Reset};
/// use std::time::Duration;
///
/// # let name = format!("doc.event.{}", std::process::id());
/// # let name = name.as_str();
/// let ready = Event::create_or_open(name, Reset::Auto)?;
/// ready.set()?;
/// assert!(ready.wait_timeout(Duration::from_secs(1))?);
/// assert!(!ready.try_wait()?); // the wait has reset it
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct Event {
    pub(crate) sys: sys::Event,
    pub(crate) name: Box<str>,
    pub(crate) created: bool,
}

impl Event {
    /// Creates an event that is not signaled.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::create`](crate::Mutex::create).
    ///
    /// # Platform
    ///
    /// As for [`Mutex::create`](crate::Mutex::create); `CreateEventExW`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.create.{}", std::process::id());
    /// let event = coview::Event::create(&name, coview::Reset::Auto)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str, reset: Reset) -> Result<Event> {
        EventOptions::new(reset).create(name)
    }

    /// Opens an event that exists. Never creates one.
    ///
    /// # Errors
    ///
    /// As for [`Mutex::open`](crate::Mutex::open).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.open.{}", std::process::id());
    /// # let owner = coview::Event::create(&name, coview::Reset::Auto)?;
    /// let event = coview::Event::open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Event> {
        // An open reads the kind of reset from the object; the options' own counts only for a creator.
        EventOptions::new(Reset::Auto).open(name)
    }

    /// Creates the event, or opens the one that exists, whose own kind of reset stays.
    ///
    /// # Errors
    ///
    /// As for [`Event::create`], but for `AlreadyExists`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.either.{}", std::process::id());
    /// let event = coview::Event::create_or_open(&name, coview::Reset::Manual)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str, reset: Reset) -> Result<Event> {
        EventOptions::new(reset).create_or_open(name)
    }

    /// Creates an event without a name, for the threads of this process. It is not signaled.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoSpace`](crate::ErrorKind::NoSpace).
    ///
    /// # Platform
    ///
    /// As for [`Mutex::unnamed`](crate::Mutex::unnamed); `CreateEventExW` without a name.
    ///
    /// # Examples
    ///
    /// ```
    /// let done = coview::Event::unnamed(coview::Reset::Manual)?;
    /// assert_eq!(done.name(), "");
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| done.set());
    ///     done.wait()
    /// })?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed(reset: Reset) -> Result<Event> {
        EventOptions::new(reset).unnamed()
    }

    /// Signals the event.
    ///
    /// Auto-reset: releases one waiter, or stays signaled until one comes. Manual-reset: releases everyone who is
    /// blocked now, even if the event is reset at once, and everyone who comes until it is reset.
    ///
    /// # Errors
    ///
    /// What the system says; on Linux [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) when another program has
    /// overwritten the shared page.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.set.{}", std::process::id());
    /// let event = coview::Event::create(&name, coview::Reset::Auto)?;
    /// event.set()?;
    /// assert!(event.try_wait()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn set(&self) -> Result<()> {
        self.sys.set().map_err(|source| self.error("set", source))
    }

    /// Ends the signaled state.
    ///
    /// # Errors
    ///
    /// As for [`Event::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.reset.{}", std::process::id());
    /// let event = coview::Event::create(&name, coview::Reset::Manual)?;
    /// event.set()?;
    /// event.reset()?;
    /// assert!(!event.try_wait()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn reset(&self) -> Result<()> {
        self.sys.reset().map_err(|source| self.error("reset", source))
    }

    /// Releases those who are blocked now, and leaves the event not signaled.
    ///
    /// Auto-reset: releases one of them. Manual-reset: releases all of them, those too who wait for several objects with
    /// [`wait_any`](crate::wait_any); [`wait_all`](crate::wait_all) if its other objects are signaled now. If nobody is
    /// blocked nothing happens, but that an event that was signaled is not any more.
    ///
    /// No one can know from outside that a thread is blocked *already*: who relies on a pulse being seen wants
    /// [`Event::set`].
    ///
    /// # Errors
    ///
    /// As for [`Event::set`].
    ///
    /// # Platform
    ///
    /// `PulseEvent`, which misses a thread that the kernel has taken off its wait for a moment. On Linux a thread that is
    /// about to sleep in `wait_any` or `wait_all` can be missed likewise, and of two pulses of an auto-reset event that
    /// come so fast that nobody has run between them, only one is taken by those who wait for several objects.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.pulse.{}", std::process::id());
    /// let event = coview::Event::create(&name, coview::Reset::Manual)?;
    /// event.set()?;
    /// event.pulse()?; // nobody is blocked
    /// assert!(!event.try_wait()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn pulse(&self) -> Result<()> {
        self.sys.pulse().map_err(|source| self.error("pulse", source))
    }

    /// Waits until the event releases this thread.
    ///
    /// # Errors
    ///
    /// As for [`Event::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.wait.{}", std::process::id());
    /// let event = coview::Event::create(&name, coview::Reset::Auto)?;
    /// event.set()?;
    /// event.wait()?;
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
    /// As for [`Event::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.try.{}", std::process::id());
    /// let event = coview::Event::create(&name, coview::Reset::Auto)?;
    /// assert!(!event.try_wait()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_wait(&self) -> Result<bool> {
        self.wait_until(Deadline::NOW)
    }

    /// Waits for at most `timeout`, and says whether the event released this thread.
    ///
    /// # Errors
    ///
    /// As for [`Event::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.timeout.{}", std::process::id());
    /// let event = coview::Event::create(&name, coview::Reset::Auto)?;
    /// assert!(!event.wait_timeout(std::time::Duration::from_millis(1))?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> Result<bool> {
        self.wait_until(Deadline::after(timeout))
    }

    /// Returns the name as it was given, or "" for an event without one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.name.{}", std::process::id());
    /// assert_eq!(coview::Event::create(&name, coview::Reset::Auto)?.name(), name);
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
    /// # let name = format!("doc.event.created.{}", std::process::id());
    /// assert!(coview::Event::create(&name, coview::Reset::Auto)?.was_created());
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
        Error::new(operation, Noun::Event, known(&self.name), kind).with_source(source)
    }

    fn new(sys: sys::Event, name: Option<&Name>, created: bool) -> Event {
        Event { sys, name: name.map_or("", Name::given).into(), created }
    }
}

/// How an event is created or opened, when the defaults do not fit.
///
/// # Examples
///
/// ```
/// use coview::{EventOptions, Reset};
///
/// # let name = format!("doc.event.options.{}", std::process::id());
/// let open_gate = EventOptions::new(Reset::Manual).signaled(true).create(&name)?;
/// assert!(open_gate.try_wait()?);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EventOptions {
    reset: Reset,
    signaled: bool,
    rights: Rights,
    open_timeout: Option<Duration>,
}

impl EventOptions {
    /// Returns the defaults: not signaled, private, no waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::EventOptions::new(coview::Reset::Auto);
    /// ```
    pub fn new(reset: Reset) -> EventOptions {
        EventOptions { reset, signaled: false, rights: Rights::default(), open_timeout: None }
    }

    /// Sets whether the event begins signaled, if this call creates it.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::EventOptions::new(coview::Reset::Auto).signaled(true);
    /// ```
    pub fn signaled(mut self, signaled: bool) -> EventOptions {
        self.signaled = signaled;
        self
    }

    /// Sets what other users may do with the event, if this call creates it.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::EventOptions::new(coview::Reset::Auto).rights(coview::Rights::Group);
    /// ```
    pub fn rights(mut self, rights: Rights) -> EventOptions {
        self.rights = rights;
        self
    }

    /// Sets how long [`EventOptions::open`] waits for the object to appear.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// let options = coview::EventOptions::new(coview::Reset::Auto).open_timeout(Duration::from_secs(1));
    /// ```
    pub fn open_timeout(mut self, timeout: Duration) -> EventOptions {
        self.open_timeout = Some(timeout);
        self
    }

    /// Creates an event; see [`Event::create`].
    ///
    /// # Errors
    ///
    /// As for [`Event::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.options.create.{}", std::process::id());
    /// let event = coview::EventOptions::new(coview::Reset::Auto).create(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(&self, name: &str) -> Result<Event> {
        let name = parse_name("create", Noun::Event, name)?;
        let sys = sys::Event::create(&name, self.start(), self.rights)
            .map_err(|source| from_sys("create", Noun::Event, Some(&name), source))?;
        Ok(Event::new(sys, Some(&name), true))
    }

    /// Opens an event; see [`Event::open`].
    ///
    /// # Errors
    ///
    /// As for [`Event::open`], and [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) after an
    /// [`open_timeout`](EventOptions::open_timeout).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.options.open.{}", std::process::id());
    /// # let owner = coview::Event::create(&name, coview::Reset::Auto)?;
    /// let event = coview::EventOptions::new(coview::Reset::Auto).open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(&self, name: &str) -> Result<Event> {
        let name = parse_name("open", Noun::Event, name)?;
        let deadline = self.open_timeout.map_or(Deadline::NOW, Deadline::after);
        let sys = sys::Event::open(&name, deadline)
            .map_err(|source| open_error(Noun::Event, &name, self.open_timeout, source))?;
        Ok(Event::new(sys, Some(&name), false))
    }

    /// Creates or opens an event; see [`Event::create_or_open`].
    ///
    /// # Errors
    ///
    /// As for [`Event::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.event.options.either.{}", std::process::id());
    /// let event = coview::EventOptions::new(coview::Reset::Auto).create_or_open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(&self, name: &str) -> Result<Event> {
        let name = parse_name("create or open", Noun::Event, name)?;
        let (sys, created) = sys::Event::create_or_open(&name, self.start(), self.rights)
            .map_err(|source| from_sys("create or open", Noun::Event, Some(&name), source))?;
        Ok(Event::new(sys, Some(&name), created))
    }

    /// Creates an event without a name; see [`Event::unnamed`]. Rights and waiting are for names.
    ///
    /// # Errors
    ///
    /// As for [`Event::unnamed`].
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{EventOptions, Reset};
    ///
    /// let event = EventOptions::new(Reset::Auto).signaled(true).unnamed()?;
    /// assert!(event.try_wait()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn unnamed(&self) -> Result<Event> {
        let sys = sys::Event::unnamed(self.start()).map_err(|source| from_sys("create", Noun::Event, None, source))?;
        Ok(Event::new(sys, None, true))
    }

    fn start(&self) -> EventStart {
        EventStart { manual: self.reset == Reset::Manual, signaled: self.signaled }
    }
}
