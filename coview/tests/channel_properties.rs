//! Channels against a model of them, a list of messages, through steps that are made up at random.

mod common;

use std::collections::VecDeque;

use common::channels::{Hub, KINDS, Kind, Rx, Size, Tx, bytes_of};
use common::name;
use coview::ErrorKind;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq, proptest};

const LEN_MAX: usize = 90;

/// How many ends of a role there are at most.
const ENDS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Send(usize, Vec<u8>),
    Fill(usize),
    Loan(usize, bool),
    Receive(usize),
    Keep(usize),
    Many(usize, usize),
    JoinSender,
    JoinReceiver,
    LeaveSender(usize),
    LeaveReceiver(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = || any::<usize>();
    vec(
        prop_oneof![
            8 => (end(), vec(any::<u8>(), 0..LEN_MAX + 1)).prop_map(|(end, bytes)| Step::Send(end, bytes)),
            1 => end().prop_map(Step::Fill),
            2 => (end(), any::<bool>()).prop_map(|(end, forgets)| Step::Loan(end, forgets)),
            6 => end().prop_map(Step::Receive),
            2 => end().prop_map(Step::Keep),
            1 => (end(), 0..9usize).prop_map(|(end, max)| Step::Many(end, max)),
            1 => end().prop_map(|_| Step::JoinSender),
            1 => end().prop_map(|_| Step::JoinReceiver),
            1 => end().prop_map(Step::LeaveSender),
            1 => end().prop_map(Step::LeaveReceiver),
        ],
        1..120,
    )
}

/// A receiver as the model has it.
#[derive(Debug)]
struct Reader {
    end: Rx,
    /// Of a topic: the number of its next message.
    next: usize,
    missed: u64,
    /// It has a message in its hands, whose place is not free.
    holds: bool,
}

#[derive(Debug)]
struct Model {
    kind: Kind,
    hub: Hub,
    capacity: usize,
    history: usize,
    senders: Vec<(Tx, bool)>,
    readers: Vec<Reader>,
    /// All messages of a topic; those that wait in a queue.
    topic: Vec<Vec<u8>>,
    queue: VecDeque<Vec<u8>>,
    has_sent: bool,
    has_received: bool,
}

