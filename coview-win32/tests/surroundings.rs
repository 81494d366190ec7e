//! Security descriptors, modules and the machine, through the exported functions.
//!
//! Needs `unsafe` to call them as C programs do.

#![cfg(target_os = "linux")]
#![allow(clippy::multiple_unsafe_ops_per_block, reason = "a sequence of calls, each as a C program makes it")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::os::unix::fs::PermissionsExt;
use std::{env, fs, process, ptr};

use coview_win32 as _;

type Handle = *mut c_void;

unsafe extern "C" {
    safe fn GetLastError() -> u32;
    safe fn CloseHandle(handle: Handle) -> i32;
    fn CreateFileA(
        path: *const c_char,
        access: u32,
        share: u32,
        attributes: *const c_void,
        disposition: u32,
        flags: u32,
        template: Handle,
    ) -> Handle;
    fn InitializeSecurityDescriptor(descriptor: *mut c_void, revision: u32) -> i32;
    fn SetSecurityDescriptorDacl(descriptor: *mut c_void, present: i32, list: *mut c_void, defaulted: i32) -> i32;
    fn GetSecurityDescriptorDacl(
        descriptor: *const c_void,
        present: *mut i32,
        list: *mut *mut c_void,
        defaulted: *mut i32,
    ) -> i32;
    fn IsValidSecurityDescriptor(descriptor: *const c_void) -> i32;
    fn ConvertStringSecurityDescriptorToSecurityDescriptorA(
        text: *const c_char,
        revision: u32,
        descriptor: *mut *mut c_void,
        len: *mut u32,
    ) -> i32;
    fn GetModuleFileNameA(module: Handle, buffer: *mut c_char, capacity: u32) -> u32;
    fn GetModuleHandleA(name: *const c_char) -> Handle;
    fn GetModuleHandleExA(flags: u32, name: *const c_char, module: *mut Handle) -> i32;
    fn LoadLibraryA(name: *const c_char) -> Handle;
    safe fn FreeLibrary(module: Handle) -> i32;
    fn GetProcAddress(module: Handle, name: *const c_char) -> *mut c_void;
    fn GetSystemInfo(info: *mut [u32; 12]);
    fn GlobalMemoryStatusEx(status: *mut [u64; 8]) -> i32;
    safe fn GetVersion() -> u32;
    fn GetVersionExA(version: *mut [u32; 39]) -> i32;
    fn GetComputerNameA(buffer: *mut c_char, size: *mut u32) -> i32;
    fn GetUserNameA(buffer: *mut c_char, size: *mut u32) -> i32;
}

/// `Ok` for a result that is not 0, else the last error.
fn outcome(result: i32) -> Result<(), u32> {
    if result != 0 { Ok(()) } else { Err(GetLastError()) }
}

/// What a function gives that takes a capacity and a buffer and returns a length.
fn text(capacity: u32, give: impl FnOnce(u32, *mut c_char) -> u32) -> (u32, String) {
    let mut buffer = vec![0u8; 512];
    let len = give(capacity, buffer.as_mut_ptr().cast());
    (len, CStr::from_bytes_until_nul(&buffer).expect("a NUL").to_str().expect("UTF-8").to_owned())
}

