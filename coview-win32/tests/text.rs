//! Strings, clocks and messages, called as C calls them.
//!
//! Needs `unsafe` to call the exported functions.
#![cfg(target_os = "linux")]
#![allow(
    non_snake_case,
    clippy::multiple_unsafe_ops_per_block,
    clippy::undocumented_unsafe_blocks,
    reason = "calls of C"
)]

use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};
use std::time::Duration;
use std::{array, thread};

use coview_win32 as _;

unsafe extern "C-unwind" {
    fn GetLastError() -> u32;
    fn LocalFree(block: *mut u8) -> *mut u8;
    fn LocalSize(block: *mut u8) -> usize;
    fn lstrlenA(string: *const c_char) -> i32;
    fn lstrlenW(string: *const u16) -> i32;
    fn lstrcpynA(target: *mut c_char, source: *const c_char, capacity: i32) -> *mut c_char;
    fn lstrcatW(target: *mut u16, source: *const u16) -> *mut u16;
    fn lstrcmpA(one: *const c_char, other: *const c_char) -> i32;
    fn lstrcmpiA(one: *const c_char, other: *const c_char) -> i32;
    fn MultiByteToWideChar(page: u32, flags: u32, source: *const u8, len: i32, target: *mut u16, capacity: i32) -> i32;
    fn WideCharToMultiByte(
        page: u32,
        flags: u32,
        source: *const u16,
        len: i32,
        target: *mut u8,
        capacity: i32,
        default: *const u8,
        used: *mut i32,
    ) -> i32;
    fn GetTickCount64() -> u64;
    fn QueryPerformanceCounter(count: *mut i64) -> i32;
    fn QueryPerformanceFrequency(frequency: *mut i64) -> i32;
    fn GetSystemTimeAsFileTime(time: *mut FileTime);
    fn GetSystemTime(date: *mut [u16; 8]);
    fn SystemTimeToFileTime(date: *const [u16; 8], time: *mut FileTime) -> i32;
    fn FileTimeToSystemTime(time: *const FileTime, date: *mut [u16; 8]) -> i32;
    fn CompareFileTime(one: *const FileTime, other: *const FileTime) -> i32;
    fn FormatMessageA(
        flags: u32,
        source: *const c_char,
        code: u32,
        language: u32,
        buffer: *mut c_char,
        capacity: u32,
        arguments: *mut c_void,
    ) -> u32;
    fn FormatMessageW(
        flags: u32,
        source: *const u16,
        code: u32,
        language: u32,
        buffer: *mut u16,
        capacity: u32,
        arguments: *mut c_void,
    ) -> u32;
    fn IsDebuggerPresent() -> i32;
    fn SetErrorMode(mode: u32) -> u32;
}

const FROM_STRING: u32 = 0x400;
const FROM_SYSTEM: u32 = 0x1000;
const ARGUMENT_ARRAY: u32 = 0x2000;
const IGNORE_INSERTS: u32 = 0x200;

