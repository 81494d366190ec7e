//! Changing a shared value under its lock, against the lock alone; reading it, against a copy of as many bytes.

use std::cell::Cell;

use coview::{Mutex, Shared};

use crate::events::{ping_pong, round_trips};
use crate::floor::copy::{memcpy, memcpy_value};
use crate::floor::memory::Memory;
use crate::latest::{MEMCPY, Value, check, check_all, copied, value};
use crate::measure::timed;
use crate::object_name;
use crate::peer::Processors;
use crate::report::{Case, Floor, Goal, Report};

const MUTEX: &str = "Coview's Mutex alone";
const LARGE_WORDS: usize = 1 << 17;

pub(crate) fn measure(report: &mut Report, processors: Processors) {
    update::<1>(report, "8 B");
    update::<128>(report, "1 KiB");
    get::<1>(report, "8 B");
    get::<128>(report, "1 KiB");
    edit(report);
    notified(report, "set and wait, two processors", processors);
    notified(report, "set and wait, one processor", processors.together());
}

fn update<const WORDS: usize>(report: &mut Report, size: &str) {
    let shared = Shared::create(&object_name("shared"), &value::<WORDS>(1)).expect("create");
    let mutex = Mutex::create(&object_name("mutex")).expect("create");
    let (memory, mut count) = (copied::<WORDS>(), 0);
    report.compare(Case {
        group: "shared",
        name: format!("Shared::update {size}"),
        bytes: 0,
        coview: &mut |times| {
            count += times;
            timed(times, || shared.update(|value| (value[0] += 1, check_sum(value)).1).expect("update"))
        },
        floors: &mut [
            Floor {
                name: MUTEX,
                goal: Goal::None,
                run: &mut |times| timed(times, || drop(mutex.lock().expect("lock"))),
            },
            Floor {
                name: MEMCPY,
                goal: Goal::None,
                run: &mut |times| timed(times, || memcpy_value(memory.as_ptr(), check::<WORDS>)),
            },
        ],
    });
    assert_eq!(shared.get().expect("get")[0], count + 1, "an update was lost");
}

/// Uses the value as a whole, so that it has to be there.
#[inline]
fn check_sum<const WORDS: usize>(value: &Value<WORDS>) {
    assert!(value[0] >= value[WORDS - 1], "the first word alone is counted up");
}

fn get<const WORDS: usize>(report: &mut Report, size: &str) {
    let shared = Shared::create(&object_name("shared"), &value::<WORDS>(1)).expect("create");
    let memory = copied::<WORDS>();
    report.compare(Case {
        group: "shared",
        name: format!("Shared::get {size}"),
        bytes: WORDS * 8,
        coview: &mut |times| timed(times, || check(&shared.get().expect("get"))),
        floors: &mut [Floor {
            name: MEMCPY,
            goal: Goal::None,
            run: &mut |times| timed(times, || memcpy_value(memory.as_ptr(), check::<WORDS>)),
        }],
    });
    check_all(&shared.get().expect("get"));
}

/// Eight bytes inside a mebibyte, which `update` would copy twice.
fn edit(report: &mut Report) {
    let zeroed = bytemuck::zeroed_box::<Value<LARGE_WORDS>>();
    let shared = Shared::create(&object_name("shared"), &*zeroed).expect("create");
    let memory = Memory::new(LARGE_WORDS * 8);
    let mut target = bytemuck::zeroed_box::<Value<LARGE_WORDS>>();
    let mut count = 0u64;
    report.compare(Case {
        group: "shared",
        name: "Shared::edit 8 B in 1 MiB".into(),
        bytes: 0,
        coview: &mut |times| {
            timed(times, || {
                count += 1;
                let mut edit = shared.edit().expect("edit");
                edit.put(8 * (count as usize % LARGE_WORDS), &count);
                edit.commit().expect("commit");
            })
        },
        floors: &mut [Floor {
            name: "memcpy of 1 MiB",
            goal: Goal::None,
            // So much slower that it is done less often.
            run: &mut |times| {
                timed(times / 256 + 1, || memcpy(memory.as_ptr(), target.as_mut_ptr().cast(), LARGE_WORDS * 8))
            },
        }],
    });
    let mut found = bytemuck::zeroed_box::<Value<LARGE_WORDS>>();
    shared.get_into(&mut found).expect("get");
    let mut expected = vec![0; LARGE_WORDS];
    (count.saturating_sub(LARGE_WORDS as u64 - 1)..=count).for_each(|n| expected[n as usize % LARGE_WORDS] = n);
    assert!(found[..] == expected[..], "an edit was lost");
}

fn notified(report: &mut Report, name: &str, processors: Processors) {
    if !report.wants("shared", name) {
        return;
    }
    let names = [object_name("ping"), object_name("pong")];
    let kept = names.each_ref().map(|name| Shared::<u64>::create(name, &0).expect("create"));
    let coview = |trips| {
        let seen = kept.each_ref().map(Shared::version);
        let open = || [Line::open(&names[0], seen[0]), Line::open(&names[1], seen[1])];
        ping_pong(processors, trips, open, Line::send, Line::wait)
    };
    round_trips(report, ("shared", name), processors, coview);
}

/// One direction: who sends writes, who waits looks.
struct Line {
    shared: Shared<u64>,
    seen: Cell<u64>,
}

impl Line {
    /// `seen` is the version before the first turn.
    fn open(name: &str, seen: u64) -> Line {
        Line { shared: Shared::open(name).expect("open"), seen: Cell::new(seen) }
    }

    fn send(&self) {
        self.shared.set(&1).expect("set");
    }

    fn wait(&self) {
        self.seen.set(self.shared.wait_changed(self.seen.get()).expect("wait"));
    }
}
