//! Eight writers and eight readers of a `Shared`, and a killer that shoots any of them, thousands of times.
//!
//! Every writer keeps an account in shared memory of what it has begun and what it has committed, and the value says what
//! each has committed: so no commit is lost, and none is made up. The seed of a run is printed; `COVIEW_TEST_SEED` repeats
//! the choices, though not the moments of the deaths.

mod common;

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use common::sealed::mix;
use common::{Actor, DEADLINE, Dice, Outcome, given, gone, name, note, play, say, seed, until};
use coview::{Event, Mapping, Namespace, Region, Reset, Shared, View};

/// A run ends after so many deaths, or so much time.
const DEATHS: u32 = 4000;
const LONG_ENOUGH: Duration = Duration::from_secs(20);

const WRITERS: usize = 8;
const READERS: usize = 8;

/// A pause that lets the others come to the processor.
const NAP: Duration = Duration::from_micros(500);

/// A value: how much was committed, how much of it by each writer, and many words that follow from the first.
type Accounts<const WORDS: usize> = [u64; WORDS];

/// Where the words begin that follow from the first.
const BODY: usize = 1 + WRITERS;

/// A value that is changed on the stack, and one that is changed on the heap.
const SMALL: usize = BODY + 64;
const WIDE: usize = BODY + 800;

fn add(value: &mut [u64], writer: usize) {
    value[1 + writer] += 1;
    value[0] += 1;
    let total = value[0];
    value[BODY..].iter_mut().zip(0..).for_each(|(word, index)| *word = mix(total, index));
}

/// The invariant; the first version has the sum 0.
fn check(value: &[u64], version: u64) -> Result<(), String> {
    let (total, committed) = (value[0], &value[1..BODY]);
    let follows = value[BODY..].iter().zip(0..).all(|(&word, index)| word == mix(total, index));
    if !follows || committed.iter().sum::<u64>() != total {
        return Err(format!("a torn value was seen: {total} of {committed:?}"));
    }
    if version != total + 1 {
        return Err(format!("version {version} holds the value {total}"));
    }
    Ok(())
}

/// The accounts that the writers keep by themselves, and how far everybody has come.
struct Ledger(View);

impl Ledger {
    fn begun(&self, writer: usize) -> &std::sync::atomic::AtomicU64 {
        self.0.atomic_u64(128 * writer)
    }

    fn committed(&self, writer: usize) -> &std::sync::atomic::AtomicU64 {
        self.0.atomic_u64(128 * writer + 8)
    }

    fn progress(&self, actor: usize) -> &std::sync::atomic::AtomicU64 {
        self.0.atomic_u64(128 * WRITERS + 8 * actor)
    }
}

fn write<const WORDS: usize>(shared: &Shared<Accounts<WORDS>>, writer: usize, dice: &mut Dice) -> coview::Result<bool> {
    let long = DEADLINE;
    Ok(match dice.below(6) {
        0 => shared.try_update(|value| add(value, writer))?.is_some(),
        1 => shared.update_timeout(NAP, |value| add(value, writer))?.is_some(),
        2 => {
            let Some(mut edit) = shared.edit_timeout(long)? else { return Ok(false) };
            let mut value = edit.get::<Accounts<WORDS>>(0);
            add(&mut value, writer);
            // In parts, the sum last.
            edit.write(8, &bytemuck::bytes_of(&value)[8..]);
            edit.put(0, &value[0]);
            edit.commit()?;
            true
        }
        3 => {
            let Some(mut edit) = shared.try_edit()? else { return Ok(false) };
            edit.fill(0..size_of::<Accounts<WORDS>>(), 0xa5);
            false
        }
        _ => shared.update_timeout(long, |value| add(value, writer))?.is_some(),
    })
}

fn play_writer<const WORDS: usize>(stage: &str, writer: usize, dice: &mut Dice) -> Outcome {
    let shared = Shared::<Accounts<WORDS>>::open(stage)?;
    let ledger = Ledger(Mapping::open(&format!("{stage}.ledger"))?.view()?);
    let end = Event::open(&format!("{stage}.end"))?;
    // What a predecessor had begun is committed, or it is not.
    let before = shared.get()?[1 + writer];
    ledger.begun(writer).store(before, Ordering::SeqCst);
    ledger.committed(writer).store(before, Ordering::SeqCst);
    say("on stage");
    while !end.try_wait()? {
        for _ in 0..1 + dice.below(10) {
            let next = ledger.committed(writer).load(Ordering::SeqCst) + 1;
            ledger.begun(writer).store(next, Ordering::SeqCst);
            let committed = write(&shared, writer, dice)?;
            ledger.committed(writer).store(next - u64::from(!committed), Ordering::SeqCst);
            ledger.begun(writer).store(next - u64::from(!committed), Ordering::SeqCst);
            ledger.progress(writer).fetch_add(1, Ordering::Relaxed);
        }
        thread::sleep(NAP);
    }
    Ok(())
}

fn play_reader<const WORDS: usize>(stage: &str, reader: usize, dice: &mut Dice) -> Outcome {
    let shared = Shared::<Accounts<WORDS>>::open(stage)?;
    let region = Region::open(stage)?;
    let ledger = Ledger(Mapping::open(&format!("{stage}.ledger"))?.view()?);
    let end = Event::open(&format!("{stage}.end"))?;
    let (mut last, mut value, mut bytes) = (0, [0; WORDS], Vec::new());
    say("on stage");
    while !end.try_wait()? {
        for _ in 0..1 + dice.below(20) {
            let version = match dice.below(8) {
                0 => shared.wait_changed_timeout(last, NAP)?.unwrap_or(last),
                1 => {
                    let stamp = region.read(&mut bytes)?.ok_or("a Shared always has a value")?;
                    value = bytemuck::pod_read_unaligned(&bytes);
                    check(&value, stamp.sequence)?;
                    stamp.sequence
                }
                2 => {
                    value = shared.get()?;
                    check(&value, value[0] + 1)?;
                    value[0] + 1
                }
                _ => {
                    let version = shared.get_into(&mut value)?;
                    check(&value, version)?;
                    version
                }
            };
            if version < last {
                return Err(format!("version {version} was seen after {last}").into());
            }
            last = version;
            ledger.progress(reader).fetch_add(1, Ordering::Relaxed);
        }
        thread::sleep(NAP);
    }
    Ok(())
}

