//! `CreateProcess`: what is started, with what, and what the caller gets.
//!
//! Needs `unsafe` to export functions, to read what callers point to and to write where they point.

use std::env;
use std::ffi::{CString, OsString, c_char, c_void};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::ptr;
use std::sync::Arc;

use crate::access;
use crate::exit_page::ExitPage;
use crate::inherit::{self, Inherited};
use crate::last_error::{self, Code, Result};
use crate::object::Object;
use crate::process::{self, Process, State};
use crate::security::{self, SecurityAttributes};
use crate::spawn::{self, Plan, Spawned};
use crate::start_record::{Record, VARIABLE};
use crate::startup::{Startup, StartupInfo, USE_STANDARD_HANDLES};
use crate::table::{self, Handle};
use crate::{command_line, linux, path, program, service, standard, text, watcher};

const CREATE_SUSPENDED: u32 = 0x0004;
const DETACHED_PROCESS: u32 = 0x0008;
const CREATE_NEW_CONSOLE: u32 = 0x0010;
const CREATE_UNICODE_ENVIRONMENT: u32 = 0x0400;

/// `ERROR_DIRECTORY`.
const DIRECTORY: Code = Code(267);

/// Windows' structure.
#[repr(C)]
pub(crate) struct ProcessInformation {
    pub(crate) process: Handle,
    pub(crate) thread: Handle,
    pub(crate) process_id: u32,
    pub(crate) thread_id: u32,
}

/// What a caller wants started.
#[derive(Default)]
pub(crate) struct Wish {
    pub(crate) application: Option<String>,
    pub(crate) line: Option<Vec<u16>>,
    pub(crate) inherits: bool,
    pub(crate) flags: u32,
    /// `NAME=value` each; without a list, the variables of this process.
    pub(crate) environment: Option<Vec<OsString>>,
    pub(crate) directory: Option<String>,
    pub(crate) startup: Startup,
}

/// What has been started. Whoever drops it leaves the process running.
pub(crate) struct Launched {
    pub(crate) state: Arc<State>,
}

/// Starts a program.
pub(crate) fn launch(wish: &Wish) -> Result<Launched> {
    if wish.flags & DETACHED_PROCESS != 0 && wish.flags & CREATE_NEW_CONSOLE != 0 {
        return Err(Code::INVALID_PARAMETER);
    }
    let line = line_of(wish)?;
    let program = program::find(wish.application.as_deref(), &line)?;
    let directory = wish.directory.as_deref().map(check_directory).transpose()?;
    service::start_once();
    watcher::prepare()?;
    let inherited = if wish.inherits { inherit::collect()? } else { Vec::new() };
    let (spawned, page) = start(wish, &line, program, directory, &inherited)?;
    let pid = spawned.pid;
    keep(spawned, page).inspect_err(|_| spawn::abandon(pid)).map_err(Code::from)
}

fn line_of(wish: &Wish) -> Result<Vec<u16>> {
    match (&wish.line, &wish.application) {
        (Some(line), _) if !line.is_empty() => Ok(line.clone()),
        (_, Some(application)) => Ok(application.encode_utf16().collect()),
        (Some(line), None) => Ok(line.clone()),
        (None, None) => Err(Code::INVALID_PARAMETER),
    }
}

fn check_directory(directory: &str) -> Result<String> {
    let directory = path::to_unix(directory).map_err(|_| DIRECTORY)?;
    let is_directory = fs::metadata(&directory).is_ok_and(|metadata| metadata.is_dir());
    if is_directory { Ok(directory) } else { Err(DIRECTORY) }
}

fn start(
    wish: &Wish,
    line: &[u16],
    program: PathBuf,
    directory: Option<String>,
    inherited: &[Inherited],
) -> Result<(Spawned, ExitPage)> {
    let page = ExitPage::create()?;
    let record = Record { command_line: line, startup: &wish.startup, page: &page, inherited };
    let file = record.seal()?;
    let mut kept = record.descriptors();
    kept.push(file.as_raw_fd());
    let plan = Plan {
        program: c_text(program.into_os_string())?,
        arguments: arguments(wish, line)?,
        environment: environment(wish, &file)?,
        directory: directory.map(|directory| c_text(directory.into())).transpose()?,
        standard: standard_of(&wish.startup)?,
        kept,
        page: &page,
        suspended: wish.flags & CREATE_SUSPENDED != 0,
    };
    let spawned = spawn::spawn(&plan)?;
    Ok((spawned, page))
}

