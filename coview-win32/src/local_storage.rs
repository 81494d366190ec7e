//! Thread-local storage: a word for each thread under each index.
//!
//! Needs `unsafe` to reach memory that a thread owns through a plain pointer, which stays usable while the thread's
//! destructors run.
//!
//! Freeing an index must empty it in all threads. No thread is asked: a slot says under which generation of its index
//! it was written, and a value of another generation is not there.

mod fiber;

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::last_error::{self, Code, Result};

const SLOTS: usize = 1088;
const OUT_OF_INDEXES: u32 = u32::MAX;
const NO_MORE_ITEMS: Code = Code(259);

/// How often each index was allocated and freed; odd while it is allocated.
static GENERATIONS: [AtomicU32; SLOTS] = [const { AtomicU32::new(0) }; SLOTS];

struct Slot {
    generation: Cell<u32>,
    value: Cell<*mut c_void>,
}

type Slots = [Slot; SLOTS];

/// The slots of a thread, from its first value to its end.
struct Owner;

thread_local! {
    /// Null, or the calling thread's slots. Without a destructor, so that it can be read until the thread is gone.
    static MINE: Cell<*const Slots> = const { Cell::new(ptr::null()) };
    static OWNER: Owner = const { Owner };
}

impl Drop for Owner {
    fn drop(&mut self) {
        let slots = MINE.replace(ptr::null()).cast_mut();
        if !slots.is_null() {
            // SAFETY: `make_slots` took it out of a box, and it is in reach of nobody now.
            drop(unsafe { Box::from_raw(slots) });
        }
    }
}

fn slot(index: usize) -> Option<&'static Slot> {
    let slots = MINE.get();
    // SAFETY: the slots are there while the thread says so, and callers are done with one before they return.
    let slots = unsafe { slots.as_ref() }?;
    slots.get(index)
}

/// Gives the thread slots if it has none; fails when it ends.
fn make_slots() -> Result<()> {
    if MINE.get().is_null() {
        OWNER.try_with(|_| ()).map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
        let empty = |_| Slot { generation: Cell::new(0), value: Cell::new(ptr::null_mut()) };
        // Collected, for a thread's stack may have no room for so many.
        let slots: Box<[_]> = (0..SLOTS).map(empty).collect();
        let slots: Box<Slots> = slots.try_into().map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
        MINE.set(Box::into_raw(slots));
    }
    Ok(())
}

/// The index 0 is never given out: it is taken on Windows as well when `main` begins.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn TlsAlloc() -> u32 {
    let index = (1..SLOTS).find(|index| allocate(*index)).map(|index| index as u32);
    last_error::value(index.ok_or(NO_MORE_ITEMS), OUT_OF_INDEXES)
}

// Relaxed for all generations: what is under an index belongs to one thread, and the program tells threads of an index.

fn allocate(index: usize) -> bool {
    step(index, 0)
}

/// Goes to the next generation if the index is free (0) or allocated (1).
fn step(index: usize, parity: u32) -> bool {
    let next = |generation: u32| (generation % 2 == parity).then(|| generation.wrapping_add(1));
    GENERATIONS[index].fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn TlsFree(index: u32) -> i32 {
    let index = index as usize;
    let freed = index < SLOTS && step(index, 1);
    last_error::truth(if freed { Ok(()) } else { Err(Code::INVALID_PARAMETER) })
}

/// Sets the last error to 0 when it succeeds, for NULL is a value too.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn TlsGetValue(index: u32) -> *mut c_void {
    let Some(generation) = GENERATIONS.get(index as usize) else {
        return last_error::value(Err(Code::INVALID_PARAMETER), ptr::null_mut());
    };
    last_error::set(Code::SUCCESS);
    match slot(index as usize) {
        Some(slot) if slot.generation.get() == generation.load(Ordering::Relaxed) => slot.value.get(),
        _ => ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn TlsSetValue(index: u32, value: *mut c_void) -> i32 {
    last_error::truth(set(index as usize, value))
}

fn set(index: usize, value: *mut c_void) -> Result<()> {
    let generation = GENERATIONS.get(index).ok_or(Code::INVALID_PARAMETER)?;
    make_slots()?;
    let slot = slot(index).ok_or(Code::INVALID_PARAMETER)?;
    slot.generation.set(generation.load(Ordering::Relaxed));
    slot.value.set(value);
    Ok(())
}
