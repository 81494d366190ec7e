//! The handles of this process: small multiples of four, the first free one for the next object.
//!
//! Needs `unsafe` to look at an entry while another thread may close the handle.
//!
//! A look takes no lock and writes nothing that threads share. A thread that looks says in a word of its own, its
//! *hazard*, which entry it is about to use, and reads the slot again; a thread that closes empties the slot, makes
//! every running thread pass a barrier (`membarrier`), and frees the entry when no hazard names it. So the cost of
//! ordering the two falls on closing. What blocks takes a reference of its own first ([`get`]), so that closing waits for
//! a few instructions only. Hazard pointers are Maged Michael's (2004); ours are in `hazard`.

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::hazard;
use crate::last_error::{Code, Result};
use crate::object::Object;

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
static FREE: Mutex<Free> = Mutex::new(Free { returned: BTreeSet::new(), fresh: 0 });

/// The slots that nobody uses: those given back, and all from `fresh` on.
pub(crate) struct Free {
    returned: BTreeSet<usize>,
    fresh: usize,
}

/// The lock under which handles come and go, for who must keep them from it.
pub(crate) fn hold() -> MutexGuard<'static, Free> {
    lock(&FREE)
}

/// Gives an object its handle.
pub(crate) fn insert(object: Arc<Object>, access: u32, inherit: bool) -> Result<Handle> {
    hazard::prepare();
    let mut free = lock(&FREE);
    let index = free.returned.pop_first().unwrap_or(free.fresh);
    if index >= CHUNK_LEN * CHUNKS_MAX {
        return Err(Code::NOT_ENOUGH_MEMORY);
    }
    free.fresh = free.fresh.max(index + 1);
    put(index, object, access, if inherit { HANDLE_FLAG_INHERIT } else { 0 });
    Ok(handle_of(index))
}

/// Gives an object the very handle that it had in the process which passed it on.
pub(crate) fn insert_at(handle: Handle, object: Arc<Object>, access: u32, flags: u32) -> Result<()> {
    hazard::prepare();
    let index = index_of(handle).filter(|&index| index < CHUNK_LEN * CHUNKS_MAX).ok_or(Code::INVALID_HANDLE)?;
    let mut free = lock(&FREE);
    if !slot_or_new(index).load(Ordering::Relaxed).is_null() {
        return Err(Code::INVALID_HANDLE);
    }
    let fresh = free.fresh;
    free.returned.extend(fresh..index);
    free.returned.remove(&index);
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
///
/// May be called in a signal handler, even one that interrupts this.
#[inline]
pub(crate) fn with<T>(handle: Handle, work: impl FnOnce(&Entry) -> Result<T>) -> Result<T> {
    let slot = find(handle)?;
    let Some(hazard) = hazard::mine() else { return with_lock(slot, work) };
    loop {
        // Acquire: pairs with the Release of `put`.
        let entry = slot.load(Ordering::Acquire);
        if entry.is_null() {
            return Err(Code::INVALID_HANDLE);
        }
        hazard.protect(entry);
        // Relaxed: the hazard orders it.
        if slot.load(Ordering::Relaxed) == entry {
            // SAFETY: the hazard names the entry, and it was in its slot after that: nobody frees it now.
            let result = work(unsafe { &*entry });
            hazard.clear();
            return result;
        }
        hazard.clear();
    }
}

/// The same for a thread that has no hazard left: no memory, or signal handlers that were left by `longjmp`.
#[cold]
fn with_lock<T>(slot: &Slot, work: impl FnOnce(&Entry) -> Result<T>) -> Result<T> {
    let _free = lock(&FREE);
    // Relaxed: entries leave and enter under the lock.
    // SAFETY: what is in a slot is freed only after it was taken out, which needs the lock.
    unsafe { slot.load(Ordering::Relaxed).as_ref() }.ok_or(Code::INVALID_HANDLE).and_then(work)
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
    // Before the lock, for a signal handler may need it while this thread has that.
    let _ = hazard::mine();
    let mut free = lock(&FREE);
    // Relaxed: entries leave and enter under the lock.
    let entry = slot.load(Ordering::Relaxed);
    // SAFETY: what is in a slot is freed only after it was taken out, which needs the lock.
    let Some(seen) = (unsafe { entry.as_ref() }) else { return Err(Code::INVALID_HANDLE) };
    if seen.flags() & HANDLE_FLAG_PROTECT_FROM_CLOSE != 0 {
        return Err(Code::INVALID_HANDLE);
    }
    slot.store(ptr::null_mut(), Ordering::Relaxed);
    hazard::wait_until_unused(entry);
    free.returned.extend(index_of(handle));
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
    let looked_at = hazard::all_protected();
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

/// A lock whose holder panicked guards nothing that could be half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
