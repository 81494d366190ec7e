//! One-time initialisation.
