//! The life of a mapping, phase by phase, against `shm_open`, `ftruncate`, `mmap`, `munmap`, `close`, `shm_unlink`; and
//! the first touch of a large one.
//!
//! Needs `unsafe` to touch pages in the same way on both sides.

use std::ffi::CStr;
use std::hint::black_box;
use std::time::Instant;

use coview::{Mapping, MappingOptions};

use crate::floor::section::{self, Mapped};
use crate::measure::{Figures, interleave};
use crate::object_name;
use crate::report::{Goal, Report, Row};

const PAGE: usize = 4096;
const MIB: usize = 1 << 20;

/// The phases of a life, in their order.
const PHASES: [&str; 5] = ["create", "open", "map", "touch", "drop"];

/// How long each phase took, in nanoseconds.
type Phases = [f64; 5];

/// A size, its name, and how many lives fill a round.
struct Size {
    text: &'static str,
    bytes: usize,
    lives: usize,
}

const SIZES: [Size; 3] = [
    Size { text: "4 KiB", bytes: PAGE, lives: 50 },
    Size { text: "1 MiB", bytes: MIB, lives: 4 },
    Size { text: "64 MiB", bytes: 64 * MIB, lives: 1 },
];

pub(crate) fn measure(report: &mut Report) {
    let measured: Vec<_> = SIZES.iter().filter_map(|size| lives(report, size)).collect();
    for (text, coview, floor) in &measured {
        push_phases(report, text, coview, floor);
    }
    first_touches(report);
}

/// Measures whole lives and adds the row of the sums; the phases come back for a table of their own.
fn lives(report: &mut Report, size: &Size) -> Option<(&'static str, Vec<Phases>, Vec<Phases>)> {
    if !report.wants("objects", size.text) {
        return None;
    }
    let (name, raw_name) = (object_name("life"), section::shm_name("life"));
    check_lives(&name, &raw_name, size.bytes);
    let mut coview = || mean(size.lives, || coview_life(&name, size.bytes));
    let mut floor = || mean(size.lives, || raw_life(&raw_name, size.bytes));
    let mut samples = interleave(report.effort.rounds, &mut [&mut coview, &mut floor]).into_iter();
    let (coview, floor) = (samples.next()?, samples.next()?);
    let figures = Figures::of(&totals(&coview), &totals(&floor));
    report.push(Row {
        group: "objects",
        name: format!("{}: whole life", size.text),
        floor: "shm_open, mmap, ...",
        figures,
        goal: Goal::Ratio(1.5),
        note: String::new(),
    });
    Some((size.text, coview, floor))
}

fn push_phases(report: &mut Report, text: &str, coview: &[Phases], floor: &[Phases]) {
    for (index, phase) in PHASES.iter().enumerate() {
        let of_phase = |lives: &[Phases]| lives.iter().map(|life| life[index]).collect::<Vec<_>>();
        report.push(Row {
            group: "objects, by phase",
            name: format!("{text}: {phase}"),
            floor: RAW_PHASES[index],
            figures: Figures::of(&of_phase(coview), &of_phase(floor)),
            goal: Goal::None,
            note: String::new(),
        });
    }
}

/// What each phase is on the raw side.
const RAW_PHASES: [&str; 5] =
    ["shm_open, ftruncate", "shm_open, fstat", "mmap", "a store to every page", "munmap, 2 close, unlink"];

fn coview_life(name: &str, bytes: usize) -> Phases {
    let mut watch = Stopwatch::start();
    let created = Mapping::create(name, bytes as u64).expect("create");
    watch.lap();
    let opened = Mapping::open(name).expect("open");
    watch.lap();
    let view = opened.view().expect("map");
    watch.lap();
    touch(view.as_mut_ptr(), bytes);
    watch.lap();
    drop((view, opened, created));
    watch.lap();
    watch.laps
}

fn raw_life(name: &CStr, bytes: usize) -> Phases {
    let mut watch = Stopwatch::start();
    let created = section::create(name, bytes as u64);
    watch.lap();
    let (opened, size) = section::open(name);
    watch.lap();
    let mapped = Mapped::new(&opened, size as usize);
    watch.lap();
    touch(mapped.as_ptr(), bytes);
    watch.lap();
    drop((mapped, opened, created));
    section::unlink(name);
    watch.lap();
    watch.laps
}

/// Shows, outside of any timing, that a life does what its name says: what one handle touches, the other one sees.
fn check_lives(name: &str, raw_name: &CStr, bytes: usize) {
    let created = Mapping::create(name, bytes as u64).expect("create");
    let opened = Mapping::open(name).expect("open").view().expect("map");
    touch(opened.as_mut_ptr(), bytes);
    assert_eq!(opened.len(), bytes);
    assert_touched(created.view().expect("map").as_ptr(), bytes);
    drop((created, opened));
    assert!(Mapping::open(name).is_err(), "the name went with the last handle");
    let created = section::create(raw_name, bytes as u64);
    let (opened, size) = section::open(raw_name);
    assert_eq!(size, bytes as u64);
    touch(Mapped::new(&opened, bytes).as_ptr(), bytes);
    assert_touched(Mapped::new(&created, bytes).as_ptr(), bytes);
    section::unlink(raw_name);
}

