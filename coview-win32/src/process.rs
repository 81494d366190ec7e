//! Processes: their handles, their ends and their exit codes.
//!
//! Needs `unsafe` to export functions, to write where callers point, and for `pidfd_open`.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process;
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock, Weak};

use coview::os::linux::Share;
use coview::{Event, Reset};

use crate::access;
use crate::exit_page::{self, ExitPage, Outcome};
use crate::handle::{Pseudo, pseudo, resolve};
use crate::last_error::{self, Code, Result};
use crate::limit::with_descriptors;
use crate::linux::{self, check_long, own};
use crate::object::Object;
use crate::table::{self, Handle, Reference, lock};
use crate::thread::Thread;
use crate::wait_status::{self, WaitStatus};
use crate::{service, watcher};

pub(crate) const TERMINATE: u32 = 0x0001;
pub(crate) const QUERY_INFORMATION: u32 = 0x0400;
pub(crate) const QUERY_LIMITED_INFORMATION: u32 = 0x1000;
const SET_INFORMATION: u32 = 0x0200;
const SET_LIMITED_INFORMATION: u32 = 0x2000;

/// The exit code of what has not ended.
pub(crate) const STILL_ACTIVE: u32 = 259;

/// A process, as a handle leads to it.
pub(crate) struct Process {
    state: Arc<State>,
}

/// What is known of a process. Handles, the watcher and the object of its first thread share it.
pub(crate) struct State {
    key: u64,
    process: u32,
    descriptor: OwnedFd,
    /// Shared with a process that was started by `CreateProcess`.
    page: Option<ExitPage>,
    /// The process that may reap it.
    parent: Option<u32>,
    gate: Mutex<Gate>,
    /// The code that this process has terminated it with.
    terminated: OnceLock<u32>,
    code: OnceLock<u32>,
    ended: OnceLock<Event>,
    /// Those who are told the code.
    first_threads: Mutex<Vec<Weak<Thread>>>,
    settling: Mutex<()>,
}

impl Process {
    pub(crate) fn new(state: Arc<State>) -> Process {
        Process { state }
    }

    /// The event that is set when the process has ended.
    pub(crate) fn ended(&self) -> Result<&Event> {
        self.state.ended()
    }

    /// The calling process.
    pub(crate) fn current() -> Result<Process> {
        Ok(Process::new(find_or_open(current_pid())?))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.state.process
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        &self.state
    }
}

impl State {
    /// A process that runs or has not been reaped.
    fn of_any(process: u32) -> io::Result<State> {
        Ok(State::new(process, open_descriptor(process)?, None, None))
    }

    /// A child of this process. Until it is written to, the gate keeps it from starting.
    pub(crate) fn of_child(process: u32, page: ExitPage, gate: Option<OwnedFd>) -> io::Result<State> {
        let state = State::new(process, open_descriptor(process)?, Some(page), Some(current_pid()));
        if let Some(gate) = gate {
            *lock(&state.gate) = Gate::BeforeProgram(gate);
        }
        Ok(state)
    }

    /// A process that another one has handed on.
    pub(crate) fn of_shared(process: u32, descriptor: OwnedFd, page: Option<ExitPage>) -> State {
        State::new(process, descriptor, page, None)
    }

    /// A process whose end sets an event that exists.
    pub(crate) fn with_event(process: u32, descriptor: OwnedFd, ended: Event) -> State {
        let state = State::of_shared(process, descriptor, None);
        let _ = state.ended.set(ended);
        state
    }

    fn new(process: u32, descriptor: OwnedFd, page: Option<ExitPage>, parent: Option<u32>) -> State {
        static KEYS: AtomicU64 = AtomicU64::new(0);
        State {
            // Relaxed: each is given once, that is all.
            key: KEYS.fetch_add(1, Ordering::Relaxed),
            process,
            descriptor,
            page,
            parent,
            gate: Mutex::new(Gate::Open),
            terminated: OnceLock::new(),
            code: OnceLock::new(),
            ended: OnceLock::new(),
            first_threads: Mutex::new(Vec::new()),
            settling: Mutex::new(()),
        }
    }

    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    pub(crate) fn page(&self) -> Option<&ExitPage> {
        self.page.as_ref()
    }

