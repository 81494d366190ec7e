//! The bytes of a typed region, and what is checked of them at every open.
//!
#![doc = include_str!("layout.md")]

use std::fmt;
use std::mem::offset_of;

use crate::{RegionOptions, Rights};

pub(crate) const HEADER_LEN: usize = 512;
pub(crate) const CURRENT: usize = 128;
pub(crate) const GENERATION: usize = 136;
pub(crate) const ENDED: usize = 144;
pub(crate) const DEATHS: usize = 152;
pub(crate) const GATE: usize = 256;
pub(crate) const CHANGE: usize = 384;

pub(crate) const SLOT_SEQUENCE: usize = 0;
pub(crate) const SLOT_TIME: usize = 8;
pub(crate) const SLOT_LEN: usize = 16;
pub(crate) const SLOT_GENERATION: usize = 24;
pub(crate) const SLOT_VALUE: usize = 32;

const MAGIC: [u8; 8] = *b"coviewTR";
const VERSION: u32 = 1;
const LINE_PAIR: u64 = 128;

/// How many bytes of the header never change.
pub(crate) const FIXED_LEN: usize = 72;

/// What kind of typed region a mapping holds.
///
/// # Examples
///
/// ```
/// use coview::{Region, RegionKind, Shared};
///
/// # let name = format!("doc.region.kind.{}", std::process::id());
/// let counter = Shared::create(&name, &7u64)?;
/// assert_eq!(Region::open(&name)?.kind(), RegionKind::Shared);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegionKind {
    /// A [`Shared`](crate::Shared).
    Shared,
    /// A [`Latest`](crate::Latest).
    Latest,
    /// A [`LatestBytes`](crate::LatestBytes).
    LatestBytes,
}

impl RegionKind {
    const ALL: [RegionKind; 3] = [RegionKind::Shared, RegionKind::Latest, RegionKind::LatestBytes];

    fn number(self) -> u32 {
        match self {
            RegionKind::Shared => 1,
            RegionKind::Latest => 2,
            RegionKind::LatestBytes => 3,
        }
    }

    /// The slots of a region of this kind: a power of two. Readers are disturbed when all but one have been written anew
    /// while they read; but a `Shared` needs its lock for every write, and is the kind for large values.
    const fn slots(self) -> u64 {
        match self {
            RegionKind::Shared => 2,
            RegionKind::Latest | RegionKind::LatestBytes => 4,
        }
    }
}

impl fmt::Display for RegionKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            RegionKind::Shared => "shared",
            RegionKind::Latest => "latest",
            RegionKind::LatestBytes => "latest-bytes",
        })
    }
}

/// The part of the header that never changes, as far as it is not the same in all regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) kind: RegionKind,
    pub(crate) value_size: u64,
    pub(crate) value_align: u64,
    pub(crate) fingerprint: u64,
    /// The creator's.
    pub(crate) rights: Rights,
}

/// That part as it lies in memory.
#[repr(C)]
struct Fixed {
    magic: [u8; 8],
    version: u32,
    kind: u32,
    value_size: u64,
    value_align: u64,
    fingerprint: u64,
    slots: u64,
    stride: u64,
    first: u64,
    rights: u32,
    zero: u32,
}

const _: () = assert!(size_of::<Fixed>() == FIXED_LEN && offset_of!(Fixed, first) == 56);
const _: () = assert!(offset_of!(Fixed, rights) == 64);
const _: () = assert!(offset_of!(Fixed, kind) == 12 && offset_of!(Fixed, value_size) == 16);
const _: () = assert!(offset_of!(Fixed, fingerprint) == 32 && offset_of!(Fixed, slots) == 40);

impl Form {
    /// The form of a region for values of a type.
    pub(crate) const fn of<T>(kind: RegionKind, options: &RegionOptions) -> Form {
        let (value_size, value_align) = (size_of::<T>() as u64, align_of::<T>() as u64);
        Form { kind, value_size, value_align, fingerprint: options.fingerprint, rights: options.rights }
    }

    /// From one slot to the next; `None` if no number is so large.
    pub(crate) const fn stride(&self) -> Option<u64> {
        match self.value_size.checked_add(SLOT_VALUE as u64) {
            Some(len) => len.checked_next_multiple_of(LINE_PAIR),
            None => None,
        }
    }

    pub(crate) const fn slots(&self) -> u64 {
        self.kind.slots()
    }

