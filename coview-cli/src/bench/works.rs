//! What is measured: each work as the near side does it, which has the clock, and as the far side does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{hint, thread};

use coview::{Event, Mapping, MappingOptions, Queue, QueueOptions, Receiver, Reset, Sender};

use super::PATIENCE;
use super::part::order;
use super::peer::Peer;
use crate::failure::Failure;

/// A thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A word there and a word back.
    RoundTrip,
    /// As many bytes there and back.
    RoundTripBytes(usize),
    /// Values of 64 bytes, one behind the other.
    OneWay,
    /// Messages of as many bytes, one behind the other.
    OneWayBytes(usize),
    /// A word there and a word back, while the other side sleeps.
    Asleep,
    /// From nothing to the first message.
    SetUp,
}

const WORKS: [Work; 8] = [
    Work::RoundTrip,
    Work::RoundTripBytes(1 << 10),
    Work::OneWay,
    Work::OneWayBytes(1 << 10),
    Work::OneWayBytes(64 << 10),
    Work::OneWayBytes(1 << 20),
    Work::Asleep,
    Work::SetUp,
];

/// What does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Whatever the machine needs at least for something like it.
    Floor,
    Coview,
}

/// A message of 64 bytes.
type Value = [u64; 8];

/// How much may be on the way in a stream: more than a second-level cache, so that the sides do not wait for each other.
const STREAM_BYTES: usize = 4 << 20;

/// How long one rests so that the other side sleeps: more than anybody spins.
const REST: Duration = Duration::from_micros(300);

/// How often a spinning side looks before it looks at the clock.
const LOOKS: u32 = 1 << 20;

impl Work {
    pub(super) fn all() -> impl Iterator<Item = Work> {
        WORKS.into_iter()
    }

    /// Its place among all.
    pub(super) fn number(self) -> usize {
        WORKS.iter().position(|&work| work == self).expect("it is one of them")
    }

    pub(super) fn name(self) -> String {
        match self {
            Work::RoundTrip => "round trip, 8 B".into(),
            Work::RoundTripBytes(len) => format!("round trip, {}", crate::units::human_size(len as u64)),
            Work::OneWay => "one way, 64 B".into(),
            Work::OneWayBytes(len) => format!("one way, {}", crate::units::human_size(len as u64)),
            Work::Asleep => "round trip, the other asleep".into(),
            Work::SetUp => "create, open, first message".into(),
        }
    }

    pub(super) fn floor_name(self) -> &'static str {
        match self {
            Work::RoundTrip | Work::RoundTripBytes(_) => "a cache line each way",
            Work::OneWay | Work::OneWayBytes(_) => "memcpy in the cache",
            Work::Asleep => "two events",
            Work::SetUp => "a mapping as large",
        }
    }

    /// How long a message is.
    pub(super) fn len(self) -> usize {
        match self {
            Work::RoundTrip | Work::Asleep | Work::SetUp => size_of::<u64>(),
            Work::OneWay => size_of::<Value>(),
            Work::RoundTripBytes(len) | Work::OneWayBytes(len) => len,
        }
    }

    /// Whether messages go one behind the other, so that it is of interest how many a second.
    pub(super) fn is_stream(self) -> bool {
        matches!(self, Work::OneWay | Work::OneWayBytes(_))
    }

    /// Whether it makes no sense on one processor: one side would spin while the other cannot run.
    pub(super) fn spins(self) -> bool {
        matches!(self, Work::RoundTrip | Work::RoundTripBytes(_))
    }

    /// Whether the near side does it alone.
    fn is_lonely(self, variant: Variant) -> bool {
        self == Work::SetUp || self.is_stream() && variant == Variant::Floor
    }
}

/// The near side.
pub(crate) struct Bench {
    peer: Peer,
    runs: u64,
}

impl Bench {
    pub(super) fn new(peer: Peer) -> Bench {
        Bench { peer, runs: 0 }
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        self.peer.finish()
    }

    /// Does something so often; returns how many nanoseconds one took.
    pub(super) fn run(&mut self, work: Work, variant: Variant, count: u64) -> Result<f64, Failure> {
        self.runs += 1;
        let name = format!("coview.bench.{}.{}", std::process::id(), self.runs);
        if work.is_lonely(variant) {
            return alone(work, variant, count, &name);
        }
        let begin = |peer: &mut Peer| peer.begin(&order(work, variant, count, &name));
        let took = near(work, variant, count, &name, &mut || begin(&mut self.peer))?;
        self.peer.end()?;
        Ok(took.as_nanos() as f64 / count as f64)
    }
}

