//! Mutexes that their creator owns from their first moment.

mod common;

use std::sync::Barrier;

use common::{Actor, Outcome, failure, given, gone, hear, hear_out, in_thread, name, play, say};
use coview::{ErrorKind, Event, Kind, Mapping, Mutex, MutexOptions, Reset, View};

const PROCESSES: usize = 4;
const THREADS: usize = 8;
const ROUNDS: usize = 10;

fn owned() -> MutexOptions {
    MutexOptions::new().owned(true)
}

fn is_free(mutex: &Mutex) -> bool {
    in_thread(|| mutex.try_lock().map(|guard| guard.is_some())).expect("trying does not fail")
}

#[test]
fn the_creator_owns_one_level() -> Outcome {
    let mutex = owned().create(&name("level"))?;
    assert!(!is_free(&mutex));
    let guard = mutex.lock()?;
    assert!(!guard.was_abandoned());
    drop(guard);
    assert!(!is_free(&mutex));
    mutex.unlock()?;
    assert!(is_free(&mutex));
    assert_eq!(failure(mutex.unlock()), ErrorKind::NotOwner);
    Ok(())
}

#[test]
fn who_finds_the_mutex_does_not_own_it() -> Outcome {
    let first = MutexOptions::new().create(&name("found"))?;
    let second = owned().create_or_open(first.name())?;
    assert!(!second.was_created());
    assert_eq!(failure(second.unlock()), ErrorKind::NotOwner);
    assert_eq!(failure(owned().create(first.name())), ErrorKind::AlreadyExists);
    assert_eq!(failure(first.unlock()), ErrorKind::NotOwner);
    assert!(is_free(&first));
    drop((first, second));
    Ok(())
}

#[test]
fn a_name_of_another_kind_is_refused_and_nothing_is_owned() -> Outcome {
    let event = Event::create(&name("kind"), Reset::Auto)?;
    assert_eq!(failure(owned().create(event.name())), ErrorKind::WrongKind);
    assert_eq!(failure(owned().create_or_open(event.name())), ErrorKind::WrongKind);
    assert_eq!(coview::stat(event.name())?.kind, Kind::Event);
    Ok(())
}

#[test]
fn the_name_is_free_after_the_owner_dropped_everything() -> Outcome {
    let mutex = owned().create_or_open(&name("drop"))?;
    mutex.unlock()?;
    let name = mutex.name().to_owned();
    drop(mutex);
    gone(&name);
    Ok(())
}

/// Makes or opens the mutex; the one that made it says so in `ready` before it unlocks. Says whether this made it.
fn race(name: &str, ready: &View, start: &Barrier) -> coview::Result<(Mutex, bool)> {
    start.wait();
    let mutex = owned().create_or_open(name)?;
    if mutex.was_created() {
        std::thread::yield_now();
        ready.put(0, &1_u32);
        mutex.unlock()?;
    } else {
        let guard = mutex.lock()?;
        assert!(!guard.was_abandoned());
        assert_eq!(ready.get::<u32>(0), 1, "the mutex was free before its creator gave it back");
    }
    let created = mutex.was_created();
    Ok((mutex, created))
}

#[test]
fn role_racer() {
    play("role_racer", || {
        while let Some(name) = hear() {
            let ready = Mapping::open(&format!("{name}.ready"))?.view()?;
            let start = Barrier::new(THREADS);
            let outcomes = std::thread::scope(|scope| {
                let run = || race(&name, &ready, &start);
                let racers: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
                racers.into_iter().map(|racer| racer.join().expect("no racer panics")).collect::<Result<Vec<_>, _>>()
            })?;
            say(&outcomes.iter().filter(|(_, created)| *created).count().to_string());
            // The mutexes stay until everyone has had theirs: otherwise the last to come would make another.
            assert_eq!(hear().as_deref(), Some("drop"));
        }
        Ok(())
    });
}

#[test]
fn of_many_racers_one_owns_it_and_nobody_sees_it_free_before() -> Outcome {
    let mut racers: Vec<Actor> = (0..PROCESSES).map(|_| Actor::start("role_racer", &[])).collect();
    for _ in 0..ROUNDS {
        let name = name("race");
        let _ready = Mapping::create(&format!("{name}.ready"), 4)?;
        racers.iter_mut().for_each(|racer| racer.tell(&name));
        let created: usize = racers.iter_mut().map(|racer| racer.line().parse().unwrap_or(THREADS)).sum();
        assert_eq!(created, 1);
        racers.iter_mut().for_each(|racer| racer.tell("drop"));
    }
    racers.into_iter().for_each(Actor::finish);
    Ok(())
}

#[test]
fn role_owner() {
    play("role_owner", || {
        let mutex = owned().create(&given("NAME"))?;
        say("owned");
        hear_out();
        drop(mutex);
        Ok(())
    });
}

#[test]
fn a_creator_killed_as_the_owner_abandons_it() -> Outcome {
    let name = name("killed");
    let mut owner = Actor::start("role_owner", &[("NAME", &name)]);
    owner.says("owned");
    let mutex = Mutex::open(&name)?;
    assert!(mutex.try_lock()?.is_none());
    owner.kill();
    assert!(mutex.lock()?.was_abandoned());
    assert!(!mutex.lock()?.was_abandoned());
    Ok(())
}

#[test]
fn a_creator_killed_alone_leaves_nothing() -> Outcome {
    let name = name("alone");
    let mut owner = Actor::start("role_owner", &[("NAME", &name)]);
    owner.says("owned");
    owner.kill();
    let mutex = owned().create(&name)?;
    assert!(!is_free(&mutex));
    mutex.unlock()?;
    assert!(!mutex.lock()?.was_abandoned());
    Ok(())
}
