//! The same among threads, and after every step at which somebody can be killed.

use super::super::word::Word;
use super::*;

/// How many messages go through a channel among threads.
const COUNT: u64 = if cfg!(miri) { 60 } else { 10_000 };

const ALL: [Kind; 8] = [QUEUE, TO_ONE, PIPE, FROM_ONE, TOPIC, TOPIC_OF_ONE, LOSSY, LOSSY_OF_ONE];

fn take_all(heap: &Heap) -> Vec<(u64, bool)> {
    let mut head = heap.head(2);
    std::iter::from_fn(|| heap.take(&mut head)).collect()
}

/// Does the first of some steps.
fn do_steps(heap: &Heap, steps: &[(Place, u64)]) {
    steps.iter().for_each(|&(place, value)| heap.store(place, value, SeqCst));
}

#[test]
fn a_sender_among_others_that_dies_after_any_step_costs_nothing_but_its_own_message() {
    for steps in 0..=3 {
        let heap = QUEUE.heap();
        assert!(heap.send(&mut heap.sender(0), 1));
        assert_eq!(take_all(&heap), [(1, false)]);
        let all = [
            (Place::Slot(1), Word::loaned(0, 1).0),
            (Place::Tail, 2),
            (Place::Length(1), 2),
            (Place::Slot(1), Word::full(0).0),
        ];
        do_steps(&heap, &all[..steps]);
        // The others go on before anybody has noticed.
        assert!(heap.send(&mut heap.sender(0), 3), "after {steps} steps");
        assert_eq!(take_all(&heap), if steps == 0 { vec![(3, false)] } else { vec![] }, "after {steps} steps");
        free_loaned(&*heap, &heap.rules, sender(1));
        assert_eq!(take_all(&heap), if steps == 0 { vec![] } else { vec![(3, false)] }, "after {steps} steps");
        for number in 4..10 {
            assert!(heap.send(&mut heap.sender(0), number));
            assert_eq!(take_all(&heap), [(number, false)], "after {steps} steps");
        }
    }
}

#[test]
fn one_sender_that_dies_after_any_step_leaves_its_message_whole_or_none() {
    for kind in [PIPE, FROM_ONE, TOPIC_OF_ONE, LOSSY_OF_ONE] {
        for steps in 0..=4 {
            let heap = kind.heap();
            let mut cursor = heap.join(0);
            let mut receive = || match kind {
                FROM_ONE => take_all(&heap).first().map(|&(number, _)| number),
                _ => heap.receive(&mut cursor),
            };
            assert!(heap.send(&mut heap.sender(0), 1));
            assert_eq!(receive(), Some(1));
            let word = if kind == LOSSY_OF_ONE { Word::loaned(0, 0) } else { Word::free(0) };
            let all =
                [(Place::Slot(1), word.0), (Place::Length(1), 2), (Place::Slot(1), Word::full(0).0), (Place::Tail, 2)];
            heap.put(1, 2);
            do_steps(&heap, &all[..steps]);
            assert_eq!(receive(), (steps >= 3).then_some(2), "{kind:?} after {steps} steps");
            let mut next = heap.sender(0);
            for number in 3..10 {
                assert!(heap.send(&mut next, number));
                assert_eq!(receive(), Some(number), "{kind:?} after {steps} steps");
            }
        }
    }
}

#[test]
fn the_next_sender_goes_on_where_the_last_was_however_long_ago_that_has_told() {
    for kind in [PIPE, FROM_ONE, TOPIC_OF_ONE, LOSSY_OF_ONE] {
        for sent in 0..if cfg!(miri) { 6 } else { 20 } {
            for lends in [false, true] {
                let heap = kind.heap();
                let (mut tail, mut cursor) = (heap.sender(0), heap.join(0));
                let mut receive = || match kind {
                    FROM_ONE => take_all(&heap).first().map(|&(number, _)| number),
                    _ => heap.receive(&mut cursor),
                };
                for number in 0..sent {
                    assert!(heap.send(&mut tail, number));
                    assert_eq!(receive(), Some(number), "{kind:?}");
                }
                if lends {
                    assert!(tail.begin(&*heap, true).is_some());
                }
                // It dies here, and has told nobody.
                let mut next = heap.sender(0);
                assert_eq!(super::super::tail::position(&*heap, &heap.rules), sent, "{kind:?}");
                for number in sent..sent + 5 {
                    assert!(
                        heap.send(&mut next, number),
                        "{kind:?}: {sent} were sent, and there is no room for {number}"
                    );
                    assert_eq!(receive(), Some(number), "{kind:?}: {sent} were sent");
                }
            }
        }
    }
}

