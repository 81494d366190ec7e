//! Waiting for any and for all of several objects.

mod common;

use std::mem::forget;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{
    Actor, DEADLINE, Outcome, SHORT, failure, given, hand_out, hear, in_thread, name, note, play, say, soon, within,
};
use coview::{
    ErrorKind, Event, Mutex, Reset, Semaphore, Waitable, try_wait_all, try_wait_any, wait_all, wait_all_timeout,
    wait_any, wait_any_timeout,
};

fn event() -> coview::Result<Event> {
    Event::create(&name("event"), Reset::Auto)
}

fn mutex() -> coview::Result<Mutex> {
    Mutex::create(&name("mutex"))
}

/// Objects of every kind in turn, none of them signaled but the mutexes.
struct Mix {
    mutexes: Vec<Mutex>,
    events: Vec<Event>,
    semaphores: Vec<Semaphore>,
}

impl Mix {
    fn new(count: usize) -> coview::Result<Mix> {
        Ok(Mix {
            mutexes: (0..count).step_by(3).map(|_| mutex()).collect::<coview::Result<_>>()?,
            events: (1..count).step_by(3).map(|_| event()).collect::<coview::Result<_>>()?,
            semaphores: (2..count)
                .step_by(3)
                .map(|_| Semaphore::create(&name("semaphore"), 0, 1))
                .collect::<coview::Result<_>>()?,
        })
    }

    fn waitables(&self) -> Vec<Waitable<'_>> {
        let count = self.mutexes.len() + self.events.len() + self.semaphores.len();
        (0..count)
            .map(|index| match index % 3 {
                0 => (&self.mutexes[index / 3]).into(),
                1 => (&self.events[index / 3]).into(),
                _ => (&self.semaphores[index / 3]).into(),
            })
            .collect()
    }

    /// Signals the object at an index, which is no mutex.
    fn signal(&self, index: usize) -> coview::Result<()> {
        if index % 3 == 1 { self.events[index / 3].set() } else { self.semaphores[index / 3].release(1).map(drop) }
    }
}

#[test]
fn the_lowest_signaled_index_wins_and_nothing_else_is_taken() -> Outcome {
    let events = (0..5).map(|_| event()).collect::<coview::Result<Vec<_>>>()?;
    let waitables: Vec<Waitable> = events.iter().map(Waitable::from).collect();
    for index in [4, 1, 3] {
        events[index].set()?;
    }
    for expected in [1, 3, 4] {
        let any = wait_any(&waitables)?;
        assert_eq!(any.index(), expected);
        assert!(!any.was_abandoned() && any.into_guard().is_none());
    }
    assert!(try_wait_any(&waitables)?.is_none());
    Ok(())
}

#[test]
fn any_of_sixty_four_objects_wakes_the_waiter() -> Outcome {
    let mix = Mix::new(64)?;
    let waitables = mix.waitables();
    // The mutexes are another thread's, so that nothing is signaled.
    let (stop, stopped) =
        (Event::create(&name("stop"), Reset::Manual)?, Event::create(&name("stopped"), Reset::Manual)?);
    thread::scope(|scope| -> Outcome {
        scope.spawn(|| {
            mix.mutexes.iter().for_each(|mutex| forget(mutex.lock().expect("locking does not fail")));
            stopped.set().expect("setting does not fail");
            stop.wait_timeout(DEADLINE).expect("waiting does not fail");
            mix.mutexes.iter().for_each(|mutex| mutex.unlock().expect("it is owned"));
        });
        assert!(stopped.wait_timeout(DEADLINE)?);
        assert!(wait_any_timeout(&waitables, SHORT)?.is_none());
        for index in (0..64).filter(|index| index % 3 != 0).rev() {
            let waiter = scope.spawn(|| wait_any_timeout(&waitables, DEADLINE).map(|any| any.map(|any| any.index())));
            mix.signal(index)?;
            assert_eq!(waiter.join().expect("it does not panic")?, Some(index));
        }
        let waiter = scope.spawn(|| wait_any_timeout(&waitables, DEADLINE).map(|any| any.map(|any| any.index() % 3)));
        stop.set()?;
        assert_eq!(waiter.join().expect("it does not panic")?, Some(0), "a mutex that is given back wakes too");
        Ok(())
    })
}

