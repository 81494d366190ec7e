//! Two processes that send and receive at random paces, through channels of all kinds and sizes: every message arrives whole,
//! once, and in order.

mod common;

use std::collections::VecDeque;
use std::thread;
use std::time::{Duration, Instant};

use common::channels::{Hub, KINDS, Kind, PARCEL_LEN_MIN, Rx, Size, Tx, bytes_of, pack, unpack};
use common::{Actor, DEADLINE, Dice, Outcome, given, name, note, play, say, seed};
use coview::ErrorKind;

/// How long each kind and capacity goes.
const LONG_ENOUGH: Duration = Duration::from_millis(300);

const LEN_MAX: usize = 5000;
const CAPACITIES: [u64; 4] = [1, 2, 8, 1024];

/// A length: mostly short, now and then as long as can be.
fn some_len(dice: &mut Dice) -> usize {
    let limit = match dice.below(20) {
        0 => LEN_MAX + 1 - PARCEL_LEN_MIN,
        1..4 => 600,
        _ => 100,
    };
    PARCEL_LEN_MIN + dice.below(limit as u64) as usize
}

/// Lets the other come first, or not.
fn pause(dice: &mut Dice) {
    match dice.below(2000) {
        0 => thread::sleep(Duration::from_micros(dice.below(300))),
        1..20 => thread::yield_now(),
        20..60 => (0..dice.below(2000)).for_each(|_| std::hint::spin_loop()),
        _ => {}
    }
}

fn send_until(sender: &mut Tx, end: Instant, dice: &mut Dice) -> coview::Result<u64> {
    let mut number = 0;
    while Instant::now() < end {
        for _ in 0..20 {
            pause(dice);
            let bytes = pack(5, number, some_len(dice));
            let sent = match dice.below(8) {
                0 => u64::from(sender.try_send(&bytes)?),
                1 => u64::from(sender.send_timeout(&bytes, Duration::from_micros(dice.below(200)))?),
                2 => match sender.loan_timeout(LEN_MAX, DEADLINE)? {
                    Some(mut loan) => {
                        loan.write(0, &bytes);
                        loan.truncate(bytes.len());
                        loan.commit()?;
                        1
                    }
                    None => 0,
                },
                3 => {
                    drop(sender.try_loan(10)?);
                    0
                }
                4 => {
                    let many: Vec<_> =
                        (0..dice.below(20)).map(|index| pack(5, number + index, some_len(dice))).collect();
                    sender.send_many(&many)? as u64
                }
                _ => u64::from(sender.send_timeout(&bytes, DEADLINE)?),
            };
            number += sent;
        }
    }
    Ok(number)
}

