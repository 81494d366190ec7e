//! Channels between processes and within one: order, lengths, loans, batches, history, and what is missed.

mod common;

use std::time::Duration;

use bytemuck::{Pod, Zeroable};
use common::channels::{Hub, KINDS, Kind, QUEUES, Size, TOPICS, bytes_of, pack, unpack};
use common::sealed::Sealed;
use common::{Actor, DEADLINE, Outcome, SHORT, failure, given, gone, hear, hear_out, name, play, say};
use coview::{Channel, ChannelKind, EndRole, ErrorKind, Queue, QueueOptions, Topic, TopicOptions};

const SIZE: Size = Size::new(8, 300);

/// The longest message whose length and every shorter one is tried.
const LEN_MAX: usize = 300;

fn hub() -> coview::Result<Hub> {
    Hub::open(Kind::named(&given("KIND")), &given("NAME"))
}

fn role(role: &str, kind: Kind, name: &str) -> Actor {
    let mut actor = Actor::start(role, &[("KIND", &format!("{kind:?}")), ("NAME", name)]);
    actor.says("here");
    actor
}

/// Sends messages of all lengths, in all ways.
#[test]
fn role_sender() {
    play("role_sender", || {
        let mut sender = hub()?.sender()?;
        say("here");
        for len in 0..=LEN_MAX {
            let bytes: Vec<u8> = (0..len).map(|at| (at * 7 + len) as u8).collect();
            if len % 3 == 0 {
                assert!(sender.send_timeout(&bytes, DEADLINE)?);
            } else {
                let mut loan = sender.loan_timeout(LEN_MAX, DEADLINE)?.ok_or("there is no room")?;
                loan.fill(.., 0xee);
                loan.write(0, &bytes);
                loan.truncate(len);
                loan.commit()?;
            }
        }
        hear_out();
        Ok(())
    });
}

#[test]
fn messages_of_all_lengths_arrive_in_order_from_another_process() -> Outcome {
    for kind in KINDS.into_iter().filter(|kind| !kind.is_lossy()) {
        let name = name("lengths");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut receiver = hub.receiver()?;
        let sender = role("role_sender", kind, &name);
        let mut buffer = vec![9; 10];
        for len in 0..=LEN_MAX {
            let expected: Vec<u8> = (0..len).map(|at| (at * 7 + len) as u8).collect();
            match len % 4 {
                0 => assert_eq!(receiver.recv_copy_timeout(DEADLINE)?, Some(expected), "{kind:?}"),
                1 => {
                    assert!(receiver.recv_into_timeout(&mut buffer, DEADLINE)?);
                    assert_eq!(buffer, expected, "{kind:?}");
                }
                2 => {
                    let mut all = Vec::new();
                    let take = |message: &coview::Message<'_, [u8]>| all.push(bytes_of(message));
                    assert_eq!(receiver.recv_many_timeout(1, take, DEADLINE)?, 1);
                    assert_eq!(all, [expected], "{kind:?}");
                }
                _ => {
                    let message = receiver.recv_timeout(DEADLINE)?.ok_or("nothing comes")?;
                    assert_eq!((message.len(), message.sequence()), (len, len as u64), "{kind:?}");
                    assert_eq!((message.is_empty(), message.was_redelivered(), message.missed()), (false, false, 0));
                    let mut copy = Vec::new();
                    assert_eq!(message.copy_to(&mut copy)?, len);
                    assert_eq!((&copy, &message.to_owned(), message.is_intact()), (&expected, &expected, true));
                    assert_eq!(message.get::<u8>(len - 1), expected[len - 1]);
                    assert!(message.as_ptr().is_aligned());
                    assert!(message.finish()?, "{kind:?}");
                }
            }
        }
        sender.finish();
        assert_eq!(failure(receiver.try_recv()), ErrorKind::Disconnected, "{kind:?}");
        let state = hub.state()?;
        let count = LEN_MAX as u64 + 1;
        assert_eq!((state.messages, state.received, state.depth), (count, count, 0), "{kind:?}");
        drop((hub, receiver));
        gone(&name);
    }
    Ok(())
}