    /// The event of its end, which is made, and the end watched for, when somebody first asks.
    pub(crate) fn ended(self: &Arc<State>) -> Result<&Event> {
        if let Some(event) = self.ended.get() {
            return Ok(event);
        }
        let new = with_descriptors(|| Event::unnamed(Reset::Manual))?;
        let settling = lock(&self.settling);
        let event = self.ended.get_or_init(|| new);
        if self.code.get().is_some() {
            event.set()?;
            return Ok(event);
        }
        drop(settling);
        // A child is watched from its start, and nobody here will see the end of this process itself.
        if self.parent != Some(current_pid()) && self.process != current_pid() {
            watcher::watch(self, false)?;
        }
        Ok(event)
    }

    /// Says whether the process has ended; if so, its code is known and its event set from now on.
    pub(crate) fn settle(&self) -> bool {
        let _settling = lock(&self.settling);
        if self.code.get().is_some() {
            return true;
        }
        if !linux::is_readable(self.descriptor()) {
            return false;
        }
        let code = *self.code.get_or_init(|| self.find_code());
        for thread in lock(&self.first_threads).iter().filter_map(Weak::upgrade) {
            thread.set_code(code);
        }
        if let Some(event) = self.ended.get() {
            // It fails only if another program has overwritten the event.
            let _ = event.set();
        }
        true
    }

    pub(crate) fn exit_code(&self) -> u32 {
        self.settle();
        self.code.get().copied().unwrap_or(STILL_ACTIVE)
    }

    fn find_code(&self) -> u32 {
        let reaped = if self.parent == Some(current_pid()) { wait_status::reap(self.descriptor()) } else { None };
        let status = reaped.or_else(|| wait_status::look_up(self.descriptor(), self.process));
        let outcome = self.page.as_ref().and_then(ExitPage::outcome);
        decide(status, outcome, self.terminated.get().copied())
    }

    /// Ends the process with this code.
    fn terminate(&self, code: u32) -> Result<()> {
        if self.process == current_pid() {
            end_at_once(code);
        }
        if self.settle() {
            return Err(Code::ACCESS_DENIED);
        }
        wait_status::signal(self.descriptor(), 0).map_err(|_| Code::ACCESS_DENIED)?;
        let _ = self.terminated.set(code);
        match &self.page {
            Some(page) => page.record(Outcome::Terminated(code)),
            // Its parent learns the code from the process itself, if that can be told.
            None => service::announce_end(self.process, code),
        }
        wait_status::signal(self.descriptor(), libc::SIGKILL).map_err(|_| Code::ACCESS_DENIED)
    }

    /// Lets a suspended process start; returns how often it was suspended before.
    pub(crate) fn resume(&self) -> u32 {
        match mem::replace(&mut *lock(&self.gate), Gate::Open) {
            Gate::Open => return 0,
            Gate::BeforeProgram(gate) => let_go(&gate),
            Gate::BeforeMain => {
                if let Some(page) = &self.page {
                    page.let_go();
                }
            }
        }
        1
    }

    /// Has a suspended process load its program, so that its service can be reached. If the program has none it runs, and
    /// nothing that knows this library can tell.
    pub(crate) fn load(&self) {
        let mut gate = lock(&self.gate);
        if let (Gate::BeforeProgram(inner), Some(page)) = (&*gate, &self.page) {
            page.hold();
            let_go(inner);
            *gate = Gate::BeforeMain;
        }
    }
}

/// What a process waits for that was created suspended.
enum Gate {
    /// Nothing, or it was resumed.
    Open,
    /// Something to be written here: it has not loaded its program.
    BeforeProgram(OwnedFd),
    /// The word in its page.
    BeforeMain,
}

fn let_go(gate: &OwnedFd) {
    // SAFETY: the byte is our own. Should nobody read it, the process is gone, and no signal is sent for that.
    unsafe { libc::send(gate.as_raw_fd(), [1_u8].as_ptr().cast(), 1, libc::MSG_NOSIGNAL) };
}

impl Drop for State {
    fn drop(&mut self) {
        watcher::forget(self.key, self.descriptor.as_fd());
    }
}

