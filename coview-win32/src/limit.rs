//! The number of descriptors that this process may have.
//!
//! Needs `unsafe` for `getrlimit` and `setrlimit`.
//!
//! Windows allows millions of handles; a login shell on Linux begins with 1,024 descriptors, and allows many more to
//! whoever asks.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::OnceLock;

/// Makes something that needs descriptors; when there are none left, asks for all that the process may have and tries
/// again.
pub(crate) fn with_descriptors<T>(mut make: impl FnMut() -> coview::Result<T>) -> coview::Result<T> {
    match make() {
        Err(error) if error.os_code() == Some(libc::EMFILE) && raise() => make(),
        made => made,
    }
}

/// Copies a descriptor; the copy is closed on `exec`.
pub(crate) fn duplicate(descriptor: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    match descriptor.try_clone_to_owned() {
        Err(error) if error.raw_os_error() == Some(libc::EMFILE) && raise() => descriptor.try_clone_to_owned(),
        copied => copied,
    }
}

/// Raises the soft limit to the hard one, once, and says whether there is more room than at the beginning.
#[cold]
fn raise() -> bool {
    static RAISED: OnceLock<bool> = OnceLock::new();
    *RAISED.get_or_init(raise_now)
}

fn raise_now() -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call fills the structure in.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 || limit.rlim_cur == limit.rlim_max {
        return false;
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the call reads the structure.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) == 0 }
}
