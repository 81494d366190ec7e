//! Views: sections in the address space of this process.
//!
//! Needs `unsafe` to export functions and for `msync`.

use std::ffi::c_void;
use std::ptr;

use crate::last_error::{self, Code, Result};
use crate::protection::Protection;
use crate::region::{Region, View, regions};
use crate::reservation::{GRANULARITY, PAGE_LEN, Reservation, USER_END, checked, pages_of, pointer};
use crate::section::{
    FILE_MAP_COPY, FILE_MAP_EXECUTE, SECTION_MAP_EXECUTE, SECTION_MAP_READ, SECTION_MAP_WRITE, Section,
};
use crate::table::{self, Handle};
use crate::virtual_memory::{forget_locks, is_this_process};

/// Maps the view that `MapViewOfFileEx` describes, and returns its base.
fn map(handle: Handle, access: u32, offset: u64, len: usize, base: usize) -> Result<usize> {
    if base >= USER_END {
        return Err(Code::INVALID_PARAMETER);
    }
    let reference = table::get(handle)?;
    let section = reference.object.as_section()?;
    let protection = protection_of(access);
    reference.demand(right_for(protection))?;
    if !base.is_multiple_of(GRANULARITY) || !offset.is_multiple_of(GRANULARITY as u64) {
        return Err(Code::MAPPED_ALIGNMENT);
    }
    section.check(protection)?;
    let len = piece_len(section.size(), offset, len)?;
    let reservation = reserve(base, len)?;
    let region = region(section, reservation, protection, section.view(offset)?)?;
    Ok(regions().insert(region))
}

/// What the pages of a view may be used for.
fn protection_of(access: u32) -> Protection {
    let executable = access & FILE_MAP_EXECUTE != 0;
    match access & !FILE_MAP_EXECUTE {
        FILE_MAP_COPY if executable => Protection::EXECUTE_WRITECOPY,
        FILE_MAP_COPY => Protection::WRITECOPY,
        access if access & SECTION_MAP_WRITE != 0 && executable => Protection::EXECUTE_READWRITE,
        access if access & SECTION_MAP_WRITE != 0 => Protection::READWRITE,
        access if access & SECTION_MAP_READ != 0 && executable => Protection::EXECUTE_READ,
        access if access & SECTION_MAP_READ != 0 => Protection::READONLY,
        _ => Protection::NOACCESS,
    }
}

/// The right that the handle must have. Who may write may read, and needs no right to say so.
fn right_for(protection: Protection) -> u32 {
    let shared_write = protection.is_writable() && !protection.is_copy();
    let right = if shared_write { SECTION_MAP_WRITE } else { SECTION_MAP_READ };
    let execute = if protection.is_executable() { SECTION_MAP_EXECUTE } else { 0 };
    right | execute
}

/// How many bytes a view has, in whole pages.
fn piece_len(size: u64, offset: u64, len: usize) -> Result<usize> {
    let room = size.checked_sub(offset).filter(|&room| room > 0).ok_or(Code::ACCESS_DENIED)?;
    if len as u64 > room {
        return Err(Code::ACCESS_DENIED);
    }
    let len = if len == 0 { usize::try_from(room).map_err(|_| Code::NOT_ENOUGH_MEMORY)? } else { len };
    len.checked_next_multiple_of(PAGE_LEN).ok_or(Code::NOT_ENOUGH_MEMORY)
}

fn reserve(base: usize, len: usize) -> Result<Reservation> {
    if base == 0 {
        return Reservation::anywhere(len).map_err(|_| Code::NOT_ENOUGH_MEMORY);
    }
    let range = pages_of(base, len).ok_or(Code::INVALID_ADDRESS)?;
    // Whatever is wrong with it, another address is to be tried.
    Reservation::at(range).map_err(|_| Code::INVALID_ADDRESS)
}

fn region(section: &Section, reservation: Reservation, protection: Protection, view: View) -> Result<Region> {
    let traits = section.traits();
    if traits.reserved {
        // Under the lock, for the fault handler's table.
        let _regions = regions();
        Region::reserved_view(reservation, protection, traits.caching, view)
    } else {
        Region::view(reservation, protection, traits.caching, view)
    }
}

/// Removes the view that an address is in.
fn unmap(address: usize) -> Result<()> {
    let mut regions = regions();
    let base = regions.find(address).filter(|region| region.as_view().is_some()).map(|region| region.range().start);
    let removed = base.and_then(|base| regions.remove(base)).ok_or(Code::INVALID_ADDRESS)?;
    forget_locks(removed.range());
    // Under the lock, for the fault handler's table.
    drop(removed);
    Ok(())
}

