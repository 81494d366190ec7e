//! What becomes of Windows' paths on Linux, in this one place.
//!
//! A path is a path of Linux, written as a program for Windows writes it:
//!
//! * Backslashes become slashes, so a file's name cannot contain one.
//! * `\\?\` and `\\.\` in front are dropped. What `\\.\` leads to must then be `NUL`, the console or a path that begins
//!   with a slash; other devices and named pipes do not exist (2).
//! * A drive letter, `C:\…` or `C:…`, leads nowhere (3), and so does an empty path or a null pointer (3). Another
//!   machine, `\\server\share` and `\\?\UNC\…`, is not found (53).
//! * `NUL` is `/dev/null`; `CON`, `CONIN$` and `CONOUT$` are `/dev/tty`; in any case, with or without a colon.
//! * Everything else stays: case counts, blanks and dots at the end are part of the name, and `* ? " < > |` are
//!   characters like others.
//!
//! The characters are UTF-8 for the A-functions and UTF-16 for the W-functions; a file whose name is no UTF-8 cannot be
//! named.
//!
//! Needs `unsafe` to export a function.
//!
//! Needs `unsafe` to export a function.

use std::io;
use std::path::Path;

use crate::last_error::{Code, Result};

const BAD_NETPATH: Code = Code(53);

/// The path as Linux takes it.
pub(crate) fn to_unix(path: &str) -> Result<String> {
    let device = path.strip_prefix(r"\\.\");
    let verbatim = device.or(path.strip_prefix(r"\\?\"));
    let bare = verbatim.unwrap_or(path);
    if bare.is_empty() || has_drive(bare) {
        return Err(Code::PATH_NOT_FOUND);
    }
    if let Some(name) = device_name(bare) {
        return Ok(name.to_owned());
    }
    if bare.starts_with(r"\\") || verbatim.is_some_and(|rest| rest.starts_with(r"UNC\")) {
        return Err(BAD_NETPATH);
    }
    if device.is_some() && !bare.starts_with(['\\', '/']) {
        return Err(Code::FILE_NOT_FOUND);
    }
    Ok(bare.replace('\\', "/"))
}

fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

fn device_name(path: &str) -> Option<&'static str> {
    match path.strip_suffix(':').unwrap_or(path).to_ascii_uppercase().as_str() {
        "NUL" => Some("/dev/null"),
        "CON" | "CONIN$" | "CONOUT$" => Some("/dev/tty"),
        _ => None,
    }
}

/// The path of a pointer that was null or led to a text.
pub(crate) fn given(path: Option<String>) -> Result<String> {
    to_unix(&path.unwrap_or_default())
}

/// The code for a call that failed with a path: a file that is missing is told from a folder that is missing.
#[cold]
pub(crate) fn failure(path: &str, error: io::Error) -> Code {
    let code = Code::from(error);
    if code == Code::FILE_NOT_FOUND && !folder(path).is_dir() { Code::PATH_NOT_FOUND } else { code }
}

/// The folder that a path leads through last.
pub(crate) fn folder(path: &str) -> &Path {
    match Path::new(path).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new(if path.starts_with('/') { "/" } else { "." }),
    }
}

/// The A-functions take paths in the "ANSI" code page, which is UTF-8; there is no function that would change that.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn AreFileApisANSI() -> i32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_linux_stay_and_backslashes_turn() {
        for (given, unix) in [
            ("/tmp/x", "/tmp/x"),
            (r"\tmp\x", "/tmp/x"),
            (r"a\b.c", "a/b.c"),
            (r"..\x", "../x"),
            (r"\\?\/tmp/x", "/tmp/x"),
            (r"\\?\a\b", "a/b"),
            ("//tmp/x", "//tmp/x"),
            (r"\\.\NUL", "/dev/null"),
            ("nul", "/dev/null"),
            ("NUL:", "/dev/null"),
            ("CONOUT$", "/dev/tty"),
            ("nullify", "nullify"),
            ("a b. ", "a b. "),
        ] {
            assert_eq!(to_unix(given).as_deref(), Ok(unix));
        }
    }

    #[test]
    fn what_linux_does_not_have_is_not_found() {
        for (given, code) in [
            ("", 3),
            (r"\\?\", 3),
            (r"C:\x", 3),
            ("c:x", 3),
            (r"\\?\C:\x", 3),
            (r"\\.\C:", 3),
            (r"\\.\pipe\x", 2),
            (r"\\server\share", 53),
            (r"\\?\UNC\server\share", 53),
        ] {
            assert_eq!(to_unix(given), Err(Code(code)), "{given}");
        }
    }

    #[test]
    fn the_folder_of_a_path_is_where_it_would_be_made() {
        for (path, expected) in [("/x", "/"), ("x", "."), ("/a/x", "/a"), ("a/x", "a"), ("a/x/", "a"), ("/", "/")] {
            assert_eq!(folder(path), Path::new(expected));
        }
    }
}
