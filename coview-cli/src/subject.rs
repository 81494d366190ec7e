//! What is looked at: the bytes of a plain mapping, or the value of a typed region.

use std::ops::Range;
use std::time::Duration;

use coview::{Access, ErrorKind, Mapping, MappingOptions, PublisherState, Region, RegionKind, Stamp};

use crate::failure::Failure;
use crate::units;

/// What is looked at. It lives at least as long as this does.
pub(crate) enum Subject {
    Plain(Mapping),
    Typed(Box<Region>),
}

/// What was seen at one look.
#[derive(Default)]
pub(crate) struct Look {
    pub(crate) bytes: Vec<u8>,
    /// What goes with the value of a typed region.
    pub(crate) stamp: Option<Stamp>,
}

impl Subject {
    /// Opens a mapping for reading, and sees whether it holds a typed region.
    pub(crate) fn open(name: &str, wait: Option<Duration>) -> coview::Result<Subject> {
        let options = MappingOptions::new().access(Access::ReadOnly);
        Subject::of(wait.iter().fold(options, |options, &wait| options.open_timeout(wait)).open(name)?)
    }

    /// The same, but so that whoever changes a typed region wakes this process. Who may not have that looks again and
    /// again.
    pub(crate) fn open_awake(name: &str, wait: Option<Duration>) -> coview::Result<Subject> {
        let options = wait.iter().fold(MappingOptions::new(), |options, &wait| options.open_timeout(wait));
        match options.open(name) {
            Err(error) if error.kind() == ErrorKind::AccessDenied => Subject::open(name, wait),
            opened => Subject::of(opened?),
        }
    }

    fn of(mapping: Mapping) -> coview::Result<Subject> {
        Ok(match Region::of(&mapping)? {
            Some(region) => Subject::Typed(Box::new(region)),
            None => Subject::Plain(mapping),
        })
    }

    pub(crate) fn kind(&self) -> String {
        match self {
            Subject::Plain(_) => "mapping".into(),
            Subject::Typed(region) => region.kind().to_string(),
        }
    }

    /// The size of the mapping, or of a value.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Subject::Plain(mapping) => mapping.size(),
            Subject::Typed(region) => region.value_size(),
        }
    }

    /// Where something of `size` bytes stands. A region's value has to be of that size, unless an offset says that a part
    /// of it is meant.
    pub(crate) fn range_of(&self, size: u64, offset: Option<u64>) -> Result<Range<u64>, Failure> {
        let (wanted, all) = (units::bytes(size), self.size());
        let must_be_whole = matches!(self, Subject::Typed(region) if region.kind() != RegionKind::LatestBytes);
        if must_be_whole && offset.is_none() && size != all {
            let (kind, all) = (self.kind(), units::bytes(all));
            let reason = format!("the type has {wanted}, and a value of this {kind} has {all}");
            return Err(Failure::Refused(format!("{reason}; with --offset the type may be that of a part")));
        }
        let offset = offset.unwrap_or(0);
        match offset.checked_add(size) {
            Some(end) if end <= all => Ok(offset..end),
            _ => {
                let room = units::bytes(all.saturating_sub(offset));
                Err(Failure::Refused(format!("the type has {wanted}, and there are {room} from offset {offset} on")))
            }
        }
    }

    /// Looks at a part of the mapping, or of the current value; `None` before the first value.
    ///
    /// A value is whole, whoever writes meanwhile; of a [`LatestBytes`](coview::LatestBytes) it may end before the range
    /// does. The bytes of a plain mapping may change while they are copied.
    pub(crate) fn look(&self, range: &Range<u64>, look: &mut Look) -> coview::Result<Option<()>> {
        match self {
            Subject::Plain(mapping) => {
                let view = mapping.read_view_range(range.clone())?;
                look.bytes.resize(view.len(), 0);
                view.read(0, &mut look.bytes);
                look.stamp = None;
            }
            Subject::Typed(region) => {
                look.stamp = region.read(&mut look.bytes)?;
                if look.stamp.is_none() {
                    return Ok(None);
                }
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(look.bytes.len());
                let (start, end) = (place(range.start), place(range.end));
                look.bytes.truncate(end);
                look.bytes.drain(..start);
            }
        }
        Ok(Some(()))
    }

    /// The number of the current value of a region.
    pub(crate) fn sequence(&self) -> Option<u64> {
        match self {
            Subject::Plain(_) => None,
            Subject::Typed(region) => Some(region.sequence()),
        }
    }

    /// Sleeps until a region has another value than the one of this number, for at most so long. A plain mapping tells
    /// nobody that it changes, so nobody can wait for it.
    pub(crate) fn sleep(&self, since: u64, timeout: Duration) -> coview::Result<()> {
        if let Subject::Typed(region) = self {
            region.wait_changed_timeout(since, timeout)?;
        }
        Ok(())
    }

    /// What has become of the publisher, where there is one at a time.
    pub(crate) fn publisher(&self) -> coview::Result<Option<PublisherState>> {
        match self {
            Subject::Typed(region) if region.kind() != RegionKind::Shared => region.publisher().map(Some),
            _ => Ok(None),
        }
    }
}
