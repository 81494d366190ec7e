//! Files, folders and paths, through the exported functions.
//!
//! Needs `unsafe` to call them as C programs do.

#![cfg(target_os = "linux")]
#![allow(clippy::multiple_unsafe_ops_per_block, reason = "a sequence of calls, each as a C program makes it")]

mod locks;

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc;
use std::{env, fs, process, ptr, thread};

use coview_win32 as _;

type Handle = *mut c_void;

#[repr(C)]
struct Overlapped {
    status: usize,
    transferred: usize,
    low: u32,
    high: u32,
    event: Handle,
}

unsafe extern "C" {
    safe fn GetLastError() -> u32;
    safe fn SetLastError(code: u32);
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
    fn CreateFileW(
        path: *const u16,
        access: u32,
        share: u32,
        attributes: *const c_void,
        disposition: u32,
        flags: u32,
        template: Handle,
    ) -> Handle;
    fn ReadFile(file: Handle, buffer: *mut c_void, len: u32, count: *mut u32, overlapped: *mut Overlapped) -> i32;
    fn WriteFile(file: Handle, buffer: *const c_void, len: u32, count: *mut u32, overlapped: *mut Overlapped) -> i32;
    fn SetFilePointer(file: Handle, distance: i32, high: *mut i32, method: u32) -> u32;
    fn SetFilePointerEx(file: Handle, distance: i64, position: *mut i64, method: u32) -> i32;
    safe fn SetEndOfFile(file: Handle) -> i32;
    fn GetFileSize(file: Handle, high: *mut u32) -> u32;
    fn GetFileSizeEx(file: Handle, size: *mut i64) -> i32;
    safe fn GetFileType(file: Handle) -> u32;
    safe fn FlushFileBuffers(file: Handle) -> i32;
    fn GetFileInformationByHandle(file: Handle, information: *mut [u32; 13]) -> i32;
    safe fn LockFile(file: Handle, low: u32, high: u32, len_low: u32, len_high: u32) -> i32;
    safe fn UnlockFile(file: Handle, low: u32, high: u32, len_low: u32, len_high: u32) -> i32;
    fn LockFileEx(
        file: Handle,
        flags: u32,
        reserved: u32,
        len_low: u32,
        len_high: u32,
        overlapped: *mut Overlapped,
    ) -> i32;
    fn UnlockFileEx(file: Handle, reserved: u32, len_low: u32, len_high: u32, overlapped: *mut Overlapped) -> i32;
    safe fn AreFileApisANSI() -> i32;
    fn GetDiskFreeSpaceA(
        path: *const c_char,
        sectors: *mut u32,
        bytes: *mut u32,
        free: *mut u32,
        total: *mut u32,
    ) -> i32;
    fn GetDiskFreeSpaceExA(path: *const c_char, available: *mut u64, total: *mut u64, free: *mut u64) -> i32;
    fn DeleteFileA(path: *const c_char) -> i32;
    fn MoveFileA(from: *const c_char, to: *const c_char) -> i32;
    fn MoveFileExA(from: *const c_char, to: *const c_char, flags: u32) -> i32;
    fn CopyFileA(from: *const c_char, to: *const c_char, fail: i32) -> i32;
    fn CreateDirectoryA(path: *const c_char, attributes: *const c_void) -> i32;
    fn RemoveDirectoryA(path: *const c_char) -> i32;
    fn GetFileAttributesA(path: *const c_char) -> u32;
    fn SetFileAttributesA(path: *const c_char, attributes: u32) -> i32;
    fn GetFileAttributesExA(path: *const c_char, level: u32, to: *mut [u32; 9]) -> i32;
    fn GetFullPathNameA(path: *const c_char, capacity: u32, buffer: *mut c_char, last: *mut *mut c_char) -> u32;
    fn GetTempPathA(capacity: u32, buffer: *mut c_char) -> u32;
    fn GetTempFileNameA(folder: *const c_char, prefix: *const c_char, unique: u32, buffer: *mut c_char) -> u32;
}

