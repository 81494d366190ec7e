//! Waiting for one kernel object or for several.
//!
//! Needs `unsafe` to call the kernel's waits.

use std::io;
use std::mem;
use std::os::windows::io::OwnedHandle;
use std::ptr;

use windows_sys::Win32::Foundation::{
    HANDLE, WAIT_ABANDONED, WAIT_ABANDONED_0, WAIT_FAILED, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::System::Threading::{WaitForMultipleObjects, WaitForSingleObject};

use super::object::raw;
use super::{Deadline, native};
use crate::ErrorKind;
use crate::sys::{Locked, WAIT_MAX, Waitable, error};

/// How a wait ended that did not run into its deadline.
struct Ended {
    index: usize,
    abandoned: bool,
}

/// Waits for one object; `None` when the deadline passed.
pub(super) fn wait_one(object: &OwnedHandle, deadline: Deadline) -> io::Result<Option<Locked>> {
    loop {
        let handle = raw(object);
        // SAFETY: the handle is open.
        let outcome = unsafe { WaitForSingleObject(handle, deadline.timeout_ms()) };
        match outcome {
            WAIT_OBJECT_0 => return Ok(Some(Locked::Normally)),
            WAIT_ABANDONED => return Ok(Some(Locked::Abandoned)),
            WAIT_TIMEOUT if deadline.has_passed() => return Ok(None),
            // The kernel counts in ticks and a long wait is cut into pieces: the deadline is still ahead.
            WAIT_TIMEOUT => {}
            _ => return Err(io::Error::last_os_error()),
        }
    }
}

/// Takes from the first object that is signaled: its index, and whether it is a mutex that was abandoned.
pub(crate) fn wait_any(objects: &[Waitable<'_>], deadline: Deadline) -> io::Result<Option<(usize, bool)>> {
    let ended = wait_several(objects, false, deadline)?;
    Ok(ended.map(|ended| (ended.index, ended.abandoned)))
}

/// Takes from all objects at one moment: for each, whether it is a mutex that was abandoned.
pub(crate) fn wait_all(objects: &[Waitable<'_>], deadline: Deadline) -> io::Result<Option<Vec<bool>>> {
    if has_twice(objects) {
        return Err(error(ErrorKind::InvalidInput));
    }
    let suspects = suspects(objects)?;
    let ended = wait_several(objects, true, deadline)?;
    Ok(ended.map(|ended| if ended.abandoned { suspects } else { vec![false; objects.len()] }))
}

fn wait_several(objects: &[Waitable<'_>], all: bool, deadline: Deadline) -> io::Result<Option<Ended>> {
    let mut handles: [HANDLE; WAIT_MAX] = [ptr::null_mut(); WAIT_MAX];
    for (place, object) in handles.iter_mut().zip(objects) {
        *place = raw(handle_of(object));
    }
    let count = objects.len().min(WAIT_MAX) as u32;
    loop {
        // SAFETY: the first `count` handles are open, as their objects are borrowed.
        let outcome = unsafe { WaitForMultipleObjects(count, handles.as_ptr(), all.into(), deadline.timeout_ms()) };
        if outcome == WAIT_FAILED {
            return Err(io::Error::last_os_error());
        }
        if outcome != WAIT_TIMEOUT {
            return Ok(Some(ended(outcome, count)));
        }
        if deadline.has_passed() {
            return Ok(None);
        }
    }
}

fn ended(outcome: u32, count: u32) -> Ended {
    let abandoned = (WAIT_ABANDONED_0..WAIT_ABANDONED_0 + count).contains(&outcome);
    let first = if abandoned { WAIT_ABANDONED_0 } else { WAIT_OBJECT_0 };
    Ended { index: (outcome - first) as usize, abandoned }
}

fn handle_of<'a>(object: &Waitable<'a>) -> &'a OwnedHandle {
    match object {
        Waitable::Mutex(mutex) => mutex.handle(),
        Waitable::Event(event) => event.handle(),
        Waitable::Semaphore(semaphore) => semaphore.handle(),
        Waitable::Timer(timer) => timer.handle(),
    }
}

/// Windows refuses such a wait by itself; Wine does not.
fn has_twice(objects: &[Waitable<'_>]) -> bool {
    objects.iter().enumerate().any(|(index, object)| objects[..index].iter().any(|other| is_same(object, other)))
}

fn is_same(one: &Waitable<'_>, other: &Waitable<'_>) -> bool {
    let same_kind = mem::discriminant(one) == mem::discriminant(other);
    same_kind && native::same_object(handle_of(one), handle_of(other))
}

/// The mutexes that can be the abandoned ones: all that the calling thread does not own. A wait for all reports that there
/// is one, but not which; and one that was free a moment before may have been taken and abandoned since. A flag too many
/// costs a check, one too few hides broken data.
fn suspects(objects: &[Waitable<'_>]) -> io::Result<Vec<bool>> {
    let suspect = |object: &Waitable<'_>| match object {
        Waitable::Mutex(mutex) => Ok(!native::query_mutex(mutex.handle())?.owned_by_caller()),
        Waitable::Event(_) | Waitable::Semaphore(_) | Waitable::Timer(_) => Ok(false),
    };
    objects.iter().map(suspect).collect()
}
