//! Two processes and channels between them: messages sent and looked at, round trips, and a stream in one direction.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::channel::{Channel, Consumer, Producer, Shape, Waiting};
use super::message::{self, END, MARK, Way};
use crate::floor::memory::Memory;
use crate::measure::{per_operation, quantile};
use crate::peer::{Peer, Processors};

/// Where the processes tell each other that they are there, and which message was received last.
const READY: usize = 0;
const RECEIVED: usize = 1;

/// How long a pair runs at least before the clock does.
const WARM_UP_MIN: Duration = Duration::from_millis(3);

/// How often there is room for what is streamed without a look at the clock.
const PART_IN_CAPACITIES: u64 = 2;

/// How many messages make a batch; a part is a whole number of these.
pub(crate) const BATCH: usize = 32;

/// What a pair does, for how long, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) shape: Shape,
    pub(crate) way: Way,
    pub(crate) round: Duration,
    pub(crate) processors: Processors,
    /// How long one rests before each trip, so that the other has fallen asleep.
    pub(crate) pause: Duration,
}

impl Plan {
    pub(crate) fn warm_up(&self) -> Duration {
        (self.round / 2).max(WARM_UP_MIN)
    }

    /// How many trips are timed together: one if there are pauses, else enough for the clock not to count.
    fn trips_at_a_time(&self) -> u64 {
        match self.shape.waiting {
            _ if !self.pause.is_zero() => 1,
            Waiting::Block => 8,
            Waiting::Spin | Waiting::Own => 32,
        }
    }

    /// How many messages of a stream are timed together. The first part touches every page of a ring.
    fn messages_in_a_part(&self) -> u64 {
        PART_IN_CAPACITIES * self.shape.capacity as u64
    }
}

/// A producer, how it is used, and the number of its last message.
pub(crate) struct Sending<P> {
    producer: P,
    way: Way,
    buffer: Vec<u8>,
    pub(crate) number: u64,
}

impl<P: Producer> Sending<P> {
    pub(crate) fn new<C: Channel<Producer = P>>(channel: &C, plan: &Plan) -> Sending<P> {
        let (way, buffer) = (plan.way.for_channel(C::IN_PLACE), message::buffer(plan.shape.len));
        Sending { producer: channel.producer(), way, buffer, number: 0 }
    }

    /// Sends the next message; `flags` are said beside its number.
    #[inline(always)]
    pub(crate) fn send(&mut self, flags: u64) {
        self.number += 1;
        let number = self.number | flags;
        match self.way {
            Way::InPlace => self.producer.send_with(self.buffer.len(), |bytes| message::fill(bytes, number)),
            Way::Copied => {
                message::fill(&mut self.buffer, number);
                self.producer.send(&self.buffer);
            }
            Way::Stamped => {
                message::stamp(&mut self.buffer, number);
                self.producer.send(&self.buffer);
            }
        }
    }

    /// Sends the next messages, as many as the buffer holds, at once.
    #[inline(always)]
    fn send_many(&mut self, len: usize) {
        for message in self.buffer.chunks_exact_mut(len) {
            self.number += 1;
            message::fill(message, self.number);
        }
        self.producer.send_many(&self.buffer, len);
    }
}

/// A consumer, how it is used, and the number of its last message.
pub(crate) struct Receiving<C> {
    consumer: C,
    way: Way,
    buffer: Vec<u8>,
    pub(crate) number: u64,
}

impl<C: Consumer> Receiving<C> {
    pub(crate) fn new<H: Channel<Consumer = C>>(channel: &H, plan: &Plan) -> Receiving<C> {
        let (way, buffer) = (plan.way.for_channel(H::IN_PLACE), vec![0; plan.shape.len]);
        Receiving { consumer: channel.consumer(), way, buffer, number: 0 }
    }