/// Writes what has been changed in a part of a view to its file.
fn flush(address: usize, len: usize) -> Result<()> {
    let mut regions = regions();
    let Some(region) = regions.find(address) else {
        // Memory of another kind has nothing to be flushed to.
        return synchronize(address, 1, libc::MS_ASYNC);
    };
    let range = region.range();
    let Some(view) = region.as_view() else { return Ok(()) };
    if len > range.end - address {
        return Err(Code::INVALID_PARAMETER);
    }
    if view.is_of_paging_file() {
        return Ok(());
    }
    let len = if len == 0 { range.end - address } else { len };
    synchronize(address, len, libc::MS_SYNC)
}

fn synchronize(address: usize, len: usize, how: libc::c_int) -> Result<()> {
    let pages = pages_of(address, len).ok_or(Code::INVALID_ADDRESS)?;
    // SAFETY: the kernel judges the range, and changes nothing in memory.
    let result = checked(unsafe { libc::msync(pointer(pages.start), pages.len(), how) });
    result.map_err(|error| match error.raw_os_error() {
        Some(libc::ENOMEM) => Code::INVALID_ADDRESS,
        _ => error.into(),
    })
}

fn mapped(result: Result<usize>) -> *mut c_void {
    last_error::value(result.map(pointer), ptr::null_mut())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn MapViewOfFile(
    handle: Handle,
    access: u32,
    offset_high: u32,
    offset_low: u32,
    len: usize,
) -> *mut c_void {
    mapped(map(handle, access, u64::from(offset_high) << 32 | u64::from(offset_low), len, 0))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn MapViewOfFileEx(
    handle: Handle,
    access: u32,
    offset_high: u32,
    offset_low: u32,
    len: usize,
    base: *mut c_void,
) -> *mut c_void {
    mapped(map(handle, access, u64::from(offset_high) << 32 | u64::from(offset_low), len, base.addr()))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn UnmapViewOfFile(address: *const c_void) -> i32 {
    last_error::truth(unmap(address.addr()))
}

/// Takes `MEM_UNMAP_WITH_TRANSIENT_BOOST`, which is for the scheduler of Windows; there are no placeholders here.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn UnmapViewOfFileEx(address: *mut c_void, flags: u32) -> i32 {
    const MEM_UNMAP_WITH_TRANSIENT_BOOST: u32 = 1;
    let known = flags & !MEM_UNMAP_WITH_TRANSIENT_BOOST == 0;
    last_error::truth(if known { unmap(address.addr()) } else { Err(Code::INVALID_PARAMETER) })
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn UnmapViewOfFile2(process: Handle, address: *mut c_void, flags: u32) -> i32 {
    match is_this_process(process) {
        Ok(()) => UnmapViewOfFileEx(address, flags),
        Err(code) => last_error::truth(Err(code)),
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn FlushViewOfFile(address: *const c_void, len: usize) -> i32 {
    last_error::truth(flush(address.addr(), len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_becomes_protection() {
        for (access, word) in [
            (0x00, 0x01),
            (0x01, 0x08),
            (0x02, 0x04),
            (0x03, 0x04),
            (0x04, 0x02),
            (0x05, 0x02),
            (0x06, 0x04),
            (0x08, 0x01),
            (0x09, 0x01),
            (0x0a, 0x04),
            (0x0c, 0x02),
            (0x20, 0x01),
            (0x21, 0x80),
            (0x22, 0x40),
            (0x24, 0x20),
            (0x25, 0x20),
            (0x28, 0x01),
            (0x29, 0x01),
            (0x2a, 0x40),
            (0x000f_001f, 0x04),
        ] {
            assert_eq!(protection_of(access).word(), word, "{access:#x}");
        }
    }

    #[test]
    fn a_view_is_inside_its_section() {
        assert_eq!(piece_len(100_000, 0, 0), Ok(102_400));
        assert_eq!(piece_len(36, 0, 36), Ok(4096));
        assert_eq!(piece_len(36, 0, 37), Err(Code::ACCESS_DENIED));
        assert_eq!(piece_len(1 << 20, 1 << 16, 5000), Ok(8192));
        assert_eq!(piece_len(1 << 20, 1 << 20, 0), Err(Code::ACCESS_DENIED));
        assert_eq!(piece_len(1 << 20, u64::MAX - 0xffff, 1), Err(Code::ACCESS_DENIED));
        assert_eq!(piece_len(1 << 20, 1 << 16, usize::MAX), Err(Code::ACCESS_DENIED));
        assert_eq!(piece_len(u64::MAX, 0, 0), Err(Code::NOT_ENOUGH_MEMORY));
    }
}
