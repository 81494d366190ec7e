//! Objects as descriptors: who has one has the object, whoever made it and whatever process it is in.
#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Actor, DEADLINE, KINDS, Outcome, THING_SIZE, Thing, failure, given, hear, name, play, say};
use coview::os::linux::Share;
use coview::{Access, ErrorKind, Event, Kind, Mapping, MappingOptions, Mutex, Reset, Semaphore, Timer};

fn share(thing: &Thing) -> coview::Result<OwnedFd> {
    match thing {
        Thing::Mapping(mapping) => mapping.share(),
        Thing::Mutex(mutex) => mutex.share(),
        Thing::Event(event) => event.share(),
        Thing::Semaphore(semaphore) => semaphore.share(),
        Thing::Timer(timer) => timer.share(),
    }
}

fn from_shared(kind: Kind, descriptor: OwnedFd) -> coview::Result<Thing> {
    Ok(match kind {
        Kind::Mapping => Thing::Mapping(Mapping::from_shared(descriptor)?),
        Kind::Mutex => Thing::Mutex(Mutex::from_shared(descriptor)?),
        Kind::Event => Thing::Event(Event::from_shared(descriptor)?),
        Kind::Semaphore => Thing::Semaphore(Semaphore::from_shared(descriptor)?),
        _ => Thing::Timer(Timer::from_shared(descriptor)?),
    })
}

fn unnamed(kind: Kind) -> coview::Result<Thing> {
    Ok(match kind {
        Kind::Mapping => Thing::Mapping(Mapping::unnamed(THING_SIZE)?),
        Kind::Mutex => Thing::Mutex(Mutex::unnamed()?),
        Kind::Event => Thing::Event(Event::unnamed(Reset::Auto)?),
        Kind::Semaphore => Thing::Semaphore(Semaphore::unnamed(1, 2)?),
        _ => Thing::Timer(Timer::unnamed(Reset::Auto)?),
    })
}

fn name_of(thing: &Thing) -> &str {
    match thing {
        Thing::Mapping(mapping) => mapping.name().unwrap_or_default(),
        Thing::Mutex(mutex) => mutex.name(),
        Thing::Event(event) => event.name(),
        Thing::Semaphore(semaphore) => semaphore.name(),
        Thing::Timer(timer) => timer.name(),
    }
}

fn kind_called(text: &str) -> Kind {
    KINDS.into_iter().find(|kind| kind.to_string() == text).expect("it is a known kind")
}

/// A process that does not know Coview and has the descriptor open as its standard error.
fn keeper(descriptor: OwnedFd) -> io::Result<std::process::Child> {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::from(descriptor)).spawn()
}

/// Starts a role with a descriptor as its standard error.
fn receiver(role: &str, descriptor: OwnedFd, given: &[(&str, &str)]) -> Actor {
    let mut command = Actor::command(role, given);
    command.stderr(Stdio::from(descriptor));
    Actor::spawn(role, command)
}

/// The descriptor that this process was started with.
fn inherited() -> io::Result<OwnedFd> {
    io::stderr().as_fd().try_clone_to_owned()
}

fn path_of(name: &str) -> PathBuf {
    let user = fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid());
    PathBuf::from(format!("/dev/shm/coview-{user}/{name}"))
}

/// Checks that a name is free, as soon as no process has a descriptor any more: one that another test has just forked has
/// copies of all descriptors until its `exec`. Whoever closes the last of them leaves a dead object, which looking buries.
#[track_caller]
fn ends(name: &str) {
    common::until("the name is free", || Mapping::open(name).is_err() && coview::stat(name).is_err());
}

#[test]
fn a_descriptor_keeps_its_object_by_itself() -> Outcome {
    for kind in KINDS {
        let thing = Thing::create(kind, &name("itself"))?;
        thing.mark()?;
        let (name, descriptor) = (name_of(&thing).to_owned(), share(&thing)?);
        drop(thing);
        assert!(!Thing::open(kind, &name)?.was_created());
        assert_eq!(failure(Thing::create(kind, &name)), ErrorKind::AlreadyExists);
        assert!(!Thing::create_or_open(kind, &name)?.was_created());
        let again = from_shared(kind, descriptor)?;
        assert!(!again.was_created());
        assert_eq!(name_of(&again), name);
        drop(again);
        ends(&name);
    }
    Ok(())
}