    /// Receives the next message, looks at it, and returns what was said beside its number.
    #[inline(always)]
    pub(crate) fn receive(&mut self) -> u64 {
        self.number += 1;
        let expected = self.number;
        let mut found = 0;
        match self.way {
            Way::InPlace => self.consumer.receive_with(|bytes| found = message::check(bytes, expected)),
            Way::Copied => {
                self.consumer.receive(&mut self.buffer);
                found = message::check(&self.buffer, expected);
            }
            Way::Stamped => {
                self.consumer.receive(&mut self.buffer);
                found = message::check_stamps(&self.buffer, expected);
            }
        }
        found & (MARK | END)
    }

    /// Receives what there is, but one message at least, looks at it, and returns what was said beside the last number.
    #[inline(always)]
    fn receive_many(&mut self, len: usize) -> u64 {
        let count = self.consumer.receive_many(&mut self.buffer, len);
        let mut found = 0;
        for message in self.buffer.chunks_exact(len).take(count) {
            self.number += 1;
            found = message::check(message, self.number);
        }
        found & (MARK | END)
    }
}

/// Sends messages there and back, one at a time, and returns the nanoseconds of a trip.
pub(crate) fn round_trip<C: Channel>(plan: &Plan) -> f64 {
    let shared = Memory::new(4096);
    let (there, back) = (C::create(&plan.shape), C::create(&plan.shape));
    let peer = Peer::start(plan.processors.peers, || echo(plan, &there, &back, &shared));
    let (mut sending, mut receiving) = (Sending::new(&there, plan), Receiving::new(&back, plan));
    wait_for(shared.long(READY), 1);
    trips(plan, plan.warm_up(), &mut sending, &mut receiving);
    let trip_ns = trips(plan, plan.round, &mut sending, &mut receiving);
    sending.send(END);
    receiving.receive();
    // The other end stays open until both are done.
    wait_for(shared.long(RECEIVED), sending.number);
    drop((sending, receiving));
    peer.join();
    trip_ns
}

/// The other side of round trips.
fn echo<C: Channel>(plan: &Plan, there: &C, back: &C, shared: &Memory) {
    let (mut sending, mut receiving) = (Sending::new(back, plan), Receiving::new(there, plan));
    tell(shared.long(READY), 1);
    loop {
        let flags = receiving.receive();
        sending.send(flags);
        if flags & END != 0 {
            tell(shared.long(RECEIVED), receiving.number);
            return;
        }
    }
}

/// Makes trips for so long, and returns the nanoseconds of one without the pauses.
///
/// The median of small batches: of those in which one of the two was not let run, neither is counted.
fn trips<P: Producer, C: Consumer>(
    plan: &Plan,
    time: Duration,
    sending: &mut Sending<P>,
    receiving: &mut Receiving<C>,
) -> f64 {
    let at_a_time = plan.trips_at_a_time();
    let (start, mut batches) = (Instant::now(), Vec::new());
    while start.elapsed() < time {
        pause(plan.pause);
        let departure = Instant::now();
        for _ in 0..at_a_time {
            sending.send(0);
            receiving.receive();
        }
        batches.push(per_operation(departure, at_a_time));
    }
    quantile(&batches, 0.5)
}

