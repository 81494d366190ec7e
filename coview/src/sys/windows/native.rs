//! What only `ntdll` tells: the state of objects without touching it, the size of sections, what a directory holds.
//!
//! Needs `unsafe` because these are foreign functions. Microsoft documents some of them; all have been the same since
//! Windows NT 4, but for `NtCompareObjects`, which came with Windows 10.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::OwnedHandle;
use std::ptr;
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    HANDLE, NTSTATUS, RtlNtStatusToDosError, STATUS_NO_MORE_ENTRIES, STATUS_SUCCESS, UNICODE_STRING,
};

use super::object::{adopt, raw};

/// Each of the queries below has one class of basic information, and this is its number.
const BASIC_INFORMATION: i32 = 0;
const DIRECTORY_QUERY: u32 = 1;
/// Room for an entry with the longest name. One at a time, as Wine reads no more at once.
const ENTRY_LEN_MAX: usize = 68 * 1024;

#[link(name = "ntdll", kind = "raw-dylib")]
unsafe extern "system" {
    fn NtQueryMutant(object: HANDLE, class: i32, out: *mut c_void, len: u32, used: *mut u32) -> NTSTATUS;
    fn NtQueryEvent(object: HANDLE, class: i32, out: *mut c_void, len: u32, used: *mut u32) -> NTSTATUS;
    fn NtQuerySemaphore(object: HANDLE, class: i32, out: *mut c_void, len: u32, used: *mut u32) -> NTSTATUS;
    fn NtQueryTimer(object: HANDLE, class: i32, out: *mut c_void, len: u32, used: *mut u32) -> NTSTATUS;
    fn NtQuerySection(object: HANDLE, class: i32, out: *mut c_void, len: usize, used: *mut usize) -> NTSTATUS;
    fn NtCompareObjects(one: HANDLE, other: HANDLE) -> NTSTATUS;
    fn NtOpenDirectoryObject(out: *mut HANDLE, access: u32, attributes: *const ObjectAttributes) -> NTSTATUS;
    fn NtQueryDirectoryObject(
        directory: HANDLE,
        out: *mut c_void,
        len: u32,
        single: u8,
        restart: u8,
        context: *mut u32,
        used: *mut u32,
    ) -> NTSTATUS;
}

/// `MUTANT_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MutexState {
    /// 1 when free; 0 and less count the levels of its owner.
    count: i32,
    owned_by_caller: u8,
    abandoned: u8,
}

impl MutexState {
    pub(super) fn owned(self) -> bool {
        self.count <= 0
    }

    pub(super) fn owned_by_caller(self) -> bool {
        self.owned() && self.owned_by_caller != 0
    }

    pub(super) fn abandoned(self) -> bool {
        self.abandoned != 0
    }
}

/// `EVENT_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EventState {
    /// `NotificationEvent` is 0, `SynchronizationEvent` is 1.
    kind: i32,
    signaled: i32,
}

impl EventState {
    pub(super) fn manual(self) -> bool {
        self.kind == 0
    }

    pub(super) fn signaled(self) -> bool {
        self.signaled != 0
    }
}

/// `SEMAPHORE_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SemaphoreState {
    pub(super) count: u32,
    pub(super) maximum: u32,
}

/// `TIMER_BASIC_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimerState {
    /// In units of 100 ns; nothing to wait for if it is not positive.
    remaining: i64,
    signaled: u8,
}

impl TimerState {
    pub(super) fn signaled(self) -> bool {
        self.signaled != 0
    }

    pub(super) fn due(self) -> Option<Duration> {
        let remaining = u64::try_from(self.remaining).ok().filter(|&remaining| remaining > 0)?;
        Some(Duration::from_nanos(remaining.saturating_mul(100)))
    }
}

/// `SECTION_BASIC_INFORMATION`, its first field as a number.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SectionState {
    base: usize,
    /// The `SEC_` flags.
    pub(super) attributes: u32,
    /// In whole pages, unless a file is behind it.
    pub(super) size: u64,
}

/// `OBJECT_ATTRIBUTES`.
#[repr(C)]
struct ObjectAttributes {
    len: u32,
    root: HANDLE,
    name: *const UNICODE_STRING,
    attributes: u32,
    security: *const c_void,
    quality: *const c_void,
}

/// `OBJECT_DIRECTORY_INFORMATION`.
#[repr(C)]
#[derive(Clone, Copy)]
struct RawEntry {
    name: UNICODE_STRING,
    kind: UNICODE_STRING,
}

/// What a directory says of one object.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Vec<u16>,
    /// The kernel's name for the type.
    pub(super) kind: String,
}

/// What a mutex is now. Needs the right to query.
pub(super) fn query_mutex(mutex: &OwnedHandle) -> io::Result<MutexState> {
    let (mut state, len) = (MutexState::default(), size_of::<MutexState>() as u32);
    let (object, out) = (raw(mutex), (&raw mut state).cast());
    // SAFETY: `state` is what this class fills in.
    succeeded(unsafe { NtQueryMutant(object, BASIC_INFORMATION, out, len, ptr::null_mut()) })?;
    Ok(state)
}

/// What an event is now. Needs the right to query.
pub(super) fn query_event(event: &OwnedHandle) -> io::Result<EventState> {
    let (mut state, len) = (EventState::default(), size_of::<EventState>() as u32);
    let (object, out) = (raw(event), (&raw mut state).cast());
    // SAFETY: `state` is what this class fills in.
    succeeded(unsafe { NtQueryEvent(object, BASIC_INFORMATION, out, len, ptr::null_mut()) })?;
    Ok(state)
}

