//! The current value as bytes of varying length: both sides.

use std::fmt;
use std::time::Duration;

use crate::layout::Form;
use crate::peek::Peek;
use crate::publishing::Publishing;
use crate::region::{Part, Region};
use crate::slots::Stamp;
use crate::sys::Deadline;
use crate::{Error, ErrorKind, Mapping, Noun, PublisherState, Reading, RegionKind, RegionOptions, Result};

/// Reads one current value of varying length that another process publishes.
///
/// As [`Latest`](crate::Latest), but the values are bytes, up to a length that was set when the region was made. They
/// can be read where they lie, without a copy: [`LatestBytes::peek`].
///
/// # Examples
///
/// ```
/// use coview::{LatestBytes, LatestBytesPublisher};
///
/// # let name = format!("doc.latest.bytes.{}", std::process::id());
/// let mut publisher = LatestBytesPublisher::create(&name, 4096)?;
/// publisher.publish(b"{\"speed\": 12.5}")?;
///
/// // In any number of other processes:
/// let status = LatestBytes::open(&name)?;
/// let reading = status.read()?.expect("a value was published");
/// assert_eq!(reading.value, b"{\"speed\": 12.5}");
/// # Ok::<(), coview::Error>(())
/// ```
pub struct LatestBytes {
    region: Region,
}

