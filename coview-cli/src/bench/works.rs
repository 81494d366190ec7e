//! What is measured: each work as the near side does it, which has the clock, and as the far side does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{hint, thread};

use coview::{ErrorKind, Event, Mapping, MappingOptions, Queue, QueueOptions, Receiver, Reset, Sender};

use super::PATIENCE;
use super::figures::median;
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

/// How many messages fit where one at a time is on the way: few, so that they stay in the nearest caches.
const ROUND_TRIP: u64 = 16;
const ROUND_TRIP_LONG: usize = 4;

/// How long one rests so that the other side sleeps: more than anybody spins.
const REST: Duration = Duration::from_micros(300);

/// How often a spinning side looks before it looks at the clock.
const LOOKS: u32 = 1 << 20;

/// How many steps there are from one look at the clock to the next, at the most.
const STEPS_MAX: u64 = 128;

/// Where the word of the floor stands that goes back: in another line, as the message that goes back does.
const BACK: usize = 128;

/// What the word of the floor says when it is over.
const OVER: u64 = u64::MAX;

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

    /// Does something for so long; returns how many nanoseconds one took.
    pub(super) fn run(&mut self, work: Work, variant: Variant, slice: Duration) -> Result<f64, Failure> {
        self.runs += 1;
        let name = format!("coview.bench.{}.{}", std::process::id(), self.runs);
        if work.is_lonely(variant) {
            return alone(work, variant, slice, &name);
        }
        let took = near(work, variant, slice, &name, &mut || self.peer.begin(&order(work, variant, &name)))?;
        self.peer.end()?;
        Ok(took)
    }
}

/// What needs no other process.
fn alone(work: Work, variant: Variant, slice: Duration, name: &str) -> Result<f64, Failure> {
    if work != Work::SetUp {
        return copies(work, slice);
    }
    match variant {
        Variant::Floor => {
            // As large as the queue is.
            let size = Queue::<u64>::create(name).and_then(|_queue| coview::stat(name))?.size.unwrap_or(0);
            timed(work, slice, |number| {
                let created = MappingOptions::new().prefault(true).create(name, size)?;
                let (here, there) = (created.view()?, Mapping::open(name)?.view()?);
                here.atomic_u64(0).store(number, Ordering::Release);
                check(there.atomic_u64(0).load(Ordering::Acquire), number)
            })
        }
        Variant::Coview => timed(work, slice, |number| {
            let queue = Queue::<u64>::create(name)?;
            let (mut sender, mut receiver) = (queue.sender()?, Queue::<u64>::open(name)?.receiver()?);
            sender.send(&number)?;
            check(receiver.recv_copy()?, number)
        }),
    }
}

/// Copies from one place in the cache to another.
fn copies(work: Work, slice: Duration) -> Result<f64, Failure> {
    let (source, mut target) = (vec![1u8; work.len()], vec![0u8; work.len()]);
    timed(work, slice, |_number| {
        hint::black_box(&mut target[..]).copy_from_slice(hint::black_box(&source));
        Ok(())
    })
}

/// The side that has the clock. `begin` lets the far side begin, when everything is there that it looks for; it ends by
/// itself when this side has gone or has said that it is over.
fn near(
    work: Work,
    variant: Variant,
    slice: Duration,
    name: &str,
    begin: &mut dyn FnMut() -> Result<(), Failure>,
) -> Result<f64, Failure> {
    match (work, variant) {
        (_, Variant::Floor) => {
            let view = Mapping::create(name, 4096)?.view()?;
            let (word, word_back) = (view.atomic_u64(0), view.atomic_u64(BACK));
            let (there, back) = (Event::create(&to(name), Reset::Auto)?, Event::create(&from(name), Reset::Auto)?);
            begin()?;
            let took = match work {
                Work::Asleep => rested(slice, || {
                    there.set()?;
                    awaited(&back)
                }),
                _ => timed(work, slice, |number| {
                    word.store(number + 1, Ordering::Release);
                    spin_until(word_back, number + 1).map(drop)
                }),
            };
            word.store(OVER, Ordering::Release);
            there.set()?;
            took
        }
        (Work::Asleep, Variant::Coview) => {
            let (mut sender, mut receiver) = Pair::create::<u64>(&one_to_one().capacity(ROUND_TRIP), name)?;
            begin()?;
            rested(slice, || {
                sender.send(&7)?;
                check(receiver.recv_copy()?, 7)
            })
        }
        (Work::RoundTrip, _) => {
            let (mut sender, mut receiver) = Pair::create::<u64>(&one_to_one().capacity(ROUND_TRIP), name)?;
            begin()?;
            timed(work, slice, |number| {
                sender.send(&number)?;
                check(receiver.recv_copy()?, number)
            })
        }
        (Work::RoundTripBytes(len), _) => {
            let (mut sender, mut receiver) = Pair::create::<[u8]>(&of_bytes(len, ROUND_TRIP_LONG), name)?;
            let mut bytes = vec![0; len];
            begin()?;
            timed(work, slice, |number| {
                put(&mut sender, &bytes, number)?;
                check(take(&mut receiver, &mut bytes)?, number)
            })
        }
        (Work::OneWay, _) => {
            let options = one_to_one().capacity((STREAM_BYTES / 256) as u64);
            let mut receiver = Queue::<Value>::create_with(&options, name)?.receiver()?;
            begin()?;
            timed(work, slice, |number| check(receiver.recv_copy()?[0], number))
        }
        (Work::OneWayBytes(len), _) => {
            let options = of_bytes(len, STREAM_BYTES / len);
            let mut receiver = Queue::<[u8]>::create_with(&options, name)?.receiver()?;
            let mut bytes = vec![0; len];
            begin()?;
            timed(work, slice, |number| check(take(&mut receiver, &mut bytes)?, number))
        }
        (Work::SetUp, _) => unreachable!("the near side does it alone"),
    }
}

