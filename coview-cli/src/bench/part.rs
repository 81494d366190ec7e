//! What the second process of the benchmark does: the far side of one work after the other, as it is told.

use std::io::{self, BufRead};

use super::processors;
use super::works::{self, Variant, Work};
use crate::failure::{self, Failure, Outcome};
use crate::output;

/// The word by which the benchmark starts its second process. It is not among the commands, so that no help, manual or
/// completion shows it.
pub(super) const WORD: &str = "bench-part";

/// What it says when it has what it needs, and when it has done what it was told.
pub(super) const READY: &str = "ready";
pub(super) const DONE: &str = "done";

/// The second process.
pub(crate) struct BenchPart {
    processor: Option<usize>,
}

impl BenchPart {
    /// The part to play, if this process was started to play it.
    pub(crate) fn from_command_line() -> Option<BenchPart> {
        let mut arguments = std::env::args().skip(1);
        let is_part = arguments.next().is_some_and(|word| word == WORD);
        is_part.then(|| BenchPart { processor: arguments.next().and_then(|id| id.parse().ok()) })
    }

    pub(crate) fn run(&self) -> Outcome {
        if let Some(processor) = self.processor {
            processors::pin(processor);
        }
        for order in io::stdin().lock().lines() {
            let order = order.map_err(|source| Failure::Stream("read stdin".into(), source))?;
            let (work, variant, name) = parse(&order).ok_or_else(|| {
                Failure::Refused(format!("{WORD} is a part of `coview bench`, and does not know `{order}`"))
            })?;
            works::far(work, variant, name, &|| Ok(output::line(READY)?))?;
            output::line(DONE)?;
        }
        Ok(failure::DONE)
    }
}

/// An order as a line.
pub(super) fn order(work: Work, variant: Variant, name: &str) -> String {
    let (work, variant) = (work.number(), u8::from(variant == Variant::Coview));
    format!("{work} {variant} {name}")
}

fn parse(order: &str) -> Option<(Work, Variant, &str)> {
    let mut words = order.splitn(3, ' ');
    let work = Work::all().nth(words.next()?.parse().ok()?)?;
    let variant = if words.next()? == "1" { Variant::Coview } else { Variant::Floor };
    Some((work, variant, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_understood_as_it_was_given() {
        for work in Work::all() {
            for variant in [Variant::Floor, Variant::Coview] {
                let order = order(work, variant, r"Global\a name");
                assert_eq!(parse(&order), Some((work, variant, r"Global\a name")));
            }
        }
        assert_eq!(parse("nonsense"), None);
    }
}
