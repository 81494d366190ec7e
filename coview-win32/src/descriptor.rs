//! Security descriptors, in Windows' two layouts, and how much of them Linux can be told.
//!
//! Needs `unsafe` to export functions, and to read and write what callers point to.
//!
//! Linux has permission bits for the creator, for the creator's group and for everyone, so a descriptor becomes one of
//! four presets, by its discretionary list:
//!
//! | list | preset |
//! |---|---|
//! | no descriptor, or a descriptor without a list | the creator alone |
//! | a null list | everyone |
//! | grants writing to World, Authenticated Users, Users, Network, Interactive or All Packages | everyone |
//! | grants these no more than reading | everyone may read |
//! | grants writing to the creator's group or to Domain Users | the creator's group |
//! | anything else: owner, SYSTEM, administrators, single users, an empty list | the creator alone |
//!
//! What a list denies to one of these is taken off what later entries grant. Owner, group and auditing are kept for
//! those who read the descriptor, and change nothing.

mod access_list;
mod sddl;
mod sid;

use std::ffi::{c_char, c_void};
use std::ptr;
use std::slice;

use coview::Rights;

use crate::last_error::{self, Code, Result};
use crate::text;

const REVISION: u8 = 1;
const DACL_PRESENT: u16 = 0x0004;
const DACL_DEFAULTED: u16 = 0x0008;
const SELF_RELATIVE: u16 = 0x8000;

const UNKNOWN_REVISION: Code = Code(1305);
const INVALID_ACL: Code = Code(1336);
const INVALID_SID: Code = Code(1337);
const INVALID_SECURITY_DESCRIPTOR: Code = Code(1338);

/// Windows' structure in its absolute form, whose parts are elsewhere.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Absolute {
    revision: u8,
    reserved: u8,
    control: u16,
    owner: *mut c_void,
    group: *mut c_void,
    sacl: *mut c_void,
    dacl: *mut c_void,
}

const _: () = assert!(size_of::<Absolute>() == 40);

/// The same in one piece of memory, whose parts follow at these distances.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Relative {
    revision: u8,
    reserved: u8,
    control: u16,
    owner: u32,
    group: u32,
    sacl: u32,
    dacl: u32,
}

const _: () = assert!(size_of::<Relative>() == 20);

/// What both forms begin with.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Head {
    revision: u8,
    reserved: u8,
    control: u16,
}

impl Head {
    /// # Safety
    ///
    /// The pointer is null or leads to a security descriptor.
    unsafe fn of(descriptor: *const c_void) -> Result<Head> {
        if descriptor.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: as the caller promises; it need not be aligned.
        let head = unsafe { descriptor.cast::<Head>().read_unaligned() };
        if head.revision == REVISION { Ok(head) } else { Err(UNKNOWN_REVISION) }
    }
}

/// The discretionary list, which may be null; `None` where the descriptor has none.
///
/// # Safety
///
/// The pointer is null or leads to a security descriptor.
unsafe fn dacl(descriptor: *const c_void) -> Result<Option<*const c_void>> {
    // SAFETY: as the caller promises.
    let head = unsafe { Head::of(descriptor) }?;
    if head.control & DACL_PRESENT == 0 {
        return Ok(None);
    }
    if head.control & SELF_RELATIVE == 0 {
        // SAFETY: the control word says that this is the form.
        return Ok(Some(unsafe { descriptor.cast::<Absolute>().read_unaligned() }.dacl));
    }
    // SAFETY: the control word says that this is the form.
    let distance = unsafe { descriptor.cast::<Relative>().read_unaligned() }.dacl as usize;
    Ok(Some(if distance == 0 { ptr::null() } else { descriptor.wrapping_byte_add(distance) }))
}

/// The preset that a security descriptor comes nearest to.
///
/// # Safety
///
/// The pointer is null or leads to a security descriptor.
pub(crate) unsafe fn rights(descriptor: *const c_void) -> Rights {
    // SAFETY: as the caller promises.
    match unsafe { dacl(descriptor) } {
        Err(_) | Ok(None) => Rights::Private,
        Ok(Some(list)) if list.is_null() => Rights::Everyone,
        Ok(Some(list)) => {
            // SAFETY: the list is part of the caller's descriptor.
            access_list::rights(unsafe { bytes_of_list(list) })
        }
    }
}

/// A list says in its second word how long it is.
///
/// # Safety
///
/// The pointer leads to an access list.
unsafe fn bytes_of_list<'a>(list: *const c_void) -> &'a [u8] {
    // SAFETY: as the caller promises, so that there is a header.
    let len = unsafe { list.wrapping_byte_add(2).cast::<u16>().read_unaligned() };
    // SAFETY: as the caller promises, so that it is as long as it says.
    unsafe { slice::from_raw_parts(list.cast(), len.into()) }
}

/// # Safety
///
/// The pointer is null or has room for the absolute form.
unsafe fn initialize(descriptor: *mut c_void, revision: u32) -> Result<()> {
    if revision != u32::from(REVISION) {
        return Err(UNKNOWN_REVISION);
    }
    if descriptor.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    let none = ptr::null_mut();
    let empty =
        Absolute { revision: REVISION, reserved: 0, control: 0, owner: none, group: none, sacl: none, dacl: none };
    // SAFETY: as the caller promises; it need not be aligned.
    unsafe { descriptor.cast::<Absolute>().write_unaligned(empty) };
    Ok(())
}

