//! Waits that an alert ends, and mutexes that a thread gives up while it lives.
#![cfg(target_os = "linux")]

mod common;

use std::mem::forget;
use std::thread;
use std::time::{Duration, Instant};

use common::{Actor, DEADLINE, Outcome, SHORT, failure, given, hear_out, in_thread, name, play, say, settle};
use coview::os::linux::{Waited, abandon_held, wait_all_unless, wait_any_unless};
use coview::{ErrorKind, Event, Mutex, Reset, Semaphore, Timer, Waitable};

/// How a wait ended, in a word.
fn any(objects: &[Waitable<'_>], alert: &Event, timeout: Option<Duration>) -> coview::Result<String> {
    Ok(match wait_any_unless(objects, alert, timeout)? {
        Waited::Taken(any) => format!("taken {}", any.index()),
        Waited::Alerted => "alerted".into(),
        Waited::TimedOut => "timed out".into(),
    })
}

fn all(objects: &[Waitable<'_>], alert: &Event, timeout: Option<Duration>) -> coview::Result<String> {
    Ok(match wait_all_unless(objects, alert, timeout)? {
        Waited::Taken(_) => "taken".into(),
        Waited::Alerted => "alerted".into(),
        Waited::TimedOut => "timed out".into(),
    })
}

#[test]
fn an_alert_is_looked_at_and_not_taken_and_objects_come_first() -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let (event, alert) = (Event::create(&name("event"), Reset::Auto)?, Event::create(&name("alert"), reset)?);
        let objects = [(&event).into()];
        for timeout in [Duration::ZERO, SHORT] {
            assert_eq!(any(&objects, &alert, Some(timeout))?, "timed out");
            assert_eq!(all(&objects, &alert, Some(timeout))?, "timed out");
        }
        alert.set()?;
        for timeout in [Some(Duration::ZERO), Some(SHORT), None] {
            assert_eq!(any(&objects, &alert, timeout)?, "alerted");
            assert_eq!(all(&objects, &alert, timeout)?, "alerted");
            event.set()?;
            assert_eq!(any(&objects, &alert, timeout)?, "taken 0");
            event.set()?;
            assert_eq!(all(&objects, &alert, timeout)?, "taken");
        }
        assert!(alert.try_wait()?, "somebody has taken it");
    }
    Ok(())
}

#[test]
fn without_objects_only_the_alert_and_the_time_end_a_wait_for_any() -> Outcome {
    let alert = Event::create(&name("alone"), Reset::Auto)?;
    let begin = Instant::now();
    assert_eq!(any(&[], &alert, Some(SHORT))?, "timed out");
    assert!(begin.elapsed() >= SHORT);
    alert.set()?;
    assert_eq!(any(&[], &alert, None)?, "alerted");
    assert_eq!(failure(wait_all_unless(&[], &alert, None)), ErrorKind::InvalidInput);
    let objects = [Waitable::from(&alert); 65];
    assert_eq!(failure(wait_any_unless(&objects, &alert, None)), ErrorKind::InvalidInput);
    Ok(())
}

#[test]
fn an_alert_reaches_who_is_blocked() -> Outcome {
    let (mutex, semaphore) = (Mutex::create(&name("mutex"))?, Semaphore::create(&name("semaphore"), 0, 1)?);
    let timers = (0..62).map(|_| Timer::create(&name("timer"), Reset::Auto)).collect::<coview::Result<Vec<_>>>()?;
    let mut objects: Vec<Waitable<'_>> = vec![(&mutex).into(), (&semaphore).into()];
    objects.extend(timers.iter().map(Waitable::from));
    let _owned = mutex.lock()?;
    for reset in [Reset::Auto, Reset::Manual] {
        let alert = Event::create(&name("blocked"), reset)?;
        for count in [1, 2, 64] {
            thread::scope(|scope| -> Outcome {
                let objects = &objects[..count];
                let one = scope.spawn(|| any(objects, &alert, Some(DEADLINE)));
                let other = scope.spawn(|| all(objects, &alert, Some(DEADLINE)));
                settle(1);
                alert.set()?;
                assert_eq!(one.join().expect("it does not panic")?, "alerted");
                assert_eq!(other.join().expect("it does not panic")?, "alerted");
                Ok(())
            })?;
            assert!(alert.try_wait()?);
            alert.reset()?;
        }
    }
    Ok(())
}

