//! Command lines: the one text that a program on Windows is started with, and the arguments that it stands for.
//!
//! Needs `unsafe` to export functions, to read what callers point to and to write where they point.

use std::ffi::c_char;
use std::fs;
use std::ptr;
use std::sync::OnceLock;

use crate::last_error::{self, Code, Result};
use crate::{heap, start_record, text};

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

fn is_blank(unit: u16) -> bool {
    unit == b' '.into() || unit == b'\t'.into()
}

/// Splits off what names the program: up to the next quote, if it begins with one, else up to a blank. Backslashes are
/// nothing special here.
pub(crate) fn split_program(line: &[u16]) -> (&[u16], &[u16]) {
    let (end, skipped, start) = if line.first() == Some(&QUOTE) {
        let end = line[1..].iter().position(|unit| *unit == QUOTE).map_or(line.len(), |found| found + 1);
        (end, 1, 1)
    } else {
        let end = line.iter().position(|unit| is_blank(*unit) || *unit == 0).unwrap_or(line.len());
        (end, 0, 0)
    };
    (&line[start..end], &line[(end + skipped).min(line.len())..])
}

/// Splits a command line into arguments as Microsoft's C library and `CommandLineToArgvW` do.
///
/// Behind the program, 2n backslashes and a quote stand for n backslashes and begin or end a quoted part; 2n+1 stand for n
/// and a quote. Backslashes before anything else are themselves. A quote within a quoted part, doubled, is one.
pub(crate) fn split(line: &[u16]) -> Vec<Vec<u16>> {
    let (program, mut rest) = split_program(line);
    let mut arguments = vec![program.to_vec()];
    loop {
        rest = skip_blanks(rest);
        if rest.is_empty() {
            return arguments;
        }
        let argument;
        (argument, rest) = split_argument(rest);
        arguments.push(argument);
    }
}

fn skip_blanks(line: &[u16]) -> &[u16] {
    let len = line.iter().take_while(|unit| is_blank(**unit)).count();
    &line[len..]
}

fn split_argument(line: &[u16]) -> (Vec<u16>, &[u16]) {
    let (mut argument, mut quoted, mut at) = (Vec::new(), false, 0);
    while at < line.len() && (quoted || !is_blank(line[at])) {
        let backslashes = line[at..].iter().take_while(|unit| **unit == BACKSLASH).count();
        at += backslashes;
        if line.get(at) != Some(&QUOTE) {
            argument.extend([BACKSLASH].repeat(backslashes));
            if backslashes == 0 {
                argument.push(line[at]);
                at += 1;
            }
            continue;
        }
        argument.extend([BACKSLASH].repeat(backslashes / 2));
        at += 1;
        if backslashes % 2 == 1 {
            argument.push(QUOTE);
        } else if quoted && line.get(at) == Some(&QUOTE) {
            argument.push(QUOTE);
            at += 1;
        } else {
            quoted = !quoted;
        }
    }
    (argument, &line[at..])
}

/// The command line that [`split`] takes apart into these arguments. A program's name that holds a quote cannot be
/// quoted, and loses it.
pub(crate) fn join(arguments: &[Vec<u16>]) -> Vec<u16> {
    let mut line = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        if index == 0 {
            join_program(&mut line, argument);
        } else {
            line.push(b' '.into());
            join_argument(&mut line, argument);
        }
    }
    line
}

fn join_program(line: &mut Vec<u16>, program: &[u16]) {
    if program.iter().any(|unit| is_blank(*unit)) || program.is_empty() {
        line.push(QUOTE);
        line.extend(program.iter().filter(|unit| **unit != QUOTE));
        line.push(QUOTE);
    } else {
        line.extend(program);
    }
}

