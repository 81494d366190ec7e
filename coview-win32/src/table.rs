//! The handles of this process: small multiples of four, the first free one for the next object.
//!
//! Needs `unsafe` to look at an entry while another thread may close the handle.
//!
//! A look takes no lock and writes nothing that threads share. A thread that looks says in a word of its own, its
//! *hazard*, which entry it is about to use, and reads the slot again; a thread that closes empties the slot, makes
//! every running thread pass a barrier (`membarrier`), and frees the entry when no hazard names it. So the cost of
//! ordering the two falls on closing. What blocks takes a reference of its own first ([`get`]), so that closing waits for
//! a few instructions only. Hazard pointers are Maged Michael's (2004).

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, compiler_fence, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use crate::last_error::{Code, Result};
use crate::object::Object;
use crate::start_record;

/// A handle as C programs have it.
pub(crate) type Handle = *mut c_void;

pub(crate) const HANDLE_FLAG_INHERIT: u32 = 1;
pub(crate) const HANDLE_FLAG_PROTECT_FROM_CLOSE: u32 = 2;

/// What a handle stands for.
pub(crate) struct Entry {
    object: Arc<Object>,
    access: u32,
    flags: AtomicU32,
}

impl Entry {
    pub(crate) fn object(&self) -> &Arc<Object> {
        &self.object
    }

    pub(crate) fn flags(&self) -> u32 {
        // Relaxed: the flags order nothing.
        self.flags.load(Ordering::Relaxed)
    }

    pub(crate) fn change_flags(&self, mask: u32, flags: u32) {
        // Relaxed: as above.
        let _ = self.flags.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| Some(old & !mask | flags & mask));
    }

    /// Refuses a handle without this right.
    pub(crate) fn demand(&self, right: u32) -> Result<()> {
        if self.access & right == right { Ok(()) } else { Err(Code::ACCESS_DENIED) }
    }
}

/// A reference to what a handle stands for, which outlives the handle.
#[derive(Clone)]
pub(crate) struct Reference {
    pub(crate) object: Arc<Object>,
    pub(crate) access: u32,
    pub(crate) flags: u32,
}

impl Reference {
    pub(crate) fn demand(&self, right: u32) -> Result<()> {
        if self.access & right == right { Ok(()) } else { Err(Code::ACCESS_DENIED) }
    }
}

const CHUNK_LEN: usize = 1024;
/// Windows' own limit is 16,777,216 handles per process.
const CHUNKS_MAX: usize = 16 * 1024;

type Slot = AtomicPtr<Entry>;
type Chunk = [Slot; CHUNK_LEN];

static CHUNKS: [AtomicPtr<Chunk>; CHUNKS_MAX] = [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS_MAX];
static FREE: Mutex<Free> = Mutex::new(Free { returned: BinaryHeap::new(), fresh: 0 });

/// The slots that nobody uses: those given back, and all from `fresh` on.
struct Free {
    returned: BinaryHeap<Reverse<usize>>,
    fresh: usize,
}

/// Gives an object its handle.
pub(crate) fn insert(object: Arc<Object>, access: u32, inherit: bool) -> Result<Handle> {
    prepare();
    let mut free = lock(&FREE);
    let index = loop {
        let index = free.returned.pop().map_or(free.fresh, |Reverse(index)| index);
        if index >= CHUNK_LEN * CHUNKS_MAX {
            return Err(Code::NOT_ENOUGH_MEMORY);
        }
        free.fresh = free.fresh.max(index + 1);
        // One that `insert_at` has taken out of turn is passed over.
        if slot_or_new(index).load(Ordering::Relaxed).is_null() {
            break index;
        }
    };
    put(index, object, access, if inherit { HANDLE_FLAG_INHERIT } else { 0 });
    Ok(handle_of(index))
}

/// Gives an object the very handle that it had in the process which passed it on.
pub(crate) fn insert_at(handle: Handle, object: Arc<Object>, access: u32, flags: u32) -> Result<()> {
    prepare();
    let index = index_of(handle).filter(|&index| index < CHUNK_LEN * CHUNKS_MAX).ok_or(Code::INVALID_HANDLE)?;
    let mut free = lock(&FREE);
    if !slot_or_new(index).load(Ordering::Relaxed).is_null() {
        return Err(Code::INVALID_HANDLE);
    }
    let fresh = free.fresh;
    free.returned.extend((fresh..index).map(Reverse));
    free.fresh = fresh.max(index + 1);
    put(index, object, access, flags);
    Ok(())
}

fn put(index: usize, object: Arc<Object>, access: u32, flags: u32) {
    let entry = Box::new(Entry { object, access, flags: AtomicU32::new(flags) });
    // Release: pairs with the Acquire of a look.
    slot_or_new(index).store(Box::into_raw(entry), Ordering::Release);
}

