//! Modules: the program, this library, which stands for Windows' own libraries, and shared objects.
//!
//! Needs `unsafe` to export functions, to ask the dynamic linker, and to write where callers point.
//!
//! The program's handle is the address that it is loaded at, as on Windows. `kernel32`, `ntdll` and their like lead to
//! the address of this library, which in a program that is linked statically is the program's. Any other handle is the
//! dynamic linker's own. A program that is linked statically must be linked with `-rdynamic` for `GetProcAddress` to
//! find this library's functions in it.

mod linker;

pub(crate) use linker::stay_loaded;

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_void};
use std::fs;
use std::path::Path;
use std::ptr;
use std::sync::{LazyLock, Mutex};

use crate::last_error::{self, Code, Result};
use crate::{path, table, text};

const MOD_NOT_FOUND: Code = Code(126);
const PROC_NOT_FOUND: Code = Code(127);
const INVALID_ORDINAL: Code = Code(182);

const FLAG_PIN: u32 = 1;
const FLAG_UNCHANGED_REFCOUNT: u32 = 2;
const FLAG_FROM_ADDRESS: u32 = 4;

const PROGRAM_PATH: &str = "/proc/self/exe";
/// Windows' libraries whose functions are here. The sets of functions, `api-ms-win-…`, belong to them.
const OWN_NAMES: [&str; 7] = ["kernel32", "kernelbase", "ntdll", "user32", "advapi32", "shell32", "coview_win32"];
const OWN_PREFIX: &str = "api-ms-win-";

/// A handle of a module as C programs have it.
type Module = *mut c_void;

/// What such a handle means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Program,
    Library,
    /// A shared object, by the dynamic linker's handle.
    Loaded(usize),
}

/// The shared objects that callers know, and how often each was loaded for them.
static KNOWN: LazyLock<Mutex<HashMap<usize, u32>>> = LazyLock::new(Mutex::default);

impl Kind {
    fn of(module: Module) -> Result<Kind> {
        let address = module.addr();
        match address {
            0 => Ok(Kind::Program),
            _ if address == linker::program() => Ok(Kind::Program),
            _ if address == linker::library() => Ok(Kind::Library),
            _ if table::lock(&KNOWN).contains_key(&address) => Ok(Kind::Loaded(address)),
            _ => Err(MOD_NOT_FOUND),
        }
    }

    /// What is loaded at an address.
    fn at(address: usize) -> Result<Kind> {
        let (base, file) = linker::object_at(address).ok_or(MOD_NOT_FOUND)?;
        match base {
            _ if base == linker::program() => Ok(Kind::Program),
            _ if base == linker::library() => Ok(Kind::Library),
            _ => linker::find(&file).map(Kind::Loaded).ok_or(MOD_NOT_FOUND),
        }
    }

    /// What has this name and is loaded already.
    fn named(name: &str) -> Result<Kind> {
        if name.is_empty() {
            return Err(MOD_NOT_FOUND);
        }
        let file_name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
        if is_own(&file_name) {
            return Ok(Kind::Library);
        }
        if is_program(&file_name) {
            return Ok(Kind::Program);
        }
        let found = candidates(name)?.iter().find_map(|candidate| linker::find(candidate));
        found.map(Kind::Loaded).ok_or(MOD_NOT_FOUND)
    }

    /// The handle for callers, who know it from now on.
    fn handle(self) -> Module {
        let address = match self {
            Kind::Program => linker::program(),
            Kind::Library => linker::library(),
            Kind::Loaded(address) => {
                table::lock(&KNOWN).entry(address).or_insert(0);
                address
            }
        };
        ptr::with_exposed_provenance_mut(address)
    }

    fn file(self) -> Result<String> {
        let file = match self {
            Kind::Program => PROGRAM_PATH.to_owned(),
            Kind::Library => linker::object_at(linker::library_code()).ok_or(MOD_NOT_FOUND)?.1,
            Kind::Loaded(handle) => linker::file(handle).ok_or(MOD_NOT_FOUND)?,
        };
        // What the linker knows may be relative; a file that has gone keeps the name that it had.
        let whole = if self == Kind::Program { fs::read_link(&file) } else { fs::canonicalize(&file) };
        Ok(whole.map_or(file, |whole| whole.to_string_lossy().into_owned()))
    }
}

