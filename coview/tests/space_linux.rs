//! Systems that are full: a small `/dev/shm`, few files, few descriptors, little address space.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::process::Command;

use common::{Actor, Outcome, failure, given, hold, note, play, play_hold};
use coview::{ErrorKind, Event, Kind, Mapping, MappingOptions, Mutex, Reset, Semaphore};

const KIB: u64 = 1024;

/// Plays a case in a process that a shell has prepared.
fn case(case: &str, unshare: bool, prepare: &str) {
    if unshare && !Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success()) {
        note("skipped, this user may not mount");
        return;
    }
    let role = Actor::command("role_full", &[("CASE", case)]);
    let mut command = Command::new(if unshare { "unshare" } else { "env" });
    if unshare {
        command.arg("-m");
    }
    command.args(["sh", "-ec", &format!(r#"{prepare}; exec "$0" "$@""#)]).arg(role.get_program()).args(role.get_args());
    command.envs(role.get_envs().filter_map(|(key, value)| Some((key, value?))));
    Actor::spawn(case, command).finish();
}

const SMALL: &str = "mount -t tmpfs -o size=1m,mode=1777 tmpfs /dev/shm";

#[test]
fn role_hold() {
    play_hold();
}

#[test]
fn role_full() {
    play("role_full", || match given("CASE").as_str() {
        "create" => create(),
        "dead" => dead(),
        "fill" => fill(),
        "files" => files(),
        "read_only" => read_only(),
        "descriptors" => descriptors(),
        "addresses" => addresses(),
        case => Err(format!("there is no case {case}").into()),
    });
}

/// How many files stand under the user's names.
fn files_left() -> usize {
    let folders = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    folders.filter(|folder| folder.path().is_dir()).flat_map(|folder| fs::read_dir(folder.path())).flatten().count()
}

#[test]
fn a_mapping_that_does_not_fit_is_refused_and_nothing_is_lost() {
    case("create", true, SMALL);
}

fn create() -> Outcome {
    assert_eq!(failure(Mapping::create("large", 2048 * KIB)), ErrorKind::NoSpace);
    assert_eq!(failure(Mapping::create(r"Global\large", 2048 * KIB)), ErrorKind::NoSpace);
    assert_eq!(failure(Mapping::create("/large", 2048 * KIB)), ErrorKind::NoSpace);
    assert_eq!(failure(Mapping::create_or_open("large", 2048 * KIB, |_| panic!("no memory"))), ErrorKind::NoSpace);
    assert_eq!((files_left(), fs::read_dir("/dev/shm")?.count()), (0, 1));
    assert_eq!(failure(Mapping::open("large")), ErrorKind::NotFound);

    let half = Mapping::create("half", 512 * KIB)?;
    half.view()?.fill(.., 0xa5);
    assert_eq!(failure(Mapping::create("other", 600 * KIB)), ErrorKind::NoSpace);
    assert_eq!(failure(Mapping::create("half", 600 * KIB)), ErrorKind::AlreadyExists);
    assert_eq!(failure(Mutex::create("half")), ErrorKind::WrongKind);
    assert!(half.read_view()?.read_vec(0, 512 * 1024).iter().all(|&byte| byte == 0xa5));
    drop(half);
    let other = Mapping::create_or_open("other", 1000 * KIB, |view| view.fill(.., 1))?;
    other.view()?.fill(.., 2);
    assert!(fs::read_dir("/dev/shm")?.count() == 1 && files_left() == 1);
    Ok(())
}

#[test]
fn the_memory_of_the_dead_is_taken_before_there_is_no_space() {
    case("dead", true, SMALL);
}

fn dead() -> Outcome {
    for index in 0..100 {
        hold(Kind::Mapping, &format!("dead{index}")).kill();
    }
    for _ in 0..3 {
        let large = Mapping::create("large", 1000 * KIB)?;
        large.view()?.fill(.., 1);
    }
    Ok(())
}

#[test]
fn everything_goes_on_when_the_memory_is_full() {
    case("fill", true, SMALL);
}

fn fill() -> Outcome {
    let (mutex, event) = (Mutex::create("mutex")?, Event::create("event", Reset::Auto)?);
    let semaphore = Semaphore::create("semaphore", 1, 1)?;
    let mut kept = Vec::new();
    let refused = loop {
        match Mapping::create(&format!("page{}", kept.len()), 4 * KIB) {
            Ok(mapping) => kept.push(mapping),
            Err(error) => break error,
        }
        assert!(kept.len() < 1000);
    };
    assert_eq!(refused.kind(), ErrorKind::NoSpace);
    assert!(kept.len() > 150, "only {} pages", kept.len());
    for mapping in &kept {
        mapping.view()?.fill(.., 7);
    }
    for (name, result) in [("m", Mutex::create("m").map(drop)), ("s", Semaphore::create("s", 1, 1).map(drop))] {
        assert_eq!(failure(result), ErrorKind::NoSpace, "{name}");
    }
    // What exists goes on working, and can be opened.
    drop(Mutex::open("mutex")?.lock()?);
    event.set()?;
    assert!(Event::open("event")?.try_wait()? && Semaphore::open("semaphore")?.try_acquire()?);
    semaphore.release(1)?;
    assert!(Mapping::open("page3")?.read_view()?.read_vec(0, 4096).iter().all(|&byte| byte == 7));
    assert_eq!(files_left(), kept.len() + 3);
    kept.truncate(kept.len() - 3);
    assert!(Mutex::create("m").is_ok());
    drop((mutex, kept));
    Ok(())
}

#[test]
fn a_system_without_another_file_refuses_cleanly() {
    case("files", true, "mount -t tmpfs -o nr_inodes=20,mode=1777 tmpfs /dev/shm");
}

fn files() -> Outcome {
    let mut kept = Vec::new();
    let refused = loop {
        match Mutex::create(&format!("mutex{}", kept.len())) {
            Ok(mutex) => kept.push(mutex),
            Err(error) => break error,
        }
        assert!(kept.len() < 100);
    };
    assert_eq!(refused.kind(), ErrorKind::NoSpace);
    assert_eq!(failure(Mutex::create("mutex0")), ErrorKind::AlreadyExists);
    assert!(kept.len() > 5 && files_left() == kept.len());
    drop(kept.pop());
    assert!(Event::create("event", Reset::Auto).is_ok());
    Ok(())
}

#[test]
fn a_system_that_cannot_be_written_to_refuses_cleanly() {
    case("read_only", true, "mount -t tmpfs -o ro tmpfs /dev/shm");
}

fn read_only() -> Outcome {
    for kind in common::KINDS {
        for name in ["x", r"Global\x"] {
            let error = common::Thing::create(kind, name).err().ok_or("it was created somewhere")?;
            assert!(error.os_code().is_some(), "{error}");
            assert!(common::Thing::create_or_open(kind, name).is_err());
            assert_eq!(failure(common::Thing::open(kind, name)), ErrorKind::NotFound);
        }
    }
    assert!(coview::list(coview::Namespace::Local)?.is_empty());
    assert_eq!(Mapping::unnamed(64)?.view()?.len(), 64, "what needs no name works");
    Ok(())
}

#[test]
fn a_process_without_another_descriptor_is_told_so() {
    case("descriptors", false, "ulimit -n 40");
}

fn descriptors() -> Outcome {
    let mut kept = Vec::new();
    let refused = loop {
        match Mapping::create(&common::name("descriptor"), 64) {
            Ok(mapping) => kept.push(mapping),
            Err(error) => break error,
        }
        assert!(kept.len() < 100);
    };
    assert_eq!(refused.kind(), ErrorKind::NoSpace, "{refused}");
    assert!(kept.len() > 15, "only {} handles", kept.len());
    let name = kept[0].name().ok_or("it has a name")?.to_owned();
    assert_eq!(failure(Mapping::open(&name)), ErrorKind::NoSpace);
    assert_eq!(failure(Mapping::unnamed(64)), ErrorKind::NoSpace);
    assert_eq!(failure(Mutex::create(&common::name("mutex"))), ErrorKind::NoSpace);
    kept[0].view()?.put(0, &1u64);
    drop(kept.split_off(8));
    assert_eq!(Mapping::open(&name)?.read_view()?.get::<u64>(0), 1);
    drop(Mutex::create(&common::name("mutex"))?.lock()?);
    let left = coview::list(coview::Namespace::Local)?;
    assert_eq!(left.iter().filter(|object| object.name.starts_with(&common::own_prefix())).count(), 8);
    Ok(())
}

#[test]
fn a_view_that_finds_no_addresses_is_refused() {
    case("addresses", false, "ulimit -v 1000000");
}

fn addresses() -> Outcome {
    let mapping = MappingOptions::new().reserve(false).create(&common::name("wide"), 4096 * 1024 * KIB)?;
    let kind = failure(mapping.view());
    assert!(matches!(kind, ErrorKind::NoSpace | ErrorKind::TooLarge), "{kind:?}");
    mapping.view_range(4_000_000_000..4_000_000_008)?.put(0, &1u64);
    Ok(())
}
