//! How much goes through an end of a channel: counted on the way, shown while it runs and summed up at its end.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use coview::EndStats;
use indicatif::{ProgressBar, ProgressStyle};

use crate::rate::Rate;
use crate::{output, units};

/// How often the numbers are shown while they grow.
const INTERVAL: Duration = Duration::from_secs(1);

/// What has gone through, in numbers that a thread may show while another counts.
pub(crate) struct Counts {
    verb: &'static str,
    started: Instant,
    messages: AtomicU64,
    bytes: AtomicU64,
    missed: AtomicU64,
}

impl Counts {
    /// Counts a message. One thread does.
    pub(crate) fn add(&self, len: usize) {
        // Relaxed, here and below: numbers for people.
        self.messages.store(self.messages() + 1, Ordering::Relaxed);
        self.bytes.store(self.bytes() + len as u64, Ordering::Relaxed);
    }

    pub(crate) fn note_missed(&self, missed: u64) {
        self.missed.store(missed, Ordering::Relaxed);
    }

    pub(crate) fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How much it is, such as `12 messages, 3.4 MiB`.
    pub(crate) fn to_text(&self) -> String {
        format!("{}, {}", units::messages(self.messages()), units::human_size(self.bytes()))
    }

    /// The sum, as far as it is known.
    pub(crate) fn summary(&self, stats: Option<EndStats>) -> String {
        let elapsed = self.started.elapsed();
        let seconds = elapsed.as_secs_f64().max(1e-9);
        let blocked = stats.map(|stats| (units::human_duration(stats.blocked), stats.blocked_times));
        let blocked = blocked.map(|(time, times)| format!(", blocked {time} in {times} waits")).unwrap_or_default();
        format!(
            "{} {} in {}: {:.0} messages/s, {}/s{}{blocked}",
            self.verb,
            self.to_text(),
            units::human_duration(elapsed),
            self.messages() as f64 / seconds,
            units::human_size((self.bytes() as f64 / seconds) as u64),
            self.missed_text(),
        )
    }

    fn missed_text(&self) -> String {
        match self.missed.load(Ordering::Relaxed) {
            0 => String::new(),
            missed => format!(", {missed} missed"),
        }
    }
}

/// Tells of the counts if that was asked for: every second on a terminal, and at the end.
pub(crate) struct Meter {
    counts: Arc<Counts>,
    wanted: bool,
    display: Option<Sender<()>>,
}

impl Meter {
    /// Begins to count; `verb` is what is done with the messages.
    pub(crate) fn start(verb: &'static str, wanted: bool) -> Meter {
        let (messages, bytes, missed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let counts = Arc::new(Counts { verb, started: Instant::now(), messages, bytes, missed });
        let display = (wanted && io::stderr().is_terminal()).then(|| display(Arc::clone(&counts)));
        Meter { counts, wanted, display }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The same for another thread, if there is anything to tell.
    pub(crate) fn shared_counts(&self) -> Option<Arc<Counts>> {
        self.wanted.then(|| Arc::clone(&self.counts))
    }

    /// Says the sum on stderr, if that was asked for.
    pub(crate) fn finish(mut self, stats: EndStats) {
        // The display clears itself away when nobody can tell it anything any more.
        self.display = None;
        if self.wanted {
            output::say(format_args!("{}", self.counts.summary(Some(stats))));
        }
    }
}

/// Shows the counts on the terminal until the sender is dropped.
fn display(counts: Arc<Counts>) -> Sender<()> {
    let (sender, dropped) = mpsc::channel();
    thread::spawn(move || {
        let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant and valid");
        let bar = ProgressBar::new_spinner().with_style(style);
        let (mut messages, mut bytes) = (Rate::default(), Rate::default());
        while dropped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            let now = Instant::now();
            let messages = messages.note(now, counts.messages());
            let bytes = units::human_size(bytes.note(now, counts.bytes()) as u64);
            let (counted, missed) = (counts.to_text(), counts.missed_text());
            bar.set_message(format!("{} {counted}: {messages:.0} messages/s, {bytes}/s{missed}", counts.verb));
            bar.tick();
        }
        bar.finish_and_clear();
    });
    sender
}
