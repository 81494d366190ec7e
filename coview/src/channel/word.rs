//! The word of a slot: who may do what with it.
//!
//! | state of the slot, in lap `n` | who may change it | to |
//! |---|---|---|
//! | free `n` | a sender, at the position of this lap | loaned `n`; one sender alone: full `n` |
//! | loaned `n` | the sender whose number it has; after his death anybody | full `n`, or free `n + 1` if nothing is sent |
//! | full `n`, several receivers | a receiver | held `n` |
//! | held `n` | the receiver whose number it has; after his death anybody | free `n + 1`; after his death full `n`, marked as returned by the number 1 |
//! | full `n`, receivers with cursors | a sender, at the position of lap `n + 1`, when all cursors are past it | loaned `n + 1`; one sender alone: full `n + 1` |
//!
//! So a word only ever grows, but for one that is returned, and no position is ever used twice.

/// What is in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free,
    Loaned,
    Full,
    Held,
}

/// A slot's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u64);

const INDEX_SHIFT: u32 = 2;
const LAP_SHIFT: u32 = 8;
const INDEX_MASK: u64 = 63;

impl Word {
    #[inline]
    pub(crate) fn free(lap: u64) -> Word {
        Word(lap << LAP_SHIFT)
    }

    #[inline]
    pub(crate) fn loaned(lap: u64, index: u32) -> Word {
        Word::new(lap, index, 1)
    }

    #[inline]
    pub(crate) fn full(lap: u64) -> Word {
        Word::new(lap, 0, 2)
    }

    /// Full once more, after a receiver has died that held it.
    pub(crate) fn returned(lap: u64) -> Word {
        Word::new(lap, 1, 2)
    }

    #[inline]
    pub(crate) fn held(lap: u64, index: u32) -> Word {
        Word::new(lap, index, 3)
    }

    #[inline]
    pub(crate) fn lap(self) -> u64 {
        self.0 >> LAP_SHIFT
    }

    /// The end that has it.
    pub(crate) fn index(self) -> u32 {
        (self.0 >> INDEX_SHIFT & INDEX_MASK) as u32
    }

    #[inline]
    pub(crate) fn state(self) -> State {
        match self.0 & 3 {
            0 => State::Free,
            1 => State::Loaned,
            2 => State::Full,
            _ => State::Held,
        }
    }

    #[inline]
    fn new(lap: u64, index: u32, state: u64) -> Word {
        Word(lap << LAP_SHIFT | (u64::from(index) & INDEX_MASK) << INDEX_SHIFT | state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_tells_what_it_was_made_of() {
        let word = Word::held(1 << 55, 63);
        assert_eq!((word.lap(), word.index(), word.state()), (1 << 55, 63, State::Held));
        assert_eq!(Word::free(0), Word(0));
        assert!(Word::free(1).0 < Word::loaned(1, 0).0 && Word::full(1).0 < Word::held(1, 0).0);
    }
}
