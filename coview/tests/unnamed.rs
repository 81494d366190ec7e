//! Synchronization objects without a name: they work as the named ones do, and nobody finds them.

mod common;

use common::{DEADLINE, Outcome, SHORT, failure, in_thread, own_prefix};
use coview::{
    ErrorKind, Event, EventOptions, Mutex, MutexOptions, Namespace, Reset, Semaphore, SemaphoreOptions, Waitable,
};

#[test]
fn an_unnamed_mutex_excludes_and_is_abandoned() -> Outcome {
    let mutex = Mutex::unnamed()?;
    assert!(mutex.was_created());
    let guard = mutex.lock()?;
    drop(mutex.lock()?);
    assert!(in_thread(|| mutex.lock_timeout(SHORT).map(|guard| guard.is_none()))?);
    drop(guard);
    in_thread(|| mutex.lock().map(std::mem::forget))?;
    assert!(mutex.lock()?.was_abandoned());
    assert!(!mutex.lock()?.was_abandoned());
    Ok(())
}

#[test]
fn an_unnamed_mutex_can_be_owned_from_the_start() -> Outcome {
    let mutex = MutexOptions::new().owned(true).unnamed()?;
    assert!(in_thread(|| mutex.try_lock().map(|guard| guard.is_none()))?);
    mutex.unlock()?;
    assert_eq!(failure(mutex.unlock()), ErrorKind::NotOwner);
    assert!(in_thread(|| mutex.try_lock().map(|guard| guard.is_some()))?);
    Ok(())
}

#[test]
fn unnamed_events_are_set_waited_for_and_reset() -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let event = Event::unnamed(reset)?;
        assert!(!event.try_wait()?);
        assert!(std::thread::scope(|scope| {
            scope.spawn(|| event.set());
            event.wait_timeout(DEADLINE)
        })?);
        assert_eq!(event.try_wait()?, reset == Reset::Manual);
        event.reset()?;
        assert!(!event.wait_timeout(SHORT)?);
        assert!(EventOptions::new(reset).signaled(true).unnamed()?.try_wait()?);
    }
    Ok(())
}

#[test]
fn an_unnamed_semaphore_counts() -> Outcome {
    let semaphore = Semaphore::unnamed(1, 2)?;
    semaphore.acquire()?;
    assert!(!semaphore.try_acquire()?);
    assert_eq!(semaphore.release(2)?, 0);
    assert_eq!(failure(semaphore.release(1)), ErrorKind::LimitExceeded);
    assert_eq!(failure(SemaphoreOptions::new().unnamed(3, 2)), ErrorKind::InvalidInput);
    Ok(())
}

#[test]
fn many_unnamed_objects_are_different_ones() -> Outcome {
    let events = (0..40).map(|_| Event::unnamed(Reset::Auto)).collect::<coview::Result<Vec<_>>>()?;
    events[17].set()?;
    let signaled: Vec<usize> = (0..40).filter(|&index| events[index].try_wait().unwrap_or(false)).collect();
    assert_eq!(signaled, [17]);
    Ok(())
}

#[test]
fn unnamed_objects_are_waited_for_together() -> Outcome {
    let (mutex, event, semaphore) = (Mutex::unnamed()?, Event::unnamed(Reset::Auto)?, Semaphore::unnamed(1, 1)?);
    let all: [Waitable<'_>; 3] = [(&mutex).into(), (&event).into(), (&semaphore).into()];
    assert!(coview::try_wait_all(&all)?.is_none());
    event.set()?;
    drop(coview::wait_all(&all)?);
    assert!(!event.try_wait()? && !semaphore.try_acquire()?);
    assert_eq!(failure(coview::wait_all(&[(&event).into(), (&event).into()])), ErrorKind::InvalidInput);
    Ok(())
}

#[test]
fn an_error_without_a_name_shows_none() -> Outcome {
    let text = |error: coview::Error| error.to_string();
    let unlocked = Mutex::unnamed()?.unlock().expect_err("nobody owns it");
    assert_eq!(unlocked.name(), None);
    assert!(text(unlocked).starts_with("unlock mutex: "));
    let released = Semaphore::unnamed(1, 1)?.release(1).expect_err("it is full");
    assert!(text(released).starts_with("release semaphore: "));
    let nothing = Semaphore::unnamed(1, 1)?.release(0).expect_err("nothing to release");
    assert!(text(nothing).starts_with("release semaphore: "));
    let made = Semaphore::unnamed(0, 0).expect_err("a maximum of 0");
    assert!(text(made).starts_with("create semaphore: "));
    Ok(())
}

#[test]
fn nobody_finds_an_unnamed_object() -> Outcome {
    let _objects = (Mutex::unnamed()?, Event::unnamed(Reset::Auto)?, Semaphore::unnamed(1, 1)?);
    let prefix = own_prefix();
    let listed = coview::list(Namespace::Local)?;
    assert!(listed.iter().all(|object| !object.name.starts_with(&prefix) && !object.name.is_empty()));
    assert_eq!(failure(Event::open("")), ErrorKind::InvalidName);
    Ok(())
}
