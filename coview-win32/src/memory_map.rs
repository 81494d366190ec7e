//! The memory of a process as the kernel tells it: what is mapped that did not come from here.

use std::fs;
use std::ops::Range;

use libc::c_int;

use crate::last_error::Result;
use crate::protection::Protection;

/// `/proc/PID/maps`, in the order of addresses.
#[derive(Debug)]
pub(crate) struct MemoryMap {
    lines: Vec<Line>,
}

/// Pages that were mapped together and have one protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) pages: Range<usize>,
    protection: c_int,
    is_private: bool,
    /// The file's device and inode; a file's pages have its inode, others 0.
    file: (String, u64),
}

/// What Windows calls the kinds of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Private,
    Mapped,
    Image,
}

impl MemoryMap {
    pub(crate) fn of_this_process() -> Result<MemoryMap> {
        MemoryMap::read("/proc/self/maps")
    }

    pub(crate) fn of(process: u32) -> Result<MemoryMap> {
        MemoryMap::read(&format!("/proc/{process}/maps"))
    }

    fn read(path: &str) -> Result<MemoryMap> {
        Ok(MemoryMap::parse(&fs::read_to_string(path)?))
    }

    fn parse(text: &str) -> MemoryMap {
        MemoryMap { lines: text.lines().filter_map(Line::parse).collect() }
    }

    pub(crate) fn line_at(&self, address: usize) -> Option<&Line> {
        self.lines.iter().find(|line| line.pages.contains(&address))
    }

    /// Where nothing is mapped around an address.
    pub(crate) fn gap(&self, address: usize) -> Range<usize> {
        let before = self.lines.iter().rev().find(|line| line.pages.end <= address).map_or(0, |line| line.pages.end);
        let after =
            self.lines.iter().find(|line| line.pages.start > address).map_or(usize::MAX, |line| line.pages.start);
        before..after
    }

    /// The lines of one image or mapping, of which this is one.
    pub(crate) fn allocation(&self, line: &Line) -> &[Line] {
        if line.file.1 == 0 {
            let index = self.lines.iter().position(|other| other == line).unwrap_or_default();
            return self.lines.get(index..=index).unwrap_or_default();
        }
        let same = |other: &Line| other.file == line.file;
        let (before, after) =
            self.lines.split_at(self.lines.partition_point(|other| other.pages.start < line.pages.start));
        let start = before.len() - before.iter().rev().take_while(|other| same(other)).count();
        let end = before.len() + after.iter().take_while(|other| same(other)).count();
        &self.lines[start..end]
    }

    /// Whether all of these pages can be used like this.
    pub(crate) fn allows(&self, pages: Range<usize>, protection: c_int) -> bool {
        let mut address = pages.start;
        while address < pages.end {
            match self.line_at(address).filter(|line| line.protection & protection == protection) {
                Some(line) => address = line.pages.end,
                None => return false,
            }
        }
        true
    }
}

impl Line {
    /// `7f5c4a600000-7f5c4a622000 r--p 00000000 fe:00 1837 /usr/lib/x86_64-linux-gnu/libc.so.6`
    fn parse(line: &str) -> Option<Line> {
        let mut words = line.split_ascii_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let address = |text| usize::from_str_radix(text, 16).ok();
        let flags = words.next()?.as_bytes();
        let (device, inode) = (words.nth(1)?, words.next()?.parse().ok()?);
        let may = |index: usize, letter: u8, protection| if flags.get(index) == Some(&letter) { protection } else { 0 };
        Some(Line {
            pages: address(start)?..address(end)?,
            protection: may(0, b'r', libc::PROT_READ) | may(1, b'w', libc::PROT_WRITE) | may(2, b'x', libc::PROT_EXEC),
            is_private: flags.get(3) == Some(&b'p'),
            file: (device.to_owned(), inode),
        })
    }

    /// The nearest that Windows has. Copying on write is told only of a file's pages.
    pub(crate) fn protection(&self) -> Protection {
        let [read, write, execute] =
            [libc::PROT_READ, libc::PROT_WRITE, libc::PROT_EXEC].map(|bit| self.protection & bit != 0);
        let copy = self.is_private && self.file.1 != 0;
        match (read, write, execute) {
            (_, true, true) if copy => Protection::EXECUTE_WRITECOPY,
            (_, true, true) => Protection::EXECUTE_READWRITE,
            (_, true, false) if copy => Protection::WRITECOPY,
            (_, true, false) => Protection::READWRITE,
            (true, false, true) => Protection::EXECUTE_READ,
            (false, false, true) => Protection::EXECUTE,
            (true, false, false) => Protection::READONLY,
            (false, false, false) => Protection::NOACCESS,
        }
    }
}

/// The kind of an allocation: a file's with code in it is a program or a library.
pub(crate) fn type_of(allocation: &[Line]) -> Type {
    let of_a_file = allocation.iter().any(|line| line.file.1 != 0);
    let with_code = allocation.iter().any(|line| line.protection & libc::PROT_EXEC != 0);
    match (of_a_file, with_code) {
        (true, true) => Type::Image,
        (true, false) => Type::Mapped,
        _ => Type::Private,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
00400000-00401000 r--p 00000000 fe:00 10 /bin/x
00401000-00403000 r-xp 00001000 fe:00 10 /bin/x
00403000-00404000 rw-p 00003000 fe:00 10 /bin/x
00500000-00600000 rw-p 00000000 00:00 0 [heap]
00700000-00710000 r--s 00000000 fe:00 11 /tmp/with a blank
";

    #[test]
    fn lines_are_read() {
        let map = MemoryMap::parse(TEXT);
        let line = map.line_at(0x402fff).expect("it is in the code");
        assert_eq!((line.pages.clone(), line.protection()), (0x401000..0x403000, Protection::EXECUTE_READ));
        assert_eq!((map.allocation(line).len(), type_of(map.allocation(line))), (3, Type::Image));
        let heap = map.line_at(0x500000).expect("it is in the heap");
        assert_eq!((heap.protection(), type_of(map.allocation(heap))), (Protection::READWRITE, Type::Private));
        let mapped = map.line_at(0x700000).expect("it is in the file");
        assert_eq!((mapped.protection(), type_of(map.allocation(mapped))), (Protection::READONLY, Type::Mapped));
        assert_eq!(map.line_at(0x404000), None);
        assert_eq!(map.gap(0x404000), 0x404000..0x500000);
        assert_eq!(map.gap(0), 0..0x400000);
        assert!(map.allows(0x400000..0x404000, libc::PROT_READ));
        assert!(!map.allows(0x400000..0x404001, libc::PROT_READ) && !map.allows(0x400000..0x404000, libc::PROT_WRITE));
    }
}
