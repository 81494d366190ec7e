//! Events: what a set releases, in one process and across several.

mod common;

use std::time::{Duration, Instant};

use common::{Actor, DEADLINE, Outcome, SHORT, given, hear, in_thread, name, play, say, settle, within};
use coview::{Event, EventOptions, Reset, State};

#[test]
fn an_auto_reset_event_releases_one_wait_per_set() -> Outcome {
    let event = Event::create(&name("auto"), Reset::Auto)?;
    assert!(!event.try_wait()?);
    event.set()?;
    event.wait()?;
    assert!(!event.try_wait()?);
    event.set()?;
    assert!(event.wait_timeout(SHORT)?);
    assert!(!event.wait_timeout(SHORT)?);
    Ok(())
}

#[test]
fn sets_do_not_add_up() -> Outcome {
    let event = Event::create(&name("sum"), Reset::Auto)?;
    for _ in 0..5 {
        event.set()?;
    }
    assert!(event.try_wait()?);
    assert!(!event.try_wait()?);
    Ok(())
}

#[test]
fn a_manual_reset_event_releases_everyone_until_it_is_reset() -> Outcome {
    let event = Event::create(&name("manual"), Reset::Manual)?;
    event.set()?;
    assert!(event.try_wait()? && event.try_wait()? && event.wait_timeout(SHORT)?);
    event.reset()?;
    event.reset()?;
    assert!(!event.try_wait()?);
    Ok(())
}

#[test]
fn a_reset_takes_a_set_back() -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let event = Event::create(&name("reset"), reset)?;
        event.set()?;
        event.reset()?;
        assert!(!event.try_wait()?);
        event.set()?;
        assert!(event.try_wait()?);
    }
    Ok(())
}

#[test]
fn an_event_can_begin_signaled() -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let event = EventOptions::new(reset).signaled(true).create(&name("signaled"))?;
        let state = State::Event { manual: reset == Reset::Manual, signaled: true };
        assert_eq!(coview::stat(event.name())?.state, state);
        assert!(event.try_wait()?);
        assert_eq!(event.try_wait()?, reset == Reset::Manual);
    }
    Ok(())
}

#[test]
fn a_timeout_is_never_early() -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let event = Event::create(&name("timeout"), reset)?;
        for timeout in [Duration::ZERO, Duration::from_micros(1), Duration::from_millis(1), SHORT, SHORT * 3] {
            let begin = Instant::now();
            assert!(!event.wait_timeout(timeout)?);
            assert!(begin.elapsed() >= timeout && begin.elapsed() < DEADLINE, "{timeout:?}: {:?}", begin.elapsed());
        }
    }
    Ok(())
}

#[test]
fn an_endless_timeout_ends_with_the_set() -> Outcome {
    let event = Event::create(&name("endless"), Reset::Auto)?;
    let waiter = Event::open(event.name())?;
    let waiter = std::thread::spawn(move || waiter.wait_timeout(Duration::MAX));
    event.set()?;
    assert!(within("the waiter", move || waiter.join().expect("it does not panic"))?);
    Ok(())
}

/// Runs a few waiters that block, lets `release` act on the event, and returns how many were released.
fn released(
    event: &Event,
    waiters: u32,
    round: u32,
    release: impl FnOnce() -> coview::Result<()>,
) -> coview::Result<u32> {
    std::thread::scope(|scope| {
        let wait = || event.wait_timeout(Duration::from_secs(1) + Duration::from_millis(40 << round));
        let threads: Vec<_> = (0..waiters).map(|_| scope.spawn(wait)).collect();
        settle(round);
        release()?;
        threads.into_iter().try_fold(0, |sum, thread| Ok(sum + u32::from(thread.join().expect("no thread panics")?)))
    })
}

#[test]
fn a_manual_reset_event_that_is_set_and_reset_at_once_releases_all_who_are_blocked() -> Outcome {
    let event = Event::create(&name("pulse"), Reset::Manual)?;
    let pulse = || event.set().and_then(|()| event.reset());
    for round in 0..6 {
        if released(&event, 8, round, pulse)? == 8 {
            assert!(!event.try_wait()?, "it stays reset");
            return Ok(());
        }
    }
    Err("some of the blocked were left behind in each round".into())
}

#[test]
fn two_sets_release_two_who_are_blocked() -> Outcome {
    let event = Event::create(&name("two"), Reset::Auto)?;
    for round in 0..6 {
        let count = released(&event, 4, round, || event.set().and_then(|()| event.set()))?;
        assert!(count <= 2, "{count} were released by two sets");
        if count == 2 {
            return Ok(());
        }
        event.reset()?;
    }
    Err("two sets released one waiter in each round".into())
}

