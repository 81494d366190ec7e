//! `interprocess`: its local socket, a stream that has a name.

use std::cell::RefCell;

use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{GenericNamespaced, ListenerOptions, Name, Stream as LocalStream};

use crate::channels::channel::{Channel, Shape, Waiting, fresh_name};
use crate::channels::kernel::Stream;

/// Two connected ends. They are connected before the fork: whoever accepts waits until the other connects, and with two
/// channels each side would accept first.
pub(crate) struct LocalSocket {
    producer: RefCell<Option<LocalStream>>,
    consumer: RefCell<Option<LocalStream>>,
}

impl Channel for LocalSocket {
    const IN_PLACE: bool = false;
    type Producer = Stream<LocalStream>;
    type Consumer = Stream<LocalStream>;

    fn create(shape: &Shape) -> LocalSocket {
        let name = fresh_name();
        let listener = ListenerOptions::new().name(namespaced(&name)).create_sync().expect("listen");
        let consumer = LocalStream::connect(namespaced(&name)).expect("connect");
        let producer = listener.accept().expect("accept");
        for stream in [&producer, &consumer] {
            stream.set_nonblocking(shape.waiting == Waiting::Spin).expect("set");
        }
        LocalSocket { producer: RefCell::new(Some(producer)), consumer: RefCell::new(Some(consumer)) }
    }

    fn producer(&self) -> Stream<LocalStream> {
        Stream(self.producer.take().expect("a channel has one producer"))
    }

    fn consumer(&self) -> Stream<LocalStream> {
        Stream(self.consumer.take().expect("a channel has one consumer"))
    }
}

fn namespaced(name: &str) -> Name<'_> {
    name.to_ns_name::<GenericNamespaced>().expect("a name")
}
