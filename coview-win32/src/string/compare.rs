//! Comparing strings as people sort words: `lstrcmp` and `lstrcmpi`.
//!
//! Needs `unsafe` to export functions and to read what callers point to.
//!
//! The order is that of Windows' word sort for English: marks before digits before letters, a letter's small form
//! before its capital where nothing else differs, hyphens and apostrophes last of all. Letters with accents come after
//! those without, in the order of Unicode.

use std::cmp::Ordering;
use std::ffi::c_char;

use crate::text;

/// Windows' order of the marks of ASCII.
const MARKS: &str = "\t\n\r _!\"#$%&()*,./:;?@[\\]^`{|}~+<=>";

/// Where a character stands, whatever its case.
fn weight(character: char) -> (u8, u32) {
    let position = MARKS.chars().position(|mark| mark == character);
    match character {
        _ if position.is_some() => (0, position.unwrap_or_default() as u32),
        _ if !character.is_alphanumeric() => (1, character.into()),
        _ if character.is_numeric() => (2, character.into()),
        _ => (3, character.into()),
    }
}

/// What matters most: everything but the case, and hyphens and apostrophes.
fn words(text: &str) -> impl Iterator<Item = (u8, u32)> {
    text.chars().filter(|character| !is_minor(*character)).flat_map(char::to_lowercase).map(weight)
}

fn is_minor(character: char) -> bool {
    matches!(character, '-' | '\'')
}

/// What matters next: small before capital.
fn cases(text: &str) -> impl Iterator<Item = bool> {
    text.chars().filter(|character| !is_minor(*character)).map(char::is_uppercase)
}

/// What matters least: where hyphens and apostrophes are.
fn minors(text: &str) -> impl Iterator<Item = Option<char>> {
    text.chars().map(|character| is_minor(character).then_some(character))
}

fn order(one: &str, other: &str, with_case: bool) -> Ordering {
    let case = if with_case { cases(one).cmp(cases(other)) } else { Ordering::Equal };
    words(one).cmp(words(other)).then(case).then_with(|| minors(one).cmp(minors(other)))
}

/// A missing string comes before all others.
fn compare(one: Option<String>, other: Option<String>, with_case: bool) -> i32 {
    match (one, other) {
        (Some(one), Some(other)) => order(&one, &other, with_case) as i32,
        (one, other) => one.is_some().cmp(&other.is_some()) as i32,
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcmpA(one: *const c_char, other: *const c_char) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let one = unsafe { text::utf8_of_narrow(one) };
    // SAFETY: as Windows demands of the caller.
    let other = unsafe { text::utf8_of_narrow(other) };
    compare(one, other, true)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcmpW(one: *const u16, other: *const u16) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let one = unsafe { text::utf8_of_wide(one) };
    // SAFETY: as Windows demands of the caller.
    let other = unsafe { text::utf8_of_wide(other) };
    compare(one, other, true)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcmpiA(one: *const c_char, other: *const c_char) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let one = unsafe { text::utf8_of_narrow(one) };
    // SAFETY: as Windows demands of the caller.
    let other = unsafe { text::utf8_of_narrow(other) };
    compare(one, other, false)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lstrcmpiW(one: *const u16, other: *const u16) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let one = unsafe { text::utf8_of_wide(one) };
    // SAFETY: as Windows demands of the caller.
    let other = unsafe { text::utf8_of_wide(other) };
    compare(one, other, false)
}
