//! Pages of `SEC_RESERVE` views that another process committed: the first touch finds out.
//!
//! Needs `unsafe` for a signal handler, which may run in the middle of anything: it takes no lock, allocates nothing, and
//! calls only what POSIX allows there, and `madvise`.
//!
//! A page that is not committed cannot be touched in any view. Whoever commits it opens it in the views of his process;
//! in other processes it stays closed. The kernel reports the first touch with `SIGSEGV`, and the handler asks the
//! section's file whether the page has been committed meanwhile. If so, it opens the page, and the touch is tried again.
//! Every other fault is passed on to the handler that was there before. A program that installs a handler of its own later
//! has to pass on to this one, or to commit (or query) such pages in each process before they are touched.

use std::io;
use std::mem;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Once, OnceLock};

use libc::{c_int, c_void, siginfo_t};

use crate::reservation::{PAGE_LEN, Reservation, pointer};

/// A view that is looked after. Dropping it ends that.
#[derive(Debug)]
pub(crate) struct Watch {
    slot: &'static Slot,
    /// A bit for each page that is open, so that its protection is the program's business.
    opened: Reservation,
    base: usize,
}

/// What the handler has to know of a view.
///
/// `sequence` is odd while the rest changes. A slot whose view is gone has an empty range, and is used again.
#[derive(Debug)]
struct Slot {
    sequence: AtomicUsize,
    start: AtomicUsize,
    end: AtomicUsize,
    opened: AtomicUsize,
    offset: AtomicU64,
    file: AtomicI32,
    protection: AtomicI32,
    /// The slot that was made before; slots are never freed.
    next: *const Slot,
}

// SAFETY: `next` never changes, and leads to what is never freed.
unsafe impl Sync for Slot {}
// SAFETY: as above.
unsafe impl Send for Slot {}

/// All slots, newest first.
static SLOTS: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());

/// A consistent look at a slot.
#[derive(Clone, Copy)]
struct Seen {
    start: usize,
    opened: usize,
    offset: u64,
    file: c_int,
    protection: c_int,
}

impl Watch {
    /// Looks after a view of a file from `offset` on, whose pages get this protection when they are opened. The file must
    /// stay open until the watch is dropped. The caller has the lock of the regions.
    pub(crate) fn new(view: Range<usize>, file: BorrowedFd<'_>, offset: u64, protection: c_int) -> io::Result<Watch> {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(install);
        let bits_len = (view.len() / PAGE_LEN).div_ceil(8);
        let opened = Reservation::anywhere(bits_len.next_multiple_of(PAGE_LEN))?;
        crate::reservation::protect(opened.range(), libc::PROT_READ | libc::PROT_WRITE)?;
        let slot = free_slot().unwrap_or_else(new_slot);
        slot.change(|slot| {
            slot.start.store(view.start, Ordering::Relaxed);
            slot.end.store(view.end, Ordering::Relaxed);
            slot.opened.store(opened.range().start, Ordering::Relaxed);
            slot.offset.store(offset, Ordering::Relaxed);
            slot.file.store(file.as_raw_fd(), Ordering::Relaxed);
            slot.protection.store(protection, Ordering::Relaxed);
        });
        Ok(Watch { slot, opened, base: view.start })
    }

    /// Notes that pages are open: they have been given their protection.
    pub(crate) fn opened(&self, pages: Range<usize>) {
        let numbers = (pages.start - self.base) / PAGE_LEN..(pages.end - self.base) / PAGE_LEN;
        numbers.for_each(|number| mark(self.opened.range().start, number));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.slot.change(|slot| {
            slot.start.store(0, Ordering::Relaxed);
            slot.end.store(0, Ordering::Relaxed);
        });
    }
}

impl Slot {
    /// Changes the slot. Callers have a lock; the handler does not, and looks at `sequence`.
    fn change(&self, change: impl FnOnce(&Slot)) {
        // Relaxed: only holders of the lock write it.
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence + 1, Ordering::Relaxed);
        // Pairs with the fence in `look`.
        fence(Ordering::Release);
        change(self);
        // Release: pairs with the first Acquire in `look`.
        self.sequence.store(sequence + 2, Ordering::Release);
    }

    fn is_free(&self) -> bool {
        // Relaxed: the caller has the lock.
        self.end.load(Ordering::Relaxed) == 0
    }

    /// The view, if the address is in it. A slot that is being changed is that of another view: this one's was complete
    /// before the program had its address.
    fn look(&self, address: usize) -> Option<Seen> {
        // Acquire: pairs with the Release in `change`.
        let sequence = self.sequence.load(Ordering::Acquire);
        let (start, end) = (self.start.load(Ordering::Relaxed), self.end.load(Ordering::Relaxed));
        let seen = Seen {
            start,
            opened: self.opened.load(Ordering::Relaxed),
            offset: self.offset.load(Ordering::Relaxed),
            file: self.file.load(Ordering::Relaxed),
            protection: self.protection.load(Ordering::Relaxed),
        };
        // Pairs with the fence in `change`.
        fence(Ordering::Acquire);
        let complete = sequence.is_multiple_of(2) && self.sequence.load(Ordering::Relaxed) == sequence;
        (complete && (start..end).contains(&address)).then_some(seen)
    }
}

fn free_slot() -> Option<&'static Slot> {
    slots().find(|slot| slot.is_free())
}

fn new_slot() -> &'static Slot {
    let slot: &Slot = Box::leak(Box::new(Slot {
        sequence: AtomicUsize::new(0),
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        opened: AtomicUsize::new(0),
        offset: AtomicU64::new(0),
        file: AtomicI32::new(-1),
        protection: AtomicI32::new(0),
        next: SLOTS.load(Ordering::Relaxed),
    }));
    // Release: pairs with the Acquire in `slots`.
    SLOTS.store(ptr::from_ref(slot).cast_mut(), Ordering::Release);
    slot
}

