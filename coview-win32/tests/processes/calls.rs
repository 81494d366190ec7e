//! The exported functions and structures that these tests use.
//!
//! Needs `unsafe` to declare the exported functions.

use std::ffi::{c_char, c_void};

pub(crate) type Handle = *mut c_void;

#[repr(C)]
pub(crate) struct SecurityAttributes {
    pub(crate) length: u32,
    pub(crate) descriptor: usize,
    pub(crate) inherit: i32,
}

#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct StartupInfo {
    pub(crate) size: u32,
    pub(crate) texts: [usize; 3],
    pub(crate) numbers: [u32; 7],
    pub(crate) flags: u32,
    pub(crate) show_window: u16,
    pub(crate) data_len: u16,
    pub(crate) data: usize,
    pub(crate) standard: [Handle; 3],
}

#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct ProcessInformation {
    pub(crate) process: Handle,
    pub(crate) thread: Handle,
    pub(crate) process_id: u32,
    pub(crate) thread_id: u32,
}

unsafe extern "C" {
    pub(crate) safe fn GetLastError() -> u32;
    pub(crate) safe fn SetLastError(code: u32);
    pub(crate) safe fn CloseHandle(handle: Handle) -> i32;
    pub(crate) safe fn SetHandleInformation(handle: Handle, mask: u32, flags: u32) -> i32;
    pub(crate) fn GetHandleInformation(handle: Handle, flags: *mut u32) -> i32;
    pub(crate) fn DuplicateHandle(
        source_process: Handle,
        source: Handle,
        target_process: Handle,
        target: *mut Handle,
        access: u32,
        inherit: i32,
        options: u32,
    ) -> i32;
    pub(crate) safe fn WaitForSingleObject(handle: Handle, timeout_ms: u32) -> u32;
    pub(crate) fn CreateEventA(
        attributes: *const SecurityAttributes,
        manual: i32,
        set: i32,
        name: *const c_char,
    ) -> Handle;
    pub(crate) safe fn SetEvent(event: Handle) -> i32;
    pub(crate) fn CreateMutexA(attributes: *const SecurityAttributes, owned: i32, name: *const c_char) -> Handle;
    pub(crate) fn OpenMutexA(access: u32, inherit: i32, name: *const c_char) -> Handle;
    pub(crate) safe fn ReleaseMutex(mutex: Handle) -> i32;
    pub(crate) fn CreateSemaphoreA(
        attributes: *const SecurityAttributes,
        initial: i32,
        maximum: i32,
        name: *const c_char,
    ) -> Handle;
    pub(crate) fn ReleaseSemaphore(semaphore: Handle, count: i32, previous: *mut i32) -> i32;
    pub(crate) fn CreateWaitableTimerA(
        attributes: *const SecurityAttributes,
        manual: i32,
        name: *const c_char,
    ) -> Handle;
    pub(crate) fn SetWaitableTimer(
        timer: Handle,
        due: *const i64,
        period: i32,
        routine: usize,
        argument: usize,
        resume: i32,
    ) -> i32;
    pub(crate) fn CreateFileMappingA(
        file: Handle,
        attributes: *const SecurityAttributes,
        protection: u32,
        size_high: u32,
        size_low: u32,
        name: *const c_char,
    ) -> Handle;
    pub(crate) safe fn MapViewOfFile(
        section: Handle,
        access: u32,
        offset_high: u32,
        offset_low: u32,
        len: usize,
    ) -> *mut c_void;
    pub(crate) fn CreatePipe(
        read: *mut Handle,
        write: *mut Handle,
        attributes: *const SecurityAttributes,
        size: u32,
    ) -> i32;
    pub(crate) fn ReadFile(file: Handle, buffer: *mut u8, len: u32, read: *mut u32, overlapped: *mut c_void) -> i32;
    pub(crate) fn WriteFile(
        file: Handle,
        buffer: *const u8,
        len: u32,
        written: *mut u32,
        overlapped: *mut c_void,
    ) -> i32;
    pub(crate) safe fn GetStdHandle(which: u32) -> Handle;
    pub(crate) safe fn GetCurrentProcess() -> Handle;
    pub(crate) safe fn GetCurrentProcessId() -> u32;
    pub(crate) safe fn GetProcessId(process: Handle) -> u32;
    pub(crate) safe fn GetThreadId(thread: Handle) -> u32;
    pub(crate) safe fn OpenProcess(access: u32, inherit: i32, process: u32) -> Handle;
    pub(crate) fn GetExitCodeProcess(process: Handle, code: *mut u32) -> i32;
    pub(crate) fn GetExitCodeThread(thread: Handle, code: *mut u32) -> i32;
    pub(crate) safe fn TerminateProcess(process: Handle, code: u32) -> i32;
    pub(crate) safe fn ExitProcess(code: u32) -> !;
    pub(crate) safe fn ResumeThread(thread: Handle) -> u32;
    pub(crate) safe fn GetCommandLineA() -> *const c_char;
    pub(crate) fn GetStartupInfoA(startup: *mut StartupInfo);
    pub(crate) fn CreateProcessA(
        application: *const c_char,
        line: *mut c_char,
        process_attributes: *const SecurityAttributes,
        thread_attributes: *const SecurityAttributes,
        inherits: i32,
        flags: u32,
        environment: *const c_void,
        directory: *const c_char,
        startup: *const StartupInfo,
        information: *mut ProcessInformation,
    ) -> i32;
    pub(crate) fn ShellExecuteA(
        window: *mut c_void,
        verb: *const c_char,
        file: *const c_char,
        parameters: *const c_char,
        directory: *const c_char,
        show: i32,
    ) -> *mut c_void;
    pub(crate) fn WinExec(line: *const c_char, show: u32) -> u32;
}