fn join_argument(line: &mut Vec<u16>, argument: &[u16]) {
    let needs_quotes = argument.is_empty() || argument.iter().any(|unit| is_blank(*unit) || *unit == QUOTE);
    if !needs_quotes {
        line.extend(argument);
        return;
    }
    line.push(QUOTE);
    let mut backslashes = 0;
    for unit in argument {
        match *unit {
            BACKSLASH => backslashes += 1,
            // Those before a quote are doubled, and one more makes it a character.
            QUOTE => {
                line.extend([BACKSLASH].repeat(backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        line.push(*unit);
    }
    line.extend([BACKSLASH].repeat(backslashes));
    line.push(QUOTE);
}

/// The command line of this process: the very text that `CreateProcess` was given, else one made of the arguments.
fn of_this_process() -> Vec<u16> {
    let bytes = fs::read("/proc/self/cmdline").unwrap_or_default();
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(&bytes);
    let arguments: Vec<Vec<u16>> = bytes.split(|byte| *byte == 0).map(text::to_wide).collect();
    match start_record::command_line() {
        // A shell may have put another program in its place.
        Some(line) if split(line) == arguments => line.to_vec(),
        _ => join(&arguments),
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetCommandLineW() -> *mut u16 {
    static LINE: OnceLock<Vec<u16>> = OnceLock::new();
    LINE.get_or_init(|| [of_this_process(), vec![0]].concat()).as_ptr().cast_mut()
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetCommandLineA() -> *mut c_char {
    static LINE: OnceLock<Vec<u8>> = OnceLock::new();
    let line = LINE.get_or_init(|| [text::to_utf8(&of_this_process()).as_bytes(), &[0]].concat());
    line.as_ptr().cast_mut().cast()
}

/// # Safety
///
/// The text is null or ends with a NUL; the count is null or may be written.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CommandLineToArgvW(line: *const u16, count: *mut i32) -> *mut *mut u16 {
    // SAFETY: as the caller promises.
    let line = unsafe { text::wide(line) };
    // SAFETY: as the caller promises.
    let count = unsafe { count.as_mut() };
    last_error::value(to_arguments(line, count), ptr::null_mut())
}

fn to_arguments(line: Option<&[u16]>, count: Option<&mut i32>) -> Result<*mut *mut u16> {
    let (Some(line), Some(count)) = (line, count) else { return Err(Code::INVALID_PARAMETER) };
    let arguments = if line.is_empty() { vec![own_path()] } else { split(line) };
    let given = give(&arguments)?;
    *count = i32::try_from(arguments.len()).map_err(|_| Code::INVALID_PARAMETER)?;
    Ok(given)
}

fn own_path() -> Vec<u16> {
    std::env::current_exe().map(|path| path.to_string_lossy().encode_utf16().collect()).unwrap_or_default()
}

/// Lays out pointers and, behind them, the texts they lead to, in one piece that the caller frees with `LocalFree`.
fn give(arguments: &[Vec<u16>]) -> Result<*mut *mut u16> {
    let pointers_bytes = (arguments.len() + 1) * size_of::<*mut u16>();
    let texts_len: usize = arguments.iter().map(|argument| argument.len() + 1).sum();
    let start = allocate(pointers_bytes + texts_len * size_of::<u16>())?;
    let pointers = start.cast::<*mut u16>();
    // SAFETY: within the piece.
    let mut text = unsafe { start.add(pointers_bytes) }.cast::<u16>();
    for (index, argument) in arguments.iter().enumerate() {
        // SAFETY: there is room for each pointer and a null one, which the zeros are.
        unsafe { pointers.wrapping_add(index).write(text) };
        // SAFETY: there is room for each text and its NUL, which the zeros are.
        unsafe { ptr::copy_nonoverlapping(argument.as_ptr(), text, argument.len()) };
        // SAFETY: as above.
        text = unsafe { text.add(argument.len() + 1) };
    }
    Ok(pointers)
}

/// Zeroed memory for the caller, who frees it with `LocalFree`.
fn allocate(bytes: usize) -> Result<*mut u8> {
    let start = heap::allocate(bytes, true);
    if start.is_null() { Err(Code::NOT_ENOUGH_MEMORY) } else { Ok(start) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn split_text(line: &str) -> Vec<String> {
        split(&wide(line)).iter().map(|argument| text::to_utf8(argument)).collect()
    }

    /// The examples of Microsoft's documentation of the C library, and what is not there but known.
    #[test]
    fn command_lines_are_split_as_on_windows() {
        for (line, arguments) in [
            (r#"p "a b c" d e"#, &["p", "a b c", "d", "e"][..]),
            (r#"p "ab\"c" "\\" d"#, &["p", r#"ab"c"#, r"\", "d"]),
            (r#"p a\\\b d"e f"g h"#, &["p", r"a\\\b", "de fg", "h"]),
            (r#"p a\\\"b c d"#, &["p", r#"a\"b"#, "c", "d"]),
            (r#"p a\\\\"b c" d e"#, &["p", r"a\\b c", "d", "e"]),
            (r#"p a"b"" c d"#, &["p", r#"ab" c d"#]),
            (r#""p q"a  b	"" c "#, &["p q", "a", "b", "", "c"]),
            (r#"p\"q r"#, &[r#"p\"q"#, "r"]),
            (r#""p\" r"#, &[r"p\", "r"]),
            (r#"" p"#, &[" p"]),
            ("", &[""]),
            (" a", &["", "a"]),
            (r"p \", &["p", r"\"]),
        ] {
            assert_eq!(split_text(line), arguments, "{line}");
        }
    }

    #[test]
    fn what_is_joined_is_split_the_same() {
        for arguments in [
            &["p"][..],
            &["/a b/p", "", "a b", "\t", r#"""#, r#"a"b"#, r"\", r"a\ b\", r#"\\"\\"#, r"\\a", "€"],
            &["p", "", ""],
        ] {
            let arguments: Vec<_> = arguments.iter().map(|argument| wide(argument)).collect();
            assert_eq!(split(&join(&arguments)), arguments);
        }
    }
}
