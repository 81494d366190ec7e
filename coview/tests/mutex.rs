//! Mutexes: exclusion, recursion, owners that die, and owners that close their handles.

mod common;

use std::mem::forget;
use std::time::{Duration, Instant};

use common::{
    Actor, DEADLINE, Outcome, SHORT, failure, given, hear, hear_out, in_thread, name, note, play, say, within,
};
use coview::{ErrorKind, Mapping, Mutex, State};

/// Says whether a thread that is not the caller's could lock the mutex now.
fn is_free(mutex: &Mutex) -> bool {
    in_thread(|| mutex.try_lock().map(|guard| guard.is_some())).expect("trying does not fail")
}

#[test]
fn a_mutex_excludes_other_threads_until_its_guard_is_dropped() -> Outcome {
    let mutex = Mutex::create(&name("exclusion"))?;
    let guard = mutex.lock()?;
    assert!(!guard.was_abandoned());
    assert!(!is_free(&mutex));
    assert!(!is_free(&Mutex::open(mutex.name())?), "another handle is the same mutex");
    drop(guard);
    assert!(is_free(&mutex));
    Ok(())
}

#[test]
fn the_owner_may_lock_again_through_any_handle() -> Outcome {
    let one = Mutex::create(&name("recursion"))?;
    let other = Mutex::open(one.name())?;
    let outer = one.lock()?;
    let middle = other.lock()?;
    let inner = one.try_lock()?.ok_or("the owner was refused")?;
    let last = other.lock_timeout(SHORT)?.ok_or("the owner was refused")?;
    for guard in [outer, last, inner] {
        drop(guard);
        assert!(!is_free(&one));
    }
    drop(middle);
    assert!(is_free(&one));
    Ok(())
}

#[test]
fn recursion_goes_deep() -> Outcome {
    let mutex = Mutex::create(&name("deep"))?;
    for _ in 0..100_000 {
        forget(mutex.lock()?);
    }
    for _ in 0..100_000 {
        assert!(mutex.unlock().is_ok());
    }
    assert!(is_free(&mutex));
    assert_eq!(failure(mutex.unlock()), ErrorKind::NotOwner);
    Ok(())
}

#[test]
fn only_the_owner_can_unlock() -> Outcome {
    let mutex = Mutex::create(&name("owner"))?;
    assert_eq!(failure(mutex.unlock()), ErrorKind::NotOwner);
    let guard = mutex.lock()?;
    assert_eq!(in_thread(|| failure(mutex.unlock())), ErrorKind::NotOwner);
    assert!(!is_free(&mutex));
    guard.unlock()?;
    assert_eq!(failure(mutex.unlock()), ErrorKind::NotOwner);
    assert!(is_free(&mutex));
    Ok(())
}

#[test]
fn a_timeout_is_never_early() -> Outcome {
    let mutex = Mutex::create(&name("timeout"))?;
    let _held = mutex.lock()?;
    for timeout in [Duration::from_micros(1), Duration::from_millis(1), SHORT, SHORT * 3] {
        let elapsed = in_thread(|| -> coview::Result<Duration> {
            let begin = Instant::now();
            assert!(mutex.lock_timeout(timeout)?.is_none());
            Ok(begin.elapsed())
        })?;
        assert!(elapsed >= timeout && elapsed < DEADLINE, "{timeout:?} took {elapsed:?}");
    }
    Ok(())
}

#[test]
fn endless_timeouts_are_understood() -> Outcome {
    let mutex = Mutex::create(&name("endless"))?;
    assert!(mutex.lock_timeout(Duration::MAX)?.is_some());
    assert!(mutex.lock_timeout(Duration::from_secs(u64::MAX / 2))?.is_some());
    let guard = mutex.lock()?;
    let waiter = std::thread::spawn({
        let mutex = Mutex::open(mutex.name())?;
        move || mutex.lock_timeout(Duration::MAX).map(|guard| guard.is_some())
    });
    drop(guard);
    assert!(within("the waiter", move || waiter.join().expect("it does not panic"))?);
    Ok(())
}

