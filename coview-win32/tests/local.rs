//! What stays within one process: locks, storage of threads and heaps, called as C calls them.
//!
//! Needs `unsafe` to call the exported functions.
#![cfg(target_os = "linux")]
#![allow(
    non_snake_case,
    clippy::multiple_unsafe_ops_per_block,
    clippy::undocumented_unsafe_blocks,
    reason = "calls of C"
)]

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

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
    fn HeapCompact(heap: *mut c_void, flags: u32) -> usize;
    fn LocalAlloc(flags: u32, size: usize) -> *mut u8;
    fn LocalReAlloc(block: *mut u8, size: usize, flags: u32) -> *mut u8;
    fn LocalFree(block: *mut u8) -> *mut u8;
    fn LocalSize(block: *mut u8) -> usize;
    fn GlobalAlloc(flags: u32, size: usize) -> *mut u8;
    fn GlobalFree(block: *mut u8) -> *mut u8;
    fn GlobalLock(block: *mut u8) -> *mut u8;
    fn GlobalUnlock(block: *mut u8) -> i32;
}

const INFINITE: u32 = u32::MAX;

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
        SetLastError(77);
        assert_eq!((HeapCompact(heap, 0), GetLastError()), (0, 0));
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
