//! Values that tell by themselves whether they are whole.

use bytemuck::{Pod, Zeroable};

/// How many words follow from the number of a [`Sealed`].
const BODY: usize = 62;

/// Several hundred bytes that all follow from one number, so that a mixture of two of them shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Sealed {
    pub(crate) number: u64,
    body: [u64; BODY],
    sum: u64,
}

impl Sealed {
    pub(crate) fn new(number: u64) -> Sealed {
        let body = std::array::from_fn(|index| mix(number, index as u64));
        Sealed { number, body, sum: sum(&body) }
    }

    pub(crate) fn is_whole(&self) -> bool {
        *self == Sealed::new(self.number)
    }

    /// Fails if this is a mixture.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.is_whole() { Ok(()) } else { Err(format!("a torn value was seen: {self:?}")) }
    }
}

/// A number that follows from two, and looks like neither.
pub(crate) fn mix(number: u64, index: u64) -> u64 {
    let mixed = (number ^ index.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

fn sum(words: &[u64]) -> u64 {
    words.iter().fold(0, |sum, &word| sum.rotate_left(7) ^ word)
}
