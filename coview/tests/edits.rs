//! Editing a `Shared` in parts: what others see, what a death in the middle leaves, and what stays in the other slot.

mod common;

use std::mem::offset_of;
use std::thread;
use std::time::{Duration, Instant};

use bytemuck::{Pod, Zeroable};
use common::sealed::{Sealed, mix};
use common::{Actor, Dice, Outcome, failure, given, name, note, play, say, seed};
use coview::{ErrorKind, Mapping, Shared};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq, proptest};

/// Where the header says what the last edit has changed.
const CHANGE: usize = 384;

/// A run ends after so many deaths, or so much time.
const DEATHS: u32 = 2000;
const LONG_ENOUGH: Duration = Duration::from_secs(15);

#[test]
fn nothing_shows_before_the_commit_and_nothing_after_a_drop() -> Outcome {
    let shared = Shared::create(&name("parts"), &[1u32; 100])?;
    let mut edit = shared.edit()?;
    edit.put(4, &2u32);
    edit.fill(8..12, 0xff);
    edit.write(12, &[3, 0, 0, 0]);
    assert_eq!((edit.get::<u32>(0), edit.get::<u32>(4), edit.get::<u32>(8)), (1, 2, u32::MAX));
    assert_eq!((shared.get()?, shared.version()), ([1; 100], 1));
    drop(edit);
    assert_eq!((shared.get()?, shared.version()), ([1; 100], 1));
    let mut edit = shared.edit()?;
    assert_eq!(edit.get::<[u32; 100]>(0), [1; 100], "what a dropped edit has written is gone");
    edit.put(396, &4u32);
    assert_eq!(edit.commit()?, 2);
    assert_eq!(shared.get()?[98..], [1, 4]);
    Ok(())
}

#[test]
fn parts_beyond_the_value_are_refused_wherever_they_end() -> Outcome {
    let shared = Shared::create(&name("bounds"), &[7u8; 10])?;
    let refused = |work: &dyn Fn(&mut coview::Edit<'_, [u8; 10]>)| -> Outcome {
        let mut edit = shared.edit()?;
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut edit))).is_err();
        assert!(panicked, "a part beyond the value was taken");
        Ok(())
    };
    refused(&|edit| edit.put(3, &0u64))?;
    refused(&|edit| edit.put(usize::MAX, &0u8))?;
    refused(&|edit| edit.write(11, &[]))?;
    refused(&|edit| edit.write(usize::MAX - 1, &[0; 4]))?;
    refused(&|edit| edit.fill(10..11, 0))?;
    refused(&|edit| edit.fill(0..usize::MAX, 0))?;
    #[allow(clippy::reversed_empty_ranges, reason = "it must be refused")]
    refused(&|edit| edit.fill(5..4, 0))?;
    refused(&|edit| assert_eq!(edit.get::<u16>(9), 0))?;
    refused(&|edit| edit.read(usize::MAX, &mut [0; 2]))?;
    let mut edit = shared.edit()?;
    edit.write(10, &[]);
    edit.fill(10..10, 0);
    edit.commit()?;
    assert_eq!(shared.get()?, [7; 10]);
    Ok(())
}

#[test]
fn a_write_by_other_means_spoils_the_edit_and_only_the_edit() -> Outcome {
    let name = name("spoiled");
    let shared = Shared::create(&name, &[1u32; 300])?;
    let again = Shared::<[u32; 300]>::open(&name)?;
    let others: [&dyn Fn() -> coview::Result<()>; 4] = [
        &|| shared.set(&[2; 300]).map(drop),
        &|| again.update(|value| *value = [2; 300]),
        &|| again.replace(&[2; 300]).map(drop),
        &|| {
            let mut inner = shared.edit()?;
            inner.fill(0..1200, 0);
            (0..300).for_each(|index| inner.put(index * 4, &2u32));
            inner.commit().map(drop)
        },
    ];
    for other in others {
        shared.set(&[1; 300])?;
        let mut edit = shared.edit()?;
        edit.put(0, &9u32);
        other()?;
        let version = shared.version();
        edit.put(4, &9u32);
        edit.fill(8..12, 9);
        edit.write(12, &[9; 4]);
        assert_eq!(shared.get()?, [2; 300], "a spoiled edit writes into what the other has made current");
        assert_eq!(failure(edit.commit()), ErrorKind::Damaged);
        assert_eq!((shared.get()?, shared.version()), ([2; 300], version));
        // The slot that the next edit starts from is as it should be too.
        let mut next = shared.edit()?;
        next.put(1196, &3u32);
        next.commit()?;
        assert_eq!((shared.get()?[..299].to_vec(), shared.get()?[299]), (vec![2; 299], 3));
    }
    Ok(())
}

