//! A queue: messages in order, each of them to one receiver.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::form::ChannelKind;
use super::payload::Payload;
use super::queue_options::QueueOptions;
use super::receiver::Receiver;
use super::receiving::Receiving;
use super::ring::{Opening, Ring};
use super::sender::Sender;
use super::sending::Sending;
use super::state::ChannelState;
use crate::{Noun, Result};

/// Messages in order, each of which goes to exactly one receiver.
///
/// Any number of senders and receivers, up to 64 of each at a time, may come and go; messages stay until they are received,
/// as long as any handle to the queue lives. `Queue<[u8]>` carries bytes of varying length, `Queue<T>` values of a
/// [`Pod`](bytemuck::Pod) type.
///
/// Both ends work in shared memory: a message is written where it is read, [`Sender::loan`](Sender) and
/// [`Receiver::recv`] need no copy, and a system call is made only to sleep and to wake who sleeps.
///
/// # When a process dies
///
/// - A sender: what it has committed is delivered; what it was writing is not, and costs nobody anything else. Receivers are
///   told when there is nobody left to wait for: [`ErrorKind::Disconnected`](crate::ErrorKind::Disconnected).
/// - A receiver: messages that it has finished with are gone. The one in its hands, for it has at most one, is delivered
///   again, marked by [`Message::was_redelivered`](crate::Message::was_redelivered): to another receiver, or to the next one.
///   Who does not want it twice drops what is marked.
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
/// use coview::Queue;
///
/// # let name = format!("doc.queue.{}", std::process::id());
/// let jobs = Queue::<[u8]>::create(&name)?;
/// let mut sender = jobs.sender()?;
/// sender.send(b"build")?;
///
/// // Usually in another process.
/// let mut receiver = Queue::<[u8]>::open(&name)?.receiver()?;
/// assert_eq!(receiver.recv_copy()?, b"build");
/// # Ok::<(), coview::Error>(())
/// ```
pub struct Queue<T: Payload + ?Sized> {
    ring: Arc<Ring>,
    _payload: PhantomData<fn(&T) -> *const T>,
}

