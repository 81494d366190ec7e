//! Opening, creating and dropping while more and more objects live: it should cost the same with 10,000 as with one.

use std::ffi::{CStr, CString};
use std::fmt::Display;
use std::fs::File;
use std::time::{Duration, Instant};

use coview::Mapping;

use crate::floor::section::{self, Crowd};
use crate::measure::{Figures, timed};
use crate::object_name;
use crate::peer::raise_open_files_max;
use crate::report::{Goal, Report, Row};

const GROUP: &str = "living objects";
const BYTES: u64 = 4096;
const LIVING: [usize; 5] = [1, 10, 100, 1_000, 10_000];
/// Descriptors for the rest of the program.
const SPARE_DESCRIPTORS: u64 = 64;
/// What is called flat: no more than a quarter above the cost with one object.
const FLAT: Goal = Goal::Ratio(1.25);

/// What is measured at each count, in nanoseconds.
#[derive(Clone, Copy)]
struct Costs {
    open: f64,
    create: f64,
    drop: f64,
}

/// Both sides' costs at one count.
#[derive(Clone, Copy)]
struct Pair {
    coview: Costs,
    raw: Costs,
}

pub(crate) fn measure(report: &mut Report) {
    if !report.wants(GROUP, "") {
        return;
    }
    let open_files_max = raise_open_files_max();
    let counts: Vec<_> =
        LIVING.into_iter().filter(|&count| count as u64 + SPARE_DESCRIPTORS <= open_files_max).collect();
    if counts.len() < LIVING.len() {
        eprintln!("warning: the limit of {open_files_max} open files leaves out the largest counts");
    }
    let sweeps = if report.quick { 2 } else { 8 };
    let samples = sweep(&counts, sweeps, if report.quick { 100 } else { 300 });
    push_all(report, &counts, &samples);
}

/// Lets the crowd grow and shrink again, `sweeps` times, and measures at each count on both ways: a list for each.
fn sweep(counts: &[usize], sweeps: usize, times: u64) -> Vec<Vec<Pair>> {
    let mut samples = vec![Vec::new(); counts.len()];
    let mut bench = Bench::new();
    bench.costs(times);
    for _ in 0..sweeps {
        for index in (0..counts.len()).chain((0..counts.len()).rev()) {
            bench.resize(counts[index]);
            samples[index].push(bench.costs(times));
        }
    }
    samples
}

/// The crowds on both sides, and the names that are opened and created among them.
struct Bench {
    crowd: Vec<Mapping>,
    raw_crowd: Crowd,
    new_name: String,
    raw_new_name: CString,
    name: String,
    raw_name: CString,
}

impl Bench {
    fn new() -> Bench {
        let mut bench = Bench {
            crowd: Vec::new(),
            raw_crowd: Crowd::new(),
            new_name: object_name("new"),
            raw_new_name: section::shm_name("new"),
            name: crowd_name(0),
            raw_name: section::shm_name("crowd.0"),
        };
        bench.resize(1);
        bench
    }

    fn resize(&mut self, count: usize) {
        self.crowd.truncate(count);
        for index in self.crowd.len()..count {
            self.crowd.push(Mapping::create(&crowd_name(index), BYTES).expect("create"));
        }
        self.raw_crowd.resize(count, BYTES);
    }

    fn costs(&self, times: u64) -> Pair {
        let create = || Mapping::create(&self.new_name, BYTES).expect("create");
        let raw_create = || RawObject::create(&self.raw_new_name);
        let (open, raw_open) = (self.open(times), self.raw_open(times));
        let (create, drop) = timed_apart(times, create);
        let (raw_create, raw_drop) = timed_apart(times, raw_create);
        Pair { coview: Costs { open, create, drop }, raw: Costs { open: raw_open, create: raw_create, drop: raw_drop } }
    }

    fn open(&self, times: u64) -> f64 {
        timed(times, || assert_eq!(Mapping::open(&self.name).expect("open").size(), BYTES))
    }

    fn raw_open(&self, times: u64) -> f64 {
        timed(times, || assert_eq!(section::open(&self.raw_name).1, BYTES))
    }
}

/// An object whose drop is the end of it.
struct RawObject<'a> {
    name: &'a CStr,
    _file: File,
}

impl<'a> RawObject<'a> {
    fn create(name: &'a CStr) -> RawObject<'a> {
        RawObject { name, _file: section::create(name, BYTES) }
    }
}

impl Drop for RawObject<'_> {
    fn drop(&mut self) {
        section::unlink(self.name);
    }
}

/// What making something costs, and what dropping it does.
fn timed_apart<T>(times: u64, make: impl Fn() -> T) -> (f64, f64) {
    let (mut making, mut dropping) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..times {
        let start = Instant::now();
        let made = make();
        let between = Instant::now();
        drop(made);
        making += between - start;
        dropping += between.elapsed();
    }
    let one_ns = |sum: Duration| sum.as_nanos() as f64 / times as f64;
    (one_ns(making), one_ns(dropping))
}

fn crowd_name(index: impl Display) -> String {
    object_name(&format!("crowd.{index}"))
}

/// A cost that rows are made of, and whether it is asked to be flat.
struct Cost {
    name: &'static str,
    of: fn(&Costs) -> f64,
    flat: Goal,
}

const COSTS: [Cost; 3] = [
    Cost { name: "open + drop", of: |costs| costs.open, flat: FLAT },
    Cost { name: "drop of the last", of: |costs| costs.drop, flat: FLAT },
    Cost { name: "create", of: |costs| costs.create, flat: Goal::None },
];

fn push_all(report: &mut Report, counts: &[usize], samples: &[Vec<Pair>]) {
    for Cost { name, of, flat } in COSTS {
        let coview = |pairs: &[Pair]| pairs.iter().map(|pair| of(&pair.coview)).collect::<Vec<_>>();
        let raw = |pairs: &[Pair]| pairs.iter().map(|pair| of(&pair.raw)).collect::<Vec<_>>();
        for (count, pairs) in counts.iter().zip(samples) {
            let figures = Figures::of(&coview(pairs), &raw(pairs));
            report.push(row(format!("{name}, {count} living"), "shm_open, close, unlink", figures, Goal::None));
        }
        for (count, pairs) in counts.iter().zip(samples).skip(1) {
            let figures = Figures::of(&coview(pairs), &coview(&samples[0]));
            report.push(row(format!("{name}, {count} living to 1"), "Coview with 1 living", figures, flat));
        }
    }
}

fn row(name: String, floor: &'static str, figures: Figures, goal: Goal) -> Row {
    Row { group: GROUP, name, floor, figures, goal, note: String::new() }
}
