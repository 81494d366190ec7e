//! The shared block of a mutex, event, semaphore or timer: its layout, its file and its mapping. A mapping over a user's
//! file has a block too, which is only read: `over.rs` has the rest of its layout.
//!
//! Needs `unsafe` to map it and to reach its words.
//!
//! The file is 64 KiB long and only its last 4 KiB hold anything, so that the block ends where a page ends whatever
//! the page size is, and only that page takes memory. Offsets count from the block's start; all is little-endian.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 8 | magic, the letters `coview` and two zeros |
//! | 8 | 4 | layout version, 1 |
//! | 12 | 4 | kind: 1 mutex, 2 event, 3 semaphore, 4 timer, 5 mapping over a file |
//! | 16 | 4 | event, timer: 1 if manual-reset; semaphore: the maximum |
//! | 4000 | 8 | timer: when it fires next, in nanoseconds of `CLOCK_MONOTONIC`; 0 if it does not |
//! | 4008 | 8 | timer: its period in nanoseconds; 0 if it fires once |
//! | 4016 | 4 | timer: changes when it is set, and is odd meanwhile (a futex) |
//! | 4032 | 8 | all but mutexes: the gate (low half, a futex) and the count or generation (high half) |
//! | 4040 | 4 | releases handed to sleepers who have not taken them yet |
//! | 4044 | 4 | threads that wait for several objects, this one among them |
//! | 4048 | 4 | auto-reset event: the number of the last pulse (bits 1 to 31), and whether it can be taken (bit 0) |
//! | 4076 | 4 | mutex: the owner word, a robust futex |
//! | 4092 | 4 | the latch, a robust futex |
//!
//! The kernel's robust list wants a list node at a fixed distance behind each robust word, and the C libraries fix it
//! at 32 or 28 bytes. Words at the very end of the block put the nodes into the *next* page, and there each process maps
//! private memory: no pointer ever stands where another process can write.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use super::{check, error};
use crate::ErrorKind;
use crate::inspect::Kind;

const FILE_LEN: u64 = 64 * 1024;
pub(super) const BLOCK_LEN: usize = 4096;
pub(super) const BLOCK_START: u64 = FILE_LEN - BLOCK_LEN as u64;

const MAGIC: [u8; 8] = *b"coview\0\0";
const LAYOUT_VERSION: u32 = 1;

const VERSION_AT: usize = 8;
const KIND_AT: usize = 12;
const PARAMETER_AT: usize = 16;
const DUE_AT: usize = 4000;
const PERIOD_AT: usize = 4008;
const REARMED_AT: usize = 4016;
const STATE_AT: usize = 4032;
const GRANTED_AT: usize = 4040;
const MULTI_AT: usize = 4044;
const PULSE_AT: usize = 4048;
const OWNER_AT: usize = 4076;
const LATCH_AT: usize = 4092;

// The gate is the low half of the state, and the futex system call must find it at the state's own address.
const _: () = assert!(u32::from_ne_bytes([1, 0, 0, 0]) == 1, "the layout is little-endian");

/// The first contents of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) kind: Kind,
    pub(super) parameter: u32,
    pub(super) state: u64,
}

/// Gives an empty file its block.
pub(super) fn write(file: &File, start: Start) -> io::Result<()> {
    let mut bytes = [0; BLOCK_LEN];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[VERSION_AT..][..4].copy_from_slice(&LAYOUT_VERSION.to_le_bytes());
    bytes[KIND_AT..][..4].copy_from_slice(&kind_number(start.kind).to_le_bytes());
    bytes[PARAMETER_AT..][..4].copy_from_slice(&start.parameter.to_le_bytes());
    bytes[STATE_AT..][..8].copy_from_slice(&start.state.to_le_bytes());
    file.write_all_at(&bytes, BLOCK_START)
}

/// Reads what kind of object a file's block says it is.
pub(super) fn read_kind(file: &File) -> io::Result<Kind> {
    Ok(Picture::read(file)?.kind)
}

/// A block as it was when it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picture {
    pub(super) kind: Kind,
    pub(super) parameter: u32,
    pub(super) state: u64,
    pub(super) owner: u32,
    pub(super) due: u64,
    pub(super) period: u64,
}

