//! Waiting for ends of channels, alone and together with mutexes, events and semaphores: woken by what there is to do, by
//! room, and by the leaving of others.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::channels::{Hub, KINDS, Kind, QUEUES, Size, pack, unpack};
use common::{Actor, DEADLINE, Outcome, SHORT, failure, given, hear_out, name, note, play, say, settle};
use coview::{
    ErrorKind, Event, Mutex, Reset, Semaphore, Waitable, try_wait_all, try_wait_any, wait_all_timeout, wait_any,
    wait_any_timeout,
};

const SIZE: Size = Size::new(4, 64);

/// A run ends after so many rounds, or so much time.
const PING_PONGS: u64 = 10_000;
const LONG_ENOUGH: Duration = Duration::from_secs(10);

/// So long takes a round whose wake was lost, on Linux: the nap of a receiver is 16 ms.
const STALL: Duration = Duration::from_millis(12);

fn hub() -> coview::Result<Hub> {
    Hub::open(Kind::named(&given("KIND")), &given("NAME"))
}

/// Waits in a thread while something is done here, and says which object it was.
fn woken<T>(
    objects: &[Waitable<'_>],
    done: impl FnOnce() -> Result<T, Box<dyn std::error::Error>>,
) -> Result<usize, Box<dyn std::error::Error>> {
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait_any_timeout(objects, DEADLINE).map(|any| any.map(|any| any.index())));
        settle(0);
        done()?;
        let index = waiting.join().expect("it does not panic")?;
        index.ok_or_else(|| "nobody woke it".into())
    })
}

#[test]
fn a_receiver_among_other_objects_is_woken_by_a_message_and_takes_nothing() -> Outcome {
    for kind in KINDS {
        let hub = Hub::create(kind, SIZE, &name("message"))?;
        let (mut receiver, mut sender) = (hub.receiver()?, hub.sender()?);
        let (mutex, event) = (Mutex::create(&name("mutex"))?, Event::create(&name("event"), Reset::Auto)?);
        let semaphore = Semaphore::create(&name("semaphore"), 0, 9)?;
        let owner = mutex.lock()?;
        thread::scope(|scope| -> Outcome {
            // In a thread that does not own the mutex.
            let waiting = scope.spawn(|| -> Result<(), String> {
                let objects: [Waitable<'_>; 4] =
                    [(&mutex).into(), (&event).into(), receiver.waitable(), (&semaphore).into()];
                let told = |result: coview::Result<Option<coview::Any<'_>>>| {
                    result.map(|any| any.map(|any| any.index())).map_err(|error| error.to_string())
                };
                assert_eq!(told(try_wait_any(&objects))?, None, "{kind:?}");
                assert_eq!(told(wait_any_timeout(&objects, SHORT))?, None, "{kind:?}");
                let index = woken(&objects, || Ok(sender.send(b"news")?)).map_err(|error| error.to_string())?;
                assert_eq!(index, 2, "{kind:?}");
                // It is still there, and stays so until it is received.
                assert_eq!(told(try_wait_any(&objects))?, Some(2), "{kind:?}");
                event.set().map_err(|error| error.to_string())?;
                assert_eq!(told(try_wait_any(&objects))?, Some(1), "{kind:?}: the first of the list comes first");
                assert_eq!(told(wait_any_timeout(&objects, DEADLINE))?, Some(2), "{kind:?}");
                Ok(())
            });
            waiting.join().expect("it does not panic")?;
            Ok(())
        })?;
        drop(owner);
        assert_eq!(receiver.try_recv_copy()?, Some(b"news".to_vec()), "{kind:?}");
        let objects = [receiver.waitable(), (&semaphore).into()];
        assert!(try_wait_any(&objects)?.is_none(), "{kind:?}");
        assert_eq!(woken(&objects, || Ok(semaphore.release(1)?))?, 1, "{kind:?}");
        // Leaving is news, too.
        assert_eq!(
            woken(&objects, || {
                drop(sender);
                Ok(())
            })?,
            0,
            "{kind:?}"
        );
        assert_eq!(wait_any(&objects)?.index(), 0, "{kind:?}");
        assert_eq!(failure(receiver.try_recv()), ErrorKind::Disconnected, "{kind:?}");
    }
    Ok(())
}

