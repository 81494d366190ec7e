//! What a thread knows of itself: its id, its robust futex list, and the mutexes that it owns.
//!
//! Needs `unsafe` to enter nodes into the list that the kernel walks when the thread dies. The list's head belongs to
//! the C library; programs may add entries of their own, doubly linked as the C library's are (the node's `next`,
//! and `prev` in the word before it), so that both can take theirs out in any order.
//!
//! The kernel's side is described in its `Documentation/locking/robust-futex-ABI.rst`.
//!
//! A thread's record is without a destructor, so that it can be used in those of other thread-local values, and when
//! `exit` has run them all and calls the program's own handlers.

use std::cell::Cell;
use std::ffi::c_long;
use std::io;
use std::process;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering, compiler_fence};

use super::block::{self, Block};
use super::{check, error, futex, robust};
use crate::ErrorKind;

/// A thread's own record. It is reached only through [`with`].
pub(super) struct Thread {
    /// The thread's id, on a page that a forked child finds zeroed: there, everything here is the parent's.
    mark: Cell<Option<NonNull<AtomicU32>>>,
    head: Cell<*mut Head>,
    /// Where a word's list node is, counted from the word.
    node_at: Cell<isize>,
    /// The mutexes that this thread owns: the block of the last one, which leads to the others.
    held: Cell<*mut Block>,
    held_count: Cell<u32>,
}

/// The kernel walks 2,048 entries of the list; some are the C library's, and 64 may be latches.
const HELD_MAX: u32 = 1_900;

/// The kernel's `struct robust_list_head`.
#[repr(C)]
struct Head {
    list: *mut u8,
    futex_offset: c_long,
    list_op_pending: *mut u8,
}

thread_local! {
    static THREAD: Thread = const {
        Thread {
            mark: Cell::new(None),
            head: Cell::new(ptr::null_mut()),
            node_at: Cell::new(0),
            held: Cell::new(ptr::null_mut()),
            held_count: Cell::new(0),
        }
    };
    static LEAVER: Leaver = const { Leaver };
}

/// Sees the end of the thread.
struct Leaver;

impl Drop for Leaver {
    fn drop(&mut self) {
        // SAFETY: a call without arguments that cannot fail.
        let is_first = unsafe { libc::gettid() }.cast_unsigned() == process::id();
        // The first thread's destructors run when the process ends: what it owns then is its own until the kernel sees that.
        if !is_first {
            THREAD.with(Thread::end);
        }
    }
}

/// Calls `work` with the calling thread's record.
#[inline]
pub(super) fn with<T>(work: impl FnOnce(&Thread) -> io::Result<T>) -> io::Result<T> {
    // Only the address: `LocalKey::with` is put in line only if what it calls is short.
    let thread = THREAD.with(ptr::from_ref);
    // SAFETY: the record has no destructor and lives as long as the thread, which does not end inside `work`.
    let thread = unsafe { &*thread };
    if thread.id() == 0 {
        thread.enter()?;
    }
    work(thread)
}

/// Abandons every mutex that the calling thread owns, and gives back what the thread has of its own until it needs that again.
pub(crate) fn abandon_held() {
    THREAD.with(Thread::end);
}

impl Thread {
    /// The kernel's id of this thread; 0 before `enter` and in a forked child.
    #[inline]
    pub(super) fn id(&self) -> u32 {
        // SAFETY: the page lives as long as the thread's record.
        // Relaxed: only this thread writes it.
        self.mark.get().map_or(0, |mark| unsafe { mark.as_ref() }.load(Ordering::Relaxed))
    }

    /// Learns who this thread is, for the first time or for the first time in a forked child.
    #[cold]
    fn enter(&self) -> io::Result<()> {
        let mark = match self.mark.get() {
            Some(mark) => mark,
            None => block::map_fork_mark()?,
        };
        self.mark.set(Some(mark));
        // In a destructor that runs after the leaver's, the kernel alone sees the end.
        let _ = LEAVER.try_with(|_| ());
        // The parent's mutexes are the parent's. Their blocks stay mapped: the parent's handles were copied too.
        self.held.set(ptr::null_mut());
        self.held_count.set(0);
        let (head, node_at) = robust_head()?;
        self.head.set(head);
        self.node_at.set(node_at);
        // SAFETY: a call without arguments that cannot fail.
        let id = unsafe { libc::gettid() };
        // SAFETY: the page lives as long as the thread's record.
        // Relaxed: only this thread reads it.
        unsafe { mark.as_ref() }.store(id.cast_unsigned(), Ordering::Relaxed);
        Ok(())
    }

