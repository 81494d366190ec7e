//! What a thread knows of itself: its id, its robust futex list, and the mutexes that it owns.
//!
//! Needs `unsafe` to enter nodes into the list that the kernel walks when the thread dies. The list's head belongs to
//! the C library; programs may add entries of their own, doubly linked as the C library's are (the node's `next`,
//! and `prev` in the word before it), so that both can take theirs out in any order.
//!
//! The kernel's side is described in its `Documentation/locking/robust-futex-ABI.rst`.

use std::cell::{Cell, RefCell};
use std::ffi::c_long;
use std::io;
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
    held: RefCell<Vec<Held>>,
}

/// A mutex that this thread owns.
struct Held {
    block: *const Block,
    identity: (u64, u64),
    levels: u32,
}

/// The kernel's `struct robust_list_head`.
#[repr(C)]
struct Head {
    list: *mut u8,
    futex_offset: c_long,
    list_op_pending: *mut u8,
}

thread_local! {
    static THREAD: Thread =
        const { Thread { mark: Cell::new(None), head: Cell::new(ptr::null_mut()), held: RefCell::new(Vec::new()) } };
}

/// Calls `work` with the calling thread's record.
pub(super) fn with<T>(work: impl FnOnce(&Thread) -> io::Result<T>) -> io::Result<T> {
    THREAD
        .try_with(|thread| {
            if thread.id() == 0 {
                thread.enter()?;
            }
            work(thread)
        })
        // A destructor of another thread-local value, run after ours, locks a mutex: nobody could ever unlock it.
        .unwrap_or_else(|_| Err(error(ErrorKind::Unsupported)))
}

impl Thread {
    /// The kernel's id of this thread; 0 before `enter` and in a forked child.
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
        // The parent's mutexes are the parent's. Their blocks stay mapped: the parent's handles were copied too.
        self.held.borrow_mut().clear();
        self.head.set(robust_head()?);
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
            unsafe { prev_of(first).write_unaligned(node) };
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
            unsafe { prev_of(next).write_unaligned(prev) };
        }
        // The head begins with its `next`, as a node does. Bit 0 of a link belongs to the C library's mutexes.
        // SAFETY: the previous node, or the head, is on the list.
        unsafe { next_of(unmarked(prev)).write_unaligned(next) };
        compiler_fence(Ordering::SeqCst);
    }

    /// How often this thread has the mutex.
    pub(super) fn levels(&self, block: &Block) -> u32 {
        let identity = block.identity();
        self.held.borrow().iter().find(|held| held.identity == identity).map_or(0, |held| held.levels)
    }

    /// Notes the first level of a mutex.
    #[inline]
    pub(super) fn note_owned(&self, block: &Block) {
        block.begin_hold();
        self.held.borrow_mut().push(Held { block, identity: block.identity(), levels: 1 });
    }

    /// Adds a level to a mutex that this thread owns; `false` if it does not.
    pub(super) fn add_level(&self, block: &Block) -> io::Result<bool> {
        let identity = block.identity();
        let mut held = self.held.borrow_mut();
        let Some(held) = held.iter_mut().find(|held| held.identity == identity) else { return Ok(false) };
        held.levels = held.levels.checked_add(1).ok_or_else(|| error(ErrorKind::LimitExceeded))?;
        Ok(true)
    }

    /// Gives one level back. After the last one, returns the block through which the mutex was taken.
    #[inline]
    pub(super) fn remove_level(&self, block: &Block) -> io::Result<Option<*const Block>> {
        let identity = block.identity();
        let mut all = self.held.borrow_mut();
        let index = all.iter().rposition(|held| held.identity == identity);
        let index = index.ok_or_else(|| error(ErrorKind::NotOwner))?;
        all[index].levels -= 1;
        if all[index].levels > 0 {
            return Ok(None);
        }
        Ok(Some(all.swap_remove(index).block))
    }

    /// Where the kernel expects the list node of a word.
    #[inline]
    fn node(&self, word: &AtomicU32) -> *mut u8 {
        // SAFETY: the head is this thread's.
        let offset = unsafe { (*self.head.get()).futex_offset };
        word.as_ptr().cast::<u8>().wrapping_offset(-(offset as isize))
    }
}

impl Drop for Thread {
    /// Abandons what the thread still owns, as the kernel would a moment later; but here the blocks can be unmapped.
    fn drop(&mut self) {
        if self.id() != 0 {
            let held = std::mem::take(&mut *self.held.borrow_mut());
            for held in held {
                // SAFETY: the block stays mapped while it is held.
                let block = unsafe { &*held.block };
                robust::abandon(self, block.owner(), block.multi());
                // SAFETY: the block is not used again here.
                unsafe { Block::end_hold(held.block) };
            }
        }
        if let Some(mark) = self.mark.get() {
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

fn next_of(node: *mut u8) -> *mut *mut u8 {
    node.cast()
}

fn prev_of(node: *mut u8) -> *mut *mut u8 {
    node.wrapping_sub(size_of::<*mut u8>()).cast()
}

fn unmarked(link: *mut u8) -> *mut u8 {
    link.map_addr(|address| address & !1)
}

/// Finds the head that the C library has registered, and makes sure that nodes of ours fit its distance.
fn robust_head() -> io::Result<*mut Head> {
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
    if matches!(offset, -32 | -28) { Ok(head) } else { Err(error(ErrorKind::Unsupported)) }
}

/// Wakes who waits for a word that has just become free: one, or all if some of them wait for several objects.
pub(super) fn wake_next(word: &AtomicU32, multi: &AtomicU32) {
    // SeqCst: pairs with the registration in `wait`: see there.
    futex::wake(word, if multi.load(Ordering::SeqCst) > 0 { futex::ALL } else { 1 });
}