/// Receives until nobody is left who sends; says how many came, and how many were missed.
fn receive_all(receiver: &mut Rx, lossy: bool, dice: &mut Dice) -> Result<(u64, u64), Box<dyn std::error::Error>> {
    let (mut next, mut received, mut buffer) = (0, 0, Vec::new());
    let mut check = |bytes: &[u8]| -> Result<(), String> {
        let (_, number) = unpack(bytes)?;
        if number < next || !lossy && number != next {
            return Err(format!("{number} came instead of {next}"));
        }
        next = number + 1;
        received += 1;
        Ok(())
    };
    loop {
        pause(dice);
        let mut seen = VecDeque::new();
        let came = match dice.below(6) {
            0 => receiver.try_recv_copy().map(|bytes| seen.extend(bytes)),
            1 => {
                receiver.recv_into_timeout(&mut buffer, DEADLINE).map(|came| seen.extend(came.then(|| buffer.clone())))
            }
            2 => {
                let take = |message: &coview::Message<'_, [u8]>| {
                    let bytes = bytes_of(message);
                    seen.extend(message.is_intact().then_some(bytes));
                };
                receiver.recv_many_timeout(1 + dice.below(30) as usize, take, DEADLINE).map(drop)
            }
            3 => receiver.recv_copy_timeout(Duration::from_micros(dice.below(200))).map(|bytes| seen.extend(bytes)),
            4 => receiver.recv_copy_timeout(DEADLINE).map(|bytes| seen.extend(bytes)),
            _ => receiver.recv_timeout(DEADLINE).map(|message| {
                let Some(message) = message else { return };
                let half = message.len() / 2;
                let mut bytes = vec![0; message.len()];
                message.read(half, &mut bytes[half..]);
                message.read(0, &mut bytes[..half]);
                seen.extend(message.is_intact().then_some(bytes));
            }),
        };
        for bytes in seen {
            check(&bytes)?;
        }
        match came {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Disconnected => return Ok((received, receiver.missed())),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Sends or receives.
#[test]
fn role_peer() {
    play("role_peer", || {
        let kind = Kind::named(&given("KIND"));
        let (hub, mut dice) = (Hub::open(kind, &given("NAME"))?, Dice::new(given("SEED").parse()?));
        if given("PART") == "sends" {
            let mut sender = hub.sender()?;
            say("here");
            let sent = send_until(&mut sender, Instant::now() + LONG_ENOUGH, &mut dice)?;
            say(&sent.to_string());
        } else {
            let mut receiver = hub.receiver()?;
            say("here");
            let (received, missed) = receive_all(&mut receiver, kind.is_lossy(), &mut dice)?;
            say(&format!("{received} {missed}"));
        }
        Ok(())
    });
}

fn peer(part: &str, kind: Kind, name: &str, seed: u64) -> Actor {
    let given = [("PART", part), ("KIND", &*format!("{kind:?}")), ("NAME", name), ("SEED", &seed.to_string())];
    let mut peer = Actor::start("role_peer", &given);
    peer.says("here");
    peer
}

#[test]
fn what_one_process_sends_another_receives_whole_and_in_order_at_any_pace() -> Outcome {
    let seed = seed();
    note(&format!("the seed is {seed}"));
    let mut dice = Dice::new(seed);
    for kind in KINDS {
        let mut told = Vec::new();
        for capacity in CAPACITIES {
            // Both ways: the other process sends, and it receives.
            for part in ["sends", "receives"] {
                let name = name("soak");
                let hub = Hub::create(kind, Size::new(capacity, LEN_MAX as u64), &name)?;
                let (sent, received, missed) = if part == "sends" {
                    let mut receiver = hub.receiver()?;
                    let mut actor = peer(part, kind, &name, dice.below(1 << 30));
                    let (received, missed) = receive_all(&mut receiver, kind.is_lossy(), &mut dice)?;
                    let sent: u64 = actor.line().parse()?;
                    actor.finish();
                    (sent, received, missed)
                } else {
                    let mut sender = hub.sender()?;
                    let mut actor = peer(part, kind, &name, dice.below(1 << 30));
                    let sent = send_until(&mut sender, Instant::now() + LONG_ENOUGH, &mut dice)?;
                    drop(sender);
                    let line = actor.line();
                    let (received, missed) = line.split_once(' ').ok_or("it says something else")?;
                    actor.finish();
                    (sent, received.parse()?, missed.parse()?)
                };
                if !kind.is_lossy() {
                    assert_eq!((received, missed), (sent, 0), "{kind:?}, capacity {capacity}, seed {seed}");
                } else {
                    // What was torn in somebody's hands is counted as neither.
                    assert!(received + missed <= sent + sent, "{kind:?}: {received} and {missed} of {sent}");
                    assert!(received <= sent && received > 0, "{kind:?}: {received} of {sent}");
                }
                told.push(sent);
            }
        }
        note(&format!("{kind:?}: {told:?} messages at capacities {CAPACITIES:?}, both ways"));
    }
    Ok(())
}

#[test]
fn a_copy_that_is_written_over_again_and_again_ends_in_time() -> Outcome {
    const LARGE: usize = 1 << 20;
    for kind in [Kind::Lossy, Kind::LossyOfOne] {
        let hub = Hub::create(kind, Size::new(1, LARGE as u64), &name("torn"))?;
        let (mut publisher, mut subscriber) = (hub.sender()?, hub.receiver()?);
        let ended = std::sync::atomic::AtomicBool::new(false);
        let (came, missed, longest) = thread::scope(|scope| -> coview::Result<_> {
            scope.spawn(|| {
                while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                    // Not a byte is written, so that no copy is as fast.
                    drop(publisher.try_loan(LARGE).map(|loan| loan.map(coview::Loan::commit)));
                }
            });
            let (begin, mut came, mut longest) = (Instant::now(), 0, Duration::ZERO);
            while begin.elapsed() < LONG_ENOUGH {
                let asked = Instant::now();
                came += u32::from(subscriber.try_recv_copy()?.is_some());
                came += u32::from(subscriber.recv_copy_timeout(Duration::from_millis(1))?.is_some());
                longest = longest.max(asked.elapsed());
            }
            ended.store(true, std::sync::atomic::Ordering::Relaxed);
            Ok((came, subscriber.missed(), longest))
        })?;
        note(&format!("{kind:?}: {came} came whole, {missed} were missed; the longest try took {longest:?}"));
        assert!(missed > 0 && longest < DEADLINE / 4, "{kind:?}: a try took {longest:?}");
    }
    Ok(())
}

/// Several of each, in threads of two processes.
#[test]
fn many_threads_of_two_processes_share_a_queue_and_lose_nothing() -> Outcome {
    let (seed, name) = (seed(), name("threads"));
    let hub = Hub::create(Kind::Queue, Size::new(8, LEN_MAX as u64), &name)?;
    let receivers = (0..3).map(|_| hub.receiver()).collect::<coview::Result<Vec<_>>>()?;
    let mut actors: Vec<Actor> = (0..2)
        .map(|index| {
            let given = [("NAME", &*name), ("SEED", &(seed + index).to_string()), ("INDEX", &index.to_string())];
            Actor::start("role_threads", &given)
        })
        .collect();
    actors.iter_mut().for_each(|actor| actor.says("here"));
    let counts = thread::scope(|scope| -> Result<Vec<[u64; 4]>, String> {
        let receive = |mut receiver: Rx| {
            move || -> Result<[u64; 4], String> {
                let (mut counts, mut last) = ([0; 4], [None; 4]);
                loop {
                    match receiver.recv_timeout(DEADLINE) {
                        Ok(Some(message)) => {
                            let (sender, number) = unpack(&bytes_of(&message))?;
                            let last = &mut last[sender as usize];
                            if last.is_some_and(|last| last >= number) {
                                return Err(format!("{number} of {sender} came after {last:?}"));
                            }
                            *last = Some(number);
                            counts[sender as usize] += 1;
                        }
                        Ok(None) => return Err("nothing comes".into()),
                        Err(error) if error.kind() == ErrorKind::Disconnected => return Ok(counts),
                        Err(error) => return Err(error.to_string()),
                    }
                }
            }
        };
        let threads: Vec<_> = receivers.into_iter().map(|receiver| scope.spawn(receive(receiver))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    })?;
    let received: Vec<u64> = (0..4).map(|sender| counts.iter().map(|counts| counts[sender]).sum()).collect();
    let mut sent = Vec::new();
    for actor in &mut actors {
        for text in actor.line().split(' ') {
            sent.push(text.parse::<u64>()?);
        }
    }
    actors.into_iter().for_each(Actor::finish);
    assert_eq!(received, sent, "seed {seed}");
    note(&format!("{sent:?} messages"));
    Ok(())
}

#[test]
fn role_threads() {
    play("role_threads", || {
        let hub = Hub::open(Kind::Queue, &given("NAME"))?;
        let (seed, index): (u64, u64) = (given("SEED").parse()?, given("INDEX").parse()?);
        let senders = [hub.sender()?, hub.sender()?];
        say("here");
        let end = Instant::now() + 2 * LONG_ENOUGH;
        let counts = thread::scope(|scope| -> coview::Result<Vec<u64>> {
            let send = |(which, mut sender): (u64, Tx)| {
                scope.spawn(move || -> coview::Result<u64> {
                    let (mut number, mut dice) = (0, Dice::new(seed + which));
                    while Instant::now() < end {
                        let bytes = pack(2 * index + which, number, some_len(&mut dice));
                        if dice.below(50) == 0 {
                            drop(sender.try_loan(9)?);
                        }
                        number += u64::from(sender.send_timeout(&bytes, DEADLINE)?);
                    }
                    Ok(number)
                })
            };
            let threads: Vec<_> = (0..).zip(senders).map(send).collect();
            threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
        })?;
        say(&counts.iter().map(u64::to_string).collect::<Vec<_>>().join(" "));
        Ok(())
    });
}