    /// Tells the kernel which word this thread is about to take, give or sleep on, until the answer is dropped.
    ///
    /// Should the thread die meanwhile, the kernel treats the word as one of the list; and if nobody owns it, it wakes
    /// one sleeper, who would otherwise wait for a wake that this thread took with it.
    #[inline]
    pub(super) fn announce(&self, word: &AtomicU32) -> Announcement {
        let head = self.head.get();
        let node = self.node(word);
        // SAFETY: the head is this thread's, alive as long as the thread.
        let slot = unsafe { &raw mut (*head).list_op_pending };
        // SAFETY: as above.
        let previous = unsafe { slot.read() };
        // SAFETY: as above; the kernel reads it only when this thread dies.
        unsafe { slot.write_volatile(node) };
        compiler_fence(Ordering::SeqCst);
        Announcement { slot, previous }
    }

    /// Puts a word that this thread has taken on the list. The word must be announced.
    ///
    /// # Safety
    ///
    /// The word is one of the two robust words of a mapped block, not on the list, and stays mapped until `leave`.
    #[inline]
    pub(super) unsafe fn join(&self, word: &AtomicU32) {
        let head = self.head.get();
        let node = self.node(word);
        // SAFETY: the head is this thread's.
        let first = unsafe { (*head).list };
        // SAFETY: the node lies in the block's private page.
        unsafe { next_of(node).write_unaligned(first) };
        // SAFETY: as above.
        unsafe { prev_of(node).write_unaligned(head.cast()) };
        if first != head.cast() {
            // SAFETY: whoever is first has a node laid out alike, the C library's too.
            unsafe { prev_of(unmarked(first)).write_unaligned(node) };
        }
        compiler_fence(Ordering::SeqCst);
        // SAFETY: the head is this thread's and begins with the link; the kernel may read it at any moment.
        unsafe { next_of(head.cast()).write_volatile(node) };
    }

    /// Takes a word off the list that `join` has put there. The word must be announced.
    ///
    /// # Safety
    ///
    /// The word is on the list.
    #[inline]
    pub(super) unsafe fn leave(&self, word: &AtomicU32) {
        let head: *mut u8 = self.head.get().cast();
        let node = self.node(word);
        // SAFETY: the node is on the list, so its page is mapped and it was filled in.
        let next = unsafe { next_of(node).read_unaligned() };
        // SAFETY: as above.
        let prev = unsafe { prev_of(node).read_unaligned() };
        if next != head {
            // SAFETY: the next node is on the list.
            unsafe { prev_of(unmarked(next)).write_unaligned(prev) };
        }
        // The head begins with its `next`, as a node does.
        // SAFETY: the previous node, or the head, is on the list.
        unsafe { next_of(unmarked(prev)).write_unaligned(next) };
        compiler_fence(Ordering::SeqCst);
    }

