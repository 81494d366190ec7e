//! A view of a section: any bytes of it, wherever the system's granularity lies.
//!
//! Needs `unsafe` to map and unmap memory, and to say that such memory may go from thread to thread.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::OwnedHandle;
use std::sync::Arc;

use windows_sys::Win32::System::Memory::{
    FILE_MAP_COPY, FILE_MAP_LARGE_PAGES, FILE_MAP_READ, FILE_MAP_WRITE, FlushViewOfFile, MEM_COMMIT,
    MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile, PAGE_READONLY, UnmapViewOfFile, VirtualAlloc,
};

use super::Section;
use super::machine::{granularity, large_page_len};
use super::object::{check, raw};
use crate::ErrorKind;
use crate::sys::{Protection, copy, error};

/// The smallest page there is, for touching each.
const PAGE_LEN: usize = 4096;

/// A mapped piece of a section.
#[derive(Debug)]
pub(crate) struct Pages {
    /// Where the view itself begins, at or before the piece.
    base: *mut u8,
    ptr: *mut u8,
    len: usize,
    /// The file that the piece is written to.
    file: Option<Arc<File>>,
}

// SAFETY: the memory is mapped for the process, not for a thread, and `Pages` itself reads and writes none of it after
// it was made.
unsafe impl Send for Pages {}
// SAFETY: as above; nothing in `Pages` changes between its making and its drop.
unsafe impl Sync for Pages {}

impl Pages {
    pub(crate) fn map(
        section: &Section,
        offset: u64,
        len: usize,
        protection: Protection,
        huge_pages: bool,
        prefault: bool,
    ) -> io::Result<Pages> {
        if section.is_uncommitted() {
            commit(section.handle(), offset, len)?;
        }
        let large = huge_pages && section.has_large_pages();
        let mapped = if large { map_large(section, offset, len, protection) } else { None };
        let (base, ptr) = match mapped {
            Some(mapped) => mapped,
            None => map_aligned(section.handle(), offset, len, access_to(protection), granularity())?,
        };
        let file = section.file().filter(|_| protection == Protection::ReadWrite).cloned();
        let pages = Pages { base, ptr, len, file };
        if prefault {
            pages.touch();
        }
        Ok(pages)
    }

    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.ptr
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn flush(&self, offset: usize, len: usize) -> io::Result<()> {
        // To the kernel, no bytes at all means all that follow.
        if len == 0 {
            return Ok(());
        }
        let start = self.ptr.wrapping_add(offset).cast();
        // SAFETY: the public layer has checked that the range lies within this view.
        check(unsafe { FlushViewOfFile(start, len) })?;
        match &self.file {
            Some(file) => file.sync_data(),
            None => Ok(()),
        }
    }

    /// Reads a byte of each page, which makes the system find memory for it now.
    fn touch(&self) {
        for offset in (0..self.len).step_by(PAGE_LEN) {
            let mut byte = MaybeUninit::<u8>::uninit();
            // SAFETY: the offset lies within the view, and the place for the byte is ours.
            unsafe { copy::from_shared(self.ptr.wrapping_add(offset), byte.as_mut_ptr(), 1) };
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let view = MEMORY_MAPPED_VIEW_ADDRESS { Value: self.base.cast() };
        // SAFETY: mapped by `Pages::map` and unmapped only here; every borrow of the memory borrows `self`.
        unsafe { UnmapViewOfFile(view) };
    }
}

/// Maps with large pages, which take their own alignment; `None` if the system will not.
fn map_large(section: &Section, offset: u64, len: usize, protection: Protection) -> Option<(*mut u8, *mut u8)> {
    let page = large_page_len()?;
    let within = offset % page;
    let whole = (len as u64).checked_add(within)?.checked_next_multiple_of(page)?;
    let access = access_to(protection) | FILE_MAP_LARGE_PAGES;
    let (base, _) = map_aligned(section.handle(), offset - within, whole.try_into().ok()?, access, page).ok()?;
    let within = within as usize;
    Some((base, base.wrapping_add(within)))
}

/// Maps from the last multiple of `granularity`: where the view begins, and where the bytes asked for do.
fn map_aligned(
    section: &OwnedHandle,
    offset: u64,
    len: usize,
    access: u32,
    granularity: u64,
) -> io::Result<(*mut u8, *mut u8)> {
    let within = offset % granularity;
    let start = offset - within;
    let within = within as usize;
    let len = within.checked_add(len).ok_or_else(|| error(ErrorKind::TooLarge))?;
    let (high, low) = ((start >> 32) as u32, start as u32);
    // SAFETY: the handle is open; the kernel chooses an address where nothing is, and refuses what is not there to map.
    let view = unsafe { MapViewOfFile(raw(section), access, high, low, len) };
    if view.Value.is_null() {
        return Err(io::Error::last_os_error());
    }
    let base: *mut u8 = view.Value.cast();
    Ok((base, base.wrapping_add(within)))
}

fn access_to(protection: Protection) -> u32 {
    match protection {
        Protection::ReadOnly => FILE_MAP_READ,
        // Writing alone would be enough for the kernel; the handle has both.
        Protection::ReadWrite => FILE_MAP_READ | FILE_MAP_WRITE,
        Protection::CopyOnWrite => FILE_MAP_COPY,
    }
}

/// Puts memory behind these pages, for every view of the section and for good.
///
/// Through a read-only view of its own: in each view the pages take the protection of that view, and for one that
/// copies on write the kernel has no such call.
fn commit(section: &OwnedHandle, offset: u64, len: usize) -> io::Result<()> {
    let (base, ptr) = map_aligned(section, offset, len, FILE_MAP_READ, granularity())?;
    let view = Pages { base, ptr, len, file: None };
    let start = view.ptr.cast_const().cast();
    // SAFETY: the range is the view, which is mapped; committing takes nothing away from anybody.
    let committed = unsafe { VirtualAlloc(start, len, MEM_COMMIT, PAGE_READONLY) };
    if committed.is_null() {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
