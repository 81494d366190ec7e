//! What queues and topics can be told alike when they are made or found.

use std::time::Duration;

use super::form::{ChannelKind, Form};
use super::payload::Payload;
use crate::Rights;

/// How many bytes a message can have unless one says otherwise.
const MAX_LEN: u64 = 4096;

/// How many bytes of messages may wait unless one says how many messages: more than stays in a second-level cache, so that a
/// receiver which is behind need not fetch every line from the sender's, and less than in a third-level one.
const ROOM: u64 = 4 * 1024 * 1024;
const CAPACITY_MIN: u64 = 8;
/// A thousand short messages are some 20 microseconds, and room for more takes longer to make than all else.
const CAPACITY_MAX: u64 = 1024;
const CAPACITY_MAX_LONG: u64 = 4096;
const LONG: u64 = 512;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Common {
    pub(crate) rights: Rights,
    pub(crate) fingerprint: u64,
    pub(crate) open_timeout: Option<Duration>,
    pub(crate) capacity: Option<u64>,
    /// Of an opener, the least that will do.
    pub(crate) max_len: Option<u64>,
    pub(crate) align: u64,
}

impl Common {
    pub(crate) const fn new() -> Common {
        Common { rights: Rights::Private, fingerprint: 0, open_timeout: None, capacity: None, max_len: None, align: 1 }
    }

    /// The form of a new channel of this kind for messages of this type, as far as both kinds have it.
    pub(crate) fn form<T: Payload + ?Sized>(&self, kind: ChannelKind) -> Form {
        let (typed, message_size) = match T::SIZE {
            Some(size) => (true, size as u64),
            None => (false, self.max_len.unwrap_or(MAX_LEN)),
        };
        let form = Form {
            kind,
            typed,
            message_size,
            align: if typed { T::ALIGN } else { self.align },
            fingerprint: self.fingerprint,
            capacity: 1,
            history: 0,
            lossy: false,
            one_sender: false,
            one_receiver: false,
            rights: self.rights,
        };
        let most = if message_size < LONG { CAPACITY_MAX } else { CAPACITY_MAX_LONG };
        let fitting = || (ROOM / form.stride().unwrap_or(ROOM).max(1)).clamp(CAPACITY_MIN, most);
        Form { capacity: self.capacity.unwrap_or_else(fitting), ..form }
    }
}
