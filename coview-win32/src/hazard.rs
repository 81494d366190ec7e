//! What each thread says of the entries of the handle table that it is looking at.
//!
//! Needs `unsafe` for `membarrier`, for memory that is not `malloc`'s, and to reach what is never freed.
//!
//! Everything that a look needs may be used in a signal handler, for programs set events in them: it takes no lock, and
//! a handler that interrupts a look finds the first word used and takes the next. A thread gets its words from pages of
//! its process, and gives them back when it ends.

use std::cell::Cell;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering, compiler_fence, fence};
use std::thread;
use std::time::Duration;

use crate::start_record;
use crate::table::Entry;
use crate::thread_end;

/// How many looks of one thread can be in each other.
const DEPTH: usize = 6;

/// The words of a thread. Zeros are one that nobody has.
#[repr(C)]
struct Words {
    entries: [AtomicPtr<Entry>; DEPTH],
    taken: AtomicBool,
    /// The words that were made before these.
    next: AtomicPtr<Words>,
}

/// All words, newest first. They are never freed.
static ALL: AtomicPtr<Words> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// Without a destructor: it is used in those of others.
    static MINE: Cell<Option<&'static Words>> = const { Cell::new(None) };
}

/// A word of the calling thread that says which entry it is using.
#[derive(Clone, Copy)]
pub(crate) struct Hazard(&'static AtomicPtr<Entry>);

impl Hazard {
    /// Says that the entry is used, if it is still in its slot when that is read after this.
    #[inline]
    pub(crate) fn protect(self, entry: *mut Entry) {
        // Relaxed, and a fence for the compiler only: whoever closes makes this thread pass a barrier.
        self.0.store(entry, Ordering::Relaxed);
        // Relaxed: set before there is a handle to look for.
        if FENCED.load(Ordering::Relaxed) {
            fence(Ordering::SeqCst);
        } else {
            compiler_fence(Ordering::SeqCst);
        }
    }

    #[inline]
    pub(crate) fn clear(self) {
        // Release: pairs with the Acquire in `is_protected`.
        self.0.store(ptr::null_mut(), Ordering::Release);
    }
}

/// A word that the calling thread does not use; `None` if there is none.
#[inline]
pub(crate) fn mine() -> Option<Hazard> {
    let words = match MINE.get() {
        Some(words) => words,
        None => take_words()?,
    };
    // Relaxed, here and below: only this thread writes them, and a handler that interrupts it leaves them as they were.
    if words.entries[0].load(Ordering::Relaxed).is_null() {
        return Some(Hazard(&words.entries[0]));
    }
    words.entries.iter().find(|word| word.load(Ordering::Relaxed).is_null()).map(Hazard)
}

#[cold]
fn take_words() -> Option<&'static Words> {
    // Whoever looks for a handle may have inherited it.
    start_record::keep();
    // AcqRel: pairs with the Release in `give_back`.
    let mut free = all().find(|words| !words.taken.swap(true, Ordering::AcqRel));
    if free.is_none() {
        make_words();
        free = all().find(|words| !words.taken.swap(true, Ordering::AcqRel));
    }
    let words = free?;
    if let Some(interrupting) = MINE.get() {
        // A signal handler was here meanwhile.
        words.taken.store(false, Ordering::Release);
        return Some(interrupting);
    }
    MINE.set(Some(words));
    thread_end::watch();
    Some(words)
}

/// Adds words for a few threads; more of them would be looked at in vain. Not from `malloc`, which a signal handler may
/// have interrupted.
fn make_words() {
    const COUNT: usize = 8;
    let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping where the kernel likes.
    let page = unsafe { libc::mmap(ptr::null_mut(), COUNT * size_of::<Words>(), access, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        return;
    }
    for index in 0..COUNT {
        let new = page.cast::<Words>().wrapping_add(index);
        // SAFETY: zeros are valid words, and the page is never unmapped.
        let words: &'static Words = unsafe { &*new };
        let mut first = ALL.load(Ordering::Relaxed);
        loop {
            words.next.store(first, Ordering::Relaxed);
            // Release: pairs with the Acquire of `all`.
            match ALL.compare_exchange_weak(first, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(seen) => first = seen,
            }
        }
    }
}

fn all() -> impl Iterator<Item = &'static Words> {
    // Acquire: pairs with the Release in `make_words`; the links of the others were stored before.
    // SAFETY: words are never freed.
    let follow = |from: &AtomicPtr<Words>| unsafe { from.load(Ordering::Acquire).as_ref() };
    std::iter::successors(follow(&ALL), move |words| follow(&words.next))
}

/// Those that threads have. Who takes some later finds the slots as they are.
fn taken() -> impl Iterator<Item = &'static Words> {
    // Relaxed: ordered by `order_close`, as the entries are.
    all().filter(|words| words.taken.load(Ordering::Relaxed))
}

/// Gives the words of the calling thread back because it ends, perhaps in the middle of a look. Safe in a signal handler.
pub(crate) fn give_back() {
    if let Some(words) = MINE.take() {
        words.entries.iter().for_each(|word| word.store(ptr::null_mut(), Ordering::Release));
        // Release: pairs with the AcqRel in `take_words`.
        words.taken.store(false, Ordering::Release);
    }
}

/// Forgets the other threads in a forked child, which has only one.
pub(crate) fn forget_others() {
    let mine = MINE.get().map_or(ptr::null(), ptr::from_ref);
    for words in all().filter(|words| !ptr::eq(*words, mine)) {
        words.entries.iter().for_each(|word| word.store(ptr::null_mut(), Ordering::Relaxed));
        words.taken.store(false, Ordering::Relaxed);
    }
}

/// Whether threads that look have to pay for the barrier themselves, because the kernel has no `membarrier`.
static FENCED: AtomicBool = AtomicBool::new(false);

/// Registers with the kernel, once, before the first handle; and takes the calling thread's words while it may.
pub(crate) fn prepare() {
    static PREPARED: OnceLock<()> = OnceLock::new();
    PREPARED.get_or_init(|| {
        if membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED).is_err() {
            FENCED.store(true, Ordering::Relaxed);
        }
        crate::fork::prepare();
    });
    let _ = mine();
}

/// Waits until no thread uses an entry that is out of its slot already.
pub(crate) fn wait_until_unused(entry: *mut Entry) {
    const YIELDS_MAX: u32 = 100;
    order_close();
    let mut looks = 0;
    while taken().any(|words| words.entries.iter().any(|word| is_protected(word, entry))) {
        // A thread that yields lets none of lesser priority run.
        if looks < YIELDS_MAX {
            thread::yield_now()
        } else {
            thread::sleep(Duration::from_micros(50))
        }
        looks += 1;
    }
}

fn is_protected(word: &AtomicPtr<Entry>, entry: *mut Entry) -> bool {
    // Acquire: pairs with the Release of `clear`.
    word.load(Ordering::Acquire) == entry
}

/// Every entry that is used now, of those that were in their slots before.
pub(crate) fn all_protected() -> Vec<*mut Entry> {
    order_close();
    // Acquire: as above.
    taken().flat_map(|words| &words.entries).map(|word| word.load(Ordering::Acquire)).collect()
}

/// The other half of `protect`: whoever looks from now on finds the slots as they are, or has said so before.
fn order_close() {
    fence(Ordering::SeqCst);
    if !FENCED.load(Ordering::Relaxed) {
        membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED).expect("registered before the first handle");
    }
}

fn membarrier(command: libc::c_int) -> std::io::Result<()> {
    // SAFETY: a call without pointers.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
    if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}
