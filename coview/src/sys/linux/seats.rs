//! What wakes the ends of a channel: a futex on the gate's word, which all who sleep over it share.
//!
//! | killed while ringing | what is found |
//! |---|---|
//! | before the turn is over | the word still says that somebody sleeps: the next ring wakes them |
//! | after that, before the wake | who sleeps looks again at the end of his nap |

use std::io;
use std::sync::atomic::AtomicU32;

use super::{Deadline, futex};
use crate::Rights;
use crate::name::Name;
use crate::sys::gate;

/// What wakes the ends of a channel.
#[derive(Debug)]
pub(crate) struct Seats;

impl Seats {
    pub(crate) fn new(_name: &Name, _rights: Rights) -> Seats {
        Seats
    }

    pub(crate) fn sleep(&self, _seat: u32, word: &AtomicU32, seen: u32, deadline: Deadline) -> io::Result<()> {
        futex::wait(word, seen, deadline).map(drop)
    }

    #[cold]
    pub(crate) fn ring<S: Iterator<Item = u32>>(&self, word: &AtomicU32, _seats: impl FnOnce() -> S) -> io::Result<()> {
        if gate::end_turn(word).is_some() {
            futex::wake(word, futex::ALL);
        }
        Ok(())
    }
}
