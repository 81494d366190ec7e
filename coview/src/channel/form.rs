//! The bytes of a channel's header that never change, and what is checked of them at every open.
//!
#![doc = include_str!("layout.md")]

use std::fmt;

use crate::Rights;
use crate::layout::{number_of, rights_of};

/// How many bytes of the header never change.
pub(crate) const FIXED_LEN: usize = 88;

pub(crate) const HEADER_LEN: usize = 36_864;

/// The length of a slot's word, and of the message's length.
const WORD_LEN: u64 = 8;
const ALIGN_MAX: u64 = 4096;
const SLOTS_MAX: u64 = 1 << 32;
const LINE: u64 = 64;

const MAGIC: [u8; 8] = *b"coviewCH";
const VERSION: u32 = 1;

const TYPED: u32 = 1;
const LOSSY: u32 = 2;
const ONE_SENDER: u32 = 4;
const ONE_RECEIVER: u32 = 8;

/// What kind of channel a mapping holds.
///
/// # Examples
///
/// ```
/// use coview::{Channel, ChannelKind, Topic};
///
/// # let name = format!("doc.channel.kind.{}", std::process::id());
/// let topic = Topic::<u64>::create(&name)?;
/// assert_eq!(Channel::open(&name)?.kind(), ChannelKind::Topic);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChannelKind {
    /// A [`Queue`](crate::Queue): each message goes to one receiver.
    Queue,
    /// A [`Topic`](crate::Topic): each message goes to every subscriber.
    Topic,
}

impl fmt::Display for ChannelKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            ChannelKind::Queue => "queue",
            ChannelKind::Topic => "topic",
        })
    }
}

/// The part of the header that never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) kind: ChannelKind,
    /// All messages have the same size; otherwise that is the longest.
    pub(crate) typed: bool,
    pub(crate) message_size: u64,
    pub(crate) align: u64,
    pub(crate) fingerprint: u64,
    pub(crate) capacity: u64,
    pub(crate) history: u64,
    pub(crate) lossy: bool,
    pub(crate) one_sender: bool,
    pub(crate) one_receiver: bool,
    /// The creator's.
    pub(crate) rights: Rights,
}

impl Form {
    /// A power of two, of at least 2: who writes over the oldest message leaves one to read.
    pub(crate) fn slots(&self) -> Option<u64> {
        let slots = self.capacity.checked_add(self.history)?.max(2).checked_next_power_of_two()?;
        (slots <= SLOTS_MAX).then_some(slots)
    }

    /// Where a slot's message begins: behind its word, and its length where that is not always the same.
    pub(crate) fn message_at(&self) -> u64 {
        self.align.max(if self.typed { WORD_LEN } else { 2 * WORD_LEN })
    }

    /// From one slot to the next; `None` if no number is so large.
    pub(crate) fn stride(&self) -> Option<u64> {
        // Several senders, or several receivers that free slots, keep out of each other's lines. Where only one side writes,
        // and in order, the fewer lines the better.
        let is_dense = self.one_sender && (self.kind == ChannelKind::Topic || self.one_receiver);
        let unit = if is_dense { self.message_at().min(LINE) } else { LINE };
        self.message_at().checked_add(self.message_size)?.checked_next_multiple_of(self.align.max(unit))
    }

    /// The size of the whole channel; `None` if no mapping is so large.
    pub(crate) fn channel_size(&self) -> Option<u64> {
        let size = self.stride()?.checked_mul(self.slots()?)?.checked_add(HEADER_LEN as u64)?;
        (size <= i64::MAX as u64).then_some(size)
    }

    /// Why there can be no channel of this form; `None` if there can.
    pub(crate) fn objection(&self) -> Option<String> {
        if self.capacity == 0 {
            return Some("a channel has room for at least 1 message".into());
        }
        if !self.align.is_power_of_two() || self.align > ALIGN_MAX {
            return Some(format!("the alignment is a power of two, of at most {ALIGN_MAX} bytes"));
        }
        match self.slots() {
            None => Some(format!("capacity and history are at most {SLOTS_MAX} messages together")),
            Some(_) => None,
        }
    }

