//! What only Linux offers, mostly for those who build other interfaces on Coview's objects: objects as descriptors, marks
//! on mappings, names for files, settings of timers, waits that an alert ends, and messages that go from and to descriptors.

mod marks;
mod over;
mod setting;
mod share;
mod transfer;
mod wait;

pub use marks::{MappingExt, MappingOptionsExt};
pub use over::create_or_open_over;
pub use setting::TimerExt;
pub use share::Share;
pub use transfer::{LoanExt, MessageExt, wait_readable};
pub use wait::{Waited, abandon_held, wait_all_unless, wait_any_unless};
