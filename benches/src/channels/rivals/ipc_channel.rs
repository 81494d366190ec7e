//! `ipc-channel`: its channel of bytes, which is a socket of packets; the processes have its ends by being forked.

use std::cell::RefCell;

use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, bytes_channel};

use crate::channels::channel::{Channel, Consumer, Producer, Shape, Waiting, spin};

pub(crate) struct Bytes {
    sender: IpcBytesSender,
    receiver: RefCell<Option<IpcBytesReceiver>>,
    waiting: Waiting,
}

pub(crate) struct Reader {
    receiver: IpcBytesReceiver,
    waiting: Waiting,
}

impl Channel for Bytes {
    const IN_PLACE: bool = false;
    type Producer = IpcBytesSender;
    type Consumer = Reader;

    fn create(shape: &Shape) -> Bytes {
        let (sender, receiver) = bytes_channel().expect("create a channel");
        Bytes { sender, receiver: RefCell::new(Some(receiver)), waiting: shape.waiting }
    }

    fn producer(&self) -> IpcBytesSender {
        self.sender.clone()
    }

    fn consumer(&self) -> Reader {
        let receiver = self.receiver.take().expect("a channel has one receiver");
        Reader { receiver, waiting: self.waiting }
    }
}

impl Producer for IpcBytesSender {
    fn send(&mut self, message: &[u8]) {
        IpcBytesSender::send(self, message).expect("send");
    }
}

impl Consumer for Reader {
    fn receive(&mut self, buffer: &mut [u8]) {
        let message = match self.waiting {
            Waiting::Spin => spin(|| self.receiver.try_recv().ok()),
            _ => self.receiver.recv().expect("receive"),
        };
        buffer.copy_from_slice(&message);
    }
}
