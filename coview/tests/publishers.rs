//! Who publishes: one at a time, told alive, ended or dead at once, and replaced at once.

mod common;

use std::fs::{self, File};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use common::sealed::Sealed;
use common::{Actor, Outcome, failure, given, gone, hear_out, name, note, play, say, until};
use coview::{
    Access, ErrorKind, Latest, LatestBytes, LatestBytesPublisher, LatestPublisher, Mapping, PublisherState, Region,
    RegionOptions, Shared,
};

/// How many processes ask for the publisher's state at once.
const ONLOOKERS: usize = 8;

/// A file that is removed when this is dropped.
struct Scratch {
    path: PathBuf,
    file: File,
}

impl Scratch {
    fn new() -> std::io::Result<Scratch> {
        let path = std::env::temp_dir().join(name("publishers"));
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok(Scratch { path, file })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[test]
fn role_publisher() {
    play("role_publisher", || {
        let mut publisher = match given("PATH").as_str() {
            "" => LatestPublisher::<Sealed>::create_or_open(&given("NAME"))?,
            path => {
                let file = File::options().read(true).write(true).open(path)?;
                let mapping = Mapping::from_file(&file, Some(Latest::<Sealed>::REGION_SIZE))?;
                LatestPublisher::over(&mapping, &RegionOptions::new())?
            }
        };
        let sequence = publisher.publish(&Sealed::new(publisher.generation()))?;
        say(&format!("{} {sequence}", publisher.generation()));
        hear_out();
        Ok(())
    });
}

fn start(name: &str, path: &str) -> Actor {
    Actor::start("role_publisher", &[("NAME", name), ("PATH", path)])
}

#[test]
fn the_state_of_a_publisher_is_known_in_all_its_four_states() -> Outcome {
    let name = name("states");
    let reader;
    {
        let first = LatestPublisher::<Sealed>::create(&name)?;
        reader = Latest::<Sealed>::open(&name)?;
        assert_eq!(reader.publisher()?, PublisherState::Alive);
        drop(first);
    }
    let region = Region::open(&name)?;
    assert_eq!((reader.publisher()?, region.publisher()?), (PublisherState::Ended, PublisherState::Ended));
    for death in 1..=3u64 {
        let mut publisher = start(&name, "");
        publisher.says(&format!("{} {}", death + 1, death));
        assert_eq!((reader.publisher()?, region.publisher()?), (PublisherState::Alive, PublisherState::Alive));
        publisher.kill();
        assert_eq!((reader.publisher()?, region.publisher()?), (PublisherState::Died, PublisherState::Died));
        let read = reader.read()?.ok_or("its value stays")?;
        assert_eq!((read.value, read.stamp.generation), (Sealed::new(death + 1), death + 1));
    }
    let publisher = start(&name, "");
    until("it has come", || reader.publisher().is_ok_and(|state| state == PublisherState::Alive));
    publisher.finish();
    assert_eq!(reader.publisher()?, PublisherState::Ended);
    Ok(())
}

#[test]
fn a_region_that_never_had_a_publisher_says_so() -> Outcome {
    let scratch = Scratch::new()?;
    let mapping = Mapping::from_file(&scratch.file, Some(Latest::<u32>::REGION_SIZE))?;
    drop(LatestPublisher::<u32>::over(&mapping, &RegionOptions::new())?);
    // As it is in the moment between making the region and becoming its publisher.
    let view = mapping.view()?;
    view.fill(136..152, 0);
    assert_eq!(Latest::<u32>::over(&mapping, &RegionOptions::new())?.publisher()?, PublisherState::Absent);
    let name = name("shared");
    let _shared = Shared::create(&name, &1u32)?;
    assert_eq!(Region::open(&name)?.publisher()?, PublisherState::Absent);
    Ok(())
}

#[test]
fn there_is_one_publisher_at_a_time_whoever_asks() -> Outcome {
    let name = name("one");
    let first = LatestPublisher::<u32>::create(&name)?;
    let _reader = Latest::<u32>::open(&name)?;
    assert_eq!(failure(LatestPublisher::<u32>::create(&name)), ErrorKind::AlreadyExists);
    assert_eq!(failure(LatestPublisher::<u32>::open(&name)), ErrorKind::Busy);
    assert_eq!(failure(LatestPublisher::<u32>::create_or_open(&name)), ErrorKind::Busy);
    assert_eq!(failure(LatestPublisher::<u32>::over(&Mapping::open(&name)?, &RegionOptions::new())), ErrorKind::Busy);
    drop(first);
    assert_eq!(failure(LatestPublisher::<u32>::create(&name)), ErrorKind::AlreadyExists);
    let second = LatestPublisher::<u32>::open(&name)?;
    assert_eq!(second.generation(), 2);
    drop(second);
    assert_eq!(LatestPublisher::<u32>::create_or_open(&name)?.generation(), 3);
    // An attempt that fails for another reason leaves the part free.
    assert_eq!(failure(LatestPublisher::<u64>::open(&name)), ErrorKind::Incompatible);
    let read_only = RegionOptions::new().access(Access::ReadOnly);
    assert_eq!(failure(LatestPublisher::<u32>::open_with(&read_only, &name)), ErrorKind::AccessDenied);
    assert_eq!(LatestPublisher::<u32>::over(&Mapping::open(&name)?, &RegionOptions::new())?.generation(), 4);
    Ok(())
}

#[test]
fn publishers_of_one_mapping_of_a_file_keep_each_other_out() -> Outcome {
    let scratch = Scratch::new()?;
    let mapping = Mapping::from_file(&scratch.file, Some(Latest::<u32>::REGION_SIZE))?;
    let other = Mapping::from_file(&scratch.file, None)?;
    let options = RegionOptions::new();
    let first = LatestPublisher::<u32>::over(&mapping, &options)?;
    for mapping in [&mapping, &other] {
        let reader = Latest::<u32>::over(mapping, &options)?;
        // Looking takes nothing away from the publisher, whatever it looks through.
        for _ in 0..3 {
            assert_eq!(reader.publisher()?, PublisherState::Alive);
            assert_eq!(failure(LatestPublisher::<u32>::over(mapping, &options)), ErrorKind::Busy);
        }
    }
    drop(first);
    let reader = Latest::<u32>::over(&other, &options)?;
    assert_eq!(reader.publisher()?, PublisherState::Ended);
    let second = LatestPublisher::<u32>::over(&mapping, &options)?;
    assert_eq!((second.generation(), reader.publisher()?), (2, PublisherState::Alive));
    // A publisher keeps its part, whatever becomes of the mapping that it was made over.
    drop((mapping, other));
    let third = Mapping::from_file(&scratch.file, None)?;
    assert_eq!(failure(LatestPublisher::<u32>::over(&third, &options)), ErrorKind::Busy);
    assert_eq!(reader.publisher()?, PublisherState::Alive);
    Ok(())
}

#[test]
fn the_publisher_of_a_file_is_known_to_other_processes_and_replaced_after_its_death() -> Outcome {
    let scratch = Scratch::new()?;
    let path = scratch.path.to_str().ok_or("an odd path")?;
    let mapping = Mapping::from_file(&scratch.file, Some(Latest::<Sealed>::REGION_SIZE))?;
    for round in 1..=3u64 {
        let mut publisher = start("", path);
        publisher.says(&format!("{} {}", 2 * round - 1, 2 * round - 1));
        let reader = Latest::<Sealed>::over(&mapping, &RegionOptions::new())?;
        assert_eq!(reader.publisher()?, PublisherState::Alive);
        assert_eq!(failure(LatestPublisher::<Sealed>::over(&mapping, &RegionOptions::new())), ErrorKind::Busy);
        publisher.kill();
        assert_eq!(reader.publisher()?, PublisherState::Died);
        let mut own = LatestPublisher::<Sealed>::over(&mapping, &RegionOptions::new())?;
        assert_eq!(own.generation(), 2 * round);
        own.publish(&Sealed::new(7))?;
        let mut late = Actor::command("role_publisher", &[("NAME", ""), ("PATH", path)]);
        late.stderr(std::process::Stdio::null());
        assert!(!Actor::spawn("a late publisher", late).status().success(), "two publish at once");
        drop(own);
        assert_eq!(reader.publisher()?, PublisherState::Ended);
    }
    Ok(())
}

#[test]
fn role_onlooker() {
    play("role_onlooker", || {
        let reader = Latest::<Sealed>::open(&given("NAME"))?;
        let mut last = None;
        loop {
            let state = reader.publisher()?;
            if last != Some(state) {
                say(&state.to_string());
            }
            last = Some(state);
        }
    });
}

#[test]
fn a_death_is_seen_and_the_part_is_free_although_many_look_all_the_time() -> Outcome {
    let name = name("watched");
    let mut publisher = start(&name, "");
    publisher.says("1 1");
    let mut onlookers: Vec<Actor> = (0..ONLOOKERS).map(|_| Actor::start("role_onlooker", &[("NAME", &name)])).collect();
    onlookers.iter_mut().for_each(|onlooker| onlooker.says("alive"));
    for round in 2..10 {
        publisher.kill();
        onlookers.iter_mut().for_each(|onlooker| onlooker.says("died"));
        let begin = Instant::now();
        publisher = start(&name, "");
        publisher.says(&format!("{round} {round}"));
        note(&format!("the next publisher has come after {:?}", begin.elapsed()));
        onlookers.iter_mut().for_each(|onlooker| onlooker.says("alive"));
    }
    Ok(())
}

#[test]
fn a_publisher_works_in_the_thread_that_it_was_given_to() -> Outcome {
    let name = name("moved");
    let mut publisher = LatestPublisher::<Sealed>::create(&name)?;
    publisher.publish(&Sealed::new(1))?;
    let reader = Latest::<Sealed>::open(&name)?;
    let mut publisher = thread::spawn(move || {
        assert_eq!(publisher.publish(&Sealed::new(2)).map_err(|error| error.kind()), Ok(2));
        publisher
    })
    .join()
    .expect("it does not panic");
    // The thread is gone, and the publisher is not.
    assert_eq!(reader.publisher()?, PublisherState::Alive);
    assert_eq!(failure(LatestPublisher::<Sealed>::open(&name)), ErrorKind::Busy);
    publisher.publish(&Sealed::new(3))?;
    assert_eq!(reader.read()?.map(|read| read.value), Some(Sealed::new(3)));
    thread::spawn(move || drop(publisher)).join().expect("it does not panic");
    assert_eq!(reader.publisher()?, PublisherState::Ended);
    // A reader is used by several threads at once.
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(|| assert!(reader.read().is_ok())))));
    Ok(())
}

