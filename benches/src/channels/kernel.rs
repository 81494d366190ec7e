//! The kernel's own channels: a pipe and a pair of Unix sockets, as streams of messages of one length.
//!
//! Needs `unsafe` to let a pipe not block, for which the standard library has nothing.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use super::channel::{Channel, Consumer, Producer, Shape, Waiting, spin};

/// A pipe, of the size that the kernel gives it.
pub(crate) struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Channel for Pipe {
    const IN_PLACE: bool = false;
    type Producer = Stream<File>;
    type Consumer = Stream<File>;

    fn create(shape: &Shape) -> Pipe {
        let (reader, writer) = io::pipe().expect("pipe");
        let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
        if shape.waiting == Waiting::Spin {
            unblock(&reader);
            unblock(&writer);
        }
        Pipe { reader, writer }
    }

    fn producer(&self) -> Stream<File> {
        Stream(self.writer.try_clone().expect("dup").into())
    }

    fn consumer(&self) -> Stream<File> {
        Stream(self.reader.try_clone().expect("dup").into())
    }
}

/// A pair of stream sockets.
pub(crate) struct Socket {
    ends: (UnixStream, UnixStream),
}

impl Channel for Socket {
    const IN_PLACE: bool = false;
    type Producer = Stream<UnixStream>;
    type Consumer = Stream<UnixStream>;

    fn create(shape: &Shape) -> Socket {
        let ends = UnixStream::pair().expect("socketpair");
        for end in [&ends.0, &ends.1] {
            end.set_nonblocking(shape.waiting == Waiting::Spin).expect("fcntl");
        }
        Socket { ends }
    }

    fn producer(&self) -> Stream<UnixStream> {
        Stream(self.ends.0.try_clone().expect("dup"))
    }

    fn consumer(&self) -> Stream<UnixStream> {
        Stream(self.ends.1.try_clone().expect("dup"))
    }
}

/// One end of something that bytes flow through, whether it blocks or says that it would.
pub(crate) struct Stream<S>(pub(crate) S);

impl<S: Write> Producer for Stream<S> {
    fn send(&mut self, message: &[u8]) {
        let mut sent = 0;
        while sent < message.len() {
            sent += spin(|| progress(self.0.write(&message[sent..])));
        }
    }

    fn send_many(&mut self, messages: &[u8], _len: usize) {
        self.send(messages);
    }
}

impl<S: Read> Consumer for Stream<S> {
    fn receive(&mut self, buffer: &mut [u8]) {
        let mut received = 0;
        while received < buffer.len() {
            let len = spin(|| progress(self.0.read(&mut buffer[received..])));
            assert_ne!(len, 0, "the sender has gone");
            received += len;
        }
    }

    fn receive_many(&mut self, buffer: &mut [u8], len: usize) -> usize {
        let received = spin(|| progress(self.0.read(buffer)));
        assert_ne!(received, 0, "the sender has gone");
        let whole = received.next_multiple_of(len);
        if whole > received {
            self.receive(&mut buffer[received..whole]);
        }
        whole / len
    }
}

/// How many bytes went, or nothing if none could.
fn progress(outcome: io::Result<usize>) -> Option<usize> {
    match outcome {
        Ok(len) => Some(len),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => None,
        Err(error) => panic!("a stream broke: {error}"),
    }
}

fn unblock(descriptor: &OwnedFd) {
    // SAFETY: the descriptor is open and ours; a new pipe has no other flag that this could clear.
    let outcome = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    assert_eq!(outcome, 0, "fcntl: {}", io::Error::last_os_error());
}
