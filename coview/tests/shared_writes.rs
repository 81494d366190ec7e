//! Writing a `Shared` as a whole: panics, nesting, timeouts, handles that may not, values of all sizes.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use bytemuck::{Pod, Zeroable};
use common::sealed::Sealed;
use common::{Actor, Outcome, SHORT, failure, given, gone, hear_out, in_thread, name, play, say};
use coview::{Access, ErrorKind, Latest, LatestPublisher, Region, RegionOptions, Shared};

/// Much less than the large values here have.
const SMALL_STACK: usize = 256 * 1024;

#[test]
fn a_panic_inside_update_leaves_the_old_value_and_a_free_lock() -> Outcome {
    let shared = Shared::create(&name("panic"), &Sealed::new(1))?;
    for _ in 0..3 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            shared.update(|value| {
                value.number = 99;
                panic!("as the test wants it");
            })
        }));
        assert!(panicked.is_err());
        assert_eq!((shared.get()?, shared.version()), (Sealed::new(1), 1));
        let free = in_thread(|| shared.try_edit().map(|edit| edit.map(|edit| edit.was_abandoned())));
        assert_eq!(free?, Some(false), "the lock is as if nobody had had it");
    }
    assert_eq!(shared.update(|value| std::mem::replace(value, Sealed::new(2)))?, Sealed::new(1));
    assert_eq!((shared.get()?, shared.version(), shared.deaths()), (Sealed::new(2), 2, 0));
    Ok(())
}

#[test]
fn a_panic_inside_init_creates_nothing() -> Outcome {
    let name = name("init");
    let panicked = catch_unwind(|| {
        Shared::<Sealed>::create_or_open(&name, |value| {
            *value = Sealed::new(1);
            panic!("as the test wants it");
        })
    });
    assert!(panicked.is_err());
    assert_eq!(failure(Shared::<Sealed>::open(&name)), ErrorKind::NotFound);
    gone(&name);
    gone(&format!("coview.shared.{name}"));
    let shared = Shared::<Sealed>::create_or_open(&name, |value| {
        assert!(*value == Sealed::zeroed(), "the next one begins with zeros");
        *value = Sealed::new(2);
    })?;
    assert_eq!((shared.get()?, shared.version()), (Sealed::new(2), 1));
    Ok(())
}

#[test]
fn an_update_inside_an_update_keeps_the_inner_one_and_refuses_the_outer_one() -> Outcome {
    let name = name("nested");
    let shared = Shared::create(&name, &Sealed::new(1))?;
    let again = Shared::<Sealed>::open(&name)?;
    for inner in [&shared, &again] {
        let before = shared.version();
        let nested = shared.update(|value| {
            *value = Sealed::new(3);
            inner.update(|value| *value = Sealed::new(2)).map_err(|error| error.kind())
        });
        assert_eq!(failure(nested), ErrorKind::Damaged);
        assert_eq!((shared.get()?, shared.version()), (Sealed::new(2), before + 1));
        let nested = shared.update(|_| inner.set(&Sealed::new(4)).map_err(|error| error.kind()));
        assert_eq!(failure(nested), ErrorKind::Damaged);
        assert_eq!((shared.get()?, shared.version()), (Sealed::new(4), before + 2));
        // What leaves no trace does not matter.
        shared.update(|value| {
            drop(inner.edit().map(|mut edit| edit.put(0, &9u64)));
            *value = Sealed::new(5);
        })?;
        assert_eq!((shared.get()?, shared.version()), (Sealed::new(5), before + 3));
        assert!(in_thread(|| inner.try_update(|_| ()).map(|done| done.is_some()))?, "the lock is free");
    }
    Ok(())
}

#[test]
fn role_writer_that_holds() {
    play("role_writer_that_holds", || {
        let shared = Shared::<Sealed>::open(&given("NAME"))?;
        shared.update(|value| {
            *value = Sealed::new(2);
            say("held");
            hear_out();
        })?;
        Ok(())
    });
}

#[test]
fn writers_wait_for_one_another_as_long_as_they_want_to_and_readers_never() -> Outcome {
    let name = name("held");
    let shared = Shared::create(&name, &Sealed::new(1))?;
    let mut holder = Actor::start("role_writer_that_holds", &[("NAME", &name)]);
    holder.says("held");
    assert!(shared.try_set(&Sealed::new(3))?.is_none() && shared.try_replace(&Sealed::new(3))?.is_none());
    assert!(shared.try_update(|_| panic!("it is another's turn"))?.is_none() && shared.try_edit()?.is_none());
    let begin = Instant::now();
    assert!(shared.set_timeout(&Sealed::new(3), SHORT)?.is_none());
    assert!(shared.replace_timeout(&Sealed::new(3), SHORT)?.is_none());
    assert!(shared.update_timeout(SHORT, |_| panic!("it is another's turn"))?.is_none());
    assert!(shared.edit_timeout(SHORT)?.is_none());
    assert!(begin.elapsed() >= 4 * SHORT, "a timeout was early");
    assert_eq!((shared.get()?, shared.try_get()?), (Sealed::new(1), Some(Sealed::new(1))));
    assert_eq!((shared.get_timeout(SHORT)?, shared.version()), (Some(Sealed::new(1)), 1));
    holder.finish();
    assert_eq!((shared.replace(&Sealed::new(3))?, shared.version()), (Sealed::new(2), 3));

    let mut holder = Actor::start("role_writer_that_holds", &[("NAME", &name)]);
    holder.says("held");
    let waiter = thread::scope(|scope| {
        let waiter = scope.spawn(|| shared.set(&Sealed::new(4)));
        holder.kill();
        waiter.join().expect("it does not panic")
    });
    assert_eq!((waiter?, shared.get()?, shared.deaths()), (4, Sealed::new(4), 1));
    Ok(())
}

