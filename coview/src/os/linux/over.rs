//! Names for files: a mapping that everyone opens by its name, and whose bytes are a file's.

use std::fs::File;

use crate::error::{from_sys, parse_name};
use crate::mapping::{Opened, check_size};
use crate::sys::Section;
use crate::{Mapping, MappingOptions, Noun, Result};

/// Creates a named mapping of `size` bytes over a file, or opens the mapping that has the name.
///
/// Whoever opens the name with [`Mapping::open`] or [`Mapping::create_or_open`], in any process, gets a mapping of that
/// file, exactly as long, and need not know which file it is. The name lives as any other: until the last handle is
/// gone. The bytes stay in the file, which is extended if it is shorter than `size`. When the mapping exists already,
/// be it over a file or not, `file` and `size` are ignored; [`Mapping::was_created`] tells.
///
/// An opener needs the right to open the file itself. It is opened by its path; where that does not lead to it (it was
/// renamed or removed, or has never had a path), it is opened through the creator, as long as that lives and holds the
/// mapping, and belongs to the same user. Openers of another user follow the name only to files that belong to its
/// creator, so that nobody can be made to write to a file of his own; the creator may be root.
///
/// Of the options, the rights count for the name, as far as others have them to the file; the access counts for what this
/// handle does to the file, the marks and the way views are mapped as always.
///
/// # Errors
///
/// As for [`Mapping::create_or_open`] and [`Mapping::from_file`];
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a POSIX name. Opening such a mapping can fail with
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) and [`ErrorKind::AccessDenied`](crate::ErrorKind::AccessDenied)
/// if the file cannot be opened, and the message says why; [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) if the
/// file has been truncated meanwhile.
///
/// # Platform
///
/// Linux: an object of 4 KiB in the namespace records path, device, inode and size of the file, and process and
/// descriptor of its creator. `open`, of the path or of `/proc/PID/fd/N`, then `fstat`: only the file of that device
/// and inode is taken.
///
/// # Examples
///
/// ```
/// use coview::os::linux::create_or_open_over;
/// use coview::{Mapping, MappingOptions};
///
/// # let name = format!("doc.over.{}", std::process::id());
/// let path = std::env::temp_dir().join(format!("coview-doc-over-{}", std::process::id()));
/// let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path)?;
/// let made = create_or_open_over(&name, &file, 100, &MappingOptions::new())?;
/// assert!(made.was_created());
///
/// let same = Mapping::open(&name)?;
/// assert_eq!(same.size(), 100);
/// same.view()?.write(0, b"kept");
/// assert_eq!(&std::fs::read(&path)?[..4], b"kept");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn create_or_open_over(name: &str, file: &File, size: u64, options: &MappingOptions) -> Result<Mapping> {
    const OPERATION: &str = "create or open";
    let name = parse_name(OPERATION, Noun::Mapping, name)?;
    check_size(OPERATION, Some(&name), size)?;
    let (section, created) = Section::create_or_open_over(&name, file, size, &options.section())
        .map_err(|source| from_sys(OPERATION, Noun::Mapping, Some(&name), source))?;
    // The creator's access is to the file, which it may have open for reading only.
    let opened = Opened { created, ..options.opened(false) };
    Ok(Mapping::new(section, Some(&name), opened))
}
