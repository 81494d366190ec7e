//! Bytes and words in and out of views, against `memcpy` and plain loads and stores of ordinary shared memory.
//!
//! Needs `unsafe` for those.

use std::cell::RefCell;
use std::hint::black_box;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use coview::{Mapping, MappingOptions};

use crate::floor::copy::{memcpy, opaque};
use crate::floor::memory::Memory;
use crate::measure::timed;
use crate::object_name;
use crate::report::{Case, Floor, Goal, Report};

const MEMCPY: &str = "memcpy, shared memory";
/// Nine tenths of the bandwidth.
const BANDWIDTH_GOAL: Goal = Goal::Ratio(1.0 / 0.9);
const CACHE_LINE: usize = 64;

struct Size {
    text: &'static str,
    bytes: usize,
    goal: Goal,
}

const SIZES: [Size; 7] = [
    Size { text: "64 B", bytes: 64, goal: Goal::None },
    Size { text: "512 B", bytes: 512, goal: Goal::None },
    Size { text: "4 KiB", bytes: 4 << 10, goal: BANDWIDTH_GOAL },
    Size { text: "64 KiB", bytes: 64 << 10, goal: BANDWIDTH_GOAL },
    Size { text: "512 KiB", bytes: 512 << 10, goal: BANDWIDTH_GOAL },
    Size { text: "4 MiB", bytes: 4 << 20, goal: BANDWIDTH_GOAL },
    Size { text: "16 MiB", bytes: 16 << 20, goal: BANDWIDTH_GOAL },
];

pub(crate) fn measure(report: &mut Report) {
    for size in &SIZES {
        writes(report, size);
        reads(report, size);
    }
    get(report);
    put(report);
    load(report);
    fetch_add(report);
}

fn writes(report: &mut Report, size: &Size) {
    let view = mapping(size.bytes).view().expect("map");
    let memory = memory(size.bytes);
    let source = Buffer::new(size.bytes, pattern);
    let measured = report.compare(Case {
        group: "copies",
        name: format!("View::write {}", size.text),
        bytes: size.bytes,
        coview: &mut |times| timed(times, || view.write(0, black_box(source.bytes()))),
        floors: &mut [Floor {
            name: MEMCPY,
            goal: size.goal,
            run: &mut |times| timed(times, || memcpy(source.bytes().as_ptr(), memory.as_ptr(), size.bytes)),
        }],
    });
    if measured {
        assert!(view.read_vec(0, size.bytes) == source.bytes(), "what was written is there");
        assert!(bytes_of(&memory, size.bytes) == source.bytes(), "what was copied is there");
    }
}

fn reads(report: &mut Report, size: &Size) {
    let mapping = mapping(size.bytes);
    let source = Buffer::new(size.bytes, pattern);
    mapping.view().expect("map").write(0, source.bytes());
    let view = mapping.read_view().expect("map");
    let memory = memory(size.bytes);
    memcpy(source.bytes().as_ptr(), memory.as_ptr(), size.bytes);
    let target = RefCell::new(Buffer::new(size.bytes, |_| 0));
    report.compare(Case {
        group: "copies",
        name: format!("ReadView::read {}", size.text),
        bytes: size.bytes,
        coview: &mut |times| {
            let mut target = target.borrow_mut();
            let one_ns = timed(times, || view.read(0, black_box(target.bytes_mut())));
            target.take(&source);
            one_ns
        },
        floors: &mut [Floor {
            name: MEMCPY,
            goal: size.goal,
            run: &mut |times| {
                let mut target = target.borrow_mut();
                let one_ns = timed(times, || memcpy(memory.as_ptr(), target.bytes_mut().as_mut_ptr(), size.bytes));
                target.take(&source);
                one_ns
            },
        }],
    });
}

fn get(report: &mut Report) {
    let view = mapping(4096).view().expect("map");
    view.put(64, &0x5eed_u64);
    let memory = memory(4096);
    raw_word(&memory, 64).store(0x5eed, Ordering::Relaxed);
    let start = memory.as_ptr();
    report.compare(Case {
        group: "words",
        name: "View::get::<u64>".into(),
        bytes: 0,
        coview: &mut |times| timed(times, || assert_eq!(view.get::<u64>(opaque(64)), 0x5eed)),
        floors: &mut [Floor {
            name: "volatile load",
            goal: Goal::None,
            run: &mut |times| {
                timed(times, || {
                    let word = start.wrapping_add(opaque(64)).cast::<u64>();
                    // SAFETY: the word is aligned and mapped, and nobody writes to it.
                    assert_eq!(unsafe { word.read_volatile() }, 0x5eed);
                })
            },
        }],
    });
}

