//! Temporary files and folders.
