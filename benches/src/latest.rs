//! Reading and publishing the latest value, against a copy of as many bytes: alone, beside another reader, and beside a
//! publisher.
//!
//! Needs `unsafe` to ask the clock.

use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::thread;
use std::time::Duration;

use bytemuck::Zeroable;
use coview::{Latest, LatestBytes, LatestBytesPublisher, LatestPublisher};

use crate::companion::Companion;
use crate::events::{ping_pong, round_trips};
use crate::floor::copy::{copy_value, memcpy, memcpy_value};
use crate::floor::memory::Memory;
use crate::measure::timed;
use crate::object_name;
use crate::peer::Processors;
use crate::report::{Case, Floor, Goal, Report};

pub(crate) const MEMCPY: &str = "memcpy, shared memory";
const IN_LINE: &str = "copy in line";
const PERIOD: Duration = Duration::from_millis(1);

/// A value of so many 64-bit words, all of them the same: a mixture of two would show.
pub(crate) type Value<const WORDS: usize> = [u64; WORDS];

/// What is measured at one size.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) text: &'static str,
    pub(crate) goal: Goal,
}

pub(crate) fn measure(report: &mut Report, processors: Processors) {
    let goal = Goal::Ratio(1.3);
    all_of::<1>(report, processors, Size { text: "8 B", goal: Goal::None });
    all_of::<8>(report, processors, Size { text: "64 B", goal });
    all_of::<128>(report, processors, Size { text: "1 KiB", goal });
    all_of::<8192>(report, processors, Size { text: "64 KiB", goal });
    peek(report);
    notified(report, "publish and wait, two processors", processors);
    notified(report, "publish and wait, one processor", processors.together());
}

fn all_of<const WORDS: usize>(report: &mut Report, processors: Processors, size: Size) {
    read::<WORDS>(report, size);
    read_into::<WORDS>(report, size);
    read_bytes::<WORDS>(report, size);
    read_beside_reader::<WORDS>(report, processors, size);
    read_beside_publisher::<WORDS>(report, processors, size);
    publish::<WORDS>(report, size);
}

fn read<const WORDS: usize>(report: &mut Report, size: Size) {
    let name = object_name("latest");
    let (_publisher, reader, memory) = (published::<WORDS>(&name), opened::<WORDS>(&name), copied::<WORDS>());
    report.compare(Case {
        group: "latest",
        name: format!("Latest::read {}", size.text),
        bytes: WORDS * 8,
        coview: &mut |times| timed(times, || check(&read_value(&reader))),
        floors: &mut [
            Floor {
                name: MEMCPY,
                goal: size.goal,
                run: &mut |times| timed(times, || memcpy_value(memory.as_ptr(), check::<WORDS>)),
            },
            Floor {
                name: IN_LINE,
                goal: Goal::None,
                run: &mut |times| timed(times, || check(&copy_value::<Value<WORDS>>(memory.as_ptr()))),
            },
        ],
    });
    check_all(&read_value(&reader));
}

fn read_into<const WORDS: usize>(report: &mut Report, size: Size) {
    let name = object_name("latest");
    let (_publisher, reader, memory) = (published::<WORDS>(&name), opened::<WORDS>(&name), copied::<WORDS>());
    let target = RefCell::new(Value::<WORDS>::zeroed());
    report.compare(Case {
        group: "latest",
        name: format!("Latest::read_into {}", size.text),
        bytes: WORDS * 8,
        coview: &mut |times| {
            let mut target = target.borrow_mut();
            *target = Value::zeroed();
            let one_ns = timed(times, || {
                reader.read_into(&mut target).expect("read").expect("there is a value");
                check(&target);
            });
            check_all(&target);
            one_ns
        },
        floors: &mut [Floor {
            name: MEMCPY,
            goal: size.goal,
            run: &mut |times| {
                let mut target = target.borrow_mut();
                timed(times, || {
                    memcpy(memory.as_ptr(), target.as_mut_ptr().cast(), WORDS * 8);
                    check(&target);
                })
            },
        }],
    });
}

