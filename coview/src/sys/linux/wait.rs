//! Waiting: for a name to appear, for any of several objects, for all of them at one moment.
//!
//! Needs `unsafe` for `inotify` and `poll`.
//!
//! Who waits for several objects registers with each in `multi` first. A giver that sees a registration wakes everyone
//! instead of one, so that a wake is never spent on a thread which then takes something else. A registration that a
//! killed thread left makes givers wake more than they need, and nothing else.
//!
//! What was signaled and is not any more (`waitable` has the notes that tell) counts for the look that finds it. In a wait
//! for all it is forgotten if another object is missing then, and so is what comes and goes of an object that was signaled
//! already and therefore wakes nobody.
//!
//! `wait_all` freezes: with the latches of all objects in the order of their identities, it marks each as frozen if it
//! is signaled. If all were, it takes from each and so unfreezes it; if not, it thaws what it has frozen. So it does when a
//! latch does not come soon, and waits for that one alone.
//!
//! | killed | what is found |
//! |---|---|
//! | before all are frozen | the latches are marked `DIED`; whoever meets a frozen object takes its latch and thaws it |
//! | with the offer of a pulse in hand | the offer is gone |
//! | taking | what was taken is taken, a mutex among it abandoned; what was not is thawed like above |

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, FromRawFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::block::Block;
use super::folder::{self, Place};
use super::futex;
use super::object::{Object, c_path};
use super::pulse;
use super::thread::{self, Thread};
use super::tokens::{self, FROZEN_MAX};
use super::waitable::{Frozen, Look};
use super::{Deadline, Event, Waitable, check, error};
use crate::inspect::Kind;
use crate::name::Name;
use crate::{Access, ErrorKind};

/// How a wait ended that something else can end too.
#[derive(Debug)]
pub(crate) enum Waited<T> {
    Taken(T),
    Alerted,
    TimedOut,
}

