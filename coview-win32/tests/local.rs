//! What stays within one process: locks, storage of threads, heaps, strings, clocks and messages, called as C calls them.
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
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use std::{array, thread};

use coview_win32 as _;

type Fls = Option<unsafe extern "C-unwind" fn(*mut c_void)>;
type Once = unsafe extern "C-unwind" fn(*mut usize, *mut c_void, *mut *mut c_void) -> i32;

unsafe extern "C-unwind" {
    fn GetLastError() -> u32;
    fn SetLastError(code: u32);
    fn InitializeCriticalSection(section: *mut Section);
    fn InitializeCriticalSectionEx(section: *mut Section, spin: u32, flags: u32) -> i32;
    fn SetCriticalSectionSpinCount(section: *mut Section, spin: u32) -> u32;
    fn EnterCriticalSection(section: *mut Section);
    fn TryEnterCriticalSection(section: *mut Section) -> i32;
    fn LeaveCriticalSection(section: *mut Section);
    fn DeleteCriticalSection(section: *mut Section);
    fn AcquireSRWLockExclusive(lock: *mut usize);
    fn AcquireSRWLockShared(lock: *mut usize);
    fn TryAcquireSRWLockExclusive(lock: *mut usize) -> u8;
    fn TryAcquireSRWLockShared(lock: *mut usize) -> u8;
    fn ReleaseSRWLockExclusive(lock: *mut usize);
    fn ReleaseSRWLockShared(lock: *mut usize);
    fn SleepConditionVariableCS(variable: *mut usize, section: *mut Section, timeout_ms: u32) -> i32;
    fn SleepConditionVariableSRW(variable: *mut usize, lock: *mut usize, timeout_ms: u32, flags: u32) -> i32;
    fn WakeConditionVariable(variable: *mut usize);
    fn WakeAllConditionVariable(variable: *mut usize);
    fn InitOnceExecuteOnce(once: *mut usize, call: Once, parameter: *mut c_void, context: *mut *mut c_void) -> i32;
    fn InitOnceBeginInitialize(once: *mut usize, flags: u32, pending: *mut i32, context: *mut *mut c_void) -> i32;
    fn InitOnceComplete(once: *mut usize, flags: u32, context: usize) -> i32;
    fn WaitOnAddress(address: *mut c_void, compare: *const c_void, size: usize, timeout_ms: u32) -> i32;
    fn WakeByAddressSingle(address: *mut c_void);
    fn WakeByAddressAll(address: *mut c_void);
    fn TlsAlloc() -> u32;
    fn TlsFree(index: u32) -> i32;
    fn TlsGetValue(index: u32) -> usize;
    fn TlsSetValue(index: u32, value: usize) -> i32;
    fn FlsAlloc(callback: Fls) -> u32;
    fn FlsFree(index: u32) -> i32;
    fn FlsGetValue(index: u32) -> usize;
    fn FlsSetValue(index: u32, value: usize) -> i32;
    fn GetProcessHeap() -> *mut c_void;
    fn HeapCreate(options: u32, initial: usize, maximum: usize) -> *mut c_void;
    fn HeapDestroy(heap: *mut c_void) -> i32;
    fn HeapAlloc(heap: *mut c_void, flags: u32, size: usize) -> *mut u8;
    fn HeapReAlloc(heap: *mut c_void, flags: u32, block: *mut u8, size: usize) -> *mut u8;
    fn HeapFree(heap: *mut c_void, flags: u32, block: *mut u8) -> i32;
    fn HeapSize(heap: *mut c_void, flags: u32, block: *mut u8) -> usize;
    fn HeapValidate(heap: *mut c_void, flags: u32, block: *mut u8) -> i32;
    fn LocalAlloc(flags: u32, size: usize) -> *mut u8;
    fn LocalReAlloc(block: *mut u8, size: usize, flags: u32) -> *mut u8;
    fn LocalFree(block: *mut u8) -> *mut u8;
    fn LocalSize(block: *mut u8) -> usize;
    fn GlobalAlloc(flags: u32, size: usize) -> *mut u8;
    fn GlobalFree(block: *mut u8) -> *mut u8;
    fn GlobalLock(block: *mut u8) -> *mut u8;
    fn GlobalUnlock(block: *mut u8) -> i32;
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

const INFINITE: u32 = u32::MAX;
const FROM_STRING: u32 = 0x400;
const FROM_SYSTEM: u32 = 0x1000;
const ARGUMENT_ARRAY: u32 = 0x2000;
const IGNORE_INSERTS: u32 = 0x200;

#[repr(C)]
#[derive(Default)]
struct Section {
    debug_info: AtomicUsize,
    lock_count: AtomicI32,
    recursion: AtomicI32,
    owner: AtomicUsize,
    semaphore: AtomicUsize,
    spin_count: AtomicUsize,
}

impl Section {
    fn new() -> &'static Section {
        let section: &Section = Box::leak(Box::default());
        unsafe { InitializeCriticalSection(section.ptr()) };
        section
    }

    fn ptr(&self) -> *mut Section {
        std::ptr::from_ref(self).cast_mut()
    }
}

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

