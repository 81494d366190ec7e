//! Changing a large value in parts, in place, without giving up that it changes as a whole.
//!
//! The parts are written into the slot of the next version, which is brought up to date first. That slot holds the version
//! before the current one; if the current one came about by an edit, the region says which bytes that has changed, and only
//! those are copied.
//!
//! | step | killed after it |
//! |---|---|
//! | empty the next slot (`slots.rs`, step 1) | the next edit finds it empty, and copies the whole value |
//! | copy what the last edit has changed, or everything | likewise |
//! | write the parts | likewise |
//! | note which bytes they are, under the next version's number | likewise; the note is of a version that is not current |
//! | commit (steps 3 and 4) | the new value is current |

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytemuck::{AnyBitPattern, NoUninit, Pod};

use crate::layout::CHANGE;
use crate::sys::Deadline;
use crate::writing::Writing;
use crate::{Result, Shared};

/// A large value that is being changed in parts; nobody else writes it meanwhile. Made by
/// [`Shared::edit`](crate::Shared::edit).
///
/// Offsets count bytes from the value's start; `std::mem::offset_of!` gives those of fields. Nothing shows before
/// [`Edit::commit`]. Dropping an edit, and dying in it, leaves the value as it was.
///
/// A write to the same value by other means while an edit is open, which only the same thread can try, spoils the edit:
/// it writes nothing more, and the commit fails.
///
/// # Examples
///
/// ```
/// use std::mem::offset_of;
///
/// #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
/// #[repr(C)]
/// struct Map {
///     revision: u64,
///     heights: [f32; 1 << 18],
/// }
///
/// # let name = format!("doc.edit.{}", std::process::id());
/// let map = coview::Shared::create(&name, &*bytemuck::zeroed_box::<Map>())?;
/// let mut edit = map.edit()?;
/// let revision: u64 = edit.get(offset_of!(Map, revision));
/// edit.put(offset_of!(Map, heights) + 1000 * 4, &12.5f32);
/// edit.put(offset_of!(Map, revision), &(revision + 1));
/// assert_eq!(edit.commit()?, 2);
/// # Ok::<(), coview::Error>(())
/// ```
#[must_use = "nothing has changed until `commit`"]
pub struct Edit<'a, T: Pod> {
    writing: Writing<'a, T>,
    /// Where the new value's bytes begin.
    start: usize,
    /// What has been written, as one range.
    changed: Range<usize>,
    spoiled: bool,
    _value: PhantomData<fn() -> T>,
}

impl<T: Pod> Shared<T> {
    /// Begins to change a large value in parts, in place, with nobody else writing meanwhile.
    ///
    /// What is written shows when [`Edit::commit`] is called, all at once, with the same promise as [`Shared::update`]:
    /// whoever dies before leaves the old value. No copy of the value is made in this process; and if the last change was
    /// an edit as well, only what that one has changed is copied within the region.
    ///
    /// # Errors
    ///
    /// As for [`Shared::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.edit.{}", std::process::id());
    /// let table = coview::Shared::create(&name, &*bytemuck::zeroed_box::<[u64; 1 << 17]>())?;
    /// let mut edit = table.edit()?;
    /// edit.put(1000 * 8, &7u64);
    /// edit.commit()?;
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn edit(&self) -> Result<Edit<'_, T>> {
        Ok(self.edit_until(Deadline::NEVER)?.expect("a wait without a deadline ends with a result"))
    }

    /// Begins an edit unless somebody else is writing; `None` if so. See [`Shared::edit`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.try_edit.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &[0u32; 4])?;
    /// assert!(shared.try_edit()?.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn try_edit(&self) -> Result<Option<Edit<'_, T>>> {
        self.edit_until(Deadline::NOW)
    }

    /// Begins an edit, waiting for others for at most `timeout`; `None` if that was not enough. See [`Shared::edit`].
    ///
    /// # Errors
    ///
    /// As for [`Shared::set`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.shared.edit_timeout.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &[0u32; 4])?;
    /// assert!(shared.edit_timeout(std::time::Duration::from_millis(5))?.is_some());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn edit_timeout(&self, timeout: Duration) -> Result<Option<Edit<'_, T>>> {
        self.edit_until(Deadline::after(timeout))
    }

    fn edit_until(&self, deadline: Deadline) -> Result<Option<Edit<'_, T>>> {
        let Some(writing) = self.lock(deadline)? else { return Ok(None) };
        Ok(Some(Edit::begin(writing)))
    }
}

impl<'a, T: Pod> Edit<'a, T> {
    pub(crate) fn begin(writing: Writing<'a, T>) -> Edit<'a, T> {
        let (slots, view, size) = (writing.region.slots, writing.view, size_of::<T>());
        let is_previous = slots.holds(view, writing.current.wrapping_sub(1));
        let behind = if is_previous { last_change(&writing, size) } else { 0..size };
        let start = slots.begin(view, writing.next());
        view.copy_within(writing.value_at() + behind.start, start + behind.start, behind.len());
        Edit { writing, start, changed: 0..0, spoiled: false, _value: PhantomData }
    }

    /// Says whether the last writer died while it had the lock. What it had begun to write is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.edit.abandoned.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &[0u32; 4])?;
    /// assert!(!shared.edit()?.was_abandoned());
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn was_abandoned(&self) -> bool {
        self.writing.guard.was_abandoned()
    }

    /// Returns a part of the value as it will be.
    ///
    /// # Panics
    ///
    /// If the part would end beyond the value.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.edit.get.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &[1u32, 2, 3, 4])?;
    /// assert_eq!(shared.edit()?.get::<u32>(8), 3);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn get<P: AnyBitPattern>(&self, offset: usize) -> P {
        self.writing.view.get(self.at(offset, size_of::<P>()))
    }