#[test]
fn a_process_that_does_not_know_coview_keeps_an_object() -> Outcome {
    for kind in KINDS {
        let thing = Thing::create(kind, &name("keeper"))?;
        let name = name_of(&thing).to_owned();
        let mut keeper = keeper(share(&thing)?)?;
        drop(thing);
        assert!(!Thing::open(kind, &name)?.was_created());
        keeper.kill()?;
        keeper.wait()?;
        ends(&name);
    }
    Ok(())
}

#[test]
fn a_handle_does_not_take_the_hold_of_copies_with_it() -> Outcome {
    for kind in KINDS {
        let thing = Thing::create(kind, &name("copies"))?;
        let (name, descriptor) = (name_of(&thing).to_owned(), share(&thing)?);
        drop(thing);
        for _ in 0..3 {
            drop(from_shared(kind, descriptor.try_clone()?)?);
            assert!(!Thing::open(kind, &name)?.was_created());
        }
        drop(descriptor);
        ends(&name);
    }
    Ok(())
}

#[test]
fn a_descriptor_is_closed_on_exec() -> Outcome {
    for kind in KINDS {
        for thing in [Thing::create(kind, &name("exec"))?, unnamed(kind)?] {
            let descriptor = share(&thing)?;
            let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", descriptor.as_raw_fd()))?;
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).ok_or("no flags")?;
            assert!(u32::from_str_radix(flags.trim(), 8)? & 0o2_000_000 != 0, "{flags}");
        }
    }
    Ok(())
}

#[test]
fn role_receiver() {
    play("role_receiver", || {
        let thing = from_shared(kind_called(&given("KIND")), inherited()?)?;
        say(&format!("{} {}", name_of(&thing), thing.is_new()?));
        if hear().as_deref() == Some("mark") {
            thing.mark()?;
            say("marked");
        }
        while hear().is_some() {}
        Ok(())
    });
}

#[test]
fn another_process_makes_a_handle_of_a_descriptor() -> Outcome {
    for kind in KINDS {
        for thing in [Thing::create(kind, &name("other"))?, unnamed(kind)?] {
            let name = name_of(&thing).to_owned();
            let mut receiver = receiver("role_receiver", share(&thing)?, &[("KIND", &kind.to_string())]);
            receiver.says(&format!("{name} true"));
            if kind == Kind::Semaphore {
                // Looking has given one.
                let Thing::Semaphore(semaphore) = &thing else { return Err("a semaphore is one".into()) };
                semaphore.acquire()?;
            }
            receiver.tell("mark");
            receiver.says("marked");
            let Thing::Mutex(mutex) = &thing else {
                assert!(!is_new_here(&thing)?, "{kind} {name}");
                drop(thing);
                if !name.is_empty() {
                    assert!(!Thing::open(kind, &name)?.was_created());
                    receiver.finish();
                    // The receiver's standard error was the last to hold it, and closing that removes no name.
                    ends(&name);
                }
                continue;
            };
            assert!(mutex.try_lock()?.is_none());
            receiver.kill();
            assert!(mutex.lock_timeout(DEADLINE)?.is_some_and(|guard| guard.was_abandoned()));
        }
    }
    Ok(())
}

/// Whether it is not marked; looks at a semaphore without giving.
fn is_new_here(thing: &Thing) -> Result<bool, Box<dyn std::error::Error>> {
    match thing {
        Thing::Semaphore(semaphore) => Ok(semaphore.try_acquire()?),
        other => other.is_new(),
    }
}

#[test]
fn an_unnamed_event_wakes_another_process() -> Outcome {
    let event = Event::unnamed(Reset::Manual)?;
    let mut waiter = receiver("role_waiter", event.share()?, &[]);
    waiter.says("waiting");
    event.set()?;
    waiter.says("woken");
    waiter.finish();
    Ok(())
}

#[test]
fn role_waiter() {
    play("role_waiter", || {
        let event = Event::from_shared(inherited()?)?;
        say("waiting");
        say(if event.wait_timeout(DEADLINE)? { "woken" } else { "forgotten" });
        Ok(())
    });
}