/// What needs no other process.
fn alone(work: Work, variant: Variant, count: u64, name: &str) -> Result<f64, Failure> {
    let took = if work == Work::SetUp { set_up(variant, count, name)? } else { copies(work.len(), count) };
    Ok(took.as_nanos() as f64 / count as f64)
}

/// Copies from one place in the cache to another.
fn copies(len: usize, count: u64) -> Duration {
    let (source, mut target) = (vec![1u8; len], vec![0u8; len]);
    let began = Instant::now();
    for _ in 0..count {
        hint::black_box(&mut target[..]).copy_from_slice(hint::black_box(&source));
    }
    began.elapsed()
}

fn set_up(variant: Variant, count: u64, name: &str) -> Result<Duration, Failure> {
    // As large as the queue is.
    let size = { Queue::<u64>::create(name).and_then(|_queue| coview::stat(name))?.size.unwrap_or(0) };
    let began = Instant::now();
    for number in 0..count {
        match variant {
            Variant::Floor => {
                let created = MappingOptions::new().prefault(true).create(name, size)?;
                let (here, there) = (created.view()?, Mapping::open(name)?.view()?);
                here.atomic_u64(0).store(number, Ordering::Release);
                check(there.atomic_u64(0).load(Ordering::Acquire), number)?;
            }
            Variant::Coview => {
                let mut sender = Queue::<u64>::create(name)?.sender()?;
                let mut receiver = Queue::<u64>::open(name)?.receiver()?;
                sender.send(&number)?;
                check(receiver.recv_copy()?, number)?;
            }
        }
    }
    Ok(began.elapsed())
}

/// The side that has the clock. `begin` lets the far side begin, when everything is there that it looks for.
fn near(
    work: Work,
    variant: Variant,
    count: u64,
    name: &str,
    begin: &mut dyn FnMut() -> Result<(), Failure>,
) -> Result<Duration, Failure> {
    match (work, variant) {
        (Work::Asleep, Variant::Floor) => {
            let (there, back) = (Event::create(&to(name), Reset::Auto)?, Event::create(&from(name), Reset::Auto)?);
            begin()?;
            rested(count, || {
                there.set()?;
                awaited(&back)
            })
        }
        (_, Variant::Floor) => {
            let view = Mapping::create(name, 4096)?.view()?;
            let word = view.atomic_u64(0);
            begin()?;
            timed(count, |number| {
                word.store(2 * number + 1, Ordering::Release);
                spin_until(word, 2 * number + 2)
            })
        }
        (Work::Asleep, Variant::Coview) => {
            let (mut sender, mut receiver) = Pair::create::<u64>(&one_to_one(), name)?;
            begin()?;
            rested(count, || {
                sender.send(&7)?;
                check(receiver.recv_copy()?, 7)
            })
        }
        (Work::RoundTrip, _) => {
            let (mut sender, mut receiver) = Pair::create::<u64>(&one_to_one(), name)?;
            begin()?;
            timed(count, |number| {
                sender.send(&number)?;
                check(receiver.recv_copy()?, number)
            })
        }
        (Work::RoundTripBytes(len), _) => {
            let (mut sender, mut receiver) = Pair::create::<[u8]>(&of_bytes(len, 4), name)?;
            let mut bytes = vec![0; len];
            begin()?;
            timed(count, |number| {
                put(&mut sender, &bytes, number)?;
                check(take(&mut receiver, &mut bytes)?, number)
            })
        }
        (Work::OneWay, _) => {
            let options = one_to_one().capacity((STREAM_BYTES / 256) as u64);
            let mut receiver = Queue::<Value>::create_with(&options, name)?.receiver()?;
            begin()?;
            timed(count, |number| check(receiver.recv_copy()?[0], number))
        }
        (Work::OneWayBytes(len), _) => {
            let options = of_bytes(len, STREAM_BYTES / len);
            let mut receiver = Queue::<[u8]>::create_with(&options, name)?.receiver()?;
            let mut bytes = vec![0; len];
            begin()?;
            timed(count, |number| check(take(&mut receiver, &mut bytes)?, number))
        }
        (Work::SetUp, _) => unreachable!("the near side does it alone"),
    }
}

