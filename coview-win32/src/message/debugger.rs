//! What a program says to its debugger.
//!
//! Needs `unsafe` to export functions and to read what callers point to.

use std::ffi::c_char;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::text;

/// Linux's debuggers listen to nothing else, so it goes to standard error, as it is.
fn say(text: &[u8]) {
    // Nobody may be listening.
    let _ = std::io::stderr().lock().write_all(text);
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OutputDebugStringA(string: *const c_char) {
    // SAFETY: as Windows demands of the caller.
    say(unsafe { text::narrow(string) }.unwrap_or_default());
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OutputDebugStringW(string: *const u16) {
    // SAFETY: as Windows demands of the caller.
    say(unsafe { text::utf8_of_wide(string) }.unwrap_or_default().as_bytes());
}

/// Ends the process if there is no debugger.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn DebugBreak() {
    // SAFETY: the call has no preconditions.
    unsafe { libc::raise(libc::SIGTRAP) };
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn IsDebuggerPresent() -> i32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|tracer| tracer.trim() != "0").into()
}

static ERROR_MODE: AtomicU32 = AtomicU32::new(0);

/// Returns the old mode. No mode has an effect: nothing here opens windows for errors.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn SetErrorMode(mode: u32) -> u32 {
    // Relaxed: the mode orders nothing.
    ERROR_MODE.swap(mode, Ordering::Relaxed)
}
