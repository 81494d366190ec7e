//! `iceoryx2`: publish and subscribe with loaned samples, and its events, which are what it can sleep on.
//!
//! Needs `unsafe` to say that a loaned sample is initialised, before it is written as bytes.

use std::cell::RefCell;
use std::fs;
use std::process;
use std::sync::OnceLock;

use iceoryx2::node::Node;
use iceoryx2::port::listener::{Listener, ListenerWaitError};
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::{
    Alignment, BackpressureStrategy, Config, FileName, NodeBuilder, Path, SemanticString, ServiceName, ipc,
};
use iceoryx2::service::port_factory::event::PortFactory as EventFactory;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;

use crate::channels::channel::{Channel, Consumer, Producer, Shape, Waiting, fresh_name, spin};
use crate::object_name;

const ALIGNMENT: usize = 64;

/// A service that loses nothing: its publisher tries again while a subscriber has no room.
pub(crate) struct PubSub {
    name: String,
    shape: Shape,
    /// What the process that made the service has of it, until its first end takes it; a fork needs its own.
    made: RefCell<Option<Made>>,
}

struct Made {
    pid: u32,
    service: Service,
}

/// A process's part of a service.
struct Service {
    samples: PortFactory<ipc::Service, [u8], ()>,
    events: Option<EventFactory<ipc::Service>>,
    _node: Node<ipc::Service>,
}

pub(crate) struct SampleWriter {
    publisher: Publisher<ipc::Service, [u8], ()>,
    notifier: Option<Notifier<ipc::Service>>,
    _service: Service,
}

pub(crate) struct SampleReader {
    subscriber: Subscriber<ipc::Service, [u8], ()>,
    listener: Option<Listener<ipc::Service>>,
    _service: Service,
}

impl Channel for PubSub {
    const IN_PLACE: bool = true;
    const BROADCASTS: bool = true;
    type Producer = SampleWriter;
    type Consumer = SampleReader;

    fn create(shape: &Shape) -> PubSub {
        let name = fresh_name();
        let made = Made { pid: process::id(), service: Service::open(&name, shape) };
        PubSub { name, shape: *shape, made: RefCell::new(Some(made)) }
    }

    fn producer(&self) -> SampleWriter {
        let service = self.service();
        let builder = service.samples.publisher_builder().initial_max_slice_len(self.shape.len);
        let builder = builder.backpressure_strategy(BackpressureStrategy::RetryUntilDelivered);
        let publisher = builder.create().expect("create a publisher");
        let notifier =
            service.events.as_ref().map(|events| events.notifier_builder().create().expect("create a notifier"));
        SampleWriter { publisher, notifier, _service: service }
    }

    fn consumer(&self) -> SampleReader {
        let service = self.service();
        let subscriber = service.samples.subscriber_builder().create().expect("create a subscriber");
        let listener =
            service.events.as_ref().map(|events| events.listener_builder().create().expect("create a listener"));
        SampleReader { subscriber, listener, _service: service }
    }
}

impl PubSub {
    fn service(&self) -> Service {
        let is_ours = self.made.borrow().as_ref().is_some_and(|made| made.pid == process::id());
        let made = if is_ours { self.made.take() } else { None };
        made.map_or_else(|| Service::open(&self.name, &self.shape), |made| made.service)
    }
}

impl Service {
    fn open(name: &str, shape: &Shape) -> Service {
        let node = NodeBuilder::new().config(&config()).create::<ipc::Service>().expect("create a node");
        let name: ServiceName = name.try_into().expect("a service name");
        let builder = node.service_builder(&name).publish_subscribe::<[u8]>();
        let builder = builder.enable_safe_overflow(false).subscriber_max_buffer_size(shape.capacity);
        let builder = builder.max_subscribers(shape.consumers).max_publishers(1);
        let alignment = Alignment::new(ALIGNMENT).expect("a power of two");
        let samples = builder.payload_alignment(alignment).open_or_create().expect("open a service");
        let events = (shape.waiting == Waiting::Block)
            .then(|| node.service_builder(&name).event().open_or_create().expect("open an event"));
        Service { samples, events, _node: node }
    }
}

impl Producer for SampleWriter {
    #[inline(always)]
    fn send(&mut self, message: &[u8]) {
        let sample = self.publisher.loan_slice_uninit(message.len()).expect("loan");
        sample.write_from_slice(message).send().expect("send");
        self.notify();
    }

    #[inline(always)]
    fn send_with(&mut self, len: usize, write: impl FnOnce(&mut [u8])) {
        let sample = self.publisher.loan_slice_uninit(len).expect("loan");
        // SAFETY: it is shared memory, which the kernel has initialised; any byte is a byte.
        let mut sample = unsafe { sample.assume_init() };
        write(sample.payload_mut());
        sample.send().expect("send");
        self.notify();
    }
}

impl SampleWriter {
    #[inline(always)]
    fn notify(&self) {
        if let Some(notifier) = &self.notifier {
            notifier.notify().expect("notify");
        }
    }
}

impl Consumer for SampleReader {
    #[inline(always)]
    fn receive(&mut self, buffer: &mut [u8]) {
        self.receive_with(|message| buffer.copy_from_slice(message));
    }

    #[inline(always)]
    fn receive_with(&mut self, read: impl FnOnce(&[u8])) {
        let sample = spin(|| {
            let sample = self.subscriber.receive().expect("receive");
            if let (None, Some(listener)) = (&sample, &self.listener) {
                wait(listener);
            }
            sample
        });
        read(sample.payload());
    }
}

/// Waits until it is time to look again.
fn wait(listener: &Listener<ipc::Service>) {
    match listener.blocking_wait(|_| ()) {
        Ok(_) | Err(ListenerWaitError::InterruptSignal) => {}
        Err(error) => panic!("wait: {error}"),
    }
}

/// The default, but with names of its own, so that what is left can be found.
fn config() -> Config {
    let mut config = Config::default();
    config.global.prefix = FileName::new(prefix().as_bytes()).expect("a file name");
    config.global.set_root_path(&Path::new(folder().as_bytes()).expect("a path"));
    config
}

/// The same in both processes: the first asks before it forks.
fn prefix() -> &'static str {
    static PREFIX: OnceLock<String> = OnceLock::new();
    PREFIX.get_or_init(|| object_name("iox2_"))
}

fn folder() -> String {
    format!("/tmp/{}", prefix())
}

/// Removes what is left of services and nodes of this run.
pub(crate) fn remove_leftovers() {
    let _ = fs::remove_dir_all(folder());
    let objects = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    for object in objects.filter(|object| object.file_name().to_string_lossy().starts_with(prefix())) {
        let _ = fs::remove_file(object.path());
    }
}