/// # Safety
///
/// The pointer is null or leads to a security descriptor.
unsafe fn set_dacl(descriptor: *mut c_void, present: bool, list: *mut c_void, defaulted: bool) -> Result<()> {
    // SAFETY: as the caller promises.
    let head = unsafe { Head::of(descriptor) }?;
    if head.control & SELF_RELATIVE != 0 {
        return Err(INVALID_SECURITY_DESCRIPTOR);
    }
    // SAFETY: the control word says that this is the form.
    let mut absolute = unsafe { descriptor.cast::<Absolute>().read_unaligned() };
    absolute.control &= !(DACL_PRESENT | DACL_DEFAULTED);
    absolute.control |= if present { DACL_PRESENT } else { 0 } | if defaulted { DACL_DEFAULTED } else { 0 };
    absolute.dacl = if present { list } else { ptr::null_mut() };
    // SAFETY: it was read from there.
    unsafe { descriptor.cast::<Absolute>().write_unaligned(absolute) };
    Ok(())
}

/// # Safety
///
/// The descriptor is null or valid, and the other pointers are null or addresses for what is asked.
unsafe fn get_dacl(
    descriptor: *const c_void,
    present: *mut i32,
    list: *mut *const c_void,
    defaulted: *mut i32,
) -> Result<()> {
    // SAFETY: as the caller promises.
    let head = unsafe { Head::of(descriptor) }?;
    // SAFETY: as the caller promises.
    let found = unsafe { dacl(descriptor) }?;
    // SAFETY: as the caller promises.
    if let Some(present) = unsafe { present.as_mut() } {
        *present = found.is_some().into();
    }
    let Some(found) = found else { return Ok(()) };
    // SAFETY: as the caller promises.
    if let Some(list) = unsafe { list.as_mut() } {
        *list = found;
    }
    // SAFETY: as the caller promises.
    if let Some(defaulted) = unsafe { defaulted.as_mut() } {
        *defaulted = (head.control & DACL_DEFAULTED != 0).into();
    }
    Ok(())
}

/// Puts the descriptor that a text describes into memory that `LocalFree` frees.
///
/// # Safety
///
/// The last two pointers are null or addresses for what is asked.
unsafe fn convert(given: Option<String>, revision: u32, to: *mut *mut c_void, len: *mut u32) -> Result<()> {
    // SAFETY: as the caller promises.
    let (Some(given), Some(to)) = (given, unsafe { to.as_mut() }) else { return Err(Code::INVALID_PARAMETER) };
    if revision != u32::from(REVISION) {
        return Err(UNKNOWN_REVISION);
    }
    let bytes = sddl::descriptor(&given)?;
    // SAFETY: a call without pointers; the result is checked.
    let memory = unsafe { libc::malloc(bytes.len()) };
    if memory.is_null() {
        return Err(Code::NOT_ENOUGH_MEMORY);
    }
    // SAFETY: the memory is as long as the bytes, and new.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), memory.cast(), bytes.len()) };
    *to = memory;
    // SAFETY: as the caller promises.
    if let Some(len) = unsafe { len.as_mut() } {
        *len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    }
    Ok(())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitializeSecurityDescriptor(descriptor: *mut c_void, revision: u32) -> i32 {
    // SAFETY: the caller passes the structure's address or null.
    last_error::truth(unsafe { initialize(descriptor, revision) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetSecurityDescriptorDacl(
    descriptor: *mut c_void,
    present: i32,
    list: *mut c_void,
    defaulted: i32,
) -> i32 {
    // SAFETY: the caller passes a descriptor or null.
    last_error::truth(unsafe { set_dacl(descriptor, present != 0, list, defaulted != 0) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetSecurityDescriptorDacl(
    descriptor: *const c_void,
    present: *mut i32,
    list: *mut *const c_void,
    defaulted: *mut i32,
) -> i32 {
    // SAFETY: the caller passes a descriptor and addresses, or nulls.
    last_error::truth(unsafe { get_dacl(descriptor, present, list, defaulted) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn IsValidSecurityDescriptor(descriptor: *const c_void) -> i32 {
    // SAFETY: the caller passes a descriptor or null.
    let list = unsafe { dacl(descriptor) };
    list.is_ok_and(|list| {
        // SAFETY: the list is part of the caller's descriptor.
        list.is_none_or(|list| list.is_null() || access_list::is_valid(unsafe { bytes_of_list(list) }))
    })
    .into()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ConvertStringSecurityDescriptorToSecurityDescriptorA(
    text: *const c_char,
    revision: u32,
    descriptor: *mut *mut c_void,
    len: *mut u32,
) -> i32 {
    // SAFETY: the caller passes a string or null.
    let text = unsafe { text::utf8_of_narrow(text) };
    // SAFETY: the caller passes addresses or nulls.
    last_error::truth(unsafe { convert(text, revision, descriptor, len) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ConvertStringSecurityDescriptorToSecurityDescriptorW(
    text: *const u16,
    revision: u32,
    descriptor: *mut *mut c_void,
    len: *mut u32,
) -> i32 {
    // SAFETY: the caller passes a string or null.
    let text = unsafe { text::utf8_of_wide(text) };
    // SAFETY: the caller passes addresses or nulls.
    last_error::truth(unsafe { convert(text, revision, descriptor, len) })
}
