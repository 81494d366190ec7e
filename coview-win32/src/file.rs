//! Files, and what else `ReadFile` and `WriteFile` are called with: pipes, terminals, devices.
//!
//! A file is one descriptor of Linux; what a handle may do is in the handle's access mask, and the descriptor was
//! opened for just that. Duplicated and inherited handles share the position, as on Windows.

mod attributes;
mod broken_pipe;
mod claim;
mod doomed;
mod information;
mod lock;
mod opening;
mod position;
mod transfer;

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::sync::{Mutex, OnceLock};

use coview::{Event, EventOptions, Reset};

use crate::last_error::{Code, Result};
use crate::mapped_file::is_mapped_beyond;
use crate::table::{self, Handle};

pub(crate) use attributes::{FileTime, READONLY, high, low, of as attributes_of, permissions};
pub(crate) use claim::{DELETES, refuses};
pub(crate) use opening::{Request, open};

use doomed::Doomed;
use lock::Lock;

pub(crate) const READ_DATA: u32 = 1;
pub(crate) const WRITE_DATA: u32 = 2;
pub(crate) const APPEND_DATA: u32 = 4;

pub(crate) const INVALID_FUNCTION: Code = Code(1);
pub(crate) const SHARING_VIOLATION: Code = Code(32);
pub(crate) const FILE_EXISTS: Code = Code(80);
pub(crate) const DISK_FULL: Code = Code(112);
pub(crate) const USER_MAPPED_FILE: Code = Code(1224);

/// A file.
pub(crate) struct File {
    file: fs::File,
    kind: Kind,
    /// Whether each transfer says its offset, and there is no position.
    overlapped: bool,
    /// Whether claims on the file are held through this descriptor.
    claimed: bool,
    locks: Mutex<Vec<Lock>>,
    idle: OnceLock<Event>,
    /// Deletes the file at its end; behind the descriptor, so that the file is closed first.
    _doomed: Option<Doomed>,
}

/// What a descriptor leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Disk,
    Folder,
    Character,
    Pipe,
    Unknown,
}

impl Kind {
    fn of(file: &fs::File) -> Kind {
        let Ok(metadata) = file.metadata() else { return Kind::Unknown };
        let kind = metadata.file_type();
        match () {
            () if kind.is_file() || kind.is_block_device() => Kind::Disk,
            () if kind.is_dir() => Kind::Folder,
            () if kind.is_char_device() => Kind::Character,
            () if kind.is_fifo() || kind.is_socket() => Kind::Pipe,
            () => Kind::Unknown,
        }
    }
}

impl File {
    /// The file of a descriptor that came from elsewhere: a standard one, a pipe's, one that was inherited.
    pub(crate) fn from_descriptor(descriptor: OwnedFd) -> File {
        let file = fs::File::from(descriptor);
        let kind = Kind::of(&file);
        File {
            file,
            kind,
            overlapped: false,
            claimed: false,
            locks: Mutex::default(),
            idle: OnceLock::new(),
            _doomed: None,
        }
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    pub(crate) fn file(&self) -> &fs::File {
        &self.file
    }

    /// An event that is signaled while nothing is going on; reading and writing here end before they return.
    pub(crate) fn idle(&self) -> Result<&Event> {
        if let Some(event) = self.idle.get() {
            return Ok(event);
        }
        let event = EventOptions::new(Reset::Manual).signaled(true).unnamed()?;
        Ok(self.idle.get_or_init(|| event))
    }

    /// Refuses to cut off what a section or a view of this process shows.
    fn refuse_cut_of_mapped(&self, new_len: u64) -> Result<()> {
        let metadata = self.file.metadata()?;
        let cut = new_len < metadata.len() && is_mapped_beyond(metadata.dev(), metadata.ino(), new_len);
        if cut { Err(USER_MAPPED_FILE) } else { Ok(()) }
    }
}

impl Drop for File {
    /// A view keeps the descriptor's other half alive, and with it the locks; on Windows they end with the handle.
    fn drop(&mut self) {
        if self.claimed || !table::lock(&self.locks).is_empty() {
            lock::release_all(&self.file);
        }
    }
}

/// Calls `work` with the file of a handle that has at least one of the rights, if any are asked for.
fn with<T>(handle: Handle, rights: u32, work: impl FnOnce(&File) -> Result<T>) -> Result<T> {
    // A transfer may block: it needs a reference of its own.
    let reference = table::get(handle)?;
    let file = reference.object.as_file()?;
    if rights != 0 && reference.access & rights == 0 {
        return Err(Code::ACCESS_DENIED);
    }
    work(file)
}
