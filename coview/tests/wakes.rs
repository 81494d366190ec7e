//! Wakes: none is lost to a waiter that cannot use it or dies with it, and none comes out of nothing.

mod common;

use std::mem::forget;
use std::process;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{Actor, DEADLINE, Outcome, SHORT, given, hear_out, name, note, play, say, settle};
use coview::{Event, Mutex, Reset, Semaphore, wait_all_timeout, wait_any, wait_any_timeout};

/// How many threads of a process wait for any of several objects when it is killed.
const CROWD: usize = 8;

/// Holds a mutex until it is killed, while other threads wait for the mutex and an event.
#[test]
fn role_owner() {
    play("role_owner", || {
        let (mutex, event) = (Mutex::open(&given("NAME"))?, Event::open(&given("EVENT"))?);
        forget(mutex.lock()?);
        let crowd: usize = given("CROWD").parse()?;
        thread::scope(|scope| {
            for _ in 0..crowd {
                scope.spawn(|| {
                    say("waiting");
                    let any = wait_any(&[(&mutex).into(), (&event).into()]);
                    say(&format!("the wait has ended: {any:?}"));
                });
            }
            say("owned");
            hear_out();
            process::exit(0)
        })
    });
}

fn owner(mutex: &Mutex, event: &Event, crowd: usize) -> Actor {
    let given = [("NAME", mutex.name()), ("EVENT", event.name()), ("CROWD", &crowd.to_string())];
    let mut actor = Actor::start("role_owner", &given);
    let mut lines: Vec<String> = (0..=crowd).map(|_| actor.line()).collect();
    lines.retain(|line| line != "waiting");
    assert_eq!(lines, ["owned"]);
    actor
}

#[test]
fn role_locker() {
    play("role_locker", || {
        let mutex = Mutex::open(&given("NAME"))?;
        say("ready");
        let guard = mutex.lock_timeout(DEADLINE)?.ok_or("the lock did not come")?;
        say(if guard.was_abandoned() { "locked, abandoned" } else { "locked" });
        Ok(())
    });
}

#[test]
fn role_waiter() {
    play("role_waiter", || {
        let event = Event::open(&given("NAME"))?;
        say("ready");
        match given("SEVERAL").as_str() {
            "yes" => drop(wait_any_timeout(&[(&event).into()], DEADLINE)?),
            _ => assert!(event.wait_timeout(DEADLINE)?, "it is forgotten"),
        }
        hear_out();
        Ok(())
    });
}

#[test]
fn a_dead_owners_mutex_reaches_a_locker_although_a_wait_for_all_sleeps_before_it() -> Outcome {
    let mutex = Mutex::create(&name("wall.mutex"))?;
    let event = Event::create(&name("wall.event"), Reset::Auto)?;
    let mut owner = owner(&mutex, &event, 0);
    let (sender, ready) = mpsc::channel();
    thread::scope(|scope| -> Outcome {
        let first = scope.spawn({
            let (mutex, event, sender) = (&mutex, &event, sender.clone());
            move || {
                let _ = sender.send(());
                wait_all_timeout(&[mutex.into(), event.into()], DEADLINE * 2)
                    .map(|all| all.map(|all| all.abandoned().len()))
            }
        });
        ready.recv_timeout(DEADLINE)?;
        settle(2);
        let second = scope.spawn({
            let mutex = &mutex;
            move || {
                let _ = sender.send(());
                mutex.lock_timeout(DEADLINE).map(|guard| guard.map(|guard| guard.was_abandoned()))
            }
        });
        ready.recv_timeout(DEADLINE)?;
        settle(2);
        owner.kill();
        let locked = second.join().expect("it does not panic");
        event.set()?;
        let waited = first.join().expect("it does not panic");
        assert_eq!(locked?, Some(true), "the locker sleeps on");
        assert_eq!(waited?, Some(0), "the wait for all sleeps on, or was told of a death that the locker knows of");
        Ok(())
    })
}

#[test]
fn a_wait_for_all_sees_a_manual_event_that_is_set_and_reset_at_once() -> Outcome {
    const PULSES: u32 = 8;
    let event = Event::create(&name("pulse"), Reset::Manual)?;
    let semaphore = Semaphore::create(&name("pulse.semaphore"), PULSES, PULSES)?;
    for both in [false, true] {
        let mut missed = 0;
        for _ in 0..PULSES {
            let (sender, ready) = mpsc::channel();
            let seen = thread::scope(|scope| -> Result<bool, Box<dyn std::error::Error>> {
                let waiter = scope.spawn(|| {
                    let _ = sender.send(());
                    let objects = [(&event).into(), (&semaphore).into()];
                    wait_all_timeout(&objects[..if both { 2 } else { 1 }], SHORT * 10).map(|all| all.is_some())
                });
                ready.recv_timeout(DEADLINE)?;
                settle(1);
                event.set()?;
                event.reset()?;
                Ok(waiter.join().expect("it does not panic")?)
            })?;
            missed += u32::from(!seen);
        }
        // One or two may have had too little time to fall asleep.
        note(&format!("{missed} of {PULSES} pulses were missed"));
        assert!(missed <= 2, "{missed} of {PULSES} pulses were missed");
    }
    assert!(!event.try_wait()?);
    Ok(())
}