impl Picture {
    /// Reads a block without mapping it; an error if it is none.
    pub(super) fn read(file: &File) -> io::Result<Picture> {
        let mut bytes = [0; BLOCK_LEN];
        if file.read_exact_at(&mut bytes, BLOCK_START).is_err() || bytes[..8] != MAGIC {
            return Err(error(ErrorKind::Damaged));
        }
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if word(VERSION_AT) != LAYOUT_VERSION {
            return Err(error(ErrorKind::Damaged));
        }
        let kind = match word(KIND_AT) {
            1 => Kind::Mutex,
            2 => Kind::Event,
            3 => Kind::Semaphore,
            4 => Kind::Timer,
            5 => Kind::Mapping,
            _ => return Err(error(ErrorKind::Damaged)),
        };
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        Ok(Picture {
            kind,
            parameter: word(PARAMETER_AT),
            state: long(STATE_AT),
            owner: word(OWNER_AT),
            due: long(DUE_AT),
            period: long(PERIOD_AT),
        })
    }
}

fn kind_number(kind: Kind) -> u32 {
    match kind {
        Kind::Mutex => 1,
        Kind::Event => 2,
        Kind::Semaphore => 3,
        Kind::Timer => 4,
        Kind::Mapping => 5,
        Kind::Unknown => unreachable!("nobody makes an object of unknown kind"),
    }
}

/// A mapped block, and this process's private page behind it.
#[derive(Debug)]
pub(super) struct Block {
    pages: NonNull<u8>,
    page_len: usize,
    device: u64,
    inode: u64,
    /// A thread of this process owns the mutex through this mapping, so the mapping has to stay.
    held: AtomicBool,
    /// The handle is gone; whoever ends `held` unmaps.
    orphaned: AtomicBool,
    /// How often that thread has it. Only that thread touches this and the next.
    pub(super) levels: AtomicU32,
    /// Another mutex that the same thread owns.
    pub(super) next_held: AtomicPtr<Block>,
}

// SAFETY: the pointer is to memory that is reached only by atomics and, behind the words, by the thread that holds.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

impl Block {
    /// Maps the block of an object's file; what the block says of itself comes along, read once and checked.
    pub(super) fn map(file: &File) -> io::Result<(Box<Block>, Picture)> {
        let picture = Picture::read(file)?;
        let metadata = file.metadata()?;
        if metadata.size() != FILE_LEN {
            return Err(error(ErrorKind::Damaged));
        }
        let page_len = page_len();
        let pages = map_pages(file, page_len)?;
        let (device, inode) = (metadata.dev(), metadata.ino());
        let block = Block {
            pages,
            page_len,
            device,
            inode,
            held: AtomicBool::new(false),
            orphaned: AtomicBool::new(false),
            levels: AtomicU32::new(0),
            next_held: AtomicPtr::new(ptr::null_mut()),
        };
        Ok((Box::new(block), picture))
    }

    /// What is equal for two mappings of one object and for nothing else.
    #[inline]
    pub(super) fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// The gate with the count or generation above it.
    #[inline]
    pub(super) fn state(&self) -> &AtomicU64 {
        self.long(STATE_AT)
    }

    /// The low half of the state, for futex calls alone.
    #[inline]
    pub(super) fn gate(&self) -> &AtomicU32 {
        self.word(STATE_AT)
    }

    #[inline]
    pub(super) fn granted(&self) -> &AtomicU32 {
        self.word(GRANTED_AT)
    }

    #[inline]
    pub(super) fn multi(&self) -> &AtomicU32 {
        self.word(MULTI_AT)
    }

    #[inline]
    pub(super) fn pulse(&self) -> &AtomicU32 {
        self.word(PULSE_AT)
    }

    pub(super) fn due(&self) -> &AtomicU64 {
        self.long(DUE_AT)
    }

    pub(super) fn period(&self) -> &AtomicU64 {
        self.long(PERIOD_AT)
    }

    pub(super) fn rearmed(&self) -> &AtomicU32 {
        self.word(REARMED_AT)
    }

    #[inline]
    pub(super) fn owner(&self) -> &AtomicU32 {
        self.word(OWNER_AT)
    }

    #[inline]
    pub(super) fn latch(&self) -> &AtomicU32 {
        self.word(LATCH_AT)
    }

    /// Notes that a thread now owns the mutex through this mapping.
    #[inline]
    pub(super) fn begin_hold(&self) {
        // Relaxed: only the drop of the handle reads it, which comes after every use of the handle.
        self.held.store(true, Ordering::Relaxed);
    }

