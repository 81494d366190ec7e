//! The slots' protocol on the heap: step by step, among threads (also under Miri), and in every order (under loom).

use std::sync::atomic::Ordering::{self, Relaxed};

use super::*;
use crate::layout::HEADER_LEN;

#[cfg(loom)]
use loom::{sync::Arc, sync::atomic::AtomicU64, thread};
#[cfg(not(loom))]
use std::{sync::Arc, sync::atomic::AtomicU64, thread};

/// A value of two words, which belong together when they are the same.
const ROOM: usize = 16;
const STRIDE: usize = 128;

/// Two slots, so that readers are lapped as soon as can be.
const SLOTS: Slots = Slots { first: HEADER_LEN, stride: STRIDE, mask: 1, room: ROOM };

/// The words that the protocol uses, and no others: loom looks at each.
struct Heap {
    current: AtomicU64,
    slots: [[AtomicU64; 6]; 2],
}

impl Heap {
    fn new() -> Heap {
        let slot = || std::array::from_fn(|_| AtomicU64::new(0));
        Heap { current: AtomicU64::new(0), slots: [slot(), slot()] }
    }

    fn word(&self, offset: usize) -> &AtomicU64 {
        if offset == CURRENT {
            return &self.current;
        }
        let inside = offset - HEADER_LEN;
        &self.slots[inside / STRIDE][inside % STRIDE / 8]
    }

    fn read(&self) -> Result<Option<(Stamp, [u64; 2])>, ErrorKind> {
        SLOTS.read(self, |place| [0, 8].map(|at| self.load(place.offset + at, Relaxed)))
    }

    fn put(&self, offset: usize, value: u64) {
        self.store(offset, value, Relaxed);
        self.store(offset + 8, value, Relaxed);
    }

    fn publish(&self, sequence: u64) {
        self.put(SLOTS.begin(self, sequence), sequence);
        SLOTS.commit(self, stamp(sequence), ROOM);
    }
}

impl Words for Heap {
    fn load(&self, offset: usize, order: Ordering) -> u64 {
        self.word(offset).load(order)
    }
}

impl WordsMut for Heap {
    fn store(&self, offset: usize, value: u64, order: Ordering) {
        self.word(offset).store(value, order);
    }
}

fn stamp(sequence: u64) -> Stamp {
    Stamp { sequence, generation: 1, time_ns: 10 * sequence }
}

/// Reads, and checks that what is read is one value, not older than one that was read before; returns its number.
fn read_whole(heap: &Heap, before: u64) -> u64 {
    match heap.read() {
        Ok(Some((found, value))) => {
            assert_eq!(value, [found.sequence; 2], "a torn value");
            assert_eq!(found, stamp(found.sequence), "a stamp of another value");
            assert!(found.sequence >= before, "an older value than before");
            found.sequence
        }
        Ok(None) => {
            assert_eq!(before, 0, "a value that was there is gone");
            0
        }
        // It was lapped at every try.
        Err(kind) => {
            assert_eq!(kind, ErrorKind::Busy);
            before
        }
    }
}

#[cfg(loom)]
mod every_order {
    use super::*;

    #[test]
    fn a_reader_that_is_lapped_never_sees_a_torn_value() {
        loom::model(|| {
            let heap = Arc::new(Heap::new());
            heap.publish(1);
            let writer = thread::spawn({
                let heap = heap.clone();
                move || (2..=3).for_each(|sequence| heap.publish(sequence))
            });
            read_whole(&heap, 1);
            writer.join().expect("the writer does not panic");
            assert_eq!(read_whole(&heap, 1), 3);
        });
    }

    #[test]
    fn the_first_value_appears_whole() {
        loom::model(|| {
            let heap = Arc::new(Heap::new());
            let writer = thread::spawn({
                let heap = heap.clone();
                move || heap.publish(1)
            });
            read_whole(&heap, 0);
            writer.join().expect("the writer does not panic");
        });
    }

    #[test]
    fn a_writer_that_goes_on_where_another_died_disturbs_nobody() {
        loom::model(|| {
            let heap = Arc::new(Heap::new());
            heap.publish(1);
            // Value 2 was begun and half written.
            let half = SLOTS.begin(&*heap, 2);
            heap.store(half, 99, Relaxed);
            let writer = thread::spawn({
                let heap = heap.clone();
                move || (2..=3).for_each(|sequence| heap.publish(sequence))
            });
            read_whole(&heap, 1);
            writer.join().expect("the writer does not panic");
        });
    }
}

#[cfg(not(loom))]
mod on_the_heap {
    use super::*;

    #[test]
    fn a_writer_that_dies_after_any_step_leaves_the_old_value_or_the_new() {
        for steps in 0..=6 {
            let heap = Heap::new();
            heap.publish(1);
            let slot = SLOTS.value_at(2) - SLOT_VALUE;
            // What `begin`, the copy and `commit` store, in their order.
            let stores = [
                (slot + SLOT_SEQUENCE, 0),
                (slot + SLOT_VALUE, 2),
                (slot + SLOT_VALUE + 8, 2),
                (slot + SLOT_TIME, 20),
                (slot + SLOT_GENERATION, 1),
                (slot + SLOT_SEQUENCE, 2),
                (CURRENT, 2),
            ];
            stores[..steps].iter().for_each(|&(offset, value)| heap.store(offset, value, Relaxed));
            assert_eq!(read_whole(&heap, 1), 1, "after {steps} steps");
            heap.publish(2);
            assert_eq!(read_whole(&heap, 1), 2, "after {steps} steps and the next writer");
        }
    }

    #[test]
    fn readers_among_threads_see_whole_values_in_order() {
        let (heap, last) = (Arc::new(Heap::new()), if cfg!(miri) { 200 } else { 100_000 });
        let reader = || {
            let heap = heap.clone();
            thread::spawn(move || {
                let mut seen = 0;
                while seen < last {
                    seen = read_whole(&heap, seen);
                    thread::yield_now();
                }
            })
        };
        let readers = [reader(), reader()];
        (1..=last).for_each(|sequence| heap.publish(sequence));
        readers.into_iter().for_each(|reader| reader.join().expect("a reader sees nothing wrong"));
    }

    #[test]
    fn numbers_that_make_no_sense_end_in_an_error() {
        let heap = Heap::new();
        assert_eq!(heap.read(), Ok(None));
        for current in [1, 2, 77, u64::MAX] {
            heap.store(CURRENT, current, Relaxed);
            assert_eq!(heap.read(), Err(ErrorKind::Damaged), "{current}");
        }
    }

    #[test]
    fn a_length_that_makes_no_sense_is_cut_to_the_room() {
        let heap = Heap::new();
        heap.publish(1);
        heap.store(SLOTS.value_at(1) - SLOT_VALUE + SLOT_LEN, u64::MAX, Relaxed);
        assert_eq!(SLOTS.find(&heap).map(|place| place.len), Some(ROOM));
    }

    #[test]
    fn who_looked_before_the_slot_came_round_knows() {
        let heap = Heap::new();
        heap.publish(1);
        let place = SLOTS.find(&heap).expect("there is a value");
        heap.publish(2);
        assert!(SLOTS.is_intact(&heap, &place));
        SLOTS.begin(&heap, 3);
        assert!(!SLOTS.is_intact(&heap, &place));
        assert!(SLOTS.holds(&heap, 2) && !SLOTS.holds(&heap, 1) && !SLOTS.holds(&heap, 0));
    }
}
