//! The other process of the benchmark, as the first one has it.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use shared_child::SharedChild;

use super::PATIENCE;
use super::part::{DONE, READY, WORD};
use super::processors::Processors;
use crate::failure::Failure;

/// A process that plays the far side. It is killed when this is dropped and it has not ended.
pub(super) struct Peer {
    child: Arc<SharedChild>,
    orders: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Peer {
    pub(super) fn start(processors: &Processors) -> Result<Peer, Failure> {
        let failure = |source| Failure::Stream("start the second process".into(), source);
        let mut command = Command::new(std::env::current_exe().map_err(failure)?);
        command.arg(WORD).args(processors.there().map(|id| id.to_string()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = Arc::new(SharedChild::spawn(&mut command).map_err(failure)?);
        let (orders, stdout) = (child.take_stdin(), child.take_stdout());
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            let lines = stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines().map_while(Result::ok));
            for line in lines {
                // Nobody listens when the benchmark has ended.
                let _ = sender.send(line);
            }
        });
        Ok(Peer { child, orders, answers })
    }

    /// Lets it begin with something; returns when it has.
    pub(super) fn begin(&mut self, order: &str) -> Result<(), Failure> {
        let orders = self.orders.as_mut().expect("orders are given before the end");
        let told = writeln!(orders, "{order}").and_then(|()| orders.flush());
        told.map_err(|source| Failure::Stream("tell the second process what to do".into(), source))?;
        self.expect(READY)
    }

    /// Returns when it has done what it was told.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        self.expect(DONE)
    }

    /// Lets it come to its end.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.orders = None;
        self.child.wait().map(drop).map_err(|source| Failure::Stream("wait for the second process".into(), source))
    }

    fn expect(&mut self, answer: &str) -> Result<(), Failure> {
        let refused = |reason: &str| Err(Failure::Refused(format!("bench: the second process {reason}")));
        match self.answers.recv_timeout(PATIENCE) {
            Ok(said) if said == answer => Ok(()),
            Ok(said) => refused(&format!("said `{said}`")),
            Err(RecvTimeoutError::Timeout) => refused(&format!("does not answer for {PATIENCE:?}")),
            Err(RecvTimeoutError::Disconnected) => refused("has ended"),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // One that has ended by itself is as good as one that was killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
