//! Ends of channels that are killed: nobody waits for the dead, and nothing is lost but what they had not committed.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::channels::{Hub, KINDS, Kind, QUEUES, Size, bytes_of, pack, unpack};
use common::{Actor, DEADLINE, Outcome, failure, given, gone, hear, hear_out, in_thread, name, note, play, say, until};
use coview::{Error, ErrorKind};

const SIZE: Size = Size::new(8, 256);

/// How many messages a sender commits before it is killed.
const COUNT: u64 = 5;

/// What a publisher that a dead subscriber holds up may be late: the promise, and what a busy machine makes of it.
const PROMISE: Duration = Duration::from_millis(10);
const LATE: Duration = Duration::from_secs(10);

fn hub() -> Result<Hub, Error> {
    Hub::open(Kind::named(&given("KIND")), &given("NAME"))
}

/// Commits some messages, and has another on loan when it is killed.
#[test]
fn role_sender() {
    play("role_sender", || {
        let mut sender = hub()?.sender()?;
        let index: u64 = given("INDEX").parse()?;
        for number in 0..given("COUNT").parse()? {
            sender.send(&pack(index, number, 100))?;
        }
        if given("LENDS") == "yes" {
            let mut loan = sender.loan_timeout(100, DEADLINE)?.ok_or("there is no room")?;
            loan.write(0, &pack(index, 99, 50));
            std::mem::forget(loan);
        }
        say("sent");
        hear_out();
        Ok(())
    });
}

fn sender(kind: Kind, name: &str, index: u64, count: u64, lends: bool) -> Actor {
    let (kind, index, count) = (format!("{kind:?}"), index.to_string(), count.to_string());
    let lends = if lends { "yes" } else { "no" };
    let given = [("KIND", &*kind), ("NAME", name), ("INDEX", &index), ("COUNT", &count), ("LENDS", lends)];
    let mut actor = Actor::start("role_sender", &given);
    actor.says("sent");
    actor
}

/// Receives messages, the last of which it has in its hands when it is killed.
#[test]
fn role_receiver() {
    play("role_receiver", || {
        let mut receiver = hub()?.receiver()?;
        say("here");
        while let Some(line) = hear() {
            let message = receiver.recv_timeout(DEADLINE)?.ok_or("nothing comes")?;
            let (sender, number) = unpack(&bytes_of(&message))?;
            say(&format!("{sender} {number} {}", message.was_redelivered()));
            if line == "keep" {
                std::mem::forget(message);
            }
        }
        Ok(())
    });
}

fn receiver(kind: Kind, name: &str) -> Actor {
    let mut actor = Actor::start("role_receiver", &[("KIND", &format!("{kind:?}")), ("NAME", name)]);
    actor.says("here");
    actor
}

/// Senders and numbers of messages, and how it ended.
type Drained = (Vec<(u64, u64)>, Error);

/// Everything that comes until there is nobody left of whom it could.
fn drain(receiver: &mut common::channels::Rx) -> Result<Drained, Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    loop {
        match receiver.recv_timeout(DEADLINE) {
            Ok(Some(message)) => all.push(unpack(&bytes_of(&message))?),
            Ok(None) => return Err("it was not told that nobody is left".into()),
            Err(error) => return Ok((all, error)),
        }
    }
}

#[test]
fn who_waits_for_senders_that_are_all_killed_gets_what_they_sent_and_is_told() -> Outcome {
    for kind in KINDS {
        let name = name("killed");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut receiver = hub.receiver()?;
        let count = if kind.has_one_sender() { 1 } else { 2 };
        let counts = if kind.has_one_sender() { COUNT } else { COUNT / 2 };
        let mut senders: Vec<Actor> = (0..count).map(|index| sender(kind, &name, index, counts, true)).collect();
        let (all, error, late) = thread::scope(|scope| -> Result<_, Box<dyn std::error::Error>> {
            let waiting = scope.spawn(|| {
                let (all, error) = drain(&mut receiver).map_err(|error| error.to_string())?;
                Ok::<_, String>((all, error, Instant::now()))
            });
            senders.iter_mut().for_each(Actor::kill);
            let killed = Instant::now();
            let (all, error, told) = waiting.join().expect("it does not panic")?;
            Ok((all, error, told.saturating_duration_since(killed)))
        })?;
        note(&format!("{kind:?}: told {late:?} after the last death"));
        assert_eq!(all.len() as u64, count * counts, "{kind:?}: {all:?}");
        assert_eq!(error.kind(), ErrorKind::Disconnected);
        assert!(error.to_string().contains(&format!("0 have ended, {count} have died")), "{error}");
        let state = hub.state()?;
        assert_eq!((state.senders.present, state.senders.joined), (0, count), "{kind:?}");
        assert_eq!((state.senders.died, state.senders.ended, state.receivers.present), (count, 0, 1), "{kind:?}");
        drop((hub, receiver));
        gone(&name);
    }
    Ok(())
}

