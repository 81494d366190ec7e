//! Reading and writing the memory of a process, and asking whether an address is good.
//!
//! Needs `unsafe` to export functions, to write where callers point, and for `process_vm_readv` and its kin.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::last_error::{self, Code, Result};
use crate::memory_map::{Line, MemoryMap};
use crate::region::regions;
use crate::reservation::pages_of;
use crate::table::{self, Handle};
use crate::{handle, process};

const PROCESS_VM_OPERATION: u32 = 0x08;
const PROCESS_VM_READ: u32 = 0x10;
const PROCESS_VM_WRITE: u32 = 0x20;

const PARTIAL_COPY: Code = Code(299);
const NOACCESS: Code = Code(998);

/// The process that a handle with this right stands for.
pub(crate) fn pid_of(handle: Handle, right: u32) -> Result<u32> {
    if handle::pseudo(handle) == Some(handle::Pseudo::Process) {
        return Ok(process::current_pid());
    }
    let reference = table::get(handle)?;
    let id = reference.object.as_process()?.pid();
    reference.demand(right)?;
    Ok(id)
}

/// Copies from another address space to here.
///
/// # Safety
///
/// `buffer` has room for `len` bytes, as far as it can be written at all.
unsafe fn read(process: Handle, address: usize, buffer: *mut c_void, len: usize) -> Result<usize> {
    let id = pid_of(process, PROCESS_VM_READ)?;
    refresh(id, address, len);
    let (local, remote) = pieces(buffer, address, len);
    // SAFETY: as the caller promises; the kernel judges both ranges.
    let copied = unsafe { libc::process_vm_readv(id as libc::pid_t, &local, 1, &remote, 1, 0) };
    copied_all(copied, len)
}

/// Copies from here to another address space. Code is written although it is not writable, as Windows does.
///
/// # Safety
///
/// `buffer` holds `len` bytes, as far as it can be read at all.
unsafe fn write(process: Handle, address: usize, buffer: *const c_void, len: usize) -> Result<usize> {
    let id = pid_of(process, PROCESS_VM_WRITE | PROCESS_VM_OPERATION)?;
    refresh(id, address, len);
    let map = MemoryMap::of(id)?;
    if !is_committed(&map, address, len) {
        return Err(Code::INVALID_ADDRESS);
    }
    let protection = map.line_at(address).map(|line| line.protection());
    if protection.is_some_and(|protection| protection.is_executable() && !protection.is_writable()) {
        // SAFETY: as the caller promises.
        return unsafe { write_code(id, address, buffer, len) };
    }
    if protection.is_some_and(|protection| protection.is_readable() && !protection.is_writable()) {
        return Err(NOACCESS);
    }
    let (local, remote) = pieces(buffer.cast_mut(), address, len);
    // SAFETY: as the caller promises; the kernel judges both ranges.
    let copied = unsafe { libc::process_vm_writev(id as libc::pid_t, &local, 1, &remote, 1, 0) };
    copied_all(copied, len)
}

/// Whether there is memory behind every byte. Pages that nobody can touch count as not committed.
fn is_committed(map: &MemoryMap, address: usize, len: usize) -> bool {
    let Some(pages) = pages_of(address, len) else { return false };
    let is_there = |line: &&Line| line.protection().is_readable() || line.protection().is_executable();
    let mut at = pages.start;
    while at < pages.end {
        let Some(line) = map.line_at(at).filter(is_there) else { return false };
        at = line.pages.end;
    }
    true
}

/// # Safety
///
/// As for [`write`].
unsafe fn write_code(process: u32, address: usize, buffer: *const c_void, len: usize) -> Result<usize> {
    if !is_good(buffer.addr(), len, libc::PROT_READ) {
        return Err(PARTIAL_COPY);
    }
    // SAFETY: as the caller promises; it can be read.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), len) };
    let memory = File::options().write(true).open(format!("/proc/{process}/mem"))?;
    memory.write_all_at(bytes, address as u64).map_err(|_| PARTIAL_COPY)?;
    Ok(len)
}

fn pieces(buffer: *mut c_void, address: usize, len: usize) -> (libc::iovec, libc::iovec) {
    let remote = std::ptr::without_provenance_mut(address);
    (libc::iovec { iov_base: buffer, iov_len: len }, libc::iovec { iov_base: remote, iov_len: len })
}

/// A copy that was not whole counts for nothing, whichever side was at fault.
fn copied_all(copied: isize, len: usize) -> Result<usize> {
    if let Ok(copied) = usize::try_from(copied) {
        return if copied == len { Ok(len) } else { Err(PARTIAL_COPY) };
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EFAULT) => Err(PARTIAL_COPY),
        // The process has ended.
        Some(libc::ESRCH) => Err(Code::ACCESS_DENIED),
        _ => Err(error.into()),
    }
}

/// Opens pages of our own `SEC_RESERVE` views that other processes have committed, before the kernel is asked.
fn refresh(process: u32, address: usize, len: usize) {
    if process != std::process::id() {
        return;
    }
    let mut regions = regions();
    let mut address = address;
    let end = address.saturating_add(len);
    while address < end {
        let Some(region) = regions.find(address) else { return };
        let _ = region.refresh();
        address = region.range().end;
    }
}

/// Whether all bytes can be used like this. Nothing is touched.
fn is_good(address: usize, len: usize, protection: libc::c_int) -> bool {
    if len == 0 {
        return true;
    }
    refresh(std::process::id(), address, len);
    let Some(pages) = pages_of(address, len) else { return false };
    MemoryMap::of_this_process().is_ok_and(|map| map.allows(pages, protection))
}

/// Tells how much was copied, unless the destination was refused at once.
///
/// # Safety
///
/// `count` is null or can be written to.
unsafe fn report(result: Result<usize>, count: *mut usize) -> i32 {
    let is_counted = !matches!(result, Err(NOACCESS | Code::INVALID_ADDRESS));
    if !count.is_null() && is_counted {
        // SAFETY: as the caller promises.
        unsafe { count.write(result.unwrap_or(0)) };
    }
    last_error::truth(result.map(drop))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ReadProcessMemory(
    process: Handle,
    address: *const c_void,
    buffer: *mut c_void,
    len: usize,
    count: *mut usize,
) -> i32 {
    // SAFETY: as the caller promises.
    let result = unsafe { read(process, address.addr(), buffer, len) };
    // SAFETY: as the caller promises.
    unsafe { report(result, count) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn WriteProcessMemory(
    process: Handle,
    address: *mut c_void,
    buffer: *const c_void,
    len: usize,
    count: *mut usize,
) -> i32 {
    // SAFETY: as the caller promises.
    let result = unsafe { write(process, address.addr(), buffer, len) };
    // SAFETY: as the caller promises.
    unsafe { report(result, count) }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn IsBadReadPtr(address: *const c_void, len: usize) -> i32 {
    i32::from(!is_good(address.addr(), len, libc::PROT_READ))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn IsBadWritePtr(address: *mut c_void, len: usize) -> i32 {
    i32::from(!is_good(address.addr(), len, libc::PROT_WRITE))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn IsBadCodePtr(address: *const c_void) -> i32 {
    IsBadReadPtr(address, 1)
}
