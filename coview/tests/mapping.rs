//! Mappings: their sizes, their memory, how long they live, and their options.

mod common;

use common::{Actor, Outcome, failure, given, hear, hear_out, name, play, say};
use coview::{Access, ErrorKind, Mapping, MappingOptions, Rights};

#[test]
fn role_reader() {
    play("role_reader", || {
        let mapping = Mapping::open(&given("NAME"))?;
        let view = mapping.read_view()?;
        say(&format!("{} {}", mapping.size(), view.len()));
        while let Some(line) = hear() {
            let offset: usize = line.parse()?;
            say(&view.get::<u8>(offset).to_string());
        }
        Ok(())
    });
}

#[test]
fn sizes_are_exact_to_the_byte_here_and_elsewhere() -> Outcome {
    for size in [1, 2, 63, 4095, 4096, 4097, 5000, 65535, 65536, 65537, (1 << 20) + 1] {
        let name = name("size");
        let mapping = Mapping::create(&name, size)?;
        assert_eq!(mapping.size(), size);
        assert_eq!(mapping.view()?.len() as u64, size);
        assert_eq!(Mapping::open(&name)?.size(), size);
        assert_eq!(Mapping::create_or_open(&name, size * 2, |_| ())?.size(), size);
        mapping.view()?.put(size as usize - 1, &0x5au8);
        let mut reader = Actor::start("role_reader", &[("NAME", &name)]);
        reader.says(&format!("{size} {size}"));
        reader.tell(&(size - 1).to_string());
        reader.says("90");
        reader.finish();
    }
    Ok(())
}

#[test]
fn two_processes_see_each_others_bytes() -> Outcome {
    let name = name("bytes");
    let view = Mapping::create(&name, 5000)?.view()?;
    let mut reader = Actor::start("role_reader", &[("NAME", &name)]);
    reader.says("5000 5000");
    for (offset, value) in [(0, 1u8), (4999, 2), (2500, 3), (0, 4)] {
        view.put(offset, &value);
        reader.tell(&offset.to_string());
        reader.says(&value.to_string());
    }
    Ok(())
}

#[test]
fn a_view_keeps_its_mapping_alive() -> Outcome {
    let name = name("view");
    let view = Mapping::create(&name, 64)?.view()?;
    view.write(0, b"kept");
    assert_eq!(&Mapping::open(&name)?.read_view()?.get::<[u8; 4]>(0), b"kept");
    let reader = Mapping::open(&name)?.read_view()?;
    drop(view);
    let copy = Mapping::open(&name)?.copy_view()?;
    drop(reader);
    assert_eq!(&Mapping::open(&name)?.read_view()?.get::<[u8; 4]>(0), b"kept");
    drop(copy);
    assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
    Ok(())
}

#[test]
fn the_memory_keeps_what_a_dead_process_wrote_while_another_lives() -> Outcome {
    let name = name("survivor");
    let mut writer = Actor::start("role_writer", &[("NAME", &name)]);
    writer.says("written");
    let view = Mapping::open(&name)?.view()?;
    writer.kill();
    assert_eq!(view.get::<u64>(8), 0x1122_3344_5566_7788);
    assert_eq!(Mapping::open(&name)?.read_view()?.get::<u64>(8), 0x1122_3344_5566_7788);
    Ok(())
}

#[test]
fn role_writer() {
    play("role_writer", || {
        let view = Mapping::create(&given("NAME"), 64)?.view()?;
        view.put(8, &0x1122_3344_5566_7788u64);
        say("written");
        hear_out();
        Ok(())
    });
}

#[test]
fn sizes_that_no_machine_has_are_refused() {
    for size in [u64::MAX, 1 << 63, i64::MAX as u64, 1 << 56] {
        let kind = failure(Mapping::create(&name("huge"), size));
        assert!(matches!(kind, ErrorKind::TooLarge | ErrorKind::NoSpace), "{size} bytes: {kind:?}");
        let kind = failure(Mapping::unnamed(size));
        assert!(matches!(kind, ErrorKind::TooLarge | ErrorKind::NoSpace), "{size} bytes unnamed: {kind:?}");
    }
    assert_eq!(failure(Mapping::create(&name("huge"), u64::MAX)), ErrorKind::TooLarge);
    assert_eq!(failure(Mapping::create(&name("nothing"), 0)), ErrorKind::InvalidInput);
    assert_eq!(failure(Mapping::unnamed(0)), ErrorKind::InvalidInput);
}

#[test]
fn a_size_that_was_refused_leaves_the_name_free() -> Outcome {
    let name = name("refused");
    assert!(Mapping::create(&name, 1 << 56).is_err());
    assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
    assert!(Mapping::create_or_open(&name, 1 << 56, |_| panic!("there is no memory to initialise")).is_err());
    assert_eq!(failure(Mapping::open(&name)), ErrorKind::NotFound);
    assert_eq!(Mapping::create(&name, 16)?.size(), 16);
    Ok(())
}

