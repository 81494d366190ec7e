//! An insert of a message, in the formats of `printf` without floating point.
//!
//! Needs `unsafe` to read the arguments, and the strings that they point to.

use std::iter::Peekable;

use super::Width;
use super::argument::Arguments;
use crate::last_error::{Code, Result};
use crate::text;

const EXCLAMATION: u16 = b'!' as u16;
/// What a width or a precision can be at most.
const FIELD_MAX: usize = 0xFFFF;

/// The size that a prefix gives to an argument. `l` is 32 bits, as on Windows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Unsaid,
    Short,
    Long,
    Huge,
}

/// What stands between the exclamation marks.
struct Format {
    left: bool,
    zero: bool,
    plus: bool,
    blank: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    size: Size,
    kind: u8,
}

impl Format {
    /// `!s!`
    const STRING: Format = Format {
        left: false,
        zero: false,
        plus: false,
        blank: false,
        alternate: false,
        width: 0,
        precision: None,
        size: Size::Unsaid,
        kind: b's',
    };

    fn set_flag(&mut self, unit: u8) -> bool {
        match unit {
            b'-' => self.left = true,
            b'0' => self.zero = true,
            b'+' => self.plus = true,
            b' ' => self.blank = true,
            b'#' => self.alternate = true,
            _ => return false,
        }
        true
    }

    /// A negative width means left.
    fn set_width(&mut self, width: i32) {
        self.left |= width < 0;
        self.width = (width.unsigned_abs() as usize).min(FIELD_MAX);
    }

    /// A negative precision means none.
    fn set_precision(&mut self, precision: i32) {
        self.precision = usize::try_from(precision).ok().map(|precision| precision.min(FIELD_MAX));
    }

    /// Fills up to the width with spaces.
    fn pad(&self, text: Vec<u16>) -> Vec<u16> {
        let padding = vec![u16::from(b' '); self.width.saturating_sub(text.len())];
        if self.left { [text, padding].concat() } else { [padding, text].concat() }
    }

    fn has_wide_text(&self, width: Width) -> bool {
        let is_capital = self.kind.is_ascii_uppercase();
        match self.size {
            Size::Short => false,
            Size::Long => true,
            _ => (width == Width::Wide) != is_capital,
        }
    }
}

/// Formats one argument; the units begin behind its number, perhaps with a format.
///
/// # Safety
///
/// The arguments are those that the format speaks of.
pub(super) unsafe fn insert(
    units: &mut Peekable<impl Iterator<Item = u16>>,
    number: usize,
    arguments: &mut Arguments,
    width: Width,
) -> Result<Vec<u16>> {
    if units.next_if_eq(&EXCLAMATION).is_none() {
        // SAFETY: as the caller promises.
        let value = unsafe { arguments.get(number) }?;
        // SAFETY: as the caller promises.
        return unsafe { convert(&Format::STRING, value, width) };
    }
    let words = read_format(units)?;
    // SAFETY: as the caller promises.
    let (format, value) = unsafe { parse(&words, number, arguments) }?;
    // SAFETY: as the caller promises.
    unsafe { convert(&format, value, width) }
}

/// The ASCII text before the second exclamation mark.
fn read_format(units: &mut impl Iterator<Item = u16>) -> Result<Vec<u8>> {
    let mut words = Vec::new();
    for unit in units {
        if unit == EXCLAMATION {
            return Ok(words);
        }
        words.push(u8::try_from(unit).map_err(|_| Code::INVALID_PARAMETER)?);
    }
    Err(Code::INVALID_PARAMETER)
}

/// Understands a format, and takes its arguments: first a width and a precision that are given as `*`, then the value.
///
/// # Safety
///
/// As for [`insert`].
unsafe fn parse(words: &[u8], number: usize, arguments: &mut Arguments) -> Result<(Format, usize)> {
    let mut format = Format::STRING;
    let mut rest = words;
    let mut fields = Fields { number, has_star: false, arguments };
    while let [flag, after @ ..] = rest
        && format.set_flag(*flag)
    {
        rest = after;
    }
    // SAFETY: as the caller promises.
    format.set_width(unsafe { fields.take(&mut rest) }?);
    if let [b'.', after @ ..] = rest {
        rest = after;
        // SAFETY: as the caller promises.
        format.set_precision(unsafe { fields.take(&mut rest) }?);
    }
    format.size = take_size(&mut rest);
    let [kind] = rest else { return Err(Code::INVALID_PARAMETER) };
    format.kind = *kind;
    // SAFETY: as the caller promises.
    Ok((format, unsafe { fields.value() }?))
}

/// The width, the precision and the value of one insert.
struct Fields<'a> {
    number: usize,
    has_star: bool,
    arguments: &'a mut Arguments,
}

impl Fields<'_> {
    /// A number from the format, or for a `*` from the arguments.
    ///
    /// # Safety
    ///
    /// As for [`insert`].
    unsafe fn take(&mut self, rest: &mut &[u8]) -> Result<i32> {
        let [b'*', after @ ..] = *rest else { return Ok(take_number(rest)) };
        *rest = after;
        let value = if std::mem::replace(&mut self.has_star, true) {
            // SAFETY: as the caller promises.
            unsafe { self.arguments.get_next() }
        } else {
            // SAFETY: as the caller promises.
            unsafe { self.arguments.get(self.number) }
        };
        Ok(value? as i32)
    }

    /// # Safety
    ///
    /// As for [`insert`].
    unsafe fn value(self) -> Result<usize> {
        if self.has_star {
            // SAFETY: as the caller promises.
            unsafe { self.arguments.get_after_star() }
        } else {
            // SAFETY: as the caller promises.
            unsafe { self.arguments.get(self.number) }
        }
    }
}

