//! A `Latest` whose publisher is killed and replaced thousands of times, while others read and wait.
//!
//! Each value holds its own number, the publisher keeps an account of what it has begun and what it has published, and
//! readers know what must follow what. The seed of a run is printed; `COVIEW_TEST_SEED` repeats the choices, though not the
//! moments of the deaths.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::sealed::{Sealed, mix};
use common::{Actor, Dice, Outcome, given, gone, name, note, play, say, seed, until};
use coview::{
    ErrorKind, Event, Latest, LatestBytes, LatestBytesPublisher, LatestPublisher, Mapping, Namespace, PublisherState,
    Reset, Stamp, View,
};

/// A run ends after so many deaths, or so much time.
const DEATHS: u32 = 3000;
const LONG_ENOUGH: Duration = Duration::from_secs(20);

const READERS: usize = 8;

/// How long a wait sleeps that nobody ends.
const NAP: Duration = Duration::from_millis(2);

/// What a look at the value has seen, if anything.
type Seen = Result<Option<Stamp>, Box<dyn std::error::Error>>;

/// The longest value of varying length.
const LEN_MAX: usize = 3000;

/// What the publisher has begun and what it has published, and how far the readers have come.
struct Ledger(View);

impl Ledger {
    const LEN: u64 = 1024;

    fn find(stage: &str) -> Result<Ledger, coview::Error> {
        Ok(Ledger(Mapping::open(&format!("{stage}.ledger"))?.view()?))
    }

    fn begun(&self) -> &AtomicU64 {
        self.0.atomic_u64(0)
    }

    fn published(&self) -> &AtomicU64 {
        self.0.atomic_u64(8)
    }

    fn progress(&self, reader: usize) -> &AtomicU64 {
        self.0.atomic_u64(128 + 8 * reader)
    }
}

fn bytes_of(number: u64) -> Vec<u8> {
    let len = mix(number, 1) as usize % LEN_MAX;
    (0..len as u64).map(|index| mix(number, index / 8).to_le_bytes()[index as usize % 8]).collect()
}

#[test]
fn role_publisher() {
    play("role_publisher", || {
        let stage = given("STAGE");
        let (ledger, end) = (Ledger::find(&stage)?, Event::open(&format!("{stage}.end"))?);
        let published = if given("KIND") == "bytes" {
            let mut publisher = LatestBytesPublisher::create_or_open(&stage, LEN_MAX as u64)?;
            let next = LatestBytes::open(&stage)?.sequence() + 1;
            say(&publisher.generation().to_string());
            publish(&ledger, &end, next, |number| publisher.publish(&bytes_of(number)))
        } else {
            let mut publisher = LatestPublisher::<Sealed>::create_or_open(&stage)?;
            let next = Latest::<Sealed>::open(&stage)?.sequence() + 1;
            say(&publisher.generation().to_string());
            publish(&ledger, &end, next, |number| publisher.publish(&Sealed::new(number)))
        };
        say(&published.as_ref().map_or_else(|error| format!("wrong: {error}"), |()| "left".into()));
        published
    });
}

fn publish(
    ledger: &Ledger,
    end: &Event,
    mut next: u64,
    mut publish: impl FnMut(u64) -> coview::Result<u64>,
) -> Outcome {
    while !end.try_wait()? {
        ledger.begun().store(next, Ordering::SeqCst);
        let number = publish(next)?;
        if number != next {
            return Err(format!("value {next} was published as {number}").into());
        }
        ledger.published().store(next, Ordering::SeqCst);
        next += 1;
        // Often enough for readers to be lapped, and now and then for them to sleep.
        if next.is_multiple_of(64) {
            thread::sleep(NAP / 4);
        }
    }
    Ok(())
}

/// Whether what a reader has seen can come after what it saw before.
fn follows(last: Stamp, stamp: Stamp) -> Result<Stamp, String> {
    let forward = stamp.sequence > last.sequence && stamp.generation >= last.generation;
    let same = stamp == last;
    if forward || same { Ok(stamp) } else { Err(format!("{stamp:?} was seen after {last:?}")) }
}

#[test]
fn role_reader() {
    play("role_reader", || {
        let (stage, index) = (given("STAGE"), given("INDEX").parse::<usize>()?);
        let (ledger, end) = (Ledger::find(&stage)?, Event::open(&format!("{stage}.end"))?);
        let mut dice = Dice::new(given("SEED").parse()?);
        say("on stage");
        let mut look: Box<dyn FnMut(Stamp) -> Seen> = if given("KIND") == "bytes" {
            let reader = LatestBytes::open(&stage)?;
            Box::new(move |last| look_at_bytes(&reader, last, &mut dice))
        } else {
            let reader = Latest::<Sealed>::open(&stage)?;
            Box::new(move |last| look(&reader, last, &mut dice))
        };
        let mut read = || -> Outcome {
            let mut last = Stamp::default();
            while !end.try_wait()? {
                if let Some(stamp) = look(last)? {
                    last = follows(last, stamp)?;
                    ledger.progress(index).store(stamp.sequence, Ordering::Relaxed);
                }
            }
            Ok(())
        };
        let result = read();
        say(&result.as_ref().map_or_else(|error| format!("wrong: {error}"), |()| "left".into()));
        result
    });
}

/// Lets pass that a reader was lapped too often: who publishes all the time may do that.
fn unless_busy<T>(read: coview::Result<Option<T>>) -> coview::Result<Option<T>> {
    read.or_else(|error| if error.kind() == ErrorKind::Busy { Ok(None) } else { Err(error) })
}

