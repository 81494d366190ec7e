//! The shapes in which bytes are printed: raw, text, hex and JSON. Each takes a stream in pieces of any length.

use std::io::{self, Write};

/// A way to print bytes.
pub(crate) trait Shape {
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()>;

    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Whether further bytes would change nothing.
    fn is_complete(&self) -> bool {
        false
    }
}

/// The bytes themselves.
pub(crate) struct Raw;

impl Shape for Raw {
    fn bytes(&mut self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(bytes)
    }
}

/// UTF-8 up to the first NUL; what is not UTF-8 becomes U+FFFD. The text ends with a line break.
pub(crate) struct Text {
    /// The beginning of a character whose end has not come yet.
    pending: Vec<u8>,
    last: u8,
    ended: bool,
}

impl Text {
    pub(crate) fn new() -> Text {
        Text { pending: Vec::new(), last: b'\n', ended: false }
    }

    fn put(&mut self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        self.last = text.bytes().last().unwrap_or(self.last);
        out.write_all(text.as_bytes())
    }
}

impl Shape for Text {
    fn bytes(&mut self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        let end = bytes.iter().position(|&byte| byte == 0);
        self.ended = end.is_some();
        self.pending.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
        let pending = std::mem::take(&mut self.pending);
        let complete = if self.ended { pending.len() } else { complete_len(&pending) };
        self.pending = pending[complete..].to_vec();
        self.put(&String::from_utf8_lossy(&pending[..complete]), out)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.put(&String::from_utf8_lossy(&pending), out)?;
        if self.last == b'\n' { Ok(()) } else { out.write_all(b"\n") }
    }

    fn is_complete(&self) -> bool {
        self.ended
    }
}

/// How many bytes there are before a character at the end that may go on.
fn complete_len(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let lead = (tail..bytes.len()).rev().find(|&index| bytes[index] & 0xc0 != 0x80);
    match lead {
        Some(index) if std::str::from_utf8(&bytes[index..]).is_err_and(|error| error.error_len().is_none()) => index,
        _ => bytes.len(),
    }
}

/// What `hexdump -C` prints: sixteen bytes a line, equal lines as one `*`, and the end's offset.
pub(crate) struct Hex {
    offset: u64,
    line: Vec<u8>,
    last: Option<Vec<u8>>,
    repeating: bool,
}

impl Hex {
    const WIDTH: usize = 16;

    pub(crate) fn new(offset: u64) -> Hex {
        Hex { offset, line: Vec::with_capacity(Hex::WIDTH), last: None, repeating: false }
    }

    fn put_line(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.last.as_ref() == Some(&self.line) {
            if !self.repeating {
                out.write_all(b"*\n")?;
            }
            self.repeating = true;
        } else {
            out.write_all(&hex_line(self.offset, &self.line))?;
            self.repeating = false;
        }
        self.offset += self.line.len() as u64;
        self.last = Some(std::mem::take(&mut self.line));
        Ok(())
    }
}

