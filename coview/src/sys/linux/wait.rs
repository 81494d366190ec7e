//! Waiting: for a name to appear, for any of several objects, for all of them at one moment.
//!
//! Needs `unsafe` for `inotify` and `poll`.
//!
//! Who waits for several objects registers with each in `multi` first. A giver that sees a registration wakes everyone
//! instead of one, so that a wake is never spent on a thread which then takes something else. A registration that a
//! killed thread left makes givers wake more than they need, and nothing else.
//!
//! `wait_all` freezes: with the latches of all objects in the order of their identities, it marks each as frozen if it
//! is signaled. If all were, it takes from each and so unfreezes it; if not, it thaws what it has frozen.
//!
//! | killed | what is found |
//! |---|---|
//! | before all are frozen | the latches are marked `DIED`; whoever meets a frozen object takes its latch and thaws it |
//! | taking | what was taken is taken, a mutex among it abandoned; what was not is thawed like above |

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, FromRawFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::block::Block;
use super::event::{AUTO_MAX, generation_of, is_open, wake_everyone};
use super::folder::{self, Place};
use super::futex;
use super::object::{Object, c_path};
use super::robust;
use super::thread::{self, Thread};
use super::tokens::{self, FROZEN, WAITERS, count_of, gate_of, replace, settled, state_of};
use super::{Deadline, Locked, Waitable, check, error};
use crate::inspect::Kind;
use crate::name::Name;
use crate::{Access, ErrorKind};

/// Takes from the first object that is signaled, waiting until the deadline.
pub(crate) fn wait_any(objects: &[Waitable<'_>], deadline: Deadline) -> io::Result<Option<(usize, bool)>> {
    thread::with(|thread| {
        let firsts = generations(thread, objects)?;
        if let Some(taken) = try_any(thread, objects, &firsts, false)? {
            return Ok(Some(taken));
        }
        if deadline.is_now() {
            return Ok(None);
        }
        let _registered: Vec<Registration<'_>> = objects.iter().map(Registration::new).collect();
        let mut slept = false;
        loop {
            if let Some(taken) = try_any(thread, objects, &firsts, slept)? {
                return Ok(Some(taken));
            }
            if deadline.has_passed() {
                return Ok(None);
            }
            let Some(words) = sleepable(thread, objects)? else { continue };
            let nap = objects.iter().fold(deadline, |nap, object| object.nap(nap));
            futex::wait_any(&words, nap)?;
            slept = true;
        }
    })
}

/// Takes from all objects at one moment, waiting for that until the deadline.
pub(crate) fn wait_all(objects: &[Waitable<'_>], deadline: Deadline) -> io::Result<Option<Vec<bool>>> {
    let mut order: Vec<usize> = (0..objects.len()).collect();
    order.sort_by_key(|&index| objects[index].block().identity());
    if order.windows(2).any(|pair| objects[pair[0]].block().identity() == objects[pair[1]].block().identity()) {
        return Err(error(ErrorKind::InvalidInput));
    }
    thread::with(|thread| {
        let firsts = generations(thread, objects)?;
        let _registered: Vec<Registration<'_>> = objects.iter().map(Registration::new).collect();
        let mut last_look = false;
        loop {
            let missing = first_unsignaled(thread, objects, &firsts)?;
            if missing.is_none()
                && let Some(abandoned) = take_all(thread, objects, &firsts, &order)?
            {
                return Ok(Some(abandoned));
            }
            if last_look || deadline.is_now() {
                return Ok(None);
            }
            last_look = deadline.has_passed();
            if let Some(object) = missing {
                object.sleep(thread, deadline)?;
            }
        }
    })
}

/// A thread's entry in the `multi` of an object.
struct Registration<'a>(&'a AtomicU32);

impl<'a> Registration<'a> {
    fn new(object: &Waitable<'a>) -> Registration<'a> {
        let multi = object.block().multi();
        // SeqCst: before this thread looks at the object's word; givers look at `multi` after they have changed it.
        multi.fetch_add(1, Ordering::SeqCst);
        Registration(multi)
    }
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        // A peer may have overwritten it; below 0 would be worse than 0. SeqCst: as in `new`.
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |multi| multi.checked_sub(1));
    }
}