    /// Whether this thread owns as many mutexes as the kernel is sure to find when it dies.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.held_count.get() >= HELD_MAX
    }

    /// How often this thread has the mutex.
    pub(super) fn levels(&self, block: &Block) -> u32 {
        // Relaxed, here and below: `levels` and `next_held` belong to the thread that owns the mutex.
        self.find_held(block).map_or(0, |held| held.levels.load(Ordering::Relaxed))
    }

    /// Notes the first level of a mutex.
    #[inline]
    pub(super) fn note_owned(&self, block: &Block) {
        block.begin_hold();
        self.held_count.set(self.held_count.get() + 1);
        block.levels.store(1, Ordering::Relaxed);
        block.next_held.store(self.held.get(), Ordering::Relaxed);
        self.held.set(ptr::from_ref(block).cast_mut());
    }

    /// Adds a level to a mutex that this thread owns; `false` if it does not.
    pub(super) fn add_level(&self, block: &Block) -> io::Result<bool> {
        let Some(held) = self.find_held(block) else { return Ok(false) };
        let levels = held.levels.load(Ordering::Relaxed).checked_add(1);
        held.levels.store(levels.ok_or_else(|| error(ErrorKind::LimitExceeded))?, Ordering::Relaxed);
        Ok(true)
    }

    /// Gives one level back. After the last one, returns the block through which the mutex was taken.
    #[inline]
    pub(super) fn remove_level(&self, block: &Block) -> io::Result<Option<*const Block>> {
        let Some(held) = self.find_held(block) else { return Err(error(ErrorKind::NotOwner)) };
        // Relaxed: see `levels`.
        let levels = held.levels.load(Ordering::Relaxed) - 1;
        held.levels.store(levels, Ordering::Relaxed);
        if levels > 0 {
            return Ok(None);
        }
        self.forget_held(held);
        Ok(Some(held))
    }

    /// Abandons every mutex that this thread owns, and counts it as not owned from then on.
    pub(super) fn abandon_held(&self) {
        // SAFETY: as in `find_held`.
        while let Some(held) = unsafe { self.held.get().as_ref() } {
            let this = self.held.get();
            self.forget_held(held);
            robust::abandon(self, held.owner(), held.multi());
            // SAFETY: the block is not used again here.
            unsafe { Block::end_hold(this) };
        }
    }

    /// The block through which this thread owns the mutex, which may be another handle's than the one asked with.
    #[inline]
    fn find_held(&self, block: &Block) -> Option<&Block> {
        let mut next = self.held.get();
        // SAFETY: what is in the list is held, and so mapped and not freed.
        while let Some(held) = unsafe { next.as_ref() } {
            if ptr::eq(held, block) || held.identity() == block.identity() {
                return Some(held);
            }
            next = held.next_held.load(Ordering::Relaxed);
        }
        None
    }

    /// Takes a block out of the list that `held` begins.
    #[inline]
    fn forget_held(&self, block: &Block) {
        self.held_count.set(self.held_count.get() - 1);
        let after = block.next_held.load(Ordering::Relaxed);
        if ptr::eq(self.held.get(), block) {
            self.held.set(after);
            return;
        }
        let mut next = self.held.get();
        // SAFETY: as in `find_held`.
        while let Some(held) = unsafe { next.as_ref() } {
            next = held.next_held.load(Ordering::Relaxed);
            if ptr::eq(next, block) {
                held.next_held.store(after, Ordering::Relaxed);
            }
        }
    }

    /// Where the kernel expects the list node of a word.
    #[inline]
    fn node(&self, word: &AtomicU32) -> *mut u8 {
        word.as_ptr().cast::<u8>().wrapping_offset(self.node_at.get())
    }

    /// Abandons what the thread still owns, as the kernel would a moment later; but here the blocks can be unmapped.
    fn end(&self) {
        // In a forked child that never entered, what is in the list is the parent's.
        if self.id() != 0 {
            self.abandon_held();
        }
        if let Some(mark) = self.mark.take() {
            block::unmap_fork_mark(mark);
        }
    }
}

/// While it lives, the kernel knows what its thread is doing; see [`Thread::announce`].
pub(super) struct Announcement {
    slot: *mut *mut u8,
    previous: *mut u8,
}

impl Drop for Announcement {
    #[inline]
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        // SAFETY: the slot is in this thread's head; an announcement never leaves its thread, being made of pointers.
        unsafe { self.slot.write_volatile(self.previous) };
    }
}

#[inline]
fn next_of(node: *mut u8) -> *mut *mut u8 {
    node.cast()
}

#[inline]
fn prev_of(node: *mut u8) -> *mut *mut u8 {
    node.wrapping_sub(size_of::<*mut u8>()).cast()
}

/// A link without its bit 0, by which the kernel knows the C library's priority-inheriting mutexes.
#[inline]
fn unmarked(link: *mut u8) -> *mut u8 {
    link.map_addr(|address| address & !1)
}

/// Finds the head that the C library has registered, and makes sure that nodes of ours fit its distance.
fn robust_head() -> io::Result<(*mut Head, isize)> {
    let mut head: *mut Head = ptr::null_mut();
    let mut len: usize = 0;
    // SAFETY: both pointers are to variables of our own.
    let result = unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &mut head, &mut len) };
    check(if result == 0 { 0 } else { -1 })?;
    if head.is_null() || len != size_of::<Head>() {
        return Err(error(ErrorKind::Unsupported));
    }
    // SAFETY: the kernel says that this is the thread's registered head.
    let offset = unsafe { (*head).futex_offset };
    // glibc has -32, musl -28; with these the nodes of both words lie in the private page and do not overlap.
    if matches!(offset, -32 | -28) { Ok((head, -(offset as isize))) } else { Err(error(ErrorKind::Unsupported)) }
}

/// Wakes who waits for a word that has just become free: one, or all if some of them wait for several objects. Returns
/// how many there were.
pub(super) fn wake_next(word: &AtomicU32, multi: &AtomicU32) -> u32 {
    // SeqCst: pairs with the registration in `wait`: see there.
    futex::wake(word, if multi.load(Ordering::SeqCst) > 0 { futex::ALL } else { 1 })
}
