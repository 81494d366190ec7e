//! What `coview ls` and `coview stat` tell of the channel that a mapping holds.

use std::io;

use coview::{Access, Channel, ChannelKind, ChannelState, EndRole, EndState, Ends, MappingOptions};
use serde::Serialize;

use crate::{output, units};

/// How the help explains the JSON.
pub(crate) const CHANNEL: &str = "\
channel is null, or what is known of the queue or topic in a mapping: {kind (queue, topic), message_size (bytes; of bytes \
of varying length the most), typed (all messages have that size), capacity (how many may wait), history, lossy, \
fingerprint (hexadecimal text, or null), messages and bytes (sent), received and missed (by all receivers together), \
depth (how many wait), high_water (the most that a sender has seen waiting), senders and receivers ({present, joined, \
ended, died}), ends ([{role (sender, receiver), index, pid, alive, messages, bytes, lag (messages that are still to be \
received), missed, blocked (seconds), blocked_times, high_water}])}; publishers are senders, and subscribers receivers. \
For this the mapping is held for a moment.";

/// A channel without its messages. The field names are stable.
#[derive(Serialize)]
pub(crate) struct ChannelFacts {
    kind: String,
    message_size: u64,
    typed: bool,
    capacity: u64,
    history: u64,
    lossy: bool,
    /// In hexadecimal digits, for not all that read JSON know numbers of 64 bits.
    fingerprint: Option<String>,
    messages: u64,
    bytes: u64,
    received: u64,
    missed: u64,
    depth: u64,
    high_water: u64,
    senders: EndsFacts,
    receivers: EndsFacts,
    ends: Vec<EndFacts>,
    #[serde(skip)]
    words: Words,
}

#[derive(Serialize)]
struct EndsFacts {
    present: u64,
    joined: u64,
    ended: u64,
    died: u64,
}

#[derive(Serialize)]
struct EndFacts {
    role: &'static str,
    index: u32,
    pid: u32,
    alive: bool,
    messages: u64,
    bytes: u64,
    lag: u64,
    missed: u64,
    blocked: f64,
    blocked_times: u64,
    high_water: u64,
}

/// How the two sides of a channel are called.
struct Words {
    sender: &'static str,
    receiver: &'static str,
}

const QUEUE: Words = Words { sender: "sender", receiver: "receiver" };
const TOPIC: Words = Words { sender: "publisher", receiver: "subscriber" };

impl ChannelFacts {
    /// Looks into a mapping, and holds it meanwhile; `None` if there is no channel to be seen, for whatever reason.
    pub(crate) fn of(name: &str) -> Option<ChannelFacts> {
        let mapping = MappingOptions::new().access(Access::ReadOnly).open(name).ok()?;
        let channel = Channel::of(&mapping).ok()??;
        let state = channel.state().ok()?;
        Some(ChannelFacts::new(&channel, &state))
    }

    fn new(channel: &Channel, state: &ChannelState) -> ChannelFacts {
        let fingerprint = Some(channel.fingerprint()).filter(|&fingerprint| fingerprint != 0);
        ChannelFacts {
            kind: channel.kind().to_string(),
            message_size: channel.message_size(),
            typed: channel.is_typed(),
            capacity: channel.capacity(),
            history: channel.history(),
            lossy: channel.is_lossy(),
            fingerprint: fingerprint.map(|fingerprint| format!("{fingerprint:#018x}")),
            messages: state.messages,
            bytes: state.bytes,
            received: state.received,
            missed: state.missed,
            depth: state.depth,
            high_water: state.high_water,
            senders: EndsFacts::new(state.senders),
            receivers: EndsFacts::new(state.receivers),
            ends: state.ends.iter().map(EndFacts::new).collect(),
            words: if channel.kind() == ChannelKind::Topic { TOPIC } else { QUEUE },
        }
    }

    /// What it is, how many messages wait, and who is there.
    pub(crate) fn to_text(&self) -> String {
        let (senders, receivers) = (self.senders.present, self.receivers.present);
        let (senders, receivers) = (count(senders, self.words.sender), count(receivers, self.words.receiver));
        let depth = if self.depth == 1 { "1 waits".into() } else { format!("{} wait", self.depth) };
        format!("{}, {depth}, {senders}, {receivers}", self.kind)
    }

    /// Titles, and what is to be said under them.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let size = units::bytes(self.message_size);
        let size = if self.typed { format!("values of {size}") } else { format!("up to {size}") };
        let lossy = if self.lossy { "lossy " } else { "" };
        let history = if self.history > 0 { format!(", history {}", self.history) } else { String::new() };
        let fingerprint = self.fingerprint.iter().map(|fingerprint| format!(", fingerprint {fingerprint}"));
        let mut form = format!("{lossy}{} of {size}, capacity {}{history}", self.kind, self.capacity);
        form.extend(fingerprint);
        let ChannelFacts { messages, bytes, received, missed, depth, high_water, words, .. } = self;
        let missed = if self.lossy { format!(", {missed} missed") } else { String::new() };
        let bytes = units::human_size(*bytes);
        let flow =
            format!("{messages} sent ({bytes}), {received} received{missed}, {depth} wait, at most {high_water}");
        vec![
            ("channel".into(), form),
            ("messages".into(), flow),
            (format!("{}s", words.sender), self.senders.to_text()),
            (format!("{}s", words.receiver), self.receivers.to_text()),
        ]
    }

    /// Prints a line for each end, if there are any.
    pub(crate) fn print_ends(&self) -> io::Result<()> {
        const HEADER: [&str; 8] = ["END", "PID", "ALIVE", "MESSAGES", "BYTES", "LAG", "MISSED", "BLOCKED"];
        const RIGHT: [&str; 6] = ["PID", "MESSAGES", "BYTES", "LAG", "MISSED", "BLOCKED"];
        if self.ends.is_empty() {
            return Ok(());
        }
        let cells = |end: &EndFacts| {
            let is_sender = end.role == SENDER;
            let title = if is_sender { self.words.sender } else { self.words.receiver };
            let of_receivers = |number: u64| if is_sender { "-".into() } else { number.to_string() };
            vec![
                format!("{title} {}", end.index),
                end.pid.to_string(),
                if end.alive { "yes" } else { "no" }.into(),
                end.messages.to_string(),
                units::human_size(end.bytes),
                of_receivers(end.lag),
                of_receivers(end.missed),
                units::human_duration(std::time::Duration::from_secs_f64(end.blocked)),
            ]
        };
        output::line("")?;
        output::table(&HEADER, &RIGHT, &self.ends.iter().map(cells).collect::<Vec<_>>())
    }
}

impl EndsFacts {
    fn new(ends: Ends) -> EndsFacts {
        EndsFacts { present: ends.present, joined: ends.joined, ended: ends.ended, died: ends.died }
    }

    fn to_text(&self) -> String {
        format!("{} present, {} ended, {} died", self.present, self.ended, self.died)
    }
}

const SENDER: &str = "sender";

impl EndFacts {
    fn new(end: &EndState) -> EndFacts {
        EndFacts {
            role: if end.role == EndRole::Sender { SENDER } else { "receiver" },
            index: end.index,
            pid: end.pid,
            alive: end.alive,
            messages: end.stats.messages,
            bytes: end.stats.bytes,
            lag: end.lag,
            missed: end.stats.missed,
            blocked: end.stats.blocked.as_secs_f64(),
            blocked_times: end.stats.blocked_times,
            high_water: end.stats.high_water,
        }
    }
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