impl<'a> Waitable<'a> {
    fn block(&self) -> &'a Block {
        match self {
            Waitable::Mutex(mutex) => mutex.block(),
            Waitable::Event(event) => event.block(),
            Waitable::Semaphore(semaphore) => semaphore.block(),
        }
    }

    /// Takes from the object if it is signaled; says whether it did, and whether it is an abandoned mutex.
    fn try_take(&self, thread: &Thread, first: u32, slept: bool) -> io::Result<Option<bool>> {
        match self {
            Waitable::Mutex(mutex) => {
                Ok(mutex.lock_on(thread, Deadline::NOW)?.map(|locked| locked == Locked::Abandoned))
            }
            Waitable::Event(event) if event.is_manual() => {
                let seen = settled(thread, event.block())?;
                if slept && is_open(seen) && seen & WAITERS != 0 {
                    // The setter may have died before it had woken everyone.
                    wake_everyone(event.block());
                }
                Ok(self.is_signaled_in(seen, first).then_some(false))
            }
            Waitable::Event(_) | Waitable::Semaphore(_) => loop {
                let seen = settled(thread, self.block())?;
                if count_of(seen) == 0 {
                    return Ok(None);
                }
                if tokens::try_take(self.block(), seen, slept) {
                    return Ok(Some(false));
                }
            },
        }
    }

    /// The word to sleep on and its value, with the waiters' bit set; `None` if the object is signaled or has changed.
    fn sleepable(&self, thread: &Thread) -> io::Result<Option<(&'a AtomicU32, u32)>> {
        let block = self.block();
        if let Waitable::Mutex(_) = self {
            // SeqCst: after the registration.
            let seen = block.owner().load(Ordering::SeqCst);
            let owned = !matches!(seen & robust::OWNER, 0 | robust::FROZEN);
            let noted = owned && robust::note_waiter(block.owner(), seen);
            return Ok(noted.then_some((block.owner(), seen | robust::WAITERS)));
        }
        let seen = settled(thread, block)?;
        // A gate that is open with nothing behind it was overwritten: sleeping on it is as good as anything.
        let noted =
            (!is_open(seen) || self.maximum().is_some() && count_of(seen) == 0) && tokens::note_waiter(block, seen);
        Ok(noted.then_some((block.gate(), gate_of(seen | WAITERS))))
    }

    /// What `try_take` compares a manual-reset event's generation with.
    fn generation(&self, thread: &Thread) -> io::Result<u32> {
        match self {
            Waitable::Event(event) if event.is_manual() => Ok(generation_of(settled(thread, event.block())?)),
            _ => Ok(0),
        }
    }

    /// Sleeps until the object may be signaled.
    fn sleep(&self, thread: &Thread, deadline: Deadline) -> io::Result<()> {
        let Some((word, value)) = self.sleepable(thread)? else { return Ok(()) };
        // Should this thread die with a wake that others behind it need, the kernel passes it on.
        let _announced = thread.announce(word);
        futex::wait(word, value, self.nap(deadline))?;
        // This thread goes on to look at other objects; that wake may have been the only one.
        self.pass_on();
        Ok(())
    }

    /// When to look again although nobody woke: see `robust::nap`.
    fn nap(&self, deadline: Deadline) -> Deadline {
        match self {
            // Registered once itself.
            Waitable::Mutex(mutex) => robust::nap(mutex.block().multi(), 1, deadline),
            Waitable::Event(_) | Waitable::Semaphore(_) => deadline,
        }
    }

    /// Wakes a sleeper if the object is signaled: the wake that came here may have been meant for it too.
    fn pass_on(&self) {
        match self {
            Waitable::Mutex(mutex) => robust::pass_on(mutex.block().owner(), mutex.block().multi()),
            Waitable::Event(event) if event.is_manual() => {}
            Waitable::Event(_) | Waitable::Semaphore(_) => tokens::pass_on(self.block()),
        }
    }

    /// Whether a state that was settled lets somebody take.
    fn is_signaled_in(&self, state: u64, first: u32) -> bool {
        match self.maximum() {
            Some(_) => count_of(state) > 0,
            None => is_open(state) || generation_of(state) != first,
        }
    }

    /// The highest count, if the object counts.
    fn maximum(&self) -> Option<u32> {
        match self {
            Waitable::Semaphore(semaphore) => Some(semaphore.maximum()),
            Waitable::Event(event) if !event.is_manual() => Some(AUTO_MAX),
            Waitable::Mutex(_) | Waitable::Event(_) => None,
        }
    }

    fn is_signaled(&self, thread: &Thread, first: u32) -> io::Result<bool> {
        let block = self.block();
        if let Waitable::Mutex(_) = self {
            // SeqCst: after the registration.
            let owner = block.owner().load(Ordering::SeqCst) & robust::OWNER;
            // A frozen one was free; `take_all` will see.
            return Ok(matches!(owner, 0 | robust::FROZEN) || thread.levels(block) > 0);
        }
        Ok(self.is_signaled_in(settled(thread, block)?, first))
    }

    /// Freezes the object if it is signaled. The caller has the latch, so that nobody else has it frozen.
    fn freeze(&self, thread: &Thread, first: u32) -> io::Result<bool> {
        let block = self.block();
        if let Waitable::Mutex(_) = self {
            if thread.levels(block) > 0 {
                return Ok(true);
            }
            if thread.is_full() {
                return Err(error(ErrorKind::LimitExceeded));
            }
            return Ok(freeze_word(block.owner()));
        }
        loop {
            let seen = block.state().load(Ordering::SeqCst);
            if !self.is_signaled_in(seen, first) {
                return Ok(false);
            }
            if replace(block, seen, seen | FROZEN) {
                return Ok(true);
            }
        }
    }

    /// Takes from the object that this thread has frozen, which unfreezes it; says whether it is an abandoned mutex.
    fn take_frozen(&self, thread: &Thread) -> io::Result<bool> {
        let block = self.block();
        if let Waitable::Mutex(_) = self {
            if thread.add_level(block)? {
                return Ok(false);
            }
            let died = robust::take_frozen(thread, block.owner()).ok_or_else(|| error(ErrorKind::Damaged))?;
            thread.note_owned(block);
            return Ok(died);
        }
        loop {
            let seen = block.state().load(Ordering::SeqCst);
            let taken = match self.maximum() {
                Some(_) => state_of(count_of(seen).saturating_sub(1), seen & !FROZEN),
                None => seen & !FROZEN,
            };
            if replace(block, seen, taken) {
                return Ok(false);
            }
        }
    }
}

