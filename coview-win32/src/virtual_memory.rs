//! `VirtualAlloc` and its family: reserving, committing, protecting and locking memory.
//!
//! Needs `unsafe` to export functions, to write where callers point, and for `mlock`.
//!
//! A guarded page (`PAGE_GUARD`) cannot be touched until `VirtualProtect` takes the guard away: on Windows the first touch
//! raises an exception and does that itself.

use std::ffi::c_void;
use std::ops::Range;
use std::ptr;
use std::sync::{Mutex, MutexGuard};

use crate::last_error::{self, Code, Result};
use crate::memory_map::MemoryMap;
use crate::protection::Protection;
use crate::region::{Region, Regions, regions};
use crate::reservation::{self, GRANULARITY, Reservation, USER_END, checked, pages_of, pointer};
use crate::runs::Runs;
use crate::table::{Handle, lock};

const MEM_COMMIT: u32 = 0x1000;
const MEM_RESERVE: u32 = 0x2000;
const MEM_DECOMMIT: u32 = 0x4000;
const MEM_RELEASE: u32 = 0x8000;
const MEM_RESET: u32 = 0x0008_0000;
const MEM_TOP_DOWN: u32 = 0x0010_0000;
const MEM_RESET_UNDO: u32 = 0x0100_0000;
const MEM_LARGE_PAGES: u32 = 0x2000_0000;

const NOT_LOCKED: Code = Code(158);
const NOACCESS: Code = Code(998);
const WORKING_SET_QUOTA: Code = Code(1453);

/// Does what `VirtualAlloc` describes, and returns where the memory begins.
fn allocate(base: usize, len: usize, kind: u32, word: u32) -> Result<usize> {
    judge_kind(kind)?;
    if !is_place(base, len) {
        return Err(Code::INVALID_PARAMETER);
    }
    let (protection, caching) = Protection::parse(word)?;
    if kind & MEM_LARGE_PAGES != 0 {
        return Err(Code::PRIVILEGE_NOT_HELD);
    }
    if kind & (MEM_RESET | MEM_RESET_UNDO) != 0 {
        return reset(base, len);
    }
    if kind & MEM_RESERVE != 0 || base == 0 {
        return reserve(base, len, kind & MEM_COMMIT != 0, protection, caching);
    }
    commit(pages_of(base, len).ok_or(Code::INVALID_PARAMETER)?, protection)
}

/// Whether a program could have something there, or that much anywhere. The first 64 KiB are nobody's.
fn is_place(base: usize, len: usize) -> bool {
    let starts = base == 0 || (GRANULARITY..USER_END).contains(&base);
    starts && len != 0 && len <= USER_END - base
}

/// Refuses what is no kind of allocation, and what there is not on Linux: write watches, placeholders, physical pages.
fn judge_kind(kind: u32) -> Result<()> {
    let alone = matches!(kind, MEM_RESET | MEM_RESET_UNDO);
    let known = kind & !(MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN | MEM_LARGE_PAGES) == 0;
    let something = kind & (MEM_COMMIT | MEM_RESERVE) != 0;
    let large = kind & MEM_LARGE_PAGES == 0 || kind & (MEM_COMMIT | MEM_RESERVE) == MEM_COMMIT | MEM_RESERVE;
    if alone || (known && something && large) { Ok(()) } else { Err(Code::INVALID_PARAMETER) }
}

fn reserve(base: usize, len: usize, committed: bool, protection: Protection, caching: u32) -> Result<usize> {
    if protection.is_copy() {
        return Err(Code::INVALID_PARAMETER);
    }
    let start = base - base % GRANULARITY;
    let range = pages_of(start, (base - start).saturating_add(len));
    let reservation = if base == 0 {
        let len = range.ok_or(Code::NOT_ENOUGH_MEMORY)?.len();
        Reservation::anywhere(len).map_err(|_| Code::NOT_ENOUGH_MEMORY)?
    } else {
        Reservation::at(range.ok_or(Code::INVALID_PARAMETER)?).map_err(|_| Code::INVALID_ADDRESS)?
    };
    let mut region = Region::private(reservation, protection, caching);
    if committed {
        region.commit(region.range(), protection)?;
    }
    Ok(regions().insert(region))
}

