//! Channels whose ends are killed at any moment, thousands of times, and replaced.
//!
//! Senders keep an account in shared memory of what they have begun to send and what they have committed, receivers of what
//! they have received, while they have it in their hands. So no committed message is lost, none comes twice but those that
//! say so, and what was never committed is all that can be missing. The seed of a run is printed; `COVIEW_TEST_SEED` repeats
//! the choices, though not the moments of the deaths.

mod common;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::channels::{Hub, Kind, PARCEL_LEN_MIN, Rx, Size, Tx, bytes_of, pack, unpack};
use common::sealed::mix;
use common::{Actor, DEADLINE, Dice, Outcome, given, gone, name, note, play, say, seed, until};
use coview::{ErrorKind, Event, Mapping, Message, Namespace, Reset, View};

/// A run ends after so many deaths, or so much time.
const DEATHS: u32 = 4000;
const LONG_ENOUGH: Duration = Duration::from_secs(6);

/// A pause that lets the others come to the processor.
const NAP: Duration = Duration::from_micros(300);

/// So few that everybody comes around again and again.
const CAPACITIES: [u64; 4] = [2, 4, 16, 100];
const LEN_MAX: usize = 700;

/// As many ends of a role as a stage has at most.
const ENDS: usize = 3;

/// As many messages as one sender sends at most.
const NUMBERS: usize = 1 << 19;

/// As many gaps as are noted.
const GAPS: usize = 1 << 14;

/// A message that was delivered again, in the account.
const AGAIN: u64 = 1 << 32;

/// What senders have sent, and receivers have received.
struct Ledger(View);

impl Ledger {
    const LEN: u64 = 4096 + 8 * (ENDS * NUMBERS + 2 * GAPS) as u64;

    fn find(stage: &str) -> coview::Result<Ledger> {
        Ok(Ledger(Mapping::open(&format!("{stage}.ledger"))?.view()?))
    }

    fn begun(&self, sender: usize) -> &AtomicU64 {
        self.0.atomic_u64(128 * sender)
    }

    fn committed(&self, sender: usize) -> &AtomicU64 {
        self.0.atomic_u64(128 * sender + 8)
    }

    fn progress(&self, actor: usize) -> &AtomicU64 {
        self.0.atomic_u64(2048 + 8 * actor)
    }

    fn gaps(&self) -> &AtomicU64 {
        self.0.atomic_u64(3072)
    }

    /// How often a message was received, and how often again.
    fn received(&self, sender: usize, number: u64) -> &AtomicU64 {
        self.0.atomic_u64(4096 + 8 * (sender * NUMBERS + number as usize))
    }

    fn gap(&self, index: usize) -> [&AtomicU64; 2] {
        [0, 1].map(|half| self.0.atomic_u64(4096 + 8 * (ENDS * NUMBERS + 2 * index + half)))
    }

    /// Notes that a subscriber has not got the messages of a sender between two that it got.
    fn note_gap(&self, sender: u64, numbers: std::ops::Range<u64>) {
        for number in numbers {
            let index = self.gaps().fetch_add(1, Ordering::SeqCst) as usize;
            if index < GAPS {
                let [first, second] = self.gap(index);
                first.store(sender, Ordering::SeqCst);
                second.store(number, Ordering::SeqCst);
            }
        }
    }
}

fn parcel(sender: usize, number: u64) -> Vec<u8> {
    let len = PARCEL_LEN_MIN + mix(sender as u64, number) as usize % (LEN_MAX - PARCEL_LEN_MIN);
    pack(sender as u64, number, len)
}

/// Sends the next message or messages in one of many ways; says how many were sent.
fn send_some(sender: &mut Tx, index: usize, next: u64, ledger: &Ledger, dice: &mut Dice) -> coview::Result<u64> {
    let bytes = parcel(index, next);
    Ok(match dice.below(10) {
        0 => u64::from(sender.try_send(&bytes)?),
        1 => u64::from(sender.send_timeout(&bytes, NAP)?),
        2 | 3 => match sender.loan_timeout(LEN_MAX, NAP)? {
            Some(mut loan) => {
                let half = bytes.len() / 2;
                loan.write(half, &bytes[half..]);
                loan.write(0, &bytes[..half]);
                loan.truncate(bytes.len());
                loan.commit()?;
                1
            }
            None => 0,
        },
        4 => {
            if let Some(mut loan) = sender.loan_timeout(LEN_MAX, NAP)? {
                loan.fill(.., 0xa5);
                if dice.below(2) == 0 {
                    std::mem::forget(loan);
                }
            }
            0
        }
        5 => {
            let many: Vec<Vec<u8>> = (next..next + 4).map(|number| parcel(index, number)).collect();
            ledger.begun(index).store(next + 3, Ordering::SeqCst);
            sender.send_many(&many)? as u64
        }
        _ => u64::from(sender.send_timeout(&bytes, DEADLINE)?),
    })
}

