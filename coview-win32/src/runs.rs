//! What is so of each page of a range, kept as runs of equal pages.

use std::collections::BTreeMap;
use std::ops::Range;

/// A value for each address of a range.
///
/// Neighbouring runs have different values.
#[derive(Clone, Debug)]
pub(crate) struct Runs<T> {
    /// Where each run begins; it ends where the next one begins.
    values: BTreeMap<usize, T>,
    end: usize,
}

impl<T: Copy + Eq> Runs<T> {
    pub(crate) fn new(range: Range<usize>, value: T) -> Runs<T> {
        Runs { values: BTreeMap::from([(range.start, value)]), end: range.end }
    }

    /// The run that an address of the range is in.
    pub(crate) fn at(&self, address: usize) -> (Range<usize>, T) {
        let (&start, &value) = self.values.range(..=address).next_back().expect("the address is in the range");
        let end = self.values.range(address + 1..).next().map_or(self.end, |(&next, _)| next);
        (start..end, value)
    }

    /// The runs in a part, cut off at its ends.
    pub(crate) fn within(&self, part: Range<usize>) -> Vec<(Range<usize>, T)> {
        let mut runs = Vec::new();
        let mut address = part.start;
        while address < part.end {
            let (run, value) = self.at(address);
            let end = run.end.min(part.end);
            runs.push((address..end, value));
            address = end;
        }
        runs
    }

    pub(crate) fn set(&mut self, part: Range<usize>, value: T) {
        if part.is_empty() {
            return;
        }
        self.split(part.end);
        self.split(part.start);
        let inner = self.values.range(part.clone()).map(|(&start, _)| start).collect::<Vec<_>>();
        for start in inner {
            self.values.remove(&start);
        }
        self.values.insert(part.start, value);
        self.join(part.end);
        self.join(part.start);
    }

    /// Makes a run begin here.
    fn split(&mut self, address: usize) {
        if address < self.end {
            let (_, value) = self.at(address);
            self.values.insert(address, value);
        }
    }

    /// Makes the run that begins here part of the one before, if they are equal.
    fn join(&mut self, address: usize) {
        let before = self.values.range(..address).next_back().map(|(_, &value)| value);
        if before.is_some() && before == self.values.get(&address).copied() {
            self.values.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_split_and_join() {
        let mut runs = Runs::new(10..100, 'a');
        runs.set(20..30, 'b');
        runs.set(30..40, 'b');
        assert_eq!(runs.within(10..100), [(10..20, 'a'), (20..40, 'b'), (40..100, 'a')]);
        runs.set(25..100, 'c');
        assert_eq!(runs.within(15..50), [(15..20, 'a'), (20..25, 'b'), (25..50, 'c')]);
        runs.set(10..100, 'a');
        assert_eq!(runs.at(99), (10..100, 'a'));
        runs.set(50..50, 'z');
        assert_eq!(runs.at(50), (10..100, 'a'));
    }

    #[test]
    fn runs_are_what_an_array_would_be() {
        let (mut runs, mut array) = (Runs::new(0..50, 0), [0; 50]);
        let mut random = 1u64;
        for _ in 0..500 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let start = (random >> 40) as usize % 50;
            let end = start + (random >> 50) as usize % (51 - start);
            let value = (random >> 60) as i32 % 3;
            runs.set(start..end, value);
            array[start..end].fill(value);
            assert!((0..50).all(|at| runs.at(at).1 == array[at]));
            let all = runs.within(0..50);
            assert!(all.windows(2).all(|pair| pair[0].1 != pair[1].1));
        }
    }
}
