//! The two ends of a channel as the commands use them: whether it is a queue or a topic, created or found.

use std::time::Duration;

use clap::Args;
use coview::{
    Channel, ChannelKind, ChannelState, EndStats, ErrorKind, Message, Publisher, Queue, QueueOptions, Receiver, Sender,
    Subscriber, Topic, TopicOptions,
};

use crate::failure::Failure;
use crate::holding::Others;
use crate::{os, output, units};

/// How much may wait in a new channel, if nobody says otherwise: more than a second-level cache holds, so that a stream flows
/// in long stretches, and no memory worth a thought.
const ROOM: u64 = 4 << 20;
const CAPACITY_MIN: u64 = 4;
const CAPACITY_MAX: u64 = 1024;

/// How the help explains who creates the channel.
pub(crate) const ORDER: &str = "\
Either side may begin: the channel is opened, or created if it does not exist. --create and --open ask for one of the \
two. --capacity, --rights, --lossy and --history count for whoever creates it; --max-len is the least that will do for \
whoever opens it.";

/// Which channel, and who creates it.
#[derive(Debug, Args)]
pub(crate) struct Opening {
    /// Its name
    pub(crate) name: String,

    /// Create it: it must not exist
    #[arg(long, conflicts_with_all = ["open", "wait"])]
    create: bool,

    /// Open it: it must exist
    #[arg(long)]
    open: bool,

    /// Open it, and wait so long for it to exist
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    wait: Option<Duration>,

    /// Let so many messages wait in a new channel; without it as many as make 4 MiB, but 4 at least and 1024 at most
    #[arg(
        long,
        value_parser = clap::value_parser!(u64).range(1..),
        value_name = "N",
        conflicts_with_all = ["open", "wait"]
    )]
    capacity: Option<u64>,

    /// Have room for so many bytes in a message; without it 16K in a new channel, 256K with --raw, N with --fixed N
    #[arg(long, value_parser = units::size, value_name = "N")]
    max_len: Option<u64>,

    /// What other users may do with a new channel
    #[arg(long, value_enum, default_value_t = Others::Private, value_name = "WHO", conflicts_with_all = ["open", "wait"])]
    rights: Others,
}

/// What a new topic can have and a queue cannot.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TopicChoice {
    /// Make a new topic one in which nobody waits for slow subscribers: they miss messages, and are told how many
    #[arg(long)]
    pub(crate) lossy: bool,

    /// Give late subscribers of a new topic up to the last N messages
    #[arg(long, value_name = "N", conflicts_with_all = ["open", "wait"])]
    pub(crate) history: Option<u64>,
}

impl Opening {
    /// The queue that is asked for.
    ///
    /// `message_len` is what a new queue has to have room for, if nobody says otherwise.
    pub(crate) fn queue(&self, message_len: u64) -> Result<Queue<[u8]>, Failure> {
        let options = QueueOptions::new().rights(self.rights.rights());
        let options = self.wait.iter().fold(options, |options, &wait| options.open_timeout(wait));
        let wanted = options.clone().max_len(self.max_len.unwrap_or(0));
        let (capacity, max_len) = self.room(message_len);
        let new = options.max_len(max_len).capacity(capacity);
        self.choose(
            || Queue::open_with(&wanted, &self.name),
            || Queue::create_with(&new, &self.name),
            || Queue::create_or_open_with(&new, &self.name),
        )
    }

    /// The topic that is asked for; see [`Opening::queue`].
    pub(crate) fn topic(&self, choice: TopicChoice, message_len: u64) -> Result<Topic<[u8]>, Failure> {
        let options = TopicOptions::new().rights(self.rights.rights());
        let options = self.wait.iter().fold(options, |options, &wait| options.open_timeout(wait));
        let wanted = options.clone().max_len(self.max_len.unwrap_or(0));
        let (capacity, max_len) = self.room(message_len);
        let new = options.max_len(max_len).capacity(capacity).history(choice.history.unwrap_or(0));
        let new = if choice.lossy { new.lossy() } else { new };
        let topic = self.choose(
            || Topic::open_with(&wanted, &self.name),
            || Topic::create_with(&new, &self.name),
            || Topic::create_or_open_with(&new, &self.name),
        )?;
        if choice.lossy && !Channel::open(&self.name)?.is_lossy() {
            let name = output::printable(&self.name);
            let reason = format!("topic `{name}` exists and is lossless; leave --lossy out, or end those who hold it");
            return Err(Failure::Refused(reason));
        }
        Ok(topic)
    }

    /// How many messages of how many bytes a new channel has room for.
    fn room(&self, message_len: u64) -> (u64, u64) {
        let max_len = self.max_len.unwrap_or(message_len);
        let capacity = (ROOM / max_len.max(1)).clamp(CAPACITY_MIN, CAPACITY_MAX);
        (self.capacity.unwrap_or(capacity), max_len)
    }