#[test]
fn what_one_receiver_had_begun_when_it_died_the_next_one_gets_again_once() {
    let heap = PIPE.heap();
    let mut tail = heap.sender(0);
    assert!(heap.send(&mut tail, 1) && heap.send(&mut tail, 2));
    for death in 0..3 {
        let mut cursor = Cursor::take_over(&*heap, heap.rules, receiver(0));
        assert_eq!(cursor.find(&*heap), (Found::Message, 0));
        assert_eq!((heap.whole(cursor.position), cursor.is_redelivered()), (1, death > 0));
        // It dies here.
        cursor.begin(&*heap);
    }
    let mut cursor = Cursor::take_over(&*heap, heap.rules, receiver(0));
    assert_eq!((cursor.is_redelivered(), heap.receive(&mut cursor)), (true, Some(1)));
    assert_eq!((cursor.is_redelivered(), heap.receive(&mut cursor)), (false, Some(2)));
    let cursor = Cursor::take_over(&*heap, heap.rules, receiver(0));
    assert_eq!((cursor.position, cursor.is_redelivered()), (2, false));
}

#[test]
fn a_receiver_among_others_that_dies_after_any_step_leaves_its_message_to_them() {
    for steps in 0..=3 {
        let heap = QUEUE.heap();
        let mut tail = heap.sender(0);
        assert!(heap.send(&mut tail, 1) && heap.send(&mut tail, 2));
        let all = [(Place::Slot(0), Word::held(0, 0).0), (Place::Head, 1), (Place::Slot(0), Word::free(1).0)];
        do_steps(&heap, &all[..steps]);
        assert_eq!(take_all(&heap), if steps == 0 { vec![(1, false), (2, false)] } else { vec![(2, false)] });
        for _ in 0..2 {
            return_held(&*heap, &heap.rules, receiver(0));
            let again = if steps == 1 || steps == 2 { vec![(1, true)] } else { vec![] };
            if heap.load(Place::Returns, Relaxed) == 1 {
                assert_eq!(take_all(&heap), again, "after {steps} steps");
            }
        }
        assert_eq!(take_all(&heap), []);
        assert!(heap.send(&mut tail, 3) && heap.send(&mut tail, 4), "after {steps} steps");
        assert_eq!(take_all(&heap), [(3, false), (4, false)]);
    }
}

/// Sends numbers that are the sender's own, and lends now and then what it does not send.
fn send_all(heap: &Heap, index: u32, senders: u64) {
    let mut tail = heap.sender(index);
    for number in (0..COUNT).filter(|number| number % senders == u64::from(index)) {
        if !heap.rules.one_sender
            && number % 7 == 3
            && let Some(position) = tail.begin(heap, true)
        {
            tail.give_back(heap, position);
        }
        while !heap.send(&mut tail, number) {
            thread::yield_now();
        }
    }
}

fn queue_among_threads(kind: Kind) {
    let senders = if kind.one_sender { 1 } else { 2 };
    let heap = kind.heap();
    let sending: Vec<_> =
        (0..senders).map(|index| spawn(&heap, move |heap| send_all(heap, index, senders.into()))).collect();
    let done = Arc::new(AtomicU64::new(0));
    let receive = |index| {
        let done = done.clone();
        spawn(&heap, move |heap| {
            let (mut cursor, mut head) = (Cursor::take_over(heap, heap.rules, receiver(0)), heap.head(index));
            let mut numbers = Vec::new();
            while done.load(SeqCst) < COUNT {
                let next =
                    if kind.one_receiver { heap.receive(&mut cursor) } else { heap.take(&mut head).map(|(n, _)| n) };
                match next {
                    Some(number) => {
                        done.fetch_add(1, SeqCst);
                        numbers.push(number);
                    }
                    None => thread::yield_now(),
                }
            }
            numbers
        })
    };
    let receiving: Vec<_> = (0..if kind.one_receiver { 1 } else { 2 }).map(receive).collect();
    sending.into_iter().for_each(joined);
    let mut all = Vec::new();
    for numbers in receiving.into_iter().map(joined) {
        for index in 0..senders.into() {
            assert!(
                numbers.iter().filter(|&number| number % u64::from(senders) == index).is_sorted(),
                "{kind:?}: out of order"
            );
        }
        all.extend(numbers);
    }
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..COUNT), "{kind:?}: something was lost or came twice");
}

#[test]
fn queues_among_threads_lose_nothing_and_tear_nothing() {
    [QUEUE, TO_ONE, PIPE, FROM_ONE].into_iter().for_each(queue_among_threads);
}

#[test]
fn subscribers_of_a_lossless_topic_that_come_and_go_among_threads_miss_nothing_in_between() {
    for kind in [TOPIC, TOPIC_OF_ONE, Kind { history: 1, ..TOPIC }, Kind { history: 1, ..TOPIC_OF_ONE }] {
        let heap = kind.heap();
        let subscribe = |index: u32| {
            spawn(&heap, move |heap| {
                loop {
                    let (mut cursor, mut last) = (heap.join(index), None);
                    for _ in 0..10 {
                        match heap.receive(&mut cursor) {
                            Some(number) => {
                                assert!(
                                    last.is_none_or(|last| number == last + 1),
                                    "{kind:?}: {number} came after {last:?}"
                                );
                                last = Some(number);
                            }
                            None => thread::yield_now(),
                        }
                        if last == Some(COUNT - 1) {
                            heap.fetch_and(Place::Role(EndRole::Receiver, RoleField::Here), !(1 << index));
                            return;
                        }
                    }
                    heap.fetch_and(Place::Role(EndRole::Receiver, RoleField::Here), !(1 << index));
                    if super::super::tail::position(heap, &heap.rules) >= COUNT {
                        return;
                    }
                }
            })
        };
        let subscribers = [subscribe(0), subscribe(1)];
        let mut tail = heap.sender(0);
        for number in 0..COUNT {
            while !heap.send(&mut tail, number) {
                thread::yield_now();
            }
        }
        subscribers.into_iter().for_each(joined);
    }
}