fn slots() -> impl Iterator<Item = &'static Slot> {
    // Acquire: pairs with the Release in `new_slot`.
    let first: *const Slot = SLOTS.load(Ordering::Acquire);
    // SAFETY: slots are never freed.
    let first = unsafe { first.as_ref() };
    // SAFETY: as above.
    std::iter::successors(first, |slot| unsafe { slot.next.as_ref() })
}

fn byte_and_bit(bits: usize, page: usize) -> (&'static AtomicU8, u8) {
    // SAFETY: the bits are mapped, and have one for each page of the view.
    let byte = unsafe { &*pointer(bits + page / 8).cast::<AtomicU8>() };
    (byte, 1 << (page % 8))
}

fn mark(bits: usize, page: usize) {
    let (byte, bit) = byte_and_bit(bits, page);
    // Release: pairs with the Acquire in `is_marked`; the page has its protection.
    byte.fetch_or(bit, Ordering::Release);
}

fn is_marked(bits: usize, page: usize) -> bool {
    let (byte, bit) = byte_and_bit(bits, page);
    // Acquire: pairs with the Release in `mark`.
    byte.load(Ordering::Acquire) & bit != 0
}

/// What handled `SIGSEGV` before.
static FORMER: OnceLock<libc::sigaction> = OnceLock::new();

/// Puts the handler in front of the one that is there.
fn install() {
    // SAFETY: zeroes are a valid value of this structure.
    let mut former: libc::sigaction = unsafe { mem::zeroed() };
    // SAFETY: the call fills the structure in.
    unsafe { libc::sigaction(libc::SIGSEGV, ptr::null(), &mut former) };
    let mut ours = former;
    let _ = FORMER.set(former);
    ours.sa_sigaction = handle as *const () as usize;
    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler keeps to what is allowed in one, and what it needs is set.
    unsafe { libc::sigaction(libc::SIGSEGV, &ours, ptr::null_mut()) };
}

extern "C" fn handle(signal: c_int, information: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel gives the handler its information.
    let reported = unsafe { &*information };
    // SAFETY: for this signal the information holds an address.
    let address = unsafe { reported.si_addr() }.addr();
    // SAFETY: the thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let kept = unsafe { errno.read() };
    let opened = is_of_kernel(reported) && open(address, access_of(context));
    // SAFETY: as above.
    unsafe { errno.write(kept) };
    if !opened {
        pass_on(signal, information, context);
    }
}

/// Whether it was a touch, and not another process that sent the signal.
fn is_of_kernel(information: &siginfo_t) -> bool {
    information.si_code > 0
}

/// What a touch was for, as the `madvise` that tells whether it is allowed; `None` if that is not known.
#[cfg(target_arch = "x86_64")]
fn access_of(context: *mut c_void) -> Option<c_int> {
    const WRITE: i64 = 2;
    const EXECUTE: i64 = 16;
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the kernel gives the handler the registers of the thread.
    let error = unsafe { (*context).uc_mcontext.gregs[libc::REG_ERR as usize] };
    match error & (WRITE | EXECUTE) {
        0 => Some(libc::MADV_POPULATE_READ),
        WRITE => Some(libc::MADV_POPULATE_WRITE),
        _ => None,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn access_of(_: *mut c_void) -> Option<c_int> {
    None
}

/// Opens the page of a watched view if it is committed, and says whether touching it is worth another try.
fn open(address: usize, access: Option<c_int>) -> bool {
    let Some(seen) = slots().find_map(|slot| slot.look(address)) else { return false };
    let page = (address - seen.start) / PAGE_LEN;
    let start = seen.start + page * PAGE_LEN;
    if is_marked(seen.opened, page) {
        // Another thread may have opened it since. Otherwise the program does what its protection forbids.
        return access.is_some_and(|access| is_allowed(start, access));
    }
    let offset = seen.offset + (page * PAGE_LEN) as u64;
    // SAFETY: a call without pointers; the view keeps its descriptor open.
    if unsafe { libc::lseek(seen.file, offset as libc::off_t, libc::SEEK_DATA) } != offset as libc::off_t {
        return false;
    }
    // SAFETY: the page is a view's of this library, and committed.
    if unsafe { libc::mprotect(pointer(start), PAGE_LEN, seen.protection) } != 0 {
        return false;
    }
    mark(seen.opened, page);
    true
}

/// Whether the page may be touched like this now.
fn is_allowed(page: usize, access: c_int) -> bool {
    // SAFETY: this does to the page what the program was about to do, but for the contents.
    unsafe { libc::madvise(pointer(page), PAGE_LEN, access) == 0 }
}

/// Does what would have been done without this handler.
fn pass_on(signal: c_int, information: *mut siginfo_t, context: *mut c_void) {
    let Some(former) = FORMER.get() else { return };
    match former.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // Touched again, the page ends the process, as it would have at once.
            // SAFETY: zeroes are a valid value of this structure, and mean the default.
            let default: libc::sigaction = unsafe { mem::zeroed() };
            // SAFETY: the structure is valid.
            unsafe { libc::sigaction(signal, &default, ptr::null_mut()) };
            // SAFETY: as in `handle`.
            if !is_of_kernel(unsafe { &*information }) {
                // SAFETY: a call without pointers. The signal comes when the handler has returned.
                unsafe { libc::raise(signal) };
            }
        }
        handler if former.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: the program installed it as a handler of this kind.
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = unsafe { mem::transmute(handler) };
            handler(signal, information, context);
        }
        handler => {
            // SAFETY: as above.
            let handler: extern "C" fn(c_int) = unsafe { mem::transmute(handler) };
            handler(signal);
        }
    }
}
