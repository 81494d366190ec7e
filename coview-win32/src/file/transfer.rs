//! `ReadFile` and `WriteFile`.
//!
//! Needs `unsafe` to export functions, to transfer to and from where callers point, and to write counts there.
//!
//! A transfer has ended when the function returns, also with `FILE_FLAG_OVERLAPPED`: then it returns `TRUE` at once
//! where Windows may say 997, and the structure and its event say that it is done.

use std::ffi::c_void;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::AsRawFd;

use super::broken_pipe;
use super::{APPEND_DATA, Code, DISK_FULL, File, Handle, INVALID_FUNCTION, Kind, READ_DATA, Result, WRITE_DATA, with};
use crate::{last_error, table};

const HANDLE_EOF: Code = Code(38);
const BROKEN_PIPE: Code = Code(109);
const NOACCESS: Code = Code(998);
const INVALID_USER_BUFFER: Code = Code(1784);

const STATUS_END_OF_FILE: usize = 0xC000_0011;
/// An offset of all ones: wherever the file ends at that moment.
const AT_END: u64 = u64::MAX;

/// Windows' structure.
#[repr(C)]
pub(crate) struct Overlapped {
    status: usize,
    transferred: usize,
    offset_low: u32,
    offset_high: u32,
    event: Handle,
}

const _: () = assert!(size_of::<Overlapped>() == 32);

impl Overlapped {
    pub(super) fn offset(&self) -> u64 {
        u64::from(self.offset_high) << 32 | u64::from(self.offset_low)
    }

    /// Says how it went, and tells whoever waits.
    pub(super) fn complete(&mut self, result: Result<u32>) -> Result<u32> {
        self.status = if result == Err(HANDLE_EOF) { STATUS_END_OF_FILE } else { 0 };
        self.transferred = result.map_or(0, |count| count as usize);
        if result.is_ok() && !self.event.is_null() {
            table::with(self.event, |entry| Ok(entry.object().as_event()?.set()?))?;
        }
        result
    }

    fn begin(&self) -> Result<()> {
        if self.event.is_null() {
            return Ok(());
        }
        table::with(self.event, |entry| Ok(entry.object().as_event()?.reset()?))
    }
}

/// A caller's buffer, which may be no memory at all: only the system touches it.
#[derive(Clone, Copy)]
struct Buffer {
    start: *mut c_void,
    len: usize,
}

impl Buffer {
    fn from(self, done: usize) -> Buffer {
        Buffer { start: self.start.wrapping_byte_add(done), len: self.len - done }
    }
}

impl File {
    fn read(&self, buffer: Buffer, offset: Option<u64>) -> Result<u32> {
        if self.kind == Kind::Folder {
            return Err(INVALID_FUNCTION);
        }
        let offset = self.seekable(offset)?;
        let read = |buffer, offset| read_once(&self.file, buffer, offset);
        // A pipe or a terminal gives what it has; a file fills the buffer as far as it goes.
        let count = self.repeat(buffer, offset, self.kind != Kind::Disk, read).map_err(read_failure)?;
        self.move_behind(offset, count)?;
        match count {
            0 if buffer.len != 0 && self.kind == Kind::Pipe => Err(BROKEN_PIPE),
            0 if buffer.len != 0 && offset.is_some() => Err(HANDLE_EOF),
            count => Ok(count as u32),
        }
    }

    fn write(&self, buffer: Buffer, offset: Option<u64>) -> Result<u32> {
        if buffer.start.is_null() && buffer.len != 0 {
            return Err(INVALID_USER_BUFFER);
        }
        let offset = match self.seekable(offset)? {
            Some(AT_END) => Some(self.size()?),
            offset => offset,
        };
        let write = |buffer, offset| write_once(&self.file, buffer, offset);
        let all = || self.repeat(buffer, offset, false, write);
        let result = if self.kind == Kind::Pipe { broken_pipe::as_error(all) } else { all() };
        let count = result.map_err(write_failure)?;
        self.move_behind(offset, count)?;
        Ok(count as u32)
    }

    /// What has no positions ignores them; what was opened without a position must be given one.
    fn seekable(&self, offset: Option<u64>) -> Result<Option<u64>> {
        match (self.kind, offset) {
            (_, None) if self.overlapped => Err(Code::INVALID_PARAMETER),
            (Kind::Disk, Some(offset)) if offset != AT_END && i64::try_from(offset).is_err() => {
                Err(Code::INVALID_PARAMETER)
            }
            (Kind::Disk, offset) => Ok(offset),
            _ => Ok(None),
        }
    }

