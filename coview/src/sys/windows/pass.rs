//! Handing an unnamed section to a child process, which inherits a handle of the same number.
//!
//! Needs `unsafe` to duplicate handles, one of which it knows by its number only.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::process::Command;
use std::ptr;

use windows_sys::Win32::Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::object::{adopt, check, raw};
use super::{Section, native};
use crate::ErrorKind;
use crate::sys::error;

const PREFIX: &str = "coview-handle:";

/// An inheritable handle to a section, and the text that tells a child of it.
#[derive(Debug)]
pub(crate) struct Passed {
    token: String,
    /// Inherited by every child that starts while it is open: `Command` always lets its children inherit.
    _handle: OwnedHandle,
}

impl Passed {
    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

impl Section {
    pub(crate) fn pass(&self, _command: &mut Command) -> io::Result<Passed> {
        if self.file().is_some() {
            return Err(error(ErrorKind::InvalidInput));
        }
        let handle = duplicate(raw(self.handle()), true)?;
        let token = format!("{PREFIX}{:x}:{}", raw(&handle).addr(), self.size());
        Ok(Passed { token, _handle: handle })
    }

    pub(crate) fn receive(token: &str) -> io::Result<Section> {
        let (number, size) = parse(token).ok_or_else(|| error(ErrorKind::InvalidInput))?;
        let inherited: HANDLE = ptr::without_provenance_mut(number);
        let not_found = |_| error(ErrorKind::NotFound);
        // The number may mean anything in this process: first a handle of our own, so that nobody can exchange what
        // has been looked at. The inherited one stays as it is, for another who has the token.
        let handle = duplicate(inherited, false).map_err(not_found)?;
        let state = native::query_section(&handle).map_err(not_found)?;
        if size == 0 || size > state.size {
            return Err(error(ErrorKind::NotFound));
        }
        Ok(Section::new(handle, size, state.attributes))
    }
}

/// Duplicates whatever the handle leads to, within this process.
fn duplicate(handle: HANDLE, inheritable: bool) -> io::Result<OwnedHandle> {
    // SAFETY: takes nothing and returns a constant.
    let process = unsafe { GetCurrentProcess() };
    let mut copy = ptr::null_mut();
    let (access, inheritable) = (0, i32::from(inheritable));
    // SAFETY: the kernel refuses a number that is not a handle; the original is left as it is.
    check(unsafe {
        DuplicateHandle(process, handle, process, &raw mut copy, access, inheritable, DUPLICATE_SAME_ACCESS)
    })?;
    // SAFETY: just made, for us.
    unsafe { adopt(copy) }
}

/// The number and the size in a token. Handles are multiples of 4, and the kernel would overlook other bits; those
/// that are negative stand for the process or the thread itself.
fn parse(token: &str) -> Option<(usize, u64)> {
    let (number, size) = token.strip_prefix(PREFIX)?.split_once(':')?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !plain(number) || !plain(size) {
        return None;
    }
    let number = usize::from_str_radix(number, 16).ok()?;
    let is_handle = number != 0 && number % 4 == 0 && number <= i32::MAX as usize;
    Some((number, size.parse().ok()?)).filter(|_| is_handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_are_taken_for_tokens() {
        assert_eq!(parse("coview-handle:1f8:4096"), Some((0x1f8, 4096)));
        for bad in [
            "",
            "nonsense",
            "coview-handle:",
            "coview-handle:1f8",
            "coview-handle:1f8:",
            "coview-handle::1",
            "coview-handle:+4:1",
            "coview-handle:4:+1",
            "coview-handle:5:1",
            "coview-handle:0:1",
            "coview-handle:4:1:1",
            "coview-handle:4:f",
            "coview-handle:fffffffffffffffc:1",
            "coview-handle:4:99999999999999999999",
        ] {
            assert_eq!(parse(bad), None, "{bad:?} was taken for a token");
        }
    }
}
