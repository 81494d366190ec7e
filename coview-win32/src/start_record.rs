//! What `CreateProcess` hands down to a child: a sealed file in memory whose descriptor the variable
//! `COVIEW_WIN32_START` names. The child takes it up before its `main` begins, and takes the variable away.
//!
//! Needs `unsafe` for the variable, for descriptors that are known by number only, and to be called before `main`.
//!
//! A program that does not know this library passes variable and descriptors on to its own children, as a program that
//! has inherited handles does on Windows. So a record may be another process's, and a descriptor that it names may have
//! been closed and its number used again: each is known by its file too, and what does not fit is left alone.

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::sync::{Once, OnceLock};

use crate::exit_page::{self, ExitPage};
use crate::fork;
use crate::inherit::{self, Inherited, Packed};
use crate::linux::{self, own};
use crate::module;
use crate::service;
use crate::startup::Startup;
use crate::wire::{Reader, Writer};

pub(crate) const VARIABLE: &str = "COVIEW_WIN32_START";

const MAGIC: u64 = u64::from_le_bytes(*b"coviewS1");
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What a child is told.
pub(crate) struct Record<'a> {
    pub(crate) command_line: &'a [u16],
    pub(crate) startup: &'a Startup,
    pub(crate) page: &'a ExitPage,
    pub(crate) inherited: &'a [Inherited],
}

impl Record<'_> {
    /// Makes the file. It is closed on `exec`, as are the others that it names.
    pub(crate) fn seal(&self) -> io::Result<OwnedFd> {
        let mut writer = Writer::default();
        writer.long(MAGIC);
        write_descriptor(&mut writer, self.page.as_fd())?;
        writer.text(self.command_line);
        self.startup.write(&mut writer);
        writer.number(self.inherited.len() as u32);
        for inherited in self.inherited {
            writer.long(inherited.handle as u64).number(inherited.access).number(inherited.flags);
            inherited.packed.write(&mut writer);
            writer.number(inherited.packed.descriptors.len() as u32);
            for descriptor in &inherited.packed.descriptors {
                write_descriptor(&mut writer, descriptor.as_fd())?;
            }
        }
        let mut file = File::from(linux::beyond_standard(linux::memory_file(c"coview-win32-start")?.into())?);
        file.write_all(&writer.finish())?;
        linux::seal(&file, linux::SEALED)?;
        Ok(file.into())
    }

    /// The descriptors that the record names.
    pub(crate) fn descriptors(&self) -> Vec<RawFd> {
        let objects = self.inherited.iter().flat_map(|inherited| &inherited.packed.descriptors);
        objects.map(AsRawFd::as_raw_fd).chain([self.page.as_fd().as_raw_fd()]).collect()
    }
}

fn write_descriptor(writer: &mut Writer, descriptor: BorrowedFd<'_>) -> io::Result<()> {
    let (device, inode) = linux::identity(descriptor)?;
    writer.number(descriptor.as_raw_fd().cast_unsigned()).long(device).long(inode);
    Ok(())
}

/// What this process was told.
struct Told {
    command_line: Vec<u16>,
    startup: Startup,
}

static TOLD: OnceLock<Told> = OnceLock::new();

/// The command line that this process was started with, if `CreateProcess` started it.
pub(crate) fn command_line() -> Option<&'static [u16]> {
    take_up();
    TOLD.get().map(|told| told.command_line.as_slice())
}

pub(crate) fn startup() -> Option<&'static Startup> {
    take_up();
    TOLD.get().map(|told| &told.startup)
}

/// Has the loader call [`begin`] before `main`, and in a program that has this library as a static one before the program's
/// own constructors, which may use what was inherited. The first 101 places are the C library's.
#[used]
#[unsafe(link_section = ".init_array.00101")]
static BEGIN: extern "C" fn() = begin;

extern "C" fn begin() {
    fork::prepare();
    module::stay_loaded();
    take_up();
}

