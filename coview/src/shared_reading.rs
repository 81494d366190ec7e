//! How the value of a `Shared` is read: in passing, and where writers are too fast for that, in turn with them.

use std::time::Duration;

use bytemuck::Pod;

use crate::slots::Stamp;
use crate::sys::Deadline;
use crate::{ErrorKind, Result, Shared};

impl<T: Pod> Shared<T> {
    /// Returns the current value.
    ///
    /// Takes no lock, unless writers have been faster than this reader a thousand times in a row. A value of megabytes may
    /// not fit the stack: [`Shared::get_into`] is for those.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] if another program has overwritten the region, [`ErrorKind::Busy`] if a handle that may only
    /// read was lapped by writers too often.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.get.{}", std::process::id());
    /// assert_eq!(coview::Shared::create(&name, &1.5f64)?.get()?, 1.5);
    /// # Ok::<(), coview::Error>(())
    /// ```
    // Always in line, as `Slots::read` is.
    #[inline(always)]
    pub fn get(&self) -> Result<T> {
        let view = self.region.read_view();
        match self.region.slots.read(view, |place| view.get_in_slot::<T>(place.offset)) {
            Ok(Some((_, value))) => Ok(value),
            other => {
                let mut value = T::zeroed();
                self.get_in_turn(other.map(drop), Deadline::NEVER, &mut value)?;
                Ok(value)
            }
        }
    }

    /// Returns the current value, or `None` where [`Shared::get`] would have to wait for writers.
    ///
    /// # Errors
    ///
    /// As for [`Shared::get`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.try_get.{}", std::process::id());
    /// assert_eq!(coview::Shared::create(&name, &1.5f64)?.try_get()?, Some(1.5));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_get(&self) -> Result<Option<T>> {
        self.get_until(Deadline::NOW)
    }

    /// Returns the current value, or `None` where [`Shared::get`] would have to wait for writers for longer than `timeout`.
    ///
    /// # Errors
    ///
    /// As for [`Shared::get`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.get_timeout.{}", std::process::id());
    /// let gain = coview::Shared::create(&name, &1.5f64)?;
    /// assert_eq!(gain.get_timeout(std::time::Duration::from_millis(5))?, Some(1.5));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn get_timeout(&self, timeout: Duration) -> Result<Option<T>> {
        self.get_until(Deadline::after(timeout))
    }

    /// Copies the current value into `value`, and returns its version. For large values: nothing passes over the stack.
    ///
    /// # Errors
    ///
    /// As for [`Shared::get`]; then `value` holds anything.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.get_into.{}", std::process::id());
    /// let mut table = bytemuck::zeroed_box::<[u64; 1 << 17]>();
    /// let shared = coview::Shared::create(&name, &*table)?;
    /// assert_eq!(shared.get_into(&mut table)?, 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn get_into(&self, value: &mut T) -> Result<u64> {
        Ok(self.get_into_until(value, Deadline::NEVER)?.expect("a wait without a deadline ends with a result"))
    }

    /// Copies the current value into `value`; `None` where [`Shared::get_into`] would have to wait for writers.
    ///
    /// # Errors
    ///
    /// As for [`Shared::get_into`]; `value` holds anything after `None`, too.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.try_get_into.{}", std::process::id());
    /// let mut gain = 0.0;
    /// assert_eq!(coview::Shared::create(&name, &1.5f64)?.try_get_into(&mut gain)?, Some(1));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_get_into(&self, value: &mut T) -> Result<Option<u64>> {
        self.get_into_until(value, Deadline::NOW)
    }

    /// Copies the current value into `value`; `None` where [`Shared::get_into`] would have to wait for writers for longer
    /// than `timeout`.
    ///
    /// # Errors
    ///
    /// As for [`Shared::get_into`]; `value` holds anything after `None`, too.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.get_into_timeout.{}", std::process::id());
    /// let (shared, mut gain) = (coview::Shared::create(&name, &1.5f64)?, 0.0);
    /// assert_eq!(shared.get_into_timeout(&mut gain, std::time::Duration::from_millis(5))?, Some(1));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn get_into_timeout(&self, value: &mut T, timeout: Duration) -> Result<Option<u64>> {
        self.get_into_until(value, Deadline::after(timeout))
    }

    fn get_until(&self, deadline: Deadline) -> Result<Option<T>> {
        let view = self.region.read_view();
        match self.region.slots.read(view, |place| view.get_in_slot::<T>(place.offset)) {
            Ok(Some((_, value))) => Ok(Some(value)),
            other => {
                let mut value = T::zeroed();
                Ok(self.get_in_turn(other.map(drop), deadline, &mut value)?.map(|_| value))
            }
        }
    }

    fn get_into_until(&self, value: &mut T, deadline: Deadline) -> Result<Option<u64>> {
        let view = self.region.read_view();
        match self.region.slots.read(view, |place| view.read_in_slot(place.offset, value)) {
            Ok(Some((stamp, ()))) => Ok(Some(stamp.sequence)),
            other => Ok(self.get_in_turn(other.map(drop), deadline, value)?.map(|stamp| stamp.sequence)),
        }
    }

    /// What was not to be had in passing is read when no writer can disturb; `None` if there is no time for that.
    #[cold]
    fn get_in_turn(
        &self,
        failure: std::result::Result<(), ErrorKind>,
        deadline: Deadline,
        value: &mut T,
    ) -> Result<Option<Stamp>> {
        match failure {
            Err(ErrorKind::Busy) if self.lock.is_some() => {}
            Err(kind) => return Err(self.region.error("read", kind)),
            // It has a value from its first moment on.
            Ok(()) => return Err(self.region.error("read", ErrorKind::Damaged)),
        }
        let Some(_writing) = self.lock(deadline)? else { return Ok(None) };
        let view = self.region.read_view();
        match self.region.slots.read(view, |place| view.read_in_slot(place.offset, value)) {
            Ok(Some((stamp, ()))) => Ok(Some(stamp)),
            Ok(None) => Err(self.region.error("read", ErrorKind::Damaged)),
            Err(kind) => Err(self.region.error("read", kind)),
        }
    }
}
