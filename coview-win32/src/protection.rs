//! Page protections: the `PAGE_` constants, what they mean to Linux, and which may follow which.

use libc::c_int;

use crate::last_error::{Code, Result};

pub(crate) const PAGE_GUARD: u32 = 0x100;
pub(crate) const PAGE_NOCACHE: u32 = 0x200;
pub(crate) const PAGE_WRITECOMBINE: u32 = 0x400;
/// Says of executable pages what control flow guard shall do, which is nothing here.
const PAGE_TARGETS_INVALID: u32 = 0x4000_0000;

const READ: u8 = 1;
const WRITE: u8 = 2;
const EXECUTE: u8 = 4;

/// One of the eight protections, perhaps with a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Protection(u32);

impl Protection {
    pub(crate) const NOACCESS: Protection = Protection(0x01);
    pub(crate) const READONLY: Protection = Protection(0x02);
    pub(crate) const READWRITE: Protection = Protection(0x04);
    pub(crate) const WRITECOPY: Protection = Protection(0x08);
    pub(crate) const EXECUTE: Protection = Protection(0x10);
    pub(crate) const EXECUTE_READ: Protection = Protection(0x20);
    pub(crate) const EXECUTE_READWRITE: Protection = Protection(0x40);
    pub(crate) const EXECUTE_WRITECOPY: Protection = Protection(0x80);

    /// The protection that a caller's word asks for, and how it wants the memory cached.
    pub(crate) fn parse(word: u32) -> Result<(Protection, u32)> {
        let caching = word & (PAGE_NOCACHE | PAGE_WRITECOMBINE);
        let protection = Protection(word & !caching & !PAGE_TARGETS_INVALID);
        let base = protection.base();
        let known = base.0.is_power_of_two() && base.0 <= 0x80 && (word & PAGE_TARGETS_INVALID == 0 || base.0 >= 0x10);
        let guarded = protection != base;
        let cached_oddly = caching != 0;
        let two_at_once = caching == PAGE_NOCACHE | PAGE_WRITECOMBINE || (guarded && cached_oddly);
        let pointless = base == Protection::NOACCESS && (guarded || cached_oddly);
        if known && !two_at_once && !pointless { Ok((protection, caching)) } else { Err(Code::INVALID_PARAMETER) }
    }

    pub(crate) fn word(self) -> u32 {
        self.0
    }

    /// What `mmap` is told. A guarded page is not to be touched.
    pub(crate) fn system(self) -> c_int {
        if self.is_guarded() {
            return libc::PROT_NONE;
        }
        let execute = if self.needs() & EXECUTE != 0 { libc::PROT_EXEC } else { 0 };
        match self.0 {
            0x01 => libc::PROT_NONE,
            0x02 | 0x10 | 0x20 => libc::PROT_READ | execute,
            _ => libc::PROT_READ | libc::PROT_WRITE | execute,
        }
    }

    pub(crate) fn is_guarded(self) -> bool {
        self.0 & PAGE_GUARD != 0
    }

    /// Whether writing makes a page private.
    pub(crate) fn is_copy(self) -> bool {
        matches!(self.base(), Protection::WRITECOPY | Protection::EXECUTE_WRITECOPY)
    }

    pub(crate) fn is_executable(self) -> bool {
        self.needs() & EXECUTE != 0
    }

    pub(crate) fn is_readable(self) -> bool {
        self.system() & libc::PROT_READ != 0
    }

    pub(crate) fn is_writable(self) -> bool {
        self.system() & libc::PROT_WRITE != 0
    }

    /// Whether it needs no more than what a view was mapped with. Copying on write needs to read.
    pub(crate) fn fits(self, mapped: Protection) -> bool {
        self.needs() & !mapped.needs() == 0
    }

    /// What a page has become when it was written.
    pub(crate) fn written(self) -> Protection {
        match self {
            Protection::WRITECOPY => Protection::READWRITE,
            Protection::EXECUTE_WRITECOPY => Protection::EXECUTE_READWRITE,
            other => other,
        }
    }

    fn base(self) -> Protection {
        Protection(self.0 & !PAGE_GUARD)
    }

    fn needs(self) -> u8 {
        match self.base() {
            Protection::READONLY | Protection::WRITECOPY => READ,
            Protection::READWRITE => READ | WRITE,
            Protection::EXECUTE | Protection::EXECUTE_READ | Protection::EXECUTE_WRITECOPY => READ | EXECUTE,
            Protection::EXECUTE_READWRITE => READ | WRITE | EXECUTE,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protection_is_one_of_eight() {
        let taken = (0..0x100).filter(|&word| Protection::parse(word).is_ok()).collect::<Vec<_>>();
        assert_eq!(taken, [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80]);
    }

    #[test]
    fn guards_and_caching_exclude_each_other() {
        assert_eq!(Protection::parse(0x104), Ok((Protection(0x104), 0)));
        assert_eq!(Protection::parse(0x204), Ok((Protection::READWRITE, PAGE_NOCACHE)));
        for word in [0x101, 0x201, 0x401, 0x604, 0x304, 0x504, 0x804, 0x4000_0004] {
            assert_eq!(Protection::parse(word), Err(Code::INVALID_PARAMETER), "{word:#x}");
        }
    }

    #[test]
    fn a_view_takes_what_needs_no_more_than_it_was_mapped_with() {
        let takes = |mapped: u32| {
            (0..8).filter(|bit| Protection(1 << bit).fits(Protection(mapped))).map(|bit| 1 << bit).collect::<Vec<u32>>()
        };
        assert_eq!(takes(0x02), [1, 2, 8]);
        assert_eq!(takes(0x04), [1, 2, 4, 8]);
        assert_eq!(takes(0x08), [1, 2, 8]);
        assert_eq!(takes(0x20), [1, 2, 8, 0x10, 0x20, 0x80]);
        assert_eq!(takes(0x40), [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80]);
        assert_eq!(takes(0x01), [1]);
    }
}
