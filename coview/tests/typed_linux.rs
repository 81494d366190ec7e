//! Typed regions and channels where Linux alone has something to say: POSIX names, forks, files. Needs `unsafe` to fork.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::time::{Duration, Instant};

use common::sealed::Sealed;
use common::{Actor, DEADLINE, Outcome, failure, given, name, play};
use coview::{ErrorKind, Latest, LatestPublisher, Mapping, PublisherState, Queue, Shared, Topic};

#[test]
fn a_shared_under_a_posix_name_is_refused_and_leaves_nothing() -> Outcome {
    let name = format!("/{}", name("posix"));
    assert_eq!(failure(Shared::create(&name, &1u8)), ErrorKind::InvalidName);
    assert_eq!(failure(Shared::<u8>::create_or_open(&name, |_| ())), ErrorKind::InvalidName);
    assert!(Shared::<u8>::open(&name).is_err());
    assert!(!fs::exists(format!("/dev/shm{name}"))?);
    let error = Shared::create(&name, &1u8).expect_err("no mutex can stand beside it");
    assert!(error.to_string().contains("POSIX"), "{error}");
    Ok(())
}

#[test]
fn a_channel_under_a_posix_name_is_refused_and_leaves_nothing() -> Outcome {
    let name = format!("/{}", name("posix"));
    assert_eq!(failure(Queue::<u8>::create(&name)), ErrorKind::InvalidName);
    assert_eq!(failure(Topic::<[u8]>::create_or_open(&name)), ErrorKind::InvalidName);
    assert_eq!(failure(Queue::<u8>::open(&name)), ErrorKind::NotFound);
    assert!(!fs::exists(format!("/dev/shm{name}"))?);
    Ok(())
}

#[test]
fn a_latest_under_a_posix_name_is_published_and_read() -> Outcome {
    let name = format!("/{}", name("posix"));
    let mapping = Mapping::create(&name, Latest::<Sealed>::REGION_SIZE)?;
    let options = coview::RegionOptions::new();
    let mut publisher = LatestPublisher::<Sealed>::over(&mapping, &options)?;
    publisher.publish(&Sealed::new(1))?;
    let reader = Latest::<Sealed>::open(&name)?;
    assert_eq!(reader.read()?.map(|reading| reading.value), Some(Sealed::new(1)));
    assert_eq!(reader.publisher()?, PublisherState::Alive);
    assert_eq!(failure(LatestPublisher::<Sealed>::open(&name)), ErrorKind::Busy);
    drop(publisher);
    assert_eq!(reader.publisher()?, PublisherState::Ended);
    mapping.unlink()?;
    Ok(())
}

/// Runs `work` in a copy of this process, which must have one thread, and waits for its good end.
fn in_a_fork(work: impl FnOnce() -> Outcome) -> Outcome {
    // SAFETY: this process has one thread, so the child may do whatever it likes.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        let status = i32::from(!matches!(result, Ok(Ok(()))));
        // SAFETY: ends the child here and now; nothing of the parent's is run.
        unsafe { libc::_exit(status) }
    }
    let begin = Instant::now();
    let mut status = 0;
    // SAFETY: the child is ours, and has not been waited for.
    while unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } == 0 {
        if begin.elapsed() > DEADLINE {
            // SAFETY: as above.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    if status == 0 { Ok(()) } else { Err(format!("the child ended with {status}").into()) }
}

/// Plays a case in a process that has one thread.
fn case(case: &str) {
    Actor::start("role_forker", &[("CASE", case), ("NAME", &name(case))]).finish();
}

#[test]
fn role_forker() {
    play("role_forker", || match given("CASE").as_str() {
        "copy" => copy(&given("NAME")),
        "reader" => reader(&given("NAME")),
        case => Err(format!("there is no case {case}").into()),
    });
}

#[test]
fn a_forked_child_that_drops_its_copy_of_a_publisher_ends_nothing() {
    case("copy");
}

fn copy(name: &str) -> Outcome {
    let mut publisher = LatestPublisher::<Sealed>::create(name)?;
    publisher.publish(&Sealed::new(1))?;
    let reader = Latest::<Sealed>::open(name)?;
    let header = Mapping::open(name)?.read_view()?;
    let publisher = std::cell::Cell::new(Some(publisher));
    in_a_fork(|| {
        assert_eq!(reader.publisher()?, PublisherState::Alive);
        drop(publisher.take());
        assert_eq!(reader.publisher()?, PublisherState::Alive, "it is the parent's");
        assert_eq!(failure(LatestPublisher::<Sealed>::open(name)), ErrorKind::Busy);
        Ok(())
    })?;
    let mut publisher = publisher.take().ok_or("the parent has it")?;
    assert_eq!(reader.publisher()?, PublisherState::Alive);
    assert_eq!(header.get::<u64>(144), 0, "the end of the publisher was noted, and it lives");
    assert_eq!(publisher.publish(&Sealed::new(2))?, 2);
    drop(publisher);
    assert_eq!(reader.publisher()?, PublisherState::Ended);
    Ok(())
}

#[test]
fn a_forked_child_reads_and_writes_what_its_parent_had_open() {
    case("reader");
}

fn reader(name: &str) -> Outcome {
    let shared = Shared::create(name, &Sealed::new(1))?;
    in_a_fork(|| {
        assert_eq!(shared.replace(&Sealed::new(2))?, Sealed::new(1));
        Ok(())
    })?;
    assert_eq!((shared.get()?, shared.version(), shared.deaths()), (Sealed::new(2), 2, 0));
    let edit = shared.edit()?;
    in_a_fork(|| {
        assert!(shared.try_set(&Sealed::new(3))?.is_none(), "the child came into its parent's edit");
        Ok(())
    })?;
    edit.commit()?;
    Ok(())
}
