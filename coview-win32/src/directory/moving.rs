//! Moving files and folders.
//!
//! Needs `unsafe` to export functions and to rename without replacing.

use std::ffi::{CString, c_char};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use super::copying::copy;
use super::{Code, Result, demand_delete, is_readonly, link_metadata};
use crate::{file, last_error, path, text};

const REPLACE_EXISTING: u32 = 1;
const COPY_ALLOWED: u32 = 2;
const DELAY_UNTIL_REBOOT: u32 = 4;

fn move_file(from: Option<String>, to: Option<String>, flags: u32) -> Result<()> {
    if flags & DELAY_UNTIL_REBOOT != 0 {
        return Err(Code::NOT_SUPPORTED);
    }
    let (from, to) = (path::given(from)?, path::given(to)?);
    let source = link_metadata(&from)?;
    demand_delete(&from)?;
    if flags & REPLACE_EXISTING != 0 {
        refuse_replacing(&to, &source)?;
    }
    match rename(&from, &to, flags & REPLACE_EXISTING != 0) {
        Err(error)
            if error.kind() == io::ErrorKind::CrossesDevices && flags & COPY_ALLOWED != 0 && source.is_file() =>
        {
            move_by_copy(&from, &to, flags)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Code::ALREADY_EXISTS),
        // The source was there just now, so what is missing is the folder of the target.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Code::PATH_NOT_FOUND),
        result => Ok(result?),
    }
}

/// What Windows does not replace: anything where either is a folder, files that are read-only, and files that somebody has open so that they must
/// not be deleted.
fn refuse_replacing(to: &str, source: &fs::Metadata) -> Result<()> {
    let Ok(target) = fs::symlink_metadata(to) else { return Ok(()) };
    if (target.dev(), target.ino()) == (source.dev(), source.ino()) {
        return Ok(());
    }
    let folders = target.is_dir() || source.is_dir();
    let refused = folders || is_readonly(&target) || demand_delete(to).is_err();
    if refused { Err(Code::ACCESS_DENIED) } else { Ok(()) }
}

fn rename(from: &str, to: &str, replaces: bool) -> io::Result<()> {
    if replaces || is_same(from, to) {
        return fs::rename(from, to);
    }
    match rename_new(from, to) {
        // A file system that cannot do it in one step.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            if fs::symlink_metadata(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(from, to)
        }
        result => result,
    }
}

/// A file may be moved to where it is.
fn is_same(from: &str, to: &str) -> bool {
    let absolute = (std::path::absolute(from), std::path::absolute(to));
    matches!(absolute, (Ok(from), Ok(to)) if from == to)
}

fn rename_new(from: &str, to: &str) -> io::Result<()> {
    let (from, to) = (CString::new(from)?, CString::new(to)?);
    let here = libc::AT_FDCWD;
    // SAFETY: both strings end with a NUL and outlive the call.
    let result =
        unsafe { libc::syscall(libc::SYS_renameat2, here, from.as_ptr(), here, to.as_ptr(), libc::RENAME_NOREPLACE) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn move_by_copy(from: &str, to: &str, flags: u32) -> Result<()> {
    copy(from, to, flags & REPLACE_EXISTING == 0).map_err(|code| match code {
        file::FILE_EXISTS => Code::ALREADY_EXISTS,
        code => code,
    })?;
    fs::remove_file(from).map_err(|error| path::failure(from, error))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn MoveFileA(from: *const c_char, to: *const c_char) -> i32 {
    // SAFETY: the caller passes strings or nulls.
    unsafe { MoveFileExA(from, to, COPY_ALLOWED) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn MoveFileW(from: *const u16, to: *const u16) -> i32 {
    // SAFETY: the caller passes strings or nulls.
    unsafe { MoveFileExW(from, to, COPY_ALLOWED) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn MoveFileExA(from: *const c_char, to: *const c_char, flags: u32) -> i32 {
    // SAFETY: the caller passes a string or null.
    let from = unsafe { text::utf8_of_narrow(from) };
    // SAFETY: as above.
    let to = unsafe { text::utf8_of_narrow(to) };
    last_error::truth(move_file(from, to, flags))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn MoveFileExW(from: *const u16, to: *const u16, flags: u32) -> i32 {
    // SAFETY: the caller passes a string or null.
    let from = unsafe { text::utf8_of_wide(from) };
    // SAFETY: as above.
    let to = unsafe { text::utf8_of_wide(to) };
    last_error::truth(move_file(from, to, flags))
}