#[test]
fn a_message_that_is_too_long_is_refused_and_the_next_one_goes_through() -> Outcome {
    for kind in KINDS {
        let hub = Hub::create(kind, SIZE, &name("long"))?;
        let (mut receiver, mut sender) = (hub.receiver()?, hub.sender()?);
        let error = sender.send(&[0; LEN_MAX + 1]).expect_err("it is too long");
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{kind:?}");
        assert!(error.to_string().contains("at most 300 bytes, and this one 301"), "{error}");
        assert_eq!(failure(sender.try_loan(usize::MAX)), ErrorKind::TooLarge, "{kind:?}");
        assert_eq!(failure(sender.send_many(&[vec![1], vec![0; 301], vec![2]])), ErrorKind::TooLarge, "{kind:?}");
        sender.send(&[3; LEN_MAX])?;
        assert_eq!(receiver.try_recv_copy()?, Some(vec![1]), "{kind:?}: what came before is sent");
        assert_eq!(receiver.try_recv_copy()?, Some(vec![3; LEN_MAX]), "{kind:?}");
        assert!(receiver.try_recv()?.is_none());
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C, align(32))]
struct Wide([u64; 4]);

/// Values of a type, there and back through two channels.
fn values_return<T: Pod + PartialEq + std::fmt::Debug>(values: &[T]) -> Outcome {
    let (first, second) = (name("values"), name("values"));
    let (queue, topic) = (Queue::<T>::create(&first)?, Topic::<T>::create(&second)?);
    let (mut sender, mut receiver) = (queue.sender()?, Queue::<T>::open(&first)?.receiver()?);
    let (mut publisher, mut subscriber) = (topic.publisher()?, Topic::<T>::open(&second)?.subscriber()?);
    assert_eq!((sender.max_len(), publisher.max_len()), (size_of::<T>(), size_of::<T>()));
    for value in values {
        sender.send(value)?;
        let message = receiver.recv()?;
        assert_eq!((message.value(), message.len()), (*value, size_of::<T>()));
        assert!(message.as_ptr().cast::<T>().is_aligned());
        drop(message);
        let mut loan = publisher.loan()?;
        loan.set(value);
        loan.commit()?;
        assert_eq!(subscriber.recv_copy()?, *value);
    }
    assert_eq!(sender.send_many(values)?, values.len());
    let mut all = Vec::new();
    assert_eq!(receiver.recv_many(100, |message| all.push(message.value()))?, values.len());
    assert_eq!(all, values);
    assert_eq!(publisher.publish_many(values)?, values.len());
    assert_eq!(subscriber.try_recv_many(1, |message| assert_eq!(message.value(), values[0]))?, 1);
    Ok(())
}

#[test]
fn values_of_many_types_arrive_as_they_were() -> Outcome {
    values_return(&[0u8, 1, 255])?;
    values_return(&[0u64, 1, u64::MAX])?;
    values_return(&[[1u8, 2, 3], [4, 5, 6]])?;
    values_return(&[(), ()])?;
    values_return(&[Wide([1, 2, 3, 4]), Wide([5; 4])])?;
    values_return(&[[7u8; 129], [8; 129]])?;
    values_return(&[Sealed::new(1), Sealed::new(2)])?;
    values_return(&[1.5f64, f64::INFINITY])
}

#[test]
fn a_loan_that_is_dropped_or_forgotten_sends_nothing_and_costs_no_place() -> Outcome {
    for kind in KINDS {
        let hub = Hub::create(kind, Size::new(2, 100), &name("loans"))?;
        let (mut receiver, mut sender) = (hub.receiver()?, hub.sender()?);
        for round in 0..50u8 {
            for forgets in [false, true] {
                // Three loans in a row, where there is room for two messages.
                for _ in 0..3 {
                    let Some(mut loan) = sender.loan_timeout(100, SHORT)? else {
                        assert!(receiver.try_recv()?.is_none(), "{kind:?}");
                        continue;
                    };
                    loan.fill(.., 0xee);
                    assert_eq!((loan.len(), loan.is_empty()), (100, false));
                    if forgets {
                        std::mem::forget(loan);
                    }
                }
                assert!(receiver.try_recv()?.is_none(), "{kind:?}");
                assert!(sender.send_timeout(&[round], SHORT)?, "{kind:?}, round {round}: there is no room");
                assert_eq!(receiver.try_recv_copy()?, Some(vec![round]), "{kind:?}");
            }
        }
        // Who leaves takes a forgotten loan along.
        std::mem::forget(sender.try_loan(10)?);
        drop(sender);
        assert_eq!(hub.state()?.messages, 100, "{kind:?}");
        let mut next = hub.sender()?;
        next.send(b"after")?;
        assert_eq!(receiver.try_recv_copy()?, Some(b"after".to_vec()), "{kind:?}");
    }
    Ok(())
}

