//! Blocks of memory that know their exact size, and that `free` of the C library takes.
//!
//! Needs `unsafe` to call `malloc` and its relatives, and to write behind what a caller uses of a block.
//!
//! A block is what `malloc` returned. The last 16 bytes of it, wherever `malloc_usable_size` says that they end, are a
//! [`Note`]: the size that was asked for, what kind of block it is, and a check word. Memory that came from `malloc`
//! without a note is a block too, of the size that it can hold.

use std::ptr;

const NOTE_LEN: usize = size_of::<Note>();
const SIZE_MAX: usize = (1 << 46) - 1;
const CHECK: u64 = 0x9E37_79B9_7F4A_7C15;

/// What `LocalAlloc` and `GlobalAlloc` want to know of a block later.
#[derive(Clone, Copy, Default)]
pub(super) struct Kind {
    pub(super) moveable: bool,
    pub(super) discarded: bool,
    pub(super) locks: u8,
}

/// What is written behind a block. All patterns of bits are allowed, few are valid.
#[derive(Clone, Copy)]
#[repr(C)]
struct Note {
    /// 46 bits of size, `moveable`, `discarded`, 8 bits of locks.
    word: u64,
    /// What memory from elsewhere does not have in this place.
    check: u64,
}

const _: () = assert!(NOTE_LEN == 16);

impl Note {
    const EMPTY: Note = Note { word: 0, check: 0 };

    fn new(block: *mut u8, size: usize, kind: Kind) -> Note {
        let flags = u64::from(kind.moveable) << 46 | u64::from(kind.discarded) << 47;
        let word = size as u64 | flags | u64::from(kind.locks) << 48;
        Note { word, check: Note::check(block, word) }
    }

    fn check(block: *mut u8, word: u64) -> u64 {
        (block.addr() as u64 ^ word.rotate_left(17) ^ CHECK).wrapping_mul(CHECK)
    }

    fn is_valid(self, block: *mut u8) -> bool {
        self.check == Note::check(block, self.word)
    }

    fn size(self) -> usize {
        (self.word as usize) & SIZE_MAX
    }

    fn kind(self) -> Kind {
        Kind { moveable: self.word >> 46 & 1 != 0, discarded: self.word >> 47 & 1 != 0, locks: (self.word >> 48) as u8 }
    }
}

/// Null if there is no memory.
pub(crate) fn allocate(size: usize, zero: bool) -> *mut u8 {
    let Some(len) = len_with_note(size) else { return ptr::null_mut() };
    // SAFETY: the call has no preconditions.
    let block: *mut u8 = if zero { unsafe { libc::calloc(1, len) } } else { unsafe { libc::malloc(len) } }.cast();
    if !block.is_null() {
        // SAFETY: it has room for the note.
        unsafe { write_note(block, Note::new(block, size, Kind::default())) };
    }
    block
}

fn len_with_note(size: usize) -> Option<usize> {
    (size <= SIZE_MAX).then(|| size.next_multiple_of(NOTE_LEN) + NOTE_LEN)
}

/// Where the note is, if the block has room for one.
///
/// # Safety
///
/// It is a block.
unsafe fn note_place(block: *mut u8) -> Option<*mut Note> {
    // SAFETY: as the caller promises.
    let usable = unsafe { libc::malloc_usable_size(block.cast()) };
    Some(block.wrapping_add(usable.checked_sub(NOTE_LEN)?).cast())
}

/// # Safety
///
/// It is a block, and nobody uses the last bytes of it.
unsafe fn write_note(block: *mut u8, note: Note) {
    // SAFETY: as the caller promises.
    if let Some(place) = unsafe { note_place(block) } {
        // SAFETY: these are the block's last bytes.
        unsafe { place.write_unaligned(note) };
    }
}

