//! The views and allocations of this process: where they are, and what is so of their pages.
//!
//! Needs `unsafe` for `lseek`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::fault::Watch;
use crate::last_error::{Code, Result};
use crate::mapped_file::MappedFile;
use crate::protection::Protection;
use crate::reservation::{PAGE_LEN, Reservation};
use crate::runs::Runs;
use crate::table::lock;

/// There is not as much memory.
const COMMITMENT_LIMIT: Code = Code(1455);

/// What is so of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Reserved,
    Committed {
        protection: Protection,
        /// In a view: what is written to the page stays here. Whether anything has been, the kernel knows.
        private: bool,
    },
}

/// One allocation: a view, or memory of `VirtualAlloc`.
#[derive(Debug)]
pub(crate) struct Region {
    /// What it was made with.
    pub(crate) protection: Protection,
    /// `PAGE_NOCACHE` or `PAGE_WRITECOMBINE`, which only `VirtualQuery` tells.
    caching: u32,
    pub(crate) pages: Runs<Page>,
    /// Before the reservation, which goes when nobody looks after it any more.
    view: Option<View>,
    reservation: Reservation,
}

/// What a view shows.
#[derive(Debug)]
pub(crate) struct View {
    /// Of a `SEC_RESERVE` section. Before the file that it looks into.
    watch: Option<Watch>,
    pub(crate) file: Arc<OwnedFd>,
    pub(crate) offset: u64,
    /// Of a file of the user's; the paging file has none.
    pub(crate) mapped: Option<Arc<MappedFile>>,
    /// Device and inode: two handles to one section have different descriptors.
    identity: (u64, u64),
}

/// A run of pages as `VirtualQuery` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) pages: Range<usize>,
    /// `None` for pages that are reserved only.
    pub(crate) protection: Option<Protection>,
}

/// All regions, by their bases.
pub(crate) struct Regions(BTreeMap<usize, Region>);

static REGIONS: Mutex<Regions> = Mutex::new(Regions(BTreeMap::new()));

pub(crate) fn regions() -> MutexGuard<'static, Regions> {
    lock(&REGIONS)
}

impl Regions {
    /// Adds a region, and returns its base.
    pub(crate) fn insert(&mut self, region: Region) -> usize {
        let base = region.range().start;
        self.0.insert(base, region);
        base
    }

    pub(crate) fn remove(&mut self, base: usize) -> Option<Region> {
        self.0.remove(&base)
    }

    /// The region that an address is in.
    pub(crate) fn find(&mut self, address: usize) -> Option<&mut Region> {
        let (_, region) = self.0.range_mut(..=address).next_back()?;
        region.range().contains(&address).then_some(region)
    }

    /// The region that all these pages are in; `Err` if they are in one only in part.
    pub(crate) fn find_whole(&mut self, pages: &Range<usize>) -> Result<Option<&mut Region>> {
        let last = self.0.range(..pages.end).next_back();
        if last.is_none_or(|(_, region)| region.range().end <= pages.start) {
            return Ok(None);
        }
        let region = self.find(pages.start).filter(|region| pages.end <= region.range().end);
        region.map(Some).ok_or(Code::INVALID_ADDRESS)
    }

    /// The regions that end or begin next to an address that is in none: what is between them is not ours.
    pub(crate) fn gap(&self, address: usize) -> Range<usize> {
        let before = self.0.range(..=address).next_back().map_or(0, |(_, region)| region.range().end);
        let after = self.0.range(address..).next().map_or(usize::MAX, |(&base, _)| base);
        before..after
    }

    /// Opens, in every view of a section, what has been committed.
    pub(crate) fn refresh(&mut self, identity: (u64, u64)) -> Result<()> {
        let views = self.0.values_mut().filter(|region| region.identity() == Some(identity));
        views.into_iter().try_for_each(Region::refresh)
    }
}

