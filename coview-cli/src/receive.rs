//! `coview recv` and `coview sub`: what comes through a channel goes to stdout.

use std::io::{self, BufWriter};
use std::time::Duration;

use clap::Args;
use coview::{ChannelKind, ChannelState, ErrorKind, Message};

use crate::channel_end::{Inlet, ORDER, Opening, TopicChoice};
use crate::failure::{DONE, Failure, Outcome};
use crate::frames::{FRAMES, FrameWriter, Framing, FramingChoice};
use crate::holding::Stops;
use crate::meter::Meter;
use crate::{output, units};

const RECV_EXAMPLES: &str = r#"Examples:
  coview recv x > copy                                and elsewhere: cat bigfile | coview send x
  coview recv jobs --lines --follow | ./worker        one of several that share the work
  coview recv jobs --lines --count 1 --timeout 5s     one message, or exit code 124
  coview recv frames --stats > /dev/null              how many and how fast, to stderr"#;

const SUB_EXAMPLES: &str = r#"Examples:
  coview sub log                                      and elsewhere: tail -f server.log | coview pub log
  coview sub log --follow | grep error                also what publishers say that come later
  coview sub pose --lossy --count 10 --timeout 5s     ten messages, or exit code 124
  coview sub frames --length-prefixed | ./decoder"#;

const RECV_NOTES: &str = "\
Ends with 0 when all senders have ended and everything was received, and with 1 when one of them has died: then what it \
had sent is there, and what it would have sent is not. Before the first sender has come it waits.

Up to 256 messages are taken at a time and then written: those that were taken are lost with it if it is killed, or if \
stdout is closed. With --count 1 it is one.

Without a framing it is --raw: what was sent is written as it is. A program that sends messages of its own may want \
--lines or --length-prefixed, so that one can tell them apart.";

const SUB_NOTES: &str = "\
Ends with 0 when all publishers have ended, and with 1 when one of them has died. Before the first has come it waits. What \
was published before it came is not received, but for the topic's history.

Without a framing it is --lines.";

/// Receive messages from a queue, and write them to stdout
#[derive(Debug, Args)]
#[command(after_help = format!("{RECV_EXAMPLES}\n\n{RECV_NOTES}\n\n{ORDER}\n\n{FRAMES}\n\n{}\n{}", units::SIZES, units::DURATIONS))]
pub(crate) struct Recv {
    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    receiving: Receiving,
}

/// Receive the messages of a topic, and write them to stdout
#[derive(Debug, Args)]
#[command(after_help = format!("{SUB_EXAMPLES}\n\n{SUB_NOTES}\n\n{ORDER}\n\n{FRAMES}\n\n{}\n{}", units::SIZES, units::DURATIONS))]
pub(crate) struct Sub {
    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    choice: TopicChoice,

    #[command(flatten)]
    receiving: Receiving,
}

#[derive(Debug, Args)]
struct Receiving {
    #[command(flatten)]
    framing: FramingChoice,

    /// End after so many messages
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "N")]
    count: Option<u64>,

    /// Go on when all who sent are gone: wait for the next, until Ctrl-C
    #[arg(long)]
    follow: bool,

    /// Give up, with exit code 124, when nothing has come for so long; 0 takes what is there
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    timeout: Option<Duration>,

    /// Tell at the end how much was received and how fast, and on a terminal every second
    #[arg(long)]
    stats: bool,
}

/// How many messages are taken before what was written is handed on.
const BATCH: u64 = 256;

impl Recv {
    pub(crate) fn run(&self) -> Outcome {
        let framing = self.receiving.framing.framing(Framing::Raw)?;
        let queue = self.opening.queue(framing.message_len())?;
        let before = queue.state()?;
        self.receiving.run(Inlet::receiver(queue)?, &self.opening.name, framing, before)
    }
}

impl Sub {
    pub(crate) fn run(&self) -> Outcome {
        let framing = self.receiving.framing.framing(Framing::Lines)?;
        let topic = self.opening.topic(self.choice, framing.message_len())?;
        let before = topic.state()?;
        self.receiving.run(Inlet::subscriber(topic)?, &self.opening.name, framing, before)
    }
}

impl Receiving {
    /// Receives to the end. `before` is the channel's state before this end came.
    fn run(&self, inlet: Inlet, name: &str, framing: Framing, before: ChannelState) -> Outcome {
        let stops = Stops::listen()?;
        let keeps = inlet.kind() == ChannelKind::Queue;
        // Pieces as long as the buffer pass it by.
        let out = FrameWriter::new(BufWriter::with_capacity(64 << 10, io::stdout().lock()), framing, keeps);
        let meter = Meter::start("received", self.stats);
        let news = News { name, sender: sender_word(inlet.kind()), died: before.senders.died };
        let mut work = Work { receiving: self, inlet, name, before, stops, out, meter, news, torn: 0 };
        let received = work.receive_all();
        // What was received is written, whyever it ends.
        let written = work.out.flush();
        let stats = work.inlet.stats();
        work.meter.finish(stats);
        match received {
            // With --follow a signal is the normal end.
            Err(Failure::Stopped(_)) if self.follow => written.map(|()| DONE),
            Ok(()) => written.map(|()| DONE),
            Err(failure) => Err(failure),
        }
    }
}

