//! Asynchronous procedure calls.
