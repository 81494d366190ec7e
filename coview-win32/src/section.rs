//! Sections.

/// A section.
pub(crate) struct Section {}
