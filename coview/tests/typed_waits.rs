//! Waiting until a typed value changes: woken by other processes and by other handles, through deaths, never early.

mod common;

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use common::sealed::Sealed;
use common::{Actor, DEADLINE, Dice, Outcome, SHORT, given, hear_out, name, note, play, say, seed, settle, until};
use coview::{Latest, LatestBytes, LatestBytesPublisher, LatestPublisher, Mapping, Region, Shared};

/// A run ends after so many rounds, or so much time.
const PING_PONGS: u64 = 10_000;
const DEATHS: u32 = 600;
const LONG_ENOUGH: Duration = Duration::from_secs(10);

/// So long sleeps on Linux whose wake was lost.
const STALL: Duration = Duration::from_millis(240);

/// How many rounds may stall: more than a few in a thousand are no chance of the scheduler.
fn stalls_max(rounds: u64) -> u64 {
    2 + rounds / 200
}

const WAITERS: usize = 6;

#[test]
fn role_pong() {
    play("role_pong", || {
        let (ping, pong) = (Shared::<u64>::open(&given("PING"))?, Shared::<u64>::open(&given("PONG"))?);
        say("ready");
        let mut seen = 1;
        loop {
            seen = ping.wait_changed(seen)?;
            let number = ping.get()?;
            pong.set(&number)?;
            if number == u64::MAX {
                return Ok(());
            }
        }
    });
}

#[test]
fn ten_thousand_ping_pongs_between_two_processes_lose_no_wake() -> Outcome {
    let (ping, pong) = (Shared::create(&name("ping"), &0u64)?, Shared::create(&name("pong"), &0u64)?);
    let mut peer = Actor::start("role_pong", &[("PING", ping.name()), ("PONG", pong.name())]);
    peer.says("ready");
    let begin = Instant::now();
    let (mut rounds, mut stalls, mut seen) = (0, 0, 1);
    while rounds < PING_PONGS && begin.elapsed() < LONG_ENOUGH {
        rounds += 1;
        let asked = Instant::now();
        ping.set(&rounds)?;
        seen = pong.wait_changed_timeout(seen, DEADLINE)?.ok_or("the peer does not answer")?;
        assert_eq!(pong.get()?, rounds);
        stalls += u64::from(asked.elapsed() >= STALL);
    }
    note(&format!("{rounds} rounds in {:.1} s, {stalls} of them stalled", begin.elapsed().as_secs_f64()));
    assert!(stalls <= stalls_max(rounds), "{stalls} of {rounds} rounds stalled");
    ping.set(&u64::MAX)?;
    peer.finish();
    Ok(())
}

#[test]
fn role_echo() {
    play("role_echo", || {
        let source = Latest::<Sealed>::open(&given("SOURCE"))?;
        let mut target = LatestBytesPublisher::create_or_open(&given("TARGET"), 8)?;
        say("ready");
        let mut seen = 0;
        loop {
            let reading = source.wait_newer_than(seen)?;
            reading.value.check()?;
            seen = reading.stamp.sequence;
            target.publish(&reading.value.number.to_le_bytes())?;
        }
    });
}

#[test]
fn an_echo_of_a_latest_value_in_another_process_loses_no_wake() -> Outcome {
    let (source, target) = (name("source"), name("target"));
    let mut publisher = LatestPublisher::<Sealed>::create(&source)?;
    let mut echo = Actor::start("role_echo", &[("SOURCE", &source), ("TARGET", &target)]);
    echo.says("ready");
    let reader = LatestBytes::open(&target)?;
    let begin = Instant::now();
    let (mut rounds, mut stalls) = (0, 0);
    while rounds < PING_PONGS && begin.elapsed() < LONG_ENOUGH {
        let asked = Instant::now();
        rounds = publisher.publish(&Sealed::new(rounds + 1))?;
        let reading = reader.wait_newer_than_timeout(rounds - 1, DEADLINE)?.ok_or("the echo does not come")?;
        assert_eq!((reading.stamp.sequence, reading.value), (rounds, rounds.to_le_bytes().to_vec()));
        stalls += u64::from(asked.elapsed() >= STALL);
    }
    note(&format!("{rounds} rounds in {:.1} s, {stalls} of them stalled", begin.elapsed().as_secs_f64()));
    assert!(stalls <= stalls_max(rounds), "{stalls} of {rounds} rounds stalled");
    echo.kill();
    Ok(())
}

/// Waits without a timeout, and notes in the ledger what it has seen.
#[test]
fn role_waiter() {
    play("role_waiter", || {
        let ledger = Mapping::open(&given("LEDGER"))?.view()?;
        let seen = ledger.atomic_u64(8 * given("INDEX").parse::<usize>()?);
        let name = given("NAME");
        let mut last = 0;
        if given("KIND") == "shared" {
            let shared = Shared::<Sealed>::open(&name)?;
            say("ready");
            loop {
                last = shared.wait_changed(last)?;
                shared.get()?.check()?;
                seen.store(last, Ordering::SeqCst);
            }
        }
        let reader = Latest::<Sealed>::open(&name)?;
        say("ready");
        loop {
            let reading = reader.wait_newer_than(last)?;
            reading.value.check()?;
            last = reading.stamp.sequence;
            seen.store(last, Ordering::SeqCst);
        }
    });
}

