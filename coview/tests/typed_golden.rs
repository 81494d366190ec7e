//! The bytes of typed regions, pinned: the files in `golden` were written once, and must be written and read for ever.
//!
//! `COVIEW_WRITE_GOLDEN=1` writes them anew; that is right only together with a new version number of the layout.

mod common;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use bytemuck::{Pod, Zeroable};
use common::{Outcome, name};
use coview::{
    Latest, LatestBytes, LatestBytesPublisher, LatestPublisher, Mapping, PublisherState, Region, RegionKind,
    RegionOptions, Shared,
};

/// Where the times of four slots for 24 bytes, and for 100 bytes, stand.
const HEADER_LEN: usize = 512;
const SLOT_TIME: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Pose {
    id: u32,
    flags: u32,
    position: [f32; 4],
}

const FIRST: Pose = Pose { id: 1, flags: 0x0102_0304, position: [1.0, -2.5, 0.0, 1e9] };
const SECOND: Pose = Pose { id: 2, flags: 0xf0f1_f2f3, position: [-1.0, 2.5, 7.0, 1e-9] };

fn options() -> RegionOptions {
    RegionOptions::new().fingerprint(coview::fingerprint("pose v1: u32 id; u32 flags; f32[4] position"))
}

fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file)
}

/// Compares bytes with those of a file, or writes it.
fn compare(file: &str, bytes: &[u8]) -> Outcome {
    if env::var_os("COVIEW_WRITE_GOLDEN").is_some() {
        fs::write(golden(file), bytes)?;
    }
    let expected = fs::read(golden(file))?;
    assert_eq!(bytes.len(), expected.len(), "{file}");
    let different: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] != expected[at]).collect();
    assert!(different.is_empty(), "{file} differs at {different:?}");
    Ok(())
}

/// Zeroes the times of four slots, which nothing can fix.
fn without_times(bytes: &mut [u8], stride: usize) {
    for slot in 0..4 {
        let time = HEADER_LEN + slot * stride + SLOT_TIME;
        bytes[time..time + 8].fill(0);
    }
}

/// A file that is removed when this is dropped.
struct Scratch {
    path: PathBuf,
    file: File,
}

impl Scratch {
    fn new(contents: &[u8]) -> std::io::Result<Scratch> {
        let path = env::temp_dir().join(name("golden"));
        fs::write(&path, contents)?;
        let file = File::options().read(true).write(true).open(&path)?;
        Ok(Scratch { path, file })
    }

