//! Meeting other programs on Windows: a C program that uses the raw API, which `COVIEW_WIN32_PEER` names.
#![cfg(windows)]

mod common;

use std::process::Command;

use common::{Actor, DEADLINE, Outcome, failure, name, note};
use coview::{ErrorKind, Event, Mapping, Mutex, Reset, Semaphore};

/// The C program, if somebody has built it: tests/peers/win32_peer.c, for example by mingw.
fn peer() -> Option<Actor> {
    let Ok(program) = std::env::var("COVIEW_WIN32_PEER") else {
        note("skipped, COVIEW_WIN32_PEER does not name the C program");
        return None;
    };
    Some(Actor::spawn("the C program", Command::new(program)))
}

/// Gives an order, and waits for the answer.
#[track_caller]
fn order(peer: &mut Actor, order: &str, answer: &str) {
    peer.tell(order);
    assert_eq!(peer.line(), answer, "{order}");
}

fn talk(peer: &mut Actor, view: &coview::View) {
    view.write(10, b"from Coview\0");
    order(peer, "r 10", "from Coview");
    order(peer, "w 900 from the peer", "ok");
    assert_eq!(&view.get::<[u8; 14]>(900), b"from the peer\0");
}

#[test]
fn memory_is_shared_in_both_directions() -> Outcome {
    let (Some(mut peer), name) = (peer(), name("memory")) else { return Ok(()) };
    order(&mut peer, &format!("map create {name} 8192"), "ok");
    let mapping = Mapping::open(&name)?;
    assert!(mapping.size() >= 8192 && !mapping.was_created());
    talk(&mut peer, &mapping.view()?);
    assert_eq!(failure(Mapping::create(&name, 64)), ErrorKind::AlreadyExists);
    assert_eq!(failure(Mutex::open(&name)), ErrorKind::WrongKind);
    assert_eq!(failure(Event::create(&name, Reset::Auto)), ErrorKind::WrongKind);

    let ours = common::name("memory");
    let mapping = Mapping::create(&ours, 5000)?;
    order(&mut peer, &format!("map open {ours}"), "ok");
    talk(&mut peer, &mapping.view()?);
    order(&mut peer, &format!(r"map open Local\{ours}"), "ok");
    order(&mut peer, &format!("map create {ours} 64"), "exists");
    order(&mut peer, &format!("mutex open {ours}"), "error 6");
    peer.finish();
    Ok(())
}

#[test]
fn a_name_lives_while_either_side_has_it() -> Outcome {
    let (Some(mut peer), name) = (peer(), name("life")) else { return Ok(()) };
    let mapping = Mapping::create(&name, 5000)?;
    mapping.view()?.write(10, b"kept\0");
    order(&mut peer, &format!("map open {name}"), "ok");
    drop(mapping);
    assert_eq!(&Mapping::open(&name)?.read_view()?.get::<[u8; 4]>(10), b"kept");
    peer.kill();
    assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
    Ok(())
}

#[test]
fn a_mutex_excludes_and_is_abandoned_in_both_directions() -> Outcome {
    for create in ["create", "open"] {
        let (Some(mut peer), name) = (peer(), name("mutex")) else { return Ok(()) };
        let kept = (create == "open").then(|| Mutex::create(&name)).transpose()?;
        order(&mut peer, &format!("mutex {create} {name}"), "ok");
        let mutex = Mutex::open(&name)?;
        drop(kept);
        order(&mut peer, "lock", "ok");
        assert!(mutex.try_lock()?.is_none());
        order(&mut peer, "unlock", "ok");
        order(&mut peer, "unlock", "failed");
        assert!(mutex.try_lock()?.is_some());

        common::in_thread(|| mutex.lock().map(std::mem::forget))?;
        order(&mut peer, "lock", "abandoned");
        order(&mut peer, "lock", "ok");
        peer.kill();
        assert!(mutex.lock_timeout(DEADLINE)?.is_some_and(|guard| guard.was_abandoned()));
        assert!(!mutex.lock()?.was_abandoned());
    }
    Ok(())
}

#[test]
fn events_of_both_kinds_are_signaled_in_both_directions() -> Outcome {
    for (kind, reset) in [("auto", Reset::Auto), ("manual", Reset::Manual)] {
        for create in [true, false] {
            let (Some(mut peer), name) = (peer(), name("event")) else { return Ok(()) };
            let kept = (!create).then(|| Event::create(&name, reset)).transpose()?;
            let opened = if create { format!("event create {name} {kind}") } else { format!("event open {name}") };
            order(&mut peer, &opened, "ok");
            let event = Event::open(&name)?;
            drop(kept);
            order(&mut peer, "set", "ok");
            assert!(event.wait_timeout(DEADLINE)?);
            assert_eq!(event.try_wait()?, reset == Reset::Manual);
            order(&mut peer, "reset", "ok");
            assert!(!event.try_wait()?);
            peer.tell("wait");
            event.set()?;
            assert_eq!(peer.line(), "ok");
            peer.finish();
        }
    }
    Ok(())
}

#[test]
fn a_semaphore_counts_in_both_directions() -> Outcome {
    for create in [true, false] {
        let (Some(mut peer), name) = (peer(), name("semaphore")) else { return Ok(()) };
        let kept = (!create).then(|| Semaphore::create(&name, 1, 3)).transpose()?;
        let opened = if create { format!("semaphore create {name} 1 3") } else { format!("semaphore open {name}") };
        order(&mut peer, &opened, "ok");
        let semaphore = Semaphore::open(&name)?;
        drop(kept);
        assert!(semaphore.try_acquire()? && !semaphore.try_acquire()?);
        order(&mut peer, "release 2", "ok");
        order(&mut peer, "release 2", "failed");
        assert_eq!(semaphore.release(1)?, 2);
        assert_eq!(failure(semaphore.release(1)), ErrorKind::LimitExceeded);
        for _ in 0..3 {
            order(&mut peer, "acquire", "ok");
        }
        peer.tell("acquire");
        semaphore.release(1)?;
        assert_eq!(peer.line(), "ok");
        peer.finish();
    }
    Ok(())
}
