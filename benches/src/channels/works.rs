//! The works: what is carried, how far, against which floor, and who takes part.

use std::time::Duration;

use super::board::{Goals, Run, Work};
use super::channel::{Channel, Shape, Waiting};
use super::fan_out;
use super::floors::{self, Futex, Line, Segment};
use super::message::Way;
use super::pair::{self, Plan};
use super::set_up;
use crate::measure::{Effort, repetitions};
use crate::peer::Processors;

const ROUND_TRIPS: &str = "round-trips";
const ONE_WAY: &str = "one-way";
const PUBLISH: &str = "publish";
const BLOCKING: &str = "blocking";

/// How long one rests so that the other side sleeps: more than anybody spins.
const ASLEEP: Duration = Duration::from_micros(300);

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What is measured of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    RoundTrip,
    OneWay,
    Batches,
    Publish,
    SetUp,
}

/// A work for any channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) measure: Measure,
    pub(super) plan: Plan,
}

/// Who takes part, and what a round takes him.
pub(super) type Side = (&'static str, Run<'static>);

impl Task {
    pub(super) fn side<C: Channel + 'static>(self, name: &'static str) -> Side {
        (name, self.run::<C>())
    }

    fn run<C: Channel + 'static>(self) -> Run<'static> {
        let Task { measure, plan } = self;
        match measure {
            Measure::RoundTrip => Box::new(move || pair::round_trip::<C>(&plan)),
            Measure::OneWay => Box::new(move || pair::one_way::<C>(&plan)),
            Measure::Batches => Box::new(move || pair::one_way_in_batches::<C>(&plan)),
            Measure::Publish => Box::new(move || fan_out::publish::<C>(&plan)),
            Measure::SetUp => Box::new(move || set_up::set_up::<C>(&plan)),
        }
    }

    pub(super) fn len(self) -> usize {
        self.plan.shape.len
    }

    fn copied(self) -> Task {
        Task { plan: Plan { way: Way::Copied, ..self.plan }, ..self }
    }

    /// The same with one word, for floors that carry no more.
    fn with_a_word(self) -> Task {
        let shape = Shape { len: 8, ..self.plan.shape };
        Task { plan: Plan { shape, ..self.plan }, ..self.copied() }
    }

    /// Everybody who can do it; Coview as it is recommended comes first.
    fn sides(self) -> Vec<Side> {
        #[cfg_attr(not(feature = "rivals"), expect(unused_mut))]
        let mut sides = super::coview::sides(self);
        #[cfg(feature = "rivals")]
        sides.extend(super::rivals::sides(self));
        sides
    }
}

/// All works, in the order of the table.
pub(super) fn all(effort: Effort, processors: Processors) -> Vec<Work<'static>> {
    let mut works = round_trips(effort, processors);
    works.extend(one_way(effort, processors));
    works.extend([1, 2, 4, 8].map(|consumers| publish(effort, processors, consumers)));
    works.extend(blocking(effort, processors));
    works.push(setting_up(effort, processors));
    works
}

/// The capacities here and below are those with which most rivals are at their best.
/// How long a cache line takes there and back: how far apart the two processors are just now.
pub(super) fn line_ns(effort: Effort, processors: Processors) -> f64 {
    let shape = Shape { len: 8, capacity: 1, waiting: Waiting::Spin, consumers: 1 };
    pair::round_trip::<Line>(&plan(shape, Way::Copied, effort, processors))
}

fn round_trips(effort: Effort, processors: Processors) -> Vec<Work<'static>> {
    let works = [
        ("round trip, 8 B", 8, 16, Way::Copied, 1.15),
        ("round trip, 1 KiB, copied in and out", KIB, 4, Way::Copied, 5.9),
        ("round trip, 1 KiB, in place", KIB, 4, Way::InPlace, 4.0),
    ];
    let work = |(name, len, capacity, way, floor_max): (&str, usize, usize, Way, f64)| {
        let shape = Shape { len, capacity, waiting: Waiting::Spin, consumers: 1 };
        let task = Task { measure: Measure::RoundTrip, plan: plan(shape, way, effort, processors) };
        Work {
            name: name.to_owned(),
            chart: ROUND_TRIPS,
            bytes: len,
            goals: Goals { floor_max: Some(floor_max), ..Goals::default() },
            floor: ("a cache line each way", task.with_a_word().run::<Line>()),
            sides: task.sides(),
        }
    };
    works.map(work).into()
}

