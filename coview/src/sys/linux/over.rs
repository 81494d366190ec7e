//! A named mapping over a user's file: the object in the namespace says which file holds the bytes.
//!
//! The object's file is a block of kind 5 (`block.rs`); behind the kind it says:
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 16 | 8 | device of the file |
//! | 24 | 8 | inode of the file |
//! | 32 | 8 | size of the mapping |
//! | 40 | 4 | process id of the creator |
//! | 44 | 4 | the creator's descriptor of the file |
//! | 48 | 4 | length of the path; 0 if the file has none, or one too long |
//! | 52 | | the absolute path, to the block's end at most |
//!
//! Whoever may write the object's file can put anything there. What is found is therefore judged: it must be a regular
//! file, of that device and inode, and belong to the object's owner or be found by him or by root; and who else may write
//! the object must have that right to the file too. Otherwise another user could make a process write to a file of its own.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::block::{self, BLOCK_LEN, BLOCK_START, Start};
use super::object::{BLOCK_BIT, add_bits};
use super::{error, folder, os_error, refuse};
use crate::inspect::Kind;
use crate::{Access, ErrorKind};

const DEVICE_AT: usize = 16;
const INODE_AT: usize = 24;
const SIZE_AT: usize = 32;
const PROCESS_AT: usize = 40;
const DESCRIPTOR_AT: usize = 44;
const PATH_LEN_AT: usize = 48;
const PATH_AT: usize = 52;

/// What an object says of the file that it stands for.
#[derive(Debug)]
pub(super) struct Over {
    device: u64,
    inode: u64,
    size: u64,
    process: u32,
    descriptor: u32,
    path: Option<PathBuf>,
}

impl Over {
    /// Gives a new object's file its contents. The creator keeps `target` open as long as the object.
    pub(super) fn write(object: &File, target: &File, size: u64) -> io::Result<()> {
        let metadata = target.metadata()?;
        if !metadata.is_file() {
            return Err(refuse(ErrorKind::InvalidInput, "only a regular file can be mapped"));
        }
        let path = path_of(target).filter(|path| is_same(path, metadata.dev(), metadata.ino()));
        let over = Over {
            device: metadata.dev(),
            inode: metadata.ino(),
            size,
            process: std::process::id(),
            descriptor: target.as_raw_fd().cast_unsigned(),
            path,
        };
        restrict(object, &metadata)?;
        add_bits(object, BLOCK_BIT)?;
        block::write(object, Start { kind: Kind::Mapping, parameter: 0, state: 0 })?;
        object.write_all_at(&over.bytes(), BLOCK_START + DEVICE_AT as u64)
    }

