//! What is told of a value besides its bytes: of what it is, which one, how old, and whether its publisher lives.

use coview::{PublisherState, Stamp};
use serde::Serialize;

use crate::datum::hex;
use crate::subject::Subject;
use crate::units;
use crate::value::Value;

/// How the help explains the JSON.
pub(crate) const FIELDS: &str = "\
JSON fields: name, kind (mapping, shared, latest, latest-bytes), offset, sequence, generation (the number of the \
publisher), age (seconds), publisher (absent, alive, ended, died), value. What there is not, as in a plain mapping, is \
null. Numbers are exact, also those beyond 2^53; NaN and the infinities are the texts \"NaN\", \"inf\" and \"-inf\"; hex \
numbers, text and bytes are texts.";

/// What is told as JSON of any value. The field names are stable.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    name: &'a str,
    kind: String,
    offset: u64,
    sequence: Option<u64>,
    generation: Option<u64>,
    age: Option<f64>,
    publisher: Option<String>,
}

/// A report and the value that it is about.
#[derive(Serialize)]
pub(crate) struct Full<'a> {
    #[serde(flatten)]
    report: &'a Report<'a>,
    #[serde(flatten)]
    content: Content<'a>,
}

/// What a report is about.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Content<'a> {
    Value(Value<'a>),
    /// Several values, which come under the same name.
    #[serde(rename = "value")]
    Values(Vec<Value<'a>>),
    Changes(Vec<Change>),
}

/// Bytes that have changed.
#[derive(Serialize)]
pub(crate) struct Change {
    offset: u64,
    hex: String,
}

impl Change {
    pub(crate) fn new(offset: u64, bytes: &[u8]) -> Change {
        Change { offset, hex: hex(bytes) }
    }

    pub(crate) fn to_text(&self) -> String {
        format!("{:08x}: {}", self.offset, self.hex)
    }
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        name: &'a str,
        subject: &Subject,
        offset: u64,
        stamp: Option<Stamp>,
    ) -> coview::Result<Report<'a>> {
        let timed = stamp.filter(|stamp| stamp.time_ns > 0);
        Ok(Report {
            name,
            kind: subject.kind(),
            offset,
            sequence: stamp.map(|stamp| stamp.sequence),
            generation: stamp.map(|stamp| stamp.generation).filter(|&generation| generation > 0),
            age: timed.map(|stamp| stamp.age().as_secs_f64()),
            publisher: subject.publisher()?.map(|state| state.to_string()),
        })
    }

    pub(crate) fn with<'b>(&'b self, content: Content<'b>) -> Full<'b> {
        Full { report: self, content }
    }
}

/// The same in words, as far as it is known; of a plain mapping nothing is.
pub(crate) fn words(subject: &Subject, stamp: Option<Stamp>) -> coview::Result<Option<String>> {
    let Some(stamp) = stamp else { return Ok(None) };
    let mut words = vec![subject.kind(), format!("value {}", stamp.sequence)];
    if stamp.time_ns > 0 {
        words.push(format!("{} old", units::human_duration(stamp.age())));
    }
    words.extend(subject.publisher()?.map(|state| publisher_words(state, stamp.generation)));
    Ok(Some(words.join(", ")))
}

/// A publisher and its state.
pub(crate) fn publisher_words(state: PublisherState, generation: u64) -> String {
    match state {
        PublisherState::Absent => "no publisher yet".into(),
        state => format!("publisher {generation} {state}"),
    }
}