fn waiter(kind: &str, name: &str, ledger: &str, index: usize) -> Actor {
    let given = [("KIND", kind), ("NAME", name), ("LEDGER", ledger), ("INDEX", &index.to_string())];
    let mut waiter = Actor::start("role_waiter", &given);
    waiter.says("ready");
    waiter
}

#[test]
fn one_change_wakes_everyone_who_waits_for_it() -> Outcome {
    for kind in ["shared", "latest"] {
        let (name, ledger_name) = (name(kind), name("ledger"));
        let ledger = Mapping::create(&ledger_name, 64)?.view()?;
        let mut change: Box<dyn FnMut(u64) -> coview::Result<u64>> = if kind == "shared" {
            let shared = Shared::create(&name, &Sealed::new(0))?;
            Box::new(move |number| shared.set(&Sealed::new(number)))
        } else {
            let mut publisher = LatestPublisher::<Sealed>::create(&name)?;
            Box::new(move |number| publisher.publish(&Sealed::new(number)))
        };
        let waiters: Vec<Actor> = (0..WAITERS).map(|index| waiter(kind, &name, &ledger_name, index)).collect();
        let begin = Instant::now();
        for round in 1..=30 {
            let sequence = change(round)?;
            for index in 0..WAITERS {
                until("everyone has seen it", || ledger.atomic_u64(8 * index).load(Ordering::SeqCst) == sequence);
            }
            // They are asleep again, as likely as not.
            if round % 10 == 0 {
                settle(0);
            }
        }
        note(&format!("{kind}: 30 changes were seen by all {WAITERS} in {:?}", begin.elapsed()));
        assert!(waiters.iter().all(|waiter| waiter.said().is_empty()));
    }
    Ok(())
}

#[test]
fn waiters_that_are_killed_disturb_nobody() -> Outcome {
    let (name, ledger_name, seed) = (name("disturbed"), name("ledger"), seed());
    note(&format!("the seed is {seed}"));
    let ledger = Mapping::create(&ledger_name, 64)?.view()?;
    let shared = Shared::create(&name, &Sealed::new(0))?;
    let _survivors = [0, 1].map(|index| waiter("shared", &name, &ledger_name, index));
    let mut dice = Dice::new(seed);
    let begin = Instant::now();
    let mut killed = 0;
    while killed < DEATHS && begin.elapsed() < LONG_ENOUGH {
        let mut victim = waiter("shared", &name, &ledger_name, 2);
        for _ in 0..dice.below(4) {
            shared.set(&Sealed::new(dice.below(1000)))?;
        }
        thread::sleep(Duration::from_micros(dice.below(400)));
        victim.kill();
        killed += 1;
        let version = shared.set(&Sealed::new(dice.below(1000)))?;
        for index in 0..2 {
            until("a survivor sees it", || ledger.atomic_u64(8 * index).load(Ordering::SeqCst) == version);
        }
    }
    note(&format!("{killed} waiters were killed"));
    Ok(())
}

#[test]
fn role_changer() {
    play("role_changer", || {
        let name = given("NAME");
        if given("KIND") == "shared" {
            let shared = Shared::<Sealed>::open(&name)?;
            say("ready");
            loop {
                shared.update(|value| *value = Sealed::new(value.number + 1))?;
                thread::sleep(Duration::from_micros(50));
            }
        }
        let mut publisher = LatestPublisher::<Sealed>::open(&name)?;
        say("ready");
        loop {
            publisher.publish(&Sealed::new(1))?;
            thread::sleep(Duration::from_micros(50));
        }
    });
}

#[test]
fn nobody_sleeps_on_for_ever_when_the_one_who_was_to_wake_him_is_killed() -> Outcome {
    let seed = seed();
    note(&format!("the seed is {seed}"));
    for kind in ["shared", "latest"] {
        let (name, ledger_name) = (name(kind), name("ledger"));
        let ledger = Mapping::create(&ledger_name, 64)?.view()?;
        let _shared = (kind == "shared").then(|| Shared::create(&name, &Sealed::new(0))).transpose()?;
        let _latest = (kind == "latest").then(|| LatestPublisher::<Sealed>::create(&name)).transpose()?;
        let region = Region::open(&name)?;
        drop(_latest);
        let waiters = [0, 1].map(|index| waiter(kind, &name, &ledger_name, index));
        let mut dice = Dice::new(seed);
        let begin = Instant::now();
        let (mut killed, mut longest) = (0, Duration::ZERO);
        while killed < DEATHS && begin.elapsed() < LONG_ENOUGH / 2 {
            let mut changer = Actor::start("role_changer", &[("KIND", kind), ("NAME", &name)]);
            changer.says("ready");
            thread::sleep(Duration::from_micros(dice.below(1000)));
            changer.kill();
            killed += 1;
            let (died, last) = (Instant::now(), region.sequence());
            for index in 0..waiters.len() {
                until("a waiter sees what the dead has left", || {
                    ledger.atomic_u64(8 * index).load(Ordering::SeqCst) == last
                });
            }
            longest = longest.max(died.elapsed());
        }
        note(&format!("{kind}: {killed} were killed, and seen to have been within {longest:?}"));
        assert!(waiters.iter().all(|waiter| waiter.said().is_empty()));
    }
    Ok(())
}

