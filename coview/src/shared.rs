//! One value that many processes read and write, each write whole or not at all.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytemuck::Pod;

use crate::layout::Form;
use crate::region::{Part, Region};
use crate::sys::Deadline;
use crate::writing::{Writing, lock_beside, lockable, stamp};
use crate::{Mutex, Noun, RegionKind, RegionOptions, Result};

/// One value under a name, read and written by any number of processes.
///
/// Every write takes the value's lock and replaces the value as a whole: a writer that panics or is killed, at whatever
/// instruction, leaves the old value or the new one. The next one goes on at once. Reading takes no lock and never sees
/// a mixture; only a reader that a storm of writers laps a thousand times in a row queues up with them.
///
/// `T` is plain old data: no references, no `bool`, no padding; `#[derive(bytemuck::Pod)]` says so at compile time. The
/// value's size, its alignment and, if you give one, its [`fingerprint`](crate::fingerprint()) are checked at every
/// open.
///
/// The region lives as long as any process has a handle to it. [`Region`](crate::Region#layout) documents its bytes.
///
/// # Platform
///
/// A [`Mapping`](crate::Mapping) with two slots for the value and a header, and a [`Mutex`] called
/// `coview.shared.NAME`. On Windows, two events called `coview.even.NAME` and `coview.odd.NAME` once somebody waits.
///
/// # Examples
///
/// ```
/// use coview::Shared;
///
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(C)]
/// struct Budget {
///     total: u64,
///     spent: u64,
/// }
///
/// # let name = format!("doc.shared.{}", std::process::id());
/// let ours = Shared::create(&name, &Budget { total: 100, spent: 0 })?;
///
/// // In any other process:
/// let theirs = Shared::<Budget>::open(&name)?;
/// theirs.update(|budget| budget.spent += 30)?;
///
/// assert_eq!(ours.get()?.spent, 30);
/// # Ok::<(), coview::Error>(())
/// ```
///
/// What could not cross is refused by the compiler: references,
///
/// ```compile_fail,E0277
/// coview::Shared::create("name", &"text");
/// ```
///
/// `bool`, which has two bit patterns out of 256,
///
/// ```compile_fail,E0277
/// coview::Shared::create("name", &true);
/// ```
///
/// and padding, whose bytes would tell what else was in the writer's memory.
///
/// ```compile_fail,E0080
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(C)]
/// struct Padded {
///     small: u8,
///     large: u64,
/// }
/// ```
pub struct Shared<T> {
    pub(crate) region: Region,
    /// `None` for a handle that may only read.
    pub(crate) lock: Option<Mutex>,
    _value: PhantomData<fn() -> T>,
}

