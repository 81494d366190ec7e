//! A place in a channel where a message is written before it is sent.
//!
//! Needs `unsafe` to lend the place out as memory of one's own, to who vouches for the other processes.

use std::fmt;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use bytemuck::{NoUninit, Pod};

use super::memory::check_inside;
use super::payload::Payload;
use super::sending::Sending;
use crate::Result;

const CHUNK_LEN: usize = 64 * 1024;

/// A place in a channel where a message is written, and from which it is sent without a copy.
///
/// The place is this side's alone until [`Loan::commit`]. Its bytes are those of an older message, or zero. Dropping the
/// loan returns the place, and nothing is sent; so does the death of the process, at whatever instruction.
///
/// With several senders messages arrive in the order in which places were lent: those that others send meanwhile wait for
/// this one. Keep a loan no longer than writing takes.
///
/// # Examples
///
/// ```
/// use coview::Queue;
///
/// # let name = format!("doc.loan.{}", std::process::id());
/// let queue = Queue::<[u8]>::create(&name)?;
/// let (mut sender, mut receiver) = (queue.sender()?, queue.receiver()?);
/// let mut loan = sender.loan(6)?;
/// loan.write(0, b"Update");
/// loan.commit()?;
/// assert_eq!(receiver.recv_copy()?, b"Update");
/// # Ok::<(), coview::Error>(())
/// ```
pub struct Loan<'a, T: Payload + ?Sized> {
    sending: &'a mut Sending,
    position: u64,
    len: usize,
    _payload: PhantomData<fn(&T)>,
}

impl<'a, T: Payload + ?Sized> Loan<'a, T> {
    #[inline]
    pub(crate) fn new(sending: &'a mut Sending, position: u64, len: usize) -> Loan<'a, T> {
        Loan { sending, position, len, _payload: PhantomData }
    }

    /// Returns how long the message will be, in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.loan.len.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(queue.sender()?.loan()?.len(), 8);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether the message will have no bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.loan.empty.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// assert!(queue.sender()?.loan(0)?.is_empty());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies bytes into the message, at `offset`.
    ///
    /// # Panics
    ///
    /// If they end beyond [`Loan::len`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.loan.write.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.loan(10)?.write(4, b"Update");
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.check(offset, bytes.len());
        self.sending.ring().memory.write(self.position, offset, bytes);
    }

    /// Writes a value into the message, at `offset`, which need not be aligned.
    ///
    /// # Panics
    ///
    /// If it ends beyond [`Loan::len`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.loan.put.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.loan(12)?.put(4, &1.5f64);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn put<P: NoUninit>(&mut self, offset: usize, value: &P) {
        self.write(offset, bytemuck::bytes_of(value));
    }

    /// Sets all bytes of a range.
    ///
    /// # Panics
    ///
    /// If the range leaves the message.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.loan.fill.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.loan(100)?.fill(.., 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn fill(&mut self, range: impl RangeBounds<usize>, byte: u8) {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len,
        };
        assert!(start <= end && end <= self.len, "the range {start}..{end} leaves a message of {} bytes", self.len);
        self.sending.ring().memory.fill(self.position, start, end - start, byte);
    }

    /// Fills the message from a reader, and returns how many bytes came: fewer than [`Loan::len`] at the reader's end.
    ///
    /// # Errors
    ///
    /// What the reader says; interruptions are tried again.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.loan.copy.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// let (mut sender, mut receiver) = (queue.sender()?, queue.receiver()?);
    /// let mut loan = sender.loan(100)?;
    /// let len = loan.copy_from(&b"Update"[..])?;
    /// loan.truncate(len);
    /// loan.commit()?;
    /// assert_eq!(receiver.recv_copy()?, b"Update");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn copy_from(&mut self, mut reader: impl Read) -> io::Result<usize> {
        let mut chunk = vec![0; CHUNK_LEN.min(self.len)];
        let mut done = 0;
        while done < self.len {
            let part = chunk.len().min(self.len - done);
            match reader.read(&mut chunk[..part]) {
                Ok(0) => break,
                Ok(count) => {
                    self.write(done, &chunk[..count]);
                    done += count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Sends the message, and wakes the receivers that sleep.
    ///
    /// # Errors
    ///
    /// What the system says of waking; the message is sent then.
    ///
    /// # Examples
    ///
    /// See [`Loan`].
    ///
    /// ```
    /// # let name = format!("doc.loan.commit.{}", std::process::id());
    /// let queue = coview::Queue::<u32>::create(&name)?;
    /// let mut sender = queue.sender()?;
    /// let mut loan = sender.loan()?;
    /// loan.set(&5);
    /// loan.commit()?;
    /// assert_eq!(queue.receiver()?.recv_copy()?, 5);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn commit(self) -> Result<()> {
        let (position, len) = (self.position, self.len);
        self.sending.commit_open(position, len);
        self.sending.notify()
    }

    /// Returns the address of the place; of a [`Pod`] type it is aligned for that.
    ///
    /// Reading and writing through it needs `unsafe`, and the care that memory deserves which other processes map too.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.loan.ptr.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert!(queue.sender()?.loan()?.as_mut_ptr().cast::<u64>().is_aligned());
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.sending.ring().memory.message(self.position)
    }

    /// Lends the place out as bytes, to be written by any code that takes a slice.
    ///
    /// # Safety
    ///
    /// No other process may touch the place meanwhile. Coview's own do not; who may write to the channel, and is broken or
    /// hostile, can. Use it among programs that trust each other.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.loan.slice.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// let mut sender = queue.sender()?;
    /// let mut loan = sender.loan(4)?;
    /// // SAFETY: this process alone has the channel.
    /// unsafe { loan.as_mut_slice() }.reverse();
    /// loan.commit()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub unsafe fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: mapped, initialised, and of this length; the caller vouches that nobody else touches it.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr(), self.len) }
    }

    fn check(&self, offset: usize, len: usize) {
        check_inside(offset, len, self.len);
    }
}

impl Loan<'_, [u8]> {
    /// Makes the message shorter; does nothing if it is not longer than `len`.
    ///
    /// # Examples
    ///
    /// See [`Loan::copy_from`].
    ///
    /// ```
    /// # let name = format!("doc.loan.truncate.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// let mut sender = queue.sender()?;
    /// let mut loan = sender.loan(100)?;
    /// loan.truncate(10);
    /// assert_eq!(loan.len(), 10);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}

impl<T: Pod> Loan<'_, T> {
    /// Writes the whole message.
    ///
    /// # Examples
    ///
    /// See [`Loan::commit`].
    ///
    /// ```
    /// # let name = format!("doc.loan.set.{}", std::process::id());
    /// let queue = coview::Queue::<[f32; 3]>::create(&name)?;
    /// queue.sender()?.loan()?.set(&[1.0, 2.0, 3.0]);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn set(&mut self, value: &T) {
        self.sending.ring().memory.put(self.position, value);
    }
}

impl<T: Payload + ?Sized> Drop for Loan<'_, T> {
    fn drop(&mut self) {
        // Nothing is open after a commit. A failure has nobody to tell; receivers look by themselves.
        let _ = self.sending.give_back();
    }
}

impl<T: Payload + ?Sized> fmt::Debug for Loan<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Loan").field("position", &self.position).field("len", &self.len).finish()
    }
}
