//! Access lists: entries that grant or deny rights, read as presets.

use coview::Rights;

use super::sid::{Class, Sid};
use crate::access::{GENERIC_ALL, GENERIC_EXECUTE, GENERIC_READ, GENERIC_WRITE, SYNCHRONIZE};

pub(super) const ALLOWED: u8 = 0;
pub(super) const DENIED: u8 = 1;

const HEAD_LEN: usize = 8;
const ENTRY_HEAD_LEN: usize = 8;
/// For what is made below an object, not for the object.
const INHERIT_ONLY: u8 = 8;

/// `SECTION_QUERY`, `SECTION_MAP_READ`, `FILE_READ_DATA` and their like.
const READ: u32 = 0x0005;
/// `SECTION_MAP_WRITE`, `EVENT_MODIFY_STATE`, `FILE_WRITE_DATA` and their like.
const WRITE: u32 = 0x0002;
/// Whoever may change the list or the owner may take every right.
const CHANGE_SECURITY: u32 = 0x000C_0000;

/// An entry that grants or denies.
struct Entry {
    kind: u8,
    flags: u8,
    mask: u32,
    sid: Sid,
}

/// The entries whose kind is known; `None` in place of one that reaches out of the list or has no identifier.
fn entries(list: &[u8]) -> impl Iterator<Item = Option<Entry>> {
    let count = list.get(4..6).map_or(0, |count| u16::from_le_bytes([count[0], count[1]]));
    let mut rest = list.get(HEAD_LEN..).unwrap_or_default();
    (0..count).filter_map(move |_| {
        let Some((entry, behind)) = split_entry(rest) else {
            rest = &[];
            return Some(None);
        };
        rest = behind;
        matches!(entry[0], ALLOWED | DENIED).then(|| read_entry(entry))
    })
}

fn split_entry(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = usize::from(u16::from_le_bytes(rest.get(2..4)?.try_into().ok()?));
    if len < ENTRY_HEAD_LEN { None } else { rest.split_at_checked(len) }
}

fn read_entry(entry: &[u8]) -> Option<Entry> {
    let mask = u32::from_le_bytes(entry.get(4..8)?.try_into().ok()?);
    Some(Entry { kind: entry[0], flags: entry[1], mask, sid: Sid::from_bytes(&entry[ENTRY_HEAD_LEN..])? })
}

pub(super) fn is_valid(list: &[u8]) -> bool {
    list.len() >= HEAD_LEN && matches!(list[0], 2..=4) && entries(list).all(|entry| entry.is_some())
}

/// The preset that the list comes nearest to.
pub(super) fn rights(list: &[u8]) -> Rights {
    let everyone = mask_of(list, &[Class::Everyone]);
    match () {
        () if changes(everyone) => Rights::Everyone,
        () if everyone & (GENERIC_READ | READ) != 0 => Rights::EveryoneReadOnly,
        () if changes(mask_of(list, &[Class::Everyone, Class::Group])) => Rights::Group,
        () => Rights::Private,
    }
}

/// What somebody may do who belongs to these classes and to no other.
fn mask_of(list: &[u8], classes: &[Class]) -> u32 {
    let (mut allowed, mut denied) = (0, 0);
    for entry in entries(list).map_while(|entry| entry) {
        if entry.flags & INHERIT_ONLY != 0 || !classes.contains(&entry.sid.class()) {
            continue;
        }
        match entry.kind {
            DENIED => denied |= with_generic(entry.mask),
            _ => allowed |= entry.mask & !denied,
        }
    }
    allowed
}

/// A denied generic right denies what it stands for, as far as it is looked at here, and the other way round.
fn with_generic(mask: u32) -> u32 {
    let mut mask = mask;
    if mask & GENERIC_ALL != 0 {
        mask |= GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | READ | WRITE | SYNCHRONIZE | CHANGE_SECURITY;
    }
    if mask & (GENERIC_WRITE | WRITE) != 0 {
        mask |= GENERIC_ALL | GENERIC_WRITE | WRITE;
    }
    if mask & (GENERIC_READ | READ) != 0 {
        mask |= GENERIC_READ | READ;
    }
    mask
}

/// Whether the rights let their holder change an object's memory. Waiting does that too; but a mask that reads a
/// section or a file may say `SYNCHRONIZE` beside it, and means no change.
fn changes(mask: u32) -> bool {
    const QUERY_OR_LESS: u32 = 0xFFFE;
    let waits = mask & GENERIC_EXECUTE != 0 || mask & SYNCHRONIZE != 0 && mask & QUERY_OR_LESS == 0;
    waits || mask & (GENERIC_ALL | GENERIC_WRITE | WRITE | CHANGE_SECURITY) != 0
}
