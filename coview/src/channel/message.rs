//! A message that is read where it lies.
//!
//! Needs `unsafe` to show the message as a slice, to who vouches for the other processes.

use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;

use bytemuck::{AnyBitPattern, Pod};

use super::memory::check_inside;
use super::payload::Payload;
use super::receiving::{Arrived, Receiving};
use crate::Result;

const CHUNK_LEN: usize = 64 * 1024;

/// A message, where it lies in the channel.
///
/// Nobody writes there before the message is dropped, but for a lossy topic: of that [`Message::is_intact`] tells
/// afterwards whether what was read is the message. Dropping it gives its place back to the senders.
///
/// A receiver of a [`Queue`](crate::Queue) that dies with a message in its hands has not finished with it: another receiver,
/// or the next one, gets it again, and [`Message::was_redelivered`] says so.
///
/// # Examples
///
/// ```
/// use coview::Queue;
///
/// # let name = format!("doc.message.{}", std::process::id());
/// let queue = Queue::<[u8]>::create(&name)?;
/// queue.sender()?.send(b"Update")?;
/// let mut receiver = queue.receiver()?;
/// let message = receiver.recv()?;
/// assert_eq!((message.len(), message.get::<u8>(0)), (6, b'U'));
/// # Ok::<(), coview::Error>(())
/// ```
pub struct Message<'a, T: Payload + ?Sized> {
    receiving: &'a mut Receiving,
    arrived: Arrived,
    _payload: PhantomData<fn() -> *const T>,
}

impl<'a, T: Payload + ?Sized> Message<'a, T> {
    #[inline]
    pub(crate) fn new(receiving: &'a mut Receiving, arrived: Arrived) -> Message<'a, T> {
        Message { receiving, arrived, _payload: PhantomData }
    }

    /// Returns the length of the message in bytes.
    ///
    /// # Examples
    ///
    /// See [`Message`].
    ///
    /// ```
    /// # let name = format!("doc.message.len.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// queue.sender()?.send(&7)?;
    /// assert_eq!(queue.receiver()?.recv()?.len(), 8);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        self.arrived.len
    }

