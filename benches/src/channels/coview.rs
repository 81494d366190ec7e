//! Coview's channels, as queues and topics of values and of bytes.
//!
//! Needs `unsafe` to write and read messages where they lie as slices, which is for those who trust their peers.

use std::hint::spin_loop;
use std::process;

use coview::{Publisher, Queue, QueueOptions, Receiver, Sender, Subscriber, Topic, TopicOptions};

use super::channel::{Channel, Consumer, Producer, Shape, Waiting, fresh_name, spin};
use super::works::{Measure, Side, Task};

/// One to one, with the capacity that the rivals have.
const ONE_TO_ONE: &str = "Coview";
/// One to one, as it comes.
pub(super) const DEFAULT: &str = "Coview, default capacity";
const MANY: &str = "Coview, many to many";
const TOPIC: &str = "Coview topic";

/// Coview in all the ways it can be used for the task, first the one that is compared with the rivals.
pub(super) fn sides(task: Task) -> Vec<Side> {
    match (task.measure, task.len()) {
        (Measure::Publish, _) => vec![task.side::<TopicOfValues<64, true>>(TOPIC)],
        (_, 8) => of_values::<8>(task),
        (_, 64) => of_values::<64>(task),
        _ => of_bytes(task),
    }
}

fn of_values<const LEN: usize>(task: Task) -> Vec<Side> {
    vec![
        task.side::<Values<LEN, true, true>>(ONE_TO_ONE),
        task.side::<Values<LEN, true, false>>(DEFAULT),
        task.side::<Values<LEN, false, true>>(MANY),
        task.side::<TopicOfValues<LEN, true>>(TOPIC),
    ]
}

fn of_bytes(task: Task) -> Vec<Side> {
    vec![
        task.side::<Bytes<true, true>>(ONE_TO_ONE),
        task.side::<Bytes<true, false>>(DEFAULT),
        task.side::<Bytes<false, true>>(MANY),
        task.side::<TopicOfBytes<true>>(TOPIC),
    ]
}

/// A queue of values of `LEN` bytes. `ONE`: for one sender and one receiver. `TOLD`: of the capacity that
/// the shape says, and not of its default.
pub(crate) struct Values<const LEN: usize, const ONE: bool, const TOLD: bool> {
    name: String,
    options: QueueOptions,
    waiting: Waiting,
    made: (u32, Queue<[u8; LEN]>),
}

/// A queue of bytes.
pub(crate) struct Bytes<const ONE: bool, const TOLD: bool> {
    name: String,
    options: QueueOptions,
    waiting: Waiting,
    made: (u32, Queue<[u8]>),
}

/// A topic of values of `LEN` bytes, with one publisher or many.
pub(crate) struct TopicOfValues<const LEN: usize, const ONE: bool> {
    name: String,
    options: TopicOptions,
    waiting: Waiting,
    made: (u32, Topic<[u8; LEN]>),
}

/// A topic of bytes, with one publisher or many.
pub(crate) struct TopicOfBytes<const ONE: bool> {
    name: String,
    options: TopicOptions,
    waiting: Waiting,
    made: (u32, Topic<[u8]>),
}

/// An end that receives, and how it waits.
pub(crate) struct Reader<R> {
    end: R,
    waiting: Waiting,
}

fn queue_options(one: bool, told: bool, shape: &Shape) -> QueueOptions {
    let options = QueueOptions::new();
    let options = if one { options.one_sender().one_receiver() } else { options };
    if told { options.capacity(shape.capacity as u64) } else { options }
}

fn topic_options(one: bool, shape: &Shape) -> TopicOptions {
    let options = TopicOptions::new().capacity(shape.capacity as u64);
    if one { options.one_publisher() } else { options }
}

impl<const LEN: usize, const ONE: bool, const TOLD: bool> Values<LEN, ONE, TOLD> {
    /// Calls `open` with the queue as this process has it: made here, or found.
    fn with_queue<R>(&self, open: impl FnOnce(&Queue<[u8; LEN]>) -> R) -> R {
        if self.made.0 == process::id() {
            return open(&self.made.1);
        }
        open(&Queue::open_with(&self.options, &self.name).expect("open a queue"))
    }
}

impl<const LEN: usize, const ONE: bool, const TOLD: bool> Channel for Values<LEN, ONE, TOLD> {
    const IN_PLACE: bool = false;
    type Producer = Sender<[u8; LEN]>;
    type Consumer = Reader<Receiver<[u8; LEN]>>;

