//! Named mappings over files, and the marks of mappings.
#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Stdio;

use common::{Actor, Outcome, failure, given, hear_out, name, play, say};
use coview::os::linux::{MappingExt, MappingOptionsExt, Share, create_or_open_over};
use coview::{Access, ErrorKind, Event, Kind, Mapping, MappingOptions, Mutex, Namespace, Reset, Rights, State};

/// A file that goes with this value.
struct Scratch {
    path: PathBuf,
    file: File,
}

impl Scratch {
    fn new(len: u64) -> std::io::Result<Scratch> {
        let path = std::env::temp_dir().join(name("over.file"));
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        file.set_len(len)?;
        Ok(Scratch { path, file })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn over(name: &str, file: &File, size: u64) -> coview::Result<Mapping> {
    create_or_open_over(name, file, size, &MappingOptions::new())
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
fn role_opener() {
    play("role_opener", || {
        match Mapping::open(&given("NAME")) {
            Ok(mapping) => {
                let view = mapping.view()?;
                say(&format!("{} {}", mapping.size(), String::from_utf8_lossy(&view.read_vec(0, 4))));
                view.write(4, b"back");
                say("written");
                hear_out();
            }
            Err(error) => say(&format!("{:?}", error.kind())),
        }
        Ok(())
    });
}

fn opener(name: &str) -> Actor {
    Actor::start("role_opener", &[("NAME", name)])
}

#[test]
fn another_process_opens_the_name_and_gets_the_file() -> Outcome {
    let (name, scratch) = (name("opened"), Scratch::new(0)?);
    let made = over(&name, &scratch.file, 4101)?;
    assert!(made.was_created());
    assert_eq!((made.size(), scratch.file.metadata()?.len()), (4101, 4101));
    made.view()?.write(0, b"here");
    let mut opener = opener(&name);
    opener.says("4101 here");
    opener.says("written");
    assert_eq!(&fs::read(&scratch.path)?[..8], b"hereback");
    drop(made);
    assert_eq!(Mapping::open(&name)?.size(), 4101, "the opener keeps it");
    opener.finish();
    ends(&name);
    assert!(scratch.path.exists());
    Ok(())
}

#[test]
fn the_first_file_stays_whatever_others_bring() -> Outcome {
    let (name, one, two) = (name("first"), Scratch::new(100)?, Scratch::new(0)?);
    let first = over(&name, &one.file, 64)?;
    let second = over(&name, &two.file, 5000)?;
    let third = Mapping::create_or_open(&name, 9, |_| unreachable!("it exists"))?;
    assert!(!second.was_created() && !third.was_created());
    assert_eq!((second.size(), third.size()), (64, 64));
    assert_eq!(two.file.metadata()?.len(), 0, "the file that was not used is as it was");
    third.view()?.put(0, &3_u8);
    assert_eq!((first.view()?.get::<u8>(0), second.view()?.get::<u8>(0)), (3, 3));
    assert_eq!(failure(Mapping::create(&name, 1)), ErrorKind::AlreadyExists);
    assert_eq!(failure(Mutex::open(&name)), ErrorKind::WrongKind);
    assert_eq!(failure(Event::create(&name, Reset::Auto)), ErrorKind::WrongKind);
    let plain = Mapping::create(&common::name("plain"), 10)?;
    assert_eq!(over(plain.name().unwrap_or_default(), &two.file, 64)?.size(), 10);
    Ok(())
}

#[test]
fn it_is_listed_as_a_mapping_of_its_size() -> Outcome {
    let (name, scratch) = (name("listed"), Scratch::new(10_000)?);
    let _made = over(&name, &scratch.file, 7777)?;
    let found = coview::list(Namespace::Local)?.into_iter().find(|object| object.name == name).ok_or("not listed")?;
    for object in [found, coview::stat(&name)?] {
        assert_eq!((object.kind, object.size, object.state), (Kind::Mapping, Some(7777), State::Mapping));
        assert_eq!(object.rights.as_deref(), Some("rw-------"));
        assert!(!object.dead);
    }
    Ok(())
}

#[test]
fn what_a_killed_process_named_is_found_dead() -> Outcome {
    let (name, scratch) = (name("killed"), Scratch::new(64)?);
    let mut maker = Actor::start("role_maker", &[("NAME", &name), ("PATH", &scratch.path.to_string_lossy())]);
    maker.says("made");
    maker.kill();
    assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
    assert!(over(&name, &scratch.file, 32)?.was_created());
    ends(&name);
    Ok(())
}

#[test]
fn role_maker() {
    play("role_maker", || {
        let file = File::options().read(true).write(true).open(given("PATH"))?;
        let _made = over(&given("NAME"), &file, 64)?;
        say("made");
        hear_out();
        Ok(())
    });
}

#[test]
fn a_file_without_its_path_is_found_through_the_creator() -> Outcome {
    let (name, scratch) = (name("moved"), Scratch::new(64)?);
    scratch.file.write_all_at(b"here", 0)?;
    let made = over(&name, &scratch.file, 64)?;
    fs::remove_file(&scratch.path)?;
    // Another file in its place is not it.
    fs::write(&scratch.path, [0; 64])?;
    let mut first = opener(&name);
    first.says("64 here");
    first.says("written");
    drop(made);
    let error = Mapping::open(&name).expect_err("nobody leads to the file any more");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.contains(&*scratch.path.to_string_lossy()) && text.contains("process"), "{text}");
    first.finish();
    ends(&name);
    let memory = Mapping::unnamed(100)?;
    let made = over(&name, &File::from(memory.share()?), 100)?;
    memory.view()?.write(0, b"memo");
    let mut second = opener(&name);
    second.says("100 memo");
    drop(made);
    Ok(())
}

#[test]
fn a_truncated_file_is_told() -> Outcome {
    let (name, scratch) = (name("short"), Scratch::new(64)?);
    let _made = over(&name, &scratch.file, 64)?;
    scratch.file.set_len(63)?;
    let error = Mapping::open(&name).expect_err("a byte is missing");
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().contains("truncated"), "{error}");
    Ok(())
}

#[test]
fn reading_is_enough_for_a_read_only_mapping() -> Outcome {
    let (name, scratch) = (name("readonly"), Scratch::new(64)?);
    let file = File::open(&scratch.path)?;
    let reading = MappingOptions::new().access(Access::ReadOnly);
    assert_eq!(failure(over(&name, &file, 64)), ErrorKind::AccessDenied);
    assert_eq!(failure(create_or_open_over(&name, &file, 65, &reading)), ErrorKind::InvalidInput);
    ends(&name);
    let made = create_or_open_over(&name, &file, 64, &reading)?;
    assert!(made.was_created());
    made.read_view()?;
    assert_eq!(failure(made.view()), ErrorKind::AccessDenied);
    let opened = reading.open(&name)?;
    for shared in [Mapping::from_shared(made.share()?)?, Mapping::from_shared(opened.share()?)?] {
        assert_eq!((shared.size(), shared.name()), (64, Some(name.as_str())));
        shared.read_view()?;
        assert_eq!(failure(shared.view()), ErrorKind::AccessDenied);
    }
    Ok(())
}

#[test]
fn its_descriptor_leads_to_the_file() -> Outcome {
    let (name, scratch) = (name("shared"), Scratch::new(64)?);
    scratch.file.write_all_at(b"here", 0)?;
    let made = over(&name, &scratch.file, 64)?;
    let mut command = Actor::command("role_receiver", &[]);
    command.stderr(Stdio::from(made.share()?));
    let mut receiver = Actor::spawn("role_receiver", command);
    receiver.says(&format!("{name} 64 here"));
    drop(made);
    assert_eq!(Mapping::open(&name)?.size(), 64);
    receiver.finish();
    ends(&name);
    Ok(())
}

#[test]
fn role_receiver() {
    play("role_receiver", || {
        let descriptor = std::os::fd::AsFd::as_fd(&std::io::stderr()).try_clone_to_owned()?;
        let mapping = Mapping::from_shared(descriptor)?;
        let text = mapping.view()?.read_vec(0, 4);
        say(&format!("{} {} {}", mapping.name().unwrap_or_default(), mapping.size(), String::from_utf8_lossy(&text)));
        hear_out();
        Ok(())
    });
}

#[test]
fn what_cannot_be_named_is_refused() -> Outcome {
    let scratch = Scratch::new(64)?;
    assert_eq!(failure(over(&format!("/{}", name("posix")), &scratch.file, 64)), ErrorKind::InvalidInput);
    assert_eq!(failure(over(r"a\b", &scratch.file, 64)), ErrorKind::InvalidName);
    assert_eq!(failure(over(&name("empty"), &scratch.file, 0)), ErrorKind::InvalidInput);
    let folder = File::open(std::env::temp_dir())?;
    assert_eq!(failure(over(&name("folder"), &folder, 64)), ErrorKind::InvalidInput);
    let event = Event::create(&name("kind"), Reset::Auto)?;
    assert_eq!(failure(over(event.name(), &scratch.file, 64)), ErrorKind::WrongKind);
    Ok(())
}

#[test]
fn whatever_the_object_says_an_open_returns() -> Outcome {
    let (name, scratch) = (name("hostile"), Scratch::new(64)?);
    let _made = over(&name, &scratch.file, 64)?;
    let object = File::options().read(true).write(true).open(path_of(&name))?;
    let mut before = [0; 100];
    object.read_exact_at(&mut before, 60 * 1024)?;
    for at in (0..60).step_by(4) {
        for word in [0, 1, 64, u32::MAX, u32::MAX >> 1] {
            object.write_all_at(&word.to_le_bytes(), 60 * 1024 + at)?;
            if let Ok(mapping) = Mapping::open(&name) {
                mapping.view()?.read_vec(0, mapping.size() as usize);
            }
            coview::stat(&name)?;
            object.write_all_at(&before, 60 * 1024)?;
        }
    }
    assert_eq!(Mapping::open(&name)?.size(), 64);
    Ok(())
}

#[test]
fn whoever_may_write_the_object_leads_nobody_to_a_file_that_he_may_not_write() -> Outcome {
    let (common, own) = (Scratch::new(64)?, Scratch::new(64)?);
    let everyone = MappingOptions::new().rights(Rights::Everyone);
    for mode in [0o600, 0o644, 0o664, 0o666] {
        common.file.set_permissions(fs::Permissions::from_mode(mode))?;
        let made = create_or_open_over(&name("led"), &common.file, 64, &everyone)?;
        let path = path_of(made.name().unwrap_or_default());
        assert_eq!(fs::metadata(&path)?.mode() & 0o022 & !mode, 0, "others may write the object and not the file");
        // What another user could do where the rights are everyone's.
        let object = File::options().write(true).open(&path)?;
        let (target, path) = (own.file.metadata()?, own.path.to_string_lossy().into_owned());
        object.write_all_at(&target.dev().to_le_bytes(), 60 * 1024 + 16)?;
        object.write_all_at(&target.ino().to_le_bytes(), 60 * 1024 + 24)?;
        object.write_all_at(&(path.len() as u32).to_le_bytes(), 60 * 1024 + 48)?;
        object.write_all_at(path.as_bytes(), 60 * 1024 + 52)?;
        own.file.set_permissions(fs::Permissions::from_mode(0o600))?;
        let opened = Mapping::open(made.name().unwrap_or_default()).map_err(|error| error.kind());
        assert_eq!(opened.err(), (mode & 0o022 != 0).then_some(ErrorKind::AccessDenied), "{mode:o}");
    }
    Ok(())
}

#[test]
fn many_racers_name_one_file() -> Outcome {
    let (name, scratch) = (name("race"), Scratch::new(0)?);
    let made = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..16).map(|_| scope.spawn(|| over(&name, &scratch.file, 4096))).collect();
        racers.into_iter().map(|racer| racer.join().expect("no racer panics")).collect::<coview::Result<Vec<_>>>()
    })?;
    assert_eq!(made.iter().filter(|mapping| mapping.was_created()).count(), 1);
    drop(made);
    ends(&name);
    Ok(())
}

