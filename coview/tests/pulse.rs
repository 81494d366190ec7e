//! Pulses, and other signals that have gone by: whom they release, and that they release nobody later.

mod common;

use std::thread;
use std::time::Duration;

use common::{Actor, DEADLINE, Outcome, SHORT, given, hear, hear_out, name, note, play, say, settle};
use coview::{Event, Mutex, Reset, Semaphore, wait_all_timeout, wait_any_timeout};

const ROUNDS: u32 = 6;

/// How a thread waits for an event.
#[derive(Clone, Copy)]
enum Way {
    Alone,
    Any,
    All,
}

impl Way {
    /// Waits in this way; the semaphore is never signaled for `Any`, and always for `All`.
    fn wait(self, event: &Event, empty: &Semaphore, full: &Semaphore, timeout: Duration) -> coview::Result<bool> {
        match self {
            Way::Alone => event.wait_timeout(timeout),
            Way::Any => Ok(wait_any_timeout(&[empty.into(), event.into()], timeout)?.is_some()),
            Way::All => Ok(wait_all_timeout(&[full.into(), event.into()], timeout)?.is_some()),
        }
    }
}

/// Lets threads block in these ways, does something, and says how many were released.
fn released(
    event: &Event,
    ways: &[Way],
    round: u32,
    act: impl FnOnce() -> coview::Result<()>,
) -> coview::Result<usize> {
    let (empty, full) = (Semaphore::create(&name("empty"), 0, 1)?, Semaphore::create(&name("full"), 100, 100)?);
    let timeout = Duration::from_millis(400) + Duration::from_millis(40 << round);
    thread::scope(|scope| {
        let wait = |way: Way| {
            let (event, empty, full) = (&event, &empty, &full);
            scope.spawn(move || way.wait(event, empty, full, timeout))
        };
        let threads: Vec<_> = ways.iter().map(|&way| wait(way)).collect();
        settle(round);
        act()?;
        threads.into_iter().try_fold(0, |sum, thread| Ok(sum + usize::from(thread.join().expect("no thread panics")?)))
    })
}

const SCENES: [&[Way]; 5] = [
    &[Way::Alone; 4],
    &[Way::Any; 4],
    &[Way::All; 4],
    &[Way::Alone, Way::Any, Way::All],
    &[Way::Any, Way::Alone, Way::Alone, Way::All, Way::All],
];

#[test]
fn a_pulse_that_nobody_waits_for_leaves_the_event_not_signaled() -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let event = Event::create(&name("nobody"), reset)?;
        event.pulse()?;
        assert!(!event.try_wait()? && !event.wait_timeout(SHORT)?);
        event.set()?;
        event.pulse()?;
        assert!(!event.try_wait()? && !event.wait_timeout(SHORT)?);
        event.set()?;
        assert!(event.try_wait()?);
    }
    Ok(())
}

#[test]
fn a_pulse_of_a_manual_reset_event_releases_all_who_are_blocked() -> Outcome {
    for ways in SCENES {
        let event = Event::create(&name("manual"), Reset::Manual)?;
        let mut best = 0;
        for round in 0..ROUNDS {
            best = best.max(released(&event, ways, round, || event.pulse())?);
            assert!(!event.try_wait()?, "it is signaled after a pulse");
            if best == ways.len() {
                break;
            }
        }
        assert_eq!(best, ways.len(), "some of the blocked were left behind in each round");
    }
    Ok(())
}

#[test]
fn a_pulse_of_an_auto_reset_event_releases_one_who_is_blocked() -> Outcome {
    for ways in SCENES {
        let event = Event::create(&name("auto"), Reset::Auto)?;
        let mut reached = false;
        for round in 0..ROUNDS {
            let count = released(&event, ways, round, || event.pulse())?;
            assert!(count <= 1, "{count} were released by one pulse");
            assert!(!event.try_wait()?, "it is signaled after a pulse");
            reached |= count == 1;
            if reached {
                break;
            }
        }
        assert!(reached, "nobody was released in any round");
    }
    Ok(())
}

#[test]
fn two_pulses_release_two_who_are_blocked() -> Outcome {
    let event = Event::create(&name("two"), Reset::Auto)?;
    for round in 0..ROUNDS {
        let count = released(&event, &[Way::Alone; 4], round, || event.pulse().and_then(|()| event.pulse()))?;
        assert!(count <= 2, "{count} were released by two pulses");
        if count == 2 {
            return Ok(());
        }
    }
    Err("two pulses released one waiter in each round".into())
}

#[test]
fn a_set_that_is_reset_at_once_releases_one_who_waits_for_several() -> Outcome {
    let event = Event::create(&name("set.reset"), Reset::Auto)?;
    for round in 0..ROUNDS {
        let count = released(&event, &[Way::Any; 3], round, || event.set().and_then(|()| event.reset()))?;
        assert!(count <= 1, "{count} were released by one set");
        if count == 1 {
            return Ok(());
        }
    }
    Err("nobody was released in any round".into())
}

#[test]
fn role_waiter() {
    play("role_waiter", || {
        let (event, other) = (Event::open(&given("NAME"))?, Semaphore::create(&name("other"), 0, 1)?);
        say("ready");
        while hear().is_some() {
            let alone = given("WAY") == "alone";
            let way = if alone { Way::Alone } else { Way::Any };
            say(if way.wait(&event, &other, &other, DEADLINE)? { "released" } else { "forgotten" });
        }
        hear_out();
        Ok(())
    });
}