/// Receiving while it goes on.
struct Work<'a, W: io::Write> {
    receiving: &'a Receiving,
    inlet: Inlet,
    name: &'a str,
    before: ChannelState,
    stops: Stops,
    out: FrameWriter<W>,
    meter: Meter,
    news: News<'a>,
    /// Messages of a lossy topic that were overwritten while they were read.
    torn: u64,
}

impl<W: io::Write> Work<'_, W> {
    fn receive_all(&mut self) -> Result<(), Failure> {
        while self.left() > 0 {
            match self.receive_some() {
                Ok(()) => {}
                Err(Failure::Library(error)) if error.kind() == ErrorKind::Disconnected => {
                    self.out.flush()?;
                    let state = self.inlet.state()?;
                    if self.receiving.follow {
                        self.news.tell(&state);
                    } else if self.has_been_served(&state) {
                        return self.judge(&state);
                    }
                    self.await_sender(&state)?;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// How many messages are still to come.
    fn left(&self) -> u64 {
        self.receiving.count.map_or(u64::MAX, |count| count.saturating_sub(self.meter.counts().messages()))
    }

    /// Waits for a message, and writes what is there.
    fn receive_some(&mut self) -> Result<(), Failure> {
        let max = usize::try_from(self.left().min(BATCH)).unwrap_or(usize::MAX);
        let Work { inlet, out, meter, torn, stops, .. } = self;
        let mut written = Ok(());
        let mut take = |message: &Message<'_, [u8]>| {
            if written.is_err() {
                return;
            }
            match out.write(message) {
                Ok(true) => meter.counts().add(message.len()),
                Ok(false) => *torn += 1,
                Err(failure) => written = Err(failure),
            }
        };
        let received = stops.wait_for(self.receiving.timeout, |slice| {
            let received = inlet.recv_many_timeout(max, &mut take, slice)?;
            Ok((received > 0).then_some(()))
        })?;
        written?;
        self.out.flush()?;
        self.meter.counts().note_missed(self.inlet.stats().missed + self.torn);
        received.ok_or_else(|| {
            let doing = format!("receive from {}", self.inlet.kind());
            Failure::timed_out(&doing, self.name, self.receiving.timeout)
        })
    }

    /// Whether those who have gone were there for this end: who comes between two senders waits for the second.
    fn has_been_served(&self, state: &ChannelState) -> bool {
        let before = &self.before.senders;
        self.meter.counts().messages() > 0 || before.present > 0 || state.senders.joined > before.joined
    }

    /// Waits until somebody sends, or has come and gone since the channel's state was this.
    fn await_sender(&mut self, since: &ChannelState) -> Result<(), Failure> {
        let Work { inlet, stops, .. } = self;
        let connected = stops.wait_for(self.receiving.timeout, |slice| {
            let is_news = inlet.wait_connected_timeout(slice)? || inlet.state()?.senders.joined > since.senders.joined;
            Ok(is_news.then_some(()))
        })?;
        connected.ok_or_else(|| {
            let doing = format!("wait for who sends to {}", self.inlet.kind());
            Failure::timed_out(&doing, self.name, self.receiving.timeout)
        })
    }

    /// Everything was received; whether that is everything there should have been.
    fn judge(&self, state: &ChannelState) -> Result<(), Failure> {
        let died = state.senders.died.saturating_sub(self.before.senders.died);
        if died == 0 {
            return Ok(());
        }
        let (kind, name, got) = (self.inlet.kind(), output::printable(self.name), self.meter.counts().to_text());
        let sender = sender_word(kind);
        let who = if died == 1 { format!("a {sender} has") } else { format!("{died} {sender}s have") };
        let reason =
            format!("receive from {kind} `{name}`: {who} died before the end; what is there was received: {got}");
        Err(Failure::Refused(reason))
    }
}

/// Says what becomes of those who send, while there is no end because of it.
struct News<'a> {
    name: &'a str,
    sender: &'static str,
    died: u64,
}

impl News<'_> {
    fn tell(&mut self, state: &ChannelState) {
        let name = output::printable(self.name);
        if state.senders.died > self.died {
            self.died = state.senders.died;
            output::say(format_args!("a {} of `{name}` has died; waiting for the next", self.sender));
        }
    }
}

fn sender_word(kind: ChannelKind) -> &'static str {
    if kind == ChannelKind::Topic { "publisher" } else { "sender" }
}