#[test]
fn senders_that_leave_are_told_from_those_that_die() -> Outcome {
    for kind in KINDS.into_iter().filter(|kind| !kind.has_one_sender()) {
        let name = name("left");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut receiver = hub.receiver()?;
        let mut killed = sender(kind, &name, 0, 1, false);
        let left = sender(kind, &name, 1, 1, false);
        left.finish();
        killed.kill();
        let (all, error) = drain(&mut receiver)?;
        assert_eq!(all, [(0, 0), (1, 0)]);
        assert!(error.to_string().contains("1 have ended, 1 have died"), "{error}");
        let state = hub.state()?;
        assert_eq!((state.senders.joined, state.senders.ended, state.senders.died), (2, 1, 1));
        // A sender says only now and then how much it has sent.
        assert!((1..=2).contains(&state.messages) && state.received == 2, "{state:?}");
    }
    Ok(())
}

#[test]
fn one_sender_and_one_receiver_are_replaced_at_once_when_they_die() -> Outcome {
    let name = name("replaced");
    let hub = Hub::create(Kind::Pipe, SIZE, &name)?;
    for round in 0..10 {
        let mut first = sender(Kind::Pipe, &name, round, 2, true);
        let mut reading = receiver(Kind::Pipe, &name);
        assert_eq!((failure(hub.sender()), failure(hub.receiver())), (ErrorKind::Busy, ErrorKind::Busy));
        reading.tell("keep");
        reading.says(&format!("{round} 0 false"));
        first.kill();
        reading.kill();
        let mut sending = hub.sender()?;
        sending.send(&pack(round, 2, 100))?;
        let mut receiving = hub.receiver()?;
        for number in 0..3 {
            let message = receiving.recv_timeout(DEADLINE)?.ok_or("nothing comes")?;
            assert_eq!(unpack(&bytes_of(&message))?, (round, number));
            assert_eq!(message.was_redelivered(), number == 0, "round {round}, message {number}");
        }
    }
    let state = hub.state()?;
    assert_eq!((state.senders.died, state.senders.ended), (10, 10));
    assert_eq!((state.receivers.died, state.receivers.ended), (10, 10));
    Ok(())
}

#[test]
fn a_publisher_that_a_killed_subscriber_holds_up_goes_on_within_milliseconds() -> Outcome {
    for kind in [Kind::Topic, Kind::TopicOfOne] {
        let name = name("held");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut publisher = hub.sender()?;
        let mut times = Vec::new();
        for round in 0..15 {
            let mut subscriber = receiver(kind, &name);
            let mut number = 0;
            while publisher.try_send(&pack(round, number, 100))? {
                number += 1;
            }
            assert_eq!(number, 8, "{kind:?}: as many as it has room for");
            let late = in_thread(|| -> Result<Duration, Error> {
                let waiting = thread::scope(|scope| -> Result<_, Error> {
                    let waiting = scope.spawn(|| {
                        let sent = publisher.send_timeout(&pack(round, number, 100), DEADLINE);
                        sent.map(|sent| (sent, Instant::now()))
                    });
                    common::settle(0);
                    assert!(!waiting.is_finished(), "{kind:?}: nothing holds it up");
                    let killing = Instant::now();
                    subscriber.kill();
                    let (sent, went_on) = waiting.join().expect("it does not panic")?;
                    assert!(sent, "{kind:?}: it is held up still");
                    Ok(went_on.saturating_duration_since(killing))
                })?;
                Ok(waiting)
            })?;
            times.push(late);
        }
        times.sort_unstable();
        let (best, median, worst) = (times[0], times[times.len() / 2], times[times.len() - 1]);
        note(&format!("{kind:?}: goes on after {best:?} at best, {median:?} in the middle, {worst:?} at worst"));
        assert!(worst < LATE, "{kind:?}: {worst:?}");
        assert!(std::env::consts::OS == "windows" || best < PROMISE, "{kind:?}: {best:?} at best");
        assert_eq!(hub.state()?.receivers.died, 15);
    }
    Ok(())
}

