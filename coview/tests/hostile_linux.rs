//! Hostile content in everything shared that Coview reads: whatever stands there, each operation returns.
#![cfg(target_os = "linux")]

mod common;

use std::error::Error;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{
    Actor, DEADLINE, Dice, KINDS, Outcome, THING_SIZE, Thing, failure, given, name, note, play, say, seed, soon,
};
use coview::{ErrorKind, Event, EventOptions, Kind, Mapping, Mutex, Reset, Waitable};

/// A file of a mutex, event, semaphore or timer: only its last page holds anything.
const FILE_LEN: u64 = 64 * 1024;
const BLOCK_START: u64 = FILE_LEN - 4096;

/// A wait that is long enough to sleep.
const NAP: Duration = Duration::from_millis(2);

/// How long one operation may take; it may put up with a frozen object for two seconds.
const PATIENCE: Duration = Duration::from_secs(8);

fn path_of(name: &str) -> PathBuf {
    let user = fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid());
    PathBuf::from(format!("/dev/shm/coview-{user}/{name}"))
}

fn file_of(name: &str) -> std::io::Result<File> {
    File::options().read(true).write(true).open(path_of(name))
}

/// Where in the block something stands that is read: the header, the state and the robust words.
fn words() -> impl Iterator<Item = u64> {
    (0..20).step_by(4).chain((4000..4096).step_by(4))
}

fn patterns(random: u64) -> [u32; 11] {
    // What the kernel calls this thread is the owner's part of a robust word.
    let own = fs::read_link("/proc/thread-self").expect("a thread has an id");
    let own = own.file_name().and_then(|id| id.to_str()?.parse().ok()).expect("it is a number");
    [0, 1, 2, own, own | 0x8000_0000, 0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0xbfff_ffff, u32::MAX, random as u32]
}

/// Does something that must return in time, with whatever result.
fn timed<T>(what: &str, work: impl FnOnce() -> coview::Result<T>) -> Result<Option<T>, Box<dyn Error>> {
    let begin = Instant::now();
    let result = work();
    if begin.elapsed() > PATIENCE {
        return Err(format!("{what} took {:?}", begin.elapsed()).into());
    }
    Ok(result.ok())
}

/// Calls every operation of a thing.
fn exercise(thing: &Thing, helper: &Thing) -> Outcome {
    let waitable: Waitable<'_> = match thing {
        Thing::Mapping(_) => return Ok(()),
        Thing::Mutex(mutex) => {
            if let Some(guard) = timed("try_lock", || mutex.try_lock())?.flatten() {
                drop(timed("lock again", || mutex.lock_timeout(NAP))?);
                timed("unlock", || guard.unlock())?;
            }
            drop(timed("lock_timeout", || mutex.lock_timeout(NAP))?);
            timed("unlock", || mutex.unlock())?;
            mutex.into()
        }
        Thing::Event(event) => {
            timed("try_wait", || event.try_wait())?;
            timed("set", || event.set())?;
            timed("wait_timeout", || event.wait_timeout(NAP))?;
            timed("reset", || event.reset())?;
            timed("wait_timeout", || event.wait_timeout(NAP))?;
            timed("pulse", || event.pulse())?;
            timed("set", || event.set())?;
            event.into()
        }
        Thing::Semaphore(semaphore) => {
            timed("release", || semaphore.release(1))?;
            timed("try_acquire", || semaphore.try_acquire())?;
            timed("acquire_timeout", || semaphore.acquire_timeout(NAP))?;
            timed("release", || semaphore.release(u32::MAX))?;
            timed("release", || semaphore.release(1))?;
            semaphore.into()
        }
        Thing::Timer(timer) => {
            timed("try_wait", || timer.try_wait())?;
            timed("set", || timer.set(Duration::ZERO, Some(Duration::from_nanos(1))))?;
            timed("wait_timeout", || timer.wait_timeout(NAP))?;
            timed("cancel", || timer.cancel())?;
            timer.into()
        }
    };
    let Thing::Event(helper) = helper else { return Ok(()) };
    helper.set()?;
    drop(timed("try_wait_any", || coview::try_wait_any(&[waitable]))?);
    drop(timed("wait_any", || coview::wait_any_timeout(&[waitable], NAP))?);
    drop(timed("wait_all", || coview::wait_all_timeout(&[waitable, helper.into()], NAP))?);
    drop(timed("wait_any", || coview::wait_any_timeout(&[waitable, helper.into()], NAP))?);
    Ok(())
}

/// Everything that can be done with a name whose object may be damaged, through an old handle and by new ones.
fn exercise_name(kind: Kind, name: &str, old: &Thing, helper: &Thing) -> Outcome {
    exercise(old, helper)?;
    look_and_create(name)?;
    if let Some(new) = timed("open", || Thing::open(kind, name))? {
        exercise(&new, helper)?;
    }
    if let Some(new) = timed("create_or_open", || Thing::create_or_open(kind, name))? {
        exercise(&new, helper)?;
    }
    Ok(())
}

