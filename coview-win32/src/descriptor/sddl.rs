//! Security descriptors as text, `O:BAG:BAD:P(A;;GA;;;WD)`, made into Windows' self-relative form.
//!
//! Needs `unsafe` in its test, to hand a descriptor on as C programs do.
//!
//! Entries for objects of a directory service (`OA`, `OD`, …) and conditional ones (`XA`, …) are refused (1336).

use super::access_list::{ALLOWED, DENIED};
use super::sid::Sid;
use super::{Code, DACL_PRESENT, INVALID_ACL, INVALID_SID, REVISION, Result, SELF_RELATIVE};

const SACL_PRESENT: u16 = 0x0010;
const LIST_REVISION: u8 = 2;
const HEAD_LEN: usize = 20;
const KEYS: [u8; 4] = *b"OGDS";

const KINDS: [(&str, u8); 5] = [("A", ALLOWED), ("D", DENIED), ("AU", 2), ("AL", 3), ("ML", 0x11)];

const ENTRY_FLAGS: [(&str, u32); 7] =
    [("OI", 0x01), ("CI", 0x02), ("NP", 0x04), ("IO", 0x08), ("ID", 0x10), ("SA", 0x40), ("FA", 0x80)];

const RIGHTS: [(&str, u32); 28] = [
    ("GA", 0x1000_0000),
    ("GX", 0x2000_0000),
    ("GW", 0x4000_0000),
    ("GR", 0x8000_0000),
    ("SD", 0x0001_0000),
    ("RC", 0x0002_0000),
    ("WD", 0x0004_0000),
    ("WO", 0x0008_0000),
    ("CC", 0x0001),
    ("DC", 0x0002),
    ("LC", 0x0004),
    ("SW", 0x0008),
    ("RP", 0x0010),
    ("WP", 0x0020),
    ("DT", 0x0040),
    ("LO", 0x0080),
    ("CR", 0x0100),
    ("FA", 0x001F_01FF),
    ("FR", 0x0012_0089),
    ("FW", 0x0012_0116),
    ("FX", 0x0012_00A0),
    ("KA", 0x000F_003F),
    ("KR", 0x0002_0019),
    ("KW", 0x0002_0006),
    ("KX", 0x0002_0019),
    ("NW", 0x0001),
    ("NR", 0x0002),
    ("NX", 0x0004),
];

/// The parts of a descriptor, each as bytes, in the order of [`KEYS`]; empty where there is none.
#[derive(Default)]
struct Parts {
    control: u16,
    bytes: [Vec<u8>; 4],
}

pub(super) fn descriptor(text: &str) -> Result<Vec<u8>> {
    let mut parts = Parts::default();
    let mut seen = [false; 4];
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (index, behind) = split_key(rest).filter(|&(index, _)| !seen[index]).ok_or(Code::INVALID_PARAMETER)?;
        seen[index] = true;
        rest = match index {
            0 | 1 => parts.read_sid(index, behind)?,
            _ => parts.read_list(index, behind)?,
        }
        .trim_start();
    }
    parts.assemble()
}

fn split_key(text: &str) -> Option<(usize, &str)> {
    let key = text.as_bytes().first()?.to_ascii_uppercase();
    let index = KEYS.iter().position(|&known| known == key)?;
    Some((index, text.get(1..)?.strip_prefix(':')?.trim_start()))
}