#[test]
fn a_sender_that_is_killed_while_it_writes_costs_nothing_but_that_message() -> Outcome {
    for kind in KINDS {
        let name = name("writing");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut receiving = hub.receiver()?;
        let mut dead = sender(kind, &name, 7, 2, true);
        if kind.has_one_sender() {
            dead.kill();
        }
        let mut other = hub.sender()?;
        // Behind what is on loan.
        other.send(&pack(8, 0, 200))?;
        if !kind.has_one_sender() {
            for number in 0..2 {
                assert_eq!(receiving.try_recv_copy()?, Some(pack(7, number, 100)), "{kind:?}");
            }
            assert_eq!(receiving.try_recv_copy()?, None, "{kind:?}: messages come in order");
            dead.kill();
        }
        let rest: &[(u64, u64)] = if kind.has_one_sender() { &[(7, 0), (7, 1), (8, 0)] } else { &[(8, 0)] };
        for &expected in rest {
            let bytes = receiving.recv_copy_timeout(DEADLINE)?.ok_or("nothing comes")?;
            assert_eq!(unpack(&bytes)?, expected, "{kind:?}");
        }
        // All around, more than once.
        for number in 1..30 {
            assert!(
                other.send_timeout(&pack(8, number, 150), DEADLINE)?,
                "{kind:?}: the loan of the dead is in the way"
            );
            assert_eq!(receiving.recv_copy_timeout(DEADLINE)?, Some(pack(8, number, 150)), "{kind:?}");
        }
        assert_eq!(receiving.missed(), 0, "{kind:?}");
    }
    Ok(())
}

#[test]
fn what_a_killed_receiver_had_in_its_hands_is_delivered_once_more_and_says_so() -> Outcome {
    for kind in QUEUES {
        // While senders are there, and when they have gone.
        for stays in [true, false] {
            let name = name("redelivered");
            let hub = Hub::create(kind, SIZE, &name)?;
            let mut sending = hub.sender()?;
            (0..3).try_for_each(|number| sending.send(&pack(1, number, 100)))?;
            let mut staying = Some(sending).filter(|_| stays);
            for death in 0..2 {
                let mut dead = receiver(kind, &name);
                if death == 0 {
                    dead.tell("finish");
                    dead.says("1 0 false");
                }
                dead.tell("keep");
                let line = dead.line();
                // Among several receivers, the message that was returned comes when somebody has noticed.
                let fits = if death == 0 { line == "1 1 false" } else { line == "1 1 true" || line == "1 2 false" };
                assert!(fits, "{kind:?}, death {death}: {line}");
                dead.kill();
            }
            let mut receiving = hub.receiver()?;
            let mut all = Vec::new();
            while all.len() < 2 {
                let message = receiving.recv_timeout(DEADLINE);
                let message = message.map_err(|error| format!("{kind:?}, senders stay: {stays}: {error}"))?;
                let message = message.ok_or(format!("{kind:?}: nothing comes after {all:?}"))?;
                let (_, number) = unpack(&bytes_of(&message))?;
                all.push((number, message.was_redelivered()));
            }
            all.sort_unstable();
            assert!(all[0] == (1, true) && all[1].0 == 2, "{kind:?}: {all:?}");
            let after = receiving.try_recv().map(|message| message.map(|message| message.sequence()));
            match staying.as_mut() {
                Some(_) => assert_eq!(after?, None, "{kind:?}"),
                None => assert_eq!(failure(after), ErrorKind::Disconnected, "{kind:?}"),
            }
            drop(receiving);
            let again = hub.receiver()?.try_recv().map(|message| message.is_some());
            assert!(!again.unwrap_or(false), "{kind:?}: it came once more");
        }
    }
    Ok(())
}

#[test]
fn a_receiver_that_asks_now_and_then_learns_of_deaths_within_a_few_looks() -> Outcome {
    for kind in KINDS {
        let name = name("polling");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut receiving = hub.receiver()?;
        let mut dead = sender(kind, &name, 0, 1, true);
        dead.kill();
        assert!(receiving.try_recv()?.is_some(), "{kind:?}");
        let mut looks = 0;
        let error = loop {
            match receiving.try_recv() {
                Ok(message) => assert!(message.is_none() && looks < 5, "{kind:?}: nobody was missed in {looks} looks"),
                Err(error) => break error,
            }
            looks += 1;
            // The pace of the one who looks is what this is about.
            thread::sleep(Duration::from_millis(8));
        };
        assert_eq!(error.kind(), ErrorKind::Disconnected);
    }
    Ok(())
}

