//! Locking and unlocking, alone and with another process that wants the same lock, against a futex lock and the C
//! library's robust mutex.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use coview::Mutex;

use crate::floor::futex::FutexLock;
use crate::floor::memory::Memory;
use crate::floor::pthread::RobustMutex;
use crate::measure::{Figures, interleave, quantile, timed};
use crate::object_name;
use crate::peer::{Peer, Processors};
use crate::report::{Case, Floor, Goal, Report, Row};

const FUTEX: &str = "futex lock";
const ROBUST: &str = "robust pthread mutex";

/// The places in the shared memory of this file.
const LOCK: usize = 0;
const COUNTER: usize = 1;
const READY: usize = 2;
const STOP: usize = 3;
const PEER_COUNT: usize = 4;

pub(crate) fn measure(report: &mut Report, processors: Processors) {
    uncontended(report);
    nested(report);
    contended(report, "mutex, two processes contend", processors);
    contended(report, "mutex, two on one processor", processors.together());
}

fn uncontended(report: &mut Report) {
    let name = object_name("lock");
    let mutex = Mutex::create(&name).expect("create");
    let memory = Memory::new(4096);
    let (futex, robust) = (FutexLock::new(&memory, LOCK), RobustMutex::new(&memory, COUNTER));
    report.compare(Case {
        group: "locks",
        name: "mutex lock + unlock, alone".into(),
        bytes: 0,
        coview: &mut |times| timed(times, || drop(mutex.lock().expect("lock"))),
        floors: &mut [
            Floor {
                name: FUTEX,
                goal: Goal::Below(15.0),
                run: &mut |times| timed(times, || (futex.lock(), futex.unlock()).1),
            },
            Floor {
                name: ROBUST,
                goal: Goal::Ratio(1.0),
                run: &mut |times| timed(times, || (robust.lock(), robust.unlock()).1),
            },
        ],
    });
}

/// Taking a level more of a mutex that the thread has: no floor does that, so the plain futex lock stands beside it.
fn nested(report: &mut Report) {
    let mutex = Mutex::create(&object_name("lock")).expect("create");
    let _outer = mutex.lock().expect("lock");
    let memory = Memory::new(4096);
    let futex = FutexLock::new(&memory, LOCK);
    report.compare(Case {
        group: "locks",
        name: "mutex lock + unlock, nested".into(),
        bytes: 0,
        coview: &mut |times| timed(times, || drop(mutex.lock().expect("lock"))),
        floors: &mut [Floor {
            name: FUTEX,
            goal: Goal::None,
            run: &mut |times| timed(times, || (futex.lock(), futex.unlock()).1),
        }],
    });
}

fn contended(report: &mut Report, name: &str, processors: Processors) {
    if !report.wants("locks", name) {
        return;
    }
    let time = report.effort.round * 5;
    let object = object_name("lock");
    let created = Mutex::create(&object).expect("create");
    let open = || Mutex::open(&object).expect("open");
    let mut coview = || {
        contend(processors, time, open, |mutex, counter| {
            let _held = mutex.lock().expect("lock");
            bump(counter);
        })
    };
    let memory = Memory::new(4096);
    let mut futex = || {
        let open = || FutexLock::new(&memory, LOCK);
        contend(processors, time, open, |lock, counter| {
            lock.lock();
            bump(counter);
            lock.unlock();
        })
    };
    let place = Memory::new(4096);
    let initialised = RobustMutex::new(&place, LOCK);
    let mut robust = || {
        let open = || &initialised;
        contend(processors, time, open, |lock, counter| {
            lock.lock();
            bump(counter);
            lock.unlock();
        })
    };
    let samples = interleave(report.effort.rounds, &mut [&mut coview, &mut futex, &mut robust]);
    drop(created);
    push(report, name, FUTEX, Goal::None, &samples[0], &samples[1]);
    push(report, name, ROBUST, Goal::Ratio(1.0), &samples[0], &samples[2]);
}

fn push(report: &mut Report, name: &str, floor: &'static str, goal: Goal, coview: &[Contest], against: &[Contest]) {
    let costs = |contests: &[Contest]| contests.iter().map(|contest| contest.ns).collect::<Vec<_>>();
    let share =
        |contests: &[Contest]| 100.0 * quantile(&contests.iter().map(|contest| contest.share).collect::<Vec<_>>(), 0.5);
    report.push(Row {
        group: "locks",
        name: name.to_owned(),
        floor,
        figures: Figures::of(&costs(coview), &costs(against)),
        goal,
        note: format!("the weaker side got {:.0} %, the floor's {:.0} %", share(coview), share(against)),
    });
}

/// What came of two processes wanting one lock for a while.
struct Contest {
    /// The time that passed, divided by how often either of them had the lock.
    ns: f64,
    /// How much of that fell to the side that got less.
    share: f64,
}

/// Lets two processes take one lock for `time`, and checks that no addition under the lock was lost.
fn contend<L>(processors: Processors, time: Duration, open: impl Fn() -> L, add: impl Fn(&L, &AtomicU64)) -> Contest {
    let shared = Memory::new(4096);
    let (counter, ready, stop) = (shared.long(COUNTER), shared.long(READY), shared.long(STOP));
    let peer = Peer::start(processors.peers, || {
        let lock = open();
        // Release pairs with the parent's acquire loads.
        ready.store(1, Ordering::Release);
        let count = add_until(&lock, counter, &add, || stop.load(Ordering::Relaxed) != 0);
        shared.long(PEER_COUNT).store(count, Ordering::Release);
    });
    let lock = open();
    while ready.load(Ordering::Acquire) == 0 {
        std::thread::yield_now();
    }
    let start = Instant::now();
    let ours = add_until(&lock, counter, &add, || start.elapsed() >= time);
    let elapsed_ns = start.elapsed().as_nanos() as f64;
    // Relaxed: it only ends the peer's loop; `join` orders what the peer has written.
    stop.store(1, Ordering::Relaxed);
    peer.join();
    let peers = shared.long(PEER_COUNT).load(Ordering::Acquire);
    assert_eq!(counter.load(Ordering::Relaxed), ours + peers, "the lock let an addition be lost");
    Contest { ns: elapsed_ns / (ours + peers) as f64, share: ours.min(peers) as f64 / (ours + peers) as f64 }
}

/// Adds under the lock until `done`, which is asked only now and then, and returns how often that was.
fn add_until<L>(lock: &L, counter: &AtomicU64, add: impl Fn(&L, &AtomicU64), done: impl Fn() -> bool) -> u64 {
    let mut count = 0;
    while !done() {
        for _ in 0..32 {
            add(lock, counter);
        }
        count += 32;
    }
    count
}

/// Adds one in two steps, which only the lock makes one.
fn bump(counter: &AtomicU64) {
    // Relaxed: the lock orders the two sides, and the check at the end would show if it did not.
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}
