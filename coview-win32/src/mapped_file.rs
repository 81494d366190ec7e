//! The files that sections and views of this process need to be as long as they are.
//!
//! Windows refuses to cut off a file below any section of it. Here that is known for the sections and views of this
//! process only: another process may truncate the file, and touching the lost part is `SIGBUS` then.

use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::table::lock;

/// Says, while it lives, how much of a file is mapped. A section has one, and its views share it.
#[derive(Debug)]
pub(crate) struct MappedFile {
    device: u64,
    inode: u64,
    end: u64,
}

static MAPPED: Mutex<Vec<Weak<MappedFile>>> = Mutex::new(Vec::new());

pub(crate) type Held = MutexGuard<'static, Vec<Weak<MappedFile>>>;

/// The lock, for who forks.
pub(crate) fn hold() -> Held {
    lock(&MAPPED)
}

impl MappedFile {
    pub(crate) fn new(device: u64, inode: u64, end: u64) -> Arc<MappedFile> {
        let mapped = Arc::new(MappedFile { device, inode, end });
        lock(&MAPPED).push(Arc::downgrade(&mapped));
        mapped
    }
}

impl Drop for MappedFile {
    fn drop(&mut self) {
        lock(&MAPPED).retain(|mapped| mapped.strong_count() > 0);
    }
}

/// Whether a section or view of this process needs more of a file than these bytes (`ERROR_USER_MAPPED_FILE`).
pub(crate) fn is_mapped_beyond(device: u64, inode: u64, new_len: u64) -> bool {
    let mapped = lock(&MAPPED).iter().filter_map(Weak::upgrade).collect::<Vec<_>>();
    mapped.iter().any(|mapped| (mapped.device, mapped.inode) == (device, inode) && mapped.end > new_len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_mapped_as_long_as_somebody_says_so() {
        let beyond = |len| is_mapped_beyond(u64::MAX, 1, len);
        let section = MappedFile::new(u64::MAX, 1, 100);
        let view = Arc::clone(&section);
        drop(section);
        assert!(beyond(99) && !beyond(100));
        assert!(!is_mapped_beyond(u64::MAX, 2, 0));
        drop(view);
        assert!(!beyond(0));
    }
}