    /// The first bytes of a channel of this form.
    pub(crate) fn to_bytes(self) -> [u8; FIXED_LEN] {
        let kind = match self.kind {
            ChannelKind::Queue => 1,
            ChannelKind::Topic => 2,
        };
        let mut bytes = [0; FIXED_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        let words = [
            self.message_size,
            self.align,
            self.fingerprint,
            self.slots().unwrap_or(0),
            self.stride().unwrap_or(0),
            HEADER_LEN as u64,
            self.capacity,
            self.history,
        ];
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&u32::to_le_bytes(kind));
        for (place, word) in bytes[16..80].chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes[80..84].copy_from_slice(&self.flags().to_le_bytes());
        bytes[84..88].copy_from_slice(&number_of(self.rights).to_le_bytes());
        bytes
    }

    fn flags(&self) -> u32 {
        let flags = [
            (self.typed, TYPED),
            (self.lossy, LOSSY),
            (self.one_sender, ONE_SENDER),
            (self.one_receiver, ONE_RECEIVER),
        ];
        flags.into_iter().map(|(is_set, flag)| if is_set { flag } else { 0 }).sum()
    }

    /// Whether these are the first bytes of a channel, of whatever version.
    pub(crate) fn is_there(bytes: &[u8; FIXED_LEN]) -> bool {
        bytes[..8] == MAGIC
    }

    /// Reads the first bytes of a channel; the error says why they cannot be those of one that this version knows.
    pub(crate) fn from_bytes(bytes: &[u8; FIXED_LEN], mapping_size: u64) -> Result<Form, String> {
        if !Form::is_there(bytes) {
            return Err("there is no channel in the mapping".into());
        }
        let word32 = |at: usize| u32::from_le_bytes(std::array::from_fn(|index| bytes[at + index]));
        let word64 = |at: usize| u64::from_le_bytes(std::array::from_fn(|index| bytes[at + index]));
        if word32(8) != VERSION {
            return Err(format!("its layout has version {}, and this Coview knows version {VERSION}", word32(8)));
        }
        let kind = match word32(12) {
            1 => ChannelKind::Queue,
            2 => ChannelKind::Topic,
            number => return Err(format!("it is of kind {number}, which this Coview does not know")),
        };
        let is_set = |flag: u32| word32(80) & flag != 0;
        let form = Form {
            kind,
            typed: is_set(TYPED),
            message_size: word64(16),
            align: word64(24),
            fingerprint: word64(32),
            capacity: word64(64),
            history: word64(72),
            lossy: is_set(LOSSY),
            one_sender: is_set(ONE_SENDER),
            one_receiver: is_set(ONE_RECEIVER),
            rights: rights_of(word32(84)),
        };
        // What follows from the rest must be what it is.
        if form.objection().is_some() || form.to_bytes() != *bytes {
            return Err("its header contradicts itself".into());
        }
        match form.channel_size() {
            Some(size) if size <= mapping_size => Ok(form),
            Some(size) => Err(format!("its header speaks of {size} bytes, and the mapping has {mapping_size}")),
            None => Err("its header speaks of more bytes than there can be".into()),
        }
    }