const READ: u32 = 0x8000_0000;
const WRITE: u32 = 0x4000_0000;
const SHARE_ALL: u32 = 7;
const CREATE_NEW: u32 = 1;
const CREATE_ALWAYS: u32 = 2;
const OPEN_EXISTING: u32 = 3;
const OPEN_ALWAYS: u32 = 4;
const TRUNCATE_EXISTING: u32 = 5;
const READONLY: u32 = 1;
const NORMAL: u32 = 0x80;
const DELETE_ON_CLOSE: u32 = 0x0400_0000;
const BACKUP: u32 = 0x0200_0000;
const INVALID: Handle = ptr::without_provenance_mut(usize::MAX);

/// A folder of the test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = env::temp_dir().join(format!("coview-win32.{test}.{}", process::id()));
        fs::create_dir(&path).expect("a new folder");
        Folder(path)
    }

    fn path(&self, name: &str) -> CString {
        CString::new(self.0.join(name).to_str().expect("UTF-8")).expect("no NUL")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(path: &CStr, access: u32, share: u32, disposition: u32, flags: u32) -> Handle {
    SetLastError(77);
    // SAFETY: the string ends with a NUL, and null stands for the rest.
    unsafe { CreateFileA(path.as_ptr(), access, share, ptr::null(), disposition, flags, ptr::null_mut()) }
}

/// Opens what must open, and returns the last error with it.
fn opened(path: &CStr, access: u32, share: u32, disposition: u32, flags: u32) -> (Handle, u32) {
    let file = open(path, access, share, disposition, flags);
    assert_ne!(file, INVALID, "{path:?}: {}", GetLastError());
    (file, GetLastError())
}

/// The error of what must not open.
fn refused(path: &CStr, access: u32, share: u32, disposition: u32, flags: u32) -> u32 {
    assert_eq!(open(path, access, share, disposition, flags), INVALID, "{path:?}");
    GetLastError()
}

/// `Ok` for a result that is not 0, else the last error.
fn outcome(result: i32) -> Result<(), u32> {
    if result != 0 { Ok(()) } else { Err(GetLastError()) }
}

fn write(file: Handle, bytes: &[u8]) -> Result<u32, u32> {
    let mut count = 99;
    // SAFETY: the bytes and the count are there.
    let result = unsafe { WriteFile(file, bytes.as_ptr().cast(), bytes.len() as u32, &raw mut count, ptr::null_mut()) };
    outcome(result).map(|()| count)
}

fn read(file: Handle, len: usize) -> Result<Vec<u8>, u32> {
    let mut bytes = vec![0; len];
    let mut count = 99;
    // SAFETY: there is room for the bytes and the count.
    let result = unsafe { ReadFile(file, bytes.as_mut_ptr().cast(), len as u32, &raw mut count, ptr::null_mut()) };
    bytes.truncate(count as usize);
    outcome(result).map(|()| bytes)
}

fn seek(file: Handle, distance: i32, method: u32) -> Result<u32, u32> {
    SetLastError(0);
    // SAFETY: null stands for the upper half.
    let position = unsafe { SetFilePointer(file, distance, ptr::null_mut(), method) };
    if position == u32::MAX && GetLastError() != 0 { Err(GetLastError()) } else { Ok(position) }
}

fn close(file: Handle) {
    assert_eq!(CloseHandle(file), 1);
}

#[test]
fn dispositions_have_their_codes() {
    let folder = Folder::new("dispositions");
    let path = folder.path("f");
    assert_eq!(refused(&path, READ, 0, OPEN_EXISTING, NORMAL), 2);
    assert_eq!(refused(&folder.path("no/f"), READ, 0, OPEN_EXISTING, NORMAL), 3);
    assert_eq!(refused(&folder.path("no/f"), WRITE, 0, CREATE_ALWAYS, NORMAL), 3);
    assert_eq!(refused(&path, WRITE, 0, TRUNCATE_EXISTING, NORMAL), 2);
    assert_eq!(refused(&path, READ, 0, TRUNCATE_EXISTING, NORMAL), 87);
    assert_eq!(refused(&path, READ, 0, 6, NORMAL), 87);
    assert_eq!(refused(c"", READ, 0, OPEN_EXISTING, NORMAL), 3);
    assert_eq!(refused(c"C:\\f", READ, 0, OPEN_EXISTING, NORMAL), 3);
    for (disposition, expected) in [(CREATE_NEW, 0), (OPEN_ALWAYS, 183), (CREATE_ALWAYS, 183), (OPEN_EXISTING, 0)] {
        let (file, code) = opened(&path, READ | WRITE, 0, disposition, NORMAL);
        assert_eq!(code, expected, "{disposition}");
        if disposition != OPEN_EXISTING {
            assert_eq!(write(file, b"abc"), Ok(3));
        }
        close(file);
    }
    assert_eq!(refused(&path, WRITE, 0, CREATE_NEW, NORMAL), 80);
    let (file, _) = opened(&path, WRITE, 0, TRUNCATE_EXISTING, NORMAL);
    // SAFETY: null stands for the upper half.
    assert_eq!(unsafe { GetFileSize(file, ptr::null_mut()) }, 0);
    close(file);
    for disposition in [OPEN_ALWAYS, CREATE_ALWAYS] {
        fs::remove_file(folder.0.join("f")).expect("it is there");
        let (file, code) = opened(&path, READ, 0, disposition, NORMAL);
        assert_eq!(code, 0);
        close(file);
    }
}

#[test]
fn wide_paths_are_the_same_paths() {
    let folder = Folder::new("wide");
    let path = folder.0.join("ä€𝄞");
    let wide: Vec<u16> = path.to_str().expect("UTF-8").replace('/', "\\").encode_utf16().chain([0]).collect();
    // SAFETY: the string ends with a NUL, and null stands for the rest.
    let file = unsafe { CreateFileW(wide.as_ptr(), WRITE, 0, ptr::null(), CREATE_NEW, NORMAL, ptr::null_mut()) };
    assert_ne!(file, INVALID);
    close(file);
    assert!(path.exists());
}

#[test]
fn handles_may_do_what_they_were_opened_for() {
    let folder = Folder::new("access");
    let path = folder.path("f");
    let (writer, _) = opened(&path, WRITE, SHARE_ALL, CREATE_NEW, NORMAL);
    let (reader, _) = opened(&path, READ, SHARE_ALL, OPEN_EXISTING, NORMAL);
    let (neither, _) = opened(&path, 0, 0, OPEN_EXISTING, NORMAL);
    assert_eq!(write(writer, b"abc"), Ok(3));
    assert_eq!(read(reader, 8), Ok(b"abc".to_vec()));
    assert_eq!(read(writer, 8), Err(5));
    assert_eq!(write(reader, b"x"), Err(5));
    assert_eq!(read(neither, 8), Err(5));
    assert_eq!(outcome(SetEndOfFile(reader)), Err(5));
    assert_eq!(outcome(FlushFileBuffers(reader)), Err(5));
    assert_eq!(outcome(FlushFileBuffers(writer)), Ok(()));
    // SAFETY: null stands for the upper half.
    assert_eq!(unsafe { GetFileSize(neither, ptr::null_mut()) }, 3);
    for file in [writer, reader, neither] {
        assert_eq!(GetFileType(file), 1);
        close(file);
    }
    // One that was closed just now could be another test's already.
    let never_given: Handle = ptr::without_provenance_mut(0x3F_FFFC);
    assert_eq!(write(never_given, b"x"), Err(6));
    assert_eq!((GetFileType(never_given), GetLastError()), (0, 6));
}

#[test]
fn files_are_shared_as_all_who_open_them_agree() {
    let folder = Folder::new("sharing");
    let path = folder.path("f");
    close(opened(&path, WRITE, 0, CREATE_NEW, NORMAL).0);
    let cases = [
        (READ, 0, READ, SHARE_ALL, false),
        (READ, 1, READ, 1, true),
        (READ, 1, WRITE, SHARE_ALL, false),
        (WRITE, SHARE_ALL, READ, 1, false),
        (WRITE, 1, READ, 3, true),
        (WRITE, 2, WRITE, 2, true),
        (WRITE, 1, WRITE, SHARE_ALL, false),
        (READ | WRITE, 3, READ | WRITE, 3, true),
        (READ | WRITE, 0, 0, 0, true),
        (READ, 3, READ | 0x1_0000, SHARE_ALL, false),
        (READ | 0x1_0000, SHARE_ALL, READ, 3, false),
        (READ | 0x1_0000, SHARE_ALL, READ, SHARE_ALL, true),
    ];
    for (access, share, second_access, second_share, both) in cases {
        let (first, _) = opened(&path, access, share, OPEN_EXISTING, NORMAL);
        let second = open(&path, second_access, second_share, OPEN_EXISTING, NORMAL);
        assert_eq!(second != INVALID, both, "{access:x} {share} {second_access:x} {second_share}");
        if both {
            close(second)
        } else {
            assert_eq!(GetLastError(), 32)
        }
        close(first);
    }
    close(opened(&path, READ | WRITE, 0, OPEN_EXISTING, NORMAL).0);
}

#[test]
fn another_process_is_kept_out_while_a_file_is_not_shared() {
    let child = "another_process_is_kept_out_while_a_file_is_not_shared";
    if let Ok(path) = env::var("COVIEW_WIN32_TEST_FILE") {
        let path = CString::new(path).expect("no NUL");
        let mut codes = vec![refused(&path, READ, SHARE_ALL, OPEN_EXISTING, NORMAL)];
        // SAFETY: the string ends with a NUL.
        codes.push(outcome(unsafe { DeleteFileA(path.as_ptr()) }).expect_err("it is open"));
        assert_eq!(codes, [32, 32]);
        return;
    }
    let folder = Folder::new("exclusive");
    let path = folder.path("f");
    let (file, _) = opened(&path, READ | WRITE, 0, CREATE_NEW, NORMAL);
    let mut command = Command::new(env::current_exe().expect("a path"));
    command.args([child, "--exact"]).env("COVIEW_WIN32_TEST_FILE", path.to_str().expect("UTF-8"));
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("a child");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    close(file);
    // SAFETY: the string ends with a NUL.
    assert_eq!(outcome(unsafe { DeleteFileA(path.as_ptr()) }), Ok(()));
}

#[test]
fn a_position_moves_by_windows_rules() {
    let folder = Folder::new("position");
    let (file, _) = opened(&folder.path("f"), READ | WRITE, 0, CREATE_NEW, NORMAL);
    assert_eq!(write(file, b"0123456789"), Ok(10));
    assert_eq!(seek(file, -4, 2), Ok(6));
    assert_eq!(seek(file, -2, 1), Ok(4));
    assert_eq!(read(file, 3), Ok(b"456".to_vec()));
    assert_eq!(seek(file, -1, 0), Err(131));
    assert_eq!(seek(file, -100, 2), Err(131));
    assert_eq!(seek(file, 0, 3), Err(87));
    assert_eq!(seek(file, 0, 1), Ok(7));
    let (mut high, mut position) = (1, 0);
    // SAFETY: the upper half is there.
    assert_eq!(unsafe { SetFilePointer(file, 5, &raw mut high, 0) }, 5);
    assert_eq!(high, 1);
    assert_eq!(seek(file, 0, 1), Err(87), "more than 32 bits");
    SetLastError(77);
    high = 0;
    // SAFETY: as above.
    assert_eq!(unsafe { SetFilePointer(file, -1, &raw mut high, 0) }, u32::MAX);
    assert_eq!(GetLastError(), 0);
    // SAFETY: the position is there.
    assert_eq!(outcome(unsafe { SetFilePointerEx(file, -1, &raw mut position, 0) }), Err(131));
    // SAFETY: as above.
    assert_eq!(outcome(unsafe { SetFilePointerEx(file, 5_000_000_000, &raw mut position, 0) }), Ok(()));
    assert_eq!(position, 5_000_000_000);
    assert_eq!(outcome(SetEndOfFile(file)), Ok(()));
    let (mut size, mut upper) = (0, 0);
    // SAFETY: there is room for the size.
    assert_eq!(outcome(unsafe { GetFileSizeEx(file, &raw mut size) }), Ok(()));
    // SAFETY: as above.
    assert_eq!(unsafe { GetFileSize(file, &raw mut upper) }, 705_032_704);
    assert_eq!((size, upper), (5_000_000_000, 1));
    assert_eq!(seek(file, 4, 0), Ok(4));
    assert_eq!(outcome(SetEndOfFile(file)), Ok(()));
    assert_eq!(seek(file, 0, 2), Ok(4));
    assert_eq!(read(file, 4), Ok(vec![]));
    close(file);
}

#[test]
fn a_transfer_may_say_its_offset() {
    let folder = Folder::new("offsets");
    let (file, _) = opened(&folder.path("f"), READ | WRITE, 0, CREATE_NEW, NORMAL);
    assert_eq!(write(file, b"0123456789"), Ok(10));
    let mut at = Overlapped { status: 9, transferred: 9, low: 4, high: 0, event: ptr::null_mut() };
    let (mut bytes, mut count) = ([0u8; 4], 9);
    // SAFETY: there is room for all.
    let result = unsafe { ReadFile(file, bytes.as_mut_ptr().cast(), 4, &raw mut count, &raw mut at) };
    assert_eq!((outcome(result), &bytes, count, at.status, at.transferred), (Ok(()), b"4567", 4, 0, 4));
    assert_eq!(seek(file, 0, 1), Ok(8));
    at.low = 10;
    // SAFETY: as above.
    let result = unsafe { ReadFile(file, bytes.as_mut_ptr().cast(), 4, &raw mut count, &raw mut at) };
    assert_eq!((outcome(result), count, at.status), (Err(38), 0, 0xC000_0011));
    (at.low, at.high) = (u32::MAX, u32::MAX);
    // SAFETY: as above.
    let result = unsafe { WriteFile(file, b"ab".as_ptr().cast(), 2, ptr::null_mut(), &raw mut at) };
    assert_eq!((outcome(result), at.transferred), (Ok(()), 2));
    assert_eq!(seek(file, 0, 2), Ok(12));
    // SAFETY: null is refused.
    let result = unsafe { ReadFile(file, bytes.as_mut_ptr().cast(), 4, ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(outcome(result), Err(87));
    assert_eq!(seek(file, 0, 0), Ok(0));
    // SAFETY: as above.
    let result = unsafe { ReadFile(file, ptr::null_mut(), 4, &raw mut count, ptr::null_mut()) };
    assert_eq!(outcome(result), Err(998));
    // SAFETY: as above.
    let result = unsafe { WriteFile(file, ptr::null(), 4, &raw mut count, ptr::null_mut()) };
    assert_eq!(outcome(result), Err(1784));
    close(file);
}

#[test]
fn a_pipe_breaks_without_a_signal() {
    let folder = Folder::new("pipes");
    let path = folder.path("p");
    // SAFETY: the string ends with a NUL.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
    let both = fs::OpenOptions::new().read(true).write(true).open(folder.0.join("p")).expect("a pipe");
    let (reader, _) = opened(&path, READ, SHARE_ALL, OPEN_EXISTING, NORMAL);
    let (writer, _) = opened(&path, WRITE, SHARE_ALL, OPEN_EXISTING, NORMAL);
    drop(both);
    assert_eq!((GetFileType(reader), write(writer, b"ab"), read(reader, 9)), (3, Ok(2), Ok(b"ab".to_vec())));
    assert_eq!(seek(reader, 0, 1), Err(1));
    close(writer);
    assert_eq!(read(reader, 9), Err(109));
    let both = fs::OpenOptions::new().read(true).write(true).open(folder.0.join("p")).expect("a pipe");
    let (writer, _) = opened(&path, WRITE, SHARE_ALL, OPEN_EXISTING, NORMAL);
    close(reader);
    drop(both);
    // SAFETY: the default action, which programs of C have and Rust's do not.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    // A child of another test may have the reader's descriptor until it becomes another program.
    let code = (0..1000).find_map(|_| write(writer, b"ab").err());
    // SAFETY: what the test program began with.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    assert_eq!(code, Some(109));
    close(writer);
}

#[test]
fn devices_have_windows_names() {
    let (null, _) = opened(c"NUL", READ | WRITE, 0, OPEN_EXISTING, 0);
    assert_eq!((write(null, b"abc"), read(null, 3), GetFileType(null)), (Ok(3), Ok(vec![]), 2));
    close(null);
    close(opened(c"\\\\.\\NUL", WRITE, 0, CREATE_ALWAYS, 0).0);
}

#[test]
fn read_only_files_are_not_changed_by_anybody() {
    let folder = Folder::new("readonly");
    let path = folder.path("f");
    let (file, _) = opened(&path, WRITE, 0, CREATE_NEW, READONLY);
    assert_eq!(write(file, b"abc"), Ok(3));
    close(file);
    // SAFETY: the string ends with a NUL.
    assert_eq!(unsafe { GetFileAttributesA(path.as_ptr()) }, 0x21);
    assert_eq!(refused(&path, WRITE, 0, OPEN_EXISTING, NORMAL), 5);
    assert_eq!(refused(&path, READ, 0, CREATE_ALWAYS, NORMAL), 5);
    // SAFETY: as above.
    assert_eq!(outcome(unsafe { DeleteFileA(path.as_ptr()) }), Err(5));
    close(opened(&path, READ, 0, OPEN_EXISTING, NORMAL).0);
    // SAFETY: as above.
    assert_eq!(outcome(unsafe { SetFileAttributesA(path.as_ptr(), NORMAL) }), Ok(()));
    // SAFETY: as above.
    assert_eq!(outcome(unsafe { DeleteFileA(path.as_ptr()) }), Ok(()));
}

#[test]
fn a_file_is_deleted_when_it_is_closed() {
    let folder = Folder::new("closing");
    let path = folder.path("f");
    let (file, _) = opened(&path, READ | WRITE, SHARE_ALL, CREATE_NEW, DELETE_ON_CLOSE);
    let (other, _) = opened(&path, READ, SHARE_ALL, OPEN_EXISTING, NORMAL);
    assert_eq!(write(file, b"abc"), Ok(3));
    close(file);
    assert!(!folder.0.join("f").exists());
    assert_eq!(read(other, 3), Ok(b"abc".to_vec()));
    close(other);
}

#[test]
fn folders_are_opened_for_looking_only() {
    let folder = Folder::new("folders");
    let (path, below) = (folder.path("d"), folder.path("d/f"));
    // SAFETY: the strings end with NULs.
    unsafe {
        assert_eq!(outcome(CreateDirectoryA(path.as_ptr(), ptr::null())), Ok(()));
        assert_eq!(outcome(CreateDirectoryA(path.as_ptr(), ptr::null())), Err(183));
        assert_eq!(outcome(CreateDirectoryA(folder.path("no/d").as_ptr(), ptr::null())), Err(3));
        assert_eq!(outcome(RemoveDirectoryA(folder.path("no").as_ptr())), Err(2));
        assert_eq!(GetFileAttributesA(path.as_ptr()), 0x10);
        assert_eq!(outcome(DeleteFileA(path.as_ptr())), Err(5));
    }
    assert_eq!(refused(&path, READ, SHARE_ALL, OPEN_EXISTING, NORMAL), 5);
    assert_eq!(refused(&path, WRITE, SHARE_ALL, CREATE_ALWAYS, NORMAL), 5);
    assert_eq!(refused(&path, WRITE, SHARE_ALL, CREATE_NEW, NORMAL), 80);
    assert_eq!(refused(&folder.path("d/"), READ, SHARE_ALL, OPEN_EXISTING, NORMAL), 3);
    let (file, _) = opened(&path, READ, SHARE_ALL, OPEN_EXISTING, BACKUP);
    assert_eq!((GetFileType(file), read(file, 1)), (1, Err(1)));
    close(file);
    close(opened(&below, WRITE, 0, CREATE_NEW, NORMAL).0);
    // SAFETY: as above.
    unsafe {
        assert_eq!(outcome(RemoveDirectoryA(path.as_ptr())), Err(145));
        assert_eq!(outcome(RemoveDirectoryA(below.as_ptr())), Err(267));
        assert_eq!(outcome(DeleteFileA(below.as_ptr())), Ok(()));
        assert_eq!(outcome(RemoveDirectoryA(path.as_ptr())), Ok(()));
        assert_eq!(outcome(DeleteFileA(below.as_ptr())), Err(3));
        assert_eq!(outcome(DeleteFileA(path.as_ptr())), Err(2));
        assert_eq!((GetFileAttributesA(path.as_ptr()), GetLastError()), (u32::MAX, 2));
    }
}

#[test]
fn files_are_moved_and_copied() {
    let folder = Folder::new("moving");
    let (a, b, c) = (folder.path("a"), folder.path("b"), folder.path("c"));
    fs::write(folder.0.join("a"), "a").expect("a file");
    fs::write(folder.0.join("b"), "b").expect("a file");
    let holds = |name: &str| fs::read_to_string(folder.0.join(name)).ok();
    // SAFETY: the strings end with NULs.
    unsafe {
        assert_eq!(outcome(MoveFileA(a.as_ptr(), b.as_ptr())), Err(183));
        assert_eq!(outcome(MoveFileA(a.as_ptr(), folder.path("no/x").as_ptr())), Err(3));
        assert_eq!(outcome(MoveFileA(folder.path("x").as_ptr(), b.as_ptr())), Err(2));
        assert_eq!(outcome(MoveFileA(a.as_ptr(), a.as_ptr())), Ok(()));
        assert_eq!(outcome(MoveFileExA(a.as_ptr(), b.as_ptr(), 1)), Ok(()));
        assert_eq!((holds("a"), holds("b")), (None, Some("a".into())));
        assert_eq!(outcome(CopyFileA(a.as_ptr(), b.as_ptr(), 0)), Err(2));
        assert_eq!(outcome(CopyFileA(b.as_ptr(), c.as_ptr(), 1)), Ok(()));
        assert_eq!(outcome(CopyFileA(b.as_ptr(), c.as_ptr(), 1)), Err(80));
        assert_eq!(outcome(CopyFileA(b.as_ptr(), c.as_ptr(), 0)), Ok(()));
        assert_eq!(outcome(CopyFileA(b.as_ptr(), b.as_ptr(), 0)), Err(32));
    }
    assert_eq!((holds("b"), holds("c")), (Some("a".into()), Some("a".into())));
    let (file, _) = opened(&b, READ, 1, OPEN_EXISTING, NORMAL);
    // SAFETY: as above.
    unsafe {
        assert_eq!(outcome(MoveFileA(b.as_ptr(), a.as_ptr())), Err(32));
        assert_eq!(outcome(MoveFileExA(c.as_ptr(), b.as_ptr(), 1)), Err(5));
        assert_eq!(outcome(CopyFileA(b.as_ptr(), a.as_ptr(), 1)), Ok(()));
        assert_eq!(outcome(CopyFileA(a.as_ptr(), b.as_ptr(), 0)), Err(32));
    }
    close(file);
}

#[test]
fn room_is_told_in_clusters_and_in_bytes() {
    let folder = Folder::new("room");
    let here = folder.path(".");
    let (mut clusters, mut bytes) = ([0; 4], [0; 3]);
    let [sectors, sector, free, total] = clusters.each_mut().map(ptr::from_mut);
    // SAFETY: there is room for the values.
    assert_eq!(outcome(unsafe { GetDiskFreeSpaceA(here.as_ptr(), sectors, sector, free, total) }), Ok(()));
    let [available, whole, all_free] = bytes.each_mut().map(ptr::from_mut);
    // SAFETY: as above.
    assert_eq!(outcome(unsafe { GetDiskFreeSpaceExA(here.as_ptr(), available, whole, all_free) }), Ok(()));
    assert_eq!(clusters[1], 512);
    assert!(clusters[0] > 0 && clusters[2] <= clusters[3], "{clusters:?}");
    assert!(bytes[0] <= bytes[2] && bytes[2] <= bytes[1], "{bytes:?}");
    let [available, ..] = bytes.each_mut().map(ptr::from_mut);
    // SAFETY: null stands for the current folder, and for what is not wanted.
    assert_eq!(
        // SAFETY: as above.
        outcome(unsafe { GetDiskFreeSpaceExA(ptr::null(), available, ptr::null_mut(), ptr::null_mut()) }),
        Ok(())
    );
    let missing = folder.path("missing");
    // SAFETY: as above.
    assert_eq!(outcome(unsafe { GetDiskFreeSpaceExA(missing.as_ptr(), available, available, available) }), Err(2));
    assert_eq!(AreFileApisANSI(), 1);
}

#[test]
fn files_are_described() {
    let folder = Folder::new("described");
    let path = folder.path("f");
    let (file, _) = opened(&path, WRITE, 0, CREATE_NEW, NORMAL);
    assert_eq!(write(file, b"abc"), Ok(3));
    let (mut whole, mut short) = ([0; 13], [0; 9]);
    // SAFETY: there is room for both structures.
    assert_eq!(outcome(unsafe { GetFileInformationByHandle(file, &raw mut whole) }), Ok(()));
    // SAFETY: as above.
    assert_eq!(outcome(unsafe { GetFileAttributesExA(path.as_ptr(), 0, &raw mut short) }), Ok(()));
    assert_eq!((whole[0], whole[8], whole[9], whole[10]), (0x20, 0, 3, 1));
    assert_eq!((short[0], short[7], short[8]), (0x20, 0, 3));
    assert_eq!(whole[1..7], short[1..7]);
    // SAFETY: as above.
    assert_eq!(outcome(unsafe { GetFileAttributesExA(path.as_ptr(), 1, &raw mut short) }), Err(87));
    close(file);
}

/// What a function gives that takes a capacity and a buffer and returns a length.
fn text(capacity: u32, give: impl FnOnce(u32, *mut c_char) -> u32) -> (u32, String) {
    let mut buffer = vec![0u8; 512];
    let len = give(capacity, buffer.as_mut_ptr().cast());
    (len, CStr::from_bytes_until_nul(&buffer).expect("a NUL").to_str().expect("UTF-8").to_owned())
}

#[test]
fn paths_become_whole() {
    let full = |path: &CStr, capacity| {
        let mut last = ptr::null_mut();
        // SAFETY: the string ends with a NUL, and there is room for what is asked.
        let (len, whole) = text(capacity, |capacity, buffer| unsafe {
            GetFullPathNameA(path.as_ptr(), capacity, buffer, &raw mut last)
        });
        (len, whole, !last.is_null())
    };
    assert_eq!(full(c"\\a\\.\\b\\..\\c", 512), (4, "/a/c".into(), true));
    assert_eq!(full(c"/a/b/", 512), (5, "/a/b/".into(), false));
    assert_eq!(full(c"/../..", 512), (1, "/".into(), false));
    assert_eq!(full(c"/a/c", 4), (5, String::new(), false));
    let here = env::current_dir().expect("a folder").join("x");
    assert_eq!(full(c"x", 512).1, here.to_str().expect("UTF-8"));
}

#[test]
fn temporary_files_are_new() {
    // SAFETY: the buffer has the capacity.
    let (len, folder) = text(512, |capacity, buffer| unsafe { GetTempPathA(capacity, buffer) });
    assert!(folder.ends_with('/') && len as usize == folder.len());
    // SAFETY: as above.
    assert_eq!(text(2, |capacity, buffer| unsafe { GetTempPathA(capacity, buffer) }).0, len + 1);
    let own = Folder::new("temporary");
    let path = own.path("");
    // SAFETY: the strings end with NULs, and the buffer is long enough.
    let name =
        |unique| text(0, |_, buffer| unsafe { GetTempFileNameA(path.as_ptr(), c"abcdef".as_ptr(), unique, buffer) });
    let (first, second) = (name(0), name(0));
    assert_ne!(first, second);
    for (number, file) in [first, second] {
        assert!(file.ends_with(&format!("/abc{number:X}.TMP")), "{file}");
        assert_eq!(fs::metadata(file).expect("a file").len(), 0);
    }
    let (number, file) = name(0x1_00AB);
    assert_eq!(number, 0xAB);
    assert!(file.ends_with("/abcAB.TMP") && !fs::exists(&file).expect("a folder"));
    // SAFETY: as above.
    let none = text(0, |_, buffer| unsafe { GetTempFileNameA(own.path("no").as_ptr(), c"x".as_ptr(), 0, buffer) });
    assert_eq!((none.0, GetLastError()), (0, 267));
}