#[test]
fn security_descriptors_are_built_and_read() {
    let mut descriptor = [0u64; 5];
    let at: *mut c_void = descriptor.as_mut_ptr().cast();
    let (mut present, mut defaulted, mut list) = (9, 9, at);
    // SAFETY: the descriptor is as long as Windows', and there is room for what is asked.
    unsafe {
        assert_eq!(IsValidSecurityDescriptor(at), 0);
        assert_eq!(outcome(InitializeSecurityDescriptor(at, 2)), Err(1305));
        assert_eq!(outcome(InitializeSecurityDescriptor(at, 1)), Ok(()));
        assert_eq!(outcome(GetSecurityDescriptorDacl(at, &raw mut present, &raw mut list, &raw mut defaulted)), Ok(()));
        assert_eq!((present, list), (0, at));
        assert_eq!(outcome(SetSecurityDescriptorDacl(at, 1, ptr::null_mut(), 0)), Ok(()));
        assert_eq!(outcome(GetSecurityDescriptorDacl(at, &raw mut present, &raw mut list, &raw mut defaulted)), Ok(()));
        assert_eq!((present, list.is_null(), defaulted, IsValidSecurityDescriptor(at)), (1, true, 0, 1));
    }
    let (mut from_text, mut len) = (ptr::null_mut(), 0);
    let mut convert = |text: &CStr, revision| {
        // SAFETY: the string ends with a NUL, and there is room for what is asked.
        outcome(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorA(
                text.as_ptr(),
                revision,
                &raw mut from_text,
                &raw mut len,
            )
        })
    };
    assert_eq!(convert(c"D:(A;;GA;;;WD", 1), Err(1336));
    assert_eq!(convert(c"nonsense", 1), Err(87));
    assert_eq!(convert(c"D:(A;;GA;;;WD)", 2), Err(1305));
    assert_eq!(convert(c"D:(A;;GA;;;WD)", 1), Ok(()));
    assert_eq!(len, 48);
    // SAFETY: the descriptor is what the function gave, in memory of the C library.
    unsafe {
        assert_eq!(IsValidSecurityDescriptor(from_text), 1);
        assert_eq!(outcome(SetSecurityDescriptorDacl(from_text, 1, ptr::null_mut(), 0)), Err(1338));
        libc::free(from_text);
    }
}

#[test]
fn a_descriptor_decides_who_may_open_a_file() {
    let folder = env::temp_dir().join(format!("coview-win32.rights.{}", process::id()));
    fs::create_dir(&folder).expect("a new folder");
    for (sddl, mode) in [(c"D:(A;;GA;;;WD)", 0o666), (c"D:(A;;GA;;;OW)", 0o600), (c"D:(A;;FR;;;BU)", 0o644)] {
        let mut descriptor = ptr::null_mut();
        // SAFETY: the string ends with a NUL, and there is room for the descriptor.
        let converted = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorA(sddl.as_ptr(), 1, &raw mut descriptor, ptr::null_mut())
        };
        assert_eq!(converted, 1);
        let attributes = [24, descriptor.addr(), 0];
        let path = folder.join(format!("{mode:o}"));
        let given = CString::new(path.to_str().expect("UTF-8")).expect("no NUL");
        // SAFETY: the attributes have Windows' layout.
        let file = unsafe {
            CreateFileA(given.as_ptr(), 0x4000_0000, 0, attributes.as_ptr().cast(), 1, 0x80, ptr::null_mut())
        };
        assert_eq!(CloseHandle(file), 1);
        let metadata = fs::metadata(&path).expect("a file");
        assert_eq!(metadata.permissions().mode() & 0o777, mode);
        // SAFETY: it was allocated by the C library.
        unsafe { libc::free(descriptor) };
    }
    fs::remove_dir_all(&folder).expect("it is there");
}

