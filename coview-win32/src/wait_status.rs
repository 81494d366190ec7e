//! How Linux says that a process has ended, and what exit code that is to a Windows program.
//!
//! Needs `unsafe` for `waitid` and `ioctl`.

use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::linux::{self, check};

/// What the kernel keeps of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitStatus {
    Exited(u8),
    Killed(i32),
}

impl WaitStatus {
    /// The status as `wait` gives it.
    fn of(raw: i32) -> WaitStatus {
        if libc::WIFSIGNALED(raw) {
            WaitStatus::Killed(libc::WTERMSIG(raw))
        } else {
            WaitStatus::Exited(libc::WEXITSTATUS(raw) as u8)
        }
    }

    /// The exit code, as far as the status alone tells it: Windows' code for the exception that the signal stands for.
    pub(crate) fn code(self) -> u32 {
        match self {
            WaitStatus::Exited(code) => code.into(),
            // What `TerminateProcess` is mostly called with.
            WaitStatus::Killed(libc::SIGKILL) => 1,
            WaitStatus::Killed(libc::SIGSEGV | libc::SIGBUS) => 0xC000_0005,
            WaitStatus::Killed(libc::SIGILL) => 0xC000_001D,
            WaitStatus::Killed(libc::SIGFPE) => 0xC000_0094,
            WaitStatus::Killed(libc::SIGTRAP) => 0x8000_0003,
            // What `abort` exits with.
            WaitStatus::Killed(libc::SIGABRT) => 3,
            // Control-C, and what else asks a program to end.
            WaitStatus::Killed(_) => 0xC000_013A,
        }
    }
}

/// Reaps a child that has ended. `None` if somebody else has: the program with a `wait` of its own, or the kernel,
/// because the program ignores `SIGCHLD`.
pub(crate) fn reap(child: BorrowedFd<'_>) -> Option<WaitStatus> {
    let mut found = MaybeUninit::<libc::siginfo_t>::zeroed();
    let id = child.as_raw_fd().cast_unsigned();
    linux::uninterrupted(|| {
        // SAFETY: the kernel writes what it found, or leaves the zeros.
        check(unsafe { libc::waitid(libc::P_PIDFD, id, found.as_mut_ptr(), libc::WEXITED) })
    })
    .ok()?;
    // SAFETY: all zeros are valid, and so is what the kernel wrote.
    let found = unsafe { found.assume_init() };
    // SAFETY: it is of a child's end, where this field stands.
    let status = unsafe { found.si_status() };
    Some(if found.si_code == libc::CLD_EXITED { WaitStatus::Exited(status as u8) } else { WaitStatus::Killed(status) })
}

/// Finds out how another's child has ended: from the descriptor since Linux 6.15, else while it has not been reaped.
pub(crate) fn look_up(process: BorrowedFd<'_>, id: u32) -> Option<WaitStatus> {
    // It may be reaped between the one look and the other.
    ask(process).or_else(|| read_unreaped(process, id)).or_else(|| ask(process)).map(WaitStatus::of)
}

/// The first version of what the kernel tells of a process.
#[repr(C)]
struct Information {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_status: i32,
}

const GET_INFORMATION: libc::Ioctl = 0xC040_FF0B;
const EXIT: u64 = 1 << 3;
const _: () = assert!(size_of::<Information>() == 64);

fn ask(process: BorrowedFd<'_>) -> Option<i32> {
    let mut found = Information { mask: EXIT, cgroup: 0, ids: [0; 11], exit_status: 0 };
    // SAFETY: the number of the call holds the size of what it writes.
    check(unsafe { libc::ioctl(process.as_raw_fd(), GET_INFORMATION, &raw mut found) }).ok()?;
    (found.mask & EXIT != 0).then_some(found.exit_status)
}

/// The last field of `/proc/N/stat` is the status of a process that has ended and that its parent has not asked for.
fn read_unreaped(process: BorrowedFd<'_>, id: u32) -> Option<i32> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    let status = fields.next_back()?.parse().ok()?;
    // Still there, so the text was not about a later process of that number.
    let same = signal(process, 0).is_ok();
    (state == "Z" && same).then_some(status)
}

/// Sends a signal, or with 0 looks whether one could be sent.
pub(crate) fn signal(process: BorrowedFd<'_>, signal: i32) -> std::io::Result<()> {
    let nothing = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a null pointer stands for what `kill` would say.
    linux::check_long(unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, process.as_raw_fd(), signal, nothing, 0_u32)
    })?;
    Ok(())
}
