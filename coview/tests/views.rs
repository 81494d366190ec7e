//! Views: ranges, bounds, copies in and out, atomics, and private copies.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use common::{Dice, Outcome, failure, name};
use coview::{ErrorKind, Mapping};

/// Says whether something panics.
fn panics<T>(work: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_err()
}

/// A mapping whose byte at each offset tells the offset.
fn numbered(size: usize) -> coview::Result<Mapping> {
    let mapping = Mapping::create(&name("numbered"), size as u64)?;
    mapping.view()?.write(0, &(0..size).map(byte_at).collect::<Vec<u8>>());
    Ok(mapping)
}

fn byte_at(offset: usize) -> u8 {
    (offset ^ (offset >> 8) ^ (offset >> 16)) as u8
}

#[test]
fn a_view_shows_any_byte_range() -> Outcome {
    let size = 300_000;
    let mapping = numbered(size)?;
    for start in [0, 1, 7, 4095, 4096, 4097, 65535, 65536, 65537, 131_073, size - 1] {
        for len in [1, 2, 100, 4096, 65536, 100_001] {
            let end = (start + len).min(size);
            let range = start as u64..end as u64;
            let expected: Vec<u8> = (start..end).map(byte_at).collect();
            let (view, read_view) = (mapping.view_range(range.clone())?, mapping.read_view_range(range.clone())?);
            let copy = mapping.copy_view_range(range)?;
            assert_eq!(view.len(), end - start);
            assert_eq!(view.read_vec(0, end - start), expected);
            assert_eq!(read_view.read_vec(0, end - start), expected);
            assert_eq!(copy.read_vec(0, end - start), expected);
        }
    }
    Ok(())
}

#[test]
fn every_form_of_range_is_understood() -> Outcome {
    use std::ops::Bound::{Excluded, Unbounded};
    let mapping = numbered(5000)?;
    assert_eq!(mapping.view_range(..)?.len(), 5000);
    assert_eq!(mapping.view_range(10..)?.len(), 4990);
    assert_eq!(mapping.view_range(..10)?.len(), 10);
    assert_eq!(mapping.view_range(..=10)?.len(), 11);
    assert_eq!(mapping.view_range(10..=10)?.get::<u8>(0), byte_at(10));
    assert_eq!(mapping.view_range((Excluded(10), Unbounded))?.get::<u8>(0), byte_at(11));
    Ok(())
}

#[test]
fn ranges_outside_the_mapping_are_refused() -> Outcome {
    let mapping = numbered(5000)?;
    #[allow(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    for range in
        [0..5001, 4999..5001, 5000..5001, 0..0, 5000..5000, 9..8, 8192..8193, 0..u64::MAX, u64::MAX - 1..u64::MAX]
    {
        assert_eq!(failure(mapping.view_range(range.clone())), ErrorKind::InvalidInput, "{range:?}");
        assert_eq!(failure(mapping.read_view_range(range.clone())), ErrorKind::InvalidInput, "{range:?}");
        assert_eq!(failure(mapping.copy_view_range(range.clone())), ErrorKind::InvalidInput, "{range:?}");
    }
    assert_eq!(failure(mapping.view_range(0..=u64::MAX)), ErrorKind::InvalidInput);
    assert_eq!(failure(mapping.view_range(5000..)), ErrorKind::InvalidInput);
    Ok(())
}

#[test]
fn views_of_one_mapping_show_the_same_memory() -> Outcome {
    let mapping = numbered(200_000)?;
    let (whole, part) = (mapping.view()?, mapping.view_range(65_000..131_000)?);
    part.write(500, b"through the part");
    assert_eq!(&whole.get::<[u8; 16]>(65_500), b"through the part");
    whole.write(130_999, b"!");
    assert_eq!(part.get::<u8>(65_999), b'!');
    Ok(())
}

