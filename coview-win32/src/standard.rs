//! Standard input, output and error, and pipes to put in their places.
//!
//! Needs `unsafe` to export functions, to write where callers point, and to use descriptors by their numbers.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::access;
use crate::file::File;
use crate::last_error::{self, Code, Result};
use crate::linux;
use crate::object::Object;
use crate::security::{self, SecurityAttributes};
use crate::start_record;
use crate::startup::USE_STANDARD_HANDLES;
use crate::table::{self, Handle, lock};

const INVALID_HANDLE_VALUE: Handle = ptr::without_provenance_mut(usize::MAX);

/// The handles of this process, once they were asked for or set.
static HANDLES: Mutex<[Option<usize>; 3]> = Mutex::new([None; 3]);

pub(crate) type Held = MutexGuard<'static, [Option<usize>; 3]>;

/// The lock, for who forks.
pub(crate) fn hold() -> Held {
    lock(&HANDLES)
}

/// The place of `STD_INPUT_HANDLE` (-10), `STD_OUTPUT_HANDLE` and `STD_ERROR_HANDLE`, which is also the descriptor.
fn place(which: u32) -> Result<usize> {
    let place = (-10_i32).wrapping_sub(which.cast_signed());
    usize::try_from(place).ok().filter(|place| *place < 3).ok_or(Code::INVALID_HANDLE)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetStdHandle(which: u32) -> Handle {
    last_error::value(place(which).and_then(get), INVALID_HANDLE_VALUE)
}

/// The handle in a place; null if there is nothing.
fn get(place: usize) -> Result<Handle> {
    let mut handles = lock(&HANDLES);
    let handle = match handles[place].or_else(|| told(place)) {
        Some(handle) => ptr::without_provenance_mut(handle),
        None => open(place)?,
    };
    handles[place] = Some(handle.addr());
    Ok(handle)
}

/// The handle that the parent has named, if it was inherited.
fn told(place: usize) -> Option<usize> {
    let startup = start_record::startup().filter(|startup| startup.flags & USE_STANDARD_HANDLES != 0)?;
    let handle: Handle = ptr::without_provenance_mut(startup.standard[place]);
    let is_file = table::with(handle, |entry| entry.object().as_file().map(drop)).is_ok();
    is_file.then_some(handle.addr())
}

/// Makes a handle for the descriptor that the process was started with. Closing it leaves the descriptor open.
fn open(place: usize) -> Result<Handle> {
    // SAFETY: borrowed for one call, which fails if it is not open.
    let standard = unsafe { BorrowedFd::borrow_raw(place as RawFd) };
    match standard.try_clone_to_owned() {
        Ok(copy) => table::insert(file(copy), access::FILE.all, false),
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => Ok(ptr::null_mut()),
        Err(error) => Err(error.into()),
    }
}

fn file(descriptor: OwnedFd) -> Arc<Object> {
    Arc::new(Object::File(File::from_descriptor(descriptor)))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn SetStdHandle(which: u32, handle: Handle) -> i32 {
    let set = place(which).map(|place| lock(&HANDLES)[place] = Some(handle.addr()));
    last_error::truth(set)
}

/// The descriptor that a child gets in a place: what `SetStdHandle` has put there, if that is a file; else `None`, for the
/// one that this process was started with.
pub(crate) fn replaced(place: usize) -> Option<OwnedFd> {
    let handle = lock(&HANDLES)[place]?;
    of_file(ptr::without_provenance_mut(handle)).ok()
}

/// A copy of the descriptor of a file's handle, out of the way of the standard ones.
pub(crate) fn of_file(handle: Handle) -> Result<OwnedFd> {
    let reference = table::get(handle)?;
    let copy = reference.object.as_file()?.descriptor().try_clone_to_owned()?;
    Ok(linux::beyond_standard(copy)?)
}

/// # Safety
///
/// The handles may be written, and the attributes are null or lead to the structure.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreatePipe(
    read: *mut Handle,
    write: *mut Handle,
    attributes: *const SecurityAttributes,
    size: u32,
) -> i32 {
    // SAFETY: as the caller promises.
    let inherit = unsafe { security::wishes(attributes) }.inherit;
    let made = if read.is_null() || write.is_null() { Err(Code::INVALID_PARAMETER) } else { pipe(inherit, size) };
    last_error::truth(made.map(|(read_end, write_end)| {
        // SAFETY: as the caller promises.
        unsafe { read.write(read_end) };
        // SAFETY: as the caller promises.
        unsafe { write.write(write_end) };
    }))
}

fn pipe(inherit: bool, size: u32) -> Result<(Handle, Handle)> {
    let (read, write) = linux::pipe()?;
    if size > 0 {
        // A wish: a pipe holds a page at least, and what the system allows at most.
        let _ = resize(write.as_fd(), size);
    }
    let read = table::insert(file(read), access::FILE.read, inherit)?;
    let made = table::insert(file(write), access::FILE.write, inherit);
    let write = made.inspect_err(|_| {
        let _ = table::close(read);
    })?;
    Ok((read, write))
}

fn resize(pipe: BorrowedFd<'_>, size: u32) -> io::Result<()> {
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    // SAFETY: a call without pointers.
    linux::check(unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, size) })?;
    Ok(())
}