fn look_and_create(name: &str) -> Outcome {
    timed("stat", || coview::stat(name))?;
    for other in KINDS {
        timed("create", || Thing::create(other, name))?;
    }
    Ok(())
}

/// The same with each handle in a thread of its own: for what keeps every operation waiting, and whom it waits with.
fn exercise_name_at_once(kind: Kind, name: &str, old: &Thing) -> Outcome {
    let helper = || Event::unnamed(Reset::Auto).map(Thing::Event);
    let openers: [fn(Kind, &str) -> coview::Result<Thing>; 2] = [Thing::open, Thing::create_or_open];
    thread::scope(|scope| {
        let opened = openers.map(|open| {
            scope.spawn(move || {
                let new = timed("open", || open(kind, name)).map_err(|error| error.to_string())?;
                new.map_or(Ok(()), |new| exercise(&new, &helper()?)).map_err(|error| error.to_string())
            })
        });
        exercise(old, &helper()?)?;
        look_and_create(name)?;
        opened.into_iter().try_for_each(|thread| Ok(thread.join().expect("it does not panic")?))
    })
}

const SYNC_KINDS: [Kind; 4] = [Kind::Mutex, Kind::Event, Kind::Semaphore, Kind::Timer];

/// The patterns are tried by several processes at once.
const PARTS: [&str; 4] = ["0", "1", "2", "3"];

/// The latch. Who meets one that nobody gives back waits for two seconds, again and again.
const LATCH: u64 = 4092;

/// Puts a pattern into a word of a new object, and does everything with it.
fn spoil(kind: Kind, word: u64, pattern: usize, random: u64, helper: Option<&Thing>) -> Result<(), String> {
    let spoiled = || -> Outcome {
        let name = name("target");
        let thing = Thing::create(kind, &name)?;
        file_of(&name)?.write_all_at(&patterns(random)[pattern].to_le_bytes(), BLOCK_START + word)?;
        match helper {
            Some(helper) => exercise_name(kind, &name, &thing, helper),
            None => exercise_name_at_once(kind, &name, &thing),
        }
    };
    spoiled().map_err(|error| format!("word {word}, {:#x}: {error}", patterns(random)[pattern]))
}

#[test]
fn role_target() {
    play("role_target", || {
        let kind = KINDS.into_iter().find(|kind| kind.to_string() == given("KIND")).expect("it is a known kind");
        let (mut dice, part): (_, usize) = (Dice::new(given("SEED").parse()?), given("PART").parse()?);
        let helper = Thing::create(Kind::Event, &name("helper"))?;
        let chosen = || (0..patterns(0).len()).skip(part).step_by(PARTS.len());
        let random = dice.below(1 << 32);
        thread::scope(|scope| -> Outcome {
            let spoil_latch = |pattern| scope.spawn(move || spoil(kind, LATCH, pattern, random, None));
            let slow: Vec<_> = chosen().map(spoil_latch).collect();
            for word in words().filter(|&word| word != LATCH) {
                let random = dice.below(1 << 32);
                for pattern in chosen() {
                    say("next");
                    spoil(kind, word, pattern, random, Some(&helper))?;
                }
            }
            slow.into_iter().try_for_each(|thread| Ok(thread.join().expect("it does not panic")?))
        })?;
        say("done");
        Ok(())
    });
}

#[test]
fn garbage_in_any_one_word_stops_nothing() {
    let seed = seed();
    note(&format!("the seed is {seed}"));
    let start = |part: &'static str| {
        SYNC_KINDS.map(|kind| {
            let given = [("KIND", &*kind.to_string()), ("SEED", &*seed.to_string()), ("PART", part)];
            Actor::start("role_target", &given)
        })
    };
    let mut targets: Vec<Actor> = PARTS.into_iter().flat_map(start).collect();
    for target in &mut targets {
        while target.line() == "next" {}
    }
    targets.into_iter().for_each(Actor::finish);
}

#[test]
fn an_object_that_nobody_gives_back_holds_up_no_other_object_of_a_wait_for_all() -> Outcome {
    let create = || EventOptions::new(Reset::Manual).signaled(true).create(&name("bystander"));
    let mut events = [create()?, create()?];
    // Objects are frozen in the order of their inodes.
    events.sort_by_key(|event| fs::metadata(path_of(event.name())).map_or(0, |metadata| metadata.ino()));
    let [healthy, damaged] = events;
    file_of(damaged.name())?.write_all_at(&1u32.to_le_bytes(), BLOCK_START + LATCH)?;
    thread::scope(|scope| -> Outcome {
        let waiter = scope.spawn(|| failure(coview::try_wait_all(&[(&healthy).into(), (&damaged).into()])));
        soon("the wait gives up", || {
            let begin = Instant::now();
            healthy.set().expect("setting does not fail");
            assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
            waiter.is_finished()
        });
        assert_eq!(waiter.join().expect("it does not panic"), ErrorKind::Damaged);
        Ok(())
    })
}

