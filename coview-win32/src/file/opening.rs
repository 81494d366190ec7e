//! `CreateFile`: opening a file, making it, or emptying it.
//!
//! Needs `unsafe` to export functions and to call `open`.

use std::ffi::{CString, c_char};
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::ptr;
use std::sync::Arc;

use coview::Rights;

use super::attributes::{self, READONLY};
use super::doomed::Doomed;
use super::{APPEND_DATA, Code, File, Handle, Kind, READ_DATA, Result, WRITE_DATA, claim};
use crate::access::{self, DELETE, GENERIC_WRITE, SYNCHRONIZE};
use crate::object::Object;
use crate::security::{self, SecurityAttributes};
use crate::{last_error, path, table, text};

const CREATE_NEW: u32 = 1;
const CREATE_ALWAYS: u32 = 2;
const OPEN_EXISTING: u32 = 3;
const OPEN_ALWAYS: u32 = 4;
const TRUNCATE_EXISTING: u32 = 5;

const FLAG_WRITE_THROUGH: u32 = 0x8000_0000;
const FLAG_OVERLAPPED: u32 = 0x4000_0000;
const FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
const FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;

const READ_ATTRIBUTES: u32 = 0x80;
const EXECUTE_DATA: u32 = 0x20;
const SHARE_ALL: u32 = 7;
/// How often a file may vanish and appear while it is opened or made.
const ATTEMPTS_MAX: u32 = 100;

/// What `CreateFile` is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// As Linux takes it.
    path: &'a str,
    access: u32,
    share: u32,
    disposition: u32,
    flags: u32,
    /// Those of a new file; without any, the process's `umask` decides.
    rights: Option<Rights>,
}