/// Has the process watched from now on.
fn keep(spawned: Spawned, page: ExitPage) -> io::Result<Launched> {
    let state = Arc::new(State::of_child(spawned.pid, page, spawned.gate)?);
    watcher::watch(&state, true).inspect_err(|_| watcher::forget(state.key(), state.descriptor()))?;
    Ok(Launched { state })
}

fn c_text(text: OsString) -> Result<CString> {
    CString::new(text.into_vec()).map_err(|_| Code::INVALID_PARAMETER)
}

fn arguments(wish: &Wish, line: &[u16]) -> Result<Vec<CString>> {
    let split = match &wish.line {
        // A name alone is one argument, whatever blanks are in it.
        None => vec![line.to_vec()],
        Some(_) => command_line::split(line),
    };
    split.iter().map(|argument| c_text(text::to_utf8(argument).into())).collect()
}

fn environment(wish: &Wish, record: &OwnedFd) -> Result<Vec<CString>> {
    let variables = wish.environment.clone().unwrap_or_else(own_environment);
    let ours = [VARIABLE, "="].concat();
    let others = variables.into_iter().filter(|variable| !variable.as_bytes().starts_with(ours.as_bytes()));
    let start: OsString = format!("{ours}{}", record.as_raw_fd()).into();
    others.chain([start]).map(c_text).collect()
}

fn own_environment() -> Vec<OsString> {
    let joined = |(name, value): (OsString, OsString)| [name, value].join("=".as_ref());
    env::vars_os().map(joined).collect()
}

/// What a child gets for its standard descriptors. One that was named and is no file's handle is nothing to it.
fn standard_of(startup: &Startup) -> Result<[Option<OwnedFd>; 3]> {
    let mut all = [None, None, None];
    for (place, descriptor) in all.iter_mut().enumerate() {
        *descriptor = if startup.flags & USE_STANDARD_HANDLES == 0 {
            standard::replaced(place)
        } else {
            let handle = ptr::without_provenance_mut(startup.standard[place]);
            Some(standard::of_file(handle).or_else(|_| nothing())?)
        };
    }
    Ok(all)
}

fn nothing() -> Result<OwnedFd> {
    let null = fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    Ok(linux::beyond_standard(null.into())?)
}

/// The handles for the caller, with all rights.
fn hand_out(launched: &Launched, inherit_process: bool, inherit_thread: bool) -> Result<ProcessInformation> {
    let state = &launched.state;
    let thread = Arc::new(Object::Thread(process::first_thread(state)?));
    let process = Arc::new(Object::Process(Process::new(state.clone())));
    let process = table::insert(process, access::PROCESS.all, inherit_process)?;
    let thread = table::insert(thread, access::THREAD.all, inherit_thread).inspect_err(|_| {
        let _ = table::close(process);
    })?;
    Ok(ProcessInformation { process, thread, process_id: state.process(), thread_id: state.process() })
}

