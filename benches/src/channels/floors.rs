//! What the machine itself takes to carry a message: a cache line, a futex, a copy, a segment of shared memory.
//!
//! Needs `unsafe` for `mmap` and the addresses it gives.

use std::ffi::CString;
use std::io;
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::channel::{Channel, Consumer, Producer, Shape, fresh_name, spin};
use crate::floor::copy::memcpy;
use crate::floor::futex::FutexEvent;
use crate::floor::memory::Memory;
use crate::floor::section;
use crate::measure::timed;

/// One cache line whose only word changes: no message can be quicker.
pub(crate) struct Line {
    memory: Rc<Memory>,
}

pub(crate) struct LineEnd {
    memory: Rc<Memory>,
    seen: u64,
}

impl Channel for Line {
    const IN_PLACE: bool = false;
    type Producer = LineEnd;
    type Consumer = LineEnd;

    fn create(shape: &Shape) -> Line {
        assert_eq!(shape.len, 8, "a line carries one word");
        Line { memory: Rc::new(Memory::new(4096)) }
    }

    fn producer(&self) -> LineEnd {
        LineEnd { memory: Rc::clone(&self.memory), seen: 0 }
    }

    fn consumer(&self) -> LineEnd {
        self.producer()
    }
}

impl Producer for LineEnd {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        put(self.memory.long(0), message);
    }
}

impl Consumer for LineEnd {
    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        self.seen = take(self.memory.long(0), self.seen, buffer);
    }
}

#[inline(always)]
fn put(word: &AtomicU64, message: &[u8]) {
    // Release, as a message that lay elsewhere would need. Pairs with `take`.
    word.store(u64::from_ne_bytes(message.try_into().expect("one word")), Ordering::Release);
}

#[inline(always)]
fn take(word: &AtomicU64, seen: u64, buffer: &mut [u8]) -> u64 {
    let found = spin(|| {
        // Acquire: pairs with `put`.
        let found = word.load(Ordering::Acquire);
        (found != seen).then_some(found)
    });
    buffer.copy_from_slice(&found.to_ne_bytes());
    found
}

/// A word, and a bare futex to sleep on until it is there.
pub(crate) struct Futex {
    memory: Rc<Memory>,
}

impl Channel for Futex {
    const IN_PLACE: bool = false;
    type Producer = Futex;
    type Consumer = Futex;

    fn create(shape: &Shape) -> Futex {
        assert_eq!(shape.len, 8, "one word beside the futex");
        Futex { memory: Rc::new(Memory::new(4096)) }
    }

    fn producer(&self) -> Futex {
        Futex { memory: Rc::clone(&self.memory) }
    }

    fn consumer(&self) -> Futex {
        self.producer()
    }
}

impl Producer for Futex {
    fn send(&mut self, message: &[u8]) {
        put(self.memory.long(1), message);
        FutexEvent::new(&self.memory, 0).set();
    }
}

impl Consumer for Futex {
    fn receive(&mut self, buffer: &mut [u8]) {
        FutexEvent::new(&self.memory, 0).wait();
        // Relaxed: the event orders it.
        buffer.copy_from_slice(&self.memory.long(1).load(Ordering::Relaxed).to_ne_bytes());
    }
}

/// Returns the nanoseconds that `memcpy` takes for `len` bytes from one place in the cache to another.
pub(crate) fn copy_ns(len: usize, times: u64) -> f64 {
    let memory = Memory::new(2 * len.next_multiple_of(4096));
    let (source, target) = (memory.as_ptr(), memory.as_ptr().wrapping_add(len.next_multiple_of(4096)));
    memcpy(source, target, len);
    timed(times, || memcpy(source, target, len))
}

/// Shared memory by name with one word in it: what setting up takes at least.
pub(crate) struct Segment {
    name: CString,
}

const SEGMENT_LEN: usize = 4096;

impl Channel for Segment {
    const IN_PLACE: bool = false;
    type Producer = SegmentEnd;
    type Consumer = SegmentEnd;

    fn create(shape: &Shape) -> Segment {
        assert_eq!(shape.len, 8, "one word in the segment");
        let name = CString::new(format!("/{}", fresh_name())).expect("the names here have no zero byte");
        section::create(&name, SEGMENT_LEN as u64);
        Segment { name }
    }

    fn producer(&self) -> SegmentEnd {
        SegmentEnd::open(self)
    }

    fn consumer(&self) -> SegmentEnd {
        SegmentEnd::open(self)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        section::unlink(&self.name);
    }
}

pub(crate) struct SegmentEnd {
    start: *mut libc::c_void,
    seen: u64,
}

impl SegmentEnd {
    fn open(segment: &Segment) -> SegmentEnd {
        use std::os::fd::AsRawFd;
        let (file, _) = section::open(&segment.name);
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), SEGMENT_LEN, protection, flags, file.as_raw_fd(), 0) };
        assert_ne!(start, libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
        SegmentEnd { start, seen: 0 }
    }

    fn word(&self) -> &AtomicU64 {
        // SAFETY: the mapping begins at a page and lives as long as `self`; all access to it is atomic.
        unsafe { AtomicU64::from_ptr(self.start.cast()) }
    }
}

impl Drop for SegmentEnd {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing borrowed from it is left.
        unsafe { libc::munmap(self.start, SEGMENT_LEN) };
    }
}

impl Producer for SegmentEnd {
    fn send(&mut self, message: &[u8]) {
        put(self.word(), message);
    }
}

impl Consumer for SegmentEnd {
    fn receive(&mut self, buffer: &mut [u8]) {
        self.seen = take(self.word(), self.seen, buffer);
    }
}