fn play_sender(hub: &Hub, ledger: &Ledger, end: &Event, index: usize, dice: &mut Dice) -> Outcome {
    let mut sender = hub.sender()?;
    // What a predecessor had begun is sent, or it is not.
    let mut next = ledger.begun(index).load(Ordering::SeqCst) + 1;
    ledger.committed(index).store(next - 1, Ordering::SeqCst);
    say("on stage");
    while !end.try_wait()? {
        for _ in 0..1 + dice.below(12) {
            ledger.progress(index).fetch_add(1, Ordering::Relaxed);
            if next as usize + 8 > NUMBERS {
                break;
            }
            ledger.begun(index).store(next, Ordering::SeqCst);
            match send_some(&mut sender, index, next, ledger, dice) {
                Ok(count) => next += count,
                Err(error) if error.kind() == ErrorKind::Disconnected => {
                    // Of several messages some may be sent.
                    let begun = ledger.begun(index).load(Ordering::SeqCst);
                    if begun > next {
                        ledger.note_gap(index as u64, next..begun + 1);
                        next = begun + 1;
                    }
                    thread::sleep(NAP);
                }
                Err(error) => return Err(error.into()),
            }
            ledger.committed(index).store(next - 1, Ordering::SeqCst);
            ledger.begun(index).store(next - 1, Ordering::SeqCst);
        }
        thread::sleep(NAP * dice.below(3) as u32);
    }
    Ok(())
}

/// What a receiver knows of the messages that it has received.
struct Memory<'a> {
    ledger: &'a Ledger,
    kind: Kind,
    /// The last number of each sender.
    last: [Option<u64>; ENDS],
    sequence: Option<u64>,
    wrong: Option<String>,
}

impl Memory<'_> {
    fn note(&mut self, message: &Message<'_, [u8]>) {
        if let Err(wrong) = self.check(message) {
            self.wrong.get_or_insert(wrong);
        }
    }

    fn check(&mut self, message: &Message<'_, [u8]>) -> Result<(), String> {
        let bytes = bytes_of(message);
        if !message.is_intact() {
            // Whose it was nobody knows, and the next one says nothing of it.
            self.sequence = None;
            self.last = [None; ENDS];
            return Ok(());
        }
        let (sender, number) = unpack(&bytes)?;
        let last = &mut self.last[sender as usize];
        let again = message.was_redelivered();
        let told = || format!("{:?}: {number} of {sender} came after {last:?}, again: {again}", self.kind);
        if parcel(sender as usize, number) != bytes || last.is_some_and(|last| last >= number) && !again {
            return Err(told());
        }
        if self.kind.is_queue() {
            let count = self
                .ledger
                .received(sender as usize, number)
                .fetch_add(if again { AGAIN } else { 1 }, Ordering::SeqCst);
            if !again {
                *last = Some(number);
                if count != 0 {
                    return Err(format!("{}: it had come before, {count:#x}", format_args!("{number} of {sender}")));
                }
            }
            return Ok(());
        }
        let missed = message.missed();
        let gap = self.sequence.map(|sequence| message.sequence().wrapping_sub(sequence).wrapping_sub(1));
        if gap.is_some_and(|gap| gap > 1 << 40 || missed > gap || self.kind == Kind::LossyOfOne && missed != gap) {
            return Err(format!("{}, {missed} missed, a gap of {gap:?}", told()));
        }
        if let (Some(last), Some(_), 0) = (*last, gap, missed) {
            self.ledger.note_gap(sender, last + 1..number);
        }
        if missed > 0 {
            // Whose they were nobody knows.
            self.last = [None; ENDS];
        }
        self.last[sender as usize] = Some(number);
        self.sequence = Some(message.sequence());
        Ok(())
    }
}