#[test]
fn a_read_only_mapping_stays_read_only() -> Outcome {
    let writer = Mapping::create(&name("reader"), 64)?;
    writer.view()?.put(0, &7_u32);
    let reader = MappingOptions::new().access(Access::ReadOnly).open(writer.name().unwrap_or_default())?;
    let received = Mapping::from_shared(reader.share()?)?;
    assert_eq!(received.read_view()?.get::<u32>(0), 7);
    assert_eq!(failure(received.view()), ErrorKind::AccessDenied);
    assert_eq!(failure(Mapping::from_shared(received.share()?)?.view()), ErrorKind::AccessDenied);
    assert!(File::from(received.share()?).write_all(b"no").is_err());
    let name = writer.name().unwrap_or_default().to_owned();
    drop((writer, reader));
    drop(received);
    ends(&name);
    Ok(())
}

#[test]
fn a_mapping_of_a_file_keeps_its_size_and_access() -> Outcome {
    let path = std::env::temp_dir().join(name("file"));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    file.set_len(5000)?;
    let part = Mapping::from_file(&file, Some(100))?;
    let whole = MappingOptions::new().access(Access::ReadOnly).from_file(&file, None)?;
    fs::remove_file(&path)?;
    let (part, whole) = (Mapping::from_shared(part.share()?)?, Mapping::from_shared(whole.share()?)?);
    assert_eq!((part.size(), whole.size()), (100, 5000));
    assert_eq!((part.name(), whole.name()), (None, None));
    part.view()?.write(0, b"kept");
    assert_eq!(&whole.read_view()?.get::<[u8; 4]>(0), b"kept");
    assert_eq!(failure(whole.view()), ErrorKind::AccessDenied);
    let foreign = Mapping::from_shared(file.into())?;
    assert_eq!(foreign.size(), 5000);
    Ok(())
}

#[test]
fn a_posix_mapping_is_known_by_its_name() -> Outcome {
    let name = format!("/{}", name("posix"));
    let mapping = Mapping::create(&name, 64)?;
    let received = Mapping::from_shared(mapping.share()?)?;
    assert_eq!((received.name(), received.size()), (Some(name.as_str()), 64));
    assert_eq!(failure(received.unlink()), ErrorKind::InvalidInput);
    mapping.unlink()?;
    received.view()?.put(0, &1_u8);
    assert_eq!(Mapping::from_shared(received.share()?)?.name(), None);
    Ok(())
}

#[test]
fn global_and_odd_names_are_found_again() -> Outcome {
    let odd =
        [format!(r"Global\{}", name("global")), format!("../{}/%", name("odd")), format!("{} (deleted)", name("x"))];
    for name in odd {
        let mapping = Mapping::create(&name, 64)?;
        let received = Mapping::from_shared(mapping.share()?)?;
        assert_eq!(received.name(), Some(name.as_str()));
        drop(mapping);
        assert_eq!(Mapping::open(&name)?.size(), 64);
        drop(received);
        ends(&name);
    }
    let long = name("long") + &"n".repeat(400);
    let received = Mutex::from_shared(Mutex::create(&long)?.share()?)?;
    assert!(received.name().ends_with('…') && long.starts_with(received.name().trim_end_matches('…')));
    drop(received);
    ends(&long);
    Ok(())
}

#[test]
fn a_mapping_shows_its_descriptor() -> Outcome {
    let mapping = Mapping::unnamed(64)?;
    mapping.view()?.write(0, b"seen");
    let mut text = [0; 4];
    File::from(mapping.as_fd().try_clone_to_owned()?).read_exact(&mut text)?;
    assert_eq!(&text, b"seen");
    Ok(())
}

#[test]
fn another_kind_is_refused() -> Outcome {
    for kind in KINDS {
        for thing in [Thing::create(kind, &name("kind"))?, unnamed(kind)?] {
            for other in KINDS.into_iter().filter(|&other| other != kind) {
                assert_eq!(failure(from_shared(other, share(&thing)?)), ErrorKind::WrongKind, "{kind} as {other}");
            }
            let name = name_of(&thing).to_owned();
            assert!(name.is_empty() || coview::stat(&name).is_ok_and(|object| !object.dead));
        }
    }
    let error = Event::from_shared(Mutex::unnamed()?.share()?).expect_err("a mutex is no event");
    assert_eq!(error.to_string(), "receive event: it is an object of another kind");
    Ok(())
}

