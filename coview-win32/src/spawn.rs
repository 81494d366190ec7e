//! A new process, from `fork` to `exec`.
//!
//! Needs `unsafe` for `fork` and for what the child does before `exec`, which is system calls only: other threads of the
//! parent may have held any lock when it was forked.

use std::ffi::{CString, c_char, c_int};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::Mutex;

use crate::exit_page::ExitPage;
use crate::linux::{self, check};
use crate::table::lock;

/// Everything about the new process, laid out before the `fork`.
pub(crate) struct Plan<'a> {
    pub(crate) program: CString,
    pub(crate) arguments: Vec<CString>,
    pub(crate) environment: Vec<CString>,
    pub(crate) directory: Option<CString>,
    /// What is put in the places of standard input, output and error; each is beyond those.
    pub(crate) standard: [Option<OwnedFd>; 3],
    /// Descriptors that stay open, each beyond the standard ones.
    pub(crate) kept: Vec<RawFd>,
    pub(crate) page: &'a ExitPage,
    pub(crate) suspended: bool,
}

/// A process that is there; with a gate if it waits until something is written to that.
pub(crate) struct Spawned {
    pub(crate) pid: u32,
    pub(crate) gate: Option<OwnedFd>,
}

/// What the child finds in its memory.
struct Child<'a> {
    plan: &'a Plan<'a>,
    arguments: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    /// Where the reason goes if there is to be no new program.
    failure: RawFd,
    gate: Option<Gate>,
}

/// The two ends of what a suspended child waits at, and all that it keeps open meanwhile, in ascending order.
struct Gate {
    inner: RawFd,
    open: Vec<RawFd>,
}

/// Starts the process, and returns when its program runs, or when it is there and waits.
pub(crate) fn spawn(plan: &Plan<'_>) -> io::Result<Spawned> {
    // One at a time: a child that waits would keep the other's pipe open, on whose end its parent waits.
    static SPAWNING: Mutex<()> = Mutex::new(());
    let _spawning = lock(&SPAWNING);
    let (failure_in, failure_out) = linux::pipe()?;
    let failure_out = linux::beyond_standard(failure_out)?;
    let gate = if plan.suspended { Some(socket_pair()?) } else { None };
    let child = Child {
        plan,
        arguments: pointers(&plan.arguments),
        environment: pointers(&plan.environment),
        failure: failure_out.as_raw_fd(),
        gate: gate.as_ref().map(|(inner, _)| gate_of(plan, inner.as_raw_fd(), failure_out.as_raw_fd())),
    };
    let before = linux::block_signals();
    // SAFETY: the child makes system calls only, and ends in one that does not return.
    let pid = match unsafe { libc::fork() } {
        0 => child.run(),
        pid => check(pid),
    };
    linux::restore_signals(&before);
    let pid = pid?.cast_unsigned();
    drop(failure_out);
    let gate = gate.map(|(_, outer)| outer);
    if gate.is_none() {
        read_failure(pid, failure_in)?;
    }
    Ok(Spawned { pid, gate })
}

/// Ends a process that was spawned but cannot be kept.
pub(crate) fn abandon(pid: u32) {
    // SAFETY: a child that nobody else reaps.
    unsafe { libc::kill(pid.cast_signed(), libc::SIGKILL) };
    reap(pid);
}

fn reap(pid: u32) {
    let _ = linux::uninterrupted(|| {
        // SAFETY: nobody asks for the status.
        check(unsafe { libc::waitpid(pid.cast_signed(), ptr::null_mut(), 0) })
    });
}

/// The reason why there is no new program; the pipe closes without one when there is.
fn read_failure(pid: u32, failure: OwnedFd) -> io::Result<()> {
    let mut reason = [0; size_of::<c_int>()];
    match io::Read::read(&mut std::fs::File::from(failure), &mut reason) {
        Ok(len) if len == reason.len() => {
            reap(pid);
            Err(io::Error::from_raw_os_error(c_int::from_ne_bytes(reason)))
        }
        _ => Ok(()),
    }
}

fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}

fn socket_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [-1; 2];
    // SAFETY: there is room for two.
    check(unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0, ends.as_mut_ptr()) })?;
    // SAFETY: the descriptor is new.
    let inner = linux::beyond_standard(unsafe { linux::own(ends[0]) });
    // SAFETY: as above.
    let outer = linux::beyond_standard(unsafe { linux::own(ends[1]) });
    Ok((inner?, outer?))
}

fn gate_of(plan: &Plan<'_>, inner: RawFd, failure: RawFd) -> Gate {
    let standard = plan.standard.iter().flatten().map(AsRawFd::as_raw_fd);
    let mut open: Vec<RawFd> = plan.kept.iter().copied().chain(standard).chain([inner, failure]).collect();
    open.sort_unstable();
    Gate { inner, open }
}

impl Child<'_> {
    /// What the child does. It never returns, and drops nothing.
    fn run(&self) -> ! {
        self.plan.page.claim();
        if let Some(gate) = &self.gate {
            gate.wait();
        }
        let reason = self.prepare().map_or_else(last_code, |()| self.execute());
        let reason = reason.to_ne_bytes();
        // SAFETY: the bytes are the child's own.
        unsafe { libc::write(self.failure, reason.as_ptr().cast(), reason.len()) };
        // SAFETY: it does not return.
        unsafe { libc::_exit(127) }
    }

    fn prepare(&self) -> io::Result<()> {
        for (place, descriptor) in (0..).zip(&self.plan.standard) {
            if let Some(descriptor) = descriptor {
                // SAFETY: a call without pointers.
                check(unsafe { libc::dup2(descriptor.as_raw_fd(), place) })?;
            }
        }
        for descriptor in &self.plan.kept {
            // SAFETY: a call without pointers.
            check(unsafe { libc::fcntl(*descriptor, libc::F_SETFD, 0) })?;
        }
        if let Some(directory) = &self.plan.directory {
            // SAFETY: the text ends with a NUL.
            check(unsafe { libc::chdir(directory.as_ptr()) })?;
        }
        Ok(())
    }

    /// Returns only if it fails, and says why.
    fn execute(&self) -> c_int {
        // SAFETY: without a handler, nothing of this program is called. Rust programs ignore the signal, others do not.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        // SAFETY: all zeros are the empty set.
        linux::restore_signals(&unsafe { std::mem::zeroed() });
        // SAFETY: the texts end with a NUL, and the lists with a null pointer.
        unsafe {
            libc::execve(self.plan.program.as_ptr(), self.arguments.as_ptr(), self.environment.as_ptr());
        }
        last_code(io::Error::last_os_error())
    }
}

fn last_code(error: io::Error) -> c_int {
    error.raw_os_error().unwrap_or(libc::EINVAL)
}

impl Gate {
    /// Waits to be let go. Everything that is not for the new program is closed before: it would stay open for others as
    /// long as the child waits.
    fn wait(&self) {
        let mut first = libc::STDERR_FILENO + 1;
        for descriptor in &self.open {
            close_range(first, descriptor - 1);
            first = first.max(descriptor + 1);
        }
        close_range(first, c_int::MAX);
        let mut byte = 0_u8;
        let let_go = linux::uninterrupted(|| {
            // SAFETY: there is room for one byte.
            linux::check_long(unsafe { libc::read(self.inner, (&raw mut byte).cast(), 1) } as libc::c_long)
        });
        // The parent has ended and can never let it go.
        if !matches!(let_go, Ok(1)) {
            // SAFETY: it does not return.
            unsafe { libc::_exit(1) };
        }
    }
}

/// Closes what is open between two numbers; where the kernel cannot, before Linux 5.9, it stays open.
fn close_range(first: RawFd, last: RawFd) {
    if first <= last {
        // SAFETY: the child has one thread, which uses none of them again.
        unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    }
}
