//! A value of a described type: the bytes, and all ways to print them.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::datum::Datum;
use crate::value_type::{Cell, Form, Leaf, Type};

/// Bytes and what they mean. There are as many as the type has.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    value_type: &'a Type,
    bytes: &'a [u8],
}

impl<'a> Value<'a> {
    /// The value that stands at the beginning of `bytes`; `None` if they are too few.
    pub(crate) fn at_start(value_type: &'a Type, bytes: &'a [u8]) -> Option<Value<'a>> {
        Some(Value { value_type, bytes: bytes.get(..value_type.size())? })
    }
}

/// Nested as the type is.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let part = |value_type, offset: usize| Value { value_type, bytes: &self.bytes[offset..] };
        match &self.value_type.form {
            Form::Leaf(leaf) => Datum::of(*leaf, &self.bytes[..self.value_type.size()]).serialize(serializer),
            Form::Array(element, len) => {
                let mut elements = serializer.serialize_seq(Some(*len))?;
                for index in 0..*len {
                    elements.serialize_element(&part(element, index * element.size()))?;
                }
                elements.end()
            }
            Form::Struct(fields) => {
                let mut members = serializer.serialize_map(Some(fields.len()))?;
                for field in fields {
                    members.serialize_entry(&field.name, &part(&field.value_type, field.offset))?;
                }
                members.end()
            }
        }
    }
}

impl Cell {
    /// What stands in this cell of a value.
    pub(crate) fn datum<'a>(&self, bytes: &'a [u8]) -> Datum<'a> {
        Datum::of(self.leaf, &bytes[self.range.clone()])
    }

    /// The same, but of a long text, or of many bytes, only as much as fills so many columns.
    pub(crate) fn short_datum<'a>(&self, bytes: &'a [u8], columns: usize) -> Datum<'a> {
        let bytes = &bytes[self.range.clone()];
        match self.leaf {
            Leaf::Scalar(..) => Datum::of(self.leaf, bytes),
            // A character has at most four bytes.
            Leaf::Text(_) | Leaf::Bytes(_) => Datum::of(self.leaf, &bytes[..bytes.len().min(4 * columns)]),
        }
    }
}

/// The names of all cells as the first line of CSV.
pub(crate) fn csv_header(cells: &[Cell]) -> String {
    // Names have no character that needs quotes.
    cells.iter().map(|cell| cell.name.as_str()).collect::<Vec<_>>().join(",")
}

/// A value as a line of CSV.
pub(crate) fn csv_row(cells: &[Cell], bytes: &[u8]) -> String {
    cells.iter().map(|cell| cell.datum(bytes).to_csv()).collect::<Vec<_>>().join(",")
}

/// A value as one line, `name=value name=value`.
pub(crate) fn text_line(cells: &[Cell], bytes: &[u8]) -> String {
    let shown = |cell: &Cell| format!("{}={}", cell.name, cell.datum(bytes).to_text());
    cells.iter().map(shown).collect::<Vec<_>>().join(" ")
}

/// A value as aligned lines, `name = value`.
pub(crate) fn text_lines(cells: &[Cell], bytes: &[u8]) -> impl Iterator<Item = String> {
    let width = cells.iter().map(|cell| cell.name.chars().count()).max().unwrap_or_default();
    cells.iter().map(move |cell| format!("{:<width$} = {}", cell.name, cell.datum(bytes).to_text()))
}