#[test]
fn modules_have_handles_names_and_functions() {
    let own = env::current_exe().expect("a path").to_str().expect("UTF-8").to_owned();
    // SAFETY: the buffer has the capacity; null is the program.
    let name =
        |capacity| text(capacity, |capacity, buffer| unsafe { GetModuleFileNameA(ptr::null_mut(), buffer, capacity) });
    assert_eq!(name(512), (own.len() as u32, own.clone()));
    assert_eq!((name(5), GetLastError()), ((5, own[..4].to_owned()), 122));
    assert_eq!((name(0).0, GetLastError()), (0, 122));
    // SAFETY: the strings end with NULs.
    unsafe {
        let program = GetModuleHandleA(ptr::null());
        assert_eq!(program.cast::<[u8; 4]>().read(), *b"\x7fELF");
        assert!(!GetModuleHandleA(c"KERNEL32.dll".as_ptr()).is_null());
        assert_eq!(GetModuleHandleA(c"ntdll".as_ptr()), GetModuleHandleA(c"kernel32".as_ptr()));
        assert_eq!((GetModuleHandleA(c"no.such.dll".as_ptr()), GetLastError()), (ptr::null_mut(), 126));
        let kernel = GetModuleHandleA(c"kernel32".as_ptr());
        assert_eq!((GetProcAddress(kernel, c"NoSuchFunction".as_ptr()), GetLastError()), (ptr::null_mut(), 127));
        assert_eq!((GetProcAddress(kernel, c"malloc".as_ptr()), GetLastError()), (ptr::null_mut(), 127));
        assert_eq!((LoadLibraryA(c"no.such.dll".as_ptr()), GetLastError()), (ptr::null_mut(), 126));
        let c = LoadLibraryA(c"libc.so.6".as_ptr());
        assert!(!GetProcAddress(c, c"malloc".as_ptr()).is_null());
        let mut same = ptr::null_mut();
        let code = GetProcAddress(c, c"malloc".as_ptr()).cast::<c_char>();
        assert_eq!(outcome(GetModuleHandleExA(6, code, &raw mut same)), Ok(()));
        assert_eq!((same, GetModuleHandleA(c"libc.so.6".as_ptr())), (c, c));
        assert!(text(512, |capacity, buffer| GetModuleFileNameA(c, buffer, capacity)).1.contains("libc"));
        assert_eq!(outcome(FreeLibrary(c)), Ok(()));
        assert_eq!(outcome(FreeLibrary(kernel)), Ok(()));
        assert_eq!(outcome(FreeLibrary(ptr::without_provenance_mut(8))), Err(126));
        assert_eq!((LoadLibraryA(c"/etc/passwd".as_ptr()), GetLastError()), (ptr::null_mut(), 193));
    }
}

#[test]
fn the_machine_is_described() {
    let (mut info, mut status, mut version) = ([0; 12], [0; 8], [0; 39]);
    // SAFETY: there is room for the structures.
    unsafe {
        GetSystemInfo(&raw mut info);
        assert_eq!(outcome(GlobalMemoryStatusEx(&raw mut status)), Err(87));
        status[0] = 64;
        assert_eq!(outcome(GlobalMemoryStatusEx(&raw mut status)), Ok(()));
        assert_eq!(outcome(GetVersionExA(&raw mut version)), Err(122));
        version[0] = 148;
        assert_eq!(outcome(GetVersionExA(&raw mut version)), Ok(()));
    }
    assert_eq!((info[2], info[3], info[4], info[5]), (0x1_0000, 0, 0xFFFE_FFFF, 0x7FFF));
    assert_eq!(info[10], 0x1_0000);
    assert!(info[8] >= 1 && info[1].is_power_of_two());
    assert!(status[1] > status[2] && status[0] >> 32 <= 100);
    assert_eq!((version[1], version[2], GetVersion() & 0xFFFF), (10, 0, 10));
}

#[test]
fn names_need_room() {
    type Function = unsafe extern "C" fn(*mut c_char, *mut u32) -> i32;
    for (function, too_small, nul) in [(GetComputerNameA as Function, 111, 0), (GetUserNameA as Function, 122, 1)] {
        let mut size = 512;
        // SAFETY: the buffer is as long as the size says.
        let (done, name) = text(0, |_, buffer| unsafe { function(buffer, &raw mut size) }.cast_unsigned());
        assert_eq!((done, size as usize), (1, name.len() + nul));
        let mut size = 1;
        // SAFETY: as above.
        let (done, _) = text(0, |_, buffer| unsafe { function(buffer, &raw mut size) }.cast_unsigned());
        assert_eq!((done, GetLastError(), size as usize), (0, too_small, name.len() + 1));
    }
}
