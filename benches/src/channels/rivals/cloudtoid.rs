//! `cloudtoid-interprocess`: a queue of bytes for many publishers and many subscribers that compete.

use std::fs;
use std::sync::OnceLock;

use cloudtoid_interprocess::{Options, Publisher, Subscriber};

use crate::channels::channel::{Channel, Consumer, Producer, Shape, Waiting, fresh_name, spin};
use crate::object_name;

/// What lies around each message in the ring, at most.
const AROUND: usize = 16;

pub(crate) struct Queue {
    options: Options,
    waiting: Waiting,
    /// Keeps the queue while its ends come.
    _first: Publisher,
}

pub(crate) struct Reader {
    queue: Subscriber,
    waiting: Waiting,
}

impl Channel for Queue {
    const IN_PLACE: bool = false;
    type Producer = Publisher;
    type Consumer = Reader;

    fn create(shape: &Shape) -> Queue {
        let capacity = shape.capacity * (shape.len.next_multiple_of(8) + AROUND);
        // In memory. By default it is in the folder for temporary files, which may be a disk.
        let options = Options::new(fresh_name(), capacity).with_path(folder());
        let first = Publisher::open(&options).expect("create a queue");
        Queue { options, waiting: shape.waiting, _first: first }
    }

    fn producer(&self) -> Publisher {
        Publisher::open(&self.options).expect("open a queue")
    }

    fn consumer(&self) -> Reader {
        Reader { queue: Subscriber::open(&self.options).expect("open a queue"), waiting: self.waiting }
    }
}

impl Producer for Publisher {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        spin(|| match self.try_send(message) {
            Ok(()) => Some(()),
            Err(error) if error.is_full() => None,
            Err(error) => panic!("send: {error}"),
        });
    }

    #[inline(always)]
    fn send_many(&mut self, messages: &[u8], len: usize) {
        let messages: Vec<&[u8]> = messages.chunks_exact(len).collect();
        let mut sent = 0;
        while sent < messages.len() {
            sent += self.try_send_batch(&messages[sent..]).expect("send");
        }
    }
}

impl Consumer for Reader {
    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        if self.waiting == Waiting::Block {
            buffer.copy_from_slice(&self.queue.recv().expect("receive"));
            return;
        }
        let len = spin(|| self.queue.try_recv_into(buffer).expect("receive"));
        assert_eq!(len, buffer.len(), "a whole message");
    }
}

/// The same in both processes: the first asks before it forks.
fn folder() -> &'static str {
    static FOLDER: OnceLock<String> = OnceLock::new();
    FOLDER.get_or_init(|| format!("/dev/shm/{}", object_name("cloudtoid")))
}

/// Removes what the queues leave: a folder, and in it the locks that their makers share.
pub(crate) fn remove_leftovers() {
    let _ = fs::remove_dir_all(folder());
}