    /// Copies bytes out of the value as it will be.
    ///
    /// # Panics
    ///
    /// If they would end beyond the value.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.edit.read.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, b"Update")?;
    /// let mut bytes = [0; 4];
    /// shared.edit()?.read(2, &mut bytes);
    /// assert_eq!(&bytes, b"date");
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn read(&self, offset: usize, bytes: &mut [u8]) {
        self.writing.view.read(self.at(offset, bytes.len()), bytes);
    }

    /// Writes a part of the value.
    ///
    /// # Panics
    ///
    /// If the part would end beyond the value.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.edit.put.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &[1u32, 2, 3, 4])?;
    /// let mut edit = shared.edit()?;
    /// edit.put(4, &20u32);
    /// edit.commit()?;
    /// assert_eq!(shared.get()?, [1, 20, 3, 4]);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn put<P: NoUninit>(&mut self, offset: usize, part: &P) {
        self.write(offset, bytemuck::bytes_of(part));
    }

    /// Writes bytes into the value.
    ///
    /// # Panics
    ///
    /// If they would end beyond the value.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.edit.write.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, b"Update")?;
    /// let mut edit = shared.edit()?;
    /// edit.write(0, b"Up-");
    /// edit.commit()?;
    /// assert_eq!(&shared.get()?, b"Up-ate");
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        let at = self.at(offset, bytes.len());
        self.note(offset, bytes.len());
        if !self.spoiled {
            self.writing.view.write(at, bytes);
        }
    }

    /// Sets a range of the value's bytes to `byte`.
    ///
    /// # Panics
    ///
    /// If the range ends beyond the value, or before its start.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.edit.fill.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, b"Update")?;
    /// let mut edit = shared.edit()?;
    /// edit.fill(2..4, b'.');
    /// edit.commit()?;
    /// assert_eq!(&shared.get()?, b"Up..te");
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn fill(&mut self, range: Range<usize>, byte: u8) {
        assert!(range.start <= range.end, "the range {range:?} ends before its start");
        let at = self.at(range.start, range.len());
        self.note(range.start, range.len());
        if !self.spoiled {
            self.writing.view.fill(at..at + range.len(), byte);
        }
    }

    /// Makes what was written the current value, and returns its version.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged), with nothing changed, if the value changed meanwhile in spite of
    /// the lock.
    ///
    /// # Examples
    ///
    /// ```
    /// # let name = format!("doc.edit.commit.{}", std::process::id());
    /// let shared = coview::Shared::create(&name, &[1u32, 2, 3, 4])?;
    /// let mut edit = shared.edit()?;
    /// edit.put(0, &10u32);
    /// assert_eq!(shared.get()?[0], 1);
    /// edit.commit()?;
    /// assert_eq!(shared.get()?[0], 10);
    /// # Ok::<(), coview::Error>(())
    /// ```
    pub fn commit(self) -> Result<u64> {
        self.writing.check()?;
        let words = [self.writing.next(), self.changed.start as u64, self.changed.len() as u64];
        for (index, word) in words.into_iter().enumerate() {
            // Relaxed: only who has the lock reads it.
            self.writing.view.atomic_u64(CHANGE + 8 * index).store(word, Ordering::Relaxed);
        }
        self.writing.commit()
    }

    /// Where a part lies in the view.
    fn at(&self, offset: usize, len: usize) -> usize {
        let size = size_of::<T>();
        let inside = offset.checked_add(len).is_some_and(|end| end <= size);
        assert!(inside, "{len} bytes at offset {offset} end beyond a value of {size} bytes");
        self.start + offset
    }

    /// Notes that a part is to be written, and whether it still may be.
    fn note(&mut self, offset: usize, len: usize) {
        self.spoiled |= self.writing.check().is_err();
        self.changed = match self.changed.is_empty() {
            true => offset..offset + len,
            false => self.changed.start.min(offset)..self.changed.end.max(offset + len),
        };
    }
}

impl<T: Pod> fmt::Debug for Edit<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Edit").field("name", &self.writing.region.name()).field("changed", &self.changed).finish()
    }
}

/// In which bytes the current version differs from the one before, as far as that is known.
fn last_change<T: Pod>(writing: &Writing<'_, T>, size: usize) -> Range<usize> {
    // Relaxed: it was written under the lock.
    let word = |index: usize| writing.view.atomic_u64(CHANGE + 8 * index).load(Ordering::Relaxed);
    let (version, start, len) = (word(0), word(1), word(2));
    // Anybody may have written these: what leaves the value is as good as nothing.
    match (usize::try_from(start), usize::try_from(len)) {
        (Ok(start), Ok(len)) if version == writing.current && start <= size && len <= size - start => {
            start..start + len
        }
        _ => 0..size,
    }
}
