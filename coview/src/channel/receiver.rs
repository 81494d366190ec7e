//! The receiving end of a queue.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::message::Message;
use super::payload::Payload;
use super::receiving::Receiving;
use super::state::EndStats;
use crate::Result;
use crate::sys::Deadline;

/// Receives messages from a [`Queue`](crate::Queue): each goes to one receiver.
///
/// A receiver may go from thread to thread; each thread that receives has its own. Receiving makes no system call unless
/// there is nothing to receive, or a sender sleeps. What a receiver has in its hands when its process dies is delivered
/// again, to another receiver or to the next one, and says so: [`Message::was_redelivered`].
///
/// # Examples
///
/// ```
/// use coview::Queue;
///
/// # let name = format!("doc.receiver.{}", std::process::id());
/// let queue = Queue::<u64>::create(&name)?;
/// let mut receiver = queue.receiver()?;
/// queue.sender()?.send(&7)?;
/// assert_eq!(receiver.recv_copy()?, 7);
/// # Ok::<(), coview::Error>(())
/// ```
pub struct Receiver<T: Payload + ?Sized> {
    pub(crate) receiving: Receiving,
    _payload: PhantomData<fn() -> *const T>,
}

impl<T: Payload + ?Sized> Receiver<T> {
    pub(crate) fn new(receiving: Receiving) -> Receiver<T> {
        Receiver { receiving, _payload: PhantomData }
    }

    /// Waits for the next message, and shows it where it lies.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Disconnected`](crate::ErrorKind::Disconnected) when all senders there were have gone, by themselves or by
    /// death, and everything that they have committed was received; another sender may still come, see
    /// [`Receiver::wait_connected`]. [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) if another program has overwritten
    /// the channel; what the system says of waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Queue};
    ///
    /// # let name = format!("doc.receiver.recv.{}", std::process::id());
    /// let queue = Queue::<[u8]>::create(&name)?;
    /// let mut receiver = queue.receiver()?;
    /// queue.sender()?.send(b"last words")?;
    /// assert_eq!(receiver.recv()?.len(), 10);
    /// assert_eq!(receiver.recv().unwrap_err().kind(), ErrorKind::Disconnected);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline(always)]
    pub fn recv(&mut self) -> Result<Message<'_, T>> {
        let message = self.recv_until(Deadline::NEVER)?;
        Ok(message.expect("a wait without a deadline ends with a result"))
    }

    /// Shows the next message if there is one.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.try.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(queue.receiver()?.try_recv()?.is_none());
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline(always)]
    pub fn try_recv(&mut self) -> Result<Option<Message<'_, T>>> {
        self.recv_until(Deadline::NOW)
    }

    /// Waits for the next message for at most `timeout`.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.timeout.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(queue.receiver()?.recv_timeout(std::time::Duration::from_millis(5))?.is_none());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Message<'_, T>>> {
        self.recv_until(Deadline::after(timeout))
    }

    /// Waits for the next message, and copies it out.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.copy.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.send(b"Update")?;
    /// assert_eq!(queue.receiver()?.recv_copy()?, b"Update");
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline(always)]
    pub fn recv_copy(&mut self) -> Result<T::Owned> {
        let copy = self.receiving.copy::<T>(Deadline::NEVER)?;
        Ok(copy.expect("a wait without a deadline ends with a result"))
    }

    /// Copies the next message out if there is one.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.try_copy.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(queue.receiver()?.try_recv_copy()?, None);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline(always)]
    pub fn try_recv_copy(&mut self) -> Result<Option<T::Owned>> {
        self.receiving.copy::<T>(Deadline::NOW)
    }

    /// Waits for the next message for at most `timeout`, and copies it out.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.copy_timeout.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(queue.receiver()?.recv_copy_timeout(std::time::Duration::from_millis(5))?, None);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn recv_copy_timeout(&mut self, timeout: Duration) -> Result<Option<T::Owned>> {
        self.receiving.copy::<T>(Deadline::after(timeout))
    }

    /// Waits for a message, then takes what is there, at most `max` messages, one after the other; returns how many.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`], if there was not even one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.many.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// queue.sender()?.send_many([1, 2, 3])?;
    /// let mut sum = 0;
    /// assert_eq!(queue.receiver()?.recv_many(100, |message| sum += message.value())?, 3);
    /// assert_eq!(sum, 6);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn recv_many(&mut self, max: usize, take: impl FnMut(&Message<'_, T>)) -> Result<usize> {
        self.receiving.many(max, take, Deadline::NEVER)
    }

    /// Takes what is there, at most `max` messages, one after the other; returns how many.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`], if there was not even one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.try_many.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(queue.receiver()?.try_recv_many(100, |message| println!("{}", message.value()))?, 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_recv_many(&mut self, max: usize, take: impl FnMut(&Message<'_, T>)) -> Result<usize> {
        self.receiving.many(max, take, Deadline::NOW)
    }

    /// Waits for a message for at most `timeout`, then takes what is there, at most `max` messages; returns how many.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`], if there was not even one.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.many_timeout.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// let timeout = std::time::Duration::from_millis(5);
    /// assert_eq!(queue.receiver()?.recv_many_timeout(100, |message| println!("{}", message.value()), timeout)?, 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn recv_many_timeout(
        &mut self,
        max: usize,
        take: impl FnMut(&Message<'_, T>),
        timeout: Duration,
    ) -> Result<usize> {
        self.receiving.many(max, take, Deadline::after(timeout))
    }

    /// Waits until there is a sender, or something to receive: for the first sender, or for the next after
    /// [`ErrorKind::Disconnected`](crate::ErrorKind::Disconnected).
    ///
    /// # Errors
    ///
    /// What the system says of waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.connected.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// let sender = queue.sender()?;
    /// queue.receiver()?.wait_connected()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_connected(&mut self) -> Result<()> {
        self.receiving.wait_connected(Deadline::NEVER).map(|_connected| ())
    }

    /// Says whether there is a sender, or something to receive.
    ///
    /// # Errors
    ///
    /// What the system says of asking who lives.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.try_connected.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(!queue.receiver()?.try_wait_connected()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_wait_connected(&mut self) -> Result<bool> {
        self.receiving.wait_connected(Deadline::NOW)
    }

    /// Waits until there is a sender, or something to receive, for at most `timeout`; `false` if that was not enough.
    ///
    /// # Errors
    ///
    /// What the system says of waiting.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.connected_timeout.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(!queue.receiver()?.wait_connected_timeout(std::time::Duration::from_millis(5))?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn wait_connected_timeout(&mut self, timeout: Duration) -> Result<bool> {
        self.receiving.wait_connected(Deadline::after(timeout))
    }

    /// Returns the queue's name as it was given.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.name.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(queue.receiver()?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.receiving.ring().name()
    }

    /// Returns what this receiver has done.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.stats.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(queue.receiver()?.stats().messages, 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn stats(&self) -> EndStats {
        self.receiving.stats()
    }

    #[inline(always)]
    fn recv_until(&mut self, deadline: Deadline) -> Result<Option<Message<'_, T>>> {
        let arrived = self.receiving.begin(deadline)?;
        Ok(arrived.map(|arrived| Message::new(&mut self.receiving, arrived)))
    }
}