/// The side that answers, or sends. `ready` is to be called when it has what it needs.
pub(super) fn far(
    work: Work,
    variant: Variant,
    count: u64,
    name: &str,
    ready: &dyn Fn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    match (work, variant) {
        (Work::Asleep, Variant::Floor) => {
            let (there, back) = (Event::open(&to(name))?, Event::open(&from(name))?);
            ready()?;
            for _ in 0..count {
                awaited(&there)?;
                back.set()?;
            }
        }
        (_, Variant::Floor) => {
            let view = Mapping::open(name)?.view()?;
            let word = view.atomic_u64(0);
            ready()?;
            for number in 0..count {
                spin_until(word, 2 * number + 1)?;
                word.store(2 * number + 2, Ordering::Release);
            }
        }
        (Work::RoundTrip | Work::Asleep, _) => {
            let (mut sender, mut receiver) = Pair::open::<u64>(name)?;
            ready()?;
            for _ in 0..count {
                let number = receiver.recv_copy()?;
                sender.send(&number)?;
            }
        }
        (Work::RoundTripBytes(len), _) => {
            let (mut sender, mut receiver) = Pair::open::<[u8]>(name)?;
            let mut bytes = vec![0; len];
            ready()?;
            for _ in 0..count {
                let number = take(&mut receiver, &mut bytes)?;
                put(&mut sender, &bytes, number)?;
            }
        }
        (Work::OneWay, _) => {
            let mut sender = Queue::<Value>::open(name)?.sender()?;
            ready()?;
            for number in 0..count {
                sender.send(&[number; 8])?;
            }
        }
        (Work::OneWayBytes(len), _) => {
            let mut sender = Queue::<[u8]>::open(name)?.sender()?;
            let bytes = vec![1; len];
            ready()?;
            for number in 0..count {
                put(&mut sender, &bytes, number)?;
            }
        }
        (Work::SetUp, _) => unreachable!("the near side does it alone"),
    }
    Ok(())
}

/// Two queues, one for each direction.
struct Pair;

impl Pair {
    fn create<T: coview::Payload + ?Sized>(
        options: &QueueOptions,
        name: &str,
    ) -> coview::Result<(Sender<T>, Receiver<T>)> {
        let there = Queue::create_with(options, &to(name))?;
        let back = Queue::create_with(options, &from(name))?;
        Ok((there.sender()?, back.receiver()?))
    }

    fn open<T: coview::Payload + ?Sized>(name: &str) -> coview::Result<(Sender<T>, Receiver<T>)> {
        Ok((Queue::open(&from(name))?.sender()?, Queue::open(&to(name))?.receiver()?))
    }
}

fn to(name: &str) -> String {
    format!("{name}.to")
}

fn from(name: &str) -> String {
    format!("{name}.from")
}

fn one_to_one() -> QueueOptions {
    QueueOptions::new().one_sender().one_receiver()
}

fn of_bytes(len: usize, capacity: usize) -> QueueOptions {
    one_to_one().max_len(len as u64).capacity(capacity as u64)
}

/// Copies a message into the channel, with its number at the start.
fn put(sender: &mut Sender<[u8]>, bytes: &[u8], number: u64) -> Result<(), Failure> {
    let mut loan = sender.loan(bytes.len())?;
    loan.write(0, bytes);
    loan.put(0, &number);
    Ok(loan.commit()?)
}

/// Copies a message out of the channel; returns the number at its start.
fn take(receiver: &mut Receiver<[u8]>, bytes: &mut [u8]) -> Result<u64, Failure> {
    let message = receiver.recv()?;
    message.read(0, bytes);
    Ok(message.get(0))
}

fn check(number: u64, expected: u64) -> Result<(), Failure> {
    match number == expected {
        true => Ok(()),
        false => Err(Failure::Refused(format!("bench: message {number} came in place of {expected}"))),
    }
}

fn timed(count: u64, mut step: impl FnMut(u64) -> Result<(), Failure>) -> Result<Duration, Failure> {
    let began = Instant::now();
    (0..count).try_for_each(&mut step)?;
    Ok(began.elapsed())
}

/// The same for steps before each of which the other side is left to fall asleep.
fn rested(count: u64, mut step: impl FnMut() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let mut took = Duration::ZERO;
    for _ in 0..count {
        thread::sleep(REST);
        let began = Instant::now();
        step()?;
        took += began.elapsed();
    }
    Ok(took)
}

fn spin_until(word: &AtomicU64, value: u64) -> Result<(), Failure> {
    let mut began = None::<Instant>;
    loop {
        for _ in 0..LOOKS {
            if word.load(Ordering::Acquire) == value {
                return Ok(());
            }
            hint::spin_loop();
        }
        if began.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            return Err(too_slow());
        }
    }
}

fn awaited(event: &Event) -> Result<(), Failure> {
    if event.wait_timeout(PATIENCE)? { Ok(()) } else { Err(too_slow()) }
}

fn too_slow() -> Failure {
    Failure::Refused(format!("bench: the other process does nothing for {PATIENCE:?}"))
}
