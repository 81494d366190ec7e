//! The sending end of a queue.

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

/// Sends messages into a [`Queue`](crate::Queue).
///
/// A sender may go from thread to thread; each thread that sends has its own. Sending makes no system call unless a receiver
/// sleeps, or there is no room. When it is dropped, what it has sent stays; when its process dies, only a message is lost
/// that it has not committed, and receivers wait no longer than some milliseconds for that.
///
/// # Examples
///
/// ```
/// use coview::Queue;
///
/// # let name = format!("doc.sender.{}", std::process::id());
/// let queue = Queue::<[u8]>::create(&name)?;
/// let mut sender = queue.sender()?;
/// sender.send(b"Update")?;
/// # Ok::<(), coview::Error>(())
/// ```
pub struct Sender<T: Payload + ?Sized> {
    pub(crate) sending: Sending,
    _payload: PhantomData<fn(&T)>,
}

impl<T: Payload + ?Sized> Sender<T> {
    pub(crate) fn new(sending: Sending) -> Sender<T> {
        Sender { sending, _payload: PhantomData }
    }

    /// Sends a message, waiting for room.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) if it is longer than [`Sender::max_len`];
    /// [`ErrorKind::Disconnected`](crate::ErrorKind::Disconnected) if there is no room and all receivers there were have
    /// gone; what the system says of waiting and waking.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.send.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// queue.sender()?.send(&7)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline(always)]
    pub fn send(&mut self, message: &T) -> Result<()> {
        self.sending.send(message, Deadline::NEVER).map(|_sent| ())
    }

    /// Sends a message if there is room; `false` if there is none.
    ///
    /// # Errors
    ///
    /// As for [`Sender::send`].
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Queue, QueueOptions};
    ///
    /// # let name = format!("doc.sender.try.{}", std::process::id());
    /// let queue = Queue::<u64>::create_with(&QueueOptions::new().capacity(2), &name)?;
    /// let mut sender = queue.sender()?;
    /// assert!(sender.try_send(&1)? && sender.try_send(&2)?);
    /// assert!(!sender.try_send(&3)?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline(always)]
    pub fn try_send(&mut self, message: &T) -> Result<bool> {
        self.sending.send(message, Deadline::NOW)
    }

    /// Sends a message, waiting for room for at most `timeout`; `false` if that was not enough.
    ///
    /// # Errors
    ///
    /// As for [`Sender::send`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.timeout.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(queue.sender()?.send_timeout(&7, std::time::Duration::from_secs(1))?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn send_timeout(&mut self, message: &T, timeout: Duration) -> Result<bool> {
        self.sending.send(message, Deadline::after(timeout))
    }

    /// Sends messages, waiting for room, and returns how many there were. Receivers that sleep are woken once, at the end or
    /// when there is no room: that is cheaper than one by one.
    ///
    /// # Errors
    ///
    /// As for [`Sender::send`]; the messages before the one that failed are sent then.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.many.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(queue.sender()?.send_many([1, 2, 3])?, 3);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn send_many<M: Borrow<T>>(&mut self, messages: impl IntoIterator<Item = M>) -> Result<usize> {
        self.sending.send_many::<T, M>(messages)
    }

    /// Waits until there is a receiver.
    ///
    /// # Errors
    ///
    /// What the system says of waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.connected.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// let receiver = queue.receiver()?;
    /// queue.sender()?.wait_connected()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_connected(&mut self) -> Result<()> {
        self.sending.wait_connected(Deadline::NEVER).map(|_connected| ())
    }

    /// Says whether there is a receiver.
    ///
    /// # Errors
    ///
    /// What the system says of asking who lives.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.try_connected.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(!queue.sender()?.try_wait_connected()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_wait_connected(&mut self) -> Result<bool> {
        self.sending.wait_connected(Deadline::NOW)
    }

    /// Waits until there is a receiver, for at most `timeout`; `false` if that was not enough.
    ///
    /// # Errors
    ///
    /// What the system says of waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.connected_timeout.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(!queue.sender()?.wait_connected_timeout(std::time::Duration::from_millis(5))?);
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
    /// # let name = format!("doc.sender.max.{}", std::process::id());
    /// let queue = coview::Queue::<[u8; 100]>::create(&name)?;
    /// assert_eq!(queue.sender()?.max_len(), 100);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn max_len(&self) -> usize {
        self.sending.ring().memory.message_size()
    }

    /// Returns how many messages may wait in the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.capacity.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create_with(&coview::QueueOptions::new().capacity(8), &name)?;
    /// assert_eq!(queue.sender()?.capacity(), 8);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn capacity(&self) -> u64 {
        self.sending.ring().rules.window()
    }

    /// Returns the queue's name as it was given.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.name.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(queue.sender()?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.sending.ring().name()
    }

    /// Returns what this sender has done.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.stats.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// let mut sender = queue.sender()?;
    /// sender.send(&7)?;
    /// assert_eq!(sender.stats().messages, 1);
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

impl Sender<[u8]> {
    /// Lends a place for a message of `len` bytes, to be written there and committed; waits for room.
    ///
    /// # Errors
    ///
    /// As for [`Sender::send`].
    ///
    /// # Examples
    ///
    /// See [`Loan`].
    ///
    /// ```
    /// # let name = format!("doc.sender.loan.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// let mut sender = queue.sender()?;
    /// let mut loan = sender.loan(6)?;
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
    /// As for [`Sender::send`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.try_loan.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// assert!(queue.sender()?.try_loan(6)?.is_some());
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
    /// As for [`Sender::send`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.loan_timeout.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// assert!(queue.sender()?.loan_timeout(6, std::time::Duration::from_secs(1))?.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn loan_timeout(&mut self, len: usize, timeout: Duration) -> Result<Option<Loan<'_, [u8]>>> {
        self.loan_until(len, Deadline::after(timeout))
    }
}

impl<T: Pod> Sender<T> {
    /// Lends a place for a message, to be written there and committed; waits for room.
    ///
    /// # Errors
    ///
    /// As for [`Sender::send`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.loan.typed.{}", std::process::id());
    /// let queue = coview::Queue::<[u64; 4]>::create(&name)?;
    /// let mut sender = queue.sender()?;
    /// let mut loan = sender.loan()?;
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
    /// As for [`Sender::send`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.try_loan.typed.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(queue.sender()?.try_loan()?.is_some());
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
    /// As for [`Sender::send`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.sender.loan_timeout.typed.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(queue.sender()?.loan_timeout(std::time::Duration::from_secs(1))?.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn loan_timeout(&mut self, timeout: Duration) -> Result<Option<Loan<'_, T>>> {
        self.loan_until(size_of::<T>(), Deadline::after(timeout))
    }
}

impl<T: Payload + ?Sized> fmt::Debug for Sender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sender").field("name", &self.name()).field("stats", &self.stats()).finish()
    }
}
