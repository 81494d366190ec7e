//! What every kernel object has: a wide name, and a handle that may have found an object instead of making one.
//!
//! Needs `unsafe` to take ownership of handles.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, HANDLE};

use crate::Namespace;
use crate::name::Name;

/// A name as the kernel takes it: UTF-16, with its prefix, ended by a NUL.
pub(super) struct WideName(Vec<u16>);

impl WideName {
    /// The name of the object itself.
    pub(super) fn new(name: &Name) -> WideName {
        WideName::with_prefix(name, "")
    }

    /// The name of an object that stands beside the one called `name`, in the same namespace.
    pub(super) fn with_prefix(name: &Name, prefix: &str) -> WideName {
        let namespace = match name.namespace() {
            Namespace::Global => r"Global\",
            Namespace::Local | Namespace::Posix => r"Local\",
        };
        let units = namespace.encode_utf16().chain(prefix.encode_utf16()).chain(name.base().encode_utf16());
        WideName(units.chain([0]).collect())
    }

    pub(super) fn as_ptr(&self) -> *const u16 {
        self.0.as_ptr()
    }
}

/// What a creating call of the kernel returned.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) handle: OwnedHandle,
    /// The call made a new object; otherwise it opened one of the same name and kind.
    pub(super) created: bool,
}

impl Made {
    /// Takes over what a creating call returned. To be called before anything else can set the thread's last error.
    ///
    /// # Safety
    ///
    /// `handle` is null, or open and owned by nobody else.
    pub(super) unsafe fn adopt(handle: HANDLE) -> io::Result<Made> {
        let outcome = io::Error::last_os_error();
        if handle.is_null() {
            return Err(outcome);
        }
        let created = outcome.raw_os_error() != Some(ERROR_ALREADY_EXISTS.cast_signed());
        // SAFETY: not null, hence open and ours, as the caller vouches.
        let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
        Ok(Made { handle, created })
    }

    /// The new object, or [`crate::ErrorKind::AlreadyExists`].
    pub(super) fn new_only(self) -> io::Result<OwnedHandle> {
        if self.created {
            return Ok(self.handle);
        }
        Err(already_exists())
    }
}

pub(super) fn already_exists() -> io::Error {
    io::Error::from_raw_os_error(ERROR_ALREADY_EXISTS.cast_signed())
}

/// Takes over the handle that an opening call returned.
///
/// # Safety
///
/// `handle` is null, or open and owned by nobody else.
pub(super) unsafe fn adopt(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: not null, hence open and ours, as the caller vouches.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// The result of a call that answers with a `BOOL`.
pub(super) fn check(succeeded: i32) -> io::Result<()> {
    if succeeded == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// The handle in the form that windows-sys takes.
pub(super) fn raw(handle: &impl AsRawHandle) -> HANDLE {
    handle.as_raw_handle()
}
