//! `FILE_FLAG_DELETE_ON_CLOSE`: files whose names go with their last handle, or with the process.
//!
//! Needs `unsafe` to be called at the process's end.
//!
//! A process that is killed leaves its files behind; on Windows the system deletes them.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, Once};

use super::{Code, Result};
use crate::table;

static ALL: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    path: PathBuf,
    device: u64,
    inode: u64,
    /// A forked child does not delete what is its parent's.
    process: u32,
}

/// Deletes a file when it is dropped, unless the process ends first, which deletes it as well.
pub(crate) struct Doomed {
    device: u64,
    inode: u64,
}

impl Doomed {
    pub(super) fn new(path: &str, file: &fs::File) -> Result<Doomed> {
        static REGISTERED: Once = Once::new();
        let path = std::path::absolute(path).map_err(Code::from)?;
        let metadata = file.metadata()?;
        let (device, inode) = (metadata.dev(), metadata.ino());
        table::lock(&ALL).push(Entry { path, device, inode, process: process::id() });
        REGISTERED.call_once(|| {
            // SAFETY: the function takes and gives nothing.
            let _ = unsafe { libc::atexit(delete_all) };
        });
        Ok(Doomed { device, inode })
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        let mut all = table::lock(&ALL);
        let own = all.iter().position(|entry| (entry.device, entry.inode) == (self.device, self.inode));
        let entry = own.map(|index| all.swap_remove(index));
        // Another handle of the same file may be doomed too: the last one takes the name along.
        let last = !all.iter().any(|entry| (entry.device, entry.inode) == (self.device, self.inode));
        if let Some(entry) = entry.filter(|_| last) {
            entry.delete();
        }
    }
}

impl Entry {
    /// Deletes the name if it still is this file's.
    fn delete(&self) {
        let is_own =
            fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if is_own && self.process == process::id() {
            let _ = remove(&self.path);
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|_| fs::remove_dir(path))
}

extern "C" fn delete_all() {
    // Nobody waits for a lock that a thread of a forked parent had.
    if let Ok(mut all) = ALL.try_lock() {
        all.drain(..).for_each(|entry| entry.delete());
    }
}