#[test]
fn access_beyond_the_end_panics() -> Outcome {
    let mapping = numbered(5000)?;
    let view = mapping.view_range(100..1100)?;
    assert!(!panics(|| view.get::<u8>(999)));
    assert!(panics(|| view.get::<u8>(1000)));
    assert!(panics(|| view.get::<u64>(993)));
    assert!(panics(|| view.put(993, &0u64)));
    assert!(panics(|| view.get::<u8>(usize::MAX)));
    assert!(panics(|| view.get::<u64>(usize::MAX - 3)));
    assert!(panics(|| view.read(0, &mut [0; 1001])));
    assert!(panics(|| view.read_vec(1, 1000)));
    assert!(panics(|| view.read_vec(1, usize::MAX)));
    assert!(panics(|| view.write(999, b"ab")));
    assert!(panics(|| view.fill(..1001, 0)));
    assert!(panics(|| view.fill(..=1000, 0)));
    assert!(panics(|| view.flush_range(0..1001)));
    assert!(panics(|| view.copy_to(1001.., Vec::new())));
    assert!(panics(|| view.copy_from(..1001, &b"a"[..])));
    assert!(panics(|| view.load_u32(1000, Ordering::Relaxed)));
    assert!(panics(|| view.atomic_u64(1000).load(Ordering::Relaxed)));
    view.read(1000, &mut []);
    view.write(1000, b"");
    view.fill(1000.., 0);
    assert!(panics(|| view.write(1001, b"")));
    assert_eq!(mapping.read_view()?.get::<u8>(1100), byte_at(1100), "nothing was written behind the view");
    Ok(())
}

#[test]
fn values_can_stand_at_any_offset() -> Outcome {
    let view = Mapping::create(&name("values"), 5000)?.view()?;
    for offset in [0, 1, 2, 3, 5, 4093, 4991] {
        view.put(offset, &0x0102_0304_0506_0708u64);
        assert_eq!(view.get::<u64>(offset), 0x0102_0304_0506_0708);
        view.put(offset, &[1.5f32, -2.5]);
        assert_eq!(view.get::<[f32; 2]>(offset), [1.5, -2.5]);
    }
    view.put(0, &0x0102_0304u32);
    assert_eq!(view.get::<[u8; 4]>(0), 0x0102_0304u32.to_ne_bytes());
    Ok(())
}

#[test]
fn copies_of_any_length_and_place_are_exact() -> Outcome {
    let size = 1 << 20;
    let view = Mapping::create(&name("copies"), size)?.view()?;
    let mut model = vec![0u8; size as usize];
    let mut dice = Dice::new(11);
    for round in 0..300 {
        let limit = [9, 70, 300, 5000, 70_000, size][round % 6];
        let len = dice.below(limit) as usize;
        let start = dice.below(size - len as u64) as usize;
        let bytes: Vec<u8> = (0..len).map(|_| dice.below(256) as u8).collect();
        view.write(start, &bytes);
        model[start..start + len].copy_from_slice(&bytes);
        let mut back = vec![0xee; len + 2];
        view.read(start, &mut back[1..=len]);
        assert_eq!(&back[1..=len], bytes);
        assert_eq!((back[0], back[len + 1]), (0xee, 0xee), "the copy left its bounds");
        if round % 7 == 0 {
            view.fill(start..start + len, round as u8);
            model[start..start + len].fill(round as u8);
        }
    }
    assert!(view.read_vec(0, size as usize) == model);
    Ok(())
}

#[test]
fn fill_fills_its_range_and_nothing_else() -> Outcome {
    let view = Mapping::create(&name("fill"), 5000)?.view()?;
    view.fill(.., 1);
    view.fill(1..4999, 2);
    view.fill(2..=2, 3);
    view.fill(7..7, 9);
    assert_eq!(view.get::<[u8; 4]>(0), [1, 2, 3, 2]);
    assert_eq!(view.get::<[u8; 3]>(4997), [2, 2, 1]);
    Ok(())
}

