//! The initialiser of `create_or_open`: it runs once, unseen, and whoever dies in it is replaced at once.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use common::{Actor, DEADLINE, Outcome, SHORT, Thing, failure, given, hear, hear_out, name, note, play, say, until};
use coview::{ErrorKind, Kind, Mapping, MappingOptions, Namespace, Reset, View};

const SIZE: u64 = 100_000;

/// Fills the memory with what takes some time to write and is easy to judge.
fn complete(view: &View, byte: u8) {
    for start in (0..view.len()).step_by(1000) {
        view.fill(start..start + 1000, byte);
    }
}

/// The byte that the whole memory consists of.
fn content(mapping: &Mapping) -> Result<u8, Box<dyn std::error::Error>> {
    let bytes = mapping.read_view()?.read_vec(0, SIZE as usize);
    match bytes.iter().position(|&byte| byte != bytes[0]) {
        None => Ok(bytes[0]),
        Some(place) => Err(format!("{} from 0, {} at {place}", bytes[0], bytes[place]).into()),
    }
}

#[test]
fn role_initialiser() {
    play("role_initialiser", || {
        say("begins");
        let mapping = Mapping::create_or_open(&given("NAME"), SIZE, |view| {
            let zeroed = view.read_vec(0, SIZE as usize).iter().all(|&byte| byte == 0);
            view.fill(..SIZE as usize / 2, 0xff);
            say(if zeroed { "inside" } else { "inside, and not the first" });
            hear();
            complete(view, 7);
        })?;
        say(&format!("{} {}", if mapping.was_created() { "created" } else { "opened" }, content(&mapping)?));
        hear_out();
        Ok(())
    });
}

fn initialiser(name: &str) -> Actor {
    let mut actor = Actor::start("role_initialiser", &[("NAME", name)]);
    actor.says("begins");
    actor
}

#[test]
fn the_initialiser_runs_once_on_zeroed_memory() -> Outcome {
    let name = name("once");
    let mut runs = 0;
    let first = Mapping::create_or_open(&name, SIZE, |view| {
        assert!(view.read_vec(0, SIZE as usize).iter().all(|&byte| byte == 0));
        complete(view, 1);
        runs += 1;
    })?;
    let second = Mapping::create_or_open(&name, SIZE, |_| runs += 1)?;
    assert_eq!((runs, content(&first)?, content(&second)?), (1, 1, 1));
    Ok(())
}

#[test]
fn nobody_sees_what_is_being_initialised() -> Outcome {
    let name = name("unseen");
    let mut actor = initialiser(&name);
    actor.says("inside");
    assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
    assert_eq!(failure(MappingOptions::new().open_timeout(SHORT).open(&name)), ErrorKind::TimedOut);
    assert!(coview::list(Namespace::Local)?.iter().all(|object| object.name != name), "it is in the list");
    actor.tell("go on");
    actor.says("created 7");
    assert_eq!(content(&Mapping::open(&name)?)?, 7);
    Ok(())
}

#[test]
fn a_patient_open_sees_the_memory_when_it_is_complete() -> Outcome {
    let name = name("patient");
    let mut actor = initialiser(&name);
    actor.says("inside");
    let opener = std::thread::spawn({
        let name = name.clone();
        move || {
            let mapping =
                MappingOptions::new().open_timeout(DEADLINE).open(&name).map_err(|error| error.to_string())?;
            content(&mapping).map_err(|error| error.to_string())
        }
    });
    actor.tell("go on");
    actor.says("created 7");
    assert_eq!(opener.join().expect("the opener does not panic"), Ok(7));
    Ok(())
}

#[test]
fn create_never_overtakes_an_initialiser() {
    let name = name("overtake");
    let mut actor = initialiser(&name);
    actor.says("inside");
    let creators = [Kind::Mapping, Kind::Event].map(|kind| {
        let name = name.clone();
        std::thread::spawn(move || failure(Thing::create(kind, &name)))
    });
    actor.tell("go on");
    actor.says("created 7");
    let [mapping, event] = creators.map(|creator| creator.join().expect("the creation fails in order"));
    assert_eq!(mapping, ErrorKind::AlreadyExists);
    // Before it is born nobody needs to know what it will be.
    assert!(matches!(event, ErrorKind::WrongKind | ErrorKind::AlreadyExists), "{event:?}");
}

