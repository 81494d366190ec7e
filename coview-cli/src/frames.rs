//! How a stream of bytes is cut into messages, and how messages become a stream again.

use std::io::{self, Read, Write};

use clap::Args;
use coview::Message;

use crate::failure::Failure;
use crate::{os, units};

/// How the help explains the framings.
pub(crate) const FRAMES: &str = "\
Frames: with --raw a message is what could be read at once, and messages are written one behind the other, so that what \
comes out is what went in, byte for byte, whatever it is; where one message ends and the next begins means nothing then. \
With --lines a message is a line without its line feed, which comes back behind each message. With --length-prefixed the \
length stands before each message, as 4 bytes, the lowest first. With --fixed N every message has N bytes. Both sides \
choose for themselves, and usually alike.";

/// How long the pieces of a raw stream are at most: the fewer there are, the fewer turns are taken.
const PIECE_LEN: u64 = 256 << 10;

/// How long lines and the like can be: few are longer, and the shorter this is, the more of them may wait.
const MESSAGE_LEN: u64 = 16 << 10;

/// How many bytes are read at once, unless messages are longer.
const READ_LEN: usize = 64 << 10;

const PREFIX_LEN: usize = 4;

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FramingChoice {
    /// A message is any piece of the stream
    #[arg(long, group = "framing")]
    raw: bool,

    /// A message is a line
    #[arg(long, group = "framing")]
    lines: bool,

    /// Each message has its length before it: 4 bytes, the lowest first
    #[arg(long, group = "framing")]
    length_prefixed: bool,

    /// Each message has N bytes
    #[arg(long, group = "framing", value_parser = positive_size, value_name = "N")]
    fixed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Raw,
    Lines,
    LengthPrefixed,
    Fixed(usize),
}

fn positive_size(text: &str) -> Result<u64, String> {
    match units::size(text)? {
        0 => Err("a frame has at least 1 byte".into()),
        size => Ok(size),
    }
}

impl FramingChoice {
    pub(crate) fn framing(&self, otherwise: Framing) -> Result<Framing, Failure> {
        Ok(match self {
            FramingChoice { raw: true, .. } => Framing::Raw,
            FramingChoice { lines: true, .. } => Framing::Lines,
            FramingChoice { length_prefixed: true, .. } => Framing::LengthPrefixed,
            FramingChoice { fixed: Some(size), .. } => {
                let too_large = |_| Failure::Usage("--fixed: more bytes than this machine can address".into());
                Framing::Fixed(usize::try_from(*size).map_err(too_large)?)
            }
            _ => otherwise,
        })
    }
}

impl Framing {
    /// How many bytes the messages of a new channel should have room for, if nobody says otherwise.
    pub(crate) fn message_len(self) -> u64 {
        match self {
            Framing::Raw => PIECE_LEN,
            Framing::Fixed(len) => len as u64,
            Framing::Lines | Framing::LengthPrefixed => MESSAGE_LEN,
        }
    }
}

/// Cuts a stream into messages.
pub(crate) struct FrameReader<R> {
    stream: R,
    framing: Framing,
    len_max: usize,
    /// Of these bytes those from `start` to `end` were read and not yet given out.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    /// How many messages were given out.
    count: u64,
}

/// Why a stream cannot be cut on.
#[derive(Debug)]
pub(crate) enum FrameError {
    /// The stream itself failed.
    Stream(io::Error),
    /// The message of this number is longer than messages can be. Its length, if it is known.
    TooLong(u64, Option<u64>),
    /// The stream ended within a message: what it has, and what it should have.
    Cut { has: usize, wanted: usize },
}

impl<R: Read> FrameReader<R> {
    /// Messages have at most `len_max` bytes.
    pub(crate) fn new(stream: R, framing: Framing, len_max: usize) -> FrameReader<R> {
        let bytes = vec![0; READ_LEN.max(len_max.min(1 << 20))];
        FrameReader { stream, framing, len_max, bytes, start: 0, end: 0, ended: false, count: 0 }
    }

