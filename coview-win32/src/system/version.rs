//! The version of Windows that programs are told: 10.0, build 19045, a workstation.
//!
//! Needs `unsafe` to export functions and to write where callers point.

use crate::last_error::{self, Code, Result};

const MAJOR: u32 = 10;
const MINOR: u32 = 0;
const BUILD: u32 = 19_045;
const PLATFORM_NT: u32 = 2;
const WORKSTATION: u8 = 1;

/// What both forms of Windows' structure begin with; a text of 128 units follows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    size: u32,
    major: u32,
    minor: u32,
    build: u32,
    platform: u32,
}

/// What the longer form ends with.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Tail {
    service_pack_major: u16,
    service_pack_minor: u16,
    suites: u16,
    product: u8,
    reserved: u8,
}

/// The structure, with 8 or with 16 bits for a character of its text.
#[repr(C)]
struct Whole<T> {
    head: Head,
    service_pack: [T; 128],
    tail: Tail,
}

const _: () = assert!(size_of::<Whole<u8>>() == 156);
const _: () = assert!(size_of::<Whole<u16>>() == 284);

/// # Safety
///
/// The pointer is null or leads to a structure that is as long as it says.
unsafe fn get<T: Copy + Default>(to: *mut Head) -> Result<()> {
    // SAFETY: as the caller promises.
    let size = unsafe { to.as_ref() }.ok_or(Code::INVALID_PARAMETER)?.size;
    let (whole, short) = (size_of::<Whole<T>>(), size_of::<Whole<T>>() - size_of::<Tail>());
    if ![whole, short].contains(&(size as usize)) {
        return Err(Code::INSUFFICIENT_BUFFER);
    }
    let head = Head { size, major: MAJOR, minor: MINOR, build: BUILD, platform: PLATFORM_NT };
    // SAFETY: both forms begin with it.
    unsafe { to.write(head) };
    // SAFETY: both forms have the text behind it.
    unsafe { to.wrapping_add(1).cast::<[T; 128]>().write([T::default(); 128]) };
    if size as usize == whole {
        let tail = Tail { service_pack_major: 0, service_pack_minor: 0, suites: 0, product: WORKSTATION, reserved: 0 };
        // SAFETY: the longer form ends with it.
        unsafe { to.cast::<u8>().wrapping_add(short).cast::<Tail>().write(tail) };
    }
    Ok(())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetVersion() -> u32 {
    BUILD << 16 | MINOR << 8 | MAJOR
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetVersionExA(version: *mut Head) -> i32 {
    // SAFETY: the caller passes a structure that says how long it is, or null.
    last_error::truth(unsafe { get::<u8>(version) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetVersionExW(version: *mut Head) -> i32 {
    // SAFETY: the caller passes a structure that says how long it is, or null.
    last_error::truth(unsafe { get::<u16>(version) })
}
