//! Waiting for several objects at once, for any of them or for all.

use std::time::Duration;

use crate::channel::{Receiving, Sending};
use crate::error::from_sys;
use crate::sys::{self, Deadline, Locked};
use crate::{
    Error, ErrorKind, Event, Mutex, MutexGuard, Noun, Payload, Publisher, Receiver, Result, Semaphore, Sender,
    Subscriber, Timer,
};

/// A borrowed object that can be waited for: a [`Mutex`], an [`Event`], a [`Semaphore`] or a [`Timer`]; with [`wait_any`]
/// also an end of a channel. A receiver's or subscriber's is signaled while there is something to receive, or nobody left
/// to wait for, a sender's or publisher's while there is room; nothing is taken from it. Somebody else may be faster, and a place
/// that was given back looks like a message: go on with the `try_` form.
///
/// # Examples
///
/// ```
/// use coview::{Event, Mutex, Reset, Waitable};
///
/// # let (m, e) = (format!("doc.waitable.m.{}", std::process::id()), format!("doc.waitable.e.{}", std::process::id()));
/// let (mutex, event) = (Mutex::create(&m)?, Event::create(&e, Reset::Auto)?);
/// let both: [Waitable; 2] = [(&mutex).into(), (&event).into()];
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Waitable<'a> {
    object: Object<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Object<'a> {
    Mutex(&'a Mutex),
    Event(&'a Event),
    Semaphore(&'a Semaphore),
    Timer(&'a Timer),
    Sending(&'a Sending),
    Receiving(&'a Receiving),
}

impl<'a> Waitable<'a> {
    pub(crate) fn sys(&self) -> sys::Waitable<'a> {
        match self.object {
            Object::Mutex(mutex) => sys::Waitable::Mutex(&mutex.sys),
            Object::Event(event) => sys::Waitable::Event(&event.sys),
            Object::Semaphore(semaphore) => sys::Waitable::Semaphore(&semaphore.sys),
            Object::Timer(timer) => sys::Waitable::Timer(&timer.sys),
            Object::Sending(sending) => sys::Waitable::Channel(sending),
            Object::Receiving(receiving) => sys::Waitable::Channel(receiving),
        }
    }

    /// The guard of what a wait has just taken, if the object is a mutex.
    fn guard(&self, abandoned: bool) -> Option<MutexGuard<'a>> {
        let Object::Mutex(mutex) = self.object else { return None };
        Some(mutex.guard(if abandoned { Locked::Abandoned } else { Locked::Normally }))
    }
}

impl<'a> From<&'a Mutex> for Waitable<'a> {
    fn from(mutex: &'a Mutex) -> Waitable<'a> {
        Waitable { object: Object::Mutex(mutex) }
    }
}

impl<'a> From<&'a Event> for Waitable<'a> {
    fn from(event: &'a Event) -> Waitable<'a> {
        Waitable { object: Object::Event(event) }
    }
}

impl<'a> From<&'a Semaphore> for Waitable<'a> {
    fn from(semaphore: &'a Semaphore) -> Waitable<'a> {
        Waitable { object: Object::Semaphore(semaphore) }
    }
}

impl<'a> From<&'a Timer> for Waitable<'a> {
    fn from(timer: &'a Timer) -> Waitable<'a> {
        Waitable { object: Object::Timer(timer) }
    }
}

impl<'a, T: Payload + ?Sized> From<&'a Sender<T>> for Waitable<'a> {
    fn from(sender: &'a Sender<T>) -> Waitable<'a> {
        Waitable { object: Object::Sending(&sender.sending) }
    }
}

impl<'a, T: Payload + ?Sized> From<&'a Publisher<T>> for Waitable<'a> {
    fn from(publisher: &'a Publisher<T>) -> Waitable<'a> {
        Waitable { object: Object::Sending(&publisher.sending) }
    }
}

impl<'a, T: Payload + ?Sized> From<&'a Receiver<T>> for Waitable<'a> {
    fn from(receiver: &'a Receiver<T>) -> Waitable<'a> {
        Waitable { object: Object::Receiving(&receiver.receiving) }
    }
}

impl<'a, T: Payload + ?Sized> From<&'a Subscriber<T>> for Waitable<'a> {
    fn from(subscriber: &'a Subscriber<T>) -> Waitable<'a> {
        Waitable { object: Object::Receiving(&subscriber.receiving) }
    }
}

/// What [`wait_any`] took: one object, and if that is a mutex, its guard.
///
/// # Examples
///
/// ```
/// use coview::{Event, Mutex, Reset};
///
/// # let (m, e) = (format!("doc.any.m.{}", std::process::id()), format!("doc.any.e.{}", std::process::id()));
/// let (mutex, event) = (Mutex::create(&m)?, Event::create(&e, Reset::Auto)?);
/// let any = coview::wait_any(&[(&event).into(), (&mutex).into()])?;
/// assert_eq!(any.index(), 1);
/// let guard = any.into_guard().expect("the second object is a mutex");
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a mutex that was taken is released when this is dropped"]
pub struct Any<'a> {
    index: usize,
    guard: Option<MutexGuard<'a>>,
}

impl<'a> Any<'a> {
    /// What was taken: the place, and whether it is an abandoned mutex.
    pub(crate) fn new(objects: &[Waitable<'a>], (index, abandoned): (usize, bool)) -> Any<'a> {
        Any { index, guard: objects[index].guard(abandoned) }
    }

    /// Returns the place of the object in the slice that was waited for.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.any.index.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// assert_eq!(coview::wait_any(&[(&mutex).into()])?.index(), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn index(&self) -> usize {
        self.index
    }

    /// Says whether the object is a mutex that its last owner abandoned.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.any.abandoned.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// assert!(!coview::wait_any(&[(&mutex).into()])?.was_abandoned());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn was_abandoned(&self) -> bool {
        self.guard.as_ref().is_some_and(MutexGuard::was_abandoned)
    }

    /// Returns the guard if the object is a mutex.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.any.guard.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// let guard = coview::wait_any(&[(&mutex).into()])?.into_guard();
    /// assert!(guard.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn into_guard(self) -> Option<MutexGuard<'a>> {
        self.guard
    }
}

/// What [`wait_all`] took: every object, and the guards of those that are mutexes.
///
/// # Examples
///
/// ```
/// use coview::{Mutex, Semaphore};
///
/// # let (m, s) = (format!("doc.all.m.{}", std::process::id()), format!("doc.all.s.{}", std::process::id()));
/// let (mutex, semaphore) = (Mutex::create(&m)?, Semaphore::create(&s, 1, 1)?);
/// let all = coview::wait_all(&[(&mutex).into(), (&semaphore).into()])?;
/// assert!(all.abandoned().is_empty());
/// drop(all); // releases the mutex; the semaphore stays acquired
/// assert!(!semaphore.try_acquire()?);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the mutexes that were taken are released when this is dropped"]
pub struct All<'a> {
    abandoned: Vec<usize>,
    guards: Vec<(usize, MutexGuard<'a>)>,
}

impl<'a> All<'a> {
    /// All were taken; the flags say which are abandoned mutexes.
    pub(crate) fn new(objects: &[Waitable<'a>], flags: &[bool]) -> All<'a> {
        let guards = objects.iter().zip(flags).enumerate();
        let guards = guards.filter_map(|(index, (object, &flag))| Some((index, object.guard(flag)?))).collect();
        let abandoned = (0..flags.len()).filter(|&index| flags[index]).collect();
        All { abandoned, guards }
    }

    /// Returns the places of the mutexes that their last owners abandoned.
    ///
    /// # Platform
    ///
    /// Exact on Linux. Windows says that some mutex was abandoned, not which: each mutex that may have been is named.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.all.abandoned.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// assert!(coview::wait_all(&[(&mutex).into()])?.abandoned().is_empty());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn abandoned(&self) -> &[usize] {
        &self.abandoned
    }

    /// Returns the guards of the mutexes, each with its place.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.all.guards.{}", std::process::id());
    /// let mutex = coview::Mutex::create(&name)?;
    /// let guards = coview::wait_all(&[(&mutex).into()])?.into_guards();
    /// assert_eq!(guards[0].0, 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn into_guards(self) -> Vec<(usize, MutexGuard<'a>)> {
        self.guards
    }
}

/// Waits until one of the objects is signaled, and takes from that one alone.
///
/// If several are signaled the first in the slice is taken. A mutex that this thread owns counts as signaled and gains
/// a level.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] unless there are 1 to 64 objects; [`ErrorKind::Unsupported`] on a Linux older than 5.16;
/// [`ErrorKind::Damaged`] as for the objects' own waits.
///
/// # Platform
///
/// `futex_waitv`; `WaitForMultipleObjects`.
///
/// # Examples
///
/// ```
/// use coview::{Event, Reset};
///
/// # let names: Vec<_> = (0..2).map(|i| format!("doc.wait_any.{i}.{}", std::process::id())).collect();
/// let (data, quit) = (Event::create(&names[0], Reset::Auto)?, Event::create(&names[1], Reset::Manual)?);
/// quit.set()?;
/// assert_eq!(coview::wait_any(&[(&data).into(), (&quit).into()])?.index(), 1);
/// # Ok::<(), coview::Error>(())
/// ```
pub fn wait_any<'a>(objects: &[Waitable<'a>]) -> Result<Any<'a>> {
    loop {
        if let Some(any) = any_until(objects, Deadline::NEVER)? {
            return Ok(any);
        }
    }
}

