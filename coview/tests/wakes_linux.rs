//! What only Linux can get wrong about wakes, owners and names. Needs `unsafe` for the C library's own mutexes.
#![cfg(target_os = "linux")]

mod common;

use std::cell::UnsafeCell;
use std::fs::{self, File};
use std::mem::{MaybeUninit, forget};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{
    Actor, DEADLINE, Outcome, SHORT, failure, given, hand_out, hear_out, in_thread, name, note, own_prefix, play, say,
    settle, within,
};
use coview::{
    ErrorKind, Event, Mapping, Mutex, Namespace, Reset, Semaphore, try_wait_any, wait_all_timeout, wait_any_timeout,
};

/// Where an object's file holds the gate and the count.
const STATE_AT: u64 = 64 * 1024 - 4096 + 4032;

/// How long a wait may take beyond its time when somebody has overwritten the object.
const PATIENCE: Duration = Duration::from_secs(3);

fn path_of(name: &str) -> PathBuf {
    let user = fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid());
    PathBuf::from(format!("/dev/shm/coview-{user}/{name}"))
}

/// A robust, priority-inheriting mutex of the C library.
struct Foreign(Box<UnsafeCell<libc::pthread_mutex_t>>);

// SAFETY: a `pthread_mutex_t` is made to be used by several threads.
unsafe impl Sync for Foreign {}

impl Foreign {
    fn new() -> Foreign {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: there is room for the attributes.
        assert_eq!(unsafe { libc::pthread_mutexattr_init(attributes.as_mut_ptr()) }, 0);
        let attributes: *mut libc::pthread_mutexattr_t = attributes.as_mut_ptr();
        // SAFETY: the attributes are initialized.
        assert_eq!(unsafe { libc::pthread_mutexattr_setprotocol(attributes, libc::PTHREAD_PRIO_INHERIT) }, 0);
        // SAFETY: as above.
        assert_eq!(unsafe { libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST) }, 0);
        let mutex = Foreign(Box::new(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER)));
        // SAFETY: nobody uses the mutex yet, and it does not move any more.
        assert_eq!(unsafe { libc::pthread_mutex_init(mutex.0.get(), attributes) }, 0);
        mutex
    }
}

/// A mutex of either kind.
enum Lock {
    Ours(Mutex),
    Foreign(Foreign),
}

impl Lock {
    fn take(&self) {
        match self {
            Lock::Ours(mutex) => forget(mutex.lock().expect("locking does not fail")),
            // SAFETY: the mutex is initialized.
            Lock::Foreign(foreign) => assert_eq!(unsafe { libc::pthread_mutex_lock(foreign.0.get()) }, 0),
        }
    }

    fn give(&self) {
        match self {
            Lock::Ours(mutex) => mutex.unlock().expect("it is owned"),
            // SAFETY: the mutex is initialized.
            Lock::Foreign(foreign) => assert_eq!(unsafe { libc::pthread_mutex_unlock(foreign.0.get()) }, 0),
        }
    }

    /// Whether a thread that does not own it can have it, and whether its last owner has died.
    fn probe(&self) -> (bool, bool) {
        match self {
            Lock::Ours(mutex) => {
                let guard = mutex.try_lock().expect("trying does not fail");
                (guard.is_some(), guard.is_some_and(|guard| guard.was_abandoned()))
            }
            Lock::Foreign(foreign) => {
                // SAFETY: the mutex is initialized.
                let result = unsafe { libc::pthread_mutex_trylock(foreign.0.get()) };
                let died = result == libc::EOWNERDEAD;
                if died {
                    // SAFETY: this thread has just locked it.
                    assert_eq!(unsafe { libc::pthread_mutex_consistent(foreign.0.get()) }, 0);
                }
                let free = result == 0 || died;
                if free {
                    self.give();
                }
                (free, died)
            }
        }
    }
}

/// Every order of four things.
fn orders() -> impl Iterator<Item = [usize; 4]> {
    (0..256).map(|code| [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6]).filter(|order| {
        let mut sorted = *order;
        sorted.sort_unstable();
        sorted == [0, 1, 2, 3]
    })
}

