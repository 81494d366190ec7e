//! What one would take otherwise to share the latest value, in the same rounds: the crate `mmap-sync`, and the blackboard of
//! `iceoryx2`. Both are used as their own documentation shows.
//!
//! Needs `unsafe` to read with `mmap-sync`, whose readers have to be done within a time that the writer sets.

use std::fs;
use std::hint::black_box;
use std::time::Duration;

use coview::Latest;
use iceoryx2::port::reader::EntryHandle;
use iceoryx2::port::writer::EntryHandleMut;
use iceoryx2::prelude::{NodeBuilder, ipc};
use iceoryx2::service::port_factory::blackboard::PortFactory;
use mmap_sync::synchronizer::Synchronizer;

use crate::companion::{Companion, Work};
use crate::floor::copy::memcpy_value;
use crate::latest::{MEMCPY, Size, Value, check, check_all, copied, opened, published, read_value, value};
use crate::measure::timed;
use crate::object_name;
use crate::peer::Processors;
use crate::report::{Case, Floor, Goal, Report};

const MMAP_IN_PLACE: &str = "mmap-sync, in place";
const MMAP_COPIED: &str = "mmap-sync, copied";
const MMAP: &str = "mmap-sync";
const BLACKBOARD: &str = "iceoryx2 blackboard";

/// How long a writer of `mmap-sync` waits for readers, before it takes them for dead.
const GRACE: Duration = Duration::from_secs(1);

pub(crate) fn measure(report: &mut Report, processors: Processors) {
    all_of::<1>(report, processors, "8 B");
    all_of::<8>(report, processors, "64 B");
    all_of::<128>(report, processors, "1 KiB");
    all_of::<8192>(report, processors, "64 KiB");
}

fn all_of<const WORDS: usize>(report: &mut Report, processors: Processors, text: &'static str) {
    let size = Size { text, goal: Goal::None };
    read::<WORDS>(report, size);
    read_beside_reader::<WORDS>(report, processors, size);
    publish::<WORDS>(report, size);
}

fn read<const WORDS: usize>(report: &mut Report, size: Size) {
    let name = format!("Latest::read {}", size.text);
    if !report.is_wanted("rivals", &name) {
        return;
    }
    let region = object_name("latest");
    let (_publisher, reader, memory) = (published::<WORDS>(&region), opened::<WORDS>(&region), copied::<WORDS>());
    let files = Files::new::<WORDS>();
    let (mut in_place, mut copying) = (files.open(), files.open());
    let board = Board::<WORDS>::create();
    let entry = board.reader();
    report.compare(Case {
        group: "rivals",
        name,
        bytes: WORDS * 8,
        coview: &mut |times| timed(times, || check(&read_value(&reader))),
        floors: &mut [
            Floor {
                name: MMAP_IN_PLACE,
                goal: Goal::None,
                run: &mut |times| timed(times, || look::<WORDS>(&mut in_place)),
            },
            Floor {
                name: MMAP_COPIED,
                goal: Goal::None,
                run: &mut |times| timed(times, || check(&copy::<WORDS>(&mut copying))),
            },
            Floor { name: BLACKBOARD, goal: Goal::None, run: &mut |times| timed(times, || check(&entry.get())) },
            Floor {
                name: MEMCPY,
                goal: Goal::None,
                run: &mut |times| timed(times, || memcpy_value(memory.as_ptr(), check::<WORDS>)),
            },
        ],
    });
    check_all(&read_value(&reader));
    check_all(&copy::<WORDS>(&mut copying));
    check_all(&entry.get());
}

/// The same while another process reads what this one reads.
fn read_beside_reader<const WORDS: usize>(report: &mut Report, processors: Processors, size: Size) {
    let name = format!("Latest::read {}, another reads", size.text);
    if !report.is_wanted("rivals", &name) {
        return;
    }
    let region = object_name("latest");
    let (_publisher, reader) = (published::<WORDS>(&region), opened::<WORDS>(&region));
    let files = Files::new::<WORDS>();
    let mut synchronizer = files.open();
    let board = Board::<WORDS>::create();
    let entry = board.reader();
    let companion = Companion::start(processors, || works::<WORDS>(opened(&region), files.open(), &board.name));
    report.compare(Case {
        group: "rivals",
        name,
        bytes: WORDS * 8,
        coview: &mut |times| companion.during(0, || timed(times, || check(&read_value(&reader)))),
        floors: &mut [
            Floor {
                name: MMAP_COPIED,
                goal: Goal::None,
                run: &mut |times| companion.during(1, || timed(times, || check(&copy::<WORDS>(&mut synchronizer)))),
            },
            Floor {
                name: BLACKBOARD,
                goal: Goal::None,
                run: &mut |times| companion.during(2, || timed(times, || check(&entry.get()))),
            },
        ],
    });
}

