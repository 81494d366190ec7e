//! Many processes at one name at once: who creates it, and what the others see.

mod common;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::{Actor, DEADLINE, Dice, KINDS, Outcome, Thing, given, hear, hear_out, name, note, play, say};
use coview::{ErrorKind, Event, EventOptions, Mapping, Mutex, Reset, View};

const RACERS: usize = 32;

/// How long a race is repeated, at most.
const LONG_ENOUGH: Duration = Duration::from_secs(4);

const SIZE: u64 = 40_000;

/// Writes a value all over the memory, so slowly that whoever comes too early sees a part of it.
fn complete(view: &View, value: u64) {
    for offset in (0..SIZE as usize).step_by(8) {
        view.put(offset, &value);
    }
}

/// The one value that the whole memory shows.
fn value_of(view: &coview::ReadView) -> Result<u64, String> {
    let first = view.get::<u64>(0);
    let whole = (0..SIZE as usize).step_by(8).all(|offset| view.get::<u64>(offset) == first);
    if whole && first != 0 { Ok(first) } else { Err(format!("it was seen half made, beginning with {first}")) }
}

#[test]
fn role_racer() {
    play("role_racer", || {
        let (gate, runs) = (Event::open(&given("GATE"))?, Mapping::open(&given("RUNS"))?.view()?);
        say("ready");
        while let Some(name) = hear() {
            say("there");
            if !gate.wait_timeout(DEADLINE)? {
                return Err("the race did not start".into());
            }
            let mapping = Mapping::create_or_open(&name, SIZE, |view| {
                runs.atomic_u32(0).fetch_add(1, Ordering::Relaxed);
                complete(view, u64::from(std::process::id()));
            })?;
            let opened = Mapping::open(&name)?;
            let value = value_of(&mapping.read_view()?)?;
            assert_eq!(value, value_of(&opened.read_view()?)?);
            say(&format!("{} {value}", mapping.was_created()));
            hear();
        }
        Ok(())
    });
}

#[test]
fn of_thirty_two_creators_one_initialises_and_all_see_the_same() -> Outcome {
    let (gate, runs) = (Event::create(&name("gate"), Reset::Manual)?, name("runs"));
    let runs_view = Mapping::create(&runs, 64)?.view()?;
    let given = [("GATE", gate.name()), ("RUNS", &*runs)];
    let mut racers: Vec<Actor> = (0..RACERS).map(|_| Actor::start("role_racer", &given)).collect();
    racers.iter_mut().for_each(|racer| racer.says("ready"));
    let begin = Instant::now();
    let mut rounds = 0;
    while rounds < 50 && begin.elapsed() < LONG_ENOUGH {
        let name = name("race");
        gate.reset()?;
        for racer in &mut racers {
            racer.tell(&name);
            racer.says("there");
        }
        gate.set()?;
        let lines: Vec<String> = racers.iter_mut().map(Actor::line).collect();
        let creators: Vec<&String> = lines.iter().filter(|line| line.starts_with("true")).collect();
        assert_eq!(creators.len(), 1, "{creators:?}");
        let value = creators[0].trim_start_matches("true ");
        assert!(lines.iter().all(|line| line.ends_with(&format!(" {value}"))), "{lines:?}");
        racers.iter_mut().for_each(|racer| racer.tell("let go"));
        rounds += 1;
        assert_eq!(runs_view.get::<u32>(0), rounds);
    }
    note(&format!("{RACERS} processes raced {rounds} times"));
    racers.into_iter().for_each(Actor::finish);
    Ok(())
}

#[test]
fn role_creator() {
    play("role_creator", || {
        let kind = KINDS.into_iter().find(|kind| kind.to_string() == given("KIND")).expect("it is a known kind");
        let gate = Event::open(&given("GATE"))?;
        say("ready");
        if !gate.wait_timeout(DEADLINE)? {
            return Err("the race did not start".into());
        }
        let made = Thing::create(kind, &given("NAME"));
        say(&match &made {
            Ok(_) => "created".to_owned(),
            Err(error) => format!("{:?}", error.kind()),
        });
        hear_out();
        Ok(())
    });
}

