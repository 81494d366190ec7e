//! How a receiver keeps off a sender's heels.
//!
//! A receiver that finds every message as soon as it is there fetches each line from the cache of the sender's processor,
//! and waits for it; one that stays some messages behind fetches several at a time, and need not wait. But to stay behind
//! costs time when messages come one by one, each after an answer. So a receiver that has run out of messages tries now and
//! then to let some gather. It goes on with it as long as that pays, and tries ever more seldom while it does not.

use std::hint;

/// How many messages between two times at which there are none make it worth while, if so many may gather.
const WORTH: u64 = 8;

/// After how many vain waits it is tried.
const TRY_FIRST: u32 = 64;
const TRY_LAST: u32 = 1 << 16;

/// How often one looks whether enough messages have gathered: for some microseconds at most, and for longer if each of them
/// takes longer.
const LOOKS_MIN: u64 = 16;
const LOOKS_MAX: u64 = 512;
const BYTES_A_LOOK: u64 = 256;

/// How long one waits between two looks, each of which takes the line from the sender.
const PAUSES: u32 = 8;

/// A receiver's pace.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Messages received when it last ran out of them.
    before: u64,
    /// Messages were let gather when it last ran out of them.
    gathering: bool,
    /// How many times to run out of messages before the next try, and how many it takes after that.
    left: u32,
    interval: u32,
    /// How many messages gather.
    pub(crate) lead: u64,
    looks: u64,
}

impl Pace {
    pub(crate) fn new(lead: u64, message_size: u64) -> Pace {
        let looks = (LOOKS_MIN + message_size / BYTES_A_LOOK).min(LOOKS_MAX);
        Pace { before: 0, gathering: false, left: TRY_FIRST, interval: TRY_FIRST, lead, looks }
    }

    /// To be asked when there are no more messages, after so many of them: whether to let some gather.
    #[inline(always)]
    pub(crate) fn is_at_heels(&mut self, messages: u64) -> bool {
        let run = messages - self.before;
        self.before = messages;
        if self.gathering {
            self.gathering = run >= self.lead.clamp(2, WORTH);
            self.interval = if self.gathering { TRY_FIRST } else { (self.interval * 2).min(TRY_LAST) };
            self.left = self.interval;
        } else {
            self.left -= 1;
            self.gathering = self.left == 0;
        }
        self.gathering
    }

    /// Lets messages gather until there are enough, or for a while.
    #[cold]
    pub(crate) fn wait_behind(&self, mut is_enough: impl FnMut() -> bool) {
        for _ in 0..self.looks {
            if is_enough() {
                return;
            }
            for _ in 0..PAUSES {
                hint::spin_loop();
            }
        }
    }
}
