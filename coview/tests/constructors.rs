//! Every constructor of every kind against every state that a name can be in.

mod common;

use std::time::{Duration, Instant};

use common::{
    Actor, DEADLINE, KINDS, Outcome, SHORT, THING_SIZE, Thing, failure, given, hear_out, hold, name, play, play_hold,
    say,
};
use coview::{
    ErrorKind, EventOptions, Kind, Mapping, MappingOptions, MutexOptions, Reset, Semaphore, SemaphoreOptions, Timer,
    TimerOptions,
};

#[test]
fn role_hold() {
    play_hold();
}

#[test]
fn an_absent_name_can_be_created_and_not_opened() -> Outcome {
    for kind in KINDS {
        let name = name("absent");
        assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::NotFound);
        let created = Thing::create(kind, &name)?;
        assert!(created.was_created() && created.is_new()?);
        drop(created);
        let created = Thing::create_or_open(kind, &name)?;
        assert!(created.was_created() && created.is_new()?);
        drop(created);
        assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::NotFound);
    }
    Ok(())
}

#[test]
fn a_name_that_lives_here_can_be_opened_and_not_created() -> Outcome {
    for kind in KINDS {
        let name = name("present");
        let first = Thing::create(kind, &name)?;
        assert!(first.was_created());
        assert_eq!(failure(Thing::create(kind, &name)), ErrorKind::AlreadyExists);
        assert!(!Thing::open(kind, &name)?.was_created());
        assert!(!Thing::create_or_open(kind, &name)?.was_created());
    }
    Ok(())
}

#[test]
fn a_name_that_lives_elsewhere_can_be_opened_and_not_created() -> Outcome {
    for kind in KINDS {
        let name = name("elsewhere");
        let holder = hold(kind, &name);
        assert_eq!(failure(Thing::create(kind, &name)), ErrorKind::AlreadyExists);
        assert!(!Thing::open(kind, &name)?.is_new()?, "the holder has marked it");
        assert!(!Thing::create_or_open(kind, &name)?.was_created());
        holder.finish();
    }
    Ok(())
}

#[test]
fn a_name_of_another_kind_is_refused_by_every_constructor() -> Outcome {
    for kind in KINDS {
        let name = name("kinds");
        let _held = Thing::create(kind, &name)?;
        for other in KINDS.into_iter().filter(|&other| other != kind) {
            assert_eq!(failure(Thing::create(other, &name)), ErrorKind::WrongKind, "create a {other} over a {kind}");
            assert_eq!(failure(Thing::open(other, &name)), ErrorKind::WrongKind, "open a {kind} as a {other}");
            let either = failure(Thing::create_or_open(other, &name));
            assert_eq!(either, ErrorKind::WrongKind, "create or open a {other} over a {kind}");
        }
        assert!(!Thing::open(kind, &name)?.was_created(), "the object has survived all that");
    }
    Ok(())
}

#[test]
fn a_killed_process_leaves_its_names_free() -> Outcome {
    for kind in KINDS {
        let name = name("killed");
        for constructor in [Thing::create, Thing::create_or_open] {
            hold(kind, &name).kill();
            let made = constructor(kind, &name)?;
            assert!(made.was_created() && made.is_new()?, "a {kind} kept something of the dead one");
        }
        hold(kind, &name).kill();
        assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::NotFound);
    }
    Ok(())
}

#[test]
fn what_a_killed_process_left_is_in_the_way_of_no_other_kind() -> Outcome {
    for kind in KINDS {
        for other in KINDS.into_iter().filter(|&other| other != kind) {
            let name = name("reborn");
            hold(kind, &name).kill();
            assert_eq!(failure(Thing::open(other, &name)), ErrorKind::NotFound);
            hold(kind, &name).kill();
            assert!(Thing::create(other, &name)?.is_new()?, "a {other} after a {kind}");
        }
    }
    Ok(())
}

#[test]
fn exit_panic_and_abort_leave_the_names_free() -> Outcome {
    for end in ["exit", "panic", "abort"] {
        for kind in KINDS {
            let name = name(end);
            let given = [("KIND", &*kind.to_string()), ("NAME", &*name), ("END", end)];
            let mut command = Actor::command("role_hold", &given);
            command.stderr(std::process::Stdio::null());
            let mut holder = Actor::spawn("a holder", command);
            holder.says("held");
            assert!(Thing::open(kind, &name).is_ok());
            assert_eq!(holder.status().success(), end == "exit");
            assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::NotFound, "a {kind} after {end}");
            assert!(Thing::create(kind, &name)?.is_new()?);
        }
    }
    Ok(())
}

#[test]
fn an_object_lives_until_its_last_handle_goes() -> Outcome {
    for kind in KINDS {
        let name = name("last");
        let creator = Thing::create(kind, &name)?;
        let mut elsewhere = hold(kind, &name);
        let opened = Thing::open(kind, &name)?;
        drop(creator);
        assert!(Thing::open(kind, &name).is_ok(), "two handles are left");
        elsewhere.kill();
        assert!(Thing::open(kind, &name).is_ok(), "one handle is left");
        drop(opened);
        assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::NotFound);
    }
    Ok(())
}

#[test]
fn a_name_can_die_and_be_reborn_many_times() -> Outcome {
    for kind in KINDS {
        let name = name("reborn");
        for _ in 0..200 {
            let thing = Thing::create(kind, &name)?;
            assert!(thing.is_new()?);
            thing.mark()?;
            drop(thing);
        }
    }
    Ok(())
}