#[test]
fn of_many_creators_of_every_kind_one_wins() -> Outcome {
    for _ in 0..3 {
        let (gate, name) = (Event::create(&name("gate"), Reset::Manual)?, name("prize"));
        let start = |index: usize| {
            let kind = KINDS[index % 4].to_string();
            Actor::start("role_creator", &[("KIND", &kind), ("GATE", gate.name()), ("NAME", &name)])
        };
        let mut creators: Vec<Actor> = (0..12).map(start).collect();
        creators.iter_mut().for_each(|creator| creator.says("ready"));
        gate.set()?;
        let lines: Vec<String> = creators.iter_mut().map(Actor::line).collect();
        let winners: Vec<usize> = (0..lines.len()).filter(|&index| lines[index] == "created").collect();
        assert_eq!(winners.len(), 1, "{lines:?}");
        for (index, line) in lines.iter().enumerate().filter(|(index, _)| *index != winners[0]) {
            let expected = if index % 4 == winners[0] % 4 { "AlreadyExists" } else { "WrongKind" };
            assert_eq!(line, expected, "{lines:?}");
        }
        creators.into_iter().for_each(Actor::finish);
    }
    Ok(())
}

#[test]
fn role_churner() {
    play("role_churner", || {
        let (name, end) = (given("NAME"), Event::open(&given("END"))?);
        let mut dice = Dice::new(given("SEED").parse()?);
        let (mut made, mut found) = (0, 0);
        while !end.try_wait()? {
            let mapping = match dice.below(3) {
                0 => Mapping::open(&name),
                1 => Mapping::create_or_open(&name, SIZE, |view| complete(view, 77)),
                _ => Mapping::create(&name, SIZE).inspect(|_| made += 1),
            };
            match mapping {
                Ok(mapping) if mapping.size() != SIZE => return Err(format!("{} bytes", mapping.size()).into()),
                Ok(mapping) => {
                    let first = mapping.read_view()?.get::<u64>(0);
                    found += 1;
                    if first != 77 && first != 0 {
                        return Err(format!("{first} was in it").into());
                    }
                    if first == 77 {
                        value_of(&mapping.read_view()?)?;
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => {}
                Err(error) => return Err(error.into()),
            }
        }
        say(&format!("created {made} and saw {found}"));
        hear_out();
        Ok(())
    });
}

#[test]
fn a_name_that_dies_and_is_reborn_all_the_time_is_always_whole() -> Outcome {
    let (name, end) = (name("churn"), Event::create(&name("end"), Reset::Manual)?);
    let start = |seed: u32| {
        let seed = seed.to_string();
        Actor::start("role_churner", &[("NAME", &name), ("END", end.name()), ("SEED", &seed)])
    };
    let mut churners: Vec<Actor> = (1..=4).map(start).collect();
    std::thread::sleep(Duration::from_secs(2)); // how long it goes on
    end.set()?;
    for churner in &mut churners {
        note(&format!("a churner {}", churner.line()));
    }
    churners.into_iter().for_each(Actor::finish);
    assert!(Mapping::create(&name, 1).is_ok(), "the name is free");
    Ok(())
}

#[test]
fn role_sync_churner() {
    play("role_sync_churner", || {
        let (name, end) = (given("NAME"), Event::open(&given("END"))?);
        let mut rounds = 0;
        while !end.try_wait()? {
            let mutex = Mutex::create_or_open(&format!("{name}.mutex"))?;
            let guard = mutex.lock_timeout(DEADLINE)?.ok_or("the lock did not come")?;
            if guard.was_abandoned() {
                return Err("nobody has died".into());
            }
            let event = EventOptions::new(Reset::Manual).signaled(true).create_or_open(&format!("{name}.event"))?;
            if !event.try_wait()? {
                return Err("an event was seen half made".into());
            }
            rounds += 1;
        }
        say(&format!("{rounds} rounds"));
        hear_out();
        Ok(())
    });
}

#[test]
fn mutexes_and_events_that_die_and_are_reborn_are_always_whole() -> Outcome {
    let (name, end) = (name("churn"), Event::create(&name("end"), Reset::Manual)?);
    let start = |_| Actor::start("role_sync_churner", &[("NAME", &*name), ("END", end.name())]);
    let mut churners: Vec<Actor> = (1..=4).map(start).collect();
    std::thread::sleep(Duration::from_secs(2)); // how long it goes on
    end.set()?;
    for churner in &mut churners {
        note(&format!("a churner: {}", churner.line()));
    }
    churners.into_iter().for_each(Actor::finish);
    Ok(())
}