    /// The size of the whole region; `None` if no mapping is so large.
    pub(crate) const fn region_size(&self) -> Option<u64> {
        let Some(stride) = self.stride() else { return None };
        let Some(slots_len) = stride.checked_mul(self.slots()) else { return None };
        match slots_len.checked_add(HEADER_LEN as u64) {
            Some(size) if size <= i64::MAX as u64 => Some(size),
            _ => None,
        }
    }

    /// The first bytes of a region of this form.
    pub(crate) fn to_bytes(self) -> [u8; FIXED_LEN] {
        let mut bytes = [0; FIXED_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        let mut put = |at: usize, number: &[u8]| bytes[at..at + number.len()].copy_from_slice(number);
        put(offset_of!(Fixed, version), &VERSION.to_le_bytes());
        put(offset_of!(Fixed, kind), &self.kind.number().to_le_bytes());
        put(offset_of!(Fixed, value_size), &self.value_size.to_le_bytes());
        put(offset_of!(Fixed, value_align), &self.value_align.to_le_bytes());
        put(offset_of!(Fixed, fingerprint), &self.fingerprint.to_le_bytes());
        put(offset_of!(Fixed, slots), &self.slots().to_le_bytes());
        put(offset_of!(Fixed, stride), &self.stride().unwrap_or(0).to_le_bytes());
        put(offset_of!(Fixed, first), &(HEADER_LEN as u64).to_le_bytes());
        put(offset_of!(Fixed, rights), &number_of(self.rights).to_le_bytes());
        bytes
    }

    /// Whether these are the first bytes of a typed region, of whatever version.
    pub(crate) fn is_there(bytes: &[u8; FIXED_LEN]) -> bool {
        bytes[..8] == MAGIC
    }

    /// Reads the first bytes of a region; the error says why they cannot be those of one that this version knows.
    pub(crate) fn from_bytes(bytes: &[u8; FIXED_LEN], mapping_size: u64) -> Result<Form, String> {
        if !Form::is_there(bytes) {
            return Err("there is no typed region in the mapping".into());
        }
        let version = word32(bytes, offset_of!(Fixed, version));
        if version != VERSION {
            return Err(format!("its layout has version {version}, and this Coview knows version {VERSION}"));
        }
        let number = word32(bytes, offset_of!(Fixed, kind));
        let Some(kind) = RegionKind::ALL.into_iter().find(|kind| kind.number() == number) else {
            return Err(format!("it is of kind {number}, which this Coview does not know"));
        };
        let form = Form {
            kind,
            value_size: word64(bytes, offset_of!(Fixed, value_size)),
            value_align: word64(bytes, offset_of!(Fixed, value_align)),
            fingerprint: word64(bytes, offset_of!(Fixed, fingerprint)),
            rights: rights_of(word32(bytes, offset_of!(Fixed, rights))),
        };
        // What follows from the rest must be what it is.
        if form.to_bytes() != *bytes {
            return Err("its header contradicts itself".into());
        }
        match form.region_size() {
            Some(size) if size <= mapping_size => Ok(form),
            Some(size) => Err(format!("its header speaks of {size} bytes, and the mapping has {mapping_size}")),
            None => Err("its header speaks of more bytes than there can be".into()),
        }
    }

    /// What hinders somebody who expects `wanted` from using a region of this form.
    pub(crate) fn differs_from(&self, wanted: &Form) -> Option<String> {
        if self.kind != wanted.kind {
            return Some(format!("it is of kind {}, not {}", self.kind, wanted.kind));
        }
        if self.kind == RegionKind::LatestBytes {
            if self.value_size < wanted.value_size {
                let (there, here) = (self.value_size, wanted.value_size);
                return Some(format!("its values have at most {there} bytes, and {here} are wanted"));
            }
        } else {
            if self.value_size != wanted.value_size {
                let (there, here) = (self.value_size, wanted.value_size);
                return Some(format!("its values have {there} bytes, and those of the type here {here}"));
            }
            if self.value_align != wanted.value_align {
                let (there, here) = (self.value_align, wanted.value_align);
                return Some(format!("its values are aligned to {there} bytes, and those of the type here to {here}"));
            }
        }
        if wanted.fingerprint != 0 && self.fingerprint != wanted.fingerprint {
            let (there, here) = (self.fingerprint, wanted.fingerprint);
            return Some(format!("its fingerprint is {there:#018x}, and {here:#018x} is expected"));
        }
        None
    }
}

/// Turns a description of a type into a number by which two versions of the type are told apart.
///
/// Write down whatever you would not want to be mixed up: names, types, units, a version. A good choice is the text that
/// `coview watch --as` takes. Give the number to [`RegionOptions::fingerprint`](crate::RegionOptions::fingerprint). The
/// result is never 0, and the same everywhere and for ever (FNV-1a, 64 bits). It is no protection from those who want to
/// deceive.
///
/// There is no derive macro for it: a macro sees how a field's type is spelled and not what that stands for, so it would
/// miss what changes behind an alias or in a nested type, and cry over what changes in name alone.
///
/// # Examples
///
/// ```
/// const V2: u64 = coview::fingerprint("pose v2: u32 id; f32[3] position_m; f64 time_s");
/// assert_ne!(V2, coview::fingerprint("pose v1: u32 id; f32[3] position_mm; f64 time_s"));
/// ```
pub const fn fingerprint(description: &str) -> u64 {
    let bytes = description.as_bytes();
    let (mut hash, mut index) = (0xcbf2_9ce4_8422_2325_u64, 0);
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    if hash == 0 { 1 } else { hash }
}

pub(crate) fn number_of(rights: Rights) -> u32 {
    match rights {
        Rights::Private => 0,
        Rights::Group => 1,
        Rights::EveryoneReadOnly => 2,
        Rights::Everyone => 3,
    }
}

/// An unknown number, which no header keeps, stands for the least.
pub(crate) fn rights_of(number: u32) -> Rights {
    let all = [Rights::Group, Rights::EveryoneReadOnly, Rights::Everyone];
    all.into_iter().find(|&rights| number_of(rights) == number).unwrap_or(Rights::Private)
}

fn word32(bytes: &[u8; FIXED_LEN], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|index| bytes[at + index]))
}

