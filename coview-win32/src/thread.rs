//! Threads.

/// A thread.
pub(crate) struct Thread {
    ended: coview::Event,
}

impl Thread {
    /// The event that is set when the thread has ended.
    pub(crate) fn ended(&self) -> &coview::Event {
        &self.ended
    }
}
