//! Removing what killed processes left: all of it on request, a little of it with each creation.

use std::fs;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{SystemTime, UNIX_EPOCH};

use super::folder::{self, Place};
use super::object::bury;
use crate::Namespace;

/// How many other objects a creation looks at.
const IN_PASSING: usize = 8;
/// One creation in so many looks at all of them, so that nothing stays in a crowded folder for ever.
const THOROUGH_EVERY: u32 = 1024;

/// Removes every dead object of a namespace, and says how many there were.
pub(crate) fn sweep(namespace: Namespace) -> io::Result<usize> {
    Ok(places(namespace)?.filter(|place| bury(place, None)).count())
}

/// Removes what is dead among a few objects, wherever the clock points. Costs nothing in an empty folder.
pub(super) fn in_passing(namespace: Namespace, folder: &Metadata) {
    // A tmpfs folder counts 20 bytes for each of its entries, and two for itself.
    const EMPTY: u64 = 40;
    if folder.size() <= EMPTY {
        return;
    }
    let Ok(places) = places(namespace) else { return };
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    let random = clock.wrapping_mul(0x9E37_79B9) >> 10;
    if random.is_multiple_of(THOROUGH_EVERY) {
        places.for_each(|place| {
            bury(&place, None);
        });
        return;
    }
    // The folder lists its newest first: the first few, and a few further on.
    let skip = random as usize % IN_PASSING;
    for (index, place) in places.take(2 * IN_PASSING).enumerate() {
        if index < IN_PASSING / 2 || (index + skip).is_multiple_of(4) {
            bury(&place, None);
        }
    }
}

fn places(namespace: Namespace) -> io::Result<impl Iterator<Item = Place>> {
    let entries = match fs::read_dir(folder::folder(namespace)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        entries => Some(entries?),
    };
    let ours = move |entry: fs::DirEntry| {
        // POSIX names have no lock that tells whether they are dead.
        let named = namespace != Namespace::Posix && folder::name_of(namespace, &entry.file_name()).is_some();
        named.then(|| Place { namespace, path: entry.path() })
    };
    Ok(entries.into_iter().flatten().filter_map(Result::ok).filter_map(ours))
}