impl Region {
    /// Memory of this process's own, whose pages are all like this.
    pub(crate) fn private(reservation: Reservation, protection: Protection, caching: u32) -> Region {
        let pages = Runs::new(reservation.range(), Page::Reserved);
        Region { protection, caching, pages, view: None, reservation }
    }

    /// A view of pages that are all committed.
    pub(crate) fn view(reservation: Reservation, protection: Protection, caching: u32, view: View) -> Result<Region> {
        let private = protection.is_copy();
        reservation.show(reservation.range(), view.file.as_fd(), view.offset, private, protection.system())?;
        let pages = Runs::new(reservation.range(), Page::Committed { protection, private });
        Ok(Region { protection, caching, pages, view: Some(view), reservation })
    }

    /// A view of a `SEC_RESERVE` section: its pages are committed one by one, by anybody.
    pub(crate) fn reserved_view(
        reservation: Reservation,
        protection: Protection,
        caching: u32,
        mut view: View,
    ) -> Result<Region> {
        let range = reservation.range();
        let nothing = Protection::NOACCESS.system();
        reservation.show(range.clone(), view.file.as_fd(), view.offset, protection.is_copy(), nothing)?;
        view.watch = Some(Watch::new(range.clone(), view.file.as_fd(), view.offset, protection.system())?);
        let mut region =
            Region { protection, caching, pages: Runs::new(range, Page::Reserved), view: Some(view), reservation };
        region.refresh()?;
        Ok(region)
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.reservation.range()
    }

    pub(crate) fn as_view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// Which section it is a reserved view of.
    pub(crate) fn identity(&self) -> Option<(u64, u64)> {
        self.view.as_ref().filter(|view| view.watch.is_some()).map(|view| view.identity)
    }

    /// A protection as callers are told it.
    pub(crate) fn word(&self, protection: Protection) -> u32 {
        if protection == Protection::NOACCESS { protection.word() } else { protection.word() | self.caching }
    }

    /// The equal pages from an address on.
    pub(crate) fn tell(&mut self, address: usize) -> Result<Told> {
        self.refresh()?;
        let start = address - address % PAGE_LEN;
        let mut runs =
            self.pages.within(start..self.range().end).into_iter().flat_map(|(pages, page)| told(pages, page));
        let first = runs.next().ok_or(Code::INVALID_ADDRESS)?;
        let protection = first.protection;
        let last = runs.take_while(|next| next.protection == protection).last();
        let end = last.map_or(first.pages.end, |last| last.pages.end);
        Ok(Told { pages: first.pages.start..end, protection })
    }

    /// Gives committed pages another protection, and returns what the first one had.
    pub(crate) fn protect(&mut self, pages: Range<usize>, protection: Protection) -> Result<Protection> {
        let former = self.tell(pages.start)?.protection.ok_or(Code::INVALID_ADDRESS)?;
        let runs = self.pages.within(pages);
        if runs.iter().any(|(_, page)| *page == Page::Reserved) {
            return Err(Code::INVALID_ADDRESS);
        }
        if !self.allows(protection) {
            return Err(Code::INVALID_PARAMETER);
        }
        runs.into_iter().try_for_each(|(pages, page)| self.change(pages, page, protection))?;
        Ok(former)
    }

    /// Commits pages that are reserved, and gives all these pages their protection.
    pub(crate) fn commit(&mut self, pages: Range<usize>, protection: Protection) -> Result<()> {
        if !self.allows(protection) {
            return Err(Code::INVALID_PARAMETER);
        }
        if let Some(view) = &self.view {
            view.commit(self.range().start, &pages)?;
            self.refresh()?;
            return self.protect(pages, protection).map(drop);
        }
        self.reservation.protect(pages.clone(), protection).map_err(|_| COMMITMENT_LIMIT)?;
        self.pages.set(pages, Page::Committed { protection, private: false });
        Ok(())
    }