#[test]
fn role_mixer() {
    play("role_mixer", || {
        let locks = [
            Lock::Foreign(Foreign::new()),
            Lock::Ours(Mutex::create(&name("mixed"))?),
            Lock::Foreign(Foreign::new()),
            Lock::Ours(Mutex::create(&name("mixed"))?),
        ];
        let probe = || in_thread(|| locks.iter().map(Lock::probe).collect::<Vec<_>>());
        for taken in [[0, 1, 2, 3], [1, 0, 3, 2], [0, 2, 1, 3], [1, 3, 0, 2]] {
            for given in orders() {
                taken.iter().for_each(|&index| locks[index].take());
                assert_eq!(probe(), [(false, false); 4], "taken as {taken:?}");
                given.iter().for_each(|&index| locks[index].give());
                assert_eq!(probe(), [(true, false); 4], "taken as {taken:?}, given back as {given:?}");
            }
        }
        for taken in orders() {
            for count in 1..=4 {
                in_thread(|| taken[..count].iter().for_each(|&index| locks[index].take()));
                let mut expected = [(true, false); 4];
                taken[..count].iter().for_each(|&index| expected[index].1 = true);
                assert_eq!(probe(), expected, "a thread has died with {:?}", &taken[..count]);
            }
        }
        Ok(())
    });
}

#[test]
fn mutexes_mix_with_robust_priority_inheriting_mutexes_in_any_order() {
    Actor::start("role_mixer", &[]).finish();
}

#[test]
fn role_locker() {
    play("role_locker", || {
        let mutex = Mutex::open(&given("NAME"))?;
        say("ready");
        let guard = mutex.lock_timeout(DEADLINE)?.ok_or("the lock did not come")?;
        say("locked");
        hear_out();
        drop(guard);
        Ok(())
    });
}

#[test]
fn a_sleeper_that_dies_woken_while_others_are_faster_leaves_no_one_asleep_on_a_free_mutex() -> Outcome {
    let mutex = Mutex::create(&name("barge"))?;
    let mut faster = 0;
    for _ in 0..25 {
        let guard = mutex.lock()?;
        let [mut first, mut second] = [(); 2].map(|()| {
            let mut actor = Actor::start("role_locker", &[("NAME", mutex.name())]);
            actor.says("ready");
            settle(0);
            actor
        });
        drop(guard);
        let again = mutex.try_lock()?;
        first.kill();
        faster += u32::from(again.is_some());
        drop(again);
        second.says("locked");
        second.finish();
    }
    note(&format!("this thread was faster in {faster} rounds of 25"));
    Ok(())
}

/// Who gives up in the moment of a release was woken for nothing, and the wake was another's.
#[test]
fn a_permit_is_not_lost_on_a_wait_for_all_that_gives_up() -> Outcome {
    let semaphore = Arc::new(Semaphore::create(&name("given.up"), 0, 1)?);
    let (never, stop) = (Event::create(&name("never"), Reset::Auto)?, Arc::new(AtomicBool::new(false)));
    let greedy = thread::spawn({
        let (semaphore, stop) = (semaphore.clone(), stop.clone());
        move || {
            while !stop.load(Ordering::Relaxed) {
                let all = wait_all_timeout(&[(&*semaphore).into(), (&never).into()], Duration::from_micros(400));
                assert!(all.expect("waiting does not fail").is_none());
            }
        }
    });
    hand_out(&semaphore, 2000);
    stop.store(true, Ordering::Relaxed);
    within("the greedy one ends", move || greedy.join().expect("it does not panic"));
    Ok(())
}

#[test]
fn an_event_whose_state_was_overwritten_keeps_no_wait_beyond_its_time() -> Outcome {
    let event = Event::create(&name("zero.event"), Reset::Auto)?;
    let semaphore = Semaphore::create(&name("zero.semaphore"), 0, 5)?;
    for name in [event.name(), semaphore.name()] {
        File::options().write(true).open(path_of(name))?.write_all_at(&[0; 8], STATE_AT)?;
    }
    within("the waits", move || -> coview::Result<()> {
        let begin = Instant::now();
        for object in [(&event).into(), (&semaphore).into()] {
            assert!(try_wait_any(&[object])?.is_none());
            assert!(wait_any_timeout(&[object], SHORT)?.is_none());
            assert!(wait_all_timeout(&[object], SHORT)?.is_none());
        }
        assert!(!event.wait_timeout(SHORT)?);
        assert!(!semaphore.acquire_timeout(SHORT)?);
        assert!(begin.elapsed() < PATIENCE, "it took {:?}", begin.elapsed());
        Ok(())
    })?;
    Ok(())
}

