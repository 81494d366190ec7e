//! The second process: where the two sides run, and how the other one is started and seen off.
//!
//! Needs `unsafe` for `fork`, pinning, timers and limits, for which the standard library has nothing.

use std::io;
use std::mem::zeroed;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// After so long a measurement between two processes hangs: the alarm ends them.
const PATIENCE_SECONDS: u32 = 120;

/// The processors of the two sides; the same one twice where there is only one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processors {
    pub(crate) ours: usize,
    pub(crate) peers: usize,
}

impl Processors {
    /// The first two processors that this process may run on.
    pub(crate) fn allowed() -> Processors {
        // SAFETY: all-zero is an empty set.
        let mut set: libc::cpu_set_t = unsafe { zeroed() };
        // SAFETY: the set is ours and as long as said.
        let outcome = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) };
        assert_eq!(outcome, 0, "sched_getaffinity: {}", io::Error::last_os_error());
        // SAFETY: every index is below the set's size.
        let allowed = |&processor: &usize| unsafe { libc::CPU_ISSET(processor, &set) };
        let mut processors = (0..libc::CPU_SETSIZE as usize).filter(allowed);
        let ours = processors.next().expect("this process runs somewhere");
        Processors { ours, peers: processors.next().unwrap_or(ours) }
    }

    /// Both sides on one processor.
    pub(crate) fn together(self) -> Processors {
        Processors { peers: self.ours, ..self }
    }
}

/// Keeps the calling process on one processor.
pub(crate) fn pin(processor: usize) {
    // SAFETY: all-zero is an empty set.
    let mut set: libc::cpu_set_t = unsafe { zeroed() };
    // SAFETY: the number came from such a set.
    unsafe { libc::CPU_SET(processor, &mut set) };
    // SAFETY: the set is ours and as long as said.
    let outcome = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) };
    assert_eq!(outcome, 0, "sched_setaffinity: {}", io::Error::last_os_error());
}

/// A child process that does one thing; it dies with this process, and both die if it takes for ever.
pub(crate) struct Peer {
    pid: libc::pid_t,
}

impl Peer {
    /// Starts `work` in a process of its own. What is mapped as shared is shared with it; it opens the rest by name.
    pub(crate) fn start(processor: usize, work: impl FnOnce()) -> Peer {
        // SAFETY: this program has one thread, so the child finds no lock held by a thread that it lacks.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork: {}", io::Error::last_os_error());
        if pid == 0 {
            run_and_exit(processor, work);
        }
        // SAFETY: sets this process's timer; the default action ends the process, which is what is wanted.
        unsafe { libc::alarm(PATIENCE_SECONDS) };
        Peer { pid }
    }

    /// Waits for the child's end.
    pub(crate) fn join(self) {
        let mut status = 0;
        // SAFETY: the child is ours and has not been waited for; the status is ours.
        let ended = unsafe { libc::waitpid(self.pid, &mut status, 0) };
        assert_eq!(ended, self.pid, "waitpid: {}", io::Error::last_os_error());
        assert_eq!(status, 0, "the other process failed");
        // SAFETY: stops this process's timer.
        unsafe { libc::alarm(0) };
    }
}

fn run_and_exit(processor: usize, work: impl FnOnce()) -> ! {
    // SAFETY: asks to be killed when the parent ends.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // SAFETY: sets this process's timer.
    unsafe { libc::alarm(PATIENCE_SECONDS) };
    pin(processor);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    // SAFETY: ends the child without the parent's exit handlers; `work` has dropped all that it made.
    unsafe { libc::_exit(i32::from(outcome.is_err())) }
}

/// Raises the limit of open files as far as it goes and returns it.
pub(crate) fn raise_open_files_max() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure is ours.
    let outcome = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    assert_eq!(outcome, 0, "getrlimit: {}", io::Error::last_os_error());
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the structure is ours; the soft limit may always go up to the hard one.
    let outcome = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    assert_eq!(outcome, 0, "setrlimit: {}", io::Error::last_os_error());
    limit.rlim_cur
}