/// Calls `work` with what the handle stands for. `work` must be short and must neither block nor close handles.
#[inline]
pub(crate) fn with<T>(handle: Handle, work: impl FnOnce(&Entry) -> Result<T>) -> Result<T> {
    let slot = find(handle)?;
    let hazard = hazard();
    loop {
        // Acquire: pairs with the Release of `put`.
        let entry = slot.load(Ordering::Acquire);
        if entry.is_null() {
            return Err(Code::INVALID_HANDLE);
        }
        // Relaxed, and a fence for the compiler only: whoever closes makes this thread pass a barrier.
        hazard.entry.store(entry, Ordering::Relaxed);
        order_look();
        if slot.load(Ordering::Relaxed) == entry {
            // SAFETY: the hazard names the entry, and it was in its slot after that: nobody frees it now.
            let result = work(unsafe { &*entry });
            // Release: pairs with the Acquire in `wait_for_looks`.
            hazard.entry.store(ptr::null_mut(), Ordering::Release);
            return result;
        }
    }
}

/// A reference of the caller's own, for what may block.
pub(crate) fn get(handle: Handle) -> Result<Reference> {
    with(handle, |entry| Ok(Reference { object: entry.object.clone(), access: entry.access, flags: entry.flags() }))
}

/// Takes a handle away, unless it is protected.
pub(crate) fn close(handle: Handle) -> Result<()> {
    // The entry is dropped after the lock: an object may close handles or take long in its end.
    let entry = take(handle)?;
    drop(entry);
    Ok(())
}

fn take(handle: Handle) -> Result<Box<Entry>> {
    let slot = find(handle)?;
    let mut free = lock(&FREE);
    // Relaxed: entries leave and enter under the lock.
    let entry = slot.load(Ordering::Relaxed);
    // SAFETY: what is in a slot is freed only after it was taken out, which needs the lock.
    let Some(seen) = (unsafe { entry.as_ref() }) else { return Err(Code::INVALID_HANDLE) };
    if seen.flags() & HANDLE_FLAG_PROTECT_FROM_CLOSE != 0 {
        return Err(Code::INVALID_HANDLE);
    }
    slot.store(ptr::null_mut(), Ordering::Relaxed);
    wait_for_looks(entry);
    free.returned.extend(index_of(handle).map(Reverse));
    // SAFETY: it came from `Box::into_raw`, is out of its slot, and no hazard names it.
    Ok(unsafe { Box::from_raw(entry) })
}

/// Takes all handles away, the protected ones too, at the end of the program; what other threads are using meanwhile stays.
pub(crate) fn take_all() -> Vec<Arc<Object>> {
    // A thread that was ended by force may have the lock for ever.
    let Ok(free) = FREE.try_lock() else { return Vec::new() };
    if free.fresh == 0 {
        return Vec::new();
    }
    let slots = (0..free.fresh).map(slot_or_new);
    let entries: Vec<*mut Entry> = slots.map(|slot| slot.swap(ptr::null_mut(), Ordering::Relaxed)).collect();
    order_close();
    let Ok(hazards) = HAZARDS.try_lock() else { return Vec::new() };
    // Acquire: pairs with the Release at the end of a look.
    let looked_at: Vec<*mut Entry> = hazards.iter().map(|hazard| hazard.entry.load(Ordering::Acquire)).collect();
    let unused = entries.into_iter().filter(|entry| !entry.is_null() && !looked_at.contains(entry));
    // SAFETY: it came from `Box::into_raw`, is out of its slot, and no hazard names it.
    unused.map(|entry| unsafe { Box::from_raw(entry) }.object).collect()
}

/// The handles with this flag, and what they stand for.
pub(crate) fn with_flag(flag: u32) -> Vec<(Handle, Reference)> {
    let fresh = lock(&FREE).fresh;
    let references = (0..fresh).filter_map(|index| Some((handle_of(index), get(handle_of(index)).ok()?)));
    references.filter(|(_, reference)| reference.flags & flag != 0).collect()
}

/// The slot of a handle whose chunk exists.
#[inline]
fn find(handle: Handle) -> Result<&'static Slot> {
    let index = index_of(handle).ok_or(Code::INVALID_HANDLE)?;
    let chunk = CHUNKS.get(index / CHUNK_LEN).ok_or(Code::INVALID_HANDLE)?.load(Ordering::Acquire);
    // SAFETY: a chunk that exists is never freed.
    let chunk = unsafe { chunk.as_ref() }.ok_or(Code::INVALID_HANDLE)?;
    Ok(&chunk[index % CHUNK_LEN])
}

