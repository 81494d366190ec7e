//! Ending another thread by force.
//!
//! Needs `unsafe` for signals.
//!
//! The thread gets a signal whose handler ends it by the bare system call, so that nothing of the program runs in it
//! any more: no destructors, no clean-up, as on Windows. The kernel then marks the mutexes that it owned. Its stack is
//! lost, and so is what it was in the middle of: a lock of the C library's or of this one's stays taken.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use crate::hazard;
use crate::last_error::{Code, Result};
use crate::process;
use crate::thread::Thread;

/// How long a thread may take to die; one in an uninterruptible system call takes as long as that.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn terminate(thread: &Arc<Thread>, code: u32) -> Result<()> {
    if thread.process() != process::current_pid() {
        return Err(Code::NOT_SUPPORTED);
    }
    if thread.ended().try_wait()? {
        return Ok(());
    }
    install();
    let begin = Instant::now();
    while signal(thread.id(), signal_number()) {
        if begin.elapsed() > PATIENCE {
            return Err(Code::GEN_FAILURE);
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    thread.note_killed(code);
    Ok(())
}

/// The last of the real-time signals, which hardly anybody uses.
fn signal_number() -> libc::c_int {
    libc::SIGRTMAX() - 1
}

/// `false` if there is no such thread any more.
fn signal(thread: u32, number: libc::c_int) -> bool {
    // SAFETY: a call without pointers.
    let result = unsafe { libc::syscall(libc::SYS_tgkill, process::current_pid(), thread, number) };
    result == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: a zeroed action is one with an empty mask.
        let action = unsafe { action.assume_init_mut() };
        action.sa_sigaction = end as extern "C" fn(libc::c_int) as usize;
        // SAFETY: the action lives across the call.
        unsafe { libc::sigaction(signal_number(), action, ptr::null_mut()) };
    });
}

extern "C" fn end(_number: libc::c_int) {
    hazard::give_back();
    // SAFETY: ends this thread and nothing else.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
}