fn is_own(file_name: &str) -> bool {
    let stem = file_name.strip_suffix(".dll").unwrap_or(file_name);
    OWN_NAMES.contains(&stem) || stem.starts_with(OWN_PREFIX) || file_name == "libcoview_win32.so"
}

fn is_program(file_name: &str) -> bool {
    let program = fs::read_link(PROGRAM_PATH).unwrap_or_default();
    let own = program.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    own == file_name || file_name.strip_suffix(".exe") == Some(&own)
}

/// What the dynamic linker may know a library by: the name itself, and that which a library built from the same source
/// has on Linux.
fn candidates(name: &str) -> Result<Vec<String>> {
    let name = path::to_unix(name)?;
    let (folder, file_name) =
        name.rsplit_once('/').map_or(("", name.as_str()), |(_, last)| (&name[..name.len() - last.len()], last));
    let lower = file_name.to_ascii_lowercase();
    let stem = if lower.ends_with(".dll") { &file_name[..file_name.len() - ".dll".len()] } else { file_name };
    Ok(vec![name.clone(), format!("{folder}lib{stem}.so"), format!("{folder}{stem}.so")])
}

fn module_handle(name: Option<String>) -> Result<Module> {
    Ok(name.map_or(Ok(Kind::Program), |name| Kind::named(&name))?.handle())
}

fn load(name: Option<String>) -> Result<Module> {
    let name = name.filter(|name| !name.is_empty()).ok_or(Code::INVALID_PARAMETER)?;
    let name = name.as_str();
    match Kind::named(name) {
        Ok(kind @ (Kind::Program | Kind::Library)) => return Ok(kind.handle()),
        Err(code) if code != MOD_NOT_FOUND => return Err(code),
        _ => {}
    }
    let candidates = candidates(name)?;
    let Some(address) = candidates.iter().find_map(|candidate| linker::load(candidate)) else {
        let exists = candidates.iter().any(|candidate| candidate.contains('/') && Path::new(candidate).is_file());
        return Err(if exists { Code::BAD_EXE_FORMAT } else { MOD_NOT_FOUND });
    };
    *table::lock(&KNOWN).entry(address).or_insert(0) += 1;
    Ok(Kind::Loaded(address).handle())
}

fn free(module: Module) -> Result<()> {
    if module.is_null() {
        return Err(Code::INVALID_HANDLE);
    }
    let Kind::Loaded(address) = Kind::of(module)? else { return Ok(()) };
    let mut known = table::lock(&KNOWN);
    let count = known.get_mut(&address).filter(|count| **count != 0).ok_or(MOD_NOT_FOUND)?;
    *count -= 1;
    if *count == 0 {
        known.remove(&address);
    }
    drop(known);
    // Without the lock: the shared object's last functions may call this library.
    linker::unload(address);
    Ok(())
}

fn procedure(module: Module, name: &CString) -> Result<usize> {
    let kind = Kind::of(module)?;
    let found = match kind {
        Kind::Program => linker::symbol_of_all(name).filter(|&address| is_at(address, linker::program())),
        Kind::Library => linker::symbol_of_all(name).filter(|&address| is_at(address, linker::library())),
        Kind::Loaded(handle) => linker::symbol(handle, name),
    };
    found.ok_or(PROC_NOT_FOUND)
}

fn is_at(address: usize, base: usize) -> bool {
    linker::object_at(address).is_some_and(|(found, _)| found == base)
}

/// # Safety
///
/// `to` is null or an address for a handle.
unsafe fn module_handle_ex(flags: u32, find: impl FnOnce() -> Result<Kind>, to: *mut Module) -> Result<()> {
    // SAFETY: as the caller promises.
    let to = unsafe { to.as_mut() }.ok_or(Code::INVALID_PARAMETER)?;
    *to = ptr::null_mut();
    let both = FLAG_PIN | FLAG_UNCHANGED_REFCOUNT;
    if flags & !(both | FLAG_FROM_ADDRESS) != 0 || flags & both == both {
        return Err(Code::INVALID_PARAMETER);
    }
    let kind = find()?;
    let handle = kind.handle();
    if flags & FLAG_UNCHANGED_REFCOUNT == 0
        && let Kind::Loaded(address) = kind
    {
        linker::keep(address);
        if flags & FLAG_PIN == 0 {
            *table::lock(&KNOWN).entry(address).or_insert(0) += 1;
        }
    }
    *to = handle;
    Ok(())
}

