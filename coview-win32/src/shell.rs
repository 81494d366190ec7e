//! `ShellExecute` and `WinExec`: programs started as if from a desktop.
//!
//! Needs `unsafe` to export functions, to read what callers point to and to write where they point.
//!
//! What is no program, a document or an address, is given to `xdg-open`, which asks the desktop.

use std::ffi::{c_char, c_void};
use std::ptr;

use crate::last_error::{self, Code, Result};
use crate::launch::{self, Launched, Wish};
use crate::table::Handle;
use crate::{command_line, program, text};

/// More than 32 stands for success.
const SUCCESS: usize = 42;
const NO_ASSOCIATION: Code = Code(1155);
const OUT_OF_MEMORY: usize = 0;

const CLOSE_PROCESS: u32 = 0x40;

/// What is to be opened.
#[derive(Default)]
struct Order {
    verb: Option<String>,
    file: Option<String>,
    parameters: Option<String>,
    directory: Option<String>,
}

/// Windows' structure; `Unit` is that of its strings.
#[repr(C)]
pub(crate) struct ShellExecuteInfo<Unit> {
    size: u32,
    mask: u32,
    window: *mut c_void,
    verb: *const Unit,
    file: *const Unit,
    parameters: *const Unit,
    directory: *const Unit,
    show: i32,
    instance: *mut c_void,
    id_list: *mut c_void,
    class: *const Unit,
    class_key: *mut c_void,
    hot_key: u32,
    icon: *mut c_void,
    process: Handle,
}

const _: () = assert!(size_of::<ShellExecuteInfo<u16>>() == 112);

/// Starts what an order means.
fn execute(order: &Order) -> Result<Launched> {
    let verb = order.verb.as_deref().unwrap_or_default();
    if !["", "open", "runas"].iter().any(|known| verb.eq_ignore_ascii_case(known)) {
        return Err(NO_ASSOCIATION);
    }
    let file = order.file.as_deref().unwrap_or_default();
    if is_address(file) {
        return open_by_desktop(order, file);
    }
    let line = command_line::join(&[text::to_wide(file.as_bytes())]);
    match program::find(None, &quoted(file)) {
        Ok(program) => {
            let mut line = line;
            if let Some(parameters) = order.parameters.as_deref().filter(|parameters| !parameters.is_empty()) {
                line.push(b' '.into());
                line.extend(parameters.encode_utf16());
            }
            start(order, program.to_string_lossy().into_owned(), line)
        }
        // It is there, and is no program: a document or a folder.
        Err(Code::BAD_EXE_FORMAT | Code::ACCESS_DENIED) => open_by_desktop(order, &crate::path::to_unix(file)?),
        Err(code) => Err(code),
    }
}

fn quoted(file: &str) -> Vec<u16> {
    format!("\"{file}\"").encode_utf16().collect()
}

fn is_address(file: &str) -> bool {
    file.split_once("://")
        .is_some_and(|(scheme, _)| scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        || file.starts_with("mailto:")
}

fn open_by_desktop(order: &Order, what: &str) -> Result<Launched> {
    let program = program::find(None, &quoted("xdg-open")).map_err(|_| NO_ASSOCIATION)?;
    let arguments = ["xdg-open", what].map(|argument| argument.encode_utf16().collect());
    start(order, program.to_string_lossy().into_owned(), command_line::join(&arguments))
}

fn start(order: &Order, program: String, line: Vec<u16>) -> Result<Launched> {
    let directory = order.directory.clone().filter(|directory| !directory.is_empty());
    launch::launch(&Wish { application: Some(program), line: Some(line), directory, ..Wish::default() })
}

/// What `ShellExecute` returns for a failure: at most 32.
fn failure(code: Code) -> usize {
    match code {
        Code(code @ (2 | 3 | 5)) => code as usize,
        Code::BAD_EXE_FORMAT => 11,
        Code::NOT_ENOUGH_MEMORY => 8,
        NO_ASSOCIATION => 31,
        // `ERROR_DIRECTORY`.
        Code(267) => 3,
        _ => OUT_OF_MEMORY,
    }
}

fn instance(result: Result<Launched>) -> *mut c_void {
    let number = match result {
        Ok(_) => SUCCESS,
        Err(code) => {
            last_error::set(code);
            failure(code)
        }
    };
    ptr::without_provenance_mut(number)
}

/// # Safety
///
/// The texts are null or end with a NUL.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ShellExecuteA(
    _window: *mut c_void,
    verb: *const c_char,
    file: *const c_char,
    parameters: *const c_char,
    directory: *const c_char,
    _show: i32,
) -> *mut c_void {
    // SAFETY: as the caller promises.
    let [verb, file, parameters, directory] =
        [verb, file, parameters, directory].map(|text| unsafe { text::utf8_of_narrow(text) });
    instance(execute(&Order { verb, file, parameters, directory }))
}

/// # Safety
///
/// As for [`ShellExecuteA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ShellExecuteW(
    _window: *mut c_void,
    verb: *const u16,
    file: *const u16,
    parameters: *const u16,
    directory: *const u16,
    _show: i32,
) -> *mut c_void {
    // SAFETY: as the caller promises.
    let [verb, file, parameters, directory] =
        [verb, file, parameters, directory].map(|text| unsafe { text::utf8_of_wide(text) });
    instance(execute(&Order { verb, file, parameters, directory }))
}

/// # Safety
///
/// The pointer leads to the structure, whose texts are null or end with a NUL.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ShellExecuteExA(information: *mut ShellExecuteInfo<c_char>) -> i32 {
    // SAFETY: as the caller promises.
    let information = unsafe { information.as_mut() };
    // SAFETY: as the caller promises.
    last_error::truth(execute_for(information, |text| unsafe { text::utf8_of_narrow(text) }))
}

/// # Safety
///
/// As for [`ShellExecuteExA`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ShellExecuteExW(information: *mut ShellExecuteInfo<u16>) -> i32 {
    // SAFETY: as the caller promises.
    let information = unsafe { information.as_mut() };
    // SAFETY: as the caller promises.
    last_error::truth(execute_for(information, |text| unsafe { text::utf8_of_wide(text) }))
}

fn execute_for<Unit>(
    information: Option<&mut ShellExecuteInfo<Unit>>,
    read: impl Fn(*const Unit) -> Option<String>,
) -> Result<()> {
    let information = information.ok_or(Code::INVALID_PARAMETER)?;
    if information.size as usize != size_of::<ShellExecuteInfo<Unit>>() {
        return Err(Code::INVALID_PARAMETER);
    }
    let order = Order {
        verb: read(information.verb),
        file: read(information.file),
        parameters: read(information.parameters),
        directory: read(information.directory),
    };
    let launched = execute(&order).inspect_err(|code| {
        information.instance = ptr::without_provenance_mut(failure(*code));
    })?;
    information.instance = ptr::without_provenance_mut(SUCCESS);
    if information.mask & CLOSE_PROCESS != 0 {
        information.process = launch::process_handle(&launched)?;
    }
    Ok(())
}

/// # Safety
///
/// The command line is null or ends with a NUL.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn WinExec(line: *const c_char, _show: u32) -> u32 {
    // SAFETY: as the caller promises.
    let line = unsafe { text::narrow(line) }.map(text::to_wide);
    let number = instance(launch::launch(&Wish { line, ..Wish::default() })).addr();
    if number > 32 { 33 } else { number as u32 }
}