#[test]
fn who_waits_behind_a_killed_initialiser_takes_over_at_once() {
    let name = name("killed");
    let mut slowest = Duration::ZERO;
    let mut inside = initialiser(&name);
    inside.says("inside");
    for _ in 0..5 {
        let mut next = initialiser(&name);
        let begin = Instant::now();
        inside.kill();
        next.says("inside");
        slowest = slowest.max(begin.elapsed());
        inside = next;
    }
    inside.tell("go on");
    inside.says("created 7");
    note(&format!("a dead initialiser was replaced within {} ms", slowest.as_millis()));
    assert!(slowest < Duration::from_secs(5));
}

#[test]
fn of_many_who_wait_behind_a_killed_initialiser_one_takes_over() {
    let begin = Instant::now();
    for _ in 0..40 {
        one_of_many_takes_over();
        if begin.elapsed() > Duration::from_secs(4) {
            break;
        }
    }
}

fn one_of_many_takes_over() {
    let name = name("many");
    let mut first = initialiser(&name);
    first.says("inside");
    let mut waiting: Vec<Actor> = (0..8).map(|_| initialiser(&name)).collect();
    first.kill();
    let mut heard: Vec<Option<String>> = vec![None; waiting.len()];
    until("one is inside", || {
        for (actor, heard) in waiting.iter_mut().zip(&mut heard) {
            *heard = heard.take().or_else(|| actor.said().pop());
        }
        heard.iter().flatten().count() > 0
    });
    let inside = heard.iter().position(Option::is_some).expect("one has said something");
    assert_eq!(heard[inside].as_deref(), Some("inside"));
    waiting[inside].tell("go on");
    waiting[inside].says("created 7");
    for (index, actor) in waiting.iter_mut().enumerate().filter(|(index, _)| *index != inside) {
        assert_eq!(heard[index], None, "two were inside at once");
        actor.says("opened 7");
    }
}

#[test]
fn a_name_is_free_after_its_initialiser_was_killed() -> Outcome {
    for kind in common::KINDS {
        let name = name("free");
        let mut actor = initialiser(&name);
        actor.says("inside");
        actor.kill();
        assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
        assert!(Thing::create(kind, &name)?.is_new()?);
    }
    Ok(())
}

#[test]
fn an_initialiser_that_panics_leaves_nothing() -> Outcome {
    let name = name("panic");
    for _ in 0..3 {
        let initialise = || {
            Mapping::create_or_open(&name, SIZE, |view| {
                view.fill(.., 0xff);
                std::panic::resume_unwind(Box::new("as the test wants it"));
            })
        };
        let result = catch_unwind(AssertUnwindSafe(initialise));
        assert!(result.is_err());
        assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
    }
    let mapping = Mapping::create_or_open(&name, SIZE, |view| {
        assert!(view.read_vec(0, SIZE as usize).iter().all(|&byte| byte == 0));
        complete(view, 3);
    })?;
    assert_eq!(content(&mapping)?, 3);
    Ok(())
}

#[test]
fn who_waits_behind_a_panicking_initialiser_takes_over() {
    let name = name("panic.waiter");
    let mut next = None;
    let result = catch_unwind(AssertUnwindSafe(|| {
        Mapping::create_or_open(&name, SIZE, |view| {
            view.fill(.., 0xff);
            next = Some(initialiser(&name));
            std::panic::resume_unwind(Box::new("as the test wants it"));
        })
    }));
    assert!(result.is_err());
    let mut next = next.expect("it was started");
    next.says("inside");
    next.tell("go on");
    next.says("created 7");
}

#[test]
fn threads_of_one_process_initialise_once_too() -> Outcome {
    let name = name("threads");
    let runs = std::sync::atomic::AtomicU32::new(0);
    let mappings = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    Mapping::create_or_open(&name, SIZE, |view| {
                        runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        complete(view, 9);
                    })
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect::<Vec<_>>()
    });
    assert_eq!(runs.into_inner(), 1);
    for mapping in mappings {
        assert_eq!(content(&mapping?)?, 9);
    }
    Ok(())
}

#[test]
fn an_initialiser_may_use_other_names() -> Outcome {
    let (outer, inner, event) = (name("outer"), name("inner"), name("event"));
    let mut kept = None;
    let _mapping = Mapping::create_or_open(&outer, 64, |_| {
        let mapping = Mapping::create_or_open(&inner, 64, |view| view.put(0, &5u32));
        kept = Some((mapping, coview::Event::create(&event, Reset::Manual)));
    })?;
    let (mapping, event) = kept.expect("it ran");
    assert_eq!(mapping?.read_view()?.get::<u32>(0), 5);
    event?.set()?;
    Ok(())
}