fn take_number(rest: &mut &[u8]) -> i32 {
    let mut number: i32 = 0;
    while let [digit @ b'0'..=b'9', after @ ..] = *rest {
        number = number.saturating_mul(10).saturating_add(i32::from(digit - b'0'));
        *rest = after;
    }
    number
}

fn take_size(rest: &mut &[u8]) -> Size {
    const SIZES: [(&[u8], Size); 10] = [
        (b"I64", Size::Huge),
        (b"I32", Size::Long),
        (b"I", Size::Huge),
        (b"ll", Size::Huge),
        (b"l", Size::Long),
        (b"w", Size::Long),
        (b"h", Size::Short),
        (b"z", Size::Huge),
        (b"j", Size::Huge),
        (b"t", Size::Huge),
    ];
    for (prefix, size) in SIZES {
        if let Some(after) = rest.strip_prefix(prefix) {
            *rest = after;
            return size;
        }
    }
    Size::Unsaid
}

/// # Safety
///
/// If the format is a string's, the value leads to one or is 0.
unsafe fn convert(format: &Format, value: usize, width: Width) -> Result<Vec<u16>> {
    match format.kind {
        // SAFETY: as the caller promises.
        b's' | b'S' => Ok(format.pad(unsafe { string(format, value, width) })),
        b'c' | b'C' => Ok(format.pad(vec![character(format, value, width)])),
        b'd' | b'i' => Ok(signed(format, value)),
        b'u' | b'o' | b'x' | b'X' | b'p' => Ok(unsigned(format, value)),
        _ => Err(Code::INVALID_PARAMETER),
    }
}

/// # Safety
///
/// The value leads to a string, or is 0.
unsafe fn string(format: &Format, value: usize, width: Width) -> Vec<u16> {
    let len_max = format.precision.unwrap_or(usize::MAX);
    if value == 0 {
        return "(null)".encode_utf16().take(len_max).collect();
    }
    let pointer = std::ptr::with_exposed_provenance::<u8>(value);
    if format.has_wide_text(width) {
        // SAFETY: as the caller promises.
        unsafe { beginning::<u16>(pointer.cast(), len_max) }
    } else {
        // SAFETY: as the caller promises.
        text::to_wide(&unsafe { beginning::<u8>(pointer, len_max) })
    }
}

/// What comes before the NUL, but no more than so much, and nothing behind that is read.
///
/// # Safety
///
/// The pointer leads to units that end with a NUL, or are as many.
unsafe fn beginning<T: Copy + Default + PartialEq>(pointer: *const T, len_max: usize) -> Vec<T> {
    // SAFETY: as the caller promises.
    let units = (0..len_max).map(|index| unsafe { pointer.wrapping_add(index).read_unaligned() });
    units.take_while(|unit| *unit != T::default()).collect()
}

fn character(format: &Format, value: usize, width: Width) -> u16 {
    let byte = value as u8;
    match format.has_wide_text(width) {
        true => value as u16,
        false if byte.is_ascii() => byte.into(),
        // Half a character of UTF-8.
        false => 0xFFFD,
    }
}

fn signed(format: &Format, value: usize) -> Vec<u16> {
    let value = match format.size {
        Size::Short => i64::from(value as i16),
        Size::Huge => value as i64,
        _ => i64::from(value as i32),
    };
    let sign = match value {
        ..0 => "-",
        _ if format.plus => "+",
        _ if format.blank => " ",
        _ => "",
    };
    number(format, sign, &value.unsigned_abs().to_string())
}

fn unsigned(format: &Format, value: usize) -> Vec<u16> {
    let value = match format.size {
        _ if format.kind == b'p' => return number(format, "", &format!("{value:016X}")),
        Size::Short => value as u16 as u64,
        Size::Huge => value as u64,
        _ => value as u32 as u64,
    };
    let alternate = format.alternate && value != 0;
    match format.kind {
        b'o' => number(format, if alternate { "0" } else { "" }, &format!("{value:o}")),
        b'x' => number(format, if alternate { "0x" } else { "" }, &format!("{value:x}")),
        b'X' => number(format, if alternate { "0X" } else { "" }, &format!("{value:X}")),
        _ => number(format, "", &value.to_string()),
    }
}

/// Zeros come between the sign and the digits: up to the precision, else up to the width if it begins with a zero.
fn number(format: &Format, sign: &str, digits: &str) -> Vec<u16> {
    let digits = if digits == "0" && format.precision == Some(0) { "" } else { digits };
    let digits_min = match format.precision {
        Some(precision) => precision,
        None if format.zero && !format.left => format.width.saturating_sub(sign.len()),
        None => 0,
    };
    format.pad(format!("{sign}{digits:0>digits_min$}").encode_utf16().collect())
}
