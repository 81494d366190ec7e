//! What a channel is to the measurements: a producer in one process, a consumer in another, and messages in order.
//!
//! Each rival is one implementation, used as its own documentation recommends. What waits here does so without an end:
//! the alarm of `peer` ends a pair that hangs.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::object_name;

/// How the ends of a channel wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Never asleep: ask again until it is there.
    Spin,
    /// By the call that blocks, which may look a few times before it sleeps.
    Block,
    /// As the channel is best at: memory spins, the kernel's pipes and sockets block.
    Own,
}

/// What a channel has to be able to carry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The length of every message, in bytes; a multiple of eight.
    pub(crate) len: usize,
    /// How many messages there is room for, where the channel has to be told.
    pub(crate) capacity: usize,
    pub(crate) waiting: Waiting,
    /// How many consumers every message goes to.
    pub(crate) consumers: usize,
}

/// A way to carry messages to another process.
pub(crate) trait Channel: Sized {
    /// Whether messages are written and read where they lie, so that `send_with` and `receive_with` copy nothing.
    const IN_PLACE: bool;
    /// Whether one producer serves many consumers. If not, it takes as many channels.
    const BROADCASTS: bool = false;

    type Producer: Producer;
    type Consumer: Consumer;

    /// Makes the channel, in the first process, before the second one is forked.
    fn create(shape: &Shape) -> Self;

    /// Opens the end that sends, in the process that will. Comes before `consumer` where a process has ends of two channels.
    fn producer(&self) -> Self::Producer;

    /// Opens an end that receives, in the process that will; may wait until the producer is there.
    fn consumer(&self) -> Self::Consumer;
}

/// The end that sends.
pub(crate) trait Producer {
    /// Sends a copy of the message, as soon as there is room.
    fn send(&mut self, message: &[u8]);

    /// Sends copies of messages that lie one after the other, `len` bytes each. Whoever can do it at once has his own.
    #[inline(always)]
    fn send_many(&mut self, messages: &[u8], len: usize) {
        messages.chunks_exact(len).for_each(|message| self.send(message));
    }

    /// Sends a message that `write` writes where it will lie. Only where the channel is `IN_PLACE`.
    fn send_with(&mut self, _len: usize, _write: impl FnOnce(&mut [u8])) {
        unreachable!("this channel copies")
    }
}

/// The end that receives.
pub(crate) trait Consumer {
    /// Copies the next message, as long as the buffer, as soon as it has come.
    fn receive(&mut self, buffer: &mut [u8]);

    /// Copies messages as long as `len` into the buffer, as many as there are and fit, but one at least; returns how many.
    #[inline(always)]
    fn receive_many(&mut self, buffer: &mut [u8], len: usize) -> usize {
        self.receive(&mut buffer[..len]);
        1
    }

    /// Shows the next message where it lies. Only where the channel is `IN_PLACE`.
    fn receive_with(&mut self, _read: impl FnOnce(&[u8])) {
        unreachable!("this channel copies")
    }
}

/// Asks until there is an answer.
#[inline(always)]
pub(crate) fn spin<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        spin_loop();
    }
}

/// A name that no channel of this run has had.
pub(crate) fn fresh_name() -> String {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    // Relaxed: the numbers have to differ and no more.
    object_name(&format!("channel-{}", NAMES.fetch_add(1, Ordering::Relaxed)))
}
