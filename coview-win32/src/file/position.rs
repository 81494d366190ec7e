//! Where a file is read and written next, and where it ends.
//!
//! Needs `unsafe` to export functions and to write where callers point.

use std::io::{self, Seek, SeekFrom};

use super::attributes::{high, low};
use super::{Code, DISK_FULL, File, Handle, INVALID_FUNCTION, Kind, Result, WRITE_DATA, with};
use crate::last_error;

const NEGATIVE_SEEK: Code = Code(131);
const FILE_TOO_LARGE: Code = Code(223);
/// What `SetFilePointer` and `GetFileSize` return when they fail, and also when that happens to be the lower half.
const FAILED: u32 = u32::MAX;

impl File {
    fn seek(&self, to: SeekFrom) -> Result<u64> {
        let mut file = &self.file;
        Ok(file.seek(to)?)
    }

    /// The position that a move leads to, without moving.
    fn target(&self, distance: i64, method: u32) -> Result<i64> {
        if self.kind == Kind::Pipe {
            return Err(INVALID_FUNCTION);
        }
        let origin = match method {
            0 => 0,
            1 => self.seek(SeekFrom::Current(0))?,
            2 => self.size()?,
            _ => return Err(Code::INVALID_PARAMETER),
        };
        let target = i64::try_from(origin).ok().and_then(|origin| origin.checked_add(distance));
        target.filter(|&target| target >= 0).ok_or(NEGATIVE_SEEK)
    }

    fn set_position(&self, distance: i64, method: u32) -> Result<u64> {
        let target = self.target(distance, method)?;
        self.seek(SeekFrom::Start(target.unsigned_abs()))
    }

    /// The same for a caller who can take 32 bits only.
    fn set_short_position(&self, distance: i64, method: u32) -> Result<u32> {
        let target = u32::try_from(self.target(distance, method)?).map_err(|_| Code::INVALID_PARAMETER)?;
        self.seek(SeekFrom::Start(target.into()))?;
        Ok(target)
    }

    pub(crate) fn size(&self) -> Result<u64> {
        match self.kind {
            Kind::Disk | Kind::Folder => Ok(self.file.metadata()?.len()),
            _ => Err(INVALID_FUNCTION),
        }
    }

    fn end_here(&self) -> Result<()> {
        if self.kind != Kind::Disk {
            return Err(INVALID_FUNCTION);
        }
        let len = self.seek(SeekFrom::Current(0))?;
        self.refuse_cut_of_mapped(len)?;
        self.file.set_len(len).map_err(end_failure)
    }
}

fn end_failure(error: io::Error) -> Code {
    match error.raw_os_error() {
        Some(libc::EFBIG) => FILE_TOO_LARGE,
        Some(libc::ENOSPC) => DISK_FULL,
        _ => error.into(),
    }
}

/// # Safety
///
/// `high_half` is null or leads to the upper half of the distance.
unsafe fn set_file_pointer(handle: Handle, distance: i32, high_half: *mut i32, method: u32) -> Result<u32> {
    // SAFETY: as the caller promises.
    let Some(high_half) = (unsafe { high_half.as_mut() }) else {
        return with(handle, 0, |file| file.set_short_position(distance.into(), method));
    };
    let whole = i64::from(*high_half) << 32 | i64::from(distance.cast_unsigned());
    let position = with(handle, 0, |file| file.set_position(whole, method))?;
    *high_half = high(position).cast_signed();
    Ok(low(position))
}

/// A lower half that looks like the failure is told from it by the last error.
fn half(result: Result<u32>) -> u32 {
    if result == Ok(FAILED) {
        last_error::set(Code::SUCCESS);
    }
    last_error::value(result, FAILED)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetFilePointer(file: Handle, distance: i32, high_half: *mut i32, method: u32) -> u32 {
    // SAFETY: the caller passes a number's address or null.
    half(unsafe { set_file_pointer(file, distance, high_half, method) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetFilePointerEx(
    file: Handle,
    distance: i64,
    new_position: *mut i64,
    method: u32,
) -> i32 {
    let result = with(file, 0, |file| file.set_position(distance, method)).map(|position| {
        // SAFETY: the caller passes a number's address or null.
        if let Some(new_position) = unsafe { new_position.as_mut() } {
            *new_position = position.cast_signed();
        }
    });
    last_error::truth(result)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn SetEndOfFile(file: Handle) -> i32 {
    last_error::truth(with(file, WRITE_DATA, File::end_here))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetFileSize(file: Handle, high_half: *mut u32) -> u32 {
    let result = with(file, 0, File::size).map(|size| {
        // SAFETY: the caller passes a number's address or null.
        if let Some(high_half) = unsafe { high_half.as_mut() } {
            *high_half = high(size);
        }
        low(size)
    });
    half(result)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetFileSizeEx(file: Handle, size: *mut i64) -> i32 {
    // SAFETY: the caller passes a number's address or null.
    let Some(size) = (unsafe { size.as_mut() }) else { return last_error::truth(Err(Code::INVALID_PARAMETER)) };
    last_error::truth(with(file, 0, File::size).map(|found| *size = found.cast_signed()))
}