#[test]
fn a_pulse_reaches_another_process() -> Outcome {
    for (reset, way) in [Reset::Auto, Reset::Manual].into_iter().flat_map(|reset| [(reset, "alone"), (reset, "any")]) {
        let event = Event::create(&name("process"), reset)?;
        let mut waiter = Actor::start("role_waiter", &[("NAME", event.name()), ("WAY", way)]);
        waiter.says("ready");
        waiter.tell("wait");
        common::until("a pulse reaches the other process", || {
            event.pulse().expect("pulsing does not fail");
            waiter.said() == ["released"]
        });
        waiter.finish();
    }
    Ok(())
}

#[test]
fn a_pulse_whose_waiters_were_killed_releases_nobody_who_comes_later() -> Outcome {
    for (reset, way) in [Reset::Auto, Reset::Manual].into_iter().flat_map(|reset| [(reset, "alone"), (reset, "any")]) {
        let event = Event::create(&name("late"), reset)?;
        for round in 0..4 {
            let mut waiter = Actor::start("role_waiter", &[("NAME", event.name()), ("WAY", way)]);
            waiter.says("ready");
            waiter.tell("wait");
            settle(round);
            waiter.kill();
            event.pulse()?;
            assert!(!event.wait_timeout(SHORT)?);
            assert!(wait_any_timeout(&[(&event).into()], SHORT)?.is_none());
            assert!(wait_all_timeout(&[(&event).into()], SHORT)?.is_none());
            event.set()?;
            assert!(event.try_wait()?);
            event.reset()?;
        }
    }
    Ok(())
}

/// Owns a mutex until it is told to let go.
#[test]
fn role_owner() {
    play("role_owner", || {
        let mutex = Mutex::open(&given("NAME"))?;
        let guard = mutex.lock()?;
        say("owned");
        hear();
        drop(guard);
        say("free");
        hear_out();
        Ok(())
    });
}

/// Ways in which an event is signaled and is not any more.
fn gone_by() -> [fn(&Event) -> coview::Result<()>; 5] {
    let set_seen_and_reset = |event: &Event| {
        event.set()?;
        settle(1);
        event.reset()
    };
    let set_seen_and_pulsed = |event: &Event| {
        event.set()?;
        settle(1);
        event.pulse()
    };
    let twice = |event: &Event| {
        event.set()?;
        settle(1);
        event.reset()?;
        event.set()?;
        event.reset()
    };
    [|event| event.set().and_then(|()| event.reset()), Event::pulse, set_seen_and_reset, set_seen_and_pulsed, twice]
}

#[test]
fn a_signal_that_has_gone_by_while_another_object_was_missing_does_not_count_in_a_wait_for_all() -> Outcome {
    for (reset, signal) in [Reset::Auto, Reset::Manual].into_iter().flat_map(|reset| gone_by().map(|act| (reset, act)))
    {
        let (event, mutex) = (Event::create(&name("gone.event"), reset)?, Mutex::create(&name("gone.mutex"))?);
        for event_first in [true, false] {
            let mut owner = Actor::start("role_owner", &[("NAME", mutex.name())]);
            owner.says("owned");
            thread::scope(|scope| -> Outcome {
                let waiter = scope.spawn(|| {
                    let mut objects = [(&event).into(), (&mutex).into()];
                    if !event_first {
                        objects.reverse();
                    }
                    wait_all_timeout(&objects, DEADLINE).map(|all| all.is_some())
                });
                settle(1);
                signal(&event)?;
                settle(1);
                owner.tell("let go");
                owner.says("free");
                settle(1);
                let waits = !waiter.is_finished();
                event.set()?;
                let ended = waiter.join().expect("it does not panic")?;
                assert!(waits, "a signal that had gone by has ended the wait");
                assert!(ended, "the wait goes on");
                Ok(())
            })?;
            event.reset()?;
            owner.finish();
        }
    }
    Ok(())
}

#[test]
fn a_signal_that_goes_by_while_all_others_are_there_ends_a_wait_for_all() -> Outcome {
    let signals: [fn(&Event) -> coview::Result<()>; 2] =
        [|event| event.set().and_then(|()| event.reset()), Event::pulse];
    for (reset, signal) in [Reset::Auto, Reset::Manual].into_iter().flat_map(|reset| signals.map(|act| (reset, act))) {
        let (event, mutex) = (Event::create(&name("by.event"), reset)?, Mutex::create(&name("by.mutex"))?);
        let wait = || wait_all_timeout(&[(&event).into(), (&mutex).into()], SHORT * 20).map(|all| all.is_some());
        let mut rounds = 0..ROUNDS;
        let seen = rounds.any(|round| {
            thread::scope(|scope| {
                let waiter = scope.spawn(wait);
                settle(round);
                signal(&event).expect("signaling does not fail");
                waiter.join().expect("it does not panic").expect("waiting does not fail")
            })
        });
        note(&format!("{reset:?}: rounds left: {}", rounds.len()));
        assert!(seen, "it went by unseen in each round");
        assert!(!event.try_wait()?);
    }
    Ok(())
}
