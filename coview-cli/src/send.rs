//! `coview send` and `coview pub`: what comes on stdin goes into a channel.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use coview::{ChannelState, ErrorKind};

use crate::channel_end::{ORDER, Opening, Outlet, TopicChoice};
use crate::failure::{DONE, Failure, Outcome};
use crate::frames::{FRAMES, FrameError, FrameReader, Framing, FramingChoice};
use crate::meter::Meter;
use crate::os::{self, Stop};
use crate::pace::{self, Pace};
use crate::{output, units};

const SEND_EXAMPLES: &str = r#"Examples:
  cat bigfile | coview send x                         and elsewhere: coview recv x > copy
  coview send jobs --lines < list                     each line goes to one of those who receive
  coview send frames --fixed 8294400 --capacity 4 < video.rgba
  ping host | coview send log --lines --stats         how many and how fast, to stderr
  seq 1000 | coview send load --lines --rate 50       steadily"#;

const PUB_EXAMPLES: &str = r#"Examples:
  tail -f server.log | coview pub log                 and elsewhere, several times: coview sub log
  ./telemetry | coview pub pose --lossy               slow subscribers miss some, and hold nobody up
  vmstat 1 | coview pub load --history 10             late subscribers get the last ten lines
  seq 100 | coview pub numbers --subscribers 2        begins when two have come"#;

const SEND_NOTES: &str = "\
A queue lives while somebody holds it, so a sender that has sent everything stays until everything is received, unless \
--leave is given. If all receivers are gone before that, it fails. A sender that is interrupted or killed counts as one \
that has died, and its receivers fail when they have received what it has sent.

Without a framing it is --raw, so that `coview send` and `coview recv` pass on any stream as it is, at full speed. Where \
several receive, or messages are to be counted, ask both sides for another.";

const PUB_NOTES: &str = "\
Every message goes to all who subscribe at that time, and to nobody if there is nobody. So the first message waits for a \
first subscriber, unless the topic is made --lossy or with a --history, for those who may be late.

Without a framing it is --lines, for who comes late, or misses messages, is to find whole lines.";

/// Send what comes on stdin into a queue: each message goes to one receiver
#[derive(Debug, Args)]
#[command(after_help = format!("{SEND_EXAMPLES}\n\n{SEND_NOTES}\n\n{ORDER}\n\n{FRAMES}\n\n{}\n{}", units::SIZES, units::DURATIONS))]
pub(crate) struct Send {
    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    sending: Sending,

    /// Go on when all receivers are gone: wait for the next
    #[arg(long)]
    follow: bool,

    /// Leave when everything is sent, though not received; it stays while somebody else holds the queue
    #[arg(long)]
    leave: bool,
}

/// Publish what comes on stdin in a topic: each message goes to every subscriber
#[derive(Debug, Args)]
#[command(after_help = format!("{PUB_EXAMPLES}\n\n{PUB_NOTES}\n\n{ORDER}\n\n{FRAMES}\n\n{}\n{}", units::SIZES, units::DURATIONS))]
pub(crate) struct Pub {
    #[command(flatten)]
    opening: Opening,

    #[command(flatten)]
    choice: TopicChoice,

    #[command(flatten)]
    sending: Sending,

    /// Wait for so many subscribers before the first message; without it for 1, with --lossy or --history for none
    #[arg(long, value_name = "N")]
    subscribers: Option<u64>,
}

#[derive(Debug, Args)]
struct Sending {
    #[command(flatten)]
    framing: FramingChoice,

    /// End after so many messages
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "N")]
    count: Option<u64>,

    /// Send so many messages a second, steadily
    #[arg(long, value_parser = pace::rate, value_name = "RATE")]
    rate: Option<f64>,

    /// Give up, with exit code 124, when nothing could be sent for so long
    #[arg(long, value_parser = units::duration, value_name = "DURATION")]
    timeout: Option<Duration>,

    /// Tell at the end how much was sent and how fast, and on a terminal every second
    #[arg(long)]
    stats: bool,
}

