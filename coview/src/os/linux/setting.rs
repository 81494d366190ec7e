//! Which setting of a timer is in force.

use crate::Timer;

/// What a timer can tell on Linux beyond what every system knows.
pub trait TimerExt {
    /// Returns a number that changes whenever the timer is set or cancelled, through any handle and in any process.
    ///
    /// It does not change when the timer fires. Whoever has set the timer can tell by it later whether that still counts.
    /// After 2^31 changes it begins anew.
    ///
    /// # Platform
    ///
    /// Linux: no system call.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Reset, Timer, os::linux::TimerExt};
    /// use std::time::Duration;
    ///
    /// let timer = Timer::unnamed(Reset::Manual)?;
    /// timer.set(Duration::from_millis(1), None)?;
    /// let ours = timer.setting();
    /// timer.wait()?;
    /// assert_eq!(timer.setting(), ours);
    /// timer.cancel()?;
    /// assert_ne!(timer.setting(), ours);
    /// # Ok::<(), coview::Error>(())
    /// ```
    fn setting(&self) -> u32;
}

impl TimerExt for Timer {
    fn setting(&self) -> u32 {
        self.sys.setting()
    }
}
