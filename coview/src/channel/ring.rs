//! A channel as a handle has it: the memory, the rules, and what is needed to sleep, to wake, and to tell who lives.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::form::{FIXED_LEN, Form};
use super::head::{free_loaned, return_held};
use super::memory::Memory;
use super::rules::{Room, Rules};
use super::tail::bits;
use super::words::{ENDS, End, EndField, EndRole, Place, RoleField, Words};
use crate::error::{from_sys, parse_name};
use crate::name::Name;
use crate::sys::{self, Barrier, Claim, Deadline, Seats, Section, gate};
use crate::{Access, Error, ErrorKind, Mapping, MappingOptions, Namespace, Noun, Result};

/// The part of the mapping that an end claims is this and its number.
const PARTS: u32 = 16;

/// How long anybody sleeps without a look at what may have been done by somebody who was killed before he could wake him,
/// and at who lives: a sender, whom a dead receiver holds up, and a receiver.
const SENDERS_NAP: Duration = Duration::from_millis(4);
const RECEIVERS_NAP: Duration = Duration::from_millis(16);

/// The same for who cannot be sure that others see him sleep.
const UNSEEN_NAP: Duration = Duration::from_millis(1);

/// Who clears up after a dead end has its claim for that moment, and so long somebody waits who wants to be that end. Who has
/// it any longer lives.
const BURYING_MAX: Duration = Duration::from_millis(10);

/// A channel, mapped.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) memory: Memory,
    pub(crate) form: Form,
    pub(crate) rules: Rules,
    section: Arc<Section>,
    name: Name,
    seats: Seats,
    barrier: Barrier,
    noun: Noun,
    /// When who waits for several objects has last asked who lives, in nanoseconds.
    looked_after: AtomicU64,
}

/// How a channel is made or found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// Of a new one.
    pub(crate) form: Form,
    /// How long the longest message of bytes must be able to be at least, in a channel that exists.
    pub(crate) least_len: u64,
    pub(crate) open_timeout: Option<Duration>,
    pub(crate) noun: Noun,
}

impl Opening {
    /// Makes a channel that must be new.
    pub(crate) fn create(&self, name: &str) -> Result<Ring> {
        let mapping = self.make(name).map_err(|error| error.doing("create"))?;
        if mapping.was_created() {
            return Ring::show(self.noun, &mapping);
        }
        let error = Error::new("create", self.noun, Some(name), ErrorKind::AlreadyExists);
        Err(error.with_advice("open it, or create_or_open it"))
    }

    /// Opens a channel of this form.
    pub(crate) fn open(&self, name: &str) -> Result<Ring> {
        let opened = self.mapping().open(name).map_err(|error| error.about(self.noun))?;
        let ring = Ring::show(self.noun, &opened.prefaulted())?;
        let difference = ring.form.differs_from(&self.wanted());
        ring.expect(difference)
    }

    /// Opens a channel of this form, or makes one.
    pub(crate) fn create_or_open(&self, name: &str) -> Result<Ring> {
        let ring = Ring::show(self.noun, &self.make(name)?)?;
        let difference = ring.form.differs_from_new(&self.wanted());
        ring.expect(difference)
    }

    /// What a channel that exists must be like.
    fn wanted(&self) -> Form {
        let message_size = if self.form.typed { self.form.message_size } else { self.least_len };
        Form { message_size, ..self.form }
    }

    fn make(&self, name: &str) -> Result<Mapping> {
        let refuse = |kind| Error::new("create or open", self.noun, Some(name), kind);
        if parse_name("create or open", self.noun, name)?.namespace() == Namespace::Posix {
            let advice =
                "a POSIX object would stay behind, with its messages: take a name without a slash at its start";
            return Err(refuse(ErrorKind::InvalidName).with_advice(advice));
        }
        if let Some(objection) = self.form.objection() {
            return Err(refuse(ErrorKind::InvalidInput).with_advice(objection));
        }
        let size = self.form.channel_size().ok_or_else(|| refuse(ErrorKind::TooLarge))?;
        let made = self.mapping().create_or_open(name, size, |view| view.write(0, &self.form.to_bytes()));
        // Not before: of what the initialiser sees, it needs the first page.
        Ok(made.map_err(|error| error.about(self.noun))?.prefaulted())
    }

    fn mapping(&self) -> MappingOptions {
        let options = MappingOptions::new().rights(self.form.rights);
        self.open_timeout.iter().fold(options, |options, &timeout| options.open_timeout(timeout))
    }
}

