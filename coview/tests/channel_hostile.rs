//! Hostile content in channels: whatever stands in their memory, each call returns in time, with an error or a wrong value.

mod common;

use std::error::Error;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::channels::{Hub, KINDS, Kind, Rx, Size, Tx, bytes_of};
use common::garbage::{self, patterns, places};
use common::{Actor, Dice, Outcome, given, name, note, play, say, seed};
use coview::{Channel, Mapping, wait_any_timeout};

/// A wait that is long enough to sleep.
const NAP: Duration = Duration::from_millis(1);

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long one word after the other is damaged, at most, and how long a peer writes garbage.
const LONG_ENOUGH: Duration = Duration::from_secs(8);
const NOISE: Duration = Duration::from_millis(1500);

/// As many channels as are filled with garbage by chance, at most.
const CHANNELS: u32 = 20_000;

/// The same that `garbage` knows, and one with many slots, in which positions can be as large as numbers are.
const SMALL: Size = Size { capacity: 4, max_len: 40, history: 0 };
const DEEP: Size = Size { capacity: 1024, max_len: 40, history: 0 };

/// Does something that must return in time, with whatever result.
fn timed<T>(what: &str, work: impl FnOnce() -> coview::Result<T>) -> Result<Option<T>, Box<dyn Error>> {
    let begin = Instant::now();
    let result = work();
    if begin.elapsed() > PATIENCE {
        return Err(format!("{what} took {:?}", begin.elapsed()).into());
    }
    Ok(result.ok())
}

fn exercise_sender(sender: &mut Tx) -> Outcome {
    timed("try_send", || sender.try_send(&[1; 40]))?;
    timed("send_timeout", || sender.send_timeout(&[2; 10], NAP))?;
    timed("loan_timeout", || {
        let Some(mut loan) = sender.loan_timeout(40, NAP)? else { return Ok(()) };
        loan.fill(.., 3);
        loan.commit()
    })?;
    timed("a loan that is dropped", || sender.loan_timeout(40, NAP).map(drop))?;
    timed("wait_any", || wait_any_timeout(&[sender.waitable()], NAP).map(drop))?;
    Ok(())
}

fn exercise_receiver(receiver: &mut Rx) -> Outcome {
    let check = |message: coview::Message<'_, [u8]>| {
        assert!(message.len() <= 40, "a message is longer than its place");
        bytes_of(&message);
        message.finish()
    };
    timed("try_recv", || receiver.try_recv()?.map(check).transpose())?;
    timed("recv_timeout", || receiver.recv_timeout(NAP)?.map(check).transpose())?;
    timed("try_recv_copy", || receiver.try_recv_copy())?;
    timed("recv_copy_timeout", || receiver.recv_copy_timeout(NAP))?;
    timed("recv_into_timeout", || receiver.recv_into_timeout(&mut Vec::new(), NAP))?;
    timed("recv_many_timeout", || receiver.recv_many_timeout(9, |message| drop(bytes_of(message)), NAP))?;
    timed("wait_connected_timeout", || receiver.wait_connected_timeout(NAP))?;
    timed("wait_any", || wait_any_timeout(&[receiver.waitable()], NAP).map(drop))?;
    let _ = receiver.missed();
    Ok(())
}

/// Everything that can be done with a channel: by old ends, and by new ones.
fn exercise(kind: Kind, name: &str, hub: &Hub, old: &mut (Tx, Rx)) -> Outcome {
    exercise_sender(&mut old.0)?;
    exercise_receiver(&mut old.1)?;
    timed("state", || hub.state())?;
    if let Some(channel) = timed("Channel::open", || Channel::open(name))? {
        timed("state", || channel.state())?;
    }
    if let Some(hub) = timed("open", || Hub::open(kind, name))? {
        if let Some(mut sender) = timed("sender", || hub.sender())? {
            exercise_sender(&mut sender)?;
        }
        if let Some(mut receiver) = timed("receiver", || hub.receiver())? {
            exercise_receiver(&mut receiver)?;
        }
    }
    exercise_receiver(&mut old.1)
}

/// A channel with a message that was received, and one that was not.
fn old(kind: Kind, size: Size, name: &str) -> coview::Result<(Hub, (Tx, Rx))> {
    let hub = Hub::create(kind, size, name)?;
    let (mut sender, mut receiver) = (hub.sender()?, hub.receiver()?);
    sender.send(&[5; 40])?;
    receiver.recv_copy()?;
    sender.send(&[6; 30])?;
    Ok((hub, (sender, receiver)))
}

#[test]
fn the_words_lie_where_this_test_damages_them() -> Outcome {
    for kind in KINDS {
        let name = name("where");
        let (_hub, _ends) = old(kind, SMALL, &name)?;
        let view = Mapping::open(&name)?.read_view()?;
        assert_eq!((view.get::<u64>(56), view.get::<u64>(48), view.get::<u64>(40)), (36_864, 64, 4), "{kind:?}");
        assert_eq!((view.get::<u64>(640), view.get::<u64>(768)), (1, 1), "{kind:?}");
        assert_eq!((view.get::<u64>(36_864 + 64 + 8), view.get::<u64>(20_480 + 24)), (30, 1), "{kind:?}");
        if !kind.has_one_sender() {
            assert_eq!(view.get::<u64>(128), 2, "{kind:?}");
        }
    }
    Ok(())
}

