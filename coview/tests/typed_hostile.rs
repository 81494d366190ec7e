//! Hostile content in typed regions: whatever stands in a header or a slot, each call returns, with an error or a wrong value.

mod common;

use std::error::Error;
use std::fs::{self, File};
use std::time::{Duration, Instant};

use bytemuck::{Pod, Zeroable};
use common::sealed::Sealed;
use common::{Actor, Dice, Outcome, failure, given, hear, name, note, play, say, seed};
use coview::{
    Edit, ErrorKind, Latest, LatestBytes, LatestBytesPublisher, LatestPublisher, Mapping, Region, RegionOptions,
    Shared, View,
};

/// A wait that is long enough to sleep.
const NAP: Duration = Duration::from_millis(1);

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long one word after the other is damaged, at most.
const LONG_ENOUGH: Duration = Duration::from_secs(20);

/// How long a peer writes garbage.
const NOISE: Duration = Duration::from_secs(3);

const LEN_MAX: usize = 300;

/// Where the slots begin, and how many words at the head of each say what it holds.
const HEADER_LEN: usize = 512;
const HEAD_WORDS: usize = 4;

/// Where the header says that somebody waits, and the heads of slots `stride` bytes apart, and every other word of it.
fn words(slots: usize, stride: usize) -> Vec<usize> {
    let heads = (0..slots * HEAD_WORDS).map(|index| HEADER_LEN + index / HEAD_WORDS * stride + index % HEAD_WORDS * 8);
    (0..HEADER_LEN).step_by(8).chain(heads).collect()
}