impl Ring {
    /// The channel that a mapping holds; an error if it holds none.
    pub(crate) fn show(noun: Noun, mapping: &Mapping) -> Result<Ring> {
        let refuse = |why: String| Error::new("open", noun, mapping.name(), ErrorKind::Incompatible).with_advice(why);
        let bytes = first_bytes(mapping)?.ok_or_else(|| refuse("there is no channel in the mapping".into()))?;
        let form = Form::from_bytes(&bytes, mapping.size()).map_err(refuse)?;
        let writable = mapping.access() == Access::ReadWrite;
        let too_large = || Error::new("map", noun, mapping.name(), ErrorKind::TooLarge);
        let memory = Memory::map(mapping, &form, writable)?.ok_or_else(too_large)?;
        let name = mapping.name().and_then(|name| Name::parse(name).ok());
        let name = name.ok_or_else(|| refuse("a channel has a name".into()))?;
        let (rules, seats, section) = (Rules::of(&form), Seats::new(&name, form.rights), Arc::clone(&mapping.section));
        Ok(Ring {
            memory,
            form,
            rules,
            section,
            name,
            seats,
            barrier: Barrier::new(),
            noun,
            looked_after: AtomicU64::new(0),
        })
    }

    /// The same, unless something hinders that.
    fn expect(self, difference: Option<String>) -> Result<Ring> {
        match difference {
            None => Ok(self),
            Some(difference) => Err(self.error("open", ErrorKind::Incompatible).with_advice(difference)),
        }
    }

    /// Whether a mapping says that it holds a channel.
    pub(crate) fn is_there(mapping: &Mapping) -> Result<bool> {
        Ok(first_bytes(mapping)?.is_some_and(|bytes| Form::is_there(&bytes)))
    }

    pub(crate) fn name(&self) -> &str {
        self.name.given()
    }

    pub(crate) fn seats(&self) -> &Seats {
        &self.seats
    }

    /// Wakes the ends of a role that sleep. To be called after what they wait for.
    #[inline(always)]
    pub(crate) fn notify(&self, role: EndRole) -> Result<()> {
        if self.is_awaited(role) { self.wake(role) } else { Ok(()) }
    }

    /// Whether ends of a role sleep. To be asked after what they wait for.
    #[inline(always)]
    pub(crate) fn is_awaited(&self, role: EndRole) -> bool {
        self.barrier.light();
        gate::is_marked(self.memory.gate(role))
    }

    /// Says that somebody of this role is about to sleep; returns the value to sleep over. To be followed by a look.
    pub(crate) fn announce(&self, role: EndRole) -> u32 {
        let seen = gate::announce(self.memory.gate(role));
        self.barrier.heavy();
        seen
    }

    /// How long somebody of this role sleeps at most without a look.
    pub(crate) fn nap(&self, role: EndRole) -> Duration {
        match role {
            _ if !self.barrier.reaches_all() => UNSEEN_NAP,
            EndRole::Sender => SENDERS_NAP,
            EndRole::Receiver => RECEIVERS_NAP,
        }
    }

    pub(crate) fn sleep(&self, end: End, seen: u32, deadline: Deadline) -> Result<()> {
        let slept = self.seats.sleep(end.number(), self.memory.gate(end.role), seen, deadline);
        slept.map_err(|source| self.sys_error("wait for", source))
    }

    /// Whether there were ends of this role, and all have gone.
    #[inline]
    pub(crate) fn is_deserted(&self, role: EndRole) -> bool {
        // In this order: who is seen to have come is here, unless he has gone.
        // SeqCst: what those who have gone did before is seen by a look after this. Pairs with `leave`.
        self.has_been(role) && self.memory.load(Place::Role(role, RoleField::Here), Ordering::SeqCst) == 0
    }

    #[inline]
    fn has_been(&self, role: EndRole) -> bool {
        // Acquire: pairs with `count` and `leave`. One of the numbers is above 0 before the first end can have gone.
        let count = |field| self.memory.load(Place::Role(role, field), Ordering::Acquire);
        [RoleField::Joined, RoleField::Ended, RoleField::Died].into_iter().any(|field| count(field) > 0)
    }

