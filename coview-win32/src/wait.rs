//! Waits: for one object, for several, for time to pass.
//!
//! Needs `unsafe` to export functions and to read callers' arrays.

use std::mem;
use std::thread as std_thread;
use std::time::Duration;

use coview::os::linux::{Waited, wait_all_unless, wait_any_unless};
use coview::{All, Any, MutexGuard, Waitable};

use crate::access::{MODIFY_STATE, SYNCHRONIZE};
use crate::apc::{self, Ended};
use crate::handle::{pseudo, resolve};
use crate::last_error::{self, Code, Result};
use crate::object::Object;
use crate::table::{self, Entry, Handle, Reference};

const INFINITE: u32 = u32::MAX;
const MAXIMUM_WAIT_OBJECTS: usize = 64;
const WAIT_OBJECT_0: u32 = 0;
const WAIT_ABANDONED_0: u32 = 0x80;
const WAIT_IO_COMPLETION: u32 = 0xC0;
const WAIT_TIMEOUT: u32 = 258;
const WAIT_FAILED: u32 = u32::MAX;

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn WaitForSingleObject(handle: Handle, timeout_ms: u32) -> u32 {
    last_error::value(wait_for_one(handle, timeout_ms, false), WAIT_FAILED)
}

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn WaitForSingleObjectEx(handle: Handle, timeout_ms: u32, alertable: i32) -> u32 {
    last_error::value(wait_for_one(handle, timeout_ms, alertable != 0), WAIT_FAILED)
}

#[inline]
fn wait_for_one(handle: Handle, timeout_ms: u32, alertable: bool) -> Result<u32> {
    match table::with(handle, take_now) {
        Ok(Some(result)) => Ok(result),
        looked => wait_for_one_slowly(handle, timeout_ms, alertable, looked),
    }
}

/// Takes from an object if that can be done at once, which needs no reference.
#[inline]
fn take_now(entry: &Entry) -> Result<Option<u32>> {
    entry.demand(SYNCHRONIZE)?;
    let signaled = match &**entry.object() {
        Object::Mutex(mutex) => return Ok(mutex.try_lock()?.map(keep)),
        Object::Event(event) => event.try_wait()?,
        Object::Semaphore(semaphore) => semaphore.try_acquire()?,
        // Asking these may take long.
        _ => false,
    };
    Ok(signaled.then_some(WAIT_OBJECT_0))
}

#[cold]
fn wait_for_one_slowly(handle: Handle, timeout_ms: u32, alertable: bool, looked: Result<Option<u32>>) -> Result<u32> {
    if pseudo(handle).is_some() {
        // The caller itself, which does not end while it waits.
        return wait_for(&[], false, timeout(timeout_ms), alertable);
    }
    looked?;
    let reference = table::get(handle)?;
    wait_for(&[reference.object.waitable()?], false, timeout(timeout_ms), alertable)
}

/// # Safety
///
/// `handles` leads to `count` handles.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn WaitForMultipleObjects(
    count: u32,
    handles: *const Handle,
    all: i32,
    timeout_ms: u32,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { WaitForMultipleObjectsEx(count, handles, all, timeout_ms, 0) }
}

/// # Safety
///
/// `handles` leads to `count` handles.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn WaitForMultipleObjectsEx(
    count: u32,
    handles: *const Handle,
    all: i32,
    timeout_ms: u32,
    alertable: i32,
) -> u32 {
    let count = count as usize;
    if count == 0 || count > MAXIMUM_WAIT_OBJECTS || handles.is_null() {
        return last_error::value(Err(Code::INVALID_PARAMETER), WAIT_FAILED);
    }
    // SAFETY: as the caller promises.
    let handles = unsafe { std::slice::from_raw_parts(handles, count) };
    last_error::value(wait_for_several(handles, all != 0, timeout_ms, alertable != 0), WAIT_FAILED)
}

fn wait_for_several(handles: &[Handle], all: bool, timeout_ms: u32, alertable: bool) -> Result<u32> {
    // Pseudo handles are not in the table, and not allowed here.
    let references = handles.iter().map(|&handle| {
        let reference = table::get(handle)?;
        reference.demand(SYNCHRONIZE)?;
        Ok(reference)
    });
    let references = references.collect::<Result<Vec<Reference>>>()?;
    let objects = references.iter().map(|reference| reference.object.waitable()).collect::<Result<Vec<_>>>()?;
    wait_for(&objects, all, timeout(timeout_ms), alertable)
}

