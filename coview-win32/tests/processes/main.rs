//! Processes as C programs start, inherit to, duplicate into and end them. The test program starts itself again: a child
//! is this program with the test `a_child`, which plays the role that the environment names, and answers by its exit
//! code.
//!
//! Needs `unsafe` to call the exported functions.
#![cfg(target_os = "linux")]
#![allow(non_snake_case, reason = "the functions have their Windows names")]

use std::ffi::CString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::ptr::{self, null, null_mut};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

mod calls;
mod records;
mod start;

use calls::*;
use start::*;

use coview_win32 as _;

const ROLE: &str = "COVIEW_TEST_PROCESS_ROLE";
const DETAIL: &str = "COVIEW_TEST_PROCESS_DETAIL";
const GOOD: u32 = 0x600D_0001;
const STILL_ACTIVE: u32 = 259;
const TIMEOUT: u32 = 258;
const DEADLINE_MS: u32 = 20_000;
const SAME_ACCESS: u32 = 2;
const CLOSE_SOURCE: u32 = 1;

/// Plays the role that the environment names; as a test on its own it does nothing.
#[test]
fn a_child() {
    let Ok(role) = env::var(ROLE) else { return };
    let detail = env::var(DETAIL).unwrap_or_default();
    ExitProcess(match role.as_str() {
        "exit" => detail.parse().expect("a code"),
        "abort" => std::process::abort(),
        "wait" => WaitForSingleObject(handle_of(&detail), DEADLINE_MS) + GOOD,
        "terminate" => terminate_by_number(&detail),
        "inherit" => check_inherited(&detail),
        "line" => check_line(&detail),
        "print" => print(&detail),
        "directory" => u32::from(env::current_dir().is_ok_and(|directory| directory == Path::new(&detail))) * GOOD,
        "through" => pass_through(&detail),
        "show" => show_handle(&detail),
        "answer" => answer(&detail),
        "find" => find_and_set(&detail),
        "fork" => fork(),
        "stranger" => be_a_stranger(&detail),
        "exec" => check_bare_line(),
        _ => 98,
    });
}

#[test]
fn an_exit_code_keeps_all_its_bits() {
    for code in [0, 1, 255, 256, 259, 0xDEAD_BEEF] {
        assert_eq!(Start::role("exit", &code.to_string()).run_to_end(), code);
    }
}

#[test]
fn a_process_is_active_until_its_end_and_so_is_its_thread() {
    let go = new_event(Some(&INHERITED));
    let started = Start::role("wait", &number_of(go)).run().expect("it starts");
    assert_eq!(exit_code(started.process), STILL_ACTIVE);
    assert_eq!(WaitForSingleObject(started.process, 0), TIMEOUT);
    assert_eq!(WaitForSingleObject(started.thread, 30), TIMEOUT);
    assert_eq!(GetProcessId(started.process), started.process_id);
    assert_eq!(GetThreadId(started.thread), started.thread_id);
    assert_eq!(SetEvent(go), 1);
    assert_eq!(WaitForSingleObject(started.thread, DEADLINE_MS), 0);
    let mut code = 0;
    // SAFETY: the word is our own.
    assert_eq!(unsafe { GetExitCodeThread(started.thread, &raw mut code) }, 1);
    assert_eq!(code, GOOD);
    assert_eq!(end_of(started), GOOD);
    CloseHandle(go);
}

#[test]
fn what_ends_a_program_of_linux_has_its_code() {
    for (script, code) in [
        ("exit 7", 7),
        ("kill -SEGV $$", 0xC000_0005),
        ("kill -KILL $$", 1),
        ("kill -ABRT $$", 3),
        ("kill -FPE $$", 0xC000_0094),
        ("kill -INT $$", 0xC000_013A),
    ] {
        // What runs in a shell's background ignores SIGINT, and so would the script.
        let line = format!("env --default-signal=INT sh -c \"{script}\"");
        assert_eq!(Start::new(&line).run_to_end(), code, "{script}");
    }
    assert_eq!(Start::role("abort", "").run_to_end(), 3);
}

