//! One current value that everybody reads at memory speed: the readers' side.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytemuck::Pod;

use crate::layout::Form;
use crate::region::{Part, Region};
use crate::slots::Stamp;
use crate::sys::Deadline;
use crate::{Mapping, Noun, RegionKind, RegionOptions, Result};

/// A value, and when, by whom and as which one it was published.
///
/// # Examples
///
/// ```
/// use coview::{Latest, LatestPublisher};
///
/// # let name = format!("doc.reading.{}", std::process::id());
/// let mut publisher = LatestPublisher::<u32>::create(&name)?;
/// publisher.publish(&5)?;
/// let reading = Latest::<u32>::open(&name)?.read()?.expect("a value was published");
/// assert_eq!((reading.value, reading.stamp.sequence), (5, 1));
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading<T> {
    /// The value itself.
    pub value: T,
    /// What goes with it.
    pub stamp: Stamp,
}

/// What has become of the publisher of a [`Latest`].
///
/// # Examples
///
/// ```
/// use coview::{Latest, LatestPublisher, PublisherState};
///
/// # let name = format!("doc.publisher.state.{}", std::process::id());
/// let publisher = LatestPublisher::<u32>::create(&name)?;
/// let reader = Latest::<u32>::open(&name)?;
/// assert_eq!(reader.publisher()?, PublisherState::Alive);
/// drop(publisher);
/// assert_eq!(reader.publisher()?, PublisherState::Ended);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublisherState {
    /// There was none yet.
    Absent,
    /// It lives.
    Alive,
    /// The last one was dropped.
    Ended,
    /// The last one's process ended without dropping it: it exited, was killed, or crashed.
    Died,
}

impl fmt::Display for PublisherState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            PublisherState::Absent => "absent",
            PublisherState::Alive => "alive",
            PublisherState::Ended => "ended",
            PublisherState::Died => "died",
        })
    }
}

/// Reads one current value that another process publishes.
///
/// Reading copies the value and makes sure that it is whole. It writes nothing to shared memory, takes no lock, holds
/// up nobody and is held up by nobody; other readers make no difference. A value that is published faster than it can
/// be copied, four times in a row, makes the reader try again; after a thousand tries it says
/// [`ErrorKind::Busy`](crate::ErrorKind::Busy).
///
/// Publishers come and go: when one dies or ends another can take over, and readers read on. The region lives as long
/// as anybody has it open.
///
/// # Platform
///
/// A [`Mapping`] with four slots for the value and a header, of which readers map the slots for reading only. The
/// publisher's life is an open file description lock on Linux, an event called `coview.claim.0.NAME` on Windows.
///
/// # Examples
///
/// ```
/// use coview::{Latest, LatestPublisher};
///
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(C)]
/// struct Pose {
///     position_m: [f32; 3],
///     heading_rad: f32,
/// }
///
/// # let name = format!("doc.latest.{}", std::process::id());
/// let mut publisher = LatestPublisher::create(&name)?;
/// publisher.publish(&Pose { position_m: [1.0, 2.0, 0.0], heading_rad: 0.5 })?;
///
/// // In any number of other processes:
/// let pose = Latest::<Pose>::open(&name)?;
/// let reading = pose.read()?.expect("a value was published");
/// println!("{:?}, {:?} old", reading.value.position_m, reading.stamp.age());
/// # Ok::<(), coview::Error>(())
/// ```
pub struct Latest<T> {
    region: Region,
    _value: PhantomData<fn() -> T>,
}

impl<T: Pod> Latest<T> {
    /// How many bytes a region for values of this type has: what a file needs for
    /// [`LatestPublisher::over`](crate::LatestPublisher::over).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(coview::Latest::<[f64; 3]>::REGION_SIZE, 512 + 4 * 128);
    /// ```
    pub const REGION_SIZE: u64 = match Form::of::<T>(RegionKind::Latest, &RegionOptions::new()).region_size() {
        Some(size) => size,
        None => panic!("no mapping is so large"),
    };

