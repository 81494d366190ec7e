//! The bytes of channels, pinned: the files in `golden` were written once, and must be written and read for ever.
//!
//! They hold the words that are not 0, each on a line: where it stands, and what it is. `COVIEW_WRITE_GOLDEN=1` writes them
//! anew; that is right only together with a new version number of the layout.

mod common;

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use bytemuck::{Pod, Zeroable};
use common::{DEADLINE, Outcome, failure, name};
use coview::{Channel, ChannelKind, ErrorKind, Mapping, Queue, QueueOptions, Topic, TopicOptions};

/// Where the ends stand, and what of them nothing can fix: the process, and how long it has slept.
const ENDS: std::ops::Range<usize> = 4096..36_864;
const END_LEN: usize = 256;
const UNFIXED: [usize; 3] = [0, 48, 56];

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Pose {
    id: u32,
    flags: u32,
    position: [f32; 4],
}

fn pose(id: u32) -> Pose {
    Pose { id, flags: 0x0102_0304, position: [1.0, -2.5, id as f32, 1e9] }
}

fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file)
}

/// The words of a channel that are not 0, and how long it is.
fn words_of(name: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mapping = Mapping::open(name)?;
    let view = mapping.read_view()?;
    let mut text = format!("{:#x} bytes\n", view.len());
    for at in (0..view.len()).step_by(8) {
        let word: u64 = view.get(at);
        let is_unfixed = ENDS.contains(&at) && UNFIXED.contains(&(at % END_LEN));
        if word != 0 && !is_unfixed {
            writeln!(text, "{at:#06x} {word:#018x}")?;
        }
    }
    Ok(text)
}

fn compare(file: &str, name: &str) -> Outcome {
    let words = words_of(name)?;
    if env::var_os("COVIEW_WRITE_GOLDEN").is_some() {
        fs::write(golden(file), &words)?;
    }
    let expected = fs::read_to_string(golden(file))?;
    // Git may write other ends of lines.
    let different: Vec<_> = words.lines().zip(expected.lines()).filter(|(here, there)| here != there).collect();
    assert!(different.is_empty(), "{file} differs at {different:#?}");
    assert_eq!(words.lines().count(), expected.lines().count(), "{file}");
    Ok(())
}

/// A mapping of this name that holds the words of a file.
fn load(file: &str, name: &str) -> Result<Mapping, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(golden(file))?;
    let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16);
    let (first, rest) = text.split_once('\n').ok_or("an empty file")?;
    let size = number(first.trim_end().trim_end_matches(" bytes"))?;
    let mapping = Mapping::create_or_open(name, size, |view| view.write(0, &[0]))?;
    let view = mapping.view()?;
    for line in rest.lines() {
        let (at, word) = line.split_once(' ').ok_or("a line without a word")?;
        view.put(number(at)? as usize, &number(word)?);
    }
    Ok(mapping)
}

fn queue_options() -> QueueOptions {
    QueueOptions::new().capacity(8).max_len(30).fingerprint(coview::fingerprint("golden v1"))
}

#[test]
fn a_queue_is_written_as_it_always_was() -> Outcome {
    let name = name("queue");
    let queue = Queue::<[u8]>::create_with(&queue_options(), &name)?;
    compare("queue-new.txt", &name)?;
    let (mut sender, mut receiver) = (queue.sender()?, queue.receiver()?);
    for message in [&b"gone"[..], b"", &[0xa5; 30], b"held"] {
        sender.send(message)?;
    }
    assert_eq!(receiver.recv_copy()?, b"gone");
    queue.sender()?.send(b"Update")?;
    drop(receiver.recv()?);
    drop(sender.try_loan(10)?.ok_or("there is room")?);
    // As in the hands of who is killed: one message received, one place lent.
    std::mem::forget(receiver.recv()?);
    let mut loan = sender.try_loan(5)?.ok_or("there is room")?;
    loan.write(0, b"never");
    std::mem::forget(loan);
    compare("queue-used.txt", &name)
}

#[test]
fn a_queue_is_read_as_it_always_was() -> Outcome {
    let name = name("queue");
    let _mapping = load("queue-used.txt", &name)?;
    let queue = Queue::<[u8]>::open_with(&queue_options().max_len(30), &name)?;
    let state = queue.state()?;
    assert_eq!((state.received, state.senders.joined, state.receivers.joined), (3, 2, 1));
    // Those who were there are dead.
    assert_eq!((state.senders.ended, state.senders.died, state.receivers.died), (1, 1, 1));
    let mut receiver = queue.receiver()?;
    let mut all = Vec::new();
    for _ in 0..3 {
        let message = receiver.recv_timeout(DEADLINE)?.ok_or("nothing comes")?;
        all.push((message.to_owned(), message.sequence(), message.was_redelivered()));
    }
    all.sort_unstable_by_key(|message| message.1);
    let expected = [(vec![0xa5; 30], 2, true), (b"held".to_vec(), 3, false), (b"Update".to_vec(), 4, false)];
    assert_eq!(all, expected);
    assert_eq!(failure(receiver.recv_timeout(DEADLINE)), ErrorKind::Disconnected);
    let mut sender = queue.sender()?;
    for round in 0..10u8 {
        assert!(sender.try_send(&[round])?);
        assert_eq!(receiver.try_recv_copy()?, Some(vec![round]));
    }
    Ok(())
}