#[test]
fn a_terminated_process_has_the_terminators_code() {
    let never = new_event(Some(&INHERITED));
    let started = Start::role("wait", &number_of(never)).run().expect("it starts");
    assert_eq!(TerminateProcess(started.process, 0x1234_5678), 1);
    assert_eq!(WaitForSingleObject(started.process, DEADLINE_MS), 0);
    assert_eq!(TerminateProcess(started.process, 1), 0);
    assert_eq!(GetLastError(), 5);
    assert_eq!(end_of(started), 0x1234_5678);
    CloseHandle(never);
}

#[test]
fn a_parent_learns_the_code_that_a_stranger_has_terminated_its_child_with() {
    let never = new_event(Some(&INHERITED));
    let victim = Start::role("wait", &number_of(never)).run().expect("it starts");
    // Any call that its service answers shows that it is up.
    let process = victim.process;
    until("it has a service", || duplicate(GetCurrentProcess(), never, process, SAME_ACCESS).is_ok());
    assert_eq!(Start::role("terminate", &victim.process_id.to_string()).run_to_end(), 0x0BAD_CAFE);
    assert_eq!(end_of(victim), 0x0BAD_CAFE);
    CloseHandle(never);
}

fn terminate_by_number(process: &str) -> u32 {
    let process = OpenProcess(0x0010_1001, 0, process.parse().expect("a number"));
    assert_eq!(TerminateProcess(process, 0x0BAD_CAFE), 1);
    assert_eq!(WaitForSingleObject(process, DEADLINE_MS), 0);
    exit_code(process)
}

#[test]
fn a_process_that_is_no_child_is_waited_for_and_has_a_code() {
    let mut child =
        Command::new("sh").args(["-c", "read line; exit 9"]).stdin(Stdio::piped()).spawn().expect("a shell");
    let process = OpenProcess(0x0010_1000, 0, child.id());
    assert!(!process.is_null());
    assert_eq!(WaitForSingleObject(process, 20), TIMEOUT);
    assert_eq!(exit_code(process), STILL_ACTIVE);
    assert_eq!(TerminateProcess(process, 1), 0, "without the right");
    assert_eq!(GetLastError(), 5);
    drop(child.stdin.take());
    assert_eq!(WaitForSingleObject(process, DEADLINE_MS), 0);
    assert_eq!(exit_code(process), 9);
    assert_eq!(child.wait().expect("its status").code(), Some(9), "it was left for its parent to reap");
    CloseHandle(process);
}

#[test]
fn processes_that_cannot_be_opened() {
    for (process, code) in [(0, 87), (i32::MAX.cast_unsigned(), 87), (u32::MAX, 87)] {
        assert!(OpenProcess(0x1000, 0, process).is_null());
        assert_eq!(GetLastError(), code, "{process}");
    }
    assert!(OpenProcess(0, 0, GetCurrentProcessId()).is_null());
    assert_eq!(GetLastError(), 5);
    let own = OpenProcess(0x1000, 0, GetCurrentProcessId());
    assert_eq!(GetProcessId(own), GetProcessId(GetCurrentProcess()));
    assert_eq!(exit_code(own), STILL_ACTIVE);
    CloseHandle(own);
}

