//! What an operating system has to provide, in prose, and the only place that chooses between systems.
//!
//! Each system is a folder with the same names and the same signatures; there is no trait. Everything in it speaks
//! [`std::io::Result`], takes parsed [`crate::name::Name`]s and waits until a [`Deadline`]; nothing in it validates
//! what the public layer has validated already. Unless a line below says otherwise, a failed call leaves nothing
//! behind, every handle may be used from any thread at once, and dropping a handle never fails and never panics.
//!
//! # Names
//! All kinds share one set of names per namespace. Creating finds a living object of the same kind:
//! [`ErrorKind::AlreadyExists`]; of another kind: [`ErrorKind::WrongKind`], and opening likewise. Nothing living:
//! opening is [`ErrorKind::NotFound`]. An object lives while any process has a handle to it, and the death of a
//! process, however it comes, closes its handles. [`error_kind`] turns an error of this layer into its kind.
//! [`POSIX_NAMES`] says whether a name that begins with a slash is a POSIX shared-memory name here, [`NAME_LEN_MAX`]
//! how long a name may be, in UTF-16 code units and without its prefix.
//!
//! # Section: a handle to a mapping
//! - `Section::create(&Name, size, &SectionOptions)`: zeroed, exactly `size` bytes (1 or more), complete when its
//!   name appears.
//! - `Section::open(&Name, Access, Deadline)`: never creates. What is still being initialised does not exist yet. While
//!   the object does not exist and time is left, waits for it; woken, not polled, where the system can.
//! - `Section::create_or_open(&Name, size, &SectionOptions) -> (Section, Option<Birth>)`: with a `Birth` the caller
//!   is the initialiser, alone in the world with zeroed memory: nobody else gets past `create_or_open` (they block)
//!   and `open` does not find the name. `Birth::publish(&Section)` ends that; dropping the `Birth` instead withdraws the
//!   object, and the next caller starts over; so does the death of the process, at once.
//! - `Section::unnamed(size, &SectionOptions)`, `Section::from_file(&File, Option<u64>, Access)`: the latter extends
//!   the file when the size asked for is larger, and `None` stands for the file's current size. An empty file with
//!   no size is [`ErrorKind::InvalidInput`].
//! - `Section::size()`: in bytes, exact wherever the creator was Coview or the system knows it.
//! - `Section::pass(&mut Command) -> Passed`, `Section::receive(&str) -> Section`: hands an unnamed section to a child.
//!   `Passed::token()` is the text that the child gives to `receive`; the `Passed` must live until the child runs.
//! - `Section::unlink()`: removes the POSIX name that this very handle created; [`ErrorKind::InvalidInput`] otherwise.
//!
//! # Claim: a part of a section that one handle has for itself
//! - `Section::claim(Option<&Name>, Rights, part) -> Option<Claim>`: `None` if somebody has the part, be it through the same
//!   handle. The section's own name is given where it has one, and the rights of the section. Dropping the `Claim` gives
//!   the part up, and so does the death of the process, at once. [`ErrorKind::AccessDenied`] to who may only read.
//! - `Claim::is_ours()`: whether this process has made the claim, and not the one that it was forked from.
//! - `Section::is_claimed(Option<&Name>, part) -> bool`: looks, and keeps nobody from claiming. Both are
//!   [`ErrorKind::Unsupported`] for a section without name and file on Windows.
//!
//! # Bell: what wakes those who sleep over a word of a section
//! The word is a [`gate`]. `Bell::new(Option<&Name>, Rights)` takes the section's name and rights; it makes nothing yet.
//! - `Bell::sleep(&word, seen, Deadline)`: sleeps while the word is as `seen`; may return early, and does so after a while
//!   should the one who was to ring have died. Where nobody else can find the bell it is a `glance`.
//! - `Bell::ring(&word)`: ends the turn if it is awaited, and wakes everyone who sleeps over it. One at a time rings.
//! - `Bell::glance(Deadline)`: sleeps for a moment, for who cannot write the word and so is not rung for.
//!
//! # Barrier: a fence of which one side pays for both
//! Who changes something and then looks whether anybody sleeps calls `light` in between; who is about to sleep says so, calls
//! `heavy`, and then looks whether something has changed. One of them sees the other.
//! - `Barrier::new()`: makes this process one that others' `heavy` reaches, where the system can. `Barrier::light()` costs
//!   nothing there, and a fence elsewhere.
//! - `Barrier::heavy()`. It may miss somebody unless `Barrier::reaches_all()`: then one does not sleep for long.
//!
//! # Seats: what wakes the ends of a channel
//! Like a bell, but any number rings at a time, and the sleepers are numbered, below [`SEATS`].
//! - `Seats::new(&Name, Rights)`: takes the section's name and rights; makes nothing yet.
//! - `Seats::sleep(seat, &word, seen, Deadline)`: sleeps while the word, a [`gate`], is as `seen`; may return early.
//! - `Seats::ring(&word, || seats)`: ends the turn if it is awaited, and wakes those who sleep over the word in these seats,
//!   which are asked for after that.
//!
//! # Pages: a mapped piece of a section
//! - `Pages::map(&Section, offset, len, Protection, huge_pages, prefault)`: any offset and length within the section;
//!   the system's granularity is hidden. `Pages::as_ptr()`, `Pages::len()`: the piece itself. Dropping unmaps it. It keeps
//!   no handle: whoever needs the name keeps the section too.
//! - `Pages::flush(offset, len)`: writes a file-backed piece to its file and returns when it is there.
//!
//! # Mutex, Event, Semaphore, Timer
//! - `Mutex::create(&Name, Rights, owned)`, `Mutex::open(&Name, Deadline)`,
//!   `Mutex::create_or_open(&Name, Rights, owned) -> (Mutex, bool)`, `Mutex::unnamed(owned)`; the flag returned says
//!   whether this call created it; with `owned` the calling thread then has one level, and nobody ever saw it free.
//!   `Event`'s take `(&Name, EventStart, Rights)`, `Semaphore`'s `(&Name, SemaphoreStart, Rights)`, `Timer`'s
//!   `(&Name, manual, Rights)`; the start counts only for the creator. Unnamed, they take the start alone.
//! - `Mutex::lock(Deadline) -> Option<Locked>`: `None` when the deadline passed. Recursive per thread, whichever handle
//!   of the object is used. `Locked::Abandoned`: it is owned now, and the owner before died owning it.
//!   `Mutex::unlock()` gives one level back, [`ErrorKind::NotOwner`] when the thread has none. Closing a handle
//!   releases nothing.
//! - `Event::set`, `Event::reset`, `Event::wait(Deadline) -> bool`. A thread that is blocked when a manual-reset event
//!   is set is released even if the event is reset at once. `Event::pulse` releases everyone who is blocked, of an
//!   auto-reset event one; the event is not signaled after it.
//! - `Semaphore::release(n) -> previous count`, [`ErrorKind::LimitExceeded`] above the maximum with nothing changed;
//!   `Semaphore::acquire(Deadline) -> bool`.
//! - `Timer::set(after, period)`, both durations: nonsignaled now, signaled after the one and then after each of the other
//!   again. `Timer::cancel` leaves the state. `Timer::wait(Deadline) -> bool`. It needs no living process but a handle.
//!
//! # Waiting for several
//! - A channel's end is a [`Watch`]: it is signaled while there is something to do, and nothing is taken from it. Not for
//!   `wait_all`: [`ErrorKind::InvalidInput`].
//! - `wait_any(&[Waitable], Deadline) -> Option<(index, abandoned)>`: takes from exactly one object, the first that is
//!   signaled. `wait_all(&[Waitable], Deadline) -> Option<Vec<bool>>`: takes from all at one moment or from none;
//!   the flags say which mutexes were abandoned. 1 to [`WAIT_MAX`] objects; the same object twice in `wait_all` is
//!   [`ErrorKind::InvalidInput`].
//!
//! # What one system alone can do
//! Further methods of these types, for `os` alone: `share`, `from_shared`, `Section::marks`,
//! `Section::create_or_open_over` on Linux. [`SectionOptions::marks`] is 0 elsewhere.
//!
//! # Deadline
//! `Deadline::NOW` never blocks, `Deadline::NEVER` never ends, `Deadline::after(Duration)` is on a monotonic clock and
//! saturates to `NEVER`. No wait returns early. `now()` tells the nanoseconds of a monotonic clock that all processes of the
//! machine share.
//!
//! # Looking at what exists
//! `list(Namespace) -> Vec<Object>` and `stat(&Name) -> Object` observe without holding, changing or waking
//! anything; `sweep(Namespace) -> usize` removes what killed processes left behind and says how many there were.