    /// Takes private memory back. What it held is lost.
    pub(crate) fn decommit(&mut self, pages: Range<usize>) -> Result<()> {
        self.reservation.clear(pages.clone())?;
        self.pages.set(pages, Page::Reserved);
        Ok(())
    }

    /// Whether pages here can ever have a protection.
    fn allows(&self, protection: Protection) -> bool {
        match self.view {
            None => !protection.is_copy(),
            Some(_) => protection.fits(self.protection),
        }
    }

    /// Changes pages that are equal and committed.
    fn change(&mut self, pages: Range<usize>, page: Page, protection: Protection) -> Result<()> {
        let Page::Committed { private, .. } = page else { return Err(Code::INVALID_ADDRESS) };
        let private = match &self.view {
            // What was mapped for copying stays so: it shows the section as long as it is not written.
            Some(_) if self.protection.is_copy() => true,
            Some(view) if protection.is_copy() && !private => {
                view.show(&self.reservation, &pages, true, protection)?;
                true
            }
            Some(_) if private && !protection.is_copy() => return self.share_again(pages, protection),
            _ => private,
        };
        self.reservation.protect(pages.clone(), protection)?;
        self.pages.set(pages, Page::Committed { protection, private });
        Ok(())
    }

    /// Ends copying on write: pages that were written stay private, the others are the section's again.
    fn share_again(&mut self, pages: Range<usize>, protection: Protection) -> Result<()> {
        let Some(view) = &self.view else { return Err(Code::INVALID_ADDRESS) };
        for (pages, private) in written(pages) {
            if private {
                self.reservation.protect(pages.clone(), protection)?;
            } else {
                view.show(&self.reservation, &pages, false, protection)?;
            }
            self.pages.set(pages, Page::Committed { protection, private });
        }
        Ok(())
    }

    /// Opens what has been committed of the section, by whomever.
    pub(crate) fn refresh(&mut self) -> Result<()> {
        let Some(View { watch: Some(watch), file, offset, .. }) = &self.view else { return Ok(()) };
        let (range, protection) = (self.reservation.range(), self.protection);
        let position = |address: usize| offset + (address - range.start) as u64;
        let address = |position: u64| range.start + (position - offset) as usize;
        let reserved = self.pages.within(range.clone()).into_iter().filter(|(_, page)| *page == Page::Reserved);
        for (pages, _) in reserved.collect::<Vec<_>>() {
            for data in data_within(file.as_fd(), position(pages.start)..position(pages.end)) {
                let open = address(data.start)..address(data.end);
                self.reservation.protect(open.clone(), protection)?;
                watch.opened(open.clone());
                self.pages.set(open, Page::Committed { protection, private: protection.is_copy() });
            }
        }
        Ok(())
    }
}

impl View {
    pub(crate) fn new(file: Arc<OwnedFd>, offset: u64, mapped: Option<Arc<MappedFile>>, identity: (u64, u64)) -> View {
        View { watch: None, file, offset, mapped, identity }
    }

    /// Whether it looks into the paging file, whose pages can be committed.
    pub(crate) fn is_of_paging_file(&self) -> bool {
        self.mapped.is_none()
    }

    fn show(&self, whole: &Reservation, part: &Range<usize>, private: bool, protection: Protection) -> io::Result<()> {
        let offset = self.offset + (part.start - whole.range().start) as u64;
        whole.show(part.clone(), self.file.as_fd(), offset, private, protection.system())
    }

    /// Commits pages of the section, for everybody and for ever.
    fn commit(&self, base: usize, pages: &Range<usize>) -> Result<()> {
        if self.watch.is_none() {
            return Ok(());
        }
        let offset = self.offset + (pages.start - base) as u64;
        allocate(self.file.as_fd(), offset, pages.len()).map_err(|_| COMMITMENT_LIMIT)
    }
}

