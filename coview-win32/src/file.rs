//! Files.

/// A file.
pub(crate) struct File {}

impl File {
    /// An event that is signaled while nothing is going on; reading and writing here end before they return.
    pub(crate) fn idle(&self) -> crate::last_error::Result<&coview::Event> {
        Err(crate::last_error::Code::INVALID_HANDLE)
    }
}
