//! The environment, the current directory and command lines, as C programs ask for them.
//!
//! Needs `unsafe` to call the exported functions.
#![cfg(target_os = "linux")]
#![allow(non_snake_case, reason = "the functions have their Windows names")]

use std::ffi::{CStr, c_char, c_void};
use std::ptr::null_mut;

use coview_win32 as _;

unsafe extern "C" {
    safe fn GetLastError() -> u32;
    safe fn SetLastError(code: u32);
    fn GetEnvironmentVariableA(name: *const c_char, buffer: *mut u8, capacity: u32) -> u32;
    fn GetEnvironmentVariableW(name: *const u16, buffer: *mut u16, capacity: u32) -> u32;
    fn SetEnvironmentVariableA(name: *const c_char, value: *const c_char) -> i32;
    safe fn GetEnvironmentStringsA() -> *mut c_char;
    fn FreeEnvironmentStringsA(block: *mut c_char) -> i32;
    fn ExpandEnvironmentStringsA(source: *const c_char, buffer: *mut u8, capacity: u32) -> u32;
    fn GetCurrentDirectoryA(capacity: u32, buffer: *mut u8) -> u32;
    fn SetCurrentDirectoryA(directory: *const c_char) -> i32;
    fn CommandLineToArgvW(line: *const u16, count: *mut i32) -> *mut *mut u16;
    fn LocalFree(block: *mut c_void) -> *mut c_void;
}

fn get(name: &CStr, capacity: usize) -> (u32, Vec<u8>) {
    let mut buffer = vec![b'?'; 64];
    // SAFETY: there is room.
    let len = unsafe { GetEnvironmentVariableA(name.as_ptr(), buffer.as_mut_ptr(), capacity as u32) };
    (len, buffer)
}

fn set(name: &CStr, value: Option<&CStr>) -> Result<(), u32> {
    let value = value.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: both end with a NUL.
    if unsafe { SetEnvironmentVariableA(name.as_ptr(), value) } == 0 { Err(GetLastError()) } else { Ok(()) }
}

/// One test for all that changes the environment.
#[test]
fn variables_are_set_found_and_removed() {
    let (name, other_case) = (c"Coview_Some_Name", c"cOVIEW_sOME_nAME");
    assert_eq!(set(name, Some(c"value")), Ok(()));
    for name in [name, other_case] {
        let (len, buffer) = get(name, 6);
        assert_eq!((len, &buffer[..6]), (5, &b"value\0"[..]));
    }
    assert_eq!(get(name, 5).0, 6, "the size that is needed");
    assert_eq!(get(name, 5).1[0], b'?', "nothing is written");
    // SAFETY: without room nothing is written.
    assert_eq!(unsafe { GetEnvironmentVariableA(name.as_ptr(), null_mut(), 0) }, 6);
    let (wide, mut buffer) = ("Coview_Some_Name\0".encode_utf16().collect::<Vec<_>>(), [0; 8]);
    // SAFETY: there is room.
    assert_eq!(unsafe { GetEnvironmentVariableW(wide.as_ptr(), buffer.as_mut_ptr(), 8) }, 5);
    assert_eq!(String::from_utf16_lossy(&buffer[..5]), "value");

    let mut expanded = [0; 32];
    // SAFETY: there is room.
    let size = unsafe { ExpandEnvironmentStringsA(c"<%coview_some_name%>".as_ptr(), expanded.as_mut_ptr(), 32) };
    assert_eq!((size, &expanded[..8]), (8, &b"<value>\0"[..]));

    let block = GetEnvironmentStringsA();
    let mut at = block;
    let mut found = false;
    // SAFETY: the block ends with an empty text.
    while let Some(variable) = Some(unsafe { CStr::from_ptr(at) }).filter(|variable| !variable.is_empty()) {
        found |= variable == c"Coview_Some_Name=value";
        at = at.wrapping_add(variable.count_bytes() + 1);
    }
    assert!(found);
    // SAFETY: it came from there.
    assert_eq!(unsafe { FreeEnvironmentStringsA(block) }, 1);

    assert_eq!(set(other_case, Some(c"")), Ok(()));
    SetLastError(0);
    assert_eq!((get(name, 8).0, get(name, 8).1[0], GetLastError()), (0, 0, 0), "empty, and there");
    assert_eq!(set(other_case, None), Ok(()));
    assert_eq!((get(name, 8).0, GetLastError()), (0, 203));
    assert_eq!(set(name, None), Err(203));
    assert_eq!(set(c"", Some(c"x")), Err(87));
    assert_eq!(set(c"a=b", Some(c"x")), Err(87));
}