impl Send {
    pub(crate) fn run(&self) -> Outcome {
        let framing = self.sending.framing.framing(Framing::Raw)?;
        let queue = self.opening.queue(framing.message_len())?;
        let mut work = self.sending.begin(Outlet::sender(queue)?, &self.opening.name, self.follow)?;
        let sent = work.send_all(framing).and_then(|()| if self.leave { Ok(()) } else { work.linger() });
        work.finish(sent)
    }
}

impl Pub {
    pub(crate) fn run(&self) -> Outcome {
        let framing = self.sending.framing.framing(Framing::Lines)?;
        let topic = self.opening.topic(self.choice, framing.message_len())?;
        let mut work = self.sending.begin(Outlet::publisher(topic)?, &self.opening.name, false)?;
        let for_the_late = self.choice.lossy || self.choice.history.is_some();
        let subscribers = self.subscribers.unwrap_or(u64::from(!for_the_late));
        let sent = work.await_subscribers(subscribers).and_then(|()| work.send_all(framing));
        work.finish(sent)
    }
}

impl Sending {
    fn begin<'a>(&'a self, outlet: Outlet, name: &'a str, follow: bool) -> Result<Work<'a>, Failure> {
        let meter = Meter::start("sent", self.stats);
        let counts = meter.shared_counts();
        // Ending the process, and not the sender, tells the receivers that there would have been more.
        let stop = move |stop: Stop| {
            if let Some(counts) = &counts {
                output::say(format_args!("{}", counts.summary(None)));
            }
            std::process::exit(stop.exit_status());
        };
        os::on_stop(stop).map_err(|source| Failure::Stream("listen for signals".into(), source))?;
        Ok(Work { sending: self, outlet, name, follow, meter })
    }
}

/// Sending while it goes on.
struct Work<'a> {
    sending: &'a Sending,
    outlet: Outlet,
    name: &'a str,
    follow: bool,
    meter: Meter,
}

/// What a look at a channel says of what is waited for.
enum Waiting {
    Done,
    /// It is not yet done. A number that changes says that something happens.
    More(u64),
    /// So many messages are left, and nobody to receive them.
    Deserted(u64),
}

