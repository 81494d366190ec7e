//! What only Linux offers, mostly for those who build other interfaces on Coview's objects.

mod wait;

pub use wait::{Waited, abandon_held, wait_all_unless, wait_any_unless};