fn one_way(effort: Effort, processors: Processors) -> Vec<Work<'static>> {
    let two_thirds = Goals { rival_max: Some((None, 1.0 / 1.5)), ..Goals::default() };
    let before_iceoryx = Goals { rival_max: Some((Some("iceoryx2"), 1.0 / 1.2)), ..Goals::default() };
    let works = [
        ("one way, 64 B", 64, 16384, Way::Copied, Goals { ns_max: Some(20.0), ..two_thirds }),
        ("one way, 1 KiB", KIB, 4096, Way::Copied, Goals { ns_max: Some(50.0), ..Goals::default() }),
        (
            "one way, 64 KiB, copied in and out",
            64 * KIB,
            64,
            Way::Stamped,
            Goals { floor_max: Some(1.0 / 0.6), ..Goals::default() },
        ),
        ("one way, 1 MiB, in place", MIB, 8, Way::InPlace, before_iceoryx),
    ];
    let work = |(name, len, capacity, way, goals): (&str, usize, usize, Way, Goals)| {
        let shape = Shape { len, capacity, waiting: Waiting::Own, consumers: 1 };
        let task = Task { measure: Measure::OneWay, plan: plan(shape, way, effort, processors) };
        let floor = copy(effort, len);
        Work { name: name.to_owned(), chart: ONE_WAY, bytes: len, goals, floor, sides: task.sides() }
    };
    let mut works = Vec::from(works.map(work));
    works.insert(1, batches(effort, processors));
    works
}

fn batches(effort: Effort, processors: Processors) -> Work<'static> {
    let shape = Shape { len: 64, capacity: 16384, waiting: Waiting::Own, consumers: 1 };
    let task = Task { measure: Measure::Batches, plan: plan(shape, Way::Copied, effort, processors) };
    Work {
        name: format!("one way, 64 B, {} at a time", pair::BATCH),
        chart: ONE_WAY,
        bytes: 64,
        goals: Goals::default(),
        floor: copy(effort, 64),
        sides: task.sides(),
    }
}

fn publish(effort: Effort, processors: Processors, consumers: usize) -> Work<'static> {
    let shape = Shape { len: 64, capacity: 1024, waiting: Waiting::Own, consumers };
    let task = Task { measure: Measure::Publish, plan: plan(shape, Way::Copied, effort, processors) };
    Work {
        name: format!("publish 64 B to {consumers}"),
        chart: PUBLISH,
        bytes: 64,
        goals: Goals::default(),
        floor: copy(effort, 64),
        sides: task.sides(),
    }
}

fn blocking(effort: Effort, processors: Processors) -> Vec<Work<'static>> {
    let works = [
        ("blocking round trip, the other asleep", processors, ASLEEP),
        ("blocking round trip, back to back", processors, Duration::ZERO),
        ("blocking round trip, on one processor", processors.together(), Duration::ZERO),
    ];
    let work = |(name, processors, pause): (&str, Processors, Duration)| {
        let shape = Shape { len: 8, capacity: 64, waiting: Waiting::Block, consumers: 1 };
        let plan = Plan { pause, ..plan(shape, Way::Copied, effort, processors) };
        let task = Task { measure: Measure::RoundTrip, plan };
        Work {
            name: name.to_owned(),
            chart: BLOCKING,
            bytes: 8,
            goals: Goals { floor_max: Some(1.1), ..Goals::default() },
            floor: ("a bare futex", task.run::<Futex>()),
            sides: task.sides(),
        }
    };
    works.map(work).into()
}

fn setting_up(effort: Effort, processors: Processors) -> Work<'static> {
    let shape = Shape { len: 8, capacity: 64, waiting: Waiting::Spin, consumers: 1 };
    let task = Task { measure: Measure::SetUp, plan: plan(shape, Way::Copied, effort, processors) };
    Work {
        name: "set-up: create, open, first message".to_owned(),
        chart: BLOCKING,
        bytes: 8,
        goals: Goals { ns_max: Some(200e3), ..Goals::default() },
        floor: ("shm_open, mmap, a line", task.run::<Segment>()),
        sides: task.sides(),
    }
}

fn plan(shape: Shape, way: Way, effort: Effort, processors: Processors) -> Plan {
    Plan { shape, way, round: effort.round, processors, pause: Duration::ZERO }
}

/// One `memcpy` of the message from cache to cache.
fn copy(effort: Effort, len: usize) -> Side {
    let mut times = 0;
    let run = move || {
        if times == 0 {
            times = repetitions(effort.round, &mut |times| floors::copy_ns(len, times));
        }
        floors::copy_ns(len, times)
    };
    ("memcpy in cache", Box::new(run))
}
