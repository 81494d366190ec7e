//! The attributes and times of a file, as Windows writes them.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

pub(crate) const READONLY: u32 = 0x01;
const DIRECTORY: u32 = 0x10;
/// What every file has on Windows until a backup program takes it away.
const ARCHIVE: u32 = 0x20;
const NORMAL: u32 = 0x80;

const ALL_MAY_WRITE: u32 = 0o222;
const OWNER_MAY_WRITE: u32 = 0o200;

/// A file is read-only when nobody has the permission to write it.
pub(crate) fn of(metadata: &Metadata) -> u32 {
    let readonly = if metadata.permissions().mode() & ALL_MAY_WRITE == 0 { READONLY } else { 0 };
    match () {
        () if metadata.is_dir() => DIRECTORY,
        () if metadata.is_file() => ARCHIVE | readonly,
        () => NORMAL,
    }
}

/// Takes the permission to write from everybody, or gives it to the owner.
pub(crate) fn make_readonly(file: &fs::File, readonly: bool) -> io::Result<()> {
    let metadata = file.metadata()?;
    file.set_permissions(permissions(&metadata, readonly))
}

/// The permissions of a file that is read-only or not, else as they are.
pub(crate) fn permissions(metadata: &Metadata, readonly: bool) -> Permissions {
    let mode = metadata.permissions().mode();
    let writable = mode & ALL_MAY_WRITE != 0;
    match readonly {
        true => Permissions::from_mode(mode & !ALL_MAY_WRITE),
        false if writable => Permissions::from_mode(mode),
        false => Permissions::from_mode(mode | OWNER_MAY_WRITE),
    }
}

/// Hundreds of nanoseconds since the year 1601.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FileTime {
    low: u32,
    high: u32,
}

const _: () = assert!(size_of::<FileTime>() == 8);

impl FileTime {
    /// The time, or 0 where the file system does not keep it.
    pub(crate) fn from(time: io::Result<SystemTime>) -> FileTime {
        const YEARS_1601_TO_1970: u64 = 116_444_736_000_000_000;
        let since_1970 = time.ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let hundreds = since_1970.and_then(|since| u64::try_from(since.as_nanos() / 100).ok());
        let count = hundreds.map_or(0, |hundreds| hundreds.saturating_add(YEARS_1601_TO_1970));
        FileTime { low: low(count), high: high(count) }
    }
}

pub(crate) fn low(value: u64) -> u32 {
    (value & u64::from(u32::MAX)) as u32
}

pub(crate) fn high(value: u64) -> u32 {
    (value >> 32) as u32
}
