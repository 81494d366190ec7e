//! The page that a process shares with the one that started it: how it ends, in all 32 bits of a Windows exit code.
//!
//! Needs `unsafe` for `mmap` and to look at the shared words. The page is in sealed memory, so it stays mapped whatever
//! the other process does; what stands in it is believed only as far as the wait status bears it out.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::parent_id;
use std::process;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::linux;

/// How a process has ended, or is about to, by its own word or by that of whoever ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Exited(u32),
    Terminated(u32),
}

/// | word | meaning |
/// |---|---|
/// | `process` | the process whose page it is; 0 before its start |
/// | `stage` | 1 once it can be reached by its service |
/// | `outcome` | 0, or 1 (exited) or 2 (terminated) in the upper half and the code in the lower one |
/// | `held` | 1 while the process is not to come to its `main`; a futex |
/// | `parent` | the process that made the page |
#[repr(C)]
struct Page {
    magic: AtomicU64,
    process: AtomicU32,
    stage: AtomicU32,
    outcome: AtomicU64,
    held: AtomicU32,
    parent: AtomicU32,
}

const MAGIC: u64 = u64::from_le_bytes(*b"coviewX1");
const PAGE_BYTES: u64 = 4096;

/// A view of such a page. It stays mapped to the end of this process or of this value.
pub(crate) struct ExitPage {
    page: NonNull<Page>,
    file: File,
}

// SAFETY: the page is reached through atomics only, and the pointer is good until the drop.
unsafe impl Send for ExitPage {}
// SAFETY: as above.
unsafe impl Sync for ExitPage {}

impl ExitPage {
    pub(crate) fn create() -> io::Result<ExitPage> {
        let file = File::from(linux::beyond_standard(linux::memory_file(c"coview-win32-exit")?.into())?);
        file.set_len(PAGE_BYTES)?;
        linux::seal(&file, linux::SIZE_SEALED)?;
        let page = ExitPage::map(file)?;
        // Relaxed: whoever gets the page gets it through the kernel.
        page.words().parent.store(process::id(), Ordering::Relaxed);
        page.words().magic.store(MAGIC, Ordering::Relaxed);
        Ok(page)
    }

    /// Takes over a descriptor that another process has handed down, if it is one of such a page.
    pub(crate) fn adopt(descriptor: OwnedFd) -> io::Result<ExitPage> {
        let file = File::from(descriptor);
        if !linux::is_sealed(file.as_fd(), linux::SIZE_SEALED) || file.metadata()?.len() != PAGE_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let page = ExitPage::map(file)?;
        // Relaxed: as above.
        if page.words().magic.load(Ordering::Relaxed) == MAGIC {
            Ok(page)
        } else {
            Err(io::ErrorKind::InvalidData.into())
        }
    }

