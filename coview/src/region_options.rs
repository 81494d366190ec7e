//! What is rarely needed when a typed region is made or found, in one place.

use std::time::Duration;

use crate::{Access, MappingOptions, Rights};

/// How a [`Shared`](crate::Shared), a [`Latest`](crate::Latest) or a [`LatestBytes`](crate::LatestBytes) is created or
/// opened, when the defaults do not fit.
///
/// The defaults: private rights, no fingerprint, no waiting. Each constructor has a twin that takes these options, named
/// with `_with` at its end.
///
/// # Examples
///
/// ```
/// use coview::{RegionOptions, Rights, Shared};
///
/// # let name = format!("doc.region.options.{}", std::process::id());
/// let options = RegionOptions::new().rights(Rights::Group).fingerprint(coview::fingerprint("gain v1: f64 gain"));
/// let gain = Shared::create_with(&options, &name, &1.0f64)?;
/// assert_eq!(Shared::<f64>::open_with(&options, &name)?.get()?, 1.0);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RegionOptions {
    pub(crate) rights: Rights,
    pub(crate) access: Access,
    pub(crate) fingerprint: u64,
    pub(crate) open_timeout: Option<Duration>,
}

impl RegionOptions {
    /// Returns the defaults.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::RegionOptions::new();
    /// ```
    pub const fn new() -> RegionOptions {
        RegionOptions { rights: Rights::Private, access: Access::ReadWrite, fingerprint: 0, open_timeout: None }
    }

    /// Sets what other users may do with the region, if this call creates it.
    ///
    /// # Examples
    ///
    /// ```
    /// let prices = coview::RegionOptions::new().rights(coview::Rights::EveryoneReadOnly);
    /// ```
    pub fn rights(mut self, rights: Rights) -> RegionOptions {
        self.rights = rights;
        self
    }

    /// Sets what the handle may do with a region that is opened. A handle from `create` or `create_or_open` may write.
    ///
    /// A handle that may only read maps nothing for writing. It cannot ask to be woken, so its waits look once a
    /// millisecond. A reader of a `Latest` falls back to this by itself where it may only read.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Access, ErrorKind, RegionOptions, Shared};
    ///
    /// # let name = format!("doc.region.access.{}", std::process::id());
    /// let writer = Shared::create(&name, &1u32)?;
    /// let reader = Shared::<u32>::open_with(&RegionOptions::new().access(Access::ReadOnly), &name)?;
    /// assert_eq!(reader.get()?, 1);
    /// assert_eq!(reader.set(&2).unwrap_err().kind(), ErrorKind::AccessDenied);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn access(mut self, access: Access) -> RegionOptions {
        self.access = access;
        self
    }

    /// Sets a number that stands for this version of the value's type; see [`fingerprint`](crate::fingerprint()).
    ///
    /// A creator stores it. An opener that gives one refuses a region that has another, or none. 0 stands for none.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, RegionOptions, Shared};
    ///
    /// # let name = format!("doc.region.fingerprint.{}", std::process::id());
    /// let shared = Shared::create_with(&RegionOptions::new().fingerprint(1), &name, &0u32)?;
    /// let other = Shared::<u32>::open_with(&RegionOptions::new().fingerprint(2), &name);
    /// assert_eq!(other.unwrap_err().kind(), ErrorKind::Incompatible);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn fingerprint(mut self, fingerprint: u64) -> RegionOptions {
        self.fingerprint = fingerprint;
        self
    }

    /// Sets how long opening waits for the region to appear.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Latest, RegionOptions};
    /// use std::time::Duration;
    ///
    /// let patient = RegionOptions::new().open_timeout(Duration::from_millis(5));
    /// let error = Latest::<u32>::open_with(&patient, "doc.never.published").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// ```
    pub fn open_timeout(mut self, timeout: Duration) -> RegionOptions {
        self.open_timeout = Some(timeout);
        self
    }

    /// For the mapping that holds the region.
    pub(crate) fn mapping(&self) -> MappingOptions {
        let options = MappingOptions::new().rights(self.rights).access(self.access);
        self.open_timeout.iter().fold(options, |options, &timeout| options.open_timeout(timeout))
    }
}