    /// Returns whether the message has no bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.empty.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.send(b"")?;
    /// assert!(queue.receiver()?.recv()?.is_empty());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.arrived.len == 0
    }

    /// Copies bytes of the message, from `offset` on.
    ///
    /// # Panics
    ///
    /// If they end beyond [`Message::len`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.read.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.send(b"Update")?;
    /// let mut part = [0; 4];
    /// queue.receiver()?.recv()?.read(2, &mut part);
    /// assert_eq!(&part, b"date");
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn read(&self, offset: usize, bytes: &mut [u8]) {
        self.check(offset, bytes.len());
        self.receiving.ring().memory.read(self.arrived.position, offset, bytes);
    }

    /// Reads a value out of the message, from `offset` on, which need not be aligned.
    ///
    /// # Panics
    ///
    /// If it ends beyond [`Message::len`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.get.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.send(&[0, 1, 2, 0])?;
    /// assert_eq!(queue.receiver()?.recv()?.get::<u16>(1), 0x0201);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn get<P: AnyBitPattern>(&self, offset: usize) -> P {
        self.check(offset, size_of::<P>());
        self.receiving.ring().memory.get_at(self.arrived.position, offset)
    }

    /// Writes the message to a writer, a piece at a time, and returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// What the writer says.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.copy.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.send(b"Update")?;
    /// let mut bytes = Vec::new();
    /// queue.receiver()?.recv()?.copy_to(&mut bytes)?;
    /// assert_eq!(bytes, b"Update");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn copy_to(&self, mut writer: impl Write) -> io::Result<usize> {
        let mut chunk = vec![0; CHUNK_LEN.min(self.len())];
        let mut done = 0;
        while done < self.len() {
            let part = chunk.len().min(self.len() - done);
            self.read(done, &mut chunk[..part]);
            writer.write_all(&chunk[..part])?;
            done += part;
        }
        Ok(done)
    }

    /// Returns a copy of the message: a vector of its bytes, or its value.
    ///
    /// Of a lossy topic it counts only if [`Message::is_intact`] says so afterwards; `recv_copy` sees to that by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.owned.{}", std::process::id());
    /// let queue = coview::Queue::<[f32; 2]>::create(&name)?;
    /// queue.sender()?.send(&[1.0, 2.0])?;
    /// assert_eq!(queue.receiver()?.recv()?.to_owned(), [1.0, 2.0]);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn to_owned(&self) -> T::Owned {
        T::take(self.receiving.spot(&self.arrived))
    }

    /// Returns where in the channel the message stands: the first position is 0. A position at which a loan was returned has
    /// no message.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.sequence.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// queue.sender()?.send(&7)?;
    /// assert_eq!(queue.receiver()?.recv()?.sequence(), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn sequence(&self) -> u64 {
        self.arrived.position
    }

    /// Returns whether a receiver that has died had this message in its hands.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.again.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// queue.sender()?.send(&7)?;
    /// assert!(!queue.receiver()?.recv()?.was_redelivered());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn was_redelivered(&self) -> bool {
        self.arrived.redelivered
    }

    /// Returns how many messages of a lossy topic were lost between the one before and this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Topic, TopicOptions};
    ///
    /// # let name = format!("doc.message.missed.{}", std::process::id());
    /// let topic = Topic::<u64>::create_with(&TopicOptions::new().lossy().capacity(4), &name)?;
    /// let (mut publisher, mut subscriber) = (topic.publisher()?, topic.subscriber()?);
    /// for number in 0..10 {
    ///     publisher.publish(&number)?;
    /// }
    /// let message = subscriber.recv()?;
    /// assert_eq!(message.missed(), message.to_owned());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn missed(&self) -> u64 {
        self.arrived.missed
    }

    /// Returns whether what was read so far is the message. Always true but in a lossy topic, where it may have been written
    /// over meanwhile.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Topic, TopicOptions};
    ///
    /// # let name = format!("doc.message.intact.{}", std::process::id());
    /// let topic = Topic::<u64>::create_with(&TopicOptions::new().lossy(), &name)?;
    /// let (mut publisher, mut subscriber) = (topic.publisher()?, topic.subscriber()?);
    /// publisher.publish(&7)?;
    /// let message = subscriber.recv()?;
    /// let value = message.to_owned();
    /// assert!(message.is_intact() && value == 7);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn is_intact(&self) -> bool {
        self.receiving.is_intact(self.arrived.position)
    }

    /// Returns what [`Message::is_intact`] does, and gives the place back.
    ///
    /// # Errors
    ///
    /// What the system says of waking a sender that waits for room; the place is given back then.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.finish.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// queue.sender()?.send(&7)?;
    /// assert!(queue.receiver()?.recv()?.finish()?);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn finish(self) -> Result<bool> {
        let intact = self.is_intact();
        self.receiving.finish()?;
        Ok(intact)
    }

    /// Returns the address of the message; of a [`Pod`] type it is aligned for that.
    ///
    /// Reading through it needs `unsafe`, and the care that memory deserves which other processes map too.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.ptr.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// queue.sender()?.send(&7)?;
    /// assert!(queue.receiver()?.recv()?.as_ptr().cast::<u64>().is_aligned());
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.receiving.ring().memory.message(self.arrived.position)
    }

    /// Shows the message as bytes, to any code that takes a slice.
    ///
    /// # Safety
    ///
    /// No other process may write there meanwhile. Coview's own do not, but in a lossy topic; who may write to the channel,
    /// and is broken or hostile, can. Use it among programs that trust each other.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.slice.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.send(b"Update")?;
    /// let mut receiver = queue.receiver()?;
    /// let message = receiver.recv()?;
    /// // SAFETY: this process alone has the channel.
    /// assert!(unsafe { message.as_slice() }.is_ascii());
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: mapped, initialised, and of this length; the caller vouches that nobody writes to it.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    fn check(&self, offset: usize, len: usize) {
        check_inside(offset, len, self.len());
    }
}

impl<T: Pod> Message<'_, T> {
    /// Returns a copy of the value: the same as [`Message::to_owned`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.message.value.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// queue.sender()?.send(&7)?;
    /// assert_eq!(queue.receiver()?.recv()?.value(), 7);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn value(&self) -> T {
        self.to_owned()
    }
}

impl<T: Payload + ?Sized> Drop for Message<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // A failure to wake a sender has nobody to tell; it looks by itself.
        let _ = self.receiving.finish();
    }
}

impl<T: Payload + ?Sized> fmt::Debug for Message<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Message").field("sequence", &self.sequence()).field("len", &self.len()).finish()
    }
}
