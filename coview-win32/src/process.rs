//! Processes.

/// A process.
pub(crate) struct Process {}

impl Process {
    /// The event that is set when the process has ended.
    pub(crate) fn ended(&self) -> crate::last_error::Result<&coview::Event> {
        Err(crate::last_error::Code::INVALID_HANDLE)
    }
}
