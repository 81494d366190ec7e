//! One-time initialisation: one word, zero before.
//!
//! Needs `unsafe` to export functions, to call back, to look at what callers point to, and to park threads on an
//! address.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot_core::{DEFAULT_PARK_TOKEN, DEFAULT_UNPARK_TOKEN, park, unpark_all};

use crate::last_error::{self, Code, Result};

/// Windows' structure, with Windows' values.
///
/// | word        | state                                             | leaves it by                      |
/// |-------------|---------------------------------------------------|-----------------------------------|
/// | 0           | nobody has begun                                  | beginning: 1, or 3 if asynchronous |
/// | 1           | one thread initialises, others wait for it         | completing: context \| 2, failing: 0 |
/// | 3           | threads initialise side by side, the first one wins | completing: context \| 2            |
/// | context \| 2 | done                                             |                                   |
#[repr(C)]
pub(crate) struct InitOnce {
    word: AtomicUsize,
}

const _: () = assert!(size_of::<InitOnce>() == 8);

type Callback = unsafe extern "C-unwind" fn(*mut InitOnce, *mut c_void, *mut *mut c_void) -> i32;

const CHECK_ONLY: u32 = 1;
const ASYNC: u32 = 2;
const INIT_FAILED: u32 = 4;

const IDLE: usize = 0;
const PENDING: usize = 1;
const DONE: usize = 2;
const PENDING_ASYNC: usize = 3;
const STATE: usize = 3;

/// What a thread that begins is told.
enum Begun {
    /// The initialisation is its task.
    Yours,
    /// It is done, with this context.
    Done(*mut c_void),
}

impl InitOnce {
    fn begin(&self, flags: u32) -> Result<Begun> {
        match flags {
            0 => self.begin_alone(),
            ASYNC => self.begin_async(),
            CHECK_ONLY => self.done().ok_or(Code::GEN_FAILURE),
            _ => Err(Code::INVALID_PARAMETER),
        }
    }

    fn done(&self) -> Option<Begun> {
        // Acquire: what the initialiser wrote, with the exchange in `complete`.
        let word = self.word.load(Ordering::Acquire);
        (word & STATE == DONE).then(|| Begun::Done(ptr::with_exposed_provenance_mut(word & !STATE)))
    }

    fn begin_alone(&self) -> Result<Begun> {
        loop {
            if let Some(done) = self.done() {
                return Ok(done);
            }
            match self.exchange(IDLE, PENDING) {
                Ok(_) => return Ok(Begun::Yours),
                Err(PENDING) => self.wait(),
                Err(PENDING_ASYNC) => return Err(Code::INVALID_PARAMETER),
                Err(_) => {}
            }
        }
    }

    fn begin_async(&self) -> Result<Begun> {
        match self.exchange(IDLE, PENDING_ASYNC) {
            Ok(_) | Err(PENDING_ASYNC) => Ok(Begun::Yours),
            Err(_) => self.done().ok_or(Code::INVALID_PARAMETER),
        }
    }

    fn exchange(&self, old: usize, new: usize) -> std::result::Result<usize, usize> {
        // Acquire: what a failed initialiser left, and what one that succeeded wrote. Release: what the next one finds.
        self.word.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire)
    }

    #[cold]
    fn wait(&self) {
        // Relaxed: the word is read again before anything follows from it.
        let pending = || self.word.load(Ordering::Relaxed) == PENDING;
        // SAFETY: the address is this word's own; what runs under the queue's lock neither panics nor parks.
        unsafe { park(ptr::from_ref(self).addr(), pending, || {}, |_, _| {}, DEFAULT_PARK_TOKEN, None) };
    }

    fn complete(&self, flags: u32, context: usize) -> Result<()> {
        let (old, new) = match flags {
            0 => (PENDING, context | DONE),
            ASYNC => (PENDING_ASYNC, context | DONE),
            INIT_FAILED if context == 0 => (PENDING, IDLE),
            _ => return Err(Code::INVALID_PARAMETER),
        };
        if context & STATE != 0 {
            return Err(Code::INVALID_PARAMETER);
        }
        match self.exchange(old, new) {
            Ok(_) => self.wake(),
            Err(PENDING | PENDING_ASYNC) => return Err(Code::INVALID_PARAMETER),
            Err(_) => return Err(Code::GEN_FAILURE),
        }
        Ok(())
    }

    fn wake(&self) {
        // SAFETY: as for parking.
        unsafe { unpark_all(ptr::from_ref(self).addr(), DEFAULT_UNPARK_TOKEN) };
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitOnceInitialize(once: *mut InitOnce) {
    // SAFETY: as Windows demands of the caller.
    unsafe { once.write(InitOnce { word: AtomicUsize::new(IDLE) }) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitOnceBeginInitialize(
    once: *const InitOnce,
    flags: u32,
    pending: *mut i32,
    context: *mut *mut c_void,
) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let begun = unsafe { &*once }.begin(flags);
    let result = begun.map(|begun| {
        // SAFETY: as Windows demands of the caller.
        unsafe { pending.write(matches!(begun, Begun::Yours).into()) };
        // SAFETY: as Windows demands of the caller.
        unsafe { tell(&begun, context) };
    });
    last_error::truth(result)
}

/// # Safety
///
/// The pointer is null or may be written to.
unsafe fn tell(begun: &Begun, context: *mut *mut c_void) {
    if let Begun::Done(value) = begun
        && !context.is_null()
    {
        // SAFETY: as the caller promises.
        unsafe { context.write(*value) };
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitOnceComplete(once: *const InitOnce, flags: u32, context: *mut c_void) -> i32 {
    // SAFETY: as Windows demands of the caller.
    last_error::truth(unsafe { &*once }.complete(flags, context.expose_provenance()))
}

/// A callback that ends its thread or throws leaves the word pending, as on Windows.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn InitOnceExecuteOnce(
    once: *mut InitOnce,
    callback: Callback,
    parameter: *mut c_void,
    context: *mut *mut c_void,
) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let word = unsafe { &*once };
    match word.begin(0) {
        Ok(Begun::Yours) => {}
        Ok(done) => {
            // SAFETY: as Windows demands of the caller.
            unsafe { tell(&done, context) };
            return 1;
        }
        Err(code) => return last_error::truth(Err(code)),
    }
    // SAFETY: as Windows demands of the caller.
    if unsafe { callback(once, parameter, context) } == 0 {
        // The callback's own last error is what the caller finds, so a failure here has nothing to say.
        let _ = word.complete(INIT_FAILED, 0);
        return 0;
    }
    // SAFETY: as Windows demands of the caller.
    let value = if context.is_null() { ptr::null_mut() } else { unsafe { context.read() } };
    last_error::truth(word.complete(0, value.expose_provenance()))
}
