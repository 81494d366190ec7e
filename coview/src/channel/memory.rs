//! The mapped memory of a channel: its words, and the bytes of its messages.
//!
//! Needs `unsafe` to make atomics of mapped words and to copy messages: every access goes to a place that the constructor
//! has checked to be inside the mapping, and a position is taken modulo the number of slots, so no value of it leads out.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use bytemuck::{AnyBitPattern, NoUninit};

use super::form::{Form, HEADER_LEN};
use super::words::{ENDS, End, EndRole, Place, Words};
use crate::sys::copy;
use crate::{Mapping, ReadView, Result, View};

const TAIL: usize = 128;
const HEAD: usize = 256;
const RETURNS: usize = 264;
const RECEIVERS_GATE: usize = 384;
const SENDERS_GATE: usize = 512;
const SENDERS: usize = 640;
const RECEIVERS: usize = 768;
const SENDER_ENDS: usize = 4096;
const RECEIVER_ENDS: usize = SENDER_ENDS + END_LEN * ENDS as usize;
const END_LEN: usize = 256;
const LENGTH: usize = 8;

const _: () = assert!(RECEIVER_ENDS + END_LEN * ENDS as usize == HEADER_LEN);

/// How many bytes travel as words at most.
const IN_LINE_MAX: usize = 256;

/// The memory of a channel.
pub(crate) struct Memory {
    /// Where the mapping begins: writable if there is a `View`.
    base: *mut u8,
    /// The number of slots less one.
    mask: u64,
    stride: usize,
    message_at: usize,
    message_size: usize,
    shown: Shown,
}

enum Shown {
    Reading { _view: ReadView },
    Writing { _view: View },
}

