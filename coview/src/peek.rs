//! Looking at a value of a `LatestBytes` where it lies.

use std::fmt;
use std::io;

use bytemuck::AnyBitPattern;

use crate::ReadView;
use crate::slots::{Place, Slots, Stamp};

/// A value that is looked at where it lies, while its publisher may go on. Made by
/// [`LatestBytes::peek`](crate::LatestBytes::peek) and [`LatestBytes::read_in_place`](crate::LatestBytes::read_in_place).
///
/// Its bytes come out by copies of the parts that are wanted, never as a reference: the publisher can write over them at
/// any moment. [`Peek::finish`] tells at the end whether it has; until then nothing that was seen may be relied on. The
/// publisher comes back to a value's place after three further ones.
///
/// # Examples
///
/// ```
/// # let name = format!("doc.peek.{}", std::process::id());
/// let mut publisher = coview::LatestBytesPublisher::create(&name, 1 << 20)?;
/// publisher.publish(&[7; 1 << 20])?;
/// let reader = coview::LatestBytes::open(&name)?;
///
/// let peek = reader.peek().expect("a value was published");
/// let header: [u8; 16] = peek.get(0);
/// match peek.finish() {
///     Some(_) => assert_eq!(header, [7; 16]),
///     None => println!("written over meanwhile; look again"),
/// }
/// # Ok::<(), coview::Error>(())
/// ```
pub struct Peek<'a> {
    view: &'a ReadView,
    slots: Slots,
    place: Place,
}

impl<'a> Peek<'a> {
    #[inline]
    pub(crate) fn new(view: &'a ReadView, slots: Slots, place: Place) -> Peek<'a> {
        Peek { view, slots, place }
    }

    /// Returns the value's length in bytes: never more than the region's maximum.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.peek.len.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// assert_eq!(reader.peek().map(|peek| peek.len()), Some(6));
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn len(&self) -> usize {
        self.place.len
    }

    /// Says whether the value has no bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.peek.empty.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"")?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// assert!(reader.peek().is_some_and(|peek| peek.is_empty()));
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies bytes out of the value.
    ///
    /// # Panics
    ///
    /// If they would end beyond the value.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.peek.read.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// let mut bytes = [0; 4];
    /// reader.peek().expect("a value was published").read(2, &mut bytes);
    /// assert_eq!(&bytes, b"date");
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn read(&self, offset: usize, bytes: &mut [u8]) {
        self.view.read(self.at(offset, bytes.len()), bytes);
    }

    /// Returns a part of the value, of any type for which every bit pattern is a value. Alignment does not matter.
    ///
    /// # Panics
    ///
    /// If the part would end beyond the value.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.peek.get.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(&7u64.to_ne_bytes())?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// assert_eq!(reader.peek().map(|peek| peek.get::<u64>(0)), Some(7));
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn get<P: AnyBitPattern>(&self, offset: usize) -> P {
        self.view.get(self.at(offset, size_of::<P>()))
    }

    /// Copies the whole value to a writer, a chunk at a time.
    ///
    /// # Errors
    ///
    /// What the writer says.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.peek.copy_to.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// let mut bytes = Vec::new();
    /// assert_eq!(reader.peek().expect("a value was published").copy_to(&mut bytes)?, 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn copy_to(&self, writer: impl io::Write) -> io::Result<usize> {
        self.view.copy_to(self.place.offset..self.place.offset + self.place.len, writer)
    }

    /// Says whether nobody has written there since the look began: what was seen until now is one value.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.peek.intact.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// let peek = reader.peek().expect("a value was published");
    /// for _ in 0..3 {
    ///     publisher.publish(b"another")?;
    /// }
    /// assert!(peek.is_intact());
    /// publisher.publish(b"one too many")?;
    /// assert!(!peek.is_intact());
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn is_intact(&self) -> bool {
        self.slots.is_intact(self.view, &self.place)
    }

    /// Ends the look: what goes with the value if it was one and the same all the time; `None` if not.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.peek.finish.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// let peek = reader.peek().expect("a value was published");
    /// assert_eq!(peek.finish().map(|stamp| stamp.sequence), Some(1));
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn finish(self) -> Option<Stamp> {
        self.is_intact().then_some(self.place.stamp)
    }

    /// Returns the address of the value's first byte. The rules are those of [`ReadView::as_ptr`], and what is read there
    /// counts only if [`Peek::is_intact`] says so afterwards.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.peek.ptr.{}", std::process::id());
    /// let mut publisher = coview::LatestBytesPublisher::create(&name, 100)?;
    /// publisher.publish(b"Update")?;
    /// let reader = coview::LatestBytes::open(&name)?;
    /// let peek = reader.peek().expect("a value was published");
    /// // SAFETY: the reader lives, the byte is the value's first, and the read is volatile.
    /// assert_eq!(unsafe { peek.as_ptr().read_volatile() }, b'U');
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn as_ptr(&self) -> *const u8 {
        self.view.as_ptr().wrapping_add(self.place.offset)
    }

    #[inline]
    fn at(&self, offset: usize, len: usize) -> usize {
        if len > self.len() || offset > self.len() - len {
            beyond(offset, len, self.len());
        }
        self.place.offset + offset
    }
}

#[cold]
#[inline(never)]
fn beyond(offset: usize, len: usize, value_len: usize) -> ! {
    panic!("{len} bytes at offset {offset} end beyond a value of {value_len} bytes")
}

impl fmt::Debug for Peek<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Peek").field("stamp", &self.place.stamp).field("len", &self.len()).finish()
    }
}