#[test]
fn a_waiter_gets_what_the_owner_gives_back() -> Outcome {
    let mutex = Mutex::create(&name("handover"))?;
    let mut waiter = Actor::start("role_locker", &[("NAME", mutex.name())]);
    waiter.says("ready");
    let guard = mutex.lock()?;
    waiter.tell("lock");
    assert_eq!(waiter.said(), Vec::<String>::new());
    drop(guard);
    waiter.says("locked");
    assert!(mutex.lock_timeout(SHORT)?.is_none());
    waiter.tell("unlock");
    waiter.says("unlocked");
    assert!(mutex.lock_timeout(DEADLINE)?.is_some_and(|guard| !guard.was_abandoned()));
    waiter.finish();
    Ok(())
}

#[test]
fn role_locker() {
    play("role_locker", || {
        let mut mutex = Some(Mutex::open(&given("NAME"))?);
        say("ready");
        while let Some(order) = hear() {
            let handle = mutex.as_ref().ok_or("it is closed");
            match order.as_str() {
                "lock" => {
                    let guard = handle?.lock_timeout(DEADLINE)?.ok_or("the lock did not come")?;
                    say(if guard.was_abandoned() { "locked, abandoned" } else { "locked" });
                    forget(guard);
                }
                "unlock" => {
                    handle?.unlock()?;
                    say("unlocked");
                }
                "close" => {
                    mutex = None;
                    say("closed");
                }
                "reopen" => {
                    mutex = Some(Mutex::open(&given("NAME"))?);
                    say("reopened");
                }
                order => return Err(format!("nobody knows how to {order}").into()),
            }
        }
        Ok(())
    });
}

/// A process that owns the mutex, once or several times.
fn owner(mutex: &Mutex, levels: u32) -> Actor {
    let mut actor = Actor::start("role_locker", &[("NAME", mutex.name())]);
    actor.says("ready");
    for _ in 0..levels {
        actor.tell("lock");
        actor.says("locked");
    }
    actor
}

#[test]
fn a_dead_process_abandons_its_mutex() -> Outcome {
    let mutex = Mutex::create(&name("dead.process"))?;
    for levels in [1, 2, 7] {
        let mut dead = owner(&mutex, levels);
        assert!(mutex.try_lock()?.is_none());
        dead.kill();
        let guard = mutex.try_lock()?.ok_or("a dead process still owns it")?;
        assert!(guard.was_abandoned(), "nobody was told");
        drop(guard);
        assert!(mutex.try_lock()?.is_some_and(|guard| !guard.was_abandoned()), "it was told twice");
    }
    Ok(())
}

#[test]
fn a_process_that_exits_as_owner_abandons_its_mutex() -> Outcome {
    let mutex = Mutex::create(&name("exit"))?;
    owner(&mutex, 1).finish();
    assert!(mutex.try_lock()?.is_some_and(|guard| guard.was_abandoned()));
    Ok(())
}

#[test]
fn a_dead_thread_abandons_its_mutex() -> Outcome {
    let mutex = Mutex::create(&name("dead.thread"))?;
    for levels in [1, 3] {
        in_thread(|| -> coview::Result<()> {
            for _ in 0..levels {
                forget(mutex.lock()?);
            }
            Ok(())
        })?;
        let guard = mutex.lock_timeout(DEADLINE)?.ok_or("a dead thread still owns it")?;
        assert!(guard.was_abandoned(), "nobody was told");
        assert!(!mutex.lock()?.was_abandoned(), "only the first level knows");
        drop(guard);
        assert!(!mutex.lock()?.was_abandoned(), "it was told twice");
    }
    Ok(())
}

#[test]
fn an_heir_who_dies_abandons_it_again() -> Outcome {
    let mutex = Mutex::create(&name("heir"))?;
    owner(&mutex, 1).kill();
    in_thread(|| mutex.lock().map(|guard| assert!(guard.was_abandoned())))?;
    in_thread(|| mutex.lock().map(forget))?;
    in_thread(|| mutex.lock().map(forget))?;
    assert!(mutex.lock()?.was_abandoned());
    assert!(!mutex.lock()?.was_abandoned());
    Ok(())
}

