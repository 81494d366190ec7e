//! Critical sections.
