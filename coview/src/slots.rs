//! How a value changes while others read it: every new one is written into another slot, and becomes the current one by a
//! single store. No lock, no waiting, no torn value.
//!
//! One side writes at a time; who that is, a lock or a claim decides. Any number of sides read, and write nothing.
//!
//! | step of the writer | killed after it | readers |
//! |---|---|---|
//! | 1. number of the slot that the new value will have := 0 | the old value is current | who reads a value from that slot, all slots ago, sees that it is gone |
//! | 2. the value's bytes, its time, its length | the old value is current | likewise |
//! | 3. number of the slot := the new value's | the old value is current | |
//! | 4. current number := the new value's | the new value is current | |
//!
//! The next writer begins at step 1 with the number after the current one, so it writes over whatever was left half done.
//!
//! A reader takes the current number, copies out of the slot, and then looks whether the slot still has that number. If not
//! it tries again, but not for ever. The algorithm is that of a sequence lock (Boehm, "Can seqlocks get along with
//! programming language memory models?", 2012), spread over several slots so that a reader is only disturbed by a writer
//! that laps it.
//!
//! Works on any [`Words`], so that loom and Miri can look at it on the heap.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::layout::{CURRENT, SLOT_GENERATION, SLOT_LEN, SLOT_SEQUENCE, SLOT_TIME, SLOT_VALUE};
use crate::{ErrorKind, sys};

#[cfg(loom)]
use loom::sync::atomic::fence;
#[cfg(not(loom))]
use std::sync::atomic::fence;

/// How often a value is read again that was written over meanwhile.
#[cfg(not(loom))]
const TRIES_MAX: u32 = 1000;
#[cfg(loom)]
const TRIES_MAX: u32 = 3;

/// From where on `memcpy` might copy past the caches. It begins at hundreds of kilobytes at the least.
const PAST_CACHES_MIN: usize = 64 * 1024;

/// Memory that others write meanwhile. Offsets of words are multiples of 8.
pub(crate) trait Words {
    fn load(&self, offset: usize, order: Ordering) -> u64;

    /// Four words that follow each other, each relaxed. Memory that checks bounds can do so once for all of them.
    #[inline]
    fn load_four(&self, offset: usize) -> [u64; 4] {
        std::array::from_fn(|index| self.load(offset + 8 * index, Ordering::Relaxed))
    }
}

/// The same for who may write.
pub(crate) trait WordsMut: Words {
    fn store(&self, offset: usize, value: u64, order: Ordering);
}

/// Where the slots are. Taken from a header that was checked, and never read from shared memory again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    pub(crate) first: usize,
    pub(crate) stride: usize,
    /// The number of slots less one; that number is a power of two.
    pub(crate) mask: u64,
    /// The bytes that a value can have.
    pub(crate) room: usize,
}

/// What goes with every value.
///
/// # Examples
///
/// ```
/// use coview::{Latest, LatestPublisher};
///
/// # let name = format!("doc.stamp.{}", std::process::id());
/// let mut publisher = LatestPublisher::<u32>::create(&name)?;
/// publisher.publish(&5)?;
/// let stamp = Latest::<u32>::open(&name)?.read()?.expect("a value was published").stamp;
/// assert_eq!((stamp.sequence, stamp.generation), (1, 1));
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stamp {
    /// Which value it is: the first is 1, and each one after it is one more, whoever publishes.
    pub sequence: u64,
    /// Which publisher it is of: the first is 1, and each that takes over is one more. 0 in a `Shared`.
    pub generation: u64,
    /// When it was published, in nanoseconds of the machine's monotonic clock: `CLOCK_MONOTONIC`, or the performance
    /// counter on Windows. 0 in a `Shared`, which keeps no time.
    pub time_ns: u64,
}

impl Stamp {
    /// Returns how long ago the value was published; zero for a `Shared`, which keeps no time, and for a time to come.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Latest, LatestPublisher};
    ///
    /// # let name = format!("doc.stamp.age.{}", std::process::id());
    /// let mut publisher = LatestPublisher::<u32>::create(&name)?;
    /// publisher.publish(&5)?;
    /// let stamp = Latest::<u32>::open(&name)?.read()?.expect("a value was published").stamp;
    /// assert!(stamp.age().as_secs() < 60);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn age(&self) -> Duration {
        let time_ns = if self.time_ns == 0 { u64::MAX } else { self.time_ns };
        Duration::from_nanos(sys::now().saturating_sub(time_ns))
    }
}

/// A value that is being read where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) stamp: Stamp,
    slot: usize,
    /// Where its bytes begin, and how many there are: never more than there is room for.
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

impl Slots {
    /// The current value's number; 0 before the first.
    #[inline]
    pub(crate) fn current(&self, words: &impl Words) -> u64 {
        // Acquire: the value of that number is complete. Pairs with step 4 of `commit`.
        words.load(CURRENT, Ordering::Acquire)
    }