#[test]
fn subscribers_of_a_lossy_topic_among_threads_know_how_many_they_have_missed() {
    for kind in [LOSSY, LOSSY_OF_ONE] {
        let heap = kind.heap();
        let subscribers = [0, 1].map(|index| {
            let mut cursor = heap.join(index);
            spawn(&heap, move |heap| {
                let (mut received, mut missed) = (0, 0);
                while received + missed < COUNT {
                    let (number, now) = heap.receive_lossy(&mut cursor);
                    missed += now;
                    match number {
                        Some(number) => {
                            assert_eq!(received + missed, number, "{kind:?}");
                            received += 1;
                        }
                        None => thread::yield_now(),
                    }
                }
                assert_eq!(received + missed, COUNT);
            })
        });
        let mut tail = heap.sender(0);
        (0..COUNT).for_each(|number| assert!(heap.send(&mut tail, number), "nobody waits"));
        subscribers.into_iter().for_each(joined);
    }
}

#[test]
fn a_message_is_found_behind_any_number_of_loans_that_were_dropped() {
    for kind in [QUEUE, LOSSY] {
        let heap = kind.heap();
        let (mut tail, mut cursor, mut head) = (heap.sender(0), heap.join(0), heap.head(0));
        for round in 0..3 {
            for _ in 0..if cfg!(miri) { 100 } else { 50_000 } {
                let position = tail.begin(&*heap, true).expect("there is room");
                assert!(tail.give_back(&*heap, position));
            }
            assert!(heap.send(&mut tail, round));
            let received = if kind == QUEUE {
                heap.take(&mut head)
            } else {
                heap.receive_lossy(&mut cursor).0.map(|number| (number, false))
            };
            assert_eq!(received, Some((round, false)), "{kind:?}");
        }
    }
}

#[test]
fn words_that_make_no_sense_stop_nobody() {
    let patterns = [u64::MAX, 2, 0, 1, 3, 255, 256, 1 << 32, i64::MAX as u64, u64::MAX - 1];
    // Miri takes its time over thousands of tries.
    let patterns = &patterns[..if cfg!(miri) { 1 } else { 10 }];
    let places = [
        Place::Tail,
        Place::Head,
        Place::Returns,
        Place::Role(EndRole::Receiver, RoleField::Here),
        Place::End(receiver(0), EndField::Cursor),
        Place::End(receiver(0), EndField::Passed),
        Place::End(receiver(0), EndField::Begun),
        Place::Slot(0),
        Place::Slot(1),
    ];
    let kinds = ALL.into_iter().step_by(if cfg!(miri) { 3 } else { 1 });
    for (kind, place) in kinds.flat_map(|kind| places.map(|place| (kind, place))) {
        for (pattern, other) in patterns.iter().flat_map(|&pattern| [0, u64::MAX].map(|other| (pattern, other))) {
            let heap = kind.heap();
            let (mut tail, mut cursor, mut head) = (heap.sender(0), heap.join(0), heap.head(1));
            assert!(heap.send(&mut tail, 1));
            heap.store(Place::Tail, other, Relaxed);
            // There are no more ends on this heap.
            let value = if matches!(place, Place::Role(..)) { pattern & 7 } else { pattern };
            heap.store(place, value, Relaxed);
            for _ in 0..3 {
                if let Some(position) = tail.begin(&*heap, false) {
                    tail.commit(&*heap, position, 1);
                }
                if let Some(position) = tail.begin(&*heap, true) {
                    tail.give_back(&*heap, position);
                }
                let _ = (tail.is_ready(&*heap), head.is_ready(&*heap), cursor.is_ready(&*heap));
                if cursor.find(&*heap).0 == Found::Message {
                    cursor.begin(&*heap);
                    let _ = Cursor::is_intact(&*heap, &heap.rules, cursor.position);
                    cursor.finish(&*heap);
                }
                if let Some(taken) = head.take(&*heap) {
                    head.finish(&*heap, taken.position);
                }
                let _ = (head.pass(), cursor.pass(&*heap), cursor.is_redelivered());
            }
            free_loaned(&*heap, &heap.rules, sender(1));
            return_held(&*heap, &heap.rules, receiver(1));
            let _ = (heap.sender(1), heap.join(1), Cursor::take_over(&*heap, heap.rules, receiver(0)));
        }
    }
}
