//! Names of every shape: which are taken, which are refused, and which are the same.

mod common;

use common::{Actor, KINDS, Outcome, Thing, failure, given, gone, hear, name, play, say};
use coview::{ErrorKind, Kind, Mapping, Mutex, Namespace};

/// The longest name, in UTF-16 code units: PLATFORM.md says why it differs.
fn name_len_max() -> usize {
    if std::env::consts::OS == "windows" { 32_000 } else { 32_766 }
}

/// A name of exactly `len` characters that ends in `last`.
fn long(len: usize, last: &str) -> String {
    let mut text = name("long");
    while text.chars().count() + last.chars().count() < len {
        text.push('n');
    }
    text + last
}

/// Names that are legal, however odd they look.
fn odd_names() -> Vec<String> {
    let shapes = [
        "{}.",
        ".{}",
        "..{}",
        "{}..",
        "{}/b",
        "./{}",
        "../{}",
        "../../{}/x",
        "{}/",
        "{}//x",
        "a/../{}",
        "{}:x*y?z\"<>|",
        "{} with blanks ",
        " {}",
        "{}\nline",
        "{}\r\n",
        "{}\t\u{1}\u{7f}",
        "{}%41",
        "%{}",
        "%2e%2e%2f{}",
        "{}%",
        "-{}",
        "--{}",
        "-rf {}",
        "~{}",
        "${}",
        "{}#=@!",
        "{}'\"`",
        "na\u{ef}ve {}",
        "nai\u{308}ve {}",
        "\u{1F980}{}",
        "\u{65e5}\u{672c}\u{8a9e}{}",
        "\u{202e}{}",
        "{}\u{fffd}",
        "local.{}",
        "Localx{}",
        "global/{}",
        "{}.tmp",
        ".lock{}",
        "{}.mapping",
        "{}.mutex",
        "mutex.{}",
        "@{}",
        "{}@",
        "{}+{}",
        "{},",
        "{}~1",
        "CON.{}",
        "{}\u{e000}",
    ];
    shapes.iter().map(|shape| shape.replace("{}", &name("odd"))).collect()
}

#[test]
fn odd_names_are_each_their_own() -> Outcome {
    let names = odd_names();
    let mut made = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let mapping = Mapping::create(name, 64).map_err(|error| format!("{name:?}: {error}"))?;
        mapping.view()?.put(0, &(index as u64));
        made.push(mapping);
    }
    for (index, name) in names.iter().enumerate() {
        let found = Mapping::open(name).map_err(|error| format!("{name:?}: {error}"))?;
        assert_eq!(found.read_view()?.get::<u64>(0), index as u64, "{name:?}");
        assert_eq!(coview::stat(name)?.name, *name);
    }
    drop(made);
    for name in &names {
        assert_eq!(failure(Mapping::open(name)), ErrorKind::NotFound, "{name:?}");
    }
    Ok(())
}

#[test]
fn odd_names_are_listed_as_they_are() -> Outcome {
    let names = odd_names();
    let _made = names.iter().map(|name| Mutex::create(name)).collect::<coview::Result<Vec<_>>>()?;
    for name in &names {
        // Windows misses now and then what moves while it reads the directory.
        let list = || coview::list(Namespace::Local).ok()?.into_iter().find(|object| object.name == *name);
        let object = (0..5).find_map(|_| list()).ok_or(format!("{name:?} is not listed"))?;
        assert!(object.complete_name && object.kind == Kind::Mutex);
    }
    Ok(())
}

#[test]
fn role_opener() {
    play("role_opener", || {
        say("ready");
        while let Some(len) = hear() {
            let kind = match Mapping::open(&given(&format!("NAME{len}"))) {
                Ok(mapping) => mapping.read_view()?.get::<u64>(0).to_string(),
                Err(error) => format!("{:?}", error.kind()),
            };
            say(&kind);
        }
        Ok(())
    });
}

#[test]
fn long_names_are_the_same_in_every_process() -> Outcome {
    let names = [1, 2, 3, 4].map(|index| long([200, 259, 260, 5000][index - 1], "z"));
    let given = [("NAME0", &*names[0]), ("NAME1", &names[1]), ("NAME2", &names[2]), ("NAME3", &names[3])];
    let mut opener = Actor::start("role_opener", &given);
    opener.says("ready");
    for (index, name) in names.iter().enumerate() {
        let mapping = Mapping::create(name, 64).map_err(|error| format!("{} characters: {error}", name.len()))?;
        mapping.view()?.put(0, &(index as u64));
        opener.tell(&index.to_string());
        opener.says(&index.to_string());
        drop(mapping);
        opener.tell(&index.to_string());
        opener.says("NotFound");
    }
    Ok(())
}

#[test]
fn every_length_up_to_the_limit_is_a_name() -> Outcome {
    let most = name_len_max();
    for len in [100, 128, 200, 240, 250, 251, 252, 253, 254, 255, 256, 257, 258, 259, 260, 261, 512, 4096, 5000, most] {
        let name = long(len, "z");
        assert_eq!(name.chars().count(), len);
        for kind in KINDS {
            let made = Thing::create(kind, &name).map_err(|error| format!("a {kind}, {len} characters: {error}"))?;
            assert_eq!(failure(Thing::create(kind, &name)), ErrorKind::AlreadyExists);
            assert!(!Thing::open(kind, &name)?.was_created());
            drop(made);
            gone(&name);
            assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::NotFound);
        }
    }
    for len in [most + 1, 32_768, 100_000] {
        assert_eq!(failure(Mapping::create(&long(len, "z"), 64)), ErrorKind::InvalidName, "{len} characters");
        assert_eq!(failure(Mutex::open(&long(len, "z"))), ErrorKind::InvalidName, "{len} characters");
    }
    Ok(())
}