impl Parts {
    fn read_sid<'a>(&mut self, index: usize, text: &'a str) -> Result<&'a str> {
        let (sid, len) = Sid::parse_start(text).ok_or(INVALID_SID)?;
        self.bytes[index] = sid.to_bytes();
        Ok(&text[len..])
    }

    fn read_list<'a>(&mut self, index: usize, text: &'a str) -> Result<&'a str> {
        let is_dacl = KEYS[index] == b'D';
        self.control |= if is_dacl { DACL_PRESENT } else { SACL_PRESENT };
        let (flags, has_list, mut rest) = read_list_flags(text);
        self.control |= if is_dacl { flags } else { flags << 1 };
        let mut entries = Vec::new();
        while let Some(inside) = rest.strip_prefix('(') {
            let (entry, behind) = inside.split_once(')').ok_or(INVALID_ACL)?;
            entries.push(entry_of(entry)?);
            rest = behind.trim_start();
        }
        if has_list {
            self.bytes[index] = list_of(&entries)?;
        }
        Ok(rest)
    }

    /// The head, and behind it what there is.
    fn assemble(self) -> Result<Vec<u8>> {
        let mut head = vec![REVISION, 0];
        head.extend((self.control | SELF_RELATIVE).to_le_bytes());
        let mut body: Vec<u8> = Vec::new();
        // In the head the lists stand the other way round.
        for part in [0, 1, 3, 2].map(|index| &self.bytes[index]) {
            let distance = if part.is_empty() { 0 } else { HEAD_LEN + body.len() };
            head.extend(u32::try_from(distance).map_err(|_| INVALID_ACL)?.to_le_bytes());
            body.extend(part);
        }
        head.extend(body);
        Ok(head)
    }
}

/// The bits for a discretionary list, whether there is a list at all, and what follows.
fn read_list_flags(text: &str) -> (u16, bool, &str) {
    const PROTECTED: u16 = 0x1000;
    const INHERIT_REQUESTED: u16 = 0x0100;
    const INHERITED: u16 = 0x0400;
    let (mut flags, mut has_list, mut rest) = (0, true, text);
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix("NO_ACCESS_CONTROL") {
            (has_list, rest) = (false, behind);
        } else if let Some(behind) = rest.strip_prefix("AR") {
            (flags, rest) = (flags | INHERIT_REQUESTED, behind);
        } else if let Some(behind) = rest.strip_prefix("AI") {
            (flags, rest) = (flags | INHERITED, behind);
        } else if let Some(behind) = rest.strip_prefix('P') {
            (flags, rest) = (flags | PROTECTED, behind);
        } else {
            return (flags, has_list, rest);
        }
    }
}

fn list_of(entries: &[Vec<u8>]) -> Result<Vec<u8>> {
    let len = 8 + entries.iter().map(Vec::len).sum::<usize>();
    let len = u16::try_from(len).map_err(|_| INVALID_ACL)?;
    let count = u16::try_from(entries.len()).map_err(|_| INVALID_ACL)?;
    let mut list = vec![LIST_REVISION, 0];
    list.extend(len.to_le_bytes());
    list.extend(count.to_le_bytes());
    list.extend([0; 2]);
    list.extend(entries.concat());
    Ok(list)
}

/// One entry: kind, flags, rights, two identifiers of object types that must be empty, and whom it is for.
fn entry_of(text: &str) -> Result<Vec<u8>> {
    let fields: Vec<&str> = text.split(';').map(str::trim).collect();
    let &[kind, flags, rights, "", "", whom] = fields.as_slice() else { return Err(INVALID_ACL) };
    let &(_, kind) = KINDS.iter().find(|(known, _)| *known == kind).ok_or(INVALID_ACL)?;
    let flags = u8::try_from(sum_of_pairs(flags, &ENTRY_FLAGS)?).map_err(|_| INVALID_ACL)?;
    let mask = rights_of(rights)?;
    let (sid, len) = Sid::parse_start(whom).ok_or(INVALID_SID)?;
    if len != whom.len() {
        return Err(INVALID_SID);
    }
    let sid = sid.to_bytes();
    let mut entry = vec![kind, flags];
    entry.extend(u16::try_from(8 + sid.len()).map_err(|_| INVALID_ACL)?.to_le_bytes());
    entry.extend(mask.to_le_bytes());
    entry.extend(sid);
    Ok(entry)
}

/// Rights as a number, hexadecimal, octal or decimal, or as pairs of letters.
fn rights_of(text: &str) -> Result<u32> {
    let lower = text.to_ascii_lowercase();
    let number = match lower.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None if lower.starts_with('0') => u32::from_str_radix(&lower, 8),
        None if lower.starts_with(|c: char| c.is_ascii_digit()) => lower.parse(),
        None => return sum_of_pairs(text, &RIGHTS),
    };
    number.map_err(|_| INVALID_ACL)
}