    /// Why a wait ended for which there is nobody left.
    #[cold]
    pub(crate) fn disconnected(&self, operation: &'static str, role: EndRole) -> Error {
        let count = |field| self.memory.load(Place::Role(role, field), Ordering::Relaxed);
        let (ended, died) = (count(RoleField::Ended), count(RoleField::Died));
        let who = match role {
            EndRole::Sender => "senders",
            EndRole::Receiver => "receivers",
        };
        let told = format!("all {who} have gone: {ended} have ended, {died} have died");
        self.error(operation, ErrorKind::Disconnected).with_advice(told)
    }

    /// Takes a number of this role for a new end. Nobody sees the end before [`Seat::enter`].
    pub(crate) fn seat(self: &Arc<Ring>, role: EndRole) -> Result<Seat> {
        if !self.memory.is_writable() {
            let error = self.error("join", ErrorKind::AccessDenied);
            return Err(error.with_advice("the handle was opened read-only, and an end writes"));
        }
        let only_one = match role {
            EndRole::Sender => self.rules.one_sender,
            EndRole::Receiver => self.rules.one_receiver,
        };
        let count = if only_one { 1 } else { ENDS };
        let deadline = Deadline::after(BURYING_MAX);
        loop {
            if let Some(seat) = self.try_seat(role, count)? {
                return Ok(seat);
            }
            if deadline.has_passed() {
                break;
            }
            std::thread::yield_now();
        }
        Err(match only_one {
            true => self.error("join", ErrorKind::Busy).with_advice("it has one such end at a time, and that lives"),
            false => self.error("join", ErrorKind::LimitExceeded).with_advice(format!("{ENDS} such ends live")),
        })
    }

    fn try_seat(self: &Arc<Ring>, role: EndRole, count: u32) -> Result<Option<Seat>> {
        // Those that seem free first; then those whose owners may be dead.
        let here = self.here(role);
        let (taken, free): (Vec<u32>, Vec<u32>) = (0..count).partition(|index| here >> index & 1 == 1);
        for index in free.into_iter().chain(taken) {
            let end = End { role, index };
            if here >> index & 1 == 1 && self.lives(end)? {
                continue;
            }
            if let Some(claim) = self.claim(end)? {
                self.bury(end);
                return Ok(Some(Seat::new(Arc::clone(self), end, claim)));
            }
        }
        Ok(None)
    }

    /// Asks the kernel who lives, and clears up after those who do not; says whether there were any.
    #[cold]
    pub(crate) fn bury_the_dead(&self) -> Result<bool> {
        let mut found = false;
        for role in [EndRole::Sender, EndRole::Receiver] {
            for index in bits(self.here(role)) {
                let end = End { role, index };
                // Who has the claim keeps others from taking the number before everything is cleared up.
                if !self.lives(end)? && self.claim(end)?.is_some_and(|_claim| self.bury(end)) {
                    found = true;
                }
            }
        }
        Ok(found)
    }

    /// The same if that is some time ago, for who waits for several objects, of which others may keep it busy.
    pub(crate) fn look_after(&self, role: EndRole) {
        let now = sys::now();
        // Relaxed: it orders nothing, and twice does no harm.
        let ago = now.saturating_sub(self.looked_after.load(Ordering::Relaxed));
        if u128::from(ago) >= self.nap(role).as_nanos() {
            // What the system refuses now it will tell when the channel is used.
            let _ = self.bury_the_dead();
            // With many ends it takes long: for no more than a sixteenth of the time.
            let took = sys::now().saturating_sub(now);
            self.looked_after.store(now.saturating_add(took.saturating_mul(16)), Ordering::Relaxed);
        }
    }

    /// Whether an end is somebody's.
    pub(crate) fn lives(&self, end: End) -> Result<bool> {
        let claimed = self.section.is_claimed(Some(&self.name), PARTS + end.number());
        claimed.map_err(|source| self.sys_error("look at", source))
    }

    pub(crate) fn here(&self, role: EndRole) -> u64 {
        // SeqCst: pairs with `enter` and `leave`.
        self.memory.load(Place::Role(role, RoleField::Here), Ordering::SeqCst)
    }

    #[cold]
    pub(crate) fn error(&self, operation: &'static str, kind: ErrorKind) -> Error {
        Error::new(operation, self.noun, Some(self.name()), kind)
    }

    #[cold]
    pub(crate) fn sys_error(&self, operation: &'static str, source: io::Error) -> Error {
        from_sys(operation, self.noun, Some(&self.name), source)
    }

