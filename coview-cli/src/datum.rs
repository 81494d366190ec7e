//! One value as it stands in memory, and how it is written: for people, as CSV and as JSON.

use std::borrow::Cow;
use std::fmt::Write;

use serde::{Serialize, Serializer};

use crate::value_type::{Leaf, Order, Scalar};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum<'a> {
    Unsigned(u128),
    Signed(i128),
    F32(f32),
    F64(f64),
    /// A number, and with how many digits it is shown.
    Hex(u128, usize),
    /// A byte that should be 0 or 1.
    Bool(u8),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
}

impl<'a> Datum<'a> {
    /// Reads a value from its bytes, of which there must be as many as it has.
    pub(crate) fn of(leaf: Leaf, bytes: &'a [u8]) -> Datum<'a> {
        match leaf {
            Leaf::Text(_) => {
                let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
                Datum::Text(String::from_utf8_lossy(&bytes[..end]))
            }
            Leaf::Bytes(_) => Datum::Bytes(bytes),
            Leaf::Scalar(scalar, order) => Datum::number(scalar, word(bytes, order)),
        }
    }

    fn number(scalar: Scalar, word: u128) -> Datum<'a> {
        match scalar {
            Scalar::Unsigned(_) => Datum::Unsigned(word),
            Scalar::Signed(size) => {
                let unused = 128 - 8 * size as u32;
                Datum::Signed((word << unused) as i128 >> unused)
            }
            Scalar::Float(4) => Datum::F32(f32::from_bits(word as u32)),
            Scalar::Float(_) => Datum::F64(f64::from_bits(word as u64)),
            Scalar::Hex(size) => Datum::Hex(word, 2 * size),
            Scalar::Bool => Datum::Bool(word as u8),
        }
    }

    /// As people read it: texts are quoted, so that their end and their strange characters show.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Datum::Text(text) => format!("{text:?}"),
            other => other.to_plain(),
        }
    }

    /// As a field of CSV, quoted where RFC 4180 asks for it.
    pub(crate) fn to_csv(&self) -> String {
        let text = self.to_plain();
        if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    }

    fn to_plain(&self) -> String {
        match self {
            Datum::Unsigned(number) => number.to_string(),
            Datum::Signed(number) => number.to_string(),
            // As short as reads back to the same number.
            Datum::F32(number) => format!("{number:?}"),
            Datum::F64(number) => format!("{number:?}"),
            Datum::Hex(number, digits) => format!("0x{number:0digits$x}"),
            Datum::Bool(0) => "false".into(),
            Datum::Bool(1) => "true".into(),
            Datum::Bool(other) => other.to_string(),
            Datum::Text(text) => text.to_string(),
            Datum::Bytes(bytes) => hex(bytes),
        }
    }
}

/// JSON has no infinities: what is no number becomes a text, "NaN", "inf" or "-inf".
impl Serialize for Datum<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Datum::Unsigned(number) => serializer.serialize_u128(number),
            Datum::Signed(number) => serializer.serialize_i128(number),
            Datum::F32(number) if number.is_finite() => serializer.serialize_f32(number),
            Datum::F64(number) if number.is_finite() => serializer.serialize_f64(number),
            Datum::Bool(byte @ (0 | 1)) => serializer.serialize_bool(byte == 1),
            Datum::Bool(byte) => serializer.serialize_u8(byte),
            _ => serializer.serialize_str(&self.to_plain()),
        }
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a string takes everything");
        digits
    })
}

fn word(bytes: &[u8], order: Order) -> u128 {
    let shift = |word: u128, &byte: &u8| word << 8 | u128::from(byte);
    match order {
        Order::Big => bytes.iter().fold(0, shift),
        Order::Little => bytes.iter().rev().fold(0, shift),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a scalar is shown as, and its JSON, in the order of little-endian machines.
    fn shown(scalar: Scalar, bytes: &[u8]) -> (String, String) {
        let datum = Datum::of(Leaf::Scalar(scalar, Order::Little), bytes);
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        let big = Datum::of(Leaf::Scalar(scalar, Order::Big), &reversed);
        assert_eq!(big.to_text(), datum.to_text());
        (datum.to_text(), serde_json::to_string(&datum).expect("it is JSON"))
    }

    #[test]
    fn integers_are_exact_at_both_ends_of_their_range() {
        for size in [1, 2, 4, 8, 16] {
            let most = (u128::MAX >> (128 - 8 * size)).to_string();
            assert_eq!(shown(Scalar::Unsigned(size), &vec![0xff; size]), (most.clone(), most));
            assert_eq!(shown(Scalar::Signed(size), &vec![0xff; size]), ("-1".into(), "-1".into()));
            let mut lowest = vec![0; size];
            lowest[size - 1] = 0x80;
            let least = (i128::MIN >> (128 - 8 * size)).to_string();
            assert_eq!(shown(Scalar::Signed(size), &lowest), (least.clone(), least));
        }
    }

    #[test]
    fn floats_are_as_short_as_they_can_be_and_never_break_json() {
        for (number, text, json) in [
            (0.1f32, "0.1", "0.1"),
            (-0.0, "-0.0", "-0.0"),
            (f32::NAN, "NaN", "\"NaN\""),
            (f32::INFINITY, "inf", "\"inf\""),
            (f32::NEG_INFINITY, "-inf", "\"-inf\""),
        ] {
            assert_eq!(shown(Scalar::Float(4), &number.to_le_bytes()), (text.into(), json.into()));
            let wide = if number.is_finite() { text.parse().expect("a number") } else { f64::from(number) };
            assert_eq!(shown(Scalar::Float(8), &wide.to_le_bytes()), (text.into(), json.into()));
        }
        assert_eq!(shown(Scalar::Float(8), &1e300f64.to_le_bytes()).0, "1e300");
    }

    #[test]
    fn the_other_scalars_say_what_they_are() {
        assert_eq!(shown(Scalar::Hex(2), &[0x2a, 0]), ("0x002a".into(), "\"0x002a\"".into()));
        assert_eq!(shown(Scalar::Bool, &[0]), ("false".into(), "false".into()));
        assert_eq!(shown(Scalar::Bool, &[1]), ("true".into(), "true".into()));
        assert_eq!(shown(Scalar::Bool, &[7]), ("7".into(), "7".into()));
    }

    #[test]
    fn texts_end_at_a_nul_and_are_quoted_where_they_must_be() {
        let text = Datum::of(Leaf::Text(8), b"a\"b,\n\0cd");
        assert_eq!(text.to_text(), r#""a\"b,\n""#);
        assert_eq!(text.to_csv(), "\"a\"\"b,\n\"");
        assert_eq!(Datum::of(Leaf::Text(2), b"\xffx").to_csv(), "\u{fffd}x");
        assert_eq!(Datum::of(Leaf::Bytes(2), b"\x00\xff").to_csv(), "00ff");
    }
}