/// # Safety
///
/// It is a block.
unsafe fn note(block: *mut u8) -> Option<Note> {
    // SAFETY: as the caller promises.
    let place = unsafe { note_place(block) }?;
    // SAFETY: these are the block's last bytes, of which any pattern will do.
    let note = unsafe { place.read_unaligned() };
    note.is_valid(block).then_some(note)
}

/// # Safety
///
/// It is a block, which nobody uses any more.
pub(super) unsafe fn free(block: *mut u8) {
    // The same memory may come back from `malloc` without a note, and must not find this one.
    // SAFETY: as the caller promises.
    unsafe { write_note(block, Note::EMPTY) };
    // SAFETY: as the caller promises.
    unsafe { libc::free(block.cast()) };
}

/// # Safety
///
/// It is a block.
pub(super) unsafe fn is_valid(block: *mut u8) -> bool {
    // SAFETY: as the caller promises.
    block.addr().is_multiple_of(NOTE_LEN) && unsafe { note(block) }.is_some()
}

/// # Safety
///
/// It is a block.
pub(super) unsafe fn size(block: *mut u8) -> usize {
    // SAFETY: as the caller promises.
    match unsafe { note(block) } {
        Some(note) => note.size(),
        // SAFETY: as the caller promises.
        None => unsafe { libc::malloc_usable_size(block.cast()) },
    }
}

/// # Safety
///
/// It is a block.
pub(super) unsafe fn kind(block: *mut u8) -> Kind {
    // SAFETY: as the caller promises.
    unsafe { note(block) }.map(Note::kind).unwrap_or_default()
}

/// Has no effect on a block without a note.
///
/// # Safety
///
/// It is a block.
pub(super) unsafe fn set_kind(block: *mut u8, kind: Kind) {
    // SAFETY: as the caller promises.
    if let Some(old) = unsafe { note(block) } {
        // SAFETY: as the caller promises.
        unsafe { write_note(block, Note::new(block, old.size(), kind)) };
    }
}

/// Null, and nothing has happened, if there is no memory.
///
/// # Safety
///
/// It is a block, which is not used through the old pointer once this succeeded.
pub(super) unsafe fn reallocate(block: *mut u8, size: usize, zero: bool) -> *mut u8 {
    let Some(len) = len_with_note(size) else { return ptr::null_mut() };
    // SAFETY: as the caller promises.
    let old_size = unsafe { self::size(block) };
    // SAFETY: as the caller promises.
    let kind = unsafe { kind(block) };
    // SAFETY: as the caller promises.
    let new: *mut u8 = unsafe { libc::realloc(block.cast(), len) }.cast();
    if !new.is_null() {
        // SAFETY: it has room for all of this.
        unsafe { finish(new, old_size, size, zero, kind) };
    }
    new
}

/// The block, or null, and nothing has happened, if it has no room.
///
/// # Safety
///
/// It is a block.
pub(super) unsafe fn resize_in_place(block: *mut u8, size: usize, zero: bool) -> *mut u8 {
    // SAFETY: as the caller promises.
    let usable = unsafe { libc::malloc_usable_size(block.cast()) };
    if size > SIZE_MAX || size + NOTE_LEN > usable {
        return ptr::null_mut();
    }
    // SAFETY: as the caller promises.
    let old_size = unsafe { self::size(block) };
    // SAFETY: as the caller promises.
    let kind = unsafe { kind(block) };
    // SAFETY: it has room for all of this.
    unsafe { finish(block, old_size, size, zero, kind) };
    block
}

/// Writes the note, and zeroes what the block has gained.
///
/// # Safety
///
/// It is a block with room for the size and a note.
unsafe fn finish(block: *mut u8, old_size: usize, size: usize, zero: bool, kind: Kind) {
    if zero && size > old_size {
        // SAFETY: as the caller promises.
        let gained = unsafe { block.add(old_size) };
        // SAFETY: as the caller promises.
        unsafe { gained.write_bytes(0, size - old_size) };
    }
    // SAFETY: as the caller promises.
    unsafe { write_note(block, Note::new(block, size, kind)) };
}
