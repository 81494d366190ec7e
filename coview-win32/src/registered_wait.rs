//! Waits that a thread of this library makes for the program, which is called when they end.
//!
//! Needs `unsafe` to export functions, to write where callers point, and to hand a wait over to its thread.

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coview::{Reset, Waitable};

use crate::access::SYNCHRONIZE;
use crate::callback::{self, Callback, Completion, Routine};
use crate::last_error::{self, Code, Result};
use crate::limit::with_descriptors;
use crate::object::Object;
use crate::table::{self, Handle, lock};
use crate::{thread, wait};

const EXECUTE_ONLY_ONCE: u32 = 8;

struct Registration {
    object: Arc<Object>,
    timeout: Option<Duration>,
    is_single: bool,
    /// Set when the wait is unregistered.
    unregistered: coview::Event,
    callback: Callback,
}

/// The registered waits, by what the program has in place of a handle.
static REGISTERED: Mutex<Option<HashMap<usize, Arc<Registration>>>> = Mutex::new(None);

/// # Safety
///
/// `registered` may be written; the routine may be called with the argument, on another thread.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn RegisterWaitForSingleObject(
    registered: *mut Handle,
    object: Handle,
    routine: Option<Routine>,
    argument: *mut c_void,
    timeout_ms: u32,
    flags: u32,
) -> i32 {
    let made = routine.ok_or(Code::INVALID_PARAMETER).and_then(|routine| {
        register(object, Callback::new(routine, argument), wait::timeout(timeout_ms), flags & EXECUTE_ONLY_ONCE != 0)
    });
    // SAFETY: as the caller promises.
    last_error::truth(made.map(|number| unsafe { registered.write(ptr::without_provenance_mut(number)) }))
}

fn register(object: Handle, callback: Callback, timeout: Option<Duration>, is_single: bool) -> Result<usize> {
    let reference = table::get(object)?;
    reference.demand(SYNCHRONIZE)?;
    reference.object.waitable()?;
    let unregistered = with_descriptors(|| coview::Event::unnamed(Reset::Manual))?;
    let registration = Arc::new(Registration { object: reference.object, timeout, is_single, unregistered, callback });
    let number = callback::number();
    lock(&REGISTERED).get_or_insert_default().insert(number, registration.clone());
    let started = start(registration);
    if started.is_err() {
        lock(&REGISTERED).get_or_insert_default().remove(&number);
    }
    started.map(|()| number)
}

fn start(registration: Arc<Registration>) -> Result<()> {
    let argument = Arc::into_raw(registration);
    let started = thread::start(run, argument.cast_mut().cast(), 0, 0);
    if started.is_err() {
        // SAFETY: no thread has taken it.
        drop(unsafe { Arc::from_raw(argument) });
    }
    started.map(drop)
}

/// # Safety
///
/// The argument is a registration that is the thread's own.
unsafe extern "C-unwind" fn run(argument: *mut c_void) -> u32 {
    // SAFETY: as the caller promises.
    let registration = unsafe { Arc::from_raw(argument.cast_const().cast::<Registration>()) };
    while let Some(timed_out) = registration.wait() {
        registration.callback.call(timed_out);
        if registration.is_single {
            break;
        }
    }
    0
}

impl Registration {
    /// Whether the time was over; `None` if there is nothing to wait for any more.
    fn wait(&self) -> Option<bool> {
        let objects: [Waitable<'_>; 2] = [(&self.unregistered).into(), self.object.waitable().ok()?];
        match wait::any_within(&objects, self.timeout).ok()? {
            // The thread that waits is the one that calls: it owns a mutex that it has waited for.
            Some(0) => None,
            Some(_) => Some(false),
            None => Some(true),
        }
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn UnregisterWait(registered: Handle) -> i32 {
    UnregisterWaitEx(registered, ptr::null_mut())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn UnregisterWaitEx(registered: Handle, completion: Handle) -> i32 {
    last_error::truth(unregister(registered, completion))
}

fn unregister(registered: Handle, completion: Handle) -> Result<()> {
    let completion = Completion::of(completion)?;
    let registration = lock(&REGISTERED).get_or_insert_default().remove(&registered.addr());
    let registration = registration.ok_or(Code::INVALID_HANDLE)?;
    registration.unregistered.set()?;
    completion.end(&registration.callback)
}
