//! Mapped pieces of a section.
//!
//! Needs `unsafe` for `mmap` and its kin.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};

use super::block::page_len;
use super::{Protection, Section, check, os_error};

/// A mapped piece of a section.
#[derive(Debug)]
pub(crate) struct Pages {
    /// Where the mapping begins, at a page's start.
    base: NonNull<u8>,
    mapped_len: usize,
    /// How far into the mapping the piece begins.
    skipped: usize,
    len: usize,
}

// SAFETY: the memory is shared with other processes anyway; this type only hands out its address.
unsafe impl Send for Pages {}
// SAFETY: as above.
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
        let page = page_len() as u64;
        let start = offset - offset % page;
        let skipped = (offset - start) as usize;
        let mapped_len = len.checked_add(skipped).ok_or_else(|| os_error(libc::ENOMEM))?;
        let base = map_file(section.file(), start, mapped_len, protection)?;
        let pages = Pages { base, mapped_len, skipped, len };
        if huge_pages {
            pages.advise(libc::MADV_HUGEPAGE);
        }
        if prefault {
            let write = protection == Protection::ReadWrite;
            pages.advise(if write { libc::MADV_POPULATE_WRITE } else { libc::MADV_POPULATE_READ });
        }
        Ok(pages)
    }

    /// Takes huge pages for a new file, as far as the system gives any. What it does not give is left to the caller.
    pub(super) fn take_huge(file: &File, size: u64) -> io::Result<()> {
        let len = usize::try_from(size).map_err(|_| os_error(libc::EFBIG))?;
        let base = map_file(file, 0, len, Protection::ReadWrite)?;
        let pages = Pages { base, mapped_len: len, skipped: 0, len };
        pages.advise(libc::MADV_HUGEPAGE);
        pages.advise(libc::MADV_POPULATE_WRITE);
        Ok(())
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.base.as_ptr().wrapping_add(self.skipped)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn flush(&self, offset: usize, len: usize) -> io::Result<()> {
        let begin = self.skipped + offset;
        let start = begin - begin % page_len();
        let len = begin + len - start;
        let address = self.base.as_ptr().wrapping_add(start);
        // SAFETY: the range lies in the mapping and starts at a page.
        check(unsafe { libc::msync(address.cast(), len, libc::MS_SYNC) })?;
        Ok(())
    }

    /// Advice that a kernel may not know or not follow; the memory is the same either way.
    fn advise(&self, advice: libc::c_int) {
        // SAFETY: the range is the whole mapping; none of this advice changes its contents.
        unsafe { libc::madvise(self.base.as_ptr().cast(), self.mapped_len, advice) };
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours; whoever used its address was told how long it lives.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.mapped_len) };
    }
}

fn map_file(file: &File, start: u64, len: usize, protection: Protection) -> io::Result<NonNull<u8>> {
    let start = libc::off_t::try_from(start).map_err(|_| os_error(libc::EOVERFLOW))?;
    let (access, flags) = match protection {
        Protection::ReadOnly => (libc::PROT_READ, libc::MAP_SHARED),
        Protection::ReadWrite => (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED),
        Protection::CopyOnWrite => (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE),
    };
    // SAFETY: a new mapping, placed by the kernel, of an open file.
    let base = unsafe { libc::mmap(ptr::null_mut(), len, access, flags, file.as_raw_fd(), start) };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(NonNull::new(base.cast()).expect("the kernel never maps at 0 by itself"))
}
