//! Channels whose memory holds anything at all, as told by a few bytes: what tests make up at random, and what a fuzzer finds.

use std::sync::atomic::{AtomicU64, Ordering};

use coview::{
    Channel, Error, ErrorKind, Mapping, Message, Publisher, Queue, QueueOptions, Receiver, Sender, Subscriber, Topic,
    TopicOptions, View,
};

/// The longest message.
const LEN_MAX: usize = 40;

/// Where the slots begin, and what is between them.
const HEADER_LEN: usize = 36_864;
const STRIDE: usize = 64;
const SLOTS: usize = 4;

/// The places of everything that a running channel reads from its memory: what all share, the first two ends of each role and
/// the last, and the slots.
pub(crate) fn places() -> Vec<usize> {
    let shared = [128, 256, 264, 384, 512].into_iter().chain((640..696).step_by(8)).chain((768..824).step_by(8));
    let ends = [4096, 20_480].into_iter().flat_map(|role| [0, 1, 63].map(|end| role + 256 * end));
    let fields = ends.flat_map(|end| (0..72).step_by(8).chain([128]).map(move |field| end + field));
    let slots = (0..SLOTS).flat_map(|slot| [0, 8].map(|word| HEADER_LEN + slot * STRIDE + word));
    shared.chain(fields).chain(slots).collect()
}

/// What a place may hold: numbers at the edge of everything, words of slots of this lap and others, and any number.
pub(crate) fn patterns(any: u64) -> [u64; 12] {
    let word = |lap: u64, state: u64| lap << 8 | (any % 64) << 2 | state;
    let edges = [0, 1, u64::MAX, i64::MAX as u64, any, any % 16, (1 << 56) - 1];
    let words = [word(0, 1), word(0, 3), word(1, 0), word(any % 3, 2), word(u64::MAX >> 8, any % 4)];
    let mut all = edges.into_iter().chain(words);
    std::array::from_fn(|_| all.next().unwrap_or(0))
}