#[repr(C)]
#[derive(Default, Clone, Copy)]
struct FileTime {
    low: u32,
    high: u32,
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn narrow(text: &str) -> CString {
    CString::new(text).expect("tests have no NUL within")
}

fn last_error() -> u32 {
    unsafe { GetLastError() }
}

#[test]
fn strings_are_measured_copied_and_joined() {
    unsafe {
        assert_eq!((lstrlenA(null()), lstrlenW(null())), (0, 0));
        assert_eq!((lstrlenA(c"abc".as_ptr()), lstrlenW(wide("abcd").as_ptr())), (3, 4));
        let mut target = [b'x' as c_char; 8];
        assert_eq!(lstrcpynA(target.as_mut_ptr(), c"abcdef".as_ptr(), 4), target.as_mut_ptr());
        assert_eq!(target.map(|unit| unit as u8), *b"abc\0xxxx");
        assert!(lstrcpynA(target.as_mut_ptr(), null(), 4).is_null());
        let mut target = [0_u16; 8];
        lstrcatW(target.as_mut_ptr(), wide("ab").as_ptr());
        lstrcatW(target.as_mut_ptr(), wide("cd").as_ptr());
        assert_eq!(&target[..5], &wide("abcd")[..]);
    }
}

#[test]
fn strings_are_ordered_as_words() {
    let compare = |one: &str, other: &str| unsafe { lstrcmpA(narrow(one).as_ptr(), narrow(other).as_ptr()) };
    let words = ["", "_a", "1", "a", "A", "ab", "AB", "b", "B", "co", "coop", "co-op", "é"];
    for (place, word) in words.iter().enumerate() {
        for (other_place, other) in words.iter().enumerate() {
            assert_eq!(compare(word, other), place.cmp(&other_place) as i32, "{word} {other}");
        }
    }
    unsafe {
        assert_eq!(lstrcmpiA(c"Hello".as_ptr(), c"hELLO".as_ptr()), 0);
        assert_eq!(lstrcmpiA(c"a".as_ptr(), c"B".as_ptr()), -1);
        assert_eq!((lstrcmpA(null(), null()), lstrcmpA(null(), c"".as_ptr())), (0, -1));
    }
}

fn to_wide(page: u32, flags: u32, bytes: &[u8], capacity: usize) -> Result<Vec<u16>, u32> {
    let mut units = vec![0_u16; capacity];
    let (source, len) = (bytes.as_ptr(), bytes.len() as i32);
    let made = unsafe { MultiByteToWideChar(page, flags, source, len, units.as_mut_ptr(), capacity as i32) };
    if made == 0 { Err(last_error()) } else { Ok(units[..made as usize].to_vec()) }
}

#[test]
fn bytes_become_wide() {
    let text = "grün 😀".encode_utf16().collect::<Vec<_>>();
    for page in [0, 1, 3, 65001] {
        assert_eq!(to_wide(page, 8, "grün 😀".as_bytes(), 20).as_ref(), Ok(&text));
    }
    assert_eq!(to_wide(65001, 8, b"a\xFFb", 9), Err(1113));
    assert_eq!(to_wide(65001, 0, b"a\xFFb", 9), Ok(vec![97, 0xFFFD, 98]));
    assert_eq!(to_wide(65001, 1, b"a", 9), Err(1004));
    assert_eq!(to_wide(0, 1, b"a", 9), Ok(vec![97]));
    assert_eq!(to_wide(1252, 0, b"\x80\xE9", 9), Ok(vec![0x20AC, 0xE9]));
    assert_eq!(to_wide(28591, 0, b"\x80\xE9", 9), Ok(vec![0x80, 0xE9]));
    assert_eq!(to_wide(4711, 0, b"a", 9), Err(87));
    assert_eq!(to_wide(0, 0, b"abc", 2), Err(122));
    assert_eq!(to_wide(0, 0, b"", 2), Err(87));
    let size = unsafe { MultiByteToWideChar(0, 0, c"ab".as_ptr().cast(), -1, null_mut(), 0) };
    assert_eq!(size, 3);
}

#[test]
fn wide_becomes_bytes() {
    let encode = |page, flags, text: &[u16], default: *const u8, used: *mut i32| unsafe {
        let mut bytes = [0_u8; 32];
        let len = text.len() as i32;
        let made = WideCharToMultiByte(page, flags, text.as_ptr(), len, bytes.as_mut_ptr(), 32, default, used);
        if made == 0 { Err(last_error()) } else { Ok(bytes[..made as usize].to_vec()) }
    };
    let mut used = 9;
    assert_eq!(encode(65001, 0x80, &wide("ü😀"), null(), null_mut()), Ok("ü😀\0".as_bytes().to_vec()));
    assert_eq!(encode(65001, 0x80, &[0xD800], null(), null_mut()), Err(1113));
    assert_eq!(encode(65001, 0, &[0xD800], null(), null_mut()), Ok(vec![0xEF, 0xBF, 0xBD]));
    assert_eq!(encode(65001, 0, &[97], null(), &raw mut used), Err(87));
    assert_eq!(encode(65001, 0x400, &[97], null(), null_mut()), Err(1004));
    assert_eq!(encode(0, 0x400, &[97], null(), &raw mut used), Ok(vec![97]));
    assert_eq!(used, 0);
    assert_eq!(encode(1252, 0x400, &[0x20AC, 0x4E00], null(), &raw mut used), Ok(vec![0x80, b'?']));
    assert_eq!(used, 1);
    assert_eq!(encode(20127, 0, &[97, 0xE9], c"_".as_ptr().cast(), &raw mut used), Ok(b"a_".to_vec()));
    let text = wide("abc");
    unsafe {
        assert_eq!(WideCharToMultiByte(0, 0, text.as_ptr(), -1, null_mut(), 0, null(), null_mut()), 4);
        let mut bytes = [0_u8; 3];
        let made = WideCharToMultiByte(0, 0, text.as_ptr(), -1, bytes.as_mut_ptr(), 3, null(), null_mut());
        assert_eq!((made, last_error()), (0, 122));
    }
}

#[test]
fn dates_are_converted_exactly() {
    let to_time = |date: [u16; 8]| unsafe {
        let mut time = FileTime::default();
        let done = SystemTimeToFileTime(&raw const date, &raw mut time);
        if done == 1 { Ok(u64::from(time.high) << 32 | u64::from(time.low)) } else { Err(last_error()) }
    };
    let to_date = |steps: u64| unsafe {
        let time = FileTime { low: steps as u32, high: (steps >> 32) as u32 };
        let mut date = [0; 8];
        if FileTimeToSystemTime(&raw const time, &raw mut date) == 1 { Ok(date) } else { Err(last_error()) }
    };
    let known = [
        ([1601, 1, 1, 1, 0, 0, 0, 0], 0),
        ([1970, 1, 4, 1, 0, 0, 0, 0], 116_444_736_000_000_000),
        ([2000, 2, 2, 29, 12, 34, 56, 789], 125_963_012_967_890_000),
        ([30827, 12, 5, 31, 23, 59, 59, 999], 9_223_149_887_999_990_000),
    ];
    for (date, steps) in known {
        assert_eq!((to_time(date), to_date(steps)), (Ok(steps), Ok(date)));
    }
    assert_eq!(to_date(1 << 63), Err(87));
    for date in [[1600, 12, 0, 31, 0, 0, 0, 0], [2023, 2, 0, 29, 0, 0, 0, 0], [2023, 13, 0, 1, 0, 0, 0, 0]] {
        assert_eq!(to_time(date), Err(87));
    }
    for date in [[2023, 1, 0, 0, 0, 0, 0, 0], [2023, 1, 0, 1, 24, 0, 0, 0], [2023, 1, 0, 1, 0, 0, 60, 0]] {
        assert_eq!(to_time(date), Err(87));
    }
    let days = (0..400_000_u64).step_by(13).map(|day| day * 864_000_000_000);
    assert!(days.into_iter().all(|steps| to_date(steps).and_then(to_time) == Ok(steps)));
}

#[test]
fn clocks_agree() {
    let (mut now, mut count, mut frequency) = (FileTime::default(), 0, 0);
    unsafe {
        GetSystemTimeAsFileTime(&raw mut now);
        let mut date = [0; 8];
        GetSystemTime(&raw mut date);
        let mut later = FileTime::default();
        SystemTimeToFileTime(&raw const date, &raw mut later);
        // The date has whole milliseconds.
        let apart = (u64::from(later.high) << 32 | u64::from(later.low)) + 10_000
            - (u64::from(now.high) << 32 | u64::from(now.low));
        assert!(apart < 600_000_000);
        assert_eq!(CompareFileTime(&raw const now, &raw const now), 0);
        assert_eq!((QueryPerformanceCounter(&raw mut count), QueryPerformanceFrequency(&raw mut frequency)), (1, 1));
        assert!(count > 0 && frequency == 10_000_000);
        let tick = GetTickCount64();
        thread::sleep(Duration::from_millis(5));
        assert!(GetTickCount64() - tick >= 5);
        assert_eq!((QueryPerformanceCounter(null_mut()), last_error()), (0, 998));
    }
}

/// The message, or the last error.
fn message(flags: u32, text: &str, code: u32, arguments: *mut c_void) -> Result<String, u32> {
    let mut buffer = [0 as c_char; 1000];
    let text = narrow(text);
    let len = unsafe { FormatMessageA(flags, text.as_ptr(), code, 0, buffer.as_mut_ptr(), 1000, arguments) };
    if len == 0 {
        return Err(last_error());
    }
    assert_eq!(buffer[len as usize], 0);
    Ok(String::from_utf8_lossy(&buffer.map(|unit| unit as u8)[..len as usize]).into_owned())
}

fn with_array(text: &str, arguments: &[usize]) -> Result<String, u32> {
    message(FROM_STRING | ARGUMENT_ARRAY, text, 0, arguments.as_ptr().cast_mut().cast())
}

fn plain(flags: u32, text: &str) -> Result<String, u32> {
    message(FROM_STRING | flags, text, 0, null_mut())
}

#[test]
fn the_system_words_its_codes() {
    let system = |code| message(FROM_SYSTEM | IGNORE_INSERTS, "", code, null_mut());
    assert_eq!(system(5).as_deref(), Ok("Access is denied.\r\n"));
    assert_eq!(system(0x8007_0005).as_deref(), Ok("Access is denied.\r\n"));
    assert_eq!(system(6).as_deref(), Ok("The handle is invalid.\r\n"));
    assert_eq!(system(183).as_deref(), Ok("Cannot create a file when that file already exists.\r\n"));
    assert_eq!(system(193).as_deref(), Ok("%1 is not a valid Win32 application.\r\n"));
    assert_eq!(system(3044), Err(317));
    assert_eq!(message(FROM_SYSTEM, "", 193, null_mut()), Err(87));
    assert_eq!(message(FROM_SYSTEM | 0xFF, "", 5, null_mut()).as_deref(), Ok("Access is denied. "));
    for code in [0, 2, 3, 8, 31, 50, 87, 122, 123, 161, 206, 288, 298, 487, 1006, 1132, 1224, 1314, 1455, 1460] {
        assert!(system(code).is_ok(), "{code}");
    }
}

#[test]
fn escapes_and_line_ends_are_windows() {
    assert_eq!(plain(0, " %% %.%. %!% %n%r%tx%0y").as_deref(), Ok(" % .. ! \r\n\r\tx"));
    assert_eq!(plain(0, "a\nb\r\nc\rd").as_deref(), Ok("a\r\nb\r\nc\r\nd"));
    assert_eq!(plain(0, ""), Err(235));
    assert_eq!(plain(0, "test%"), Err(87));
    assert_eq!(plain(0, "%1"), Err(87));
    assert_eq!(plain(IGNORE_INSERTS, "%1%2!*.*s!%%% %.%!%t").as_deref(), Ok("%1%2!*.*s!%%% %.%!\t"));
    assert_eq!(message(0, "test", 0, null_mut()), Err(87));
}

#[test]
fn lines_are_broken_as_on_windows() {
    let cases = [
        (0xFF, "hi\r\n", "hi "),
        (0xFF, "\r\r\n", "  "),
        (5, "                ", "\r\n\r\n\r\n "),
        (5, "l1               ", "l1\r\n\r\n\r\n  "),
        (8, "shortlon", "shortlon\r\n"),
        (8, "shortlongline", "shortlon\r\ngline"),
        (7, "short long line", "short\r\nlong\r\nline"),
        (11, "short\nlong line", "short long\r\nline"),
        (8, "shortlon%n", "shortlon\r\n\r\n"),
        (10, "short%nlong line", "short\r\nlong line"),
        (8, "short%rlong line", "short\rlong\r\nline"),
        (11, "short long\tline", "short\r\nlong\tline"),
    ];
    for (width, text, laid_out) in cases {
        assert_eq!(plain(width, text).as_deref(), Ok(laid_out), "{text}");
    }
}

#[test]
fn inserts_are_formatted_as_on_windows() {
    let (name, other) = (narrow("Bill"), narrow("Bob"));
    let (name, other) = (name.as_ptr().addr(), other.as_ptr().addr());
    let text = wide("wide");
    let wide = text.as_ptr().addr();
    let cases: &[(&str, &[usize], &str)] = &[
        ("%2 and %1", &[name, other], "Bob and Bill"),
        ("%1!S!%1!ls!%1!ws!", &[wide], "widewidewide"),
        ("%1!d! %1!u! %1!x! %1!X!", &[usize::MAX], "-1 4294967295 ffffffff FFFFFFFF"),
        ("%1!I64d! %1!llu! %1!hd!", &[usize::MAX], "-1 18446744073709551615 -1"),
        ("%1!lu!|%1!5d!|%1!-5d!|%1!05d!|%1!4.2u!|%1!+d!", &[7], "7|    7|7    |00007|  07|+7"),
        ("%1!#x! %1!#o! %1!p!", &[10], "0xa 012 000000000000000A"),
        ("%1!c!%1!C!", &[b'A' as usize], "AA"),
        ("%1!.2s!|%1!6s!|%1!-6s!|", &[name], "Bi|  Bill|Bill  |"),
        ("%1", &[0], "(null)"),
        ("%1!*.*s! %4 %5!*s!", &[4, 2, name, other, 6, name], "  Bi Bob   Bill"),
        ("%1!*.*u!,%1!*.*u!", &[6, 4, 2, 5, 3, 1], "  0002, 00003"),
        ("%1!*.*u!,%4!*.*u!", &[6, 4, 2, 5, 3, 1], "  0002,  001"),
        ("%12!u!", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12], "12"),
    ];
    for (text, arguments, formatted) in cases {
        assert_eq!(with_array(text, arguments).as_deref(), Ok(*formatted), "{text}");
    }
    assert_eq!(with_array("%1!f!", &[1]), Err(87));
    assert_eq!(with_array("%1!d", &[1]), Err(87));
}

