//! What is rarely needed when a queue is made or found, in one place.

use std::time::Duration;

use super::options::Common;
use crate::Rights;

/// How a [`Queue`](crate::Queue) is created or opened, when the defaults do not fit.
///
/// The defaults: private rights, no fingerprint, no waiting, up to 64 senders and 64 receivers at a time; bytes of up to
/// 4096; room for as many messages as make 4 MiB, but for 8 at the least and 4096 at the most, or 1024 of
/// less than 512 bytes.
///
/// # Examples
///
/// ```
/// use coview::{Queue, QueueOptions};
///
/// # let name = format!("doc.queue.options.{}", std::process::id());
/// let options = QueueOptions::new().capacity(64).max_len(1 << 20).one_sender().one_receiver();
/// let pipe = Queue::<[u8]>::create_with(&options, &name)?;
/// assert_eq!(pipe.sender()?.max_len(), 1 << 20);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct QueueOptions {
    pub(crate) common: Common,
    pub(crate) one_sender: bool,
    pub(crate) one_receiver: bool,
}

impl QueueOptions {
    /// Returns the defaults.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::QueueOptions::new();
    /// ```
    pub const fn new() -> QueueOptions {
        QueueOptions { common: Common::new(), one_sender: false, one_receiver: false }
    }

    /// Sets what other users may do with the queue, if this call creates it. Every end writes, so who may only read can
    /// neither send nor receive.
    ///
    /// # Examples
    ///
    /// ```
    /// let jobs = coview::QueueOptions::new().rights(coview::Rights::Group);
    /// ```
    pub fn rights(mut self, rights: Rights) -> QueueOptions {
        self.common.rights = rights;
        self
    }

    /// Sets a number that stands for this version of the messages' type; see [`fingerprint`](crate::fingerprint()).
    ///
    /// A creator stores it. An opener that gives one refuses a queue that has another, or none. 0 stands for none.
    ///
    /// # Examples
    ///
    /// ```
    /// let jobs = coview::QueueOptions::new().fingerprint(coview::fingerprint("job v1: u32 id; u32 kind"));
    /// ```
    pub fn fingerprint(mut self, fingerprint: u64) -> QueueOptions {
        self.common.fingerprint = fingerprint;
        self
    }

    /// Sets how long opening waits for the queue to appear.
    ///
    /// # Examples
    ///
    /// ```
    /// let patient = coview::QueueOptions::new().open_timeout(std::time::Duration::from_secs(5));
    /// ```
    pub fn open_timeout(mut self, timeout: Duration) -> QueueOptions {
        self.common.open_timeout = Some(timeout);
        self
    }

    /// Sets for how many messages a new queue has room; it is rounded up to a power of two, at least 2. Every place has
    /// room for the longest message.
    ///
    /// # Examples
    ///
    /// ```
    /// let deep = coview::QueueOptions::new().capacity(1 << 16);
    /// ```
    pub fn capacity(mut self, messages: u64) -> QueueOptions {
        self.common.capacity = Some(messages);
        self
    }

    /// Sets how many bytes a message of a `Queue<[u8]>` can have; values of a type have their size.
    ///
    /// # Examples
    ///
    /// ```
    /// let frames = coview::QueueOptions::new().max_len(1920 * 1080 * 4);
    /// ```
    pub fn max_len(mut self, bytes: u64) -> QueueOptions {
        self.common.max_len = Some(bytes);
        self
    }

    /// Sets to what the messages of a `Queue<[u8]>` are aligned: a power of two, up to 4096. Every message is aligned to 16
    /// at the least; values of a type to what the type wants.
    ///
    /// # Examples
    ///
    /// ```
    /// let for_vectors = coview::QueueOptions::new().align(64);
    /// ```
    pub fn align(mut self, bytes: u64) -> QueueOptions {
        self.common.align = bytes;
        self
    }

    /// Makes a new queue one that has one sender at a time, which then needs no compare-exchange.
    ///
    /// # Examples
    ///
    /// ```
    /// let from_one = coview::QueueOptions::new().one_sender();
    /// ```
    pub fn one_sender(mut self) -> QueueOptions {
        self.one_sender = true;
        self
    }

    /// Makes a new queue one that has one receiver at a time, which then needs no compare-exchange.
    ///
    /// # Examples
    ///
    /// ```
    /// let to_one = coview::QueueOptions::new().one_receiver();
    /// ```
    pub fn one_receiver(mut self) -> QueueOptions {
        self.one_receiver = true;
        self
    }
}

impl Default for QueueOptions {
    fn default() -> QueueOptions {
        QueueOptions::new()
    }
}