    /// Opens the region for reading; it must exist.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::open`]; [`ErrorKind::Incompatible`](crate::ErrorKind::Incompatible) if the mapping is no
    /// `Latest` or its values are not of this
    /// type, as far as size, alignment and fingerprint tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Latest, LatestPublisher};
    ///
    /// # let name = format!("doc.latest.open.{}", std::process::id());
    /// let publisher = LatestPublisher::<u32>::create(&name)?;
    /// assert!(Latest::<u32>::open(&name)?.read()?.is_none());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Latest<T>> {
        Latest::open_with(&RegionOptions::new(), name)
    }

    /// Opens the region for reading, with options: readers that start first wait for it to appear.
    ///
    /// # Errors
    ///
    /// As for [`Latest::open`]; [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) when there is an
    /// [`open_timeout`](RegionOptions::open_timeout) and
    /// it passes.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Latest, LatestPublisher, RegionOptions};
    ///
    /// # let name = format!("doc.latest.open.with.{}", std::process::id());
    /// let publisher = LatestPublisher::<u32>::create(&name)?;
    /// let patient = RegionOptions::new().open_timeout(std::time::Duration::from_secs(10));
    /// let reader = Latest::<u32>::open_with(&patient, &name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open_with(options: &RegionOptions, name: &str) -> Result<Latest<T>> {
        let region = Region::find(Noun::Latest, options, name, Part::Reader)?;
        Latest::new(region, options)
    }

    /// Reads the region that a mapping holds, such as one of a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incompatible`](crate::ErrorKind::Incompatible) as for [`Latest::open`].
    ///
    /// # Platform
    ///
    /// Where the mapping has no name, waits on Windows look once a millisecond instead of being woken; so do those on
    /// Linux
    /// whose publisher is a Windows program.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Latest, LatestPublisher, Mapping, RegionOptions};
    ///
    /// let path = std::env::temp_dir().join(format!("coview-doc-latest-{}", std::process::id()));
    /// let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path)?;
    /// let mapping = Mapping::from_file(&file, Some(Latest::<u32>::REGION_SIZE))?;
    /// let mut publisher = LatestPublisher::over(&mapping, &RegionOptions::new())?;
    /// publisher.publish(&5u32)?;
    ///
    /// let reader = Latest::<u32>::over(&Mapping::from_file(&file, None)?, &RegionOptions::new())?;
    /// assert_eq!(reader.read()?.expect("a value was published").value, 5);
    /// # drop((publisher, reader, mapping, file)); std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn over(mapping: &Mapping, options: &RegionOptions) -> Result<Latest<T>> {
        Latest::new(Region::show(Noun::Latest, mapping, Part::Reader)?, options)
    }

    /// Returns the current value; `None` before the first.
    ///
    /// For values of many kilobytes [`Latest::read_into`] spares copies, and [`Latest::wait_changed`] waits for them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) if the value was written over at every try,
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) if another program has
    /// overwritten the region.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.latest.read.{}", std::process::id());
    /// let mut publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// let reader = coview::Latest::<u32>::open(&name)?;
    /// assert!(reader.read()?.is_none());
    /// publisher.publish(&5)?;
    /// assert_eq!(reader.read()?.map(|reading| reading.value), Some(5));
    /// # Ok::<(), coview::Error>(())
    /// ```
    // Always in line, as `Slots::read` is.
    #[inline(always)]
    pub fn read(&self) -> Result<Option<Reading<T>>> {
        let view = self.region.read_view();
        match self.region.slots.read(view, |place| view.get_in_slot::<T>(place.offset)) {
            Ok(Some((stamp, value))) => Ok(Some(Reading { value, stamp })),
            Ok(None) => Ok(None),
            Err(kind) => Err(self.region.error("read", kind)),
        }
    }

    /// Copies the current value into `value`, and returns what goes with it; `None`, and nothing copied, before the
    /// first.
    ///
    /// # Errors
    ///
    /// As for [`Latest::read`]; then `value` holds anything.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.latest.read_into.{}", std::process::id());
    /// let mut picture = bytemuck::zeroed_box::<[u8; 1 << 20]>();
    /// let mut publisher = coview::LatestPublisher::<[u8; 1 << 20]>::create(&name)?;
    /// publisher.publish(&picture)?;
    /// let stamp = coview::Latest::<[u8; 1 << 20]>::open(&name)?.read_into(&mut picture)?;
    /// assert_eq!(stamp.map(|stamp| stamp.sequence), Some(1));
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn read_into(&self, value: &mut T) -> Result<Option<Stamp>> {
        let view = self.region.read_view();
        match self.region.slots.read(view, |place| view.read_in_slot(place.offset, value)) {
            Ok(found) => Ok(found.map(|(stamp, ())| stamp)),
            Err(kind) => Err(self.region.error("read", kind)),
        }
    }

    /// Returns the current value if its number is not `sequence`: that is, if there is something new.
    ///
    /// # Errors
    ///
    /// As for [`Latest::read`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.latest.newer.{}", std::process::id());
    /// let mut publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// let reader = coview::Latest::<u32>::open(&name)?;
    /// publisher.publish(&5)?;
    /// let first = reader.read_newer_than(0)?.expect("5 is new");
    /// assert!(reader.read_newer_than(first.stamp.sequence)?.is_none());
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn read_newer_than(&self, sequence: u64) -> Result<Option<Reading<T>>> {
        if self.sequence() == sequence { Ok(None) } else { self.read() }
    }

    /// Waits until the current value's number is not `sequence`, and returns that value.
    ///
    /// Sleeps meanwhile, through deaths and changes of publishers; publishing makes no system call when nobody waits.
    ///
    /// # Errors
    ///
    /// As for [`Latest::read`], and what the system says of the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.latest.wait_newer.{}", std::process::id());
    /// let mut publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// publisher.publish(&5)?;
    /// let reader = coview::Latest::<u32>::open(&name)?;
    /// assert_eq!(reader.wait_newer_than(0)?.value, 5);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_newer_than(&self, sequence: u64) -> Result<Reading<T>> {
        let newer = self.wait_newer_until(sequence, Deadline::NEVER)?;
        Ok(newer.expect("a wait without a deadline ends with a result"))
    }

    /// Waits until the current value's number is not `sequence`, for at most `timeout`; `None` if that was not enough.
    /// See
    /// [`Latest::wait_newer_than`].
    ///
    /// # Errors
    ///
    /// As for [`Latest::wait_newer_than`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.latest.wait_timeout.{}", std::process::id());
    /// let mut publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// let reader = coview::Latest::<u32>::open(&name)?;
    /// assert!(reader.wait_newer_than_timeout(0, std::time::Duration::from_millis(5))?.is_none());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_newer_than_timeout(&self, sequence: u64, timeout: Duration) -> Result<Option<Reading<T>>> {
        self.wait_newer_until(sequence, Deadline::after(timeout))
    }

    /// Waits until the current value's number is not `since`, and returns the number; the value is not read. For values
    /// that are then read in place of another, by [`Latest::read_into`]: large ones do not fit the stack.
    ///
    /// # Errors
    ///
    /// What the system says of the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.latest.changed.{}", std::process::id());
    /// let mut publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// publisher.publish(&5)?;
    /// assert_eq!(coview::Latest::<u32>::open(&name)?.wait_changed(0)?, 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_changed(&self, since: u64) -> Result<u64> {
        let changed = self.region.wait_changed_until(since, Deadline::NEVER)?;
        Ok(changed.expect("a wait without a deadline ends with a result"))
    }

    /// Waits until the current value's number is not `since`, for at most `timeout`; `None` if that was not enough. The
    /// value is not read.
    ///
    /// # Errors
    ///
    /// What the system says of the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.latest.changed_timeout.{}", std::process::id());
    /// let publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// let reader = coview::Latest::<u32>::open(&name)?;
    /// assert_eq!(reader.wait_changed_timeout(0, std::time::Duration::from_millis(5))?, None);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_changed_timeout(&self, since: u64, timeout: Duration) -> Result<Option<u64>> {
        self.region.wait_changed_timeout(since, timeout)
    }

    /// Returns the number of the current value; 0 before the first.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.latest.sequence.{}", std::process::id());
    /// let mut publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// publisher.publish(&5)?;
    /// assert_eq!(coview::Latest::<u32>::open(&name)?.sequence(), 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn sequence(&self) -> u64 {
        self.region.sequence()
    }

    /// Says what has become of the publisher: one question to the kernel, which knows of a death at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on Windows for a mapping with neither name nor file;
    /// what the system says.
    ///
    /// # Platform
    ///
    /// `fcntl(F_OFD_GETLK)`; `OpenEventW` under the lock of the name, or `LockFileEx` for a mapping of a file.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Latest, LatestPublisher, PublisherState};
    ///
    /// # let name = format!("doc.latest.publisher.{}", std::process::id());
    /// let publisher = LatestPublisher::<u32>::create(&name)?;
    /// assert_eq!(Latest::<u32>::open(&name)?.publisher()?, PublisherState::Alive);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn publisher(&self) -> Result<PublisherState> {
        self.region.publisher()
    }

    /// Returns the name as it was given; "" for a mapping without one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.latest.name.{}", std::process::id());
    /// let publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// assert_eq!(coview::Latest::<u32>::open(&name)?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.region.name().unwrap_or_default()
    }

    fn new(region: Region, options: &RegionOptions) -> Result<Latest<T>> {
        region.expect(&form::<T>(options))?;
        Ok(Latest { region, _value: PhantomData })
    }

    fn wait_newer_until(&self, sequence: u64, deadline: Deadline) -> Result<Option<Reading<T>>> {
        self.region.wait_until(deadline, || self.read_newer_than(sequence))
    }
}

impl<T> fmt::Debug for Latest<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Latest").field("name", &self.region.name()).field("form", &self.region.form).finish()
    }
}

/// The form of a region for values of this type.
pub(crate) fn form<T>(options: &RegionOptions) -> Form {
    Form::of::<T>(RegionKind::Latest, options)
}
