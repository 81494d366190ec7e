//! Windows onto shared memory: bytes are copied in and out, words are atomics, and no reference to shared bytes
//! leaves safe code.
//!
//! Needs `unsafe` to read and write mapped memory after its own bounds checks, and to hand out atomics.

use std::fmt;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::ops::{Bound, Deref, RangeBounds};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytemuck::{AnyBitPattern, NoUninit};

use crate::error::from_sys;
use crate::sys::{Pages, Section, copy};
use crate::{Noun, Result};

/// How many bytes travel at once between a view and a reader or writer.
const CHUNK_LEN: usize = 64 * 1024;

/// A mapped piece and the handle that keeps its object alive. The order of the fields is the order of release.
pub(crate) struct Shown {
    pages: Pages,
    _section: Arc<Section>,
}

impl Shown {
    pub(crate) fn new(pages: Pages, section: Arc<Section>) -> Shown {
        Shown { pages, _section: section }
    }
}

/// A window onto a mapping, for reading.
///
/// Every method takes byte offsets from the view's start. An access beyond the end is the caller's bug and panics, as
/// it does for a slice. What another process writes meanwhile may be seen in part: where that matters, hold a
/// [`Mutex`](crate::Mutex) or read a word with [`ReadView::load_u64`].
///
/// A view keeps its object alive; dropping it unmaps it.
///
/// # Examples
///
/// ```
/// let mapping = coview::Mapping::unnamed(16)?;
/// mapping.view()?.write(4, b"seed");
///
/// let view = mapping.read_view()?;
/// let mut text = [0; 4];
/// view.read(4, &mut text);
/// assert_eq!(&text, b"seed");
/// # Ok::<(), coview::Error>(())
/// ```
pub struct ReadView {
    shown: Shown,
}

impl ReadView {
    pub(crate) fn new(shown: Shown) -> ReadView {
        ReadView { shown }
    }

    /// Returns the length in bytes, exactly as it was asked for.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(coview::Mapping::unnamed(5000)?.read_view()?.len(), 5000);
    /// # Ok::<(), coview::Error>(())
    /// ```
    // A view is never empty: empty ranges are refused when it is made.
    #[allow(clippy::len_without_is_empty)]
    #[inline]
    pub fn len(&self) -> usize {
        self.shown.pages.len()
    }