/// Runs threads to their end, and fails if that takes too long.
fn run(threads: Vec<thread::JoinHandle<()>>) {
    let deadline = Instant::now() + Duration::from_secs(60);
    for thread in threads {
        while !thread.is_finished() {
            assert!(Instant::now() < deadline, "a thread hangs");
            thread::sleep(Duration::from_millis(1));
        }
        thread.join().expect("the thread ends well");
    }
}

fn eventually(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !what() {
        assert!(Instant::now() < deadline, "it never happens");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_critical_section_is_entered_again_by_its_owner_and_by_nobody_else() {
    let section = Section::new();
    unsafe {
        EnterCriticalSection(section.ptr());
        assert_eq!(TryEnterCriticalSection(section.ptr()), 1);
        assert_eq!((section.recursion.load(SeqCst), section.lock_count.load(SeqCst)), (2, -2));
        assert_eq!(section.owner.load(SeqCst), libc_gettid());
        run(vec![thread::spawn(|| assert_eq!(TryEnterCriticalSection(section.ptr()), 0))]);
        LeaveCriticalSection(section.ptr());
        run(vec![thread::spawn(|| assert_eq!(TryEnterCriticalSection(section.ptr()), 0))]);
        LeaveCriticalSection(section.ptr());
        run(vec![thread::spawn(|| {
            assert_eq!(TryEnterCriticalSection(section.ptr()), 1);
            LeaveCriticalSection(section.ptr());
        })]);
        assert_eq!((section.recursion.load(SeqCst), section.lock_count.load(SeqCst)), (0, -1));
        assert_eq!(section.owner.load(SeqCst), 0);
        // Leaving once too often changes nothing.
        LeaveCriticalSection(section.ptr());
        assert_eq!(TryEnterCriticalSection(section.ptr()), 1);
        LeaveCriticalSection(section.ptr());
        DeleteCriticalSection(section.ptr());
        assert_eq!(section.debug_info.load(SeqCst), 0);
    }
}

fn libc_gettid() -> usize {
    let path = std::fs::read_link("/proc/thread-self").expect("there is /proc");
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.parse().expect("threads are numbered")
}

#[test]
fn a_critical_section_lets_one_thread_in() {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let section = Section::new();
    let add = move || {
        for _ in 0..20_000 {
            unsafe { EnterCriticalSection(section.ptr()) };
            COUNT.store(COUNT.load(SeqCst) + 1, SeqCst);
            unsafe { LeaveCriticalSection(section.ptr()) };
        }
    };
    run((0..4).map(|_| thread::spawn(add)).collect());
    assert_eq!(COUNT.load(SeqCst), 80_000);
}

#[test]
fn a_critical_section_says_what_windows_says() {
    let section = Section::default();
    unsafe {
        assert_eq!(InitializeCriticalSectionEx(section.ptr(), 400, 0x0100_0000), 1);
        assert_eq!(section.debug_info.load(SeqCst), usize::MAX);
        assert_eq!(SetCriticalSectionSpinCount(section.ptr(), 5), 400);
        assert_eq!(SetCriticalSectionSpinCount(section.ptr(), 6), 5);
        assert_eq!(InitializeCriticalSectionEx(section.ptr(), 0, 1), 0);
        assert_eq!(last_error(), 87);
    }
}

#[test]
fn readers_share_and_a_writer_excludes() {
    static LOCK: AtomicUsize = AtomicUsize::new(0);
    let lock = LOCK.as_ptr();
    unsafe {
        AcquireSRWLockShared(lock);
        assert_eq!(TryAcquireSRWLockShared(lock), 1);
        assert_eq!(TryAcquireSRWLockExclusive(lock), 0);
        ReleaseSRWLockShared(lock);
        ReleaseSRWLockShared(lock);
        assert_eq!(LOCK.load(SeqCst), 0);
        AcquireSRWLockExclusive(lock);
        assert_ne!(LOCK.load(SeqCst), 0);
        assert_eq!(TryAcquireSRWLockShared(lock), 0);
        let reader = thread::spawn(|| {
            AcquireSRWLockShared(LOCK.as_ptr());
            ReleaseSRWLockShared(LOCK.as_ptr());
        });
        ReleaseSRWLockExclusive(lock);
        run(vec![reader]);
        assert_eq!(LOCK.load(SeqCst), 0);
    }
}

#[test]
fn writers_count_without_loss_among_readers() {
    static LOCK: AtomicUsize = AtomicUsize::new(0);
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let work = |index: u32| unsafe {
        let lock = LOCK.as_ptr();
        for _ in 0..5000 {
            if index.is_multiple_of(2) {
                AcquireSRWLockExclusive(lock);
                COUNT.store(COUNT.load(SeqCst) + 1, SeqCst);
                ReleaseSRWLockExclusive(lock);
            } else {
                AcquireSRWLockShared(lock);
                assert_eq!(COUNT.load(SeqCst), COUNT.load(SeqCst));
                ReleaseSRWLockShared(lock);
            }
        }
    };
    run((0..4).map(|index| thread::spawn(move || work(index))).collect());
    assert_eq!(COUNT.load(SeqCst), 10_000);
}

#[test]
fn a_sleep_on_a_condition_variable_times_out_with_the_lock_taken_again() {
    static VARIABLE: AtomicUsize = AtomicUsize::new(0);
    static LOCK: AtomicUsize = AtomicUsize::new(0);
    let section = Section::new();
    let begun = Instant::now();
    unsafe {
        // Nobody sleeps, so these are lost.
        WakeConditionVariable(VARIABLE.as_ptr());
        WakeAllConditionVariable(VARIABLE.as_ptr());
        EnterCriticalSection(section.ptr());
        assert_eq!(SleepConditionVariableCS(VARIABLE.as_ptr(), section.ptr(), 20), 0);
        assert_eq!(last_error(), 1460);
        assert!(begun.elapsed() >= Duration::from_millis(20));
        assert_eq!(section.recursion.load(SeqCst), 1);
        LeaveCriticalSection(section.ptr());

        AcquireSRWLockShared(LOCK.as_ptr());
        assert_eq!(SleepConditionVariableSRW(VARIABLE.as_ptr(), LOCK.as_ptr(), 0, 1), 0);
        assert_eq!(last_error(), 1460);
        ReleaseSRWLockShared(LOCK.as_ptr());
        assert_eq!(SleepConditionVariableSRW(VARIABLE.as_ptr(), LOCK.as_ptr(), 0, 7), 0);
        assert_eq!(last_error(), 87);
        assert_eq!(LOCK.load(SeqCst), 0);
    }
    assert_eq!(VARIABLE.load(SeqCst), 0);
}

#[test]
fn waking_wakes_one_sleeper_and_waking_all_wakes_the_rest() {
    static VARIABLE: AtomicUsize = AtomicUsize::new(0);
    static ASLEEP: AtomicU32 = AtomicU32::new(0);
    static AWAKE: AtomicU32 = AtomicU32::new(0);
    let section = Section::new();
    let sleep = move || unsafe {
        EnterCriticalSection(section.ptr());
        ASLEEP.fetch_add(1, SeqCst);
        assert_eq!(SleepConditionVariableCS(VARIABLE.as_ptr(), section.ptr(), INFINITE), 1);
        AWAKE.fetch_add(1, SeqCst);
        LeaveCriticalSection(section.ptr());
    };
    let sleepers: Vec<_> = (0..3).map(|_| thread::spawn(sleep)).collect();
    eventually(|| ASLEEP.load(SeqCst) == 3);
    unsafe {
        // Whoever has counted itself sleeps once the section can be entered.
        EnterCriticalSection(section.ptr());
        WakeConditionVariable(VARIABLE.as_ptr());
        LeaveCriticalSection(section.ptr());
        eventually(|| AWAKE.load(SeqCst) == 1);
        thread::sleep(Duration::from_millis(10));
        assert_eq!(AWAKE.load(SeqCst), 1);
        WakeAllConditionVariable(VARIABLE.as_ptr());
    }
    run(sleepers);
    assert_eq!(AWAKE.load(SeqCst), 3);
}

#[test]
fn a_condition_variable_passes_things_through_a_queue() {
    static FILLED: AtomicUsize = AtomicUsize::new(0);
    static EMPTIED: AtomicUsize = AtomicUsize::new(0);
    static LOCK: AtomicUsize = AtomicUsize::new(0);
    static LEN: AtomicU32 = AtomicU32::new(0);
    let produce = || unsafe {
        for _ in 0..5000 {
            AcquireSRWLockExclusive(LOCK.as_ptr());
            while LEN.load(SeqCst) == 3 {
                SleepConditionVariableSRW(EMPTIED.as_ptr(), LOCK.as_ptr(), INFINITE, 0);
            }
            LEN.fetch_add(1, SeqCst);
            ReleaseSRWLockExclusive(LOCK.as_ptr());
            WakeConditionVariable(FILLED.as_ptr());
        }
    };
    let consume = || unsafe {
        for _ in 0..5000 {
            AcquireSRWLockExclusive(LOCK.as_ptr());
            while LEN.load(SeqCst) == 0 {
                SleepConditionVariableSRW(FILLED.as_ptr(), LOCK.as_ptr(), INFINITE, 0);
            }
            LEN.fetch_sub(1, SeqCst);
            ReleaseSRWLockExclusive(LOCK.as_ptr());
            WakeConditionVariable(EMPTIED.as_ptr());
        }
    };
    run(vec![thread::spawn(produce), thread::spawn(consume), thread::spawn(produce), thread::spawn(consume)]);
    assert_eq!(LEN.load(SeqCst), 0);
}

#[test]
fn one_thread_initialises_and_after_a_failure_the_next_one() {
    static ONCE: AtomicUsize = AtomicUsize::new(0);
    static CALLS: AtomicU32 = AtomicU32::new(0);
    unsafe extern "C-unwind" fn call(_once: *mut usize, parameter: *mut c_void, context: *mut *mut c_void) -> i32 {
        assert_eq!(parameter.addr(), 7);
        if CALLS.fetch_add(1, SeqCst) == 0 {
            unsafe { SetLastError(77) };
            return 0;
        }
        thread::sleep(Duration::from_millis(10));
        unsafe { *context = std::ptr::without_provenance_mut(0x40) };
        1
    }
    let execute = || unsafe {
        let mut context = null_mut();
        let parameter = std::ptr::without_provenance_mut(7);
        (InitOnceExecuteOnce(ONCE.as_ptr(), call, parameter, &raw mut context), context.addr())
    };
    assert_eq!(execute(), (0, 0));
    assert_eq!(last_error(), 77);
    run((0..4).map(|_| thread::spawn(move || assert_eq!(execute(), (1, 0x40)))).collect());
    assert_eq!(CALLS.load(SeqCst), 2);
    assert_eq!(ONCE.load(SeqCst), 0x42);
}

#[test]
fn initialisation_in_two_steps_has_windows_words_and_errors() {
    let mut once = 0;
    let mut pending = 9;
    let mut context: *mut c_void = null_mut();
    let mut begin = |once: &mut usize, flags| unsafe {
        let done = InitOnceBeginInitialize(once, flags, &raw mut pending, &raw mut context);
        if done == 1 { Ok((pending, context.addr())) } else { Err(last_error()) }
    };
    let complete = |once: &mut usize, flags, context| unsafe {
        if InitOnceComplete(once, flags, context) == 1 { Ok(*once) } else { Err(last_error()) }
    };
    assert_eq!(begin(&mut once, 1), Err(31));
    assert_eq!(complete(&mut once, 4, 0), Err(31));
    assert_eq!(begin(&mut once, 0), Ok((1, 0)));
    assert_eq!(once, 1);
    assert_eq!(begin(&mut once, 2), Err(87));
    assert_eq!(complete(&mut once, 4 | 2, 0), Err(87));
    assert_eq!(complete(&mut once, 4, 0x10), Err(87));
    assert_eq!(complete(&mut once, 0, 0x11), Err(87));
    assert_eq!(complete(&mut once, 4, 0), Ok(0));
    assert_eq!(begin(&mut once, 2), Ok((1, 0)));
    assert_eq!(begin(&mut once, 2), Ok((1, 0)));
    assert_eq!(once, 3);
    assert_eq!(begin(&mut once, 0), Err(87));
    assert_eq!(begin(&mut once, 3), Err(87));
    assert_eq!(complete(&mut once, 4, 0), Err(87));
    assert_eq!(complete(&mut once, 2, 0x20), Ok(0x22));
    assert_eq!(complete(&mut once, 2, 0x30), Err(31));
    assert_eq!(begin(&mut once, 1), Ok((0, 0x20)));
    assert_eq!(begin(&mut once, 0), Ok((0, 0x20)));
}

#[test]
fn who_waits_on_an_address_sees_the_change() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    static BACK: AtomicU32 = AtomicU32::new(0);
    fn wait(word: &AtomicU32, unwanted: u32) {
        while word.load(SeqCst) == unwanted {
            let compare = (&raw const unwanted).cast();
            assert_eq!(unsafe { WaitOnAddress(word.as_ptr().cast(), compare, 4, INFINITE) }, 1);
        }
    }
    let echo = || {
        for turn in 0..2000 {
            wait(&WORD, turn);
            BACK.store(turn + 1, SeqCst);
            unsafe { WakeByAddressAll(BACK.as_ptr().cast()) };
        }
    };
    let call = || {
        for turn in 0..2000 {
            WORD.store(turn + 1, SeqCst);
            unsafe { WakeByAddressSingle(WORD.as_ptr().cast()) };
            wait(&BACK, turn);
        }
    };
    run(vec![thread::spawn(echo), thread::spawn(call)]);
}

#[test]
fn a_wait_on_an_address_times_out_and_knows_four_sizes() {
    let mut value = 5_u64;
    let place = (&raw mut value).cast::<c_void>();
    let wait = |compare: u64, size| unsafe { WaitOnAddress(place, (&raw const compare).cast(), size, 1) };
    for size in [1, 2, 4, 8] {
        assert_eq!((wait(5, size), last_error()), (0, 1460));
        assert_eq!(wait(6, size), 1);
    }
    assert_eq!((wait(5, 3), last_error()), (0, 87));
    assert_eq!(wait(5 | 1 << 32, 4), 0);
    assert_eq!(wait(5 | 1 << 32, 8), 1);
}

/// For the tests that count on a free index, since one takes them all.
static INDEXES: Mutex<()> = Mutex::new(());

fn with_indexes(test: impl FnOnce()) {
    let _taken = INDEXES.lock();
    test();
}

#[test]
fn each_thread_has_its_own_value_and_freeing_clears_all() {
    with_indexes(|| unsafe {
        let index = TlsAlloc();
        assert_ne!(index, u32::MAX);
        SetLastError(99);
        assert_eq!((TlsGetValue(index), last_error()), (0, 0));
        SetLastError(99);
        assert_eq!((TlsSetValue(index, 11), last_error()), (1, 99));
        run(vec![thread::spawn(move || {
            assert_eq!(TlsGetValue(index), 0);
            assert_eq!(TlsSetValue(index, 12), 1);
            assert_eq!(TlsGetValue(index), 12);
        })]);
        assert_eq!(TlsGetValue(index), 11);
        assert_eq!(TlsFree(index), 1);
        assert_eq!((TlsFree(index), last_error()), (0, 87));
        let again = TlsAlloc();
        assert_eq!(TlsGetValue(again), 0);
        assert_eq!((TlsGetValue(1088), last_error()), (0, 87));
        assert_eq!((TlsSetValue(1088, 1), last_error()), (0, 87));
        assert_eq!(TlsFree(again), 1);
    });
}

#[test]
fn there_are_more_than_a_thousand_indexes_and_then_none() {
    with_indexes(|| unsafe {
        let indexes: Vec<u32> = std::iter::repeat_with(|| TlsAlloc()).take_while(|index| *index != u32::MAX).collect();
        assert_eq!(last_error(), 259);
        assert!(indexes.len() > 1000);
        assert!(indexes.iter().all(|index| TlsSetValue(*index, *index as usize) == 1));
        assert!(indexes.iter().all(|index| TlsGetValue(*index) == *index as usize));
        assert!(indexes.iter().all(|index| TlsFree(*index) == 1));
    });
}

#[test]
fn the_end_of_a_thread_and_freeing_call_back_for_live_values() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    static SUM: AtomicUsize = AtomicUsize::new(0);
    static TLS: AtomicU32 = AtomicU32::new(0);
    unsafe extern "C-unwind" fn gone(value: *mut c_void) {
        CALLS.fetch_add(1, SeqCst);
        SUM.fetch_add(value.addr(), SeqCst);
        // What the thread stored is still there.
        assert!(value.addr() != 5 || unsafe { TlsGetValue(TLS.load(SeqCst)) } == 50);
    }
    with_indexes(|| unsafe {
        TLS.store(TlsAlloc(), SeqCst);
        let index = FlsAlloc(Some(gone));
        assert!(index != 0 && index != u32::MAX);
        run(vec![thread::spawn(move || {
            assert_eq!((FlsGetValue(index), last_error()), (0, 0));
            FlsSetValue(index, 5);
            assert_eq!(FlsGetValue(index), 5);
            TlsSetValue(TLS.load(SeqCst), 50);
        })]);
        assert_eq!((CALLS.load(SeqCst), SUM.load(SeqCst)), (1, 5));

        FlsSetValue(index, 6);
        static STAGE: AtomicU32 = AtomicU32::new(0);
        let other = thread::spawn(move || {
            FlsSetValue(index, 7);
            STAGE.store(1, SeqCst);
            eventually(|| STAGE.load(SeqCst) == 2);
            assert_eq!(FlsGetValue(index), 0);
        });
        eventually(|| STAGE.load(SeqCst) == 1);
        assert_eq!(FlsFree(index), 1);
        assert_eq!((CALLS.load(SeqCst), SUM.load(SeqCst)), (3, 18));
        STAGE.store(2, SeqCst);
        run(vec![other]);
        assert_eq!(CALLS.load(SeqCst), 3);
        assert_eq!((FlsFree(index), last_error()), (0, 87));
        assert_eq!((FlsGetValue(0), last_error()), (0, 87));
        assert_eq!((FlsSetValue(0, 1), last_error()), (0, 87));
        assert_eq!((FlsSetValue(4080, 1), last_error()), (0, 87));
    });
}