    /// Reads what an object's file says, if it is of this kind.
    pub(super) fn read(object: &File) -> io::Result<Over> {
        if block::read_kind(object)? != Kind::Mapping {
            return Err(error(ErrorKind::WrongKind));
        }
        let mut bytes = [0; BLOCK_LEN];
        object.read_exact_at(&mut bytes, BLOCK_START)?;
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let path_len = word(PATH_LEN_AT) as usize;
        let path = bytes[PATH_AT..].get(..path_len).ok_or_else(|| error(ErrorKind::Damaged))?;
        let over = Over {
            device: long(DEVICE_AT),
            inode: long(INODE_AT),
            size: long(SIZE_AT),
            process: word(PROCESS_AT),
            descriptor: word(DESCRIPTOR_AT),
            path: (path_len > 0).then(|| PathBuf::from(OsStr::from_bytes(path))),
        };
        if over.size == 0 || i64::try_from(over.size).is_err() { Err(error(ErrorKind::Damaged)) } else { Ok(over) }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Opens the file: by its path, or else through the creator's descriptor.
    pub(super) fn find(&self, object: &Metadata, access: Access) -> io::Result<File> {
        let lent = PathBuf::from(format!("/proc/{}/fd/{}", self.process, self.descriptor));
        let by_path = self.path.as_ref().map(|path| self.open(path, object, access));
        let failed = match by_path {
            Some(Ok(file)) => return Ok(file),
            Some(Err(error)) if is_final(&error) => return Err(error),
            Some(Err(error)) => Some(error),
            None => None,
        };
        self.open(&lent, object, access)
            .map_err(|error| if is_final(&error) { error } else { self.explain(failed, &error) })
    }

    /// Opens the file if it stands there; looks before, since opening what is no file may do something.
    fn open(&self, path: &Path, object: &Metadata, access: Access) -> io::Result<File> {
        if !is_same(path, self.device, self.inode) {
            return Err(os_error(libc::ENOENT));
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).write(access == Access::ReadWrite).custom_flags(libc::O_NONBLOCK).open(path)?;
        let metadata = file.metadata()?;
        if (metadata.dev(), metadata.ino()) != (self.device, self.inode) || !metadata.is_file() {
            return Err(os_error(libc::ENOENT));
        }
        let user = folder::user();
        if ![metadata.uid(), user, 0].contains(&object.uid()) {
            let why = "the file behind it does not belong to the user who made it";
            return Err(refuse(ErrorKind::AccessDenied, why));
        }
        if beyond(object, &metadata) != 0 {
            let why = "others may write the object and not the file behind it";
            return Err(refuse(ErrorKind::AccessDenied, why));
        }
        if metadata.size() < self.size {
            return Err(refuse(ErrorKind::Damaged, "the file behind it has been truncated"));
        }
        Ok(file)
    }

    fn explain(&self, by_path: Option<io::Error>, by_creator: &io::Error) -> io::Error {
        let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        let kind = match by_path.as_ref().is_some_and(denied) || denied(by_creator) {
            true => ErrorKind::AccessDenied,
            false => ErrorKind::NotFound,
        };
        let process = self.process;
        let path = match (&self.path, by_path) {
            (Some(path), Some(error)) => format!("the file `{}` behind it: {error}", path.display()),
            _ => "the file behind it has no path".to_owned(),
        };
        refuse(kind, format!("{path}; and through process {process}, which made it: {by_creator}"))
    }

    /// The block from `DEVICE_AT` on.
    fn bytes(&self) -> Vec<u8> {
        let path = self.path.as_ref().map(|path| path.as_os_str().as_bytes()).unwrap_or_default();
        let path = if path.len() > BLOCK_LEN - PATH_AT { &[] } else { path };
        let mut bytes = Vec::with_capacity(BLOCK_LEN);
        for long in [self.device, self.inode, self.size] {
            bytes.extend(long.to_le_bytes());
        }
        for word in [self.process, self.descriptor, path.len() as u32] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(path);
        bytes
    }
}

/// The file was found and is not to be had: no other way leads to another answer.
fn is_final(error: &io::Error) -> bool {
    super::refusal(error).is_some()
}

/// Which rights of others to write the object they do not have to the file.
fn beyond(object: &Metadata, file: &Metadata) -> u32 {
    const GROUP: u32 = 0o020;
    const OTHERS: u32 = 0o002;
    let group = if file.gid() == object.gid() { file.mode() & GROUP } else { 0 };
    let common = if file.mode() & OTHERS != 0 { GROUP | OTHERS } else { group };
    object.mode() & (GROUP | OTHERS) & !common
}

/// Takes those rights from a new object. They would be worth nothing but for leading others astray.
fn restrict(object: &File, file: &Metadata) -> io::Result<()> {
    let metadata = object.metadata()?;
    match beyond(&metadata, file) {
        0 => Ok(()),
        beyond => object.set_permissions(Permissions::from_mode(metadata.mode() & !beyond)),
    }
}

/// The path of an open file, as the kernel knows it.
pub(super) fn path_of(file: &File) -> Option<PathBuf> {
    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok().filter(|path| path.is_absolute())
}

/// Whether this regular file stands at a path, now.
fn is_same(path: &Path, device: u64, inode: u64) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && (found.dev(), found.ino()) == (device, inode))
}
