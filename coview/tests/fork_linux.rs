//! What `fork` and `exec` do to handles and to ownership. Needs `unsafe` to fork.
#![cfg(target_os = "linux")]

mod common;

use std::error::Error;
use std::io::Read;
use std::mem::forget;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Actor, DEADLINE, Outcome, failure, given, hear_out, in_thread, name, play, say, until};
use coview::{ErrorKind, Event, Mapping, Mutex, Reset};

/// A child made by `fork` alone. It is waited for when it is finished, and killed if it is dropped before.
struct Forked {
    pid: libc::pid_t,
    waited: bool,
}

impl Forked {
    /// Runs `work` in a copy of this process, which must have one thread.
    fn new(work: impl FnOnce() -> Outcome) -> Forked {
        // SAFETY: this process has one thread, so the child may do whatever it likes.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork fails");
        if pid == 0 {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            let status = match result {
                Ok(Ok(())) => 0,
                Ok(Err(error)) => {
                    common::note(&format!("the child: {error}"));
                    1
                }
                Err(_) => 2,
            };
            // SAFETY: ends the child here and now; nothing of the parent's is run.
            unsafe { libc::_exit(status) }
        }
        Forked { pid, waited: false }
    }

    /// Waits for its end, which must be a good one.
    fn finish(mut self) {
        let begin = Instant::now();
        loop {
            let mut status = 0;
            // SAFETY: the child is ours, and has not been waited for.
            if unsafe { libc::waitpid(self.pid, &raw mut status, libc::WNOHANG) } == self.pid {
                self.waited = true;
                assert_eq!(status, 0, "the child failed");
                return;
            }
            assert!(begin.elapsed() < DEADLINE, "the child does not end");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if !self.waited {
            self.waited = true;
            // SAFETY: the child is ours, and has not been waited for.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
            // SAFETY: as above.
            unsafe { libc::waitpid(self.pid, std::ptr::null_mut(), 0) };
        }
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        self.end();
    }
}

/// Plays a case in a process that has one thread.
fn case(case: &str) {
    Actor::start("role_forker", &[("CASE", case), ("NAME", &name(case))]).finish();
}

#[test]
fn role_forker() {
    play("role_forker", || {
        let name = given("NAME");
        match given("CASE").as_str() {
            "owner" => owner(&name),
            "copies" => copies(&name),
            "dies" => dies(&name),
            "waits" => waits(&name),
            "makes" => makes(&name),
            "parent" => parent(&name),
            "again" => again(&name),
            case => Err(format!("there is no case {case}").into()),
        }
    });
}

fn is_free(mutex: &Mutex) -> Result<bool, Box<dyn Error>> {
    Ok(in_thread(|| mutex.try_lock().map(|guard| guard.is_some()))?)
}

#[test]
fn a_forked_child_owns_nothing() {
    case("owner");
}

fn owner(name: &str) -> Outcome {
    let mutex = Mutex::create(name)?;
    let guard = mutex.lock()?;
    forget(mutex.lock()?);
    let child = Forked::new(|| {
        assert_eq!(failure(mutex.unlock()), ErrorKind::NotOwner);
        assert!(mutex.try_lock()?.is_none(), "the child came into its parent's mutex");
        assert!(Mutex::open(mutex.name())?.try_lock()?.is_none());
        Ok(())
    });
    child.finish();
    assert!(!is_free(&mutex)?);
    mutex.unlock()?;
    assert!(!is_free(&mutex)?);
    drop(guard);
    assert!(is_free(&mutex)?);
    assert!(!mutex.lock()?.was_abandoned(), "the child's end is nobody's death");
    Ok(())
}

#[test]
fn a_forked_child_that_drops_its_copies_takes_nothing_from_its_parent() {
    case("copies");
}

fn copies(name: &str) -> Outcome {
    let mutex = Mutex::create(&format!("{name}.mutex"))?;
    let event = Event::create(&format!("{name}.event"), Reset::Auto)?;
    let mapping = Mapping::create(name, 64)?;
    let view = mapping.view()?;
    let guard = mutex.lock()?;
    let mut kept = Some((guard, event, mapping, view));
    Forked::new(|| {
        drop(kept.take());
        Ok(())
    })
    .finish();
    assert!(!is_free(&mutex)?, "the child has released its parent's mutex");
    assert!(Mapping::open(name).is_ok() && Event::open(&format!("{name}.event")).is_ok());
    assert!(Mutex::open(mutex.name()).is_ok());
    drop(kept);
    assert_eq!(failure(Mapping::open(name)), ErrorKind::NotFound);
    assert!(is_free(&mutex)?);
    Ok(())
}

#[test]
fn a_forked_child_is_an_owner_of_its_own_and_can_die_as_one() {
    case("dies");
}

fn dies(name: &str) -> Outcome {
    let mutex = Mutex::create(name)?;
    drop(mutex.lock()?);
    Forked::new(|| {
        // Taken and given back by the child, under its own identity.
        let guard = mutex.lock()?;
        assert!(!is_free(&mutex)?);
        guard.unlock()?;
        Ok(())
    })
    .finish();
    assert!(mutex.try_lock()?.is_some_and(|guard| !guard.was_abandoned()));
    Forked::new(|| {
        forget(mutex.lock()?);
        Ok(())
    })
    .finish();
    assert!(mutex.try_lock()?.is_some_and(|guard| guard.was_abandoned()), "the child died as the owner");
    let locked = Event::create(&format!("{name}.locked"), Reset::Auto)?;
    let child = Forked::new(|| {
        forget(mutex.lock()?);
        locked.set()?;
        loop {
            std::thread::park();
        }
    });
    assert!(locked.wait_timeout(DEADLINE)?);
    assert!(mutex.try_lock()?.is_none());
    child.kill();
    assert!(mutex.lock_timeout(DEADLINE)?.is_some_and(|guard| guard.was_abandoned()));
    Ok(())
}

#[test]
fn a_forked_child_and_its_parent_wait_for_each_other() {
    case("waits");
}

fn waits(name: &str) -> Outcome {
    let mutex = Mutex::create(&format!("{name}.mutex"))?;
    let (ping, pong) =
        (Event::create(&format!("{name}.ping"), Reset::Auto)?, Event::create(&format!("{name}.pong"), Reset::Auto)?);
    let view = Mapping::create(name, 64)?.view()?;
    let guard = mutex.lock()?;
    let child = Forked::new(|| {
        let guard = mutex.lock_timeout(DEADLINE)?.ok_or("the lock did not come")?;
        assert!(!guard.was_abandoned());
        view.put(0, &1u32);
        drop(guard);
        for _ in 0..500 {
            assert!(ping.wait_timeout(DEADLINE)?);
            pong.set()?;
        }
        Ok(())
    });
    assert_eq!(view.get::<u32>(0), 0);
    drop(guard);
    for _ in 0..500 {
        ping.set()?;
        assert!(pong.wait_timeout(DEADLINE)?);
    }
    child.finish();
    assert_eq!(view.get::<u32>(0), 1);
    assert!(!mutex.lock()?.was_abandoned());
    Ok(())
}

#[test]
fn a_forked_child_has_handles_of_its_own_when_it_opens_them() {
    case("makes");
}

fn makes(name: &str) -> Outcome {
    let end = Event::create(&format!("{name}.end"), Reset::Auto)?;
    let ready = Event::create(&format!("{name}.ready"), Reset::Auto)?;
    let mapping = Mapping::create(name, 64)?;
    let child = Forked::new(|| {
        let _own = Mapping::open(name)?;
        let _made = Mapping::create(&format!("{name}.child"), 64)?;
        ready.set()?;
        assert!(end.wait_timeout(DEADLINE)?);
        Ok(())
    });
    assert!(ready.wait_timeout(DEADLINE)?);
    drop(mapping);
    assert!(Mapping::open(name).is_ok(), "the child has opened it");
    assert!(Mapping::open(&format!("{name}.child")).is_ok());
    end.set()?;
    child.finish();
    assert_eq!(failure(Mapping::open(name)), ErrorKind::NotFound);
    assert_eq!(failure(Mapping::open(&format!("{name}.child"))), ErrorKind::NotFound);
    Ok(())
}

#[test]
fn what_the_parent_lets_go_is_gone_whatever_copies_its_children_have() {
    case("parent");
}

fn parent(name: &str) -> Outcome {
    let end = Event::create(&format!("{name}.end"), Reset::Auto)?;
    let mapping = Mapping::create(name, 64)?;
    let view = mapping.view()?;
    view.put(0, &5u32);
    let mut kept = Some((mapping, view));
    let child = Forked::new(|| {
        assert!(end.wait_timeout(DEADLINE)?);
        let (_, view) = kept.as_ref().ok_or("the copy is there")?;
        assert_eq!(view.get::<u32>(0), 5, "the copy of the view shows the old memory");
        Ok(())
    });
    kept = None;
    assert_eq!(failure(Mapping::open(name)), ErrorKind::NotFound);
    let new = Mapping::create(name, 64)?;
    new.view()?.put(0, &6u32);
    end.set()?;
    child.finish();
    assert_eq!(Mapping::open(name)?.read_view()?.get::<u32>(0), 6, "the child's end has taken the new object");
    drop(kept);
    Ok(())
}

#[test]
fn a_child_of_a_forked_child_can_lock_too() {
    case("again");
}

fn again(name: &str) -> Outcome {
    let mutex = Mutex::create(name)?;
    let _guard = mutex.lock()?;
    Forked::new(|| {
        assert!(mutex.try_lock()?.is_none());
        let own = Mutex::create(&format!("{name}.own"))?;
        let guard = own.lock()?;
        Forked::new(|| {
            assert!(mutex.try_lock()?.is_none() && own.try_lock()?.is_none());
            assert_eq!(failure(own.unlock()), ErrorKind::NotOwner);
            Ok(())
        })
        .finish();
        guard.unlock()?;
        assert!(own.try_lock()?.is_some());
        Ok(())
    })
    .finish();
    Ok(())
}

#[test]
fn role_abandoner() {
    play("role_abandoner", || {
        let mapping = Mapping::create(&given("NAME"), 64)?;
        let child = Forked::new(|| {
            hear_out();
            Ok(())
        });
        say("forked");
        forget((child, mapping));
        // SAFETY: ends this process here and now, as a signal would.
        unsafe { libc::_exit(0) }
    });
}

#[test]
fn the_copy_of_a_forked_child_lives_on_when_its_parent_just_ends() -> Outcome {
    let name = name("orphan");
    let mut parent = Actor::start("role_abandoner", &[("NAME", &name)]);
    parent.says("forked");
    // The pipe to the parent is the child's too, and open still.
    assert!(Mapping::open(&name).is_ok());
    assert!(parent.status().success());
    until("the orphan has ended", || Mapping::open(&name).is_err_and(|error| error.kind() == ErrorKind::NotFound));
    Ok(())
}

#[test]
fn what_another_program_is_started_in_the_meantime_holds_nothing() -> Outcome {
    for kind in common::KINDS {
        let name = name("exec");
        let thing = common::Thing::create(kind, &name)?;
        let mut other = Command::new("sleep").arg("60").spawn()?;
        drop(thing);
        let result = failure(common::Thing::open(kind, &name));
        other.kill()?;
        other.wait()?;
        assert_eq!(result, ErrorKind::NotFound, "the other program holds the {kind}");
    }
    Ok(())
}

#[test]
fn no_descriptor_leaks_into_other_programs() -> Outcome {
    let _things = common::KINDS.map(|kind| common::Thing::create(kind, &name("leak")));
    let unnamed = Mapping::unnamed(4096)?;
    let _token = unnamed.pass(&mut Command::new("never"))?;
    let mut other = Command::new("ls").args(["-l", "/proc/self/fd"]).stdout(Stdio::piped()).spawn()?;
    let mut listing = String::new();
    other.stdout.take().ok_or("it is piped")?.read_to_string(&mut listing)?;
    other.wait()?;
    assert!(!listing.contains("coview") && !listing.contains("memfd"), "{listing}");
    Ok(())
}