/// Takes from the first object that is signaled; `None` if none is. See [`wait_any`].
///
/// # Errors
///
/// As for [`wait_any`].
///
/// # Examples
///
/// ```
/// # let name = format!("doc.try_wait_any.{}", std::process::id());
/// let event = coview::Event::create(&name, coview::Reset::Auto)?;
/// assert!(coview::try_wait_any(&[(&event).into()])?.is_none());
/// # Ok::<(), coview::Error>(())
/// ```
pub fn try_wait_any<'a>(objects: &[Waitable<'a>]) -> Result<Option<Any<'a>>> {
    any_until(objects, Deadline::NOW)
}

/// Waits for one of the objects for at most `timeout`; `None` if that was not enough. See [`wait_any`].
///
/// # Errors
///
/// As for [`wait_any`].
///
/// # Examples
///
/// ```
/// # let name = format!("doc.wait_any_timeout.{}", std::process::id());
/// let event = coview::Event::create(&name, coview::Reset::Auto)?;
/// assert!(coview::wait_any_timeout(&[(&event).into()], std::time::Duration::from_millis(1))?.is_none());
/// # Ok::<(), coview::Error>(())
/// ```
pub fn wait_any_timeout<'a>(objects: &[Waitable<'a>], timeout: Duration) -> Result<Option<Any<'a>>> {
    any_until(objects, Deadline::after(timeout))
}