    /// A transfer at an offset leaves the position behind what it transferred.
    fn move_behind(&self, offset: Option<u64>, count: usize) -> Result<()> {
        let Some(offset) = offset.filter(|_| !self.overlapped && count != 0) else { return Ok(()) };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset.saturating_add(count as u64)))?;
        Ok(())
    }

    /// Transfers until the buffer is done, the file ends, or, if `once`, something has been transferred.
    fn repeat(
        &self,
        buffer: Buffer,
        offset: Option<u64>,
        once: bool,
        mut transfer: impl FnMut(Buffer, Option<u64>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len {
            match transfer(buffer.from(done), offset.map(|offset| offset + done as u64)) {
                Ok(0) => break,
                Ok(count) if once => return Ok(count),
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(libc::EFAULT) => {
                    self.step_back(offset, done);
                    return Err(error);
                }
                // What was transferred before counts; the next call meets the error again.
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(done)
    }

    /// A buffer that is not memory in all its length fails as a whole, and leaves the position where it was.
    #[cold]
    fn step_back(&self, offset: Option<u64>, done: usize) {
        if offset.is_none() && self.kind == Kind::Disk {
            // Cannot fail: the position has been there.
            let _ = (&self.file).seek(SeekFrom::Current(-(done as i64)));
        }
    }
}

fn read_once(file: &impl AsRawFd, buffer: Buffer, offset: Option<u64>) -> io::Result<usize> {
    let descriptor = file.as_raw_fd();
    let count = match offset {
        // SAFETY: the caller of ReadFile gives the buffer away for this; the system checks that it is memory.
        Some(offset) => unsafe { libc::pread(descriptor, buffer.start, buffer.len, offset.cast_signed()) },
        // SAFETY: as above.
        None => unsafe { libc::read(descriptor, buffer.start, buffer.len) },
    };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

fn write_once(file: &impl AsRawFd, buffer: Buffer, offset: Option<u64>) -> io::Result<usize> {
    let descriptor = file.as_raw_fd();
    let count = match offset {
        // SAFETY: the system only reads the buffer, and checks that it is memory.
        Some(offset) => unsafe { libc::pwrite(descriptor, buffer.start, buffer.len, offset.cast_signed()) },
        // SAFETY: as above.
        None => unsafe { libc::write(descriptor, buffer.start, buffer.len) },
    };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

fn read_failure(error: io::Error) -> Code {
    match error.raw_os_error() {
        Some(libc::EFAULT) => NOACCESS,
        // A descriptor that cannot, behind a handle whose mask was raised.
        Some(libc::EBADF) => Code::ACCESS_DENIED,
        Some(libc::EISDIR) => INVALID_FUNCTION,
        Some(libc::ECONNRESET) => BROKEN_PIPE,
        _ => error.into(),
    }
}

fn write_failure(error: io::Error) -> Code {
    match error.raw_os_error() {
        Some(libc::EFAULT) => INVALID_USER_BUFFER,
        Some(libc::EBADF) => Code::ACCESS_DENIED,
        Some(libc::EFBIG) => DISK_FULL,
        _ => error.into(),
    }
}

/// The part that reading and writing share: the count is 0 until it is known, and the structure is kept up to date.
///
/// # Safety
///
/// `count` and `overlapped` are null or valid.
unsafe fn transfer(
    handle: Handle,
    rights: u32,
    count: *mut u32,
    overlapped: *mut Overlapped,
    work: impl FnOnce(&File, Option<u64>) -> Result<u32>,
) -> Result<()> {
    // SAFETY: as the caller promises.
    let count = unsafe { count.as_mut() };
    // SAFETY: as the caller promises.
    let overlapped = unsafe { overlapped.as_mut() };
    if count.is_none() && overlapped.is_none() {
        return Err(Code::INVALID_PARAMETER);
    }
    let mut unwanted = 0;
    let count = count.unwrap_or(&mut unwanted);
    *count = 0;
    with(handle, rights, |file| {
        let Some(overlapped) = overlapped else {
            *count = work(file, None)?;
            return Ok(());
        };
        overlapped.begin()?;
        let result = work(file, Some(overlapped.offset()));
        *count = overlapped.complete(result)?;
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ReadFile(
    file: Handle,
    buffer: *mut c_void,
    len: u32,
    count: *mut u32,
    overlapped: *mut Overlapped,
) -> i32 {
    let buffer = Buffer { start: buffer, len: len as usize };
    let work = |file: &File, offset| file.read(buffer, offset);
    // SAFETY: the caller passes addresses or null.
    last_error::truth(unsafe { transfer(file, READ_DATA, count, overlapped, work) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn WriteFile(
    file: Handle,
    buffer: *const c_void,
    len: u32,
    count: *mut u32,
    overlapped: *mut Overlapped,
) -> i32 {
    let buffer = Buffer { start: buffer.cast_mut(), len: len as usize };
    let work = |file: &File, offset| file.write(buffer, offset);
    // SAFETY: the caller passes addresses or null.
    last_error::truth(unsafe { transfer(file, WRITE_DATA | APPEND_DATA, count, overlapped, work) })
}
