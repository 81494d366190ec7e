//! `shmem-ipc`: a ring between one sender and one receiver, handed on as descriptors, with eventfds to sleep on.
//!
//! Needs `unsafe` to write and read where its closures are shown an address.

use std::fs::File;
use std::slice;

use shmem_ipc::sharedring::{Receiver, Sender};

use crate::channels::channel::{Channel, Consumer, Producer, Shape, Waiting, spin};

/// A ring whose items are messages of `WORDS` words. The processes have its descriptors by being forked.
pub(crate) struct Ring<const WORDS: usize> {
    capacity: usize,
    waiting: Waiting,
    made: Sender<[u64; WORDS]>,
}

pub(crate) struct RingSender<const WORDS: usize> {
    ring: Sender<[u64; WORDS]>,
    waiting: Waiting,
}

pub(crate) struct RingReceiver<const WORDS: usize> {
    ring: Receiver<[u64; WORDS]>,
    waiting: Waiting,
}

impl<const WORDS: usize> Ring<WORDS> {
    /// The memory, and what tells that it is not empty and not full any more.
    fn files(&self) -> [File; 3] {
        [self.made.memfd().as_file(), self.made.empty_signal(), self.made.full_signal()]
            .map(|file| file.try_clone().expect("dup"))
    }
}

impl<const WORDS: usize> Channel for Ring<WORDS> {
    const IN_PLACE: bool = true;
    type Producer = RingSender<WORDS>;
    type Consumer = RingReceiver<WORDS>;

    fn create(shape: &Shape) -> Ring<WORDS> {
        assert_eq!(shape.len, WORDS * 8, "the items have the length of the messages");
        let made = Sender::new(shape.capacity).expect("create a ring");
        Ring { capacity: shape.capacity, waiting: shape.waiting, made }
    }

    fn producer(&self) -> RingSender<WORDS> {
        let [memory, empty, full] = self.files();
        let ring = Sender::open(self.capacity, memory, empty, full).expect("open a ring");
        RingSender { ring, waiting: self.waiting }
    }

    fn consumer(&self) -> RingReceiver<WORDS> {
        let [memory, empty, full] = self.files();
        let ring = Receiver::open(self.capacity, memory, empty, full).expect("open a ring");
        RingReceiver { ring, waiting: self.waiting }
    }
}

impl<const WORDS: usize> Producer for RingSender<WORDS> {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        self.send_with(message.len(), |place| place.copy_from_slice(message));
    }

    #[inline(always)]
    fn send_many(&mut self, messages: &[u8], len: usize) {
        let mut rest = messages;
        while !rest.is_empty() {
            let put = |items: *mut [u64; WORDS], room: usize| {
                let count = room.min(rest.len() / len);
                // SAFETY: there is room for as many items, which the receiver leaves alone until they are counted.
                let place = unsafe { slice::from_raw_parts_mut(items.cast::<u8>(), count * len) };
                let now;
                (now, rest) = rest.split_at(count * len);
                place.copy_from_slice(now);
                count
            };
            self.ring.sender_mut().send(put).expect("send");
        }
    }

    #[inline(always)]
    fn send_with(&mut self, len: usize, write: impl FnOnce(&mut [u8])) {
        let mut write = Some(write);
        while write.is_some() {
            let put = |items: *mut [u64; WORDS], _: usize| {
                // SAFETY: there is room for one item at least, which the receiver leaves alone until it is counted.
                let place = unsafe { slice::from_raw_parts_mut(items.cast::<u8>(), len) };
                write.take().expect("there is one message")(place);
                1
            };
            if self.waiting == Waiting::Block {
                self.ring.block_until_writable().expect("wait");
                self.ring.send_raw(put).expect("send");
            } else {
                // Whoever spins wants no signal.
                self.ring.sender_mut().send(put).expect("send");
            }
        }
    }
}

impl<const WORDS: usize> Consumer for RingReceiver<WORDS> {
    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        self.receive_with(|message| buffer.copy_from_slice(message));
    }

    #[inline(always)]
    fn receive_many(&mut self, buffer: &mut [u8], len: usize) -> usize {
        let mut received = 0;
        let take = |items: *const [u64; WORDS], there: usize| {
            received = there.min(buffer.len() / len);
            // SAFETY: as many items are there, which the sender leaves alone until they are counted.
            let messages = unsafe { slice::from_raw_parts(items.cast::<u8>(), received * len) };
            buffer[..messages.len()].copy_from_slice(messages);
            received
        };
        let mut take = Some(take);
        spin(|| {
            self.ring.receiver_mut().recv(|items, there| take.take().expect("once")(items, there)).expect("receive");
            take.is_none().then_some(())
        });
        received
    }

    #[inline(always)]
    fn receive_with(&mut self, read: impl FnOnce(&[u8])) {
        let mut read = Some(read);
        spin(|| {
            let take = |items: *const [u64; WORDS], _: usize| {
                // SAFETY: one item at least is there, which the sender leaves alone until it is counted.
                let message = unsafe { slice::from_raw_parts(items.cast::<u8>(), WORDS * 8) };
                read.take().expect("there is one message")(message);
                1
            };
            if self.waiting == Waiting::Block {
                self.ring.block_until_readable().expect("wait");
                self.ring.receive_raw(take).expect("receive");
            } else {
                self.ring.receiver_mut().recv(take).expect("receive");
            }
            read.is_none().then_some(())
        });
    }
}
