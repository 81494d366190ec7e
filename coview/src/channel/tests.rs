//! The channels' protocol on the heap: step by step, among threads (also under Miri), and in every order (under loom).

use std::sync::atomic::Ordering::{self, Relaxed, SeqCst};

use super::cursor::{Cursor, Found};
use super::form::{ChannelKind, Form};
use super::head::{Head, free_loaned, return_held};
use super::rules::{Room, Rules};
use super::tail::Tail;
use super::words::{End, EndField, EndRole, Place, RoleField, Words};
use crate::Rights;

#[cfg(loom)]
use self::witness::Witness;
#[cfg(loom)]
use loom::{sync::Arc, sync::atomic::AtomicU64, thread};
#[cfg(not(loom))]
use std::{sync::Arc, sync::atomic::AtomicU64, thread};

/// Two slots, so that everybody comes around as soon as can be.
const SLOTS: usize = 2;

/// As many ends of a role as any test has.
const ENDS_USED: usize = 3;

/// The words of a message: the number that it is, twice, so that a mixture shows.
const BODY: usize = 2;

/// The words that the protocol uses, and no others: loom looks at each.
struct Heap {
    rules: Rules,
    positions: [AtomicU64; 3],
    here: [AtomicU64; 2],
    cursors: [AtomicU64; ENDS_USED],
    passed: [AtomicU64; ENDS_USED],
    begun: AtomicU64,
    slots: [Slot; SLOTS],
}

struct Slot {
    word: AtomicU64,
    len: AtomicU64,
    body: [AtomicU64; BODY],
    witness: Witness,
}

/// Where nobody looks at who comes after whom.
#[cfg(not(loom))]
struct Witness;

#[cfg(not(loom))]
impl Witness {
    fn new() -> Witness {
        Witness
    }

    fn write(&self) {}
    fn read(&self) {}
}

/// What kind of channel it is, with how many ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kind {
    topic: bool,
    lossy: bool,
    one_sender: bool,
    one_receiver: bool,
    history: u64,
}

const QUEUE: Kind = Kind { topic: false, lossy: false, one_sender: false, one_receiver: false, history: 0 };
const TO_ONE: Kind = Kind { one_receiver: true, ..QUEUE };
const PIPE: Kind = Kind { one_sender: true, ..TO_ONE };
const FROM_ONE: Kind = Kind { one_sender: true, ..QUEUE };
const TOPIC: Kind = Kind { topic: true, ..QUEUE };
const TOPIC_OF_ONE: Kind = Kind { one_sender: true, ..TOPIC };
const LOSSY: Kind = Kind { lossy: true, ..TOPIC };
const LOSSY_OF_ONE: Kind = Kind { one_sender: true, ..LOSSY };

impl Kind {
    fn rules(self) -> Rules {
        Rules::of(&Form {
            kind: if self.topic { ChannelKind::Topic } else { ChannelKind::Queue },
            typed: false,
            message_size: 8 * BODY as u64,
            align: 8,
            fingerprint: 0,
            capacity: SLOTS as u64 - self.history,
            history: self.history,
            lossy: self.lossy,
            one_sender: self.one_sender,
            one_receiver: self.one_receiver,
            rights: Rights::Private,
        })
    }

    fn heap(self) -> Arc<Heap> {
        let word = || AtomicU64::new(0);
        let slot =
            || Slot { word: word(), len: word(), body: std::array::from_fn(|_| word()), witness: Witness::new() };
        Arc::new(Heap {
            rules: self.rules(),
            positions: std::array::from_fn(|_| word()),
            here: std::array::from_fn(|_| word()),
            cursors: std::array::from_fn(|_| word()),
            passed: std::array::from_fn(|_| word()),
            begun: word(),
            slots: std::array::from_fn(|_| slot()),
        })
    }
}

impl Heap {
    fn slot(&self, position: u64) -> &Slot {
        &self.slots[position as usize % SLOTS]
    }

    fn word(&self, place: Place) -> &AtomicU64 {
        match place {
            Place::Tail => &self.positions[0],
            Place::Head => &self.positions[1],
            Place::Returns => &self.positions[2],
            Place::Role(role, RoleField::Here) => &self.here[role as usize],
            Place::End(end, EndField::Cursor) => &self.cursors[end.index as usize],
            Place::End(end, EndField::Passed) => &self.passed[end.index as usize],
            Place::End(_, EndField::Begun) => &self.begun,
            Place::Slot(position) => &self.slot(position).word,
            Place::Length(position) => &self.slot(position).len,
            Place::Role(..) | Place::End(..) => panic!("no step of the protocol uses {place:?}"),
        }
    }

