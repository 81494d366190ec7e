//! Faults in pages that another process has committed.