    /// The next message; `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let message = match self.framing {
            Framing::Raw => self.piece()?,
            Framing::Lines => self.line()?,
            Framing::LengthPrefixed => self.prefixed()?,
            Framing::Fixed(len) => self.fixed(len)?,
        };
        self.count += u64::from(message.is_some());
        Ok(message.map(|(start, end)| &self.bytes[start..end]))
    }

    /// Whatever there is.
    fn piece(&mut self) -> Result<Option<(usize, usize)>, FrameError> {
        (self.start, self.end) = (0, 0);
        let len = self.len_max.min(self.bytes.len());
        if len == 0 {
            return Err(FrameError::TooLong(self.count + 1, None));
        }
        let read = read(&mut self.stream, &mut self.bytes[..len]).map_err(FrameError::Stream)?;
        Ok((read > 0).then_some((0, read)))
    }

    fn line(&mut self) -> Result<Option<(usize, usize)>, FrameError> {
        let mut looked = 0;
        loop {
            let waiting = &self.bytes[self.start..self.end];
            if let Some(found) = waiting[looked..].iter().position(|&byte| byte == b'\n') {
                let line = (self.start, self.start + looked + found);
                self.start = line.1 + 1;
                return self.checked(line).map(Some);
            }
            looked = waiting.len();
            if looked > self.len_max {
                return Err(FrameError::TooLong(self.count + 1, None));
            }
            if !self.fill(looked + 1)? {
                let last = (self.start, self.end);
                self.start = self.end;
                return if last.0 == last.1 { Ok(None) } else { self.checked(last).map(Some) };
            }
        }
    }

    fn prefixed(&mut self) -> Result<Option<(usize, usize)>, FrameError> {
        if !self.whole(PREFIX_LEN)? {
            return Ok(None);
        }
        let prefix = &self.bytes[self.start..self.start + PREFIX_LEN];
        let len = u32::from_le_bytes(prefix.try_into().expect("it has 4 bytes"));
        let too_long = || FrameError::TooLong(self.count + 1, Some(len.into()));
        let len = usize::try_from(len).ok().filter(|&len| len <= self.len_max).ok_or_else(too_long)?;
        self.start += PREFIX_LEN;
        if !self.whole(len)? && len > 0 {
            return Err(FrameError::Cut { has: 0, wanted: len });
        }
        self.start += len;
        Ok(Some((self.start - len, self.start)))
    }

    fn fixed(&mut self, len: usize) -> Result<Option<(usize, usize)>, FrameError> {
        if len > self.len_max {
            return Err(FrameError::TooLong(self.count + 1, Some(len as u64)));
        }
        if !self.whole(len)? {
            return Ok(None);
        }
        self.start += len;
        Ok(Some((self.start - len, self.start)))
    }

    fn checked(&self, (start, end): (usize, usize)) -> Result<(usize, usize), FrameError> {
        let len = end - start;
        if len > self.len_max { Err(FrameError::TooLong(self.count + 1, Some(len as u64))) } else { Ok((start, end)) }
    }

    /// Reads until `len` bytes wait; `false` if the stream ends before the first of them.
    fn whole(&mut self, len: usize) -> Result<bool, FrameError> {
        if self.fill(len)? {
            return Ok(true);
        }
        match self.end - self.start {
            0 => Ok(false),
            has => Err(FrameError::Cut { has, wanted: len }),
        }
    }

    /// Reads until at least `len` bytes wait; `false` if the stream ends before.
    fn fill(&mut self, len: usize) -> Result<bool, FrameError> {
        while self.end - self.start < len {
            if self.ended {
                return Ok(false);
            }
            if self.start > 0 && (self.start == self.end || self.bytes.len() - self.start < len) {
                self.bytes.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
            if self.bytes.len() == self.end || self.bytes.len() < len {
                // No longer than a message and what was read behind it.
                self.bytes.resize((2 * self.bytes.len()).max(len), 0);
            }
            let read = read(&mut self.stream, &mut self.bytes[self.end..]).map_err(FrameError::Stream)?;
            self.ended = read == 0;
            self.end += read;
        }
        Ok(true)
    }
}

