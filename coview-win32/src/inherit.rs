//! Handles that a child process finds.
