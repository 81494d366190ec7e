//! A typed region: a mapping with a header and slots, however its values are typed.
//!
//! What all kinds of typed regions have in common lives here: how one is made and found, what is checked, how one sleeps
//! until the value changes. What a value is, and who may write, is the business of the types above.

use std::collections::TryReserveError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::error::from_sys;
use crate::layout::{DEATHS, FIXED_LEN, Form, GATE, HEADER_LEN};
use crate::name::Name;
use crate::publishing;
use crate::slots::{Slots, Words, WordsMut};
use crate::sys::{Bell, Deadline, Section, gate};
use crate::{
    Access, Error, ErrorKind, Mapping, Noun, PublisherState, ReadView, RegionKind, RegionOptions, Result, Stamp, View,
};

pub(crate) const READ_ONLY: &str = "the handle was opened read-only";

/// A typed region seen without its type: for tools that show what any program shares.
///
/// # Layout
///
#[doc = include_str!("layout.md")]
///
/// # Examples
///
/// ```
/// use coview::{Region, Shared};
///
/// # let name = format!("doc.region.{}", std::process::id());
/// let shared = Shared::create(&name, &0x0102u16)?;
/// let region = Region::open(&name)?;
/// let mut bytes = Vec::new();
/// region.read(&mut bytes)?;
/// assert_eq!(bytes, 0x0102u16.to_ne_bytes());
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct Region {
    pub(crate) form: Form,
    pub(crate) slots: Slots,
    shown: Shown,
    /// The header for writing, in a handle that reads values and may write no others.
    header: Option<View>,
    bell: Bell,
    pub(crate) section: Arc<Section>,
    pub(crate) name: Option<Name>,
    noun: Noun,
    created: bool,
}

/// The whole mapping.
#[derive(Debug)]
enum Shown {
    Reading(ReadView),
    Writing(View),
}

/// What a handle is going to do with a region's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Reads them, and maps them so that it can do nothing else.
    Reader,
    Writer,
}

