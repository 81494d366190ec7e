//! Code pages: `MultiByteToWideChar` and `WideCharToMultiByte`.
//!
//! Needs `unsafe` to export functions, and to read and write where callers point.
//!
//! The ANSI and the OEM code page are UTF-8. Beside it there are Western European (1252), ASCII and Latin 1.

use std::ffi::c_char;

use crate::last_error::{self, Code, Result};
use crate::text;

const UTF8: u32 = 65001;

const MB_ERR_INVALID_CHARS: u32 = 8;
/// Precomposed, composite, glyphs instead of control characters: all the same here.
const MB_FORMS: u32 = 7;
const MB_PRECOMPOSED_AND_COMPOSITE: u32 = 3;

const WC_ERR_INVALID_CHARS: u32 = 0x80;
/// How to treat composite characters, and not to look for similar ones, which is never done here.
const WC_FORMS: u32 = 0x0670;

const INVALID_FLAGS: Code = Code(1004);
const NO_UNICODE_TRANSLATION: Code = Code(1113);

/// What stands at 0x80 to 0x9F in code page 1252. Five have no character and keep their number.
const WESTERN: [u16; 32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D,
    0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
    0x017E, 0x0178,
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum CodePage {
    /// Named by its number.
    Utf8,
    /// What is called the ANSI, the OEM or the thread's code page: UTF-8 too, with the flags of any code page.
    Ansi,
    Western,
    Ascii,
    Latin1,
}

impl CodePage {
    fn new(number: u32) -> Result<CodePage> {
        match number {
            0 | 1 | 3 => Ok(CodePage::Ansi),
            UTF8 => Ok(CodePage::Utf8),
            1252 => Ok(CodePage::Western),
            20127 => Ok(CodePage::Ascii),
            28591 => Ok(CodePage::Latin1),
            _ => Err(Code::INVALID_PARAMETER),
        }
    }

    fn is_utf8(self) -> bool {
        matches!(self, CodePage::Utf8 | CodePage::Ansi)
    }

    fn decode_byte(self, byte: u8) -> u16 {
        match (self, byte) {
            (CodePage::Western, 0x80..=0x9F) => WESTERN[usize::from(byte - 0x80)],
            // Windows ignores the eighth bit.
            (CodePage::Ascii, _) => (byte & 0x7F).into(),
            _ => byte.into(),
        }
    }

    fn encode_unit(self, unit: u16) -> Option<u8> {
        let byte = u8::try_from(unit).ok();
        match self {
            CodePage::Western if !matches!(unit, 0x80..=0x9F) && byte.is_some() => byte,
            CodePage::Western => WESTERN.iter().position(|known| *known == unit).map(|place| 0x80 + place as u8),
            CodePage::Ascii => byte.filter(u8::is_ascii),
            _ => byte,
        }
    }
}

fn decode(page: CodePage, flags: u32, bytes: &[u8]) -> Result<Vec<u16>> {
    check_decode_flags(page, flags)?;
    if !page.is_utf8() {
        return Ok(bytes.iter().map(|byte| page.decode_byte(*byte)).collect());
    }
    if flags & MB_ERR_INVALID_CHARS != 0 && std::str::from_utf8(bytes).is_err() {
        return Err(NO_UNICODE_TRANSLATION);
    }
    Ok(text::to_wide(bytes))
}

fn check_decode_flags(page: CodePage, flags: u32) -> Result<()> {
    let known = if page == CodePage::Utf8 { MB_ERR_INVALID_CHARS } else { MB_ERR_INVALID_CHARS | MB_FORMS };
    let both_forms = flags & MB_PRECOMPOSED_AND_COMPOSITE == MB_PRECOMPOSED_AND_COMPOSITE;
    if flags & !known != 0 || both_forms { Err(INVALID_FLAGS) } else { Ok(()) }
}

/// What stands for characters that a code page lacks, and whether it was needed.
struct Replacement {
    byte: u8,
    used: bool,
}

fn encode(page: CodePage, flags: u32, units: &[u16], replacement: &mut Replacement) -> Result<Vec<u8>> {
    check_encode_flags(page, flags)?;
    if page.is_utf8() {
        return encode_utf8(flags, units);
    }
    let byte = |unit: &u16| {
        page.encode_unit(*unit).unwrap_or_else(|| {
            replacement.used = true;
            replacement.byte
        })
    };
    Ok(units.iter().map(byte).collect())
}

fn check_encode_flags(page: CodePage, flags: u32) -> Result<()> {
    let known = match page {
        CodePage::Utf8 => WC_ERR_INVALID_CHARS,
        CodePage::Ansi => WC_ERR_INVALID_CHARS | WC_FORMS,
        _ => WC_FORMS,
    };
    if flags & !known != 0 { Err(INVALID_FLAGS) } else { Ok(()) }
}

fn encode_utf8(flags: u32, units: &[u16]) -> Result<Vec<u8>> {
    if flags & WC_ERR_INVALID_CHARS == 0 {
        return Ok(text::to_utf8(units).into_bytes());
    }
    String::from_utf16(units).map(String::into_bytes).map_err(|_| NO_UNICODE_TRANSLATION)
}

/// The text that a caller gives with a length, or with -1 for "up to and with the NUL".
///
/// # Safety
///
/// The pointer leads to that many units, or to units that end with a NUL.
unsafe fn input<'a, T: Copy + Default + PartialEq>(source: *const T, len: i32) -> &'a [T] {
    let mut units = len.max(0) as usize;
    if len < 0 {
        // SAFETY: everything up to the NUL may be read.
        while unsafe { *source.wrapping_add(units) } != T::default() {
            units += 1;
        }
        units += 1;
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(source, units) }
}

/// Writes as much as there is room for. Returns how much it is, or would be if no room is given.
///
/// # Safety
///
/// There is room for `capacity` units.
unsafe fn output<T: Copy>(units: &[T], target: *mut T, capacity: i32) -> Result<i32> {
    let len = i32::try_from(units.len()).map_err(|_| Code::INVALID_PARAMETER)?;
    if capacity == 0 {
        return Ok(len);
    }
    let fits = units.len().min(capacity as usize);
    // SAFETY: as the caller promises; the units are in memory of our own.
    unsafe { std::ptr::copy_nonoverlapping(units.as_ptr(), target, fits) };
    if fits < units.len() { Err(Code::INSUFFICIENT_BUFFER) } else { Ok(len) }
}

fn check_pointers<S, T>(source: *const S, len: i32, target: *const T, capacity: i32) -> Result<()> {
    let no_room = capacity < 0 || capacity > 0 && target.is_null();
    let same = capacity > 0 && source.addr() == target.addr();
    if source.is_null() || len == 0 || no_room || same { Err(Code::INVALID_PARAMETER) } else { Ok(()) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn MultiByteToWideChar(
    page: u32,
    flags: u32,
    source: *const c_char,
    len: i32,
    target: *mut u16,
    capacity: i32,
) -> i32 {
    let result = check_pointers(source, len, target, capacity).and_then(|()| {
        // SAFETY: as Windows demands of the caller.
        let bytes = unsafe { input::<u8>(source.cast(), len) };
        let units = decode(CodePage::new(page)?, flags, bytes)?;
        // SAFETY: as Windows demands of the caller.
        unsafe { output(&units, target, capacity) }
    });
    last_error::value(result, 0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn WideCharToMultiByte(
    page: u32,
    flags: u32,
    source: *const u16,
    len: i32,
    target: *mut c_char,
    capacity: i32,
    default: *const c_char,
    used_default: *mut i32,
) -> i32 {
    let result = check_pointers(source, len, target, capacity).and_then(|()| {
        let page = CodePage::new(page)?;
        if page == CodePage::Utf8 && (!default.is_null() || !used_default.is_null()) {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: as Windows demands of the caller.
        let byte = unsafe { default.cast::<u8>().as_ref() }.copied().unwrap_or(b'?');
        let mut replacement = Replacement { byte, used: false };
        // SAFETY: as Windows demands of the caller.
        let units = unsafe { input(source, len) };
        let bytes = encode(page, flags, units, &mut replacement)?;
        // SAFETY: as Windows demands of the caller.
        unsafe { tell(used_default, replacement.used) };
        // SAFETY: as Windows demands of the caller.
        unsafe { output(&bytes, target.cast(), capacity) }
    });
    last_error::value(result, 0)
}

/// # Safety
///
/// The pointer is null or may be written to.
unsafe fn tell(used_default: *mut i32, used: bool) {
    if !used_default.is_null() {
        // SAFETY: as the caller promises.
        unsafe { used_default.write(used.into()) };
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetACP() -> u32 {
    UTF8
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetOEMCP() -> u32 {
    UTF8
}

/// No code page here has characters of two bytes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn IsDBCSLeadByte(_byte: u8) -> i32 {
    0
}