#[test]
fn what_is_no_object_is_refused() -> Outcome {
    let (reader, writer) = io::pipe()?;
    let (socket, _other) = UnixStream::pair()?;
    let foreign: [OwnedFd; 5] = [
        reader.into(),
        writer.into(),
        socket.into(),
        File::open("/dev/shm")?.into(),
        File::options().read(true).write(true).open("/dev/null")?.into(),
    ];
    for descriptor in foreign {
        for kind in KINDS {
            assert_eq!(failure(from_shared(kind, descriptor.try_clone()?)), ErrorKind::InvalidInput, "{kind}");
        }
    }
    let path = std::env::temp_dir().join(name("foreign"));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    assert_eq!(failure(Mapping::from_shared(file.try_clone()?.into())), ErrorKind::InvalidInput, "an empty file");
    file.set_len(100)?;
    for kind in [Kind::Mutex, Kind::Event, Kind::Semaphore] {
        assert_eq!(failure(from_shared(kind, file.try_clone()?.into())), ErrorKind::WrongKind);
    }
    Ok(())
}

#[test]
fn a_descriptor_without_a_hold_is_worth_what_the_object_is() -> Outcome {
    let event = Event::create(&name("opened"), Reset::Auto)?;
    let open = |write: bool| File::options().read(true).write(write).open(path_of(event.name()));
    assert_eq!(failure(Event::from_shared(open(false)?.into())), ErrorKind::AccessDenied);
    let opened = open(true)?;
    assert_eq!(Event::from_shared(opened.try_clone()?.into())?.name(), event.name());
    drop(event);
    assert_eq!(failure(Event::from_shared(opened.into())), ErrorKind::NotFound);
    Ok(())
}

#[test]
fn role_hurried() {
    play("role_hurried", || {
        let begin = Instant::now();
        let received = Event::from_shared(inherited()?);
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
        say(if received.is_ok() { "received" } else { "refused" });
        Ok(())
    });
}

#[test]
fn a_lease_on_the_file_holds_up_nobody() -> Outcome {
    const LESSEE: &str = "\
import fcntl, signal, subprocess, sys, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = open(sys.argv[1], 'r+b', buffering=0)
# Who has just been forked may have a copy of the descriptor that the file was written through.
for _ in range(1000):
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        break
    except BlockingIOError:
        time.sleep(0.01)
sys.exit(subprocess.call(sys.argv[2:], stderr=file))
";
    let event = Event::create(&name("leased"), Reset::Auto)?;
    // As another user's folder is called: in this one's own it would be swept.
    let folder = PathBuf::from(format!("/dev/shm/coview-{}", name("lessee")));
    fs::create_dir(&folder)?;
    let leased = folder.join("lease");
    fs::copy(path_of(event.name()), &leased)?;
    let role = Actor::command("role_hurried", &[]);
    let mut command = Command::new("python3");
    command.args(["-c", LESSEE]).arg(&leased).arg(role.get_program()).args(role.get_args());
    command.envs(role.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let said = Actor::spawn("a lessee", command).line();
    fs::remove_dir_all(&folder)?;
    assert_eq!(said, "refused");
    Ok(())
}

#[test]
fn a_damaged_block_is_refused() -> Outcome {
    let event = Event::create(&name("damaged"), Reset::Auto)?;
    let file = File::options().write(true).open(path_of(event.name()))?;
    for (at, text) in [(0, b"nothing!"), (12, b"\xff\0\0\0\0\0\0\0")] {
        file.write_all_at(text, 60 * 1024 + at)?;
        assert_eq!(failure(Event::from_shared(event.share()?)), ErrorKind::Damaged);
    }
    file.set_len(10)?;
    assert_eq!(failure(Event::from_shared(event.share()?)), ErrorKind::Damaged);
    Ok(())
}

#[test]
fn what_lost_its_name_to_others_goes_on_among_those_who_have_it() -> Outcome {
    let (mutex, mapping) = (Mutex::create(&name("lost"))?, Mapping::create(&name("lost"), 64)?);
    fs::remove_file(path_of(mutex.name()))?;
    fs::remove_file(path_of(mapping.name().unwrap_or_default()))?;
    let (other, same) = (Mutex::from_shared(mutex.share()?)?, Mapping::from_shared(mapping.share()?)?);
    let guard = mutex.lock()?;
    assert!(common::in_thread(|| other.try_lock().map(|guard| guard.is_none()))?);
    drop(guard);
    mapping.view()?.put(0, &9_u8);
    assert_eq!(same.view()?.get::<u8>(0), 9);
    Ok(())
}