    #[cold]
    pub(crate) fn wake(&self, role: EndRole) -> Result<()> {
        let seats = || bits(self.here(role)).map(move |index| End { role, index }.number());
        let rung = self.seats.ring(self.memory.gate(role), seats);
        rung.map_err(|source| self.sys_error("wake those who wait for", source))
    }

    fn claim(&self, end: End) -> Result<Option<Claim>> {
        let claimed = self.section.claim(Some(&self.name), self.form.rights, PARTS + end.number());
        claimed.map_err(|source| self.sys_error("join", source))
    }

    /// Clears up after an end that has died without leaving, if there is one. The caller has its claim.
    ///
    /// Whoever is killed in here leaves the end's bit set, so that somebody else does it all again; only the counts of who
    /// has died and of what he has sent may then be wrong.
    fn bury(&self, dead: End) -> bool {
        if self.here(dead.role) >> dead.index & 1 == 0 {
            return false;
        }
        match dead.role {
            EndRole::Sender if !self.rules.one_sender => free_loaned(&self.memory, &self.rules, dead),
            EndRole::Receiver if self.rules.room == Room::FreeSlot => return_held(&self.memory, &self.rules, dead),
            EndRole::Sender | EndRole::Receiver => {}
        }
        self.leave(dead, RoleField::Died);
        true
    }

    /// Takes an end out that has nothing any more.
    fn leave(&self, end: End, how: RoleField) {
        let words = &self.memory;
        for (from, to) in [
            (EndField::Messages, RoleField::Messages),
            (EndField::Bytes, RoleField::Bytes),
            (EndField::Missed, RoleField::Missed),
        ] {
            // Relaxed: a number for people.
            words.fetch_add(Place::Role(end.role, to), words.load(Place::End(end, from), Ordering::Relaxed));
            words.store(Place::End(end, from), 0, Ordering::Relaxed);
        }
        words.fetch_add(Place::Role(end.role, how), 1);
        words.fetch_and(Place::Role(end.role, RoleField::Here), !(1 << end.index));
        // What was on loan, and whether anybody is left, matters to both sides. A failure has nobody to tell, and they look
        // by themselves.
        let _ = self.notify(EndRole::Sender).and(self.notify(EndRole::Receiver));
    }
}

/// A number that is this value's alone, and whether others see it.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) ring: Arc<Ring>,
    pub(crate) end: End,
    claim: Claim,
    entered: bool,
}

impl Seat {
    fn new(ring: Arc<Ring>, end: End, claim: Claim) -> Seat {
        let fields = [
            EndField::Messages,
            EndField::Bytes,
            EndField::Missed,
            EndField::BlockedNs,
            EndField::BlockedTimes,
            EndField::HighWater,
        ];
        for field in fields {
            // Relaxed: numbers for people.
            ring.memory.store(Place::End(end, field), 0, Ordering::Relaxed);
        }
        ring.memory.store(Place::End(end, EndField::Process), 0, Ordering::Relaxed);
        Seat { ring, end, claim, entered: false }
    }

    /// Makes the end one that others see.
    pub(crate) fn enter(&mut self) {
        self.entered = true;
        self.ring.memory.fetch_or(Place::Role(self.end.role, RoleField::Here), 1 << self.end.index);
    }

    /// Counts the end among those that have come: from now on it gets what is sent. To be called after [`Seat::enter`], for an
    /// end is never counted while nobody is there; see `is_deserted`.
    pub(crate) fn count(&self) {
        self.ring.memory.fetch_add(Place::Role(self.end.role, RoleField::Joined), 1);
        // Release: who sees the process finds that the end has begun. Pairs with `ChannelState::of`.
        self.ring.memory.store(Place::End(self.end, EndField::Process), std::process::id().into(), Ordering::Release);
        // Somebody may wait for a first end, or for one more. They look by themselves should it fail.
        let _ = self.ring.notify(EndRole::Receiver).and(self.ring.notify(EndRole::Sender));
    }

    /// Whether the end is this process's own. What a forked child has is a copy.
    pub(crate) fn is_ours(&self) -> bool {
        self.claim.is_ours()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.entered && self.is_ours() {
            self.ring.leave(self.end, RoleField::Ended);
        }
    }
}

/// The first bytes of a mapping that is long enough for a channel.
fn first_bytes(mapping: &Mapping) -> Result<Option<[u8; FIXED_LEN]>> {
    if mapping.size() < super::form::HEADER_LEN as u64 {
        return Ok(None);
    }
    Ok(Some(mapping.read_view_range(..FIXED_LEN as u64)?.get(0)))
}
