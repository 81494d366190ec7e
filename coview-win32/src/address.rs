//! Waiting for a word to change.
