//! Files.

/// A file.
pub(crate) struct File {
    descriptor: std::os::fd::OwnedFd,
}

impl File {
    pub(crate) fn descriptor(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.descriptor)
    }

    /// An event that is signaled while nothing is going on; reading and writing here end before they return.
    pub(crate) fn idle(&self) -> crate::last_error::Result<&coview::Event> {
        Err(crate::last_error::Code::INVALID_HANDLE)
    }
}