impl Work<'_> {
    fn send_all(&mut self, framing: Framing) -> Result<(), Failure> {
        if framing == Framing::Raw && self.sending.timeout.is_none() && self.send_straight()? {
            return Ok(());
        }
        let mut frames = FrameReader::new(io::stdin().lock(), framing, self.outlet.max_len());
        let mut pace = self.sending.rate.map(Pace::new);
        while self.is_more_wanted() {
            let Some(message) = frames.next().map_err(|error| self.refused(&error))? else { break };
            if let Some(pace) = &mut pace {
                pace.step();
            }
            self.send(message)?;
            self.meter.counts().add(message.len());
        }
        Ok(())
    }

    /// Sends all that comes on stdin without a copy; `false` if that cannot be done here.
    fn send_straight(&mut self) -> Result<bool, Failure> {
        os::widen_stdin();
        let mut pace = self.sending.rate.map(Pace::new);
        while self.is_more_wanted() {
            if let Some(pace) = &mut pace {
                pace.step();
            }
            match self.outlet.send_stdin() {
                None => return Ok(false),
                Some(Ok(0)) => break,
                Some(Ok(len)) => self.meter.counts().add(len),
                Some(Err(Failure::Library(error))) if error.kind() == ErrorKind::Disconnected => {
                    self.deserted(error.to_string())?;
                }
                Some(Err(failure)) => return Err(failure),
            }
        }
        Ok(true)
    }

    fn is_more_wanted(&self) -> bool {
        self.sending.count.is_none_or(|count| self.meter.counts().messages() < count)
    }

    fn send(&mut self, message: &[u8]) -> Result<(), Failure> {
        loop {
            let sent = match self.sending.timeout {
                None => self.outlet.send(message).map(|()| true),
                Some(timeout) => self.outlet.send_timeout(message, timeout),
            };
            match sent {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(self.timed_out()),
                Err(error) if error.kind() == ErrorKind::Disconnected => self.deserted(error.to_string())?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until everything is received, and somebody has come at all: he may still be on his way.
    fn linger(&mut self) -> Result<(), Failure> {
        self.wait_until(|state| match (state.depth, state.receivers) {
            (0, receivers) if receivers.joined > 0 => Waiting::Done,
            (depth, receivers) if receivers.joined > 0 && receivers.present == 0 => Waiting::Deserted(depth),
            (depth, _) => Waiting::More(depth),
        })
    }

    fn await_subscribers(&mut self, count: u64) -> Result<(), Failure> {
        if count == 0 {
            return Ok(());
        }
        self.wait_until(|state| match state.receivers.present {
            there if there >= count => Waiting::Done,
            there => Waiting::More(there),
        })
    }

    /// Looks again and again, less often the longer it takes: what is waited for wakes nobody.
    fn wait_until(&mut self, look: impl Fn(&ChannelState) -> Waiting) -> Result<(), Failure> {
        const PAUSE_MIN: Duration = Duration::from_micros(200);
        const PAUSE_MAX: Duration = Duration::from_millis(10);
        let (mut pause, mut seen, mut progress) = (PAUSE_MIN, None, Instant::now());
        loop {
            match look(&self.outlet.state()?) {
                Waiting::Done => return Ok(()),
                Waiting::More(number) if seen != Some(number) => (seen, progress) = (Some(number), Instant::now()),
                Waiting::More(_) => {}
                Waiting::Deserted(left) => {
                    let (name, left) = (output::printable(self.name), units::messages(left));
                    self.deserted(format!(
                        "send to queue `{name}`: all receivers have gone and have left {left} behind"
                    ))?;
                }
            }
            if self.sending.timeout.is_some_and(|timeout| progress.elapsed() >= timeout) {
                return Err(self.timed_out());
            }
            thread::sleep(pause);
            pause = (2 * pause).min(PAUSE_MAX);
        }
    }

    /// All receivers have gone: fails for that reason, or waits for the next.
    fn deserted(&mut self, reason: String) -> Result<(), Failure> {
        if !self.follow {
            let advice = "start a receiver again and send again, or send with --follow to wait for the next one";
            return Err(Failure::Refused(format!("{reason}; {advice}")));
        }
        // One may come and go between two looks.
        let joined = self.outlet.state()?.receivers.joined;
        self.wait_until(|state| match state.receivers {
            receivers if receivers.present > 0 || receivers.joined > joined => Waiting::Done,
            _ => Waiting::More(0),
        })
    }

    fn timed_out(&self) -> Failure {
        let doing = format!("send to {}", self.outlet.kind());
        Failure::timed_out(&doing, self.name, self.sending.timeout)
    }

    /// Why the stream cannot be sent on.
    fn refused(&self, error: &FrameError) -> Failure {
        let (kind, name) = (self.outlet.kind(), output::printable(self.name));
        let most = units::bytes(self.outlet.max_len() as u64);
        match error {
            FrameError::Stream(source) => Failure::Stream("read stdin".into(), io::Error::from(source.kind())),
            FrameError::TooLong(number, len) => {
                let len = len.map(|len| format!(" has {} and", units::bytes(len))).unwrap_or_default();
                let reason = format!("message {number}{len} is too long: those of {kind} `{name}` have at most {most}");
                Failure::Refused(format!("{reason}; whoever creates it can say --max-len N, or send it with --raw"))
            }
            FrameError::Cut { has, wanted } => {
                let (has, wanted) = (units::bytes(*has as u64), units::bytes(*wanted as u64));
                Failure::Refused(format!("stdin ended within a message, which has {has} of {wanted}"))
            }
        }
    }

    fn finish(self, sent: Result<(), Failure>) -> Outcome {
        self.meter.finish(self.outlet.stats());
        sent.map(|()| DONE)
    }
}