#[test]
fn every_death_is_counted_once() -> Outcome {
    let name = name("deaths");
    let shared = Shared::create(&name, &Sealed::new(1))?;
    let other = Shared::<Sealed>::open(&name)?;
    for death in 1..=4 {
        let mut holder = Actor::start("role_writer_that_holds", &[("NAME", &name)]);
        holder.says("held");
        holder.kill();
        assert_eq!(shared.deaths(), death - 1, "the next writer counts it");
        assert_eq!(other.get()?, Sealed::new(1), "what the dead had not committed is gone");
        other.set(&Sealed::new(1))?;
        shared.update(|_| ())?;
        drop(shared.edit()?);
        assert_eq!((shared.deaths(), other.deaths()), (death, death));
        assert_eq!(Shared::<Sealed>::open(&name)?.deaths(), death);
    }
    Ok(())
}

#[test]
fn a_handle_that_may_only_read_reads_and_waits_and_writes_nothing() -> Outcome {
    let name = name("reader");
    let writer = Shared::create(&name, &Sealed::new(1))?;
    let reader = Shared::<Sealed>::open_with(&RegionOptions::new().access(Access::ReadOnly), &name)?;
    assert_eq!((reader.get()?, reader.try_get()?, reader.version()), (Sealed::new(1), Some(Sealed::new(1)), 1));
    assert_eq!(failure(reader.set(&Sealed::new(2))), ErrorKind::AccessDenied);
    assert_eq!(failure(reader.try_set(&Sealed::new(2))), ErrorKind::AccessDenied);
    assert_eq!(failure(reader.replace(&Sealed::new(2))), ErrorKind::AccessDenied);
    assert_eq!(failure(reader.update(|_| ())), ErrorKind::AccessDenied);
    assert_eq!(failure(reader.edit().map(drop)), ErrorKind::AccessDenied);
    let begin = Instant::now();
    assert_eq!(reader.wait_changed_timeout(1, SHORT)?, None);
    assert!(begin.elapsed() >= SHORT, "a timeout was early");
    let waited = thread::scope(|scope| {
        let waiter = scope.spawn(|| reader.wait_changed(1));
        writer.set(&Sealed::new(2)).map(|_| waiter.join().expect("it does not panic"))
    });
    assert_eq!((waited??, reader.get()?), (2, Sealed::new(2)));
    // The reader alone keeps the region, and who writes next finds a lock.
    drop(writer);
    let writer = Shared::<Sealed>::open(&name)?;
    assert_eq!((writer.update(|value| *value = Sealed::new(3))?, reader.get()?), ((), Sealed::new(3)));
    Ok(())
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Nothing;

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C, align(512))]
struct Aligned([u8; 512]);

fn round_trip<T: Pod>(first: T, second: T) -> Outcome {
    let name = name("size");
    let shared = Shared::create(&name, &first)?;
    let other = Shared::<T>::open(&name)?;
    let same = |value: T, expected: &T| bytemuck::bytes_of(&value) == bytemuck::bytes_of(expected);
    assert!(same(other.get()?, &first));
    assert_eq!(other.set(&second)?, 2);
    assert!(same(shared.get()?, &second) && same(shared.replace(&first)?, &second));
    let mut into = second;
    assert_eq!(other.get_into(&mut into)?, 3);
    assert!(same(into, &first));
    other.update(|value| *value = second)?;
    assert!(same(shared.get()?, &second));
    let mut edit = shared.edit()?;
    edit.write(0, bytemuck::bytes_of(&first));
    assert_eq!(edit.commit()?, 5);
    let mut bytes = vec![1; 3];
    Region::open(&name)?.read(&mut bytes)?;
    assert_eq!(bytes, bytemuck::bytes_of(&first));

    let name = common::name("size");
    let mut publisher = LatestPublisher::<T>::create(&name)?;
    let reader = Latest::<T>::open(&name)?;
    assert!(reader.read()?.is_none());
    for value in [first, second] {
        publisher.publish(&value)?;
        assert!(same(reader.read()?.ok_or("a value was published")?.value, &value));
        assert!(reader.read_into(&mut into)?.is_some() && same(into, &value));
    }
    Ok(())
}

