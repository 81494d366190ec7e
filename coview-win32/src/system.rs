//! The machine: its memory and processors, its version, its name and its user, and messages for whoever sits there.
//!
//! Needs `unsafe` to export functions, to call the C library, and to write where callers point.

mod memory;
mod names;
mod version;

use std::ffi::c_char;
use std::io::{self, Write};

use crate::table::Handle;
use crate::text;

/// The result of `MulDiv` that it has no other for.
const OVERFLOW: i32 = -1;
const IDOK: i32 = 1;

/// The product divided, with 64 bits in between, rounded to the nearest and halves away from 0.
fn multiply_and_divide(number: i32, numerator: i32, denominator: i32) -> i32 {
    if denominator == 0 {
        return OVERFLOW;
    }
    let product = i64::from(number) * i64::from(numerator);
    let (product, denominator, sign) = (product.abs(), i64::from(denominator), product.signum());
    let rounded = (product + denominator.abs() / 2) / denominator.abs();
    i32::try_from(rounded * sign * denominator.signum()).unwrap_or(OVERFLOW)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn MulDiv(number: i32, numerator: i32, denominator: i32) -> i32 {
    multiply_and_divide(number, numerator, denominator)
}

/// Nobody may see a window: the message goes to the standard error, and is taken as read.
fn show_message(message: Option<String>, caption: Option<String>) -> i32 {
    let caption = caption.unwrap_or_else(|| "Error".into());
    // Where there is no standard error, nobody reads it.
    let _ = writeln!(io::stderr(), "{caption}: {}", message.unwrap_or_default());
    IDOK
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn MessageBoxA(
    _owner: Handle,
    message: *const c_char,
    caption: *const c_char,
    _kind: u32,
) -> i32 {
    // SAFETY: the caller passes a string or null.
    let message = unsafe { text::utf8_of_narrow(message) };
    // SAFETY: as above.
    show_message(message, unsafe { text::utf8_of_narrow(caption) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn MessageBoxW(
    _owner: Handle,
    message: *const u16,
    caption: *const u16,
    _kind: u32,
) -> i32 {
    // SAFETY: the caller passes a string or null.
    let message = unsafe { text::utf8_of_wide(message) };
    // SAFETY: as above.
    show_message(message, unsafe { text::utf8_of_wide(caption) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_divided_and_rounded() {
        for (number, numerator, denominator, expected) in [
            (10, 3, 4, 8),
            (10, 1, 4, 3),
            (-10, 1, 4, -3),
            (9, 1, 4, 2),
            (1, 1, 0, -1),
            (i32::MAX, i32::MAX, i32::MAX, i32::MAX),
            (i32::MAX, 2, 1, -1),
            (i32::MIN, 1, -1, -1),
            (i32::MIN, 1, 1, i32::MIN),
        ] {
            assert_eq!(multiply_and_divide(number, numerator, denominator), expected, "{number} {numerator}");
        }
    }
}