#[test]
fn readers_keep_the_last_value_of_publishers_that_are_gone_and_the_name_with_it() -> Outcome {
    let name = name("kept");
    let mut publisher = start(&name, "");
    publisher.says("1 1");
    let reader = Latest::<Sealed>::open(&name)?;
    publisher.kill();
    assert_eq!(reader.read()?.map(|read| read.value), Some(Sealed::new(1)));
    assert_eq!(failure(LatestPublisher::<Sealed>::create(&name)), ErrorKind::AlreadyExists);
    drop(reader);
    assert_eq!(failure(Latest::<Sealed>::open(&name)), ErrorKind::NotFound);
    assert_eq!(LatestPublisher::<Sealed>::create(&name)?.generation(), 1);
    gone(&name);
    Ok(())
}

#[test]
fn bytes_are_published_up_to_the_length_that_the_region_was_made_for() -> Outcome {
    let name = name("bytes");
    let mut publisher = LatestBytesPublisher::create(&name, 100)?;
    let reader = LatestBytes::open(&name)?;
    publisher.publish(&[1; 100])?;
    let error = publisher.publish(&[2; 101]).expect_err("it is too long");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("101 bytes") && error.to_string().contains("at most 100"), "{error}");
    assert_eq!(reader.read()?.map(|read| (read.value, read.stamp.sequence)), Some((vec![1; 100], 1)));
    drop(publisher);
    assert_eq!(failure(LatestBytesPublisher::create_or_open(&name, 101)), ErrorKind::Incompatible);
    let mut shorter = LatestBytesPublisher::create_or_open(&name, 50)?;
    assert_eq!((shorter.len_max(), shorter.publish(&[3; 100])?), (100, 2));
    let too_large = LatestBytesPublisher::create(&common::name("vast"), u64::MAX / 4);
    assert_eq!(failure(too_large), ErrorKind::TooLarge);
    assert_eq!(LatestBytes::region_size(u64::MAX), u64::MAX);
    Ok(())
}

#[test]
fn the_time_of_a_value_is_between_the_calls_that_surround_it() -> Outcome {
    let name = name("time");
    let mut publisher = LatestPublisher::<u32>::create(&name)?;
    let reader = Latest::<u32>::open(&name)?;
    let begin = Instant::now();
    let mut last = 0;
    for value in 0..100 {
        publisher.publish(&value)?;
        let stamp = reader.read()?.ok_or("a value was published")?.stamp;
        assert!(stamp.time_ns >= last && stamp.age() <= begin.elapsed() + Duration::from_millis(1), "{stamp:?}");
        last = stamp.time_ns;
    }
    Ok(())
}
