//! How much memory there is, in which pieces, and how many processors.
//!
//! Needs `unsafe` to export functions, to call the C library, and to write where callers point.

use std::ffi::c_void;
use std::fs;
use std::ptr;

use crate::last_error::{self, Code, Result};

const GRANULARITY: u32 = 0x1_0000;
const LOWEST_ADDRESS: usize = 0x1_0000;
const HIGHEST_ADDRESS: usize = 0x7FFF_FFFE_FFFF;

/// `PROCESSOR_ARCHITECTURE_AMD64` and `PROCESSOR_AMD_X8664`, or `…_ARM64`, which has no type; else unknown.
const ARCHITECTURE: (u16, u32) = match () {
    () if cfg!(target_arch = "x86_64") => (9, 8664),
    () if cfg!(target_arch = "aarch64") => (12, 0),
    () => (0xFFFF, 0),
};
/// Programs read it to tell processors of the last century apart.
const LEVEL: u16 = 6;

/// Windows' structure.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemInfo {
    architecture: u16,
    reserved: u16,
    page_size: u32,
    lowest_address: *mut c_void,
    highest_address: *mut c_void,
    processor_mask: usize,
    processors: u32,
    processor_type: u32,
    granularity: u32,
    processor_level: u16,
    processor_revision: u16,
}

const _: () = assert!(size_of::<SystemInfo>() == 48);

/// Windows' structure.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryStatus {
    length: u32,
    load_percent: u32,
    physical: u64,
    physical_free: u64,
    commit: u64,
    commit_free: u64,
    addresses: u64,
    addresses_free: u64,
    extended_free: u64,
}

const _: () = assert!(size_of::<MemoryStatus>() == 64);

fn system_info() -> SystemInfo {
    let processors = u32::try_from(sysconf(libc::_SC_NPROCESSORS_ONLN)).unwrap_or(1).max(1);
    SystemInfo {
        architecture: ARCHITECTURE.0,
        reserved: 0,
        page_size: u32::try_from(sysconf(libc::_SC_PAGESIZE)).unwrap_or(4096),
        lowest_address: ptr::without_provenance_mut(LOWEST_ADDRESS),
        highest_address: ptr::without_provenance_mut(HIGHEST_ADDRESS),
        processor_mask: usize::MAX >> usize::BITS.saturating_sub(processors),
        processors,
        processor_type: ARCHITECTURE.1,
        granularity: GRANULARITY,
        processor_level: LEVEL,
        processor_revision: 0,
    }
}

fn sysconf(name: libc::c_int) -> libc::c_long {
    // SAFETY: a call without pointers.
    unsafe { libc::sysconf(name) }
}

/// A line of a file below `/proc` that counts kibibytes, in bytes; 0 if there is none.
fn bytes_of(table: &str, key: &str) -> u64 {
    let line = table.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0).saturating_mul(1024)
}

fn memory_status() -> MemoryStatus {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let process = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let (physical, physical_free) = (bytes_of(&memory, "MemTotal"), bytes_of(&memory, "MemAvailable"));
    let used = physical.saturating_sub(physical_free);
    let addresses = (HIGHEST_ADDRESS + 1 - LOWEST_ADDRESS) as u64;
    MemoryStatus {
        length: size_of::<MemoryStatus>() as u32,
        load_percent: u32::try_from(used.saturating_mul(100) / physical.max(1)).unwrap_or(100),
        physical,
        physical_free,
        commit: physical.saturating_add(bytes_of(&memory, "SwapTotal")),
        commit_free: physical_free.saturating_add(bytes_of(&memory, "SwapFree")),
        addresses,
        addresses_free: addresses.saturating_sub(bytes_of(&process, "VmSize")),
        extended_free: 0,
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetSystemInfo(info: *mut SystemInfo) {
    // SAFETY: the caller passes the structure's address or null.
    if let Some(info) = unsafe { info.as_mut() } {
        *info = system_info();
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetNativeSystemInfo(info: *mut SystemInfo) {
    // SAFETY: as the caller promises.
    unsafe { GetSystemInfo(info) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GlobalMemoryStatusEx(status: *mut MemoryStatus) -> i32 {
    // SAFETY: the caller passes the structure's address or null.
    let status = unsafe { status.as_mut() };
    let right = |status: &&mut MemoryStatus| status.length as usize == size_of::<MemoryStatus>();
    let result: Result<()> =
        status.filter(right).ok_or(Code::INVALID_PARAMETER).map(|status| *status = memory_status());
    last_error::truth(result)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetLargePageMinimum() -> usize {
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    usize::try_from(bytes_of(&memory, "Hugepagesize")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_by_their_keys() {
        let table = "MemTotal:       16 kB\nMemTotalOther: 5 kB\nHugepagesize: 2048 kB\n";
        assert_eq!(bytes_of(table, "MemTotal"), 16 * 1024);
        assert_eq!(bytes_of(table, "Hugepagesize"), 2 << 20);
        assert_eq!(bytes_of(table, "Swap"), 0);
    }
}