// SAFETY: the pointer leads to memory that stays mapped as long as the view beside it, which may go to any thread; all
// access is by atomics and by copies that expect others to write meanwhile.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// The memory of a channel of a form that was checked. `None` if this machine has not as many addresses.
    pub(crate) fn map(mapping: &Mapping, form: &Form, writable: bool) -> Result<Option<Memory>> {
        let (Some(size), Some(slots), Some(stride)) = (form.channel_size(), form.slots(), form.stride()) else {
            return Ok(None);
        };
        let sizes = [size, stride, form.message_at(), form.message_size].map(usize::try_from);
        let [Ok(size), Ok(stride), Ok(message_at), Ok(message_size)] = sizes else { return Ok(None) };
        let (base, len, shown) = if writable {
            let view = mapping.view_range(..size as u64)?;
            (view.as_mut_ptr(), view.len(), Shown::Writing { _view: view })
        } else {
            let view = mapping.read_view_range(..size as u64)?;
            (view.as_ptr().cast_mut(), view.len(), Shown::Reading { _view: view })
        };
        // All that the accesses below rely on.
        let slots_len = len.saturating_sub(HEADER_LEN);
        let fits = slots.is_power_of_two() && slots_len as u64 / stride as u64 >= slots;
        let holds =
            message_at >= if form.typed { 8 } else { 16 } && message_at + message_size.next_multiple_of(8) <= stride;
        let aligned = base.addr().is_multiple_of(8) && stride.is_multiple_of(8) && message_at.is_multiple_of(8);
        assert!(fits && holds && aligned, "a form that was checked describes memory that is there");
        Ok(Some(Memory { base, mask: slots - 1, stride, message_at, message_size, shown }))
    }

    pub(crate) fn is_writable(&self) -> bool {
        matches!(self.shown, Shown::Writing { .. })
    }

    /// The word over which the ends of a role sleep.
    #[inline]
    pub(crate) fn gate(&self, role: EndRole) -> &AtomicU32 {
        let at = match role {
            EndRole::Sender => SENDERS_GATE,
            EndRole::Receiver => RECEIVERS_GATE,
        };
        // SAFETY: in the header, which is mapped; a multiple of 4.
        unsafe { AtomicU32::from_ptr(self.base.wrapping_add(at).cast()) }
    }

    /// How many bytes a message can have.
    #[inline]
    pub(crate) fn message_size(&self) -> usize {
        self.message_size
    }

    /// Where the bytes of the message at a position lie: `message_size` of them, aligned as the form says.
    #[inline]
    pub(crate) fn message(&self, position: u64) -> *mut u8 {
        self.slot(position).wrapping_add(self.message_at)
    }

    /// Copies bytes out of a message, from `offset` on.
    ///
    /// # Panics
    ///
    /// If they are not all inside.
    #[inline]
    pub(crate) fn read(&self, position: u64, offset: usize, bytes: &mut [u8]) {
        let source = self.part(position, offset, bytes.len());
        // SAFETY: `part` has checked that it is inside the message; the buffer is ours alone.
        unsafe { copy::from_shared(source, bytes.as_mut_ptr(), bytes.len()) }
    }

    /// Copies the first `len` bytes of a message.
    ///
    /// # Panics
    ///
    /// If there are not as many.
    pub(crate) fn read_vec(&self, position: u64, len: usize) -> Vec<u8> {
        let source = self.part(position, 0, len);
        let mut bytes = Vec::with_capacity(len);
        // SAFETY: `part` has checked that it is inside the message; the vector has room for `len` bytes.
        unsafe { copy::from_shared(source, bytes.as_mut_ptr(), len) };
        // SAFETY: the copy has initialised exactly `len` bytes.
        unsafe { bytes.set_len(len) };
        bytes
    }

    /// Copies bytes into a message, from `offset` on.
    ///
    /// # Panics
    ///
    /// If they are not all inside.
    #[inline]
    pub(crate) fn write(&self, position: u64, offset: usize, bytes: &[u8]) {
        let target = self.part(position, offset, bytes.len());
        // SAFETY: `part` has checked that it is inside the message; the source is no shared memory.
        unsafe { copy::to_shared(bytes.as_ptr(), target, bytes.len()) }
    }

    /// Sets bytes of a message.
    ///
    /// # Panics
    ///
    /// If they are not all inside.
    pub(crate) fn fill(&self, position: u64, offset: usize, len: usize, byte: u8) {
        let target = self.part(position, offset, len);
        // SAFETY: `part` has checked that it is inside the message.
        unsafe { copy::fill_shared(target, byte, len) }
    }

    /// Puts a value at the start of a message.
    #[inline]
    pub(crate) fn put<T: NoUninit>(&self, position: u64, value: &T) {
        let target = self.part(position, 0, size_of::<T>());
        // SAFETY: inside the message, whose room is a multiple of 8 and aligned to it; `NoUninit` has no padding.
        unsafe { copy::value_to_shared(value, target) }
    }

    /// Puts bytes at the start of a message. Short ones travel as words, in line: a store that crosses the border of two lines,
    /// which those of `memcpy` may, waits for both.
    #[inline]
    pub(crate) fn put_bytes(&self, position: u64, bytes: &[u8]) {
        if bytes.len() > IN_LINE_MAX {
            return self.write(position, 0, bytes);
        }
        let target = self.part(position, 0, bytes.len()).cast::<u64>();
        let put = |index: usize, word: u64| {
            // SAFETY: inside the message, whose room is a multiple of 8 and aligned to it.
            let place = unsafe { AtomicU64::from_ptr(target.wrapping_add(index)) };
            // Relaxed: the word of the slot publishes it.
            place.store(word, Ordering::Relaxed);
        };
        let (words, rest) = bytes.as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            put(index, u64::from_ne_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            put(words.len(), u64::from_ne_bytes(word));
        }
    }

    /// Takes a value from the start of a message.
    #[inline]
    pub(crate) fn get<T: AnyBitPattern>(&self, position: u64) -> T {
        let source = self.part(position, 0, size_of::<T>());
        let mut value = std::mem::MaybeUninit::<T>::uninit();
        // SAFETY: inside the message, whose room is a multiple of 8 and aligned to it; the target is one `T`.
        unsafe { copy::value_from_shared(source, value.as_mut_ptr()) };
        // SAFETY: every byte was written, and `AnyBitPattern` says that any bytes make a `T`.
        unsafe { value.assume_init() }
    }

    /// Takes a value from anywhere in a message, aligned or not.
    ///
    /// # Panics
    ///
    /// If it is not all inside.
    #[inline]
    pub(crate) fn get_at<T: AnyBitPattern>(&self, position: u64, offset: usize) -> T {
        let source = self.part(position, offset, size_of::<T>());
        let mut value = std::mem::MaybeUninit::<T>::uninit();
        // SAFETY: `part` has checked that it is inside the message; the target is one `T`.
        unsafe { copy::from_shared(source, value.as_mut_ptr().cast(), size_of::<T>()) };
        // SAFETY: every byte was written, and `AnyBitPattern` says that any bytes make a `T`.
        unsafe { value.assume_init() }
    }

    /// Of memory that is not writable only relaxed loads are sure to be nothing but loads.
    #[cold]
    fn load_read_only(&self, place: Place) -> u64 {
        let value = self.word(place).load(Ordering::Relaxed);
        // Orders the load as the strongest that any caller asks for.
        fence(Ordering::SeqCst);
        value
    }

    #[inline]
    fn part(&self, position: u64, offset: usize, len: usize) -> *mut u8 {
        check_inside(offset, len, self.message_size);
        self.message(position).wrapping_add(offset)
    }

    #[inline]
    fn slot(&self, position: u64) -> *mut u8 {
        // The mask is smaller than any usize, and so is the offset: the whole mapping is.
        self.base.wrapping_add(HEADER_LEN + (position & self.mask) as usize * self.stride)
    }

    #[inline]
    fn word(&self, place: Place) -> &AtomicU64 {
        let word = match place {
            Place::Tail => self.base.wrapping_add(TAIL),
            Place::Head => self.base.wrapping_add(HEAD),
            Place::Returns => self.base.wrapping_add(RETURNS),
            Place::Role(EndRole::Sender, field) => self.base.wrapping_add(SENDERS + field as usize),
            Place::Role(EndRole::Receiver, field) => self.base.wrapping_add(RECEIVERS + field as usize),
            Place::End(end, field) => self.base.wrapping_add(end_at(end) + field as usize),
            Place::Slot(position) => self.slot(position),
            Place::Length(position) => self.slot(position).wrapping_add(LENGTH),
        };
        // SAFETY: in the header or in a slot, which are mapped, and a multiple of 8. Where the mapping is not writable there
        // are relaxed loads alone: `load` sees to that, and `Ring`, which lets nobody join there, to it that nobody stores.
        unsafe { AtomicU64::from_ptr(word.cast()) }
    }
}

