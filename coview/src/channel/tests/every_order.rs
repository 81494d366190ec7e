//! Small plays of a few messages between two or three threads, in every order that the memory model allows.

use std::sync::atomic::Ordering::Acquire;

use super::super::word::Word;
use super::*;

/// Sends one number, as often as it takes while a few tries are enough.
fn send_soon(heap: &Heap, tail: &mut Tail, number: u64) -> bool {
    (0..2).any(|_| heap.send(tail, number))
}

/// Takes what there is.
fn drain(heap: &Heap, head: &mut Head, numbers: &mut Vec<u64>) {
    while let Some((number, redelivered)) = heap.take(head) {
        assert!(!redelivered);
        numbers.push(number);
    }
}

#[test]
fn two_senders_and_a_receiver_lose_nothing_and_tear_nothing() {
    loom::model(|| {
        let heap = QUEUE.heap();
        let threads = [1, 2].map(|number| spawn(&heap, move |heap| heap.send(&mut heap.sender(number as u32), number)));
        let (mut head, mut numbers) = (heap.head(0), Vec::new());
        if let Some((number, _)) = heap.take(&mut head) {
            numbers.push(number);
        }
        assert!(threads.map(joined).into_iter().all(|sent| sent), "there is room for both");
        drain(&heap, &mut head, &mut numbers);
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2]);
    });
}

#[test]
fn a_slot_that_a_receiver_has_finished_with_is_written_by_the_next_sender() {
    loom::model(|| {
        let heap = QUEUE.heap();
        let mut tail = heap.sender(0);
        assert!(heap.send(&mut tail, 1) && heap.send(&mut tail, 2));
        let thread = spawn(&heap, move |heap| send_soon(heap, &mut tail, 3));
        let (mut head, mut numbers) = (heap.head(0), Vec::new());
        numbers.extend(heap.take(&mut head).map(|(number, _)| number));
        let sent = joined(thread);
        drain(&heap, &mut head, &mut numbers);
        assert_eq!(numbers, if sent { vec![1, 2, 3] } else { vec![1, 2] });
    });
}

#[test]
fn two_receivers_share_messages_while_a_sender_comes_around() {
    loom::model(|| {
        let heap = QUEUE.heap();
        let mut tail = heap.sender(0);
        assert!(heap.send(&mut tail, 1) && heap.send(&mut tail, 2));
        let receive = |index| spawn(&heap, move |heap| heap.take(&mut heap.head(index)).map(|(number, _)| number));
        let receivers = [receive(0), receive(1)];
        let sent = heap.send(&mut tail, 3);
        let mut numbers: Vec<u64> = receivers.map(joined).into_iter().flatten().collect();
        drain(&heap, &mut heap.head(2), &mut numbers);
        numbers.sort_unstable();
        assert_eq!(numbers, if sent { vec![1, 2, 3] } else { vec![1, 2] });
    });
}

#[test]
fn one_sender_and_several_receivers() {
    loom::model(|| {
        let heap = FROM_ONE.heap();
        let mut tail = heap.sender(0);
        assert!(heap.send(&mut tail, 1));
        let thread = spawn(&heap, move |heap| [2, 3].map(|number| heap.send(&mut tail, number)));
        let (mut head, mut numbers) = (heap.head(0), Vec::new());
        (0..2).for_each(|_| numbers.extend(heap.take(&mut head).map(|(number, _)| number)));
        let sent = joined(thread);
        drain(&heap, &mut head, &mut numbers);
        assert_eq!(numbers.len(), 1 + sent.iter().filter(|&&sent| sent).count());
        assert!(numbers.is_sorted() && numbers[0] == 1);
    });
}

fn one_receiver(kind: Kind) {
    loom::model(move || {
        let heap = kind.heap();
        let mut tail = heap.sender(0);
        assert!(heap.send(&mut tail, 1));
        let thread = spawn(&heap, move |heap| [2, 3].map(|number| send_soon(heap, &mut tail, number)));
        let mut cursor = Cursor::take_over(&*heap, heap.rules, receiver(0));
        let mut numbers: Vec<u64> = (0..2).filter_map(|_| heap.receive(&mut cursor)).collect();
        let sent = joined(thread);
        numbers.extend(std::iter::from_fn(|| heap.receive(&mut cursor)));
        assert_eq!(numbers.len(), 1 + sent.iter().filter(|&&sent| sent).count());
        assert!(numbers.is_sorted() && numbers[0] == 1);
    });
}

#[test]
fn one_sender_and_one_receiver() {
    one_receiver(PIPE);
}

#[test]
fn a_sender_among_others_and_one_receiver() {
    one_receiver(TO_ONE);
}

#[test]
fn two_senders_and_one_receiver() {
    loom::model(|| {
        let heap = TO_ONE.heap();
        let threads = [1, 2].map(|number| spawn(&heap, move |heap| heap.send(&mut heap.sender(number as u32), number)));
        let mut cursor = Cursor::take_over(&*heap, heap.rules, receiver(0));
        let mut numbers: Vec<u64> = heap.receive(&mut cursor).into_iter().collect();
        assert!(threads.map(joined).into_iter().all(|sent| sent), "there is room for both");
        numbers.extend(std::iter::from_fn(|| heap.receive(&mut cursor)));
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2]);
    });
}