#[test]
fn arguments_are_judged_before_names() -> Outcome {
    let name = name("arguments");
    let _mapping = Mapping::create(&name, 64)?;
    assert_eq!(failure(Mapping::create(&name, 0)), ErrorKind::InvalidInput);
    assert_eq!(failure(Mapping::create_or_open(&name, 0, |_| ())), ErrorKind::InvalidInput);
    for (initial, maximum) in [(0, 0), (2, 1), (0, 1 << 31), (u32::MAX, u32::MAX)] {
        assert_eq!(failure(Semaphore::create(&name, initial, maximum)), ErrorKind::InvalidInput);
        assert_eq!(failure(Semaphore::create_or_open(&name, initial, maximum)), ErrorKind::InvalidInput);
    }
    Ok(())
}

#[test]
fn the_first_creator_decides_what_the_object_is_like() -> Outcome {
    let (mapping, event, semaphore) = (name("first.mapping"), name("first.event"), name("first.semaphore"));
    let _mapping = Mapping::create(&mapping, 5000)?;
    assert_eq!(Mapping::create_or_open(&mapping, 64, |_| panic!("it exists"))?.size(), 5000);
    assert_eq!(Mapping::create_or_open(&mapping, 1 << 20, |_| panic!("it exists"))?.size(), 5000);

    let _event = EventOptions::new(Reset::Manual).signaled(true).create(&event)?;
    let other = EventOptions::new(Reset::Auto).create_or_open(&event)?;
    assert!(other.try_wait()? && other.try_wait()?, "it resets by hand and began signaled");

    let timer = name("first.timer");
    let first = Timer::create(&timer, Reset::Manual)?;
    let other = Timer::create_or_open(&timer, Reset::Auto)?;
    first.set(Duration::ZERO, None)?;
    assert!(other.wait_timeout(DEADLINE)? && other.try_wait()?, "it resets by hand");

    let _semaphore = Semaphore::create(&semaphore, 0, 3)?;
    let other = Semaphore::create_or_open(&semaphore, 7, 7)?;
    assert!(!other.try_acquire()?);
    assert_eq!(failure(other.release(4)), ErrorKind::LimitExceeded);
    Ok(())
}

/// Opens a thing of any kind, waiting for it to appear.
fn open_patiently(kind: Kind, name: &str, timeout: Duration) -> coview::Result<()> {
    match kind {
        Kind::Mapping => MappingOptions::new().open_timeout(timeout).open(name).map(drop),
        Kind::Mutex => MutexOptions::new().open_timeout(timeout).open(name).map(drop),
        Kind::Event => EventOptions::new(Reset::Auto).open_timeout(timeout).open(name).map(drop),
        Kind::Semaphore => SemaphoreOptions::new().open_timeout(timeout).open(name).map(drop),
        _ => TimerOptions::new(Reset::Auto).open_timeout(timeout).open(name).map(drop),
    }
}

#[test]
fn a_patient_open_gives_up_in_time_and_not_before() {
    for kind in KINDS {
        let begin = Instant::now();
        let result = open_patiently(kind, &name("never"), SHORT);
        assert_eq!(failure(result), ErrorKind::TimedOut);
        assert!(begin.elapsed() >= SHORT, "it gave up after {:?}", begin.elapsed());
        assert!(begin.elapsed() < DEADLINE);
    }
}

#[test]
fn a_patient_open_of_what_exists_does_not_wait() -> Outcome {
    for kind in KINDS {
        let name = name("there");
        let _held = Thing::create(kind, &name)?;
        let begin = Instant::now();
        open_patiently(kind, &name, DEADLINE)?;
        assert!(begin.elapsed() < DEADLINE / 2);
    }
    Ok(())
}

#[test]
fn role_patient() {
    play("role_patient", || {
        let kind = KINDS.into_iter().find(|kind| kind.to_string() == given("KIND")).expect("it is a known kind");
        say("opening");
        open_patiently(kind, &given("NAME"), DEADLINE)?;
        say("opened");
        hear_out();
        Ok(())
    });
}

#[test]
fn a_patient_open_gets_what_another_process_creates_later() -> Outcome {
    for kind in KINDS {
        let name = name("later");
        let mut patient = Actor::start("role_patient", &[("KIND", &kind.to_string()), ("NAME", &name)]);
        patient.says("opening");
        let _made = Thing::create(kind, &name)?;
        patient.says("opened");
        patient.finish();
    }
    Ok(())
}

#[test]
fn a_patient_open_gets_what_takes_the_place_of_a_dead_object() -> Outcome {
    for kind in KINDS {
        let name = name("after");
        hold(kind, &name).kill();
        let mut patient = Actor::start("role_patient", &[("KIND", &kind.to_string()), ("NAME", &name)]);
        patient.says("opening");
        let _made = Thing::create_or_open(kind, &name)?;
        patient.says("opened");
        patient.finish();
    }
    Ok(())
}

#[test]
fn errors_say_what_was_wanted_of_whom() -> Outcome {
    for kind in KINDS {
        let name = name("errors");
        let error = Thing::open(kind, &name).map(|_| ()).expect_err("nobody has made it");
        assert!(error.to_string().starts_with(&format!("open {kind} `{name}`: not found")), "{error}");
        assert_eq!(error.name(), Some(&*name));
        assert_eq!(error.operation(), "open");
        assert_eq!(error.noun().to_string(), kind.to_string());

        let global = format!(r"Global\{name}");
        let _there = Thing::create(kind, &global)?;
        let error = Thing::open(kind, &name).map(|_| ()).expect_err("it is in the other namespace");
        assert!(error.to_string().contains(&global), "{error}");
    }
    let name = name("wrong");
    let _mapping = Mapping::create(&name, THING_SIZE)?;
    let error = Thing::open(Kind::Mutex, &name).map(|_| ()).expect_err("it is a mapping");
    assert!(error.to_string().contains("kind mapping"), "{error}");
    Ok(())
}