    /// Copies `buffer.len()` bytes from the view, starting at `offset`.
    ///
    /// # Panics
    ///
    /// If the range ends beyond the view.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.read_view()?;
    /// let mut bytes = [1; 16];
    /// view.read(0, &mut bytes);
    /// assert_eq!(bytes, [0; 16]);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn read(&self, offset: usize, buffer: &mut [u8]) {
        let source = self.at(offset, buffer.len());
        // SAFETY: `at` has checked that the view covers the source; the buffer is ours alone and no view overlaps it.
        unsafe { copy::from_shared(source, buffer.as_mut_ptr(), buffer.len()) }
    }

    /// Returns `len` bytes of the view, starting at `offset`, as a vector of its own.
    ///
    /// # Panics
    ///
    /// If the range ends beyond the view.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.read_view()?;
    /// assert_eq!(view.read_vec(8, 4), [0, 0, 0, 0]);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn read_vec(&self, offset: usize, len: usize) -> Vec<u8> {
        let source = self.at(offset, len);
        let mut bytes = Vec::with_capacity(len);
        // SAFETY: `at` has checked that the view covers the source; the vector has room for `len` bytes.
        unsafe { copy::from_shared(source, bytes.as_mut_ptr(), len) };
        // SAFETY: the copy has initialised exactly `len` bytes.
        unsafe { bytes.set_len(len) };
        bytes
    }

    /// Returns the value at `offset`, of any type for which every bit pattern is a value. Alignment does not matter.
    ///
    /// # Panics
    ///
    /// If the value would end beyond the view.
    ///
    /// # Examples
    ///
    /// ```
    /// let mapping = coview::Mapping::unnamed(16)?;
    /// mapping.view()?.put(3, &[1.5f64]);
    /// assert_eq!(mapping.read_view()?.get::<f64>(3), 1.5);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn get<T: AnyBitPattern>(&self, offset: usize) -> T {
        let source = self.at(offset, size_of::<T>());
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: `at` has checked that the view covers the source; the destination is exactly one `T`.
        unsafe { copy::from_shared(source, value.as_mut_ptr().cast(), size_of::<T>()) };
        // SAFETY: every byte was written, and `AnyBitPattern` says that any bytes make a `T`.
        unsafe { value.assume_init() }
    }

    /// Reads the aligned 32-bit word at `offset` in one piece.
    ///
    /// # Panics
    ///
    /// If the word is not aligned in memory (a view's offset 0 always is, if its range began at a multiple of 8), ends
    /// beyond the view, or `order` is a release ordering.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::Ordering;
    ///
    /// let view = coview::Mapping::unnamed(16)?.read_view()?;
    /// assert_eq!(view.load_u32(4, Ordering::Acquire), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn load_u32(&self, offset: usize, order: Ordering) -> u32 {
        let word = self.aligned(offset, size_of::<u32>()).cast::<u32>();
        // SAFETY: `aligned` has checked bounds and alignment; only loads go through this reference, which read-only
        // memory allows for words that the processor loads in one instruction.
        unsafe { AtomicU32::from_ptr(word) }.load(order)
    }

    /// Reads the aligned 64-bit word at `offset` in one piece.
    ///
    /// # Panics
    ///
    /// As for [`ReadView::load_u32`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::Ordering;
    ///
    /// let view = coview::Mapping::unnamed(16)?.read_view()?;
    /// assert_eq!(view.load_u64(8, Ordering::Acquire), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn load_u64(&self, offset: usize, order: Ordering) -> u64 {
        let word = self.aligned(offset, size_of::<u64>()).cast::<u64>();
        // SAFETY: as in `load_u32`.
        unsafe { AtomicU64::from_ptr(word) }.load(order)
    }

    /// Copies a range of the view to a writer, a chunk at a time, and returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// What the writer says; the chunks before it have been written.
    ///
    /// # Panics
    ///
    /// If the range does not lie inside the view.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.read_view()?;
    /// let mut bytes = Vec::new();
    /// assert_eq!(view.copy_to(4.., &mut bytes)?, 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn copy_to(&self, range: impl RangeBounds<usize>, mut writer: impl Write) -> io::Result<usize> {
        let (start, len) = self.resolve(range);
        let mut chunk = vec![0; CHUNK_LEN.min(len)];
        let mut done = 0;
        while done < len {
            let part = chunk.len().min(len - done);
            self.read(start + done, &mut chunk[..part]);
            writer.write_all(&chunk[..part])?;
            done += part;
        }
        Ok(done)
    }

    /// Returns the address of the view's first byte.
    ///
    /// Using it is `unsafe`, and the rules are those of memory that others change at any moment: volatile or atomic
    /// access only, within [`ReadView::len`], while the view lives; no references; no writing through a [`ReadView`].
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.read_view()?;
    /// // SAFETY: the view lives, the byte is its first, and the read is volatile.
    /// assert_eq!(unsafe { view.as_ptr().read_volatile() }, 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.shown.pages.as_ptr()
    }

    /// Loads words that follow each other, each relaxed.
    #[inline]
    pub(crate) fn load_u64s<const COUNT: usize>(&self, offset: usize) -> [u64; COUNT] {
        let words = self.words_at(offset, COUNT * 8).cast::<u64>();
        // SAFETY: as in `load_u64`; `words_at` has checked bounds and alignment of them all.
        // Relaxed: the caller orders them.
        std::array::from_fn(|index| unsafe { AtomicU64::from_ptr(words.wrapping_add(index)) }.load(Ordering::Relaxed))
    }

    /// The value in a slot at `offset`, a multiple of 8 with whole words behind it.
    #[inline]
    pub(crate) fn get_in_slot<T: AnyBitPattern>(&self, offset: usize) -> T {
        let source = self.words_at(offset, size_of::<T>());
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: `words_at` has checked bounds and alignment; the destination is exactly one `T`.
        unsafe { copy::value_from_shared(source, value.as_mut_ptr()) };
        // SAFETY: every byte was written, and `AnyBitPattern` says that any bytes make a `T`.
        unsafe { value.assume_init() }
    }

    /// The same, into a value that is there already.
    #[inline]
    pub(crate) fn read_in_slot<T: AnyBitPattern + NoUninit>(&self, offset: usize, value: &mut T) {
        let source = self.words_at(offset, size_of::<T>());
        // SAFETY: as in `get_in_slot`.
        unsafe { copy::value_from_shared(source, value) };
    }

    /// The address of the words that a value at `offset` takes, all inside the view.
    #[inline]
    fn words_at(&self, offset: usize, len: usize) -> *mut u8 {
        let words = self.at(offset, len.next_multiple_of(8));
        if !words.addr().is_multiple_of(8) {
            misaligned(offset, 8);
        }
        words
    }

    /// The address of `len` bytes at `offset`, all inside the view.
    #[inline]
    fn at(&self, offset: usize, len: usize) -> *mut u8 {
        // Nothing here can overflow, and with a length that the compiler knows it is two comparisons.
        if len > self.len() || offset > self.len() - len {
            beyond(offset, len, self.len());
        }
        self.shown.pages.as_ptr().wrapping_add(offset)
    }

    /// The address of an aligned word of `len` bytes at `offset`, inside the view.
    #[inline]
    fn aligned(&self, offset: usize, len: usize) -> *mut u8 {
        let word = self.at(offset, len);
        if !word.addr().is_multiple_of(len) {
            misaligned(offset, len);
        }
        word
    }

    /// Turns a range into an offset and a length inside the view.
    fn resolve(&self, range: impl RangeBounds<usize>) -> (usize, usize) {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len(),
        };
        assert!(start <= end && end <= self.len(), "the range {start}..{end} leaves a view of {} bytes", self.len());
        (start, end - start)
    }
}