#[test]
fn a_pipe_is_written_as_it_always_was() -> Outcome {
    let name = name("pipe");
    let options = QueueOptions::new().capacity(2).one_sender().one_receiver();
    let queue = Queue::<Pose>::create_with(&options, &name)?;
    let (mut sender, mut receiver) = (queue.sender()?, queue.receiver()?);
    for id in 1..=3 {
        sender.send(&pose(id))?;
        assert_eq!(receiver.recv_copy()?, pose(id));
    }
    sender.send(&pose(4))?;
    sender.send(&pose(5))?;
    std::mem::forget(receiver.recv()?);
    compare("pipe.txt", &name)
}

#[test]
fn a_pipe_is_read_as_it_always_was() -> Outcome {
    let name = name("pipe");
    let _mapping = load("pipe.txt", &name)?;
    let queue = Queue::<Pose>::open(&name)?;
    let (mut sender, mut receiver) = (queue.sender()?, queue.receiver()?);
    assert!(!sender.try_send(&pose(6))?, "two messages are there");
    for id in [4, 5] {
        let message = receiver.recv()?;
        assert_eq!((message.value(), message.was_redelivered()), (pose(id), id == 4));
    }
    sender.send(&pose(6))?;
    assert_eq!(receiver.recv_copy()?, pose(6));
    Ok(())
}

#[test]
fn a_lossy_topic_is_written_as_it_always_was() -> Outcome {
    let name = name("topic");
    let options = TopicOptions::new().capacity(3).history(1).lossy();
    let topic = Topic::<Pose>::create_with(&options, &name)?;
    let mut publisher = topic.publisher()?;
    let (mut quick, mut slow) = (topic.subscriber()?, topic.subscriber()?);
    for id in 1..=7 {
        publisher.publish(&pose(id))?;
        assert_eq!(quick.recv_copy()?, pose(id));
    }
    assert_eq!((slow.recv_copy()?, slow.missed()), (pose(5), 4));
    drop(quick);
    compare("topic-lossy.txt", &name)
}

#[test]
fn a_lossy_topic_is_read_as_it_always_was() -> Outcome {
    let name = name("topic");
    let _mapping = load("topic-lossy.txt", &name)?;
    let channel = Channel::open(&name)?;
    assert_eq!(
        (channel.kind(), channel.is_lossy(), channel.capacity(), channel.history()),
        (ChannelKind::Topic, true, 3, 1)
    );
    let topic = Topic::<Pose>::open(&name)?;
    let state = topic.state()?;
    assert_eq!((state.received, state.missed, state.receivers.ended), (8, 4, 1));
    let mut subscriber = topic.subscriber()?;
    assert_eq!((subscriber.recv_copy()?, subscriber.missed()), (pose(7), 0));
    let mut publisher = topic.publisher()?;
    publisher.publish(&pose(8))?;
    assert_eq!(subscriber.recv_copy()?, pose(8));
    Ok(())
}

#[test]
fn a_lossless_topic_is_written_and_read_as_it_always_was() -> Outcome {
    let (written, read) = (name("topic"), name("topic"));
    let options = TopicOptions::new().capacity(2).history(2).max_len(9).align(64).one_publisher();
    let topic = Topic::<[u8]>::create_with(&options, &written)?;
    let (mut publisher, mut subscriber) = (topic.publisher()?, topic.subscriber()?);
    assert_eq!(publisher.publish_many([&b"one"[..], b"two"])?, 2);
    assert!(!publisher.try_publish(b"three")?);
    assert_eq!(subscriber.recv_copy()?, b"one");
    publisher.publish(b"three")?;
    compare("topic.txt", &written)?;
    let _mapping = load("topic.txt", &read)?;
    let topic = Topic::<[u8]>::open(&read)?;
    // The dead subscriber holds nobody up.
    let mut publisher = topic.publisher()?;
    for number in 0..4u8 {
        assert!(publisher.publish_timeout(&[number], DEADLINE)?);
    }
    let mut subscriber = topic.subscriber()?;
    assert_eq!((subscriber.recv_copy()?, subscriber.recv_copy()?), (vec![2], vec![3]));
    Ok(())
}
