//! A topic: messages in order, each of them to every subscriber.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::form::ChannelKind;
use super::payload::Payload;
use super::publisher::Publisher;
use super::receiving::Receiving;
use super::ring::{Opening, Ring};
use super::sending::Sending;
use super::state::ChannelState;
use super::subscriber::Subscriber;
use super::topic_options::TopicOptions;
use crate::{Noun, Result};

/// Messages in order, each of which goes to every subscriber.
///
/// Several publishers and subscribers, up to 64 of each at a time, may come and go. `Topic<[u8]>` carries bytes of varying
/// length, `Topic<T>` values of a [`Pod`](bytemuck::Pod) type.
///
/// A topic is *lossless* unless [`TopicOptions::lossy`] says otherwise: then a publisher that is a whole
/// [capacity](TopicOptions::capacity) ahead of the slowest subscriber waits for it. In a lossy topic nobody waits: the oldest
/// message is written over, and who has missed it is told how many: [`Message::missed`](crate::Message::missed). A late
/// subscriber gets up to as many of the last messages as the [history](TopicOptions::history) says.
///
/// Both ends work in shared memory: a message is written once, where all subscribers read it; publishing costs the same
/// however many there are, and a system call is made only to sleep and to wake who sleeps.
///
/// # When a process dies
///
/// - A publisher: what it has committed is delivered; what it was writing is not, and costs nobody anything else, but that
///   in a lossy topic the oldest message is gone. Subscribers are told when there is nobody left to wait for:
///   [`ErrorKind::Disconnected`](crate::ErrorKind::Disconnected).
/// - A subscriber: a publisher that it holds up goes on within milliseconds.
///
/// The kernel knows who lives. Those who wait ask it some hundred times a second.
///
/// # Layout
///
#[doc = include_str!("layout.md")]
///
/// # Examples
///
/// ```
/// use coview::Topic;
///
/// # let name = format!("doc.topic.{}", std::process::id());
/// let prices = Topic::<f64>::create(&name)?;
/// let mut publisher = prices.publisher()?;
///
/// // Usually in other processes.
/// let mut first = Topic::<f64>::open(&name)?.subscriber()?;
/// let mut second = Topic::<f64>::open(&name)?.subscriber()?;
/// publisher.publish(&21.5)?;
/// assert_eq!((first.recv_copy()?, second.recv_copy()?), (21.5, 21.5));
/// # Ok::<(), coview::Error>(())
/// ```
pub struct Topic<T: Payload + ?Sized> {
    ring: Arc<Ring>,
    _payload: PhantomData<fn(&T) -> *const T>,
}

