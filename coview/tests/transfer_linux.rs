//! Messages that go from and to descriptors where they lie.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::{self, Read, Write};
use std::thread;

use common::name;
use coview::os::linux::{LoanExt, MessageExt, wait_readable};
use coview::{Queue, QueueOptions};

#[test]
fn a_message_that_is_longer_than_a_pipe_is_written_whole() -> Result<(), Box<dyn std::error::Error>> {
    let name = name("long");
    let options = QueueOptions::new().max_len(1 << 20).capacity(2);
    let queue = Queue::<[u8]>::create_with(&options, &name)?;
    let bytes: Vec<u8> = (0..1_000_003u32).map(|index| (index % 251) as u8).collect();
    queue.sender()?.send(&bytes)?;
    let (mut reader, writer) = io::pipe()?;
    let read = thread::spawn(move || {
        let mut read = Vec::new();
        reader.read_to_end(&mut read).map(|_len| read)
    });
    queue.receiver()?.recv()?.write_to(&writer)?;
    drop(writer);
    assert!(read.join().expect("the reader does not panic")? == bytes, "the message came out changed");
    Ok(())
}

#[test]
fn what_is_there_is_read_and_no_more_and_the_end_is_nothing() -> Result<(), Box<dyn std::error::Error>> {
    let name = name("short");
    let queue = Queue::<[u8]>::create(&name)?;
    let (mut sender, mut receiver) = (queue.sender()?, queue.receiver()?);
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(b"Update")?;
    let mut loan = sender.loan(4)?;
    assert_eq!(loan.read_from(&reader)?, 4);
    loan.commit()?;
    assert_eq!(wait_readable(&reader)?, 2);
    let mut loan = sender.loan(100)?;
    assert_eq!(loan.read_from(&reader)?, 2);
    loan.truncate(2);
    loan.commit()?;
    assert_eq!((receiver.recv_copy()?, receiver.recv_copy()?), (b"Upda".to_vec(), b"te".to_vec()));
    drop(writer);
    assert_eq!(wait_readable(&reader)?, 0);
    assert_eq!(sender.loan(100)?.read_from(&reader)?, 0);
    Ok(())
}

#[test]
fn what_the_system_says_of_a_descriptor_is_told_and_the_message_stays() -> Result<(), Box<dyn std::error::Error>> {
    let name = name("refused");
    let queue = Queue::<[u8]>::create(&name)?;
    let (mut sender, mut receiver) = (queue.sender()?, queue.receiver()?);
    let (reader, writer) = io::pipe()?;
    assert!(sender.loan(10)?.read_from(&writer).is_err());
    assert!(sender.loan(10)?.read_from(File::open("/")?).is_err());
    sender.send(b"Update")?;
    let message = receiver.recv()?;
    assert!(message.write_to(&reader).is_err());
    drop(reader);
    assert_eq!(message.write_to(&writer).map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
    assert_eq!(message.to_owned(), b"Update");
    Ok(())
}