impl Shape for Hex {
    fn bytes(&mut self, mut bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        while !bytes.is_empty() {
            let (taken, rest) = bytes.split_at(bytes.len().min(Hex::WIDTH - self.line.len()));
            self.line.extend_from_slice(taken);
            bytes = rest;
            if self.line.len() == Hex::WIDTH {
                self.put_line(out)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.line.is_empty() {
            self.put_line(out)?;
        }
        if self.last.is_some() { writeln!(out, "{:08x}", self.offset) } else { Ok(()) }
    }
}

/// Offset, two groups of eight bytes, and the bytes that are ASCII between bars.
fn hex_line(offset: u64, bytes: &[u8]) -> Vec<u8> {
    let mut line = format!("{offset:08x}").into_bytes();
    for index in 0..Hex::WIDTH {
        line.extend_from_slice(if index % 8 == 0 { b"  " } else { b" " });
        line.extend_from_slice(&bytes.get(index).map_or([b' '; 2], digits));
    }
    let shown = |&byte: &u8| if byte.is_ascii_graphic() || byte == b' ' { byte } else { b'.' };
    line.extend_from_slice(b"  |");
    line.extend(bytes.iter().map(shown));
    line.extend_from_slice(b"|\n");
    line
}

fn digits(byte: &u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// One JSON object, with the bytes in hexadecimal digits and, where they are text, as text.
pub(crate) struct Json {
    head: String,
    text: Vec<u8>,
    text_ended: bool,
}

impl Json {
    const TEXT_MAX: usize = 1 << 20;

    pub(crate) fn new(name: &str, size: u64, offset: u64, length: u64) -> Json {
        let name = serde_json::Value::from(name);
        let head = format!(r#"{{"name":{name},"size":{size},"offset":{offset},"length":{length},"hex":""#);
        Json { head, text: Vec::new(), text_ended: false }
    }

    fn collect_text(&mut self, bytes: &[u8]) {
        if self.text_ended || self.text.len() > Json::TEXT_MAX {
            return;
        }
        let end = bytes.iter().position(|&byte| byte == 0);
        self.text_ended = end.is_some();
        self.text.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
    }
}

impl Shape for Json {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.head.as_bytes())
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        self.collect_text(bytes);
        out.write_all(bytes.iter().map(digits).collect::<Vec<_>>().as_flattened())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let text = std::str::from_utf8(&self.text).ok().filter(|text| text.len() <= Json::TEXT_MAX);
        writeln!(out, r#"","text":{}}}"#, serde_json::Value::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a shape makes of bytes that come in pieces of one length.
    fn shaped(mut shape: impl Shape, bytes: &[u8], piece_len: usize) -> String {
        let mut out = Vec::new();
        shape.begin(&mut out).expect("a vector takes everything");
        for piece in bytes.chunks(piece_len) {
            shape.bytes(piece, &mut out).expect("a vector takes everything");
        }
        shape.end(&mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("every shape but raw is UTF-8")
    }

    #[test]
    fn text_is_the_same_however_it_is_cut() {
        let bytes = "na\u{ef}ve \u{1F980} \u{20ac}".as_bytes();
        for piece_len in 1..=bytes.len() {
            assert_eq!(shaped(Text::new(), bytes, piece_len), "na\u{ef}ve \u{1F980} \u{20ac}\n");
        }
    }

    #[test]
    fn text_ends_at_the_first_nul_and_replaces_what_is_not_utf_8() {
        for piece_len in 1..6 {
            assert_eq!(shaped(Text::new(), b"Update\0rest", piece_len), "Update\n");
            assert_eq!(shaped(Text::new(), b"a\xffb\xf0\x9f", piece_len), "a\u{fffd}b\u{fffd}\n");
            assert_eq!(shaped(Text::new(), b"line\n\0", piece_len), "line\n");
            assert_eq!(shaped(Text::new(), b"\0", piece_len), "");
        }
    }

    #[test]
    fn hex_looks_like_hexdump() {
        let bytes = [b"Update\0\xff".as_slice(), &[0; 56], b"end"].concat();
        let expected = "\
00000010  55 70 64 61 74 65 00 ff  00 00 00 00 00 00 00 00  |Update..........|
00000020  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
*
00000050  65 6e 64                                          |end|
00000053
";
        for piece_len in [1, 7, 16, 100] {
            assert_eq!(shaped(Hex::new(16), &bytes, piece_len), expected);
        }
        assert_eq!(shaped(Hex::new(16), b"", 1), "");
    }

    #[test]
    fn json_holds_the_bytes_and_the_text() {
        let text = shaped(Json::new("a\"b", 9, 0, 9), b"Update\0\x01\xff", 2);
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(value["name"], "a\"b");
        assert_eq!(value["hex"], "5570646174650001ff");
        assert_eq!(value["text"], "Update");
        let binary: serde_json::Value =
            serde_json::from_str(&shaped(Json::new("x", 1, 0, 1), b"\xff", 1)).expect("JSON");
        assert!(binary["text"].is_null());
    }
}