#[test]
fn atomics_are_shared_and_aligned() -> Outcome {
    let mapping = Mapping::create(&name("atomics"), 5000)?;
    let (view, other) = (mapping.view()?, mapping.read_view()?);
    view.atomic_u32(4).store(7, Ordering::Release);
    view.atomic_u64(4992).fetch_add(9, Ordering::AcqRel);
    assert_eq!(other.load_u32(4, Ordering::Acquire), 7);
    assert_eq!(other.load_u64(4992, Ordering::Acquire), 9);
    for offset in [1, 2, 3, 5] {
        assert!(panics(|| view.atomic_u32(offset).load(Ordering::Relaxed)));
        assert!(panics(|| other.load_u32(offset, Ordering::Relaxed)));
    }
    assert!(panics(|| view.atomic_u64(4).load(Ordering::Relaxed)));
    assert!(panics(|| other.load_u64(4, Ordering::Relaxed)));
    assert!(panics(|| other.load_u64(0, Ordering::Release)));
    let odd = mapping.view_range(1..)?;
    assert!(panics(|| odd.atomic_u32(0).load(Ordering::Relaxed)), "what counts is the place in memory");
    assert_eq!(odd.load_u32(3, Ordering::Relaxed), 7);
    Ok(())
}

#[test]
fn a_private_copy_is_seen_by_nobody_and_follows_until_it_is_written() -> Outcome {
    let mapping = numbered(200_000)?;
    let (view, copy) = (mapping.view()?, mapping.copy_view()?);
    copy.write(0, b"mine");
    assert_eq!(view.get::<u8>(0), byte_at(0));
    view.write(100_000, b"theirs");
    assert_eq!(&copy.get::<[u8; 6]>(100_000), b"theirs", "a page that was not written to follows");
    view.write(8, b"late");
    assert_eq!(copy.get::<[u8; 4]>(8), [8, 9, 10, 11], "a page that was written to does not");
    drop(copy);
    assert_eq!(view.get::<u8>(0), byte_at(0));
    assert_eq!(mapping.copy_view()?.get::<u8>(0), byte_at(0));
    Ok(())
}

/// Gives and takes a few bytes at a time, and is interrupted now and then.
struct Slow<'a>(&'a [u8], u32);

impl std::io::Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.1 += 1;
        if self.1.is_multiple_of(3) {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        let len = buffer.len().min(777);
        std::io::Read::read(&mut self.0, &mut buffer[..len])
    }
}

#[test]
fn readers_and_writers_are_copied_whole() -> Outcome {
    let size = 200_001;
    let view = Mapping::create(&name("streams"), size as u64)?.view()?;
    let source: Vec<u8> = (0..size).map(byte_at).collect();
    assert_eq!(view.copy_from(.., Slow(&source, 0))?, size);
    let mut written = Vec::new();
    assert_eq!(view.copy_to(.., &mut written)?, size);
    assert!(written == source);

    assert_eq!(view.copy_from(10..20, &b"abc"[..])?, 3, "the reader's end comes first");
    assert_eq!(view.copy_from(20..22, &b"abc"[..])?, 2, "the range's end comes first");
    assert_eq!(view.copy_from(5..5, &b"abc"[..])?, 0);
    assert_eq!(&view.get::<[u8; 3]>(10), b"abc");
    assert_eq!(view.get::<[u8; 3]>(20), [b'a', b'b', byte_at(22)]);
    let mut small = Vec::new();
    assert_eq!(view.copy_to(10..13, &mut small)?, 3);
    assert_eq!(small, b"abc");
    let mut full = [0u8; 4];
    assert!(view.copy_to(0..5, &mut full[..]).is_err(), "the writer's refusal is told");
    Ok(())
}

#[test]
fn flushing_memory_does_nothing_and_succeeds() -> Outcome {
    let mapping = Mapping::create(&name("flush"), 200_000)?;
    for view in [mapping.view()?, mapping.view_range(65_537..)?] {
        view.flush()?;
        view.flush_range(5..6)?;
        view.flush_range(5..5)?;
    }
    Ok(())
}

#[test]
fn many_views_come_and_go() -> Outcome {
    let mapping = numbered(200_000)?;
    for round in 0..2000usize {
        let start = round * 97 % 190_000;
        assert_eq!(mapping.read_view_range(start as u64..)?.get::<u8>(0), byte_at(start));
    }
    let views = (0..100).map(|start| mapping.view_range(start * 1000..)).collect::<coview::Result<Vec<_>>>()?;
    for (start, view) in views.iter().enumerate() {
        assert_eq!(view.get::<u8>(0), byte_at(start * 1000));
    }
    Ok(())
}
