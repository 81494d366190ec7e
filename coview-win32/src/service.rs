//! The thread by which other processes reach this one: they put handles into its table, take handles out of it, and say
//! with which code they are about to end it.
//!
//! Needs `unsafe` for sockets and for what is done after `fork`.
//!
//! It listens on an abstract socket that is named for the process. Both ends ask the kernel who the other one is: the
//! service answers its own user and root only, and a client talks to the very process that it means. No call lasts
//! longer than a few seconds, whatever the other process does.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::exit_page::{self, ExitPage, Outcome};
use crate::handle::{Pseudo, pseudo, resolve};
use crate::inherit::{self, Packed};
use crate::last_error::{Code, Result};
use crate::linux::{self, check, own};
use crate::table::{self, HANDLE_FLAG_INHERIT, Handle, Reference};
use crate::wire::{Reader, Writer};
use crate::{packet, watcher};

const INSERT: u32 = 1;
const TAKE: u32 = 2;
const ANNOUNCE_END: u32 = 3;

/// How long one call waits for the other process.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a process is waited for that is to be terminated anyway.
const LAST_PATIENCE: Duration = Duration::from_millis(300);
/// How long a new process has until its program is loaded and can be reached.
const BIRTH_MAX: Duration = Duration::from_secs(5);

/// The process whose service was started, or could not be; 0 before, and in a forked child.
static SERVED: AtomicU32 = AtomicU32::new(0);
/// The socket that the service listens on, for a forked child to close.
static LISTENER: AtomicI32 = AtomicI32::new(-1);
/// Its inode: a program that closes what it did not open may have another file under the number.
static LISTENER_INODE: AtomicU64 = AtomicU64::new(0);

/// Starts the service if it does not run, and returns the number of this process.
#[inline]
pub(crate) fn start_once() -> u32 {
    // Acquire: pairs with the Release of `start`.
    match SERVED.load(Ordering::Acquire) {
        0 => start(),
        process => process,
    }
}

#[cold]
fn start() -> u32 {
    static STARTING: Mutex<bool> = Mutex::new(false);
    let process = process::id();
    // A child that was forked at the wrong moment finds the lock taken for ever, and does without.
    let Ok(mut prepared) = STARTING.try_lock() else { return process };
    if SERVED.load(Ordering::Acquire) == process {
        return process;
    }
    if !*prepared {
        // SAFETY: the handler makes one system call and sets two words.
        unsafe { libc::pthread_atfork(None, None, Some(forget_after_fork)) };
        *prepared = true;
    }
    // Without a service other processes are refused, which they can live with.
    let _ = listen(process).and_then(|listener| {
        let (number, (_, inode)) = (listener.as_raw_fd(), linux::identity(listener.as_fd())?);
        linux::start_quiet_thread("coview-service", move || serve_for_ever(listener))?;
        LISTENER_INODE.store(inode, Ordering::Relaxed);
        LISTENER.store(number, Ordering::Relaxed);
        Ok(())
    });
    // Release: pairs with the Acquire of `start_once`.
    SERVED.store(process, Ordering::Release);
    process
}

/// A forked child has no service thread, and must not keep its parent's address.
extern "C" fn forget_after_fork() {
    SERVED.store(0, Ordering::Relaxed);
    let listener = LISTENER.swap(-1, Ordering::Relaxed);
    // SAFETY: borrowed for one call, which fails if it is not open.
    let identity = |number| linux::identity(unsafe { BorrowedFd::borrow_raw(number) });
    if listener >= 0 && identity(listener).is_ok_and(|(_, inode)| inode == LISTENER_INODE.load(Ordering::Relaxed)) {
        // SAFETY: only the thread knew the descriptor, and that is not here.
        unsafe { libc::close(listener) };
    }
}

fn address(process: u32) -> (libc::sockaddr_un, libc::socklen_t) {
    // SAFETY: zeros are an address without a name.
    let mut address: libc::sockaddr_un = unsafe { mem::zeroed() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    let name = format!("\0coview-win32/{process}");
    for (place, byte) in address.sun_path.iter_mut().zip(name.bytes()) {
        *place = byte as libc::c_char;
    }
    let len = mem::offset_of!(libc::sockaddr_un, sun_path) + name.len();
    (address, len as libc::socklen_t)
}

fn socket() -> io::Result<OwnedFd> {
    // SAFETY: a call without pointers.
    let socket = check(unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC, 0) })?;
    // SAFETY: the descriptor is new.
    linux::beyond_standard(unsafe { own(socket) })
}

