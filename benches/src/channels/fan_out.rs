//! What one message costs the process that publishes it to one or many subscribers.
//!
//! Publishing alone is timed, a burst at a time. Between two bursts the subscribers, all of them in the other process, take
//! and look at what there is. So the number of processors, which the subscribers would have to share, plays no part, and
//! the lines that the publisher writes to have been read on the other side each time.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::channel::{Channel, Producer, spin};
use super::message::END;
use super::pair::{Plan, Receiving, Sending, tell, wait_for};
use crate::floor::memory::Memory;
use crate::measure::{per_operation, quantile};
use crate::peer::Peer;

const READY: usize = 0;
const SENT: usize = 1;
const RECEIVED: usize = 2;

/// How many messages are published before the subscribers take them.
const BURST: u64 = 64;

/// Publishes to as many consumers as the plan says, and returns the nanoseconds of one publish.
pub(crate) fn publish<C: Channel>(plan: &Plan) -> f64 {
    let shared = Memory::new(4096);
    let channels: Vec<C> = (0..channels_for::<C>(plan)).map(|_| C::create(&plan.shape)).collect();
    let peer = Peer::start(plan.processors.peers, || subscribe(plan, &channels, &shared));
    let mut sendings: Vec<_> = channels.iter().map(|channel| Sending::new(channel, plan)).collect();
    wait_for(shared.long(READY), 1);
    bursts(plan.warm_up(), &mut sendings, &shared);
    let publish_ns = bursts(plan.round, &mut sendings, &shared);
    sendings.iter_mut().for_each(|sending| sending.send(END));
    let last = sendings[0].number;
    tell(shared.long(SENT), last);
    wait_for(shared.long(RECEIVED), last);
    drop(sendings);
    peer.join();
    publish_ns
}

fn channels_for<C: Channel>(plan: &Plan) -> usize {
    if C::BROADCASTS { 1 } else { plan.shape.consumers }
}

/// Publishes bursts for so long, and returns the nanoseconds of one message to all, in the median burst.
fn bursts<P: Producer>(time: Duration, sendings: &mut [Sending<P>], shared: &Memory) -> f64 {
    let (start, mut bursts) = (Instant::now(), Vec::new());
    while start.elapsed() < time {
        let burst = Instant::now();
        for _ in 0..BURST {
            for sending in sendings.iter_mut() {
                sending.send(0);
            }
        }
        bursts.push(per_operation(burst, BURST));
        tell(shared.long(SENT), sendings[0].number);
        wait_for(shared.long(RECEIVED), sendings[0].number);
    }
    quantile(&bursts, 0.5)
}

/// The subscribers, one after the other.
fn subscribe<C: Channel>(plan: &Plan, channels: &[C], shared: &Memory) {
    let of_each = plan.shape.consumers / channels.len();
    let all = channels.iter().flat_map(|channel| (0..of_each).map(move |_| Receiving::new(channel, plan)));
    let mut receivings: Vec<_> = all.collect();
    tell(shared.long(READY), 1);
    let mut ended = false;
    while !ended {
        let sent = next_burst(shared, receivings[0].number);
        for receiving in &mut receivings {
            while receiving.number < sent {
                ended = receiving.receive() & END != 0;
            }
        }
        tell(shared.long(RECEIVED), sent);
    }
}

/// Waits until more was sent than `seen`, and says how much.
fn next_burst(shared: &Memory, seen: u64) -> u64 {
    spin(|| {
        // Acquire: pairs with `tell`.
        let sent = shared.long(SENT).load(Ordering::Acquire);
        (sent > seen).then_some(sent)
    })
}
