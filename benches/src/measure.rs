//! How a figure is taken: timed rounds, interleaved between the sides, and the median of their ratios. No system calls.

use std::time::{Duration, Instant};

/// How much work a run puts into each figure.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// How many rounds are compared; one more goes before them as warm-up.
    pub(crate) rounds: usize,
    /// How long one side's part of a round shall take.
    pub(crate) round: Duration,
}

impl Effort {
    pub(crate) const QUICK: Effort = Effort { rounds: 7, round: Duration::from_millis(2) };
    pub(crate) const FULL: Effort = Effort { rounds: 31, round: Duration::from_millis(10) };
}

/// One side of a comparison: runs its operation so many times and returns the nanoseconds that one took.
pub(crate) type Side<'a> = dyn FnMut(u64) -> f64 + 'a;

/// Coview's figure, the floor's, and their ratio with its quartiles; below 1 Coview is faster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) coview_ns: f64,
    pub(crate) floor_ns: f64,
    pub(crate) ratio: f64,
    pub(crate) quartiles: (f64, f64),
}

impl Figures {
    /// Takes the medians of rounds that were measured side by side.
    pub(crate) fn of(coview: &[f64], floor: &[f64]) -> Figures {
        assert_eq!(coview.len(), floor.len(), "a round has both sides");
        let ratios: Vec<f64> = coview.iter().zip(floor).map(|(coview, floor)| coview / floor).collect();
        Figures {
            coview_ns: quantile(coview, 0.5),
            floor_ns: quantile(floor, 0.5),
            ratio: quantile(&ratios, 0.5),
            quartiles: (quantile(&ratios, 0.25), quantile(&ratios, 0.75)),
        }
    }
}

/// Runs `operation` `times` times and returns the nanoseconds of one.
#[inline]
pub(crate) fn timed(times: u64, mut operation: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        operation();
    }
    per_operation(start, times)
}

/// The nanoseconds of one of the `times` operations that began at `start` and have just ended.
pub(crate) fn per_operation(start: Instant, times: u64) -> f64 {
    start.elapsed().as_nanos() as f64 / times as f64
}

/// Runs every side once a round and returns what each said, side by side. Who goes first changes from round to round,
/// so that neither gains from a warm cache or a falling clock. The first round is thrown away.
pub(crate) fn interleave<T>(rounds: usize, sides: &mut [&mut dyn FnMut() -> T]) -> Vec<Vec<T>> {
    let mut samples: Vec<Vec<T>> = sides.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for round in 0..=rounds {
        for turn in 0..sides.len() {
            let side = (round + turn) % sides.len();
            let sample = sides[side]();
            if round > 0 {
                samples[side].push(sample);
            }
        }
    }
    samples
}

/// How often a side has to repeat its operation to fill a round.
pub(crate) fn repetitions(round: Duration, side: &mut Side) -> u64 {
    let wanted_ns = round.as_nanos() as f64;
    let mut times = 1;
    loop {
        let one_ns = side(times).max(0.01);
        if one_ns * times as f64 >= wanted_ns / 4.0 {
            return ((wanted_ns / one_ns) as u64).max(1);
        }
        times *= 4;
    }
}

/// The value that the fraction `place` of the samples does not exceed; 0.5 is the median.
pub(crate) fn quantile(samples: &[f64], place: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = place * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * position.fract()
}