#[cold]
#[inline(never)]
fn beyond(offset: usize, len: usize, view_len: usize) -> ! {
    panic!("{len} bytes at offset {offset} end beyond a view of {view_len} bytes")
}

// Out of line, like `beyond`: to write its message it would have the offset in memory.
#[cold]
#[inline(never)]
fn misaligned(offset: usize, len: usize) -> ! {
    panic!("the {len}-byte word at offset {offset} is not aligned")
}

impl fmt::Debug for ReadView {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ReadView").field("address", &self.as_ptr()).field("len", &self.len()).finish()
    }
}

/// A window onto a mapping, for reading and writing.
///
/// It does everything that a [`ReadView`] does. Writing takes `&self`: others write to the same memory anyway, and
/// order among writers is what a [`Mutex`](crate::Mutex) or an atomic is for.
///
/// A process that dies in the middle of a write leaves the part that it has written.
///
/// # Examples
///
/// ```
/// let view = coview::Mapping::unnamed(16)?.view()?;
/// view.write(0, b"Update");
/// view.put(8, &7u64);
/// assert_eq!(view.get::<u64>(8), 7);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct View {
    read: ReadView,
}

impl View {
    pub(crate) fn new(shown: Shown) -> View {
        View { read: ReadView::new(shown) }
    }

