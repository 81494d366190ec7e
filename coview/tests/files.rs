//! Mappings of files: sizes, sharing with other processes and with reads and writes, flushing.

mod common;

use std::fs::{self, File};
use std::path::PathBuf;

use common::{Actor, Outcome, failure, given, hear, hear_out, name, play, say};
use coview::{Access, ErrorKind, Mapping, MappingOptions};

/// A file that is removed when this is dropped.
struct Scratch {
    path: PathBuf,
    file: File,
}

impl Scratch {
    fn new(contents: &[u8]) -> std::io::Result<Scratch> {
        let path = std::env::temp_dir().join(name("file"));
        fs::write(&path, contents)?;
        let file = File::options().read(true).write(true).open(&path)?;
        Ok(Scratch { path, file })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[test]
fn a_mapping_of_a_file_is_as_long_as_the_file_and_shows_its_bytes() -> Outcome {
    for len in [1, 5000, 65_536, 200_001] {
        let contents: Vec<u8> = (0..len).map(|index: usize| (index * 7 % 251) as u8).collect();
        let scratch = Scratch::new(&contents)?;
        let mapping = Mapping::from_file(&scratch.file, None)?;
        assert_eq!((mapping.size(), mapping.name(), mapping.was_created()), (len as u64, None, false));
        assert!(mapping.read_view()?.read_vec(0, len) == contents);
        assert_eq!(failure(mapping.view_range(..=len as u64)), ErrorKind::InvalidInput);
        assert_eq!(fs::metadata(&scratch.path)?.len(), len as u64);
    }
    Ok(())
}

#[test]
fn what_is_written_is_in_the_file_after_a_flush() -> Outcome {
    let scratch = Scratch::new(&[b'.'; 100_000])?;
    let mapping = Mapping::from_file(&scratch.file, None)?;
    let view = mapping.view()?;
    view.write(99_990, b"the end");
    view.flush()?;
    let part = mapping.view_range(70_001..)?;
    part.write(0, b"a part");
    part.flush_range(..6)?;
    drop((view, part, mapping));
    let contents = fs::read(&scratch.path)?;
    assert_eq!((&contents[99_990..99_997], &contents[70_001..70_007]), (&b"the end"[..], &b"a part"[..]));
    assert_eq!(contents.len(), 100_000);
    Ok(())
}

#[test]
fn a_larger_size_extends_the_file_to_the_byte() -> Outcome {
    let scratch = Scratch::new(b"start")?;
    let mapping = Mapping::from_file(&scratch.file, Some(70_001))?;
    assert_eq!(mapping.size(), 70_001);
    assert_eq!(fs::metadata(&scratch.path)?.len(), 70_001);
    let view = mapping.view()?;
    assert_eq!(&view.get::<[u8; 6]>(0), b"start\0");
    assert!(view.read_vec(5, 69_996).iter().all(|&byte| byte == 0));
    view.put(70_000, &9u8);
    view.flush()?;
    drop((view, mapping));
    assert_eq!(fs::read(&scratch.path)?.last(), Some(&9));
    Ok(())
}

#[test]
fn a_smaller_size_shows_the_beginning_and_leaves_the_file() -> Outcome {
    let scratch = Scratch::new(&[7; 5000])?;
    let mapping = Mapping::from_file(&scratch.file, Some(100))?;
    assert_eq!((mapping.size(), mapping.view()?.len()), (100, 100));
    assert_eq!(failure(mapping.view_range(..101)), ErrorKind::InvalidInput);
    drop(mapping);
    assert_eq!(fs::metadata(&scratch.path)?.len(), 5000);
    Ok(())
}

#[test]
fn an_empty_file_needs_a_size() -> Outcome {
    let scratch = Scratch::new(b"")?;
    assert_eq!(failure(Mapping::from_file(&scratch.file, None)), ErrorKind::InvalidInput);
    assert_eq!(failure(Mapping::from_file(&scratch.file, Some(0))), ErrorKind::InvalidInput);
    assert_eq!(fs::metadata(&scratch.path)?.len(), 0);
    assert_eq!(Mapping::from_file(&scratch.file, Some(10))?.size(), 10);
    Ok(())
}

#[test]
fn a_file_that_is_open_for_reading_can_be_mapped_for_reading() -> Outcome {
    let scratch = Scratch::new(b"readable")?;
    let file = File::open(&scratch.path)?;
    assert_eq!(failure(Mapping::from_file(&file, None)), ErrorKind::AccessDenied);
    let options = MappingOptions::new().access(Access::ReadOnly);
    let mapping = options.from_file(&file, None)?;
    assert_eq!(&mapping.read_view()?.get::<[u8; 8]>(0), b"readable");
    assert_eq!(failure(mapping.view()), ErrorKind::AccessDenied);
    let copy = mapping.copy_view()?;
    copy.write(0, b"written.");
    drop(copy);
    assert_eq!(failure(options.from_file(&file, Some(100))), ErrorKind::InvalidInput);
    assert_eq!(fs::read(&scratch.path)?, b"readable");
    Ok(())
}

#[test]
fn a_file_that_is_open_for_writing_alone_cannot_be_mapped() -> Outcome {
    let scratch = Scratch::new(b"writable")?;
    let file = File::options().write(true).open(&scratch.path)?;
    assert_eq!(failure(Mapping::from_file(&file, None)), ErrorKind::AccessDenied);
    let options = MappingOptions::new().access(Access::ReadOnly);
    assert_eq!(failure(options.from_file(&file, None)), ErrorKind::AccessDenied);
    Ok(())
}

#[test]
fn a_private_copy_never_reaches_the_file() -> Outcome {
    let scratch = Scratch::new(&[b'.'; 5000])?;
    let mapping = Mapping::from_file(&scratch.file, None)?;
    let copy = mapping.copy_view()?;
    copy.fill(.., b'x');
    copy.flush()?;
    drop(copy);
    assert!(mapping.read_view()?.read_vec(0, 5000).iter().all(|&byte| byte == b'.'));
    drop(mapping);
    assert_eq!(fs::read(&scratch.path)?, [b'.'; 5000]);
    Ok(())
}

#[test]
fn a_mapping_outlives_its_file_handle_and_is_not_handed_over() -> Outcome {
    let Scratch { path, file } = &Scratch::new(b"kept open")?;
    let other = File::options().read(true).write(true).open(path)?;
    let mapping = Mapping::from_file(&other, None)?;
    drop(other);
    assert_eq!(&mapping.read_view()?.get::<[u8; 9]>(0), b"kept open");
    assert_eq!(failure(mapping.pass(&mut Actor::command("role_sharer", &[]))), ErrorKind::InvalidInput);
    assert_eq!(failure(mapping.unlink()), ErrorKind::InvalidInput);
    drop(mapping);
    assert_eq!(file.metadata()?.len(), 9);
    Ok(())
}

#[test]
fn role_sharer() {
    play("role_sharer", || {
        let file = File::options().read(true).write(true).open(given("PATH"))?;
        let view = Mapping::from_file(&file, None)?.view()?;
        say(&format!("{} {}", view.len(), view.get::<u32>(0)));
        view.put(4, &22u32);
        say("written");
        while let Some(line) = hear() {
            say(&view.get::<u32>(line.parse()?).to_string());
        }
        hear_out();
        Ok(())
    });
}

#[test]
fn processes_that_map_one_file_share_its_bytes() -> Outcome {
    let scratch = Scratch::new(&[0; 5000])?;
    let view = Mapping::from_file(&scratch.file, None)?.view()?;
    view.put(0, &11u32);
    let mut sharer = Actor::start("role_sharer", &[("PATH", scratch.path.to_str().ok_or("an odd path")?)]);
    sharer.says("5000 11");
    sharer.says("written");
    assert_eq!(view.get::<u32>(4), 22);
    view.put(8, &33u32);
    sharer.tell("8");
    sharer.says("33");
    sharer.kill();
    assert_eq!(view.get::<u32>(4), 22);
    Ok(())
}

#[test]
fn files_too_large_for_any_disk_are_refused() -> Outcome {
    let scratch = Scratch::new(b"small")?;
    let kind = failure(Mapping::from_file(&scratch.file, Some(1 << 62)));
    assert!(matches!(kind, ErrorKind::TooLarge | ErrorKind::NoSpace), "{kind:?}");
    assert_eq!(failure(Mapping::from_file(&scratch.file, Some(u64::MAX))), ErrorKind::TooLarge);
    assert_eq!(fs::read(&scratch.path)?, b"small", "the file is as it was");
    Ok(())
}