#[test]
fn role_noise_target() {
    play("role_noise_target", || {
        let kind = KINDS.into_iter().find(|kind| kind.to_string() == given("KIND")).expect("it is a known kind");
        let mut dice = Dice::new(given("SEED").parse()?);
        let (helper, done) = (Thing::create(Kind::Event, &name("helper"))?, AtomicBool::new(false));
        let (name, words) = (name("noise"), words().collect::<Vec<_>>());
        let thing = Thing::create(kind, &name)?;
        let file = file_of(&name)?;
        let mut healthy = [0; 4096];
        file.read_exact_at(&mut healthy, BLOCK_START)?;
        thread::scope(|scope| {
            // Writes whatever it likes, wherever it likes, all the time; and what was there at last.
            scope.spawn(|| {
                let begin = Instant::now();
                while begin.elapsed() < Duration::from_secs(3) {
                    let word = words[dice.below(words.len() as u64) as usize];
                    let pattern = patterns(dice.below(1 << 32))[dice.below(11) as usize];
                    file.write_all_at(&pattern.to_le_bytes(), BLOCK_START + word).expect("it is open");
                    thread::yield_now();
                }
                done.store(true, Ordering::Relaxed);
                file.write_all_at(&healthy, BLOCK_START).expect("it is open");
            });
            let mut result = Ok(());
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) && result.is_ok() {
                result = exercise_name(kind, &name, &thing, &helper);
                rounds += 1;
            }
            say(&format!("{rounds} rounds"));
            result
        })
    });
}

#[test]
fn a_peer_that_writes_garbage_all_the_time_stops_nothing() {
    let seed = seed();
    note(&format!("the seed is {seed}"));
    let targets = SYNC_KINDS
        .map(|kind| Actor::start("role_noise_target", &[("KIND", &kind.to_string()), ("SEED", &seed.to_string())]));
    for mut target in targets {
        note(&format!("through garbage: {}", target.line()));
        target.finish();
    }
}

#[test]
fn a_whole_block_of_garbage_is_damaged() -> Outcome {
    let mut dice = Dice::new(seed());
    for kind in SYNC_KINDS {
        for byte in [Some(0), Some(0xff), None] {
            let name = name("garbage");
            let thing = Thing::create(kind, &name)?;
            let garbage: Vec<u8> = (0..4096).map(|_| byte.unwrap_or(dice.below(256) as u8)).collect();
            file_of(&name)?.write_all_at(&garbage, BLOCK_START)?;
            assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::Damaged);
            assert_eq!(failure(Thing::create_or_open(kind, &name)), ErrorKind::Damaged);
            assert!(Thing::create(kind, &name).is_err());
            assert_eq!(coview::stat(&name)?.kind, Kind::Unknown);
            drop(thing);
            assert!(Thing::create(kind, &name)?.was_created(), "the name is free when nobody holds the wreck");
        }
    }
    Ok(())
}

#[test]
fn another_layout_version_is_refused() -> Outcome {
    for kind in SYNC_KINDS {
        for (place, value) in [(8u64, 0u32), (8, 2), (8, u32::MAX), (12, 0), (12, 6), (0, 1), (4, 1)] {
            let name = name("version");
            let _thing = Thing::create(kind, &name)?;
            file_of(&name)?.write_all_at(&value.to_le_bytes(), BLOCK_START + place)?;
            assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::Damaged, "{value} at {place}");
        }
        let name = name("kind");
        let _thing = Thing::create(kind, &name)?;
        for number in 1..=4u32 {
            file_of(&name)?.write_all_at(&number.to_le_bytes(), BLOCK_START + 12)?;
            let claimed = SYNC_KINDS[number as usize - 1];
            assert_eq!(Thing::open(kind, &name).is_ok(), claimed == kind, "a {kind} that claims to be a {claimed}");
        }
    }
    Ok(())
}

#[test]
fn a_file_of_another_length_is_damaged() -> Outcome {
    for kind in SYNC_KINDS {
        for len in [0, 1, 4096, BLOCK_START, FILE_LEN - 1, FILE_LEN + 1, FILE_LEN * 2] {
            let name = name("length");
            let thing = Thing::create(kind, &name)?;
            // Nobody touches the old handle while its memory is cut off: that would be SIGBUS, as with any file.
            file_of(&name)?.set_len(len)?;
            assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::Damaged, "a {kind} of {len} bytes");
            assert_eq!(failure(Thing::create_or_open(kind, &name)), ErrorKind::Damaged);
            assert!(coview::stat(&name).is_ok() && coview::list(coview::Namespace::Local).is_ok());
            drop(thing);
            assert!(Thing::create(kind, &name)?.is_new()?);
        }
    }
    Ok(())
}