fn word64(bytes: &[u8; FIXED_LEN], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|index| bytes[at + index]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form =
        Form { kind: RegionKind::Latest, value_size: 24, value_align: 8, fingerprint: 0x1122, rights: Rights::Group };

    #[test]
    fn the_header_has_these_bytes() {
        let bytes = FORM.to_bytes();
        assert_eq!(&bytes[..8], b"coviewTR");
        assert_eq!(bytes[8..16], [1, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(bytes[16..32], [24, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[32..48], [0x22, 0x11, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[48..64], [128, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[64..], [1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(FORM.region_size(), Some(512 + 4 * 128));
        assert_eq!(Form::from_bytes(&bytes, 1024), Ok(FORM));
    }

    #[test]
    fn every_damaged_byte_is_noticed_or_another_form() {
        let bytes = FORM.to_bytes();
        for (index, bit) in (0..FIXED_LEN).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
            let mut damaged = bytes;
            damaged[index] ^= 1 << bit;
            assert_ne!(Form::from_bytes(&damaged, u64::MAX), Ok(FORM), "byte {index}, bit {bit}");
        }
        assert!(Form::from_bytes(&bytes, 1023).is_err());
        assert!(Form::from_bytes(&[0xff; FIXED_LEN], u64::MAX).is_err());
    }

    #[test]
    fn sizes_beyond_all_bounds_are_refused() {
        for value_size in [u64::MAX, u64::MAX - 128, i64::MAX as u64, i64::MAX as u64 / 4] {
            let form = Form { value_size, ..FORM };
            assert_eq!(form.region_size(), None);
            assert!(Form::from_bytes(&form.to_bytes(), u64::MAX).is_err());
        }
    }

    #[test]
    fn what_differs_is_told() {
        let told = |form: Form, wanted: Form| form.differs_from(&wanted).unwrap_or_default();
        assert_eq!(told(FORM, FORM), "");
        assert!(told(FORM, Form { kind: RegionKind::Shared, ..FORM }).contains("kind latest, not shared"));
        assert!(told(FORM, Form { value_size: 32, ..FORM }).contains("24 bytes, and those of the type here 32"));
        assert!(told(FORM, Form { value_align: 4, ..FORM }).contains("aligned to 8"));
        assert!(told(FORM, Form { fingerprint: 1, ..FORM }).contains("0x0000000000001122"));
        assert_eq!(told(FORM, Form { fingerprint: 0, ..FORM }), "", "who expects no fingerprint takes every one");
    }

    #[test]
    fn a_fingerprint_is_the_same_for_ever() {
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fingerprint("foobar"), 0x8594_4171_f739_67e8);
    }
}
