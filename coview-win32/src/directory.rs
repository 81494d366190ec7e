//! What is in folders: deleting files, making and removing folders, and the parts that have files of their own.
//!
//! Needs `unsafe` to export functions.
//!
//! A file vanishes from its folder at once when it is deleted, as on Windows since its version 1809, and lives on for
//! those who have it open.

mod attributes;
mod copying;
mod full_path;
mod moving;
mod space;

use std::ffi::c_char;
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::DirBuilderExt;

use coview::Rights;

use crate::file::{self, SHARING_VIOLATION};
use crate::last_error::{self, Code, Result};
use crate::path;
use crate::security::{self, SecurityAttributes};
use crate::text;

const INVALID_DIRECTORY: Code = Code(267);

fn delete_file(given: Option<String>) -> Result<()> {
    let path = path::given(given)?;
    let metadata = link_metadata(&path)?;
    if metadata.is_dir() || is_readonly(&metadata) {
        return Err(Code::ACCESS_DENIED);
    }
    demand_delete(&path)?;
    fs::remove_file(&path).map_err(|error| path::failure(&path, error))
}

/// Refuses what somebody has open without letting others delete it.
fn demand_delete(path: &str) -> Result<()> {
    if file::refuses(path, file::DELETES) { Err(SHARING_VIOLATION) } else { Ok(()) }
}

/// What the path names itself, be it a link.
fn link_metadata(path: &str) -> Result<Metadata> {
    fs::symlink_metadata(path).map_err(|error| path::failure(path, error))
}

fn is_readonly(metadata: &Metadata) -> bool {
    !metadata.is_symlink() && file::attributes_of(metadata) & file::READONLY != 0
}

/// # Safety
///
/// The attributes are null or valid.
unsafe fn create_directory(given: Option<String>, attributes: *const SecurityAttributes) -> Result<()> {
    let path = path::given(given)?;
    // SAFETY: as the caller promises.
    let described = unsafe { security::is_described(attributes) };
    // SAFETY: as the caller promises.
    let rights = unsafe { security::wishes(attributes) }.rights;
    let mode = match rights {
        _ if !described => 0o777,
        Rights::Private => 0o700,
        Rights::Group => 0o770,
        Rights::EveryoneReadOnly => 0o755,
        Rights::Everyone => 0o777,
    };
    DirBuilder::new().mode(mode).create(&path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Code::ALREADY_EXISTS,
        _ => path::failure(&path, error),
    })
}

fn remove_directory(given: Option<String>) -> Result<()> {
    let path = path::given(given)?;
    if !link_metadata(&path)?.is_dir() {
        return Err(INVALID_DIRECTORY);
    }
    fs::remove_dir(&path).map_err(|error| path::failure(&path, error))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn DeleteFileA(path: *const c_char) -> i32 {
    // SAFETY: the caller passes a string or null.
    last_error::truth(delete_file(unsafe { text::utf8_of_narrow(path) }))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn DeleteFileW(path: *const u16) -> i32 {
    // SAFETY: the caller passes a string or null.
    last_error::truth(delete_file(unsafe { text::utf8_of_wide(path) }))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateDirectoryA(path: *const c_char, attributes: *const SecurityAttributes) -> i32 {
    // SAFETY: the caller passes a string or null.
    let path = unsafe { text::utf8_of_narrow(path) };
    // SAFETY: the caller passes attributes or null.
    last_error::truth(unsafe { create_directory(path, attributes) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateDirectoryW(path: *const u16, attributes: *const SecurityAttributes) -> i32 {
    // SAFETY: the caller passes a string or null.
    let path = unsafe { text::utf8_of_wide(path) };
    // SAFETY: the caller passes attributes or null.
    last_error::truth(unsafe { create_directory(path, attributes) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn RemoveDirectoryA(path: *const c_char) -> i32 {
    // SAFETY: the caller passes a string or null.
    last_error::truth(remove_directory(unsafe { text::utf8_of_narrow(path) }))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn RemoveDirectoryW(path: *const u16) -> i32 {
    // SAFETY: the caller passes a string or null.
    last_error::truth(remove_directory(unsafe { text::utf8_of_wide(path) }))
}