#[test]
fn a_file_that_somebody_has_linked_elsewhere_takes_no_other_objects_name_with_it() -> Outcome {
    let name = name("linked");
    let (path, kept) = (path_of(&name), PathBuf::from(format!("/dev/shm/{}kept", own_prefix())));
    let old = Mapping::create(&name, 64)?;
    fs::hard_link(&path, &kept)?;
    let moved = fs::remove_file(&path);
    let new = Mapping::create(&name, 64);
    drop(old);
    let opened = Mapping::open(&name);
    fs::remove_file(&kept)?;
    moved?;
    let new = new?;
    new.view()?.put(0, &7u32);
    assert_eq!(opened?.read_view()?.get::<u32>(0), 7, "the name is another object's");
    drop(new);
    assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
    assert!(!path.exists());
    Ok(())
}

#[test]
fn posix_names_that_lead_to_global_objects_are_refused() -> Outcome {
    let own = own_prefix();
    for name in [format!("/coview-global.{own}"), "/coview-global.".into()] {
        assert_eq!(failure(Mapping::create(&name, 64)), ErrorKind::InvalidName, "{name}");
        assert_eq!(failure(Mapping::open(&name)), ErrorKind::InvalidName, "{name}");
        assert_eq!(failure(Mapping::create_or_open(&name, 64, |_| ())), ErrorKind::InvalidName, "{name}");
        assert!(!PathBuf::from(format!("/dev/shm{name}")).exists(), "{name}");
    }
    let near = format!("/{own}global");
    let mapping = Mapping::create(&near, 64)?;
    let opened = Mapping::open(&near).map(drop);
    drop(mapping);
    let _ = fs::remove_file(format!("/dev/shm{near}"));
    opened?;
    Ok(())
}

/// Lets this process have as many descriptors as it may, and says how many that is.
fn raise_the_descriptor_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: there is room for the limits.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }, 0);
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the limits are only read.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    limit.rlim_cur
}

#[test]
fn role_glutton() {
    play("role_glutton", || {
        if raise_the_descriptor_limit() < 3000 {
            say("too few descriptors");
            return Ok(());
        }
        let mut mutexes = Vec::new();
        let next = loop {
            let mutex = Mutex::create(&format!("{}.{}", given("NAME"), mutexes.len()))?;
            match mutex.lock().map(forget) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::LimitExceeded => break mutex,
                Err(error) => return Err(error.into()),
            }
            mutexes.push(mutex);
            assert!(mutexes.len() < 2048, "the kernel looks at no more when a thread dies");
        };
        assert_eq!(failure(next.try_lock()), ErrorKind::LimitExceeded);
        assert_eq!(failure(next.lock_timeout(SHORT)), ErrorKind::LimitExceeded);
        assert_eq!(failure(try_wait_any(&[(&next).into()])), ErrorKind::LimitExceeded);
        assert!(in_thread(|| next.try_lock().map(|guard| guard.is_some()))?, "it is another thread's limit");
        let last = mutexes.last().ok_or("none could be locked")?;
        drop(last.lock()?);
        last.unlock()?;
        drop(next.lock()?);
        forget(last.lock()?);
        say(&mutexes.len().to_string());
        hear_out();
        Ok(())
    });
}

#[test]
fn a_thread_that_owns_too_many_mutexes_is_told_and_leaves_none_stuck() -> Outcome {
    let name = name("many");
    let mut glutton = Actor::start("role_glutton", &[("NAME", &name)]);
    let line = glutton.line();
    note(&format!("a thread may own so many mutexes: {line}"));
    let Ok(count) = line.parse::<usize>() else { return Ok(()) };
    let mutexes = [0, 1, count / 2, count - 1].map(|index| Mutex::open(&format!("{name}.{index}")));
    glutton.kill();
    for mutex in mutexes {
        let mutex = mutex?;
        let guard = mutex.lock_timeout(DEADLINE)?.ok_or("a dead process owns it still")?;
        assert!(guard.was_abandoned());
    }
    // The dead process has left all the others.
    coview::sweep(Namespace::Local)?;
    assert_eq!(failure(Mutex::open(&format!("{name}.2"))), ErrorKind::NotFound);
    Ok(())
}