#[test]
fn all_of_sixty_four_objects_are_taken_at_once() -> Outcome {
    let mix = Mix::new(64)?;
    let waitables = mix.waitables();
    thread::scope(|scope| -> Outcome {
        let waiter = scope.spawn(|| {
            let all = wait_all_timeout(&waitables, DEADLINE)?;
            Ok(all.map(|all| (all.abandoned().len(), all.into_guards().len())))
        });
        for index in (0..64).filter(|index| index % 3 != 0) {
            assert!(try_wait_all(&waitables)?.is_none());
            mix.signal(index)?;
        }
        let taken: coview::Result<_> = waiter.join().expect("it does not panic");
        assert_eq!(taken?, Some((0, 22)));
        Ok(())
    })?;
    assert!(mix.events.iter().all(|event| event.try_wait().is_ok_and(|signaled| !signaled)));
    assert!(mix.semaphores.iter().all(|semaphore| semaphore.try_acquire().is_ok_and(|acquired| !acquired)));
    assert!(in_thread(|| mix.mutexes.iter().all(|mutex| mutex.try_lock().is_ok_and(|guard| guard.is_some()))));
    Ok(())
}

#[test]
fn no_objects_and_sixty_five_objects_are_refused() -> Outcome {
    let mix = Mix::new(65)?;
    for waitables in [mix.waitables(), Vec::new()] {
        assert_eq!(failure(wait_any(&waitables)), ErrorKind::InvalidInput);
        assert_eq!(failure(try_wait_any(&waitables)), ErrorKind::InvalidInput);
        assert_eq!(failure(wait_all(&waitables)), ErrorKind::InvalidInput);
        assert_eq!(failure(try_wait_all(&waitables)), ErrorKind::InvalidInput);
        assert_eq!(failure(wait_all_timeout(&waitables, SHORT)), ErrorKind::InvalidInput);
    }
    Ok(())
}

#[test]
fn one_object_twice_is_fine_for_any_and_refused_for_all() -> Outcome {
    let (one, two) = (event()?, event()?);
    let same = Event::open(one.name())?;
    one.set()?;
    for twice in [[(&one).into(), (&two).into(), (&one).into()], [(&one).into(), (&two).into(), (&same).into()]] {
        assert_eq!(failure(try_wait_all(&twice)), ErrorKind::InvalidInput);
        assert_eq!(failure(wait_all(&twice)), ErrorKind::InvalidInput);
        assert_eq!(wait_any(&twice)?.index(), 0);
        assert!(try_wait_any(&twice)?.is_none());
        one.set()?;
    }
    let mutex = mutex()?;
    let other = Mutex::open(mutex.name())?;
    assert_eq!(failure(try_wait_all(&[(&mutex).into(), (&other).into()])), ErrorKind::InvalidInput);
    Ok(())
}

#[test]
fn a_timeout_is_never_early_and_takes_nothing() -> Outcome {
    let (ready, never) = (event()?, event()?);
    ready.set()?;
    for timeout in [Duration::ZERO, Duration::from_micros(1), Duration::from_millis(1), SHORT, SHORT * 3] {
        let begin = Instant::now();
        assert!(wait_any_timeout(&[(&never).into()], timeout)?.is_none());
        assert!(begin.elapsed() >= timeout && begin.elapsed() < DEADLINE, "{timeout:?}: {:?}", begin.elapsed());
        let begin = Instant::now();
        assert!(wait_all_timeout(&[(&ready).into(), (&never).into()], timeout)?.is_none());
        assert!(begin.elapsed() >= timeout && begin.elapsed() < DEADLINE, "{timeout:?}: {:?}", begin.elapsed());
    }
    assert!(ready.try_wait()?);
    assert!(wait_any_timeout(&[(&never).into()], Duration::ZERO)?.is_none());
    never.set()?;
    assert!(wait_any_timeout(&[(&never).into()], Duration::MAX)?.is_some());
    never.set()?;
    assert!(wait_all_timeout(&[(&never).into()], Duration::MAX)?.is_some());
    Ok(())
}