/// Acts until it is killed or the end has come; says what is not as it should be.
#[test]
fn role_actor() {
    play("role_actor", || {
        let (stage, index) = (given("STAGE"), given("INDEX").parse::<usize>()?);
        let mut dice = Dice::new(given("SEED").parse()?);
        let played = match (given("WORDS").parse::<usize>()?, index < WRITERS) {
            (SMALL, true) => play_writer::<SMALL>(&stage, index, &mut dice),
            (SMALL, false) => play_reader::<SMALL>(&stage, index, &mut dice),
            (_, true) => play_writer::<WIDE>(&stage, index, &mut dice),
            (_, false) => play_reader::<WIDE>(&stage, index, &mut dice),
        };
        say(&played.as_ref().map_or_else(|error| format!("wrong: {error}"), |()| "left".into()));
        played
    });
}

fn storm<const WORDS: usize>() -> Outcome {
    let (name, seed) = (name("stage"), seed());
    note(&format!("the seed is {seed}"));
    let mut first: Accounts<WORDS> = [0; WORDS];
    first[BODY..].iter_mut().zip(0..).for_each(|(word, index)| *word = mix(0, index));
    let shared = Shared::create(&name, &first)?;
    let len = 128 * WRITERS as u64 + 8 * (WRITERS + READERS) as u64;
    let ledger = Ledger(Mapping::create(&format!("{name}.ledger"), len)?.view()?);
    let end = Event::create(&format!("{name}.end"), Reset::Manual)?;
    let mut dice = Dice::new(seed);
    let start = |index: usize, seed: u64| {
        let (index, seed, words) = (index.to_string(), seed.to_string(), WORDS.to_string());
        Actor::start("role_actor", &[("STAGE", &name), ("INDEX", &index), ("SEED", &seed), ("WORDS", &words)])
    };
    let mut actors: Vec<Actor> = (0..WRITERS + READERS).map(|index| start(index, dice.below(1 << 30))).collect();
    actors.iter_mut().for_each(|actor| actor.says("on stage"));

    let begin = Instant::now();
    let (mut killed, mut longest, mut value) = (0, Duration::ZERO, first);
    while killed < DEATHS && begin.elapsed() < LONG_ENOUGH {
        let index = dice.below(actors.len() as u64) as usize;
        let actor = &mut actors[index];
        actor.kill();
        killed += 1;
        let said: Vec<String> = actor.said().into_iter().filter(|line| line != "on stage").collect();
        assert!(said.is_empty(), "seed {seed}, death {killed}: {said:?}");
        let version = shared.get_into(&mut value)?;
        check(&value, version)?;
        if index < WRITERS {
            // Nobody else writes these: they stand still.
            let (low, high) =
                (ledger.committed(index).load(Ordering::SeqCst), ledger.begun(index).load(Ordering::SeqCst));
            let found = value[1 + index];
            assert!(low <= found && found <= high.max(low), "writer {index}: {found} of {low} to {high} are there");
            let asked = Instant::now();
            drop(shared.edit_timeout(DEADLINE)?.ok_or("the dead has the lock still")?);
            longest = longest.max(asked.elapsed());
        }
        *actor = start(index, dice.below(1 << 30));
    }
    let seconds = begin.elapsed().as_secs_f64();
    note(&format!(
        "{killed} actors were killed in {seconds:.1} s, {} of them while they had the lock",
        shared.deaths()
    ));
    note(&format!("{} versions; the lock was to be had after {longest:?} at most", shared.version()));

    // Nobody is stuck: each comes a good way further, and then leaves.
    for index in 0..actors.len() {
        let before = ledger.progress(index).load(Ordering::Relaxed);
        until("an actor goes on", || ledger.progress(index).load(Ordering::Relaxed) > before + 20);
    }
    end.set()?;
    for actor in &mut actors {
        let line = actor.line();
        let line = if line == "on stage" { actor.line() } else { line };
        assert_eq!(line, "left", "seed {seed}");
    }
    actors.into_iter().for_each(Actor::finish);
    value = shared.get()?;
    check(&value, shared.version())?;
    for writer in 0..WRITERS {
        assert_eq!(value[1 + writer], ledger.committed(writer).load(Ordering::SeqCst), "a commit was lost");
    }
    all_is_gone(&name, (shared, ledger, end))
}

/// Nothing is left when the last handle is gone.
fn all_is_gone<T>(name: &str, handles: T) -> Outcome {
    drop(handles);
    coview::sweep(Namespace::Local)?;
    for object in coview::list(Namespace::Local)? {
        if object.name.contains(name) {
            gone(&object.name);
        }
    }
    Ok(())
}

#[test]
fn a_value_on_the_stack_is_never_seen_broken_and_no_commit_is_lost_whoever_is_killed() -> Outcome {
    storm::<SMALL>()
}

#[test]
fn a_value_on_the_heap_is_never_seen_broken_and_no_commit_is_lost_whoever_is_killed() -> Outcome {
    storm::<WIDE>()
}