#[test]
fn blocks_have_the_size_that_was_asked_for() {
    unsafe {
        let heap = GetProcessHeap();
        for size in [0, 1, 7, 24, 25, 1000, 200_001] {
            let block = HeapAlloc(heap, 8, size);
            assert!(!block.is_null() && block.addr().is_multiple_of(16));
            assert!(std::slice::from_raw_parts(block, size).iter().all(|byte| *byte == 0));
            block.write_bytes(0xAB, size);
            assert_eq!(HeapSize(heap, 0, block), size);
            assert_eq!(HeapValidate(heap, 0, block), 1);
            let block = HeapReAlloc(heap, 8, block, size + 300);
            assert_eq!(HeapSize(heap, 0, block), size + 300);
            let bytes = std::slice::from_raw_parts(block, size + 300);
            assert!(bytes[..size].iter().all(|byte| *byte == 0xAB) && bytes[size..].iter().all(|byte| *byte == 0));
            assert_eq!(HeapReAlloc(heap, 0x10, block, size), block);
            assert_eq!(HeapSize(heap, 0, block), size);
            assert_eq!((HeapReAlloc(heap, 0x10, block, 1 << 30), last_error()), (null_mut(), 8));
            assert_eq!(HeapFree(heap, 0, block), 1);
        }
        assert_eq!((HeapAlloc(heap, 0, usize::MAX), last_error()), (null_mut(), 8));
        assert_eq!(HeapFree(heap, 0, null_mut()), 1);
        assert_eq!(HeapSize(heap, 0, null_mut()), usize::MAX);
        assert_eq!(HeapValidate(heap, 0, null_mut()), 1);
        assert_eq!((HeapDestroy(heap), last_error()), (0, 6));
    }
}