    fn create(shape: &Shape) -> Self {
        let (name, options) = (fresh_name(), queue_options(ONE, TOLD, shape));
        let made = (process::id(), Queue::create_with(&options, &name).expect("create a queue"));
        Values { name, options, waiting: shape.waiting, made }
    }

    fn producer(&self) -> Sender<[u8; LEN]> {
        self.with_queue(|queue| queue.sender().expect("a sender"))
    }

    fn consumer(&self) -> Reader<Receiver<[u8; LEN]>> {
        let end = self.with_queue(|queue| queue.receiver().expect("a receiver"));
        Reader { end, waiting: self.waiting }
    }
}

impl<const ONE: bool, const TOLD: bool> Bytes<ONE, TOLD> {
    fn with_queue<R>(&self, open: impl FnOnce(&Queue<[u8]>) -> R) -> R {
        if self.made.0 == process::id() {
            return open(&self.made.1);
        }
        open(&Queue::open_with(&self.options, &self.name).expect("open a queue"))
    }
}

impl<const ONE: bool, const TOLD: bool> Channel for Bytes<ONE, TOLD> {
    const IN_PLACE: bool = true;
    type Producer = Sender<[u8]>;
    type Consumer = Reader<Receiver<[u8]>>;

    fn create(shape: &Shape) -> Self {
        let (name, options) = (fresh_name(), queue_options(ONE, TOLD, shape).max_len(shape.len as u64));
        let made = (process::id(), Queue::create_with(&options, &name).expect("create a queue"));
        Bytes { name, options, waiting: shape.waiting, made }
    }

    fn producer(&self) -> Sender<[u8]> {
        self.with_queue(|queue| queue.sender().expect("a sender"))
    }

    fn consumer(&self) -> Reader<Receiver<[u8]>> {
        let end = self.with_queue(|queue| queue.receiver().expect("a receiver"));
        Reader { end, waiting: self.waiting }
    }
}

impl<const LEN: usize, const ONE: bool> TopicOfValues<LEN, ONE> {
    fn with_topic<R>(&self, open: impl FnOnce(&Topic<[u8; LEN]>) -> R) -> R {
        if self.made.0 == process::id() {
            return open(&self.made.1);
        }
        open(&Topic::open_with(&self.options, &self.name).expect("open a topic"))
    }
}

impl<const LEN: usize, const ONE: bool> Channel for TopicOfValues<LEN, ONE> {
    const IN_PLACE: bool = false;
    const BROADCASTS: bool = true;
    type Producer = Publisher<[u8; LEN]>;
    type Consumer = Reader<Subscriber<[u8; LEN]>>;

    fn create(shape: &Shape) -> Self {
        let (name, options) = (fresh_name(), topic_options(ONE, shape));
        let made = (process::id(), Topic::create_with(&options, &name).expect("create a topic"));
        TopicOfValues { name, options, waiting: shape.waiting, made }
    }

    fn producer(&self) -> Publisher<[u8; LEN]> {
        self.with_topic(|topic| topic.publisher().expect("a publisher"))
    }

    fn consumer(&self) -> Reader<Subscriber<[u8; LEN]>> {
        let end = self.with_topic(|topic| topic.subscriber().expect("a subscriber"));
        Reader { end, waiting: self.waiting }
    }
}

impl<const ONE: bool> TopicOfBytes<ONE> {
    fn with_topic<R>(&self, open: impl FnOnce(&Topic<[u8]>) -> R) -> R {
        if self.made.0 == process::id() {
            return open(&self.made.1);
        }
        open(&Topic::open_with(&self.options, &self.name).expect("open a topic"))
    }
}

impl<const ONE: bool> Channel for TopicOfBytes<ONE> {
    const IN_PLACE: bool = true;
    const BROADCASTS: bool = true;
    type Producer = Publisher<[u8]>;
    type Consumer = Reader<Subscriber<[u8]>>;

    fn create(shape: &Shape) -> Self {
        let (name, options) = (fresh_name(), topic_options(ONE, shape).max_len(shape.len as u64));
        let made = (process::id(), Topic::create_with(&options, &name).expect("create a topic"));
        TopicOfBytes { name, options, waiting: shape.waiting, made }
    }

    fn producer(&self) -> Publisher<[u8]> {
        self.with_topic(|topic| topic.publisher().expect("a publisher"))
    }

    fn consumer(&self) -> Reader<Subscriber<[u8]>> {
        let end = self.with_topic(|topic| topic.subscriber().expect("a subscriber"));
        Reader { end, waiting: self.waiting }
    }
}

