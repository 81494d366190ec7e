//! Three bits that a mapping keeps for its users beside its bytes.

use crate::sys::error_kind;
use crate::{Error, Mapping, MappingOptions, Noun, Result};

/// The most that three bits hold.
const MARKS_MAX: u8 = 7;

/// What a mapping can tell on Linux beyond what every system knows.
pub trait MappingExt {
    /// Returns the three bits that the mapping's creator gave it with [`MappingOptionsExt::marks`].
    ///
    /// They are 0 for a mapping whose creator gave none, and for mappings of files and of POSIX names, which keep none.
    /// Whoever may change the object can change them.
    ///
    /// # Errors
    ///
    /// What the system says.
    ///
    /// # Platform
    ///
    /// Linux: `fstat`. The bits are the execute bits of the object's file, which say nothing about rights there.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::{Mapping, os::linux::MappingExt};
    ///
    /// assert_eq!(Mapping::unnamed(64)?.marks()?, 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    fn marks(&self) -> Result<u8>;
}

/// What can be said on Linux of a mapping that is to be created.
pub trait MappingOptionsExt {
    /// Sets three bits, 0 to 7, that stay with the mapping from the moment it appears, if this call creates it.
    ///
    /// They mean what the program wants them to mean. A mapping of a file or a POSIX name cannot have any: creating one
    /// with marks is [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput).
    ///
    /// # Panics
    ///
    /// If `marks` is more than 7.
    ///
    /// # Platform
    ///
    /// Linux: `fchmod`, before the file has its name.
    ///
    /// # Examples
    ///
    /// ```
    /// use coview::os::linux::{MappingExt, MappingOptionsExt};
    /// use coview::{Mapping, MappingOptions};
    ///
    /// # let name = format!("doc.marks.{}", std::process::id());
    /// let made = MappingOptions::new().marks(5).create(&name, 4096)?;
    /// assert_eq!(Mapping::open(&name)?.marks()?, 5);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[must_use]
    fn marks(self, marks: u8) -> Self;
}

impl MappingExt for Mapping {
    fn marks(&self) -> Result<u8> {
        self.section.marks().map_err(|source| {
            Error::new("look at", Noun::Mapping, self.name(), error_kind(&source)).with_source(source)
        })
    }
}

impl MappingOptionsExt for MappingOptions {
    fn marks(mut self, marks: u8) -> MappingOptions {
        assert!(marks <= MARKS_MAX, "marks are three bits, and {marks} has more");
        self.marks = marks;
        self
    }
}
