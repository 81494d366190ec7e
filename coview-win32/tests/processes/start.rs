//! Children: how they are started, and how their ends are waited for.
//!
//! Needs `unsafe` to call the exported functions.

use std::env;
use std::ffi::CString;
use std::ptr::{self, null, null_mut};
use std::thread;
use std::time::{Duration, Instant};

use super::calls::*;
use super::{DEADLINE_MS, DETAIL, ROLE};

pub(crate) static INHERITED: SecurityAttributes = SecurityAttributes { length: 24, descriptor: 0, inherit: 1 };

/// What is started, and how; everything that is not said is as in the simplest call.
pub(crate) struct Start {
    pub(crate) line: String,
    pub(crate) inherits: bool,
    pub(crate) flags: u32,
    pub(crate) environment: Option<Vec<u8>>,
    pub(crate) directory: Option<CString>,
    pub(crate) startup: StartupInfo,
}

impl Start {
    pub(crate) fn new(line: &str) -> Start {
        Start {
            line: line.into(),
            inherits: false,
            flags: 0,
            environment: None,
            directory: None,
            startup: StartupInfo {
                size: 104,
                texts: [0; 3],
                numbers: [0; 7],
                flags: 0,
                show_window: 0,
                data_len: 0,
                data: 0,
                standard: [null_mut(); 3],
            },
        }
    }

    /// This program in a role, with a detail that the role understands.
    pub(crate) fn role(role: &str, detail: &str) -> Start {
        let program = own_program();
        let mut start = Start::new(&format!("\"{program}\" a_child --exact --nocapture"));
        start.environment = Some(own_environment(&[(ROLE, role), (DETAIL, detail)]));
        start.inherits = true;
        start
    }

    pub(crate) fn run(&self) -> Result<ProcessInformation, u32> {
        let line = CString::new(self.line.as_str()).expect("a line without NUL");
        let mut information =
            ProcessInformation { process: null_mut(), thread: null_mut(), process_id: 0, thread_id: 0 };
        SetLastError(0);
        // SAFETY: everything lives across the call.
        let made = unsafe {
            CreateProcessA(
                null(),
                line.into_raw(),
                null(),
                null(),
                self.inherits.into(),
                self.flags,
                self.environment.as_ref().map_or(null(), |block| block.as_ptr().cast()),
                self.directory.as_ref().map_or(null(), |directory| directory.as_ptr()),
                &raw const self.startup,
                &raw mut information,
            )
        };
        if made == 0 { Err(GetLastError()) } else { Ok(information) }
    }

    #[track_caller]
    pub(crate) fn run_to_end(&self) -> u32 {
        end_of(self.run().expect("it starts"))
    }
}

pub(crate) fn own_program() -> String {
    env::current_exe().expect("its path").display().to_string()
}

pub(crate) fn own_environment(changes: &[(&str, &str)]) -> Vec<u8> {
    let kept = env::vars().filter(|(name, _)| changes.iter().all(|(changed, _)| name != changed));
    let changes = changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut block: Vec<u8> =
        kept.chain(changes).flat_map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect();
    block.push(0);
    block
}

#[track_caller]
pub(crate) fn end_of(started: ProcessInformation) -> u32 {
    let ended = WaitForSingleObject(started.process, DEADLINE_MS);
    if ended != 0 {
        TerminateProcess(started.process, 99);
    }
    assert_eq!(ended, 0, "the child has not ended");
    let code = exit_code(started.process);
    assert_eq!(CloseHandle(started.process), 1);
    assert_eq!(CloseHandle(started.thread), 1);
    code
}

pub(crate) fn exit_code(process: Handle) -> u32 {
    let mut code = 0;
    // SAFETY: the word is our own.
    assert_eq!(unsafe { GetExitCodeProcess(process, &raw mut code) }, 1);
    code
}

pub(crate) fn new_event(attributes: Option<&SecurityAttributes>) -> Handle {
    let attributes = attributes.map_or(null(), ptr::from_ref);
    // SAFETY: the attributes live across the call.
    unsafe { CreateEventA(attributes, 1, 0, null()) }
}

pub(crate) fn duplicate(from: Handle, handle: Handle, to: Handle, options: u32) -> Result<Handle, u32> {
    let mut made = null_mut();
    // SAFETY: the word is our own.
    let done = unsafe { DuplicateHandle(from, handle, to, &raw mut made, 0, 0, options) };
    if done == 0 { Err(GetLastError()) } else { Ok(made) }
}

pub(crate) fn handle_of(text: &str) -> Handle {
    ptr::without_provenance_mut(text.parse().expect("a number"))
}

pub(crate) fn number_of(handle: Handle) -> String {
    handle.addr().to_string()
}

pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}
