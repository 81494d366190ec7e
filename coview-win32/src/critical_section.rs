//! Critical sections: locks of one process that a thread may take again while it has them.
//!
//! Needs `unsafe` to export functions, to look at what callers point to, and to unlock a lock that no guard stands for.

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};

use parking_lot::RawMutex;
use parking_lot::lock_api::RawMutex as _;

use crate::last_error::{self, Code, Result};

/// Windows' structure.
///
/// The lock lives where Windows keeps its semaphore, so that a section initialised by hand as on Windows
/// (`{0, -1, 0, 0, 0, 0}`) is free.
#[repr(C)]
pub(crate) struct CriticalSection {
    debug_info: AtomicPtr<c_void>,
    /// -1 while free, -2 while taken, as on Windows without waiters.
    lock_count: AtomicI32,
    /// How often the owner has entered. Only the owner writes it.
    recursion: AtomicI32,
    /// The owner's thread identifier, 0 for nobody. A thread finds its own here only if it wrote it.
    owner: AtomicUsize,
    lock: RawMutex,
    unused: [u8; 7],
    spin_count: AtomicUsize,
}

const _: () = assert!(size_of::<CriticalSection>() == 40 && align_of::<CriticalSection>() == 8);
const _: () = assert!(size_of::<RawMutex>() == 1);
const _: () = assert!(std::mem::offset_of!(CriticalSection, spin_count) == 32);

/// What Windows writes where it keeps no debugging information.
const NO_DEBUG_INFO: usize = usize::MAX;
/// Also the flags that say how memory is used, all of which mean nothing here.
const FLAGS_KNOWN: u32 = 0x1F00_0000;
const SPIN_COUNT_MASK: u32 = 0x00FF_FFFF;

impl CriticalSection {
    fn new(spin_count: u32) -> CriticalSection {
        CriticalSection {
            debug_info: AtomicPtr::new(std::ptr::without_provenance_mut(NO_DEBUG_INFO)),
            lock_count: AtomicI32::new(-1),
            recursion: AtomicI32::new(0),
            owner: AtomicUsize::new(0),
            lock: RawMutex::INIT,
            unused: [0; 7],
            spin_count: AtomicUsize::new((spin_count & SPIN_COUNT_MASK) as usize),
        }
    }

    // All fields are Relaxed: the lock orders what its owners write, and a thread that finds its own identifier has
    // written it.

    #[inline]
    pub(crate) fn enter(&self) {
        let me = thread_id();
        if self.owner.load(Ordering::Relaxed) == me {
            self.enter_again();
        } else {
            self.lock.lock();
            self.become_owned(me);
        }
    }

    #[inline]
    fn try_enter(&self) -> bool {
        let me = thread_id();
        if self.owner.load(Ordering::Relaxed) == me {
            self.enter_again();
            return true;
        }
        if !self.lock.try_lock() {
            return false;
        }
        self.become_owned(me);
        true
    }

    fn enter_again(&self) {
        self.recursion.store(self.recursion.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    fn become_owned(&self, owner: usize) {
        self.owner.store(owner, Ordering::Relaxed);
        self.recursion.store(1, Ordering::Relaxed);
        self.lock_count.store(-2, Ordering::Relaxed);
    }

    /// Leaves once. As on Windows nobody asks who leaves; a section that is free stays so.
    #[inline]
    pub(crate) fn leave(&self) {
        match self.recursion.load(Ordering::Relaxed) {
            1 => self.give_up(),
            entered @ 2.. => self.recursion.store(entered - 1, Ordering::Relaxed),
            _ => {}
        }
    }

    fn give_up(&self) {
        self.recursion.store(0, Ordering::Relaxed);
        self.owner.store(0, Ordering::Relaxed);
        self.lock_count.store(-1, Ordering::Relaxed);
        // SAFETY: it was entered once, so it is locked.
        unsafe { self.lock.unlock() };
    }
}

thread_local! {
    static THREAD_ID: Cell<usize> = const { Cell::new(0) };
}

/// The kernel's number of the calling thread, asked for once.
#[inline]
fn thread_id() -> usize {
    let known = THREAD_ID.get();
    if known != 0 { known } else { ask_thread_id() }
}

#[cold]
fn ask_thread_id() -> usize {
    // SAFETY: the call has no preconditions.
    let id = unsafe { libc::gettid() };
    THREAD_ID.set(id as usize);
    id as usize
}

/// # Safety
///
/// The pointer leads to memory for the structure, which nobody uses yet.
unsafe fn initialize(section: *mut CriticalSection, spin_count: u32) {
    // SAFETY: as the caller promises.
    unsafe { section.write(CriticalSection::new(spin_count)) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitializeCriticalSection(section: *mut CriticalSection) {
    // SAFETY: as Windows demands of the caller.
    unsafe { initialize(section, 0) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitializeCriticalSectionAndSpinCount(
    section: *mut CriticalSection,
    spin_count: u32,
) -> i32 {
    // SAFETY: as Windows demands of the caller.
    unsafe { initialize(section, spin_count) };
    1
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn InitializeCriticalSectionEx(
    section: *mut CriticalSection,
    spin_count: u32,
    flags: u32,
) -> i32 {
    if let Err(code) = check(spin_count, flags) {
        return last_error::truth(Err(code));
    }
    // SAFETY: as Windows demands of the caller.
    unsafe { initialize(section, spin_count) };
    1
}

fn check(spin_count: u32, flags: u32) -> Result<()> {
    if flags & !FLAGS_KNOWN == 0 && spin_count & !SPIN_COUNT_MASK == 0 { Ok(()) } else { Err(Code::INVALID_PARAMETER) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn EnterCriticalSection(section: *const CriticalSection) {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*section }.enter();
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn TryEnterCriticalSection(section: *const CriticalSection) -> i32 {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*section }.try_enter().into()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn LeaveCriticalSection(section: *const CriticalSection) {
    // SAFETY: as Windows demands of the caller.
    unsafe { &*section }.leave();
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn DeleteCriticalSection(section: *mut CriticalSection) {
    let deleted = CriticalSection::new(0);
    // Relaxed: nobody else uses it.
    deleted.debug_info.store(std::ptr::null_mut(), Ordering::Relaxed);
    // SAFETY: as Windows demands of the caller.
    unsafe { section.write(deleted) };
}

/// Returns the old count. The counts are kept and mean nothing: the lock itself knows how long to spin.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetCriticalSectionSpinCount(section: *const CriticalSection, spin_count: u32) -> u32 {
    // SAFETY: as Windows demands of the caller.
    let section = unsafe { &*section };
    // Relaxed: the count orders nothing.
    section.spin_count.swap((spin_count & SPIN_COUNT_MASK) as usize, Ordering::Relaxed) as u32
}