/// Waits until all of the objects are signaled at one moment, and takes from all of them then.
///
/// Until that moment nothing is taken, and others may take from any of them; so two threads that wait for the same
/// objects in opposite orders cannot block each other. An object that was signaled, and is not any more when the last of
/// the others becomes so, has to be signaled again. A mutex that this thread owns counts as signaled and gains a level.
///
/// A process that is killed in the very act of taking may have taken from some of them and not from others; a mutex
/// among them is then abandoned.
///
/// # Errors
///
/// As for [`wait_any`]; [`ErrorKind::InvalidInput`] also if an object is in the slice twice.
///
/// # Platform
///
/// On Linux it sleeps by `futex_waitv`; the objects are frozen one after another in a fixed order, judged, and taken or
/// thawed, and whoever meets a frozen object waits those few instructions out. Windows: `WaitForMultipleObjects`.
///
/// # Examples
///
/// ```
/// use coview::Mutex;
///
/// # let names: Vec<_> = (0..2).map(|i| format!("doc.wait_all.{i}.{}", std::process::id())).collect();
/// let forks = [Mutex::create(&names[0])?, Mutex::create(&names[1])?];
/// let dinner = coview::wait_all(&[(&forks[0]).into(), (&forks[1]).into()])?;
/// # Ok::<(), coview::Error>(())
/// ```
pub fn wait_all<'a>(objects: &[Waitable<'a>]) -> Result<All<'a>> {
    loop {
        if let Some(all) = all_until(objects, Deadline::NEVER)? {
            return Ok(all);
        }
    }
}

