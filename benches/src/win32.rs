//! The Win32 functions against the Rust calls beneath them, and against the one bare system call that Windows itself
//! needs for each.

use std::ffi::{c_char, c_void};
use std::ptr;

use coview::{Event, Mutex, Reset};
// Its functions are found by their C names.
use coview_win32 as _;

use crate::measure::timed;
use crate::object_name;
use crate::report::{Case, Floor, Goal, Report};

type Handle = *mut c_void;

unsafe extern "C-unwind" {
    fn CreateMutexA(attributes: *const c_void, owned: i32, name: *const c_char) -> Handle;
    fn CreateEventA(attributes: *const c_void, manual: i32, signaled: i32, name: *const c_char) -> Handle;
    safe fn WaitForSingleObject(handle: Handle, timeout_ms: u32) -> u32;
    safe fn ReleaseMutex(handle: Handle) -> i32;
    safe fn SetEvent(handle: Handle) -> i32;
    safe fn ResetEvent(handle: Handle) -> i32;
    safe fn CloseHandle(handle: Handle) -> i32;
}

const BENEATH: &str = "the Rust call beneath";
const SYSTEM_CALL: &str = "one bare system call";

pub(crate) fn measure(report: &mut Report) {
    mutex(report);
    event(report);
}

fn mutex(report: &mut Report) {
    // SAFETY: no attributes and no name.
    let handle = unsafe { CreateMutexA(ptr::null(), 0, ptr::null()) };
    assert!(!handle.is_null(), "create");
    let beneath = Mutex::create(&object_name("win32")).expect("create");
    report.compare(Case {
        group: "win32",
        name: "WaitForSingleObject + ReleaseMutex, alone".into(),
        bytes: 0,
        coview: &mut |times| {
            timed(times, || {
                WaitForSingleObject(handle, u32::MAX);
                ReleaseMutex(handle);
            })
        },
        floors: &mut [
            Floor {
                name: BENEATH,
                goal: Goal::Below(40.0),
                run: &mut |times| timed(times, || drop(beneath.lock().expect("lock"))),
            },
            Floor {
                name: "two bare system calls",
                goal: Goal::None,
                run: &mut |times| timed(times, || (system_call(), system_call()).1),
            },
        ],
    });
    CloseHandle(handle);
}

fn event(report: &mut Report) {
    for (manual, reset, words) in [(0, Reset::Auto, "auto-reset"), (1, Reset::Manual, "manual-reset")] {
        // SAFETY: no attributes and no name.
        let handle = unsafe { CreateEventA(ptr::null(), manual, 0, ptr::null()) };
        assert!(!handle.is_null(), "create");
        let beneath = Event::create(&object_name("win32"), reset).expect("create");
        report.compare(Case {
            group: "win32",
            name: format!("SetEvent, nobody waits, {words}"),
            bytes: 0,
            coview: &mut |times| timed(times, || assert!(SetEvent(handle) != 0)),
            floors: &mut [
                Floor {
                    name: BENEATH,
                    goal: Goal::Below(20.0),
                    run: &mut |times| timed(times, || beneath.set().expect("set")),
                },
                Floor { name: SYSTEM_CALL, goal: Goal::None, run: &mut |times| timed(times, system_call) },
            ],
        });
        ResetEvent(handle);
        CloseHandle(handle);
    }
}

/// The cheapest that enters the kernel and comes back.
fn system_call() {
    // SAFETY: a call without arguments.
    unsafe { libc::syscall(libc::SYS_getppid) };
}
