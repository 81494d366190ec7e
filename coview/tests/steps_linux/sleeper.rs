//! A thread that sleeps in a wait on order.
//! Needs `unsafe` to ask for the thread's number.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use std::{fs, thread};

use crate::common::until;

/// A thread that waits for something whenever it is told to, and says when it was released.
pub(crate) struct Sleeper {
    orders: Sender<()>,
    released: Receiver<()>,
    thread: i32,
}

impl Sleeper {
    pub(crate) fn new(wait: impl Fn() + Send + 'static) -> Sleeper {
        let (orders, ordered) = channel();
        let (release, released) = channel();
        let (tell, told) = channel();
        thread::spawn(move || {
            // SAFETY: a call without arguments that cannot fail.
            let _ = tell.send(unsafe { libc::gettid() });
            while ordered.recv().is_ok() {
                wait();
                let _ = release.send(());
            }
        });
        Sleeper { orders, released, thread: told.recv().expect("the thread has begun") }
    }

    /// Makes it wait, and returns when the kernel says that it sleeps.
    pub(crate) fn sleep(&self) {
        self.orders.send(()).expect("the thread lives");
        let path = format!("/proc/self/task/{}/syscall", self.thread);
        until("the sleeper sleeps", || {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let fields: Vec<&str> = text.split(' ').collect();
            let operation = fields.get(2).and_then(|text| i64::from_str_radix(text.trim_start_matches("0x"), 16).ok());
            // A wait of the standard library's own is private to the process.
            let alone = fields[0].parse() == Ok(libc::SYS_futex)
                && operation.is_some_and(|operation| operation & i64::from(libc::FUTEX_PRIVATE_FLAG) == 0);
            alone || fields[0].parse() == Ok(libc::SYS_futex_waitv)
        });
    }

    pub(crate) fn is_released_within(&self, time: Duration) -> bool {
        self.released.recv_timeout(time).is_ok()
    }
}
