//! Processes.

/// A process.
pub(crate) struct Process {
    id: u32,
}

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// The event that is set when the process has ended.
    pub(crate) fn ended(&self) -> crate::last_error::Result<&coview::Event> {
        Err(crate::last_error::Code::INVALID_HANDLE)
    }
}