/// Takes from all objects if all are signaled now; `None`, and nothing taken, if not. See [`wait_all`].
///
/// # Errors
///
/// As for [`wait_all`].
///
/// # Examples
///
/// ```
/// # let name = format!("doc.try_wait_all.{}", std::process::id());
/// let event = coview::Event::create(&name, coview::Reset::Auto)?;
/// assert!(coview::try_wait_all(&[(&event).into()])?.is_none());
/// # Ok::<(), coview::Error>(())
/// ```
pub fn try_wait_all<'a>(objects: &[Waitable<'a>]) -> Result<Option<All<'a>>> {
    all_until(objects, Deadline::NOW)
}

/// Waits for all of the objects for at most `timeout`; `None`, and nothing taken, if that was not enough. See
/// [`wait_all`].
///
/// # Errors
///
/// As for [`wait_all`].
///
/// # Examples
///
/// ```
/// # let name = format!("doc.wait_all_timeout.{}", std::process::id());
/// let event = coview::Event::create(&name, coview::Reset::Auto)?;
/// assert!(coview::wait_all_timeout(&[(&event).into()], std::time::Duration::from_millis(1))?.is_none());
/// # Ok::<(), coview::Error>(())
/// ```
pub fn wait_all_timeout<'a>(objects: &[Waitable<'a>], timeout: Duration) -> Result<Option<All<'a>>> {
    all_until(objects, Deadline::after(timeout))
}

fn any_until<'a>(objects: &[Waitable<'a>], deadline: Deadline) -> Result<Option<Any<'a>>> {
    let waited = sys::wait_any(&checked(objects)?, deadline).map_err(wait_error)?;
    Ok(waited.map(|taken| Any::new(objects, taken)))
}

fn all_until<'a>(objects: &[Waitable<'a>], deadline: Deadline) -> Result<Option<All<'a>>> {
    let is_end = |object: &Waitable<'_>| matches!(object.object, Object::Sending(_) | Object::Receiving(_));
    if objects.iter().any(is_end) {
        let error = Error::new("begin", Noun::Wait, None, ErrorKind::InvalidInput);
        return Err(error.with_advice("nothing can be taken from a channel together with other objects: use wait_any"));
    }
    let Some(flags) = sys::wait_all(&checked(objects)?, deadline).map_err(wait_error)? else { return Ok(None) };
    Ok(Some(All::new(objects, &flags)))
}

/// What the layer below takes; an error unless there are as many objects as one can wait for.
pub(crate) fn checked<'a>(objects: &[Waitable<'a>]) -> Result<Vec<sys::Waitable<'a>>> {
    if objects.is_empty() || objects.len() > sys::WAIT_MAX {
        let error = Error::new("begin", Noun::Wait, None, ErrorKind::InvalidInput);
        return Err(error.with_advice(format!("one waits for 1 to {} objects", sys::WAIT_MAX)));
    }
    Ok(objects.iter().map(Waitable::sys).collect())
}

pub(crate) fn wait_error(source: std::io::Error) -> Error {
    from_sys("finish", Noun::Wait, None, source)
}
