//! Meeting other programs on Linux: Python's `multiprocessing.shared_memory`, and C with `shm_open`.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use common::{Actor, Outcome, failure, name, note};
use coview::{ErrorKind, Mapping, MappingOptions, Namespace, Rights};

/// A POSIX name that is unlinked at last, whoever made it.
struct PosixName(String);

impl PosixName {
    fn new() -> PosixName {
        PosixName(format!("/{}", name("posix")))
    }

    fn path(&self) -> PathBuf {
        Path::new("/dev/shm").join(&self.0[1..])
    }
}

impl Drop for PosixName {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path());
    }
}

/// The C program, compiled once; `None` where there is no compiler.
fn c_program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compile = || {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/shm_open_peer.c");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shm_open_peer");
        match Command::new("cc").args(["-Wall", "-o"]).arg(&program).arg(source).arg("-lrt").status() {
            Ok(status) => {
                assert!(status.success(), "the C program does not compile");
                Some(program)
            }
            Err(error) => {
                note(&format!("skipped, there is no C compiler: {error}"));
                None
            }
        }
    };
    PROGRAM.get_or_init(compile).as_deref()
}

fn c_peer(order: &str, name: &PosixName) -> Option<Actor> {
    let mut command = Command::new(c_program()?);
    command.args([order, &name.0, "5000"]);
    Some(Actor::spawn("the C program", command))
}

const PYTHON: &str = r#"
import sys
from multiprocessing import resource_tracker, shared_memory
order, name = sys.argv[1:3]
memory = shared_memory.SharedMemory(name, create=order == "create", size=5000)
if order != "tracked":
    resource_tracker.unregister("/" + name, "shared_memory")
print("@@size", memory.size, flush=True)
for line in sys.stdin:
    order, offset, text = (line.rstrip("\n").split(" ", 2) + [""])[:3]
    offset = int(offset)
    if order == "w":
        memory.buf[offset:offset + len(text) + 1] = text.encode() + b"\0"
        print("@@written", flush=True)
    else:
        print("@@" + bytes(memory.buf[offset:offset + 100]).split(b"\0")[0].decode(), flush=True)
memory.close()
"#;

/// Python, if it is there and has shared memory.
fn python_peer(order: &str, name: &PosixName) -> Option<Actor> {
    let has_it = Command::new("python3").args(["-c", "import multiprocessing.shared_memory"]).output();
    if !has_it.is_ok_and(|output| output.status.success()) {
        note("skipped, there is no Python with shared memory");
        return None;
    }
    let mut command = Command::new("python3");
    command.args(["-c", PYTHON, order, &name.0[1..]]);
    Some(Actor::spawn("Python", command))
}

type Peer = fn(&str, &PosixName) -> Option<Actor>;
const PEERS: [Peer; 2] = [c_peer, python_peer];

/// Both sides write, both see it.
fn talk(peer: &mut Actor, view: &coview::View) {
    view.write(10, b"from Coview\0");
    peer.tell("r 10");
    peer.says("from Coview");
    peer.tell("w 4980 from the peer");
    peer.says("written");
    assert_eq!(&view.get::<[u8; 14]>(4980), b"from the peer\0");
}

#[test]
fn coview_opens_what_others_have_made() -> Outcome {
    for peer in PEERS {
        let name = PosixName::new();
        assert_eq!(failure(Mapping::open(&name.0)), ErrorKind::NotFound);
        let Some(mut peer) = peer("create", &name) else { continue };
        peer.says("size 5000");
        let mapping = Mapping::open(&name.0)?;
        assert_eq!((mapping.size(), mapping.was_created()), (5000, false));
        talk(&mut peer, &mapping.view()?);
        assert_eq!(failure(Mapping::create(&name.0, 64)), ErrorKind::AlreadyExists);
        let either = Mapping::create_or_open(&name.0, 64, |_| panic!("it exists"))?;
        assert_eq!(either.size(), 5000);
        assert_eq!(failure(mapping.unlink()), ErrorKind::InvalidInput, "it is not Coview's to unlink");
        drop((mapping, either));
        peer.finish();
        assert!(name.path().exists(), "Coview has unlinked what it did not make");
        assert_eq!(&Mapping::open(&name.0)?.read_view()?.get::<[u8; 11]>(10), b"from Coview");
    }
    Ok(())
}

#[test]
fn others_open_what_coview_has_made() -> Outcome {
    for peer in PEERS {
        let name = PosixName::new();
        let mapping = Mapping::create(&name.0, 5000)?;
        assert_eq!(fs::metadata(name.path())?.len(), 5000);
        let view = mapping.view()?;
        let Some(mut peer) = peer("open", &name) else { continue };
        peer.says("size 5000");
        talk(&mut peer, &view);
        mapping.unlink()?;
        assert_eq!(failure(Mapping::open(&name.0)), ErrorKind::NotFound);
        assert_eq!(failure(mapping.unlink()), ErrorKind::NotFound);
        talk(&mut peer, &view);
        peer.finish();
    }
    Ok(())
}