fn fail(error: coview::Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

impl Model {
    /// Whether somebody has lent a place in order, and so keeps what comes behind it from receivers.
    fn is_blocked(&self) -> bool {
        !self.kind.has_one_sender() && self.senders.iter().any(|(_, forgotten)| *forgotten)
    }

    fn room(&self) -> i64 {
        if self.kind.is_lossy() {
            return i64::MAX;
        }
        let held = |reader: &Reader| usize::from(reader.holds);
        let used = if self.kind.is_queue() {
            self.queue.len() + self.readers.iter().map(held).sum::<usize>()
        } else {
            self.readers.iter().map(|reader| self.topic.len() - reader.next + held(reader)).max().unwrap_or(0)
        };
        self.capacity as i64 - used as i64
    }

    /// Whether the model knows whether there is room: places that were lent in order, and given back, count until receivers
    /// have come by.
    fn is_sure(&self, lent: bool) -> bool {
        // Places come in order, so a message in somebody's hands keeps those behind it, too.
        let holds = self.kind.is_queue() && self.readers.iter().any(|reader| reader.holds);
        (self.kind.has_one_sender() || !lent) && !holds
    }

    fn sent(&mut self, bytes: Vec<u8>) {
        if self.kind.is_queue() { self.queue.push_back(bytes) } else { self.topic.push(bytes) }
    }

    /// What a reader is to get next: how many it has missed, and the message; `None` if there is nothing.
    fn expect(&mut self, reader: usize) -> Option<Vec<u8>> {
        if self.kind.is_queue() {
            return self.queue.pop_front();
        }
        let reader = &mut self.readers[reader];
        let bytes = self.topic.get(reader.next)?.clone();
        reader.next += 1;
        Some(bytes)
    }
}

fn run(kind: Kind, capacity: u64, history: u64, steps: &[Step]) -> Result<(), TestCaseError> {
    let history = if kind.is_queue() { 0 } else { history };
    let hub = Hub::create(kind, Size { capacity, max_len: LEN_MAX as u64, history }, &name("model")).map_err(fail)?;
    let capacity = hub.capacity().map_err(fail)? as usize;
    let (senders, readers, topic, queue) = (Vec::new(), Vec::new(), Vec::new(), VecDeque::new());
    let (has_sent, has_received, history) = (false, false, history as usize);
    let mut model = Model { kind, hub, capacity, history, senders, readers, topic, queue, has_sent, has_received };
    // Since when places were lent that receivers have not come by yet.
    let (mut lent, mut ever_lent) = (false, false);
    for step in steps {
        ever_lent |= lent || model.is_blocked();
        match step {
            Step::JoinSender if model.senders.len() < if kind.has_one_sender() { 1 } else { ENDS } => {
                model.senders.push((model.hub.sender().map_err(fail)?, false));
                model.has_sent = true;
            }
            Step::JoinReceiver if model.readers.len() < if kind.has_one_receiver() { 1 } else { ENDS } => {
                // Places that were lent count as history, and the model does not know how many there were.
                if history > 0 && ever_lent {
                    continue;
                }
                let next = model.topic.len() - model.history.min(model.topic.len());
                let end = model.hub.receiver().map_err(fail)?;
                model.readers.push(Reader { end, next, missed: 0, holds: false });
                model.has_received = true;
            }
            Step::LeaveSender(index) if !model.senders.is_empty() => {
                let index = index % model.senders.len();
                let (_, forgotten) = model.senders.swap_remove(index);
                lent |= forgotten;
            }
            Step::LeaveReceiver(index) if !model.readers.is_empty() => {
                let index = index % model.readers.len();
                model.readers.swap_remove(index);
            }
            Step::Send(index, bytes) if !model.senders.is_empty() => {
                send(&mut model, *index, bytes, &mut lent)?;
            }
            Step::Fill(index) if !model.senders.is_empty() && !kind.is_lossy() => {
                for number in 0..2 * capacity {
                    send(&mut model, *index, &number.to_le_bytes(), &mut lent)?;
                }
            }
            Step::Loan(index, forgets) if !model.senders.is_empty() => {
                let index = index % model.senders.len();
                let (sender, forgotten) = &mut model.senders[index];
                lent |= *forgotten;
                *forgotten = false;
                match sender.try_loan(7) {
                    Ok(Some(mut loan)) => {
                        loan.fill(.., 0xee);
                        if *forgets {
                            std::mem::forget(loan);
                            *forgotten = true;
                        } else {
                            lent = true;
                        }
                    }
                    Ok(None) => {}
                    Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Disconnected),
                }
            }
            Step::Receive(index) | Step::Keep(index) if !model.readers.is_empty() => {
                let index = index % model.readers.len();
                receive(&mut model, index, matches!(step, Step::Keep(_)), &mut lent)?;
            }
            Step::Many(index, max) if !model.readers.is_empty() && !kind.is_lossy() && !model.is_blocked() => {
                let index = index % model.readers.len();
                // Who wants none leaves what it has where it is.
                model.readers[index].holds &= *max == 0;
                let mut all = Vec::new();
                let end = &mut model.readers[index].end;
                match end.recv_many_timeout(*max, |message| all.push(bytes_of(message)), std::time::Duration::ZERO) {
                    Ok(count) => prop_assert_eq!(count, all.len()),
                    Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Disconnected),
                }
                let expected: Vec<Vec<u8>> = (0..*max).map_while(|_| model.expect(index)).collect();
                prop_assert_eq!(all, expected);
            }
            _ => {}
        }
    }
    Ok(())
}