#[test]
fn an_edit_inside_an_edit_ends_the_first_and_leaves_nothing_of_itself_when_it_is_dropped() -> Outcome {
    let shared = Shared::create(&name("nested"), &[1u32; 300])?;
    let mut outer = shared.edit()?;
    outer.put(0, &2u32);
    let mut inner = shared.edit()?;
    inner.put(4, &3u32);
    drop(inner);
    outer.put(8, &4u32);
    assert_eq!(failure(outer.commit()), ErrorKind::Damaged);
    assert_eq!((shared.get()?, shared.version()), ([1; 300], 1));

    let outer = shared.edit()?;
    let mut inner = shared.edit()?;
    inner.put(4, &5u32);
    inner.commit()?;
    assert_eq!(failure(outer.commit()), ErrorKind::Damaged);
    assert_eq!(shared.get()?[..3], [1, 5, 1]);
    let next = shared.edit()?;
    assert!(next.get::<[u32; 300]>(0) == shared.get()?, "the slot of the next version is not up to date");
    assert_eq!(shared.get()?[..3], [1, 5, 1]);
    assert_eq!(next.commit()?, 3);
    Ok(())
}

/// What a writer leaves that is killed in the last moment before its commit: a note of a version that is not current.
#[test]
fn the_note_of_an_edit_that_never_became_current_speaks_for_no_other_write() -> Outcome {
    let name = name("note");
    let shared = Shared::create(&name, &[1u8; 3000])?;
    let header = Mapping::open(&name)?.view()?;
    for write in [
        |shared: &Shared<[u8; 3000]>| shared.set(&[2; 3000]).map(drop),
        |shared: &Shared<[u8; 3000]>| shared.update(|value| *value = [2; 3000]),
        |shared: &Shared<[u8; 3000]>| shared.replace(&[2; 3000]).map(drop),
    ] {
        shared.set(&[1; 3000])?;
        let next = shared.version() + 1;
        [next, 10, 20].iter().enumerate().for_each(|(index, word)| header.put(CHANGE + 8 * index, word));
        write(&shared)?;
        let mut edit = shared.edit()?;
        edit.put(0, &3u8);
        edit.commit()?;
        let value = shared.get()?;
        assert_eq!(value[0], 3);
        assert!(value[1..].iter().all(|&byte| byte == 2), "the edit began with an older value");
    }
    Ok(())
}

/// A value of many pages whose parts all follow from one number.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Wide {
    number: u64,
    parts: [u64; 1023],
}

fn wide(number: u64) -> Wide {
    Wide { number, parts: std::array::from_fn(|index| part(number, index as u64)) }
}

/// Only every eighth part changes with each number, so that an edit has little to write and much to keep.
fn part(number: u64, index: u64) -> u64 {
    let since = (number + 8 - index % 8) / 8;
    mix(since, index)
}

fn check(value: &Wide) -> Result<(), String> {
    match value.parts.iter().zip(0..).find(|(found, index)| **found != part(value.number, *index)) {
        None => Ok(()),
        Some((_, index)) => Err(format!("part {index} is not of value {}", value.number)),
    }
}

#[test]
fn role_editor() {
    play("role_editor", || {
        let (shared, mut dice) = (Shared::<Wide>::open(&given("NAME"))?, Dice::new(given("SEED").parse()?));
        say("on stage");
        loop {
            if dice.below(4) == 0 {
                shared.update(|value| *value = wide(value.number + 1))?;
                continue;
            }
            let mut edit = shared.edit()?;
            let number = edit.get::<u64>(0) + 1;
            edit.put(0, &number);
            for index in (0..1023u64).filter(|&index| part(number, index) != part(number - 1, index)) {
                edit.put(offset_of!(Wide, parts) + 8 * index as usize, &part(number, index));
            }
            // One in four changes its mind.
            if dice.below(4) > 0 {
                edit.commit()?;
            }
        }
    });
}

#[test]
fn a_kill_at_any_instruction_of_an_edit_leaves_the_old_value_or_the_new_one() -> Outcome {
    let (name, seed) = (name("edited"), seed());
    note(&format!("the seed is {seed}"));
    let shared = Shared::create(&name, &wide(0))?;
    let mut dice = Dice::new(seed);
    let begin = Instant::now();
    let (mut killed, mut abandoned) = (0, 0);
    while killed < DEATHS && begin.elapsed() < LONG_ENOUGH {
        let start = |seed: u64| Actor::start("role_editor", &[("NAME", &name), ("SEED", &seed.to_string())]);
        let mut editors: Vec<Actor> = (0..1 + dice.below(2)).map(|_| start(dice.below(1 << 30))).collect();
        editors.iter_mut().for_each(|editor| editor.says("on stage"));
        for editor in &mut editors {
            thread::sleep(Duration::from_micros(dice.below(700)));
            editor.kill();
            killed += 1;
        }
        check(&shared.get()?)?;
        let mut edit = shared.try_edit()?.ok_or("the dead have the lock still")?;
        abandoned += u64::from(edit.was_abandoned());
        assert!(shared.deaths() >= abandoned);
        check(&edit.get::<Wide>(0))?;
        let number = edit.get::<u64>(0);
        assert_eq!(number + 1, shared.version(), "a commit was lost, or was none");
        edit.write(0, bytemuck::bytes_of(&wide(number + 1)));
        edit.commit()?;
        check(&shared.get()?)?;
    }
    note(&format!("{killed} editors were killed, {} of them while they had the lock", shared.deaths()));
    Ok(())
}