fn look(reader: &Latest<Sealed>, last: Stamp, dice: &mut Dice) -> Seen {
    let reading = match dice.below(6) {
        0 => unless_busy(reader.wait_newer_than_timeout(last.sequence, NAP))?,
        1 => unless_busy(reader.read_newer_than(last.sequence))?,
        2 => {
            // Nothing is known of what the answer must be but that it is one.
            reader.publisher()?;
            None
        }
        _ => unless_busy(reader.read())?,
    };
    let Some(reading) = reading else { return Ok(None) };
    reading.value.check()?;
    if reading.value.number != reading.stamp.sequence {
        return Err(format!("value {} has the number {}", reading.value.number, reading.stamp.sequence).into());
    }
    Ok(Some(reading.stamp))
}

fn look_at_bytes(reader: &LatestBytes, last: Stamp, dice: &mut Dice) -> Seen {
    let reading = match dice.below(5) {
        0 => unless_busy(reader.wait_newer_than_timeout(last.sequence, NAP))?,
        1 => unless_busy(reader.read())?,
        2 => unless_busy(reader.read_in_place(|peek| {
            let mut bytes = vec![0; peek.len()];
            peek.read(0, &mut bytes);
            bytes
        }))?,
        _ => {
            let Some(peek) = reader.peek() else { return Ok(None) };
            let mut bytes = Vec::new();
            peek.copy_to(&mut bytes)?;
            let Some(stamp) = peek.finish() else { return Ok(None) };
            if bytes != bytes_of(stamp.sequence) {
                return Err(format!("a torn value {} was seen in place", stamp.sequence).into());
            }
            return Ok(Some(stamp));
        }
    };
    let Some(reading) = reading else { return Ok(None) };
    if reading.value != bytes_of(reading.stamp.sequence) {
        return Err(format!("a torn value {} was seen", reading.stamp.sequence).into());
    }
    Ok(Some(reading.stamp))
}

fn storm(kind: &str) -> Outcome {
    let (name, seed) = (name("stage"), seed());
    note(&format!("the seed is {seed}"));
    let mut dice = Dice::new(seed);
    let end = Event::create(&format!("{name}.end"), Reset::Manual)?;
    let ledger = Ledger(Mapping::create(&format!("{name}.ledger"), Ledger::LEN)?.view()?);
    let start = |role: &str, index: usize, seed: u64| {
        let (index, seed) = (index.to_string(), seed.to_string());
        Actor::start(role, &[("STAGE", &name), ("KIND", kind), ("INDEX", &index), ("SEED", &seed)])
    };
    let mut publisher = start("role_publisher", 0, 0);
    publisher.says("1");
    let region = coview::Region::open(&name)?;
    let mut readers: Vec<Actor> = (0..READERS).map(|index| start("role_reader", index, dice.below(1 << 30))).collect();
    readers.iter_mut().for_each(|reader| reader.says("on stage"));

    let begin = Instant::now();
    let (mut killed, mut readers_killed, mut in_between, mut longest) = (0, 0, 0, Duration::ZERO);
    while killed < DEATHS && begin.elapsed() < LONG_ENOUGH {
        thread::sleep(Duration::from_micros(dice.below(1500)));
        publisher.kill();
        killed += 1;
        assert_eq!(publisher.said(), Vec::<String>::new(), "seed {seed}, death {killed}");
        assert_eq!(region.publisher()?, PublisherState::Died);
        let (low, high) = (ledger.published().load(Ordering::SeqCst), ledger.begun().load(Ordering::SeqCst));
        let found = region.sequence();
        assert!((low..=high.max(low)).contains(&found), "value {found} is current, of {low} to {high}");
        in_between += u32::from(low != high);
        // Takeover: the part is free although the dead never gave it back.
        let asked = Instant::now();
        let generation = match kind {
            "bytes" => LatestBytesPublisher::open(&name)?.generation(),
            _ => LatestPublisher::<Sealed>::open(&name)?.generation(),
        };
        longest = longest.max(asked.elapsed());
        assert_eq!(region.publisher()?, PublisherState::Ended);
        if dice.below(4) == 0 {
            let index = dice.below(READERS as u64) as usize;
            readers[index].kill();
            let said: Vec<String> = readers[index].said().into_iter().filter(|line| line != "on stage").collect();
            assert!(said.is_empty(), "seed {seed}, death {killed}: {said:?}");
            readers[index] = start("role_reader", index, dice.below(1 << 30));
            readers[index].says("on stage");
            readers_killed += 1;
        }
        publisher = start("role_publisher", 0, 0);
        publisher.says(&(generation + 1).to_string());
    }
    let seconds = begin.elapsed().as_secs_f64();
    note(&format!(
        "{killed} publishers, {in_between} of them in the middle, and {readers_killed} readers died in {seconds:.1} s"
    ));
    note(&format!("{} values were published; taking over took {longest:?} at most", region.sequence()));

    for reader in 0..READERS {
        let reached = region.sequence() + 10;
        until("a reader goes on", || ledger.progress(reader).load(Ordering::Relaxed) > reached);
    }
    end.set()?;
    for actor in readers.iter_mut().chain([&mut publisher]) {
        actor.says("left");
    }
    readers.into_iter().chain([publisher]).for_each(Actor::finish);
    assert_eq!(region.publisher()?, PublisherState::Ended);
    assert_eq!(region.sequence(), ledger.published().load(Ordering::SeqCst), "a value was lost");
    drop((region, ledger, end));
    coview::sweep(Namespace::Local)?;
    for object in coview::list(Namespace::Local)? {
        if object.name.contains(&name) {
            gone(&object.name);
        }
    }
    Ok(())
}

#[test]
fn readers_see_whole_values_in_order_through_thousands_of_deaths_of_publishers() -> Outcome {
    storm("sealed")
}

#[test]
fn readers_of_bytes_see_whole_values_in_order_through_thousands_of_deaths_of_publishers() -> Outcome {
    storm("bytes")
}
