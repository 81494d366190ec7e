//! Removing what killed processes left, on request and with creations in passing.
//!
//! Needs `unsafe` for `utimensat`.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::ptr;
use std::time::Duration;

use super::check;
use super::folder::{self, Place};
use super::object::{bury, c_path};
use crate::Namespace;

/// How long a folder rests between two sweeps in passing, for each object in it. Looking at one takes about 2 us, so
/// that creations spend a few hundredths of their time on it however many objects live.
const REST_PER_ENTRY: Duration = Duration::from_micros(50);

/// Removes every dead object of a namespace, and says how many there were.
pub(crate) fn sweep(namespace: Namespace) -> io::Result<usize> {
    Ok(places(namespace)?.filter(bury).count())
}

/// Sweeps a folder that has rested long enough since the last time. The folder's own access time keeps the account.
///
/// Costs nothing in an empty folder.
pub(super) fn in_passing(place: &Place, folder: &Metadata) {
    // A tmpfs folder counts 20 bytes for each of its entries, and two for itself.
    const ENTRY: u64 = 20;
    let entries = u32::try_from(folder.size() / ENTRY).unwrap_or(u32::MAX).saturating_sub(2);
    let rested = folder.accessed().ok().and_then(|last| last.elapsed().ok());
    // Without an account, because the clock was set back: due.
    if entries == 0 || rested.is_some_and(|rested| rested < REST_PER_ENTRY * entries) {
        return;
    }
    // It is a favour to others; its failure is no business of the caller.
    let _ = note_time(place.folder()).and_then(|()| sweep(place.namespace));
}

/// Sets a folder's times to now, which whoever may write to it may do.
fn note_time(folder: &Path) -> io::Result<()> {
    let path = c_path(folder)?;
    // SAFETY: the path ends in NUL, and no times stand for now.
    check(unsafe { libc::utimensat(libc::AT_FDCWD, path.as_ptr(), ptr::null(), 0) })?;
    Ok(())
}

fn places(namespace: Namespace) -> io::Result<impl Iterator<Item = Place>> {
    let entries = match fs::read_dir(folder::folder(namespace)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        entries => Some(entries?),
    };
    let ours = move |entry: fs::DirEntry| {
        // POSIX names have no lock that tells whether they are dead.
        let named = namespace != Namespace::Posix && folder::name_of(namespace, &entry.file_name()).is_some();
        named.then(|| Place::in_folder(namespace, entry.file_name()))
    };
    Ok(entries.into_iter().flatten().filter_map(Result::ok).filter_map(ours))
}
