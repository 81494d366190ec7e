//! What wakes those who sleep over a gate: a futex on the word itself.
//!
//! | killed while ringing | what is found |
//! |---|---|
//! | before the turn is over | the word still says that somebody sleeps: the next ring wakes them |
//! | after that, before the wake | who sleeps looks again within [`NAP`] |

use std::io;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use super::{Deadline, futex};
use crate::Rights;
use crate::name::Name;
use crate::sys::gate;

/// How long anybody sleeps without a look, should the one who was to wake him have been killed in the middle of it.
const NAP: Duration = Duration::from_millis(250);

/// How long one sleeps whom nobody wakes.
const GLANCE: Duration = Duration::from_millis(1);

/// What wakes those who sleep over a gate.
#[derive(Debug)]
pub(crate) struct Bell;

impl Bell {
    pub(crate) fn new(_name: Option<&Name>, _rights: Rights) -> Bell {
        Bell
    }

    pub(crate) fn sleep(&self, word: &AtomicU32, seen: u32, deadline: Deadline) -> io::Result<()> {
        futex::wait(word, seen, Deadline::after(NAP).earlier(deadline)).map(drop)
    }

    pub(crate) fn glance(&self, deadline: Deadline) -> io::Result<()> {
        let nobody_wakes = AtomicU32::new(0);
        futex::wait(&nobody_wakes, 0, Deadline::after(GLANCE).earlier(deadline)).map(drop)
    }

    #[cold]
    pub(crate) fn ring(&self, word: &AtomicU32) -> io::Result<()> {
        if gate::end_turn(word).is_some() {
            futex::wake(word, futex::ALL);
        }
        Ok(())
    }
}
