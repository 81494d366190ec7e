//! What publishing is, whatever is published: the claim on the part, the number of the next value, the end.
//!
//! | killed | readers | the next publisher |
//! |---|---|---|
//! | having the claim, before its number is stored | the publisher is told as the last one was | takes over as from that |
//! | before a value is current (`slots.rs`) | read the old one | publishes under the same number |
//! | after that, before those who wait are woken | read the new one; who sleeps looks again by himself, see `Bell` | |
//! | ending, before the end is noted | the publisher has died | takes over |

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::from_sys;
use crate::layout::{ENDED, FIXED_LEN, Form, GENERATION, HEADER_LEN};
use crate::name::Name;
use crate::region::{Part, READ_ONLY, Region};
use crate::slots::{Stamp, WordsMut};
use crate::sys::{self, Claim};
use crate::{Access, Error, ErrorKind, Mapping, Noun, PublisherState, RegionOptions, Result, Rights, View};

/// The part that the publisher of a `Latest` claims.
const PUBLISHER: u32 = 0;

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

    /// Becomes the publisher of the region in a mapping, which is made if the mapping's header is zero.
    pub(crate) fn over(options: &RegionOptions, mapping: &Mapping, form: Form) -> Result<Publishing> {
        let refuse = |kind, advice: &'static str| {
            Err(Error::new("publish", Noun::Latest, mapping.name(), kind).with_advice(advice))
        };
        if form.region_size().is_none_or(|size| size > mapping.size()) {
            return refuse(ErrorKind::Incompatible, "the mapping is too small for a region of this type");
        }
        if mapping.access() == Access::ReadOnly {
            return refuse(ErrorKind::AccessDenied, READ_ONLY);
        }
        let name = mapping.name().and_then(|name| Name::parse(name).ok());
        let claim = claim(&mapping.section, name.as_ref(), options.rights)?;
        // Who has the claim is alone here; readers take nothing for a region before it says that it is one.
        furnish(&mapping.view_range(..HEADER_LEN as u64)?, form);
        let region = Region::show(Noun::Latest, mapping, Part::Writer)?;
        region.expect(&form)?;
        Publishing::with(region, claim)
    }

    fn begin(region: Region) -> Result<Publishing> {
        region.writing()?;
        let claim = claim(&region.section, region.name.as_ref(), region.form.rights)?;
        Publishing::with(region, claim)
    }

    /// Takes over from whoever published before.
    fn with(region: Region, claim: Claim) -> Result<Publishing> {
        let view = region.writing()?;
        let generation = view.load_u64(GENERATION, Ordering::Acquire).wrapping_add(1).max(1);
        // Release: pairs with `state`, which looks for a change of this number.
        view.store(GENERATION, generation, Ordering::Release);
        Ok(Publishing { generation, sequence: region.sequence(), claim, region })
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
        if self.claim.is_ours()
            && let Some(view) = self.region.view()
        {
            // Release: pairs with `state`.
            view.store(ENDED, self.generation, Ordering::Release);
        }
    }
}

/// What has become of the publisher of a region.
pub(crate) fn state(region: &Region) -> Result<PublisherState> {
    let words = region.read_view();
    // A publisher that comes while this looks has another number; looking again twice is enough for an honest one.
    let mut state = PublisherState::Absent;
    for _ in 0..3 {
        // Acquire: pairs with `Publishing::with`, here and below.
        let generation = words.load_u64(GENERATION, Ordering::Acquire);
        let claimed = region.section.is_claimed(region.name.as_ref(), PUBLISHER);
        if claimed.map_err(|source| region.sys_error("look at", source))? {
            return Ok(PublisherState::Alive);
        }
        // Acquire: pairs with the end of a `Publishing`.
        state = match generation {
            0 => PublisherState::Absent,
            _ if words.load_u64(ENDED, Ordering::Acquire) == generation => PublisherState::Ended,
            _ => PublisherState::Died,
        };
        if words.load_u64(GENERATION, Ordering::Acquire) == generation {
            break;
        }
    }
    Ok(state)
}

/// Claims the part of the publisher.
fn claim(section: &Arc<sys::Section>, name: Option<&Name>, rights: Rights) -> Result<Claim> {
    let claimed = section.claim(name, rights, PUBLISHER);
    claimed.map_err(|source| from_sys("publish", Noun::Latest, name, source))?.ok_or_else(|| {
        let error = Error::new("publish", Noun::Latest, name.map(Name::given), ErrorKind::Busy);
        error.with_advice("its publisher lives, and there is one at a time")
    })
}

/// Makes a region of a header that is zero, or is what a publisher has left that was killed right here.
fn furnish(header: &View, form: Form) {
    let (there, bytes): ([u8; FIXED_LEN], _) = (header.get(0), form.to_bytes());
    let is_new = there[..8] == [0; 8]
        && there.iter().zip(bytes).all(|(&there, ours)| there == 0 || there == ours)
        && header.read_vec(FIXED_LEN, HEADER_LEN - FIXED_LEN).iter().all(|&byte| byte == 0);
    if is_new {
        header.write(8, &bytes[8..]);
        let magic = u64::from_ne_bytes(std::array::from_fn(|index| bytes[index]));
        // Release: what the header says is there when the magic is.
        header.store(0, magic, Ordering::Release);
    }
}
