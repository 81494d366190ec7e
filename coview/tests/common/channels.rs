//! Channels of bytes of every kind, under one face, and messages that tell by themselves what they are.

use std::time::Duration;

use coview::{
    Channel, ChannelState, Loan, Message, Publisher, Queue, QueueOptions, Receiver, Result, Sender, Subscriber, Topic,
    TopicOptions, Waitable,
};

use super::sealed::mix;

/// What a channel does with its messages, and how many ends it may have at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Queue,
    QueueOfOneSender,
    QueueOfOneReceiver,
    Pipe,
    Topic,
    TopicOfOne,
    Lossy,
    LossyOfOne,
}

pub(crate) const QUEUES: [Kind; 4] = [Kind::Queue, Kind::QueueOfOneSender, Kind::QueueOfOneReceiver, Kind::Pipe];
pub(crate) const TOPICS: [Kind; 4] = [Kind::Topic, Kind::TopicOfOne, Kind::Lossy, Kind::LossyOfOne];
pub(crate) const KINDS: [Kind; 8] = [
    Kind::Queue,
    Kind::QueueOfOneSender,
    Kind::QueueOfOneReceiver,
    Kind::Pipe,
    Kind::Topic,
    Kind::TopicOfOne,
    Kind::Lossy,
    Kind::LossyOfOne,
];

impl Kind {
    /// The kind of this name, which is how `Debug` writes it.
    pub(crate) fn named(name: &str) -> Kind {
        KINDS.into_iter().find(|kind| format!("{kind:?}") == name).expect("it is the name of a kind")
    }

    pub(crate) fn is_queue(self) -> bool {
        QUEUES.contains(&self)
    }

    pub(crate) fn is_lossy(self) -> bool {
        matches!(self, Kind::Lossy | Kind::LossyOfOne)
    }

    pub(crate) fn has_one_sender(self) -> bool {
        matches!(self, Kind::QueueOfOneSender | Kind::Pipe | Kind::TopicOfOne | Kind::LossyOfOne)
    }

    pub(crate) fn has_one_receiver(self) -> bool {
        matches!(self, Kind::QueueOfOneReceiver | Kind::Pipe)
    }
}

/// How large a channel is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) capacity: u64,
    pub(crate) max_len: u64,
    pub(crate) history: u64,
}

impl Size {
    pub(crate) const fn new(capacity: u64, max_len: u64) -> Size {
        Size { capacity, max_len, history: 0 }
    }
}

#[derive(Debug)]
pub(crate) enum Hub {
    Queue(Queue<[u8]>),
    Topic(Topic<[u8]>),
}

impl Hub {
    pub(crate) fn create(kind: Kind, size: Size, name: &str) -> Result<Hub> {
        if kind.is_queue() {
            let options = QueueOptions::new().capacity(size.capacity).max_len(size.max_len);
            let options = if kind.has_one_sender() { options.one_sender() } else { options };
            let options = if kind.has_one_receiver() { options.one_receiver() } else { options };
            return Queue::create_with(&options, name).map(Hub::Queue);
        }
        let options = TopicOptions::new().capacity(size.capacity).max_len(size.max_len).history(size.history);
        let options = if kind.has_one_sender() { options.one_publisher() } else { options };
        let options = if kind.is_lossy() { options.lossy() } else { options };
        Topic::create_with(&options, name).map(Hub::Topic)
    }

    pub(crate) fn open(kind: Kind, name: &str) -> Result<Hub> {
        if kind.is_queue() { Queue::open(name).map(Hub::Queue) } else { Topic::open(name).map(Hub::Topic) }
    }

    pub(crate) fn sender(&self) -> Result<Tx> {
        match self {
            Hub::Queue(queue) => queue.sender().map(Tx::Sender),
            Hub::Topic(topic) => topic.publisher().map(Tx::Publisher),
        }
    }

    pub(crate) fn receiver(&self) -> Result<Rx> {
        match self {
            Hub::Queue(queue) => queue.receiver().map(Rx::Receiver),
            Hub::Topic(topic) => topic.subscriber().map(Rx::Subscriber),
        }
    }

    pub(crate) fn state(&self) -> Result<ChannelState> {
        match self {
            Hub::Queue(queue) => queue.state(),
            Hub::Topic(topic) => topic.state(),
        }
    }

    pub(crate) fn capacity(&self) -> Result<u64> {
        let name = match self {
            Hub::Queue(queue) => queue.name(),
            Hub::Topic(topic) => topic.name(),
        };
        Channel::open(name).map(|channel| channel.capacity())
    }
}

#[derive(Debug)]
pub(crate) enum Tx {
    Sender(Sender<[u8]>),
    Publisher(Publisher<[u8]>),
}

impl Tx {
    pub(crate) fn send(&mut self, message: &[u8]) -> Result<()> {
        match self {
            Tx::Sender(sender) => sender.send(message),
            Tx::Publisher(publisher) => publisher.publish(message),
        }
    }

    pub(crate) fn try_send(&mut self, message: &[u8]) -> Result<bool> {
        match self {
            Tx::Sender(sender) => sender.try_send(message),
            Tx::Publisher(publisher) => publisher.try_publish(message),
        }
    }

    pub(crate) fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<bool> {
        match self {
            Tx::Sender(sender) => sender.send_timeout(message, timeout),
            Tx::Publisher(publisher) => publisher.publish_timeout(message, timeout),
        }
    }

    pub(crate) fn send_many(&mut self, messages: &[Vec<u8>]) -> Result<usize> {
        match self {
            Tx::Sender(sender) => sender.send_many(messages.iter().map(Vec::as_slice)),
            Tx::Publisher(publisher) => publisher.publish_many(messages.iter().map(Vec::as_slice)),
        }
    }

