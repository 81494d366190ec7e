//! What a handle may do, and what other users may do with an object.

/// What the holder of a handle may do with a mapping.
///
/// # Examples
///
/// ```
/// use coview::{Access, ErrorKind, MappingOptions};
///
/// # let name = format!("doc.access.{}", std::process::id());
/// let writer = MappingOptions::new().create(&name, 64)?;
/// let reader = MappingOptions::new().access(Access::ReadOnly).open(&name)?;
/// assert_eq!(reader.view().unwrap_err().kind(), ErrorKind::AccessDenied);
/// assert_eq!(reader.read_view()?.get::<u8>(0), 0);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// Views of every kind.
    #[default]
    ReadWrite,
    /// Read-only views and private copies.
    ReadOnly,
}

/// What users other than the creator may do with an object. The system enforces it.
///
/// # Platform
///
/// On Linux these are the permission bits of the object's file: 0600, 0660 with the creator's group, 0644 and 0666.
/// They matter for `Global\` and POSIX names; the folder of the `Local\` names is closed to other users anyway.
/// On Windows they are the object's discretionary access list: the default one of the creator's token, or entries
/// for the creator's group or for everyone. For a mutex, an event or a semaphore, using it means changing it, so
/// [`Rights::EveryoneReadOnly`] lets others look at its state and no more.
///
/// # Examples
///
/// ```
/// use coview::{MappingOptions, Rights};
///
/// # let name = format!(r"Global\doc.rights.{}", std::process::id());
/// let prices = MappingOptions::new().rights(Rights::EveryoneReadOnly).create(&name, 4096)?;
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rights {
    /// Nobody else, except those who administer the machine.
    #[default]
    Private,
    /// Members of the creator's group may do everything.
    Group,
    /// Everyone may read.
    EveryoneReadOnly,
    /// Everyone may do everything.
    Everyone,
}