/// Keeps the linker from leaving [`BEGIN`] out of a program that has this library as a static one.
pub(crate) fn keep() {
    std::hint::black_box(&BEGIN);
}

/// Takes up the record, if there is one. Only the first call does anything.
fn take_up() {
    static TAKEN: Once = Once::new();
    TAKEN.call_once(|| {
        keep();
        if let Some(file) = find() {
            let _ = read(&file);
        }
    });
}

/// The record's file, once it is certain that it is one.
fn find() -> Option<File> {
    let text = env::var(VARIABLE).ok()?;
    // SAFETY: before `main` no other thread looks at the environment, or none of this library's making.
    unsafe { env::remove_var(VARIABLE) };
    // SAFETY: a call without pointers.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        // A program with more rights than its caller believes nothing.
        return None;
    }
    let number: RawFd = text.parse().ok().filter(|number| *number > libc::STDERR_FILENO)?;
    // SAFETY: borrowed for one call, which fails if it is not open.
    if !linux::is_sealed(unsafe { BorrowedFd::borrow_raw(number) }, linux::SEALED) {
        return None;
    }
    let mut start = [0; 8];
    // SAFETY: open, as the call before has shown.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    File::from(borrowed.try_clone_to_owned().ok()?).read_exact_at(&mut start, 0).ok()?;
    if u64::from_le_bytes(start) != MAGIC {
        return None;
    }
    // SAFETY: nobody else makes such files, so it is this library's to close.
    Some(unsafe { own(number) }.into())
}

fn read(file: &File) -> Option<()> {
    let len = file.metadata().ok()?.len();
    if len > BYTES_MAX {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(len).ok()?];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let mut reader = Reader::new(&bytes);
    reader.long()?;
    let mut descriptors = Descriptors { taken: vec![file.as_raw_fd()] };
    let page = descriptors.read(&mut reader)?;
    let command_line = reader.text()?;
    let startup = Startup::decode(&mut reader)?;
    for _ in 0..reader.number()? {
        read_inherited(&mut reader, &mut descriptors)?;
    }
    if let Some(page) = page.and_then(|page| ExitPage::adopt(page).ok()).filter(ExitPage::is_mine) {
        begin_as_child(page, Told { command_line, startup });
    }
    Some(())
}

fn begin_as_child(page: ExitPage, told: Told) {
    let _ = TOLD.set(told);
    exit_page::set_own(page);
    service::start_once();
    if let Some(page) = exit_page::own() {
        page.say_reachable();
        page.wait_while_held();
    }
}

fn read_inherited(reader: &mut Reader<'_>, descriptors: &mut Descriptors) -> Option<()> {
    let (handle, access, flags) = (usize::try_from(reader.long()?).ok()?, reader.number()?, reader.number()?);
    let mut packed = Packed::read(reader)?;
    for _ in 0..reader.number()? {
        packed.descriptors.extend(descriptors.read(reader)?);
    }
    inherit::adopt(Inherited { handle, access, flags, packed });
    Some(())
}

/// The descriptors that a record names, each of which is taken over once.
struct Descriptors {
    taken: Vec<RawFd>,
}

impl Descriptors {
    /// Takes over a descriptor if it is still the one that the record means; the inner `None` is one that is not.
    fn read(&mut self, reader: &mut Reader<'_>) -> Option<Option<OwnedFd>> {
        let number = reader.number()?.cast_signed();
        let meant = (reader.long()?, reader.long()?);
        if number <= libc::STDERR_FILENO || self.taken.contains(&number) {
            return Some(None);
        }
        // SAFETY: borrowed for one call, which fails if it is not open.
        let found = linux::identity(unsafe { BorrowedFd::borrow_raw(number) });
        if found.ok() != Some(meant) {
            return Some(None);
        }
        self.taken.push(number);
        // SAFETY: it is the file that `CreateProcess` kept open for this library alone, taken for the first time.
        let descriptor = unsafe { own(number) };
        // SAFETY: a call without pointers.
        unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
        Some(Some(descriptor))
    }
}