fn freeze_word(owner: &AtomicU32) -> bool {
    loop {
        let seen = owner.load(Ordering::SeqCst);
        if seen & robust::OWNER != 0 {
            return false;
        }
        // SeqCst: what follows is judged after it.
        if owner.compare_exchange(seen, seen | robust::FROZEN, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
            return true;
        }
    }
}

fn generations(thread: &Thread, objects: &[Waitable<'_>]) -> io::Result<Vec<u32>> {
    objects.iter().map(|object| object.generation(thread)).collect()
}

fn try_any(
    thread: &Thread,
    objects: &[Waitable<'_>],
    firsts: &[u32],
    slept: bool,
) -> io::Result<Option<(usize, bool)>> {
    for (index, object) in objects.iter().enumerate() {
        if let Some(abandoned) = object.try_take(thread, firsts[index], slept)? {
            if slept {
                leave_the_rest(objects);
            }
            return Ok(Some((index, abandoned)));
        }
    }
    Ok(None)
}

/// Wakes a sleeper of each object that is still signaled.
fn leave_the_rest(objects: &[Waitable<'_>]) {
    objects.iter().for_each(Waitable::pass_on);
}

fn sleepable<'a>(thread: &Thread, objects: &[Waitable<'a>]) -> io::Result<Option<Vec<(&'a AtomicU32, u32)>>> {
    objects.iter().map(|object| object.sleepable(thread)).collect()
}

fn first_unsignaled<'a, 'b>(
    thread: &Thread,
    objects: &'b [Waitable<'a>],
    firsts: &[u32],
) -> io::Result<Option<&'b Waitable<'a>>> {
    for (object, &first) in objects.iter().zip(firsts) {
        if !object.is_signaled(thread, first)? {
            return Ok(Some(object));
        }
    }
    Ok(None)
}

