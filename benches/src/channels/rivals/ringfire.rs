//! `ringfire`: a ring of values that holds its producer back, and a ring of blobs in an arena for what is large.

use ringfire::{
    BlobConsumer, BlobProducer, BlobProducerBuilder, BusySpin, FlowControl, FutexWait, RingConsumer, RingProducer,
    RingProducerBuilder,
};

use crate::channels::channel::{Channel, Consumer, Producer, Shape, Waiting, fresh_name, spin};

/// A ring of values of `LEN` bytes.
pub(crate) struct Ring<const LEN: usize> {
    path: String,
    capacity: u64,
    waiting: Waiting,
}

pub(crate) struct RingReader<const LEN: usize> {
    ring: RingConsumer<[u8; LEN]>,
    waiting: Waiting,
}

impl<const LEN: usize> Channel for Ring<LEN> {
    const IN_PLACE: bool = false;
    const BROADCASTS: bool = true;
    type Producer = RingProducer<[u8; LEN]>;
    type Consumer = RingReader<LEN>;

    fn create(shape: &Shape) -> Ring<LEN> {
        assert_eq!(shape.len, LEN, "the values have the length of the messages");
        Ring { path: path(), capacity: shape.capacity.next_power_of_two() as u64, waiting: shape.waiting }
    }

    fn producer(&self) -> RingProducer<[u8; LEN]> {
        let builder = RingProducerBuilder::new(self.capacity).flow_control(FlowControl::LosslessBackpressure);
        builder.build(&self.path).expect("create a ring")
    }

    fn consumer(&self) -> RingReader<LEN> {
        RingReader { ring: spin(|| RingConsumer::attach(&self.path).ok()), waiting: self.waiting }
    }
}

impl<const LEN: usize> Producer for RingProducer<[u8; LEN]> {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        self.push(message.try_into().expect("the values have the length of the messages"));
    }

    #[inline(always)]
    fn send_many(&mut self, messages: &[u8], _len: usize) {
        self.push_batch(messages.as_chunks::<LEN>().0);
    }
}

impl<const LEN: usize> Consumer for RingReader<LEN> {
    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        let message = match self.waiting {
            Waiting::Block => self.ring.recv_blocking(&mut FutexWait::default()),
            _ => self.ring.recv_blocking(&mut BusySpin::new()),
        };
        buffer.copy_from_slice(&message);
    }

    #[inline(always)]
    fn receive_many(&mut self, buffer: &mut [u8], _len: usize) -> usize {
        let (places, _) = buffer.as_chunks_mut::<LEN>();
        spin(|| Some(self.ring.recv_batch(places)).filter(|&count| count > 0))
    }
}

/// A ring of blobs. It holds nobody back, so its producer looks itself how far the reader is.
pub(crate) struct Blobs {
    path: String,
    shape: Shape,
}

pub(crate) struct BlobWriter {
    blobs: BlobProducer<()>,
    lag_max: u64,
}

pub(crate) struct BlobReader(BlobConsumer<()>);

impl Channel for Blobs {
    const IN_PLACE: bool = true;
    const BROADCASTS: bool = true;
    type Producer = BlobWriter;
    type Consumer = BlobReader;

    fn create(shape: &Shape) -> Blobs {
        Blobs { path: path(), shape: *shape }
    }

    fn producer(&self) -> BlobWriter {
        let capacity = self.shape.capacity.next_power_of_two().max(2);
        // Beside what waits there is one that is being written, and what lies at the arena's end may not fit.
        let arena = ((capacity + 2) * (self.shape.len + 64)).next_power_of_two();
        let blobs = BlobProducerBuilder::new(capacity as u64, arena).build(&self.path).expect("create a ring of blobs");
        BlobWriter { blobs, lag_max: capacity as u64 - 1 }
    }

    fn consumer(&self) -> BlobReader {
        BlobReader(spin(|| BlobConsumer::attach(&self.path).ok()))
    }
}

impl BlobWriter {
    #[inline(always)]
    fn wait_for_room(&self) {
        spin(|| (self.blobs.reader_lag() < self.lag_max).then_some(()));
    }
}

impl Producer for BlobWriter {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        self.wait_for_room();
        self.blobs.push_payload(message).expect("push");
    }

    #[inline(always)]
    fn send_with(&mut self, len: usize, write: impl FnOnce(&mut [u8])) {
        self.wait_for_room();
        self.blobs.push_with(&(), len, write).expect("push");
    }
}

impl Consumer for BlobReader {
    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        let len = spin(|| self.0.recv_payload(buffer).expect("receive"));
        assert_eq!(len, buffer.len(), "a whole message");
    }

    #[inline(always)]
    fn receive_with(&mut self, read: impl FnOnce(&[u8])) {
        let mut read = Some(read);
        spin(|| {
            let looked = self.0.view(|(), bytes| {
                let read = read.take().expect("the message is not overwritten while it is read");
                read(bytes);
            });
            looked.expect("receive")
        });
    }
}

fn path() -> String {
    format!("/dev/shm/{}", fresh_name())
}