/// Takes from the first object that is signaled, waiting until the deadline.
pub(crate) fn wait_any(objects: &[Waitable<'_>], deadline: Deadline) -> io::Result<Option<(usize, bool)>> {
    thread::with(|thread| any(thread, objects, None, deadline)).map(Waited::taken)
}

/// As `wait_any`, until the alert is signaled, which is not taken and comes after the objects.
pub(crate) fn wait_any_unless(
    objects: &[Waitable<'_>],
    alert: &Event,
    deadline: Deadline,
) -> io::Result<Waited<(usize, bool)>> {
    thread::with(|thread| any(thread, objects, Some(Waitable::Event(alert)), deadline))
}

/// Takes from all objects at one moment, waiting for that until the deadline.
pub(crate) fn wait_all(objects: &[Waitable<'_>], deadline: Deadline) -> io::Result<Option<Vec<bool>>> {
    thread::with(|thread| all(thread, objects, None, deadline)).map(Waited::taken)
}

/// As `wait_all`, until the alert is signaled, which is not taken and comes after the objects.
pub(crate) fn wait_all_unless(
    objects: &[Waitable<'_>],
    alert: &Event,
    deadline: Deadline,
) -> io::Result<Waited<Vec<bool>>> {
    thread::with(|thread| all(thread, objects, Some(Waitable::Event(alert)), deadline))
}

impl<T> Waited<T> {
    fn taken(self) -> Option<T> {
        match self {
            Waited::Taken(taken) => Some(taken),
            Waited::Alerted | Waited::TimedOut => None,
        }
    }
}

fn any(
    thread: &Thread,
    objects: &[Waitable<'_>],
    alert: Option<Waitable<'_>>,
    deadline: Deadline,
) -> io::Result<Waited<(usize, bool)>> {
    // One object may be signaled again and again, and another one's other side be dead.
    objects.iter().for_each(Waitable::look_after);
    if let Some(taken) = try_any(thread, objects, None, false)? {
        return Ok(Waited::Taken(taken));
    }
    if is_raised(thread, alert)? {
        return Ok(Waited::Alerted);
    }
    if deadline.is_now() {
        return Ok(Waited::TimedOut);
    }
    any_in_time(thread, objects, alert, deadline)
}

/// As `any`, after a first look in vain.
#[cold]
fn any_in_time(
    thread: &Thread,
    objects: &[Waitable<'_>],
    alert: Option<Waitable<'_>>,
    deadline: Deadline,
) -> io::Result<Waited<(usize, bool)>> {
    let notes = notes(thread, objects)?;
    let alert = Alert::new(thread, alert)?;
    let _registered: Vec<Registration<'_>> = objects.iter().chain(&alert.event).filter_map(Registration::new).collect();
    let mut slept = false;
    loop {
        if let Some(taken) = try_any(thread, objects, Some(&notes), slept)? {
            return Ok(Waited::Taken(taken));
        }
        if alert.is_raised(thread)? {
            return Ok(Waited::Alerted);
        }
        if deadline.has_passed() {
            return Ok(Waited::TimedOut);
        }
        slept |= sleep(thread, objects.iter().zip(notes.iter().copied()).chain(alert.noted()), deadline)?;
    }
}

fn all(
    thread: &Thread,
    objects: &[Waitable<'_>],
    alert: Option<Waitable<'_>>,
    deadline: Deadline,
) -> io::Result<Waited<Vec<bool>>> {
    let order = order_of(objects)?;
    if are_signaled(thread, objects)?
        && let Some(abandoned) = take_all(thread, objects, None, &order)?
    {
        return Ok(Waited::Taken(abandoned));
    }
    if is_raised(thread, alert)? {
        return Ok(Waited::Alerted);
    }
    if deadline.is_now() {
        return Ok(Waited::TimedOut);
    }
    all_in_time(thread, objects, &order, alert, deadline)
}

/// As `all`, after a first look in vain.
#[cold]
fn all_in_time(
    thread: &Thread,
    objects: &[Waitable<'_>],
    order: &[usize],
    alert: Option<Waitable<'_>>,
    deadline: Deadline,
) -> io::Result<Waited<Vec<bool>>> {
    let mut notes = notes(thread, objects)?;
    let alert = Alert::new(thread, alert)?;
    let _registered: Vec<Registration<'_>> = objects.iter().chain(&alert.event).filter_map(Registration::new).collect();
    let mut slept = false;
    loop {
        let looks = look(thread, objects, &notes)?;
        if looks.iter().all(|look| look.signaled)
            && let Some(abandoned) = take_all(thread, objects, Some(&notes), order)?
        {
            return Ok(Waited::Taken(abandoned));
        }
        if slept {
            // This thread takes nothing now; the wake that came here may have been the only one.
            leave_the_rest(objects);
        }
        if alert.is_raised(thread)? {
            return Ok(Waited::Alerted);
        }
        if deadline.has_passed() {
            return Ok(Waited::TimedOut);
        }
        slept |= sleep_on_closed(thread, objects, &looks, &mut notes, &alert, deadline)?;
    }
}

fn look(thread: &Thread, objects: &[Waitable<'_>], notes: &[u32]) -> io::Result<Vec<Look>> {
    objects.iter().zip(notes).map(|(object, &note)| object.look(thread, Some(note))).collect()
}

/// Whether all are signaled now.
fn are_signaled(thread: &Thread, objects: &[Waitable<'_>]) -> io::Result<bool> {
    for object in objects {
        if object.look(thread, None)?.closed {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an alert is signaled now, if there is one.
fn is_raised(thread: &Thread, alert: Option<Waitable<'_>>) -> io::Result<bool> {
    alert.map_or(Ok(false), |alert| Ok(!alert.look(thread, None)?.closed))
}

/// Sleeps until one of those objects that are not signaled may be, if there are any, and takes new notes: what was signaled
/// and is not any more is forgotten, and so is what comes and goes meanwhile of those that nobody looks after.
fn sleep_on_closed(
    thread: &Thread,
    objects: &[Waitable<'_>],
    looks: &[Look],
    notes: &mut [u32],
    alert: &Alert<'_>,
    deadline: Deadline,
) -> io::Result<bool> {
    notes.iter_mut().zip(looks).for_each(|(note, look)| *note = look.note);
    let closed = |index: &usize| looks[*index].closed;
    let missing: Vec<_> = (0..objects.len()).filter(closed).map(|index| (&objects[index], notes[index])).collect();
    if missing.is_empty() {
        return Ok(false);
    }
    let slept = sleep(thread, missing.into_iter().chain(alert.noted()), deadline)?;
    for index in (0..objects.len()).filter(|index| !closed(index)) {
        notes[index] = objects[index].note(thread)?;
    }
    Ok(slept)
}

/// The order in which latches are taken; an error if an object is there twice, or has none.
fn order_of(objects: &[Waitable<'_>]) -> io::Result<Vec<usize>> {
    let identity = |index: usize| objects[index].block().map(Block::identity);
    let mut order: Vec<usize> = (0..objects.len()).collect();
    order.sort_by_key(|&index| identity(index));
    let twice = order.windows(2).any(|pair| identity(pair[0]) == identity(pair[1]));
    let has_channel = objects.iter().any(|object| object.block().is_none());
    if twice || has_channel { Err(error(ErrorKind::InvalidInput)) } else { Ok(order) }
}

/// An event that ends a wait without being taken.
struct Alert<'a> {
    event: Option<Waitable<'a>>,
    note: u32,
}

impl<'a> Alert<'a> {
    fn new(thread: &Thread, event: Option<Waitable<'a>>) -> io::Result<Alert<'a>> {
        let note = event.map_or(Ok(0), |event| event.note(thread))?;
        Ok(Alert { event, note })
    }

    fn is_raised(&self, thread: &Thread) -> io::Result<bool> {
        self.event.map_or(Ok(false), |event| Ok(event.look(thread, Some(self.note))?.signaled))
    }

    fn noted(&self) -> Option<(&Waitable<'a>, u32)> {
        self.event.as_ref().map(|event| (event, self.note))
    }
}

/// A thread's entry in the `multi` of an object.
struct Registration<'a>(&'a AtomicU32);

impl<'a> Registration<'a> {
    /// `None` for a channel, which wakes everyone.
    fn new(object: &Waitable<'a>) -> Option<Registration<'a>> {
        let multi = object.block()?.multi();
        // SeqCst: before this thread looks at the object's word; givers look at `multi` after they have changed it.
        multi.fetch_add(1, Ordering::SeqCst);
        Some(Registration(multi))
    }
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        // A peer may have overwritten it; below 0 would be worse than 0. SeqCst: as in `new`.
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |multi| multi.checked_sub(1));
    }
}

fn notes(thread: &Thread, objects: &[Waitable<'_>]) -> io::Result<Vec<u32>> {
    objects.iter().map(|object| object.note(thread)).collect()
}

fn try_any(
    thread: &Thread,
    objects: &[Waitable<'_>],
    notes: Option<&[u32]>,
    slept: bool,
) -> io::Result<Option<(usize, bool)>> {
    for (index, object) in objects.iter().enumerate() {
        let note = notes.map(|notes| notes[index]);
        if let Some(abandoned) = object.try_take(thread, note, slept)? {
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

/// Sleeps until one of the objects may be signaled; `false` if one of them is already, or has changed.
fn sleep<'a: 'b, 'b>(
    thread: &Thread,
    noted: impl Iterator<Item = (&'b Waitable<'a>, u32)> + Clone,
    deadline: Deadline,
) -> io::Result<bool> {
    let gates: io::Result<Option<Vec<_>>> =
        noted.clone().map(|(object, note)| object.sleepable(thread, note)).collect();
    let Some(mut words) = gates? else { return Ok(false) };
    // After the gates, where the waiters' bits are set now: see `timer`.
    for (object, _) in noted.clone() {
        words.extend(object.rearming(thread)?);
    }
    let mut nap = noted.clone().fold(deadline, |nap, (object, _)| object.nap(nap));
    if words.len() > futex::WORDS_MAX {
        // An alert and 64 timers: one of them that is set anew is seen a little later.
        words.truncate(futex::WORDS_MAX);
        nap = Deadline::after(SET_UNSEEN_MAX).earlier(nap);
    }
    futex::wait_any(&words, nap)?;
    noted.for_each(|(object, _)| object.look_after());
    Ok(true)
}

/// How long it takes to see that a timer was set anew for which there was no word left to sleep on.
const SET_UNSEEN_MAX: Duration = Duration::from_millis(10);

/// Takes from all, or from none if one is not signaled any more.
fn take_all(
    thread: &Thread,
    objects: &[Waitable<'_>],
    notes: Option<&[u32]>,
    order: &[usize],
) -> io::Result<Option<Vec<bool>>> {
    let mut patience = None;
    let mut latched = loop {
        match freeze_all(thread, objects, notes, order)? {
            Froze::All(latched) => break latched,
            Froze::NotAll => return Ok(None),
            Froze::Busy(block) => {
                if patience.get_or_insert_with(|| Deadline::after(FROZEN_MAX)).has_passed() {
                    return Err(error(ErrorKind::Damaged));
                }
                // With nothing frozen meanwhile: what holds up one object does not hold up the others.
                tokens::settle(thread, block)?;
            }
        }
    };
    let mut abandoned = vec![false; objects.len()];
    for (done, &index) in order.iter().enumerate() {
        match latched.take(done, &objects[index]) {
            Ok(flag) => abandoned[index] = flag,
            Err(error) => {
                give_back(objects, &order[..done]);
                return Err(error);
            }
        }
    }
    Ok(Some(abandoned))
}

/// How an attempt to freeze all objects ended.
enum Froze<'a> {
    All(Latched<'a>),
    /// One is not signaled.
    NotAll,
    /// Somebody has kept the latch of this one for long.
    Busy(&'a Block),
}

fn freeze_all<'a>(
    thread: &'a Thread,
    objects: &[Waitable<'a>],
    notes: Option<&[u32]>,
    order: &[usize],
) -> io::Result<Froze<'a>> {
    let mut latched = Latched { thread, blocks: Vec::with_capacity(order.len()) };
    for &index in order {
        let block = objects[index].block().ok_or_else(|| error(ErrorKind::InvalidInput))?;
        if !tokens::take_latch_soon(thread, block)? {
            return Ok(Froze::Busy(block));
        }
        latched.blocks.push((block, Frozen::No));
        // Whoever froze it before and died has left it to the next one with the latch.
        tokens::thaw(block);
        match objects[index].freeze(thread, notes.map(|notes| notes[index]))? {
            Frozen::No => return Ok(Froze::NotAll),
            frozen => latched.blocks.last_mut().expect("it was pushed above").1 = frozen,
        }
    }
    Ok(Froze::All(latched))
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
    blocks: Vec<(&'a Block, Frozen)>,
}

impl Latched<'_> {
    fn take(&mut self, index: usize, object: &Waitable<'_>) -> io::Result<bool> {
        match std::mem::replace(&mut self.blocks[index].1, Frozen::No) {
            // In hand already.
            Frozen::Pulse(_) => Ok(false),
            Frozen::State | Frozen::No => object.take_frozen(self.thread),
        }
    }
}

impl Drop for Latched<'_> {
    fn drop(&mut self) {
        for &(block, frozen) in &self.blocks {
            if let Frozen::Pulse(number) = frozen {
                pulse::give_back(block, number);
            }
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