#[test]
fn handles_that_are_inherited_have_their_values_and_others_none() {
    let inherited = &raw const INHERITED;
    let (name, mut writer) = (CString::new(format!("inherit.{}", GetCurrentProcessId())).expect("a name"), null_mut());
    let (invalid, mut reader) = (ptr::without_provenance_mut(usize::MAX), null_mut());
    // SAFETY: everything lives across the call.
    assert_eq!(unsafe { CreatePipe(&raw mut reader, &raw mut writer, inherited, 0) }, 1);
    // SAFETY: as above.
    let mutex = unsafe { CreateMutexA(inherited, 1, name.as_ptr()) };
    // SAFETY: as above.
    let semaphore = unsafe { CreateSemaphoreA(inherited, 2, 7, null()) };
    // SAFETY: as above.
    let timer = unsafe { CreateWaitableTimerA(inherited, 1, null()) };
    // SAFETY: as above.
    let section = unsafe { CreateFileMappingA(invalid, inherited, 2, 0, 5000, null()) };
    let (event, private) = (new_event(Some(&INHERITED)), new_event(None));
    let process = OpenProcess(0x0010_1000, 1, GetCurrentProcessId());
    // SAFETY: the word lives across the call.
    assert_eq!(unsafe { SetWaitableTimer(timer, &0, 0, 0, 0, 0) }, 1);
    let all = [mutex, event, semaphore, timer, section, writer, process, private].map(number_of).join(",");
    let detail = format!("{all},{}", name.to_str().expect("it is text"));
    let started = Start::role("inherit", &detail).run().expect("it starts");
    CloseHandle(writer);
    let (mut text, mut len) = ([0; 8], 0);
    // SAFETY: there is room.
    assert_eq!(unsafe { ReadFile(reader, text.as_mut_ptr(), 8, &raw mut len, null_mut()) }, 1);
    assert_eq!(&text[..len as usize], b"child");
    assert_eq!(WaitForSingleObject(event, DEADLINE_MS), 0);
    assert_eq!(ReleaseMutex(mutex), 1);
    assert_eq!(end_of(started), GOOD);
    // SAFETY: the name lives across the call.
    assert!(!unsafe { OpenMutexA(0x0010_0000, 0, name.as_ptr()) }.is_null());
    for handle in [mutex, event, semaphore, timer, section, process, private, reader] {
        CloseHandle(handle);
    }
}

fn check_inherited(detail: &str) -> u32 {
    let parts: Vec<&str> = detail.split(',').collect();
    let [mutex, event, semaphore, timer, section, writer, process, private] =
        [0, 1, 2, 3, 4, 5, 6, 7].map(|index: usize| handle_of(parts[index]));
    assert_eq!(WaitForSingleObject(private, 0), u32::MAX);
    assert_eq!(GetLastError(), 6);
    let mut flags = 0;
    // SAFETY: the word is our own.
    assert_eq!(unsafe { GetHandleInformation(mutex, &raw mut flags) }, 1);
    assert_eq!(flags, 1, "still inheritable");
    assert_eq!(WaitForSingleObject(timer, 0), 0);
    let mut previous = 0;
    // SAFETY: the word is our own.
    assert_eq!(unsafe { ReleaseSemaphore(semaphore, 1, &raw mut previous) }, 1);
    assert_eq!(previous, 2);
    assert!(!MapViewOfFile(section, 4, 0, 0, 8192).is_null(), "in whole pages");
    assert!(MapViewOfFile(section, 2, 0, 0, 0).is_null(), "read-only in the child too");
    assert_eq!(WaitForSingleObject(process, 0), TIMEOUT);
    assert_ne!(GetProcessId(process), GetCurrentProcessId());
    assert_eq!(TerminateProcess(process, 1), 0, "the access is the parent's");
    assert_eq!(WaitForSingleObject(mutex, 0), TIMEOUT, "ownership is not inherited");
    let mut len = 0;
    // SAFETY: the bytes are there.
    assert_eq!(unsafe { WriteFile(writer, b"child".as_ptr(), 5, &raw mut len, null_mut()) }, 1);
    assert_eq!(SetEvent(event), 1);
    assert_eq!(WaitForSingleObject(mutex, DEADLINE_MS), 0);
    let name = CString::new(parts[8]).expect("a name");
    // SAFETY: the name lives across the call.
    assert!(!unsafe { OpenMutexA(0x0010_0000, 0, name.as_ptr()) }.is_null());
    GOOD
}