fn patterns(random: u64) -> [u64; 7] {
    [0, 1, 2, u64::MAX, i64::MAX as u64, random, random % 1024]
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

fn put_parts(mut edit: Edit<'_, Sealed>) -> coview::Result<u64> {
    edit.put(0, &7u64);
    edit.fill(8..size_of::<Sealed>(), 7);
    let mut bytes = [0; size_of::<Sealed>()];
    edit.read(0, &mut bytes);
    edit.commit()
}

fn exercise_shared(shared: &Shared<Sealed>) -> Outcome {
    timed("get", || shared.get())?;
    timed("try_get", || shared.try_get())?;
    timed("get_timeout", || shared.get_timeout(NAP))?;
    timed("get_into", || shared.get_into(&mut Sealed::zeroed()))?;
    timed("wait_changed", || shared.wait_changed_timeout(shared.version(), NAP))?;
    timed("set", || shared.set_timeout(&Sealed::new(3), NAP))?;
    timed("edit", || shared.edit_timeout(NAP)?.map(put_parts).transpose())?;
    timed("update", || shared.update_timeout(NAP, |value| value.number = 9))?;
    timed("an edit that is dropped", || shared.edit_timeout(NAP).map(drop))?;
    timed("replace", || shared.replace_timeout(&Sealed::new(4), NAP))?;
    timed("get", || shared.get())?;
    timed("deaths", || Ok(shared.deaths()))?;
    Ok(())
}

fn exercise_latest(reader: &Latest<Sealed>, publisher: Option<&mut LatestPublisher<Sealed>>) -> Outcome {
    let read = || -> Outcome {
        timed("read", || reader.read())?;
        timed("read_into", || reader.read_into(&mut Sealed::zeroed()))?;
        timed("read_newer_than", || reader.read_newer_than(1))?;
        timed("wait_newer_than", || reader.wait_newer_than_timeout(reader.sequence(), NAP))?;
        timed("publisher", || reader.publisher())?;
        Ok(())
    };
    read()?;
    if let Some(publisher) = publisher {
        timed("publish", || publisher.publish(&Sealed::new(5)))?;
        read()?;
    }
    Ok(())
}

fn exercise_bytes(reader: &LatestBytes, publisher: Option<&mut LatestBytesPublisher>) -> Outcome {
    let read = || -> Outcome {
        for read in [reader.read(), reader.read_newer_than(1), reader.wait_newer_than_timeout(reader.sequence(), NAP)] {
            assert!(read.is_err() || read.is_ok_and(|found| found.is_none_or(|found| found.value.len() <= LEN_MAX)));
        }
        timed("read_in_place", || reader.read_in_place(|peek| peek.len()))?;
        if let Some(peek) = reader.peek() {
            assert!(peek.len() <= LEN_MAX, "a value is longer than its slot");
            let mut bytes = vec![0; peek.len()];
            peek.read(0, &mut bytes);
            peek.copy_to(&mut bytes)?;
            if let Some(last) = peek.len().checked_sub(1) {
                peek.get::<u8>(last);
            }
            peek.finish();
        }
        timed("publisher", || reader.publisher())?;
        Ok(())
    };
    read()?;
    if let Some(publisher) = publisher {
        timed("publish", || publisher.publish(&[6; LEN_MAX]))?;
        timed("publish", || publisher.publish(&[6; LEN_MAX + 1]))?;
        read()?;
    }
    Ok(())
}

fn exercise_region(mapping: &Mapping) -> Outcome {
    let Some(Some(region)) = timed("of", || Region::of(mapping))? else { return Ok(()) };
    let mut bytes = Vec::new();
    timed("read", || region.read(&mut bytes))?;
    assert!(bytes.len() as u64 <= mapping.size(), "more was read than there is");
    timed("wait", || region.wait_changed_timeout(region.sequence(), NAP))?;
    timed("publisher", || region.publisher())?;
    Ok(())
}

/// All handles to a region of some kind, made before anything was damaged.
enum Old {
    Shared(Shared<Sealed>),
    Latest(Latest<Sealed>, LatestPublisher<Sealed>),
    Bytes(LatestBytes, LatestBytesPublisher),
}

const KINDS: [&str; 3] = ["shared", "latest", "bytes"];

impl Old {
    fn new(kind: &str, name: &str) -> coview::Result<Old> {
        Ok(match kind {
            "shared" => {
                let shared = Shared::create(name, &Sealed::new(1))?;
                // A note of an edit is there.
                put_parts(shared.edit()?)?;
                Old::Shared(shared)
            }
            "latest" => {
                let mut publisher = LatestPublisher::create(name)?;
                publisher.publish(&Sealed::new(1))?;
                Old::Latest(Latest::open(name)?, publisher)
            }
            _ => {
                let mut publisher = LatestBytesPublisher::create(name, LEN_MAX as u64)?;
                publisher.publish(&[1; LEN_MAX])?;
                Old::Bytes(LatestBytes::open(name)?, publisher)
            }
        })
    }

    fn words(&self) -> Vec<usize> {
        match self {
            Old::Shared(_) => words(2, 640),
            Old::Latest(..) => words(4, 640),
            Old::Bytes(..) => words(4, 384),
        }
    }

    fn exercise(&mut self) -> Outcome {
        match self {
            Old::Shared(shared) => exercise_shared(shared),
            Old::Latest(reader, publisher) => exercise_latest(reader, Some(publisher)),
            Old::Bytes(reader, publisher) => exercise_bytes(reader, Some(publisher)),
        }
    }
}

/// Everything that can be done with the name of a region, through old handles and by new ones.
fn exercise(name: &str, mapping: &Mapping, old: &mut Old) -> Outcome {
    old.exercise()?;
    exercise_region(mapping)?;
    if let Some(shared) = timed("open", || Shared::<Sealed>::open(name))? {
        exercise_shared(&shared)?;
    }
    if let Some(shared) = timed("create_or_open", || Shared::<Sealed>::create_or_open(name, |_| ()))? {
        timed("get", || shared.get())?;
    }
    if let Some(reader) = timed("open", || Latest::<Sealed>::open(name))? {
        exercise_latest(&reader, timed("open", || LatestPublisher::open(name))?.as_mut())?;
    }
    if let Some(reader) = timed("open", || LatestBytes::open(name))? {
        let mut publisher = timed("over", || LatestBytesPublisher::over(mapping, 10, &RegionOptions::new()))?;
        exercise_bytes(&reader, publisher.as_mut().filter(|publisher| publisher.len_max() == LEN_MAX as u64))?;
    }
    Ok(())
}

#[test]
fn the_slots_lie_where_this_test_damages_them() -> Outcome {
    for kind in KINDS {
        let name = name(kind);
        let old = Old::new(kind, &name)?;
        let view = Mapping::open(&name)?.read_view()?;
        let words = old.words();
        assert!(words.contains(&(view.get::<u64>(56) as usize + view.get::<u64>(48) as usize)), "{kind}");
    }
    Ok(())
}

#[test]
fn role_target() {
    play("role_target", || {
        let (kind, mut dice) = (given("KIND"), Dice::new(given("SEED").parse()?));
        let name = name("target");
        let words = Old::new(&kind, &name)?.words();
        let mut all: Vec<_> =
            words.iter().flat_map(|&word| patterns(dice.below(u64::MAX)).map(|p| (word, p))).collect();
        // Each in its turn, and where that takes too long, as many as there is time for.
        for last in (1..all.len()).rev() {
            all.swap(last, dice.below(last as u64 + 1) as usize);
        }
        let (begin, count) = (Instant::now(), all.len());
        let mut tried = 0;
        for (word, pattern) in all {
            if begin.elapsed() > LONG_ENOUGH {
                break;
            }
            let mut old = Old::new(&kind, &name)?;
            let mapping = Mapping::open(&name)?;
            mapping.view()?.put(word, &pattern);
            exercise(&name, &mapping, &mut old).map_err(|error| format!("{word}: {pattern:#x}: {error}"))?;
            tried += 1;
            if tried % 10 == 0 {
                say("next");
            }
        }
        say(&format!("{kind}: {tried} of {count} ways to damage a word"));
        Ok(())
    });
}

#[test]
fn garbage_in_any_one_word_stops_nothing() {
    let seed = seed();
    note(&format!("the seed is {seed}"));
    let mut targets = KINDS.map(|kind| Actor::start("role_target", &[("KIND", kind), ("SEED", &seed.to_string())]));
    for target in &mut targets {
        let mut line = target.line();
        while line == "next" {
            line = target.line();
        }
        note(&line);
    }
    targets.into_iter().for_each(Actor::finish);
}

/// Writes whatever it likes, wherever it likes, until it is killed.
#[test]
fn role_noise() {
    play("role_noise", || {
        let view = Mapping::open(&given("NAME"))?.view()?;
        let words: Vec<usize> = given("WORDS").split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let mut dice = Dice::new(given("SEED").parse()?);
        say("noise");
        loop {
            let word = words[dice.below(words.len() as u64) as usize];
            let pattern = patterns(dice.below(u64::MAX))[dice.below(7) as usize];
            view.atomic_u64(word).store(pattern, std::sync::atomic::Ordering::Relaxed);
        }
    });
}

fn restore(view: &View, healthy: &[u8]) {
    view.write(0, healthy);
}

#[test]
fn role_noise_target() {
    play("role_noise_target", || {
        let (kind, seed) = (given("KIND"), given("SEED"));
        let name = name("noise");
        let mut old = Old::new(&kind, &name)?;
        let words = old.words();
        let mapping = Mapping::open(&name)?;
        let healthy = mapping.view()?.read_vec(0, 64);
        let start = |words: &[usize]| {
            let words = words.iter().map(usize::to_string).collect::<Vec<_>>().join(" ");
            let mut noise = Actor::start("role_noise", &[("NAME", &name), ("WORDS", &words), ("SEED", &seed)]);
            noise.says("noise");
            noise
        };
        // First in all that is checked at every open, then in what changes all the time.
        let mut rounds = 0;
        for words in [&words[..], &words[16..]] {
            let mut noise = start(words);
            let begin = Instant::now();
            while begin.elapsed() < NOISE / 2 {
                exercise(&name, &mapping, &mut old)?;
                rounds += 1;
            }
            noise.kill();
            restore(&mapping.view()?, &healthy);
        }
        say(&format!("{rounds} rounds"));
        while hear().is_some() {}
        Ok(())
    });
}

#[test]
fn a_peer_that_writes_garbage_all_the_time_stops_nothing() {
    let seed = seed();
    note(&format!("the seed is {seed}"));
    for kind in KINDS {
        let mut target = Actor::start("role_noise_target", &[("KIND", kind), ("SEED", &seed.to_string())]);
        note(&format!("{kind}, through garbage: {}", target.line()));
        target.finish();
    }
}

const LARGE: usize = 8 << 20;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Large([u8; LARGE]);

#[test]
fn a_large_value_that_is_not_there_is_found_out_without_copying_it_a_thousand_times() -> Outcome {
    let (shared_name, latest_name) = (name("large"), name("large"));
    let mut large = bytemuck::zeroed_box::<Large>();
    let shared = Shared::create(&shared_name, &*large)?;
    let mut publisher = LatestPublisher::<Large>::create(&latest_name)?;
    publisher.publish(&large)?;
    let reader = Latest::<Large>::open(&latest_name)?;
    let view = Mapping::open(&latest_name)?.view()?;
    let stride: u64 = view.get(48);
    view.put(HEADER_LEN + (reader.sequence() * stride) as usize, &99u64);
    let copying = Instant::now();
    for _ in 0..600 {
        shared.set(&large)?;
    }
    let copied = copying.elapsed();
    let view = Mapping::open(&shared_name)?.view()?;
    let stride: u64 = view.get(48);
    view.put(HEADER_LEN + (shared.version() % 2 * stride) as usize, &99u64);
    let begin = Instant::now();
    assert_eq!(failure(shared.get_into(&mut large)), ErrorKind::Damaged);
    assert_eq!(failure(reader.read_into(&mut large)), ErrorKind::Damaged);
    let region = Region::open(&shared_name)?;
    assert_eq!(failure(region.read(&mut Vec::new())), ErrorKind::Damaged);
    note(&format!("three times damaged within {:?}, where 600 copies take {copied:?}", begin.elapsed()));
    assert!(begin.elapsed() < copied, "it was copied again and again");
    Ok(())
}

#[test]
fn a_mapping_that_is_shorter_than_its_header_says_is_incompatible() -> Outcome {
    let (region_name, options) = (name("whole"), RegionOptions::new());
    let mut publisher = LatestBytesPublisher::create(&region_name, LEN_MAX as u64)?;
    publisher.publish(b"Update")?;
    let mapping = Mapping::open(&region_name)?;
    let whole = mapping.read_view()?.read_vec(0, mapping.size() as usize);
    let path = std::env::temp_dir().join(name("short"));
    let check = |len: usize| -> Outcome {
        fs::write(&path, &whole[..len])?;
        let file = File::options().read(true).write(true).open(&path)?;
        let mapping = Mapping::from_file(&file, None)?;
        let told = if len < HEADER_LEN { "there is no typed region" } else { "its header speaks of" };
        let error = LatestBytes::over(&mapping, &options).expect_err("it is too short");
        assert!(error.kind() == ErrorKind::Incompatible && error.to_string().contains(told), "{len}: {error}");
        assert_eq!(failure(Latest::<Sealed>::over(&mapping, &options)), ErrorKind::Incompatible);
        let publisher = LatestBytesPublisher::over(&mapping, LEN_MAX as u64, &options);
        assert_eq!(failure(publisher), ErrorKind::Incompatible, "{len}");
        // A shorter one would fit, and is not what is there.
        assert_eq!(failure(LatestBytesPublisher::over(&mapping, 1, &options)), ErrorKind::Incompatible, "{len}");
        match Region::of(&mapping) {
            Ok(none) => assert!(none.is_none() && len < HEADER_LEN),
            Err(error) => assert!(error.kind() == ErrorKind::Incompatible && len >= HEADER_LEN, "{len}: {error}"),
        }
        drop(mapping);
        assert!(fs::read(&path)? == whole[..len], "{len}: something was written");
        Ok(())
    };
    let result = [1, 7, 8, 63, 64, 128, 511, 512, 513, 1024, 2000, whole.len() - 1].into_iter().try_for_each(check);
    let _ = fs::remove_file(&path);
    result
}

#[test]
fn a_file_that_begins_with_zeros_and_goes_on_otherwise_is_no_place_for_a_region() -> Outcome {
    let path = std::env::temp_dir().join(name("zeros"));
    let size = Latest::<Sealed>::REGION_SIZE as usize;
    let check = |at: usize| -> Outcome {
        let mut contents = vec![0; size];
        contents[at] = 1;
        fs::write(&path, &contents)?;
        let file = File::options().read(true).write(true).open(&path)?;
        let mapping = Mapping::from_file(&file, None)?;
        let publisher = LatestPublisher::<Sealed>::over(&mapping, &RegionOptions::new());
        assert_eq!(failure(publisher), ErrorKind::Incompatible, "a byte at {at}");
        drop(mapping);
        assert!(fs::read(&path)? == contents, "a byte at {at}: something was written");
        Ok(())
    };
    let result = [0, 7, 9, 63, 64, 128, 136, 144, 256, 384, 511].into_iter().try_for_each(check);
    let _ = fs::remove_file(&path);
    result
}