#[test]
fn an_edit_after_a_death_says_so_once() -> Outcome {
    let name = name("abandoned");
    let shared = Shared::create(&name, &Sealed::new(1))?;
    for death in 1..=3 {
        let mut holder = Actor::start("role_holder", &[("NAME", &name)]);
        holder.says("held");
        assert!(shared.try_edit()?.is_none() && shared.try_set(&Sealed::new(2))?.is_none());
        holder.kill();
        assert!(shared.try_edit()?.ok_or("the dead has the lock")?.was_abandoned());
        assert_eq!((shared.deaths(), shared.version()), (death, 1));
        assert!(!shared.edit()?.was_abandoned());
        assert_eq!((shared.get()?, shared.deaths()), (Sealed::new(1), death));
    }
    Ok(())
}

#[test]
fn role_holder() {
    play("role_holder", || {
        let shared = Shared::<Sealed>::open(&given("NAME"))?;
        let mut edit = shared.edit()?;
        edit.fill(0..size_of::<Sealed>(), 0xa5);
        say("held");
        common::hear_out();
        Err("it was to be killed".into())
    });
}

const SIZE: usize = 200;

/// One thing that can be done to a value, through the one handle or the other.
#[derive(Clone, Debug)]
enum Step {
    Set(u8),
    Update(usize, u8),
    Replace(u8),
    /// The parts of an edit, and whether it is committed.
    Edit(Vec<Part>, bool),
}

#[derive(Clone, Debug)]
enum Part {
    Put(usize, u64),
    Write(usize, Vec<u8>),
    Fill(usize, usize, u8),
}

fn parts() -> impl Strategy<Value = Part> {
    prop_oneof![
        (0..=SIZE - 8, any::<u64>()).prop_map(|(at, word)| Part::Put(at, word)),
        (0..=SIZE, vec(any::<u8>(), 0..40)).prop_map(|(at, mut bytes)| {
            bytes.truncate(SIZE - at);
            Part::Write(at, bytes)
        }),
        (0..=SIZE, 0..=SIZE, any::<u8>()).prop_map(|(a, b, byte)| Part::Fill(a.min(b), a.max(b), byte)),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => any::<u8>().prop_map(Step::Set),
        1 => (0..SIZE, any::<u8>()).prop_map(|(at, byte)| Step::Update(at, byte)),
        1 => any::<u8>().prop_map(Step::Replace),
        5 => (vec(parts(), 0..5), any::<bool>()).prop_map(|(parts, commit)| Step::Edit(parts, commit)),
    ]
}

fn apply(part: &Part, edit: &mut coview::Edit<'_, [u8; SIZE]>, model: &mut [u8]) {
    match part {
        Part::Put(at, word) => {
            edit.put(*at, word);
            model[*at..*at + 8].copy_from_slice(&word.to_ne_bytes());
        }
        Part::Write(at, bytes) => {
            edit.write(*at, bytes);
            model[*at..*at + bytes.len()].copy_from_slice(bytes);
        }
        Part::Fill(start, end, byte) => {
            edit.fill(*start..*end, *byte);
            model[*start..*end].fill(*byte);
        }
    }
}

fn take(step: &Step, shared: &Shared<[u8; SIZE]>, model: &mut Vec<u8>) -> Result<(), TestCaseError> {
    let fail = |error: coview::Error| TestCaseError::fail(error.to_string());
    match step {
        Step::Set(byte) => {
            shared.set(&[*byte; SIZE]).map_err(fail)?;
            model.fill(*byte);
        }
        Step::Update(at, byte) => {
            shared.update(|value| value[*at] = *byte).map_err(fail)?;
            model[*at] = *byte;
        }
        Step::Replace(byte) => {
            prop_assert_eq!(&shared.replace(&[*byte; SIZE]).map_err(fail)?[..], &model[..]);
            model.fill(*byte);
        }
        Step::Edit(parts, commit) => {
            let mut edit = shared.edit().map_err(fail)?;
            let mut edited = model.clone();
            for part in parts {
                apply(part, &mut edit, &mut edited);
                let mut seen = vec![0; SIZE];
                edit.read(0, &mut seen);
                prop_assert_eq!(&seen, &edited);
            }
            prop_assert!(shared.get().map_err(fail)?[..] == model[..], "an edit shows before its commit");
            if *commit {
                edit.commit().map_err(fail)?;
                *model = edited;
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_value_is_always_what_its_writes_have_made_of_it(steps in vec((steps(), any::<bool>()), 1..40)) {
        let name = name("model");
        let fail = |error: coview::Error| TestCaseError::fail(error.to_string());
        let one = Shared::create(&name, &[0u8; SIZE]).map_err(fail)?;
        let other = Shared::<[u8; SIZE]>::open(&name).map_err(fail)?;
        let mut model = vec![0; SIZE];
        for (step, through_other) in &steps {
            take(step, if *through_other { &other } else { &one }, &mut model)?;
            prop_assert_eq!(&one.get().map_err(fail)?[..], &model[..]);
            prop_assert_eq!(&other.get().map_err(fail)?[..], &model[..]);
        }
    }
}