#[test]
fn role_target() {
    play("role_target", || {
        let (kind, mut dice) = (Kind::named(&given("KIND")), Dice::new(given("SEED").parse()?));
        let any = |dice: &mut Dice| dice.below(1 << 31) << 33 | dice.below(1 << 31) << 2 | dice.below(4);
        let mut all: Vec<_> = places()
            .into_iter()
            .flat_map(|place| patterns(any(&mut dice)).map(|pattern| (place, pattern)))
            .flat_map(|(place, pattern)| [SMALL, DEEP].map(|size| (place, pattern, size)))
            .collect();
        // Each in its turn, and where that takes too long, as many as there is time for.
        for last in (1..all.len()).rev() {
            all.swap(last, dice.below(last as u64 + 1) as usize);
        }
        let (begin, count) = (Instant::now(), all.len());
        let (mut tried, mut longest) = (0, (Duration::ZERO, 0, 0));
        for (place, pattern, size) in all {
            if begin.elapsed() > LONG_ENOUGH {
                break;
            }
            let name = name("target");
            let (hub, mut ends) = old(kind, size, &name)?;
            let view = Mapping::open(&name)?.view()?;
            if matches!(place, 384 | 512) {
                view.atomic_u32(place).store(pattern as u32, Ordering::SeqCst);
            } else {
                view.atomic_u64(place).store(pattern, Ordering::SeqCst);
            }
            // One more that may be as large as anything.
            if dice.below(2) == 0 {
                view.atomic_u64(128).store([u64::MAX, u64::MAX - 1, 1 << 63][dice.below(3) as usize], Ordering::SeqCst);
            }
            let began = Instant::now();
            exercise(kind, &name, &hub, &mut ends).map_err(|error| format!("{place}: {pattern:#x}: {error}"))?;
            longest = longest.max((began.elapsed(), place, pattern as usize));
            tried += 1;
            if tried % 10 == 0 {
                say("next");
            }
        }
        say(&format!("{kind:?}: {tried} of {count} ways to damage a word; the longest took {longest:?}"));
        Ok(())
    });
}

#[test]
fn garbage_in_any_one_word_stops_nothing() {
    let seed = seed();
    note(&format!("the seed is {seed}"));
    for kinds in KINDS.chunks(4) {
        let given = |kind: &Kind| [("KIND", format!("{kind:?}")), ("SEED", seed.to_string())];
        let start = |kind: &Kind| {
            let given = given(kind);
            Actor::start("role_target", &[("KIND", &given[0].1), ("SEED", &given[1].1)])
        };
        let mut targets: Vec<Actor> = kinds.iter().map(start).collect();
        for target in &mut targets {
            let mut line = target.line();
            while line == "next" {
                line = target.line();
            }
            note(&line);
        }
        targets.into_iter().for_each(Actor::finish);
    }
}

/// Writes whatever it likes, wherever it likes, until it is killed.
#[test]
fn role_noise() {
    play("role_noise", || {
        let view = Mapping::open(&given("NAME"))?.view()?;
        let (places, mut dice) = (places(), Dice::new(given("SEED").parse()?));
        say("noise");
        loop {
            let place = places[dice.below(places.len() as u64) as usize];
            let pattern = patterns(dice.below(u64::MAX))[dice.below(12) as usize];
            if matches!(place, 384 | 512) {
                view.atomic_u32(place).store(pattern as u32, Ordering::Relaxed);
            } else {
                view.atomic_u64(place).store(pattern, Ordering::Relaxed);
            }
        }
    });
}

#[test]
fn role_noise_target() {
    play("role_noise_target", || {
        let (kind, seed, name) = (Kind::named(&given("KIND")), given("SEED"), name("noise"));
        let (hub, mut ends) = old(kind, SMALL, &name)?;
        let mut noise = Actor::start("role_noise", &[("NAME", &name), ("SEED", &seed)]);
        noise.says("noise");
        let (begin, mut rounds) = (Instant::now(), 0);
        while begin.elapsed() < NOISE {
            exercise(kind, &name, &hub, &mut ends)?;
            rounds += 1;
        }
        noise.kill();
        say(&format!("{kind:?}, through garbage: {rounds} rounds"));
        Ok(())
    });
}

#[test]
fn a_peer_that_writes_garbage_all_the_time_stops_nothing() {
    let seed = seed();
    note(&format!("the seed is {seed}"));
    for kind in KINDS {
        let given = [("KIND", &*format!("{kind:?}")), ("SEED", &seed.to_string())];
        let mut target = Actor::start("role_noise_target", &given);
        note(&target.line());
        target.finish();
    }
}

/// The fuzzer's own play, with what chance makes up: `fuzz/fuzz_targets/channel_receive.rs`.
#[test]
fn channels_that_chance_has_filled_are_received_from() -> Outcome {
    let seed = seed();
    note(&format!("the seed is {seed}"));
    let (mut dice, begin, mut received, mut channels) = (Dice::new(seed), Instant::now(), 0, 0);
    let name = name("header");
    let _channel = Hub::create(Kind::Topic, SMALL, &name)?;
    let header = Mapping::open(&name)?.read_view()?.read_vec(0, 88);
    while channels < CHANNELS && begin.elapsed() < LONG_ENOUGH / 2 {
        let mut bytes: Vec<u8> = (0..1 + dice.below(80)).map(|_| dice.below(256) as u8).collect();
        if bytes[0] >= 128 {
            // A header that is almost right.
            bytes.splice(1.., header.iter().copied());
            for _ in 0..dice.below(3) {
                bytes[1 + dice.below(88) as usize] = dice.below(256) as u8;
            }
        } else {
            // Two ends at first.
            bytes.splice(1..1, [0, 3, 4]);
        }
        received += garbage::receive(&bytes);
        channels += 1;
    }
    note(&format!("{received} messages of {channels} channels in {:?}", begin.elapsed()));
    assert!(received > 0, "nothing was received at all");
    Ok(())
}
