//! The sending end of a topic.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytemuck::Pod;

use super::loan::Loan;
use super::payload::Payload;
use super::sending::Sending;
use super::state::EndStats;
use crate::Result;
use crate::sys::Deadline;

/// Publishes messages in a [`Topic`](crate::Topic).
///
/// A publisher may go from thread to thread; each thread that publishes has its own. Publishing makes no system call unless a
/// subscriber sleeps, or there is no room, and costs the same however many subscribers there are. When it is dropped, what
/// it has published stays; when its process dies, only a message is lost that it has not committed, and subscribers wait no
/// longer than some milliseconds for that. One that a dead subscriber holds up goes on as soon.
///
/// # Examples
///
/// ```
/// use coview::Topic;
///
/// # let name = format!("doc.publisher.{}", std::process::id());
/// let topic = Topic::<[u8]>::create(&name)?;
/// let mut publisher = topic.publisher()?;
/// publisher.publish(b"Update")?;
/// # Ok::<(), coview::Error>(())
/// ```
pub struct Publisher<T: Payload + ?Sized> {
    pub(crate) sending: Sending,
    _payload: PhantomData<fn(&T)>,
}

impl<T: Payload + ?Sized> Publisher<T> {
    pub(crate) fn new(sending: Sending) -> Publisher<T> {
        Publisher { sending, _payload: PhantomData }
    }

    /// Publishes a message; in a lossless topic, waits until the slowest subscriber has made room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) if it is longer than [`Publisher::max_len`];
    /// what the system says of waiting and waking.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.send.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// topic.publisher()?.publish(&7)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn publish(&mut self, message: &T) -> Result<()> {
        self.sending.send(message, Deadline::NEVER).map(|_sent| ())
    }

    /// Publishes a message if there is room; `false` if there is none.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Topic, TopicOptions};
    ///
    /// # let name = format!("doc.publisher.try.{}", std::process::id());
    /// let topic = Topic::<u64>::create_with(&TopicOptions::new().capacity(2), &name)?;
    /// let subscriber = topic.subscriber()?;
    /// let mut publisher = topic.publisher()?;
    /// assert!(publisher.try_publish(&1)? && publisher.try_publish(&2)?);
    /// assert!(!publisher.try_publish(&3)?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn try_publish(&mut self, message: &T) -> Result<bool> {
        self.sending.send(message, Deadline::NOW)
    }

    /// Publishes a message, waiting for room for at most `timeout`; `false` if that was not enough.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.timeout.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// assert!(topic.publisher()?.publish_timeout(&7, std::time::Duration::from_secs(1))?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn publish_timeout(&mut self, message: &T, timeout: Duration) -> Result<bool> {
        self.sending.send(message, Deadline::after(timeout))
    }

    /// Publishes messages, waiting for room, and returns how many there were. Subscribers that sleep are woken once, at the
    /// end or when there is no room: that is cheaper than one by one.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`]; the messages before the one that failed are published then.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.many.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// assert_eq!(topic.publisher()?.publish_many([1, 2, 3])?, 3);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn publish_many<M: Borrow<T>>(&mut self, messages: impl IntoIterator<Item = M>) -> Result<usize> {
        self.sending.send_many::<T, M>(messages)
    }

    /// Waits until there is a subscriber.
    ///
    /// # Errors
    ///
    /// What the system says of waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.connected.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// let subscriber = topic.subscriber()?;
    /// topic.publisher()?.wait_connected()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_connected(&mut self) -> Result<()> {
        self.sending.wait_connected(Deadline::NEVER).map(|_connected| ())
    }

    /// Says whether there is a subscriber.
    ///
    /// # Errors
    ///
    /// What the system says of asking who lives.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.try_connected.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// assert!(!topic.publisher()?.try_wait_connected()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_wait_connected(&mut self) -> Result<bool> {
        self.sending.wait_connected(Deadline::NOW)
    }

    /// Waits until there is a subscriber, for at most `timeout`; `false` if that was not enough.
    ///
    /// # Errors
    ///
    /// What the system says of waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.connected_timeout.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// assert!(!topic.publisher()?.wait_connected_timeout(std::time::Duration::from_millis(5))?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_connected_timeout(&mut self, timeout: Duration) -> Result<bool> {
        self.sending.wait_connected(Deadline::after(timeout))
    }

    /// Returns how many bytes a message can have.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.max.{}", std::process::id());
    /// let topic = coview::Topic::<[u8; 100]>::create(&name)?;
    /// assert_eq!(topic.publisher()?.max_len(), 100);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn max_len(&self) -> usize {
        self.sending.ring().memory.message_size()
    }

    /// Returns how many messages a subscriber of a lossless topic may be behind.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.capacity.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create_with(&coview::TopicOptions::new().capacity(8), &name)?;
    /// assert_eq!(topic.publisher()?.capacity(), 8);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn capacity(&self) -> u64 {
        self.sending.ring().rules.window()
    }

    /// Returns the topic's name as it was given.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.name.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// assert_eq!(topic.publisher()?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.sending.ring().name()
    }

    /// Returns what this publisher has done.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.stats.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// let mut publisher = topic.publisher()?;
    /// publisher.publish(&7)?;
    /// assert_eq!(publisher.stats().messages, 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn stats(&self) -> EndStats {
        self.sending.stats()
    }

    #[inline]
    fn loan_until(&mut self, len: usize, deadline: Deadline) -> Result<Option<Loan<'_, T>>> {
        let begun = self.sending.begin(len, deadline)?;
        Ok(begun.map(|position| Loan::new(&mut self.sending, position, len)))
    }
}