fn commit(pages: Range<usize>, protection: Protection) -> Result<usize> {
    let start = pages.start;
    let mut regions = regions();
    let region = regions.find_whole(&pages)?.ok_or(Code::INVALID_ADDRESS)?;
    if region.as_view().is_some_and(|view| !view.is_of_paging_file()) {
        return Err(Code::ACCESS_DENIED);
    }
    region.commit(pages, protection)?;
    // Other views of the section have the pages now too.
    if let Some(identity) = region.identity() {
        regions.refresh(identity)?;
    }
    Ok(start)
}

/// Takes notice that contents do not matter, or do again. They are kept, which is allowed.
fn reset(base: usize, len: usize) -> Result<usize> {
    let pages = pages_of(base, len).ok_or(Code::INVALID_PARAMETER)?;
    let start = pages.start;
    regions().find_whole(&pages)?.map(|_| start).ok_or(Code::INVALID_ADDRESS)
}

fn free(address: usize, len: usize, kind: u32) -> Result<()> {
    match kind {
        MEM_RELEASE if len == 0 && address != 0 => release(address),
        MEM_DECOMMIT if address != 0 => decommit(address, len),
        _ => Err(Code::INVALID_PARAMETER),
    }
}

fn release(address: usize) -> Result<()> {
    let mut regions = regions();
    let base = private_region(&mut regions, address)?.range().start;
    if address - address % reservation::PAGE_LEN != base {
        return Err(Code::INVALID_ADDRESS);
    }
    let removed = regions.remove(base).ok_or(Code::INVALID_ADDRESS)?;
    forget_locks(removed.range());
    Ok(())
}

fn decommit(address: usize, len: usize) -> Result<()> {
    let mut regions = regions();
    let region = private_region(&mut regions, address)?;
    let whole = region.range();
    let pages = match pages_of(address, len) {
        Some(pages) if len == 0 && pages.start == whole.start => whole,
        Some(_) if len == 0 => return Err(Code::INVALID_ADDRESS),
        Some(pages) if pages.end <= whole.end => pages,
        _ => return Err(Code::INVALID_PARAMETER),
    };
    forget_locks(pages.clone());
    region.decommit(pages)
}

/// The region that an address is in. Views are not freed like this.
fn private_region(regions: &mut Regions, address: usize) -> Result<&mut Region> {
    let region = regions.find(address).ok_or(Code::INVALID_ADDRESS)?;
    if region.as_view().is_some() { Err(Code::INVALID_PARAMETER) } else { Ok(region) }
}

/// Changes a protection, and returns the former one of the first page as a caller is told it.
fn protect(address: usize, len: usize, word: u32) -> Result<u32> {
    let (protection, _) = Protection::parse(word)?;
    let pages = pages_of(address, len).filter(|pages| !pages.is_empty()).ok_or(Code::INVALID_PARAMETER)?;
    let mut regions = regions();
    if let Some(region) = regions.find_whole(&pages)? {
        let former = region.protect(pages, protection)?;
        return Ok(region.word(former));
    }
    protect_other(pages, protection)
}

/// Changes the protection of memory that did not come from here: code, data, stacks.
fn protect_other(pages: Range<usize>, protection: Protection) -> Result<u32> {
    let former = MemoryMap::of_this_process()?.line_at(pages.start).ok_or(Code::INVALID_ADDRESS)?.protection();
    if protection.is_guarded() {
        return Err(Code::INVALID_PARAMETER);
    }
    reservation::protect(pages, protection.system()).map_err(|error| match error.raw_os_error() {
        Some(libc::ENOMEM) => Code::INVALID_ADDRESS,
        _ => error.into(),
    })?;
    Ok(former.word())
}

/// Which pages `VirtualLock` has locked: Linux does not say, and Windows tells an unlock that had no lock.
static LOCKED: Mutex<Option<Runs<bool>>> = Mutex::new(None);

pub(crate) type Held = MutexGuard<'static, Option<Runs<bool>>>;

/// The lock, for who forks.
pub(crate) fn hold() -> Held {
    lock(&LOCKED)
}

fn lock_pages(address: usize, len: usize) -> Result<()> {
    let pages = pages_of(address, len).filter(|pages| !pages.is_empty()).ok_or(Code::INVALID_PARAMETER)?;
    // SAFETY: the kernel judges the range, and changes no contents.
    checked(unsafe { libc::mlock(pointer(pages.start), pages.len()) }).map_err(|_| why_not_locked(&pages))?;
    lock(&LOCKED).get_or_insert_with(|| Runs::new(0..USER_END, false)).set(pages, true);
    Ok(())
}

