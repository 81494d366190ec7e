//! What the messages say, so that whoever receives one can tell that it is the right one, and whole.
//!
//! Word `i` of message number `n` is `n + i`. Long messages that are copied are only stamped: the first word of every
//! page and the last word of all are written anew, and the rest stays `i`.
//!
//! Needs `unsafe` to write and read long messages with the wide registers that a processor may have: with the narrow ones
//! that would take longer than the way from one process to the other.

/// Said beside the number: the receiver shall tell that it is here.
pub(crate) const MARK: u64 = 1 << 62;
/// Said beside the number: no message comes after this one.
pub(crate) const END: u64 = 1 << 63;

const WORD: usize = 8;
/// How many words lie between two stamps.
const PAGE_WORDS: usize = 512;
/// From so many bytes on wide registers are worth the call.
const WIDE_MIN: usize = 256;
/// One stamped message in so many is looked at whole.
const WHOLE_EVERY: u64 = 64;

/// How a message comes to be and is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Written whole into the sender's own buffer, copied in, copied out, read whole.
    Copied,
    /// The same, but only stamped: what is measured is how it is carried.
    Stamped,
    /// Written whole where it lies in the channel, read whole where it lies.
    InPlace,
}

impl Way {
    /// The way that a channel can go.
    pub(crate) fn for_channel(self, in_place: bool) -> Way {
        if self == Way::InPlace && !in_place { Way::Copied } else { self }
    }
}

/// A buffer whose stamps can be changed.
pub(crate) fn buffer(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fill(&mut bytes, 0);
    bytes
}

/// Writes message number `number`.
#[inline]
pub(crate) fn fill(bytes: &mut [u8], number: u64) {
    if bytes.len() >= WIDE_MIN && wide::is_there() {
        // SAFETY: the registers are there.
        return unsafe { wide::fill(bytes, number) };
    }
    fill_words(bytes, number);
}

/// Looks at every byte of a message and returns its number with what is said beside it.
#[inline]
pub(crate) fn check(bytes: &[u8], expected: u64) -> u64 {
    let number = word_at(bytes, 0);
    let difference = if bytes.len() >= WIDE_MIN && wide::is_there() {
        // SAFETY: the registers are there.
        unsafe { wide::difference(bytes, number) }
    } else {
        difference_of_words(bytes, number)
    };
    assert_eq!((number & !(MARK | END)) ^ expected | difference, 0, "message {expected} is not what was sent");
    number
}

#[inline(always)]
fn fill_words(bytes: &mut [u8], number: u64) {
    for (index, word) in bytes.chunks_exact_mut(WORD).enumerate() {
        word.copy_from_slice(&number.wrapping_add(index as u64).to_ne_bytes());
    }
}

/// Zero if every word is what it has to be in message number `number`.
#[inline(always)]
fn difference_of_words(bytes: &[u8], number: u64) -> u64 {
    let words = bytes.chunks_exact(WORD).enumerate();
    words.fold(0, |difference, (index, word)| difference | word_of(word) ^ number.wrapping_add(index as u64))
}

/// The same with wide registers.
#[cfg(target_arch = "x86_64")]
mod wide {
    #[inline]
    pub(super) fn is_there() -> bool {
        std::arch::is_x86_feature_detected!("avx2")
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn fill(bytes: &mut [u8], number: u64) {
        super::fill_words(bytes, number);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn difference(bytes: &[u8], number: u64) -> u64 {
        super::difference_of_words(bytes, number)
    }
}

/// Elsewhere the compiler knows best.
#[cfg(not(target_arch = "x86_64"))]
mod wide {
    pub(super) fn is_there() -> bool {
        false
    }

    pub(super) unsafe fn fill(bytes: &mut [u8], number: u64) {
        super::fill_words(bytes, number);
    }

    pub(super) unsafe fn difference(bytes: &[u8], number: u64) -> u64 {
        super::difference_of_words(bytes, number)
    }
}

/// Makes a buffer, once filled with number 0, the stamped message number `number`.
#[inline]
pub(crate) fn stamp(bytes: &mut [u8], number: u64) {
    for index in stamps(bytes.len()) {
        let place = index * WORD;
        bytes[place..place + WORD].copy_from_slice(&number.wrapping_add(index as u64).to_ne_bytes());
    }
}

/// Looks at the stamps of a message, now and then at the whole, and returns its number with what is said beside it.
#[inline]
pub(crate) fn check_stamps(bytes: &[u8], expected: u64) -> u64 {
    let number = word_at(bytes, 0);
    let mut difference = (number & !(MARK | END)) ^ expected;
    for index in stamps(bytes.len()) {
        difference |= word_at(bytes, index) ^ number.wrapping_add(index as u64);
    }
    if expected.is_multiple_of(WHOLE_EVERY) {
        difference |= check_between_stamps(bytes);
    }
    assert_eq!(difference, 0, "message {expected} is not what was sent");
    number
}

#[cold]
fn check_between_stamps(bytes: &[u8]) -> u64 {
    let last = bytes.len() / WORD - 1;
    let unstamped = |index: &usize| !index.is_multiple_of(PAGE_WORDS) && *index != last;
    (0..=last).filter(unstamped).fold(0, |difference, index| difference | word_at(bytes, index) ^ index as u64)
}

/// The places of the stamps in a message of so many bytes.
#[inline]
fn stamps(len: usize) -> impl Iterator<Item = usize> {
    let words = len / WORD;
    (0..words).step_by(PAGE_WORDS).chain([words - 1])
}

#[inline]
fn word_at(bytes: &[u8], index: usize) -> u64 {
    word_of(&bytes[index * WORD..(index + 1) * WORD])
}

#[inline]
fn word_of(bytes: &[u8]) -> u64 {
    u64::from_ne_bytes(bytes.try_into().expect("a word has eight bytes"))
}
