//! `VirtualQuery`: what is at an address.
//!
//! Needs `unsafe` to export functions and to write where callers point.

use std::ffi::c_void;

use crate::last_error::{self, Code, Result};
use crate::memory_map::{MemoryMap, Type, type_of};
use crate::process_memory::pid_of;
use crate::protection::Protection;
use crate::region::{Region, regions};
use crate::reservation::{PAGE_LEN, USER_END, pointer};
use crate::table::Handle;

const MEM_COMMIT: u32 = 0x1000;
const MEM_RESERVE: u32 = 0x2000;
const MEM_FREE: u32 = 0x0001_0000;
const MEM_PRIVATE: u32 = 0x0002_0000;
const MEM_MAPPED: u32 = 0x0004_0000;
const MEM_IMAGE: u32 = 0x0100_0000;

const PROCESS_QUERY_INFORMATION: u32 = 0x0400;
const PROCESS_QUERY_LIMITED_INFORMATION: u32 = 0x1000;

const BAD_LENGTH: Code = Code(24);
const NOACCESS: Code = Code(998);

/// Windows' `MEMORY_BASIC_INFORMATION` of 64-bit programs.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct MemoryBasicInformation {
    base_address: *mut c_void,
    allocation_base: *mut c_void,
    allocation_protect: u32,
    partition: u16,
    padding: u16,
    region_size: usize,
    state: u32,
    protect: u32,
    kind: u32,
    padding_at_the_end: u32,
}

const INFORMATION_LEN: usize = size_of::<MemoryBasicInformation>();
const _: () = assert!(INFORMATION_LEN == 48);

impl MemoryBasicInformation {
    fn free(start: usize, end: usize) -> MemoryBasicInformation {
        MemoryBasicInformation {
            base_address: pointer(start),
            allocation_base: pointer(0),
            allocation_protect: 0,
            partition: 0,
            padding: 0,
            region_size: end - start,
            state: MEM_FREE,
            protect: Protection::NOACCESS.word(),
            kind: 0,
            padding_at_the_end: 0,
        }
    }
}

fn query(process: Option<u32>, address: usize) -> Result<MemoryBasicInformation> {
    match process {
        None => query_own(address),
        Some(process) => query_map(&MemoryMap::of(process)?, address, 0..usize::MAX),
    }
}

fn query_own(address: usize) -> Result<MemoryBasicInformation> {
    let mut regions = regions();
    if let Some(region) = regions.find(address) {
        return of_region(region, address);
    }
    // The kernel joins neighbours that are equal, ours and others.
    let around = regions.gap(address);
    query_map(&MemoryMap::of_this_process()?, address, around)
}

fn of_region(region: &mut Region, address: usize) -> Result<MemoryBasicInformation> {
    let told = region.tell(address)?;
    let kind = if region.as_view().is_some() { MEM_MAPPED } else { MEM_PRIVATE };
    let (state, protect) = match told.protection {
        None => (MEM_RESERVE, 0),
        Some(protection) => (MEM_COMMIT, region.word(protection)),
    };
    Ok(MemoryBasicInformation {
        allocation_base: pointer(region.range().start),
        allocation_protect: region.word(region.protection),
        state,
        protect,
        kind,
        ..MemoryBasicInformation::free(told.pages.start, told.pages.end)
    })
}

/// What the kernel tells, cut to what is between two regions of ours.
fn query_map(map: &MemoryMap, address: usize, around: std::ops::Range<usize>) -> Result<MemoryBasicInformation> {
    let start = address - address % PAGE_LEN;
    let Some(line) = map.line_at(address) else {
        let end = map.gap(address).end.min(around.end).min(USER_END);
        return if start < end { Ok(MemoryBasicInformation::free(start, end)) } else { Err(Code::INVALID_PARAMETER) };
    };
    let allocation = map.allocation(line);
    let first = allocation.first().unwrap_or(line);
    let kind = match type_of(allocation) {
        Type::Private => MEM_PRIVATE,
        Type::Mapped => MEM_MAPPED,
        Type::Image => MEM_IMAGE,
    };
    let made_with = if kind == MEM_IMAGE { Protection::EXECUTE_WRITECOPY } else { first.protection() };
    Ok(MemoryBasicInformation {
        allocation_base: pointer(first.pages.start.max(around.start)),
        allocation_protect: made_with.word(),
        state: MEM_COMMIT,
        protect: line.protection().word(),
        kind,
        ..MemoryBasicInformation::free(start, line.pages.end.min(around.end))
    })
}

/// # Safety
///
/// `information` is null or has room for `len` bytes.
unsafe fn tell(process: Option<u32>, address: usize, information: *mut c_void, len: usize) -> Result<usize> {
    if len < INFORMATION_LEN {
        return Err(BAD_LENGTH);
    }
    let found = query(process, address)?;
    if information.is_null() {
        return Err(NOACCESS);
    }
    // SAFETY: as the caller promises; nobody promises alignment.
    unsafe { information.cast::<MemoryBasicInformation>().write_unaligned(found) };
    Ok(INFORMATION_LEN)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn VirtualQuery(address: *const c_void, information: *mut c_void, len: usize) -> usize {
    // SAFETY: as the caller promises.
    last_error::value(unsafe { tell(None, address.addr(), information, len) }, 0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn VirtualQueryEx(
    process: Handle,
    address: *const c_void,
    information: *mut c_void,
    len: usize,
) -> usize {
    let result = pid_of(process, PROCESS_QUERY_INFORMATION)
        .or_else(|_| pid_of(process, PROCESS_QUERY_LIMITED_INFORMATION))
        .map(|id| Some(id).filter(|&id| id != std::process::id()))
        // SAFETY: as the caller promises.
        .and_then(|process| unsafe { tell(process, address.addr(), information, len) });
    last_error::value(result, 0)
}
