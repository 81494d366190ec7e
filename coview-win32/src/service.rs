//! Duplicating handles from process to process.