#[test]
fn one_thread_can_abandon_many_mutexes() -> Outcome {
    let mutexes = (0..200).map(|_| Mutex::create(&name("many"))).collect::<coview::Result<Vec<_>>>()?;
    in_thread(|| mutexes.iter().try_for_each(|mutex| mutex.lock().map(forget)))?;
    for mutex in &mutexes {
        let guard = mutex.lock_timeout(DEADLINE)?.ok_or("a dead thread still owns it")?;
        assert!(guard.was_abandoned());
    }
    in_thread(|| -> coview::Result<()> {
        // Taken in one order and given back in another, every second one: the rest is abandoned.
        mutexes.iter().try_for_each(|mutex| mutex.lock().map(forget))?;
        mutexes.iter().skip(1).step_by(2).rev().try_for_each(Mutex::unlock)
    })?;
    for (index, mutex) in mutexes.iter().enumerate() {
        let guard = mutex.lock_timeout(DEADLINE)?.ok_or("a dead thread still owns it")?;
        assert_eq!(guard.was_abandoned(), index % 2 == 0);
    }
    Ok(())
}

#[test]
fn a_waiter_is_woken_when_the_owner_is_killed() -> Outcome {
    let mutex = Mutex::create(&name("woken"))?;
    let mut slowest = Duration::ZERO;
    for _ in 0..10 {
        let mut dead = owner(&mutex, 1);
        let mut heir = Actor::start("role_locker", &[("NAME", mutex.name())]);
        heir.says("ready");
        heir.tell("lock");
        let begin = Instant::now();
        dead.kill();
        heir.says("locked, abandoned");
        slowest = slowest.max(begin.elapsed());
        heir.tell("unlock");
        heir.finish();
    }
    note(&format!("from the kill to the next owner: at most {:.1} ms", slowest.as_secs_f64() * 1e3));
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    Ok(())
}

#[test]
fn of_many_waiters_each_gets_it_after_the_owner_was_killed() -> Outcome {
    let mutex = Mutex::create(&name("waiters"))?;
    let mut dead = owner(&mutex, 1);
    let abandoned = std::thread::scope(|scope| {
        let lock = || mutex.lock_timeout(DEADLINE).map(|guard| guard.map(|guard| guard.was_abandoned()));
        let waiters: Vec<_> = (0..8).map(|_| scope.spawn(lock)).collect();
        dead.kill();
        waiters.into_iter().map(|waiter| waiter.join().expect("it does not panic")).collect::<Vec<_>>()
    });
    let mut told = 0;
    for abandoned in abandoned {
        told += u32::from(abandoned?.ok_or("a waiter was forgotten")?);
    }
    assert_eq!(told, 1, "so many were told");
    Ok(())
}

#[test]
fn a_waiter_that_is_killed_takes_nothing_with_it() -> Outcome {
    let mutex = Mutex::create(&name("dead.waiter"))?;
    for _ in 0..20 {
        let guard = mutex.lock()?;
        let mut waiter = Actor::start("role_locker", &[("NAME", mutex.name())]);
        waiter.says("ready");
        waiter.tell("lock");
        waiter.kill();
        drop(guard);
        let guard = mutex.try_lock()?.ok_or("a dead waiter has it")?;
        assert!(!guard.was_abandoned());
        let mut last = Actor::start("role_locker", &[("NAME", mutex.name())]);
        last.says("ready");
        last.tell("lock");
        drop(guard);
        last.says("locked");
        last.tell("unlock");
        last.finish();
    }
    Ok(())
}

#[test]
fn closing_a_handle_gives_nothing_back() -> Outcome {
    let mutex = Mutex::create(&name("closing"))?;
    let mut closer = owner(&mutex, 2);
    closer.tell("close");
    closer.says("closed");
    assert!(mutex.lock_timeout(SHORT)?.is_none(), "closing has released it");
    closer.tell("reopen");
    closer.says("reopened");
    closer.tell("unlock");
    closer.says("unlocked");
    assert!(mutex.lock_timeout(SHORT)?.is_none(), "one of two levels is left");
    closer.tell("unlock");
    closer.says("unlocked");
    assert!(mutex.try_lock()?.is_some_and(|guard| !guard.was_abandoned()));
    Ok(())
}

#[test]
fn who_closes_as_owner_and_dies_abandons_it() -> Outcome {
    let mutex = Mutex::create(&name("closed.and.killed"))?;
    let mut closer = owner(&mutex, 1);
    closer.tell("close");
    closer.says("closed");
    assert!(mutex.try_lock()?.is_none());
    closer.kill();
    assert!(mutex.try_lock()?.is_some_and(|guard| guard.was_abandoned()));
    Ok(())
}