fn sum_of_pairs(text: &str, known: &[(&str, u32)]) -> Result<u32> {
    let mut sum = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let pair = rest.get(..2).ok_or(INVALID_ACL)?;
        let (_, value) = known.iter().find(|(letters, _)| pair.eq_ignore_ascii_case(letters)).ok_or(INVALID_ACL)?;
        sum |= value;
        rest = rest[2..].trim_start();
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use coview::Rights;

    use super::*;

    fn rights(text: &str) -> Rights {
        let descriptor = descriptor(text).expect(text);
        // SAFETY: it is a descriptor, and stays while the call lasts.
        unsafe { super::super::rights(descriptor.as_ptr().cast()) }
    }

    #[test]
    fn common_texts_become_presets() {
        for (text, preset) in [
            ("", Rights::Private),
            ("O:BAG:BA", Rights::Private),
            ("D:", Rights::Private),
            ("D:NO_ACCESS_CONTROL", Rights::Everyone),
            ("D:(A;;GA;;;WD)", Rights::Everyone),
            ("D:P(A;OICI;GA;;;SY)(A;OICI;GA;;;BA)(A;OICI;GRGW;;;AU)", Rights::Everyone),
            ("D:(A;;0x1fffff;;;S-1-1-0)", Rights::Everyone),
            ("D:(A;;0x1F0001;;;WD)", Rights::Everyone),
            ("D:(A;;0x100000;;;BU)", Rights::Everyone),
            ("D:(A;;FA;;;IU)", Rights::Everyone),
            ("D:(A;;GA;;;AC)S:(ML;;NW;;;LW)", Rights::Everyone),
            ("D:(A;;GR;;;WD)(A;;GA;;;OW)", Rights::EveryoneReadOnly),
            ("D:(A;;FR;;;WD)", Rights::EveryoneReadOnly),
            ("D:(A;;4;;;AU)", Rights::EveryoneReadOnly),
            ("D:(A;;GA;;;CG)", Rights::Group),
            ("D:(A;;GA;;;DU)", Rights::Group),
            ("D:(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;CO)", Rights::Private),
            ("D:(A;IO;GA;;;WD)", Rights::Private),
            ("D:(D;;GA;;;WD)(A;;GA;;;WD)", Rights::Private),
            ("D:(D;;GW;;;WD)(A;;GRGW;;;WD)", Rights::EveryoneReadOnly),
            ("O:SYG:S-1-5-32-544D:AI(A;;GA;;;WD)", Rights::Everyone),
        ] {
            assert_eq!(rights(text), preset, "{text}");
        }
    }

    #[test]
    fn bad_texts_have_their_codes() {
        for (text, code) in [
            ("X", Code::INVALID_PARAMETER),
            ("D", Code::INVALID_PARAMETER),
            ("D:(A;;GA;;;WD)D:", Code::INVALID_PARAMETER),
            ("D:(A;;GA;;;WD", INVALID_ACL),
            ("D:(A;;QQ;;;WD)", INVALID_ACL),
            ("D:(A;;GA;;WD)", INVALID_ACL),
            ("D:(Q;;GA;;;WD)", INVALID_ACL),
            ("D:(A;;GA;;;QQ)", INVALID_SID),
            ("O:QQ", INVALID_SID),
        ] {
            assert_eq!(descriptor(text), Err(code), "{text}");
        }
    }

    #[test]
    fn the_form_is_that_of_windows() {
        let bytes = descriptor("O:BAD:(A;;GA;;;WD)").expect("a good text");
        assert_eq!(bytes[..4], [1, 0, 4, 0x80]);
        let distances: Vec<u32> = bytes[4..20]
            .chunks(4)
            .map(|word| word.iter().rev().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
            .collect();
        assert_eq!(distances, [20, 0, 0, 36]);
        assert_eq!(
            bytes[36..],
            [2, 0, 28, 0, 1, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 16, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
        );
    }
}