/// Lets time pass, if any, without sleeping, so that this processor is not the one that has to wake up.
fn pause(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Sends messages in one direction as fast as they are received, and returns the nanoseconds of one.
pub(crate) fn one_way<C: Channel>(plan: &Plan) -> f64 {
    let shared = Memory::new(4096);
    let channel = C::create(&plan.shape);
    let peer = Peer::start(plan.processors.peers, || sink(plan, &channel, &shared));
    let mut sending = Sending::new(&channel, plan);
    wait_for(shared.long(READY), 1);
    stream(plan, plan.warm_up(), &mut sending, &shared);
    let message_ns = stream(plan, plan.round, &mut sending, &shared);
    sending.send(END);
    wait_for(shared.long(RECEIVED), sending.number);
    drop(sending);
    peer.join();
    message_ns
}

/// The other side of a stream.
fn sink<C: Channel>(plan: &Plan, channel: &C, shared: &Memory) {
    let mut receiving = Receiving::new(channel, plan);
    tell(shared.long(READY), 1);
    loop {
        let flags = receiving.receive();
        if flags != 0 {
            tell(shared.long(RECEIVED), receiving.number);
        }
        if flags & END != 0 {
            return;
        }
    }
}

/// Sends for so long, and returns the nanoseconds of one message: the median of parts that are several times as long as
/// there is room, each until all of it was received.
fn stream<P: Producer>(plan: &Plan, time: Duration, sending: &mut Sending<P>, shared: &Memory) -> f64 {
    let messages = plan.messages_in_a_part();
    let (start, mut parts) = (Instant::now(), Vec::new());
    while start.elapsed() < time {
        let departure = Instant::now();
        for _ in 1..messages {
            sending.send(0);
        }
        sending.send(MARK);
        wait_for(shared.long(RECEIVED), sending.number);
        parts.push(per_operation(departure, messages));
    }
    quantile(&parts, 0.5)
}

/// The same, with messages sent and received by the batch.
pub(crate) fn one_way_in_batches<C: Channel>(plan: &Plan) -> f64 {
    let shared = Memory::new(4096);
    let channel = C::create(&plan.shape);
    let peer = Peer::start(plan.processors.peers, || sink_of_batches(plan, &channel, &shared));
    let mut sending = Sending::new(&channel, plan);
    wait_for(shared.long(READY), 1);
    let single = std::mem::replace(&mut sending.buffer, message::buffer(BATCH * plan.shape.len));
    stream_of_batches(plan, plan.warm_up(), &mut sending, &shared);
    let message_ns = stream_of_batches(plan, plan.round, &mut sending, &shared);
    sending.buffer = single;
    sending.send(END);
    wait_for(shared.long(RECEIVED), sending.number);
    drop(sending);
    peer.join();
    message_ns
}

fn sink_of_batches<C: Channel>(plan: &Plan, channel: &C, shared: &Memory) {
    let mut receiving = Receiving::new(channel, plan);
    receiving.buffer = vec![0; BATCH * plan.shape.len];
    tell(shared.long(READY), 1);
    let part = plan.messages_in_a_part();
    loop {
        let before = receiving.number;
        let flags = receiving.receive_many(plan.shape.len);
        if receiving.number / part > before / part || flags & END != 0 {
            tell(shared.long(RECEIVED), receiving.number);
        }
        if flags & END != 0 {
            return;
        }
    }
}

fn stream_of_batches<P: Producer>(plan: &Plan, time: Duration, sending: &mut Sending<P>, shared: &Memory) -> f64 {
    let messages = plan.messages_in_a_part();
    let (start, mut parts) = (Instant::now(), Vec::new());
    while start.elapsed() < time {
        let departure = Instant::now();
        let end = sending.number + messages;
        while sending.number < end {
            sending.send_many(plan.shape.len);
        }
        wait_for(shared.long(RECEIVED), sending.number);
        parts.push(per_operation(departure, messages));
    }
    quantile(&parts, 0.5)
}

/// Says a number to the other process.
pub(crate) fn tell(word: &AtomicU64, number: u64) {
    // Release: what was done before has been done. Pairs with `wait_for`.
    word.store(number, Ordering::Release);
}

/// Waits until the other process has said a number.
pub(crate) fn wait_for(word: &AtomicU64, number: u64) {
    // Acquire: pairs with `tell`.
    for turn in 1_u64.. {
        if word.load(Ordering::Acquire) == number {
            return;
        }
        std::hint::spin_loop();
        if turn.is_multiple_of(WAITS_BEFORE_YIELD) {
            thread::yield_now();
        }
    }
}

/// How often one looks before the other process, which may be on the same processor, is let run.
const WAITS_BEFORE_YIELD: u64 = 1000;