fn read(stream: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Makes a stream of messages.
pub(crate) struct FrameWriter<W> {
    stream: W,
    framing: Framing,
    /// Messages go straight to stdout, where the system can do that.
    straight: bool,
    /// The message, where it has to be copied out of shared memory first.
    bytes: Vec<u8>,
}

impl<W: Write> FrameWriter<W> {
    /// Writes to `stream`, which ends in stdout. `keeps` tells whether messages stay as they are while they are written.
    pub(crate) fn new(stream: W, framing: Framing, keeps: bool) -> FrameWriter<W> {
        // A raw stream has nothing between the messages, so that nothing waits in a buffer to be written before them.
        FrameWriter { stream, framing, straight: keeps && framing == Framing::Raw, bytes: Vec::new() }
    }

    /// Writes a message; `false` if it was overwritten before it was read, and was none.
    pub(crate) fn write(&mut self, message: &Message<'_, [u8]>) -> Result<bool, Failure> {
        if self.straight
            && let Some(written) = os::write_to_stdout(message)
        {
            written?;
            return Ok(true);
        }
        self.bytes.resize(message.len(), 0);
        message.read(0, &mut self.bytes);
        if !message.is_intact() {
            return Ok(false);
        }
        self.write_bytes()?;
        Ok(true)
    }

    fn write_bytes(&mut self) -> Result<(), Failure> {
        let len = self.bytes.len();
        match self.framing {
            Framing::LengthPrefixed => {
                let too_long =
                    |_| Failure::Refused(format!("{} are too many for 4 bytes of length", units::bytes(len as u64)));
                let prefix = u32::try_from(len).map_err(too_long)?;
                self.stream.write_all(&prefix.to_le_bytes())?;
            }
            Framing::Fixed(wanted) if wanted != len => {
                let (has, wanted) = (units::bytes(len as u64), units::bytes(wanted as u64));
                return Err(Failure::Refused(format!("a message has {has}, and --fixed says {wanted}")));
            }
            Framing::Raw | Framing::Lines | Framing::Fixed(_) => {}
        }
        self.stream.write_all(&self.bytes)?;
        if self.framing == Framing::Lines {
            self.stream.write_all(b"\n")?;
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.stream.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives out one byte at a time, as a slow pipe does.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let len = bytes.len().min(1);
            self.0.read(&mut bytes[..len])
        }
    }

    fn frames(framing: Framing, len_max: usize, stream: &[u8]) -> Result<Vec<Vec<u8>>, FrameError> {
        let mut whole = FrameReader::new(stream, framing, len_max);
        let mut drip = FrameReader::new(Drip(stream), framing, len_max);
        let mut all = Vec::new();
        while let Some(frame) = whole.next()? {
            all.push(frame.to_vec());
            if framing != Framing::Raw {
                assert_eq!(drip.next()?, all.last().map(Vec::as_slice));
            }
        }
        assert!(framing == Framing::Raw || drip.next()?.is_none());
        Ok(all)
    }

    fn texts(framing: Framing, stream: &[u8]) -> Vec<String> {
        let frames = frames(framing, 100, stream).expect("the stream is well-formed");
        frames.into_iter().map(|frame| String::from_utf8(frame).expect("it is UTF-8")).collect()
    }

    #[test]
    fn lines_end_with_a_line_feed_or_with_the_stream() {
        assert_eq!(texts(Framing::Lines, b"one\n\nthree"), ["one", "", "three"]);
        assert_eq!(texts(Framing::Lines, b"one\r\n"), ["one\r"]);
        assert_eq!(texts(Framing::Lines, b"\n"), [""]);
        assert!(texts(Framing::Lines, b"").is_empty());
    }

    #[test]
    fn a_line_may_be_as_long_as_a_message_and_no_longer() {
        let line = |len: usize| [vec![b'x'; len], vec![b'\n']].concat();
        for len_max in [1, 5, READ_LEN - 1, READ_LEN, READ_LEN + 1, 3 << 20] {
            let lines = [line(len_max), line(1), line(len_max)].concat();
            let sizes: Vec<usize> =
                frames(Framing::Lines, len_max, &lines).expect("all fit").iter().map(Vec::len).collect();
            assert_eq!(sizes, [len_max, 1, len_max]);
            let too_long = frames(Framing::Lines, len_max, &[line(1), line(len_max + 1)].concat());
            assert!(matches!(too_long, Err(FrameError::TooLong(2, _))), "{len_max}: {too_long:?}");
        }
    }

    #[test]
    fn prefixed_frames_may_be_empty_and_are_whole() {
        assert_eq!(texts(Framing::LengthPrefixed, b"\x03\0\0\0one\0\0\0\0\x01\0\0\0x"), ["one", "", "x"]);
        let cut = |stream: &[u8]| frames(Framing::LengthPrefixed, 100, stream);
        assert!(matches!(cut(b"\x03\0"), Err(FrameError::Cut { has: 2, wanted: 4 })));
        assert!(matches!(cut(b"\x03\0\0\0"), Err(FrameError::Cut { has: 0, wanted: 3 })));
        assert!(matches!(cut(b"\x03\0\0\0on"), Err(FrameError::Cut { has: 2, wanted: 3 })));
        assert!(matches!(cut(b"\x65\0\0\0"), Err(FrameError::TooLong(1, Some(101)))));
        assert!(matches!(cut(b"\xff\xff\xff\xff"), Err(FrameError::TooLong(1, Some(0xffff_ffff)))));
    }

    #[test]
    fn fixed_frames_are_whole() {
        assert_eq!(texts(Framing::Fixed(2), b"abcd"), ["ab", "cd"]);
        let odd = frames(Framing::Fixed(2), 100, b"abc");
        assert!(matches!(odd, Err(FrameError::Cut { has: 1, wanted: 2 })), "{odd:?}");
        assert!(matches!(frames(Framing::Fixed(101), 100, b""), Err(FrameError::TooLong(1, Some(101)))));
    }

    #[test]
    fn where_messages_have_no_bytes_nothing_but_empty_ones_can_be_sent() {
        assert!(matches!(frames(Framing::Raw, 0, b"x"), Err(FrameError::TooLong(1, None))));
        assert!(matches!(frames(Framing::Lines, 0, b"\nx"), Err(FrameError::TooLong(2, _))));
        assert_eq!(frames(Framing::Lines, 0, b"\n\n").expect("all fit").len(), 2);
    }

    #[test]
    fn raw_pieces_are_the_stream_again() {
        let stream: Vec<u8> = (0..300_000u32).map(|index| (index * 7) as u8).collect();
        for len_max in [1000, 65_536, 1 << 20] {
            let pieces = frames(Framing::Raw, len_max, &stream).expect("anything will do");
            assert!(pieces.iter().all(|piece| piece.len() <= len_max));
            assert_eq!(pieces.concat(), stream);
        }
    }
}