impl<T: Payload + ?Sized> Topic<T> {
    /// Creates a topic, which must be new.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) while an object of this name lives, and all that
    /// [`Mapping::create`](crate::Mapping::create) can say; [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName) also
    /// for a POSIX name, whose object would stay behind.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.topic.create.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str) -> Result<Topic<T>> {
        Topic::create_with(&TopicOptions::new(), name)
    }

    /// Creates a topic with options; see [`Topic::create`].
    ///
    /// # Errors
    ///
    /// As for [`Topic::create`]; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a capacity of 0, or an
    /// alignment that is no power of two up to 4096.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.topic.create.with.{}", std::process::id());
    /// let options = coview::TopicOptions::new().capacity(1000).max_len(256);
    /// let topic = coview::Topic::<[u8]>::create_with(&options, &name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_with(options: &TopicOptions, name: &str) -> Result<Topic<T>> {
        opening::<T>(options).create(name).map(Topic::new)
    }

    /// Opens a topic that exists.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::open`](crate::Mapping::open); [`ErrorKind::Incompatible`](crate::ErrorKind::Incompatible) if there
    /// is something else in the mapping, or a topic of another type.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Topic};
    ///
    /// # let name = format!("doc.topic.open.{}", std::process::id());
    /// let topic = Topic::<u64>::create(&name)?;
    /// assert_eq!(Topic::<u32>::open(&name).unwrap_err().kind(), ErrorKind::Incompatible);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Topic<T>> {
        Topic::open_with(&TopicOptions::new(), name)
    }

    /// Opens a topic that exists, with options: a [`TopicOptions::max_len`] and a [`TopicOptions::align`] are the least that
    /// will do, and what else belongs to a new topic is ignored.
    ///
    /// # Errors
    ///
    /// As for [`Topic::open`]; [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) when there is an
    /// [`open_timeout`](TopicOptions::open_timeout) and it passes.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Topic, TopicOptions};
    ///
    /// let patient = TopicOptions::new().open_timeout(std::time::Duration::from_millis(5));
    /// let error = Topic::<u64>::open_with(&patient, "doc.topic.nowhere").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// ```
    pub fn open_with(options: &TopicOptions, name: &str) -> Result<Topic<T>> {
        opening::<T>(options).open(name).map(Topic::new)
    }

    /// Opens a topic, or creates it if it is not there: what peers do that may begin in any order.
    ///
    /// # Errors
    ///
    /// As for [`Topic::create`] and [`Topic::open`], but for `AlreadyExists` and `NotFound`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.topic.either.{}", std::process::id());
    /// let here = coview::Topic::<u64>::create_or_open(&name)?;
    /// let there = coview::Topic::<u64>::create_or_open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str) -> Result<Topic<T>> {
        Topic::create_or_open_with(&TopicOptions::new(), name)
    }

    /// Opens a topic, or creates it with these options; see [`Topic::create_or_open`]. Capacity, history, and how many
    /// publishers there may be at a time, are the creator's choice; whether it is lossy must be the same.
    ///
    /// # Errors
    ///
    /// As for [`Topic::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.topic.either.with.{}", std::process::id());
    /// let options = coview::TopicOptions::new().one_publisher();
    /// let topic = coview::Topic::<u64>::create_or_open_with(&options, &name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open_with(options: &TopicOptions, name: &str) -> Result<Topic<T>> {
        opening::<T>(options).create_or_open(name).map(Topic::new)
    }

    /// Becomes a publisher.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) if the topic has [one publisher](TopicOptions::one_publisher) at a time and that
    /// lives, [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) while 64 live; what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.topic.publisher.{}", std::process::id());
    /// let mut publisher = coview::Topic::<u64>::create(&name)?.publisher()?;
    /// publisher.publish(&7)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn publisher(&self) -> Result<Publisher<T>> {
        Sending::join(&self.ring).map(Publisher::new)
    }

    /// Becomes a subscriber: gets what is published from now on, and up to the last messages that the topic's
    /// [history](TopicOptions::history) says.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) while 64 live; what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Topic, TopicOptions};
    ///
    /// # let name = format!("doc.topic.subscriber.{}", std::process::id());
    /// let topic = Topic::<u64>::create_with(&TopicOptions::new().history(2), &name)?;
    /// topic.publisher()?.publish_many([1, 2, 3])?;
    /// assert_eq!(topic.subscriber()?.recv_copy()?, 2);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn subscriber(&self) -> Result<Subscriber<T>> {
        Receiving::join(&self.ring).map(Subscriber::new)
    }

    /// Returns what the topic has seen, and who is there.
    ///
    /// # Errors
    ///
    /// What the system says of asking who lives.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.topic.state.{}", std::process::id());
    /// let topic = coview::Topic::<u64>::create(&name)?;
    /// assert_eq!(topic.state()?.depth, 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn state(&self) -> Result<ChannelState> {
        ChannelState::of(&self.ring)
    }

    /// Returns whether publishers write over messages that slow subscribers have not received.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.topic.lossy.{}", std::process::id());
    /// assert!(!coview::Topic::<u64>::create(&name)?.is_lossy());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn is_lossy(&self) -> bool {
        self.ring.form.lossy
    }

    /// Returns the name as it was given.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.topic.name.{}", std::process::id());
    /// assert_eq!(coview::Topic::<u64>::create(&name)?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.ring.name()
    }

    fn new(ring: Ring) -> Topic<T> {
        Topic { ring: Arc::new(ring), _payload: PhantomData }
    }
}

impl<T: Payload + ?Sized> fmt::Debug for Topic<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Topic").field("name", &self.name()).field("form", &self.ring.form).finish()
    }
}

fn opening<T: Payload + ?Sized>(options: &TopicOptions) -> Opening {
    let mut form = options.common.form::<T>(ChannelKind::Topic);
    (form.lossy, form.history, form.one_sender) = (options.lossy, options.history, options.one_publisher);
    let least_len = options.common.max_len.unwrap_or(0);
    Opening { form, least_len, open_timeout: options.common.open_timeout, noun: Noun::Topic }
}