impl Receiver<[u8]> {
    /// Waits for the next message, and puts its bytes into `bytes`, in place of what was there.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.into.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.send(b"Update")?;
    /// let mut bytes = Vec::new();
    /// queue.receiver()?.recv_into(&mut bytes)?;
    /// assert_eq!(bytes, b"Update");
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn recv_into(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        self.receiving.copy_into(bytes, Deadline::NEVER).map(|_received| ())
    }

    /// Puts the next message's bytes into `bytes` if there is one; `false` if there is none.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.try_into.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// assert!(!queue.receiver()?.try_recv_into(&mut Vec::new())?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_recv_into(&mut self, bytes: &mut Vec<u8>) -> Result<bool> {
        self.receiving.copy_into(bytes, Deadline::NOW)
    }

    /// Waits for the next message for at most `timeout`, and puts its bytes into `bytes`; `false` if that was not enough.
    ///
    /// # Errors
    ///
    /// As for [`Receiver::recv`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.receiver.into_timeout.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// let timeout = std::time::Duration::from_millis(5);
    /// assert!(!queue.receiver()?.recv_into_timeout(&mut Vec::new(), timeout)?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn recv_into_timeout(&mut self, bytes: &mut Vec<u8>, timeout: Duration) -> Result<bool> {
        self.receiving.copy_into(bytes, Deadline::after(timeout))
    }
}

impl<T: Payload + ?Sized> fmt::Debug for Receiver<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Receiver").field("name", &self.name()).field("stats", &self.stats()).finish()
    }
}
