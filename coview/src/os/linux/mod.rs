//! What only Linux can do: objects as descriptors, marks on mappings, and names for files.

mod marks;
mod over;
mod share;

pub use marks::{MappingExt, MappingOptionsExt};
pub use over::create_or_open_over;
pub use share::Share;