#[test]
fn a_killed_wait_for_any_takes_no_wake_with_it() -> Outcome {
    let mutex = Mutex::create(&name("any.mutex"))?;
    let event = Event::create(&name("any.event"), Reset::Manual)?;
    for _ in 0..6 {
        let mut owner = owner(&mutex, &event, CROWD);
        let mut locker = Actor::start("role_locker", &[("NAME", mutex.name())]);
        locker.says("ready");
        settle(1);
        assert_eq!(owner.said(), Vec::<String>::new());
        owner.kill();
        locker.says("locked, abandoned");
        locker.finish();
        assert!(mutex.try_lock()?.is_some_and(|guard| !guard.was_abandoned()));
    }
    Ok(())
}

#[test]
fn a_killed_waiter_leaves_no_signal_that_nobody_has_given() -> Outcome {
    let event = Event::create(&name("ghost"), Reset::Auto)?;
    for round in 0..12 {
        let mut waiter = Actor::start("role_waiter", &[("NAME", event.name()), ("SEVERAL", "no")]);
        waiter.says("ready");
        settle(0);
        event.set()?;
        waiter.kill();
        // The signal may be there still or be gone with the waiter, but what is gone does not come back.
        let left = event.try_wait()?;
        let again = event.wait_timeout(Duration::from_millis(5))?;
        let any = wait_any_timeout(&[(&event).into()], Duration::from_millis(10))?.is_some();
        let all = wait_all_timeout(&[(&event).into()], Duration::from_millis(10))?.is_some();
        assert_eq!((again, any, all), (false, false, false), "round {round}, with a signal left: {left}");
    }
    event.set()?;
    assert!(event.try_wait()? && !event.try_wait()?);
    Ok(())
}

/// Sets an event twice while two threads wait for it, and says how many were released.
fn released_by_two_sets(event: &Event, round: u32, several: bool) -> coview::Result<usize> {
    let never = Semaphore::create(&name("never"), 0, 1)?;
    let timeout = Duration::from_millis(400) + Duration::from_millis(40 << round);
    thread::scope(|scope| {
        let wait = || match several {
            true => wait_any_timeout(&[(&never).into(), event.into()], timeout).map(|any| any.is_some()),
            false => event.wait_timeout(timeout),
        };
        let threads = [scope.spawn(wait), scope.spawn(wait)];
        settle(round);
        event.set()?;
        event.set()?;
        threads.into_iter().try_fold(0, |sum, thread| Ok(sum + usize::from(thread.join().expect("no thread panics")?)))
    })
}

#[test]
fn two_sets_release_two_who_are_blocked() -> Outcome {
    for (several, killed) in [(false, false), (true, false), (false, true), (true, true)] {
        let event = Event::create(&name("twice"), Reset::Auto)?;
        if killed {
            let mut waiter = Actor::start("role_waiter", &[("NAME", event.name()), ("SEVERAL", "yes")]);
            waiter.says("ready");
            settle(2);
            waiter.kill();
        }
        let mut rounds = 0..6;
        let released = rounds.any(|round| {
            let released = released_by_two_sets(&event, round, several).expect("nothing fails");
            // One who came late, or the one whom the killed did not take it from.
            event.reset().expect("resetting does not fail");
            released == 2
        });
        assert!(released, "several: {several}, killed: {killed}: one waits on in each round");
    }
    Ok(())
}

#[test]
fn sets_that_nobody_waits_for_do_not_add_up() -> Outcome {
    let (event, never) = (Event::create(&name("sum"), Reset::Auto)?, Event::create(&name("none"), Reset::Auto)?);
    thread::scope(|scope| -> Outcome {
        // Blocked, but not on this event alone: it can take nothing.
        let all =
            scope.spawn(|| wait_all_timeout(&[(&event).into(), (&never).into()], SHORT * 20).map(|all| all.is_some()));
        settle(2);
        for _ in 0..5 {
            event.set()?;
        }
        assert!(event.try_wait()? && !event.try_wait()?);
        assert!(!event.wait_timeout(SHORT)? && wait_any_timeout(&[(&event).into()], SHORT)?.is_none());
        event.set()?;
        never.set()?;
        assert!(all.join().expect("it does not panic")?);
        assert!(!event.try_wait()? && !never.try_wait()?);
        Ok(())
    })
}