impl<'a> Request<'a> {
    /// An existing file, for reading.
    pub(crate) fn reading(path: &'a str) -> Request<'a> {
        let share = SHARE_ALL & !claim::DELETES;
        Request { path, access: access::GENERIC_READ, share, disposition: OPEN_EXISTING, flags: 0, rights: None }
    }

    /// A file for writing all of it, for this caller alone.
    pub(crate) fn writing(path: &'a str, only_new: bool) -> Request<'a> {
        let disposition = if only_new { CREATE_NEW } else { CREATE_ALWAYS };
        Request { path, access: GENERIC_WRITE, share: 0, disposition, flags: 0, rights: None }
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// The access mask of the handle.
    fn grant(&self) -> Result<u32> {
        let implied = if self.has(FLAG_DELETE_ON_CLOSE) { DELETE } else { 0 };
        access::FILE.grant(self.access | SYNCHRONIZE | READ_ATTRIBUTES | implied)
    }

    fn check(&self) -> Result<()> {
        let unable_to_truncate = self.disposition == TRUNCATE_EXISTING && self.access & GENERIC_WRITE == 0;
        let known = (CREATE_NEW..=TRUNCATE_EXISTING).contains(&self.disposition) && self.share & !SHARE_ALL == 0;
        if known && !unable_to_truncate { Ok(()) } else { Err(Code::INVALID_PARAMETER) }
    }
}

/// An open file, and how it came about.
pub(crate) struct Opened {
    pub(crate) file: File,
    access: u32,
    /// Whether the file was there before.
    pub(crate) existed: bool,
}

/// Opens or makes the file. After a failure a file that existed is as it was.
pub(crate) fn open(request: &Request<'_>) -> Result<Opened> {
    request.check()?;
    let access = request.grant()?;
    let (descriptor, existed) = open_or_create(request, access)?;
    let mut file = File::from_descriptor(descriptor.into());
    file.overlapped = request.has(FLAG_OVERLAPPED);
    if existed {
        check_existing(request, &file, access)?;
    }
    file.claim(claim::uses(access), request.share)?;
    if existed {
        empty_if_asked(request, &file)?;
    } else {
        give_rights(request, &file)?;
    }
    if request.has(FLAG_DELETE_ON_CLOSE) {
        file._doomed = Some(Doomed::new(request.path, &file.file)?);
    }
    Ok(Opened { file, access, existed })
}

fn open_or_create(request: &Request<'_>, access: u32) -> Result<(fs::File, bool)> {
    let failure = |error| path::failure(request.path, error);
    match request.disposition {
        CREATE_NEW => Ok((create(request, access).map_err(failure)?, false)),
        OPEN_EXISTING | TRUNCATE_EXISTING => Ok((existing(request, access).map_err(failure)?, true)),
        _ => {
            for _ in 0..ATTEMPTS_MAX {
                match existing(request, access) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    result => return Ok((result.map_err(failure)?, true)),
                }
                match create(request, access) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    result => return Ok((result.map_err(failure)?, false)),
                }
            }
            // A link to nothing.
            Err(Code::FILE_NOT_FOUND)
        }
    }
}

fn create(request: &Request<'_>, access: u32) -> io::Result<fs::File> {
    let mode = if request.has(READONLY) { 0o444 } else { 0o666 };
    call_open(request.path, flags(request, access) | libc::O_CREAT | libc::O_EXCL, mode)
}

fn existing(request: &Request<'_>, access: u32) -> io::Result<fs::File> {
    if access & (READ_DATA | EXECUTE_DATA | WRITE_DATA | APPEND_DATA) == 0 {
        return existing_unread(request, access);
    }
    match descriptor(request.path, flags(request, access)) {
        // A folder is never written; whether it may be opened is judged later.
        Err(error) if error.raw_os_error() == Some(libc::EISDIR) => descriptor(request.path, libc::O_RDONLY),
        result => result,
    }
}

/// A file that is only looked at from outside, which needs no permission of the file's own.
fn existing_unread(request: &Request<'_>, access: u32) -> io::Result<fs::File> {
    if access & DELETE != 0
        && let Ok(file) = descriptor(request.path, libc::O_RDONLY | libc::O_NONBLOCK)
    {
        return Ok(file);
    }
    descriptor(request.path, libc::O_PATH)
}

fn flags(request: &Request<'_>, access: u32) -> libc::c_int {
    let reads = access & (READ_DATA | EXECUTE_DATA) != 0;
    let mut flags = match access & (WRITE_DATA | APPEND_DATA) {
        0 => libc::O_RDONLY,
        _ if reads => libc::O_RDWR,
        _ => libc::O_WRONLY,
    };
    if access & (WRITE_DATA | APPEND_DATA) == APPEND_DATA {
        flags |= libc::O_APPEND;
    }
    if request.has(FLAG_WRITE_THROUGH) {
        flags |= libc::O_DSYNC;
    }
    flags
}

/// Opens what exists.
pub(super) fn descriptor(path: &str, flags: libc::c_int) -> io::Result<fs::File> {
    call_open(path, flags, 0)
}

fn call_open(path: &str, flags: libc::c_int, mode: libc::c_uint) -> io::Result<fs::File> {
    let path = CString::new(path)?;
    loop {
        // SAFETY: the string ends with a NUL and outlives the call.
        let descriptor = unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC | libc::O_NOCTTY, mode) };
        if descriptor >= 0 {
            // SAFETY: the descriptor was opened just now, for this value.
            return Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }.into());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// What Windows refuses though Linux would not, and root least of all.
fn check_existing(request: &Request<'_>, file: &File, access: u32) -> Result<()> {
    let metadata = file.file.metadata()?;
    if file.kind == Kind::Folder {
        return check_folder(request);
    }
    let changes = access & (WRITE_DATA | APPEND_DATA) != 0
        || request.has(FLAG_DELETE_ON_CLOSE)
        || matches!(request.disposition, CREATE_ALWAYS | TRUNCATE_EXISTING);
    let refused = changes && file.kind == Kind::Disk && attributes::of(&metadata) & READONLY != 0;
    if refused { Err(Code::ACCESS_DENIED) } else { Ok(()) }
}

