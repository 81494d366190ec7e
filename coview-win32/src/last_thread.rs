//! The end of a process whose first thread has left by `ExitThread`: it comes with the end of its last thread, and has
//! that thread's exit code.
//!
//! The C library would end the process then, with the code 0; but the threads of this library never end, and it would
//! wait for them.

use std::fs;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::{linux, process};

/// How often the remaining threads are counted.
const PERIOD: Duration = Duration::from_millis(5);

/// The code of the thread that was the last to say one.
static CODE: AtomicU32 = AtomicU32::new(0);

/// Notes the code that a thread ends with.
pub(crate) fn note_code(code: u32) {
    // Relaxed: read when no other thread is left.
    CODE.store(code, Ordering::Relaxed);
}

/// Has the process end with its last thread; called by the first one, at its end.
pub(crate) fn await_last() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = linux::start_quiet_thread("coview-last", || {
            // The first thread stays in the list as one that has ended.
            while count().is_some_and(|all| all > linux::quiet_threads() + 1) {
                thread::sleep(PERIOD);
            }
            // Relaxed: as above.
            process::ExitProcess(CODE.load(Ordering::Relaxed));
        });
    });
}

/// The threads of this process, those of this library included.
fn count() -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{}/task", process::current_pid())).ok()?.count())
}