    /// Opens or creates, as was asked for. What exists need not be as large as what would be created.
    fn choose<C>(
        &self,
        open: impl Fn() -> coview::Result<C>,
        create: impl Fn() -> coview::Result<C>,
        create_or_open: impl Fn() -> coview::Result<C>,
    ) -> Result<C, Failure> {
        if !self.create {
            match open() {
                Err(error) if error.kind() == ErrorKind::NotFound && !self.open && self.wait.is_none() => {}
                opened => return Ok(opened?),
            }
        }
        if self.name.starts_with('/') {
            let name = output::printable(&self.name);
            let reason = format!("`{name}` may be POSIX shared memory, which does not go by itself");
            return Err(Failure::Refused(format!("{reason}: a channel of that name is opened here, and not created")));
        }
        if self.create {
            return Ok(create()?);
        }
        match create_or_open() {
            // Somebody else has created it meanwhile, otherwise than it would have been here.
            Err(error) if error.kind() == ErrorKind::Incompatible => Ok(open()?),
            made => Ok(made?),
        }
    }
}

/// The end of a channel into which messages go.
pub(crate) enum Outlet {
    Queue(Queue<[u8]>, Sender<[u8]>),
    Topic(Topic<[u8]>, Publisher<[u8]>),
}

/// The end of a channel from which messages come.
pub(crate) enum Inlet {
    Queue(Queue<[u8]>, Receiver<[u8]>),
    Topic(Topic<[u8]>, Subscriber<[u8]>),
}

impl Outlet {
    pub(crate) fn sender(queue: Queue<[u8]>) -> coview::Result<Outlet> {
        let sender = queue.sender()?;
        Ok(Outlet::Queue(queue, sender))
    }

    pub(crate) fn publisher(topic: Topic<[u8]>) -> coview::Result<Outlet> {
        let publisher = topic.publisher()?;
        Ok(Outlet::Topic(topic, publisher))
    }

    pub(crate) fn kind(&self) -> ChannelKind {
        match self {
            Outlet::Queue(..) => ChannelKind::Queue,
            Outlet::Topic(..) => ChannelKind::Topic,
        }
    }

    pub(crate) fn max_len(&self) -> usize {
        match self {
            Outlet::Queue(_, sender) => sender.max_len(),
            Outlet::Topic(_, publisher) => publisher.max_len(),
        }
    }

    pub(crate) fn send(&mut self, message: &[u8]) -> coview::Result<()> {
        match self {
            Outlet::Queue(_, sender) => sender.send(message),
            Outlet::Topic(_, publisher) => publisher.publish(message),
        }
    }

    /// Sends what can be read from stdin at once, without a copy; `None` if that cannot be done here.
    pub(crate) fn send_stdin(&mut self) -> Option<Result<usize, Failure>> {
        match self {
            Outlet::Queue(_, sender) if sender.max_len() > 0 => os::send_stdin(sender),
            _ => None,
        }
    }

    pub(crate) fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> coview::Result<bool> {
        match self {
            Outlet::Queue(_, sender) => sender.send_timeout(message, timeout),
            Outlet::Topic(_, publisher) => publisher.publish_timeout(message, timeout),
        }
    }

    pub(crate) fn state(&self) -> coview::Result<ChannelState> {
        match self {
            Outlet::Queue(queue, _) => queue.state(),
            Outlet::Topic(topic, _) => topic.state(),
        }
    }

    pub(crate) fn stats(&self) -> EndStats {
        match self {
            Outlet::Queue(_, sender) => sender.stats(),
            Outlet::Topic(_, publisher) => publisher.stats(),
        }
    }
}

impl Inlet {
    pub(crate) fn receiver(queue: Queue<[u8]>) -> coview::Result<Inlet> {
        let receiver = queue.receiver()?;
        Ok(Inlet::Queue(queue, receiver))
    }

    pub(crate) fn subscriber(topic: Topic<[u8]>) -> coview::Result<Inlet> {
        let subscriber = topic.subscriber()?;
        Ok(Inlet::Topic(topic, subscriber))
    }

    pub(crate) fn kind(&self) -> ChannelKind {
        match self {
            Inlet::Queue(..) => ChannelKind::Queue,
            Inlet::Topic(..) => ChannelKind::Topic,
        }
    }

    /// Waits for a message, then takes what is there, at most `max` messages.
    pub(crate) fn recv_many_timeout(
        &mut self,
        max: usize,
        take: impl FnMut(&Message<'_, [u8]>),
        timeout: Duration,
    ) -> coview::Result<usize> {
        match self {
            Inlet::Queue(_, receiver) => receiver.recv_many_timeout(max, take, timeout),
            Inlet::Topic(_, subscriber) => subscriber.recv_many_timeout(max, take, timeout),
        }
    }

    pub(crate) fn wait_connected_timeout(&mut self, timeout: Duration) -> coview::Result<bool> {
        match self {
            Inlet::Queue(_, receiver) => receiver.wait_connected_timeout(timeout),
            Inlet::Topic(_, subscriber) => subscriber.wait_connected_timeout(timeout),
        }
    }

    pub(crate) fn state(&self) -> coview::Result<ChannelState> {
        match self {
            Inlet::Queue(queue, _) => queue.state(),
            Inlet::Topic(topic, _) => topic.state(),
        }
    }

    pub(crate) fn stats(&self) -> EndStats {
        match self {
            Inlet::Queue(_, receiver) => receiver.stats(),
            Inlet::Topic(_, subscriber) => subscriber.stats(),
        }
    }
}