#[test]
fn a_mutex_that_this_thread_owns_gains_a_level() -> Outcome {
    let mutex = mutex()?;
    let outer = mutex.lock()?;
    let any = wait_any(&[(&mutex).into()])?;
    let all = wait_all(&[(&mutex).into()])?;
    for level in [Some(outer), any.into_guard(), all.into_guards().pop().map(|(_, guard)| guard)] {
        assert!(in_thread(|| mutex.try_lock().is_ok_and(|guard| guard.is_none())));
        drop(level);
    }
    assert!(in_thread(|| mutex.try_lock().is_ok_and(|guard| guard.is_some())));
    Ok(())
}

#[test]
fn what_was_taken_is_released_when_it_is_dropped() -> Outcome {
    let (one, two) = (mutex()?, mutex()?);
    let free = |mutex: &Mutex| in_thread(|| mutex.try_lock().is_ok_and(|guard| guard.is_some()));
    drop(wait_any(&[(&one).into()])?);
    assert!(free(&one));
    let all = wait_all(&[(&one).into(), (&two).into()])?;
    assert!(!free(&one) && !free(&two));
    let mut guards = all.into_guards();
    assert_eq!((guards.len(), guards[0].0, guards[1].0), (2, 0, 1));
    assert_eq!(guards[1].1.mutex().name(), two.name());
    drop(guards.pop());
    assert!(!free(&one) && free(&two));
    drop(guards);
    assert!(free(&one));
    Ok(())
}

#[test]
fn an_abandoned_mutex_is_told_by_its_index() -> Outcome {
    let (mutex, event, semaphore) = (mutex()?, event()?, Semaphore::create(&name("semaphore"), 1, 1)?);
    in_thread(|| mutex.lock().map(forget))?;
    let any = wait_any_timeout(&[(&event).into(), (&mutex).into()], DEADLINE)?.ok_or("nobody got it")?;
    assert!(any.index() == 1 && any.was_abandoned());
    assert!(any.into_guard().is_some_and(|guard| guard.was_abandoned()));
    assert!(!wait_any(&[(&mutex).into()])?.was_abandoned(), "it was told twice");

    in_thread(|| mutex.lock().map(forget))?;
    let three: [Waitable; 3] = [(&semaphore).into(), (&event).into(), (&mutex).into()];
    assert!(wait_all_timeout(&three, SHORT)?.is_none());
    event.set()?;
    let all = wait_all_timeout(&three, DEADLINE)?.ok_or("nobody got it")?;
    assert_eq!(all.abandoned(), [2], "the wait that timed out has not taken the news away");
    let guards = all.into_guards();
    assert!(guards.len() == 1 && guards[0].0 == 2 && guards[0].1.was_abandoned());
    drop(guards);
    assert!(wait_all(&[(&mutex).into()])?.abandoned().is_empty(), "it was told twice");
    Ok(())
}

#[test]
fn manual_reset_events_stay_as_they_are() -> Outcome {
    let gate = Event::create(&name("gate"), Reset::Manual)?;
    let other = event()?;
    gate.set()?;
    other.set()?;
    assert_eq!(wait_any(&[(&gate).into(), (&other).into()])?.index(), 0);
    drop(wait_all(&[(&other).into(), (&gate).into()])?);
    assert!(gate.try_wait()? && !other.try_wait()?);
    assert!(wait_all_timeout(&[(&other).into(), (&gate).into()], SHORT)?.is_none());
    Ok(())
}

/// What the third party finds to be never taken, while others wait in vain for it and something else.
#[test]
fn who_waits_for_all_in_vain_takes_nothing_that_others_see() -> Outcome {
    let never = Event::create(&name("never"), Reset::Manual)?;
    let (semaphore, mutex, event) = (Semaphore::create(&name("permit"), 1, 1)?, mutex()?, event()?);
    event.set()?;
    let done = AtomicBool::new(false);
    thread::scope(|scope| -> Outcome {
        for _ in 0..2 {
            scope.spawn(|| {
                let all: [Waitable; 4] = [(&semaphore).into(), (&mutex).into(), (&event).into(), (&never).into()];
                while !done.load(Ordering::Relaxed) {
                    let taken = wait_all_timeout(&all, Duration::from_micros(300)).expect("waiting does not fail");
                    assert!(taken.is_none());
                }
            });
        }
        let begin = Instant::now();
        let mut rounds = 0;
        let mut outcome = Ok(());
        while begin.elapsed() < Duration::from_millis(1500) && outcome.is_ok() {
            outcome = take_each(&semaphore, &mutex, &event).map_err(|error| format!("round {rounds}: {error}").into());
            rounds += 1;
        }
        done.store(true, Ordering::Relaxed);
        outcome
    })
}

