//! Which channel do I want? A page that compares them, and nothing else.
//!
//! The channels are [`Queue`](crate::Queue), with [`Sender`](crate::Sender) and [`Receiver`](crate::Receiver), and
//! [`Topic`](crate::Topic), with [`Publisher`](crate::Publisher) and [`Subscriber`](crate::Subscriber). What else carries values from
//! process to process: [`Latest`](crate::Latest), [`LatestBytes`](crate::LatestBytes), [`Shared`](crate::Shared).
//!
#![doc = include_str!("channel/choosing.md")]