use std::io;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use crate::{Access, ErrorKind, Rights};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as system;

#[cfg(not(any(target_os = "linux", windows)))]
compile_error!("coview runs on Linux and on Windows");

#[cfg(target_endian = "big")]
compile_error!("the numbers of typed regions are little-endian");

pub(crate) mod copy;
pub(crate) mod gate;

pub(crate) use system::{
    Barrier, Bell, Claim, Deadline, Event, Mutex, NAME_LEN_MAX, POSIX_NAMES, Pages, Passed, Seats, Section, Semaphore,
    Timer, error_kind, list, now, stat, sweep, wait_all, wait_any,
};

/// What only `crate::os::linux` offers.
#[cfg(target_os = "linux")]
pub(crate) use linux::{Waited, abandon_held, transfer, wait_all_unless, wait_any_unless};

/// How many objects one wait can name: Windows' own limit.
pub(crate) const WAIT_MAX: usize = 64;

/// How many seats a channel has. On Linux all sleep over one word.
#[cfg_attr(target_os = "linux", allow(dead_code))]
pub(crate) const SEATS: u32 = 128;

/// What a new section shall be like, beyond its size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SectionOptions {
    pub(crate) rights: Rights,
    /// Take the memory now, so that a full system is an error here and not a fault later.
    pub(crate) reserve: bool,
    /// Ask for huge pages; a system that has none gives ordinary ones.
    pub(crate) huge_pages: bool,
    /// What the handle itself may do when the object exists already.
    pub(crate) access: Access,
    /// Three bits that stay with the object, where the system can keep them; 0 elsewhere.
    pub(crate) marks: u8,
}