#[test]
fn a_posix_name_outlives_its_handles_until_it_is_unlinked() -> Outcome {
    let name = PosixName::new();
    Mapping::create(&name.0, 64)?.view()?.put(0, &7u64);
    let mapping = Mapping::open(&name.0)?;
    assert_eq!(mapping.read_view()?.get::<u64>(0), 7);
    if c_program().is_some() {
        let mut unlinker = c_peer("unlink", &name).ok_or("it was there")?;
        assert!(unlinker.status().success());
        assert_eq!(failure(Mapping::open(&name.0)), ErrorKind::NotFound);
        assert_eq!(mapping.read_view()?.get::<u64>(0), 7, "the handle goes on working");
        let other = Mapping::create(&name.0, 64)?;
        assert_eq!(other.read_view()?.get::<u64>(0), 0);
        assert_eq!(failure(mapping.unlink()), ErrorKind::InvalidInput);
        other.unlink()?;
    }
    Ok(())
}

#[test]
fn a_python_that_unlinks_when_it_exits_harms_no_handle() -> Outcome {
    let name = PosixName::new();
    let mapping = Mapping::create(&name.0, 5000)?;
    let Some(mut peer) = python_peer("tracked", &name) else { return Ok(()) };
    peer.says("size 5000");
    talk(&mut peer, &mapping.view()?);
    peer.finish();
    assert_eq!(&mapping.read_view()?.get::<[u8; 11]>(10), b"from Coview");
    // Whether the name is gone depends on Python's version; both are fine here.
    let result = mapping.unlink();
    assert!(result.as_ref().map_or_else(|error| error.kind() == ErrorKind::NotFound, |()| true), "{result:?}");
    Ok(())
}

#[test]
fn create_or_open_initialises_a_posix_object_once() -> Outcome {
    let name = PosixName::new();
    let failed = std::panic::catch_unwind(|| {
        Mapping::create_or_open(&name.0, 64, |_| std::panic::resume_unwind(Box::new("as the test wants it")))
    });
    assert!(failed.is_err() && !name.path().exists(), "it was seen half made");
    let first = Mapping::create_or_open(&name.0, 64, |view| {
        assert!(!name.path().exists(), "it is seen half made");
        view.put(0, &5u64);
    })?;
    let second = Mapping::create_or_open(&name.0, 64, |_| panic!("it exists"))?;
    assert!(first.was_created() && !second.was_created());
    assert_eq!(second.read_view()?.get::<u64>(0), 5);
    first.unlink()?;
    Ok(())
}

#[test]
fn the_file_of_a_posix_object_is_as_the_rights_say() -> Outcome {
    use std::os::unix::fs::MetadataExt;
    let presets = [
        (Rights::Private, 0o600),
        (Rights::Group, 0o660),
        (Rights::EveryoneReadOnly, 0o644),
        (Rights::Everyone, 0o666),
    ];
    for (rights, mode) in presets {
        let name = PosixName::new();
        let mapping = MappingOptions::new().rights(rights).create(&name.0, 64)?;
        assert_eq!(fs::metadata(name.path())?.mode() & 0o7777, mode);
        mapping.unlink()?;
    }
    Ok(())
}

#[test]
fn posix_objects_are_listed_and_told() -> Outcome {
    let name = PosixName::new();
    fs::write(name.path(), b"made by hand")?;
    let object = coview::stat(&name.0)?;
    assert_eq!((object.size, object.namespace, object.dead), (Some(12), Namespace::Posix, false));
    assert!(coview::list(Namespace::Posix)?.iter().any(|object| object.name == name.0));
    assert_eq!(coview::sweep(Namespace::Posix)?, 0);
    assert_eq!(&Mapping::open(&name.0)?.read_view()?.get::<[u8; 12]>(0), b"made by hand");
    Ok(())
}

#[test]
fn what_is_no_posix_object_is_refused() -> Outcome {
    for text in ["/", "/.", "/..", "/a/b", "//x", "/a\0b", &format!("/{}", "n".repeat(256))] {
        assert_eq!(failure(Mapping::open(text)), ErrorKind::InvalidName, "{text:?}");
        assert_eq!(failure(Mapping::create(text, 64)), ErrorKind::InvalidName, "{text:?}");
    }
    let name = PosixName::new();
    std::os::unix::fs::symlink("/etc/hostname", name.path())?;
    assert!(Mapping::open(&name.0).is_err(), "it followed a symbolic link");
    assert!(MappingOptions::new().access(coview::Access::ReadOnly).open(&name.0).is_err());
    drop(name);
    let name = PosixName::new();
    fs::create_dir(name.path())?;
    assert!(Mapping::open(&name.0).is_err() && Mapping::create(&name.0, 64).is_err());
    fs::remove_dir(name.path())?;
    let name = PosixName::new();
    fs::write(name.path(), b"")?;
    assert!(Mapping::open(&name.0).is_err(), "what has no size yet does not exist yet");
    Ok(())
}