/// A subscriber comes while messages are published: it misses none behind its first, and what it reads is whole.
fn joining(kind: Kind) {
    loom::model(move || {
        let heap = kind.heap();
        let mut tail = heap.sender(0);
        assert!(heap.send(&mut tail, 1));
        let thread = spawn(&heap, move |heap| [2, 3, 4].map(|number| heap.send(&mut tail, number)));
        let mut cursor = heap.join(0);
        let mut numbers: Vec<u64> = heap.receive(&mut cursor).into_iter().collect();
        assert!(!numbers.is_empty() || kind.history == 0 || !kind.one_sender, "the history is there at once");
        let sent = joined(thread);
        numbers.extend(std::iter::from_fn(|| heap.receive(&mut cursor)));
        let all: Vec<u64> = [1].into_iter().chain((2..).zip(sent).filter_map(|(n, sent)| sent.then_some(n))).collect();
        assert!(all.ends_with(&numbers), "{numbers:?} were received of {all:?}");
        assert!(numbers.len() as u64 >= kind.history, "late subscribers get the history");
    });
}

#[test]
fn a_subscriber_joins_one_publisher() {
    joining(TOPIC_OF_ONE);
}

#[test]
fn a_subscriber_joins_one_publisher_and_gets_history() {
    joining(Kind { history: 1, ..TOPIC_OF_ONE });
}

#[test]
fn a_subscriber_joins_a_publisher_among_others() {
    joining(Kind { history: 1, ..TOPIC });
}

#[test]
fn a_slow_subscriber_holds_its_publisher_back() {
    loom::model(|| {
        let heap = TOPIC_OF_ONE.heap();
        let (mut tail, mut cursor) = (heap.sender(0), heap.join(0));
        assert!(heap.send(&mut tail, 1) && heap.send(&mut tail, 2));
        let thread = spawn(&heap, move |heap| send_soon(heap, &mut tail, 3));
        let mut numbers: Vec<u64> = heap.receive(&mut cursor).into_iter().collect();
        let sent = joined(thread);
        numbers.extend(std::iter::from_fn(|| heap.receive(&mut cursor)));
        assert_eq!(numbers, if sent { vec![1, 2, 3] } else { vec![1, 2] });
    });
}

/// A subscriber that is overtaken never takes a torn message for a whole one, and knows how many it has missed.
fn overtaken(kind: Kind) {
    loom::model(move || {
        let heap = kind.heap();
        let (mut tail, mut cursor) = (heap.sender(0), heap.join(0));
        assert!(heap.send(&mut tail, 1));
        let thread = spawn(&heap, move |heap| (2..=4).all(|number| heap.send(&mut tail, number)));
        let (mut received, mut missed, mut last) = (0, 0, 0);
        let mut receive = |cursor: &mut Cursor| {
            let (number, now) = heap.receive_lossy(cursor);
            missed += now;
            if let Some(number) = number {
                assert!(number > last, "{number} was received after {last}");
                (received, last) = (received + 1, number);
                // Before a message is received, those before it are received or missed.
                assert_eq!(received + missed, number);
            }
            number.is_some() || now > 0
        };
        receive(&mut cursor);
        assert!(joined(thread), "nobody waits");
        while receive(&mut cursor) {}
        assert_eq!((received + missed, last), (4, 4));
    });
}

#[test]
fn a_subscriber_is_overtaken_by_one_publisher() {
    overtaken(LOSSY_OF_ONE);
}

#[test]
fn a_subscriber_is_overtaken_by_a_publisher_among_others() {
    overtaken(LOSSY);
}

#[test]
fn who_finds_nobody_there_finds_all_that_they_have_sent() {
    loom::model(|| {
        let heap = QUEUE.heap();
        let here = Place::Role(EndRole::Sender, RoleField::Here);
        heap.fetch_or(here, 6);
        let threads = [1, 2].map(|number| {
            spawn(&heap, move |heap| {
                assert!(heap.send(&mut heap.sender(number as u32), number));
                heap.fetch_and(here, !(1 << number));
            })
        });
        let deserted = heap.load(here, SeqCst) == 0;
        let mut head = heap.head(0);
        let found = [heap.take(&mut head), heap.take(&mut head)].into_iter().flatten().count();
        assert!(!deserted || found == 2, "{found} of 2 messages were found of senders that had gone");
        threads.into_iter().for_each(joined);
    });
}

#[test]
fn a_dead_senders_loan_is_freed_while_others_send_and_receive() {
    loom::model(|| {
        let heap = QUEUE.heap();
        // Killed with a slot half written.
        let position = heap.sender(0).begin(&*heap, true).expect("there is room");
        heap.slot(position).body[0].store(99, Relaxed);
        let burying = spawn(&heap, |heap| free_loaned(heap, &heap.rules, sender(0)));
        let sending = spawn(&heap, |heap| {
            let mut tail = heap.sender(1);
            [1, 2].map(|number| heap.send(&mut tail, number))
        });
        let (mut head, mut numbers) = (heap.head(0), Vec::new());
        numbers.extend(heap.take(&mut head).map(|(number, _)| number));
        joined(burying);
        let sent = joined(sending);
        drain(&heap, &mut head, &mut numbers);
        assert!(sent[0], "there was room");
        assert_eq!(numbers, if sent[1] { vec![1, 2] } else { vec![1] });
    });
}