fn read_bytes<const WORDS: usize>(report: &mut Report, size: Size) {
    let name = object_name("latest");
    let mut publisher = LatestBytesPublisher::create(&name, WORDS as u64 * 8).expect("create");
    publisher.publish(bytemuck::bytes_of(&value::<WORDS>(1))).expect("publish");
    let (reader, memory) = (LatestBytes::open(&name).expect("open"), copied::<WORDS>());
    let target = RefCell::new(Vec::new());
    report.compare(Case {
        group: "latest",
        name: format!("LatestBytes::read_into {}", size.text),
        bytes: WORDS * 8,
        coview: &mut |times| {
            let mut target = target.borrow_mut();
            target.clear();
            let one_ns = timed(times, || {
                reader.read_into(&mut target).expect("read").expect("there is a value");
                black_box(&target);
            });
            assert!(*target == bytemuck::bytes_of(&value::<WORDS>(1)), "what was read is what was published");
            one_ns
        },
        floors: &mut [Floor {
            name: MEMCPY,
            goal: Goal::None,
            run: &mut |times| {
                let mut target = target.borrow_mut();
                target.resize(WORDS * 8, 0);
                timed(times, || memcpy(memory.as_ptr(), target.as_mut_ptr(), WORDS * 8))
            },
        }],
    });
}

/// The cost of one reader alone is the floor of the same reader beside another.
fn read_beside_reader<const WORDS: usize>(report: &mut Report, processors: Processors, size: Size) {
    let name = format!("Latest::read {}, another reads", size.text);
    if !report.is_wanted("latest", &name) {
        return;
    }
    let region = object_name("latest");
    let (_publisher, reader) = (published::<WORDS>(&region), opened::<WORDS>(&region));
    let companion = Companion::start(processors, || {
        let reader = opened::<WORDS>(&region);
        vec![Box::new(move || check(&read_value(&reader)))]
    });
    report.compare(Case {
        group: "latest",
        name,
        bytes: WORDS * 8,
        coview: &mut |times| companion.during(0, || timed(times, || check(&read_value(&reader)))),
        floors: &mut [Floor {
            name: "the same, alone",
            goal: Goal::Ratio(1.1),
            run: &mut |times| timed(times, || check(&read_value(&reader))),
        }],
    });
}

fn read_beside_publisher<const WORDS: usize>(report: &mut Report, processors: Processors, size: Size) {
    let name = format!("Latest::read {}, new at 1 kHz", size.text);
    if !report.is_wanted("latest", &name) {
        return;
    }
    let region = object_name("latest");
    let companion = Companion::start(processors, || {
        let (mut publisher, mut number) = (published::<WORDS>(&region), 1);
        vec![Box::new(move || {
            number += 1;
            publisher.publish(&value(number)).expect("publish");
            thread::sleep(PERIOD);
        })]
    });
    let (reader, memory) = (opened::<WORDS>(&region), copied::<WORDS>());
    let mut before = reader.sequence();
    report.compare(Case {
        group: "latest",
        name,
        bytes: WORDS * 8,
        coview: &mut |times| {
            let one_ns = companion.during(0, || timed(times, || check(&read_value(&reader))));
            let reading = reader.read().expect("read").expect("there is a value");
            assert!(reading.stamp.sequence > before, "nothing was published");
            assert_eq!(reading.stamp.sequence, reading.value[0], "this is another value's number");
            check_all(&reading.value);
            before = reading.stamp.sequence;
            one_ns
        },
        floors: &mut [Floor {
            name: MEMCPY,
            goal: size.goal,
            run: &mut |times| companion.during(0, || timed(times, || memcpy_value(memory.as_ptr(), check::<WORDS>))),
        }],
    });
}

fn publish<const WORDS: usize>(report: &mut Report, size: Size) {
    let name = object_name("latest");
    let mut publisher = published::<WORDS>(&name);
    let (source, memory) = (value::<WORDS>(1), copied::<WORDS>());
    let mut count = 1;
    report.compare(Case {
        group: "latest",
        name: format!("publish {}", size.text),
        bytes: WORDS * 8,
        coview: &mut |times| {
            count += times;
            timed(times, || _ = publisher.publish(black_box(&source)).expect("publish"))
        },
        floors: &mut [Floor {
            name: "memcpy, clock_gettime",
            goal: Goal::None,
            run: &mut |times| {
                timed(times, || {
                    memcpy(source.as_ptr().cast(), memory.as_ptr(), WORDS * 8);
                    black_box(now());
                })
            },
        }],
    });
    let reading = opened::<WORDS>(&name).read().expect("read").expect("there is a value");
    check_all(&reading.value);
    assert_eq!(reading.stamp.sequence, count, "every value has its number");
}

