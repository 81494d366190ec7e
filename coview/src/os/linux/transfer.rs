//! Messages that are read from descriptors, and written to them, where they lie.
//!
//! Needs `unsafe` to tell the kernel where that is.

use std::io;
use std::os::fd::AsFd;

use crate::{Loan, Message, sys};

/// How a message can be read from a descriptor on Linux.
pub trait LoanExt {
    /// Reads once from `file`, straight into the message from its start on; returns how many bytes came, 0 at the end of the
    /// file.
    ///
    /// While it waits for the file, so do the messages of others that were lent their places later: see [`wait_readable`].
    ///
    /// # Errors
    ///
    /// What the system says of reading; interruptions are tried again.
    ///
    /// # Platform
    ///
    /// Linux: `read`.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Queue, os::linux::LoanExt};
    /// use std::io::Write;
    ///
    /// # let name = format!("doc.loan.read_from.{}", std::process::id());
    /// let queue = Queue::<[u8]>::create(&name)?;
    /// let (mut sender, mut receiver) = (queue.sender()?, queue.receiver()?);
    /// let (reader, mut writer) = std::io::pipe()?;
    /// writer.write_all(b"Update")?;
    /// let mut loan = sender.loan(100)?;
    /// let len = loan.read_from(&reader)?;
    /// loan.truncate(len);
    /// loan.commit()?;
    /// assert_eq!(receiver.recv_copy()?, b"Update");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn read_from(&mut self, file: impl AsFd) -> io::Result<usize>;
}

/// How a message can be written to a descriptor on Linux.
pub trait MessageExt {
    /// Writes the whole message to `file`, straight from where it lies.
    ///
    /// In a lossy topic it may be written over meanwhile, as [`Message::is_intact`] tells when it is too late.
    ///
    /// # Errors
    ///
    /// What the system says of writing, when a part may have been written; interruptions are tried again.
    ///
    /// # Platform
    ///
    /// Linux: `write`.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Queue, os::linux::MessageExt};
    /// use std::io::Read;
    ///
    /// # let name = format!("doc.message.write_to.{}", std::process::id());
    /// let queue = Queue::<[u8]>::create(&name)?;
    /// queue.sender()?.send(b"Update")?;
    /// let (mut reader, writer) = std::io::pipe()?;
    /// queue.receiver()?.recv()?.write_to(&writer)?;
    /// drop(writer);
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "Update");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn write_to(&self, file: impl AsFd) -> io::Result<()>;
}

impl LoanExt for Loan<'_, [u8]> {
    fn read_from(&mut self, file: impl AsFd) -> io::Result<usize> {
        let (target, len) = (self.as_mut_ptr(), self.len());
        // SAFETY: the loan's place has room for `len` bytes, stays mapped while it is lent, and is given out as a reference
        // only while `self` is borrowed.
        unsafe { sys::transfer::read(file.as_fd(), target, len) }
    }
}

impl MessageExt for Message<'_, [u8]> {
    fn write_to(&self, file: impl AsFd) -> io::Result<()> {
        // SAFETY: the message has as many bytes, and stays mapped while it is borrowed.
        unsafe { sys::transfer::write_all(file.as_fd(), self.as_ptr(), self.len()) }
    }
}

/// Waits until reading from `file` would not wait: there is something to read, or the end of the file, or an error. Returns
/// how many bytes there are at least, as far as the system tells: 0 at the end of the file, and where it does not.
///
/// Who takes a place in a channel only when there is something to read holds up nobody, and gives no place back at the end.
///
/// # Errors
///
/// What the system says of waiting; interruptions are tried again.
///
/// # Platform
///
/// Linux: `poll`, and `ioctl` with `FIONREAD`.
///
/// # Examples
///
/// ```
/// use coview::os::linux::wait_readable;
/// use std::io::Write;
///
/// let (reader, mut writer) = std::io::pipe()?;
/// writer.write_all(b"Update")?;
/// assert_eq!(wait_readable(&reader)?, 6);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn wait_readable(file: impl AsFd) -> io::Result<usize> {
    sys::transfer::wait_readable(file.as_fd())
}