impl<const LEN: usize> Producer for Sender<[u8; LEN]> {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        Sender::send(self, message.try_into().expect("the values have the length of the messages")).expect("send");
    }

    #[inline(always)]
    fn send_many(&mut self, messages: &[u8], _len: usize) {
        let (messages, _) = messages.as_chunks::<LEN>();
        let sent = Sender::send_many(self, messages).expect("send");
        assert_eq!(sent, messages.len(), "everything is sent");
    }
}

impl<const LEN: usize> Producer for Publisher<[u8; LEN]> {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        self.publish(message.try_into().expect("the values have the length of the messages")).expect("publish");
    }

    #[inline(always)]
    fn send_many(&mut self, messages: &[u8], _len: usize) {
        let (messages, _) = messages.as_chunks::<LEN>();
        let sent = self.publish_many(messages).expect("publish");
        assert_eq!(sent, messages.len(), "everything is published");
    }
}

impl Producer for Sender<[u8]> {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        Sender::send(self, message).expect("send");
    }

    #[inline(always)]
    fn send_with(&mut self, len: usize, write: impl FnOnce(&mut [u8])) {
        let mut loan = self.loan(len).expect("loan");
        // SAFETY: the other process is this program's own, and leaves the message alone until it is committed.
        write(unsafe { loan.as_mut_slice() });
        loan.commit().expect("commit");
    }
}

impl Producer for Publisher<[u8]> {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        self.publish(message).expect("publish");
    }

    #[inline(always)]
    fn send_with(&mut self, len: usize, write: impl FnOnce(&mut [u8])) {
        let mut loan = self.loan(len).expect("loan");
        // SAFETY: the other process is this program's own, and leaves the message alone until it is committed.
        write(unsafe { loan.as_mut_slice() });
        loan.commit().expect("commit");
    }
}

impl<const LEN: usize> Consumer for Reader<Receiver<[u8; LEN]>> {
    #[inline(always)]
    fn receive_many(&mut self, buffer: &mut [u8], _len: usize) -> usize {
        let (places, _) = buffer.as_chunks_mut::<LEN>();
        let mut place = 0;
        let received = self.end.recv_many(places.len(), |message| {
            places[place] = message.value();
            place += 1;
        });
        received.expect("receive")
    }

    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        let message = match self.waiting {
            Waiting::Spin => spin(|| self.end.try_recv_copy().expect("receive")),
            _ => self.end.recv_copy().expect("receive"),
        };
        buffer.copy_from_slice(&message);
    }
}

impl<const LEN: usize> Consumer for Reader<Subscriber<[u8; LEN]>> {
    #[inline(always)]
    fn receive_many(&mut self, buffer: &mut [u8], _len: usize) -> usize {
        let (places, _) = buffer.as_chunks_mut::<LEN>();
        let mut place = 0;
        let received = self.end.recv_many(places.len(), |message| {
            places[place] = message.value();
            place += 1;
        });
        received.expect("receive")
    }

    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        let message = match self.waiting {
            Waiting::Spin => spin(|| self.end.try_recv_copy().expect("receive")),
            _ => self.end.recv_copy().expect("receive"),
        };
        buffer.copy_from_slice(&message);
    }
}

impl Consumer for Reader<Receiver<[u8]>> {
    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        self.look(|message| message.read(0, buffer));
    }

    #[inline(always)]
    fn receive_with(&mut self, read: impl FnOnce(&[u8])) {
        // SAFETY: the other process is this program's own, and leaves the message alone until it is received.
        self.look(|message| read(unsafe { message.as_slice() }));
    }
}

impl Reader<Receiver<[u8]>> {
    #[inline(always)]
    fn look(&mut self, look: impl FnOnce(&coview::Message<'_, [u8]>)) {
        if self.waiting != Waiting::Spin {
            return look(&self.end.recv().expect("receive"));
        }
        loop {
            if let Some(message) = self.end.try_recv().expect("receive") {
                return look(&message);
            }
            spin_loop();
        }
    }
}

impl Consumer for Reader<Subscriber<[u8]>> {
    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        self.look(|message| message.read(0, buffer));
    }

    #[inline(always)]
    fn receive_with(&mut self, read: impl FnOnce(&[u8])) {
        // SAFETY: the other process is this program's own, and leaves the message alone until it is received.
        self.look(|message| read(unsafe { message.as_slice() }));
    }
}

impl Reader<Subscriber<[u8]>> {
    #[inline(always)]
    fn look(&mut self, look: impl FnOnce(&coview::Message<'_, [u8]>)) {
        if self.waiting != Waiting::Spin {
            return look(&self.end.recv().expect("receive"));
        }
        loop {
            if let Some(message) = self.end.try_recv().expect("receive") {
                return look(&message);
            }
            spin_loop();
        }
    }
}