/// Waits for any of the objects or for all; for none of them, only time or an asynchronous call ends the wait.
fn wait_for(objects: &[Waitable<'_>], all: bool, timeout: Option<Duration>, alertable: bool) -> Result<u32> {
    if objects.is_empty() {
        return if sleep(timeout, alertable)? { Ok(WAIT_IO_COMPLETION) } else { Ok(WAIT_TIMEOUT) };
    }
    let ended = match (all, alertable) {
        (false, false) => plain(any_within(objects, timeout)?),
        (true, false) => plain(all_within(objects, timeout)?),
        (false, true) => {
            apc::wait_alertably(timeout, |alert, timeout| taken(wait_any_unless(objects, alert, timeout)?, keep_any))?
        }
        (true, true) => {
            apc::wait_alertably(timeout, |alert, timeout| taken(wait_all_unless(objects, alert, timeout)?, keep_all))?
        }
    };
    Ok(match ended {
        Ended::Taken(result) => result,
        Ended::TimedOut => WAIT_TIMEOUT,
        Ended::Called => WAIT_IO_COMPLETION,
    })
}

fn plain(result: Option<u32>) -> Ended<u32> {
    result.map_or(Ended::TimedOut, Ended::Taken)
}

fn taken<T>(waited: Waited<T>, keep: impl FnOnce(T) -> u32) -> Result<Waited<u32>> {
    Ok(match waited {
        Waited::Taken(taken) => Waited::Taken(keep(taken)),
        Waited::Alerted => Waited::Alerted,
        Waited::TimedOut => Waited::TimedOut,
    })
}

pub(crate) fn any_within(objects: &[Waitable<'_>], timeout: Option<Duration>) -> Result<Option<u32>> {
    let any = match timeout {
        None => Some(coview::wait_any(objects)?),
        Some(timeout) => coview::wait_any_timeout(objects, timeout)?,
    };
    Ok(any.map(keep_any))
}

fn all_within(objects: &[Waitable<'_>], timeout: Option<Duration>) -> Result<Option<u32>> {
    let all = match timeout {
        None => Some(coview::wait_all(objects)?),
        Some(timeout) => coview::wait_all_timeout(objects, timeout)?,
    };
    Ok(all.map(keep_all))
}

/// Keeps the mutex that a wait has taken: its owner releases it by the handle. Returns what the wait shall return.
fn keep(guard: MutexGuard<'_>) -> u32 {
    let result = if guard.was_abandoned() { WAIT_ABANDONED_0 } else { WAIT_OBJECT_0 };
    mem::forget(guard);
    result
}

fn keep_any(any: Any<'_>) -> u32 {
    let index = any.index() as u32;
    index + any.into_guard().map_or(WAIT_OBJECT_0, keep)
}

/// Whichever was abandoned, the result names the first object.
fn keep_all(all: All<'_>) -> u32 {
    let abandoned = !all.abandoned().is_empty();
    for (_, guard) in all.into_guards() {
        mem::forget(guard);
    }
    if abandoned { WAIT_ABANDONED_0 } else { WAIT_OBJECT_0 }
}

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn SignalObjectAndWait(
    to_signal: Handle,
    to_wait_for: Handle,
    timeout_ms: u32,
    alertable: i32,
) -> u32 {
    last_error::value(signal_and_wait(to_signal, to_wait_for, timeout_ms, alertable != 0), WAIT_FAILED)
}

fn signal_and_wait(to_signal: Handle, to_wait_for: Handle, timeout_ms: u32, alertable: bool) -> Result<u32> {
    let to_signal = table::get(to_signal)?;
    check_signal(&to_signal)?;
    let awaited = resolve(to_wait_for)?;
    awaited.demand(SYNCHRONIZE)?;
    let object = if pseudo(to_wait_for).is_some() { None } else { Some(awaited.object.waitable()?) };
    match &*to_signal.object {
        Object::Mutex(mutex) => mutex.unlock()?,
        Object::Event(event) => event.set()?,
        Object::Semaphore(semaphore) => drop(semaphore.release(1)?),
        _ => return Err(Code::INVALID_HANDLE),
    }
    wait_for(object.as_slice(), false, timeout(timeout_ms), alertable)
}

/// Whether the object is of a type that can be signaled, and the handle may do it.
fn check_signal(reference: &Reference) -> Result<()> {
    match &*reference.object {
        Object::Mutex(_) => Ok(()),
        Object::Event(_) | Object::Semaphore(_) => reference.demand(MODIFY_STATE),
        _ => Err(Code::INVALID_HANDLE),
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn Sleep(timeout_ms: u32) {
    if timeout_ms == 0 {
        std_thread::yield_now();
    } else {
        // Cannot fail: nothing but time is involved.
        let _ = sleep(timeout(timeout_ms), false);
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn SleepEx(timeout_ms: u32, alertable: i32) -> u32 {
    match sleep(timeout(timeout_ms), alertable != 0) {
        Ok(true) => WAIT_IO_COMPLETION,
        _ => 0,
    }
}

/// Sleeps; says whether asynchronous calls have ended that.
fn sleep(timeout: Option<Duration>, alertable: bool) -> Result<bool> {
    if alertable {
        let ended = apc::wait_alertably(timeout, |alert, timeout| {
            let alerted = match timeout {
                None => alert.wait().map(|()| true)?,
                Some(timeout) => alert.wait_timeout(timeout)?,
            };
            Ok::<Waited<()>, Code>(if alerted { Waited::Alerted } else { Waited::TimedOut })
        })?;
        return Ok(matches!(ended, Ended::Called));
    }
    match timeout {
        Some(timeout) => std_thread::sleep(timeout),
        None => loop {
            std_thread::park();
        },
    }
    Ok(false)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn SwitchToThread() -> i32 {
    std_thread::yield_now();
    1
}

/// `None` for ever.
pub(crate) fn timeout(milliseconds: u32) -> Option<Duration> {
    (milliseconds != INFINITE).then(|| Duration::from_millis(milliseconds.into()))
}