fn send(model: &mut Model, index: usize, bytes: &[u8], lent: &mut bool) -> Result<(), TestCaseError> {
    let index = index % model.senders.len();
    let others = model.is_blocked() && !model.senders[index].1;
    *lent |= model.senders[index].1;
    model.senders[index].1 = false;
    let room = model.room();
    match model.senders[index].0.try_send(bytes) {
        Ok(true) => {
            // A subscriber that has just come holds nobody up for the sake of its history.
            prop_assert!(room > -(model.history as i64), "there is no room");
            model.sent(bytes.to_vec());
        }
        // A lossy topic has no room where somebody else is still writing.
        Ok(false) => prop_assert!(room <= 0 || !model.is_sure(*lent) || others, "there is room for {}", room),
        Err(error) => {
            prop_assert_eq!(error.kind(), ErrorKind::Disconnected);
            prop_assert!(model.kind.is_queue() && model.readers.is_empty() && model.has_received);
            prop_assert!(room <= 0 || !model.is_sure(*lent) || others, "there is room for {}", room);
        }
    }
    Ok(())
}

fn receive(model: &mut Model, index: usize, keeps: bool, lent: &mut bool) -> Result<(), TestCaseError> {
    let (blocked, nobody) = (model.is_blocked(), model.senders.is_empty() && model.has_sent);
    let lossy = model.kind.is_lossy();
    let reader = &mut model.readers[index];
    let found = match reader.end.try_recv() {
        Ok(None) => None,
        Ok(Some(message)) => {
            let (bytes, missed) = (bytes_of(&message), message.missed());
            prop_assert!(message.is_intact() && !message.was_redelivered());
            if keeps {
                std::mem::forget(message);
            }
            Some((bytes, missed))
        }
        Err(error) => {
            prop_assert!(error.kind() == ErrorKind::Disconnected && nobody, "{}", error);
            None
        }
    };
    reader.holds = keeps && found.is_some();
    match found {
        Some((bytes, missed)) if lossy && (missed > 0 || *lent || blocked) => {
            // Places that were lent and lost count as messages that were missed.
            let reader = &mut model.readers[index];
            let ahead = model.topic[reader.next..].iter().position(|message| *message == bytes);
            let ahead = ahead.ok_or_else(|| TestCaseError::fail("a message that was not sent"))?;
            let fits = if *lent || blocked { ahead as u64 <= missed } else { ahead as u64 == missed };
            // The same bytes may have been sent twice.
            prop_assert!(fits || model.topic[reader.next..].iter().filter(|message| **message == bytes).count() > 1);
            let ahead = if *lent || blocked { ahead } else { missed as usize };
            reader.next += ahead + 1;
            reader.missed += missed;
            prop_assert_eq!(reader.end.missed(), reader.missed);
        }
        Some((bytes, missed)) => {
            prop_assert_eq!(missed, 0);
            prop_assert_eq!(model.expect(index), Some(bytes));
        }
        None if lossy => {}
        None => {
            let waiting =
                if model.kind.is_queue() { model.queue.len() } else { model.topic.len() - model.readers[index].next };
            prop_assert!(waiting == 0 || blocked, "{} messages wait", waiting);
            // Who finds nothing has come by all places that were given back.
            let all_came_by = model.kind.is_queue() || model.readers.len() == 1;
            if !blocked && all_came_by {
                *lent = false;
            }
        }
    }
    Ok(())
}

/// Begins with an end on each side, so that there is something to do.
fn with_ends(mut steps: Vec<Step>) -> Vec<Step> {
    steps.splice(0..0, [Step::JoinReceiver, Step::JoinSender]);
    steps
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if common::looking_holds() { 30 } else { 150 }, ..ProptestConfig::default() })]

    #[test]
    fn channels_do_what_lists_do(steps in steps(), capacity in 1..9u64, history in 0..5u64) {
        for kind in KINDS {
            run(kind, capacity, history, &with_ends(steps.clone()))
                .map_err(|error| TestCaseError::fail(format!("{kind:?}, {capacity}, {history}: {error}")))?;
        }
    }
}
