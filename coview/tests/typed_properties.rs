//! Typed regions of all sizes and contents, and headers of all kinds, made up at random.

mod common;

use common::name;
use coview::{
    ErrorKind, Latest, LatestBytes, LatestBytesPublisher, LatestPublisher, Mapping, Region, RegionOptions, Shared,
};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq, proptest};

fn fail(error: coview::Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

/// Values of `SIZE` bytes through a `Shared` and a `Latest`.
fn round_trips<const SIZE: usize>(values: &[u8], fingerprint: u64) -> Result<(), TestCaseError> {
    let options = RegionOptions::new().fingerprint(fingerprint);
    let value = |index: usize| -> [u8; SIZE] { std::array::from_fn(|at| values[(index * 31 + at) % values.len()]) };
    let name = name("size");
    let shared = Shared::create_with(&options, &name, &value(0)).map_err(fail)?;
    let other = Shared::<[u8; SIZE]>::open_with(&options, &name).map_err(fail)?;
    for index in 1..values.len() {
        prop_assert_eq!(shared.replace(&value(index)).map_err(fail)?, value(index - 1));
        prop_assert_eq!((other.get().map_err(fail)?, other.version()), (value(index), index as u64 + 1));
    }
    let region = Region::open(&name).map_err(fail)?;
    prop_assert_eq!((region.value_size(), region.value_align(), region.fingerprint()), (SIZE as u64, 1, fingerprint));
    let name = common::name("size");
    let mut publisher = LatestPublisher::<[u8; SIZE]>::create_with(&options, &name).map_err(fail)?;
    let reader = Latest::<[u8; SIZE]>::open_with(&options, &name).map_err(fail)?;
    for index in 0..values.len() {
        publisher.publish(&value(index)).map_err(fail)?;
        let reading = reader.read().map_err(fail)?;
        prop_assert_eq!(
            reading.map(|reading| (reading.value, reading.stamp.sequence)),
            Some((value(index), index as u64 + 1))
        );
    }
    Ok(())
}

/// A header whose fields are likely enough to be almost right.
fn headers() -> impl Strategy<Value = Vec<u8>> {
    let likely = |values: Vec<u64>| prop_oneof![4 => proptest::sample::select(values), 1 => any::<u64>()];
    let fields = (
        prop_oneof![9 => proptest::strategy::Just(*b"coviewTR"), 1 => any::<[u8; 8]>()],
        prop_oneof![9 => proptest::strategy::Just(1u32), 1 => any::<u32>()],
        0..5u32,
        prop_oneof![0..2000u64, any::<u64>()],
        likely(vec![1, 2, 4, 8, 16, 0]),
        any::<u64>(),
        likely(vec![2, 4]),
        prop_oneof![9 => proptest::strategy::Just(0u64), 1 => any::<u64>()],
        likely(vec![512]),
        vec(any::<u64>(), 56),
    );
    fields.prop_map(|(magic, version, kind, size, align, fingerprint, slots, stride, first, rest)| {
        // 0 stands for what follows from the size.
        let stride =
            if stride == 0 { size.saturating_add(32).checked_next_multiple_of(128).unwrap_or(0) } else { stride };
        let mut bytes = magic.to_vec();
        bytes.extend(version.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend([size, align, fingerprint, slots, stride, first].iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(rest.iter().flat_map(|word| word.to_le_bytes()));
        bytes
    })
}

/// Whatever a call says, it must be one of these.
fn is_refusal<T>(result: Result<T, coview::Error>) -> bool {
    result.map_or_else(|e| matches!(e.kind(), ErrorKind::Incompatible | ErrorKind::Damaged | ErrorKind::Busy), |_| true)
}

proptest! {
    #[test]
    fn values_of_several_sizes_come_back_as_they_were(values in vec(any::<u8>(), 1..12), fingerprint in any::<u64>()) {
        round_trips::<1>(&values, fingerprint)?;
        round_trips::<13>(&values, fingerprint)?;
        round_trips::<128>(&values, fingerprint)?;
        round_trips::<300>(&values, fingerprint)?;
        round_trips::<1500>(&values, fingerprint)?;
    }

    #[test]
    fn bytes_of_all_lengths_come_back_as_they_were(len_max in 0..3000u64, values in vec(vec(any::<u8>(), 0..3000), 1..8)) {
        let name = name("bytes");
        let mut publisher = LatestBytesPublisher::create(&name, len_max).map_err(fail)?;
        let reader = LatestBytes::open(&name).map_err(fail)?;
        prop_assert_eq!((publisher.len_max(), reader.len_max()), (len_max, len_max));
        let size = Mapping::open(&name).map_err(fail)?.size();
        prop_assert_eq!(size, LatestBytes::region_size(len_max));
        let (mut current, mut sequence) = (None, 0);
        for value in values {
            if value.len() as u64 <= len_max {
                sequence += 1;
                prop_assert_eq!(publisher.publish(&value).map_err(fail)?, sequence);
                current = Some(value);
            } else {
                prop_assert_eq!(publisher.publish(&value).map_err(|error| error.kind()), Err(ErrorKind::TooLarge));
            }
            prop_assert_eq!(reader.read().map_err(fail)?.map(|reading| reading.value), current.clone());
            let peeked = reader.peek().map(|peek| {
                let mut bytes = vec![0; peek.len()];
                peek.read(0, &mut bytes);
                (bytes, peek.finish().map(|stamp| stamp.sequence))
            });
            prop_assert_eq!(peeked, current.clone().map(|value| (value, Some(sequence))));
        }
    }

    #[test]
    fn whatever_a_header_says_reads_stay_inside_or_are_refused(header in headers(), size in 0..12_000u64) {
        let size = size.max(1);
        let mapping = Mapping::unnamed(size).map_err(fail)?;
        let view = mapping.view().map_err(fail)?;
        view.write(0, &header[..header.len().min(size as usize)]);
        let options = RegionOptions::new();
        match Region::of(&mapping) {
            Ok(Some(region)) => {
                prop_assert!(LatestBytes::region_size(region.value_size()) <= size || region.value_size() <= size);
                let mut bytes = Vec::new();
                prop_assert!(is_refusal(region.read(&mut bytes)));
                prop_assert!(bytes.len() as u64 <= region.value_size());
            }
            Ok(None) => prop_assert!(size < 512 || header[..8] != *b"coviewTR"),
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Incompatible),
        }
        if let Ok(reader) = LatestBytes::over(&mapping, &options) {
            prop_assert!(is_refusal(reader.read()));
            prop_assert!(reader.peek().is_none_or(|peek| peek.len() as u64 <= reader.len_max()));
        }
        prop_assert!(is_refusal(Latest::<u64>::over(&mapping, &options).and_then(|reader| reader.read())));
    }
}