/// How a new event begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventStart {
    pub(crate) manual: bool,
    pub(crate) signaled: bool,
}

/// How a new semaphore begins: `initial <= maximum`, `1 <= maximum <= i32::MAX`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SemaphoreStart {
    pub(crate) initial: u32,
    pub(crate) maximum: u32,
}

/// What a mapped piece lets its process do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    ReadOnly,
    ReadWrite,
    /// Writes stay in this view.
    CopyOnWrite,
}

/// How a mutex was acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locked {
    Normally,
    Abandoned,
}

/// A borrowed object that can be waited for.
#[derive(Clone, Copy)]
pub(crate) enum Waitable<'a> {
    Mutex(&'a Mutex),
    Event(&'a Event),
    Semaphore(&'a Semaphore),
    Timer(&'a Timer),
    Channel(&'a dyn Watch),
}

/// An end of a channel, as the waits for several objects see it.
pub(crate) trait Watch: Sync {
    /// Whether there is something to do.
    fn is_ready(&self) -> bool;
    /// The [`gate`] that is rung when there may be. On Windows each end has an event of its own.
    #[cfg_attr(windows, allow(dead_code))]
    fn gate(&self) -> &AtomicU32;
    /// Says that somebody is about to sleep over the gate; returns the value to sleep over. To be followed by a look.
    fn announce(&self) -> u32;
    /// How long one sleeps at most without a look.
    fn nap(&self) -> Duration;
    /// Clears up after those who have died, if one has last done so longer ago than a nap takes.
    fn look_after(&self);
    /// What wakes this end, and its number there. On Linux it is the gate.
    #[cfg_attr(target_os = "linux", allow(dead_code))]
    fn seat(&self) -> (&Seats, u32);
}

/// An error of this layer that no system call reported, as [`error_kind`] will find it.
pub(crate) fn error(kind: ErrorKind) -> io::Error {
    io::Error::other(Refusal { kind, why: None })
}

/// What this layer alone can tell about a failure, for people.
pub(crate) fn explanation(error: &io::Error) -> Option<&str> {
    error.get_ref()?.downcast_ref::<Refusal>()?.why.as_deref()
}

/// The kind inside an error that [`error`] made.
fn refusal(error: &io::Error) -> Option<ErrorKind> {
    Some(error.get_ref()?.downcast_ref::<Refusal>()?.kind)
}

#[derive(Debug)]
struct Refusal {
    kind: ErrorKind,
    why: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kind.fmt(out)
    }
}

impl std::error::Error for Refusal {}
