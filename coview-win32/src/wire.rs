//! The bytes of what one process tells another: numbers in little-endian order, texts with their length in front.
//!
//! Whoever reads believes nothing: what is cut off or too long is no record.

/// Puts a message together.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn number(&mut self, number: u32) -> &mut Writer {
        self.bytes.extend(number.to_le_bytes());
        self
    }

    pub(crate) fn long(&mut self, number: u64) -> &mut Writer {
        self.bytes.extend(number.to_le_bytes());
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Writer {
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.bytes.extend(bytes);
        self
    }

    pub(crate) fn text(&mut self, units: &[u16]) -> &mut Writer {
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        self.bytes(&bytes)
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes a message apart.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub(crate) fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub(crate) fn long(&mut self) -> Option<u64> {
        let (number, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(u64::from_le_bytes(*number))
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(crate) fn text(&mut self) -> Option<Vec<u16>> {
        let (pairs, rest) = self.bytes()?.as_chunks();
        rest.is_empty().then(|| pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_more() {
        let mut writer = Writer::default();
        writer.number(7).long(1 << 40).bytes(b"abc").text(&[0x20AC, 0xD800]).text(&[]);
        let bytes = writer.finish();
        let read = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes);
            Some((reader.number()?, reader.long()?, reader.bytes()?.to_vec(), reader.text()?, reader.text()?))
        };
        assert_eq!(read(&bytes), Some((7, 1 << 40, b"abc".to_vec(), vec![0x20AC, 0xD800], vec![])));
        for len in 0..bytes.len() {
            assert_eq!(read(&bytes[..len]), None);
        }
    }

    #[test]
    fn lengths_are_not_believed() {
        assert_eq!(Reader::new(&[0xFF; 8]).bytes(), None);
        assert_eq!(Reader::new(&[3, 0, 0, 0, 1, 2, 3]).text(), None);
    }
}