#[test]
fn a_sender_to_a_full_queue_is_told_when_all_receivers_have_died() -> Outcome {
    for kind in QUEUES {
        let name = name("full");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut sending = hub.sender()?;
        let mut dead = receiver(kind, &name);
        let mut number = 0;
        while sending.try_send(&pack(0, number, 100))? {
            number += 1;
        }
        let error = thread::scope(|scope| {
            let waiting = scope.spawn(|| sending.send_timeout(&pack(0, 99, 100), DEADLINE));
            dead.kill();
            waiting.join().expect("it does not panic").expect_err("nobody can make room")
        });
        assert_eq!(error.kind(), ErrorKind::Disconnected, "{kind:?}");
        assert!(error.to_string().contains("all receivers have gone: 0 have ended, 1 have died"), "{error}");
        assert_eq!(failure(sending.try_send(&[])), ErrorKind::Disconnected, "{kind:?}");
        // Whoever comes next finds everything.
        let mut next = hub.receiver()?;
        for expected in 0..number {
            assert_eq!(next.try_recv_copy()?, Some(pack(0, expected, 100)), "{kind:?}");
        }
        assert!(sending.try_send(&pack(0, 99, 100))?, "{kind:?}");
    }
    Ok(())
}

#[test]
fn who_waits_for_a_connection_waits_for_the_living() -> Outcome {
    for kind in KINDS {
        let name = name("connected");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut receiving = hub.receiver()?;
        // Before the first sender, nobody has gone.
        assert!(receiving.recv_timeout(common::SHORT)?.is_none(), "{kind:?}");
        assert!(!receiving.wait_connected_timeout(common::SHORT)?, "{kind:?}");
        for round in 0..2 {
            let mut dead = thread::scope(|scope| -> Result<Actor, Box<dyn std::error::Error>> {
                let waiting = scope.spawn(|| receiving.wait_connected_timeout(DEADLINE));
                let dead = sender(kind, &name, round, 0, false);
                assert!(waiting.join().expect("it does not panic")?, "{kind:?}: nobody came");
                Ok(dead)
            })?;
            assert!(receiving.try_recv()?.is_none(), "{kind:?}");
            dead.kill();
            let error = receiving.recv_timeout(DEADLINE).expect_err("nobody is left");
            assert_eq!(error.kind(), ErrorKind::Disconnected, "{kind:?}");
            assert!(!receiving.wait_connected_timeout(common::SHORT)?, "{kind:?}");
        }
        // What is there counts as somebody who sends.
        let mut sending = hub.sender()?;
        sending.send(b"last words")?;
        drop(sending);
        assert!(receiving.wait_connected_timeout(Duration::ZERO)?, "{kind:?}");
        assert_eq!(receiving.recv_copy()?, b"last words", "{kind:?}");
        assert_eq!(failure(receiving.try_recv()), ErrorKind::Disconnected, "{kind:?}");
    }
    Ok(())
}

#[test]
fn ends_are_counted_and_the_dead_among_them_before_anybody_has_cleared_up() -> Outcome {
    for kind in KINDS {
        let name = name("counted");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut dead = [sender(kind, &name, 0, 2, false), receiver(kind, &name)];
        dead.iter_mut().for_each(Actor::kill);
        let state = hub.state()?;
        assert_eq!((state.senders.present, state.senders.died), (0, 1), "{kind:?}");
        assert_eq!((state.receivers.present, state.receivers.died), (0, 1), "{kind:?}");
        assert!(state.messages <= 2 && state.bytes <= 200, "{kind:?}");
        assert!(state.ends.iter().all(|end| !end.alive), "{kind:?}");
        let (mut sending, receiving) = (hub.sender()?, hub.receiver()?);
        until("the dead are cleared up", || {
            let _ = sending.try_send(b"more");
            let (mut other, mut reading) = (hub.sender(), hub.receiver());
            let _ = reading.as_mut().map(|reading| reading.try_recv().is_ok());
            let _ = other.as_mut().map(|other| other.try_send(b"and more"));
            hub.state().is_ok_and(|state| state.ends.iter().all(|end| end.alive))
                || hub.state().is_ok_and(|state| kind.has_one_sender() && state.senders.died == 1)
        });
        let state = hub.state()?;
        assert_eq!((state.senders.died, state.receivers.died), (1, 1), "{kind:?}");
        assert_eq!((state.senders.present, state.receivers.present), (1, 1), "{kind:?}");
        assert_eq!(state.ends.iter().find(|end| end.alive).map(|end| end.pid), Some(std::process::id()), "{kind:?}");
        drop((sending, receiving, hub));
        gone(&name);
    }
    Ok(())
}