/// Looking at the first word of a large value where it lies.
fn peek(report: &mut Report) {
    let name = object_name("latest");
    let mut publisher = LatestBytesPublisher::create(&name, 64 << 10).expect("create");
    publisher.publish(bytemuck::bytes_of(&value::<8192>(1))).expect("publish");
    let (reader, memory) = (LatestBytes::open(&name).expect("open"), copied::<8192>());
    report.compare(Case {
        group: "latest",
        name: "LatestBytes::peek, 8 B of 64 KiB".into(),
        bytes: 0,
        coview: &mut |times| {
            timed(times, || {
                let peek = reader.peek().expect("there is a value");
                assert_eq!(peek.get::<u64>(0), 1);
                peek.finish().expect("nobody publishes");
            })
        },
        floors: &mut [Floor {
            name: "memcpy of the 8 B",
            goal: Goal::None,
            run: &mut |times| timed(times, || memcpy_value(memory.as_ptr(), check::<1>)),
        }],
    });
}

fn notified(report: &mut Report, name: &str, processors: Processors) {
    if !report.wants("latest", name) {
        return;
    }
    let names = [object_name("ping"), object_name("pong")];
    let kept = names.each_ref().map(|name| {
        let _first = LatestPublisher::<u64>::create(name).expect("create");
        Latest::<u64>::open(name).expect("open")
    });
    let coview = |trips| {
        let seen = kept.each_ref().map(Latest::sequence);
        let open = || [Line::open(&names[0], seen[0]), Line::open(&names[1], seen[1])];
        ping_pong(processors, trips, open, Line::send, Line::wait)
    };
    round_trips(report, ("latest", name), processors, coview);
}

/// One direction: who sends becomes the publisher, who waits reads.
struct Line<'a> {
    name: &'a str,
    publisher: RefCell<Option<LatestPublisher<u64>>>,
    reader: Latest<u64>,
    seen: Cell<u64>,
}

impl Line<'_> {
    /// `seen` is the number of the value before the first turn.
    fn open(name: &str, seen: u64) -> Line<'_> {
        let reader = Latest::open(name).expect("open");
        Line { name, publisher: RefCell::new(None), reader, seen: Cell::new(seen) }
    }

    fn send(&self) {
        let mut publisher = self.publisher.borrow_mut();
        let publisher = publisher.get_or_insert_with(|| LatestPublisher::open(self.name).expect("open"));
        publisher.publish(&1).expect("publish");
    }

    fn wait(&self) {
        self.seen.set(self.reader.wait_newer_than(self.seen.get()).expect("wait").stamp.sequence);
    }
}

/// A publisher of a new region, with its first value.
pub(crate) fn published<const WORDS: usize>(name: &str) -> LatestPublisher<Value<WORDS>> {
    let mut publisher = LatestPublisher::create(name).expect("create");
    publisher.publish(&value(1)).expect("publish");
    publisher
}

pub(crate) fn opened<const WORDS: usize>(name: &str) -> Latest<Value<WORDS>> {
    Latest::open(name).expect("open")
}

#[inline]
pub(crate) fn read_value<const WORDS: usize>(reader: &Latest<Value<WORDS>>) -> Value<WORDS> {
    reader.read().expect("read").expect("there is a value").value
}

/// Ordinary shared memory that holds the same first value.
pub(crate) fn copied<const WORDS: usize>() -> Memory {
    let memory = Memory::new((WORDS * 8).next_multiple_of(4096));
    memcpy(value::<WORDS>(1).as_ptr().cast(), memory.as_ptr(), WORDS * 8);
    memory
}

pub(crate) fn value<const WORDS: usize>(number: u64) -> Value<WORDS> {
    [number; WORDS]
}

/// Looks at both ends of a value, as who has read it would.
#[inline]
pub(crate) fn check<const WORDS: usize>(value: &Value<WORDS>) {
    let value = black_box(value);
    assert!(value[0] != 0 && value[0] == value[WORDS - 1], "a value is torn");
}

/// Looks at all of a value.
pub(crate) fn check_all<const WORDS: usize>(value: &Value<WORDS>) {
    assert!(value[0] != 0 && value.iter().all(|&word| word == value[0]), "a value is torn");
}

/// The clock that Coview stamps values with.
#[inline]
pub(crate) fn now() -> libc::timespec {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of our own.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time
}