impl Region {
    /// Opens the region of this name, for reading.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::open`]; [`ErrorKind::Incompatible`] if the mapping holds no typed region that this version knows.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Mapping, Region};
    ///
    /// # let name = format!("doc.region.open.{}", std::process::id());
    /// let plain = Mapping::create(&name, 4096)?;
    /// assert_eq!(Region::open(&name).unwrap_err().kind(), ErrorKind::Incompatible);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Region> {
        Region::open_with(&RegionOptions::new(), name)
    }

    /// Opens the region of this name, for reading, with options.
    ///
    /// # Errors
    ///
    /// As for [`Region::open`]; [`ErrorKind::TimedOut`] when there is an
    /// [`open_timeout`](RegionOptions::open_timeout) and it passes.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Region, RegionOptions, Shared};
    ///
    /// # let name = format!("doc.region.open.with.{}", std::process::id());
    /// let shared = Shared::create(&name, &1u8)?;
    /// let patient = RegionOptions::new().open_timeout(std::time::Duration::from_secs(1));
    /// assert_eq!(Region::open_with(&patient, &name)?.value_size(), 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open_with(options: &RegionOptions, name: &str) -> Result<Region> {
        Region::find(Noun::Region, options, name, Part::Reader)
    }

    /// Shows the region that a mapping holds; `None` if it holds none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incompatible`] for a region that this version does not know, or whose header makes no sense.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Mapping, Region};
    ///
    /// assert!(Region::of(&Mapping::unnamed(4096)?)?.is_none());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn of(mapping: &Mapping) -> Result<Option<Region>> {
        if !is_there(mapping)? {
            return Ok(None);
        }
        Region::show(Noun::Region, mapping, Part::Reader).map(Some)
    }

    /// Returns what kind of region it is.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.region.kind2.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &1u8)?;
    /// assert_eq!(coview::Region::open(&name)?.kind(), coview::RegionKind::Shared);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn kind(&self) -> RegionKind {
        self.form.kind
    }

    /// Returns the size of a value in bytes; of a [`LatestBytes`](crate::LatestBytes), of the longest.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.region.size.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &[0f32; 3])?;
    /// assert_eq!(coview::Region::open(&name)?.value_size(), 12);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn value_size(&self) -> u64 {
        self.form.value_size
    }

    /// Returns the alignment of a value's type in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.region.align.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &[0f32; 3])?;
    /// assert_eq!(coview::Region::open(&name)?.value_align(), 4);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn value_align(&self) -> u64 {
        self.form.value_align
    }

    /// Returns the fingerprint that the creator gave the type; 0 if none.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.region.print.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &1u8)?;
    /// assert_eq!(coview::Region::open(&name)?.fingerprint(), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn fingerprint(&self) -> u64 {
        self.form.fingerprint
    }

    /// Puts the current value's bytes into `bytes`, in place of what was there; `None` before the first value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] if the value was written over faster than it could be read, [`ErrorKind::Damaged`] if the
    /// slots make no sense, [`ErrorKind::TooLarge`] if the value is longer than memory can be had for.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.region.read.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &9u8)?;
    /// let mut bytes = Vec::new();
    /// let stamp = coview::Region::open(&name)?.read(&mut bytes)?.expect("a Shared always has a value");
    /// assert_eq!((stamp.sequence, bytes), (1, vec![9]));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn read(&self, bytes: &mut Vec<u8>) -> Result<Option<Stamp>> {
        let view = self.read_view();
        let found = self.slots.read(view, |place| {
            // Anybody may have invented the length, and a mapping with holes can be longer than all memory.
            bytes.try_reserve(place.len.saturating_sub(bytes.len()))?;
            bytes.resize(place.len, 0);
            view.read(place.offset, bytes);
            Ok::<(), TryReserveError>(())
        });
        match found.map_err(|kind| self.error("read", kind))? {
            None => Ok(None),
            Some((stamp, Ok(()))) => Ok(Some(stamp)),
            Some((_, Err(_))) => {
                let error = self.error("read", ErrorKind::TooLarge);
                Err(error.with_advice("this process cannot have as much memory as the value says it is long"))
            }
        }
    }

    /// Returns the number of the current value; 0 before the first.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.region.sequence.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &9u8)?;
    /// shared.set(&10)?;
    /// assert_eq!(coview::Region::open(&name)?.sequence(), 2);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn sequence(&self) -> u64 {
        self.slots.current(self.read_view())
    }

    /// Returns how many writers of a [`Shared`](crate::Shared) have died while they had the lock, as far as later ones have
    /// counted them; 0 for other kinds.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.region.deaths.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &9u8)?;
    /// assert_eq!(coview::Region::open(&name)?.deaths(), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn deaths(&self) -> u64 {
        // Relaxed: a number for people, which orders nothing.
        self.read_view().load_u64(DEATHS, Ordering::Relaxed)
    }

    /// Waits until the current value has another number than `since`, for at most `timeout`; returns the number, or `None`
    /// if that was not enough.
    ///
    /// # Errors
    ///
    /// What the system says of the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.region.wait.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &9u8)?;
    /// let region = coview::Region::open(&name)?;
    /// assert_eq!(region.wait_changed_timeout(1, std::time::Duration::from_millis(1))?, None);
    /// assert_eq!(region.wait_changed_timeout(0, std::time::Duration::from_millis(1))?, Some(1));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_changed_timeout(&self, since: u64, timeout: Duration) -> Result<Option<u64>> {
        self.wait_changed_until(since, Deadline::after(timeout))
    }

    /// Says what has become of the publisher of a [`Latest`](crate::Latest) or [`LatestBytes`](crate::LatestBytes); of a
    /// [`Shared`](crate::Shared), which has none, that there was none yet.
    ///
    /// # Errors
    ///
    /// What the system says of the question.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{LatestPublisher, PublisherState, Region};
    ///
    /// # let name = format!("doc.region.publisher.{}", std::process::id());
    /// let publisher = LatestPublisher::<u32>::create(&name)?;
    /// assert_eq!(Region::open(&name)?.publisher()?, PublisherState::Alive);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn publisher(&self) -> Result<PublisherState> {
        if self.kind() == RegionKind::Shared { Ok(PublisherState::Absent) } else { publishing::state(self) }
    }

    /// Makes a region that must be new. `fill` writes the first value; nobody sees the region before it has returned.
    pub(crate) fn create(
        noun: Noun,
        options: &RegionOptions,
        name: &str,
        form: Form,
        fill: impl FnOnce(&View, &Slots),
    ) -> Result<Region> {
        let mapping = make(noun, options, name, form, fill).map_err(|error| error.doing("create"))?;
        if mapping.was_created() {
            return Region::show(noun, &mapping, Part::Writer);
        }
        let error = Error::new("create", noun, Some(name), ErrorKind::AlreadyExists);
        Err(error.with_advice("open it, or create_or_open it"))
    }

    /// Opens a region of this form, or makes one as [`Region::create`] does.
    pub(crate) fn create_or_open(
        noun: Noun,
        options: &RegionOptions,
        name: &str,
        form: Form,
        fill: impl FnOnce(&View, &Slots),
    ) -> Result<Region> {
        let region = Region::show(noun, &make(noun, options, name, form, fill)?, Part::Writer)?;
        region.expect(&form)?;
        Ok(region)
    }

    /// Opens the region of this name, whatever its form.
    pub(crate) fn find(noun: Noun, options: &RegionOptions, name: &str, part: Part) -> Result<Region> {
        let mapping = match options.mapping().open(name) {
            // Reading is all that a reader needs; to be woken it would have to say so in the region.
            Err(error) if error.kind() == ErrorKind::AccessDenied && part == Part::Reader => {
                options.mapping().access(Access::ReadOnly).open(name)
            }
            opened => opened,
        };
        Region::show(noun, &mapping.map_err(|error| error.about(noun))?, part)
    }

    /// The region that a mapping holds, whatever its form.
    pub(crate) fn show(noun: Noun, mapping: &Mapping, part: Part) -> Result<Region> {
        let refuse = |why: String| Error::new("open", noun, mapping.name(), ErrorKind::Incompatible).with_advice(why);
        let form = read_form(mapping)?.map_err(refuse)?;
        let too_large = || Error::new("map", noun, mapping.name(), ErrorKind::TooLarge);
        let slots = slots_of(&form).ok_or_else(too_large)?;
        let range = ..form.region_size().ok_or_else(too_large)?;
        let writable = mapping.access() == Access::ReadWrite;
        let shown = match part {
            Part::Writer if writable => Shown::Writing(mapping.view_range(range)?),
            Part::Writer | Part::Reader => Shown::Reading(mapping.read_view_range(range)?),
        };
        let reads_only = matches!(shown, Shown::Reading(_));
        let header = (reads_only && writable).then(|| mapping.view_range(..HEADER_LEN as u64)).transpose()?;
        let name = mapping.name().and_then(|name| Name::parse(name).ok());
        let bell = Bell::new(name.as_ref(), form.rights);
        let section = Arc::clone(&mapping.section);
        let created = mapping.was_created();
        Ok(Region { form, slots, shown, header, bell, section, name, noun, created })
    }

    /// Fails if a region has another form than the type here wants.
    pub(crate) fn expect(&self, form: &Form) -> Result<()> {
        match self.form.differs_from(form) {
            None => Ok(()),
            Some(difference) => Err(self.error("open", ErrorKind::Incompatible).with_advice(difference)),
        }
    }

    pub(crate) fn was_created(&self) -> bool {
        self.created
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_ref().map(Name::given)
    }

    #[inline]
    pub(crate) fn read_view(&self) -> &ReadView {
        match &self.shown {
            Shown::Reading(view) => view,
            Shown::Writing(view) => view,
        }
    }

    /// The view of a handle that may write values.
    #[inline]
    pub(crate) fn view(&self) -> Option<&View> {
        match &self.shown {
            Shown::Reading(_) => None,
            Shown::Writing(view) => Some(view),
        }
    }

    /// The gate, for who may write it.
    #[inline]
    fn gate(&self) -> Option<&AtomicU32> {
        Some(self.view().or(self.header.as_ref())?.atomic_u32(GATE))
    }

    /// Wakes everyone who waits for a change. To be called after the change, by one at a time.
    #[inline]
    pub(crate) fn notify(&self) -> Result<()> {
        match self.gate() {
            Some(word) if gate::is_awaited(word) => {
                self.bell.ring(word).map_err(|source| self.sys_error("wake those who wait for", source))
            }
            _ => Ok(()),
        }
    }

    /// Looks again whenever the region changes, until something is found or the deadline passes.
    pub(crate) fn wait_until<R>(
        &self,
        deadline: Deadline,
        mut look: impl FnMut() -> Result<Option<R>>,
    ) -> Result<Option<R>> {
        loop {
            if let Some(found) = look()? {
                return Ok(Some(found));
            }
            let slept = match self.gate() {
                None => self.bell.glance(deadline),
                Some(word) => {
                    let seen = gate::announce(word);
                    // What changes from here on ends the turn.
                    if let Some(found) = look()? {
                        return Ok(Some(found));
                    }
                    self.bell.sleep(word, seen, deadline)
                }
            };
            slept.map_err(|source| self.sys_error("wait for", source))?;
            if deadline.has_passed() {
                return look();
            }
        }
    }

    pub(crate) fn wait_changed_until(&self, since: u64, deadline: Deadline) -> Result<Option<u64>> {
        self.wait_until(deadline, || {
            let sequence = self.sequence();
            Ok((sequence != since).then_some(sequence))
        })
    }

    /// The view, of who must be able to write.
    #[inline]
    pub(crate) fn writing(&self) -> Result<&View> {
        match self.view() {
            Some(view) => Ok(view),
            None => Err(self.error("write", ErrorKind::AccessDenied).with_advice(READ_ONLY)),
        }
    }

    #[cold]
    pub(crate) fn error(&self, operation: &'static str, kind: ErrorKind) -> Error {
        let error = Error::new(operation, self.noun, self.name(), kind);
        if (operation, kind) == ("read", ErrorKind::Busy) {
            return error.with_advice("it is written over faster than it can be read");
        }
        error
    }

    #[cold]
    pub(crate) fn sys_error(&self, operation: &'static str, source: std::io::Error) -> Error {
        from_sys(operation, self.noun, self.name.as_ref(), source)
    }
}

