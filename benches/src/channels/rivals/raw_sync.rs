//! `raw_sync`: events in memory of `shared_memory`, and beside each a place for one message. The answer says that the
//! message was taken, so this can do round trips only.
//!
//! Needs `unsafe` because both crates hand out addresses.

use std::slice;

use raw_sync::Timeout;
use raw_sync::events::{BusyEvent, Event, EventImpl, EventInit, EventState};
use shared_memory::{Shmem, ShmemConf};

use crate::channels::channel::{Channel, Consumer, Producer, Shape, Waiting, fresh_name};

/// Where the message lies; the event is before it.
const MESSAGE: usize = 256;

pub(crate) struct Mailbox {
    name: String,
    shape: Shape,
    _memory: Shmem,
}

pub(crate) struct MailboxEnd {
    event: Box<dyn EventImpl>,
    memory: Shmem,
    len: usize,
}

impl Channel for Mailbox {
    const IN_PLACE: bool = true;
    type Producer = MailboxEnd;
    type Consumer = MailboxEnd;

    fn create(shape: &Shape) -> Mailbox {
        let name = format!("/{}", fresh_name());
        let memory = ShmemConf::new().os_id(&name).size(MESSAGE + shape.len).create().expect("create memory");
        if shape.waiting == Waiting::Block {
            // SAFETY: the memory is new and large enough.
            unsafe { Event::new(memory.as_ptr(), true) }.expect("make an event");
        } else {
            // SAFETY: the memory is new and large enough.
            unsafe { BusyEvent::new(memory.as_ptr(), true) }.expect("make an event");
        }
        Mailbox { name, shape: *shape, _memory: memory }
    }

    fn producer(&self) -> MailboxEnd {
        let memory = ShmemConf::new().os_id(&self.name).open().expect("open memory");
        let event = if self.shape.waiting == Waiting::Block {
            // SAFETY: such an event was made there.
            unsafe { Event::from_existing(memory.as_ptr()) }
        } else {
            // SAFETY: such an event was made there.
            unsafe { BusyEvent::from_existing(memory.as_ptr()) }
        };
        MailboxEnd { event: event.expect("find the event").0, memory, len: self.shape.len }
    }

    fn consumer(&self) -> MailboxEnd {
        self.producer()
    }
}

impl MailboxEnd {
    fn message(&self) -> *mut u8 {
        self.memory.as_ptr().wrapping_add(MESSAGE)
    }
}

impl Producer for MailboxEnd {
    fn send(&mut self, message: &[u8]) {
        self.send_with(message.len(), |place| place.copy_from_slice(message));
    }

    #[inline(always)]
    fn send_with(&mut self, len: usize, write: impl FnOnce(&mut [u8])) {
        // SAFETY: the memory is as long; the other side reads it after the event only, and answers before it is written again.
        write(unsafe { slice::from_raw_parts_mut(self.message(), len) });
        self.event.set(EventState::Signaled).expect("set");
    }
}

impl Consumer for MailboxEnd {
    fn receive(&mut self, buffer: &mut [u8]) {
        self.receive_with(|message| buffer.copy_from_slice(message));
    }

    #[inline(always)]
    fn receive_with(&mut self, read: impl FnOnce(&[u8])) {
        self.event.wait(Timeout::Infinite).expect("wait");
        // SAFETY: as in `send_with`.
        read(unsafe { slice::from_raw_parts(self.message(), self.len) });
    }
}