/// What the kernel says counts; what processes say is believed where it goes with that.
fn decide(status: Option<WaitStatus>, outcome: Option<Outcome>, terminated: Option<u32>) -> u32 {
    let said = outcome.map(|outcome| match outcome {
        Outcome::Exited(code) | Outcome::Terminated(code) => code,
    });
    match (status, outcome) {
        (Some(WaitStatus::Exited(code)), _) => said.filter(|said| *said as u8 == code).unwrap_or(code.into()),
        (Some(WaitStatus::Killed(libc::SIGKILL)), Some(Outcome::Terminated(code))) => code,
        (Some(status @ WaitStatus::Killed(libc::SIGKILL)), _) => terminated.unwrap_or(status.code()),
        (Some(status), _) => status.code(),
        (None, _) => said.or(terminated).unwrap_or(0),
    }
}

fn open_descriptor(process: u32) -> io::Result<OwnedFd> {
    // SAFETY: a call without pointers.
    let descriptor = check_long(unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0_u32) })?;
    // SAFETY: the descriptor is new.
    linux::beyond_standard(unsafe { own(descriptor) })
}

/// The number of this process.
#[inline]
pub(crate) fn current_pid() -> u32 {
    // Relaxed: a number for itself.
    match PID.load(Ordering::Relaxed) {
        0 => ask_pid(),
        pid => pid,
    }
}

static PID: AtomicU32 = AtomicU32::new(0);

#[cold]
fn ask_pid() -> u32 {
    extern "C" fn forget() {
        PID.store(0, Ordering::Relaxed);
        linux::forget_quiet_threads();
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler, for a forked child, writes two words.
        unsafe { libc::pthread_atfork(None, None, Some(forget)) };
    });
    PID.store(process::id(), Ordering::Relaxed);
    process::id()
}

/// What a process handle stands for, if it has the right.
fn get(handle: Handle, right: u32) -> Result<Reference> {
    let reference = resolve(handle)?;
    reference.object.as_process()?;
    reference.demand(right)?;
    Ok(reference)
}

/// The object of the first thread of another process, which ends with it, and has the same number and exit code.
pub(crate) fn first_thread(state: &Arc<State>) -> Result<Arc<Thread>> {
    let ended = Event::from_shared(state.ended()?.share()?)?;
    let thread = Arc::new(Thread::of_other(ended, state.process, state.clone()));
    lock(&state.first_threads).push(Arc::downgrade(&thread));
    // It may have ended before it was known to have a first thread.
    if let Some(code) = state.code.get() {
        thread.set_code(*code);
    }
    Ok(thread)
}

/// Lets the process of a thread start that was created suspended; returns how often it was suspended before. `None` for
/// a thread that is not the first one of such a process.
pub(crate) fn resume(thread: &Thread) -> Option<u32> {
    thread.other().filter(|_| thread.id() == thread.process()).map(|state| state.resume())
}

/// The state of a process by its number.
pub(crate) fn find_or_open(id: u32) -> Result<Arc<State>> {
    let known = watcher::find(id);
    // A child that has not been reaped is known for certain; else the number may have passed to another process.
    if let Some(state) = known.as_ref().filter(|state| !state.settle()) {
        return Ok(state.clone());
    }
    match State::of_any(id) {
        Ok(state) => Ok(Arc::new(state)),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM)) => {
            Err(error.into())
        }
        // As on Windows, it can be opened as long as it has handles.
        Err(_) => known.ok_or(Code::INVALID_PARAMETER),
    }
}

