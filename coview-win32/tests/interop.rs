//! A Rust program with `coview` and a C program with `coview_win32` share objects under the same names.

#![cfg(target_os = "linux")]

mod programs;

use std::process::{self, Command};
use std::thread;
use std::time::Duration;

use coview::{ErrorKind, Event, Mapping, Mutex, Reset, Semaphore, Timer, Waitable, wait_all_timeout};
use programs::Peer;

const DEADLINE: Duration = Duration::from_secs(20);

const WAIT_OBJECT_0: &str = "0";
const WAIT_ABANDONED: &str = "128";
const WAIT_TIMEOUT: &str = "258";

/// The objects as Rust has them.
struct Objects {
    mapping: Mapping,
    mutex: Mutex,
    event: Event,
    semaphore: Semaphore,
    timer: Timer,
}

impl Objects {
    fn create(prefix: &str) -> coview::Result<Objects> {
        Ok(Objects {
            mapping: Mapping::create(&format!("{prefix}.mapping"), 5000)?,
            mutex: Mutex::create(&format!("{prefix}.mutex"))?,
            event: Event::create(&format!("{prefix}.event"), Reset::Auto)?,
            semaphore: Semaphore::create(&format!("{prefix}.semaphore"), 1, 3)?,
            timer: Timer::create(&format!("{prefix}.timer"), Reset::Manual)?,
        })
    }

    fn open(prefix: &str) -> coview::Result<Objects> {
        Ok(Objects {
            mapping: Mapping::open(&format!("{prefix}.mapping"))?,
            mutex: Mutex::open(&format!("{prefix}.mutex"))?,
            event: Event::open(&format!("{prefix}.event"))?,
            semaphore: Semaphore::open(&format!("{prefix}.semaphore"))?,
            timer: Timer::open(&format!("{prefix}.timer"))?,
        })
    }

    /// Ends a thread of this program while it owns the mutex.
    fn abandon(&self) {
        thread::scope(|scope| {
            let owner =
                scope.spawn(|| std::mem::forget(self.mutex.lock_timeout(DEADLINE).expect("it can be waited for")));
            // The scope alone would wait for the closure, and not for the thread.
            owner.join().expect("it does not panic");
        });
    }
}

fn prefix(test: &str) -> String {
    format!("coview-interop-{}-{test}", process::id())
}

fn peer(part: &str, prefix: &str) -> Peer {
    let mut command = Command::new(programs::build("interop.c"));
    command.args([part, prefix]);
    let mut peer = Peer::start(command);
    assert_eq!(peer.line(), "ready");
    peer
}

/// Both sides do to each object what the other one has to see.
fn share(ours: &Objects, peer: &mut Peer) -> coview::Result<()> {
    share_memory(ours, peer)?;
    share_mutex(ours, peer)?;
    share_event(ours, peer)?;
    share_semaphore(ours, peer)?;
    share_timer(ours, peer)?;
    wait_for_all(ours, peer)
}

fn share_memory(ours: &Objects, peer: &mut Peer) -> coview::Result<()> {
    let view = ours.mapping.view()?;
    view.write(0, b"from-rust\0");
    peer.answers("read", "from-rust");
    peer.answers("write from-c", "6");
    assert_eq!(view.read_vec(0, 7), b"from-c\0");
    Ok(())
}

fn share_mutex(ours: &Objects, peer: &mut Peer) -> coview::Result<()> {
    let held = ours.mutex.lock_timeout(DEADLINE)?.expect("nobody owns it");
    peer.answers("poll mutex", WAIT_TIMEOUT);
    peer.answers("unlock", "288");
    drop(held);
    peer.answers("poll mutex", WAIT_OBJECT_0);
    assert!(ours.mutex.try_lock()?.is_none());
    peer.answers("poll mutex", WAIT_OBJECT_0);
    peer.answers("unlock", "0");
    assert!(ours.mutex.try_lock()?.is_none(), "the peer owned it twice");
    peer.answers("unlock", "0");
    assert!(ours.mutex.try_lock()?.is_some_and(|held| !held.was_abandoned()));
    ours.abandon();
    peer.answers("poll mutex", WAIT_ABANDONED);
    peer.answers("unlock", "0");
    Ok(())
}