#[test]
fn a_sender_among_other_objects_is_woken_by_room_and_when_nobody_can_make_any() -> Outcome {
    for kind in KINDS.into_iter().filter(|kind| !kind.is_lossy()) {
        let hub = Hub::create(kind, SIZE, &name("room"))?;
        let (mut receiver, mut sender) = (hub.receiver()?, hub.sender()?);
        let event = Event::create(&name("event"), Reset::Auto)?;
        assert_eq!(try_wait_any(&[sender.waitable()])?.map(|any| any.index()), Some(0), "{kind:?}: there is room");
        for round in 0..3 {
            while sender.try_send(&pack(0, round, 40))? {}
            let objects = [(&event).into(), sender.waitable()];
            assert!(try_wait_any(&objects)?.is_none() && wait_any_timeout(&objects, SHORT)?.is_none(), "{kind:?}");
            assert_eq!(woken(&objects, || Ok(receiver.try_recv_copy()?))?, 1, "{kind:?}");
            assert_eq!(try_wait_any(&objects)?.map(|any| any.index()), Some(1), "{kind:?}: there is room still");
            assert!(sender.try_send(b"fits")? && !sender.try_send(b"too much")?, "{kind:?}");
        }
        let objects = [(&event).into(), sender.waitable()];
        assert_eq!(
            woken(&objects, || {
                drop(receiver);
                Ok(())
            })?,
            1,
            "{kind:?}"
        );
        if kind.is_queue() {
            assert_eq!(failure(sender.try_send(b"to nobody")), ErrorKind::Disconnected, "{kind:?}");
        } else {
            assert!(sender.try_send(b"to nobody")?, "{kind:?}: a topic without subscribers has room");
        }
    }
    Ok(())
}

#[test]
fn who_waits_among_others_learns_of_a_death() -> Outcome {
    for kind in KINDS {
        let name = name("death");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut receiver = hub.receiver()?;
        let mut actor = Actor::start("role_sitting_sender", &[("KIND", &format!("{kind:?}")), ("NAME", &name)]);
        actor.says("here");
        let event = Event::create(&common::name("event"), Reset::Auto)?;
        let index = woken(&[(&event).into(), receiver.waitable()], || {
            actor.kill();
            Ok(())
        })?;
        assert_eq!((index, failure(receiver.try_recv())), (1, ErrorKind::Disconnected), "{kind:?}");
    }
    for kind in KINDS.into_iter().filter(|kind| !kind.is_lossy()) {
        let name = name("death");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut actor = Actor::start("role_sitting_receiver", &[("KIND", &format!("{kind:?}")), ("NAME", &name)]);
        actor.says("here");
        let mut sender = hub.sender()?;
        while sender.try_send(b"fill")? {}
        assert_eq!(
            woken(&[sender.waitable()], || {
                actor.kill();
                Ok(())
            })?,
            0,
            "{kind:?}"
        );
        assert_eq!(sender.try_send(b"more").is_ok(), !kind.is_queue(), "{kind:?}");
    }
    Ok(())
}

#[test]
fn who_waits_among_others_learns_of_a_death_even_if_one_of_them_is_always_signaled() -> Outcome {
    for kind in KINDS {
        let name = name("busy");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut receiver = hub.receiver()?;
        let mut actor = Actor::start("role_sitting_sender", &[("KIND", &format!("{kind:?}")), ("NAME", &name)]);
        actor.says("here");
        let event = Event::create(&common::name("event"), Reset::Manual)?;
        event.set()?;
        let objects = [receiver.waitable(), (&event).into()];
        assert_eq!(wait_any(&objects)?.index(), 1, "{kind:?}");
        actor.kill();
        common::soon("the death is told", || wait_any(&objects).is_ok_and(|any| any.index() == 0));
        assert_eq!(failure(receiver.try_recv()), ErrorKind::Disconnected, "{kind:?}");
    }
    Ok(())
}

