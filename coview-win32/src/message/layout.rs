//! The layout of a message: escapes, inserts, and the ends of lines.
//!
//! Needs `unsafe` to read the arguments of inserts.

use std::iter::Peekable;

use super::argument::Arguments;
use super::{Width, insert};
use crate::last_error::{Code, Result};

/// Lines of this width are not broken.
const UNLIMITED: usize = 0xFF;

const SPACE: u16 = b' ' as u16;
const PERCENT: u16 = b'%' as u16;
const CR: u16 = b'\r' as u16;
const LF: u16 = b'\n' as u16;

/// What has been written so far.
struct Page {
    units: Vec<u16>,
    /// Where the last line begins.
    line: usize,
    /// 0 keeps the lines of the definition; else they flow together, and are broken before this many units.
    width: usize,
}

impl Page {
    fn push(&mut self, unit: u16) {
        self.units.push(unit);
        if unit == CR || unit == LF {
            self.line = self.units.len();
        } else if (1..UNLIMITED).contains(&self.width) && self.units.len() - self.line == self.width {
            self.break_line();
        }
    }

    fn push_all(&mut self, units: &[u16]) {
        units.iter().for_each(|unit| self.push(*unit));
    }

    /// Breaks the last line, which is full, at its last spaces, which vanish; behind the line if it has none.
    fn break_line(&mut self) {
        let line = &self.units[self.line..];
        let last_space = line.iter().rposition(|unit| *unit == SPACE);
        let rest = last_space.map_or_else(Vec::new, |place| line[place + 1..].to_vec());
        self.units.truncate(self.line + last_space.map_or(line.len(), |place| line_end(&line[..place])));
        self.push_line_end();
        self.units.extend(rest);
    }

    fn push_line_end(&mut self) {
        self.push(CR);
        self.push(LF);
    }

    /// The end of a line in the definition.
    fn flow(&mut self) {
        if self.width == 0 {
            self.push_line_end();
        } else {
            self.push(SPACE);
        }
    }
}

/// Where the text ends when the spaces at its end are left out.
fn line_end(line: &[u16]) -> usize {
    line.iter().rposition(|unit| *unit != SPACE).map_or(0, |place| place + 1)
}

/// Lays a definition out. Without inserts only line ends and tabs are understood.
///
/// # Safety
///
/// The arguments are those that the definition speaks of.
pub(super) unsafe fn lay_out(
    definition: &[u16],
    width: usize,
    mut inserts: Option<(Arguments, Width)>,
) -> Result<Vec<u16>> {
    let mut page = Page { units: Vec::new(), line: 0, width };
    let mut units = definition.iter().copied().peekable();
    while let Some(unit) = units.next() {
        match (unit, &mut inserts) {
            (CR, _) => {
                units.next_if_eq(&LF);
                page.flow();
            }
            (LF, _) => page.flow(),
            (PERCENT, _) if units.peek() == Some(&b'0'.into()) => break,
            (PERCENT, _) if escape(&mut units, &mut page) => {}
            // SAFETY: as the caller promises.
            (PERCENT, Some((arguments, width))) => unsafe { expand(&mut units, &mut page, arguments, *width) }?,
            _ => page.push(unit),
        }
    }
    Ok(page.units)
}

/// The escapes that are always understood. `false` if it is another.
fn escape(units: &mut Peekable<impl Iterator<Item = u16>>, page: &mut Page) -> bool {
    match units.peek().and_then(|unit| u8::try_from(*unit).ok()) {
        Some(b'n') => page.push_line_end(),
        Some(b'r') => page.push(CR),
        Some(b't') => page.push(b'\t'.into()),
        _ => return false,
    }
    units.next();
    true
}

/// # Safety
///
/// As for [`lay_out`].
unsafe fn expand(
    units: &mut Peekable<impl Iterator<Item = u16>>,
    page: &mut Page,
    arguments: &mut Arguments,
    width: Width,
) -> Result<()> {
    let unit = units.next().ok_or(Code::INVALID_PARAMETER)?;
    match u8::try_from(unit) {
        Ok(digit @ b'1'..=b'9') => {
            let mut number = usize::from(digit - b'0');
            if let Some(second) = units.next_if(|unit| (0x30..=0x39).contains(unit)) {
                number = number * 10 + usize::from(second - 0x30);
            }
            // SAFETY: as the caller promises.
            page.push_all(&unsafe { insert::insert(units, number, arguments, width) }?);
        }
        Ok(b'b') => page.push(SPACE),
        _ => page.push(unit),
    }
    Ok(())
}