/// Opens the mapping of this name, or makes one with a region in it.
fn make(
    noun: Noun,
    options: &RegionOptions,
    name: &str,
    form: Form,
    fill: impl FnOnce(&View, &Slots),
) -> Result<Mapping> {
    let too_large = || Error::new("create or open", noun, Some(name), ErrorKind::TooLarge);
    let size = form.region_size().ok_or_else(too_large)?;
    let slots = slots_of(&form).ok_or_else(too_large)?;
    let mapping = options.mapping().access(Access::ReadWrite).create_or_open(name, size, |view| {
        view.write(0, &form.to_bytes());
        fill(view, &slots);
    });
    mapping.map_err(|error| error.about(noun))
}

/// The form that a mapping's first bytes tell, or why they tell none.
fn read_form(mapping: &Mapping) -> Result<std::result::Result<Form, String>> {
    if mapping.size() < HEADER_LEN as u64 {
        return Ok(Err("there is no typed region in the mapping".into()));
    }
    let bytes: [u8; FIXED_LEN] = mapping.read_view_range(..HEADER_LEN as u64)?.get(0);
    Ok(Form::from_bytes(&bytes, mapping.size()))
}

/// Whether a mapping says that it holds a typed region.
fn is_there(mapping: &Mapping) -> Result<bool> {
    if mapping.size() < HEADER_LEN as u64 {
        return Ok(false);
    }
    Ok(Form::is_there(&mapping.read_view_range(..HEADER_LEN as u64)?.get(0)))
}

/// Where the slots of a form are; `None` if the machine has no addresses for them.
fn slots_of(form: &Form) -> Option<Slots> {
    usize::try_from(form.region_size()?).ok()?;
    let stride = usize::try_from(form.stride()?).ok()?;
    let room = usize::try_from(form.value_size).ok()?;
    Some(Slots { first: HEADER_LEN, stride, mask: form.slots() - 1, room })
}

impl Words for ReadView {
    #[inline]
    fn load(&self, offset: usize, order: Ordering) -> u64 {
        self.load_u64(offset, order)
    }

    #[inline]
    fn load_four(&self, offset: usize) -> [u64; 4] {
        self.load_u64s(offset)
    }
}

impl Words for View {
    #[inline]
    fn load(&self, offset: usize, order: Ordering) -> u64 {
        self.load_u64(offset, order)
    }

    #[inline]
    fn load_four(&self, offset: usize) -> [u64; 4] {
        self.load_u64s(offset)
    }
}

impl WordsMut for View {
    #[inline]
    fn store(&self, offset: usize, value: u64, order: Ordering) {
        self.atomic_u64(offset).store(value, order);
    }
}
