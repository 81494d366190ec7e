//! Sizes and durations as people write them, and sizes as people read them.

use std::time::Duration;

/// How the help explains sizes.
pub(crate) const SIZES: &str = "\
Sizes: 1024, 64K, 16MiB. K, M, G, T and KiB, MiB, GiB, TiB are powers of 1024; kB, MB, GB, TB are powers of 1000.";

/// How the help explains durations.
pub(crate) const DURATIONS: &str = "\
Durations: 500us, 250ms, 5s, 2m, 1h; a bare number is seconds.";

const SIZE_UNITS: [(&str, u64); 20] = [
    ("", 1),
    ("B", 1),
    ("K", 1 << 10),
    ("k", 1 << 10),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("KB", 1_000),
    ("M", 1 << 20),
    ("m", 1 << 20),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("G", 1 << 30),
    ("g", 1 << 30),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("T", 1 << 40),
    ("t", 1 << 40),
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("b", 1),
];

const DURATION_UNITS: [(&str, f64); 6] =
    [("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("", 1.0), ("m", 60.0), ("h", 3600.0)];

/// Parses a size into bytes.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = split(text, |character| character.is_ascii_digit());
    if digits.is_empty() {
        return Err("a size begins with a whole number, such as 1024, 64K or 16MiB".into());
    }
    let factor = SIZE_UNITS.iter().find(|(name, _)| *name == unit).map(|&(_, factor)| factor);
    let factor =
        factor.ok_or_else(|| format!("`{unit}` is not a unit of size; there are K, MiB, GB and their like"))?;
    let number: Option<u64> = digits.parse().ok();
    number.and_then(|number| number.checked_mul(factor)).ok_or_else(|| "more bytes than 64 bits can count".into())
}

/// Parses a duration.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (digits, unit) = split(text, |character| character.is_ascii_digit() || character == '.');
    let number: f64 = digits.parse().map_err(|_| "a duration begins with a number, such as 250ms, 5s or 2m")?;
    let factor = DURATION_UNITS.iter().find(|(name, _)| *name == unit).map(|&(_, factor)| factor);
    let factor = factor.ok_or_else(|| format!("`{unit}` is not a unit of time; there are us, ms, s, m and h"))?;
    Duration::try_from_secs_f64(number * factor).map_err(|_| "longer than a clock can count".into())
}

/// Counts bytes in words.
pub(crate) fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".into() } else { format!("{count} bytes") }
}

/// Counts messages in words.
pub(crate) fn messages(count: u64) -> String {
    if count == 1 { "1 message".into() } else { format!("{count} messages") }
}

/// Writes a size for people: three digits or so, and a binary unit.
pub(crate) fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1024.0, 0);
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let text = if value >= 99.95 { format!("{value:.0}") } else { format!("{value:.1}") };
    format!("{} {}", text.strip_suffix(".0").unwrap_or(&text), UNITS[unit])
}

/// Writes a duration for people: two digits or three, and a unit.
pub(crate) fn human_duration(duration: Duration) -> String {
    const UNITS: [(&str, f64, f64); 4] =
        [("us", 1e-6, 999.5e-6), ("ms", 1e-3, 0.9995), ("s", 1.0, 119.5), ("min", 60.0, 7170.0)];
    let seconds = duration.as_secs_f64();
    let &(unit, one, _) = UNITS.iter().find(|&&(_, _, below)| seconds < below).unwrap_or(&("h", 3600.0, 0.0));
    let value = seconds / one;
    if value < 9.95 && unit != "us" { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

fn split(text: &str, is_number: impl Fn(char) -> bool) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|character| !is_number(character)).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_or_powers_of_1024_or_of_1000() {
        assert_eq!(size("1024"), Ok(1024));
        assert_eq!(size("64K"), Ok(65_536));
        assert_eq!(size("64KiB"), Ok(65_536));
        assert_eq!(size("64 kB"), Ok(64_000));
        assert_eq!(size("16MiB"), Ok(16 << 20));
        assert_eq!(size("3G"), Ok(3 << 30));
        assert_eq!(size("2TB"), Ok(2_000_000_000_000));
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for bad in ["", "K", "-1", "1.5K", "12X", "1e3", "0x10", "64Kib", "99999999999999999999", "16777216T"] {
            assert!(size(bad).is_err(), "{bad:?} was taken for a size");
        }
    }

    #[test]
    fn durations_have_units_and_fractions() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("500us"), Ok(Duration::from_micros(500)));
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for bad in ["", "s", "-1s", "5x", "1.2.3s", "inf", "NaN", "99999999999999999999999h"] {
            assert!(duration(bad).is_err(), "{bad:?} was taken for a duration");
        }
    }

    #[test]
    fn people_read_sizes_with_a_binary_unit() {
        assert_eq!(human_size(0), "0 B");
        assert_eq!(human_size(1023), "1023 B");
        assert_eq!(human_size(1024), "1 KiB");
        assert_eq!(human_size(1536), "1.5 KiB");
        assert_eq!(human_size((1 << 20) - 1), "1 MiB");
        assert_eq!(human_size(200 << 20), "200 MiB");
        assert_eq!(human_size(u64::MAX), "16 EiB");
    }

    #[test]
    fn people_read_durations_with_a_unit() {
        let shown = |us: u64| human_duration(Duration::from_micros(us));
        assert_eq!([shown(0), shown(999), shown(1000), shown(1234)], ["0 us", "999 us", "1.0 ms", "1.2 ms"]);
        assert_eq!([shown(12_345), shown(999_600), shown(90_000_000)], ["12 ms", "1.0 s", "90 s"]);
        assert_eq!([shown(150_000_000), shown(9_000_000_000)], ["2.5 min", "2.5 h"]);
    }
}