/// The kernel does not tell a limit from memory that is not there.
fn why_not_locked(pages: &Range<usize>) -> Code {
    let readable = MemoryMap::of_this_process().is_ok_and(|map| map.allows(pages.clone(), libc::PROT_READ));
    if readable { WORKING_SET_QUOTA } else { NOACCESS }
}

fn unlock_pages(address: usize, len: usize) -> Result<()> {
    let pages = pages_of(address, len).filter(|pages| !pages.is_empty()).ok_or(Code::INVALID_PARAMETER)?;
    let mut locked = lock(&LOCKED);
    let locked = locked.as_mut().ok_or(NOT_LOCKED)?;
    if locked.within(pages.clone()).iter().any(|&(_, is_locked)| !is_locked) {
        return Err(NOT_LOCKED);
    }
    locked.set(pages.clone(), false);
    // SAFETY: as above.
    unsafe { libc::munlock(pointer(pages.start), pages.len()) };
    Ok(())
}

/// Pages that go take their locks with them.
pub(crate) fn forget_locks(pages: Range<usize>) {
    if let Some(locked) = lock(&LOCKED).as_mut() {
        locked.set(pages, false);
    }
}

/// Refuses the handle of another process: what happens in it is that process's doing.
pub(crate) fn is_this_process(handle: Handle) -> Result<()> {
    if crate::process_memory::pid_of(handle, PROCESS_VM_OPERATION)? == std::process::id() {
        Ok(())
    } else {
        Err(Code::NOT_SUPPORTED)
    }
}

const PROCESS_VM_OPERATION: u32 = 0x08;

fn allocated(result: Result<usize>) -> *mut c_void {
    last_error::value(result.map(pointer), ptr::null_mut())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn VirtualAlloc(address: *mut c_void, len: usize, kind: u32, protection: u32) -> *mut c_void {
    allocated(allocate(address.addr(), len, kind, protection))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn VirtualAllocEx(
    process: Handle,
    address: *mut c_void,
    len: usize,
    kind: u32,
    protection: u32,
) -> *mut c_void {
    allocated(is_this_process(process).and_then(|()| allocate(address.addr(), len, kind, protection)))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn VirtualFree(address: *mut c_void, len: usize, kind: u32) -> i32 {
    last_error::truth(free(address.addr(), len, kind))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn VirtualFreeEx(process: Handle, address: *mut c_void, len: usize, kind: u32) -> i32 {
    last_error::truth(is_this_process(process).and_then(|()| free(address.addr(), len, kind)))
}

/// # Safety
///
/// `former` is null or can be written to.
unsafe fn protect_and_tell(address: usize, len: usize, protection: u32, former: *mut u32) -> Result<()> {
    Protection::parse(protection)?;
    if former.is_null() {
        return Err(NOACCESS);
    }
    let word = protect(address, len, protection)?;
    // SAFETY: as the caller promises.
    unsafe { former.write(word) };
    Ok(())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn VirtualProtect(
    address: *mut c_void,
    len: usize,
    protection: u32,
    former: *mut u32,
) -> i32 {
    // SAFETY: as the caller promises.
    last_error::truth(unsafe { protect_and_tell(address.addr(), len, protection, former) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn VirtualProtectEx(
    process: Handle,
    address: *mut c_void,
    len: usize,
    protection: u32,
    former: *mut u32,
) -> i32 {
    let result = is_this_process(process).and_then(|()| {
        // SAFETY: as the caller promises.
        unsafe { protect_and_tell(address.addr(), len, protection, former) }
    });
    last_error::truth(result)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn VirtualLock(address: *mut c_void, len: usize) -> i32 {
    last_error::truth(lock_pages(address.addr(), len))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn VirtualUnlock(address: *mut c_void, len: usize) -> i32 {
    last_error::truth(unlock_pages(address.addr(), len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_allocation() {
        let taken = [
            MEM_COMMIT,
            MEM_RESERVE,
            MEM_COMMIT | MEM_RESERVE,
            MEM_RESERVE | MEM_TOP_DOWN,
            MEM_RESET,
            MEM_RESET_UNDO,
            MEM_COMMIT | MEM_RESERVE | MEM_LARGE_PAGES,
        ];
        assert!(taken.iter().all(|&kind| judge_kind(kind).is_ok()));
        let refused = [0, MEM_TOP_DOWN, MEM_RESET | MEM_COMMIT, MEM_COMMIT | 0x0020_0000, MEM_COMMIT | 0x4000_0000, 1];
        assert!(refused.iter().all(|&kind| judge_kind(kind) == Err(Code::INVALID_PARAMETER)));
    }
}
