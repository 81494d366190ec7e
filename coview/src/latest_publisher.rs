//! One current value that everybody reads at memory speed: the publisher's side.

use std::fmt;
use std::marker::PhantomData;

use bytemuck::Pod;

use crate::latest::form;
use crate::publishing::Publishing;
use crate::{Mapping, RegionOptions, Result};

/// Publishes the current value of a [`Latest`](crate::Latest).
///
/// There is one at a time. Publishing waits for no reader and makes no system call unless somebody waits for a new
/// value. A publisher that is killed half way leaves the previous value readable, and its part free at once: the next
/// one takes over where it was, and readers can tell by [`Stamp::generation`](crate::Stamp::generation).
///
/// # Examples
///
/// ```
/// use coview::{ErrorKind, Latest, LatestPublisher};
///
/// # let name = format!("doc.latest.publisher.type.{}", std::process::id());
/// let mut publisher = LatestPublisher::<f64>::create_or_open(&name)?;
/// publisher.publish(&21.5)?;
///
/// let second = LatestPublisher::<f64>::open(&name);
/// assert_eq!(second.unwrap_err().kind(), ErrorKind::Busy);
/// # Ok::<(), coview::Error>(())
/// ```
pub struct LatestPublisher<T> {
    publishing: Publishing,
    _value: PhantomData<fn(T)>,
}

impl<T: Pod> LatestPublisher<T> {
    /// Creates the region, without a value, and becomes its publisher.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) while an object of this name lives, be it because
    /// readers of an earlier publisher do; [`ErrorKind::Busy`](crate::ErrorKind::Busy) if another publisher opens the
    /// new region before this call has taken its part; and all that [`Mapping::create`] can say.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lp.create.{}", std::process::id());
    /// let mut publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str) -> Result<LatestPublisher<T>> {
        LatestPublisher::create_with(&RegionOptions::new(), name)
    }

    /// Creates the region with options; see [`LatestPublisher::create`].
    ///
    /// # Errors
    ///
    /// As for [`LatestPublisher::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lp.create.with.{}", std::process::id());
    /// let options = coview::RegionOptions::new().rights(coview::Rights::EveryoneReadOnly);
    /// let mut publisher = coview::LatestPublisher::<u32>::create_with(&options, &name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_with(options: &RegionOptions, name: &str) -> Result<LatestPublisher<T>> {
        Publishing::create(options, name, form::<T>(options)).map(LatestPublisher::new)
    }

    /// Becomes the publisher of a region that exists, after the last one has ended or died.
    ///
    /// # Errors
    ///
    /// As for [`Latest::open`](crate::Latest::open); [`ErrorKind::Busy`](crate::ErrorKind::Busy) while another
    /// publisher lives.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Latest, LatestPublisher};
    ///
    /// # let name = format!("doc.lp.open.{}", std::process::id());
    /// let first = LatestPublisher::<u32>::create(&name)?;
    /// let reader = Latest::<u32>::open(&name)?;
    /// drop(first);
    /// let second = LatestPublisher::<u32>::open(&name)?;
    /// assert_eq!(second.generation(), 2);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<LatestPublisher<T>> {
        LatestPublisher::open_with(&RegionOptions::new(), name)
    }

    /// Becomes the publisher of a region that exists, with options; see [`LatestPublisher::open`].
    ///
    /// # Errors
    ///
    /// As for [`LatestPublisher::open`]; [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) when there is an
    /// [`open_timeout`](RegionOptions::open_timeout) and it passes.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, LatestPublisher, RegionOptions};
    ///
    /// let patient = RegionOptions::new().open_timeout(std::time::Duration::from_millis(5));
    /// let error = LatestPublisher::<u32>::open_with(&patient, "doc.lp.nowhere").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// ```
    pub fn open_with(options: &RegionOptions, name: &str) -> Result<LatestPublisher<T>> {
        Publishing::open(options, name, &form::<T>(options)).map(LatestPublisher::new)
    }

    /// Becomes the publisher of a region, which is made if it is not there. What a publisher does that may be
    /// restarted.
    ///
    /// # Errors
    ///
    /// As for [`LatestPublisher::create`] and [`LatestPublisher::open`], but for `AlreadyExists` and `NotFound`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lp.either.{}", std::process::id());
    /// let mut publisher = coview::LatestPublisher::<u32>::create_or_open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str) -> Result<LatestPublisher<T>> {
        LatestPublisher::create_or_open_with(&RegionOptions::new(), name)
    }

    /// Becomes the publisher of a region, with options; see [`LatestPublisher::create_or_open`].
    ///
    /// # Errors
    ///
    /// As for [`LatestPublisher::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lp.either.with.{}", std::process::id());
    /// let options = coview::RegionOptions::new().fingerprint(coview::fingerprint("celsius"));
    /// let mut publisher = coview::LatestPublisher::<f32>::create_or_open_with(&options, &name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open_with(options: &RegionOptions, name: &str) -> Result<LatestPublisher<T>> {
        Publishing::create_or_open(options, name, form::<T>(options)).map(LatestPublisher::new)
    }

    /// Becomes the publisher of the region in a mapping, such as one of a file; it is made there if the mapping's
    /// header is
    /// zero.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) while another publisher lives;
    /// [`ErrorKind::Incompatible`](crate::ErrorKind::Incompatible) if there is something else, or the mapping has fewer
    /// than [`Latest::REGION_SIZE`](crate::Latest::REGION_SIZE) bytes;
    /// [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied) for a read-only mapping;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) on Windows for a mapping with neither name nor file.
    ///
    /// # Platform
    ///
    /// The part is claimed by a lock on a byte far behind the end of the mapping's file, at 2^62.
    ///
    /// # Examples
    ///
    /// See [`Latest::over`](crate::Latest::over).
    ///
    /// ```
    /// use coview::{ErrorKind, LatestPublisher, Mapping, RegionOptions};
    ///
    /// let small = Mapping::unnamed(100)?;
    /// let error = LatestPublisher::<u32>::over(&small, &RegionOptions::new()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Incompatible);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn over(mapping: &Mapping, options: &RegionOptions) -> Result<LatestPublisher<T>> {
        Publishing::over(options, mapping, form::<T>(options)).map(LatestPublisher::new)
    }

    /// Makes `value` the current one, and returns its number.
    ///
    /// # Errors
    ///
    /// What the system says of waking those who wait; the value is current then.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lp.publish.{}", std::process::id());
    /// let mut publisher = coview::LatestPublisher::<u32>::create(&name)?;
    /// assert_eq!(publisher.publish(&5)?, 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn publish(&mut self, value: &T) -> Result<u64> {
        self.publishing.publish(size_of::<T>(), |view, offset| view.put_in_slot(offset, value))
    }

    /// Returns which publisher of the region this is: the first is 1.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.lp.generation.{}", std::process::id());
    /// assert_eq!(coview::LatestPublisher::<u32>::create(&name)?.generation(), 1);
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
    /// # let name = format!("doc.lp.name.{}", std::process::id());
    /// assert_eq!(coview::LatestPublisher::<u32>::create(&name)?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.publishing.region.name().unwrap_or_default()
    }

    fn new(publishing: Publishing) -> LatestPublisher<T> {
        LatestPublisher { publishing, _value: PhantomData }
    }
}

impl<T> fmt::Debug for LatestPublisher<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, generation) = (self.publishing.region.name(), self.publishing.generation());
        out.debug_struct("LatestPublisher").field("name", &name).field("generation", &generation).finish()
    }
}
