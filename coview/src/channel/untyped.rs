//! A channel seen without its type.

use super::form::{ChannelKind, HEADER_LEN};
use super::ring::Ring;
use super::state::ChannelState;
use crate::{Access, Mapping, MappingOptions, Noun, Result};

/// A [`Queue`](crate::Queue) or a [`Topic`](crate::Topic) seen without its type: for tools that show what any program shares.
/// It takes no part, and changes nothing.
///
/// # Layout
///
#[doc = include_str!("layout.md")]
///
/// # Examples
///
/// ```
/// use coview::{Channel, Queue};
///
/// # let name = format!("doc.channel.{}", std::process::id());
/// let queue = Queue::<u64>::create(&name)?;
/// queue.sender()?.send(&7)?;
/// let channel = Channel::open(&name)?;
/// assert_eq!((channel.message_size(), channel.state()?.depth), (8, 1));
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct Channel {
    ring: Ring,
}

impl Channel {
    /// How many bytes a mapping has at least that holds a channel: smaller ones need not be opened to look.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(coview::Channel::SIZE_MIN > 4096);
    /// ```
    pub const SIZE_MIN: u64 = HEADER_LEN as u64;

    /// Opens the channel of this name, for looking.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::open`]; [`ErrorKind::Incompatible`](crate::ErrorKind::Incompatible) if the mapping holds no channel that this version knows.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Channel, ErrorKind, Mapping};
    ///
    /// # let name = format!("doc.channel.open.{}", std::process::id());
    /// let plain = Mapping::create(&name, 4096)?;
    /// assert_eq!(Channel::open(&name).unwrap_err().kind(), ErrorKind::Incompatible);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Channel> {
        let opened = MappingOptions::new().access(Access::ReadOnly).open(name);
        let mapping = opened.map_err(|error| error.about(Noun::Channel))?;
        Ok(Channel { ring: Ring::show(Noun::Channel, &mapping)? })
    }

    /// Shows the channel that a mapping holds; `None` if it holds none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incompatible`](crate::ErrorKind::Incompatible) for a channel that this version does not know, whose header makes no sense, or whose
    /// mapping has no name.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(coview::Channel::of(&coview::Mapping::unnamed(4096)?)?.is_none());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn of(mapping: &Mapping) -> Result<Option<Channel>> {
        if !Ring::is_there(mapping)? {
            return Ok(None);
        }
        Ok(Some(Channel { ring: Ring::show(Noun::Channel, mapping)? }))
    }

    /// Returns what kind of channel it is.
    ///
    /// # Examples
    ///
    /// See [`ChannelKind`].
    ///
    /// ```
    /// # let name = format!("doc.channel.kind2.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(coview::Channel::open(&name)?.kind(), coview::ChannelKind::Queue);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn kind(&self) -> ChannelKind {
        self.ring.form.kind
    }

    /// Returns how many bytes a message has; of bytes of varying length, the longest.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.channel.size.{}", std::process::id());
    /// let queue = coview::Queue::<[u8; 3]>::create(&name)?;
    /// assert_eq!(coview::Channel::open(&name)?.message_size(), 3);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn message_size(&self) -> u64 {
        self.ring.form.message_size
    }

    /// Returns whether its messages are values of a type, all of the same size, and not bytes of varying length.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.channel.typed.{}", std::process::id());
    /// let queue = coview::Queue::<[u8]>::create(&name)?;
    /// assert!(!coview::Channel::open(&name)?.is_typed());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn is_typed(&self) -> bool {
        self.ring.form.typed
    }

    /// Returns how many messages may wait for a receiver.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.channel.capacity.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create_with(&coview::QueueOptions::new().capacity(8), &name)?;
    /// assert_eq!(coview::Channel::open(&name)?.capacity(), 8);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn capacity(&self) -> u64 {
        self.ring.rules.window()
    }

    /// Returns how many messages a late subscriber of a topic gets.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.channel.history.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create_with(&coview::TopicOptions::new().history(3), &name)?;
    /// assert_eq!(coview::Channel::open(&name)?.history(), 3);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn history(&self) -> u64 {
        self.ring.form.history
    }

    /// Returns whether a topic writes over messages that slow subscribers have not received.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.channel.lossy.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create_with(&coview::TopicOptions::new().lossy(), &name)?;
    /// assert!(coview::Channel::open(&name)?.is_lossy());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn is_lossy(&self) -> bool {
        self.ring.form.lossy
    }

    /// Returns the fingerprint that the creator gave the messages' type; 0 if none.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.channel.print.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(coview::Channel::open(&name)?.fingerprint(), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn fingerprint(&self) -> u64 {
        self.ring.form.fingerprint
    }

    /// Returns how many slots there are, a power of two: the capacity, the history, and what rounding adds.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.channel.slots.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create_with(&coview::QueueOptions::new().capacity(5), &name)?;
    /// assert_eq!(coview::Channel::open(&name)?.slots(), 8);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn slots(&self) -> u64 {
        self.ring.rules.slots
    }

    /// Returns what the channel has seen, and who is there.
    ///
    /// # Errors
    ///
    /// What the system says of asking who lives.
    ///
    /// # Examples
    ///
    /// See [`Channel`].
    ///
    /// ```
    /// # let name = format!("doc.channel.state2.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// let sender = queue.sender()?;
    /// assert_eq!(coview::Channel::open(&name)?.state()?.senders.present, 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn state(&self) -> Result<ChannelState> {
        ChannelState::of(&self.ring)
    }
}
