//! Timers.

/// A timer.
pub(crate) struct Timer {}

impl Timer {
    pub(crate) fn waitable(&self) -> coview::Waitable<'_> {
        todo!()
    }
}
