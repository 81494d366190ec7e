//! Setting and waiting: alone, and as a round trip between two processes, against a bare futex.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use coview::{Event, Reset};

use crate::floor::futex::FutexEvent;
use crate::floor::memory::Memory;
use crate::measure::{Figures, interleave, per_operation, timed};
use crate::object_name;
use crate::peer::{Peer, Processors};
use crate::report::{Case, Floor, Goal, Report, Row};

const FUTEX: &str = "bare futex";
const WARM_UP_TRIPS: u64 = 20;

pub(crate) fn measure(report: &mut Report, processors: Processors) {
    alone(report);
    set_again(report);
    round_trip(report, "event round trip, two processors", processors);
    round_trip(report, "event round trip, one processor", processors.together());
}

fn alone(report: &mut Report) {
    let event = Event::create(&object_name("event"), Reset::Auto).expect("create");
    let memory = Memory::new(4096);
    let futex = FutexEvent::new(&memory, 0);
    report.compare(Case {
        group: "events",
        name: "event set + wait, nobody sleeps".into(),
        bytes: 0,
        coview: &mut |times| {
            timed(times, || {
                event.set().expect("set");
                event.wait().expect("wait");
            })
        },
        floors: &mut [Floor {
            name: FUTEX,
            goal: Goal::None,
            run: &mut |times| timed(times, || (futex.set(), futex.wait()).1),
        }],
    });
}

fn set_again(report: &mut Report) {
    let event = Event::create(&object_name("event"), Reset::Manual).expect("create");
    let memory = Memory::new(4096);
    let futex = FutexEvent::new(&memory, 0);
    report.compare(Case {
        group: "events",
        name: "event set that is set already".into(),
        bytes: 0,
        coview: &mut |times| timed(times, || event.set().expect("set")),
        floors: &mut [Floor { name: FUTEX, goal: Goal::None, run: &mut |times| timed(times, || futex.set()) }],
    });
}

fn round_trip(report: &mut Report, name: &str, processors: Processors) {
    if !report.wants("events", name) {
        return;
    }
    let names = [object_name("ping"), object_name("pong")];
    let created = names.each_ref().map(|name| Event::create(name, Reset::Auto).expect("create"));
    let open = || names.each_ref().map(|name| Event::open(name).expect("open"));
    let (set, wait) = (|event: &Event| event.set().expect("set"), |event: &Event| event.wait().expect("wait"));
    let coview = |trips| ping_pong(processors, trips, open, set, wait);
    round_trips(report, ("events", name), processors, coview);
    drop(created);
}

/// Measures round trips of so many turns against those with a bare futex, and adds the row.
pub(crate) fn round_trips(
    report: &mut Report,
    (group, name): (&'static str, &str),
    processors: Processors,
    coview: impl Fn(u64) -> f64,
) {
    let trips = if report.quick { 400 } else { 2_000 };
    let memory = Memory::new(4096);
    let mut futex = || {
        let open = || [FutexEvent::new(&memory, 0), FutexEvent::new(&memory, 1)];
        ping_pong(processors, trips, open, FutexEvent::set, FutexEvent::wait)
    };
    let samples = interleave(report.effort.rounds, &mut [&mut || coview(trips), &mut futex]);
    report.push(Row {
        group,
        name: name.to_owned(),
        floor: FUTEX,
        figures: Figures::of(&samples[0], &samples[1]),
        goal: Goal::Ratio(1.1),
        note: String::new(),
    });
}

/// Sends a turn to another process and back, `trips` times, and returns the nanoseconds of one trip. Each side checks
/// that what it waited for has happened.
pub(crate) fn ping_pong<E>(
    processors: Processors,
    trips: u64,
    open: impl Fn() -> [E; 2],
    set: impl Fn(&E),
    wait: impl Fn(&E),
) -> f64 {
    let shared = Memory::new(4096);
    let (sent, answered) = (shared.long(0), shared.long(1));
    let all = WARM_UP_TRIPS + trips;
    let peer = Peer::start(processors.peers, || {
        let [ping, pong] = open();
        for turn in 1..=all {
            wait(&ping);
            expect_turn(sent, turn);
            // Relaxed: the event orders it.
            answered.store(turn, Ordering::Relaxed);
            set(&pong);
        }
    });
    let [ping, pong] = open();
    let mut start = Instant::now();
    for turn in 1..=all {
        // Relaxed: the event orders it.
        sent.store(turn, Ordering::Relaxed);
        set(&ping);
        wait(&pong);
        expect_turn(answered, turn);
        if turn == WARM_UP_TRIPS {
            start = Instant::now();
        }
    }
    let trip_ns = per_operation(start, trips);
    peer.join();
    trip_ns
}

fn expect_turn(word: &AtomicU64, turn: u64) {
    // Relaxed: the event orders it, and this is how one would see that it does not.
    assert_eq!(word.load(Ordering::Relaxed), turn, "a wait returned without its set");
}