fn put(report: &mut Report) {
    let view = mapping(4096).view().expect("map");
    let memory = memory(4096);
    let start = memory.as_ptr();
    let measured = report.compare(Case {
        group: "words",
        name: "View::put::<u64>".into(),
        bytes: 0,
        coview: &mut |times| timed(times, || view.put(opaque(64), black_box(&0x5eed_u64))),
        floors: &mut [Floor {
            name: "volatile store",
            goal: Goal::None,
            run: &mut |times| {
                timed(times, || {
                    let word = start.wrapping_add(opaque(64)).cast::<u64>();
                    // SAFETY: the word is aligned and mapped, and nobody reads it meanwhile.
                    unsafe { word.write_volatile(*black_box(&0x5eed)) };
                })
            },
        }],
    });
    assert!(!measured || view.get::<u64>(64) == 0x5eed, "what was put is there");
}

fn load(report: &mut Report) {
    let view = mapping(4096).view().expect("map");
    view.put(64, &0x5eed_u64);
    let memory = memory(4096);
    raw_word(&memory, 64).store(0x5eed, Ordering::Relaxed);
    report.compare(Case {
        group: "words",
        name: "View::atomic_u64, load".into(),
        bytes: 0,
        coview: &mut |times| timed(times, || assert_eq!(view.atomic_u64(opaque(64)).load(Ordering::Acquire), 0x5eed)),
        floors: &mut [Floor {
            name: "atomic load",
            goal: Goal::None,
            run: &mut |times| {
                timed(times, || assert_eq!(raw_word(&memory, opaque(64)).load(Ordering::Acquire), 0x5eed))
            },
        }],
    });
}

fn fetch_add(report: &mut Report) {
    let view = mapping(4096).view().expect("map");
    let memory = memory(4096);
    let mut additions = 0;
    let measured = report.compare(Case {
        group: "words",
        name: "View::atomic_u64, fetch_add".into(),
        bytes: 0,
        coview: &mut |times| {
            additions += times;
            timed(times, || _ = view.atomic_u64(opaque(64)).fetch_add(1, Ordering::AcqRel))
        },
        floors: &mut [Floor {
            name: "atomic fetch_add",
            goal: Goal::None,
            run: &mut |times| timed(times, || _ = raw_word(&memory, opaque(64)).fetch_add(1, Ordering::AcqRel)),
        }],
    });
    assert!(!measured || view.get::<u64>(64) == additions, "the additions are there");
}

/// A mapping under a name, with every page in the page table of each view.
fn mapping(bytes: usize) -> Mapping {
    let options = MappingOptions::new().prefault(true);
    options.create(&object_name("copies"), bytes as u64).expect("create")
}

/// As much ordinary shared memory, in whole pages.
fn memory(bytes: usize) -> Memory {
    Memory::new(bytes.next_multiple_of(4096))
}

/// The word at `offset`, without a check.
#[inline]
fn raw_word(memory: &Memory, offset: usize) -> &AtomicU64 {
    // SAFETY: every caller's offset is aligned and inside the memory, all access to which is atomic.
    unsafe { AtomicU64::from_ptr(memory.as_ptr().wrapping_add(offset).cast()) }
}

fn bytes_of(memory: &Memory, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    memcpy(memory.as_ptr(), bytes.as_mut_ptr(), len);
    bytes
}

/// Bytes that are not zero and differ from page to page.
fn pattern(index: usize) -> u8 {
    (index % 251) as u8 + 1
}

/// Private bytes that begin at a cache line, so that luck with `malloc` does not decide.
struct Buffer {
    bytes: Vec<u8>,
    range: Range<usize>,
}

impl Buffer {
    fn new(len: usize, byte: impl Fn(usize) -> u8) -> Buffer {
        let mut bytes = vec![0; len + CACHE_LINE];
        let start = bytes.as_ptr().align_offset(CACHE_LINE);
        for (index, place) in bytes[start..start + len].iter_mut().enumerate() {
            *place = byte(index);
        }
        Buffer { bytes, range: start..start + len }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes[self.range.clone()]
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.range.clone()]
    }

    /// Checks that the bytes are those of `source` and clears the ends, so that the next round has to bring them anew.
    fn take(&mut self, source: &Buffer) {
        assert!(self.bytes() == source.bytes(), "what was read is what is there");
        let bytes = self.bytes_mut();
        bytes[0] = 0;
        bytes[bytes.len() - 1] = 0;
    }
}