    /// What the file holds, on the disk.
    fn contents(&self, mapping: &Mapping) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        mapping.view()?.flush()?;
        Ok(fs::read(&self.path)?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn bytes_under(name: &str) -> Result<Vec<u8>, coview::Error> {
    let mapping = Mapping::open(name)?;
    Ok(mapping.read_view()?.read_vec(0, mapping.size() as usize))
}

#[test]
fn a_shared_is_written_as_it_always_was() -> Outcome {
    let name = name("shared");
    let shared = Shared::create_with(&options(), &name, &FIRST)?;
    compare("shared-new.bin", &bytes_under(&name)?)?;
    let mut edit = shared.edit()?;
    edit.put(4, &SECOND.flags);
    edit.put(8, &SECOND.position);
    edit.put(0, &SECOND.id);
    edit.commit()?;
    compare("shared-edited.bin", &bytes_under(&name)?)?;
    assert_eq!(shared.get()?, SECOND);
    shared.set(&FIRST)?;
    compare("shared-set.bin", &bytes_under(&name)?)
}

#[test]
fn a_shared_is_read_as_it_always_was() -> Outcome {
    for (file, value, version) in
        [("shared-new.bin", FIRST, 1), ("shared-edited.bin", SECOND, 2), ("shared-set.bin", FIRST, 3)]
    {
        let (name, bytes) = (name("read"), fs::read(golden(file))?);
        let _mapping = Mapping::create_or_open(&name, bytes.len() as u64, |view| view.write(0, &bytes))?;
        let shared = Shared::<Pose>::open_with(&options(), &name)?;
        assert_eq!((shared.get()?, shared.version(), shared.deaths()), (value, version, 0), "{file}");
        // What was noted of the last edit is good for the next one.
        let mut edit = shared.edit()?;
        assert_eq!(edit.get::<Pose>(0), value, "{file}");
        edit.put(0, &9u32);
        assert_eq!(edit.commit()?, version + 1);
        assert_eq!(shared.get()?, Pose { id: 9, ..value }, "{file}");
    }
    Ok(())
}

#[test]
fn a_latest_is_written_as_it_always_was() -> Outcome {
    let scratch = Scratch::new(&[])?;
    let mapping = Mapping::from_file(&scratch.file, Some(Latest::<Pose>::REGION_SIZE))?;
    let mut publisher = LatestPublisher::<Pose>::over(&mapping, &options())?;
    publisher.publish(&FIRST)?;
    publisher.publish(&SECOND)?;
    drop(publisher);
    let mut publisher = LatestPublisher::<Pose>::over(&mapping, &options())?;
    for index in 3..=6 {
        publisher.publish(&Pose { id: index, ..FIRST })?;
    }
    let mut bytes = scratch.contents(&mapping)?;
    without_times(&mut bytes, 128);
    compare("latest.bin", &bytes)
}

#[test]
fn a_latest_is_read_as_it_always_was() -> Outcome {
    let scratch = Scratch::new(&fs::read(golden("latest.bin"))?)?;
    let mapping = Mapping::from_file(&scratch.file, None)?;
    let reader = Latest::<Pose>::over(&mapping, &options())?;
    let reading = reader.read()?.ok_or("a value was published")?;
    assert_eq!(reading.value, Pose { id: 6, ..FIRST });
    assert_eq!((reading.stamp.sequence, reading.stamp.generation, reading.stamp.time_ns), (6, 2, 0));
    assert_eq!(reader.publisher()?, PublisherState::Died, "its end was never noted");
    let region = Region::of(&mapping)?.ok_or("there is a region")?;
    assert_eq!((region.kind(), region.value_size(), region.value_align()), (RegionKind::Latest, 24, 4));
    let mut publisher = LatestPublisher::<Pose>::over(&mapping, &options())?;
    assert_eq!((publisher.generation(), publisher.publish(&SECOND)?), (3, 7));
    assert_eq!(reader.read()?.map(|reading| reading.value), Some(SECOND));
    Ok(())
}

#[test]
fn a_latest_of_bytes_is_written_as_it_always_was() -> Outcome {
    let scratch = Scratch::new(&[])?;
    let mapping = Mapping::from_file(&scratch.file, Some(LatestBytes::region_size(100)))?;
    let mut publisher = LatestBytesPublisher::over(&mapping, 100, &RegionOptions::new())?;
    for value in [&b"Update"[..], b"", &[0xa5; 100]] {
        publisher.publish(value)?;
    }
    drop(publisher);
    let mut bytes = scratch.contents(&mapping)?;
    without_times(&mut bytes, 256);
    compare("latest-bytes.bin", &bytes)
}

#[test]
fn a_latest_of_bytes_is_read_as_it_always_was() -> Outcome {
    let scratch = Scratch::new(&fs::read(golden("latest-bytes.bin"))?)?;
    let mapping = Mapping::from_file(&scratch.file, None)?;
    let reader = LatestBytes::over(&mapping, &RegionOptions::new())?;
    let reading = reader.read()?.ok_or("a value was published")?;
    assert_eq!((reading.value, reading.stamp.sequence, reading.stamp.generation), (vec![0xa5; 100], 3, 1));
    assert_eq!((reader.len_max(), reader.publisher()?), (100, PublisherState::Ended));
    let mut publisher = LatestBytesPublisher::over(&mapping, 100, &RegionOptions::new())?;
    assert_eq!((publisher.generation(), publisher.publish(b"more")?), (2, 4));
    assert_eq!(reader.read()?.map(|reading| reading.value), Some(b"more".to_vec()));
    Ok(())
}