#[inline]
fn end_at(end: End) -> usize {
    let first = match end.role {
        EndRole::Sender => SENDER_ENDS,
        EndRole::Receiver => RECEIVER_ENDS,
    };
    first + (end.index % ENDS) as usize * END_LEN
}

/// Panics unless `len` bytes from `offset` on lie in a message of so many.
#[inline]
pub(crate) fn check_inside(offset: usize, len: usize, message_len: usize) {
    if len > message_len || offset > message_len - len {
        beyond(offset, len, message_len);
    }
}

#[cold]
#[inline(never)]
fn beyond(offset: usize, len: usize, message_len: usize) -> ! {
    panic!("{len} bytes at offset {offset} end beyond a message of {message_len} bytes")
}

impl Words for Memory {
    #[inline]
    fn load(&self, place: Place, order: Ordering) -> u64 {
        if self.is_writable() { self.word(place).load(order) } else { self.load_read_only(place) }
    }

    #[inline]
    fn store(&self, place: Place, value: u64, order: Ordering) {
        self.word(place).store(value, order);
    }

    #[inline]
    fn replace(&self, place: Place, old: u64, new: u64) -> bool {
        // AcqRel: as the trait says. Relaxed if it fails: then nothing was taken.
        self.word(place).compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    fn fetch_or(&self, place: Place, bits: u64) -> u64 {
        // SeqCst: as the trait says, here and below.
        self.word(place).fetch_or(bits, Ordering::SeqCst)
    }

    fn fetch_and(&self, place: Place, bits: u64) -> u64 {
        self.word(place).fetch_and(bits, Ordering::SeqCst)
    }

    fn fetch_add(&self, place: Place, count: u64) {
        self.word(place).fetch_add(count, Ordering::SeqCst);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Memory").field("base", &self.base).field("slots", &(self.mask + 1)).finish()
    }
}