fn take_each(semaphore: &Semaphore, mutex: &Mutex, event: &Event) -> Outcome {
    if !semaphore.try_acquire()? || semaphore.release(1)? != 0 {
        return Err("the permit was gone for a moment".into());
    }
    if mutex.try_lock()?.is_none() {
        return Err("the mutex was owned for a moment".into());
    }
    if !event.try_wait()? {
        return Err("the event was reset for a moment".into());
    }
    event.set()?;
    Ok(())
}

#[test]
fn role_diner() {
    play("role_diner", || {
        let (left, right) = (Mutex::open(&given("LEFT"))?, Mutex::open(&given("RIGHT"))?);
        let eaten = coview::Mapping::open(&given("EATEN"))?.view()?;
        say("ready");
        hear();
        let (begin, mut count) = (Instant::now(), 0_u64);
        while begin.elapsed() < Duration::from_secs(1) {
            let all =
                wait_all_timeout(&[(&left).into(), (&right).into()], DEADLINE)?.ok_or("the forks did not come")?;
            eaten.put(0, &(eaten.get::<u64>(0) + 1));
            drop(all);
            count += 1;
        }
        say(&count.to_string());
        Ok(())
    });
}

#[test]
fn opposite_orders_do_not_block_each_other() -> Outcome {
    let (one, two) = (mutex()?, mutex()?);
    let eaten = coview::Mapping::create(&name("eaten"), 64)?;
    let eaten_name = eaten.name().ok_or("it has a name")?;
    let mut diners: Vec<Actor> = [(&one, &two), (&two, &one), (&one, &two), (&two, &one)]
        .iter()
        .map(|(left, right)| {
            let given = [("LEFT", left.name()), ("RIGHT", right.name()), ("EATEN", eaten_name)];
            Actor::start("role_diner", &given)
        })
        .collect();
    for diner in &mut diners {
        diner.says("ready");
    }
    diners.iter_mut().for_each(|diner| diner.tell("eat"));
    let counts = diners.iter_mut().map(|diner| diner.line().parse()).collect::<Result<Vec<u64>, _>>()?;
    diners.into_iter().for_each(Actor::finish);
    note(&format!("so often each has eaten: {counts:?}"));
    assert_eq!(eaten.read_view()?.get::<u64>(0), counts.iter().sum());
    Ok(())
}

#[test]
fn role_waiter() {
    play("role_waiter", || {
        let (mutex, event) = (Mutex::open(&given("MUTEX"))?, Event::open(&given("EVENT"))?);
        let semaphore = Semaphore::open(&given("SEMAPHORE"))?;
        let objects: [Waitable; 3] = [(&mutex).into(), (&event).into(), (&semaphore).into()];
        say("ready");
        while let Some(order) = hear() {
            if order == "any" {
                let any = wait_any_timeout(&objects, DEADLINE)?.ok_or("nothing came")?;
                say(&format!("{} {}", any.index(), any.was_abandoned()));
                any.into_guard().map_or(Ok(()), coview::MutexGuard::unlock)?;
            } else {
                let all = wait_all_timeout(&objects, DEADLINE)?.ok_or("nothing came")?;
                say(&format!("{:?}", all.abandoned()));
            }
        }
        Ok(())
    });
}

