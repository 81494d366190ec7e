//! A process beside the one that is measured, which does something over and over while it is told to.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crate::floor::memory::Memory;
use crate::peer::{Peer, Processors};

/// The places in the shared memory: what is to be done, and what is being done.
const WANTED: usize = 0;
const DONE: usize = 1;

/// What stands there, beside the numbers of works.
const IDLE: u64 = u64::MAX;
const STARTING: u64 = u64::MAX - 1;
const END: u64 = u64::MAX - 2;

/// How often a work is done before the companion looks whether it is still wanted.
const AT_A_TIME: u32 = 32;
const PATIENCE: Duration = Duration::from_micros(100);

/// One thing that a companion does.
pub(crate) type Work = Box<dyn FnMut()>;

/// The other process. It runs on the second processor.
pub(crate) struct Companion {
    memory: Memory,
    peer: Option<Peer>,
}

impl Companion {
    /// Starts the process, and returns when it has prepared its works: there it opens what it needs.
    pub(crate) fn start(processors: Processors, prepare: impl FnOnce() -> Vec<Work>) -> Companion {
        let memory = Memory::new(4096);
        memory.long(WANTED).store(IDLE, Ordering::Relaxed);
        memory.long(DONE).store(STARTING, Ordering::Relaxed);
        let peer = Peer::start(processors.peers, || run(&memory, prepare()));
        let companion = Companion { memory, peer: Some(peer) };
        companion.tell(IDLE);
        companion
    }

    /// Calls `measure` while the companion does one of its works.
    pub(crate) fn during<R>(&self, work: usize, measure: impl FnOnce() -> R) -> R {
        self.tell(work as u64);
        let measured = measure();
        self.tell(IDLE);
        measured
    }

    /// Says what is wanted, and waits until it is done.
    fn tell(&self, wanted: u64) {
        // Relaxed: the companion only has to see it at some time.
        self.memory.long(WANTED).store(wanted, Ordering::Relaxed);
        // Acquire: what it prepared is there. Pairs with `run`.
        while self.memory.long(DONE).load(Ordering::Acquire) != wanted {
            thread::sleep(PATIENCE);
        }
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.memory.long(WANTED).store(END, Ordering::Relaxed);
        self.peer.take().expect("it is joined once").join();
    }
}

fn run(memory: &Memory, mut works: Vec<Work>) {
    loop {
        let wanted = memory.long(WANTED).load(Ordering::Relaxed);
        // Release: pairs with `tell`.
        memory.long(DONE).store(wanted, Ordering::Release);
        match wanted {
            END => return,
            IDLE => thread::sleep(PATIENCE),
            work => (0..AT_A_TIME).for_each(|_| works[work as usize]()),
        }
    }
}
