//! The kernel's waitable timer.
//!
//! Needs `unsafe` to call the kernel. No completion routine is ever given: a timer with one would be cancelled when the
//! thread that has set it ends.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::ptr;
use std::time::Duration;

use windows_sys::Win32::System::Threading::{
    CREATE_WAITABLE_TIMER_MANUAL_RESET, CancelWaitableTimer, CreateWaitableTimerExW, OpenWaitableTimerW,
    SYNCHRONIZATION_SYNCHRONIZE, SetWaitableTimer, TIMER_MODIFY_STATE, TIMER_QUERY_STATE,
};

use super::object::{Made, WideName, adopt, check, raw};
use super::security::Security;
use super::{Deadline, wait::wait_one};
use crate::Rights;
use crate::name::Name;

pub(super) const QUERY: u32 = TIMER_QUERY_STATE;
const ACCESS: u32 = SYNCHRONIZATION_SYNCHRONIZE | TIMER_MODIFY_STATE | QUERY;

/// A handle to a timer.
#[derive(Debug)]
pub(crate) struct Timer {
    handle: OwnedHandle,
}

impl Timer {
    pub(crate) fn create(name: &Name, manual: bool, rights: Rights) -> io::Result<Timer> {
        Ok(Timer { handle: make(Some(&WideName::new(name)), manual, rights)?.new_only()? })
    }

    pub(crate) fn open(name: &Name, deadline: Deadline) -> io::Result<Timer> {
        let name = WideName::new(name);
        Ok(Timer { handle: deadline.poll(|| open(&name, ACCESS))? })
    }

    pub(crate) fn create_or_open(name: &Name, manual: bool, rights: Rights) -> io::Result<(Timer, bool)> {
        let made = make(Some(&WideName::new(name)), manual, rights)?;
        Ok((Timer { handle: made.handle }, made.created))
    }

    pub(crate) fn unnamed(manual: bool) -> io::Result<Timer> {
        Ok(Timer { handle: make(None, manual, Rights::Private)?.handle })
    }

    pub(crate) fn set(&self, after: Duration, period: Option<Duration>) -> io::Result<()> {
        // Windows ends the signal by itself; Wine leaves an auto-reset timer's.
        wait_one(&self.handle, Deadline::NOW)?;
        let (handle, due, period) = (raw(&self.handle), relative(after), period.map_or(0, whole_ms));
        // SAFETY: the handle is open, and the time is only read.
        check(unsafe { SetWaitableTimer(handle, &raw const due, period, None, ptr::null(), 0) })
    }

    pub(crate) fn cancel(&self) -> io::Result<()> {
        let handle = raw(&self.handle);
        // SAFETY: the handle is open.
        check(unsafe { CancelWaitableTimer(handle) })
    }

    /// Waits until it is signaled; `false` when the deadline passed.
    pub(crate) fn wait(&self, deadline: Deadline) -> io::Result<bool> {
        Ok(wait_one(&self.handle, deadline)?.is_some())
    }

    pub(super) fn handle(&self) -> &OwnedHandle {
        &self.handle
    }
}

pub(super) fn open(name: &WideName, access: u32) -> io::Result<OwnedHandle> {
    // SAFETY: the name ends with a NUL.
    let handle = unsafe { OpenWaitableTimerW(access, 0, name.as_ptr()) };
    // SAFETY: just returned, for us.
    unsafe { adopt(handle) }
}

/// Creates or opens a timer; the kind of reset counts only for a new one.
fn make(name: Option<&WideName>, manual: bool, rights: Rights) -> io::Result<Made> {
    let security = Security::new(rights)?;
    let attributes = security.attributes();
    let name = name.map_or(ptr::null(), WideName::as_ptr);
    let flags = if manual { CREATE_WAITABLE_TIMER_MANUAL_RESET } else { 0 };
    // SAFETY: the attributes and the name live until the call returns; the name is null or ends with a NUL.
    let handle = unsafe { CreateWaitableTimerExW(&raw const attributes, name, flags, ACCESS) };
    // SAFETY: just returned, for us.
    unsafe { Made::adopt(handle) }
}

/// A time from now as the kernel takes it: negative, in units of 100 ns, rounded up.
fn relative(after: Duration) -> i64 {
    // A thousand years; so far from the ends of the range no sum with the present time overflows.
    const UNITS_MAX: u128 = 1_000 * 366 * 86_400 * 10_000_000;
    -(after.as_nanos().div_ceil(100).min(UNITS_MAX) as i64)
}

/// A period in milliseconds, rounded up, for a period of 0 is none.
fn whole_ms(period: Duration) -> i32 {
    i32::try_from(period.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_and_bounded() {
        assert_eq!(relative(Duration::ZERO), 0);
        assert_eq!(relative(Duration::from_nanos(1)), -1);
        assert_eq!(relative(Duration::from_millis(3)), -30_000);
        assert!(relative(Duration::MAX) < 0);
        assert_eq!(whole_ms(Duration::from_nanos(1)), 1);
        assert_eq!(whole_ms(Duration::MAX), i32::MAX);
    }
}
