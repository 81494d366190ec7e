//! Sections, views and memory, as C programs call them.
//!
//! Needs `unsafe` to call the exported functions.
#![cfg(target_os = "linux")]

use std::ffi::{CString, c_char, c_void};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::ptr::{null, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use coview_win32 as _;

type Handle = *mut c_void;

unsafe extern "C" {
    fn GetLastError() -> u32;
    fn SetLastError(code: u32);
    fn CloseHandle(handle: Handle) -> i32;
    fn CreateFileMappingA(
        file: Handle,
        security: *const c_void,
        flags: u32,
        high: u32,
        low: u32,
        name: *const c_char,
    ) -> Handle;
    fn OpenFileMappingA(access: u32, inherit: i32, name: *const c_char) -> Handle;
    fn MapViewOfFileEx(handle: Handle, access: u32, high: u32, low: u32, len: usize, base: *mut c_void) -> *mut u8;
    fn UnmapViewOfFile(address: *const c_void) -> i32;
    fn FlushViewOfFile(address: *const c_void, len: usize) -> i32;
    fn VirtualAlloc(address: *mut c_void, len: usize, kind: u32, protection: u32) -> *mut u8;
    fn VirtualFree(address: *mut c_void, len: usize, kind: u32) -> i32;
    fn VirtualProtect(address: *mut c_void, len: usize, protection: u32, former: *mut u32) -> i32;
    fn VirtualQuery(address: *const c_void, information: *mut Information, len: usize) -> usize;
    fn VirtualLock(address: *mut c_void, len: usize) -> i32;
    fn VirtualUnlock(address: *mut c_void, len: usize) -> i32;
    fn IsBadReadPtr(address: *const c_void, len: usize) -> i32;
    fn IsBadWritePtr(address: *mut c_void, len: usize) -> i32;
    fn ReadProcessMemory(process: Handle, from: *const c_void, to: *mut c_void, len: usize, count: *mut usize) -> i32;
    fn WriteProcessMemory(process: Handle, to: *mut c_void, from: *const c_void, len: usize, count: *mut usize) -> i32;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
struct Information {
    base: usize,
    allocation: usize,
    allocation_protect: u32,
    partition: u32,
    size: usize,
    state: u32,
    protect: u32,
    kind: u32,
    padding: u32,
}

const NOACCESS: u32 = 0x01;
const READONLY: u32 = 0x02;
const READWRITE: u32 = 0x04;
const WRITECOPY: u32 = 0x08;
const EXECUTE_READ: u32 = 0x20;
const EXECUTE_READWRITE: u32 = 0x40;
const SEC_RESERVE: u32 = 0x0400_0000;

const COPY: u32 = 0x01;
const WRITE: u32 = 0x02;
const READ: u32 = 0x04;
const ALL: u32 = 0x000f_001f;

const COMMIT: u32 = 0x1000;
const RESERVE: u32 = 0x2000;
const DECOMMIT: u32 = 0x4000;
const RELEASE: u32 = 0x8000;
const RESET: u32 = 0x0008_0000;
const FREE: u32 = 0x0001_0000;
const PRIVATE: u32 = 0x0002_0000;
const MAPPED: u32 = 0x0004_0000;
const IMAGE: u32 = 0x0100_0000;

const UNTOUCHED: u32 = 0x2bad_cafe;

/// Tests look at addresses that are free, and other tests must not take them meanwhile.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn last_error() -> u32 {
    // SAFETY: a call without pointers.
    unsafe { GetLastError() }
}

/// The last error that a failing call leaves; 0 for one that succeeds.
fn error_of(call: impl FnOnce() -> bool) -> u32 {
    // SAFETY: a call without pointers.
    unsafe { SetLastError(UNTOUCHED) };
    if call() { 0 } else { last_error() }
}

fn name(label: &str) -> CString {
    CString::new(format!("memory.{label}.{}", std::process::id())).expect("a name without NUL")
}

fn section(flags: u32, size: u32, name: Option<&CString>) -> Handle {
    // SAFETY: the name ends with a NUL.
    unsafe { CreateFileMappingA(null_mut(), null(), flags, 0, size, name.map_or(null(), |name| name.as_ptr())) }
}

fn close(handle: Handle) {
    // SAFETY: a call without pointers.
    assert_ne!(unsafe { CloseHandle(handle) }, 0);
}

fn map(handle: Handle, access: u32, offset: u32, len: usize, base: *mut u8) -> *mut u8 {
    // SAFETY: the kernel places it, or nothing is at the base.
    unsafe { MapViewOfFileEx(handle, access, 0, offset, len, base.cast()) }
}

fn view(handle: Handle, access: u32) -> *mut u8 {
    let view = map(handle, access, 0, 0, null_mut());
    assert!(!view.is_null(), "last error {}", last_error());
    assert_eq!(view.addr() % 0x1_0000, 0);
    view
}

/// The last error of a view that is mapped and unmapped again.
fn map_error(handle: Handle, access: u32, offset: u32, len: usize, base: *mut u8) -> u32 {
    let mut view = null_mut();
    let code = error_of(|| {
        view = map(handle, access, offset, len, base);
        !view.is_null()
    });
    assert!(view.is_null() || unmap(view));
    code
}

fn unmap(view: *mut u8) -> bool {
    // SAFETY: nobody looks at it any more.
    unsafe { UnmapViewOfFile(view.cast()) != 0 }
}

fn query(address: *const u8) -> Information {
    let mut found = Information::default();
    // SAFETY: the structure has that size.
    assert_eq!(unsafe { VirtualQuery(address.cast(), &mut found, size_of::<Information>()) }, 48);
    found
}

fn allocate(address: *mut u8, len: usize, kind: u32, protection: u32) -> *mut u8 {
    // SAFETY: what the tests commit is theirs.
    unsafe { VirtualAlloc(address.cast(), len, kind, protection) }
}

fn free(address: *mut u8, len: usize, kind: u32) -> bool {
    // SAFETY: nobody looks at it any more.
    unsafe { VirtualFree(address.cast(), len, kind) != 0 }
}

fn protect(address: *mut u8, len: usize, protection: u32) -> Option<u32> {
    let mut former = 0;
    // SAFETY: the memory is the test's.
    (unsafe { VirtualProtect(address.cast(), len, protection, &mut former) } != 0).then_some(former)
}

fn is_readable(address: *const u8, len: usize) -> bool {
    // SAFETY: nothing is touched.
    unsafe { IsBadReadPtr(address.cast(), len) == 0 }
}

fn is_writable(address: *mut u8, len: usize) -> bool {
    // SAFETY: nothing is touched.
    unsafe { IsBadWritePtr(address.cast(), len) == 0 }
}

fn put(address: *mut u8, value: u8) {
    // SAFETY: the test knows what it may do, or dies of it on purpose.
    unsafe { address.write_volatile(value) }
}

fn get(address: *const u8) -> u8 {
    // SAFETY: as above.
    unsafe { address.read_volatile() }
}

fn at(address: *mut u8, offset: usize) -> *mut u8 {
    address.wrapping_add(offset)
}

#[test]
fn creating_a_section_writes_the_last_error() {
    let _alone = alone();
    let name = name("created");
    let first = section(READWRITE, 5000, Some(&name));
    assert_eq!((first.is_null(), last_error()), (false, 0));
    let second = section(READONLY, 100, Some(&name));
    assert_eq!((second.is_null(), last_error()), (false, 183));
    assert_eq!(map_error(second, WRITE, 0, 0, null_mut()), 5);
    assert_eq!(map_error(first, WRITE, 0, 8192, null_mut()), 0);
    assert_eq!(map_error(first, WRITE, 0, 8193, null_mut()), 5);
    assert_eq!(error_of(|| !section(READWRITE, 0, Some(&name)).is_null()), 87);
    let view = view(first, ALL);
    put(view, 7);
    close(first);
    close(second);
    // SAFETY: the name ends with a NUL.
    assert_eq!(error_of(|| unsafe { !OpenFileMappingA(READ, 0, name.as_ptr()).is_null() }), 2);
    assert_eq!(get(view), 7);
    assert!(unmap(at(view, 4097)));
    assert_eq!(error_of(|| unmap(view)), 487);
}

#[test]
fn the_section_and_its_handle_decide_what_a_view_may_do() {
    let _alone = alone();
    for (flags, allowed) in [
        (READONLY, [0, 0, 5, 0, 5]),
        (WRITECOPY, [0, 0, 5, 0, 5]),
        (READWRITE, [0, 0, 0, 0, 5]),
        (EXECUTE_READ, [0, 0, 5, 0, 0]),
        (EXECUTE_READWRITE, [0, 0, 0, 0, 0]),
    ] {
        let handle = section(flags, 4096, None);
        let got = [READ, COPY, WRITE, 0, READ | 0x20].map(|access| map_error(handle, access, 0, 0, null_mut()));
        assert_eq!(got, allowed, "{flags:#x}");
        close(handle);
    }
}

#[test]
fn a_read_only_section_says_so_to_those_who_open_it() {
    let _alone = alone();
    let name = name("read-only");
    let first = section(READONLY, 4096, Some(&name));
    let second = section(READWRITE, 4096, Some(&name));
    assert_eq!(last_error(), 183);
    assert_eq!(map_error(second, WRITE, 0, 0, null_mut()), 87);
    close(first);
    close(second);
}

#[test]
fn views_are_where_they_are_wanted_or_nowhere() {
    let _alone = alone();
    let handle = section(READWRITE, 131_072, None);
    let (one, two) = (view(handle, WRITE), view(handle, READ));
    assert!(unmap(two));
    assert_eq!(map(handle, READ, 0, 0, two), two);
    put(one, 1);
    assert_eq!(get(two), 1);
    for (base, code) in [
        (two, 487),
        (at(two, 65536), 487),
        (at(two, 65536_usize.wrapping_neg()), 487),
        (at(two, 4096), 1132),
        (at(null_mut(), 0x1000), 1132),
        (at(null_mut(), 0xffff_8000_0000_0000), 87),
    ] {
        assert_eq!(map_error(handle, READ, 0, 0, base), code, "{base:p}");
    }
    for (offset, len, code) in [(4096, 0, 1132), (65536, 0, 0), (131_072, 0, 5), (65536, 65537, 5), (0, usize::MAX, 5)]
    {
        assert_eq!(map_error(handle, READ, offset, len, null_mut()), code, "{offset}, {len}");
    }
    assert_eq!(map_error(null_mut(), READ, 0, 0, null_mut()), 6);
    assert!(unmap(one) && unmap(two));
    close(handle);
}

#[test]
fn a_query_tells_runs_of_pages() {
    let _alone = alone();
    let handle = section(READWRITE, 100_000, None);
    let view = view(handle, WRITE);
    let expected = |offset: usize, size: usize, protect: u32| Information {
        base: view.addr() + offset,
        allocation: view.addr(),
        allocation_protect: READWRITE,
        size,
        state: COMMIT,
        protect,
        kind: MAPPED,
        ..Information::default()
    };
    assert_eq!(query(view), expected(0, 102_400, READWRITE));
    assert_eq!(query(at(view, 5000)), expected(4096, 98_304, READWRITE));
    assert_eq!(protect(at(view, 4097), 1, READONLY), Some(READWRITE));
    assert_eq!(query(view), expected(0, 4096, READWRITE));
    assert_eq!(query(at(view, 4096)), expected(4096, 4096, READONLY));
    assert_eq!(protect(view, 8192, READWRITE), Some(READWRITE));
    assert_eq!(query(view), expected(0, 102_400, READWRITE));
    assert!(unmap(view));
    let found = query(at(view, 4097));
    assert_eq!((found.base, found.allocation, found.state), (view.addr() + 4096, 0, FREE));
    assert_eq!((found.protect, found.allocation_protect, found.kind), (NOACCESS, 0, 0));
    close(handle);
}

#[test]
fn a_query_tells_of_memory_that_did_not_come_from_here() {
    let _alone = alone();
    let local = 0u8;
    let found = query(&raw const local);
    assert_eq!((found.state, found.protect, found.kind), (COMMIT, READWRITE, PRIVATE));
    let code = query(alone as *const u8);
    assert_eq!((code.state, code.protect, code.kind), (COMMIT, EXECUTE_READ, IMAGE));
    assert!(code.allocation < code.base);
    let nothing = query(null());
    assert_eq!((nothing.base, nothing.state), (0, FREE));
    let mut found = Information::default();
    // SAFETY: too short a buffer is not written to.
    assert_eq!(error_of(|| unsafe { VirtualQuery(null(), &mut found, 47) != 0 }), 24);
    let kernel = at(null_mut(), 0xffff_8000_0000_0000);
    // SAFETY: the structure has that size.
    assert_eq!(error_of(|| unsafe { VirtualQuery(kernel.cast(), &mut found, 48) != 0 }), 87);
}

#[test]
fn copied_pages_are_private_and_said_to_be() {
    let _alone = alone();
    let handle = section(READWRITE, 16384, None);
    let (shared, copy) = (view(handle, WRITE), view(handle, COPY));
    put(copy, 1);
    put(at(shared, 4096), 2);
    assert_eq!((get(shared), get(at(copy, 4096))), (0, 2));
    let found = query(copy);
    assert_eq!((found.size, found.protect, found.kind, found.allocation_protect), (4096, READWRITE, MAPPED, WRITECOPY));
    let found = query(at(copy, 4096));
    assert_eq!((found.size, found.protect), (12288, WRITECOPY));
    assert!(unmap(copy));

    assert_eq!(protect(shared, 8192, WRITECOPY), Some(READWRITE));
    put(shared, 3);
    let other = view(handle, READ);
    assert_eq!((get(shared), get(other), get(at(other, 4096))), (3, 0, 2));
    assert_eq!((query(shared).protect, query(at(shared, 4096)).protect), (READWRITE, WRITECOPY));
    assert_eq!(protect(shared, 8192, READWRITE), Some(READWRITE));
    put(at(shared, 4096), 4);
    assert_eq!((get(shared), get(other), get(at(other, 4096))), (3, 0, 4));
    assert!(unmap(shared) && unmap(other));
    close(handle);
}

#[test]
fn reserved_pages_are_committed_for_everybody() {
    let _alone = alone();
    let handle = section(READWRITE | SEC_RESERVE, 0x4_0000, None);
    let (one, two) = (view(handle, WRITE), view(handle, WRITE));
    let found = query(one);
    assert_eq!((found.state, found.protect, found.size, found.kind), (RESERVE, 0, 0x4_0000, MAPPED));
    assert!(!is_readable(one, 1));
    assert_eq!(error_of(|| protect(one, 4096, READONLY).is_some()), 487);
    assert_eq!(allocate(at(one, 5000), 4096, COMMIT, READONLY), at(one, 4096));
    let found = query(at(one, 4096));
    assert_eq!((found.state, found.protect, found.size), (COMMIT, READONLY, 8192));
    assert_eq!((query(one).state, query(at(one, 12288)).state), (RESERVE, RESERVE));
    let found = query(at(two, 4096));
    assert_eq!((found.state, found.protect, found.size), (COMMIT, READWRITE, 8192));
    put(at(two, 4096), 9);
    assert_eq!(get(at(one, 4096)), 9);
    assert_eq!(error_of(|| free(at(one, 4096), 4096, DECOMMIT)), 87);
    assert_eq!(allocate(one, 0x4_0000, RESET, READONLY), one);
    assert!(unmap(one) && unmap(two));
    let third = view(handle, READ);
    assert_eq!((get(at(third, 4096)), query(at(third, 4096)).protect, query(third).state), (9, READONLY, RESERVE));
    assert!(unmap(third));
    close(handle);
}

#[test]
fn what_another_process_commits_can_be_touched() {
    let _alone = alone();
    let name = name("elsewhere");
    let handle = section(READWRITE | SEC_RESERVE, 0x10_0000, Some(&name));
    let (view, copy) = (view(handle, WRITE), view(handle, COPY));
    let commit = |offset: usize| {
        let arguments = format!("{} {offset}", name.to_str().expect("ASCII"));
        assert!(child("commit", &arguments).wait().expect("the child is ours").success());
    };
    commit(65536);
    assert_eq!((get(at(view, 65536)), get(at(view, 65537))), (b'c', 0));
    put(at(view, 65536), b'p');
    put(at(copy, 65536), b'q');
    let found = query(at(view, 65536));
    assert_eq!((found.state, found.protect, found.size), (COMMIT, READWRITE, 8192));
    assert_eq!((get(at(view, 65536)), query(at(copy, 65536)).protect), (b'p', READWRITE));
    assert_eq!(query(at(view, 65536 + 8192)).state, RESERVE);
    commit(131_072);
    assert!(is_writable(at(view, 131_072), 8192) && !is_writable(at(view, 131_072), 8193));
    commit(0);
    let address = view.expose_provenance();
    let touched = [(); 8].map(|()| std::thread::spawn(move || get(std::ptr::with_exposed_provenance(address))));
    let touched = touched.map(|thread| thread.join().expect("it does not panic"));
    assert_eq!(touched, [b'c'; 8]);
    close(handle);
    assert!(unmap(view) && unmap(copy));
}

#[test]
fn what_nobody_committed_or_a_view_forbids_still_faults() {
    for case in ["reserved", "forbidden", "sent"] {
        let status = child("fault", case).wait().expect("the child is ours");
        assert_eq!(status.signal(), Some(libc::SIGSEGV), "{case}: {status}");
    }
}

#[test]
fn memory_is_reserved_committed_and_given_back() {
    let _alone = alone();
    let base = allocate(null_mut(), 0xfffc, RESERVE, NOACCESS);
    assert_eq!(base.addr() % 0x1_0000, 0);
    let found = query(base);
    assert_eq!((found.base, found.allocation, found.size), (base.addr(), base.addr(), 0x1_0000));
    assert_eq!((found.state, found.protect, found.kind, found.allocation_protect), (RESERVE, 0, PRIVATE, NOACCESS));
    assert_eq!(error_of(|| protect(base, 0xfffc, READONLY).is_some()), 487);
    assert_eq!(allocate(base, 0x1000, COMMIT, NOACCESS), base);
    assert_eq!((query(base).size, query(base).protect), (0x1000, NOACCESS));
    assert_eq!(error_of(|| protect(base, 0xfffc, READONLY).is_some()), 487);
    assert_eq!(protect(base, 0x1000, READWRITE), Some(NOACCESS));
    put(base, 1);
    assert_eq!(allocate(at(base, 0x1000), 0x1000, RESET, NOACCESS), at(base, 0x1000));
    assert_eq!(query(at(base, 0x1000)).size, 0xf000);
    assert_eq!(error_of(|| !allocate(at(base, 0xf000), 0x2000, RESET, NOACCESS).is_null()), 487);
    for (kind, protection) in
        [(COMMIT, 0), (COMMIT, 0x12), (COMMIT, WRITECOPY), (0, READWRITE), (COMMIT | 0x4000_0000, 4)]
    {
        assert_eq!(error_of(|| !allocate(base, 0x1000, kind, protection).is_null()), 87, "{kind:#x} {protection:#x}");
    }
    assert!(free(base, 0x1_0000, DECOMMIT));
    assert_eq!(query(base).size, 0x1_0000);
    assert_eq!(allocate(base, 0x1000, COMMIT, READWRITE), base);
    assert_eq!(get(base), 0);
    assert!(free(base, 0, RELEASE));
    assert_eq!(query(base).state, FREE);
    assert_eq!(error_of(|| free(base, 0, RELEASE)), 487);
    assert_eq!(allocate(at(base, 0x1234), 0x1000, COMMIT | RESERVE, READWRITE), base);
    assert_eq!(query(base).size, 0x3000);
    assert!(free(base, 0, RELEASE));
}

#[test]
fn what_cannot_be_allocated_or_freed_has_its_code() {
    let _alone = alone();
    let base = allocate(null_mut(), 0x1_0000, RESERVE, READWRITE);
    assert_eq!(error_of(|| !allocate(base, 0x1000, RESERVE, READWRITE).is_null()), 487);
    assert_eq!(error_of(|| !allocate(base, 0x1_0001, COMMIT, READWRITE).is_null()), 487);
    assert_eq!(error_of(|| !allocate(null_mut(), 0, RESERVE, READWRITE).is_null()), 87);
    assert_eq!(error_of(|| !allocate(null_mut(), 1, COMMIT | RESERVE | 0x2000_0000, READWRITE).is_null()), 1314);
    assert_eq!(error_of(|| !allocate(null_mut(), 1, COMMIT | RESERVE | 0x0020_0000, READWRITE).is_null()), 87);
    assert_eq!(error_of(|| !allocate(null_mut(), usize::MAX / 4, RESERVE, READWRITE).is_null()), 87);
    assert_eq!(error_of(|| !allocate(null_mut(), usize::MAX, RESERVE, READWRITE).is_null()), 87);
    assert_eq!(error_of(|| !allocate(null_mut(), 1 << 46, COMMIT, READWRITE).is_null()), 1455);
    assert_eq!(error_of(|| free(base, 0x1_0000, 0)), 87);
    assert_eq!(error_of(|| free(base, 0, COMMIT)), 87);
    assert_eq!(error_of(|| free(base, 1, RELEASE)), 87);
    assert_eq!(error_of(|| free(null_mut(), 0, RELEASE)), 87);
    assert_eq!(error_of(|| free(at(base, 0x1000), 0, RELEASE)), 487);
    assert_eq!(error_of(|| free(at(base, 0x1000), 0, DECOMMIT)), 487);
    assert_eq!(error_of(|| free(base, 0x1_0001, DECOMMIT)), 87);
    assert_eq!(error_of(|| unmap(base)), 487);
    assert!(free(base, 0, RELEASE));
    let handle = section(READWRITE, 4096, None);
    let view = view(handle, WRITE);
    assert_eq!(error_of(|| free(view, 0, RELEASE)), 87);
    assert_eq!(error_of(|| !allocate(view, 4096, RESERVE, READWRITE).is_null()), 487);
    assert_eq!(allocate(view, 4096, COMMIT, READONLY), view);
    assert_eq!(error_of(|| !allocate(view, 4096, COMMIT, EXECUTE_READ).is_null()), 87);
    assert!(unmap(view));
    close(handle);
}

#[test]
fn protections_are_judged_and_told() {
    let _alone = alone();
    let base = allocate(null_mut(), 0x2000, COMMIT, READWRITE | 0x200);
    assert_eq!(query(base).protect, READWRITE | 0x200);
    assert_eq!(protect(base, 0x1000, READONLY), Some(READWRITE | 0x200));
    assert_eq!((query(base).protect, query(base).allocation_protect), (READONLY | 0x200, READWRITE | 0x200));
    // SAFETY: the memory is the test's.
    assert_eq!(error_of(|| unsafe { VirtualProtect(base.cast(), 0x1000, READWRITE, null_mut()) != 0 }), 998);
    assert_eq!(query(base).protect, READONLY | 0x200);
    for wrong in [0, 3, WRITECOPY, 0x80, 0x14] {
        assert_eq!(error_of(|| protect(base, 0x1000, wrong).is_some()), 87, "{wrong:#x}");
    }
    assert_eq!(error_of(|| protect(base, 0x1_0000, READWRITE).is_some()), 487);
    assert!(is_readable(base, 0x2000) && !is_writable(base, 1) && is_writable(at(base, 0x1000), 0x1000));
    assert!(free(base, 0, RELEASE));
    assert!(!is_readable(base, 1) && is_readable(base, 0) && !is_readable(null(), 1));
}

#[test]
fn locks_are_remembered() {
    let _alone = alone();
    let base = allocate(null_mut(), 0x2000, COMMIT, READWRITE);
    // SAFETY: contents stay.
    let lock = |len| error_of(|| unsafe { VirtualLock(base.cast(), len) != 0 });
    // SAFETY: as above.
    let unlock = |len| error_of(|| unsafe { VirtualUnlock(base.cast(), len) != 0 });
    assert_eq!(unlock(1), 158);
    assert_eq!((lock(1), unlock(0x2000), unlock(1), unlock(1)), (0, 158, 0, 158));
    assert!(free(base, 0, RELEASE));
    assert_eq!(lock(1), 998);
}

#[test]
fn flushing_is_for_what_is_mapped() {
    let _alone = alone();
    let handle = section(READWRITE, 8192, None);
    let view = view(handle, WRITE);
    // SAFETY: contents stay.
    let flush = |address: *mut u8, len| error_of(|| unsafe { FlushViewOfFile(address.cast(), len) != 0 });
    assert_eq!((flush(view, 0), flush(at(view, 5000), 0), flush(view, 8192)), (0, 0, 0));
    assert_eq!(flush(view, 8193), 87);
    let mut local = 0;
    assert_eq!(flush(&raw mut local, 0), 0);
    assert!(unmap(view));
    assert_eq!((flush(view, 0), flush(null_mut(), 0)), (487, 487));
    close(handle);
}

#[test]
fn a_process_reads_and_writes_itself() {
    let _alone = alone();
    let this = at(null_mut(), usize::MAX).cast();
    let base = allocate(null_mut(), 0x2000, COMMIT, READWRITE);
    protect(at(base, 0x1000), 0x1000, NOACCESS);
    let (mut buffer, mut count) = ([0u8; 0x2000], 1);
    put(base, 5);
    let mut read = |len| {
        let buffer = buffer.as_mut_ptr().cast();
        // SAFETY: the buffer has that room.
        let code = error_of(|| unsafe { ReadProcessMemory(this, base.cast(), buffer, len, &mut count) != 0 });
        (code, count)
    };
    assert_eq!((read(0x2000), read(0x1000)), ((299, 0), (0, 0x1000)));
    assert_eq!(buffer[0], 5);
    let write = |value: u8| {
        // SAFETY: the buffer holds that much.
        error_of(|| unsafe { WriteProcessMemory(this, base.cast(), [value].as_ptr().cast(), 1, null_mut()) != 0 })
    };
    assert_eq!((write(6), get(base)), (0, 6));
    protect(base, 0x1000, READONLY);
    assert_eq!((write(7), get(base)), (998, 6));
    // Code is written although it is not writable.
    protect(base, 0x1000, EXECUTE_READ);
    assert_eq!((write(8), get(base)), (0, 8));
    assert!(free(base, 0, RELEASE));
}

/// Runs a role of this program in another process.
fn child(role: &str, arguments: &str) -> Child {
    let program = std::env::current_exe().expect("a test has a program");
    let mut command = Command::new(program);
    command.args(["--exact", "a_child_plays_its_role"]).env("COVIEW_ROLE", role).env("COVIEW_ARGUMENTS", arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program can be run")
}

/// Not a test by itself: what a test runs in another process.
#[test]
fn a_child_plays_its_role() {
    let Ok(role) = std::env::var("COVIEW_ROLE") else { return };
    // SAFETY: a call without pointers; a child that hangs is killed.
    unsafe { libc::alarm(20) };
    let arguments = std::env::var("COVIEW_ARGUMENTS").expect("roles come with arguments");
    match role.as_str() {
        "commit" => {
            let (name, offset) = arguments.split_once(' ').expect("a name and an offset");
            commit(name, offset.parse().expect("a number"));
        }
        _ => fault(&arguments),
    }
}

fn commit(name: &str, offset: usize) {
    let name = CString::new(name).expect("a name without NUL");
    // SAFETY: the name ends with a NUL.
    let handle = unsafe { OpenFileMappingA(ALL, 0, name.as_ptr()) };
    let view = view(handle, WRITE);
    assert_eq!(query(at(view, offset)).state, RESERVE);
    assert_eq!(allocate(at(view, offset), 8192, COMMIT, READWRITE), at(view, offset));
    put(at(view, offset), b'c');
}

fn fault(case: &str) {
    let handle = section(READWRITE | SEC_RESERVE, 0x1_0000, None);
    let (writer, reader) = (view(handle, WRITE), view(handle, READ));
    match case {
        "reserved" => assert_eq!(get(writer), 0),
        "sent" => {
            // The handler that Rust installs steps back for the first one and expects another.
            for _ in 0..2 {
                // SAFETY: a call without pointers.
                unsafe { libc::raise(libc::SIGSEGV) };
            }
        }
        _ => {
            allocate(writer, 4096, COMMIT, READWRITE);
            put(reader, 1);
        }
    }
}