#[test]
fn a_message_that_is_forgotten_is_finished_with_at_the_next_one() -> Outcome {
    for kind in KINDS {
        let hub = Hub::create(kind, SIZE, &name("forgotten"))?;
        let (mut receiver, mut sender) = (hub.receiver()?, hub.sender()?);
        for number in 0..100 {
            assert!(sender.try_send(&pack(0, number, 50))?, "{kind:?}: there is no room for {number}");
            let message = receiver.try_recv()?.ok_or("nothing comes")?;
            assert_eq!(unpack(&bytes_of(&message))?, (0, number), "{kind:?}");
            std::mem::forget(message);
        }
        drop(receiver);
        let mut next = hub.receiver()?;
        assert!(next.try_recv()?.is_none(), "{kind:?}: who leaves has finished with what it has");
    }
    Ok(())
}

#[test]
fn there_is_room_for_as_many_as_the_capacity_says_and_no_more() -> Outcome {
    for kind in KINDS.into_iter().filter(|kind| !kind.is_lossy()) {
        for (asked, capacity) in [(1, 2), (2, 2), (3, 4), (8, 8), (1000, 1024)] {
            let hub = Hub::create(kind, Size::new(asked, 20), &name("capacity"))?;
            assert_eq!(hub.capacity()?, capacity, "{kind:?}");
            let (mut receiver, mut sender) = (hub.receiver()?, hub.sender()?);
            for round in 0..3 {
                for number in 0..capacity {
                    assert!(sender.try_send(&number.to_le_bytes())?, "{kind:?}: {number} of {capacity}");
                }
                assert!(!sender.try_send(b"more")?, "{kind:?}: more than {capacity}");
                assert!(sender.try_loan(1)?.is_none() && !sender.send_timeout(b"more", SHORT / 10)?, "{kind:?}");
                assert_eq!(hub.state()?.depth, capacity, "{kind:?}, round {round}");
                // Each that is received makes room for one.
                drop(receiver.try_recv()?.ok_or("nothing comes")?);
                assert!(sender.try_send(&capacity.to_le_bytes())? && !sender.try_send(b"more")?, "{kind:?}");
                for number in 1..=capacity {
                    assert_eq!(receiver.try_recv_copy()?, Some(number.to_le_bytes().to_vec()), "{kind:?}");
                }
                assert!(receiver.try_recv()?.is_none(), "{kind:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn messages_stay_without_ends_as_long_as_there_is_a_handle() -> Outcome {
    for kind in QUEUES {
        let name = name("stay");
        let hub = Hub::create(kind, SIZE, &name)?;
        for number in 0..8u8 {
            hub.sender()?.send(&[number])?;
        }
        assert!(!hub.sender()?.try_send(b"more")?, "{kind:?}");
        for number in 0..8u8 {
            assert_eq!(Hub::open(kind, &name)?.receiver()?.recv_copy()?, [number], "{kind:?}");
        }
        let state = hub.state()?;
        assert_eq!((state.senders.joined, state.senders.ended, state.senders.present), (9, 9, 0), "{kind:?}");
        assert_eq!((state.receivers.joined, state.received), (8, 8), "{kind:?}");
        // An end alone is a handle.
        let end = hub.sender()?;
        drop(hub);
        assert!(Hub::open(kind, &name).is_ok());
        drop(end);
        gone(&name);
        assert_eq!(failure(Hub::open(kind, &name)), ErrorKind::NotFound);
    }
    Ok(())
}

/// Receives one message after the other, and says which.
#[test]
fn role_receiver() {
    play("role_receiver", || {
        let mut receiver = hub()?.receiver()?;
        say("here");
        while hear().is_some() {
            let bytes = receiver.recv_copy_timeout(DEADLINE)?.ok_or("nothing comes")?;
            say(&format!("{:?}", unpack(&bytes)?));
        }
        Ok(())
    });
}

#[test]
fn each_message_of_a_queue_goes_to_one_process_and_of_a_topic_to_all() -> Outcome {
    for kind in [Kind::Queue, Kind::QueueOfOneSender, Kind::Topic, Kind::LossyOfOne] {
        let name = name("processes");
        let hub = Hub::create(kind, SIZE, &name)?;
        let mut sender = hub.sender()?;
        let mut receivers: Vec<Actor> = (0..4).map(|_| role("role_receiver", kind, &name)).collect();
        for number in 0..20 {
            sender.send(&pack(3, number, 100))?;
            let expected = format!("(3, {number})");
            if kind.is_queue() {
                let receiver = &mut receivers[number as usize % 4];
                receiver.tell("next");
                receiver.says(&expected);
            } else {
                receivers.iter_mut().for_each(|receiver| receiver.tell("next"));
                receivers.iter_mut().for_each(|receiver| receiver.says(&expected));
            }
        }
        receivers.into_iter().for_each(Actor::finish);
        let state = hub.state()?;
        assert_eq!(state.received, if kind.is_queue() { 20 } else { 80 }, "{kind:?}");
        assert_eq!((state.receivers.joined, state.receivers.ended), (4, 4), "{kind:?}");
    }
    Ok(())
}

#[test]
fn late_subscribers_get_as_many_of_the_last_messages_as_the_history_says() -> Outcome {
    for kind in TOPICS {
        for history in [0, 1, 3, 7, 100] {
            let size = Size { history, ..SIZE };
            let hub = Hub::create(kind, size, &name("history"))?;
            let mut publisher = hub.sender()?;
            for published in 0..300 {
                let mut late = hub.receiver()?;
                for expected in published - history.min(published)..published {
                    let bytes =
                        late.try_recv_copy()?.ok_or(format!("{kind:?}: {expected} of {published} is not there"))?;
                    assert_eq!(unpack(&bytes)?, (1, expected), "{kind:?}, history {history}");
                }
                assert!(late.try_recv()?.is_none() && late.missed() == 0, "{kind:?}, history {history}");
                publisher.send(&pack(1, published, 40))?;
                let bytes = late.try_recv_copy()?.ok_or("what is published later comes too")?;
                assert_eq!(unpack(&bytes)?, (1, published));
            }
        }
    }
    Ok(())
}

#[test]
fn what_a_slow_subscriber_misses_is_counted() -> Outcome {
    for kind in [Kind::Lossy, Kind::LossyOfOne] {
        for capacity in [1, 2, 8, 64] {
            let hub = Hub::create(kind, Size::new(capacity, 40), &name("missed"))?;
            let (mut publisher, mut subscriber) = (hub.sender()?, hub.receiver()?);
            let (mut published, mut received, mut dice) = (0, 0, common::Dice::new(capacity));
            for _ in 0..300 {
                for _ in 0..dice.below(3 * capacity + 3) {
                    assert!(publisher.try_send(&pack(0, published, 30))?, "{kind:?}: nobody waits");
                    published += 1;
                }
                for _ in 0..dice.below(capacity + 2) {
                    let before = subscriber.missed();
                    let Some(message) = subscriber.try_recv()? else { break };
                    let ((_, number), missed) = (unpack(&bytes_of(&message))?, message.missed());
                    drop(message);
                    assert_eq!(before + missed, subscriber.missed(), "{kind:?}, capacity {capacity}");
                    assert_eq!(number, received + subscriber.missed(), "{kind:?}, capacity {capacity}");
                    received += 1;
                }
            }
            while subscriber.try_recv_copy()?.is_some() {
                received += 1;
            }
            assert_eq!(received + subscriber.missed(), published, "{kind:?}, capacity {capacity}");
            drop(publisher);
            let state = hub.state()?;
            assert_eq!((state.messages, state.received, state.missed), (published, received, subscriber.missed()));
        }
    }
    Ok(())
}

#[test]
fn a_message_that_is_written_over_while_it_is_read_says_so() -> Outcome {
    for kind in [Kind::Lossy, Kind::LossyOfOne] {
        let hub = Hub::create(kind, Size::new(4, 40), &name("intact"))?;
        let (mut publisher, mut subscriber) = (hub.sender()?, hub.receiver()?);
        publisher.send(b"first")?;
        let message = subscriber.try_recv()?.ok_or("nothing comes")?;
        for number in 0..3u8 {
            publisher.send(&[number])?;
            assert!(message.is_intact(), "{kind:?}: {number} goes elsewhere");
        }
        // It is lost as soon as somebody may write there.
        drop(publisher.try_loan(10)?.ok_or("nobody waits")?);
        assert!(!message.is_intact(), "{kind:?}");
        assert!(!message.finish()?, "{kind:?}");
        assert_eq!(subscriber.try_recv_copy()?, Some(vec![0]), "{kind:?}");
    }
    Ok(())
}

#[test]
fn there_are_as_many_ends_as_were_agreed_upon() -> Outcome {
    // Wine takes a minute for what the others do in no time.
    for kind in KINDS.into_iter().step_by(if common::looking_holds() { 7 } else { 1 }) {
        let hub = Hub::create(kind, SIZE, &name("ends"))?;
        let counts = [kind.has_one_sender(), kind.has_one_receiver()].map(|one| if one { 1 } else { 64 });
        let mut senders = (0..counts[0]).map(|_| hub.sender()).collect::<coview::Result<Vec<_>>>()?;
        let mut receivers = (0..counts[1]).map(|_| hub.receiver()).collect::<coview::Result<Vec<_>>>()?;
        for round in 0..2 {
            let told = |count| if count == 1 { ErrorKind::Busy } else { ErrorKind::LimitExceeded };
            assert_eq!(failure(hub.sender()), told(counts[0]), "{kind:?}, round {round}");
            assert_eq!(failure(hub.receiver()), told(counts[1]), "{kind:?}, round {round}");
            let state = hub.state()?;
            assert_eq!((state.senders.present, state.receivers.present), (counts[0], counts[1]), "{kind:?}");
            assert_eq!(state.ends.len() as u64, counts[0] + counts[1]);
            assert!(state.ends.iter().all(|end| end.alive && end.pid == std::process::id()));
            let indices = state.ends.iter().filter(|end| end.role == EndRole::Sender).map(|end| u64::from(end.index));
            assert!(indices.eq(0..counts[0]), "{kind:?}");
            // Each that leaves makes room for another.
            drop((senders.pop(), receivers.pop()));
            senders.push(hub.sender()?);
            receivers.push(hub.receiver()?);
        }
        for (number, sender) in (0..).zip(&mut senders[..counts[0].min(5) as usize]) {
            assert!(sender.send_timeout(&pack(9, number, 30), DEADLINE)?);
            let mut got = 0;
            for receiver in &mut receivers {
                got += usize::from(receiver.try_recv_copy()?.is_some_and(|bytes| unpack(&bytes) == Ok((9, number))));
            }
            assert_eq!(got, if kind.is_queue() { 1 } else { receivers.len() }, "{kind:?}");
        }
    }
    Ok(())
}

#[test]
fn a_receiver_without_senders_waits_and_one_whose_senders_have_gone_does_not() -> Outcome {
    for kind in KINDS {
        let hub = Hub::create(kind, SIZE, &name("waits"))?;
        let mut receiver = hub.receiver()?;
        let begin = std::time::Instant::now();
        assert!(receiver.recv_timeout(SHORT)?.is_none() && begin.elapsed() >= SHORT, "{kind:?}");
        assert!(receiver.try_recv()?.is_none() && receiver.recv_timeout(Duration::ZERO)?.is_none(), "{kind:?}");
        hub.sender()?.send(b"one")?;
        assert_eq!(receiver.recv_copy()?, b"one", "{kind:?}: what was sent before comes first");
        let error = receiver.recv_timeout(DEADLINE).expect_err("nobody is left");
        assert!(
            error.kind() == ErrorKind::Disconnected && error.to_string().contains("1 have ended, 0 have died"),
            "{error}"
        );
        hub.sender()?.send(b"two")?;
        assert_eq!(receiver.recv_copy()?, b"two", "{kind:?}: the next one is heard");
    }
    Ok(())
}

#[test]
fn a_channel_tells_what_it_is() -> Outcome {
    let (first, second) = (name("tells"), name("tells"));
    let fingerprint = coview::fingerprint("v1");
    let options = QueueOptions::new().capacity(5).max_len(77).align(64).fingerprint(fingerprint);
    let queue = Queue::<[u8]>::create_with(&options, &first)?;
    let topic = Topic::<u32>::create_with(&TopicOptions::new().capacity(3).history(2).lossy(), &second)?;
    let (mut sender, _receiver) = (queue.sender()?, queue.receiver()?);
    let channel = Channel::open(&first)?;
    assert_eq!((channel.kind(), channel.is_typed(), channel.is_lossy()), (ChannelKind::Queue, false, false));
    assert_eq!((channel.message_size(), channel.capacity(), channel.slots()), (77, 8, 8));
    assert_eq!((channel.history(), channel.fingerprint()), (0, fingerprint));
    sender.send(b"12345")?;
    let state = channel.state()?;
    // How much it has sent a sender says now and then; how much there is can be seen at any time.
    assert!(state.messages <= 1 && state.bytes <= 5 && (state.depth, state.received) == (1, 0));
    assert_eq!(state, queue.state()?);
    assert!(sender.loan(3)?.as_mut_ptr().addr().is_multiple_of(64));
    let channel = Channel::open(&second)?;
    assert_eq!((channel.kind(), channel.is_typed(), channel.is_lossy()), (ChannelKind::Topic, true, true));
    assert_eq!((channel.message_size(), channel.history(), channel.slots(), channel.capacity()), (4, 2, 8, 6));
    assert_eq!((topic.name(), queue.name(), sender.name()), (&*second, &*first, &*first));
    Ok(())
}