#[test]
fn without_inheritance_nothing_is_inherited() {
    let event = new_event(Some(&INHERITED));
    let mut start = Start::role("show", &number_of(event));
    start.inherits = false;
    assert_eq!(start.run_to_end(), 6);
    start.inherits = true;
    assert_eq!(start.run_to_end(), GOOD);
    assert_eq!(SetHandleInformation(event, 1, 0), 1);
    assert_eq!(start.run_to_end(), 6);
    CloseHandle(event);
}

fn show_handle(handle: &str) -> u32 {
    match WaitForSingleObject(handle_of(handle), 0) {
        TIMEOUT => GOOD,
        _ => GetLastError(),
    }
}

#[test]
fn a_program_that_knows_nothing_of_it_passes_the_handles_on() {
    let event = new_event(Some(&INHERITED));
    let mut start = Start::role("show", &number_of(event));
    start.line = format!("sh -c \"'{}' a_child --exact --nocapture; exit $?\"", own_program());
    assert_eq!(start.run_to_end(), GOOD & 0xFF);
    CloseHandle(event);
}

#[test]
fn an_object_lives_as_long_as_a_child_that_knows_nothing_of_it() {
    let name = CString::new(format!("kept.{}", GetCurrentProcessId())).expect("a name");
    // SAFETY: everything lives across the call.
    let mutex = unsafe { CreateMutexA(&raw const INHERITED, 0, name.as_ptr()) };
    let mut start = Start::new("sleep 60");
    start.inherits = true;
    let started = start.run().expect("it starts");
    CloseHandle(mutex);
    // SAFETY: the name lives across the call.
    let again = unsafe { OpenMutexA(0x0010_0000, 0, name.as_ptr()) };
    assert!(!again.is_null());
    CloseHandle(again);
    TerminateProcess(started.process, 5);
    assert_eq!(end_of(started), 5);
    // SAFETY: the name lives across the call.
    assert!(unsafe { OpenMutexA(0x0010_0000, 0, name.as_ptr()) }.is_null());
}

#[test]
fn a_suspended_process_starts_when_it_is_resumed() {
    let go = new_event(Some(&INHERITED));
    SetEvent(go);
    let mut start = Start::role("wait", &number_of(go));
    start.flags = 4;
    let started = start.run().expect("it is made");
    assert_eq!(WaitForSingleObject(started.process, 100), TIMEOUT);
    let program = fs::read_link(format!("/proc/{}/exe", started.process_id)).expect("it is there");
    assert_eq!(program, env::current_exe().expect("its path"), "it is still a copy of its parent");
    assert_eq!(ResumeThread(started.thread), 1);
    assert_eq!(ResumeThread(started.thread), 0);
    assert_eq!(end_of(started), GOOD);
    let doomed = start.run().expect("it is made");
    assert_eq!(TerminateProcess(doomed.process, 77), 1);
    assert_eq!(end_of(doomed), 77);
    CloseHandle(go);
}

#[test]
fn handles_are_duplicated_into_a_child_before_it_runs() {
    // SAFETY: everything lives across the call.
    let section = unsafe {
        CreateFileMappingA(ptr::without_provenance_mut(usize::MAX), &raw const INHERITED, 4, 0, 4096, null())
    };
    let word = MapViewOfFile(section, 2, 0, 0, 0).cast::<u64>();
    let mut start = Start::role("find", &number_of(section));
    start.flags = 4;
    let started = start.run().expect("it is made");
    let mine = new_event(None);
    let there = duplicate(GetCurrentProcess(), mine, started.process, SAME_ACCESS).expect("the child has a service");
    assert_eq!(WaitForSingleObject(started.process, 100), TIMEOUT, "it is still suspended");
    // SAFETY: in a view of ours.
    unsafe { word.write_volatile(there.addr() as u64) };
    assert_eq!(ResumeThread(started.thread), 1);
    assert_eq!(WaitForSingleObject(mine, DEADLINE_MS), 0);
    assert_eq!(end_of(started), GOOD);
    CloseHandle(section);
    CloseHandle(mine);
}