#[test]
fn a_heap_goes_with_its_blocks_and_has_a_limit() {
    unsafe {
        let heap = HeapCreate(0, 0, 10_000);
        let one = HeapAlloc(heap, 0, 6000);
        assert!(HeapAlloc(heap, 0, 6000).is_null());
        let two = HeapAlloc(heap, 8, 4000);
        assert_eq!(HeapValidate(heap, 0, two), 1);
        assert_eq!(HeapReAlloc(heap, 0, two, 5000), null_mut());
        assert_eq!(HeapFree(heap, 0, one), 1);
        let two = HeapReAlloc(heap, 0, two, 9000);
        assert_eq!(HeapSize(heap, 0, two), 9000);
        let other = HeapAlloc(GetProcessHeap(), 0, 1);
        assert_eq!((HeapFree(heap, 0, other), last_error()), (0, 87));
        assert_eq!((HeapSize(heap, 0, other), HeapValidate(heap, 0, other)), (usize::MAX, 0));
        assert_eq!(HeapFree(GetProcessHeap(), 0, other), 1);
        assert_eq!(HeapDestroy(heap), 1);
        assert_eq!((HeapAlloc(null_mut(), 0, 1), last_error()), (null_mut(), 6));
    }
}

#[test]
fn local_and_global_blocks_lock_and_move_as_on_windows() {
    unsafe {
        let fixed = LocalAlloc(0x40, 10);
        assert_eq!((LocalSize(fixed), *fixed), (10, 0));
        assert_eq!((LocalReAlloc(fixed, 1 << 20, 0), last_error()), (null_mut(), 8));
        let moved = LocalReAlloc(fixed, 1 << 20, 0x42);
        assert_eq!((LocalSize(moved), *moved.add((1 << 20) - 1)), (1 << 20, 0));
        assert_eq!(LocalFree(moved), null_mut());

        let moveable = GlobalAlloc(2, 10);
        assert_eq!(GlobalLock(moveable), moveable);
        assert_eq!(GlobalLock(moveable), moveable);
        assert_eq!(GlobalUnlock(moveable), 1);
        assert_eq!((GlobalUnlock(moveable), last_error()), (0, 0));
        assert_eq!((GlobalUnlock(moveable), last_error()), (0, 158));
        assert_eq!(LocalSize(moveable), 10);
        assert_eq!(GlobalFree(moveable), null_mut());

        let discarded = GlobalAlloc(2, 0);
        assert_eq!((GlobalLock(discarded), last_error()), (null_mut(), 157));
        GlobalFree(discarded);
        assert_eq!((LocalSize(null_mut()), last_error()), (0, 6));
        assert_eq!(LocalFree(null_mut()), null_mut());
        // What came from the C library.
        let strange = libc_malloc(100);
        assert!(LocalSize(strange.cast()) >= 100);
        assert_eq!(LocalFree(strange.cast()), null_mut());
    }
}

fn libc_malloc(size: usize) -> *mut c_void {
    unsafe extern "C" {
        fn malloc(size: usize) -> *mut c_void;
    }
    unsafe { malloc(size) }
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