    /// Copies bytes into the view, starting at `offset`.
    ///
    /// # Panics
    ///
    /// If they would end beyond the view.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.view()?;
    /// view.write(10, b"ending");
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        let target = self.at(offset, bytes.len());
        // SAFETY: `at` has checked that the view covers the target; the source is a slice that no view overlaps.
        unsafe { copy::to_shared(bytes.as_ptr(), target, bytes.len()) }
    }

    /// Copies a value without padding into the view at `offset`. Alignment does not matter.
    ///
    /// # Panics
    ///
    /// If it would end beyond the view.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.view()?;
    /// view.put(1, &[1u32, 2, 3]);
    /// assert_eq!(view.get::<u32>(5), 2);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn put<T: NoUninit>(&self, offset: usize, value: &T) {
        self.write(offset, bytemuck::bytes_of(value));
    }

    /// Puts a value into a slot at `offset`, a multiple of 8 with whole words behind it.
    #[inline]
    pub(crate) fn put_in_slot<T: NoUninit>(&self, offset: usize, value: &T) {
        let target = self.words_at(offset, size_of::<T>());
        // SAFETY: `words_at` has checked bounds and alignment; `NoUninit` says that the value has no padding.
        unsafe { copy::value_to_shared(value, target) };
    }

    /// Copies bytes from one place of the view to another; the two must not overlap.
    ///
    /// # Panics
    ///
    /// If one of them ends beyond the view.
    pub(crate) fn copy_within(&self, from: usize, to: usize, len: usize) {
        let (source, target) = (self.at(from, len), self.at(to, len));
        // SAFETY: `at` has checked both ends, which the callers keep apart.
        unsafe { copy::to_shared(source, target, len) };
    }

    /// Sets every byte of a range to `byte`.
    ///
    /// # Panics
    ///
    /// If the range does not lie inside the view.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.view()?;
    /// view.fill(..8, 0xff);
    /// assert_eq!(view.get::<[u64; 2]>(0), [u64::MAX, 0]);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn fill(&self, range: impl RangeBounds<usize>, byte: u8) {
        let (start, len) = self.resolve(range);
        // SAFETY: `resolve` has checked that the view covers the range.
        unsafe { copy::fill_shared(self.at(start, len), byte, len) }
    }

    /// Fills a range of the view from a reader, a chunk at a time, and returns how many bytes the reader gave.
    ///
    /// Stops at the range's end or the reader's, whichever comes first.
    ///
    /// # Errors
    ///
    /// What the reader says; the bytes before it are in the view.
    ///
    /// # Panics
    ///
    /// If the range does not lie inside the view.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.view()?;
    /// assert_eq!(view.copy_from(.., &b"Update"[..])?, 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn copy_from(&self, range: impl RangeBounds<usize>, mut reader: impl Read) -> io::Result<usize> {
        let (start, len) = self.resolve(range);
        let mut chunk = vec![0; CHUNK_LEN.min(len)];
        let mut done = 0;
        while done < len {
            let part = chunk.len().min(len - done);
            match reader.read(&mut chunk[..part]) {
                Ok(0) => break,
                Ok(count) => {
                    self.write(start + done, &chunk[..count]);
                    done += count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Returns the aligned 32-bit word at `offset` as an atomic, for every process that maps it.
    ///
    /// Use each word in one size only. Bytes that are accessed as 32-bit and as 64-bit words at the same time give
    /// values that nobody promises, though each access is one instruction.
    ///
    /// # Panics
    ///
    /// If the word is not aligned in memory (a view's offset 0 always is, if its range began at a multiple of 8) or ends
    /// beyond the view.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::Ordering;
    ///
    /// let view = coview::Mapping::unnamed(16)?.view()?;
    /// view.atomic_u32(4).fetch_add(1, Ordering::Relaxed);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn atomic_u32(&self, offset: usize) -> &AtomicU32 {
        let word = self.aligned(offset, size_of::<u32>()).cast::<u32>();
        // SAFETY: `aligned` has checked bounds and alignment; the memory is writable and mapped while `self` lives.
        // Non-atomic access to it in this process is only by opaque copies, which the compiler treats as foreign code.
        unsafe { AtomicU32::from_ptr(word) }
    }

    /// Returns the aligned 64-bit word at `offset` as an atomic, for every process that maps it.
    ///
    /// # Panics
    ///
    /// As for [`View::atomic_u32`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::Ordering;
    ///
    /// let view = coview::Mapping::unnamed(16)?.view()?;
    /// assert_eq!(view.atomic_u64(8).swap(5, Ordering::AcqRel), 0);
    /// # Ok::<(), coview::Error>(())
    /// ```
    #[inline]
    pub fn atomic_u64(&self, offset: usize) -> &AtomicU64 {
        let word = self.aligned(offset, size_of::<u64>()).cast::<u64>();
        // SAFETY: as in `atomic_u32`.
        unsafe { AtomicU64::from_ptr(word) }
    }

    /// Writes the view of a file to the file, and returns when the medium has it.
    ///
    /// For memory that no file backs, and for a private copy, this does nothing.
    ///
    /// # Errors
    ///
    /// What the system says of the medium.
    ///
    /// # Platform
    ///
    /// `msync(MS_SYNC)`; `FlushViewOfFile` and `FlushFileBuffers`.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.view()?;
    /// view.flush()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn flush(&self) -> Result<()> {
        self.flush_range(..)
    }

    /// Writes a range of the view of a file to the file; see [`View::flush`].
    ///
    /// # Errors
    ///
    /// What the system says of the medium.
    ///
    /// # Panics
    ///
    /// If the range does not lie inside the view.
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.view()?;
    /// view.flush_range(4..8)?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn flush_range(&self, range: impl RangeBounds<usize>) -> Result<()> {
        let (start, len) = self.resolve(range);
        self.read.shown.pages.flush(start, len).map_err(|source| from_sys("flush", Noun::View, None, source))
    }

    /// Returns the address of the view's first byte, for writing.
    ///
    /// The rules are those of [`ReadView::as_ptr`].
    ///
    /// # Examples
    ///
    /// ```
    /// let view = coview::Mapping::unnamed(16)?.view()?;
    /// // SAFETY: the view lives, the byte is its first, and the write is volatile.
    /// unsafe { view.as_mut_ptr().write_volatile(1) };
    /// assert_eq!(view.get::<u8>(0), 1);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.read.shown.pages.as_ptr()
    }
}

impl Deref for View {
    type Target = ReadView;

    #[inline]
    fn deref(&self) -> &ReadView {
        &self.read
    }
}

/// A private copy of a mapping, for reading and writing: nobody else sees what is written.
///
/// It does everything that a [`View`] does. Pages are shared until this view writes to them.
///
/// # Examples
///
/// ```
/// let mapping = coview::Mapping::unnamed(16)?;
/// let copy = mapping.copy_view()?;
/// copy.write(0, b"mine");
/// assert_eq!(&copy.get::<[u8; 4]>(0), b"mine");
/// assert_eq!(mapping.read_view()?.get::<u32>(0), 0);
/// # Ok::<(), coview::Error>(())
/// ```
#[derive(Debug)]
pub struct CopyView {
    view: View,
}

impl CopyView {
    pub(crate) fn new(shown: Shown) -> CopyView {
        CopyView { view: View::new(shown) }
    }
}

impl Deref for CopyView {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}
