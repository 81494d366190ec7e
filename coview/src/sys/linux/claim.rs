//! A part of a mapping that one handle has for itself: a lock on a byte that stands for it.
//!
//! The lock belongs to a descriptor of its own, opened anew for the purpose, so that two claims of one process, even of
//! one handle, keep each other out. The kernel gives it up when that descriptor closes, whatever ended the process.

use std::fs::File;
use std::io;
use std::process;

use super::share::reopen;
use super::{Section, lock};
use crate::name::Name;
use crate::{Access, Rights};

/// A part of a mapping that is this value's alone.
#[derive(Debug)]
pub(crate) struct Claim {
    file: File,
    part: u32,
    /// The process that made the claim. A forked child has a copy of the descriptor, but the part is its parent's.
    process: u32,
}

impl Section {
    pub(crate) fn claim(&self, _name: Option<&Name>, _rights: Rights, part: u32) -> io::Result<Option<Claim>> {
        let file = reopen(self.file(), Access::ReadWrite)?;
        let claimed = lock::claim(&file, part)?;
        Ok(claimed.then(|| Claim { file, part, process: process::id() }))
    }

    pub(crate) fn is_claimed(&self, _name: Option<&Name>, part: u32) -> io::Result<bool> {
        lock::is_claimed(self.file(), part)
    }
}

impl Claim {
    pub(crate) fn is_ours(&self) -> bool {
        process::id() == self.process
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.is_ours() {
            // Should it fail, closing the descriptor gives the part up, unless a child has a copy of it.
            let _ = lock::give_up(&self.file, self.part);
        }
    }
}
