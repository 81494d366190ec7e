//! How typed regions are made and found, against every state that their name can be in.

mod common;

use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::Instant;

use common::sealed::Sealed;
use common::{Actor, DEADLINE, Outcome, SHORT, failure, given, gone, hear, hear_out, name, note, play, say};
use coview::{
    Access, Error, ErrorKind, Event, Latest, LatestBytes, LatestBytesPublisher, LatestPublisher, Mapping, Mutex,
    Namespace, Noun, Region, RegionKind, RegionOptions, Reset, Shared, Timer,
};

/// How many processes make the same region at once.
const RACERS: usize = 16;

type Constructor = (&'static str, fn(&RegionOptions, &str) -> coview::Result<()>);

const CREATE: [Constructor; 3] = [
    ("Shared::create", |options, name| Shared::create_with(options, name, &Sealed::new(1)).map(drop)),
    ("LatestPublisher::create", |options, name| LatestPublisher::<Sealed>::create_with(options, name).map(drop)),
    ("LatestBytesPublisher::create", |options, name| LatestBytesPublisher::create_with(options, name, 512).map(drop)),
];

const OPEN: [Constructor; 6] = [
    ("Shared::open", |options, name| Shared::<Sealed>::open_with(options, name).map(drop)),
    ("Latest::open", |options, name| Latest::<Sealed>::open_with(options, name).map(drop)),
    ("LatestPublisher::open", |options, name| LatestPublisher::<Sealed>::open_with(options, name).map(drop)),
    ("LatestBytes::open", |options, name| LatestBytes::open_with(options, name).map(drop)),
    ("LatestBytesPublisher::open", |options, name| LatestBytesPublisher::open_with(options, name).map(drop)),
    ("Region::open", |options, name| Region::open_with(options, name).map(drop)),
];

const EITHER: [Constructor; 3] = [
    ("Shared::create_or_open", |options, name| {
        Shared::<Sealed>::create_or_open_with(options, name, |value| *value = Sealed::new(1)).map(drop)
    }),
    ("LatestPublisher::create_or_open", |options, name| {
        LatestPublisher::<Sealed>::create_or_open_with(options, name).map(drop)
    }),
    ("LatestBytesPublisher::create_or_open", |options, name| {
        LatestBytesPublisher::create_or_open_with(options, name, 512).map(drop)
    }),
];

fn all() -> impl Iterator<Item = Constructor> {
    CREATE.into_iter().chain(OPEN).chain(EITHER)
}

#[track_caller]
fn fails(constructor: Constructor, options: &RegionOptions, name: &str, expected: ErrorKind) -> Error {
    let (what, construct) = constructor;
    let error = construct(options, name).expect_err(what);
    assert_eq!(error.kind(), expected, "{what}: {error}");
    assert!(error.name() == Some(name) && error.to_string().contains(name), "{what}: {error}");
    error
}

fn nothing_is_left(name: &str) -> Outcome {
    let left = coview::list(Namespace::Local)?.into_iter().filter(|object| object.name.contains(name));
    left.for_each(|object| gone(&object.name));
    Ok(())
}

#[test]
fn what_is_absent_is_not_found_and_made_by_those_who_create() -> Outcome {
    let options = RegionOptions::new();
    for constructor in OPEN {
        fails(constructor, &options, &name("absent"), ErrorKind::NotFound);
    }
    for (what, construct) in CREATE.into_iter().chain(EITHER) {
        let name = name("absent");
        for _ in 0..3 {
            // Each goes with its last handle, so the next one finds nothing again.
            construct(&options, &name).map_err(|error| format!("{what}: {error}"))?;
            nothing_is_left(&name)?;
        }
    }
    Ok(())
}

#[test]
fn what_is_there_is_opened_and_not_created_again() -> Outcome {
    let options = RegionOptions::new();
    let shared = name("shared");
    let _shared = Shared::create(&shared, &Sealed::new(1))?;
    let latest = name("latest");
    drop(LatestPublisher::<Sealed>::create(&latest).map(|_publisher| Latest::<Sealed>::open(&latest))??);
    let keeper = LatestPublisher::<Sealed>::create(&latest)?;
    let _latest = Latest::<Sealed>::open(&latest)?;
    drop(keeper);
    let bytes = name("bytes");
    let keeper = LatestBytesPublisher::create(&bytes, 512)?;
    let _bytes = LatestBytes::open(&bytes)?;
    drop(keeper);
    for (create, name) in CREATE.into_iter().zip([&shared, &latest, &bytes]) {
        let error = fails(create, &options, name, ErrorKind::AlreadyExists);
        assert_eq!(error.operation(), "create");
    }
    for (either, name) in EITHER.into_iter().zip([&shared, &latest, &bytes]) {
        either.1(&options, name)?;
    }
    for (open, name) in OPEN.into_iter().zip([&shared, &latest, &latest, &bytes, &bytes, &bytes]) {
        open.1(&options, name)?;
    }
    assert_eq!(Shared::<Sealed>::open(&shared)?.version(), 1, "nobody has written");
    Ok(())
}

#[test]
fn a_name_that_belongs_to_something_else_is_told_so() -> Outcome {
    let options = RegionOptions::new();
    let name = name("event");
    let event = Event::create(&name, Reset::Auto)?;
    all().for_each(|constructor| drop(fails(constructor, &options, &name, ErrorKind::WrongKind)));
    drop(event);
    let timer = Timer::create(&name, Reset::Auto)?;
    all().for_each(|constructor| drop(fails(constructor, &options, &name, ErrorKind::WrongKind)));
    drop(timer);
    nothing_is_left(&name)?;

    // The name of the lock can belong to something else too.
    let event = Event::create(&format!("coview.shared.{name}"), Reset::Auto)?;
    for constructor in [CREATE[0], EITHER[0]] {
        let error = fails(constructor, &options, &name, ErrorKind::WrongKind);
        assert_eq!(error.noun(), Noun::Shared, "{error}");
    }
    drop(event);
    let held = Mutex::create(&format!("coview.shared.{name}"))?;
    let shared = Shared::create(&name, &Sealed::new(1))?;
    let _guard = held.lock()?;
    assert!(common::in_thread(|| shared.try_set(&Sealed::new(2)))?.is_none(), "it is the same mutex");
    Ok(())
}

#[test]
fn a_plain_mapping_is_no_region_and_is_left_as_it_is() -> Outcome {
    let options = RegionOptions::new();
    for (size, byte) in [(1, 0), (64, 0), (511, 0), (512, 0), (1024, 0), (20_000, 0), (20_000, 0xff), (20_000, 1)] {
        let name = name("plain");
        let view = Mapping::create(&name, size)?.view()?;
        view.fill(.., byte);
        for constructor in CREATE {
            fails(constructor, &options, &name, ErrorKind::AlreadyExists);
        }
        for constructor in OPEN.into_iter().chain(EITHER) {
            let error = fails(constructor, &options, &name, ErrorKind::Incompatible);
            assert!(error.to_string().contains("there is no typed region"), "{error}");
        }
        assert!(Region::of(&Mapping::open(&name)?)?.is_none());
        assert!(view.read_vec(0, size as usize).iter().all(|&found| found == byte), "{size} bytes of {byte}");
    }
    Ok(())
}

#[track_caller]
fn tells<T>(result: coview::Result<T>, told: &str) {
    let Err(error) = result else { panic!("it was taken, although {told}") };
    assert_eq!(error.kind(), ErrorKind::Incompatible, "{error}");
    assert!(error.to_string().contains(told), "`{error}` does not say `{told}`");
}

#[test]
fn a_mismatch_is_incompatible_and_says_what_differs() -> Outcome {
    let shared = name("shared");
    let marked = RegionOptions::new().fingerprint(coview::fingerprint("v1"));
    let other = RegionOptions::new().fingerprint(coview::fingerprint("v2"));
    let _shared = Shared::create_with(&marked, &shared, &[1u32; 4])?;
    tells(Shared::<[u32; 5]>::open(&shared), "its values have 16 bytes, and those of the type here 20");
    tells(Shared::<[u64; 2]>::open(&shared), "its values are aligned to 4 bytes, and those of the type here to 8");
    tells(Shared::<[u32; 4]>::open_with(&other, &shared), &format!("{:#018x}", coview::fingerprint("v1")));
    tells(Shared::<[u32; 4]>::open_with(&other, &shared), &format!("{:#018x}", coview::fingerprint("v2")));
    tells(Shared::<[u32; 5]>::create_or_open(&shared, |_| panic!("it is there")), "16 bytes");
    tells(Latest::<[u32; 4]>::open(&shared), "it is of kind shared, not latest");
    tells(LatestPublisher::<[u32; 4]>::open(&shared), "it is of kind shared, not latest");
    tells(LatestPublisher::<[u32; 4]>::create_or_open(&shared), "it is of kind shared, not latest");
    tells(LatestBytes::open(&shared), "it is of kind shared, not latest-bytes");
    tells(LatestBytesPublisher::create_or_open(&shared, 16), "it is of kind shared, not latest-bytes");
    // Who expects none takes every one; who creates says what it is.
    assert_eq!(Shared::<[u32; 4]>::open(&shared)?.get()?, [1; 4]);
    assert_eq!(Shared::<[u32; 4]>::open_with(&marked, &shared)?.get()?, [1; 4]);
    assert_eq!(failure(Shared::create(&shared, &1u8)), ErrorKind::AlreadyExists);

    let latest = name("latest");
    let _publisher = LatestPublisher::<u32>::create(&latest)?;
    tells(Latest::<u32>::open_with(&marked, &latest), "its fingerprint is 0x0000000000000000");
    tells(Latest::<f64>::open(&latest), "its values have 4 bytes, and those of the type here 8");
    tells(Latest::<[u8; 4]>::open(&latest), "aligned to 4 bytes, and those of the type here to 1");
    tells(Shared::<u32>::open(&latest), "it is of kind latest, not shared");
    tells(LatestBytes::open(&latest), "it is of kind latest, not latest-bytes");

    let bytes = name("bytes");
    let _publisher = LatestBytesPublisher::create_with(&marked, &bytes, 100)?;
    tells(LatestBytesPublisher::create_or_open(&bytes, 101), "its values have at most 100 bytes, and 101 are wanted");
    tells(LatestBytes::open_with(&other, &bytes), "fingerprint");
    tells(Latest::<[u8; 100]>::open(&bytes), "it is of kind latest-bytes, not latest");
    let region = Region::open(&bytes)?;
    assert_eq!((region.kind(), region.value_size(), region.value_align()), (RegionKind::LatestBytes, 100, 1));
    assert_eq!(region.fingerprint(), coview::fingerprint("v1"));
    Ok(())
}

#[test]
fn another_version_or_kind_is_incompatible_and_says_so() -> Outcome {
    let name = name("version");
    let _shared = Shared::create(&name, &1u64)?;
    let view = Mapping::open(&name)?.view()?;
    let damage = |at: usize, value: u32, told: &str| {
        let before: u32 = view.get(at);
        view.put(at, &value);
        for constructor in OPEN.into_iter().chain(EITHER) {
            let error = fails(constructor, &RegionOptions::new(), &name, ErrorKind::Incompatible);
            assert!(error.to_string().contains(told), "`{error}` does not say `{told}`");
        }
        view.put(at, &before);
    };
    damage(0, 0, "there is no typed region");
    damage(8, 0, "its layout has version 0, and this Coview knows version 1");
    damage(8, 2, "its layout has version 2, and this Coview knows version 1");
    damage(12, 0, "it is of kind 0, which this Coview does not know");
    damage(12, 4, "it is of kind 4, which this Coview does not know");
    damage(16, 4000, "contradicts itself");
    damage(20, 1, "contradicts itself");
    damage(40, 3, "contradicts itself");
    damage(48, 64, "contradicts itself");
    damage(56, 0, "contradicts itself");
    damage(12, 2, "contradicts itself");
    assert_eq!(Shared::<u64>::open(&name)?.get()?, 1);
    Ok(())
}

#[test]
fn names_that_nothing_can_have_are_refused() -> Outcome {
    for bad in ["", "a\0b", "a\\b", "Global\\", &"x".repeat(100_000)] {
        for (what, construct) in all() {
            let error = construct(&RegionOptions::new(), bad).expect_err(what);
            assert_eq!(error.kind(), ErrorKind::InvalidName, "{what}: {error}");
        }
    }
    let global = format!("Global\\{}", name("global"));
    let shared = Shared::create(&global, &Sealed::new(1))?;
    assert_eq!(failure(Shared::<Sealed>::open(global.trim_start_matches("Global\\"))), ErrorKind::NotFound);
    assert_eq!(Shared::<Sealed>::open(&global)?.update(|value| value.number)?, 1);
    drop(shared);
    gone(&global);
    Ok(())
}

#[test]
fn role_maker() {
    play("role_maker", || {
        let name = given("NAME");
        say("ready");
        while hear().is_some_and(|line| line != "make") {}
        let shared = Shared::create(&name, &Sealed::new(7))?;
        let mut publisher = LatestPublisher::<Sealed>::create(&format!("{name}.latest"))?;
        publisher.publish(&Sealed::new(8))?;
        hear_out();
        drop((shared, publisher));
        Ok(())
    });
}

#[test]
fn readers_that_start_first_wait_for_the_region_to_appear() -> Outcome {
    let name = name("late");
    let impatient = RegionOptions::new().open_timeout(SHORT);
    for constructor in OPEN {
        let begin = Instant::now();
        fails(constructor, &impatient, &name, ErrorKind::TimedOut);
        assert!(begin.elapsed() >= SHORT, "a timeout was early");
    }
    let mut maker = Actor::start("role_maker", &[("NAME", &name)]);
    maker.says("ready");
    let patient = RegionOptions::new().open_timeout(DEADLINE);
    std::thread::scope(|scope| -> Outcome {
        let shared = scope.spawn(|| Shared::<Sealed>::open_with(&patient, &name));
        let latest = scope.spawn(|| Latest::<Sealed>::open_with(&patient, &format!("{name}.latest")));
        let region = scope.spawn(|| Region::open_with(&patient, &name));
        maker.tell("make");
        // Never half made: a `Shared` has its value from its first moment on.
        assert_eq!(shared.join().expect("it does not panic")?.get()?, Sealed::new(7));
        let latest = latest.join().expect("it does not panic")?;
        let reading = latest.wait_newer_than_timeout(0, DEADLINE)?.ok_or("nothing is published")?;
        assert_eq!(reading.value, Sealed::new(8));
        assert_eq!(region.join().expect("it does not panic")?.sequence(), 1);
        Ok(())
    })?;
    maker.finish();
    nothing_is_left(&name)
}

#[test]
fn role_racer() {
    play("role_racer", || {
        let (name, ledger) = (given("NAME"), Mapping::open(&given("LEDGER"))?.view()?);
        let (inits, doomed) = (ledger.atomic_u32(0), given("DOOMED") == "yes");
        let go = Event::open(&given("GO"))?;
        say("ready");
        go.wait()?;
        let shared = Shared::<Sealed>::create_or_open(&name, |value| {
            inits.fetch_add(1, Ordering::SeqCst);
            assert!(value.number == 0 && !value.is_whole(), "it is zeroed");
            if doomed {
                value.number = 99;
                say("inside");
                hear_out();
            }
            *value = Sealed::new(5);
        })?;
        let seen = shared.get()?;
        if seen != Sealed::new(5) {
            return Err(format!("a value was seen half made: {seen:?}").into());
        }
        say("made");
        hear_out();
        Ok(())
    });
}

fn racer(name: &str, ledger: &str, go: &Event, doomed: &str) -> Actor {
    let given = [("NAME", name), ("LEDGER", ledger), ("GO", go.name()), ("DOOMED", doomed)];
    let mut command = Actor::command("role_racer", &given);
    command.stderr(Stdio::inherit());
    let mut racer = Actor::spawn("a racer", command);
    racer.says("ready");
    racer
}

#[test]
fn exactly_one_of_sixteen_processes_runs_init() -> Outcome {
    for _ in 0..3 {
        let (name, ledger) = (name("race"), name("ledger"));
        let counts = Mapping::create(&ledger, 64)?.view()?;
        let go = Event::create(&common::name("go"), Reset::Manual)?;
        let mut racers: Vec<Actor> = (0..RACERS).map(|_| racer(&name, &ledger, &go, "no")).collect();
        go.set()?;
        racers.iter_mut().for_each(|racer| racer.says("made"));
        assert_eq!(counts.get::<u32>(0), 1);
        racers.into_iter().for_each(Actor::finish);
        nothing_is_left(&name)?;
    }
    Ok(())
}

#[test]
fn the_next_of_sixteen_starts_over_when_one_is_killed_inside_init() -> Outcome {
    for round in 0..4 {
        let (name, ledger) = (name("doom"), name("ledger"));
        let counts = Mapping::create(&ledger, 64)?.view()?;
        let go = Event::create(&common::name("go"), Reset::Manual)?;
        // The doomed one goes first in one round, and with the others in the next: then it may come too late to die inside.
        let first = Event::create(&common::name("first"), Reset::Manual)?;
        let mut doomed = racer(&name, &ledger, if round == 0 { &first } else { &go }, "yes");
        let mut racers: Vec<Actor> = (1..RACERS).map(|_| racer(&name, &ledger, &go, "no")).collect();
        let dies_inside = if round == 0 {
            first.set()?;
            doomed.says("inside");
            go.set()?;
            true
        } else {
            go.set()?;
            doomed.line() == "inside"
        };
        if dies_inside {
            assert_eq!(failure(Shared::<Sealed>::open(&name)), ErrorKind::NotFound, "it does not exist yet");
        }
        doomed.kill();
        let asked = Instant::now();
        racers.iter_mut().for_each(|racer| racer.says("made"));
        note(&format!("all have it {:?} after the death", asked.elapsed()));
        assert_eq!(counts.get::<u32>(0), 1 + u32::from(dies_inside), "init runs once, and once more after a death");
        racers.into_iter().for_each(Actor::finish);
        nothing_is_left(&name)?;
    }
    Ok(())
}

#[test]
fn role_taker() {
    play("role_taker", || {
        let go = Event::open(&given("GO"))?;
        say("ready");
        go.wait()?;
        match LatestPublisher::<Sealed>::create_or_open(&given("NAME")) {
            Ok(mut publisher) => {
                publisher.publish(&Sealed::new(1))?;
                say("publisher");
                hear_out();
            }
            Err(error) => {
                say(&format!("{:?}", error.kind()));
                hear_out();
            }
        }
        Ok(())
    });
}

#[test]
fn exactly_one_of_sixteen_processes_becomes_the_publisher() -> Outcome {
    for _ in 0..3 {
        let name = name("takers");
        let go = Event::create(&common::name("go"), Reset::Manual)?;
        let start = |_| Actor::start("role_taker", &[("NAME", &name), ("GO", go.name())]);
        let mut takers: Vec<Actor> = (0..RACERS).map(start).collect();
        takers.iter_mut().for_each(|taker| taker.says("ready"));
        go.set()?;
        let mut said: Vec<String> = takers.iter_mut().map(Actor::line).collect();
        said.sort();
        assert!(said[..RACERS - 1].iter().all(|line| line == "Busy") && said[RACERS - 1] == "publisher", "{said:?}");
        takers.into_iter().for_each(Actor::finish);
        nothing_is_left(&name)?;
    }
    Ok(())
}

#[test]
fn read_only_handles_read_and_nothing_more() -> Outcome {
    let name = name("reading");
    let mut publisher = LatestPublisher::<Sealed>::create(&name)?;
    publisher.publish(&Sealed::new(1))?;
    let reading = RegionOptions::new().access(Access::ReadOnly);
    let reader = Latest::<Sealed>::open_with(&reading, &name)?;
    assert_eq!(reader.read()?.map(|read| read.value), Some(Sealed::new(1)));
    let begin = Instant::now();
    assert!(reader.wait_newer_than_timeout(1, SHORT)?.is_none());
    assert!(begin.elapsed() >= SHORT, "a timeout was early");
    let woken = std::thread::scope(|scope| {
        let waiter = scope.spawn(|| reader.wait_newer_than_timeout(1, DEADLINE));
        publisher.publish(&Sealed::new(2)).map(|_| waiter.join().expect("it does not panic"))
    });
    assert_eq!(woken??.map(|read| read.value), Some(Sealed::new(2)));
    let region = Region::open_with(&reading, &name)?;
    assert_eq!(region.wait_changed_timeout(1, SHORT)?, Some(2));
    assert_eq!(region.publisher()?, coview::PublisherState::Alive);
    drop(publisher);
    assert_eq!(failure(LatestPublisher::<Sealed>::open_with(&reading, &name)), ErrorKind::AccessDenied);
    // Who creates writes, whatever the options say of what exists.
    let own = common::name("own");
    let shared = Shared::create_with(&reading, &own, &1u8)?;
    assert_eq!(shared.set(&2)?, 2);
    Ok(())
}