/// Copies as much of the name as there is room for, with a NUL, and says so if that is not all.
///
/// # Safety
///
/// The buffer has room for that many units.
unsafe fn give_name<T: Copy + Default>(name: &[T], buffer: *mut T, capacity: u32) -> Result<u32> {
    let room = capacity as usize;
    if room == 0 || buffer.is_null() {
        return Err(Code::INSUFFICIENT_BUFFER);
    }
    let part = &name[..name.len().min(room - 1)];
    // SAFETY: the part and a NUL fit, as the caller promises.
    let len = unsafe { text::give(part, buffer, room) };
    if part.len() < name.len() {
        last_error::set(Code::INSUFFICIENT_BUFFER);
        return Ok(capacity);
    }
    Ok(u32::try_from(len).unwrap_or(capacity))
}

fn file_of(module: Module) -> Result<String> {
    Kind::of(module)?.file()
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetModuleFileNameA(module: Module, buffer: *mut u8, capacity: u32) -> u32 {
    // SAFETY: the caller passes the buffer's size.
    let len = file_of(module).and_then(|file| unsafe { give_name(file.as_bytes(), buffer, capacity) });
    last_error::value(len, 0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetModuleFileNameW(module: Module, buffer: *mut u16, capacity: u32) -> u32 {
    let units = file_of(module).map(|file| file.encode_utf16().collect::<Vec<_>>());
    // SAFETY: the caller passes the buffer's size.
    last_error::value(units.and_then(|units| unsafe { give_name(&units, buffer, capacity) }), 0)
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetModuleHandleA(name: *const c_char) -> Module {
    // SAFETY: the caller passes a string or null.
    last_error::value(module_handle(unsafe { text::utf8_of_narrow(name) }), ptr::null_mut())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetModuleHandleW(name: *const u16) -> Module {
    // SAFETY: the caller passes a string or null.
    last_error::value(module_handle(unsafe { text::utf8_of_wide(name) }), ptr::null_mut())
}

/// What `GetModuleHandleEx` is to find: an address, or a name that is read only then.
fn sought(flags: u32, address: usize, name: impl FnOnce() -> Option<String>) -> Result<Kind> {
    if flags & FLAG_FROM_ADDRESS != 0 {
        Kind::at(address)
    } else {
        name().map_or(Ok(Kind::Program), |name| Kind::named(&name))
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetModuleHandleExA(flags: u32, name: *const c_char, module: *mut Module) -> i32 {
    // SAFETY: without the flag for addresses the caller passes a string or null.
    let find = || sought(flags, name.addr(), || unsafe { text::utf8_of_narrow(name) });
    // SAFETY: the caller passes an address for the handle or null.
    last_error::truth(unsafe { module_handle_ex(flags, find, module) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetModuleHandleExW(flags: u32, name: *const u16, module: *mut Module) -> i32 {
    // SAFETY: without the flag for addresses the caller passes a string or null.
    let find = || sought(flags, name.addr(), || unsafe { text::utf8_of_wide(name) });
    // SAFETY: the caller passes an address for the handle or null.
    last_error::truth(unsafe { module_handle_ex(flags, find, module) })
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn LoadLibraryA(name: *const c_char) -> Module {
    // SAFETY: the caller passes a string or null.
    last_error::value(load(unsafe { text::utf8_of_narrow(name) }), ptr::null_mut())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn LoadLibraryW(name: *const u16) -> Module {
    // SAFETY: the caller passes a string or null.
    last_error::value(load(unsafe { text::utf8_of_wide(name) }), ptr::null_mut())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn FreeLibrary(module: Module) -> i32 {
    last_error::truth(free(module))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetProcAddress(module: Module, name: *const c_char) -> *mut c_void {
    const ORDINAL_MAX: usize = 0xFFFF;
    let found = if name.addr() <= ORDINAL_MAX {
        Err(INVALID_ORDINAL)
    } else {
        // SAFETY: the caller passes a string.
        let name = unsafe { text::narrow(name) }.unwrap_or_default();
        CString::new(name).map_err(|_| PROC_NOT_FOUND).and_then(|name| procedure(module, &name))
    };
    last_error::value(found.map(ptr::with_exposed_provenance_mut), ptr::null_mut())
}