impl<T: Payload + ?Sized> Queue<T> {
    /// Creates a queue, which must be new.
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
    /// # let name = format!("doc.queue.create.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create(name: &str) -> Result<Queue<T>> {
        Queue::create_with(&QueueOptions::new(), name)
    }

    /// Creates a queue with options; see [`Queue::create`].
    ///
    /// # Errors
    ///
    /// As for [`Queue::create`]; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a capacity of 0, or an
    /// alignment that is no power of two up to 4096.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.queue.create.with.{}", std::process::id());
    /// let options = coview::QueueOptions::new().capacity(1000).max_len(256);
    /// let queue = coview::Queue::<[u8]>::create_with(&options, &name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_with(options: &QueueOptions, name: &str) -> Result<Queue<T>> {
        opening::<T>(options).create(name).map(Queue::new)
    }

    /// Opens a queue that exists.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::open`](crate::Mapping::open); [`ErrorKind::Incompatible`](crate::ErrorKind::Incompatible) if there
    /// is something else in the mapping, or a queue of another type.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Queue};
    ///
    /// # let name = format!("doc.queue.open.{}", std::process::id());
    /// let queue = Queue::<u64>::create(&name)?;
    /// assert_eq!(Queue::<u32>::open(&name).unwrap_err().kind(), ErrorKind::Incompatible);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Queue<T>> {
        Queue::open_with(&QueueOptions::new(), name)
    }

    /// Opens a queue that exists, with options: a [`QueueOptions::max_len`] and a [`QueueOptions::align`] are the least that
    /// will do, and what else belongs to a new queue is ignored.
    ///
    /// # Errors
    ///
    /// As for [`Queue::open`]; [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) when there is an
    /// [`open_timeout`](QueueOptions::open_timeout) and it passes.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Queue, QueueOptions};
    ///
    /// let patient = QueueOptions::new().open_timeout(std::time::Duration::from_millis(5));
    /// let error = Queue::<u64>::open_with(&patient, "doc.queue.nowhere").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// ```
    pub fn open_with(options: &QueueOptions, name: &str) -> Result<Queue<T>> {
        opening::<T>(options).open(name).map(Queue::new)
    }

    /// Opens a queue, or creates it if it is not there: what peers do that may begin in any order.
    ///
    /// # Errors
    ///
    /// As for [`Queue::create`] and [`Queue::open`], but for `AlreadyExists` and `NotFound`.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.queue.either.{}", std::process::id());
    /// let here = coview::Queue::<u64>::create_or_open(&name)?;
    /// let there = coview::Queue::<u64>::create_or_open(&name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open(name: &str) -> Result<Queue<T>> {
        Queue::create_or_open_with(&QueueOptions::new(), name)
    }

    /// Opens a queue, or creates it with these options; see [`Queue::create_or_open`]. Capacity, and how many ends there may
    /// be at a time, are the creator's choice.
    ///
    /// # Errors
    ///
    /// As for [`Queue::create_or_open`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.queue.either.with.{}", std::process::id());
    /// let options = coview::QueueOptions::new().one_receiver();
    /// let queue = coview::Queue::<u64>::create_or_open_with(&options, &name)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn create_or_open_with(options: &QueueOptions, name: &str) -> Result<Queue<T>> {
        opening::<T>(options).create_or_open(name).map(Queue::new)
    }

    /// Becomes a sender.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) if the queue has [one sender](QueueOptions::one_sender) at a time and that
    /// lives, [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) while 64 live; what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.queue.sender.{}", std::process::id());
    /// let mut sender = coview::Queue::<u64>::create(&name)?.sender()?;
    /// sender.send(&7)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn sender(&self) -> Result<Sender<T>> {
        Sending::join(&self.ring).map(Sender::new)
    }

    /// Becomes a receiver.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) if the queue has [one receiver](QueueOptions::one_receiver) at a time and
    /// that lives, [`ErrorKind::LimitExceeded`](crate::ErrorKind::LimitExceeded) while 64 live; what the system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{ErrorKind, Queue, QueueOptions};
    ///
    /// # let name = format!("doc.queue.receiver.{}", std::process::id());
    /// let queue = Queue::<u64>::create_with(&QueueOptions::new().one_receiver(), &name)?;
    /// let receiver = queue.receiver()?;
    /// assert_eq!(queue.receiver().unwrap_err().kind(), ErrorKind::Busy);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn receiver(&self) -> Result<Receiver<T>> {
        Receiving::join(&self.ring).map(Receiver::new)
    }

    /// Returns what the queue has seen, and who is there.
    ///
    /// # Errors
    ///
    /// What the system says of asking who lives.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.queue.state.{}", std::process::id());
    /// let queue = coview::Queue::<u64>::create(&name)?;
    /// assert_eq!(queue.state()?.depth, 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn state(&self) -> Result<ChannelState> {
        ChannelState::of(&self.ring)
    }

    /// Returns the name as it was given.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.queue.name.{}", std::process::id());
    /// assert_eq!(coview::Queue::<u64>::create(&name)?.name(), name);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.ring.name()
    }

    fn new(ring: Ring) -> Queue<T> {
        Queue { ring: Arc::new(ring), _payload: PhantomData }
    }
}

impl<T: Payload + ?Sized> fmt::Debug for Queue<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Queue").field("name", &self.name()).field("form", &self.ring.form).finish()
    }
}

fn opening<T: Payload + ?Sized>(options: &QueueOptions) -> Opening {
    let mut form = options.common.form::<T>(ChannelKind::Queue);
    (form.one_sender, form.one_receiver) = (options.one_sender, options.one_receiver);
    let least_len = options.common.max_len.unwrap_or(0);
    Opening { form, least_len, open_timeout: options.common.open_timeout, noun: Noun::Queue }
}