#[test]
fn role_sitting_sender() {
    play("role_sitting_sender", || {
        let _sender = hub()?.sender()?;
        say("here");
        hear_out();
        Ok(())
    });
}

#[test]
fn role_sitting_receiver() {
    play("role_sitting_receiver", || {
        let _receiver = hub()?.receiver()?;
        say("here");
        hear_out();
        Ok(())
    });
}

#[test]
fn nobody_waits_for_all_of_something_with_an_end_among_it() -> Outcome {
    for kind in KINDS {
        let hub = Hub::create(kind, SIZE, &name("all"))?;
        let (receiver, sender) = (hub.receiver()?, hub.sender()?);
        let event = Event::create(&name("event"), Reset::Manual)?;
        event.set()?;
        for end in [receiver.waitable(), sender.waitable()] {
            let objects = [(&event).into(), end];
            let error = try_wait_all(&objects).expect_err("an end is no such object");
            assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains("use wait_any"), "{error}");
            assert_eq!(failure(wait_all_timeout(&objects, SHORT)), ErrorKind::InvalidInput);
        }
    }
    Ok(())
}

#[test]
fn many_ends_of_many_channels_are_waited_for_at_once() -> Outcome {
    let hubs = (0..40).map(|index| {
        let kind = KINDS[index % KINDS.len()];
        Hub::create(kind, SIZE, &name("many"))
    });
    let hubs = hubs.collect::<coview::Result<Vec<_>>>()?;
    let mut receivers = hubs.iter().map(Hub::receiver).collect::<coview::Result<Vec<_>>>()?;
    let mut senders = hubs.iter().map(Hub::sender).collect::<coview::Result<Vec<_>>>()?;
    let mut dice = common::Dice::new(7);
    for number in 0..40 {
        let chosen = dice.below(40) as usize;
        let objects: Vec<Waitable<'_>> = receivers.iter().map(|receiver| receiver.waitable()).collect();
        let sender = &mut senders[chosen];
        assert_eq!(woken(&objects, || Ok(sender.send(&pack(1, number, 30))?))?, chosen);
        let bytes = receivers[chosen].try_recv_copy()?.ok_or("it was said to be there")?;
        assert_eq!(unpack(&bytes)?, (1, number));
    }
    Ok(())
}

#[test]
fn waits_that_nobody_ends_last_as_long_as_they_were_told_to() -> Outcome {
    for kind in KINDS {
        let hub = Hub::create(kind, SIZE, &name("timeout"))?;
        let (mut receiver, mut sender) = (hub.receiver()?, hub.sender()?);
        for timeout in [Duration::ZERO, Duration::from_micros(1), Duration::from_micros(1500), SHORT, SHORT * 3] {
            let begin = Instant::now();
            assert!(receiver.recv_timeout(timeout)?.is_none(), "{kind:?}");
            assert!(begin.elapsed() >= timeout, "{kind:?}: {:?} instead of {timeout:?}", begin.elapsed());
            let begin = Instant::now();
            assert!(wait_any_timeout(&[receiver.waitable()], timeout)?.is_none(), "{kind:?}");
            assert!(begin.elapsed() >= timeout, "{kind:?}: {:?} instead of {timeout:?}", begin.elapsed());
        }
        if kind.is_lossy() {
            continue;
        }
        while sender.try_send(b"fill")? {}
        for timeout in [Duration::ZERO, Duration::from_micros(1), Duration::from_micros(1500), SHORT, SHORT * 3] {
            let begin = Instant::now();
            assert!(!sender.send_timeout(b"more", timeout)?, "{kind:?}");
            assert!(begin.elapsed() >= timeout, "{kind:?}: {:?} instead of {timeout:?}", begin.elapsed());
        }
    }
    Ok(())
}