/// The side that answers, or sends, until the other has had enough. `ready` is to be called when it has what it needs.
pub(super) fn far(
    work: Work,
    variant: Variant,
    name: &str,
    ready: &dyn Fn() -> Result<(), Failure>,
) -> Result<(), Failure> {
    match serve(work, variant, name, ready) {
        Err(Failure::Library(error)) if error.kind() == ErrorKind::Disconnected => Ok(()),
        ended => ended,
    }
}

fn serve(work: Work, variant: Variant, name: &str, ready: &dyn Fn() -> Result<(), Failure>) -> Result<(), Failure> {
    match (work, variant) {
        (_, Variant::Floor) => {
            let view = Mapping::open(name)?.view()?;
            let (word, word_back) = (view.atomic_u64(0), view.atomic_u64(BACK));
            let (there, back) = (Event::open(&to(name))?, Event::open(&from(name))?);
            ready()?;
            if work == Work::Asleep {
                return answer_events(word, &there, &back);
            }
            let mut number = 1;
            while spin_until(word, number)? {
                word_back.store(number, Ordering::Release);
                number += 1;
            }
            Ok(())
        }
        (Work::RoundTrip | Work::Asleep, _) => {
            let (mut sender, mut receiver) = Pair::open::<u64>(name)?;
            ready()?;
            loop {
                let number = receiver.recv_copy()?;
                sender.send(&number)?;
            }
        }
        (Work::RoundTripBytes(len), _) => {
            let (mut sender, mut receiver) = Pair::open::<[u8]>(name)?;
            let mut bytes = vec![0; len];
            ready()?;
            loop {
                let number = take(&mut receiver, &mut bytes)?;
                put(&mut sender, &bytes, number)?;
            }
        }
        (Work::OneWay, _) => {
            let mut sender = Queue::<Value>::open(name)?.sender()?;
            ready()?;
            (0..).try_for_each(|number| Ok(sender.send(&[number; 8])?))
        }
        (Work::OneWayBytes(len), _) => {
            let mut sender = Queue::<[u8]>::open(name)?.sender()?;
            let bytes = vec![1; len];
            ready()?;
            (0..).try_for_each(|number| put(&mut sender, &bytes, number))
        }
        (Work::SetUp, _) => unreachable!("the near side does it alone"),
    }
}

fn answer_events(word: &AtomicU64, there: &Event, back: &Event) -> Result<(), Failure> {
    loop {
        awaited(there)?;
        if word.load(Ordering::Acquire) == OVER {
            return Ok(());
        }
        back.set()?;
    }
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

/// Takes steps for so long; returns how many nanoseconds one took.
///
/// That is the median of batches, so that those do not count in which one of the two processes was not let run. A batch of a
/// stream is long enough for bursts to make no difference.
fn timed(work: Work, slice: Duration, mut step: impl FnMut(u64) -> Result<(), Failure>) -> Result<f64, Failure> {
    let batch_min = if work.is_stream() { slice / 32 } else { Duration::ZERO };
    let (began, mut batches) = (Instant::now(), Vec::new());
    let (mut number, mut stride) = (0, 1);
    let (mut batch, mut before) = (0, Duration::ZERO);
    while before < slice {
        let steps_began = began.elapsed();
        for _ in 0..stride {
            step(number)?;
            number += 1;
        }
        let now = began.elapsed();
        batch += stride;
        if now - before >= batch_min || now >= slice {
            batches.push((now - before).as_nanos() as f64 / batch as f64);
            (batch, before) = (0, now);
        }
        // Not so often that the clock would count, and often enough when steps take long, or suddenly do.
        let is_short = now - steps_began < slice / 16;
        stride = if is_short { (2 * stride).min(STEPS_MAX) } else { (stride / 2).max(1) };
    }
    Ok(median(&mut batches))
}

/// The same for steps before each of which the other side is left to fall asleep.
fn rested(slice: Duration, mut step: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let (began, mut trips) = (Instant::now(), Vec::new());
    while trips.is_empty() || began.elapsed() < slice {
        thread::sleep(REST);
        let before = Instant::now();
        step()?;
        trips.push(before.elapsed().as_nanos() as f64);
    }
    Ok(median(&mut trips))
}

/// Spins until the word has this value; `false` if it says that it is over.
fn spin_until(word: &AtomicU64, value: u64) -> Result<bool, Failure> {
    let mut began = None::<Instant>;
    loop {
        for _ in 0..LOOKS {
            match word.load(Ordering::Acquire) {
                seen if seen == value => return Ok(true),
                OVER => return Ok(false),
                _ => hint::spin_loop(),
            }
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
