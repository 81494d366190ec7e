//! Semaphores, and waiting for several objects when one is signaled already. The floors are the atomics that are needed.

use std::sync::atomic::{AtomicU32, Ordering};

use coview::{Event, Reset, Semaphore, Waitable, wait_all, wait_any};

use crate::floor::memory::Memory;
use crate::measure::timed;
use crate::object_name;
use crate::report::{Case, Floor, Goal, Report};

const PAGE: usize = 4096;
/// How many places of `Memory` a page has.
const PLACES_PER_PAGE: usize = PAGE / 128;

pub(crate) fn measure(report: &mut Report) {
    semaphore(report);
    for count in [2, 64] {
        any_of(report, count, 0, "first");
        any_of(report, count, count - 1, "last");
        all_of(report, count);
    }
}

fn semaphore(report: &mut Report) {
    let semaphore = Semaphore::create(&object_name("semaphore"), 0, 10).expect("create");
    let memory = Memory::new(PAGE);
    let word = memory.word(0);
    report.compare(Case {
        group: "semaphores and waits",
        name: "semaphore release + acquire, alone".into(),
        bytes: 0,
        coview: &mut |times| {
            timed(times, || {
                assert_eq!(semaphore.release(1).expect("release"), 0);
                semaphore.acquire().expect("acquire");
            })
        },
        floors: &mut [Floor {
            name: "2 compare-exchange",
            goal: Goal::None,
            run: &mut |times| timed(times, || (add_below(word, 10), take(word)).1),
        }],
    });
}

fn any_of(report: &mut Report, count: usize, signaled: usize, place: &str) {
    let events = events(count);
    events[signaled].set().expect("set");
    let objects: Vec<Waitable> = events.iter().map(Waitable::from).collect();
    let memory = Memory::new(count * PAGE);
    memory.word(signaled * PLACES_PER_PAGE).store(1, Ordering::Relaxed);
    report.compare(Case {
        group: "semaphores and waits",
        name: format!("wait_any of {count}, {place} signaled"),
        bytes: 0,
        coview: &mut |times| timed(times, || assert_eq!(wait_any(&objects).expect("wait").index(), signaled)),
        floors: &mut [Floor {
            name: "a load for each",
            goal: Goal::None,
            run: &mut |times| timed(times, || assert_eq!(first_set(&memory, count), Some(signaled))),
        }],
    });
}

fn all_of(report: &mut Report, count: usize) {
    let events = events(count);
    events.iter().for_each(|event| event.set().expect("set"));
    let objects: Vec<Waitable> = events.iter().map(Waitable::from).collect();
    let memory = Memory::new(count * PAGE);
    report.compare(Case {
        group: "semaphores and waits",
        name: format!("wait_all of {count}, all signaled"),
        bytes: 0,
        coview: &mut |times| timed(times, || drop(wait_all(&objects).expect("wait"))),
        floors: &mut [Floor {
            name: "a load for each",
            goal: Goal::None,
            run: &mut |times| timed(times, || assert_eq!(first_set(&memory, count), None)),
        }],
    });
}

/// Manual-reset events, which a wait leaves as they are, so that the next one finds the same.
fn events(count: usize) -> Vec<Event> {
    (0..count).map(|index| Event::create(&object_name(&index.to_string()), Reset::Manual).expect("create")).collect()
}

/// Looks at one word on each of `count` pages, as scattered as the objects are.
fn first_set(memory: &Memory, count: usize) -> Option<usize> {
    (0..count).find(|index| memory.word(index * PLACES_PER_PAGE).load(Ordering::Acquire) != 0)
}

/// Adds one if the word stays within `maximum`.
fn add_below(word: &AtomicU32, maximum: u32) {
    let next = |count| (count < maximum).then_some(count + 1);
    // Release pairs with the acquire in `take`.
    word.fetch_update(Ordering::Release, Ordering::Relaxed, next).expect("it is below the maximum");
}

/// Takes one.
fn take(word: &AtomicU32) {
    // Acquire pairs with the release in `add_below`.
    word.fetch_update(Ordering::Acquire, Ordering::Relaxed, |count| count.checked_sub(1)).expect("there is one");
}
