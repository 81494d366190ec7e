//! Making and finding channels: every constructor in front of everything that can stand under its name.

mod common;

use std::time::{Duration, Instant};

use common::channels::{Hub, KINDS, Kind, Size};
use common::{Actor, Outcome, Thing, failure, given, gone, hear_out, name, play, say};
use coview::{
    Access, Channel, ErrorKind, LatestPublisher, Mapping, MappingOptions, Queue, QueueOptions, Region, Shared, Topic,
    TopicOptions,
};

const SIZE: Size = Size::new(8, 100);

/// What a constructor says: nothing if it makes or finds a channel.
fn told<T>(result: coview::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

fn advice<T>(result: coview::Result<T>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn the_three_constructors_find_what_is_there_and_make_what_is_not() -> Outcome {
    let name = name("three");
    assert_eq!(failure(Queue::<u64>::open(&name)), ErrorKind::NotFound);
    assert_eq!(failure(Topic::<u64>::open(&name)), ErrorKind::NotFound);
    assert_eq!(failure(Channel::open(&name)), ErrorKind::NotFound);
    let queue = Queue::<u64>::create(&name)?;
    let error = Queue::<u64>::create(&name).expect_err("it is there");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("create queue") && error.to_string().contains(&name), "{error}");
    assert_eq!(failure(Topic::<u64>::create(&name)), ErrorKind::AlreadyExists);
    Queue::<u64>::open(&name)?.sender()?.send(&1)?;
    Queue::<u64>::create_or_open(&name)?.sender()?.send(&2)?;
    assert_eq!(queue.receiver()?.recv_copy()?, 1);
    drop(queue);
    gone(&name);
    let topic = Topic::<u64>::create_or_open(&name)?;
    let mut subscriber = topic.subscriber()?;
    Topic::<u64>::open(&name)?.publisher()?.publish(&3)?;
    drop(topic);
    assert_eq!(failure(Topic::<u64>::create(&name)), ErrorKind::AlreadyExists, "an end keeps it alive");
    assert_eq!(subscriber.recv_copy()?, 3);
    drop(subscriber);
    gone(&name);
    Ok(())
}

#[test]
fn a_channel_of_another_kind_or_type_is_incompatible_and_the_difference_is_told() -> Outcome {
    let name = name("differs");
    let queue = Queue::<u64>::create(&name)?;
    assert!(advice(Topic::<u64>::open(&name)).contains("it is a queue, not a topic"));
    assert!(advice(Topic::<u64>::create_or_open(&name)).contains("it is a queue, not a topic"));
    for error in [advice(Queue::<u32>::open(&name)), advice(Queue::<u32>::create_or_open(&name))] {
        assert!(error.contains("its messages have 8 bytes, and those of the type here 4"), "{error}");
    }
    assert!(advice(Queue::<[u8]>::open(&name)).contains("of a type, not bytes"));
    assert!(advice(Queue::<[u8; 8]>::open(&name)).contains("aligned to 8 bytes, and 1"), "another alignment");
    assert_eq!(told(Queue::<i64>::open(&name)), None, "bytes have no sign");
    assert_eq!(failure(Queue::<u32>::open(&name)), ErrorKind::Incompatible);
    drop(queue);
    let _bytes = Queue::<[u8]>::create_with(&QueueOptions::new().max_len(50).align(32), &name)?;
    assert!(advice(Queue::<u64>::open(&name)).contains("bytes, not of a type"));
    assert_eq!(told(Queue::<[u8]>::open(&name)), None, "whatever fits the creator fits an opener");
    let least = |bytes| QueueOptions::new().max_len(bytes);
    assert_eq!(told(Queue::<[u8]>::open_with(&least(50), &name)), None);
    for error in [
        advice(Queue::<[u8]>::open_with(&least(51), &name)),
        advice(Queue::<[u8]>::create_or_open_with(&least(51), &name)),
    ] {
        assert!(error.contains("at most 50 bytes, and 51 are wanted"), "{error}");
    }
    assert!(advice(Queue::<[u8]>::open_with(&least(0).align(64), &name)).contains("aligned to 32 bytes, and 64"));
    assert_eq!(told(Queue::<[u8]>::open_with(&least(0).align(16), &name)), None);
    Ok(())
}

#[test]
fn fingerprints_are_compared_by_who_gives_one() -> Outcome {
    let (with, without) = (name("with"), name("without"));
    let (one, two) = (coview::fingerprint("one"), coview::fingerprint("two"));
    let options = |print| TopicOptions::new().fingerprint(print);
    let _with = Topic::<u64>::create_with(&options(one), &with)?;
    let _without = Topic::<u64>::create(&without)?;
    assert_eq!(told(Topic::<u64>::open_with(&options(one), &with)), None);
    assert_eq!(told(Topic::<u64>::open(&with)), None);
    for name in [&with, &without] {
        let error = Topic::<u64>::open_with(&options(two), name).expect_err("it is another");
        assert_eq!(error.kind(), ErrorKind::Incompatible);
        assert!(error.to_string().contains(&format!("{two:#018x} is expected")), "{error}");
        assert_eq!(failure(Topic::<u64>::create_or_open_with(&options(two), name)), ErrorKind::Incompatible);
    }
    Ok(())
}

#[test]
fn whether_messages_may_be_lost_matters_to_who_would_have_made_the_topic() -> Outcome {
    for (lossy, told_as) in [(true, "it is lossy"), (false, "it is lossless")] {
        let name = name("lossy");
        let (same, other) = (TopicOptions::new(), TopicOptions::new().lossy());
        let (same, other) = if lossy { (other, same) } else { (same, other) };
        let _topic = Topic::<u64>::create_with(&same, &name)?;
        assert_eq!(told(Topic::<u64>::create_or_open_with(&same, &name)), None);
        let error = Topic::<u64>::create_or_open_with(&other, &name).expect_err("it is otherwise");
        assert!(error.kind() == ErrorKind::Incompatible && error.to_string().contains(told_as), "{error}");
        assert_eq!(told(Topic::<u64>::open_with(&other, &name)), None, "an opener takes it as it is");
        // Capacity, history and ends are the creator's choice.
        let choosy = same.clone().capacity(99).history(5).one_publisher();
        assert_eq!(told(Topic::<u64>::create_or_open_with(&choosy, &name)), None);
    }
    Ok(())
}

#[test]
fn what_is_no_channel_is_told_from_one() -> Outcome {
    let name = name("other");
    for kind in common::KINDS {
        let thing = Thing::create(kind, &name)?;
        let expected = if kind == coview::Kind::Mapping { ErrorKind::Incompatible } else { ErrorKind::WrongKind };
        assert_eq!(failure(Queue::<u64>::open(&name)), expected, "{kind}");
        assert_eq!(failure(Queue::<u64>::create_or_open(&name)), expected, "{kind}");
        assert_eq!(failure(Topic::<[u8]>::open(&name)), expected, "{kind}");
        assert_eq!(failure(Channel::open(&name)), expected, "{kind}");
        // A mapping that is no channel has no such thing as being created again, nor has anything else.
        let create = failure(Queue::<u64>::create(&name));
        assert!([ErrorKind::AlreadyExists, expected].contains(&create), "{kind}: {create:?}");
        drop(thing);
    }
    let latest = LatestPublisher::<u64>::create(&name)?;
    assert_eq!(failure(Queue::<u64>::open(&name)), ErrorKind::Incompatible);
    assert_eq!(failure(Queue::<u64>::create_or_open(&name)), ErrorKind::Incompatible);
    assert!(Channel::of(&Mapping::open(&name)?)?.is_none());
    drop(latest);
    let shared = Shared::create(&name, &[0u8; 70_000])?;
    assert_eq!(failure(Topic::<u64>::open(&name)), ErrorKind::Incompatible);
    drop(shared);
    let large = Mapping::create(&name, 1 << 20)?;
    assert!(advice(Queue::<u64>::open(&name)).contains("there is no channel in the mapping"));
    assert!(Channel::of(&large)?.is_none());
    drop(large);
    // And the other way round.
    let _queue = Queue::<u64>::create(&name)?;
    assert_eq!(failure(Shared::<u64>::open(&name)), ErrorKind::Incompatible);
    assert_eq!(failure(LatestPublisher::<u64>::open(&name)), ErrorKind::Incompatible);
    let mapping = Mapping::open(&name)?;
    assert!(Region::of(&mapping)?.is_none());
    let channel = Channel::of(&mapping)?.ok_or("it is a channel")?;
    assert_eq!(channel.message_size(), 8);
    assert!(Channel::of(&Mapping::unnamed(100_000)?)?.is_none());
    Ok(())
}

#[test]
fn options_that_make_no_sense_are_refused() -> Outcome {
    let name = name("senseless");
    for options in [
        QueueOptions::new().capacity(0),
        QueueOptions::new().align(3),
        QueueOptions::new().align(0),
        QueueOptions::new().align(8192),
        QueueOptions::new().capacity(u64::MAX),
        QueueOptions::new().capacity((1 << 32) + 1),
    ] {
        assert_eq!(failure(Queue::<[u8]>::create_with(&options, &name)), ErrorKind::InvalidInput, "{options:?}");
        assert_eq!(failure(Queue::<[u8]>::create_or_open_with(&options, &name)), ErrorKind::InvalidInput);
    }
    let options = TopicOptions::new().capacity(1).history(u64::MAX);
    assert_eq!(failure(Topic::<[u8]>::create_with(&options, &name)), ErrorKind::InvalidInput);
    for bytes in [u64::MAX, u64::MAX / 2, 1 << 60] {
        let options = QueueOptions::new().max_len(bytes);
        let error = failure(Queue::<[u8]>::create_with(&options, &name));
        assert!([ErrorKind::TooLarge, ErrorKind::NoSpace].contains(&error), "{bytes}: {error:?}");
    }
    assert_eq!(failure(Queue::<u64>::create("")), ErrorKind::InvalidName);
    gone(&name);
    Ok(())
}

#[test]
fn who_may_only_read_looks_and_takes_no_part() -> Outcome {
    let name = name("reading");
    let queue = Queue::<u64>::create(&name)?;
    queue.sender()?.send(&1)?;
    let before = Mapping::open(&name)?.read_view()?.read_vec(0, 40_000);
    let mapping = MappingOptions::new().access(Access::ReadOnly).open(&name)?;
    let channel = Channel::of(&mapping)?.ok_or("it is a channel")?;
    let state = channel.state()?;
    assert_eq!((state.messages, state.senders.ended, state.depth), (1, 1, 1));
    assert!(Mapping::open(&name)?.read_view()?.read_vec(0, 40_000) == before, "who looks changes nothing");
    Ok(())
}

#[test]
fn opening_waits_as_long_as_it_is_told_to() -> Outcome {
    let name = name("patient");
    let patient = |time| QueueOptions::new().open_timeout(time);
    let begin = Instant::now();
    let nothing = Queue::<u64>::open_with(&patient(Duration::from_millis(40)), &name);
    assert_eq!(failure(nothing), ErrorKind::TimedOut);
    assert!(begin.elapsed() >= Duration::from_millis(40));
    let mut maker = Actor::start("role_maker", &[("NAME", &name)]);
    let queue = Queue::<u64>::open_with(&patient(common::DEADLINE), &name)?;
    assert_eq!(queue.receiver()?.recv_copy_timeout(common::DEADLINE)?, Some(77));
    maker.says("sent");
    maker.finish();
    Ok(())
}

#[test]
fn role_maker() {
    play("role_maker", || {
        let queue = Queue::<u64>::create_or_open(&given("NAME"))?;
        queue.sender()?.send(&77)?;
        say("sent");
        hear_out();
        drop(queue);
        Ok(())
    });
}

/// Makes or opens a channel together with many others, and takes part.
#[test]
fn role_racer() {
    play("role_racer", || {
        let kind = Kind::named(&given("KIND"));
        say("ready");
        common::hear();
        let hub = if kind.is_queue() {
            Hub::Queue(Queue::create_or_open(&given("NAME"))?)
        } else {
            Hub::Topic(Topic::create_or_open_with(&TopicOptions::new().history(100), &given("NAME"))?)
        };
        hub.sender()?.send(given("INDEX").as_bytes())?;
        say("sent");
        hear_out();
        Ok(())
    });
}

#[test]
fn of_all_who_make_or_open_it_at_once_each_gets_the_same_channel() -> Outcome {
    for (kind, round) in [Kind::Queue, Kind::Topic].into_iter().flat_map(|kind| (0..5).map(move |round| (kind, round)))
    {
        let name = name("race");
        let start = |index: u32| {
            let given = [("NAME", &*name), ("KIND", &format!("{kind:?}")), ("INDEX", &index.to_string())];
            Actor::start("role_racer", &given)
        };
        let mut racers: Vec<Actor> = (0..6).map(start).collect();
        racers.iter_mut().for_each(|racer| racer.says("ready"));
        racers.iter_mut().for_each(|racer| racer.tell("go"));
        racers.iter_mut().for_each(|racer| racer.says("sent"));
        let mut receiver = Hub::open(kind, &name)?.receiver()?;
        let mut all = Vec::new();
        while let Ok(Some(bytes)) = receiver.try_recv_copy() {
            all.push(String::from_utf8(bytes)?);
        }
        all.sort_unstable();
        assert_eq!(all, ["0", "1", "2", "3", "4", "5"], "{kind:?}, round {round}");
        drop(receiver);
        racers.into_iter().for_each(Actor::finish);
        gone(&name);
    }
    Ok(())
}

#[test]
fn the_last_handle_frees_the_name_whatever_kind_of_handle_it_is() -> Outcome {
    for kind in KINDS {
        let name = name("last");
        let hub = Hub::create(kind, SIZE, &name)?;
        let (sender, receiver) = (hub.sender()?, hub.receiver()?);
        let channel = Channel::open(&name)?;
        drop(hub);
        assert_eq!(failure(Hub::create(kind, SIZE, &name)), ErrorKind::AlreadyExists, "{kind:?}");
        drop(sender);
        assert_eq!(failure(Hub::create(kind, SIZE, &name)), ErrorKind::AlreadyExists, "{kind:?}");
        drop(receiver);
        assert_eq!(failure(Hub::create(kind, SIZE, &name)), ErrorKind::AlreadyExists, "{kind:?}");
        drop(channel);
        gone(&name);
        // A new one knows nothing of the old.
        assert_eq!(Hub::create(kind, SIZE, &name)?.state()?.senders.joined, 0, "{kind:?}");
    }
    Ok(())
}