/// Receives what comes in one of many ways; says how much that was.
fn receive_some(receiver: &mut Rx, memory: &mut Memory<'_>, dice: &mut Dice) -> coview::Result<usize> {
    let (way, hold) = (dice.below(5), dice.below(100));
    let one = |message: Option<Message<'_, [u8]>>, memory: &mut Memory<'_>| {
        let Some(message) = message else { return 0 };
        // Now and then so long that it dies with it in its hands.
        if hold == 0 {
            thread::sleep(NAP);
        }
        memory.note(&message);
        if hold == 1 {
            thread::sleep(NAP);
        }
        if way == 2 {
            std::mem::forget(message);
        }
        1
    };
    Ok(match way {
        0 => one(receiver.try_recv()?, memory),
        1 => receiver.recv_many_timeout(1 + dice.below(9) as usize, |message| memory.note(message), NAP)?,
        2 => one(receiver.recv_timeout(NAP)?, memory),
        _ => one(receiver.recv_timeout(NAP * 30)?, memory),
    })
}

fn play_receiver(hub: &Hub, kind: Kind, ledger: &Ledger, end: &Event, index: usize, dice: &mut Dice) -> Outcome {
    let mut receiver = hub.receiver()?;
    let mut memory = Memory { ledger, kind, last: [None; ENDS], sequence: None, wrong: None };
    say("on stage");
    loop {
        ledger.progress(ENDS + index).fetch_add(1, Ordering::Relaxed);
        match receive_some(&mut receiver, &mut memory, dice) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Disconnected => {
                if end.try_wait()? {
                    break;
                }
                receiver.wait_connected_timeout(NAP)?;
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(wrong) = memory.wrong.take() {
            return Err(wrong.into());
        }
        if dice.below(200) == 0 {
            thread::sleep(NAP);
        }
    }
    if !kind.is_queue() && !kind.is_lossy() {
        say(&format!("last {:?}", memory.last.map(|last| last.unwrap_or(0))));
    }
    Ok(())
}

/// Acts until it is killed or the end has come; says what is not as it should be.
#[test]
fn role_actor() {
    play("role_actor", || {
        let (stage, kind, index) = (given("STAGE"), Kind::named(&given("KIND")), given("INDEX").parse::<usize>()?);
        let mut dice = Dice::new(given("SEED").parse()?);
        let (ledger, end) = (Ledger::find(&stage)?, Event::open(&format!("{stage}.end"))?);
        let hub = Hub::open(kind, &stage)?;
        let played = if index < ENDS {
            play_sender(&hub, &ledger, &end, index, &mut dice)
        } else {
            play_receiver(&hub, kind, &ledger, &end, index - ENDS, &mut dice)
        };
        say(&played.as_ref().map_or_else(|error| format!("wrong: {error}"), |()| "left".into()));
        played
    });
}

fn storm(kind: Kind) -> Outcome {
    let (name, seed) = (name("stage"), seed());
    let mut dice = Dice::new(seed);
    let (capacity, history) = (CAPACITIES[dice.below(4) as usize], dice.below(3));
    note(&format!("{kind:?}: capacity {capacity}, history {history}; the seed is {seed}"));
    let end = Event::create(&format!("{name}.end"), Reset::Manual)?;
    let ledger = Ledger(Mapping::create(&format!("{name}.ledger"), Ledger::LEN)?.view()?);
    let hub = Hub::create(kind, Size { capacity, max_len: LEN_MAX as u64, history }, &name)?;
    let senders = if kind.has_one_sender() { 1 } else { ENDS };
    let receivers = if kind.has_one_receiver() { 1 } else { ENDS };
    let indices: Vec<usize> = (0..senders).chain(ENDS..ENDS + receivers).collect();
    let start = |index: usize, seed: u64| {
        let (kind, index, seed) = (format!("{kind:?}"), index.to_string(), seed.to_string());
        Actor::start("role_actor", &[("STAGE", &name), ("KIND", &kind), ("INDEX", &index), ("SEED", &seed)])
    };
    let mut actors: Vec<Actor> = indices.iter().map(|&index| start(index, dice.below(1 << 30))).collect();
    actors.iter_mut().for_each(|actor| actor.says("on stage"));

    let begin = Instant::now();
    let (mut killed, mut uncertain) = ([0; 2], HashSet::new());
    while killed[0] + killed[1] < DEATHS && begin.elapsed() < LONG_ENOUGH {
        let chosen = dice.below(actors.len() as u64) as usize;
        let (actor, index) = (&mut actors[chosen], indices[chosen]);
        if dice.below(2) == 0 {
            // So that it dies at work, and not only while it starts.
            thread::sleep(Duration::from_micros(dice.below(4000)));
        }
        actor.kill();
        killed[usize::from(index >= ENDS)] += 1;
        let said: Vec<String> = actor.said().into_iter().filter(|line| line != "on stage").collect();
        assert!(said.is_empty(), "{kind:?}, seed {seed}, death {killed:?}: {said:?}");
        if index < ENDS {
            let bounds = [ledger.committed(index), ledger.begun(index)].map(|word| word.load(Ordering::SeqCst));
            uncertain.extend((bounds[0] + 1..=bounds[1]).map(|number| (index as u64, number)));
        }
        *actor = start(index, dice.below(1 << 30));
    }
    let seconds = begin.elapsed().as_secs_f64();

    // Nobody is stuck: each comes a good way further, and then leaves.
    for &index in &indices {
        let before = ledger.progress(index).load(Ordering::Relaxed);
        until("an actor goes on", || ledger.progress(index).load(Ordering::Relaxed) > before + 30);
    }
    end.set()?;
    let mut lasts = Vec::new();
    for actor in &mut actors {
        let mut line = actor.line();
        while line == "on stage" || line.starts_with("last") {
            lasts.extend(line.strip_prefix("last ").map(str::to_owned));
            line = actor.line();
        }
        assert_eq!(line, "left", "{kind:?}, seed {seed}");
    }
    actors.into_iter().for_each(Actor::finish);

    // What the senders themselves were not sure of is in the list of gaps, too.
    let count = ledger.gaps().load(Ordering::SeqCst) as usize;
    assert!(count < GAPS, "{kind:?}, seed {seed}: {count} gaps");
    let gaps: Vec<(u64, u64)> =
        (0..count).map(|index| ledger.gap(index).map(|word| word.load(Ordering::SeqCst)).into()).collect();
    let committed: Vec<u64> = (0..senders).map(|sender| ledger.committed(sender).load(Ordering::SeqCst)).collect();
    note(&format!(
        "{kind:?}: {killed:?} senders and receivers died in {seconds:.1} s, {} messages uncertain; {committed:?} were sent",
        uncertain.len()
    ));
    if kind.is_queue() {
        uncertain.extend(gaps);
        let (mut again_all, mut both) = (0, 0);
        for (sender, &last) in committed.iter().enumerate() {
            for number in 1..=last {
                let count = ledger.received(sender, number).load(Ordering::SeqCst);
                let (fresh, again) = (count % AGAIN, count / AGAIN);
                again_all += again;
                both += u64::from(fresh > 0 && again > 0);
                assert!(fresh <= 1, "{kind:?}, seed {seed}: {number} of {sender} came {fresh} times");
                let may_be_missing = uncertain.contains(&(sender as u64, number));
                assert!(fresh + again > 0 || may_be_missing, "{kind:?}, seed {seed}: {number} of {sender} is lost");
            }
        }
        note(&format!("{kind:?}: {again_all} messages came again, {both} of them had been seen before"));
        assert!(again_all <= u64::from(killed[1]), "more came again than receivers died");
    } else {
        for gap in &gaps {
            assert!(uncertain.contains(gap), "{kind:?}, seed {seed}: {} of {} is lost", gap.1, gap.0);
        }
        // The last subscribers have got the last messages.
        let expected: Vec<u64> = (0..ENDS).map(|sender| committed.get(sender).copied().unwrap_or(0)).collect();
        assert!(lasts.iter().all(|last| *last == format!("{expected:?}")), "{kind:?}: {lasts:?} of {expected:?}");
    }
    let state = hub.state()?;
    assert_eq!((state.senders.present, state.receivers.present), (0, 0));
    all_is_gone(&name, (hub, ledger, end))
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
fn a_queue_loses_and_doubles_nothing_whoever_is_killed() -> Outcome {
    storm(Kind::Queue)
}

#[test]
fn a_queue_of_one_sender_loses_and_doubles_nothing_whoever_is_killed() -> Outcome {
    storm(Kind::QueueOfOneSender)
}

#[test]
fn a_queue_of_one_receiver_loses_and_doubles_nothing_whoever_is_killed() -> Outcome {
    storm(Kind::QueueOfOneReceiver)
}

#[test]
fn a_pipe_loses_and_doubles_nothing_whoever_is_killed() -> Outcome {
    storm(Kind::Pipe)
}

#[test]
fn a_topic_loses_nothing_whoever_is_killed() -> Outcome {
    storm(Kind::Topic)
}

#[test]
fn a_topic_of_one_publisher_loses_nothing_whoever_is_killed() -> Outcome {
    storm(Kind::TopicOfOne)
}

#[test]
fn a_lossy_topic_tells_what_it_loses_whoever_is_killed() -> Outcome {
    storm(Kind::Lossy)
}

#[test]
fn a_lossy_topic_of_one_publisher_tells_what_it_loses_whoever_is_killed() -> Outcome {
    storm(Kind::LossyOfOne)
}
