//! What the end of the program leaves to do: its handles are closed, so that the names that it held alone are free at
//! once, and their memory with them.
//!
//! Needs `unsafe` to be called at the program's end. A program that is killed, or calls `_exit`, leaves that to whoever
//! meets the name next.

use crate::table;

/// Called after everything that the program itself has registered for its end.
#[used]
#[unsafe(link_section = ".fini_array")]
static AT_END: extern "C" fn() = close_handles;

extern "C" fn close_handles() {
    drop(table::take_all());
}
