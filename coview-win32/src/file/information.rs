//! What a file is, and that it has reached the disk.
//!
//! Needs `unsafe` to export functions and to write where callers point.

use std::io;
use std::os::unix::fs::MetadataExt;

use super::attributes::{self, FileTime, high, low};
use super::{APPEND_DATA, Code, File, Handle, Kind, Result, WRITE_DATA, with};
use crate::last_error;

/// Windows' structure.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Information {
    attributes: u32,
    created: FileTime,
    accessed: FileTime,
    written: FileTime,
    volume: u32,
    size_high: u32,
    size_low: u32,
    links: u32,
    index_high: u32,
    index_low: u32,
}

const _: () = assert!(size_of::<Information>() == 52);

impl File {
    fn information(&self) -> Result<Information> {
        let metadata = self.file.metadata()?;
        Ok(Information {
            attributes: attributes::of(&metadata),
            created: FileTime::from(metadata.created().or(metadata.modified())),
            accessed: FileTime::from(metadata.accessed()),
            written: FileTime::from(metadata.modified()),
            volume: low(metadata.dev()),
            size_high: high(metadata.len()),
            size_low: low(metadata.len()),
            links: u32::try_from(metadata.nlink()).unwrap_or(u32::MAX),
            index_high: high(metadata.ino()),
            index_low: low(metadata.ino()),
        })
    }

    fn flush(&self) -> Result<()> {
        match self.file.sync_all() {
            // Pipes, terminals and devices have nothing to flush.
            Err(error) if is_for_disks_only(&error) => Ok(()),
            result => Ok(result?),
        }
    }

    fn windows_type(&self) -> u32 {
        match self.kind {
            Kind::Unknown => 0,
            Kind::Disk | Kind::Folder => 1,
            Kind::Character => 2,
            Kind::Pipe => 3,
        }
    }
}

fn is_for_disks_only(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EROFS | libc::ENOTSUP))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetFileType(file: Handle) -> u32 {
    const UNKNOWN: u32 = 0;
    let result = with(file, 0, |file| Ok(file.windows_type()));
    if result == Ok(UNKNOWN) {
        last_error::set(Code::SUCCESS);
    }
    last_error::value(result, UNKNOWN)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetFileInformationByHandle(file: Handle, information: *mut Information) -> i32 {
    // SAFETY: the caller passes the structure's address or null.
    let Some(information) = (unsafe { information.as_mut() }) else {
        return last_error::truth(Err(Code::INVALID_PARAMETER));
    };
    last_error::truth(with(file, 0, File::information).map(|found| *information = found))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn FlushFileBuffers(file: Handle) -> i32 {
    last_error::truth(with(file, WRITE_DATA | APPEND_DATA, File::flush))
}
