//! Waits that an alert ends, and giving up mutexes as the end of a thread does.

use std::time::Duration;

use crate::sys::{self, Deadline};
use crate::wait::{checked, wait_error};
use crate::{All, Any, Event, Result, Waitable};

/// How a wait ended that an alert can end.
///
/// # Examples
///
/// ```
/// use coview::os::linux::{Waited, wait_any_unless};
/// use coview::{Event, Reset};
/// use std::time::Duration;
///
/// # let names: Vec<_> = (0..2).map(|i| format!("doc.waited.{i}.{}", std::process::id())).collect();
/// let (data, stop) = (Event::create(&names[0], Reset::Auto)?, Event::create(&names[1], Reset::Manual)?);
/// match wait_any_unless(&[(&data).into()], &stop, Some(Duration::from_millis(1)))? {
///     Waited::Taken(any) => println!("object {}", any.index()),
///     Waited::Alerted => println!("to stop"),
///     Waited::TimedOut => println!("nothing yet"),
/// }
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub enum Waited<T> {
    /// The objects were signaled, and this was taken.
    Taken(T),
    /// The alert was signaled, and nothing was taken.
    Alerted,
    /// Neither, until the time was over.
    TimedOut,
}

impl<T> Waited<T> {
    fn new<S>(waited: sys::Waited<S>, taken: impl FnOnce(S) -> T) -> Waited<T> {
        match waited {
            sys::Waited::Taken(what) => Waited::Taken(taken(what)),
            sys::Waited::Alerted => Waited::Alerted,
            sys::Waited::TimedOut => Waited::TimedOut,
        }
    }
}

/// Waits until one of the objects is signaled and takes from that one alone, or until the alert is signaled.
///
/// The alert is looked at and never taken, even if it is an auto-reset event, and an object that is signaled comes before
/// it. Without objects only the alert and the time end the wait; without a timeout it does not end by itself, and with one
/// of zero it does not block.
///
/// # Errors
///
/// As for [`wait_any`](crate::wait_any), but that there may be no objects.
///
/// # Platform
///
/// As for [`wait_any`](crate::wait_any).
///
/// # Examples
///
/// ```
/// use coview::os::linux::{Waited, wait_any_unless};
/// use coview::{Event, EventOptions, Reset};
///
/// # let names: Vec<_> = (0..2).map(|i| format!("doc.any_unless.{i}.{}", std::process::id())).collect();
/// let (data, stop) = (Event::create(&names[0], Reset::Auto)?, EventOptions::new(Reset::Manual).signaled(true).create(&names[1])?);
/// assert!(matches!(wait_any_unless(&[(&data).into()], &stop, None)?, Waited::Alerted));
/// data.set()?;
/// assert!(matches!(wait_any_unless(&[(&data).into()], &stop, None)?, Waited::Taken(any) if any.index() == 0));
/// # Ok::<(), coview::Error>(())
/// ```
pub fn wait_any_unless<'a>(
    objects: &[Waitable<'a>],
    alert: &Event,
    timeout: Option<Duration>,
) -> Result<Waited<Any<'a>>> {
    let deadline = timeout.map_or(Deadline::NEVER, Deadline::after);
    let sys_objects = if objects.is_empty() { Vec::new() } else { checked(objects)? };
    let waited = sys::wait_any_unless(&sys_objects, &alert.sys, deadline).map_err(wait_error)?;
    Ok(Waited::new(waited, |taken| Any::new(objects, taken)))
}

/// Waits until all of the objects are signaled at one moment and takes from all of them, or until the alert is signaled.
///
/// The alert is as in [`wait_any_unless`], the rest as in [`wait_all`](crate::wait_all).
///
/// # Errors
///
/// As for [`wait_all`](crate::wait_all).
///
/// # Platform
///
/// As for [`wait_all`](crate::wait_all).
///
/// # Examples
///
/// ```
/// use coview::os::linux::{Waited, wait_all_unless};
/// use coview::{Event, Mutex, Reset};
///
/// # let names: Vec<_> = (0..2).map(|i| format!("doc.all_unless.{i}.{}", std::process::id())).collect();
/// let (mutex, stop) = (Mutex::create(&names[0])?, Event::create(&names[1], Reset::Manual)?);
/// assert!(matches!(wait_all_unless(&[(&mutex).into()], &stop, None)?, Waited::Taken(_)));
/// # Ok::<(), coview::Error>(())
/// ```
pub fn wait_all_unless<'a>(
    objects: &[Waitable<'a>],
    alert: &Event,
    timeout: Option<Duration>,
) -> Result<Waited<All<'a>>> {
    let deadline = timeout.map_or(Deadline::NEVER, Deadline::after);
    let waited = sys::wait_all_unless(&checked(objects)?, &alert.sys, deadline).map_err(wait_error)?;
    Ok(Waited::new(waited, |flags| All::new(objects, &flags)))
}

/// Abandons every mutex that the calling thread owns, however often it has it, as the end of the thread would.
///
/// The next to lock one of them is told that it was abandoned. Guards that the thread still has mean nothing any more: to
/// drop one does nothing, unless the thread has locked that mutex again. For a thread that ends without its destructors
/// being run, or is reused for something else.
///
/// # Platform
///
/// Each word is taken off the thread's robust list, marked as the kernel would, and a sleeper woken (`FUTEX_WAKE`).
///
/// # Examples
///
/// ```
/// # let name = format!("doc.abandon_held.{}", std::process::id());
/// let mutex = coview::Mutex::create(&name)?;
/// std::mem::forget(mutex.lock()?);
/// coview::os::linux::abandon_held();
/// assert!(mutex.lock()?.was_abandoned());
/// # Ok::<(), coview::Error>(())
/// ```
pub fn abandon_held() {
    sys::abandon_held();
}
