//! Fiber-local storage: thread-local storage that calls back when a thread ends, for there are no fibers here.
//!
//! Needs `unsafe` to call back, and to reach memory that a thread owns through a plain pointer.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use parking_lot::Mutex;

use super::{NO_MORE_ITEMS, OUT_OF_INDEXES};
use crate::last_error::{self, Code, Result};

const SLOTS: usize = 4080;

type Callback = unsafe extern "C-unwind" fn(*mut c_void);
/// The values of a thread. It writes them; whoever frees an index, and the thread when it ends, takes them out.
type Values = [AtomicPtr<c_void>; SLOTS];

#[derive(Clone, Copy)]
enum Index {
    Free,
    Allocated(Option<Callback>),
}

/// What threads must know of each other, so that freeing an index reaches all values.
struct Registry {
    indexes: [Index; SLOTS],
    values: Vec<Arc<Values>>,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { indexes: [Index::Free; SLOTS], values: Vec::new() });

thread_local! {
    /// Null, or the calling thread's values, which its owner keeps.
    static MINE: Cell<*const Values> = const { Cell::new(ptr::null()) };
    static OWNER: Owner = const { Owner(Cell::new(None)) };
}

/// Calls back when the thread ends.
struct Owner(Cell<Option<Arc<Values>>>);

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(values) = self.0.take() {
            finish(&values);
            MINE.set(ptr::null());
        }
    }
}

/// Tells the callbacks of all values of a thread that ends, once each, then forgets the thread.
fn finish(values: &Arc<Values>) {
    for (index, slot) in values.iter().enumerate() {
        let value = take(slot);
        if !value.is_null() {
            call_back(callback_of(index), value);
        }
    }
    REGISTRY.lock().values.retain(|other| !Arc::ptr_eq(other, values));
}

/// Whoever takes a value out is the one who calls back for it.
fn take(slot: &AtomicPtr<c_void>) -> *mut c_void {
    // AcqRel: the one who takes it sees what the thread wrote behind it, with the store in `set`.
    slot.swap(ptr::null_mut(), Ordering::AcqRel)
}

fn callback_of(index: usize) -> Option<Callback> {
    match REGISTRY.lock().indexes[index] {
        Index::Allocated(callback) => callback,
        Index::Free => None,
    }
}

fn call_back(callback: Option<Callback>, value: *mut c_void) {
    if let Some(callback) = callback {
        // SAFETY: whoever allocated the index says that it may be called with what is stored there.
        unsafe { callback(value) };
    }
}

fn mine() -> Option<&'static Values> {
    // SAFETY: the values are there while the thread says so, and callers are done with one before they return.
    unsafe { MINE.get().as_ref() }
}

/// Gives the thread its values if it has none; fails when it ends.
fn make_values() -> Result<()> {
    if mine().is_some() {
        return Ok(());
    }
    // Destructors run in the opposite order: callbacks find the thread-local values still there.
    super::make_slots()?;
    // Collected, for a thread's stack may have no room for so many.
    let empty: Arc<[_]> = (0..SLOTS).map(|_| AtomicPtr::new(ptr::null_mut())).collect();
    let values: Arc<Values> = empty.try_into().map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
    let kept = values.clone();
    OWNER.try_with(|owner| owner.0.set(Some(kept))).map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
    MINE.set(Arc::as_ptr(&values));
    REGISTRY.lock().values.push(values);
    Ok(())
}

/// As on Windows the index 0 is never given out and not valid.
fn check(index: u32) -> Result<usize> {
    let index = index as usize;
    if index == 0 || index >= SLOTS { Err(Code::INVALID_PARAMETER) } else { Ok(index) }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn FlsAlloc(callback: Option<Callback>) -> u32 {
    let mut registry = REGISTRY.lock();
    let index = (1..SLOTS).find(|index| matches!(registry.indexes[*index], Index::Free));
    if let Some(index) = index {
        registry.indexes[index] = Index::Allocated(callback);
        // What was stored before the index was allocated is not there.
        for values in &registry.values {
            let _ = take(&values[index]);
        }
    }
    drop(registry);
    last_error::value(index.map(|index| index as u32).ok_or(NO_MORE_ITEMS), OUT_OF_INDEXES)
}

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn FlsFree(index: u32) -> i32 {
    last_error::truth(free(index))
}

/// Calls back for the values of all threads, in the calling one.
fn free(index: u32) -> Result<()> {
    let index = check(index)?;
    let (callback, values) = empty(index)?;
    for value in values {
        call_back(callback, value);
    }
    Ok(())
}

fn empty(index: usize) -> Result<(Option<Callback>, Vec<*mut c_void>)> {
    let mut registry = REGISTRY.lock();
    let Index::Allocated(callback) = registry.indexes[index] else {
        return Err(Code::INVALID_PARAMETER);
    };
    registry.indexes[index] = Index::Free;
    let values = registry.values.iter().map(|values| take(&values[index])).filter(|value| !value.is_null());
    Ok((callback, values.collect()))
}

/// Sets the last error to 0 when it succeeds, for NULL is a value too.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn FlsGetValue(index: u32) -> *mut c_void {
    let index = match check(index) {
        Ok(index) => index,
        Err(code) => return last_error::value(Err(code), ptr::null_mut()),
    };
    last_error::set(Code::SUCCESS);
    // Relaxed: the thread itself wrote it.
    mine().map_or(ptr::null_mut(), |values| values[index].load(Ordering::Relaxed))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn FlsSetValue(index: u32, value: *mut c_void) -> i32 {
    last_error::truth(set(index, value))
}

fn set(index: u32, value: *mut c_void) -> Result<()> {
    let index = check(index)?;
    make_values()?;
    let values = mine().ok_or(Code::NOT_ENOUGH_MEMORY)?;
    // Release: whoever takes it out sees what the thread wrote before.
    values[index].store(value, Ordering::Release);
    Ok(())
}
