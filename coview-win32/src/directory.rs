//! Folders, attributes, copies and moves.