#[test]
fn no_timeout_is_early() -> Outcome {
    let (shared, latest, bytes) = (name("shared"), name("latest"), name("bytes"));
    let shared = Shared::create(&shared, &1u8)?;
    let mut publisher = LatestPublisher::<u8>::create(&latest)?;
    let sequence = publisher.publish(&1)?;
    let mut bytes_publisher = LatestBytesPublisher::create(&bytes, 10)?;
    bytes_publisher.publish(b"1")?;
    let (reader, bytes, region) = (Latest::<u8>::open(&latest)?, LatestBytes::open(&bytes)?, Region::open(&latest)?);
    for timeout in [Duration::ZERO, Duration::from_micros(1), Duration::from_micros(1500), SHORT, SHORT * 10] {
        let waits: [&dyn Fn() -> coview::Result<bool>; 4] = [
            &|| Ok(shared.wait_changed_timeout(1, timeout)?.is_none()),
            &|| Ok(reader.wait_newer_than_timeout(sequence, timeout)?.is_none()),
            &|| Ok(bytes.wait_newer_than_timeout(1, timeout)?.is_none()),
            &|| Ok(region.wait_changed_timeout(sequence, timeout)?.is_none()),
        ];
        for (index, wait) in waits.iter().enumerate() {
            let begin = Instant::now();
            assert!(wait()?, "wait {index} saw a change that was none");
            assert!(begin.elapsed() >= timeout, "wait {index}: {:?} instead of {timeout:?}", begin.elapsed());
        }
    }
    // What has changed already is seen without time.
    assert_eq!(shared.wait_changed_timeout(0, Duration::ZERO)?, Some(1));
    assert!(reader.wait_newer_than_timeout(0, Duration::ZERO)?.is_some());
    assert!(bytes.wait_newer_than_timeout(u64::MAX, Duration::ZERO)?.is_some());
    Ok(())
}

#[test]
fn handles_of_one_process_wake_each_other() -> Outcome {
    let name = name("handles");
    let ours = Shared::create(&name, &0u64)?;
    let theirs = Shared::<u64>::open(&name)?;
    thread::scope(|scope| -> Outcome {
        let echo = scope.spawn(move || -> Result<(), String> {
            let mut seen = 1;
            while seen < 1001 {
                let changed = theirs.wait_changed_timeout(seen, DEADLINE).map_err(|error| error.to_string())?;
                theirs.update(|value| *value += 1).map_err(|error| error.to_string())?;
                // Nobody else writes before that is seen.
                seen = changed.ok_or("the other handle does not write")? + 1;
            }
            Ok(())
        });
        let mut stalls = 0;
        for round in (0..1000).step_by(2) {
            let begin = Instant::now();
            assert_eq!(ours.replace(&(round + 1))?, round);
            let version = round + 2;
            assert_eq!(ours.wait_changed_timeout(version, DEADLINE)?, Some(version + 1), "round {round}");
            stalls += u64::from(begin.elapsed() >= STALL);
        }
        assert!(stalls <= stalls_max(500), "{stalls} of 500 rounds stalled");
        echo.join().expect("it does not panic")?;
        Ok(())
    })
}

#[test]
fn role_late_publisher() {
    play("role_late_publisher", || {
        let mut publisher = LatestPublisher::<Sealed>::open(&given("NAME"))?;
        publisher.publish(&Sealed::new(publisher.generation()))?;
        say("published");
        hear_out();
        Ok(())
    });
}

#[test]
fn a_wait_lasts_through_the_end_of_one_publisher_until_the_next_one_publishes() -> Outcome {
    let name = name("through");
    let first = LatestPublisher::<Sealed>::create(&name)?;
    let reader = Latest::<Sealed>::open(&name)?;
    let reading = thread::scope(|scope| -> Result<_, Box<dyn std::error::Error>> {
        let waiter = scope.spawn(|| reader.wait_newer_than_timeout(0, DEADLINE));
        settle(0);
        drop(first);
        // The second one is killed before it has published anything.
        let mut second = Actor::start("role_silent_publisher", &[("NAME", &name)]);
        second.says("2");
        second.kill();
        assert!(!waiter.is_finished(), "it waits for a value, and not for a publisher");
        let mut third = Actor::start("role_late_publisher", &[("NAME", &name)]);
        third.says("published");
        let reading = waiter.join().expect("it does not panic")?.ok_or("it was not woken")?;
        third.finish();
        Ok(reading)
    })?;
    assert_eq!((reading.value, reading.stamp.sequence, reading.stamp.generation), (Sealed::new(3), 1, 3));
    Ok(())
}

#[test]
fn role_silent_publisher() {
    play("role_silent_publisher", || {
        let publisher = LatestPublisher::<Sealed>::open(&given("NAME"))?;
        say(&publisher.generation().to_string());
        hear_out();
        Ok(())
    });
}
