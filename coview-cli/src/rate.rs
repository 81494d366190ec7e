//! How often something changes, lately.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What counts as lately.
const WINDOW: Duration = Duration::from_secs(2);

/// A count as it was seen at several moments.
#[derive(Default)]
pub(crate) struct Rate {
    seen: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// Notes the count as it is now; returns how fast it has grown lately, per second.
    pub(crate) fn note(&mut self, now: Instant, count: u64) -> f64 {
        // One that is older stays, so that what happens rarely is not lost.
        while self.seen.get(1).is_some_and(|&(at, _)| now.duration_since(at) >= WINDOW) {
            self.seen.pop_front();
        }
        self.seen.push_back((now, count));
        let (first, before) = self.seen[0];
        let seconds = now.duration_since(first).as_secs_f64();
        if seconds > 0.0 { count.saturating_sub(before) as f64 / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_follows_what_happened_lately() {
        let start = Instant::now();
        let mut rate = Rate::default();
        let rates: Vec<f64> =
            (0..=100).map(|tenth| rate.note(start + Duration::from_millis(100 * tenth), 5 * tenth)).collect();
        assert_eq!(rates[0], 0.0);
        assert!(rates[1..].iter().all(|rate| (rate - 50.0).abs() < 1e-6), "{rates:?}");
        assert_eq!(rate.note(start + Duration::from_secs(13), 500), 0.0);
        assert!(rate.seen.len() < 25);
    }
}
