//! Doing something so many times a second, steadily.

use std::thread;
use std::time::{Duration, Instant};

/// Who is later than this does not make up for it.
const LATE_MAX: Duration = Duration::from_secs(1);

/// When the next of many equal steps is due.
pub(crate) struct Pace {
    period: Duration,
    due: Instant,
}

impl Pace {
    /// So many steps a second, the first of them now.
    pub(crate) fn new(per_second: f64) -> Pace {
        Pace { period: Duration::from_secs_f64(1.0 / per_second), due: Instant::now() }
    }

    /// Sleeps until the next step is due. A little lateness is made up for by the steps that follow.
    pub(crate) fn step(&mut self) {
        let left = self.left(Instant::now());
        if !left.is_zero() {
            thread::sleep(left);
        }
    }

    fn left(&mut self, now: Instant) -> Duration {
        if now.saturating_duration_since(self.due) > LATE_MAX {
            self.due = now;
        }
        let left = self.due.saturating_duration_since(now);
        self.due += self.period;
        left
    }
}

/// Parses a rate.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    const RANGE: std::ops::RangeInclusive<f64> = 1e-6..=1e9;
    match text.trim().parse() {
        Ok(rate) if RANGE.contains(&rate) => Ok(rate),
        _ => Err("a rate is a number of messages a second, such as 0.5 or 1000".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_at_their_times_and_lateness_is_made_up_for_within_limits() {
        let mut pace = Pace::new(10.0);
        let start = pace.due;
        let ms = |ms: u64| start + Duration::from_millis(ms);
        assert_eq!(pace.left(ms(0)), Duration::ZERO);
        assert_eq!(pace.left(ms(30)), Duration::from_millis(70));
        // Late by 150 ms: two steps at once, and the one after them in time.
        assert_eq!(pace.left(ms(350)), Duration::ZERO);
        assert_eq!(pace.left(ms(350)), Duration::ZERO);
        assert_eq!(pace.left(ms(350)), Duration::from_millis(50));
        // Very late: it begins anew.
        assert_eq!(pace.left(ms(9000)), Duration::ZERO);
        assert_eq!(pace.left(ms(9000)), Duration::from_millis(100));
    }

    #[test]
    fn a_rate_is_a_positive_number() {
        assert_eq!((rate("1000"), rate("0.5")), (Ok(1000.0), Ok(0.5)));
        for bad in ["", "0", "-1", "fast", "inf", "NaN", "1e-300", "1e300"] {
            assert!(rate(bad).is_err(), "{bad:?} was taken for a rate");
        }
    }
}
