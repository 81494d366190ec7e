//! Reading values of a described type, once.

use std::io::{self, Write};
use std::time::Duration;

use crate::failure::Failure;
use crate::report::{self, Content, Report};
use crate::subject::{Look, Subject};
use crate::units;
use crate::value::{Value, csv_header, csv_row, text_lines};
use crate::value_type::{Cell, Type};

/// The most bytes that are read at once.
const READ_MAX: u64 = 256 << 20;

/// Values that were read, and what is told about them.
pub(crate) struct TypedRead<'a> {
    value_type: &'a Type,
    /// Whether several values were asked for, or at least an array of one.
    is_array: bool,
    bytes: Vec<u8>,
    words: Option<String>,
    /// Everything but the value.
    report: Report<'a>,
}

impl<'a> TypedRead<'a> {
    pub(crate) fn new(
        name: &'a str,
        value_type: &'a Type,
        count: Option<u64>,
        offset: Option<u64>,
        wait: Option<Duration>,
    ) -> Result<TypedRead<'a>, Failure> {
        let size = (value_type.size() as u64).checked_mul(count.unwrap_or(1)).filter(|&size| size <= READ_MAX);
        let too_many = || Failure::Refused(format!("at most {} are read at once", units::bytes(READ_MAX)));
        let size = size.ok_or_else(too_many)?;
        let subject = Subject::open(name, wait)?;
        let range = subject.range_of(size, offset)?;
        let mut look = Look::default();
        subject.sleep(0, wait.unwrap_or_default())?;
        if subject.look(&range, &mut look)?.is_none() {
            return Err(Failure::Refused("nothing has been published yet".into()));
        }
        if (look.bytes.len() as u64) < size {
            let (has, wanted) = (units::bytes(look.bytes.len() as u64), units::bytes(size));
            return Err(Failure::Refused(format!("the type has {wanted}, and the current value {has} from there on")));
        }
        let words = report::words(&subject, look.stamp)?;
        let report = Report::new(name, &subject, range.start, look.stamp)?;
        Ok(TypedRead { value_type, is_array: count.is_some(), bytes: look.bytes, words, report })
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(self.value_type.size())
    }

    /// A line of what is known about a region's value, and a line for each number.
    pub(crate) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(words) = &self.words {
            writeln!(out, "# {words}")?;
        }
        let cells = self.value_type.cells();
        for (index, piece) in self.pieces().enumerate() {
            if self.is_array {
                writeln!(out, "[{index}]")?;
            }
            for line in text_lines(&cells, piece) {
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }

    /// One object.
    pub(crate) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut values: Vec<Value<'_>> =
            self.pieces().filter_map(|piece| Value::at_start(self.value_type, piece)).collect();
        let content = match values.pop() {
            Some(value) if !self.is_array => Content::Value(value),
            last => {
                values.extend(last);
                Content::Values(values)
            }
        };
        serde_json::to_writer(&mut *out, &self.report.with(content))?;
        writeln!(out)
    }

    /// A line of names, and a line for each value.
    pub(crate) fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let cells: Vec<Cell> = self.value_type.cells();
        writeln!(out, "{}", csv_header(&cells))?;
        self.pieces().try_for_each(|piece| writeln!(out, "{}", csv_row(&cells, piece)))
    }
}
