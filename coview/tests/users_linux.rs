//! Several users on one machine: what each may see, open and remove. Needs root, to become others.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Stdio;

use common::{Actor, KINDS, Outcome, failure, given, hear, name, note, play, say};
use coview::os::linux::{Share, create_or_open_over};
use coview::{
    Access, ErrorKind, Event, EventOptions, Kind, Mapping, MappingOptions, Mutex, MutexOptions, Namespace, Reset,
    Rights, Semaphore, SemaphoreOptions, Timer, TimerOptions,
};

const ONE: u32 = 54_321;
const OTHER: u32 = 54_322;
const GROUP: u32 = 54_400;

/// Runs a role as another user; `None` where that is not allowed.
fn user(user: u32, group: u32, role: &str, given: &[(&str, &str)]) -> Option<Actor> {
    user_with(user, group, role, given, Stdio::inherit())
}

/// The same, with something as its standard error.
fn user_with(user: u32, group: u32, role: &str, given: &[(&str, &str)], error: Stdio) -> Option<Actor> {
    let mut command = Actor::command("role_nobody", &[]);
    // Somebody else must be allowed to become that user and to read this program.
    if !command.uid(user).gid(group).output().is_ok_and(|output| output.status.success()) {
        note("skipped, this user cannot run the program as another");
        return None;
    }
    let mut command = Actor::command(role, given);
    command.uid(user).gid(group).current_dir("/").stderr(error);
    Some(Actor::spawn(role, command))
}

#[test]
fn role_nobody() {}

/// The folder of a user's local names, which is removed at last if the tests have left it empty.
struct Folder(PathBuf);