    pub(crate) fn try_loan(&mut self, len: usize) -> Result<Option<Loan<'_, [u8]>>> {
        match self {
            Tx::Sender(sender) => sender.try_loan(len),
            Tx::Publisher(publisher) => publisher.try_loan(len),
        }
    }

    pub(crate) fn loan_timeout(&mut self, len: usize, timeout: Duration) -> Result<Option<Loan<'_, [u8]>>> {
        match self {
            Tx::Sender(sender) => sender.loan_timeout(len, timeout),
            Tx::Publisher(publisher) => publisher.loan_timeout(len, timeout),
        }
    }

    pub(crate) fn waitable(&self) -> Waitable<'_> {
        match self {
            Tx::Sender(sender) => sender.into(),
            Tx::Publisher(publisher) => publisher.into(),
        }
    }
}

#[derive(Debug)]
pub(crate) enum Rx {
    Receiver(Receiver<[u8]>),
    Subscriber(Subscriber<[u8]>),
}

impl Rx {
    pub(crate) fn try_recv(&mut self) -> Result<Option<Message<'_, [u8]>>> {
        match self {
            Rx::Receiver(receiver) => receiver.try_recv(),
            Rx::Subscriber(subscriber) => subscriber.try_recv(),
        }
    }

    pub(crate) fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Message<'_, [u8]>>> {
        match self {
            Rx::Receiver(receiver) => receiver.recv_timeout(timeout),
            Rx::Subscriber(subscriber) => subscriber.recv_timeout(timeout),
        }
    }

    pub(crate) fn recv_copy(&mut self) -> Result<Vec<u8>> {
        match self {
            Rx::Receiver(receiver) => receiver.recv_copy(),
            Rx::Subscriber(subscriber) => subscriber.recv_copy(),
        }
    }

    pub(crate) fn try_recv_copy(&mut self) -> Result<Option<Vec<u8>>> {
        match self {
            Rx::Receiver(receiver) => receiver.try_recv_copy(),
            Rx::Subscriber(subscriber) => subscriber.try_recv_copy(),
        }
    }

    pub(crate) fn recv_copy_timeout(&mut self, timeout: Duration) -> Result<Option<Vec<u8>>> {
        match self {
            Rx::Receiver(receiver) => receiver.recv_copy_timeout(timeout),
            Rx::Subscriber(subscriber) => subscriber.recv_copy_timeout(timeout),
        }
    }

    pub(crate) fn recv_into_timeout(&mut self, bytes: &mut Vec<u8>, timeout: Duration) -> Result<bool> {
        match self {
            Rx::Receiver(receiver) => receiver.recv_into_timeout(bytes, timeout),
            Rx::Subscriber(subscriber) => subscriber.recv_into_timeout(bytes, timeout),
        }
    }

    pub(crate) fn recv_many_timeout(
        &mut self,
        max: usize,
        take: impl FnMut(&Message<'_, [u8]>),
        timeout: Duration,
    ) -> Result<usize> {
        match self {
            Rx::Receiver(receiver) => receiver.recv_many_timeout(max, take, timeout),
            Rx::Subscriber(subscriber) => subscriber.recv_many_timeout(max, take, timeout),
        }
    }

    pub(crate) fn wait_connected_timeout(&mut self, timeout: Duration) -> Result<bool> {
        match self {
            Rx::Receiver(receiver) => receiver.wait_connected_timeout(timeout),
            Rx::Subscriber(subscriber) => subscriber.wait_connected_timeout(timeout),
        }
    }

    pub(crate) fn missed(&self) -> u64 {
        match self {
            Rx::Receiver(_) => 0,
            Rx::Subscriber(subscriber) => subscriber.missed(),
        }
    }

    pub(crate) fn waitable(&self) -> Waitable<'_> {
        match self {
            Rx::Receiver(receiver) => receiver.into(),
            Rx::Subscriber(subscriber) => subscriber.into(),
        }
    }
}

/// The shortest message that says what it is.
pub(crate) const PARCEL_LEN_MIN: usize = 24;

/// The message of this number of a sender, of at least [`PARCEL_LEN_MIN`] bytes: all of them follow from the three.
pub(crate) fn pack(sender: u64, number: u64, len: usize) -> Vec<u8> {
    let seal = mix(mix(sender, number), len as u64);
    let head = [sender, number, seal].into_iter();
    let words = head.chain((0..).map(|index| mix(seal, index)));
    let mut bytes: Vec<u8> = words.take(len.div_ceil(8)).flat_map(u64::to_le_bytes).collect();
    bytes.truncate(len);
    bytes
}

/// Whose message these bytes are and which, if they are a whole one.
pub(crate) fn unpack(bytes: &[u8]) -> std::result::Result<(u64, u64), String> {
    let word = |index: usize| Some(u64::from_le_bytes(bytes.get(8 * index..8 * index + 8)?.try_into().ok()?));
    let (Some(sender), Some(number), Some(_)) = (word(0), word(1), word(2)) else {
        return Err(format!("a message of {} bytes came", bytes.len()));
    };
    if pack(sender, number, bytes.len()) == bytes {
        return Ok((sender, number));
    }
    Err(format!("a torn message came, of {} bytes: {:?}", bytes.len(), &bytes[..bytes.len().min(64)]))
}

/// The bytes of a message that is read in place.
pub(crate) fn bytes_of(message: &Message<'_, [u8]>) -> Vec<u8> {
    let mut bytes = vec![0; message.len()];
    message.read(0, &mut bytes);
    bytes
}