/// A handle to what was started, for `ShellExecuteEx`.
pub(crate) fn process_handle(launched: &Launched) -> Result<Handle> {
    let process = Arc::new(Object::Process(Process::new(launched.state.clone())));
    table::insert(process, access::PROCESS.all, false)
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateProcessA(
    application: *const c_char,
    line: *mut c_char,
    process_attributes: *const SecurityAttributes,
    thread_attributes: *const SecurityAttributes,
    inherits: i32,
    flags: u32,
    environment: *const c_void,
    directory: *const c_char,
    startup: *const StartupInfo<u8>,
    information: *mut ProcessInformation,
) -> i32 {
    // SAFETY: as the caller promises.
    let startup = unsafe { startup.as_ref() };
    let wish = Wish {
        // SAFETY: as the caller promises.
        application: unsafe { text::utf8_of_narrow(application) },
        // SAFETY: as the caller promises.
        line: unsafe { text::narrow(line) }.map(text::to_wide),
        inherits: inherits != 0,
        flags,
        // SAFETY: as the caller promises.
        environment: unsafe { variables(environment, flags) },
        // SAFETY: as the caller promises.
        directory: unsafe { text::utf8_of_narrow(directory) },
        // SAFETY: as the caller promises.
        startup: startup.map(|startup| unsafe { Startup::narrow(startup) }).unwrap_or_default(),
    };
    // SAFETY: as the caller promises.
    last_error::truth(unsafe { create(&wish, [process_attributes, thread_attributes], information) })
}

/// # Safety
///
/// As for [`CreateProcessA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateProcessW(
    application: *const u16,
    line: *mut u16,
    process_attributes: *const SecurityAttributes,
    thread_attributes: *const SecurityAttributes,
    inherits: i32,
    flags: u32,
    environment: *const c_void,
    directory: *const u16,
    startup: *const StartupInfo<u16>,
    information: *mut ProcessInformation,
) -> i32 {
    // SAFETY: as the caller promises.
    let startup = unsafe { startup.as_ref() };
    let wish = Wish {
        // SAFETY: as the caller promises.
        application: unsafe { text::utf8_of_wide(application) },
        // SAFETY: as the caller promises.
        line: unsafe { text::wide(line) }.map(<[u16]>::to_vec),
        inherits: inherits != 0,
        flags,
        // SAFETY: as the caller promises.
        environment: unsafe { variables(environment, flags) },
        // SAFETY: as the caller promises.
        directory: unsafe { text::utf8_of_wide(directory) },
        // SAFETY: as the caller promises.
        startup: startup.map(|startup| unsafe { Startup::wide(startup) }).unwrap_or_default(),
    };
    // SAFETY: as the caller promises.
    last_error::truth(unsafe { create(&wish, [process_attributes, thread_attributes], information) })
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
unsafe fn create(
    wish: &Wish,
    attributes: [*const SecurityAttributes; 2],
    information: *mut ProcessInformation,
) -> Result<()> {
    if information.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: as the caller promises.
    let [process, thread] = attributes.map(|attributes| unsafe { security::wishes(attributes) }.inherit);
    let filled = hand_out(&launch(wish)?, process, thread)?;
    // SAFETY: as the caller promises.
    unsafe { information.write(filled) };
    Ok(())
}

/// The variables of a block that ends with an empty text. Those of drives, which begin with an equals sign, mean nothing
/// here.
///
/// # Safety
///
/// The pointer is null or leads to such a block, of the characters that the flags say.
unsafe fn variables(block: *const c_void, flags: u32) -> Option<Vec<OsString>> {
    if block.is_null() {
        return None;
    }
    let all = if flags & CREATE_UNICODE_ENVIRONMENT != 0 {
        // SAFETY: as the caller promises.
        unsafe { wide_variables(block.cast()) }
    } else {
        // SAFETY: as the caller promises.
        unsafe { narrow_variables(block.cast()) }
    };
    Some(all.into_iter().filter(|variable| !variable.as_bytes().starts_with(b"=")).collect())
}

/// # Safety
///
/// As for [`variables`].
unsafe fn wide_variables(mut block: *const u16) -> Vec<OsString> {
    let mut all = Vec::new();
    // SAFETY: as the caller promises, there is another text, perhaps the empty one.
    while let Some(variable) = unsafe { text::wide(block) }.filter(|variable| !variable.is_empty()) {
        all.push(text::to_utf8(variable).into());
        // SAFETY: behind the NUL the next one begins.
        block = unsafe { block.add(variable.len() + 1) };
    }
    all
}

/// # Safety
///
/// As for [`variables`].
unsafe fn narrow_variables(mut block: *const c_char) -> Vec<OsString> {
    let mut all = Vec::new();
    // SAFETY: as above.
    while let Some(variable) = unsafe { text::narrow(block) }.filter(|variable| !variable.is_empty()) {
        all.push(OsString::from_vec(variable.to_vec()));
        // SAFETY: as above.
        block = unsafe { block.add(variable.len() + 1) };
    }
    all
}
