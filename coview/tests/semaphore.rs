//! Semaphores: counts, limits, and permits that are never lost or made up.

mod common;

use std::time::{Duration, Instant};

use common::{Actor, DEADLINE, Outcome, SHORT, failure, given, hear, name, play, say, settle};
use coview::{ErrorKind, Mapping, Semaphore, State};

#[test]
fn as_many_can_acquire_as_the_count_says() -> Outcome {
    let semaphore = Semaphore::create(&name("count"), 3, 5)?;
    semaphore.acquire()?;
    assert!(semaphore.try_acquire()?);
    assert!(semaphore.acquire_timeout(SHORT)?);
    assert!(!semaphore.try_acquire()?);
    assert_eq!(semaphore.release(1)?, 0);
    assert!(semaphore.try_acquire()?);
    Ok(())
}

#[test]
fn a_release_tells_the_count_before() -> Outcome {
    let semaphore = Semaphore::create(&name("before"), 0, 10)?;
    assert_eq!([semaphore.release(1)?, semaphore.release(4)?, semaphore.release(5)?], [0, 1, 5]);
    assert_eq!(coview::stat(semaphore.name())?.state, State::Semaphore { count: 10, maximum: 10 });
    Ok(())
}

#[test]
fn a_release_above_the_maximum_changes_nothing() -> Outcome {
    let semaphore = Semaphore::create(&name("limit"), 2, 4)?;
    for count in [3, 4, 1 << 30, i32::MAX as u32, 1 << 31, u32::MAX] {
        assert_eq!(failure(semaphore.release(count)), ErrorKind::LimitExceeded, "release {count}");
    }
    assert_eq!(failure(semaphore.release(0)), ErrorKind::InvalidInput);
    assert_eq!(semaphore.release(2)?, 2);
    assert_eq!(failure(semaphore.release(1)), ErrorKind::LimitExceeded);
    Ok(())
}

#[test]
fn the_largest_maximum_is_reached_and_not_passed() -> Outcome {
    let maximum = i32::MAX as u32;
    let semaphore = Semaphore::create(&name("largest"), maximum - 1, maximum)?;
    assert_eq!(semaphore.release(1)?, maximum - 1);
    assert_eq!(failure(semaphore.release(1)), ErrorKind::LimitExceeded);
    assert_eq!(failure(semaphore.release(maximum)), ErrorKind::LimitExceeded);
    assert!(semaphore.try_acquire()?);
    assert_eq!(semaphore.release(1)?, maximum - 1);
    Ok(())
}

#[test]
fn a_timeout_is_never_early() -> Outcome {
    let semaphore = Semaphore::create(&name("timeout"), 0, 1)?;
    for timeout in [Duration::ZERO, Duration::from_micros(1), Duration::from_millis(1), SHORT, SHORT * 3] {
        let begin = Instant::now();
        assert!(!semaphore.acquire_timeout(timeout)?);
        assert!(begin.elapsed() >= timeout && begin.elapsed() < DEADLINE, "{timeout:?}: {:?}", begin.elapsed());
    }
    Ok(())
}

#[test]
fn a_release_of_n_releases_n_who_are_blocked() -> Outcome {
    let semaphore = Semaphore::create(&name("release"), 0, 10)?;
    let acquired = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..6).map(|_| scope.spawn(|| semaphore.acquire_timeout(Duration::from_secs(1)))).collect();
        settle(1);
        semaphore.release(4)?;
        threads.into_iter().try_fold(0, |sum, thread| Ok(sum + u32::from(thread.join().expect("no thread panics")?)))
    });
    assert_eq!(acquired.map_err(|error: coview::Error| error)?, 4);
    assert!(!semaphore.try_acquire()?);
    Ok(())
}

#[test]
fn role_user() {
    play("role_user", || {
        let semaphore = Semaphore::open(&given("NAME"))?;
        let inside = Mapping::open(&given("INSIDE"))?.view()?;
        let limit = given("LIMIT").parse::<u32>()?;
        let order = std::sync::atomic::Ordering::SeqCst;
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(1) {
            if !semaphore.acquire_timeout(DEADLINE)? {
                return Err("no permit came".into());
            }
            let others = inside.atomic_u32(0).fetch_add(1, order);
            if others >= limit {
                return Err(format!("{others} others are inside").into());
            }
            inside.atomic_u32(0).fetch_sub(1, order);
            semaphore.release(1)?;
        }
        Ok(())
    });
}

#[test]
fn permits_are_neither_lost_nor_made_up_among_processes() -> Outcome {
    let semaphore = Semaphore::create(&name("permits"), 2, 2)?;
    let inside = name("inside");
    let _inside = Mapping::create(&inside, 64)?;
    let given = [("NAME", semaphore.name()), ("INSIDE", &inside), ("LIMIT", "2")];
    let users: Vec<Actor> = (0..5).map(|_| Actor::start("role_user", &given)).collect();
    users.into_iter().for_each(Actor::finish);
    assert_eq!(coview::stat(semaphore.name())?.state, State::Semaphore { count: 2, maximum: 2 });
    Ok(())
}

#[test]
fn role_taker() {
    play("role_taker", || {
        let semaphore = Semaphore::open(&given("NAME"))?;
        say("ready");
        while hear().is_some() {
            say(if semaphore.acquire_timeout(DEADLINE)? { "acquired" } else { "forgotten" });
        }
        Ok(())
    });
}

#[test]
fn what_a_dead_process_has_acquired_stays_taken() -> Outcome {
    let semaphore = Semaphore::create(&name("taken"), 2, 2)?;
    let mut taker = Actor::start("role_taker", &[("NAME", semaphore.name())]);
    taker.says("ready");
    taker.tell("acquire");
    taker.says("acquired");
    taker.kill();
    assert!(semaphore.try_acquire()?);
    assert!(!semaphore.try_acquire()?);
    Ok(())
}

#[test]
fn a_waiter_that_is_killed_does_not_stop_the_others() -> Outcome {
    let semaphore = Semaphore::create(&name("killed"), 0, 100)?;
    for _ in 0..15 {
        let mut actors = [0; 2].map(|_| Actor::start("role_taker", &[("NAME", semaphore.name())]));
        for actor in &mut actors {
            actor.says("ready");
            actor.tell("acquire");
        }
        let [mut dead, mut alive] = actors;
        dead.kill();
        semaphore.release(1)?;
        alive.says("acquired");
        alive.finish();
        assert!(!semaphore.try_acquire()?);
    }
    Ok(())
}

#[test]
fn releases_and_acquires_of_many_threads_balance() -> Outcome {
    let semaphore = Semaphore::create(&name("balance"), 0, 1_000_000)?;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3000 {
                    assert!(semaphore.acquire_timeout(DEADLINE).expect("acquiring does not fail"));
                }
            });
            scope.spawn(|| {
                for _ in 0..1000 {
                    semaphore.release(3).expect("there is room");
                }
            });
        }
    });
    assert!(!semaphore.try_acquire()?);
    Ok(())
}
