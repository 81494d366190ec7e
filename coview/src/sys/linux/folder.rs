//! Where names live: the folders of the namespaces, and how a name becomes a file name without collisions.
//!
//! Needs `unsafe` for `geteuid`.

use std::ffi::OsStr;
use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::os_error;
use crate::Namespace;
use crate::name::Name;

/// The file system of shared memory.
pub(super) const SHM: &str = "/dev/shm";

/// What the file of a `Global\` name begins with. It lies in `SHM` itself, which belongs to root and is sticky: no
/// user owns the folder, so none can remove or replace another user's file.
pub(super) const GLOBAL_PREFIX: &str = "coview-global.";

/// The longest escaped name that is kept whole; with the prefix it stays below the 255 bytes of a file name.
const WHOLE_LEN_MAX: usize = 200;
/// How much of a longer name is kept before its hash.
const BEGINNING_LEN_MAX: usize = 120;
/// What stands between the beginning and the hash; no escaped name contains it.
const HASH_MARK: &str = "%~";

/// Where an object's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) namespace: Namespace,
    pub(super) path: PathBuf,
    /// The user who asks.
    pub(super) user: u32,
}

impl Place {
    pub(super) fn of(name: &Name) -> Place {
        let namespace = name.namespace();
        match namespace {
            Namespace::Local => Place::in_folder(namespace, escape(name.base())),
            Namespace::Global => Place::in_folder(namespace, format!("{GLOBAL_PREFIX}{}", escape(name.base()))),
            Namespace::Posix => Place::in_folder(namespace, name.base()),
        }
    }

    /// The place of a file of the namespace's folder.
    pub(super) fn in_folder(namespace: Namespace, file_name: impl AsRef<Path>) -> Place {
        let user = user();
        Place { namespace, path: folder_of(namespace, user).join(file_name), user }
    }

    /// The folder in which files of this namespace are made.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().expect("a place is in a folder")
    }
}

/// The folder of a namespace, which may not exist yet.
pub(super) fn folder(namespace: Namespace) -> PathBuf {
    folder_of(namespace, user())
}

fn folder_of(namespace: Namespace, user: u32) -> PathBuf {
    match namespace {
        Namespace::Local => Path::new(SHM).join(format!("coview-{user}")),
        Namespace::Global | Namespace::Posix => PathBuf::from(SHM),
    }
}

/// Makes sure that the folder of a place exists and that nobody else can write to it.
pub(super) fn prepare(place: &Place) -> io::Result<Metadata> {
    let (folder, local) = (place.folder(), place.namespace == Namespace::Local);
    let metadata = match folder.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound && local => {
            match DirBuilder::new().mode(0o700).create(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => folder.symlink_metadata()?,
            }
        }
        other => other?,
    };
    let private = metadata.uid() == place.user && metadata.mode() & 0o077 == 0;
    if !metadata.is_dir() || (local && !private) {
        return Err(os_error(libc::EPERM));
    }
    Ok(metadata)
}

/// The name that a file in the namespace's folder stands for, and whether it is whole; `None` if it is none of ours.
pub(super) fn name_of(namespace: Namespace, file_name: &OsStr) -> Option<(String, bool)> {
    let text = file_name.to_str();
    match namespace {
        Namespace::Local => unescape(text?),
        Namespace::Global => unescape(text?.strip_prefix(GLOBAL_PREFIX)?),
        // The folders of the `Local\` names drop out by themselves: they are no files.
        Namespace::Posix if file_name.as_bytes().starts_with(GLOBAL_PREFIX.as_bytes()) => None,
        Namespace::Posix => Some((file_name.to_string_lossy().into_owned(), text.is_some())),
    }
}

/// The user whose objects this process handles.
pub(super) fn user() -> u32 {
    // SAFETY: cannot fail and touches no memory.
    unsafe { libc::geteuid() }
}

/// Escapes what a file name cannot hold or a person would rather not see in one.
fn escape(base: &str) -> String {
    let mut escaped = String::with_capacity(base.len());
    for (index, character) in base.char_indices() {
        let hidden = index == 0 && character == '.';
        if hidden || matches!(character, '/' | '%') || character.is_control() {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        } else {
            escaped.push(character);
        }
    }
    if escaped.len() <= WHOLE_LEN_MAX { escaped } else { shorten(base, &escaped) }
}

/// Keeps the beginning of a long name for people, and a SHA-256 of the whole for the difference.
fn shorten(base: &str, escaped: &str) -> String {
    let mut end = BEGINNING_LEN_MAX;
    // Neither a character nor an escape, which is three bytes, may be cut in two.
    while !escaped.is_char_boundary(end) || escaped.as_bytes()[end - 2..end].contains(&b'%') {
        end -= 1;
    }
    let mut short = format!("{}{HASH_MARK}", &escaped[..end]);
    for byte in hmac_sha256::Hash::hash(base.as_bytes()) {
        short.push_str(&format!("{byte:02x}"));
    }
    short
}

fn unescape(escaped: &str) -> Option<(String, bool)> {
    let (kept, whole) = match escaped.split_once(HASH_MARK) {
        Some((beginning, _)) => (beginning, false),
        None => (escaped, true),
    };
    let mut bytes = Vec::with_capacity(kept.len());
    let mut rest = kept.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    let mut name = String::from_utf8(bytes).ok()?;
    if !whole {
        name.push('…');
    }
    Some((name, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_can_be_undone_and_fits_a_file_name() {
        for base in ["x", ".", "..", ".a.b", "a/b", "100%", "%2F", "line\nbreak", "\u{85}", "na\u{ef}ve \u{1F980}"] {
            let escaped = escape(base);
            assert_eq!(unescape(&escaped), Some((base.to_owned(), true)));
            assert!(!escaped.contains('/') && !escaped.starts_with('.'), "{escaped}");
        }
    }

    #[test]
    fn long_names_differ_wherever_they_differ() {
        for filler in ["n", "\u{1F980}", "/", "%", "a/"] {
            let one = filler.repeat(300) + "1";
            let two = filler.repeat(300) + "2";
            assert_ne!(escape(&one), escape(&two));
            assert!(escape(&one).len() + GLOBAL_PREFIX.len() <= 255);
            let (name, whole) = unescape(&escape(&one)).expect("an escaped name");
            assert!(!whole && one.starts_with(name.trim_end_matches('…')), "{name}");
        }
    }
}