/// What a semaphore is now. Needs the right to query.
pub(super) fn query_semaphore(semaphore: &OwnedHandle) -> io::Result<SemaphoreState> {
    let (mut state, len) = (SemaphoreState::default(), size_of::<SemaphoreState>() as u32);
    let (object, out) = (raw(semaphore), (&raw mut state).cast());
    // SAFETY: `state` is what this class fills in.
    succeeded(unsafe { NtQuerySemaphore(object, BASIC_INFORMATION, out, len, ptr::null_mut()) })?;
    Ok(state)
}

/// What a timer is now. Needs the right to query.
pub(super) fn query_timer(timer: &OwnedHandle) -> io::Result<TimerState> {
    let (mut state, len) = (TimerState::default(), size_of::<TimerState>() as u32);
    let (object, out) = (raw(timer), (&raw mut state).cast());
    // SAFETY: `state` is what this class fills in.
    succeeded(unsafe { NtQueryTimer(object, BASIC_INFORMATION, out, len, ptr::null_mut()) })?;
    Ok(state)
}

/// What a section is; fails if it is something else. Needs the right to query.
pub(super) fn query_section(section: &OwnedHandle) -> io::Result<SectionState> {
    let (mut state, len) = (SectionState::default(), size_of::<SectionState>());
    let (object, out) = (raw(section), (&raw mut state).cast());
    // SAFETY: `state` is what this class fills in.
    succeeded(unsafe { NtQuerySection(object, BASIC_INFORMATION, out, len, ptr::null_mut()) })?;
    Ok(state)
}

/// Whether two handles lead to one object.
pub(super) fn same_object(one: &OwnedHandle, other: &OwnedHandle) -> bool {
    let (one, other) = (raw(one), raw(other));
    // SAFETY: both handles are open.
    let status = unsafe { NtCompareObjects(one, other) };
    status == STATUS_SUCCESS
}

/// Everything in the object directory of this path.
pub(super) fn read_directory(path: &str) -> io::Result<Vec<Entry>> {
    let directory = open_directory(path)?;
    let mut buffer = vec![0_u64; ENTRY_LEN_MAX / size_of::<u64>()];
    let (mut entries, mut context, mut restart) = (Vec::new(), 0, 1);
    loop {
        let (object, out) = (raw(&directory), buffer.as_mut_ptr().cast());
        let (len, single, used) = (ENTRY_LEN_MAX as u32, 1, ptr::null_mut());
        // SAFETY: the buffer has `len` bytes; the length used is not asked for.
        let status = unsafe { NtQueryDirectoryObject(object, out, len, single, restart, &raw mut context, used) };
        if status == STATUS_NO_MORE_ENTRIES {
            return Ok(entries);
        }
        succeeded(status)?;
        // SAFETY: the call has succeeded, so an entry stands at the start of the buffer.
        entries.push(unsafe { take_entry(&buffer) });
        restart = 0;
    }
}

fn open_directory(path: &str) -> io::Result<OwnedHandle> {
    let mut units: Vec<u16> = path.encode_utf16().collect();
    let len = u16::try_from(units.len() * 2).expect("the paths of directories are short");
    let name = UNICODE_STRING { Length: len, MaximumLength: len, Buffer: units.as_mut_ptr() };
    let attributes = ObjectAttributes {
        len: size_of::<ObjectAttributes>() as u32,
        root: ptr::null_mut(),
        name: &raw const name,
        attributes: 0,
        security: ptr::null(),
        quality: ptr::null(),
    };
    let mut directory = ptr::null_mut();
    // SAFETY: the attributes, the name and its units live until the call returns.
    succeeded(unsafe { NtOpenDirectoryObject(&raw mut directory, DIRECTORY_QUERY, &raw const attributes) })?;
    // SAFETY: just opened, for us.
    unsafe { adopt(directory) }
}

/// # Safety
///
/// The buffer was filled in by a successful `NtQueryDirectoryObject` and has not moved since.
unsafe fn take_entry(buffer: &[u64]) -> Entry {
    // SAFETY: the buffer is aligned for the entry, and longer; the kernel has filled it in.
    let entry = unsafe { buffer.as_ptr().cast::<RawEntry>().read() };
    // SAFETY: a text of the kernel's, in the buffer.
    let name = unsafe { units(&entry.name) };
    // SAFETY: as above.
    let kind = unsafe { units(&entry.kind) };
    Entry { name, kind: String::from_utf16_lossy(&kind) }
}

/// # Safety
///
/// The text is a valid one.
unsafe fn units(text: &UNICODE_STRING) -> Vec<u16> {
    if text.Buffer.is_null() {
        return Vec::new();
    }
    let len = usize::from(text.Length) / size_of::<u16>();
    // SAFETY: `Length` counts bytes, and that many stand at `Buffer`.
    unsafe { std::slice::from_raw_parts(text.Buffer, len) }.to_vec()
}

fn succeeded(status: NTSTATUS) -> io::Result<()> {
    if status >= 0 {
        return Ok(());
    }
    // SAFETY: translates a number.
    let code = unsafe { RtlNtStatusToDosError(status) };
    Err(io::Error::from_raw_os_error(code.cast_signed()))
}