#[test]
fn role_pong() {
    play("role_pong", || {
        let kind = Kind::named(&given("KIND"));
        let (ping, pong) = (Hub::open(kind, &given("PING"))?, Hub::open(kind, &given("PONG"))?);
        let (mut receiver, mut sender) = (ping.receiver()?, pong.sender()?);
        say("ready");
        while let Ok(bytes) = receiver.recv_copy() {
            sender.send(&bytes)?;
        }
        Ok(())
    });
}

fn ping_pong(kind: Kind) -> Outcome {
    let (ping_name, pong_name) = (name("ping"), name("pong"));
    let (ping, pong) = (Hub::create(kind, SIZE, &ping_name)?, Hub::create(kind, SIZE, &pong_name)?);
    let given = [("KIND", &*format!("{kind:?}")), ("PING", &ping_name), ("PONG", &pong_name)];
    let mut peer = Actor::start("role_pong", &given);
    peer.says("ready");
    let (mut sender, mut receiver) = (ping.sender()?, pong.receiver()?);
    let begin = Instant::now();
    let (mut rounds, mut stalls) = (0, 0);
    while rounds < PING_PONGS && begin.elapsed() < LONG_ENOUGH {
        let asked = Instant::now();
        let bytes = pack(1, rounds, 32);
        sender.send(&bytes)?;
        assert_eq!(receiver.recv_copy_timeout(DEADLINE)?, Some(bytes), "{kind:?}: the peer does not answer");
        stalls += u64::from(asked.elapsed() >= STALL);
        rounds += 1;
    }
    let seconds = begin.elapsed().as_secs_f64();
    note(&format!("{kind:?}: {rounds} rounds in {seconds:.2} s, {stalls} of them stalled"));
    // More than a few in a hundred are no chance of a busy machine.
    assert!(stalls <= 20 + rounds / 20, "{kind:?}: {stalls} of {rounds} rounds stalled");
    assert!(rounds >= 500, "{kind:?}: {rounds} rounds in {seconds:.1} s");
    drop(sender);
    peer.finish();
    Ok(())
}

#[test]
fn ten_thousand_round_trips_through_every_kind_of_channel_lose_no_wake() -> Outcome {
    [QUEUES[0], Kind::Pipe, Kind::Topic, Kind::TopicOfOne, Kind::Lossy].into_iter().try_for_each(ping_pong)
}

/// Receives with pauses, so that its sender sleeps again and again.
#[test]
fn role_slow_receiver() {
    play("role_slow_receiver", || {
        let mut receiver = hub()?.receiver()?;
        say("here");
        let mut next = 0;
        while let Ok(bytes) = receiver.recv_copy() {
            if unpack(&bytes)? != (0, next) {
                return Err(format!("{:?} came instead of {next}", unpack(&bytes)?).into());
            }
            next += 1;
            if next.is_multiple_of(64) {
                thread::yield_now();
            }
        }
        say(&next.to_string());
        Ok(())
    });
}

#[test]
fn a_sender_that_sleeps_for_room_is_woken_each_time() -> Outcome {
    for kind in [Kind::Queue, Kind::Pipe, Kind::QueueOfOneReceiver, Kind::Topic] {
        let name = name("slow");
        let hub = Hub::create(kind, Size::new(2, 64), &name)?;
        let mut sender = hub.sender()?;
        let mut actor = Actor::start("role_slow_receiver", &[("KIND", &format!("{kind:?}")), ("NAME", &name)]);
        actor.says("here");
        let begin = Instant::now();
        let mut number = 0;
        while number < 20_000 && begin.elapsed() < LONG_ENOUGH / 4 {
            assert!(sender.send_timeout(&pack(0, number, 50), DEADLINE)?, "{kind:?}: nobody makes room");
            number += 1;
        }
        note(&format!("{kind:?}: {number} messages through 2 places in {:.2} s", begin.elapsed().as_secs_f64()));
        assert!(number >= 500, "{kind:?}: {number} messages in {:?}", begin.elapsed());
        drop(sender);
        actor.says(&number.to_string());
        actor.finish();
    }
    Ok(())
}
