//! Which file `CreateProcess` starts: what is tried, in which order, and what is no program.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{self as paths, Path, PathBuf};

use crate::last_error::{Code, Result};
use crate::{command_line, path, text};

/// The program of an application name, which is not searched for, or else of a command line.
pub(crate) fn find(application: Option<&str>, line: &[u16]) -> Result<PathBuf> {
    match application {
        Some(name) => first_of(candidates(&path::to_unix(name)?, false).map(PathBuf::from)),
        None => find_by_line(line),
    }
}

/// The first word, and where that is not quoted, more and more words, as long as no program has such a name. What is
/// said of the first word counts, should nothing be found.
fn find_by_line(line: &[u16]) -> Result<PathBuf> {
    let (word, rest) = command_line::split_program(line);
    if word.is_empty() {
        return Err(Code::PATH_NOT_FOUND);
    }
    let found = search(&text::to_utf8(word));
    let is_quoted = line.first() == Some(&u16::from(b'"'));
    match found {
        Err(code @ (Code::FILE_NOT_FOUND | Code::PATH_NOT_FOUND)) if !is_quoted => {
            let ends = rest.iter().enumerate().skip(1).filter(|(_, unit)| **unit == u16::from(b' '));
            let ends = ends.map(|(at, _)| word.len() + at).chain([line.len()]);
            ends.map(|end| search(&text::to_utf8(&line[..end]))).find_map(Result::ok).ok_or(code)
        }
        found => found,
    }
}

/// Looks where Windows looks: beside this program, in the current directory, in the folders of `PATH`, where folders of
/// that name are passed over. A name that says its folder is not searched for.
fn search(name: &str) -> Result<PathBuf> {
    let name = path::to_unix(name)?;
    if name.contains('/') {
        return first_of(candidates(&name, true).map(PathBuf::from));
    }
    let beside = env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = beside.into_iter().chain([PathBuf::from(".")]).chain(env::split_paths(&path));
    let files = folders.flat_map(|folder| candidates(&name, true).map(move |name| folder.join(name)));
    first_of(files.filter(|file| !file.is_dir()))
}

/// What a name may stand for: a file of this name; one without `.exe`, as programs are built on Linux; and in a command
/// line one with `.exe`.
fn candidates(name: &str, appends: bool) -> impl Iterator<Item = String> + use<> {
    let len = name.len().saturating_sub(4);
    let bare = name.get(len..).filter(|end| end.eq_ignore_ascii_case(".exe")).and_then(|_| name.get(..len));
    let bare = bare.filter(|bare| !bare.is_empty() && !bare.ends_with('/')).map(str::to_owned);
    let longer = (appends && bare.is_none()).then(|| format!("{name}.exe"));
    [name.to_owned()].into_iter().chain(bare).chain(longer)
}

/// The first program among files; without one, the reason that is nearest to a program.
fn first_of(files: impl Iterator<Item = PathBuf>) -> Result<PathBuf> {
    let mut reason = Code::FILE_NOT_FOUND;
    for (index, file) in files.enumerate() {
        match judge(&file) {
            Ok(()) => return paths::absolute(&file).map_err(Code::from),
            Err(Code::FILE_NOT_FOUND | Code::PATH_NOT_FOUND) if index > 0 => {}
            Err(code) if index == 0 || matches!(reason, Code::FILE_NOT_FOUND | Code::PATH_NOT_FOUND) => reason = code,
            Err(_) => {}
        }
    }
    Err(reason)
}

/// Says why a file cannot be started.
fn judge(file: &Path) -> Result<()> {
    let metadata = fs::metadata(file).map_err(|error| path::failure(&file.to_string_lossy(), error))?;
    if metadata.is_dir() {
        return Err(Code::ACCESS_DENIED);
    }
    let may_be_executed = metadata.permissions().mode() & 0o111 != 0;
    match is_program(file) {
        Ok(false) => Err(Code::BAD_EXE_FORMAT),
        // One that may be executed need not be readable.
        Ok(true) | Err(_) if may_be_executed => Ok(()),
        Ok(true) | Err(_) => Err(Code::ACCESS_DENIED),
    }
}

/// Whether a file begins as programs and scripts do.
fn is_program(file: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(file)?.take(4).read_to_end(&mut start)?;
    Ok(start.starts_with(b"\x7fELF") || start.starts_with(b"#!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn names_stand_for_programs_of_linux() {
        let names = |name, appends| candidates(name, appends).collect::<Vec<_>>();
        assert_eq!(names("a/child.exe", false), ["a/child.exe", "a/child"]);
        assert_eq!(names("child.EXE", true), ["child.EXE", "child"]);
        assert_eq!(names("child", true), ["child", "child.exe"]);
        assert_eq!(names("child", false), ["child"]);
        assert_eq!(names("é.exe", false), ["é.exe", "é"]);
        assert_eq!(names(".exe", false), [".exe"]);
    }

    #[test]
    fn programs_are_searched_for_and_others_are_told_apart() {
        assert!(find(None, &wide("sh -c true")).is_ok_and(|found| found.ends_with("sh")));
        assert!(find(None, &wide("\"sh.exe\" -c true")).is_ok_and(|found| found.ends_with("sh")));
        assert_eq!(find(Some("/bin/sh"), &[]), Ok("/bin/sh".into()));
        for (name, code) in [
            ("/no/such/folder/x", Code::PATH_NOT_FOUND),
            ("/bin/no such program", Code::FILE_NOT_FOUND),
            ("/bin", Code::ACCESS_DENIED),
            ("/etc/passwd", Code::BAD_EXE_FORMAT),
            ("C:\\x.exe", Code::PATH_NOT_FOUND),
        ] {
            assert_eq!(find(Some(name), &[]), Err(code), "{name}");
        }
        assert_eq!(find(None, &wide("no-such-program at all")), Err(Code::FILE_NOT_FOUND));
        assert_eq!(find(None, &[]), Err(Code::PATH_NOT_FOUND));
    }
}