impl Folder {
    fn of(user: u32) -> Folder {
        Folder(PathBuf::from(format!("/dev/shm/coview-{user}")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0).or_else(|_| fs::remove_file(&self.0));
    }
}

fn kind_given() -> Kind {
    KINDS.into_iter().find(|kind| kind.to_string() == given("KIND")).expect("it is a known kind")
}

fn create(kind: Kind, name: &str, rights: Rights) -> coview::Result<Box<dyn std::any::Any>> {
    Ok(match kind {
        Kind::Mapping => Box::new(MappingOptions::new().rights(rights).create(name, 5000)?),
        Kind::Mutex => Box::new(MutexOptions::new().rights(rights).create(name)?),
        Kind::Event => Box::new(EventOptions::new(Reset::Manual).rights(rights).create(name)?),
        Kind::Timer => Box::new(TimerOptions::new(Reset::Manual).rights(rights).create(name)?),
        _ => Box::new(SemaphoreOptions::new().rights(rights).create(name, 1, 1)?),
    })
}

#[test]
fn role_creator() {
    play("role_creator", || {
        let rights = match given("RIGHTS").as_str() {
            "private" => Rights::Private,
            "group" => Rights::Group,
            "read" => Rights::EveryoneReadOnly,
            _ => Rights::Everyone,
        };
        let _thing = create(kind_given(), &given("NAME"), rights)?;
        say("created");
        while hear().is_some() {}
        Ok(())
    });
}

fn creator(as_user: u32, kind: Kind, name: &str, rights: &str) -> Option<Actor> {
    let given = [("KIND", &*kind.to_string()), ("NAME", name), ("RIGHTS", rights)];
    let mut actor = user(as_user, GROUP, "role_creator", &given)?;
    actor.says("created");
    Some(actor)
}

/// Says the kind of the failure, or what was found.
fn report<T>(result: coview::Result<T>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

#[test]
fn role_opener() {
    play("role_opener", || {
        let (kind, name) = (kind_given(), given("NAME"));
        let used = match kind {
            Kind::Mapping => Mapping::open(&name).and_then(|mapping| mapping.view()?.flush()),
            Kind::Mutex => Mutex::open(&name).and_then(|mutex| mutex.lock()?.unlock()),
            Kind::Event => Event::open(&name).and_then(|event| event.set()),
            Kind::Timer => Timer::open(&name).and_then(|timer| timer.cancel()),
            _ => Semaphore::open(&name).and_then(|semaphore| {
                semaphore.acquire()?;
                semaphore.release(1).map(drop)
            }),
        };
        let read = match kind {
            Kind::Mapping => MappingOptions::new().access(Access::ReadOnly).open(&name).and_then(|it| it.read_view()),
            _ => Mapping::unnamed(1).and_then(|mapping| mapping.read_view()),
        };
        let created = common::Thing::create(kind, &name);
        say(&format!("{} {} {}", report(used), report(read), report(created)));
        Ok(())
    });
}

/// What another user meets who uses it, reads it (if it is a mapping), and creates it.
fn meets(as_user: u32, group: u32, kind: Kind, name: &str) -> Option<String> {
    let mut actor = user(as_user, group, "role_opener", &[("KIND", &kind.to_string()), ("NAME", name)])?;
    let line = actor.line();
    actor.finish();
    Some(line)
}

#[test]
fn the_local_names_of_two_users_have_nothing_to_do_with_each_other() -> Outcome {
    let (_one, _other) = (Folder::of(ONE), Folder::of(OTHER));
    for kind in KINDS {
        let name = name("local");
        let Some(creator) = creator(ONE, kind, &name, "everyone") else { return Ok(()) };
        assert_eq!(meets(OTHER, GROUP, kind, &name).as_deref(), Some(nothing_there(kind)));
        assert_eq!(failure(common::Thing::open(kind, &name)), ErrorKind::NotFound, "root has names of its own");
        creator.finish();
    }
    let folder = fs::metadata(&Folder::of(ONE).0)?;
    assert_eq!((folder.mode() & 0o7777, folder.uid()), (0o700, ONE));
    Ok(())
}

fn nothing_there(kind: Kind) -> &'static str {
    if kind == Kind::Mapping { "NotFound NotFound ok" } else { "NotFound ok ok" }
}

#[test]
fn the_rights_of_a_global_object_are_enforced() -> Outcome {
    const DENIED: &str = "AccessDenied AccessDenied AccessDenied";
    for kind in KINDS {
        let mapping = kind == Kind::Mapping;
        let cases = [
            ("private", GROUP, if mapping { DENIED } else { "AccessDenied ok AccessDenied" }),
            ("group", GROUP, "ok ok AlreadyExists"),
            ("group", GROUP + 1, if mapping { DENIED } else { "AccessDenied ok AccessDenied" }),
            ("read", GROUP + 1, "AccessDenied ok AlreadyExists"),
            ("everyone", GROUP + 1, "ok ok AlreadyExists"),
        ];
        for (rights, group, expected) in cases {
            let name = format!(r"Global\{}", name("rights"));
            let Some(creator) = creator(ONE, kind, &name, rights) else { return Ok(()) };
            let met = meets(OTHER, group, kind, &name);
            assert_eq!(met.as_deref(), Some(expected), "a {kind} for {rights}, seen from group {group}");
            assert!(common::Thing::open(kind, &name).is_ok(), "root may");
            creator.finish();
            assert_eq!(failure(common::Thing::open(kind, &name)), ErrorKind::NotFound);
        }
    }
    Ok(())
}

#[test]
fn a_global_object_lives_while_any_user_holds_it() -> Outcome {
    for kind in KINDS {
        let name = format!(r"Global\{}", name("holders"));
        let Some(mut creator) = creator(ONE, kind, &name, "everyone") else { return Ok(()) };
        let opened = common::Thing::open(kind, &name)?;
        creator.kill();
        assert_eq!(meets(OTHER, OTHER, kind, &name).as_deref(), Some("ok ok AlreadyExists"));
        drop(opened);
        assert_eq!(failure(common::Thing::open(kind, &name)), ErrorKind::NotFound);
    }
    Ok(())
}

#[test]
fn what_a_killed_user_left_is_told_from_what_lives() -> Outcome {
    for kind in KINDS {
        let name = format!(r"Global\{}", name("left"));
        let Some(mut dead) = creator(ONE, kind, &name, "everyone") else { return Ok(()) };
        dead.kill();
        let met = meets(OTHER, OTHER, kind, &name).ok_or("it ran before")?;
        assert!(met.starts_with("NotFound"), "{met}");
        // Its own user, and root, can have the name again.
        let again = creator(ONE, kind, &name, "private").ok_or("it ran before")?;
        again.finish();
        let mut dead = creator(ONE, kind, &name, "private").ok_or("it ran before")?;
        dead.kill();
        assert!(common::Thing::create(kind, &name)?.is_new()?);
    }
    coview::sweep(Namespace::Global)?;
    Ok(())
}

#[test]
fn a_folder_that_is_not_the_users_own_is_not_used() -> Outcome {
    let user_id = 54_323;
    let folder = Folder::of(user_id);
    let strange: [fn(&PathBuf) -> std::io::Result<()>; 4] = [
        |path| fs::create_dir(path).and_then(|()| fs::set_permissions(path, PermissionsExt::from_mode(0o777))),
        |path| symlink("/tmp", path),
        |path| fs::write(path, b"no folder"),
        |path| {
            fs::create_dir(path)?;
            std::os::unix::fs::chown(path, Some(54_323), Some(GROUP))?;
            fs::set_permissions(path, PermissionsExt::from_mode(0o770))
        },
    ];
    for lay in strange {
        lay(&folder.0)?;
        let Some(met) = meets(user_id, GROUP, Kind::Mutex, &name("squatted")) else { return Ok(()) };
        assert!(met.ends_with("AccessDenied"), "{met}");
        let _ = fs::remove_dir(&folder.0).or_else(|_| fs::remove_file(&folder.0));
    }
    Ok(())
}

#[test]
fn nobody_can_put_a_file_of_his_into_the_way_of_a_local_name() -> Outcome {
    let (folder, name) = (Folder::of(ONE), name("planted"));
    let Some(creator) = creator(ONE, Kind::Mutex, &format!("{name}.other"), "private") else { return Ok(()) };
    // Only root could do this, or the user himself; still it is not taken for an object.
    fs::write(folder.0.join(&name), b"planted")?;
    fs::set_permissions(folder.0.join(&name), PermissionsExt::from_mode(0o666))?;
    let met = meets(ONE, GROUP, Kind::Mapping, &name).ok_or("it ran before")?;
    assert!(!met.starts_with("ok"), "{met}");
    let _ = fs::remove_file(folder.0.join(&name));
    creator.finish();
    Ok(())
}

#[test]
fn role_receiver() {
    play("role_receiver", || {
        let shared = || std::os::fd::AsFd::as_fd(&std::io::stderr()).try_clone_to_owned();
        let used = match kind_given() {
            Kind::Mapping => Mapping::from_shared(shared()?)?.view().map(|view| view.put(0, &1_u8)),
            _ => Mutex::from_shared(shared()?)?.lock().map(drop),
        };
        // A handle of a handle, and the first of them gone.
        let again = match kind_given() {
            Kind::Mapping => Mapping::from_shared(Mapping::from_shared(shared()?)?.share()?).map(drop),
            _ => Mutex::from_shared(Mutex::from_shared(shared()?)?.share()?).map(drop),
        };
        say(&format!("{} {}", report(used), report(again)));
        while hear().is_some() {}
        Ok(())
    });
}

#[test]
fn a_descriptor_gives_another_user_what_its_name_would_not() -> Outcome {
    let (mapping, mutex) = (Mapping::create(&name("given"), 64)?, Mutex::create(&name("given"))?);
    let unnamed = (Mapping::unnamed(64)?, Mutex::unnamed()?);
    let cases = [
        (Kind::Mapping, mapping.name().unwrap_or_default(), mapping.share()?),
        (Kind::Mutex, mutex.name(), mutex.share()?),
        (Kind::Mapping, "", unnamed.0.share()?),
        (Kind::Mutex, "", unnamed.1.share()?),
    ];
    for (kind, name, descriptor) in cases {
        let given = [("KIND", &*kind.to_string())];
        let Some(mut receiver) = user_with(ONE, GROUP, "role_receiver", &given, descriptor.into()) else {
            return Ok(());
        };
        receiver.says("ok ok");
        assert!(name.is_empty() || !coview::stat(name)?.dead, "the other's handles took nothing with them");
        receiver.finish();
        assert!(name.is_empty() || !coview::stat(name)?.dead);
    }
    Ok(())
}

#[test]
fn role_namer() {
    play("role_namer", || {
        let file = fs::File::options().read(true).write(true).open(given("PATH"))?;
        let options = MappingOptions::new().rights(Rights::Everyone);
        let _made = create_or_open_over(&given("NAME"), &file, 64, &options)?;
        say("named");
        while hear().is_some() {}
        Ok(())
    });
}

#[test]
fn nobody_is_led_to_a_file_of_his_own_by_another_users_name() -> Outcome {
    let path = std::env::temp_dir().join(name("led"));
    fs::write(&path, [0; 64])?;
    fs::set_permissions(&path, PermissionsExt::from_mode(0o666))?;
    for (owner, expected) in [(ONE, "ok"), (OTHER, "AccessDenied")] {
        std::os::unix::fs::chown(&path, Some(owner), None)?;
        let name = format!(r"Global\{}", name("led"));
        let given = [("NAME", &*name), ("PATH", &path.to_string_lossy())];
        let Some(mut namer) = user(ONE, GROUP, "role_namer", &given) else { break };
        namer.says("named");
        let met = meets(OTHER, GROUP, Kind::Mapping, &name).ok_or("it ran before")?;
        assert!(met.starts_with(expected), "{met}");
        namer.finish();
    }
    fs::remove_file(&path)?;
    Ok(())
}
