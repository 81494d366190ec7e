//! Slim reader-writer locks.