fn listen(process: u32) -> io::Result<OwnedFd> {
    let socket = socket()?;
    let (address, len) = address(process);
    // SAFETY: the address is as long as it says.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), len) })?;
    // SAFETY: a call without pointers.
    check(unsafe { libc::listen(socket.as_raw_fd(), libc::SOMAXCONN) })?;
    Ok(socket)
}

fn serve_for_ever(listener: OwnedFd) {
    loop {
        match accept(listener.as_fd()) {
            Ok(client) => drop(serve(client.as_fd())),
            // The program has closed it, and may have another file under the number.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EBADF | libc::EINVAL | libc::ENOTSOCK)) => {
                return mem::forget(listener);
            }
            // No descriptor is left, perhaps for a moment only.
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn accept(listener: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let client = linux::uninterrupted(|| {
        // SAFETY: nobody asks for the address.
        check(unsafe {
            libc::accept4(listener.as_raw_fd(), std::ptr::null_mut(), std::ptr::null_mut(), libc::SOCK_CLOEXEC)
        })
    })?;
    // SAFETY: the descriptor is new.
    Ok(unsafe { own(client) })
}

/// Answers one request.
fn serve(client: BorrowedFd<'_>) -> io::Result<()> {
    let user = packet::peer(client)?.uid;
    // SAFETY: a call without pointers, which cannot fail.
    if user != 0 && user != unsafe { libc::geteuid() } {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    packet::limit(client, PATIENCE)?;
    let (bytes, descriptors) = packet::receive(client)?;
    let mut reply = Writer::default();
    let descriptors = match answer(&bytes, descriptors, &mut reply) {
        Ok(descriptors) => descriptors,
        Err(code) => {
            reply = Writer::default();
            reply.number(code.0);
            Vec::new()
        }
    };
    packet::send(client, &reply.finish(), &descriptors)
}

/// Does what is asked. The reply begins with the code 0.
fn answer(bytes: &[u8], descriptors: Vec<OwnedFd>, reply: &mut Writer) -> Result<Vec<OwnedFd>> {
    let mut request = Reader::new(bytes);
    let asked = request.number().ok_or(Code::INVALID_PARAMETER)?;
    reply.number(0);
    match asked {
        INSERT => insert(&mut request, descriptors, reply),
        TAKE => give(&mut request, reply),
        ANNOUNCE_END => note_end(&mut request),
        _ => Err(Code::INVALID_PARAMETER),
    }
}

fn insert(request: &mut Reader<'_>, descriptors: Vec<OwnedFd>, reply: &mut Writer) -> Result<Vec<OwnedFd>> {
    let Reference { object, access, flags } = read_reference(request, descriptors).ok_or(Code::INVALID_PARAMETER)??;
    let handle = table::insert(object, access, flags & HANDLE_FLAG_INHERIT != 0)?;
    reply.long(handle.addr() as u64);
    Ok(Vec::new())
}

fn give(request: &mut Reader<'_>, reply: &mut Writer) -> Result<Vec<OwnedFd>> {
    let (Some(handle), Some(close)) = (request.long(), request.number()) else { return Err(Code::INVALID_PARAMETER) };
    let handle: Handle = std::ptr::without_provenance_mut(usize::try_from(handle).unwrap_or(0));
    // The calling thread's pseudo handle would be the service's own thread here.
    let found = if pseudo(handle) == Some(Pseudo::Thread) { Err(Code::INVALID_HANDLE) } else { resolve(handle) };
    let found = found.and_then(|found| Ok((inherit::pack(&found.object)?, found)));
    if close != 0 {
        // As on Windows, even if the rest has failed; a protected handle stays.
        let _ = table::close(handle);
    }
    let (packed, found) = found?;
    write_reference(reply, &packed, found.access, found.flags);
    Ok(packed.descriptors)
}

fn note_end(request: &mut Reader<'_>) -> Result<Vec<OwnedFd>> {
    let code = request.number().ok_or(Code::INVALID_PARAMETER)?;
    if let Some(page) = exit_page::own() {
        page.record(Outcome::Terminated(code));
    }
    Ok(Vec::new())
}

fn write_reference(writer: &mut Writer, packed: &Packed, access: u32, flags: u32) {
    writer.number(access).number(flags);
    packed.write(writer);
}

fn read_reference(reader: &mut Reader<'_>, descriptors: Vec<OwnedFd>) -> Option<Result<Reference>> {
    let (access, flags) = (reader.number()?, reader.number()?);
    let packed = Packed { descriptors, ..Packed::read(reader)? };
    Some(inherit::receive(packed, access, flags))
}

/// Makes a handle in another process, and returns its value there.
pub(crate) fn insert_into(process: u32, reference: &Reference, access: u32, inherit: bool) -> Result<usize> {
    if process == process::id() {
        return Ok(table::insert(reference.object.clone(), access, inherit)?.addr());
    }
    let packed = inherit::pack(&reference.object)?;
    let mut request = Writer::default();
    request.number(INSERT);
    write_reference(&mut request, &packed, access, if inherit { HANDLE_FLAG_INHERIT } else { 0 });
    let (reply, _) = call(process, &request.finish(), &packed.descriptors, PATIENCE)?;
    let handle = succeeded(&reply)?.long().ok_or(Code::GEN_FAILURE)?;
    usize::try_from(handle).map_err(|_| Code::GEN_FAILURE)
}

/// Gets what a handle of another process stands for, and closes that if asked to, even if the rest fails.
pub(crate) fn take_from(process: u32, handle: usize, close_source: bool) -> Result<Reference> {
    let mut request = Writer::default();
    request.number(TAKE).long(handle as u64).number(close_source.into());
    let (reply, descriptors) = call(process, &request.finish(), &[], PATIENCE)?;
    read_reference(&mut succeeded(&reply)?, descriptors).ok_or(Code::GEN_FAILURE)?
}

/// Tells a process with which code it is about to be terminated, so that its parent learns it too; as well as can be.
pub(crate) fn announce_end(process: u32, code: u32) {
    let mut request = Writer::default();
    request.number(ANNOUNCE_END).number(code);
    let _ = call(process, &request.finish(), &[], LAST_PATIENCE);
}

/// The rest of a reply that begins with the code 0.
fn succeeded(reply: &[u8]) -> Result<Reader<'_>> {
    let mut reader = Reader::new(reply);
    match reader.number().ok_or(Code::GEN_FAILURE)? {
        0 => Ok(reader),
        code => Err(Code(code)),
    }
}

fn call(process: u32, request: &[u8], descriptors: &[OwnedFd], patience: Duration) -> Result<(Vec<u8>, Vec<OwnedFd>)> {
    wait_for_birth(process);
    let refused = |_| Code::ACCESS_DENIED;
    let socket = socket()?;
    packet::limit(socket.as_fd(), patience)?;
    let (address, len) = address(process);
    // SAFETY: the address is as long as it says.
    check(unsafe { libc::connect(socket.as_raw_fd(), (&raw const address).cast(), len) }).map_err(refused)?;
    if packet::peer(socket.as_fd())?.pid.cast_unsigned() != process {
        return Err(Code::ACCESS_DENIED);
    }
    packet::send(socket.as_fd(), request, descriptors).map_err(refused)?;
    let (reply, descriptors) = packet::receive(socket.as_fd()).map_err(refused)?;
    if reply.is_empty() { Err(Code::ACCESS_DENIED) } else { Ok((reply, descriptors)) }
}

/// A child that was started just now may not have come to its service yet.
fn wait_for_birth(process: u32) {
    let Some(state) = watcher::find(process) else { return };
    state.load();
    let begin = Instant::now();
    let unborn = |page: &ExitPage| !page.is_reachable();
    while state.page().is_some_and(unborn) && !state.settle() && begin.elapsed() < BIRTH_MAX {
        thread::sleep(Duration::from_millis(1));
    }
}
