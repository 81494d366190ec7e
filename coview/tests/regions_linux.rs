//! Regions in files with holes, which can be longer than all memory.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::sync::atomic::Ordering;

use common::{Outcome, failure, name};
use coview::{ErrorKind, LatestBytes, LatestBytesPublisher, Mapping, RegionOptions};

#[test]
fn a_length_that_there_is_no_memory_for_is_an_error() -> Outcome {
    const LEN_MAX: u64 = 1 << 40;
    // Some systems promise more memory than they have, and then this cannot be tried.
    if Vec::<u8>::new().try_reserve(LEN_MAX as usize).is_ok() {
        return Ok(());
    }
    let path = std::env::temp_dir().join(name("holes"));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    file.set_len(LatestBytes::region_size(LEN_MAX))?;
    let mapping = Mapping::from_file(&file, None)?;
    let mut publisher = LatestBytesPublisher::over(&mapping, LEN_MAX, &RegionOptions::new())?;
    publisher.publish(b"Update")?;
    let reader = LatestBytes::over(&mapping, &RegionOptions::new())?;
    assert_eq!(reader.read()?.map(|reading| reading.value), Some(b"Update".to_vec()));

    // The length of value 1, far away in the second slot.
    let slot = (LatestBytes::region_size(LEN_MAX) - 512) / 4 + 512;
    mapping.view_range(slot..slot + 32)?.atomic_u64(16).store(u64::MAX, Ordering::Relaxed);
    assert_eq!(failure(reader.read()), ErrorKind::TooLarge);
    assert_eq!(reader.peek().map(|peek| peek.len() as u64), Some(LEN_MAX));
    Ok(())
}