    fn map(file: File) -> io::Result<ExitPage> {
        let (protection, len) = (libc::PROT_READ | libc::PROT_WRITE, PAGE_BYTES as usize);
        // SAFETY: a new mapping where the kernel likes.
        let start = unsafe { libc::mmap(ptr::null_mut(), len, protection, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        match NonNull::new(start.cast::<Page>()) {
            Some(page) if start != libc::MAP_FAILED => Ok(ExitPage { page, file }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Says that the calling process is the one. Makes one system call, and so may be called between `fork` and `exec`.
    pub(crate) fn claim(&self) {
        // Relaxed: read by the same process.
        self.words().process.store(process::id(), Ordering::Relaxed);
    }

    /// Whether it is this process's own, and not that of a parent which knows nothing of this library.
    pub(crate) fn is_mine(&self) -> bool {
        // Relaxed: as above.
        self.words().process.load(Ordering::Relaxed) == process::id()
    }

    pub(crate) fn say_reachable(&self) {
        // Release: pairs with the Acquire of `is_reachable`.
        self.words().stage.store(1, Ordering::Release);
    }

    pub(crate) fn is_reachable(&self) -> bool {
        // Acquire: pairs with the Release of `say_reachable`.
        self.words().stage.load(Ordering::Acquire) != 0
    }

    /// Has the process wait before its `main`, if it has not come there.
    pub(crate) fn hold(&self) {
        // Relaxed: the kernel orders it with the start of the process.
        self.words().held.store(1, Ordering::Relaxed);
    }

    pub(crate) fn let_go(&self) {
        let held = &self.words().held;
        // Relaxed: nothing is passed on with it.
        held.store(0, Ordering::Relaxed);
        // SAFETY: the word stays mapped.
        unsafe { libc::syscall(libc::SYS_futex, held.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
    }

    /// Waits as long as the process is held, and ends it when its parent, who alone can let it go, has ended.
    pub(crate) fn wait_while_held(&self) {
        let held = &self.words().held;
        // Relaxed: as above.
        let parent = self.words().parent.load(Ordering::Relaxed);
        while held.load(Ordering::Relaxed) == 1 {
            let patience = libc::timespec { tv_sec: 0, tv_nsec: 200_000_000 };
            // SAFETY: the word stays mapped, and the time lives across the call.
            unsafe { libc::syscall(libc::SYS_futex, held.as_ptr(), libc::FUTEX_WAIT, 1, &raw const patience) };
            if parent_id() != parent {
                // SAFETY: it does not return.
                unsafe { libc::_exit(1) };
            }
        }
    }

    pub(crate) fn record(&self, outcome: Outcome) {
        let word = match outcome {
            Outcome::Exited(code) => 1 << 32 | u64::from(code),
            Outcome::Terminated(code) => 2 << 32 | u64::from(code),
        };
        // Relaxed: whoever reads it has seen the end of the process before.
        self.words().outcome.store(word, Ordering::Relaxed);
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        // Relaxed: as above.
        let word = self.words().outcome.load(Ordering::Relaxed);
        let code = word as u32;
        match word >> 32 {
            1 => Some(Outcome::Exited(code)),
            2 => Some(Outcome::Terminated(code)),
            _ => None,
        }
    }

    fn words(&self) -> &Page {
        // SAFETY: mapped and aligned to a page until the drop; everything in it is atomic.
        unsafe { self.page.as_ref() }
    }
}

impl ExitPage {
    /// A descriptor for another process.
    pub(crate) fn share(&self) -> io::Result<OwnedFd> {
        self.file.as_fd().try_clone_to_owned()
    }
}

impl AsFd for ExitPage {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for ExitPage {
    fn drop(&mut self) {
        // SAFETY: mapped by this value with this size, and not used again.
        unsafe { libc::munmap(self.page.as_ptr().cast::<c_void>(), PAGE_BYTES as usize) };
    }
}

/// The page that this process was started with.
static OWN: OnceLock<ExitPage> = OnceLock::new();

/// Makes a page this process's own. From then on every way out that can be seen leaves its code there.
pub(crate) fn set_own(page: ExitPage) {
    if OWN.set(page).is_ok() {
        watch_exit();
    }
}

/// The page of this process; a child that was forked without `exec` has none.
pub(crate) fn own() -> Option<&'static ExitPage> {
    OWN.get().filter(|page| page.is_mine())
}

/// `exit`, and with it the return from `main`, tells its handlers all bits of the code; the kernel keeps eight.
#[cfg(target_env = "gnu")]
fn watch_exit() {
    unsafe extern "C" {
        fn on_exit(handler: extern "C" fn(i32, *mut c_void), argument: *mut c_void) -> i32;
    }
    // SAFETY: the handler needs nothing but this library, which stays.
    unsafe { on_exit(record_exit, ptr::null_mut()) };
}

#[cfg(not(target_env = "gnu"))]
fn watch_exit() {}

#[cfg(target_env = "gnu")]
extern "C" fn record_exit(code: i32, _: *mut c_void) {
    if let Some(page) = own() {
        page.record(Outcome::Exited(code.cast_unsigned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_see_all_bits_of_a_code() {
        let parents = ExitPage::create().expect("a memory file");
        let childs =
            ExitPage::adopt(parents.as_fd().try_clone_to_owned().expect("a duplicate")).expect("the same page");
        assert_eq!(parents.outcome(), None);
        childs.record(Outcome::Exited(0xDEAD_BEEF));
        assert_eq!(parents.outcome(), Some(Outcome::Exited(0xDEAD_BEEF)));
        parents.record(Outcome::Terminated(0));
        assert_eq!(childs.outcome(), Some(Outcome::Terminated(0)));
        assert!(!childs.is_mine());
        childs.claim();
        assert!(parents.is_mine());
    }

    #[test]
    fn what_is_no_such_page_is_refused() {
        let unsealed = linux::memory_file(c"test").expect("a memory file");
        unsealed.set_len(PAGE_BYTES).expect("a size");
        assert!(ExitPage::adopt(unsealed.try_clone().expect("a duplicate").into()).is_err());
        linux::seal(&unsealed, linux::SIZE_SEALED).expect("seals");
        assert!(ExitPage::adopt(unsealed.into()).is_err());
    }
}
