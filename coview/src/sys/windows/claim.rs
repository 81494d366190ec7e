//! A part of a mapping that one handle has for itself: an event beside the mapping that is there while the part is taken,
//! or a lock on a byte of the mapping's file, far behind its end.
//!
//! Who looks whether the event is there has it open for that moment, and so keeps it alive. Everyone does that with the
//! mapping's lock: otherwise many who look would hold up one another's event of a publisher that is long dead, and nobody
//! could claim the part or see that it is free.
//!
//! The lock belongs to a handle of its own, opened anew for the purpose: one handle may add a shared lock to its exclusive
//! one, and what it unlocks then is the exclusive one. So who looks through the claimant's section would see nothing, and
//! take the part away from it.
//!
//! Needs `unsafe` to open a file anew and to lock a part of it.

use std::fs::File;
use std::io;
use std::os::windows::io::OwnedHandle;
use std::thread;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{ERROR_IO_PENDING, ERROR_LOCK_VIOLATION, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx, ReOpenFile, UnlockFileEx,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use super::companion::Lock;
use super::object::{WideName, adopt, check, raw};
use super::{Section, error_kind, event};
use crate::name::Name;
use crate::sys::{EventStart, error};
use crate::{ErrorKind, Rights};

/// The event beside the mapping `NAME` is `coview.claim.PART.NAME`.
pub(super) const CLAIM: &str = "coview.claim.";

/// The upper half of the offset at which claims of a file's parts are locked; the part is the lower half.
const CLAIMS_HIGH: u32 = 1 << 30;

/// Who asks whether a file's part is taken has it himself in that moment, and who is dying has what he had: they are given
/// this time to let go.
const LOOKING_MAX: Duration = Duration::from_millis(100);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// A part of a mapping that is this value's alone.
#[derive(Debug)]
pub(crate) enum Claim {
    Named { _event: OwnedHandle },
    OfFile { file: File, part: u32 },
}

impl Section {
    pub(crate) fn claim(&self, name: Option<&Name>, rights: Rights, part: u32) -> io::Result<Option<Claim>> {
        let began = Instant::now();
        loop {
            let claim = match (name, self.file()) {
                (Some(name), _) => claim_name(name, part, rights)?,
                (None, Some(file)) => claim_file(file, part)?,
                (None, None) => return Err(error(ErrorKind::Unsupported)),
            };
            if claim.is_some() || began.elapsed() >= LOOKING_MAX {
                return Ok(claim);
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    pub(crate) fn is_claimed(&self, name: Option<&Name>, part: u32) -> io::Result<bool> {
        match (name, self.file()) {
            (Some(name), _) => is_there(name, part),
            (None, Some(file)) => {
                if !lock(file, part, 0)? {
                    return Ok(true);
                }
                unlock(file, part)?;
                Ok(false)
            }
            (None, None) => Err(error(ErrorKind::Unsupported)),
        }
    }
}

impl Claim {
    /// Nobody is born here with copies of another's handles.
    pub(crate) fn is_ours(&self) -> bool {
        true
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Claim::OfFile { file, part } = self {
            // Cannot fail: it was locked through this very handle.
            let _ = unlock(file, *part);
        }
    }
}

fn wide(name: &Name, part: u32) -> WideName {
    WideName::with_prefix(name, &format!("{CLAIM}{part}."))
}

fn claim_name(name: &Name, part: u32, rights: Rights) -> io::Result<Option<Claim>> {
    let _alone = Lock::take_beside(name)?;
    let made = match event::make(Some(&wide(name, part)), EventStart { manual: true, signaled: false }, rights) {
        // Another user's, hence there.
        Err(error) if error_kind(&error) == ErrorKind::AccessDenied => return Ok(None),
        made => made?,
    };
    Ok(made.created.then_some(Claim::Named { _event: made.handle }))
}

fn is_there(name: &Name, part: u32) -> io::Result<bool> {
    let _alone = Lock::take_beside(name)?;
    match event::open(&wide(name, part), event::QUERY) {
        Ok(_) => Ok(true),
        Err(error) => match error_kind(&error) {
            ErrorKind::NotFound => Ok(false),
            ErrorKind::AccessDenied => Ok(true),
            _ => Err(error),
        },
    }
}

fn claim_file(file: &File, part: u32) -> io::Result<Option<Claim>> {
    let file = open_anew(file)?;
    let locked = lock(&file, part, LOCKFILE_EXCLUSIVE_LOCK)?;
    Ok(locked.then_some(Claim::OfFile { file, part }))
}

fn open_anew(file: &File) -> io::Result<File> {
    let access = FILE_GENERIC_READ | FILE_GENERIC_WRITE;
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    let handle = raw(file);
    // SAFETY: the handle is open.
    let opened = unsafe { ReOpenFile(handle, access, share, 0) };
    if opened == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just returned, for us.
    Ok(File::from(unsafe { adopt(opened) }?))
}

/// Locks the byte that stands for a part, without waiting; `false` if somebody has it locked.
fn lock(file: &File, part: u32, flags: u32) -> io::Result<bool> {
    let mut at = offset_of(part);
    let (handle, flags) = (raw(file), flags | LOCKFILE_FAIL_IMMEDIATELY);
    // SAFETY: the handle is open; the call does not wait, so the structure outlives it.
    match check(unsafe { LockFileEx(handle, flags, 0, 1, 0, &raw mut at) }) {
        Ok(()) => Ok(true),
        Err(error) => match error.raw_os_error().map(i32::cast_unsigned) {
            Some(ERROR_LOCK_VIOLATION | ERROR_IO_PENDING) => Ok(false),
            _ => Err(error),
        },
    }
}

fn unlock(file: &File, part: u32) -> io::Result<()> {
    let mut at = offset_of(part);
    let handle = raw(file);
    // SAFETY: the handle is open; the structure outlives the call.
    check(unsafe { UnlockFileEx(handle, 0, 1, 0, &raw mut at) })
}

fn offset_of(part: u32) -> OVERLAPPED {
    let mut at = OVERLAPPED::default();
    at.Anonymous.Anonymous.Offset = part;
    at.Anonymous.Anonymous.OffsetHigh = CLAIMS_HIGH;
    at
}