#[test]
fn marks_stay_with_a_mapping() -> Outcome {
    let scratch = Scratch::new(64)?;
    for marks in 0..8 {
        let options = MappingOptions::new().marks(marks);
        let name = name("marks");
        let made = options.create(&name, 64)?;
        assert_eq!(coview::stat(&name)?.rights.as_deref(), Some("rw-------"));
        let others = [
            Mapping::open(&name)?,
            MappingOptions::new().marks(7 - marks).create_or_open(&name, 64, |_| ())?,
            Mapping::from_shared(made.share()?)?,
            options.create_or_open(&common::name("marks"), 64, |_| ())?,
            create_or_open_over(&common::name("marks"), &scratch.file, 64, &options)?,
            options.unnamed(64)?,
            Mapping::from_shared(options.unnamed(64)?.share()?)?,
        ];
        for mapping in others.iter().chain([&made]) {
            assert_eq!(mapping.marks()?, marks);
        }
    }
    Ok(())
}

#[test]
fn files_and_posix_names_keep_no_marks() -> Outcome {
    let scratch = Scratch::new(64)?;
    fs::set_permissions(&scratch.path, fs::Permissions::from_mode(0o777))?;
    assert_eq!(Mapping::from_file(&scratch.file, None)?.marks()?, 0);
    let options = MappingOptions::new().marks(1);
    assert_eq!(failure(options.from_file(&scratch.file, None)), ErrorKind::InvalidInput);
    let posix = format!("/{}", name("posix"));
    assert_eq!(failure(options.create(&posix, 64)), ErrorKind::InvalidInput);
    assert_eq!(failure(options.create_or_open(&posix, 64, |_| ())), ErrorKind::InvalidInput);
    assert_eq!(failure(Mapping::open(&posix)), ErrorKind::NotFound);
    Ok(())
}

#[test]
#[should_panic(expected = "three bits")]
fn four_bits_of_marks_are_too_many() {
    let _ = MappingOptions::new().marks(8);
}