#[test]
fn a_set_releases_one_of_many_who_are_blocked_and_a_manual_one_all() -> Outcome {
    let auto = Event::create(&name("one.of.many"), Reset::Auto)?;
    assert_eq!(released(&auto, 5, 0, || auto.set())?, 1);
    let manual = Event::create(&name("all.of.many"), Reset::Manual)?;
    assert_eq!(released(&manual, 5, 0, || manual.set())?, 5);
    Ok(())
}

#[test]
fn role_pong() {
    play("role_pong", || {
        let (ping, pong) = (Event::open(&given("PING"))?, Event::open(&given("PONG"))?);
        say("ready");
        for _ in 0..given("ROUNDS").parse::<u32>()? {
            if !ping.wait_timeout(DEADLINE)? {
                return Err("no ping came".into());
            }
            pong.set()?;
        }
        Ok(())
    });
}

#[test]
fn no_set_is_lost_between_two_processes() -> Outcome {
    let rounds = 3000;
    let (ping, pong) = (Event::create(&name("ping"), Reset::Auto)?, Event::create(&name("pong"), Reset::Auto)?);
    let given = [("PING", ping.name()), ("PONG", pong.name()), ("ROUNDS", &*rounds.to_string())];
    let mut other = Actor::start("role_pong", &given);
    other.says("ready");
    for round in 0..rounds {
        ping.set()?;
        assert!(pong.wait_timeout(DEADLINE)?, "the set of round {round} was lost");
    }
    other.finish();
    Ok(())
}

#[test]
fn role_waiter() {
    play("role_waiter", || {
        let event = Event::open(&given("NAME"))?;
        say("ready");
        while hear().is_some() {
            say(if event.wait_timeout(DEADLINE)? { "released" } else { "forgotten" });
        }
        Ok(())
    });
}

#[test]
fn a_set_reaches_every_process() -> Outcome {
    let event = Event::create(&name("processes"), Reset::Manual)?;
    let mut waiters: Vec<Actor> = (0..6).map(|_| Actor::start("role_waiter", &[("NAME", event.name())])).collect();
    for waiter in &mut waiters {
        waiter.says("ready");
        waiter.tell("wait");
    }
    event.set()?;
    waiters.iter_mut().for_each(|waiter| waiter.says("released"));
    waiters.into_iter().for_each(Actor::finish);
    Ok(())
}

#[test]
fn a_waiter_that_is_killed_does_not_stop_the_others() -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let event = Event::create(&name("killed"), reset)?;
        for _ in 0..10 {
            let mut dead = Actor::start("role_waiter", &[("NAME", event.name())]);
            let mut alive = Actor::start("role_waiter", &[("NAME", event.name())]);
            dead.says("ready");
            alive.says("ready");
            dead.tell("wait");
            alive.tell("wait");
            dead.kill();
            event.set()?;
            alive.says("released");
            event.reset()?;
        }
    }
    Ok(())
}

#[test]
fn the_death_of_a_process_changes_nothing_about_an_event() -> Outcome {
    let event = Event::create(&name("setter"), Reset::Auto)?;
    let mut setter = Actor::start("role_setter", &[("NAME", event.name())]);
    setter.says("set");
    setter.kill();
    assert!(event.try_wait()?);
    Ok(())
}

#[test]
fn role_setter() {
    play("role_setter", || {
        Event::open(&given("NAME"))?.set()?;
        say("set");
        common::hear_out();
        Ok(())
    });
}

#[test]
fn sets_from_many_threads_release_each_waiter_once() -> Outcome {
    let event = Event::create(&name("many"), Reset::Auto)?;
    let taken = std::sync::atomic::AtomicU32::new(0);
    let order = std::sync::atomic::Ordering::Relaxed;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while event.wait_timeout(Duration::from_millis(500)).expect("waiting does not fail") {
                    taken.fetch_add(1, order);
                }
            });
        }
        for _ in 0..3 {
            scope.spawn(|| (0..1000).for_each(|_| event.set().expect("setting does not fail")));
        }
    });
    let taken = taken.into_inner();
    assert!((1..=3000).contains(&taken), "{taken} waits for 3000 sets");
    assert!(!in_thread(|| event.try_wait())?, "a set was left and nobody took it");
    Ok(())
}
