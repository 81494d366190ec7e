//! Looking at the same thing again and again, and seeing what has changed.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use coview::{ErrorKind, Stamp};

use crate::subject::{Look, Subject};

/// What is watched, what was seen last, and what before that.
pub(crate) struct Watcher<'a> {
    subject: &'a Subject,
    range: Range<u64>,
    /// From one look to the next, at least.
    interval: Duration,
    looked: Instant,
    now: Look,
    before: Look,
    /// Whether there was a first look.
    has_seen: bool,
    /// How many changes there were, those of a region that were not looked at included.
    changes: u64,
    changed: Instant,
}

impl<'a> Watcher<'a> {
    pub(crate) fn new(subject: &'a Subject, range: Range<u64>, interval: Duration) -> Watcher<'a> {
        let (now, before, looked) = (Look::default(), Look::default(), Instant::now());
        Watcher { subject, range, interval, looked, now, before, has_seen: false, changes: 0, changed: looked }
    }

    /// From now on another range is looked at. What was seen of the old one is forgotten, but not the changes.
    pub(crate) fn limit(&mut self, range: Range<u64>) {
        if range != self.range {
            self.range = range;
            (self.now, self.before, self.has_seen) = (Look::default(), Look::default(), false);
        }
    }

    /// Whether it is time for a look.
    pub(crate) fn is_due(&self) -> bool {
        !self.has_seen || self.looked.elapsed() >= self.interval
    }

    /// Looks; true if there is something new. The first look is new, as soon as there is something to see.
    pub(crate) fn look(&mut self) -> coview::Result<bool> {
        self.looked = Instant::now();
        // Copying a value that was seen already would tell nothing.
        if self.has_seen && self.subject.sequence().is_some_and(|sequence| sequence == self.sequence()) {
            return Ok(false);
        }
        let seen = match self.subject.look(&self.range, &mut self.before) {
            // It changes faster than it can be copied; the next look may be luckier.
            Err(error) if error.kind() == ErrorKind::Busy => None,
            seen => seen?,
        };
        if seen.is_none() {
            return Ok(false);
        }
        let is_new = !self.has_seen || self.before.stamp.is_some() || self.before.bytes != self.now.bytes;
        if is_new {
            std::mem::swap(&mut self.now, &mut self.before);
            if self.has_seen {
                // A number that goes down, or far up, is another program's doing; it is a change all the same.
                let more =
                    self.now.stamp.map_or(1, |stamp| stamp.sequence.saturating_sub(self.before_sequence()).max(1));
                self.changes = self.changes.saturating_add(more);
                self.changed = self.looked;
            } else {
                self.before.bytes.clear();
            }
            self.has_seen = true;
        }
        Ok(is_new)
    }

    /// Sleeps until there may be something new, for at most so long.
    pub(crate) fn sleep(&self, timeout: Duration) -> coview::Result<()> {
        let pause = self.interval.saturating_sub(self.looked.elapsed());
        thread::sleep(pause.min(timeout));
        self.subject.sleep(self.sequence(), timeout.saturating_sub(pause))
    }

    /// The number of the value that was seen last; 0 before the first, and in a plain mapping.
    fn sequence(&self) -> u64 {
        self.now.stamp.map_or(0, |stamp| stamp.sequence)
    }

    fn before_sequence(&self) -> u64 {
        self.before.stamp.map_or(0, |stamp| stamp.sequence)
    }

    pub(crate) fn subject(&self) -> &'a Subject {
        self.subject
    }

    /// What is looked at.
    pub(crate) fn range(&self) -> &Range<u64> {
        &self.range
    }

    /// What was seen last.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.now.bytes
    }

    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.now.stamp
    }

    /// Whether anything was seen.
    pub(crate) fn has_seen(&self) -> bool {
        self.has_seen
    }

    /// Whether a byte is another than at the look before. At the first look every byte is.
    pub(crate) fn has_changed(&self, index: usize) -> bool {
        self.before.bytes.get(index) != self.now.bytes.get(index)
    }

    /// Whether there is an earlier look to compare with.
    pub(crate) fn can_compare(&self) -> bool {
        !self.before.bytes.is_empty()
    }

    /// The ranges of bytes that are others than at the look before.
    pub(crate) fn changed_ranges(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for index in (0..self.now.bytes.len()).filter(|&index| self.has_changed(index)) {
            match ranges.last_mut() {
                Some(last) if last.end == index => last.end += 1,
                _ => ranges.push(index..index + 1),
            }
        }
        ranges
    }

    /// How many changes there were after the first look.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// How long ago the last change was seen, or the watching began.
    pub(crate) fn since_change(&self) -> Duration {
        self.changed.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use coview::{LatestPublisher, Mapping};

    use super::*;

    #[test]
    fn numbers_that_make_no_sense_are_changes_and_no_more() -> coview::Result<()> {
        let name = format!("test.watcher.{}", std::process::id());
        let mut publisher = LatestPublisher::<u64>::create(&name)?;
        (1..=4).try_for_each(|value| publisher.publish(&value).map(drop))?;
        let header = Mapping::open(&name)?.view()?;
        let subject = Subject::open(&name, None)?;
        let mut watcher = Watcher::new(&subject, 0..8, Duration::ZERO);
        assert!(watcher.look()?);
        // The value before the current one is there as well.
        header.atomic_u64(128).store(3, Ordering::Relaxed);
        assert!(watcher.look()?);
        assert_eq!(watcher.changes(), 1);
        header.atomic_u64(128).store(u64::MAX, Ordering::Relaxed);
        header.atomic_u64(512 + 3 * 128).store(u64::MAX, Ordering::Relaxed);
        assert!(watcher.look()?);
        assert_eq!(watcher.changes(), u64::MAX - 2);
        header.atomic_u64(128).store(4, Ordering::Relaxed);
        Ok(())
    }
}