    /// What hinders somebody who expects `wanted` from using a channel of this form. Capacity, history, and how many ends
    /// there may be at a time, are the creator's to choose.
    pub(crate) fn differs_from(&self, wanted: &Form) -> Option<String> {
        if self.kind != wanted.kind {
            return Some(format!("it is a {}, not a {}", self.kind, wanted.kind));
        }
        if self.typed != wanted.typed {
            let told = if self.typed { "of a type, not bytes" } else { "bytes, not of a type" };
            return Some(format!("its messages are {told}"));
        }
        let (there, here) = (self.message_size, wanted.message_size);
        if self.typed && there != here {
            return Some(format!("its messages have {there} bytes, and those of the type here {here}"));
        }
        if there < here {
            return Some(format!("its messages have at most {there} bytes, and {here} are wanted"));
        }
        if self.align < wanted.align || self.typed && self.align != wanted.align {
            return Some(format!("its messages are aligned to {} bytes, and {} are wanted", self.align, wanted.align));
        }
        if wanted.fingerprint != 0 && self.fingerprint != wanted.fingerprint {
            let (there, here) = (self.fingerprint, wanted.fingerprint);
            return Some(format!("its fingerprint is {there:#018x}, and {here:#018x} is expected"));
        }
        None
    }

    /// The same for somebody who would have created it: whether messages may be lost must be what he thinks, too.
    pub(crate) fn differs_from_new(&self, wanted: &Form) -> Option<String> {
        if self.lossy != wanted.lossy {
            return Some(if self.lossy { "it is lossy".into() } else { "it is lossless".into() });
        }
        self.differs_from(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form = Form {
        kind: ChannelKind::Topic,
        typed: false,
        message_size: 100,
        align: 16,
        fingerprint: 0x1122,
        capacity: 60,
        history: 10,
        lossy: true,
        one_sender: true,
        one_receiver: false,
        rights: Rights::Group,
    };

    #[test]
    fn the_header_has_these_bytes() {
        let bytes = FORM.to_bytes();
        assert_eq!(&bytes[..8], b"coviewCH");
        assert_eq!(bytes[8..16], [1, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(bytes[16..32], [100, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[32..48], [0x22, 0x11, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[48..64], [128, 0, 0, 0, 0, 0, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[64..80], [60, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[80..], [6, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(FORM.channel_size(), Some(36_864 + 128 * 128));
        assert_eq!(Form::from_bytes(&bytes, 1 << 20), Ok(FORM));
    }

    #[test]
    fn every_damaged_byte_is_noticed_or_another_form() {
        let bytes = FORM.to_bytes();
        for (index, bit) in (0..FIXED_LEN).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
            let mut damaged = bytes;
            damaged[index] ^= 1 << bit;
            assert_ne!(Form::from_bytes(&damaged, u64::MAX), Ok(FORM), "byte {index}, bit {bit}");
        }
        assert!(Form::from_bytes(&bytes, 36_863).is_err());
        assert!(Form::from_bytes(&[0xff; FIXED_LEN], u64::MAX).is_err());
    }

    #[test]
    fn sizes_beyond_all_bounds_are_refused() {
        for message_size in [u64::MAX, u64::MAX - 64, i64::MAX as u64] {
            assert_eq!(Form { message_size, ..FORM }.channel_size(), None);
        }
        for form in [Form { capacity: 0, ..FORM }, Form { align: 3, ..FORM }, Form { capacity: u64::MAX, ..FORM }] {
            assert!(form.objection().is_some());
            assert!(Form::from_bytes(&form.to_bytes(), u64::MAX).is_err());
        }
    }

    #[test]
    fn what_differs_is_told() {
        let told = |form: Form, wanted: Form| form.differs_from(&wanted).unwrap_or_default();
        assert_eq!(told(FORM, FORM), "");
        assert!(told(FORM, Form { kind: ChannelKind::Queue, ..FORM }).contains("a topic, not a queue"));
        assert!(told(FORM, Form { typed: true, ..FORM }).contains("bytes, not of a type"));
        assert!(told(FORM, Form { message_size: 101, ..FORM }).contains("at most 100 bytes, and 101 are wanted"));
        assert_eq!(told(FORM, Form { message_size: 99, ..FORM }), "");
        assert!(told(FORM, Form { fingerprint: 1, ..FORM }).contains("0x0000000000001122"));
        assert!(FORM.differs_from_new(&Form { lossy: false, ..FORM }).is_some());
    }
}
