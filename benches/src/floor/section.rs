//! Shared memory under a name as POSIX has it: `shm_open`, `ftruncate`, `mmap`, and the way back.
//!
//! Needs `unsafe` for those calls.

use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::Path;
use std::ptr;

const FOLDER: &str = "/dev/shm";
const PREFIX: &str = "coview-bench.";

/// A name that tells which process made it, so that what a killed run leaves can be found.
pub(crate) fn shm_name(text: &str) -> CString {
    CString::new(format!("/{PREFIX}{}.{text}", std::process::id())).expect("the names here have no zero byte")
}

/// Creates the object and gives it its size.
pub(crate) fn create(name: &CStr, size: u64) -> File {
    let file = shm_open(name, libc::O_RDWR | libc::O_CREAT | libc::O_EXCL);
    file.set_len(size).expect("ftruncate");
    file
}

/// Opens the object and asks for its size, which no opener can do without.
pub(crate) fn open(name: &CStr) -> (File, u64) {
    let file = shm_open(name, libc::O_RDWR);
    // SAFETY: all-zero is a value of this plain structure.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open and the structure ours. std's `metadata` would call the slower `statx`.
    let outcome = unsafe { libc::fstat(file.as_raw_fd(), &mut status) };
    assert_eq!(outcome, 0, "fstat: {}", io::Error::last_os_error());
    (file, status.st_size as u64)
}

pub(crate) fn unlink(name: &CStr) {
    // SAFETY: the name is a string that ends in zero.
    let outcome = unsafe { libc::shm_unlink(name.as_ptr()) };
    assert_eq!(outcome, 0, "shm_unlink: {}", io::Error::last_os_error());
}

fn shm_open(name: &CStr, flags: i32) -> File {
    // SAFETY: the name is a string that ends in zero.
    let descriptor = unsafe { libc::shm_open(name.as_ptr(), flags, 0o600) };
    assert!(descriptor >= 0, "shm_open: {}", io::Error::last_os_error());
    // SAFETY: the descriptor is new and nobody else's.
    unsafe { File::from_raw_fd(descriptor) }
}

/// A whole object mapped for reading and writing; dropping it unmaps it.
pub(crate) struct Mapped {
    start: *mut u8,
    len: usize,
}

impl Mapped {
    pub(crate) fn new(file: &File, len: usize) -> Mapped {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), len, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        assert_ne!(start, libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
        Mapped { start: start.cast(), len }
    }

    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.start
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours.
        unsafe { libc::munmap(self.start.cast(), self.len) };
    }
}

/// Names without open descriptors, as many as wanted; dropping removes them.
pub(crate) struct Crowd {
    names: Vec<CString>,
}

impl Crowd {
    pub(crate) fn new() -> Crowd {
        Crowd { names: Vec::new() }
    }

    pub(crate) fn resize(&mut self, count: usize, size: u64) {
        for name in self.names.drain(count.min(self.names.len())..) {
            unlink(&name);
        }
        while self.names.len() < count {
            let name = shm_name(&format!("crowd.{}", self.names.len()));
            drop(create(&name, size));
            self.names.push(name);
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.resize(0, 0);
    }
}

/// Removes what killed runs of this program have left.
pub(crate) fn remove_leftovers() {
    let Ok(entries) = fs::read_dir(FOLDER) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let maker = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split('.').next());
        if maker.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
