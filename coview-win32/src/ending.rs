//! What the end of the program leaves to do: its handles are closed, so that the names that it held alone are free at
//! once, and their memory with them.
//!
//! Needs `unsafe` to be called at the program's end. A program that is killed, or calls `_exit`, leaves that to whoever
//! meets the name next.

use crate::table;

/// Called after everything that the program itself has registered for its end; in one that has this library as a static
/// one too, for these arrays are gone through from their end.
#[used]
#[unsafe(link_section = ".fini_array.00101")]
static AT_END: extern "C" fn() = close_handles;

extern "C" fn close_handles() {
    drop(table::take_all());
}
