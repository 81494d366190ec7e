//! Points in time on the monotonic clock, as futexes want them.
//!
//! Needs `unsafe` for `clock_gettime`.

use std::time::Duration;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// When a wait ends, in nanoseconds of `CLOCK_MONOTONIC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    nanos: u64,
}

impl Deadline {
    /// The wait does not block.
    pub(crate) const NOW: Deadline = Deadline { nanos: 0 };
    /// The wait does not end.
    pub(crate) const NEVER: Deadline = Deadline { nanos: u64::MAX };

    /// A time from now; zero is `NOW`.
    pub(crate) fn after(timeout: Duration) -> Deadline {
        if timeout.is_zero() {
            return Deadline::NOW;
        }
        let timeout = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        // Half the range is 292 years, and what the kernel's own clock can hold.
        let nanos = now().saturating_add(timeout);
        if nanos > i64::MAX as u64 { Deadline::NEVER } else { Deadline { nanos } }
    }

    /// A time of `CLOCK_MONOTONIC`.
    pub(super) fn at(nanos: u64) -> Deadline {
        Deadline { nanos }
    }

    pub(super) fn earlier(self, other: Deadline) -> Deadline {
        if other.nanos < self.nanos { other } else { self }
    }

    /// The same, or a time from now if that is earlier.
    pub(crate) fn at_most(self, longest: Duration) -> Deadline {
        Deadline::after(longest).earlier(self)
    }

    /// Whether the wait does not block.
    pub(crate) fn is_now(self) -> bool {
        self == Deadline::NOW
    }

    pub(super) fn is_never(self) -> bool {
        self == Deadline::NEVER
    }

    pub(crate) fn has_passed(self) -> bool {
        !self.is_never() && now() >= self.nanos
    }

    /// What is left, `None` for ever.
    pub(super) fn left(self) -> Option<Duration> {
        if self.is_never() { None } else { Some(Duration::from_nanos(self.nanos.saturating_sub(now()))) }
    }

    /// The absolute time for a system call, `None` for ever.
    pub(super) fn timespec(self) -> Option<libc::timespec> {
        if self.is_never() {
            return None;
        }
        let seconds = self.nanos / NANOS_PER_SECOND;
        let nanos = self.nanos % NANOS_PER_SECOND;
        Some(libc::timespec { tv_sec: seconds.cast_signed(), tv_nsec: nanos.cast_signed() })
    }
}

/// Nanoseconds of `CLOCK_MONOTONIC`.
pub(crate) fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of our own; this clock cannot fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec.cast_unsigned() * NANOS_PER_SECOND + time.tv_nsec.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overflowing_timeout_never_ends() {
        assert!(Deadline::after(Duration::MAX).is_never());
        assert!(Deadline::after(Duration::ZERO).is_now());
        let soon = Deadline::after(Duration::from_secs(60));
        assert!(!soon.is_now() && !soon.is_never() && !soon.has_passed());
    }
}