#[test]
fn what_is_no_file_of_ours_under_a_name_is_refused_or_removed() -> Outcome {
    drop(Mapping::create(&name("folder"), 64)?);
    for kind in KINDS {
        for shape in ["folder", "link", "dangling link", "pipe", "socket", "empty file", "closed file"] {
            let name = name("shape");
            let path = path_of(&name);
            let socket = match shape {
                "folder" => fs::create_dir(&path).map(|()| None)?,
                "link" => symlink("/etc/passwd", &path).map(|()| None)?,
                "dangling link" => symlink("/nowhere/at/all", &path).map(|()| None)?,
                "pipe" => Command::new("mkfifo").arg(&path).status().map(|_| None)?,
                "socket" => Some(std::os::unix::net::UnixListener::bind(&path)?),
                "empty file" => File::create(&path).map(|_| None)?,
                _ => File::create(&path)?.set_permissions(fs::Permissions::from_mode(0o000)).map(|()| None)?,
            };
            let what = format!("a {kind} where a {shape} is");
            assert!(timed(&what, || Thing::open(kind, &name))?.is_none(), "{what} was opened");
            timed(&what, || Thing::create(kind, &name))?;
            timed(&what, || Thing::create_or_open(kind, &name))?;
            timed(&what, || coview::stat(&name))?;
            timed(&what, || coview::list(coview::Namespace::Local))?;
            timed(&what, || coview::sweep(coview::Namespace::Local))?;
            drop(socket);
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
        }
    }
    assert!(fs::metadata("/etc/passwd")?.len() > 0, "nobody has followed the link");
    Ok(())
}

#[test]
fn a_mapping_that_somebody_resizes_keeps_its_size_for_those_who_have_it() -> Outcome {
    let name = name("resized");
    let mapping = Mapping::create(&name, THING_SIZE)?;
    let view = mapping.view()?;
    file_of(&name)?.set_len(THING_SIZE * 10)?;
    assert_eq!((mapping.size(), view.len() as u64), (THING_SIZE, THING_SIZE));
    assert_eq!(failure(mapping.view_range(..=THING_SIZE)), ErrorKind::InvalidInput);
    assert_eq!(Mapping::open(&name)?.size(), THING_SIZE * 10);
    file_of(&name)?.set_len(0)?;
    let kind = Mapping::open(&name).and_then(|mapping| mapping.view().map(drop)).err().map(|error| error.kind());
    assert!(kind.is_some(), "there is nothing to view");
    Ok(())
}

#[test]
fn a_file_that_was_removed_by_hand_leaves_its_holders_alone() -> Outcome {
    let name = name("removed");
    let (old, other) = (Mutex::create(&name)?, Mutex::open(&name)?);
    let guard = old.lock()?;
    fs::remove_file(path_of(&name))?;
    assert!(common::in_thread(|| other.try_lock().map(|guard| guard.is_none()))?);
    assert_eq!(failure(Mutex::open(&name)), ErrorKind::NotFound);
    let new = Mutex::create(&name)?;
    drop(guard);
    drop((old, other));
    assert!(!Mutex::open(&name)?.was_created(), "the old handles have taken the new object with them");
    drop(new);
    Ok(())
}

#[test]
fn strange_files_in_the_folder_do_not_disturb_the_list() -> Outcome {
    use std::os::unix::ffi::OsStrExt;
    let name = name("strange");
    let _thing = Mutex::create(&name)?;
    let stem = path_of(&name);
    let paths: Vec<PathBuf> = [&b"%"[..], b"%zz", b"%4", b"\xff\xfe", b"%FF", b"%00", b"%~", b"a%~b%~c", b"%2F..%2F"]
        .iter()
        .map(|tail| {
            let mut bytes = stem.as_os_str().as_bytes().to_vec();
            bytes.extend_from_slice(tail);
            PathBuf::from(std::ffi::OsStr::from_bytes(&bytes))
        })
        .collect();
    for path in &paths {
        fs::write(path, b"x")?;
    }
    let listed = coview::list(coview::Namespace::Local);
    let swept = coview::sweep(coview::Namespace::Local);
    for path in &paths {
        let _ = fs::remove_file(path);
    }
    assert!(listed?.iter().any(|object| object.name == name));
    swept?;
    assert!(Mutex::open(&name)?.lock_timeout(DEADLINE)?.is_some());
    Ok(())
}