impl<T: Pod> Shared<T> {
    /// Creates the region with its first value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) while an object of this name lives, and all that
    /// [`Mapping::create`](crate::Mapping::create) can say. A name that begins with a slash is
    /// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName) on Linux: no mutex can stand beside a POSIX object.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.create.{}", std::process::id());
    /// let gain = coview::Shared::create(&name, &1.5f64)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str, value: &T) -> Result<Shared<T>> {
        Shared::create_with(&RegionOptions::new(), name, value)
    }

    /// Creates the region with options; see [`Shared::create`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.create.with.{}", std::process::id());
    /// let options = coview::RegionOptions::new().fingerprint(coview::fingerprint("gain in dB"));
    /// let gain = coview::Shared::create_with(&options, &name, &1.5f64)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_with(options: &RegionOptions, name: &str, value: &T) -> Result<Shared<T>> {
        lockable("create", name)?;
        let region = Region::create(Noun::Shared, options, name, form::<T>(options), |view, slots| {
            view.put_in_slot(slots.begin(view, 1), value);
            slots.commit(view, stamp(1), size_of::<T>());
        })?;
        Shared::new("create", name, region)
    }

    /// Opens the region; it must exist.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::open`](crate::Mapping::open); [`ErrorKind::Incompatible`](crate::ErrorKind::Incompatible) if
    /// the mapping is no `Shared` or its
    /// value is not of this type, as far as size, alignment and fingerprint tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Shared};
    ///
    /// # let name = format!("doc.shared.open.{}", std::process::id());
    /// let gain = Shared::create(&name, &1.5f64)?;
    /// assert_eq!(Shared::<f64>::open(&name)?.get()?, 1.5);
    /// assert_eq!(Shared::<u32>::open(&name).unwrap_err().kind(), ErrorKind::Incompatible);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Shared<T>> {
        Shared::open_with(&RegionOptions::new(), name)
    }

    /// Opens the region with options; see [`Shared::open`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::open`]; [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) when there is an
    /// [`open_timeout`](RegionOptions::open_timeout) and
    /// it passes.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{RegionOptions, Shared};
    ///
    /// # let name = format!("doc.shared.open.with.{}", std::process::id());
    /// let gain = Shared::create(&name, &1.5f64)?;
    /// let patient = RegionOptions::new().open_timeout(std::time::Duration::from_secs(5));
    /// assert_eq!(Shared::<f64>::open_with(&patient, &name)?.get()?, 1.5);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open_with(options: &RegionOptions, name: &str) -> Result<Shared<T>> {
        let region = Region::find(Noun::Shared, options, name, Part::Writer)?;
        region.expect(&form::<T>(options))?;
        Shared::new("open", name, region)
    }

    /// Opens the region, or creates it with a value that `init` makes out of zeros.
    ///
    /// Of all the processes that call this at once exactly one runs `init`, nobody sees the value before `init` has
    /// returned, and if that process dies inside `init` the next one starts over at once.
    ///
    /// # Errors
    ///
    /// As for [`Shared::create`] and [`Shared::open`], but for `AlreadyExists` and `NotFound`.
    ///
    /// # Panics
    ///
    /// If `init` does; then nothing was created.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.either.{}", std::process::id());
    /// let counter = coview::Shared::<u64>::create_or_open(&name, |value| *value = 100)?;
    /// counter.update(|value| *value += 1)?;
    /// assert_eq!(counter.get()?, 101);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str, init: impl FnOnce(&mut T)) -> Result<Shared<T>> {
        Shared::create_or_open_with(&RegionOptions::new(), name, init)
    }

    /// Opens or creates the region with options; see [`Shared::create_or_open`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.either.with.{}", std::process::id());
    /// let options = coview::RegionOptions::new().rights(coview::Rights::Group);
    /// let counter = coview::Shared::<u64>::create_or_open_with(&options, &name, |_| ())?;
    /// assert_eq!(counter.get()?, 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open_with(options: &RegionOptions, name: &str, init: impl FnOnce(&mut T)) -> Result<Shared<T>> {
        lockable("create or open", name)?;
        let region = Region::create_or_open(Noun::Shared, options, name, form::<T>(options), |view, slots| {
            let mut value = bytemuck::zeroed_box::<T>();
            init(&mut value);
            view.put_in_slot(slots.begin(view, 1), &*value);
            slots.commit(view, stamp(1), size_of::<T>());
        })?;
        Shared::new("create or open", name, region)
    }

    /// Replaces the value, and returns the version of the new one. Waits for the lock.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) if the handle may only read, and what
    /// [`Mutex::lock`] can say; what the system says of waking
    /// those who wait for a change, with the new value current.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.set.{}", std::process::id());
    /// let gain = coview::Shared::create(&name, &1.5f64)?;
    /// assert_eq!(gain.set(&2.5)?, 2);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn set(&self, value: &T) -> Result<u64> {
        Ok(self.set_until(value, Deadline::NEVER)?.expect("a wait without a deadline ends with a result"))
    }

    /// Replaces the value unless somebody else is writing; `None` if so. See [`Shared::set`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.try_set.{}", std::process::id());
    /// assert_eq!(coview::Shared::create(&name, &1.5f64)?.try_set(&2.5)?, Some(2));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_set(&self, value: &T) -> Result<Option<u64>> {
        self.set_until(value, Deadline::NOW)
    }

    /// Replaces the value, waiting for others for at most `timeout`; `None` if that was not enough. See
    /// [`Shared::set`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.set_timeout.{}", std::process::id());
    /// let gain = coview::Shared::create(&name, &1.5f64)?;
    /// assert_eq!(gain.set_timeout(&2.5, std::time::Duration::from_millis(5))?, Some(2));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn set_timeout(&self, value: &T, timeout: Duration) -> Result<Option<u64>> {
        self.set_until(value, Deadline::after(timeout))
    }

    /// Replaces the value and returns the one before, over the stack as [`Shared::get`] does. Waits for the lock.
    ///
    /// # Errors
    ///
    /// As for [`Shared::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.replace.{}", std::process::id());
    /// assert_eq!(coview::Shared::create(&name, &1.5f64)?.replace(&2.5)?, 1.5);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn replace(&self, value: &T) -> Result<T> {
        Ok(self.replace_until(value, Deadline::NEVER)?.expect("a wait without a deadline ends with a result"))
    }

    /// Replaces the value and returns the one before, unless somebody else is writing; `None` if so.
    ///
    /// # Errors
    ///
    /// As for [`Shared::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.try_replace.{}", std::process::id());
    /// assert_eq!(coview::Shared::create(&name, &1.5f64)?.try_replace(&2.5)?, Some(1.5));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_replace(&self, value: &T) -> Result<Option<T>> {
        self.replace_until(value, Deadline::NOW)
    }

    /// Replaces the value and returns the one before, waiting for others for at most `timeout`; `None` if that was not
    /// enough.
    ///
    /// # Errors
    ///
    /// As for [`Shared::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.replace_timeout.{}", std::process::id());
    /// let gain = coview::Shared::create(&name, &1.5f64)?;
    /// assert_eq!(gain.replace_timeout(&2.5, std::time::Duration::from_millis(5))?, Some(1.5));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn replace_timeout(&self, value: &T, timeout: Duration) -> Result<Option<T>> {
        self.replace_until(value, Deadline::after(timeout))
    }

    /// Changes the value by a function, with nobody else writing meanwhile, and returns what the function returns.
    ///
    /// The function works on a copy, which takes the value's place when it has returned. If it panics, or the process
    /// is
    /// killed, nothing has changed. Calling it again out of the function, on the same value, is an error.
    ///
    /// # Errors
    ///
    /// As for [`Shared::set`]; [`ErrorKind::Damaged`](crate::ErrorKind::Damaged), with nothing changed, if the value
    /// changed meanwhile in spite of the
    /// lock: a write to it inside the function, or another program's doing.
    ///
    /// # Panics
    ///
    /// If `change` does; the lock is free again, and the value is the old one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.update.{}", std::process::id());
    /// let counter = coview::Shared::create(&name, &41u64)?;
    /// let seen = counter.update(|value| {
    ///     *value += 1;
    ///     *value
    /// })?;
    /// assert_eq!(seen, 42);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R> {
        let changed = self.update_until(change, Deadline::NEVER)?;
        Ok(changed.expect("a wait without a deadline ends with a result"))
    }

    /// Changes the value by a function unless somebody else is writing; `None` if so. See [`Shared::update`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::update`].
    ///
    /// # Panics
    ///
    /// If `change` does.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.try_update.{}", std::process::id());
    /// let counter = coview::Shared::create(&name, &41u64)?;
    /// assert_eq!(counter.try_update(|value| *value += 1)?, Some(()));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_update<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<Option<R>> {
        self.update_until(change, Deadline::NOW)
    }

    /// Changes the value by a function, waiting for others for at most `timeout`; `None` if that was not enough. See
    /// [`Shared::update`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::update`].
    ///
    /// # Panics
    ///
    /// If `change` does.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.update_timeout.{}", std::process::id());
    /// let counter = coview::Shared::create(&name, &41u64)?;
    /// let timeout = std::time::Duration::from_millis(5);
    /// assert_eq!(counter.update_timeout(timeout, |value| *value += 1)?, Some(()));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn update_timeout<R>(&self, timeout: Duration, change: impl FnOnce(&mut T) -> R) -> Result<Option<R>> {
        self.update_until(change, Deadline::after(timeout))
    }

    /// Returns the version of the current value: 1 for the first, and one more with every write.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.version.{}", std::process::id());
    /// assert_eq!(coview::Shared::create(&name, &0u8)?.version(), 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn version(&self) -> u64 {
        self.region.sequence()
    }

    /// Waits until the value has another version than `since`, and returns that.
    ///
    /// Sleeps meanwhile; a write makes no system call when nobody waits. If the writer that was to wake this waiter is
    /// killed in that very moment, the wait takes a quarter of a second longer.
    ///
    /// # Errors
    ///
    /// What the system says of the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.wait_changed.{}", std::process::id());
    /// let gain = coview::Shared::create(&name, &1.5f64)?;
    /// let seen = gain.version();
    /// gain.set(&2.5)?;
    /// assert_eq!(gain.wait_changed(seen)?, 2);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_changed(&self, since: u64) -> Result<u64> {
        let changed = self.region.wait_changed_until(since, Deadline::NEVER)?;
        Ok(changed.expect("a wait without a deadline ends with a result"))
    }

    /// Waits until the value has another version than `since`, for at most `timeout`; `None` if that was not enough.
    /// See
    /// [`Shared::wait_changed`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::wait_changed`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.wait_changed_timeout.{}", std::process::id());
    /// let gain = coview::Shared::create(&name, &1.5f64)?;
    /// assert_eq!(gain.wait_changed_timeout(1, std::time::Duration::from_millis(5))?, None);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_changed_timeout(&self, since: u64, timeout: Duration) -> Result<Option<u64>> {
        self.region.wait_changed_timeout(since, timeout)
    }

    /// Returns how many writers have died while they had the lock; each is counted by the next writer. None has left
    /// anything half done: it is for those who want to know.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.deaths.{}", std::process::id());
    /// assert_eq!(coview::Shared::create(&name, &0u8)?.deaths(), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn deaths(&self) -> u64 {
        self.region.deaths()
    }

    /// Returns the name as it was given.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.name.{}", std::process::id());
    /// assert_eq!(coview::Shared::create(&name, &0u8)?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.region.name().unwrap_or_default()
    }

    /// Says whether this handle's call created the region.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.created.{}", std::process::id());
    /// assert!(coview::Shared::create(&name, &0u8)?.was_created());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn was_created(&self) -> bool {
        self.region.was_created()
    }

    fn new(operation: &'static str, name: &str, region: Region) -> Result<Shared<T>> {
        let lock = region.view().map(|_| lock_beside(operation, name, region.form.rights)).transpose()?;
        Ok(Shared { region, lock, _value: PhantomData })
    }

    fn set_until(&self, value: &T, deadline: Deadline) -> Result<Option<u64>> {
        let Some(writing) = self.lock(deadline)? else { return Ok(None) };
        writing.put(value).map(Some)
    }

    fn replace_until(&self, value: &T, deadline: Deadline) -> Result<Option<T>> {
        let Some(writing) = self.lock(deadline)? else { return Ok(None) };
        let before = writing.view.get_in_slot(writing.value_at());
        writing.put(value)?;
        Ok(Some(before))
    }

    #[inline]
    fn update_until<R>(&self, change: impl FnOnce(&mut T) -> R, deadline: Deadline) -> Result<Option<R>> {
        let Some(writing) = self.lock(deadline)? else { return Ok(None) };
        writing.change(change).map(Some)
    }

    /// Becomes the only writer; `None` when the deadline passed.
    #[inline(always)]
    pub(crate) fn lock(&self, deadline: Deadline) -> Result<Option<Writing<'_, T>>> {
        let view = self.region.writing()?;
        let lock = self.lock.as_ref().expect("a handle that may write has the lock");
        Writing::begin(&self.region, view, lock, deadline)
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Shared").field("name", &self.region.name()).field("form", &self.region.form).finish()
    }
}

fn form<T>(options: &RegionOptions) -> Form {
    Form::of::<T>(RegionKind::Shared, options)
}