fn name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("coview-test.{}.garbage.{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A channel of any kind, with ends.
enum Ends {
    Queue(Queue<[u8]>, Option<Sender<[u8]>>, Option<Receiver<[u8]>>),
    Topic(Topic<[u8]>, Option<Publisher<[u8]>>, Option<Subscriber<[u8]>>),
}

impl Ends {
    fn create(kind: u8, name: &str) -> Result<Ends, Error> {
        Ok(match kind % 8 {
            0..4 => {
                let options = QueueOptions::new().capacity(SLOTS as u64).max_len(LEN_MAX as u64);
                let options = if kind & 1 == 0 { options } else { options.one_sender() };
                let options = if kind & 2 == 0 { options } else { options.one_receiver() };
                Ends::Queue(Queue::create_with(&options, name)?, None, None)
            }
            _ => {
                let options = TopicOptions::new().capacity(SLOTS as u64 - 1).history(1).max_len(LEN_MAX as u64);
                let options = if kind & 1 == 0 { options } else { options.one_publisher() };
                let options = if kind & 2 == 0 { options } else { options.lossy() };
                Ends::Topic(Topic::create_with(&options, name)?, None, None)
            }
        })
    }

    fn join(&mut self) {
        match self {
            Ends::Queue(queue, sender, receiver) => {
                *sender = sender.take().or_else(|| queue.sender().ok());
                *receiver = receiver.take().or_else(|| queue.receiver().ok());
            }
            Ends::Topic(topic, publisher, subscriber) => {
                *publisher = publisher.take().or_else(|| topic.publisher().ok());
                *subscriber = subscriber.take().or_else(|| topic.subscriber().ok());
            }
        }
    }

    fn leave(&mut self) {
        match self {
            Ends::Queue(_, sender, receiver) => (*sender, *receiver) = (None, None),
            Ends::Topic(_, publisher, subscriber) => (*publisher, *subscriber) = (None, None),
        }
    }

    fn send(&mut self, len: usize) {
        let bytes = [0xa5; LEN_MAX];
        let sent = match self {
            Ends::Queue(_, Some(sender), _) => sender.try_send(&bytes[..len]),
            Ends::Topic(_, Some(publisher), _) => publisher.try_publish(&bytes[..len]),
            _ => return,
        };
        sent.map_or_else(|error| expect(&error), drop);
    }

    fn lend(&mut self, forgets: bool) {
        let lent = match self {
            Ends::Queue(_, Some(sender), _) => sender.try_loan(LEN_MAX),
            Ends::Topic(_, Some(publisher), _) => publisher.try_loan(LEN_MAX),
            _ => return,
        };
        match lent {
            Ok(Some(loan)) if forgets => std::mem::forget(loan),
            Ok(lent) => drop(lent),
            Err(error) => expect(&error),
        }
    }

    /// Receives what is there, within reason; says how much that was.
    fn receive(&mut self) -> usize {
        let mut count = 0;
        for _ in 0..2 * SLOTS {
            let received = match self {
                Ends::Queue(_, _, Some(receiver)) => receiver.try_recv(),
                Ends::Topic(_, _, Some(subscriber)) => subscriber.try_recv(),
                _ => return count,
            };
            match received {
                Ok(Some(message)) => look_at(message),
                Ok(None) => break,
                Err(error) => {
                    expect(&error);
                    break;
                }
            }
            count += 1;
        }
        let copied = match self {
            Ends::Queue(_, _, Some(receiver)) => receiver.try_recv_copy(),
            Ends::Topic(_, _, Some(subscriber)) => subscriber.try_recv_copy(),
            _ => return count,
        };
        match copied {
            Ok(bytes) => {
                assert!(bytes.is_none_or(|bytes| bytes.len() <= LEN_MAX), "a message is longer than its place")
            }
            Err(error) => expect(&error),
        }
        count
    }
}

fn look_at(message: Message<'_, [u8]>) {
    assert!(message.len() <= LEN_MAX, "a message is longer than its place");
    let mut bytes = vec![0; message.len()];
    message.read(0, &mut bytes);
    if let Some(last) = message.len().checked_sub(1) {
        message.get::<u8>(last);
    }
    let _ = (message.sequence(), message.missed(), message.was_redelivered(), message.is_intact());
    let _ = message.finish();
}

/// Whatever a call says of such a channel, it is one of these.
fn expect(error: &Error) {
    let kind = error.kind();
    assert!(matches!(kind, ErrorKind::Damaged | ErrorKind::Disconnected), "an unexpected error: {error}");
}

/// Does with a channel what the bytes say; returns how many messages were received.
pub(crate) fn receive(bytes: &[u8]) -> usize {
    let Some((&first, rest)) = bytes.split_first() else { return 0 };
    if first >= 128 { open(rest) } else { run(first, rest).expect("the system has memory") }
}

/// Opens a channel whose first bytes are these, of whatever type it is.
fn open(bytes: &[u8]) -> usize {
    let (name, size) = (name(), (HEADER_LEN + SLOTS * STRIDE) as u64);
    let bytes = &bytes[..bytes.len().min(size as usize)];
    let mapping = Mapping::create_or_open(&name, size, |view| view.write(0, bytes)).expect("the system has memory");
    let mut count = 0;
    if let Ok(Some(channel)) = Channel::of(&mapping) {
        assert!(channel.message_size() <= size && channel.slots() <= size, "a channel that is larger than its mapping");
        let _ = channel.state();
    }
    for (queue, topic) in [(Queue::<[u8]>::open(&name).ok(), Topic::<[u8]>::open(&name).ok())] {
        for mut receiver in queue.iter().filter_map(|queue| queue.receiver().ok()) {
            count += usize::from(receiver.try_recv_copy().is_ok_and(|bytes| bytes.is_some()));
        }
        for mut subscriber in topic.iter().filter_map(|topic| topic.subscriber().ok()) {
            count += usize::from(subscriber.try_recv_copy().is_ok_and(|bytes| bytes.is_some()));
        }
    }
    let _ = Queue::<u64>::open(&name).map(|queue| queue.receiver().map(|mut end| end.try_recv_copy().is_ok()));
    count
}

/// A channel that was healthy once. Each step is a byte that says what is done, and those that it needs.
fn run(kind: u8, bytes: &[u8]) -> Result<usize, Error> {
    let name = name();
    let mut ends = Ends::create(kind, &name)?;
    let view = Mapping::open(&name)?.view()?;
    let (places, mut count) = (places(), 0);
    let mut bytes = bytes.iter().copied();
    while let Some(step) = bytes.next() {
        match step % 16 {
            0 | 1 => ends.join(),
            2 => ends.leave(),
            3..6 => ends.send(usize::from(step) % (LEN_MAX + 1)),
            6 => ends.lend(step >= 128),
            7..10 => count += ends.receive(),
            10 => drop(Channel::open(&name)?.state()?),
            _ => damage(&view, &places, &mut bytes),
        }
    }
    Ok(count + ends.receive())
}

fn damage(view: &View, places: &[usize], bytes: &mut impl Iterator<Item = u8>) {
    let mut next = || bytes.next().unwrap_or(0);
    let (place, pattern) = (places[usize::from(next()) % places.len()], next());
    let any = u64::from_le_bytes(std::array::from_fn(|index| if index < 2 || pattern >= 128 { next() } else { 0 }));
    let value = patterns(any)[usize::from(pattern) % 12];
    // A gate has 4 bytes.
    if matches!(place, 384 | 512) {
        return view.atomic_u32(place).store(value as u32, Ordering::SeqCst);
    }
    view.atomic_u64(place).store(value, Ordering::SeqCst);
}
