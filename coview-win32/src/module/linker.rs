//! What the dynamic linker knows.
//!
//! Needs `unsafe` to ask it.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;

/// What the linker tells of a shared object first, in every C library for Linux.
#[repr(C)]
struct LinkMap {
    distance: usize,
    name: *const c_char,
}

const DI_LINKMAP: c_int = 2;
const HEADERS_PAGE: usize = 4096;

/// Where the program's file begins in memory: its program headers are in the first page.
pub(super) fn program() -> usize {
    // SAFETY: a call without pointers.
    let headers = unsafe { libc::getauxval(libc::AT_PHDR) };
    usize::try_from(headers).unwrap_or_default() & !(HEADERS_PAGE - 1)
}

/// Where this library begins in memory, or the program that it is part of.
pub(super) fn library() -> usize {
    object_at(library_code()).map_or_else(program, |(base, _)| base)
}

/// An address inside this library.
pub(super) fn library_code() -> usize {
    library as *const () as usize
}

/// The shared object that an address is in: where it begins, and its file.
pub(super) fn object_at(address: usize) -> Option<(usize, String)> {
    let mut found = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the address is only compared, and the structure has room for the answer.
    let known = unsafe { libc::dladdr(ptr::without_provenance(address), found.as_mut_ptr()) };
    if known == 0 {
        return None;
    }
    // SAFETY: it was filled, and before that it was zero.
    let found = unsafe { found.assume_init() };
    // SAFETY: the linker's string stays as long as the shared object.
    Some((found.dli_fbase.addr(), unsafe { text(found.dli_fname) }))
}

/// The handle of a shared object that is loaded already, without keeping it.
pub(super) fn find(name: &str) -> Option<usize> {
    let handle = open(name, libc::RTLD_NOW | libc::RTLD_NOLOAD)?;
    unload(handle);
    Some(handle)
}

pub(super) fn load(name: &str) -> Option<usize> {
    open(name, libc::RTLD_NOW | libc::RTLD_LOCAL)
}

/// Loads what is loaded once more, so that it stays.
pub(super) fn keep(handle: usize) {
    if let Some(file) = file(handle) {
        let _ = open(&file, libc::RTLD_NOW | libc::RTLD_NOLOAD);
    }
}

/// Keeps this library where it is, if it is one, to the end of the process: its threads, its handlers of signals, `exit` and
/// `fork`, and the ends of the program's threads need it, whoever calls `dlclose`.
pub(crate) fn stay_loaded() {
    if let Some((_, file)) = object_at(library_code()).filter(|(base, _)| *base != program()) {
        let _ = open(&file, libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE);
    }
}

fn open(name: &str, mode: c_int) -> Option<usize> {
    let name = CString::new(name).ok().filter(|name| !name.is_empty())?;
    // SAFETY: the string ends with a NUL; what the shared object does when it is loaded is what the caller asked for.
    let handle = unsafe { libc::dlopen(name.as_ptr(), mode) };
    (!handle.is_null()).then(|| handle.expose_provenance())
}

pub(super) fn unload(handle: usize) {
    // SAFETY: the handle came from `dlopen`, which counts.
    unsafe { libc::dlclose(pointer(handle)) };
}

pub(super) fn file(handle: usize) -> Option<String> {
    let mut map: *const LinkMap = ptr::null();
    // SAFETY: the handle is the linker's, and there is room for the pointer that this question is answered with.
    let result = unsafe { libc::dlinfo(pointer(handle), DI_LINKMAP, (&raw mut map).cast()) };
    if result != 0 {
        return None;
    }
    // SAFETY: the linker's structure stays as long as the shared object.
    let map = unsafe { map.as_ref() }?;
    // SAFETY: as above.
    let name = unsafe { text(map.name) };
    (!name.is_empty()).then_some(name)
}

pub(super) fn symbol(handle: usize, name: &CStr) -> Option<usize> {
    // SAFETY: the handle is the linker's and the string ends with a NUL.
    address(unsafe { libc::dlsym(pointer(handle), name.as_ptr()) })
}

/// The first symbol of this name in all that the program was started with.
pub(super) fn symbol_of_all(name: &CStr) -> Option<usize> {
    // SAFETY: the string ends with a NUL.
    address(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
}

fn address(symbol: *mut c_void) -> Option<usize> {
    (!symbol.is_null()).then(|| symbol.expose_provenance())
}

fn pointer(handle: usize) -> *mut c_void {
    ptr::with_exposed_provenance_mut(handle)
}

/// # Safety
///
/// The pointer is null or leads to a string that ends with a NUL.
unsafe fn text(string: *const c_char) -> String {
    if string.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(string) }.to_string_lossy().into_owned()
}