#[test]
fn a_handle_that_was_opened_read_only_gives_no_writable_view() -> Outcome {
    let name = name("read.only");
    let writer = Mapping::create(&name, 64)?;
    writer.view()?.put(0, &7u8);
    let options = MappingOptions::new().access(Access::ReadOnly);
    for reader in [options.open(&name)?, options.create_or_open(&name, 64, |_| panic!("it exists"))?] {
        assert_eq!(failure(reader.view()), ErrorKind::AccessDenied);
        assert_eq!(failure(reader.view_range(..8)), ErrorKind::AccessDenied);
        assert_eq!(reader.read_view()?.get::<u8>(0), 7);
        let copy = reader.copy_view()?;
        copy.put(0, &8u8);
        assert_eq!((copy.get::<u8>(0), reader.read_view()?.get::<u8>(0)), (8, 7));
    }
    Ok(())
}

#[test]
fn a_creator_can_write_whatever_access_it_asked_for() -> Outcome {
    let options = MappingOptions::new().access(Access::ReadOnly);
    options.create(&name("creator"), 64)?.view()?.put(0, &1u8);
    let made = options.create_or_open(&name("creator"), 64, |view| view.put(0, &1u8))?;
    made.view()?.put(1, &2u8);
    assert_eq!(made.read_view()?.get::<[u8; 2]>(0), [1, 2]);
    Ok(())
}

#[test]
fn a_mapping_knows_its_name_and_whether_it_was_created() -> Outcome {
    let name = name("known");
    let mapping = Mapping::create(&name, 64)?;
    assert_eq!((mapping.name(), mapping.was_created()), (Some(&*name), true));
    let mapping = Mapping::open(&format!(r"Local\{name}"))?;
    assert_eq!((mapping.name(), mapping.was_created()), (Some(&*format!(r"Local\{name}")), false));
    assert_eq!(Mapping::unnamed(64)?.name(), None);
    Ok(())
}

#[test]
fn unnamed_mappings_are_each_their_own() -> Outcome {
    let (one, other) = (Mapping::unnamed(5000)?, Mapping::unnamed(5000)?);
    one.view()?.fill(.., 0xff);
    assert!(other.read_view()?.read_vec(0, 5000).iter().all(|&byte| byte == 0));
    assert_eq!(one.size(), 5000);
    assert_eq!(failure(one.unlink()), ErrorKind::InvalidInput);
    Ok(())
}

#[test]
fn a_sparse_mapping_can_be_large() -> Outcome {
    let size = 1 << 30;
    let mapping = MappingOptions::new().reserve(false).create(&name("sparse"), size)?;
    let last = mapping.view_range(size - 8..)?;
    last.put(0, &9u64);
    assert_eq!(mapping.read_view()?.get::<u64>(size as usize - 8), 9);
    Ok(())
}

#[test]
fn huge_pages_and_prefaulting_change_nothing_but_speed() -> Outcome {
    for options in [
        MappingOptions::new().huge_pages(true),
        MappingOptions::new().prefault(true),
        MappingOptions::new().huge_pages(true).prefault(true),
    ] {
        for size in [5000, 4 << 20] {
            let name = name("pages");
            let mapping = options.create(&name, size)?;
            assert_eq!(mapping.size(), size);
            mapping.view()?.put(size as usize - 1, &3u8);
            assert_eq!(options.open(&name)?.read_view()?.get::<u8>(size as usize - 1), 3);
            assert_eq!(options.open(&name)?.view_range(4090..)?.get::<u8>(size as usize - 4091), 3);
        }
    }
    Ok(())
}

#[test]
fn every_preset_of_rights_works_for_the_creator() -> Outcome {
    for rights in [Rights::Private, Rights::Group, Rights::EveryoneReadOnly, Rights::Everyone] {
        for prefix in ["", r"Global\"] {
            let name = format!("{prefix}{}", name("rights"));
            let mapping = MappingOptions::new().rights(rights).create(&name, 64)?;
            mapping.view()?.put(0, &1u8);
            Mapping::open(&name)?.view()?.put(1, &2u8);
            assert_eq!(mapping.read_view()?.get::<[u8; 2]>(0), [1, 2]);
        }
    }
    Ok(())
}

#[test]
fn many_mappings_live_side_by_side() -> Outcome {
    let names: Vec<String> = (0..300).map(|_| name("many")).collect();
    let made = names.iter().map(|name| Mapping::create(name, 64)).collect::<coview::Result<Vec<_>>>()?;
    for (index, mapping) in made.iter().enumerate() {
        mapping.view()?.put(0, &(index as u64));
    }
    for (index, name) in names.iter().enumerate() {
        assert_eq!(Mapping::open(name)?.read_view()?.get::<u64>(0), index as u64);
    }
    Ok(())
}

#[test]
fn threads_share_a_mapping_and_its_view() -> Outcome {
    let view = Mapping::create(&name("threads"), 64)?.view()?;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1000 {
                    view.atomic_u64(0).fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(view.get::<u64>(0), 4000);
    Ok(())
}
