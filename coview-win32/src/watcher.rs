//! The thread that sees processes end: it reaps children and sets the events that wait for ends.
//!
//! Needs `unsafe` for `epoll`.

use std::collections::HashMap;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::linux::{self, check, own};
use crate::process::State;
use crate::table::lock;

/// Everything that this process watches. A child that was forked without `exec` begins anew.
struct Watcher {
    process: u32,
    epoll: Option<Arc<OwnedFd>>,
    watched: HashMap<u64, Watched>,
}

struct Watched {
    state: Weak<State>,
    /// Keeps a child known until it is reaped, whoever closes its handles.
    child: Option<Arc<State>>,
}

static WATCHER: Mutex<Option<Watcher>> = Mutex::new(None);

pub(crate) struct Held {
    _watcher: MutexGuard<'static, Option<Watcher>>,
}

/// The lock, for who forks.
pub(crate) fn hold() -> Held {
    Held { _watcher: lock(&WATCHER) }
}

/// Starts the thread if it does not run yet.
pub(crate) fn prepare() -> io::Result<()> {
    // What a parent watched is dropped after the lock: the end of a state takes the lock.
    let _of_parent = with_watcher(|watcher| {
        let inherited = watcher.take_if(|watcher| watcher.process != process::id());
        if watcher.is_none() {
            *watcher = Some(Watcher { process: process::id(), epoll: None, watched: HashMap::new() });
        }
        inherited
    });
    with_watcher(|watcher| match watcher {
        Some(Watcher { epoll: epoll @ None, .. }) => {
            let new = Arc::new(new_epoll()?);
            let watched = new.clone();
            linux::start_quiet_thread("coview-ends", move || watch_for_ever(&watched))?;
            *epoll = Some(new);
            Ok(())
        }
        _ => Ok(()),
    })
}

/// Has the end of a process seen. A child is reaped, even if its state is dropped before.
pub(crate) fn watch(state: &Arc<State>, is_child: bool) -> io::Result<()> {
    prepare()?;
    let epoll = with_watcher(|watcher| {
        let watcher = watcher.as_mut()?;
        let watched = Watched { state: Arc::downgrade(state), child: is_child.then(|| state.clone()) };
        watcher.watched.insert(state.key(), watched);
        watcher.epoll.clone()
    });
    let Some(epoll) = epoll else { return Ok(()) };
    let mut wanted = libc::epoll_event { events: (libc::EPOLLIN | libc::EPOLLONESHOT) as u32, u64: state.key() };
    let (epoll, process) = (epoll.as_raw_fd(), state.descriptor().as_raw_fd());
    // SAFETY: both descriptors are open, and the event is our own.
    check(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, process, &raw mut wanted) })?;
    Ok(())
}

/// Ends the watching of a state that is going.
pub(crate) fn forget(key: u64, descriptor: BorrowedFd<'_>) {
    let removed = with_watcher(|watcher| {
        let watcher = watcher.as_mut().filter(|watcher| watcher.process == process::id())?;
        Some((watcher.watched.remove(&key)?, watcher.epoll.clone()?))
    });
    let Some((_, epoll)) = removed else { return };
    // By hand: a process that has inherited the descriptor would keep the entry.
    // SAFETY: both descriptors are open; no event is needed.
    unsafe { libc::epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_DEL, descriptor.as_raw_fd(), std::ptr::null_mut()) };
}

/// The state of a process that this one watches or has a handle to.
pub(crate) fn find(process: u32) -> Option<Arc<State>> {
    let found = with_watcher(|watcher| {
        let watched = watcher.as_ref().filter(|watcher| watcher.process == process::id())?.watched.values();
        Some(watched.filter_map(|watched| watched.state.upgrade()).collect::<Vec<_>>())
    })?;
    // The states are dropped after the lock.
    found.into_iter().filter(|state| state.process() == process).max_by_key(|state| state.key())
}

fn with_watcher<T>(work: impl FnOnce(&mut Option<Watcher>) -> T) -> T {
    work(&mut lock(&WATCHER))
}

fn new_epoll() -> io::Result<OwnedFd> {
    // SAFETY: a call without pointers.
    let descriptor = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
    // SAFETY: the descriptor is new.
    Ok(unsafe { own(descriptor) })
}

fn watch_for_ever(epoll: &OwnedFd) {
    const AT_ONCE: usize = 32;
    let mut ended = [libc::epoll_event { events: 0, u64: 0 }; AT_ONCE];
    loop {
        let found = linux::uninterrupted(|| {
            // SAFETY: there is room for as many as it is told.
            check(unsafe { libc::epoll_wait(epoll.as_fd().as_raw_fd(), ended.as_mut_ptr(), AT_ONCE as i32, -1) })
        });
        let Ok(found) = found else { return };
        for event in &ended[..usize::try_from(found).unwrap_or(0)] {
            settle(event.u64);
        }
    }
}

fn settle(key: u64) {
    let state = with_watcher(|watcher| watcher.as_ref()?.watched.get(&key)?.state.upgrade());
    let Some(state) = state else { return };
    state.settle();
    let child = with_watcher(|watcher| {
        watcher.as_mut()?.watched.get_mut(&key).and_then(|watched| mem::take(&mut watched.child))
    });
    drop(child);
}