/// Rights that imply others.
fn complete(access: u32) -> u32 {
    let mut access = access;
    if access & QUERY_INFORMATION != 0 {
        access |= QUERY_LIMITED_INFORMATION;
    }
    if access & SET_INFORMATION != 0 {
        access |= SET_LIMITED_INFORMATION;
    }
    access
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetCurrentProcess() -> Handle {
    ptr::without_provenance_mut(usize::MAX)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetCurrentProcessId() -> u32 {
    service::start_once()
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetProcessId(process: Handle) -> u32 {
    last_error::value(id_of(process), 0)
}

fn id_of(handle: Handle) -> Result<u32> {
    if pseudo(handle) == Some(Pseudo::Process) {
        return Ok(current_pid());
    }
    table::with(handle, |entry| {
        let process = entry.object().as_process()?;
        entry.demand(QUERY_LIMITED_INFORMATION)?;
        Ok(process.pid())
    })
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn OpenProcess(access: u32, inherit: i32, process: u32) -> Handle {
    last_error::value(open(access, inherit != 0, process), ptr::null_mut())
}

fn open(access: u32, inherit: bool, id: u32) -> Result<Handle> {
    service::start_once();
    if id == 0 || id > i32::MAX.cast_unsigned() {
        return Err(Code::INVALID_PARAMETER);
    }
    let state = find_or_open(id)?;
    let permission = wait_status::signal(state.descriptor(), 0);
    if permission.is_err_and(|error| error.raw_os_error() == Some(libc::EPERM)) {
        return Err(Code::ACCESS_DENIED);
    }
    let access = complete(access::PROCESS.grant_opener(access)?);
    table::insert(Arc::new(Object::Process(Process::new(state))), access, inherit)
}

/// # Safety
///
/// The pointer is null or leads to a word that may be written.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetExitCodeProcess(process: Handle, code: *mut u32) -> i32 {
    let found = exit_code_of(process);
    let written = found.and_then(|found| {
        // SAFETY: as the caller promises.
        *unsafe { code.as_mut() }.ok_or(Code::INVALID_PARAMETER)? = found;
        Ok(())
    });
    last_error::truth(written)
}

fn exit_code_of(handle: Handle) -> Result<u32> {
    if pseudo(handle) == Some(Pseudo::Process) {
        return Ok(STILL_ACTIVE);
    }
    Ok(get(handle, QUERY_LIMITED_INFORMATION)?.object.as_process()?.state.exit_code())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn TerminateProcess(process: Handle, code: u32) -> i32 {
    last_error::truth(terminate(process, code))
}

fn terminate(handle: Handle, code: u32) -> Result<()> {
    if pseudo(handle) == Some(Pseudo::Process) {
        end_at_once(code);
    }
    get(handle, TERMINATE)?.object.as_process()?.state.terminate(code)
}

/// As a process ends that is terminated: nothing is flushed and no handler is called.
fn end_at_once(code: u32) -> ! {
    if let Some(page) = exit_page::own() {
        page.record(Outcome::Terminated(code));
    }
    // SAFETY: it does not return, and nothing of this process is used after it.
    unsafe { libc::_exit(code.cast_signed()) }
}

/// Ends the process as `exit` does. Linux tells those who wait eight bits of the code; a parent that has used
/// `CreateProcess` is told all of it.
#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn ExitProcess(code: u32) -> ! {
    if let Some(page) = exit_page::own() {
        page.record(Outcome::Exited(code));
    }
    // The C library's own, which a handler of the program's may call once more, and which another thread may call.
    // SAFETY: it does not return, and runs what the program has registered for its end.
    unsafe { libc::exit(code.cast_signed()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_decides_and_processes_add_the_upper_bits() {
        let (exited, killed) = (WaitStatus::Exited(0x34), WaitStatus::Killed(libc::SIGKILL));
        for (status, outcome, terminated, code) in [
            (Some(exited), None, None, 0x34),
            (Some(exited), Some(Outcome::Exited(0x1234)), None, 0x1234),
            (Some(exited), Some(Outcome::Exited(0x1235)), None, 0x34),
            (Some(exited), Some(Outcome::Terminated(7)), Some(7), 0x34),
            (Some(killed), None, None, 1),
            (Some(killed), None, Some(7), 7),
            (Some(killed), Some(Outcome::Terminated(8)), None, 8),
            (Some(killed), Some(Outcome::Exited(0)), None, 1),
            (Some(WaitStatus::Killed(libc::SIGSEGV)), Some(Outcome::Exited(0)), None, 0xC000_0005),
            (Some(WaitStatus::Killed(libc::SIGINT)), None, Some(7), 0xC000_013A),
            (None, Some(Outcome::Exited(0x1234)), None, 0x1234),
            (None, None, Some(7), 7),
            (None, None, None, 0),
        ] {
            assert_eq!(decide(status, outcome, terminated), code, "{status:?} {outcome:?} {terminated:?}");
        }
    }
}
