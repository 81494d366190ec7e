//! Looking at objects: what `list` and `stat` tell, and what `sweep` removes.

mod common;

use common::{
    Actor, DEADLINE, KINDS, Outcome, THING_SIZE, Thing, failure, given, gone, hear_out, hold, name, own_prefix,
};
use common::{in_thread, looking_holds, play, play_hold, say};
use coview::{ErrorKind, Event, EventOptions, Kind, Mapping, Mutex, Namespace, Object, Reset, Semaphore, State};

#[test]
fn role_hold() {
    play_hold();
}

fn state(name: &str) -> coview::Result<State> {
    Ok(coview::stat(name)?.state)
}

/// What the list of a namespace says of a name.
///
/// Windows reads a directory by position: what moves, because another test makes and drops objects, is missed now and
/// then. So what is missed is looked for again, a few times.
fn listed(namespace: Namespace, name: &str) -> coview::Result<Option<Object>> {
    for _ in 0..5 {
        let found = coview::list(namespace)?.into_iter().find(|object| object.name == name);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

#[test]
fn every_kind_is_told_and_listed() -> Outcome {
    for kind in KINDS {
        let name = name("kind");
        assert_eq!(failure(coview::stat(&name)), ErrorKind::NotFound);
        assert!(listed(Namespace::Local, &name)?.is_none());
        let thing = Thing::create(kind, &name)?;
        for object in [coview::stat(&name)?, listed(Namespace::Local, &name)?.ok_or("it is not listed")?] {
            assert_eq!((&*object.name, object.kind, object.namespace), (&*name, kind, Namespace::Local));
            assert!(object.complete_name && !object.dead);
            assert_eq!(object.size, (kind == Kind::Mapping).then_some(THING_SIZE));
        }
        drop(thing);
        gone(&name);
        assert!(listed(Namespace::Local, &name)?.is_none());
    }
    Ok(())
}

#[test]
fn a_global_object_is_listed_under_the_name_that_opens_it() -> Outcome {
    for kind in KINDS {
        let name = format!(r"Global\{}", name("global"));
        let _thing = Thing::create(kind, &name)?;
        let object = listed(Namespace::Global, &name)?.ok_or("it is not listed")?;
        assert_eq!((object.kind, object.namespace), (kind, Namespace::Global));
        assert!(Thing::open(object.kind, &object.name).is_ok());
        assert!(listed(Namespace::Local, &name)?.is_none());
    }
    Ok(())
}

#[test]
fn the_list_is_in_the_order_of_names() -> Outcome {
    let _held = (0..20).rev().map(|_| Mutex::create(&name("order"))).collect::<coview::Result<Vec<_>>>()?;
    let names: Vec<String> = coview::list(Namespace::Local)?.into_iter().map(|object| object.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert!(names.iter().filter(|name| name.starts_with(&own_prefix())).count() >= 20);
    Ok(())
}

#[test]
fn the_state_of_a_mutex_is_told() -> Outcome {
    let mutex = Mutex::create(&name("mutex"))?;
    let owned = |owned, abandoned| move |state| matches!(state, State::Mutex { owned: o, abandoned: a, .. } if (o, a) == (owned, abandoned));
    assert!(owned(false, false)(state(mutex.name())?));
    let guard = mutex.lock()?;
    assert!(owned(true, false)(state(mutex.name())?));
    drop(guard);
    in_thread(|| mutex.lock().map(std::mem::forget))?;
    common::until("it is abandoned", || state(mutex.name()).is_ok_and(owned(false, true)));
    assert!(mutex.try_lock()?.is_some_and(|guard| guard.was_abandoned()), "looking has changed nothing");
    assert!(owned(false, false)(state(mutex.name())?));
    Ok(())
}

#[test]
fn the_state_of_an_event_is_told_and_not_taken() -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let event = Event::create(&name("event"), reset)?;
        let manual = reset == Reset::Manual;
        assert_eq!(state(event.name())?, State::Event { manual, signaled: false });
        event.set()?;
        assert_eq!(state(event.name())?, State::Event { manual, signaled: true });
        assert_eq!(state(event.name())?, State::Event { manual, signaled: true });
        assert!(event.try_wait()?);
        assert_eq!(state(event.name())?, State::Event { manual, signaled: manual });
        event.reset()?;
        assert_eq!(state(event.name())?, State::Event { manual, signaled: false });
    }
    Ok(())
}

#[test]
fn the_state_of_a_semaphore_is_told_and_not_taken() -> Outcome {
    let semaphore = Semaphore::create(&name("semaphore"), 2, 5)?;
    for count in [2, 1, 0] {
        assert_eq!(state(semaphore.name())?, State::Semaphore { count, maximum: 5 });
        assert_eq!(semaphore.try_acquire()?, count > 0);
    }
    semaphore.release(4)?;
    assert_eq!(state(semaphore.name())?, State::Semaphore { count: 4, maximum: 5 });
    Ok(())
}

#[test]
fn the_owners_and_holders_are_told_where_the_system_knows_them() -> Outcome {
    let name = name("holders");
    let mapping = Mapping::create(&name, 100_000)?;
    let mut other = hold(Kind::Mapping, &name);
    let object = coview::stat(&name)?;
    if let Some(holders) = &object.holders {
        for pid in [std::process::id(), other.pid()] {
            let holder = holders.iter().find(|holder| holder.pid == pid).ok_or("a holder is missing")?;
            assert!(holder.program.starts_with("inspect"), "{holder:?}");
        }
        other.kill();
        let left = coview::stat(&name)?.holders.ok_or("they were told before")?;
        assert!(left.iter().all(|holder| holder.pid != other.pid()), "{left:?}");
    }
    assert!(object.memory.is_none_or(|bytes| bytes >= 100_000), "the memory is reserved: {:?}", object.memory);
    assert!(object.owner.is_none_or(|owner| !owner.is_empty()));
    drop(mapping);
    Ok(())
}

#[test]
fn what_a_killed_process_left_is_dead_until_it_is_swept() -> Outcome {
    let names: Vec<String> = KINDS.iter().map(|_| name("dead")).collect();
    let mut holders: Vec<Actor> = KINDS.iter().zip(&names).map(|(&kind, name)| hold(kind, name)).collect();
    holders.iter_mut().for_each(Actor::kill);
    for name in &names {
        // Where the system removes it at once, or somebody's creation has swept it in passing, there is nothing.
        match coview::stat(name) {
            Ok(_) if looking_holds() => gone(name),
            Ok(object) => assert!(object.dead && object.holders.is_none_or(|holders| holders.is_empty())),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
        }
    }
    coview::sweep(Namespace::Local)?;
    names.iter().for_each(|name| gone(name));
    Ok(())
}

#[test]
fn sweeping_touches_nothing_that_lives() -> Outcome {
    let names: Vec<String> = KINDS.iter().map(|_| name("alive")).collect();
    let things = KINDS.iter().zip(&names).map(|(&kind, name)| Thing::create(kind, name));
    let things = things.collect::<coview::Result<Vec<_>>>()?;
    let holders: Vec<Actor> = KINDS.iter().zip(&names).map(|(&kind, name)| hold(kind, name)).collect();
    drop(things);
    coview::sweep(Namespace::Local)?;
    coview::sweep(Namespace::Global)?;
    for (&kind, name) in KINDS.iter().zip(&names) {
        assert!(!Thing::open(kind, name)?.is_new()?, "the holder has marked the {kind}");
    }
    holders.into_iter().for_each(Actor::finish);
    Ok(())
}

#[test]
fn role_busy() {
    play("role_busy", || {
        let (mutex, event) = (Mutex::open(&given("MUTEX"))?, Event::open(&given("EVENT"))?);
        say("ready");
        let mut rounds = 0;
        while !event.try_wait()? {
            drop(mutex.lock_timeout(DEADLINE)?.ok_or("the lock did not come")?);
            drop(Mapping::create(&format!("{}.brief", mutex.name()), 64)?);
            rounds += 1;
        }
        say(&format!("{rounds}"));
        hear_out();
        Ok(())
    });
}

#[test]
fn looking_disturbs_nobody() -> Outcome {
    let (mutex, event) = (Mutex::create(&name("busy"))?, EventOptions::new(Reset::Manual).create(&name("end"))?);
    let mut busy = Actor::start("role_busy", &[("MUTEX", mutex.name()), ("EVENT", event.name())]);
    busy.says("ready");
    let begin = std::time::Instant::now();
    while begin.elapsed() < std::time::Duration::from_millis(500) {
        // The brief mapping comes and goes; to be looked at must never make its creation fail.
        let _ = coview::stat(&format!("{}.brief", mutex.name()));
        coview::list(Namespace::Local)?;
        coview::stat(mutex.name())?;
    }
    event.set()?;
    assert!(busy.line().parse::<u32>()? > 0);
    busy.finish();
    Ok(())
}