impl LatestBytes {
    /// Opens the region for reading; it must exist.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::open`]; [`ErrorKind::Incompatible`] if the mapping is no `LatestBytes`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.open.{}", std::process::id());
    /// let publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// assert_eq!(coview::LatestBytes::open(&name)?.len_max(), 100);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<LatestBytes> {
        LatestBytes::open_with(&RegionOptions::new(), name)
    }

    /// Opens the region for reading, with options; see [`LatestBytes::open`].
    ///
    /// # Errors
    ///
    /// As for [`LatestBytes::open`]; [`ErrorKind::TimedOut`] when there is an
    /// [`open_timeout`](RegionOptions::open_timeout) and it passes.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{LatestBytes, RegionOptions};
    ///
    /// # let name = format!("doc.lb.open.with.{}", std::process::id());
    /// let publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// let patient = RegionOptions::new().open_timeout(std::time::Duration::from_secs(5));
    /// let reader = LatestBytes::open_with(&patient, &name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open_with(options: &RegionOptions, name: &str) -> Result<LatestBytes> {
        LatestBytes::new(Region::find(Noun::Latest, options, name, Part::Reader)?, options)
    }

    /// Reads the region that a mapping holds; see [`Latest::over`](crate::Latest::over).
    ///
    /// # Errors
    ///
    /// As for [`Latest::over`](crate::Latest::over).
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{LatestBytes, LatestBytesPublisher, Mapping, RegionOptions};
    ///
    /// let path = std::env::temp_dir().join(format!("coview-doc-bytes-{}", std::process::id()));
    /// let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path)?;
    /// let mapping = Mapping::from_file(&file, Some(LatestBytes::region_size(100)))?;
    /// let mut publisher = LatestBytesPublisher::over(&mapping, 100, &RegionOptions::new())?;
    /// publisher.publish(b"kept")?;
    /// let reader = LatestBytes::over(&mapping, &RegionOptions::new())?;
    /// assert_eq!(reader.read()?.expect("a value was published").value, b"kept");
    /// # drop((publisher, reader, mapping, file)); std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn over(mapping: &Mapping, options: &RegionOptions) -> Result<LatestBytes> {
        LatestBytes::new(Region::show(Noun::Latest, mapping, Part::Reader)?, options)
    }

    /// Returns how many bytes a region for values of at most `len_max` bytes has; `u64::MAX` if none can be so large.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(coview::LatestBytes::region_size(1000), 512 + 4 * 1152);
    /// ```
    pub fn region_size(len_max: u64) -> u64 {
        form(len_max, &RegionOptions::new()).region_size().unwrap_or(u64::MAX)
    }

    /// Returns how many bytes a value can have.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.max.{}", std::process::id());
    /// let publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// assert_eq!(coview::LatestBytes::open(&name)?.len_max(), 100);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn len_max(&self) -> u64 {
        self.region.value_size()
    }

    /// Returns the current value; `None` before the first.
    ///
    /// # Errors
    ///
    /// As for [`Latest::read`](crate::Latest::read); [`ErrorKind::TooLarge`] if the value is longer than memory can be
    /// had
    /// for. Another program that writes there can say any length up to [`LatestBytes::len_max`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.read.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// let reading = coview::LatestBytes::open(&name)?.read()?.expect("a value was published");
    /// assert_eq!(reading.value, b"Update");
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn read(&self) -> Result<Option<Reading<Vec<u8>>>> {
        let mut value = Vec::new();
        let stamp = self.read_into(&mut value)?;
        Ok(stamp.map(|stamp| Reading { value, stamp }))
    }

    /// Puts the current value into `bytes`, in place of what was there; `None` before the first.
    ///
    /// # Errors
    ///
    /// As for [`LatestBytes::read`]; then `bytes` holds anything.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.read_into.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// let mut bytes = Vec::with_capacity(100);
    /// let stamp = coview::LatestBytes::open(&name)?.read_into(&mut bytes)?;
    /// assert_eq!((stamp.map(|stamp| stamp.sequence), bytes.len()), (Some(1), 6));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn read_into(&self, bytes: &mut Vec<u8>) -> Result<Option<Stamp>> {
        self.region.read(bytes)
    }

    /// Looks at the current value where it lies; `None` before the first.
    ///
    /// What is seen counts only if [`Peek::finish`] says so: the publisher does not wait for those who look.
    /// [`LatestBytes::read_in_place`] does that by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.peek.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(&[1, 2, 3, 4, 5])?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// let peek = reader.peek().expect("a value was published");
    /// let last: u8 = peek.get(peek.len() - 1);
    /// assert_eq!(peek.finish().map(|stamp| (stamp.sequence, last)), Some((1, 5)));
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn peek(&self) -> Option<Peek<'_>> {
        let place = self.region.slots.find(self.region.read_view())?;
        Some(Peek::new(self.region.read_view(), self.region.slots, place))
    }

    /// Reads the current value where it lies, by a function that is called again when the value was written over
    /// meanwhile; `None` before the first.
    ///
    /// The function may see a mixture of two values, of which nothing comes out. It should not do what cannot be done
    /// twice, and not panic over what it sees: an offset that it reads may lead beyond the value.
    ///
    /// # Errors
    ///
    /// As for [`LatestBytes::read`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.in_place.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(&[1, 2, 3, 4, 5])?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// let sum = reader.read_in_place(|bytes| (0..bytes.len()).map(|at| bytes.get::<u8>(at) as u32).sum::<u32>())?;
    /// assert_eq!(sum.map(|reading| reading.value), Some(15));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn read_in_place<R>(&self, mut read: impl FnMut(&Peek<'_>) -> R) -> Result<Option<Reading<R>>> {
        let (view, slots) = (self.region.read_view(), self.region.slots);
        let found = slots.read(view, |place| read(&Peek::new(view, slots, *place)));
        let found = found.map_err(|kind| self.region.error("read", kind))?;
        Ok(found.map(|(stamp, value)| Reading { value, stamp }))
    }

    /// Returns the current value if its number is not `sequence`: that is, if there is something new.
    ///
    /// # Errors
    ///
    /// As for [`LatestBytes::read`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.newer.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// let number = publisher.publish(b"Update")?;
    /// assert!(coview::LatestBytes::open(&name)?.read_newer_than(number)?.is_none());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn read_newer_than(&self, sequence: u64) -> Result<Option<Reading<Vec<u8>>>> {
        if self.sequence() == sequence { Ok(None) } else { self.read() }
    }

    /// Waits until the current value's number is not `sequence`, and returns that value; see
    /// [`Latest::wait_newer_than`](crate::Latest::wait_newer_than).
    ///
    /// # Errors
    ///
    /// As for [`LatestBytes::read`], and what the system says of the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.wait.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// assert_eq!(coview::LatestBytes::open(&name)?.wait_newer_than(0)?.value, b"Update");
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_newer_than(&self, sequence: u64) -> Result<Reading<Vec<u8>>> {
        let newer = self.wait_newer_until(sequence, Deadline::NEVER)?;
        Ok(newer.expect("a wait without a deadline ends with a result"))
    }

    /// Waits until the current value's number is not `sequence`, for at most `timeout`; `None` if that was not enough.
    ///
    /// # Errors
    ///
    /// As for [`LatestBytes::wait_newer_than`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.wait_timeout.{}", std::process::id());
    /// let publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// assert!(reader.wait_newer_than_timeout(0, std::time::Duration::from_millis(5))?.is_none());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_newer_than_timeout(&self, sequence: u64, timeout: Duration) -> Result<Option<Reading<Vec<u8>>>> {
        self.wait_newer_until(sequence, Deadline::after(timeout))
    }

    /// Waits until the current value's number is not `since`, and returns the number; the value is not read. For values
    /// that are then read where they lie, or into a buffer that is there.
    ///
    /// # Errors
    ///
    /// What the system says of the wait.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.changed.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// assert_eq!(coview::LatestBytes::open(&name)?.wait_changed(0)?, 1);
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
    /// # let name = format!("doc.lb.changed_timeout.{}", std::process::id());
    /// let publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// let reader = coview::LatestBytes::open(&name)?;
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
    /// # let name = format!("doc.lb.sequence.{}", std::process::id());
    /// let publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// assert_eq!(coview::LatestBytes::open(&name)?.sequence(), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn sequence(&self) -> u64 {
        self.region.sequence()
    }

    /// Says what has become of the publisher; see [`Latest::publisher`](crate::Latest::publisher).
    ///
    /// # Errors
    ///
    /// As for [`Latest::publisher`](crate::Latest::publisher).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lb.publisher.{}", std::process::id());
    /// let publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// assert_eq!(coview::LatestBytes::open(&name)?.publisher()?, coview::PublisherState::Alive);
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
    /// # let name = format!("doc.lb.name.{}", std::process::id());
    /// let publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// assert_eq!(coview::LatestBytes::open(&name)?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.region.name().unwrap_or_default()
    }

    fn new(region: Region, options: &RegionOptions) -> Result<LatestBytes> {
        region.expect(&form(0, options))?;
        Ok(LatestBytes { region })
    }

    fn wait_newer_until(&self, sequence: u64, deadline: Deadline) -> Result<Option<Reading<Vec<u8>>>> {
        self.region.wait_until(deadline, || self.read_newer_than(sequence))
    }
}