fn find_and_set(section: &str) -> u32 {
    let word = MapViewOfFile(handle_of(section), 2, 0, 0, 0).cast::<u64>();
    // SAFETY: in a view of ours.
    let given = ptr::without_provenance_mut(unsafe { word.read_volatile() } as usize);
    assert_eq!(SetEvent(given), 1);
    GOOD
}

/// A child that was forked without `exec` has its own number and service, and leaves its parent's alone.
#[test]
fn a_forked_child_is_a_process_of_its_own() {
    assert_eq!(Start::role("fork", "").run_to_end(), GOOD);
}

fn fork() -> u32 {
    assert_eq!(GetCurrentProcessId(), std::process::id());
    // SAFETY: the child calls what this test is about, and ends without unwinding.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let own =
            GetCurrentProcessId() == std::process::id() && GetProcessId(GetCurrentProcess()) == std::process::id();
        let process = OpenProcess(0x1000, 0, GetCurrentProcessId());
        let good = own && exit_code(process) == STILL_ACTIVE;
        // SAFETY: it does not return.
        unsafe { libc::exit(if good { 0 } else { 1 }) };
    }
    let process = OpenProcess(0x0010_1000, 0, child.cast_unsigned());
    assert_eq!(WaitForSingleObject(process, DEADLINE_MS), 0);
    let mut status = -1;
    // SAFETY: the word is our own.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    GOOD
}

#[test]
fn handles_are_duplicated_into_and_out_of_a_child() {
    let done = new_event(Some(&INHERITED));
    // SAFETY: everything lives across the call.
    let section = unsafe {
        CreateFileMappingA(ptr::without_provenance_mut(usize::MAX), &raw const INHERITED, 4, 0, 4096, null())
    };
    let words = MapViewOfFile(section, 2, 0, 0, 0).cast::<u64>();
    let started = Start::role("answer", &[section, done].map(number_of).join(",")).run().expect("it starts");
    let (mine, here) = (new_event(None), GetCurrentProcess());
    let there = duplicate(here, mine, started.process, SAME_ACCESS).expect("the child has a service");
    // SAFETY: in a view of ours.
    unsafe { words.write_volatile(there.addr() as u64) };
    SetEvent(done);
    assert_eq!(WaitForSingleObject(mine, DEADLINE_MS), 0, "the child has set it");
    // SAFETY: as above.
    let theirs: Handle = ptr::without_provenance_mut(unsafe { words.wrapping_add(1).read_volatile() } as usize);
    let taken = duplicate(started.process, theirs, here, SAME_ACCESS | CLOSE_SOURCE).expect("it is there");
    assert_eq!(duplicate(started.process, theirs, here, SAME_ACCESS), Err(6), "the source was closed");
    let self_of_child = ptr::without_provenance_mut(usize::MAX);
    let child = duplicate(started.process, self_of_child, here, SAME_ACCESS).expect("the child itself");
    assert_eq!(GetProcessId(child), started.process_id);
    assert_eq!(SetEvent(taken), 1);
    assert_eq!(end_of(started), GOOD);
    assert_eq!(duplicate(here, mine, child, SAME_ACCESS), Err(5), "it has ended");
    for handle in [done, section, mine, taken, child] {
        CloseHandle(handle);
    }
}

fn answer(detail: &str) -> u32 {
    let (section, done) = detail.split_once(',').expect("two handles");
    let words = MapViewOfFile(handle_of(section), 2, 0, 0, 0).cast::<u64>();
    assert_eq!(WaitForSingleObject(handle_of(done), DEADLINE_MS), 0);
    let own = new_event(None);
    // SAFETY: in a view of ours.
    unsafe { words.wrapping_add(1).write_volatile(own.addr() as u64) };
    let kept = duplicate(GetCurrentProcess(), own, GetCurrentProcess(), SAME_ACCESS).expect("a duplicate");
    // SAFETY: as above.
    let given = ptr::without_provenance_mut(unsafe { words.read_volatile() } as usize);
    assert_eq!(SetEvent(given), 1);
    assert_eq!(WaitForSingleObject(kept, DEADLINE_MS), 0);
    GOOD
}

