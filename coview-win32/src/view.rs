//! Views of sections.