#[test]
fn a_thread_that_closes_as_owner_stays_the_owner_until_it_ends() -> Outcome {
    let mutex = Mutex::create(&name("closing.thread"))?;
    in_thread(|| -> Result<(), String> {
        let text = |error: coview::Error| error.to_string();
        let own = Mutex::open(mutex.name()).map_err(text)?;
        forget(own.lock().map_err(text)?);
        drop(own);
        assert!(!is_free(&mutex));
        // It is the owner still: it may lock again, and give back through whatever handle it likes.
        drop(mutex.lock().map_err(text)?);
        assert!(!is_free(&mutex));
        mutex.unlock().map_err(text)?;
        assert!(is_free(&mutex));
        let own = Mutex::open(mutex.name()).map_err(text)?;
        forget(own.lock().map_err(text)?);
        Ok(())
    })?;
    assert!(mutex.lock_timeout(DEADLINE)?.is_some_and(|guard| guard.was_abandoned()));
    Ok(())
}

#[test]
fn the_last_close_ends_a_mutex_that_is_owned() -> Outcome {
    let name = name("last");
    for _ in 0..50 {
        let mutex = Mutex::create(&name)?;
        forget(mutex.lock()?);
        drop(mutex);
        assert_eq!(failure(Mutex::open(&name)), ErrorKind::NotFound);
        let other = Mutex::create(&name)?;
        assert!(is_free(&other), "the new object knows nothing of the old owner");
        assert_eq!(failure(other.unlock()), ErrorKind::NotOwner);
        drop(other);
    }
    Ok(())
}

#[test]
fn a_counter_under_a_mutex_is_exact() -> Outcome {
    let (mutex, view) = (Mutex::create(&name("counter.lock"))?, Mapping::create(&name("counter"), 64)?);
    let mapping_name = view.name().ok_or("it has a name")?.to_owned();
    let view = view.view()?;
    let given = [("NAME", mutex.name()), ("MAPPING", &mapping_name)];
    let mut adders: Vec<Actor> = (0..4).map(|_| Actor::start("role_adder", &given)).collect();
    adders.iter_mut().for_each(|adder| adder.says("ready"));
    adders.iter_mut().for_each(|adder| adder.tell("add"));
    let counts = adders.iter_mut().map(|adder| adder.line().parse()).collect::<Result<Vec<u64>, _>>()?;
    note(&format!("so often each has added: {counts:?}"));
    assert_eq!(view.get::<u64>(0), counts.iter().sum());
    adders.into_iter().for_each(Actor::finish);
    Ok(())
}

#[test]
fn role_adder() {
    play("role_adder", || {
        let (mutex, view) = (Mutex::open(&given("NAME"))?, Mapping::open(&given("MAPPING"))?.view()?);
        say("ready");
        hear();
        // For a time, and not so many times: on a busy machine, every lock is slow under Wine.
        let (begin, mut count) = (Instant::now(), 0_u64);
        while begin.elapsed() < Duration::from_secs(1) {
            let guard = mutex.lock_timeout(DEADLINE)?.ok_or("the lock did not come")?;
            view.put(0, &(view.get::<u64>(0) + 1));
            drop(guard);
            count += 1;
        }
        say(&count.to_string());
        hear_out();
        Ok(())
    });
}

#[test]
fn locks_of_many_threads_and_names_do_not_mix() -> Outcome {
    let mutexes = (0..8).map(|_| Mutex::create(&name("mix"))).collect::<coview::Result<Vec<_>>>()?;
    let totals = Mapping::create(&name("totals"), 64)?.view()?;
    std::thread::scope(|scope| {
        for thread in 0..8usize {
            let (mutexes, totals) = (&mutexes, &totals);
            scope.spawn(move || {
                for round in 0..2000usize {
                    let index = (thread + round) % mutexes.len();
                    let guard = mutexes[index].lock().expect("locking does not fail");
                    totals.put(index * 8, &(totals.get::<u64>(index * 8) + 1));
                    drop(guard);
                }
            });
        }
    });
    assert_eq!(totals.get::<[u64; 8]>(0), [2000; 8]);
    Ok(())
}

#[test]
fn an_unowned_mutex_that_lost_its_creator_is_clean() -> Outcome {
    let mutex = Mutex::create(&name("clean"))?;
    let mut user = owner(&mutex, 1);
    user.tell("unlock");
    user.says("unlocked");
    user.kill();
    assert!(!mutex.lock()?.was_abandoned());
    assert!(matches!(coview::stat(mutex.name())?.state, State::Mutex { owned: false, .. }));
    Ok(())
}