/// What a C compiler makes of six registers, the first one used up, and of the arguments behind them.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_arguments_of_c_are_found_in_registers_and_behind() {
    #[repr(C)]
    struct List {
        general_offset: u32,
        float_offset: u32,
        overflow: *const usize,
        saved: *const usize,
    }
    let format = |text: &str, arguments: &[usize; 8]| {
        let saved: [usize; 6] = array::from_fn(|place| if place == 0 { 0 } else { arguments[place - 1] });
        let mut list =
            List { general_offset: 8, float_offset: 48, overflow: arguments[5..].as_ptr(), saved: saved.as_ptr() };
        message(FROM_STRING, text, 0, (&raw mut list).cast())
    };
    let numbers = [1, 2, 3, 4, 5, 6, 7, 8];
    assert_eq!(format("%1!u!%8!u!%3!u!%6!u!%5!u!", &numbers).as_deref(), Ok("18365"));
    // A value takes the number of the width before it.
    let fields = [5, 3, 1, 4, 2, 0, 0, 0];
    assert_eq!(format("%1!*.*u!,%1!*.*u!", &fields).as_deref(), Ok("  001, 0002"));
    let fields = [5, 3, 1, 6, 4, 2, 0, 0];
    assert_eq!(format("%1!*.*u!,%3!*.*u!", &fields).as_deref(), Ok("  001,  0002"));
}

