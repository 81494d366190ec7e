//! What is rarely needed when a topic is made or found, in one place.

use std::time::Duration;

use super::options::Common;
use crate::Rights;

/// How a [`Topic`](crate::Topic) is created or opened, when the defaults do not fit.
///
/// The defaults: lossless, no history; private rights, no fingerprint, no waiting, up to 64 publishers and 64 subscribers at
/// a time; bytes of up to 4096; room for as many messages as make 4 MiB, but for 8 at the least and 4096 at the most, or 1024 of
/// less than 512 bytes.
///
/// # Examples
///
/// ```
/// use coview::{Topic, TopicOptions};
///
/// # let name = format!("doc.topic.options.{}", std::process::id());
/// let options = TopicOptions::new().lossy().history(1).one_publisher();
/// let weather = Topic::<[f32; 3]>::create_with(&options, &name)?;
/// weather.publisher()?.publish(&[21.5, 1013.2, 0.4])?;
/// assert_eq!(weather.subscriber()?.recv_copy()?[0], 21.5);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TopicOptions {
    pub(crate) common: Common,
    pub(crate) lossy: bool,
    pub(crate) history: u64,
    pub(crate) one_publisher: bool,
}

impl TopicOptions {
    /// Returns the defaults.
    ///
    /// # Examples
    ///
    /// ```
    /// let options = coview::TopicOptions::new();
    /// ```
    pub const fn new() -> TopicOptions {
        TopicOptions { common: Common::new(), lossy: false, history: 0, one_publisher: false }
    }

    /// Sets what other users may do with the topic, if this call creates it. Every end writes, so who may only read can
    /// neither publish nor subscribe.
    ///
    /// # Examples
    ///
    /// ```
    /// let jobs = coview::TopicOptions::new().rights(coview::Rights::Group);
    /// ```
    pub fn rights(mut self, rights: Rights) -> TopicOptions {
        self.common.rights = rights;
        self
    }

    /// Sets a number that stands for this version of the messages' type; see [`fingerprint`](crate::fingerprint()).
    ///
    /// A creator stores it. An opener that gives one refuses a topic that has another, or none. 0 stands for none.
    ///
    /// # Examples
    ///
    /// ```
    /// let jobs = coview::TopicOptions::new().fingerprint(coview::fingerprint("job v1: u32 id; u32 kind"));
    /// ```
    pub fn fingerprint(mut self, fingerprint: u64) -> TopicOptions {
        self.common.fingerprint = fingerprint;
        self
    }

    /// Sets how long opening waits for the topic to appear.
    ///
    /// # Examples
    ///
    /// ```
    /// let patient = coview::TopicOptions::new().open_timeout(std::time::Duration::from_secs(5));
    /// ```
    pub fn open_timeout(mut self, timeout: Duration) -> TopicOptions {
        self.common.open_timeout = Some(timeout);
        self
    }

    /// Sets how many messages a subscriber of a new topic may be behind before it holds publishers up, or loses messages.
    /// Together with the history it is rounded up to a power of two, at least 2. Every place has room for the longest
    /// message.
    ///
    /// # Examples
    ///
    /// ```
    /// let deep = coview::TopicOptions::new().capacity(1 << 16);
    /// ```
    pub fn capacity(mut self, messages: u64) -> TopicOptions {
        self.common.capacity = Some(messages);
        self
    }

    /// Sets how many bytes a message of a `Topic<[u8]>` can have; values of a type have their size.
    ///
    /// # Examples
    ///
    /// ```
    /// let frames = coview::TopicOptions::new().max_len(1920 * 1080 * 4);
    /// ```
    pub fn max_len(mut self, bytes: u64) -> TopicOptions {
        self.common.max_len = Some(bytes);
        self
    }

    /// Sets to what the messages of a `Topic<[u8]>` are aligned: a power of two, up to 4096. Every message is aligned to 16
    /// at the least; values of a type to what the type wants.
    ///
    /// # Examples
    ///
    /// ```
    /// let for_vectors = coview::TopicOptions::new().align(64);
    /// ```
    pub fn align(mut self, bytes: u64) -> TopicOptions {
        self.common.align = bytes;
        self
    }

    /// Makes a new topic lossy: publishers wait for nobody, and write over the oldest message.
    ///
    /// # Examples
    ///
    /// ```
    /// let newest_counts = coview::TopicOptions::new().lossy();
    /// ```
    pub fn lossy(mut self) -> TopicOptions {
        self.lossy = true;
        self
    }

    /// Sets how many of the last messages a late subscriber of a new topic gets, if there are as many.
    ///
    /// # Examples
    ///
    /// ```
    /// let last_one = coview::TopicOptions::new().history(1);
    /// ```
    pub fn history(mut self, messages: u64) -> TopicOptions {
        self.history = messages;
        self
    }

    /// Makes a new topic one that has one publisher at a time, which then needs no compare-exchange.
    ///
    /// # Examples
    ///
    /// ```
    /// let from_one = coview::TopicOptions::new().one_publisher();
    /// ```
    pub fn one_publisher(mut self) -> TopicOptions {
        self.one_publisher = true;
        self
    }
}

impl Default for TopicOptions {
    fn default() -> TopicOptions {
        TopicOptions::new()
    }
}