impl fmt::Debug for LatestBytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LatestBytes").field("name", &self.region.name()).field("len_max", &self.len_max()).finish()
    }
}

/// Publishes the current value of a [`LatestBytes`]. There is one at a time; see
/// [`LatestPublisher`](crate::LatestPublisher), whose promises it shares.
///
/// # Examples
///
/// ```
/// # let name = format!("doc.lbp.{}", std::process::id());
/// let mut publisher = coview::LatestBytesPublisher::create_or_open(&name, 1 << 16)?;
/// publisher.publish(b"Update")?;
/// publisher.publish(b"")?;
/// # Ok::<(), coview::Error>(())
/// ```
pub struct LatestBytesPublisher {
    publishing: Publishing,
}

impl LatestBytesPublisher {
    /// Creates the region, for values of at most `len_max` bytes, and becomes its publisher.
    ///
    /// # Errors
    ///
    /// As for [`LatestPublisher::create`](crate::LatestPublisher::create); [`ErrorKind::TooLarge`] if four values of
    /// that
    /// length are more than there can be.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lbp.create.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str, len_max: u64) -> Result<LatestBytesPublisher> {
        LatestBytesPublisher::create_with(&RegionOptions::new(), name, len_max)
    }

    /// Creates the region with options; see [`LatestBytesPublisher::create`].
    ///
    /// # Errors
    ///
    /// As for [`LatestBytesPublisher::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lbp.create.with.{}", std::process::id());
    /// let options = coview::RegionOptions::new().rights(coview::Rights::EveryoneReadOnly);
    /// let mut publisher = coview::LatestBytesPublisher::create_with(&options, &name, 100)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_with(options: &RegionOptions, name: &str, len_max: u64) -> Result<LatestBytesPublisher> {
        Publishing::create(options, name, form(len_max, options)).map(LatestBytesPublisher::new)
    }

    /// Becomes the publisher of a region that exists, after the last one has ended or died.
    ///
    /// # Errors
    ///
    /// As for [`LatestPublisher::open`](crate::LatestPublisher::open).
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lbp.open.{}", std::process::id());
    /// let first = coview::LatestBytesPublisher::create(&name, 100)?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// drop(first);
    /// assert_eq!(coview::LatestBytesPublisher::open(&name)?.len_max(), 100);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<LatestBytesPublisher> {
        LatestBytesPublisher::open_with(&RegionOptions::new(), name)
    }

    /// Becomes the publisher of a region that exists, with options; see [`LatestBytesPublisher::open`].
    ///
    /// # Errors
    ///
    /// As for [`LatestPublisher::open_with`](crate::LatestPublisher::open_with).
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, LatestBytesPublisher, RegionOptions};
    ///
    /// let patient = RegionOptions::new().open_timeout(std::time::Duration::from_millis(5));
    /// let error = LatestBytesPublisher::open_with(&patient, "doc.lbp.nowhere").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// ```
    pub fn open_with(options: &RegionOptions, name: &str) -> Result<LatestBytesPublisher> {
        Publishing::open(options, name, &form(0, options)).map(LatestBytesPublisher::new)
    }

    /// Becomes the publisher of a region, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// As for [`LatestPublisher::create_or_open`](crate::LatestPublisher::create_or_open); [`ErrorKind::Incompatible`]
    /// if
    /// the region is there and has no room for values of `len_max` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lbp.either.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create_or_open(&name, 100)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str, len_max: u64) -> Result<LatestBytesPublisher> {
        LatestBytesPublisher::create_or_open_with(&RegionOptions::new(), name, len_max)
    }

    /// Becomes the publisher of a region, with options; see [`LatestBytesPublisher::create_or_open`].
    ///
    /// # Errors
    ///
    /// As for [`LatestBytesPublisher::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lbp.either.with.{}", std::process::id());
    /// let options = coview::RegionOptions::new().fingerprint(coview::fingerprint("status as JSON"));
    /// let mut publisher = coview::LatestBytesPublisher::create_or_open_with(&options, &name, 100)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open_with(options: &RegionOptions, name: &str, len_max: u64) -> Result<LatestBytesPublisher> {
        Publishing::create_or_open(options, name, form(len_max, options)).map(LatestBytesPublisher::new)
    }

    /// Becomes the publisher of the region in a mapping; see [`LatestPublisher::over`](crate::LatestPublisher::over).
    ///
    /// # Errors
    ///
    /// As for [`LatestPublisher::over`](crate::LatestPublisher::over).
    ///
    /// # Examples
    ///
    /// See [`LatestBytes::over`].
    ///
    /// ```
    /// use coview::{ErrorKind, LatestBytesPublisher, Mapping, RegionOptions};
    ///
    /// let small = Mapping::unnamed(100)?;
    /// let error = LatestBytesPublisher::over(&small, 100, &RegionOptions::new()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Incompatible);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn over(mapping: &Mapping, len_max: u64, options: &RegionOptions) -> Result<LatestBytesPublisher> {
        Publishing::over(options, mapping, form(len_max, options)).map(LatestBytesPublisher::new)
    }

    /// Makes `bytes` the current value, and returns its number.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`], with nothing changed, if they are more than [`LatestBytesPublisher::len_max`]; what the
    /// system says of waking those who wait, with the value current.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lbp.publish.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 4)?;
    /// assert_eq!(publisher.publish(b"four")?, 1);
    /// assert_eq!(publisher.publish(b"fiver").unwrap_err().kind(), coview::ErrorKind::TooLarge);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn publish(&mut self, bytes: &[u8]) -> Result<u64> {
        if bytes.len() > self.publishing.region.slots.room {
            return Err(self.too_large(bytes.len()));
        }
        self.publishing.publish(bytes.len(), |view, offset| view.write(offset, bytes))
    }

    /// Returns how many bytes a value can have.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lbp.max.{}", std::process::id());
    /// assert_eq!(coview::LatestBytesPublisher::create(&name, 100)?.len_max(), 100);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn len_max(&self) -> u64 {
        self.publishing.region.value_size()
    }

    /// Returns which publisher of the region this is: the first is 1.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lbp.generation.{}", std::process::id());
    /// assert_eq!(coview::LatestBytesPublisher::create(&name, 100)?.generation(), 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn generation(&self) -> u64 {
        self.publishing.generation()
    }

    /// Returns the name as it was given; "" for a mapping without one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lbp.name.{}", std::process::id());
    /// assert_eq!(coview::LatestBytesPublisher::create(&name, 100)?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.publishing.region.name().unwrap_or_default()
    }

    #[cold]
    fn too_large(&self, len: usize) -> Error {
        let advice = format!("the value has {len} bytes, and the region was made for at most {}", self.len_max());
        self.publishing.region.error("publish", ErrorKind::TooLarge).with_advice(advice)
    }

    fn new(publishing: Publishing) -> LatestBytesPublisher {
        LatestBytesPublisher { publishing }
    }
}

impl fmt::Debug for LatestBytesPublisher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, generation) = (self.publishing.region.name(), self.publishing.generation());
        out.debug_struct("LatestBytesPublisher").field("name", &name).field("generation", &generation).finish()
    }
}

/// The form of a region for at most so many bytes; 0 for those who take what there is.
fn form(len_max: u64, options: &RegionOptions) -> Form {
    Form { value_size: len_max, ..Form::of::<u8>(RegionKind::LatestBytes, options) }
}
