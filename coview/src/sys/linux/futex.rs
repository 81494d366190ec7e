//! The futex system calls, on words that processes share.
//!
//! Needs `unsafe` for `syscall`. Every wait may return without a wake: callers look again.

use std::io;
use std::ptr;
use std::sync::atomic::AtomicU32;

use super::Deadline;

/// Wake everyone.
pub(super) const ALL: u32 = i32::MAX as u32;

/// On how many words one can sleep at once.
pub(super) const WORDS_MAX: usize = 128;

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slept {
    /// A wake took this thread off the word.
    Woken,
    /// The word had changed already, or a signal came.
    Disturbed,
    TimedOut,
}

/// Sleeps while the word is `expected`, until woken or the deadline.
pub(super) fn wait(word: &AtomicU32, expected: u32, deadline: Deadline) -> io::Result<Slept> {
    let time = deadline.timespec();
    let time = time.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the word is mapped and the timespec, if any, is on our stack. WAIT_BITSET takes an absolute monotonic time.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT_BITSET,
            expected,
            time,
            ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        )
    };
    if result == 0 { Ok(Slept::Woken) } else { disturbed() }
}

/// Sleeps while every word has its value; returns which word's wake ended it.
pub(super) fn wait_any(words: &[(&AtomicU32, u32)], deadline: Deadline) -> io::Result<Slept> {
    let waiters: Vec<WaitV> = words.iter().map(|&(word, expected)| WaitV::new(word, expected)).collect();
    let time = deadline.timespec();
    let time = time.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the waiters and the timespec, if any, live across the call, and the words are mapped.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex_waitv,
            waiters.as_ptr(),
            u32::try_from(waiters.len()).expect("at most 128 words"),
            0u32,
            time,
            libc::CLOCK_MONOTONIC,
        )
    };
    if result >= 0 { Ok(Slept::Woken) } else { disturbed() }
}

/// Wakes up to `count` sleepers and returns how many there were.
pub(super) fn wake(word: &AtomicU32, count: u32) -> u32 {
    // SAFETY: the word is mapped; waking reads nothing.
    let result = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, count) };
    u32::try_from(result).unwrap_or(0)
}

fn disturbed() -> io::Result<Slept> {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EINTR) => Ok(Slept::Disturbed),
        Some(libc::ETIMEDOUT) => Ok(Slept::TimedOut),
        _ => Err(error),
    }
}

/// The kernel's `struct futex_waitv`.
#[repr(C)]
struct WaitV {
    value: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

impl WaitV {
    fn new(word: &AtomicU32, expected: u32) -> WaitV {
        /// A 32-bit word that is not private to the process.
        const FUTEX2_SIZE_U32: u32 = 2;
        let address = word.as_ptr().expose_provenance() as u64;
        WaitV { value: u64::from(expected), address, flags: FUTEX2_SIZE_U32, reserved: 0 }
    }
}