#[test]
fn a_place_that_is_given_back_is_written_by_the_next_sender() {
    loom::model(|| {
        let heap = QUEUE.heap();
        let mut tail = heap.sender(0);
        let position = tail.begin(&*heap, true).expect("there is room");
        let thread = spawn(&heap, move |heap| {
            heap.put(position, 99);
            tail.give_back(heap, position)
        });
        let mut other = heap.sender(1);
        let sent = [1, 2].map(|number| heap.send(&mut other, number));
        let (mut head, mut numbers) = (heap.head(0), Vec::new());
        numbers.extend(heap.take(&mut head).map(|(number, _)| number));
        assert!(joined(thread) && sent[0]);
        drain(&heap, &mut head, &mut numbers);
        assert_eq!(numbers, if sent[1] { vec![1, 2] } else { vec![1] });
    });
}

#[test]
fn what_a_dead_receiver_held_goes_to_one_other_that_is_told() {
    loom::model(|| {
        let heap = QUEUE.heap();
        let mut tail = heap.sender(0);
        assert!(heap.send(&mut tail, 1) && heap.send(&mut tail, 2));
        let held = heap.head(0).take(&*heap).expect("there is a message");
        assert_eq!((held.position, held.redelivered), (0, false));
        let burying = spawn(&heap, |heap| return_held(heap, &heap.rules, receiver(0)));
        let other = spawn(&heap, |heap| {
            let mut head = heap.head(1);
            [heap.take(&mut head), heap.take(&mut head)]
        });
        let mut head = heap.head(2);
        let mut taken: Vec<(u64, bool)> = heap.take(&mut head).into_iter().collect();
        joined(burying);
        taken.extend(joined(other).into_iter().flatten());
        taken.extend(std::iter::from_fn(|| heap.take(&mut head)));
        taken.sort_unstable();
        assert_eq!(taken, [(1, true), (2, false)]);
    });
}

#[test]
fn two_who_bury_the_same_dead_return_its_message_once() {
    loom::model(|| {
        let heap = QUEUE.heap();
        assert!(heap.send(&mut heap.sender(0), 1));
        assert!(heap.head(0).take(&*heap).is_some());
        // The first of them was killed before it had done everything, and the second does it all again.
        return_held(&*heap, &heap.rules, receiver(0));
        let burying = spawn(&heap, |heap| return_held(heap, &heap.rules, receiver(0)));
        let mut head = heap.head(1);
        let mut taken: Vec<(u64, bool)> = heap.take(&mut head).into_iter().collect();
        joined(burying);
        taken.extend(std::iter::from_fn(|| heap.take(&mut head)));
        assert_eq!(taken, [(1, true)]);
    });
}

#[test]
fn the_next_receiver_goes_on_where_the_last_has_ended() {
    loom::model(|| {
        let heap = PIPE.heap();
        let mut tail = heap.sender(0);
        assert!(heap.send(&mut tail, 1) && heap.send(&mut tail, 2));
        let first = spawn(&heap, |heap| {
            let mut cursor = Cursor::take_over(heap, heap.rules, receiver(0));
            let number = heap.receive(&mut cursor);
            // As the claim does that the next one gets.
            heap.fetch_or(Place::Role(EndRole::Receiver, RoleField::Here), 1);
            number
        });
        let sent = heap.send(&mut tail, 3);
        if heap.load(Place::Role(EndRole::Receiver, RoleField::Here), Acquire) == 1 {
            let mut cursor = Cursor::take_over(&*heap, heap.rules, receiver(0));
            assert_eq!((heap.receive(&mut cursor), cursor.is_redelivered()), (Some(2), false));
            assert_eq!(heap.receive(&mut cursor), sent.then_some(3));
        }
        assert_eq!(joined(first), Some(1));
    });
}

#[test]
fn a_returned_message_is_found_wherever_the_head_is() {
    loom::model(|| {
        let heap = QUEUE.heap();
        let mut tail = heap.sender(0);
        assert!(heap.send(&mut tail, 1));
        // Receiver 0 was killed between the hold and the head.
        assert!(heap.replace(Place::Slot(0), Word::full(0).0, Word::held(0, 0).0));
        // Receiver 1 looks once and leaves.
        let other = spawn(&heap, |heap| heap.take(&mut heap.head(1)));
        return_held(&*heap, &heap.rules, receiver(0));
        let mut head = heap.head(2);
        let first = heap.take(&mut head);
        let other = joined(other);
        let again = heap.take(&mut head);
        assert_eq!([first, other, again].iter().flatten().count(), 1, "{first:?} {other:?} {again:?}");
    });
}
