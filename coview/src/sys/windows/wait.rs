//! Waiting for one kernel object or for several.
//!
//! Needs `unsafe` to call the kernel's waits.

use std::io;
use std::mem;
use std::os::windows::io::OwnedHandle;

use windows_sys::Win32::Foundation::{
    HANDLE, WAIT_ABANDONED, WAIT_ABANDONED_0, WAIT_FAILED, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::System::Threading::{WaitForMultipleObjects, WaitForSingleObject};

use super::object::raw;
use super::{Deadline, native};
use crate::ErrorKind;
use crate::sys::{Locked, WAIT_MAX, Waitable, Watch, error};

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
    if objects.iter().any(|object| matches!(object, Waitable::Channel(_))) {
        return wait_with_channels(objects, deadline);
    }
    let ended = wait_several(&handles(objects)?, false, deadline)?;
    Ok(ended.map(|ended| (ended.index, ended.abandoned)))
}

/// As `wait_any`, when ends of channels are among the objects: what they wait for is in their memory, and their events only
/// tell when to look.
fn wait_with_channels(objects: &[Waitable<'_>], deadline: Deadline) -> io::Result<Option<(usize, bool)>> {
    let handles = handles(objects)?;
    let ends = || objects.iter().filter_map(Waitable::end);
    loop {
        // One object may be signaled again and again, and another one's other side be dead.
        ends().for_each(Watch::look_after);
        ends().for_each(|end| {
            end.announce();
        });
        let ready = objects.iter().position(|object| object.end().is_some_and(Watch::is_ready));
        // What comes before a channel that is ready, and is signaled, goes first.
        let before = kernel_objects(objects, ready.unwrap_or(objects.len()));
        if let Some((index, abandoned)) = take_now(objects, &before)? {
            return Ok(Some((index, abandoned)));
        }
        if let Some(index) = ready {
            return Ok(Some((index, false)));
        }
        if deadline.has_passed() {
            return Ok(None);
        }
        let nap = ends().map(Watch::nap).min().map_or(deadline, |nap| deadline.at_most(nap));
        match wait_several(&handles, false, nap)? {
            Some(ended) if objects[ended.index].end().is_none() => return Ok(Some((ended.index, ended.abandoned))),
            Some(_) | None => {}
        }
    }
}

/// The indexes below `count` of the objects that are no channels.
fn kernel_objects(objects: &[Waitable<'_>], count: usize) -> Vec<usize> {
    (0..count).filter(|&index| objects[index].end().is_none()).collect()
}

fn take_now(objects: &[Waitable<'_>], indexes: &[usize]) -> io::Result<Option<(usize, bool)>> {
    if indexes.is_empty() {
        return Ok(None);
    }
    let chosen: io::Result<Vec<HANDLE>> = indexes.iter().map(|&index| Ok(raw(handle_of(&objects[index])?))).collect();
    let ended = wait_several(&chosen?, false, Deadline::NOW)?;
    Ok(ended.map(|ended| (indexes[ended.index], ended.abandoned)))
}

/// Takes from all objects at one moment: for each, whether it is a mutex that was abandoned.
pub(crate) fn wait_all(objects: &[Waitable<'_>], deadline: Deadline) -> io::Result<Option<Vec<bool>>> {
    if has_twice(objects)? || objects.iter().any(|object| object.end().is_some()) {
        return Err(error(ErrorKind::InvalidInput));
    }
    let suspects = suspects(objects)?;
    let ended = wait_several(&handles(objects)?, true, deadline)?;
    Ok(ended.map(|ended| if ended.abandoned { suspects } else { vec![false; objects.len()] }))
}

fn handles(objects: &[Waitable<'_>]) -> io::Result<Vec<HANDLE>> {
    objects.iter().map(|object| Ok(raw(handle_of(object)?))).collect()
}

fn wait_several(handles: &[HANDLE], all: bool, deadline: Deadline) -> io::Result<Option<Ended>> {
    let count = handles.len().min(WAIT_MAX) as u32;
    loop {
        // SAFETY: the handles are open, as the callers have borrowed their objects.
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

/// The object itself; of a channel's end, the event that wakes it.
fn handle_of<'a>(object: &Waitable<'a>) -> io::Result<&'a OwnedHandle> {
    Ok(match object {
        Waitable::Mutex(mutex) => mutex.handle(),
        Waitable::Event(event) => event.handle(),
        Waitable::Semaphore(semaphore) => semaphore.handle(),
        Waitable::Timer(timer) => timer.handle(),
        Waitable::Channel(end) => {
            let (seats, number) = end.seat();
            seats.event(number)?.handle()
        }
    })
}

impl<'a> Waitable<'a> {
    fn end(&self) -> Option<&'a dyn Watch> {
        match self {
            Waitable::Channel(end) => Some(*end),
            Waitable::Mutex(_) | Waitable::Event(_) | Waitable::Semaphore(_) | Waitable::Timer(_) => None,
        }
    }
}

/// Windows refuses such a wait by itself; Wine does not.
fn has_twice(objects: &[Waitable<'_>]) -> io::Result<bool> {
    for (index, object) in objects.iter().enumerate() {
        for other in &objects[..index] {
            if is_same(object, other)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn is_same(one: &Waitable<'_>, other: &Waitable<'_>) -> io::Result<bool> {
    let same_kind = mem::discriminant(one) == mem::discriminant(other);
    Ok(same_kind && native::same_object(handle_of(one)?, handle_of(other)?))
}

/// The mutexes that can be the abandoned ones: all that the calling thread does not own. A wait for all reports that there
/// is one, but not which; and one that was free a moment before may have been taken and abandoned since. A flag too many
/// costs a check, one too few hides broken data.
fn suspects(objects: &[Waitable<'_>]) -> io::Result<Vec<bool>> {
    let suspect = |object: &Waitable<'_>| match object {
        Waitable::Mutex(mutex) => Ok(!native::query_mutex(mutex.handle())?.owned_by_caller()),
        Waitable::Event(_) | Waitable::Semaphore(_) | Waitable::Timer(_) | Waitable::Channel(_) => Ok(false),
    };
    objects.iter().map(suspect).collect()
}