#[test]
fn a_process_without_a_service_takes_no_handles() {
    let mut child = Command::new("sleep").arg("60").spawn().expect("a process");
    let process = OpenProcess(0x001F_FFFF, 0, child.id());
    let event = new_event(None);
    assert_eq!(duplicate(GetCurrentProcess(), event, process, SAME_ACCESS), Err(5));
    child.kill().expect("it can be ended");
    child.wait().expect("its status");
    CloseHandle(event);
    CloseHandle(process);
}

/// Only root can become another user; elsewhere there is nothing to see.
#[test]
fn processes_of_other_users_are_denied() {
    // SAFETY: a call without pointers.
    if unsafe { libc::geteuid() } == 0 {
        assert_eq!(Start::role("stranger", &GetCurrentProcessId().to_string()).run_to_end(), GOOD);
    }
}

fn be_a_stranger(process: &str) -> u32 {
    const NOBODY: libc::uid_t = 65_534;
    let number = process.parse().expect("a number");
    let process = OpenProcess(0x001F_FFFF, 0, number);
    // SAFETY: a call without pointers.
    assert_eq!(unsafe { libc::setuid(NOBODY) }, 0);
    assert!(OpenProcess(0x1000, 0, number).is_null());
    assert_eq!(GetLastError(), 5);
    let event = new_event(None);
    assert_eq!(duplicate(GetCurrentProcess(), event, process, SAME_ACCESS), Err(5));
    assert_eq!(TerminateProcess(process, 1), 0);
    assert_eq!(GetLastError(), 5);
    GOOD
}

#[test]
fn many_threads_start_processes_at_once() {
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for round in 0..20 {
                    let mut start = Start::new("sh -c \"exit 6\"");
                    start.flags = if (thread + round) % 2 == 0 { 4 } else { 0 };
                    let started = start.run().expect("it starts");
                    ResumeThread(started.thread);
                    assert_eq!(end_of(started), 6);
                }
            });
        }
    });
}

/// Whether every thread of a process has taken note of `SIGSTOP`.
fn has_stopped(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("it lives").flatten();
    let mut states = threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
    states.all(|state| state.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')))
}

#[test]
fn a_stopped_process_holds_nobody_up() {
    let never = new_event(Some(&INHERITED));
    let started = Start::role("wait", &number_of(never)).run().expect("it starts");
    let process = started.process;
    until("it has a service", || duplicate(GetCurrentProcess(), never, process, SAME_ACCESS).is_ok());
    Command::new("kill").args(["-STOP", &started.process_id.to_string()]).status().expect("it is stopped");
    until("all its threads have stopped", || has_stopped(started.process_id));
    let begin = Instant::now();
    assert_eq!(duplicate(GetCurrentProcess(), never, process, SAME_ACCESS), Err(5));
    assert!(begin.elapsed() < Duration::from_secs(15));
    assert_eq!(TerminateProcess(process, 4), 1);
    assert_eq!(end_of(started), 4);
    CloseHandle(never);
}

#[test]
fn a_child_finds_its_standard_handles() {
    let (mut reader, mut writer) = (null_mut(), null_mut());
    // SAFETY: everything lives across the call.
    assert_eq!(unsafe { CreatePipe(&raw mut reader, &raw mut writer, &raw const INHERITED, 0) }, 1);
    SetHandleInformation(reader, 1, 0);
    let mut start = Start::role("print", &number_of(writer));
    start.startup.flags = 0x101;
    start.startup.show_window = 7;
    start.startup.standard = [null_mut(), writer, writer];
    let started = start.run().expect("it starts");
    CloseHandle(writer);
    let mut text = Vec::new();
    loop {
        let (mut piece, mut len) = ([0; 64], 0);
        // SAFETY: there is room.
        if unsafe { ReadFile(reader, piece.as_mut_ptr(), 64, &raw mut len, null_mut()) } == 0 || len == 0 {
            break;
        }
        text.extend_from_slice(&piece[..len as usize]);
    }
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains("by descriptor") && text.contains("by handle"), "{text}");
    assert_eq!(end_of(started), GOOD);
    CloseHandle(reader);
}