    /// Notes that it does not any more. The last thing that the thread does with the block.
    ///
    /// # Safety
    ///
    /// `block` came from `Box::leak` or lives in a handle, and the caller does not use it again unless through a handle.
    #[inline]
    pub(super) unsafe fn end_hold(block: *const Block) {
        // SAFETY: a held block is not freed by anyone else.
        let this = unsafe { &*block };
        // Read first: once `held` is false, a handle that is being dropped may unmap the block.
        let orphaned = this.orphaned.load(Ordering::Acquire);
        this.held.store(false, Ordering::Release);
        if orphaned {
            // SAFETY: `release` leaked it to us, and said so in `orphaned`.
            unsafe { Block::free(block) };
        }
    }

    /// Unmaps a block that its handle has left to the caller.
    ///
    /// # Safety
    ///
    /// `block` came from `Box::leak`, and nobody uses it again.
    #[cold]
    unsafe fn free(block: *const Block) {
        // SAFETY: the caller says so.
        drop(unsafe { Box::from_raw(block.cast_mut()) });
    }

    /// Unmaps the block, or leaves that to the owner of the mutex.
    ///
    /// Should the owner let go through another handle at this very moment, the mapping of 8 KiB may stay until the process
    /// ends; to exclude that would cost every unlock an atomic exchange.
    pub(super) fn release(block: Box<Block>) {
        // Acquire: pairs with the Release in `end_hold`, so that unmapping comes after the owner's last touch.
        if block.held.load(Ordering::Acquire) {
            let block = Box::leak(block);
            // Release: pairs with the Acquire in `end_hold`.
            block.orphaned.store(true, Ordering::Release);
        }
    }

    #[inline]
    fn word(&self, at: usize) -> &AtomicU32 {
        // SAFETY: inside the mapped block, and aligned.
        unsafe { AtomicU32::from_ptr(self.at(at).cast()) }
    }

    #[inline]
    fn long(&self, at: usize) -> &AtomicU64 {
        // SAFETY: inside the mapped block, and aligned: the block begins at a multiple of its length.
        unsafe { AtomicU64::from_ptr(self.at(at).cast()) }
    }

    #[inline]
    fn at(&self, at: usize) -> *mut u8 {
        self.pages.as_ptr().wrapping_add(self.page_len - BLOCK_LEN + at)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: these two pages are ours, and no reference into them outlives the block.
        unsafe { libc::munmap(self.pages.as_ptr().cast(), 2 * self.page_len) };
    }
}

/// Maps two private pages, and the file's last page over the first of them.
fn map_pages(file: &File, page_len: usize) -> io::Result<NonNull<u8>> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let private = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, placed by the kernel.
    let pages = unsafe { libc::mmap(ptr::null_mut(), 2 * page_len, access, private, -1, 0) };
    if pages == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let offset = FILE_LEN.cast_signed() - page_len.cast_signed() as i64;
    let fixed = libc::MAP_SHARED | libc::MAP_FIXED;
    // SAFETY: replaces the first of the two pages, which nobody knows of yet.
    let block = unsafe { libc::mmap(pages, page_len, access, fixed, file.as_raw_fd(), offset) };
    if block == libc::MAP_FAILED {
        let error = io::Error::last_os_error();
        // SAFETY: both pages are ours.
        unsafe { libc::munmap(pages, 2 * page_len) };
        return Err(error);
    }
    Ok(NonNull::new(pages.cast()).expect("the kernel never maps at 0 by itself"))
}

pub(super) fn page_len() -> usize {
    // SAFETY: asks for a constant.
    let len = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(len).expect("the page size is known")
}

/// Maps a private page that a forked child finds zeroed.
pub(super) fn map_fork_mark() -> io::Result<NonNull<AtomicU32>> {
    let len = page_len();
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping, placed by the kernel.
    let page = unsafe { libc::mmap(ptr::null_mut(), len, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
    if page == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let page: NonNull<AtomicU32> = NonNull::new(page.cast()).expect("the kernel never maps at 0 by itself");
    // SAFETY: the page is ours.
    let advised = check(unsafe { libc::madvise(page.as_ptr().cast(), len, libc::MADV_WIPEONFORK) });
    advised.inspect_err(|_| unmap_fork_mark(page))?;
    Ok(page)
}

/// Unmaps what `map_fork_mark` mapped.
pub(super) fn unmap_fork_mark(mark: NonNull<AtomicU32>) {
    // SAFETY: the page is the thread's own, and the thread is ending.
    unsafe { libc::munmap(mark.as_ptr().cast(), page_len()) };
}