/// The slot of an index, whose chunk is made if need be. The caller has the lock.
fn slot_or_new(index: usize) -> &'static Slot {
    let chunk = &CHUNKS[index / CHUNK_LEN];
    let mut slots = chunk.load(Ordering::Acquire);
    if slots.is_null() {
        slots = Box::into_raw(Box::new([const { AtomicPtr::new(ptr::null_mut()) }; CHUNK_LEN]));
        // Release: pairs with the Acquire of `find`.
        chunk.store(slots, Ordering::Release);
    }
    // SAFETY: chunks are never freed.
    unsafe { &(&*slots)[index % CHUNK_LEN] }
}

/// The low two bits of a handle are the caller's.
#[inline]
fn index_of(handle: Handle) -> Option<usize> {
    (handle.addr() / 4).checked_sub(1)
}

fn handle_of(index: usize) -> Handle {
    ptr::without_provenance_mut((index + 1) * 4)
}

/// A thread's word that says which entry it is using.
struct Hazard {
    entry: AtomicPtr<Entry>,
    taken: AtomicBool,
}

static HAZARDS: Mutex<Vec<&'static Hazard>> = Mutex::new(Vec::new());

thread_local! {
    static HAZARD: Cell<Option<&'static Hazard>> = const { Cell::new(None) };
    static LEAVER: Leaver = const { Leaver };
}

/// Gives the thread's hazard back when the thread ends.
struct Leaver;

impl Drop for Leaver {
    fn drop(&mut self) {
        if let Some(hazard) = HAZARD.take() {
            // Release: pairs with the Acquire in `new_hazard`.
            hazard.taken.store(false, Ordering::Release);
        }
    }
}

#[inline]
fn hazard() -> &'static Hazard {
    HAZARD.get().unwrap_or_else(new_hazard)
}

#[cold]
fn new_hazard() -> &'static Hazard {
    // Whoever looks for a handle may have inherited it.
    start_record::keep();
    let mut hazards = lock(&HAZARDS);
    let free = hazards.iter().copied().find(|hazard| !hazard.taken.swap(true, Ordering::AcqRel));
    let hazard = free.unwrap_or_else(|| {
        let new: &Hazard =
            Box::leak(Box::new(Hazard { entry: AtomicPtr::new(ptr::null_mut()), taken: AtomicBool::new(true) }));
        hazards.push(new);
        new
    });
    HAZARD.set(Some(hazard));
    // In a destructor that runs after the leaver's, the hazard stays taken: a few words are lost.
    let _ = LEAVER.try_with(|_| ());
    hazard
}

/// Takes back what the calling thread said, because it ends in the middle of a look. Safe in a signal handler.
pub(crate) fn stop_looking() {
    if let Some(hazard) = HAZARD.get() {
        hazard.entry.store(ptr::null_mut(), Ordering::Release);
        hazard.taken.store(false, Ordering::Release);
    }
}

/// Whether threads that look have to pay for the barrier themselves, because the kernel has no `membarrier`.
static FENCED: AtomicBool = AtomicBool::new(false);

#[inline]
fn order_look() {
    // Relaxed: set before there is a handle to look for.
    if FENCED.load(Ordering::Relaxed) {
        fence(Ordering::SeqCst);
    } else {
        compiler_fence(Ordering::SeqCst);
    }
}

/// Registers with the kernel, once, before the first handle.
fn prepare() {
    static PREPARED: OnceLock<()> = OnceLock::new();
    PREPARED.get_or_init(|| {
        if membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED).is_err() {
            FENCED.store(true, Ordering::Relaxed);
        }
        // SAFETY: the handler touches this process's own memory only.
        unsafe { libc::pthread_atfork(None, None, Some(forget_other_threads)) };
    });
}

/// A forked child has one thread, and that is not looking at anything.
extern "C" fn forget_other_threads() {
    // Whoever had the lock is not here any more; then a few hazards stay as they are, which only costs patience.
    if let Ok(hazards) = HAZARDS.try_lock() {
        hazards.iter().for_each(|hazard| hazard.entry.store(ptr::null_mut(), Ordering::Relaxed));
    }
}

/// Waits until no thread uses an entry that is out of its slot already.
fn wait_for_looks(entry: *mut Entry) {
    order_close();
    // Acquire: pairs with the Release at the end of a look.
    while lock(&HAZARDS).iter().any(|hazard| hazard.entry.load(Ordering::Acquire) == entry) {
        thread::yield_now();
    }
}

/// The other half of `order_look`: whoever looks from now on finds the slots as they are, or has said so before.
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

/// A lock whose holder panicked guards nothing that could be half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
