//! How much room there is where a folder is: `GetDiskFreeSpace` and `GetDiskFreeSpaceEx`.
//!
//! Needs `unsafe` to export functions, to write where callers point and to call `statvfs`.

use std::ffi::{CString, c_char};
use std::io;
use std::mem::MaybeUninit;

use super::{Code, Result};
use crate::{last_error, path, text};

const BYTES_PER_SECTOR: u64 = 512;

/// The room in a file system, in bytes.
struct Space {
    cluster: u64,
    total: u64,
    free: u64,
    /// Without what is kept for the administrator.
    available: u64,
}

impl Space {
    /// Where a folder is; without a path, the current one.
    fn of(given: Option<String>) -> Result<Space> {
        let path = given.map_or_else(|| Ok(".".into()), |path| path::to_unix(&path))?;
        let name = CString::new(path.as_str()).map_err(|_| Code::INVALID_NAME)?;
        let mut room = MaybeUninit::<libc::statvfs>::uninit();
        // SAFETY: the string ends with a NUL, and there is room for the structure.
        if unsafe { libc::statvfs(name.as_ptr(), room.as_mut_ptr()) } != 0 {
            return Err(path::failure(&path, io::Error::last_os_error()));
        }
        // SAFETY: the call above has filled it.
        let room = unsafe { room.assume_init() };
        let cluster = room.f_frsize.max(BYTES_PER_SECTOR);
        let bytes = |blocks: u64| blocks.saturating_mul(room.f_frsize);
        Ok(Space { cluster, total: bytes(room.f_blocks), free: bytes(room.f_bfree), available: bytes(room.f_bavail) })
    }

    /// Sectors of a cluster, bytes of a sector, clusters that are free for the caller, and all: as far as 32 bits go.
    fn in_clusters(&self) -> [u32; 4] {
        let counts = [
            self.cluster / BYTES_PER_SECTOR,
            BYTES_PER_SECTOR,
            self.available / self.cluster,
            self.total / self.cluster,
        ];
        counts.map(|count| u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn in_bytes(&self) -> [u64; 3] {
        [self.available, self.total, self.free]
    }
}

/// Writes each value where the caller wants it.
///
/// # Safety
///
/// The pointers are null or valid.
unsafe fn give<T, const COUNT: usize>(values: Result<[T; COUNT]>, targets: [*mut T; COUNT]) -> i32 {
    let give = |values: [T; COUNT]| {
        for (value, target) in values.into_iter().zip(targets) {
            // SAFETY: as the caller promises.
            if let Some(target) = unsafe { target.as_mut() } {
                *target = value;
            }
        }
    };
    last_error::truth(values.map(give))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetDiskFreeSpaceA(
    path: *const c_char,
    sectors_per_cluster: *mut u32,
    bytes_per_sector: *mut u32,
    free: *mut u32,
    total: *mut u32,
) -> i32 {
    // SAFETY: the caller passes a string or null.
    let space = Space::of(unsafe { text::utf8_of_narrow(path) });
    let targets = [sectors_per_cluster, bytes_per_sector, free, total];
    // SAFETY: the caller passes addresses or nulls.
    unsafe { give(space.map(|space| space.in_clusters()), targets) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetDiskFreeSpaceW(
    path: *const u16,
    sectors_per_cluster: *mut u32,
    bytes_per_sector: *mut u32,
    free: *mut u32,
    total: *mut u32,
) -> i32 {
    // SAFETY: the caller passes a string or null.
    let space = Space::of(unsafe { text::utf8_of_wide(path) });
    let targets = [sectors_per_cluster, bytes_per_sector, free, total];
    // SAFETY: the caller passes addresses or nulls.
    unsafe { give(space.map(|space| space.in_clusters()), targets) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetDiskFreeSpaceExA(
    path: *const c_char,
    available: *mut u64,
    total: *mut u64,
    free: *mut u64,
) -> i32 {
    // SAFETY: the caller passes a string or null.
    let space = Space::of(unsafe { text::utf8_of_narrow(path) });
    // SAFETY: the caller passes addresses or nulls.
    unsafe { give(space.map(|space| space.in_bytes()), [available, total, free]) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetDiskFreeSpaceExW(
    path: *const u16,
    available: *mut u64,
    total: *mut u64,
    free: *mut u64,
) -> i32 {
    // SAFETY: the caller passes a string or null.
    let space = Space::of(unsafe { text::utf8_of_wide(path) });
    // SAFETY: the caller passes addresses or nulls.
    unsafe { give(space.map(|space| space.in_bytes()), [available, total, free]) }
}
