//! Shared memory between processes, done right: named mappings and views, typed values, channels, mutexes, events,
//! semaphores and timers with the Windows object model, native on Windows and faithfully built on Linux.
//!
//! # The nouns
//!
//! - [`Mapping`] is shared memory under a name, [`View`], [`ReadView`] and [`CopyView`] are windows onto it.
//! - [`Shared`] is one value that many processes read and write, each write whole or not at all. [`Latest`] is one current
//!   value that everybody reads at memory speed, published by a [`LatestPublisher`]; [`LatestBytes`] is the same for bytes.
//! - [`Queue`] and [`Topic`] are channels: of a queue each message goes to one [`Receiver`], of a topic to every
//!   [`Subscriber`]. They are written and read in place. [`channels`] tells which one you want.
//! - [`Mutex`] keeps order, and says when its last owner died. [`Event`] and [`Semaphore`] wake others, and a [`Timer`]
//!   does when its time has come.
//! - [`wait_any`] and [`wait_all`] wait for up to 64 of them at once, [`wait_any`] also for the ends of channels.
//! - [`list`] and [`stat`] show what exists and who holds it.
//! - [`os`] has what one system alone can do.
//!
//! Every named noun has three constructors: `create` (must be new), `open` (must exist) and `create_or_open`, the
//! race-free union; one that only reads has `open` alone. Every wait has three forms: `verb`, `try_verb` and
//! `verb_timeout`. Dropping a value is the whole clean-up.
//!
//! # Examples
//!
//! One side creates the memory and its lock, and writes under the lock:
//!
//! ```
//! use coview::{Mapping, Mutex};
//!
//! # let (seed, seed_lock) = (format!("doc.seed.{}", std::process::id()), format!("doc.seed.lock.{}", std::process::id()));
//! # let (seed, seed_lock) = (seed.as_str(), seed_lock.as_str());
//! let lock = Mutex::create(seed_lock)?;
//! let view = Mapping::create(seed, 1024)?.view()?;
//! let held = lock.lock()?;
//! view.write(0, b"Update");
//! drop(held);
//!
//! // The other side, usually another process, opens both by name.
//! let lock = Mutex::open(seed_lock)?;
//! let view = Mapping::open(seed)?.view()?;
//! let _held = lock.lock()?;
//! let text: [u8; 6] = view.get(0);
//! assert_eq!(&text, b"Update");
//! # Ok::<(), coview::Error>(())
//! ```
//!
//! # How long things live
//!
//! An object exists while any process holds a handle to it, and a view is a handle. When the last one goes, by drop,
//! exit, panic, abort or `SIGKILL`, the name is free at once. A mutex whose owner dies goes to the next locker at
//! once, with a flag that says so. A message that was committed to a channel reaches those who are there to receive it,
//! whoever dies. What little is left to the user is in PLATFORM.md.
//!
//! # Trust
//!
//! Another process can write to shared memory at any moment. So no safe function gives out `&[u8]` or `&T` into it:
//! bytes are copied in and out, words are atomics. What a hostile or broken peer can do is give wrong values; and on
//! Linux, if it may write to the object's file, truncate that, which is `SIGBUS` for whoever touches the lost part.

mod channel;
pub mod channels;
mod edit;
mod error;
mod event;
mod inspect;
mod latest;
mod latest_bytes;
mod latest_publisher;
mod layout;
mod mapping;
mod mapping_options;
mod mutex;
mod name;
pub mod os;
mod pass;
mod peek;
mod publishing;
mod region;
mod region_options;
mod rights;
mod semaphore;
mod shared;
mod shared_reading;
mod slots;
mod sys;
mod timer;
mod view;
mod wait;
mod writing;

pub use channel::{
    Channel, ChannelKind, ChannelState, EndRole, EndState, EndStats, Ends, Loan, Message, Payload, Publisher, Queue,
    QueueOptions, Receiver, Sender, Subscriber, Topic, TopicOptions,
};
pub use edit::Edit;
pub use error::{Error, ErrorKind, Noun, Result};
pub use event::{Event, EventOptions, Reset};
pub use inspect::{Holder, Kind, Object, State, list, stat, sweep};
pub use latest::{Latest, PublisherState, Reading};
pub use latest_bytes::{LatestBytes, LatestBytesPublisher};
pub use latest_publisher::LatestPublisher;
pub use layout::{RegionKind, fingerprint};
pub use mapping::Mapping;
pub use mapping_options::MappingOptions;
pub use mutex::{Mutex, MutexGuard, MutexOptions};
pub use name::Namespace;
pub use pass::ChildToken;
pub use peek::Peek;
pub use region::Region;
pub use region_options::RegionOptions;
pub use rights::{Access, Rights};
pub use semaphore::{Semaphore, SemaphoreOptions};
pub use shared::Shared;
pub use slots::Stamp;
pub use timer::{Timer, TimerOptions};
pub use view::{CopyView, ReadView, View};
pub use wait::{
    All, Any, Waitable, try_wait_all, try_wait_any, wait_all, wait_all_timeout, wait_any, wait_any_timeout,
};
