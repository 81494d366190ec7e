//! Ranges of addresses that belong to this library, and what is mapped there.
//!
//! Needs `unsafe` for `mmap` and its kin.

use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::{c_int, c_void};

use crate::protection::Protection;

pub(crate) const PAGE_LEN: usize = 4096;
/// What the addresses of views and reservations are multiples of.
pub(crate) const GRANULARITY: usize = 0x1_0000;
/// The first address that is not a program's, by Windows' rules.
pub(crate) const USER_END: usize = if cfg!(target_arch = "x86_64") { 0x7fff_ffff_0000 } else { 0xffff_ffff_0000 };

/// The whole pages that hold these bytes; `None` if they would go beyond what programs have.
pub(crate) fn pages_of(address: usize, len: usize) -> Option<Range<usize>> {
    let start = address - address % PAGE_LEN;
    let end = address.checked_add(len)?.checked_next_multiple_of(PAGE_LEN)?;
    (end <= USER_END).then_some(start..end)
}

/// An address as a pointer, for the system and for callers.
pub(crate) fn pointer(address: usize) -> *mut c_void {
    ptr::with_exposed_provenance_mut(address)
}

/// A range of addresses that nothing else uses.
///
/// At first nothing can be touched there. Dropping it unmaps whatever is in it.
#[derive(Debug)]
pub(crate) struct Reservation {
    range: Range<usize>,
}

impl Reservation {
    /// Takes so many bytes, which are whole pages, at an address of the system's choice.
    pub(crate) fn anywhere(len: usize) -> io::Result<Reservation> {
        let slack = GRANULARITY - PAGE_LEN;
        let wide = len.checked_add(slack).ok_or_else(|| io::Error::from_raw_os_error(libc::ENOMEM))?;
        let found = map(0, wide, libc::PROT_NONE, EMPTY, None)?;
        let base = found.next_multiple_of(GRANULARITY);
        unmap(found..base);
        unmap(base + len..found + wide);
        Ok(Reservation { range: base..base + len })
    }

    /// Takes exactly this range, if nothing is there.
    pub(crate) fn at(range: Range<usize>) -> io::Result<Reservation> {
        let found = map(range.start, range.len(), libc::PROT_NONE, EMPTY | libc::MAP_FIXED_NOREPLACE, None)?;
        if found == range.start {
            return Ok(Reservation { range });
        }
        // A kernel before 4.17 takes the address for a wish.
        unmap(found..found + range.len());
        Err(io::Error::from_raw_os_error(libc::EEXIST))
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Shows a piece of a file in a part of the range. What is written to a private piece stays here.
    pub(crate) fn show(
        &self,
        part: Range<usize>,
        file: BorrowedFd<'_>,
        offset: u64,
        private: bool,
        protection: c_int,
    ) -> io::Result<()> {
        self.check(&part);
        let sharing = if private { libc::MAP_PRIVATE | libc::MAP_NORESERVE } else { libc::MAP_SHARED };
        without_execution(protection, |protection| {
            map(part.start, part.len(), protection, sharing | libc::MAP_FIXED, Some((file, offset))).map(drop)
        })
    }

    /// Throws away what a part of the range holds; it cannot be touched then.
    pub(crate) fn clear(&self, part: Range<usize>) -> io::Result<()> {
        self.check(&part);
        map(part.start, part.len(), libc::PROT_NONE, EMPTY | libc::MAP_FIXED, None).map(drop)
    }

    pub(crate) fn protect(&self, part: Range<usize>, protection: Protection) -> io::Result<()> {
        self.check(&part);
        protect(part, protection.system())
    }

    /// Reads a byte of each page, all of which can be read.
    pub(crate) fn touch(&self) {
        let range = self.range();
        // SAFETY: populating changes no contents.
        if unsafe { libc::madvise(pointer(range.start), range.len(), libc::MADV_POPULATE_READ) } == 0 {
            return;
        }
        // A kernel before 5.14.
        for page in range.step_by(PAGE_LEN) {
            // SAFETY: the page is mapped and can be read.
            unsafe { pointer(page).cast::<u8>().read_volatile() };
        }
    }

    fn check(&self, part: &Range<usize>) {
        assert!(self.range.start <= part.start && part.end <= self.range.end, "a part of the range");
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        unmap(self.range.clone());
    }
}

/// Changes what may be done with pages that are mapped, ours or not.
pub(crate) fn protect(pages: Range<usize>, protection: c_int) -> io::Result<()> {
    without_execution(protection, |protection| {
        // SAFETY: contents and addresses stay; who may touch the pages is the program's decision.
        checked(unsafe { libc::mprotect(pointer(pages.start), pages.len(), protection) })
    })
}

const EMPTY: c_int = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;

/// Tries again without execution where the file system forbids that, as `/dev/shm` often does: most who ask for it do not
/// need it.
fn without_execution(protection: c_int, work: impl Fn(c_int) -> io::Result<()>) -> io::Result<()> {
    match work(protection) {
        Err(error) if protection & libc::PROT_EXEC != 0 && error.kind() == io::ErrorKind::PermissionDenied => {
            work(protection & !libc::PROT_EXEC)
        }
        result => result,
    }
}

fn map(
    address: usize,
    len: usize,
    protection: c_int,
    flags: c_int,
    file: Option<(BorrowedFd<'_>, u64)>,
) -> io::Result<usize> {
    let (descriptor, offset) = file.map_or((-1, 0), |(file, offset)| (file.as_raw_fd(), offset));
    let offset = libc::off_t::try_from(offset).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW))?;
    // SAFETY: the kernel chooses the place, or nothing is there, or it is a reservation's own.
    let found = unsafe { libc::mmap(pointer(address), len, protection, flags, descriptor, offset) };
    if found == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(found.expose_provenance()) }
}

fn unmap(range: Range<usize>) {
    if !range.is_empty() {
        // SAFETY: the range is a reservation's own, and whoever looks at it was told how long it lives.
        unsafe { libc::munmap(pointer(range.start), range.len()) };
    }
}

pub(crate) fn checked(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