#[allow(clippy::print_stdout, reason = "this is what the test is about")]
fn print(writer: &str) -> u32 {
    println!("by descriptor");
    let output = GetStdHandle((-11_i32).cast_unsigned());
    assert_eq!(output, handle_of(writer));
    let (text, mut len) = (b"by handle\n", 0);
    // SAFETY: the bytes are there.
    assert_eq!(unsafe { WriteFile(output, text.as_ptr(), text.len() as u32, &raw mut len, null_mut()) }, 1);
    let mut startup = Start::new("").startup;
    // SAFETY: the structure is our own.
    unsafe { GetStartupInfoA(&raw mut startup) };
    assert_eq!((startup.size, startup.flags, startup.show_window), (104, 0x101, 7));
    assert_eq!(startup.standard, [null_mut(), output, output]);
    GOOD
}

#[test]
fn a_command_line_arrives_as_it_was_written() {
    let mut start = Start::role("line", "");
    start.line.push_str(r#"   "no such \"test\"\\"  x\"#);
    let detail = start.line.clone();
    start.environment = Some(own_environment(&[(ROLE, "line"), (DETAIL, &detail)]));
    assert_eq!(start.run_to_end(), GOOD);
}

fn own_line() -> String {
    // SAFETY: it ends with a NUL and stays.
    unsafe { std::ffi::CStr::from_ptr(GetCommandLineA()) }.to_str().expect("it is text").to_owned()
}

fn check_line(line: &str) -> u32 {
    let arguments: Vec<String> = env::args().collect();
    assert_eq!(own_line(), line);
    assert_eq!(arguments[4..], [r#"no such "test"\"#, r"x\"]);
    GOOD
}

#[test]
fn a_program_in_the_place_of_another_has_its_own_command_line() {
    let mut start = Start::role("exec", "");
    start.line = format!("sh -c \"exec '{}' a_child --exact --nocapture 'a b'\"", own_program());
    assert_eq!(start.run_to_end(), GOOD);
}

fn check_bare_line() -> u32 {
    assert_eq!(own_line(), format!("{} a_child --exact --nocapture \"a b\"", own_program()));
    GOOD
}

#[test]
fn a_child_begins_in_the_directory_that_was_named() {
    let mut start = Start::role("directory", "/proc");
    start.directory = Some(c"\\proc".into());
    assert_eq!(start.run_to_end(), GOOD);
    start.directory = Some(c"/no/such/directory".into());
    assert_eq!(start.run().map(end_of), Err(267));
}

#[test]
fn what_cannot_be_started_has_its_error() {
    for (line, code) in [
        ("no-such-program.exe at all", 2),
        ("/no/such/folder/program", 3),
        ("\"C:\\Windows\\notepad.exe\"", 3),
        ("/proc", 5),
        ("/etc/passwd", 193),
        ("", 3),
    ] {
        assert_eq!(Start::new(line).run().map(end_of), Err(code), "{line}");
    }
    let mut contradictory = Start::new("true");
    contradictory.flags = 0x18;
    assert_eq!(contradictory.run().map(end_of), Err(87));
    // SAFETY: null pointers are allowed.
    let made = unsafe { CreateProcessA(null(), null_mut(), null(), null(), 0, 0, null(), null(), null(), null_mut()) };
    assert_eq!((made, GetLastError()), (0, 87));
}

#[test]
fn a_program_is_found_with_the_ending_that_it_has_on_windows() {
    assert_eq!(Start::new("\"true.exe\"").run_to_end(), 0);
    assert_eq!(Start::new("FALSE.EXE").run().map(end_of), Err(2), "case counts in a name");
    assert_eq!(Start::new("sh.EXE -c \"exit 3\"").run_to_end(), 3);
}

#[test]
fn no_zombie_stays_when_the_handles_are_closed_before_the_end() {
    let go = new_event(Some(&INHERITED));
    let started = Start::role("wait", &number_of(go)).run().expect("it starts");
    CloseHandle(started.process);
    CloseHandle(started.thread);
    SetEvent(go);
    until("it was reaped", || !Path::new(&format!("/proc/{}", started.process_id)).exists());
    CloseHandle(go);
}

#[test]
fn descriptors_do_not_leak() {
    let count = || fs::read_dir("/proc/self/fd").expect("a folder").count();
    let event = new_event(Some(&INHERITED));
    Start::role("exit", "0").run_to_end();
    let before = count();
    for _ in 0..8 {
        Start::role("exit", "0").run_to_end();
    }
    // Other tests run beside this one; each start would leave several.
    until("they were closed", || count() < before + 8);
    CloseHandle(event);
}

#[test]
fn the_shell_starts_programs() {
    let marker = env::temp_dir().join(format!("coview-shell.{}", GetCurrentProcessId()));
    let parameters = CString::new(format!("-c \"pwd > {}\"", marker.display())).expect("text");
    // SAFETY: everything lives across the call.
    let instance = unsafe {
        ShellExecuteA(null_mut(), c"open".as_ptr(), c"sh".as_ptr(), parameters.as_ptr(), c"/proc".as_ptr(), 1)
    };
    assert!(instance.addr() > 32);
    until("it has run", || fs::read_to_string(&marker).is_ok_and(|text| text == "/proc\n"));
    fs::remove_file(&marker).expect("it is there");
    // SAFETY: as above.
    let nothing = unsafe { ShellExecuteA(null_mut(), null(), c"/bin/no-such-program.exe".as_ptr(), null(), null(), 1) };
    assert_eq!(nothing.addr(), 2);
    // SAFETY: as above.
    assert_eq!(unsafe { WinExec(c"no-such-program".as_ptr(), 1) }, 2);
    // SAFETY: as above.
    assert!(unsafe { WinExec(c"true".as_ptr(), 1) } > 31);
}

/// A process handle that a grandchild gets tells the code of the process, in all its bits.
#[test]
fn a_process_handle_that_is_inherited_tells_the_end() {
    let go = new_event(Some(&INHERITED));
    let first = Start::role("wait", &number_of(go)).run().expect("it starts");
    SetHandleInformation(first.process, 1, 1);
    SetHandleInformation(first.thread, 1, 1);
    let second =
        Start::role("through", &[first.process, first.thread].map(number_of).join(",")).run().expect("it starts");
    assert_eq!(WaitForSingleObject(second.process, 100), TIMEOUT);
    SetEvent(go);
    assert_eq!(end_of(second), GOOD + 1);
    assert_eq!(end_of(first), GOOD);
    CloseHandle(go);
}

fn pass_through(detail: &str) -> u32 {
    let (process, thread) = detail.split_once(',').expect("two handles");
    assert_eq!(WaitForSingleObject(handle_of(process), DEADLINE_MS), 0);
    assert_eq!(WaitForSingleObject(handle_of(thread), DEADLINE_MS), 0);
    let mut code = 0;
    // SAFETY: the word is our own.
    assert_eq!(unsafe { GetExitCodeThread(handle_of(thread), &raw mut code) }, 1);
    assert_eq!(code, exit_code(handle_of(process)));
    code + 1
}