#[test]
fn other_processes_are_woken_whatever_they_wait_for() -> Outcome {
    let (mutex, event, semaphore) = (mutex()?, event()?, Semaphore::create(&name("semaphore"), 0, 1)?);
    let given = [("MUTEX", mutex.name()), ("EVENT", event.name()), ("SEMAPHORE", semaphore.name())];
    let start = || {
        let mut actor = Actor::start("role_waiter", &given);
        actor.says("ready");
        actor
    };
    let mut waiter = start();
    let guard = mutex.lock()?;
    waiter.tell("any");
    event.set()?;
    waiter.says("1 false");
    waiter.tell("any");
    semaphore.release(1)?;
    waiter.says("2 false");
    waiter.tell("any");
    drop(guard);
    waiter.says("0 false");

    // The owner is another process, and dies.
    let mut owner = Actor::start("role_owner", &[("MUTEX", mutex.name())]);
    owner.says("owned");
    waiter.tell("any");
    owner.kill();
    waiter.says("0 true");

    let mut owner = Actor::start("role_owner", &[("MUTEX", mutex.name())]);
    owner.says("owned");
    waiter.tell("all");
    semaphore.release(1)?;
    event.set()?;
    owner.kill();
    waiter.says("[0]");
    waiter.finish();
    assert!(!event.try_wait()? && !semaphore.try_acquire()?);

    // A waiter that is killed takes nothing with it.
    let guard = mutex.lock()?;
    for order in ["any", "all"] {
        let mut dead = start();
        dead.tell(order);
        dead.kill();
    }
    event.set()?;
    semaphore.release(1)?;
    drop(guard);
    assert!(wait_all_timeout(&[(&mutex).into(), (&event).into(), (&semaphore).into()], DEADLINE)?.is_some());
    Ok(())
}

#[test]
fn role_owner() {
    play("role_owner", || {
        let mutex = Mutex::open(&given("MUTEX"))?;
        forget(mutex.lock_timeout(DEADLINE)?.ok_or("the lock did not come")?);
        say("owned");
        common::hear_out();
        Ok(())
    });
}

#[test]
fn a_set_meant_for_several_waiters_is_not_lost_on_one() -> Outcome {
    // Every waiter waits for its own event and a common one; each set releases exactly one of them.
    let common = event()?;
    let own = (0..4).map(|_| Ok((event()?, AtomicUsize::new(0)))).collect::<coview::Result<Vec<_>>>()?;
    let taken = thread::scope(|scope| {
        let threads: Vec<_> = own
            .iter()
            .map(|(own, own_taken)| {
                let common = &common;
                scope.spawn(move || {
                    let mut common_taken = 0;
                    while own_taken.load(Ordering::Relaxed) < 300 {
                        let any = wait_any_timeout(&[common.into(), own.into()], DEADLINE).expect("it does not fail");
                        match any.expect("a set was lost").index() {
                            0 => common_taken += 1,
                            _ => _ = own_taken.fetch_add(1, Ordering::Relaxed),
                        }
                    }
                    common_taken
                })
            })
            .collect();
        for round in 0..300 {
            for (own, own_taken) in &own {
                own.set().expect("setting does not fail");
                soon("the set is taken", || own_taken.load(Ordering::Relaxed) > round);
            }
            common.set().expect("setting does not fail");
        }
        threads.into_iter().map(|thread| thread.join().expect("no waiter panics")).sum::<usize>()
    });
    assert!(taken <= 300, "{taken} waits for 300 sets");
    Ok(())
}

#[test]
fn a_permit_goes_to_whoever_can_use_it() -> Outcome {
    const ROUNDS: usize = 100;
    // One waits for all of a permit and something that comes at the end of each round, another for the permit alone. The
    // first never gives up, for Wine would take it for one that was released: `wakes_linux.rs` has one that does.
    let (semaphore, last) = (Arc::new(Semaphore::create(&name("permit"), 0, 1)?), Arc::new(event()?));
    let served = Arc::new(AtomicUsize::new(0));
    let greedy = thread::spawn({
        let (semaphore, last, served) = (semaphore.clone(), last.clone(), served.clone());
        move || {
            (0..ROUNDS).all(|_| {
                let all = wait_all_timeout(&[(&*semaphore).into(), (&*last).into()], DEADLINE);
                served.fetch_add(1, Ordering::Relaxed);
                all.is_ok_and(|all| all.is_some())
            })
        }
    });
    let begin = Instant::now();
    for round in 0..ROUNDS {
        hand_out(&semaphore, 5);
        assert_eq!(served.load(Ordering::Relaxed), round, "it cannot have had both");
        last.set()?;
        semaphore.release(1)?;
        soon("it has both", || served.load(Ordering::Relaxed) > round);
    }
    assert!(begin.elapsed() < DEADLINE, "{ROUNDS} rounds took {:?}", begin.elapsed());
    assert!(within("the greedy one ends", move || greedy.join().expect("it does not panic")));
    Ok(())
}
