//! Standard handles and pipes.