/// Gives pages of a section their memory, zero where there was none. `lseek(SEEK_DATA)` finds them then.
///
/// Where the system gives shared memory transparent huge pages, which it does not do by itself, neighbours that are in one
/// huge page with them are committed too.
fn allocate(file: BorrowedFd<'_>, offset: u64, len: usize) -> io::Result<()> {
    let position = offset as libc::off_t;
    // SAFETY: a call without pointers.
    if unsafe { libc::fallocate(file.as_raw_fd(), 0, position, len as libc::off_t) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // Room alone does not count as data: somebody has to look at each page.
    let window = Reservation::anywhere(len)?;
    window.show(window.range(), file, offset, false, libc::PROT_READ)?;
    window.touch();
    Ok(())
}

/// The parts of a file that hold data, which are whole pages in shared memory.
fn data_within(file: BorrowedFd<'_>, part: Range<u64>) -> Vec<Range<u64>> {
    let mut found = Vec::new();
    let mut position = part.start;
    while let Some(start) = seek(file, position, libc::SEEK_DATA).filter(|&start| start < part.end) {
        let end = seek(file, start, libc::SEEK_HOLE).unwrap_or(part.end).min(part.end);
        let page = PAGE_LEN as u64;
        let (start, whole) = (start.max(part.start) / page * page, end.next_multiple_of(page).min(part.end));
        found.push(start..whole);
        position = whole;
        if position >= part.end {
            break;
        }
    }
    found
}

fn seek(file: BorrowedFd<'_>, position: u64, whence: libc::c_int) -> Option<u64> {
    // SAFETY: a call without pointers. Nobody else uses the descriptor's position.
    let found = unsafe { libc::lseek(file.as_raw_fd(), position as libc::off_t, whence) };
    u64::try_from(found).ok()
}

/// Equal pages of one run: one run, or several where some have been written and others not.
fn told(pages: Range<usize>, page: Page) -> Vec<Told> {
    match page {
        Page::Reserved => vec![Told { pages, protection: None }],
        Page::Committed { protection, private } if private && protection.is_copy() => {
            let after = |is_written| if is_written { protection.written() } else { protection };
            written(pages).into_iter().map(|(pages, it_is)| Told { pages, protection: Some(after(it_is)) }).collect()
        }
        Page::Committed { protection, .. } => vec![Told { pages, protection: Some(protection) }],
    }
}

/// Which of these pages, mapped for copying, have been written. The kernel knows: such a page is not the file's any more.
fn written(pages: Range<usize>) -> Vec<(Range<usize>, bool)> {
    let numbers = pages.start / PAGE_LEN..pages.end / PAGE_LEN;
    let Ok(map) = File::open("/proc/self/pagemap") else { return vec![(pages, false)] };
    let mut runs: Vec<(Range<usize>, bool)> = Vec::new();
    let mut entries = vec![0u8; 8 * numbers.len().min(8192)];
    for chunk in numbers.clone().step_by(8192) {
        let count = (numbers.end - chunk).min(8192);
        if map.read_exact_at(&mut entries[..8 * count], 8 * chunk as u64).is_err() {
            entries.fill(0);
        }
        for (index, entry) in entries[..8 * count].chunks_exact(8).enumerate() {
            let page = (chunk + index) * PAGE_LEN;
            let is_written = is_copied(u64::from_ne_bytes(entry.try_into().expect("eight bytes")));
            match runs.last_mut() {
                Some((run, same)) if *same == is_written => run.end = page + PAGE_LEN,
                _ => runs.push((page..page + PAGE_LEN, is_written)),
            }
        }
    }
    runs
}

/// Reads an entry of `/proc/self/pagemap`.
fn is_copied(entry: u64) -> bool {
    const PRESENT: u64 = 1 << 63;
    const SWAPPED: u64 = 1 << 62;
    const OF_A_FILE: u64 = 1 << 61;
    entry & (PRESENT | SWAPPED) != 0 && entry & OF_A_FILE == 0
}
