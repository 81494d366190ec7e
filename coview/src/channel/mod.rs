//! Channels: rings of slots in a mapping, through which messages go from process to process.
//!
//! | file | what it holds |
//! |---|---|
//! | `form.rs`, `layout.md` | the bytes of a channel |
//! | `word.rs`, `words.rs`, `memory.rs` | the state of a slot; where the words are; the same, mapped |
//! | `rules.rs`, `tail.rs`, `cursor.rs`, `head.rs` | the protocol: how messages come in, and the two ways how they go out |
//! | `ring.rs`, `patience.rs` | who is there, who lives, how one sleeps and wakes |
//! | `sending.rs`, `receiving.rs` | an end, whatever it carries |
//! | the rest | the public types |

mod cursor;
mod form;
mod head;
mod loan;
mod memory;
mod message;
mod options;
mod pace;
mod patience;
mod payload;
mod publisher;
mod queue;
mod queue_options;
mod receiver;
mod receiving;
mod ring;
mod rules;
mod sender;
mod sending;
mod state;
mod subscriber;
mod tail;
mod topic;
mod topic_options;
mod untyped;
mod word;
mod words;

pub use form::ChannelKind;
pub use loan::Loan;
pub use message::Message;
pub use payload::Payload;
pub use publisher::Publisher;
pub use queue::Queue;
pub use queue_options::QueueOptions;
pub use receiver::Receiver;
pub(crate) use receiving::Receiving;
pub use sender::Sender;
pub(crate) use sending::Sending;
pub use state::{ChannelState, EndState, EndStats, Ends};
pub use subscriber::Subscriber;
pub use topic::Topic;
pub use topic_options::TopicOptions;
pub use untyped::Channel;
pub use words::EndRole;

#[cfg(test)]
mod tests;