fn share_event(ours: &Objects, peer: &mut Peer) -> coview::Result<()> {
    peer.answers("poll event", WAIT_TIMEOUT);
    ours.event.set()?;
    peer.answers("poll event", WAIT_OBJECT_0);
    assert!(!ours.event.try_wait()?);
    peer.answers("set", "0");
    assert!(ours.event.wait_timeout(DEADLINE)?);
    peer.answers("poll event", WAIT_TIMEOUT);
    peer.tell("wait event");
    ours.event.set()?;
    assert_eq!(peer.line(), WAIT_OBJECT_0);
    Ok(())
}

fn share_semaphore(ours: &Objects, peer: &mut Peer) -> coview::Result<()> {
    peer.answers("poll semaphore", WAIT_OBJECT_0);
    assert!(!ours.semaphore.try_acquire()?);
    peer.answers("release 2", "0");
    assert!(ours.semaphore.try_acquire()?);
    peer.answers("release 3", "1298");
    assert_eq!(ours.semaphore.release(2)?, 1);
    assert_eq!(ours.semaphore.release(1).map_err(|error| error.kind()), Err(ErrorKind::LimitExceeded));
    peer.answers("release 1", "1298");
    for _ in 0..3 {
        peer.answers("poll semaphore", WAIT_OBJECT_0);
    }
    peer.answers("poll semaphore", WAIT_TIMEOUT);
    Ok(())
}

fn share_timer(ours: &Objects, peer: &mut Peer) -> coview::Result<()> {
    peer.answers("poll timer", WAIT_TIMEOUT);
    ours.timer.set(Duration::from_millis(20), None)?;
    peer.answers("wait timer", WAIT_OBJECT_0);
    peer.answers("timer 100000", "0");
    assert!(!ours.timer.try_wait()?, "setting it again has cleared it");
    peer.answers("timer 20", "0");
    assert!(ours.timer.wait_timeout(DEADLINE)?);
    Ok(())
}

fn wait_for_all(ours: &Objects, peer: &mut Peer) -> coview::Result<()> {
    let held = ours.mutex.lock_timeout(DEADLINE)?.expect("nobody owns it");
    peer.tell("waitall");
    ours.event.set()?;
    held.unlock()?;
    assert_eq!(peer.line(), WAIT_OBJECT_0);
    assert!(!ours.event.try_wait()? && ours.mutex.try_lock()?.is_none(), "the peer took both");
    peer.answers("set", "0");
    peer.answers("unlock", "0");
    let both = [Waitable::from(&ours.mutex), Waitable::from(&ours.event)];
    assert!(wait_all_timeout(&both, DEADLINE)?.is_some_and(|all| all.abandoned().is_empty()));
    peer.answers("poll event", WAIT_TIMEOUT);
    Ok(())
}

/// The peer is killed while it owns the mutex.
fn see_the_peer_die(ours: &Objects, mut peer: Peer) -> coview::Result<()> {
    peer.answers("poll mutex", WAIT_OBJECT_0);
    peer.tell("kill");
    let held = ours.mutex.lock_timeout(DEADLINE)?.expect("its owner dies");
    assert!(held.was_abandoned());
    Ok(())
}

#[test]
fn a_c_program_opens_what_rust_created() -> coview::Result<()> {
    let prefix = prefix("rust");
    let ours = Objects::create(&prefix)?;
    let mut peer = peer("open", &prefix);
    share(&ours, &mut peer)?;
    see_the_peer_die(&ours, peer)
}

#[test]
fn a_rust_program_opens_what_c_created() -> coview::Result<()> {
    let prefix = prefix("c");
    let mut peer = peer("create", &prefix);
    let ours = Objects::open(&prefix)?;
    assert!(ours.mapping.size() >= 5000);
    share(&ours, &mut peer)?;
    see_the_peer_die(&ours, peer)?;
    drop(ours);
    assert_eq!(Mutex::open(&format!("{prefix}.mutex")).map_err(|error| error.kind()).err(), Some(ErrorKind::NotFound));
    Ok(())
}

#[test]
fn the_machine_wide_namespace_is_one() -> coview::Result<()> {
    let prefix = format!(r"Global\{}", prefix("global"));
    let ours = Objects::create(&prefix)?;
    let mut peer = peer("open", &prefix);
    share(&ours, &mut peer)
}

#[test]
fn a_name_that_c_holds_is_of_one_kind_for_rust() {
    let prefix = prefix("kinds");
    let _peer = peer("create", &prefix);
    let kind = Mutex::open(&format!("{prefix}.event")).map_err(|error| error.kind()).err();
    assert_eq!(kind, Some(ErrorKind::WrongKind));
}
