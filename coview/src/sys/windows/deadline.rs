//! Until when a wait may last, how that becomes the milliseconds that Windows takes, and what time it is.
//!
//! Needs `unsafe` to ask for the time.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
use windows_sys::Win32::System::Threading::INFINITE;

use super::error_kind;
use crate::ErrorKind;

/// The longest single wait: anything below `INFINITE` will do, as longer ones are repeated.
const WAIT_MS_MAX: u32 = i32::MAX as u32;

/// The first and the longest pause of a search for something that nobody announces.
const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(10);

/// The moment at which a wait gives up, on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    limit: Limit,
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    Now,
    At(Instant),
    Never,
}

impl Deadline {
    pub(crate) const NOW: Deadline = Deadline { limit: Limit::Now };
    pub(crate) const NEVER: Deadline = Deadline { limit: Limit::Never };

    /// That much later than now; `NEVER` if no clock reaches so far.
    pub(crate) fn after(timeout: Duration) -> Deadline {
        match Instant::now().checked_add(timeout) {
            Some(at) => Deadline { limit: Limit::At(at) },
            None => Deadline::NEVER,
        }
    }

    /// How long the next single wait may last. Rounded up, for a wait must not end before its time.
    pub(super) fn timeout_ms(self) -> u32 {
        match self.limit {
            Limit::Now => 0,
            Limit::At(at) => whole_ms(at.saturating_duration_since(Instant::now())),
            Limit::Never => INFINITE,
        }
    }

    /// Whether the wait does not block.
    pub(crate) fn is_now(self) -> bool {
        matches!(self.limit, Limit::Now)
    }

    pub(crate) fn has_passed(self) -> bool {
        match self.limit {
            Limit::Now => true,
            Limit::At(at) => Instant::now() >= at,
            Limit::Never => false,
        }
    }

    /// Tries `find` until it finds something or the deadline passes; Windows does not announce new names.
    pub(super) fn poll<T>(self, mut find: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        let mut pause = PAUSE_MIN;
        loop {
            match find() {
                Err(error) if error_kind(&error) == ErrorKind::NotFound && !self.has_passed() => self.pause(pause),
                found => return found,
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Sleeps until the deadline, but no longer than `longest`.
    pub(super) fn pause(self, longest: Duration) {
        thread::sleep(match self.limit {
            Limit::At(at) => longest.min(at.saturating_duration_since(Instant::now())),
            Limit::Now | Limit::Never => longest,
        });
    }

    /// This deadline, or one so far from now if that is earlier.
    pub(crate) fn at_most(self, longest: Duration) -> Deadline {
        match (self.limit, Deadline::after(longest).limit) {
            (Limit::At(at), Limit::At(other)) => Deadline { limit: Limit::At(at.min(other)) },
            (Limit::Never, other) => Deadline { limit: other },
            (limit, _) => Deadline { limit },
        }
    }
}

/// Nanoseconds of the performance counter, which all processes of the machine share.
pub(crate) fn now() -> u64 {
    let mut ticks = 0;
    // SAFETY: writes to the place, which is ours, and cannot fail on Windows XP or later.
    unsafe { QueryPerformanceCounter(&raw mut ticks) };
    nanos_of(ticks.cast_unsigned(), ticks_per_second())
}

fn ticks_per_second() -> u64 {
    let mut frequency = 0;
    // SAFETY: as above. It reads a number out of memory that every process has mapped.
    unsafe { QueryPerformanceFrequency(&raw mut frequency) };
    frequency.cast_unsigned().max(1)
}

fn nanos_of(ticks: u64, per_second: u64) -> u64 {
    let nanos = u128::from(ticks) * 1_000_000_000 / u128::from(per_second);
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

fn whole_ms(left: Duration) -> u32 {
    let ms = left.as_nanos().div_ceil(1_000_000);
    u32::try_from(ms).unwrap_or(WAIT_MS_MAX).min(WAIT_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_rounded_up_and_stay_below_infinite() {
        assert_eq!(whole_ms(Duration::ZERO), 0);
        assert_eq!(whole_ms(Duration::from_nanos(1)), 1);
        assert_eq!(whole_ms(Duration::from_millis(7)), 7);
        assert_eq!(whole_ms(Duration::from_micros(7001)), 8);
        assert_eq!(whole_ms(Duration::MAX), WAIT_MS_MAX);
    }

    #[test]
    fn ticks_become_nanoseconds_without_overflow() {
        assert_eq!(nanos_of(15, 10_000_000), 1500);
        assert_eq!(nanos_of(u64::MAX / 10, 10_000_000), u64::MAX);
    }

    #[test]
    fn a_timeout_beyond_the_clock_never_passes() {
        assert!(!Deadline::after(Duration::MAX).has_passed());
        assert_eq!(Deadline::NEVER.timeout_ms(), INFINITE);
        assert_eq!(Deadline::NOW.timeout_ms(), 0);
    }
}