/// Reads of each kind, for another process.
fn works<const WORDS: usize>(reader: Latest<Value<WORDS>>, mut files: Synchronizer, board: &str) -> Vec<Work> {
    let board = Board::<WORDS>::open(board);
    let entry = board.reader();
    vec![
        Box::new(move || check(&read_value(&reader))),
        Box::new(move || check(&copy::<WORDS>(&mut files))),
        Box::new(move || {
            check(&entry.get());
            black_box(&board);
        }),
    ]
}

fn publish<const WORDS: usize>(report: &mut Report, size: Size) {
    let name = format!("publish {}", size.text);
    if !report.is_wanted("rivals", &name) {
        return;
    }
    let region = object_name("latest");
    let mut publisher = published::<WORDS>(&region);
    let files = Files::new::<WORDS>();
    let mut synchronizer = files.open();
    let board = Board::<WORDS>::create();
    let entry = board.writer();
    let source = value::<WORDS>(2);
    report.compare(Case {
        group: "rivals",
        name,
        bytes: WORDS * 8,
        coview: &mut |times| timed(times, || _ = publisher.publish(black_box(&source)).expect("publish")),
        floors: &mut [
            Floor {
                name: MMAP,
                goal: Goal::None,
                run: &mut |times| timed(times, || _ = synchronizer.write(black_box(&source), GRACE).expect("write")),
            },
            Floor {
                name: BLACKBOARD,
                goal: Goal::None,
                run: &mut |times| timed(times, || entry.update_with_copy(*black_box(&source))),
            },
        ],
    });
    let found = [read_value(&opened::<WORDS>(&region)), copy::<WORDS>(&mut synchronizer), *board.reader().get()];
    assert!(found.iter().all(|found| *found == source), "what was published is there");
}

/// Where `mmap-sync` keeps a value: three files, in memory as its documentation advises.
struct Files {
    prefix: String,
}

impl Files {
    fn new<const WORDS: usize>() -> Files {
        let files = Files { prefix: format!("/dev/shm/{}", object_name("mmap")) };
        files.open().write(&value::<WORDS>(1), GRACE).expect("write");
        files
    }

    fn open(&self) -> Synchronizer {
        Synchronizer::new(self.prefix.as_ref())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for part in ["state", "data_0", "data_1"] {
            let _ = fs::remove_file(format!("{}_{part}", self.prefix));
        }
    }
}

fn look<const WORDS: usize>(synchronizer: &mut Synchronizer) {
    // SAFETY: it is looked at for a moment, which is less than `GRACE`; every program here writes the same type.
    let found = unsafe { synchronizer.read::<Value<WORDS>>(false) };
    check(&found.expect("read"));
}

#[inline]
fn copy<const WORDS: usize>(synchronizer: &mut Synchronizer) -> Value<WORDS> {
    // SAFETY: as in `look`.
    let found = unsafe { synchronizer.read::<Value<WORDS>>(false) };
    *found.expect("read")
}

/// A blackboard with one value.
struct Board<const WORDS: usize> {
    name: String,
    service: PortFactory<ipc::Service, u32>,
}

impl<const WORDS: usize> Board<WORDS> {
    fn create() -> Board<WORDS> {
        let name = object_name("board");
        let node = NodeBuilder::new().create::<ipc::Service>().expect("create a node");
        let builder = node.service_builder(&name.as_str().try_into().expect("a service name"));
        let service = builder.blackboard_creator::<u32>().add::<Value<WORDS>>(0, value(1)).create();
        Board { name, service: service.expect("create a blackboard") }
    }

    fn open(name: &str) -> Board<WORDS> {
        let node = NodeBuilder::new().create::<ipc::Service>().expect("create a node");
        let builder = node.service_builder(&name.try_into().expect("a service name"));
        let service = builder.blackboard_opener::<u32>().open();
        Board { name: name.to_owned(), service: service.expect("open a blackboard") }
    }

    fn reader(&self) -> EntryHandle<ipc::Service, u32, Value<WORDS>> {
        let reader = self.service.reader_builder().create().expect("create a reader");
        reader.entry::<Value<WORDS>>(&0).expect("the entry")
    }

    fn writer(&self) -> EntryHandleMut<ipc::Service, u32, Value<WORDS>> {
        let writer = self.service.writer_builder().create().expect("create a writer");
        writer.entry::<Value<WORDS>>(&0).expect("the entry")
    }
}
