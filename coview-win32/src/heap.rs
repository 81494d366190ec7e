//! Heaps: all over the C library's `malloc`; a heap made by a program knows its blocks, to free them when it goes.
//!
//! Needs `unsafe` to export functions, and to reach heaps and blocks by the pointers that callers have.

mod block;
mod local;

use std::collections::HashSet;
use std::ffi::c_void;
use std::ptr;

use parking_lot::Mutex;

pub(crate) use block::allocate;

use crate::last_error::{self, Code, Result};

const ZERO_MEMORY: u32 = 8;
const REALLOC_IN_PLACE_ONLY: u32 = 0x10;

/// A heap that a program made.
pub(crate) struct Heap {
    magic: u64,
    /// How many bytes its blocks may have; 0 for any number.
    size_max: usize,
    blocks: Mutex<Blocks>,
}

#[derive(Default)]
struct Blocks {
    addresses: HashSet<usize>,
    size: usize,
}

const MAGIC: u64 = 0x636F_7669_6577_6870;

/// The process's own heap is this address. Its blocks are in no list.
static PROCESS_HEAP: u64 = 0;

fn process_heap() -> *mut Heap {
    (&raw const PROCESS_HEAP).cast_mut().cast()
}

/// The heap, or `None` for the process's own.
///
/// # Safety
///
/// The pointer is null, the process's heap, or another that was not destroyed.
unsafe fn heap<'a>(heap: *mut Heap) -> Result<Option<&'a Heap>> {
    if heap == process_heap() {
        return Ok(None);
    }
    // SAFETY: as the caller promises.
    match unsafe { heap.as_ref() } {
        Some(heap) if heap.magic == MAGIC => Ok(Some(heap)),
        _ => Err(Code::INVALID_HANDLE),
    }
}

impl Heap {
    fn allocate(&self, size: usize, zero: bool) -> *mut u8 {
        let mut blocks = self.blocks.lock();
        if self.is_too_much(blocks.size.saturating_add(size)) {
            return ptr::null_mut();
        }
        let block = allocate(size, zero);
        if !block.is_null() {
            blocks.addresses.insert(block.addr());
            blocks.size += size;
        }
        block
    }

    fn is_too_much(&self, size: usize) -> bool {
        self.size_max != 0 && size > self.size_max
    }

    fn has(&self, block: *mut u8) -> Result<()> {
        if self.blocks.lock().addresses.contains(&block.addr()) { Ok(()) } else { Err(Code::INVALID_PARAMETER) }
    }

