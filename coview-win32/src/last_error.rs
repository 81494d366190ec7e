//! The error codes of Win32, and the last one of each thread.
//!
//! Needs `unsafe` to export functions.

use std::cell::Cell;

use coview::ErrorKind;

/// What `GetLastError` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

pub(crate) type Result<T> = std::result::Result<T, Code>;

impl Code {
    pub(crate) const SUCCESS: Code = Code(0);
    pub(crate) const FILE_NOT_FOUND: Code = Code(2);
    pub(crate) const PATH_NOT_FOUND: Code = Code(3);
    pub(crate) const TOO_MANY_OPEN_FILES: Code = Code(4);
    pub(crate) const ACCESS_DENIED: Code = Code(5);
    pub(crate) const INVALID_HANDLE: Code = Code(6);
    pub(crate) const NOT_ENOUGH_MEMORY: Code = Code(8);
    pub(crate) const NOT_SUPPORTED: Code = Code(50);
    pub(crate) const INVALID_PARAMETER: Code = Code(87);
    pub(crate) const INSUFFICIENT_BUFFER: Code = Code(122);
    pub(crate) const INVALID_NAME: Code = Code(123);
    pub(crate) const BAD_PATHNAME: Code = Code(161);
    pub(crate) const ALREADY_EXISTS: Code = Code(183);
    pub(crate) const BAD_EXE_FORMAT: Code = Code(193);
    pub(crate) const FILENAME_EXCED_RANGE: Code = Code(206);
    pub(crate) const NOT_OWNER: Code = Code(288);
    pub(crate) const TOO_MANY_POSTS: Code = Code(298);
    pub(crate) const INVALID_ADDRESS: Code = Code(487);
    pub(crate) const GEN_FAILURE: Code = Code(31);
    pub(crate) const MAPPED_ALIGNMENT: Code = Code(1132);
    pub(crate) const PRIVILEGE_NOT_HELD: Code = Code(1314);
}

impl From<coview::Error> for Code {
    fn from(error: coview::Error) -> Code {
        match error.kind() {
            ErrorKind::NotFound => Code::FILE_NOT_FOUND,
            ErrorKind::AlreadyExists => Code::ALREADY_EXISTS,
            ErrorKind::WrongKind => Code::INVALID_HANDLE,
            ErrorKind::AccessDenied => Code::ACCESS_DENIED,
            ErrorKind::InvalidName => Code::INVALID_NAME,
            ErrorKind::InvalidInput => Code::INVALID_PARAMETER,
            ErrorKind::TooLarge | ErrorKind::NoSpace => Code::NOT_ENOUGH_MEMORY,
            ErrorKind::LimitExceeded => Code::TOO_MANY_POSTS,
            ErrorKind::NotOwner => Code::NOT_OWNER,
            ErrorKind::Unsupported => Code::NOT_SUPPORTED,
            _ => Code::GEN_FAILURE,
        }
    }
}

impl From<std::io::Error> for Code {
    fn from(error: std::io::Error) -> Code {
        match error.raw_os_error().unwrap_or_default() {
            libc::ENOENT => Code::FILE_NOT_FOUND,
            libc::ENOTDIR => Code::PATH_NOT_FOUND,
            libc::EMFILE | libc::ENFILE => Code::TOO_MANY_OPEN_FILES,
            libc::EACCES | libc::EPERM | libc::EROFS | libc::EISDIR => Code::ACCESS_DENIED,
            libc::EBADF => Code::INVALID_HANDLE,
            libc::ENOMEM | libc::EAGAIN => Code::NOT_ENOUGH_MEMORY,
            libc::EINVAL => Code::INVALID_PARAMETER,
            libc::EEXIST => Code(80),
            libc::ENOSPC | libc::EDQUOT => Code(112),
            libc::ENAMETOOLONG => Code::FILENAME_EXCED_RANGE,
            libc::ENOTEMPTY => Code(145),
            libc::EPIPE => Code(109),
            libc::ETXTBSY | libc::EBUSY => Code(32),
            libc::EXDEV => Code(17),
            libc::ENOEXEC => Code::BAD_EXE_FORMAT,
            libc::ENOSYS | libc::EOPNOTSUPP => Code::NOT_SUPPORTED,
            _ => Code::GEN_FAILURE,
        }
    }
}

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn set(code: Code) {
    LAST.set(code.0);
}

/// `TRUE`, or `FALSE` with the last error set. Success leaves the last error alone.
pub(crate) fn truth(result: Result<()>) -> i32 {
    match result {
        Ok(()) => 1,
        Err(code) => failed(code, 0),
    }
}

/// The value, or what stands for failure with the last error set.
pub(crate) fn value<T>(result: Result<T>, failure: T) -> T {
    match result {
        Ok(value) => value,
        Err(code) => failed(code, failure),
    }
}

#[cold]
fn failed<T>(code: Code, failure: T) -> T {
    set(code);
    failure
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetLastError() -> u32 {
    LAST.get()
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn SetLastError(code: u32) {
    LAST.set(code);
}