#[test]
fn sixty_four_timers_and_an_alert_are_not_too_many() -> Outcome {
    let timers = (0..64).map(|_| Timer::create(&name("full"), Reset::Auto)).collect::<coview::Result<Vec<_>>>()?;
    let objects: Vec<Waitable<'_>> = timers.iter().map(Waitable::from).collect();
    let alert = Event::create(&name("full.alert"), Reset::Auto)?;
    for index in [0, 63] {
        thread::scope(|scope| -> Outcome {
            let waiter = scope.spawn(|| any(&objects, &alert, Some(DEADLINE)));
            settle(1);
            timers[index].set(Duration::from_millis(1), None)?;
            assert_eq!(waiter.join().expect("it does not panic")?, format!("taken {index}"));
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn role_waiter() {
    play("role_waiter", || {
        let (mutex, alert) = (Mutex::open(&given("NAME"))?, Event::open(&given("ALERT"))?);
        say("ready");
        let waited = wait_any_unless(&[(&mutex).into()], &alert, Some(DEADLINE))?;
        say(match &waited {
            Waited::Taken(any) if any.was_abandoned() => "abandoned",
            Waited::Taken(_) => "taken",
            Waited::Alerted => "alerted",
            Waited::TimedOut => "timed out",
        });
        hear_out();
        Ok(())
    });
}

#[test]
fn what_a_living_thread_abandons_another_process_has_at_once() -> Outcome {
    let (mutex, alert) = (Mutex::create(&name("given.up"))?, Event::create(&name("quiet"), Reset::Manual)?);
    for blocked in [false, true] {
        forget(mutex.lock()?);
        forget(mutex.lock()?);
        let mut waiter = Actor::start("role_waiter", &[("NAME", mutex.name()), ("ALERT", alert.name())]);
        waiter.says("ready");
        if blocked {
            settle(2);
        }
        abandon_held();
        waiter.says("abandoned");
        assert_eq!(failure(mutex.unlock()), ErrorKind::NotOwner);
        assert!(mutex.try_lock()?.is_none());
        waiter.finish();
    }
    Ok(())
}

#[test]
fn all_that_a_thread_has_is_abandoned_and_nothing_else() -> Outcome {
    let mutexes = (0..20).map(|_| Mutex::create(&name("held"))).collect::<coview::Result<Vec<_>>>()?;
    let (other, gone) = (Mutex::create(&name("other"))?, name("gone"));
    thread::scope(|scope| -> Outcome {
        let (sender, ready) = std::sync::mpsc::channel();
        let (release, end) = std::sync::mpsc::channel::<()>();
        let other = &other;
        let holder = scope.spawn(move || -> coview::Result<bool> {
            let guard = other.lock()?;
            let _ = sender.send(());
            let _ = end.recv();
            Ok(guard.was_abandoned())
        });
        ready.recv_timeout(DEADLINE)?;
        for _ in 0..3 {
            mutexes.iter().try_for_each(|mutex| mutex.lock().map(forget))?;
            // One whose handle is gone already.
            forget(Mutex::create_or_open(&gone)?.lock()?);
            abandon_held();
            abandon_held();
            for mutex in &mutexes {
                assert!(in_thread(|| mutex.try_lock().map(|guard| guard.is_some_and(|guard| guard.was_abandoned())))?);
                assert!(mutex.try_lock()?.is_some_and(|guard| !guard.was_abandoned()));
            }
        }
        assert!(other.try_lock()?.is_none(), "another thread's was abandoned");
        drop(release);
        assert!(!holder.join().expect("it does not panic")?);
        Ok(())
    })?;
    assert!(!other.lock()?.was_abandoned());
    Ok(())
}

#[test]
fn a_guard_of_what_was_abandoned_means_nothing_any_more() -> Outcome {
    let mutex = Mutex::create(&name("guard"))?;
    let guard = mutex.lock()?;
    abandon_held();
    drop(guard);
    assert!(mutex.lock()?.was_abandoned());
    Ok(())
}