/// Takes from all, or from none if one is not signaled any more.
fn take_all(
    thread: &Thread,
    objects: &[Waitable<'_>],
    firsts: &[u32],
    order: &[usize],
) -> io::Result<Option<Vec<bool>>> {
    let mut latched = Latched { thread, blocks: Vec::with_capacity(order.len()) };
    for &index in order {
        let block = objects[index].block();
        tokens::take_latch(thread, block)?;
        latched.blocks.push(block);
        // Whoever froze it before and died has left it to the next one with the latch.
        tokens::thaw(block);
        if !objects[index].freeze(thread, firsts[index])? {
            return Ok(None);
        }
    }
    let mut abandoned = vec![false; objects.len()];
    for (done, &index) in order.iter().enumerate() {
        match objects[index].take_frozen(thread) {
            Ok(flag) => abandoned[index] = flag,
            Err(error) => {
                give_back(objects, &order[..done]);
                return Err(error);
            }
        }
    }
    Ok(Some(abandoned))
}

/// Gives mutexes back after something overwrote an object in the middle of taking.
#[cold]
fn give_back(objects: &[Waitable<'_>], taken: &[usize]) {
    for &index in taken {
        if let Waitable::Mutex(mutex) = objects[index] {
            // This thread has just taken it.
            let _ = mutex.unlock();
        }
    }
}

/// The latches that a `wait_all` has; dropping thaws what is still frozen and gives them back.
struct Latched<'a> {
    thread: &'a Thread,
    blocks: Vec<&'a Block>,
}

impl Drop for Latched<'_> {
    fn drop(&mut self) {
        for block in &self.blocks {
            tokens::thaw(block);
            tokens::give_latch(self.thread, block);
        }
    }
}

/// Opens an object, waiting for its name to appear.
pub(super) fn open_within(
    name: &Name,
    kind: Kind,
    access: Access,
    deadline: Deadline,
) -> io::Result<(Object, Metadata)> {
    let place = Place::of(name);
    appearing(&place, deadline, || Object::open(place.clone(), kind, access))
}

/// Calls `open` until it finds something or the deadline passes.
pub(super) fn appearing<T>(place: &Place, deadline: Deadline, open: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let absent = |result: &io::Result<T>| matches!(result, Err(error) if error.kind() == io::ErrorKind::NotFound);
    let opened = open();
    if deadline.is_now() || !absent(&opened) {
        return opened;
    }
    folder::prepare(place)?;
    // Without a watch, when there are too many of them, one looks at intervals.
    let mut watch = Watch::new(place).ok();
    loop {
        let opened = open();
        if !absent(&opened) || deadline.has_passed() {
            return opened;
        }
        match &mut watch {
            Some(watch) => watch.wait(deadline)?,
            None => std::thread::sleep(LOOK_AGAIN.min(deadline.left().unwrap_or(LOOK_AGAIN))),
        }
    }
}

/// A look-out for changes in a folder.
struct Watch {
    inotify: File,
}

/// What is missed if the initialiser dies: nothing in the folder tells. So one looks again after this long.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Watch {
    fn new(place: &Place) -> io::Result<Watch> {
        // SAFETY: a call without pointers.
        let descriptor = check(unsafe { libc::inotify_init1(libc::IN_CLOEXEC | libc::IN_NONBLOCK) })?;
        // SAFETY: the descriptor is new and ours.
        let inotify = unsafe { File::from_raw_fd(descriptor) };
        let path = c_path(place.folder())?;
        let events = libc::IN_CREATE | libc::IN_MOVED_TO | libc::IN_ATTRIB;
        // SAFETY: the descriptor is open, and the path ends in NUL.
        check(unsafe { libc::inotify_add_watch(inotify.as_raw_fd(), path.as_ptr(), events) })?;
        Ok(Watch { inotify })
    }

    /// Blocks until something changes, for a while.
    fn wait(&mut self, deadline: Deadline) -> io::Result<()> {
        let timeout = deadline.left().unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN);
        // Rounded up: a wait of 0 would spin.
        let timeout_ms = libc::c_int::try_from(timeout.as_millis()).expect("at most 50") + 1;
        let mut poll = libc::pollfd { fd: self.inotify.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd of our own.
        unsafe { libc::poll(&mut poll, 1, timeout_ms) };
        let mut events = [0; 4096];
        match self.inotify.read(&mut events) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Err(error),
            _ => Ok(()),
        }
    }
}
