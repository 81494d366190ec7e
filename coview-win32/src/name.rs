//! The names of objects, by the rules of Windows' object manager.
//!
//! Needs `unsafe` to read what callers point to.

use std::ffi::c_char;

use crate::last_error::{Code, Result};
use crate::text;

/// More characters than this an A-function does not take: the buffer of a thread's environment block has 261 units.
const NARROW_LEN_MAX: usize = 260;
/// A name is counted in bytes, by 16 bits, and both lengths of a `UNICODE_STRING` must stay below 65,534.
const WIDE_LEN_MAX: usize = 32_766;

/// What a caller has given for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// A null pointer.
    Nothing,
    /// An empty string.
    Empty,
    /// A name as the crate `coview` takes it.
    Name(String),
}

impl Given {
    /// # Safety
    ///
    /// The pointer is null or leads to a string that ends with a NUL.
    pub(crate) unsafe fn wide(text: *const u16) -> Result<Given> {
        // SAFETY: as the caller promises.
        match unsafe { text::wide(text) } {
            None => Ok(Given::Nothing),
            Some(units) => judge(units),
        }
    }

    /// # Safety
    ///
    /// As for [`Given::wide`].
    pub(crate) unsafe fn narrow(text: *const c_char) -> Result<Given> {
        // SAFETY: as the caller promises.
        let Some(bytes) = (unsafe { text::narrow(text) }) else { return Ok(Given::Nothing) };
        let units = text::to_wide(bytes);
        if units.len() > NARROW_LEN_MAX { Err(Code::FILENAME_EXCED_RANGE) } else { judge(&units) }
    }

    /// The name that a creator gives; without one the object is unnamed.
    pub(crate) fn for_creating(&self) -> Option<&str> {
        match self {
            Given::Nothing | Given::Empty => None,
            Given::Name(name) => Some(name),
        }
    }

    /// The name that an opener must give. An empty one finds the directory of names itself, which is no such object.
    pub(crate) fn for_opening(&self) -> Result<&str> {
        match self {
            Given::Nothing => Err(Code::INVALID_PARAMETER),
            Given::Empty => Err(Code::INVALID_HANDLE),
            Given::Name(name) => Ok(name),
        }
    }
}

fn judge(units: &[u16]) -> Result<Given> {
    if units.is_empty() {
        return Ok(Given::Empty);
    }
    if units.len() > WIDE_LEN_MAX {
        return Err(Code::INVALID_NAME);
    }
    let text = lossless(units);
    if text.starts_with('\\') {
        return Err(Code::BAD_PATHNAME);
    }
    let (prefix, base) = split_prefixes(&text);
    match base {
        "" => Err(Code::INVALID_NAME),
        // Links to the directories of names, and so objects of another type.
        "Local" | "Global" | "Session" => Err(Code::INVALID_HANDLE),
        // A directory that does not exist.
        _ if base.contains('\\') => Err(Code::PATH_NOT_FOUND),
        _ => Ok(Given::Name(format!("{prefix}{base}"))),
    }
}

/// Each prefix is a link that both directories have, so the last one counts.
fn split_prefixes(text: &str) -> (&'static str, &str) {
    let (mut prefix, mut base) = (r"Local\", text);
    loop {
        if let Some(rest) = base.strip_prefix(r"Local\") {
            (prefix, base) = (r"Local\", rest);
        } else if let Some(rest) = base.strip_prefix(r"Global\") {
            (prefix, base) = (r"Global\", rest);
        } else {
            return (prefix, base);
        }
    }
}

/// UTF-8 that differs wherever the units differ: a surrogate without its other half becomes a private character behind
/// U+10FFFF, and U+10FFFF itself is doubled.
fn lossless(units: &[u16]) -> String {
    const MARK: char = '\u{10FFFF}';
    let mut text = String::with_capacity(units.len());
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(MARK) => text.extend([MARK, MARK]),
            Ok(character) => text.push(character),
            Err(lone) => {
                let private = u32::from(lone.unpaired_surrogate()) - 0xD800 + 0xE000;
                text.extend([MARK, char::from_u32(private).expect("U+E000 to U+E7FF are characters")]);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Result<Given> {
        judge(&text.encode_utf16().collect::<Vec<_>>())
    }

    #[test]
    fn prefixes_are_links() {
        for (given, name) in [
            ("x", r"Local\x"),
            (r"Local\x", r"Local\x"),
            (r"Global\x", r"Global\x"),
            (r"Global\Local\x", r"Local\x"),
            (r"Local\Local\x", r"Local\x"),
            ("/x", r"Local\/x"),
            ("local", r"Local\local"),
        ] {
            assert_eq!(judged(given), Ok(Given::Name(name.into())));
        }
    }

    #[test]
    fn what_cannot_be_a_name_has_its_code() {
        for (given, code) in [
            (r"Local\", 123),
            (r"Global\", 123),
            (r"\x", 161),
            (r"dir\x", 3),
            (r"x\", 3),
            (r"local\x", 3),
            (r"Local\dir\x", 3),
            ("Local", 6),
            ("Session", 6),
        ] {
            assert_eq!(judged(given), Err(Code(code)), "{given}");
        }
        assert_eq!(judged(""), Ok(Given::Empty));
        assert!(judged(&"n".repeat(WIDE_LEN_MAX)).is_ok());
        assert_eq!(judged(&"n".repeat(WIDE_LEN_MAX + 1)), Err(Code::INVALID_NAME));
    }

    #[test]
    fn lone_surrogates_make_different_names() {
        let names = [&[0xD800][..], &[0xDC00], &[0xFFFD], &[0xDBFF, 0xDFFF], &[0xDBFF, 0xDFFF, 0xE000], &[0xE000]];
        for (index, one) in names.iter().enumerate() {
            for other in &names[..index] {
                assert_ne!(lossless(one), lossless(other));
            }
        }
    }
}