    /// Copies the current value out, by a function that may be called again; `None` before the first value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] if it was written over at every try, [`ErrorKind::Damaged`] if it never was there.
    // Always in line, and with one way out for the value: so a short one stays in registers until it is where it is wanted.
    // Through memory it would go more than once, and words just stored would have to be loaded as vectors.
    #[inline(always)]
    pub(crate) fn read<R>(
        &self,
        words: &impl Words,
        mut copy: impl FnMut(&Place) -> R,
    ) -> Result<Option<(Stamp, R)>, ErrorKind> {
        let mut tries = 0;
        loop {
            let Some(place) = self.find(words) else { return Ok(None) };
            // What is gone already, or never was there, is not worth copying again: it may be large.
            if tries == 0 || self.is_intact(words, &place) {
                let copied = copy(&place);
                if self.is_intact(words, &place) {
                    return Ok(Some((place.stamp, copied)));
                }
            }
            tries += 1;
            if tries == TRIES_MAX {
                return Err(self.failure(words, place.stamp.sequence));
            }
        }
    }

    /// The place of the current value. What is found there counts only if it [`Slots::is_intact`] afterwards.
    // Always in line: what it returns is eight words, which would go through memory.
    #[inline(always)]
    pub(crate) fn find(&self, words: &impl Words) -> Option<Place> {
        let sequence = self.current(words);
        if sequence == 0 {
            return None;
        }
        let slot = self.slot(sequence);
        // Relaxed: `is_intact` tells whether these and the value's bytes belong together.
        let header = words.load_four(slot);
        let (generation, time_ns) = (header[SLOT_GENERATION / 8], header[SLOT_TIME / 8]);
        let len = usize::try_from(header[SLOT_LEN / 8]).unwrap_or(usize::MAX).min(self.room);
        Some(Place { stamp: Stamp { sequence, generation, time_ns }, slot, offset: slot + SLOT_VALUE, len })
    }

    /// Whether nobody has written there since it was found.
    #[inline]
    pub(crate) fn is_intact(&self, words: &impl Words, place: &Place) -> bool {
        // Whoever has copied a byte of a later value sees that the slot was emptied before. Pairs with the fence of `begin`.
        fence(Ordering::Acquire);
        // Acquire: who finds that it was, finds a newer current number too, and is not lapped by the same value again. Pairs
        // with the store of `begin`.
        words.load(place.slot + SLOT_SEQUENCE, Ordering::Acquire) == place.stamp.sequence
    }

    /// Step 1: empties the slot of a value that is to come; returns where its bytes go.
    #[inline]
    pub(crate) fn begin(&self, words: &impl WordsMut, sequence: u64) -> usize {
        let slot = self.slot(sequence);
        // Release: it comes after the current number that makes the slot an old one. Pairs with the load of `is_intact`.
        words.store(slot + SLOT_SEQUENCE, 0, Ordering::Release);
        // It comes before whatever is written next. Pairs with the fence of `is_intact`. The C library may copy much at once
        // past the caches, by stores that x86 does not order after others; that takes the stronger fence.
        fence(if self.room < PAST_CACHES_MIN { Ordering::Release } else { Ordering::SeqCst });
        slot + SLOT_VALUE
    }

    /// Steps 3 and 4: makes the value current that was written where [`Slots::begin`] said.
    #[inline]
    pub(crate) fn commit(&self, words: &impl WordsMut, stamp: Stamp, len: usize) {
        let slot = self.slot(stamp.sequence);
        // Relaxed: they are part of the value, which the store of the current number publishes.
        words.store(slot + SLOT_TIME, stamp.time_ns, Ordering::Relaxed);
        words.store(slot + SLOT_LEN, len as u64, Ordering::Relaxed);
        words.store(slot + SLOT_GENERATION, stamp.generation, Ordering::Relaxed);
        // Release: the number stands for a complete value, also to the next writer.
        words.store(slot + SLOT_SEQUENCE, stamp.sequence, Ordering::Release);
        // Release: pairs with `current`.
        words.store(CURRENT, stamp.sequence, Ordering::Release);
    }

    /// Whether the slot before the next one holds this very value, complete. Only the writer may ask.
    pub(crate) fn holds(&self, words: &impl Words, sequence: u64) -> bool {
        // Acquire: pairs with `commit`, perhaps of another writer.
        sequence != 0 && words.load(self.slot(sequence) + SLOT_SEQUENCE, Ordering::Acquire) == sequence
    }

    /// Where the bytes of a value lie.
    #[inline]
    pub(crate) fn value_at(&self, sequence: u64) -> usize {
        self.slot(sequence) + SLOT_VALUE
    }

    #[inline]
    fn slot(&self, sequence: u64) -> usize {
        // The mask is smaller than any usize.
        self.first + (sequence & self.mask) as usize * self.stride
    }

    /// Why the value of that number was not to be had.
    #[cold]
    fn failure(&self, words: &impl Words, sequence: u64) -> ErrorKind {
        // Who writes over a value has made a later one current before, and that is seen: see `is_intact`.
        if self.current(words) == sequence { ErrorKind::Damaged } else { ErrorKind::Busy }
    }
}

#[cfg(test)]
mod tests;