fn check_folder(request: &Request<'_>) -> Result<()> {
    let opens = matches!(request.disposition, OPEN_EXISTING | OPEN_ALWAYS);
    match () {
        () if opens && request.has(FLAG_BACKUP_SEMANTICS) => Ok(()),
        () if opens && request.path.ends_with('/') => Err(Code::PATH_NOT_FOUND),
        () => Err(Code::ACCESS_DENIED),
    }
}

fn empty_if_asked(request: &Request<'_>, file: &File) -> Result<()> {
    if file.kind != Kind::Disk || !matches!(request.disposition, CREATE_ALWAYS | TRUNCATE_EXISTING) {
        return Ok(());
    }
    file.refuse_cut_of_mapped(0)?;
    // Through another descriptor, because this one may be unable to write.
    let same_file = format!("/proc/self/fd/{}", file.file.as_raw_fd());
    fs::OpenOptions::new().write(true).truncate(true).open(same_file)?;
    if request.disposition == CREATE_ALWAYS && request.has(READONLY) {
        attributes::make_readonly(&file.file, true)?;
    }
    Ok(())
}

/// After the fact, because the process's `umask` would take something away.
fn give_rights(request: &Request<'_>, file: &File) -> Result<()> {
    let Some(rights) = request.rights else { return Ok(()) };
    let mode = match rights {
        Rights::Private => 0o600,
        Rights::Group => 0o660,
        Rights::EveryoneReadOnly => 0o644,
        Rights::Everyone => 0o666,
    };
    let mode = if request.has(READONLY) { mode & 0o444 } else { mode };
    Ok(file.file.set_permissions(Permissions::from_mode(mode))?)
}

/// The handle of a file, and the last error that tells how the file came about.
fn create_file(request: &Request<'_>, inherit: bool) -> Result<(Handle, Code)> {
    let opened = open(request)?;
    let found = opened.existed && matches!(request.disposition, CREATE_ALWAYS | OPEN_ALWAYS);
    let handle = table::insert(Arc::new(Object::File(opened.file)), opened.access, inherit)?;
    Ok((handle, if found { Code::ALREADY_EXISTS } else { Code::SUCCESS }))
}

/// Gives the handle back, or `INVALID_HANDLE_VALUE`, and sets the last error in any case.
fn report(result: Result<(Handle, Code)>) -> Handle {
    let invalid = ptr::without_provenance_mut(usize::MAX);
    let (handle, code) = result.unwrap_or_else(|code| (invalid, code));
    last_error::set(code);
    handle
}

/// # Safety
///
/// The attributes are null or valid.
unsafe fn create_file_at(
    path: Option<String>,
    access: u32,
    share: u32,
    attributes: *const SecurityAttributes,
    disposition: u32,
    flags: u32,
) -> Result<(Handle, Code)> {
    let path = path::given(path)?;
    // SAFETY: as the caller promises.
    let wishes = unsafe { security::wishes(attributes) };
    // SAFETY: as the caller promises.
    let rights = unsafe { security::is_described(attributes) }.then_some(wishes.rights);
    create_file(&Request { path: &path, access, share, disposition, flags, rights }, wishes.inherit)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateFileA(
    path: *const c_char,
    access: u32,
    share: u32,
    attributes: *const SecurityAttributes,
    disposition: u32,
    flags: u32,
    _template: Handle,
) -> Handle {
    // SAFETY: the caller passes a string or null.
    let path = unsafe { text::utf8_of_narrow(path) };
    // SAFETY: the caller passes attributes or null.
    report(unsafe { create_file_at(path, access, share, attributes, disposition, flags) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateFileW(
    path: *const u16,
    access: u32,
    share: u32,
    attributes: *const SecurityAttributes,
    disposition: u32,
    flags: u32,
    _template: Handle,
) -> Handle {
    // SAFETY: the caller passes a string or null.
    let path = unsafe { text::utf8_of_wide(path) };
    // SAFETY: the caller passes attributes or null.
    report(unsafe { create_file_at(path, access, share, attributes, disposition, flags) })
}