/// The first touch of 64 MiB, in three readings: memory that is reserved already, and memory that is made meanwhile.
fn first_touches(report: &mut Report) {
    let reserved = MappingOptions::new().prefault(true);
    let sparse = MappingOptions::new().prefault(true).reserve(false);
    let huge = MappingOptions::new().prefault(true).huge_pages(true);
    first_touch(report, "prefault, map + touch", &reserved, map_and_touch, Goal::Ratio(0.5));
    first_touch(report, "prefault, create + map + touch", &reserved, f64::from, Goal::Ratio(0.5));
    first_touch(report, "sparse, create + map + touch", &sparse, f64::from, Goal::None);
    first_touch(report, "huge, create + map + touch", &huge, f64::from, Goal::None);
}

/// What a first touch costs: creating, and then mapping and touching.
struct FirstTouch {
    create_ns: f64,
    touch_ns: f64,
}

impl From<FirstTouch> for f64 {
    fn from(touch: FirstTouch) -> f64 {
        touch.create_ns + touch.touch_ns
    }
}

fn map_and_touch(touch: FirstTouch) -> f64 {
    touch.touch_ns
}

fn first_touch(
    report: &mut Report,
    name: &str,
    options: &MappingOptions,
    counted: impl Fn(FirstTouch) -> f64,
    goal: Goal,
) {
    if !report.wants("first touch of 64 MiB", name) {
        return;
    }
    let (coview_name, raw_name) = (object_name("touch"), section::shm_name("touch"));
    let mut coview = || counted(coview_first_touch(options, &coview_name));
    let mut floor = || counted(raw_first_touch(&raw_name));
    let samples = interleave(report.effort.rounds, &mut [&mut coview, &mut floor]);
    report.push(Row {
        group: "first touch of 64 MiB",
        name: name.to_owned(),
        floor: "4 KiB faults",
        figures: Figures::of(&samples[0], &samples[1]),
        goal,
        note: String::new(),
    });
}

fn coview_first_touch(options: &MappingOptions, name: &str) -> FirstTouch {
    let start = Instant::now();
    let mapping = options.create(name, 64 * MIB as u64).expect("create");
    let created = Instant::now();
    let view = mapping.view().expect("map");
    touch(view.as_mut_ptr(), 64 * MIB);
    let touched = Instant::now();
    assert_touched(view.as_ptr(), 64 * MIB);
    FirstTouch::between(start, created, touched)
}

fn raw_first_touch(name: &CStr) -> FirstTouch {
    let start = Instant::now();
    let file = section::create(name, 64 * MIB as u64);
    let created = Instant::now();
    let mapped = Mapped::new(&file, 64 * MIB);
    touch(mapped.as_ptr(), 64 * MIB);
    let touched = Instant::now();
    assert_touched(mapped.as_ptr(), 64 * MIB);
    section::unlink(name);
    FirstTouch::between(start, created, touched)
}

impl FirstTouch {
    fn between(start: Instant, created: Instant, touched: Instant) -> FirstTouch {
        let ns = |from: Instant, to: Instant| (to - from).as_nanos() as f64;
        FirstTouch { create_ns: ns(start, created), touch_ns: ns(created, touched) }
    }
}

/// Stores into every page of `bytes` bytes that are mapped at `start`.
fn touch(start: *mut u8, bytes: usize) {
    for offset in (0..black_box(bytes)).step_by(PAGE) {
        // SAFETY: the caller's mapping has that many bytes and lives; the store is volatile.
        unsafe { start.wrapping_add(offset).write_volatile(mark(offset)) };
    }
}

fn assert_touched(start: *const u8, bytes: usize) {
    for offset in (0..bytes).step_by(PAGE) {
        // SAFETY: as in `touch`.
        let found = unsafe { start.wrapping_add(offset).read_volatile() };
        assert_eq!(found, mark(offset), "the page at {offset} was touched");
    }
}

/// A byte that differs between neighbours and is never zero.
fn mark(offset: usize) -> u8 {
    (offset / PAGE % 255) as u8 + 1
}

/// Times the phases of one life, each from the end of the one before.
struct Stopwatch {
    laps: Phases,
    done: usize,
    since: Instant,
}

impl Stopwatch {
    fn start() -> Stopwatch {
        Stopwatch { laps: [0.0; 5], done: 0, since: Instant::now() }
    }

    fn lap(&mut self) {
        let now = Instant::now();
        self.laps[self.done] = (now - self.since).as_nanos() as f64;
        self.done += 1;
        self.since = now;
    }
}

/// The phases of a round: the means over its lives.
fn mean(lives: usize, mut life: impl FnMut() -> Phases) -> Phases {
    let mut sums = [0.0; 5];
    for _ in 0..lives {
        for (sum, phase) in sums.iter_mut().zip(life()) {
            *sum += phase / lives as f64;
        }
    }
    sums
}

fn totals(rounds: &[Phases]) -> Vec<f64> {
    rounds.iter().map(|phases| phases.iter().sum()).collect()
}