#[test]
fn a_buffer_that_is_too_small_is_left_alone_by_one_form_and_emptied_by_the_other() {
    let name: Vec<u16> = "coview_small_buffer\0".encode_utf16().collect();
    // SAFETY: the texts end with a NUL.
    assert_eq!(unsafe { SetEnvironmentVariableA(c"coview_small_buffer".as_ptr(), c"value".as_ptr()) }, 1);
    let (mut narrow, mut wide) = ([b'x'; 5], [7; 5]);
    // SAFETY: the name ends with a NUL, and the buffer is as long as it is said to be.
    let size = unsafe { GetEnvironmentVariableA(c"coview_small_buffer".as_ptr(), narrow.as_mut_ptr(), 5) };
    assert_eq!((size, narrow), (6, [b'x'; 5]));
    // SAFETY: as above.
    assert_eq!(unsafe { GetEnvironmentVariableW(name.as_ptr(), wide.as_mut_ptr(), 5) }, 6);
    assert_eq!(wide, [0, 7, 7, 7, 7]);
    // SAFETY: as above.
    assert_eq!(unsafe { SetEnvironmentVariableA(c"coview_small_buffer".as_ptr(), std::ptr::null()) }, 1);
}

#[test]
fn the_current_directory_is_changed_and_told() {
    let mut buffer = [0; 64];
    // SAFETY: the texts end with a NUL, and there is room.
    assert_eq!(unsafe { SetCurrentDirectoryA(c"\\proc".as_ptr()) }, 1);
    // SAFETY: as above.
    assert_eq!(unsafe { GetCurrentDirectoryA(64, buffer.as_mut_ptr()) }, 5);
    assert_eq!(&buffer[..6], b"/proc\0");
    // SAFETY: as above.
    assert_eq!(unsafe { GetCurrentDirectoryA(5, buffer.as_mut_ptr()) }, 6);
    for (directory, code) in [(c"/no-such-directory", 2), (c"/proc/version", 267), (c"C:\\", 3)] {
        // SAFETY: as above.
        assert_eq!(unsafe { SetCurrentDirectoryA(directory.as_ptr()) }, 0);
        assert_eq!(GetLastError(), code, "{directory:?}");
    }
}

#[test]
fn a_command_line_is_split_for_the_caller() {
    let line: Vec<u16> = "\"a b\" c\\\"d  \"\"\0".encode_utf16().collect();
    let mut count = 0;
    // SAFETY: the line ends with a NUL.
    let arguments = unsafe { CommandLineToArgvW(line.as_ptr(), &raw mut count) };
    assert_eq!(count, 3);
    for (index, expected) in ["a b", "c\"d", ""].into_iter().enumerate() {
        // SAFETY: there are three.
        let mut unit = unsafe { arguments.wrapping_add(index).read() };
        for expected in expected.encode_utf16().chain([0]) {
            // SAFETY: it ends with a NUL.
            assert_eq!(unsafe { unit.read() }, expected);
            unit = unit.wrapping_add(1);
        }
    }
    // SAFETY: there is a null pointer behind the last.
    assert!(unsafe { arguments.wrapping_add(3).read() }.is_null());
    // SAFETY: it is the caller's to free.
    assert!(unsafe { LocalFree(arguments.cast()) }.is_null());
}
