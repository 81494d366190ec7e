//! Copying files.
//!
//! Needs `unsafe` to export functions.

use std::ffi::c_char;
use std::fs::{self, FileTimes};
use std::io;
use std::os::unix::fs::MetadataExt;

use super::{Result, SHARING_VIOLATION};
use crate::file::{self, Request};
use crate::{last_error, path, text};

/// Copies the contents, the permissions and the time of the last change. What was copied before a failure is gone
/// again, unless it replaced something.
pub(super) fn copy(from: &str, to: &str, only_new: bool) -> Result<()> {
    let source = file::open(&Request::reading(from))?.file;
    if is_same(&source, to) {
        return Err(if only_new { file::FILE_EXISTS } else { SHARING_VIOLATION });
    }
    let opened = file::open(&Request::writing(to, only_new))?;
    let target = opened.file;
    let copied = copy_open(&source, &target);
    if copied.is_err() && !opened.existed {
        let _ = fs::remove_file(to);
    }
    Ok(copied?)
}

fn copy_open(source: &file::File, target: &file::File) -> io::Result<()> {
    let (mut from, mut to) = (source.file(), target.file());
    io::copy(&mut from, &mut to)?;
    let metadata = from.metadata()?;
    to.set_permissions(metadata.permissions())?;
    to.set_times(FileTimes::new().set_modified(metadata.modified()?))
}

fn is_same(source: &file::File, to: &str) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let target = fs::metadata(to).map(identity);
    matches!((source.file().metadata().map(identity), target), (Ok(source), Ok(target)) if source == target)
}

fn copy_file(from: Option<String>, to: Option<String>, only_new: bool) -> Result<()> {
    copy(&path::given(from)?, &path::given(to)?, only_new)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CopyFileA(from: *const c_char, to: *const c_char, fail_if_exists: i32) -> i32 {
    // SAFETY: the caller passes a string or null.
    let from = unsafe { text::utf8_of_narrow(from) };
    // SAFETY: as above.
    let to = unsafe { text::utf8_of_narrow(to) };
    last_error::truth(copy_file(from, to, fail_if_exists != 0))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CopyFileW(from: *const u16, to: *const u16, fail_if_exists: i32) -> i32 {
    // SAFETY: the caller passes a string or null.
    let from = unsafe { text::utf8_of_wide(from) };
    // SAFETY: as above.
    let to = unsafe { text::utf8_of_wide(to) };
    last_error::truth(copy_file(from, to, fail_if_exists != 0))
}