#[test]
fn values_of_all_sizes_and_alignments_come_back_as_they_were() -> Outcome {
    round_trip(Nothing, Nothing)?;
    round_trip([0u64; 0], [0; 0])?;
    round_trip(1u8, 2)?;
    round_trip(-1i128, i128::MIN)?;
    round_trip([1u8; 7], [2; 7])?;
    round_trip([1u8; 95], [2; 95])?;
    round_trip([1u8; 96], [2; 96])?;
    round_trip([1u8; 97], [2; 97])?;
    round_trip([1u8; 127], [2; 127])?;
    round_trip([1u8; 129], [2; 129])?;
    round_trip([1.5f32; 255], [f32::NAN; 255])?;
    round_trip([1u16; 512], [2; 512])?;
    round_trip([1u8; 1025], [2; 1025])?;
    round_trip(Aligned([1; 512]), Aligned([2; 512]))?;
    round_trip([1u8; 9_001], [2; 9_001])
}

const LARGE: usize = 8 << 20;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Large {
    bytes: [u8; LARGE],
}

fn work_on_large() -> Result<(), String> {
    let work = || -> coview::Result<()> {
        let name = name("large");
        let mut large = bytemuck::zeroed_box::<Large>();
        large.bytes.fill(1);
        let shared = Shared::create(&name, &*large)?;
        let other = Shared::<Large>::open(&name)?;
        other.update(|value| value.bytes[LARGE - 1] = 2)?;
        other.try_update(|value| value.bytes[LARGE - 2] = 3)?;
        other.update_timeout(SHORT, |value| value.bytes[LARGE - 3] = 4)?;
        let mut edit = shared.edit()?;
        edit.fill(10..LARGE / 2, 5);
        edit.commit()?;
        assert_eq!(other.get_into(&mut large)?, 5);
        assert_eq!((&large.bytes[LARGE - 3..], &large.bytes[9..11]), (&[4, 3, 2][..], &[1, 5][..]));
        large.bytes.fill(6);
        assert_eq!(shared.set(&large)?, 6);
        assert_eq!(shared.try_set(&large)?, Some(7));
        assert_eq!(shared.set_timeout(&large, SHORT)?, Some(8));
        let panicked = catch_unwind(AssertUnwindSafe(|| shared.update(|value| value.bytes[0] = bad())));
        assert!(panicked.is_err());
        assert_eq!((shared.edit()?.get::<u8>(0), shared.version()), (6, 8));
        drop((shared, other));

        let shared = Shared::<Large>::create_or_open(&name, |value| value.bytes.fill(7))?;
        Shared::<Large>::create_or_open(&name, |_| panic!("it is there"))?.get_into(&mut large)?;
        assert!(large.bytes.iter().all(|&byte| byte == 7));
        drop(shared);

        let mut publisher = LatestPublisher::<Large>::create_or_open(&name)?;
        publisher.publish(&large)?;
        large.bytes.fill(0);
        let stamp = Latest::<Large>::open(&name)?.read_into(&mut large)?;
        assert_eq!((stamp.map(|stamp| stamp.sequence), large.bytes[LARGE - 1]), (Some(1), 7));
        Ok(())
    };
    work().map_err(|error| error.to_string())
}

fn bad() -> u8 {
    panic!("as the test wants it")
}

#[test]
fn large_values_pass_through_a_thread_with_a_small_stack() -> Outcome {
    let worker = thread::Builder::new().stack_size(SMALL_STACK).spawn(work_on_large)?;
    worker.join().expect("it does not panic")?;
    Ok(())
}

#[test]
fn the_last_handle_takes_the_name_and_the_lock_with_it() -> Outcome {
    let name = name("last");
    let lock = format!("coview.shared.{name}");
    let shared = Shared::create(&name, &Sealed::new(1))?;
    let other = Shared::<Sealed>::open(&name)?;
    drop(shared);
    assert_eq!(other.get()?, Sealed::new(1));
    assert!(coview::stat(&name).is_ok() && coview::stat(&lock).is_ok());
    drop(other);
    gone(&name);
    gone(&lock);
    for kill in [false, true] {
        let _first = Shared::create(&name, &Sealed::new(1))?;
        let mut holder = Actor::start("role_writer_that_holds", &[("NAME", &name)]);
        holder.says("held");
        drop(_first);
        assert_eq!(Shared::<Sealed>::open(&name)?.get()?, Sealed::new(1));
        if kill {
            holder.kill()
        } else {
            holder.finish()
        }
        coview::sweep(coview::Namespace::Local)?;
        gone(&name);
        gone(&lock);
        assert_eq!(Shared::create(&name, &Sealed::new(5))?.deaths(), 0);
    }
    Ok(())
}

#[test]
fn writes_take_no_longer_than_a_timeout_says() -> Outcome {
    let shared = Shared::create(&name("patience"), &Sealed::new(1))?;
    assert_eq!(shared.set_timeout(&Sealed::new(2), Duration::MAX)?, Some(2));
    assert_eq!(shared.update_timeout(Duration::ZERO, |value| *value = Sealed::new(3))?, Some(()));
    assert_eq!(shared.replace_timeout(&Sealed::new(4), Duration::ZERO)?, Some(Sealed::new(3)));
    assert!(shared.edit_timeout(Duration::MAX)?.is_some());
    assert_eq!(shared.get_timeout(Duration::ZERO)?, Some(Sealed::new(4)));
    Ok(())
}
