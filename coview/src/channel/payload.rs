//! What a channel can carry: bytes of varying length, or values of one type.

use bytemuck::Pod;

use super::memory::Memory;

/// What a [`Queue`](crate::Queue) or a [`Topic`](crate::Topic) can carry: `[u8]`, which is bytes of varying length, or a
/// [`Pod`] type, of which every value has the same size.
///
/// Nobody else can implement it.
///
/// # Examples
///
/// ```
/// use coview::{Payload, Queue, Sender};
///
/// fn send_twice<T: Payload + ?Sized>(sender: &mut Sender<T>, message: &T) -> coview::Result<()> {
///     sender.send(message)?;
///     sender.send(message)
/// }
///
/// # let name = format!("doc.channel.payload.{}", std::process::id());
/// let queue = Queue::<u32>::create(&name)?;
/// send_twice(&mut queue.sender()?, &7)?;
/// # Ok::<(), coview::Error>(())
/// ```
pub trait Payload: Carried<Copy = Self::Owned> {
    /// A message that was copied out of the channel.
    type Owned;
}

impl Payload for [u8] {
    type Owned = Vec<u8>;
}

impl<T: Pod> Payload for T {
    type Owned = T;
}

/// The place of a message in a channel.
pub struct Spot<'a> {
    pub(crate) memory: &'a Memory,
    pub(crate) position: u64,
    pub(crate) len: usize,
}

/// How a payload gets in and out.
pub trait Carried {
    /// The size of every message; `None` if they differ.
    const SIZE: Option<usize>;
    /// The alignment of messages, as far as the type knows it.
    const ALIGN: u64;
    /// The same as `Payload::Owned`.
    type Copy;

    fn len(&self) -> usize;
    /// The message is as long as `len` says, and the slot has room for that.
    fn put(&self, spot: Spot<'_>);
    fn take(spot: Spot<'_>) -> Self::Copy;
}

impl Carried for [u8] {
    const SIZE: Option<usize> = None;
    const ALIGN: u64 = 1;
    type Copy = Vec<u8>;

    #[inline]
    fn len(&self) -> usize {
        <[u8]>::len(self)
    }

    #[inline]
    fn put(&self, spot: Spot<'_>) {
        spot.memory.put_bytes(spot.position, self);
    }

    fn take(spot: Spot<'_>) -> Vec<u8> {
        spot.memory.read_vec(spot.position, spot.len)
    }
}

impl<T: Pod> Carried for T {
    const SIZE: Option<usize> = Some(size_of::<T>());
    const ALIGN: u64 = align_of::<T>() as u64;
    type Copy = T;

    #[inline]
    fn len(&self) -> usize {
        size_of::<T>()
    }

    #[inline]
    fn put(&self, spot: Spot<'_>) {
        spot.memory.put(spot.position, self);
    }

    #[inline]
    fn take(spot: Spot<'_>) -> T {
        spot.memory.get(spot.position)
    }
}
