//! Security identifiers: who a right is for.

/// A security identifier, `S-1-…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sid {
    authority: u64,
    parts: Vec<u32>,
}

/// As whom Linux sees somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Whoever has an account.
    Everyone,
    /// The creator's group.
    Group,
    /// The creator, those who administer the machine, or somebody whom Linux has no bits for.
    Other,
}

const PARTS_MAX: usize = 15;
const REVISION: u8 = 1;
const HEAD_LEN: usize = 8;
const DOMAIN_USERS: u32 = 513;

/// The two letters of those who have them. Where a domain belongs into the identifier, its numbers are 0.
const ALIASES: [(&str, &str); 49] = [
    ("WD", "S-1-1-0"),
    ("CO", "S-1-3-0"),
    ("CG", "S-1-3-1"),
    ("OW", "S-1-3-4"),
    ("NU", "S-1-5-2"),
    ("IU", "S-1-5-4"),
    ("SU", "S-1-5-6"),
    ("AN", "S-1-5-7"),
    ("ED", "S-1-5-9"),
    ("PS", "S-1-5-10"),
    ("AU", "S-1-5-11"),
    ("RC", "S-1-5-12"),
    ("SY", "S-1-5-18"),
    ("LS", "S-1-5-19"),
    ("NS", "S-1-5-20"),
    ("BA", "S-1-5-32-544"),
    ("BU", "S-1-5-32-545"),
    ("BG", "S-1-5-32-546"),
    ("PU", "S-1-5-32-547"),
    ("AO", "S-1-5-32-548"),
    ("SO", "S-1-5-32-549"),
    ("PO", "S-1-5-32-550"),
    ("BO", "S-1-5-32-551"),
    ("RE", "S-1-5-32-552"),
    ("RU", "S-1-5-32-554"),
    ("RD", "S-1-5-32-555"),
    ("NO", "S-1-5-32-556"),
    ("MU", "S-1-5-32-558"),
    ("LU", "S-1-5-32-559"),
    ("IS", "S-1-5-32-568"),
    ("CY", "S-1-5-32-569"),
    ("ER", "S-1-5-32-573"),
    ("RM", "S-1-5-32-580"),
    ("AC", "S-1-15-2-1"),
    ("LW", "S-1-16-4096"),
    ("ME", "S-1-16-8192"),
    ("HI", "S-1-16-12288"),
    ("SI", "S-1-16-16384"),
    ("LA", "S-1-5-21-0-0-0-500"),
    ("LG", "S-1-5-21-0-0-0-501"),
    ("DA", "S-1-5-21-0-0-0-512"),
    ("DU", "S-1-5-21-0-0-0-513"),
    ("DG", "S-1-5-21-0-0-0-514"),
    ("DC", "S-1-5-21-0-0-0-515"),
    ("DD", "S-1-5-21-0-0-0-516"),
    ("CA", "S-1-5-21-0-0-0-517"),
    ("SA", "S-1-5-21-0-0-0-518"),
    ("EA", "S-1-5-21-0-0-0-519"),
    ("PA", "S-1-5-21-0-0-0-520"),
];

impl Sid {
    /// Reads two letters or the numbers, and says how long the text of them was.
    pub(super) fn parse_start(text: &str) -> Option<(Sid, usize)> {
        if text.get(..2)?.eq_ignore_ascii_case("S-") {
            let len = text[2..].find(|c: char| !c.is_ascii_hexdigit() && !matches!(c, '-' | 'x' | 'X'));
            let end = len.map_or(text.len(), |len| without_next_key(text, len + 2));
            return Some((Sid::parse_numbers(&text[..end])?, end));
        }
        let (_, numbers) = ALIASES.iter().find(|(letters, _)| text[..2].eq_ignore_ascii_case(letters))?;
        Some((Sid::parse_numbers(numbers)?, 2))
    }

    fn parse_numbers(text: &str) -> Option<Sid> {
        let mut fields = text.split('-').skip(1);
        if fields.next()? != "1" {
            return None;
        }
        let authority = number(fields.next()?).filter(|&authority| authority < 1 << 48)?;
        let parts = fields.map(|field| number(field).and_then(|part| u32::try_from(part).ok()));
        let parts = parts.collect::<Option<Vec<_>>>()?;
        (1..=PARTS_MAX).contains(&parts.len()).then_some(Sid { authority, parts })
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Sid> {
        let (head, rest) = bytes.split_at_checked(HEAD_LEN)?;
        let count = usize::from(head[1]);
        if head[0] != REVISION || count > PARTS_MAX {
            return None;
        }
        let authority = head[2..].iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
        let parts = rest.get(..count * 4)?.chunks_exact(4);
        let parts = parts.filter_map(|part| Some(u32::from_le_bytes(part.try_into().ok()?))).collect();
        Some(Sid { authority, parts })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![REVISION, self.parts.len() as u8];
        bytes.extend(&self.authority.to_be_bytes()[2..]);
        bytes.extend(self.parts.iter().flat_map(|part| part.to_le_bytes()));
        bytes
    }

    pub(super) fn class(&self) -> Class {
        match (self.authority, self.parts.as_slice()) {
            (1, [0]) | (5, [2 | 4 | 11]) | (5, [32, 545]) | (15, [2, 1]) => Class::Everyone,
            (3, [1]) | (5, [21, .., DOMAIN_USERS]) => Class::Group,
            _ => Class::Other,
        }
    }
}

/// The key of what follows, as in `S-1-1-0D:`, may look like a digit.
fn without_next_key(text: &str, end: usize) -> usize {
    if text[end..].starts_with(':') { end - 1 } else { end }
}

fn number(field: &str) -> Option<u64> {
    match field.strip_prefix("0x").or(field.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => field.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_is_an_identifier_that_survives_its_bytes() {
        for (letters, numbers) in ALIASES {
            let (sid, len) = Sid::parse_start(letters).expect(letters);
            assert_eq!(len, 2);
            assert_eq!(Sid::parse_start(numbers), Some((sid.clone(), numbers.len())));
            assert_eq!(Sid::from_bytes(&sid.to_bytes()), Some(sid));
        }
    }

    #[test]
    fn an_identifier_ends_before_the_next_key() {
        assert_eq!(Sid::parse_start("S-1-1-0D:(").map(|(_, len)| len), Some(7));
        assert_eq!(Sid::parse_start("S-1-5-32-544G:").map(|(_, len)| len), Some(12));
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        for text in ["", "W", "XX", "S-2-1-0", "S-1-", "S-1-1", "S-1-1-4294967296", "S-1-1--0", "äß"] {
            assert_eq!(Sid::parse_start(text), None, "{text}");
        }
    }
}