    /// Whether nobody writes to a message that others may be reading.
    fn is_lossless(&self) -> bool {
        self.rules.room != Room::Always
    }

    fn sender(&self, index: u32) -> Tail {
        Tail::attach(self, self.rules, sender(index))
    }

    /// Sends a number if there is room.
    fn send(&self, tail: &mut Tail, number: u64) -> bool {
        // Once by what receivers say now and then, once by where they are.
        let Some(position) = tail.begin(self, number.is_multiple_of(2)) else { return false };
        self.put(position, number);
        tail.commit(self, position, number as usize);
        true
    }

    fn put(&self, position: u64, number: u64) {
        if self.is_lossless() {
            self.slot(position).witness.write();
        }
        self.slot(position).body.iter().for_each(|word| word.store(number, Relaxed));
    }

    /// The message at a position: its length, and its words.
    fn get(&self, position: u64) -> [u64; 1 + BODY] {
        let slot = self.slot(position);
        if self.is_lossless() {
            slot.witness.read();
        }
        [slot.len.load(Relaxed), slot.body[0].load(Relaxed), slot.body[1].load(Relaxed)]
    }

    /// The message at a position, which must be whole.
    fn whole(&self, position: u64) -> u64 {
        let message = self.get(position);
        assert_eq!(message, [message[0]; 1 + BODY], "a torn message");
        message[0]
    }

    fn join(&self, index: u32) -> Cursor {
        let end = receiver(index);
        let enter = || _ = self.fetch_or(Place::Role(EndRole::Receiver, RoleField::Here), 1 << index);
        Cursor::join(self, self.rules, end, enter)
    }

    /// Receives the next message at a cursor, if there is one.
    fn receive(&self, cursor: &mut Cursor) -> Option<u64> {
        let (found, missed) = cursor.find(self);
        assert_eq!(missed, 0, "a message was lost");
        assert_ne!(found, Found::Damaged);
        if found == Found::Nothing {
            return None;
        }
        cursor.begin(self);
        let number = self.whole(cursor.position);
        cursor.finish(self);
        Some(number)
    }

    /// Receives the next message at a cursor that is whole, and how many were missed before it.
    fn receive_lossy(&self, cursor: &mut Cursor) -> (Option<u64>, u64) {
        let (found, missed) = cursor.find(self);
        assert_ne!(found, Found::Damaged);
        if found == Found::Nothing {
            return (None, missed);
        }
        let message = self.get(cursor.position);
        let intact = Cursor::is_intact(self, &self.rules, cursor.position);
        cursor.finish(self);
        if !intact {
            return (None, missed + 1);
        }
        assert_eq!(message, [message[0]; 1 + BODY], "a torn message");
        (Some(message[0]), missed)
    }

    /// Takes the next message of a queue with several receivers: its number, and whether it is delivered again.
    fn take(&self, head: &mut Head) -> Option<(u64, bool)> {
        let taken = head.take(self)?;
        let number = self.whole(taken.position);
        head.finish(self, taken.position);
        Some((number, taken.redelivered))
    }

    fn head(&self, index: u32) -> Head {
        Head::new(self.rules, receiver(index))
    }
}

impl Words for Heap {
    fn load(&self, place: Place, order: Ordering) -> u64 {
        self.word(place).load(order)
    }

    fn store(&self, place: Place, value: u64, order: Ordering) {
        self.word(place).store(value, order);
    }

    fn replace(&self, place: Place, old: u64, new: u64) -> bool {
        self.word(place).compare_exchange(old, new, Ordering::AcqRel, Relaxed).is_ok()
    }

    fn fetch_or(&self, place: Place, bits: u64) -> u64 {
        self.word(place).fetch_or(bits, SeqCst)
    }

    fn fetch_and(&self, place: Place, bits: u64) -> u64 {
        self.word(place).fetch_and(bits, SeqCst)
    }

    fn fetch_add(&self, place: Place, count: u64) {
        self.word(place).fetch_add(count, SeqCst);
    }
}

fn sender(index: u32) -> End {
    End { role: EndRole::Sender, index }
}

fn receiver(index: u32) -> End {
    End { role: EndRole::Receiver, index }
}

fn spawn<R: Send + 'static>(heap: &Arc<Heap>, work: impl FnOnce(&Heap) -> R + Send + 'static) -> thread::JoinHandle<R> {
    let heap = heap.clone();
    thread::spawn(move || work(&heap))
}

fn joined<R>(thread: thread::JoinHandle<R>) -> R {
    thread.join().expect("a thread sees nothing wrong")
}

#[cfg(loom)]
mod every_order;

#[cfg(not(loom))]
mod on_the_heap;

#[cfg(loom)]
mod witness;
