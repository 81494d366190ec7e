//! What publishing is, whatever is published: the claim on the part, the number of the next value, the end.
//!
//! | killed | readers | the next publisher |
//! |---|---|---|
//! | having the claim, before its number is stored | the publisher is told as the last one was | takes over as from that |
//! | before a value is current (`slots.rs`) | read the old one | publishes under the same number |
//! | after that, before those who wait are woken | read the new one; who sleeps looks again by himself, see `Bell` | |
//! | ending, before the end is noted | the publisher has died | takes over |

use crate::layout::Form;
use crate::region::{Part, Region};
use crate::slots::Stamp;
use crate::sys::{self, Claim};
use crate::{Mapping, Noun, RegionOptions, Result, View};

/// The publisher's part in a region. Given up in the order of the fields.
#[derive(Debug)]
pub(crate) struct Publishing {
    generation: u64,
    /// The number of the last value, as this publisher knows it: what others write there does not matter to it.
    sequence: u64,
    claim: Claim,
    pub(crate) region: Region,
}

impl Publishing {
    /// Makes a region that must be new, and becomes its publisher.
    pub(crate) fn create(options: &RegionOptions, name: &str, form: Form) -> Result<Publishing> {
        Publishing::begin(Region::create(Noun::Latest, options, name, form, |_, _| ())?)
    }

    /// Becomes the publisher of a region that exists.
    pub(crate) fn open(options: &RegionOptions, name: &str, form: &Form) -> Result<Publishing> {
        let region = Region::find(Noun::Latest, options, name, Part::Writer)?;
        region.expect(form)?;
        Publishing::begin(region)
    }

    /// Becomes the publisher of a region that is made if it is not there.
    pub(crate) fn create_or_open(options: &RegionOptions, name: &str, form: Form) -> Result<Publishing> {
        Publishing::begin(Region::create_or_open(Noun::Latest, options, name, form, |_, _| ())?)
    }

    /// Becomes the publisher of the region in a mapping, which is made if the mapping's first bytes are zero.
    pub(crate) fn over(options: &RegionOptions, mapping: &Mapping, form: Form) -> Result<Publishing> {
        let (region, claim) = Region::furnish(Noun::Latest, options, mapping, form)?;
        Ok(Publishing::with(region, claim))
    }

    fn begin(region: Region) -> Result<Publishing> {
        let claim = region.claim_publishing()?;
        Ok(Publishing::with(region, claim))
    }

    fn with(region: Region, claim: Claim) -> Publishing {
        let generation = region.begin_publishing();
        Publishing { generation, sequence: region.sequence(), claim, region }
    }

    /// Makes a value of `len` bytes current, which `put` writes at the offset that it is given; returns its number.
    #[inline]
    pub(crate) fn publish(&mut self, len: usize, put: impl FnOnce(&View, usize)) -> Result<u64> {
        let (view, slots) = (self.region.writing()?, self.region.slots);
        // Never 0, which stands for no value.
        let sequence = self.sequence.wrapping_add(1).max(1);
        put(view, slots.begin(view, sequence));
        slots.commit(view, Stamp { sequence, generation: self.generation, time_ns: sys::now() }, len);
        self.sequence = sequence;
        self.region.notify()?;
        Ok(sequence)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        // What a forked child drops is a copy.
        if self.claim.is_ours() {
            self.region.end_publishing(self.generation);
        }
    }
}