#[test]
fn long_names_that_differ_in_their_last_character_are_different() -> Outcome {
    for len in [255, 256, 260, 5000, name_len_max()] {
        let stem = long(len - 1, "");
        let (one, other) = (format!("{stem}a"), format!("{stem}b"));
        let _held = Mapping::create(&one, 64)?;
        assert_eq!(failure(Mapping::open(&other)), ErrorKind::NotFound, "{len} characters");
        assert_eq!(failure(Mapping::open(&stem)), ErrorKind::NotFound, "{len} characters");
        let _other = Mapping::create(&other, 128)?;
        assert_eq!((Mapping::open(&one)?.size(), Mapping::open(&other)?.size()), (64, 128));
        assert_eq!((coview::stat(&one)?.size, coview::stat(&other)?.size), (Some(64), Some(128)));
    }
    Ok(())
}

#[test]
fn long_names_of_wide_characters_count_in_utf16() -> Outcome {
    let stem = name("wide");
    let crabs =
        |len: usize| stem.clone() + &"\u{1F980}".repeat((len - stem.len()) / 2) + &"x".repeat((len - stem.len()) % 2);
    for len in [200, 255, 256, 5000, name_len_max()] {
        let name = crabs(len);
        assert_eq!(name.encode_utf16().count(), len);
        let _held = Mapping::create(&name, 64).map_err(|error| format!("{len} units: {error}"))?;
        assert_eq!(Mapping::open(&name)?.size(), 64);
    }
    assert_eq!(failure(Mapping::create(&crabs(name_len_max() + 1), 64)), ErrorKind::InvalidName);
    Ok(())
}

#[test]
fn what_is_no_name_is_refused_by_every_constructor() {
    let stray = [
        "",
        r"\",
        r"\x",
        r"x\",
        r"a\b",
        r"a\\b",
        r"Local\",
        r"Global\",
        r"Local\a\b",
        r"Global\a\b",
        r"Local\\a",
        "a\0b",
        "\0",
        r"local\x",
        r"LOCAL\x",
        r"global\x",
        r"GLOBAL\x",
        r"Session\1\x",
        "Local",
        "Global",
        "Session",
        r"..\x",
        r"Global\Global\x",
    ];
    for text in stray {
        for kind in KINDS {
            assert_eq!(failure(Thing::create(kind, text)), ErrorKind::InvalidName, "create a {kind} {text:?}");
            assert_eq!(failure(Thing::open(kind, text)), ErrorKind::InvalidName, "open a {kind} {text:?}");
            let either = failure(Thing::create_or_open(kind, text));
            assert_eq!(either, ErrorKind::InvalidName, "create or open a {kind} {text:?}");
        }
        assert_eq!(failure(coview::stat(text)), ErrorKind::InvalidName, "stat {text:?}");
    }
}

#[test]
fn case_matters() -> Outcome {
    let (lower, upper) = (name("case"), name("case"));
    let upper = upper.to_uppercase();
    let _lower = Mapping::create(&lower, 1)?;
    assert_eq!(failure(Mapping::open(&lower.to_uppercase())), ErrorKind::NotFound);
    let _upper = Mapping::create(&upper, 2)?;
    assert_eq!(failure(Mapping::open(&upper.to_lowercase())), ErrorKind::NotFound);
    let _both = Mapping::create(&lower.to_uppercase(), 3)?;
    assert_eq!((Mapping::open(&lower)?.size(), Mapping::open(&lower.to_uppercase())?.size()), (1, 3));
    Ok(())
}

#[test]
fn the_local_prefix_changes_nothing() -> Outcome {
    for kind in KINDS {
        let name = name("prefix");
        let local = format!(r"Local\{name}");
        let _plain = Thing::create(kind, &name)?;
        assert_eq!(failure(Thing::create(kind, &local)), ErrorKind::AlreadyExists);
        for same in [&*local, &format!(r"Local\{local}"), &format!(r"Global\{local}")] {
            assert!(Thing::open(kind, same).is_ok(), "{same} is {name}");
        }
    }
    Ok(())
}

#[test]
fn the_global_prefix_is_another_namespace() -> Outcome {
    for kind in KINDS {
        let name = name("namespace");
        let global = format!(r"Global\{name}");
        let plain = Thing::create(kind, &name)?;
        assert_eq!(failure(Thing::open(kind, &global)), ErrorKind::NotFound);
        let elsewhere = Thing::create(kind, &global)?;
        assert_eq!(coview::stat(&name)?.namespace, Namespace::Local);
        assert_eq!(coview::stat(&global)?.namespace, Namespace::Global);
        drop(plain);
        gone(&name);
        assert_eq!(failure(Thing::open(kind, &name)), ErrorKind::NotFound);
        assert!(Thing::open(kind, &global).is_ok());
        drop(elsewhere);
        gone(&global);
        assert_eq!(failure(Thing::open(kind, &global)), ErrorKind::NotFound);
    }
    Ok(())
}

#[test]
fn messages_show_odd_names_in_one_line() {
    for text in [format!("{}\n\u{1b}[31m", name("message")), long(5000, "z")] {
        let message = Mapping::open(&text).map(|_| ()).expect_err("nobody has made it").to_string();
        assert!(!message.contains(['\n', '\u{1b}']), "{message:?}");
        assert!(message.len() < 400, "{} bytes", message.len());
    }
}
