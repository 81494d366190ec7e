//! The end of a thread, as this library sees it: after the program's thread-local destructors, and not when the process ends.
//!
//! Needs `unsafe` for the C library's keys. What a thread leaves to do at its end is kept in thread-local values without
//! destructors: those would be gone when `exit` calls the program's handlers, which may still use everything, and they do
//! not run in a first thread that leaves by `ExitThread`.

use std::ffi::c_void;
use std::sync::OnceLock;

use coview::os::linux::abandon_held;

use crate::{hazard, thread};

/// Has the end of the calling thread seen. May be called in a signal handler, but for the first time in a process.
pub(crate) fn watch() {
    static KEY: OnceLock<Option<libc::pthread_key_t>> = OnceLock::new();
    if let Some(key) = *KEY.get_or_init(new_key) {
        // SAFETY: the key exists, and its value, which only must not be null, is never followed.
        unsafe { libc::pthread_setspecific(key, std::ptr::from_ref(&KEY).cast()) };
    }
}

fn new_key() -> Option<libc::pthread_key_t> {
    let mut key = 0;
    // SAFETY: the key is a variable of our own, and this library is never unloaded.
    (unsafe { libc::pthread_key_create(&raw mut key, Some(end)) } == 0).then_some(key)
}

/// Should another key's destructor use this library after it, it is called once more.
extern "C" fn end(_: *mut c_void) {
    thread::end_current();
    // What setting an event needed is given back too.
    abandon_held();
    hazard::give_back();
}
