//! The machine itself, without a library: what Coview is measured against. Linux calls and nothing else.

pub(crate) mod copy;
pub(crate) mod futex;
pub(crate) mod memory;
pub(crate) mod pthread;
pub(crate) mod section;
