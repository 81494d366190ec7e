//! Handles: closing, duplicating, comparing, and their flags.
//!
//! Needs `unsafe` to export functions and to write where callers point.

use crate::last_error::{self, Result};
use crate::table::{self, Handle};

#[unsafe(no_mangle)]
pub(crate) extern "C" fn CloseHandle(handle: Handle) -> i32 {
    last_error::truth(close(handle))
}

fn close(handle: Handle) -> Result<()> {
    // Pseudo handles need no closing.
    if is_pseudo(handle) { Ok(()) } else { table::close(handle) }
}

/// The calling process (-1) and the calling thread (-2).
pub(crate) fn is_pseudo(handle: Handle) -> bool {
    matches!(handle.addr() as isize, -1 | -2)
}
