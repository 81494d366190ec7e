//! How long it takes from nothing to the first message: made in one process, opened in the other, sent and received.
//!
//! Starting the other process is not counted, nor what a process does when it does such a thing for the first time: both
//! rehearse it alone before, the first one also after it was forked from, when it has to get pages of its own again.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::channel::Channel;
use super::pair::{Plan, Receiving, Sending, tell, wait_for};
use crate::floor::memory::Memory;
use crate::peer::Peer;

const READY: usize = 0;
const OPENED_NS: usize = 1;
const RECEIVED_NS: usize = 2;
const RECEIVED: usize = 3;

/// Sets a channel up and returns the nanoseconds of making it, opening it and the first message.
pub(crate) fn set_up<C: Channel>(plan: &Plan) -> f64 {
    let shared = Memory::new(4096);
    // The other side looks at the same clock.
    let epoch = Instant::now();
    rehearse::<C>(plan);
    let start = Instant::now();
    let channel = C::create(&plan.shape);
    let created = start.elapsed();
    let peer = Peer::start(plan.processors.peers, || open_and_receive(plan, &channel, &shared, epoch));
    rehearse::<C>(plan);
    let start = Instant::now();
    let mut sending = Sending::new(&channel, plan);
    let created = created + start.elapsed();
    tell(shared.long(READY), 1);
    wait_for(shared.long(READY), 2);
    let sent_ns = epoch.elapsed().as_nanos() as u64;
    sending.send(0);
    wait_for(shared.long(RECEIVED), 1);
    drop(sending);
    peer.join();
    // Relaxed: the other process has ended.
    let (opened_ns, received_ns) =
        (shared.long(OPENED_NS).load(Ordering::Relaxed), shared.long(RECEIVED_NS).load(Ordering::Relaxed));
    created.as_nanos() as f64 + opened_ns as f64 + received_ns.saturating_sub(sent_ns) as f64
}

fn open_and_receive<C: Channel>(plan: &Plan, channel: &C, shared: &Memory, epoch: Instant) {
    rehearse::<C>(plan);
    wait_for(shared.long(READY), 1);
    let start = Instant::now();
    let mut receiving = Receiving::new(channel, plan);
    let opened_ns = start.elapsed().as_nanos() as u64;
    tell(shared.long(READY), 2);
    receiving.receive();
    // Relaxed: what follows orders it.
    shared.long(RECEIVED_NS).store(epoch.elapsed().as_nanos() as u64, Ordering::Relaxed);
    shared.long(OPENED_NS).store(opened_ns, Ordering::Relaxed);
    tell(shared.long(RECEIVED), 1);
}

/// Sets up a channel within this process, and takes it down.
fn rehearse<C: Channel>(plan: &Plan) {
    let channel = C::create(&plan.shape);
    let (mut sending, mut receiving) = (Sending::new(&channel, plan), Receiving::new(&channel, plan));
    sending.send(0);
    receiving.receive();
}
