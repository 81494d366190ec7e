//! Callbacks that threads of this library make, and the end of them.
//!
//! Needs `unsafe` to run what callers pass.

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::access::MODIFY_STATE;
use crate::handle::{Pseudo, pseudo};
use crate::last_error::{Code, Result};
use crate::object::Object;
use crate::table::{self, Handle, lock};
use crate::thread;

/// What `RegisterWaitForSingleObject` and `CreateTimerQueueTimer` are given.
pub(crate) type Routine = unsafe extern "C-unwind" fn(*mut c_void, u8);

pub(crate) const IO_PENDING: Code = Code(997);

/// A number for what is no object of the system: beyond all handles, and with the low bits clear that pointers have.
pub(crate) fn number() -> usize {
    static LAST: AtomicUsize = AtomicUsize::new(1 << 40);
    // Relaxed: a number for itself.
    LAST.fetch_add(16, Ordering::Relaxed)
}

/// A routine that is called now and then until it is ended.
pub(crate) struct Callback {
    routine: Routine,
    argument: *mut c_void,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ended: bool,
    /// The thread that is in the routine at this moment.
    caller: Option<u32>,
    /// Those who want to know when it has left.
    awaiting: Vec<Announcement>,
}

// SAFETY: the argument is the caller's, who asked for the routine to be called with it on another thread.
unsafe impl Send for Callback {}
// SAFETY: as above.
unsafe impl Sync for Callback {}

impl Callback {
    pub(crate) fn new(routine: Routine, argument: *mut c_void) -> Callback {
        Callback { routine, argument, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Calls the routine, unless it is ended.
    pub(crate) fn call(&self, timed_out: bool) {
        let mut state = lock(&self.state);
        if state.ended {
            return;
        }
        state.caller = Some(thread::GetCurrentThreadId());
        drop(state);
        // SAFETY: as the caller promised who passed them.
        unsafe { (self.routine)(self.argument, timed_out.into()) };
        let mut state = lock(&self.state);
        state.caller = None;
        let awaiting = std::mem::take(&mut state.awaiting);
        drop(state);
        self.changed.notify_all();
        drop(awaiting);
    }

    /// Calls it no more. Says whether a call is still under way.
    pub(crate) fn end(&self) -> bool {
        let mut state = lock(&self.state);
        state.ended = true;
        state.caller.is_some()
    }

    /// Waits until no call is under way, but for one that the calling thread is in itself.
    pub(crate) fn await_end(&self) {
        let mut state = lock(&self.state);
        while state.caller.is_some_and(|caller| caller != thread::GetCurrentThreadId()) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Keeps the announcement for as long as a call is under way.
    fn announce_end(&self, announcement: &Announcement) {
        let mut state = lock(&self.state);
        if state.caller.is_some() {
            state.awaiting.push(announcement.clone());
        }
    }
}

/// Sets an event when the last of these is gone.
type Announcement = Arc<Announced>;

struct Announced(Arc<Object>);

impl Drop for Announced {
    fn drop(&mut self) {
        // It was an event when it was given; there is nobody to tell that it cannot be set.
        let _ = self.0.as_event().map(coview::Event::set);
    }
}

/// Has an event set when no call of any of these callbacks is under way.
pub(crate) fn announce_ends<'a>(callbacks: impl Iterator<Item = &'a Callback>, event: &Arc<Object>) {
    let announcement = Arc::new(Announced(event.clone()));
    callbacks.for_each(|callback| callback.announce_end(&announcement));
}

/// How whoever ends callbacks wants to learn that the calls under way are over.
pub(crate) enum Completion {
    Untold,
    Awaited,
    Event(Arc<Object>),
}

impl Completion {
    /// Understands the handle that Windows' functions take for it.
    pub(crate) fn of(handle: Handle) -> Result<Completion> {
        if handle.is_null() {
            return Ok(Completion::Untold);
        }
        // The pseudo handle of the process has the value of INVALID_HANDLE_VALUE.
        if pseudo(handle) == Some(Pseudo::Process) {
            return Ok(Completion::Awaited);
        }
        let reference = table::get(handle)?;
        reference.object.as_event()?;
        reference.demand(MODIFY_STATE)?;
        Ok(Completion::Event(reference.object))
    }

    /// Ends a callback. Fails with [`IO_PENDING`] if a call is under way and is not waited for.
    pub(crate) fn end(&self, callback: &Callback) -> Result<()> {
        let is_under_way = callback.end();
        match self {
            Completion::Untold => {}
            Completion::Awaited => {
                callback.await_end();
                return Ok(());
            }
            Completion::Event(event) => announce_ends(std::iter::once(callback), event),
        }
        if is_under_way { Err(IO_PENDING) } else { Ok(()) }
    }
}
