//! Who may use an object: the security descriptor that goes with each of the [`Rights`].
//!
//! Needs `unsafe` to let Windows build descriptors and to free them.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::OwnedHandle;
use std::ptr;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, SECURITY_ATTRIBUTES, TOKEN_PRIMARY_GROUP, TOKEN_QUERY, TokenPrimaryGroup,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::object::{adopt, check, raw};
use crate::Rights;

/// The owner, the system and the administrators may do everything; nothing is inherited.
const FOUNDATION: &str = "D:P(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)";

/// Read, write and execute, which for a mutex, an event or a semaphore means query, change and wait. Not `GA`, which
/// would let anyone rewrite the list itself.
const USE: &str = "GRGWGX";
const READ: &str = "GR";

/// The security attributes for a creating call.
#[derive(Debug)]
pub(super) struct Security {
    /// Allocated by Windows; null stands for the default list of the creator's token.
    descriptor: *mut c_void,
}

impl Security {
    pub(super) fn new(rights: Rights) -> io::Result<Security> {
        match rights {
            Rights::Private => Ok(Security { descriptor: ptr::null_mut() }),
            Rights::Group => Security::parse(&format!("{FOUNDATION}(A;;{USE};;;{})", primary_group()?)),
            Rights::EveryoneReadOnly => Security::parse(&format!("{FOUNDATION}(A;;{READ};;;WD)")),
            Rights::Everyone => Security::parse(&format!("{FOUNDATION}(A;;{USE};;;WD)")),
        }
    }

    /// What a creating call takes. The pointer inside is good while `self` lives.
    pub(super) fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.descriptor,
            bInheritHandle: 0,
        }
    }

    fn parse(text: &str) -> io::Result<Security> {
        let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
        let mut descriptor = ptr::null_mut();
        let parse = ConvertStringSecurityDescriptorToSecurityDescriptorW;
        // SAFETY: the text ends with a NUL; the size is not asked for.
        check(unsafe { parse(text.as_ptr(), SDDL_REVISION_1, &raw mut descriptor, ptr::null_mut()) })?;
        Ok(Security { descriptor })
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: allocated by Windows for us with `LocalAlloc`, or null, which is legal.
        unsafe { LocalFree(self.descriptor) };
    }
}

/// The process's primary group, as text.
fn primary_group() -> io::Result<String> {
    // Room for the structure and the longest identifier (68 bytes) behind it, aligned for the pointer in the former.
    let mut buffer = [0_u64; 16];
    let token = process_token()?;
    let (place, len) = (buffer.as_mut_ptr().cast::<c_void>(), size_of_val(&buffer) as u32);
    let mut used = 0;
    // SAFETY: the place has `len` writable bytes.
    check(unsafe { GetTokenInformation(raw(&token), TokenPrimaryGroup, place, len, &raw mut used) })?;
    // SAFETY: the call has filled in a `TOKEN_PRIMARY_GROUP`, for which the buffer is aligned and long enough.
    let group = unsafe { place.cast::<TOKEN_PRIMARY_GROUP>().read() };
    let mut text = ptr::null_mut();
    // SAFETY: the identifier lies in the buffer.
    check(unsafe { ConvertSidToStringSidW(group.PrimaryGroup, &raw mut text) })?;
    // SAFETY: the call has succeeded, so this is a text with a NUL at its end.
    let owned = unsafe { text_at(text) };
    // SAFETY: allocated by Windows for us, and not used any more.
    unsafe { LocalFree(text.cast()) };
    Ok(owned)
}

fn process_token() -> io::Result<OwnedHandle> {
    let mut token = ptr::null_mut();
    // SAFETY: takes nothing and returns a constant.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: the place for the token is ours.
    check(unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) })?;
    // SAFETY: just opened, for us.
    unsafe { adopt(token) }
}

/// # Safety
///
/// `text` points to UTF-16 with a NUL at its end.
unsafe fn text_at(text: *const u16) -> String {
    let places = (0..).map(|index| text.wrapping_add(index));
    // SAFETY: no place behind the first NUL is read, so each is within the text.
    let units: Vec<u16> = places.map(|place| unsafe { place.read() }).take_while(|&unit| unit != 0).collect();
    String::from_utf16_lossy(&units)
}