impl Publisher<[u8]> {
    /// Lends a place for a message of `len` bytes, to be written there and committed; waits for room.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    ///
    /// # Examples
    ///
    /// See [`Loan`].
    ///
    /// ```
    /// # let name = format!("doc.publisher.loan.{}", std::process::id());
    /// let topic = coview::Topic::<[u8]>::create(&name)?;
    /// let mut publisher = topic.publisher()?;
    /// let mut loan = publisher.loan(6)?;
    /// loan.write(0, b"Update");
    /// loan.commit()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn loan(&mut self, len: usize) -> Result<Loan<'_, [u8]>> {
        let lent = self.loan_until(len, Deadline::NEVER)?;
        Ok(lent.expect("a wait without a deadline ends with a result"))
    }

    /// Lends a place for a message if there is room.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.try_loan.{}", std::process::id());
    /// let topic = coview::Topic::<[u8]>::create(&name)?;
    /// assert!(topic.publisher()?.try_loan(6)?.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn try_loan(&mut self, len: usize) -> Result<Option<Loan<'_, [u8]>>> {
        self.loan_until(len, Deadline::NOW)
    }

    /// Lends a place for a message, waiting for room for at most `timeout`.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.loan_timeout.{}", std::process::id());
    /// let topic = coview::Topic::<[u8]>::create(&name)?;
    /// assert!(topic.publisher()?.loan_timeout(6, std::time::Duration::from_secs(1))?.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn loan_timeout(&mut self, len: usize, timeout: Duration) -> Result<Option<Loan<'_, [u8]>>> {
        self.loan_until(len, Deadline::after(timeout))
    }
}

impl<T: Pod> Publisher<T> {
    /// Lends a place for a message, to be written there and committed; waits for room.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.loan.typed.{}", std::process::id());
    /// let topic = coview::Topic::<[u64; 4]>::create(&name)?;
    /// let mut publisher = topic.publisher()?;
    /// let mut loan = publisher.loan()?;
    /// loan.put(24, &7u64);
    /// loan.commit()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn loan(&mut self) -> Result<Loan<'_, T>> {
        let lent = self.loan_until(size_of::<T>(), Deadline::NEVER)?;
        Ok(lent.expect("a wait without a deadline ends with a result"))
    }

    /// Lends a place for a message if there is room.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.try_loan.typed.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// assert!(topic.publisher()?.try_loan()?.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn try_loan(&mut self) -> Result<Option<Loan<'_, T>>> {
        self.loan_until(size_of::<T>(), Deadline::NOW)
    }

    /// Lends a place for a message, waiting for room for at most `timeout`.
    ///
    /// # Errors
    ///
    /// As for [`Publisher::publish`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.publisher.loan_timeout.typed.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// assert!(topic.publisher()?.loan_timeout(std::time::Duration::from_secs(1))?.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn loan_timeout(&mut self, timeout: Duration) -> Result<Option<Loan<'_, T>>> {
        self.loan_until(size_of::<T>(), Deadline::after(timeout))
    }
}

impl<T: Payload + ?Sized> fmt::Debug for Publisher<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Publisher").field("name", &self.name()).field("stats", &self.stats()).finish()
    }
}