    fn free(&self, block: *mut u8) -> Result<()> {
        let mut blocks = self.blocks.lock();
        if !blocks.addresses.remove(&block.addr()) {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: it was in the list, so it is a block.
        blocks.size -= unsafe { block::size(block) };
        // SAFETY: as above, and nobody else found it there.
        unsafe { block::free(block) };
        Ok(())
    }

    fn reallocate(&self, block: *mut u8, size: usize, flags: u32) -> Result<*mut u8> {
        let mut blocks = self.blocks.lock();
        if !blocks.addresses.contains(&block.addr()) {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: it is in the list, so it is a block.
        let others = blocks.size - unsafe { block::size(block) };
        if self.is_too_much(others.saturating_add(size)) {
            return Err(Code::NOT_ENOUGH_MEMORY);
        }
        // SAFETY: as above.
        let new = unsafe { resize(block, size, flags) }?;
        blocks.addresses.remove(&block.addr());
        blocks.addresses.insert(new.addr());
        blocks.size = others + size;
        Ok(new)
    }
}

/// # Safety
///
/// It is a block, which is not used through the old pointer once this succeeded.
unsafe fn resize(block: *mut u8, size: usize, flags: u32) -> Result<*mut u8> {
    let zero = flags & ZERO_MEMORY != 0;
    let new = if flags & REALLOC_IN_PLACE_ONLY != 0 {
        // SAFETY: as the caller promises.
        unsafe { block::resize_in_place(block, size, zero) }
    } else {
        // SAFETY: as the caller promises.
        unsafe { block::reallocate(block, size, zero) }
    };
    if new.is_null() { Err(Code::NOT_ENOUGH_MEMORY) } else { Ok(new) }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetProcessHeap() -> *mut Heap {
    process_heap()
}

/// The options mean nothing: every heap is for all threads, no block can be executed, and failing returns NULL.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn HeapCreate(_options: u32, initial: usize, maximum: usize) -> *mut Heap {
    if maximum != 0 && initial > maximum {
        return last_error::value(Err(Code::INVALID_PARAMETER), ptr::null_mut());
    }
    Box::into_raw(Box::new(Heap { magic: MAGIC, size_max: maximum, blocks: Mutex::default() }))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn HeapDestroy(heap: *mut Heap) -> i32 {
    // SAFETY: as Windows demands of the caller.
    last_error::truth(unsafe { destroy(heap) })
}

/// # Safety
///
/// As for [`heap`]; nobody uses the heap or its blocks any more.
unsafe fn destroy(handle: *mut Heap) -> Result<()> {
    // SAFETY: as the caller promises.
    if unsafe { heap(handle) }?.is_none() {
        return Err(Code::INVALID_HANDLE);
    }
    // SAFETY: `HeapCreate` took it out of a box.
    let mut heap = unsafe { Box::from_raw(handle) };
    // Who uses the handle once more is told so as long as the memory is not used again.
    heap.magic = 0;
    for address in heap.blocks.get_mut().addresses.drain() {
        // SAFETY: it was in the list, so it is a block.
        unsafe { block::free(ptr::with_exposed_provenance_mut(address)) };
    }
    Ok(())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn HeapAlloc(heap: *mut Heap, flags: u32, size: usize) -> *mut c_void {
    let zero = flags & ZERO_MEMORY != 0;
    // SAFETY: as Windows demands of the caller.
    let block = match unsafe { self::heap(heap) } {
        Ok(None) => allocate(size, zero),
        Ok(Some(heap)) => heap.allocate(size, zero),
        Err(code) => return last_error::value(Err(code), ptr::null_mut()),
    };
    if block.is_null() {
        last_error::set(Code::NOT_ENOUGH_MEMORY);
    }
    block.cast()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn HeapReAlloc(
    heap: *mut Heap,
    flags: u32,
    block: *mut c_void,
    size: usize,
) -> *mut c_void {
    // SAFETY: as Windows demands of the caller.
    let block = unsafe { reallocate(heap, flags, block.cast(), size) };
    last_error::value(block, ptr::null_mut()).cast()
}

/// # Safety
///
/// As for [`heap`]; the block is null or one of the heap's.
unsafe fn reallocate(handle: *mut Heap, flags: u32, block: *mut u8, size: usize) -> Result<*mut u8> {
    // SAFETY: as the caller promises.
    match unsafe { heap(handle) }? {
        _ if block.is_null() => Err(Code::INVALID_PARAMETER),
        // SAFETY: as the caller promises.
        None => unsafe { resize(block, size, flags) },
        Some(heap) => heap.reallocate(block, size, flags),
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn HeapFree(heap: *mut Heap, _flags: u32, block: *mut c_void) -> i32 {
    // SAFETY: as Windows demands of the caller.
    last_error::truth(unsafe { free(heap, block.cast()) })
}

/// # Safety
///
/// As for [`reallocate`].
unsafe fn free(handle: *mut Heap, block: *mut u8) -> Result<()> {
    // SAFETY: as the caller promises.
    match unsafe { heap(handle) }? {
        _ if block.is_null() => {}
        // SAFETY: as the caller promises.
        None => unsafe { block::free(block) },
        Some(heap) => heap.free(block)?,
    }
    Ok(())
}

/// The size that was asked for; -1 for what is no block.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn HeapSize(heap: *mut Heap, _flags: u32, block: *const c_void) -> usize {
    // SAFETY: as Windows demands of the caller.
    last_error::value(unsafe { size(heap, block.cast_mut().cast()) }, usize::MAX)
}

/// # Safety
///
/// As for [`reallocate`].
unsafe fn size(handle: *mut Heap, block: *mut u8) -> Result<usize> {
    // SAFETY: as the caller promises.
    let heap = unsafe { heap(handle) }?;
    if block.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    if let Some(heap) = heap {
        heap.has(block)?;
    }
    // SAFETY: as the caller promises.
    Ok(unsafe { block::size(block) })
}

/// `malloc` keeps its free blocks together by itself, and does not tell how large they are: the result means "none".
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn HeapCompact(heap: *mut Heap, _flags: u32) -> usize {
    // SAFETY: as Windows demands of the caller.
    let result = unsafe { self::heap(heap) };
    last_error::set(result.err().unwrap_or(Code::SUCCESS));
    0
}

/// A whole heap is always valid. Of the process's heap only blocks may be asked about.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn HeapValidate(heap: *mut Heap, _flags: u32, block: *const c_void) -> i32 {
    let block: *mut u8 = block.cast_mut().cast();
    // SAFETY: as Windows demands of the caller.
    match unsafe { self::heap(heap) } {
        Ok(_) if block.is_null() => 1,
        // SAFETY: as above.
        Ok(None) => unsafe { block::is_valid(block) }.into(),
        Ok(Some(heap)) => heap.has(block).is_ok().into(),
        Err(_) => 0,
    }
}