#[test]
fn buffers_are_filled_refused_or_made() {
    let text = wide("test");
    unsafe {
        let mut units = [0x78_u16; 6];
        let len = FormatMessageW(FROM_STRING, text.as_ptr(), 0, 0, units.as_mut_ptr(), 4, null_mut());
        assert_eq!((len, last_error()), (0, 122));
        assert_eq!(units, [0x74, 0x65, 0x73, 0, 0x78, 0x78]);
        let mut bytes = [b'x' as c_char; 6];
        let len = FormatMessageA(FROM_STRING, c"test".as_ptr(), 0, 0, bytes.as_mut_ptr(), 4, null_mut());
        assert_eq!((len, last_error(), bytes[0]), (0, 122, b'x' as c_char));
        assert_eq!((FormatMessageA(FROM_SYSTEM, null(), 0, 0, null_mut(), 0, null_mut()), last_error()), (0, 122));
        assert_eq!((FormatMessageW(FROM_SYSTEM, null(), 0, 0, null_mut(), 9, null_mut()), last_error()), (0, 87));

        let made = AtomicPtr::<u8>::new(null_mut());
        let len = FormatMessageA(FROM_STRING | 0x100, c"test".as_ptr(), 0, 0, made.as_ptr().cast(), 0, null_mut());
        let block = made.load(SeqCst);
        assert_eq!((len, LocalSize(block)), (4, 5));
        assert_eq!(std::slice::from_raw_parts(block, 5), b"test\0");
        assert_eq!(LocalFree(block), null_mut());
        let len = FormatMessageW(0x100, text.as_ptr(), 0, 0, made.as_ptr().cast(), 0, null_mut());
        assert_eq!((len, last_error(), made.load(SeqCst)), (0, 87, null_mut()));
    }
}

#[test]
fn the_error_mode_is_remembered() {
    unsafe {
        let old = SetErrorMode(0x8001);
        assert_eq!(SetErrorMode(old), 0x8001);
        assert!(IsDebuggerPresent() == 0 || IsDebuggerPresent() == 1);
    }
}
