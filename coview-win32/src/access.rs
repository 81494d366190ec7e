//! What a handle may do: the access masks of each type of object, and how a request becomes one.

use crate::last_error::{Code, Result};

pub(crate) const DELETE: u32 = 0x0001_0000;
pub(crate) const READ_CONTROL: u32 = 0x0002_0000;
pub(crate) const SYNCHRONIZE: u32 = 0x0010_0000;
pub(crate) const STANDARD_RIGHTS_REQUIRED: u32 = 0x000F_0000;
pub(crate) const ACCESS_SYSTEM_SECURITY: u32 = 0x0100_0000;
pub(crate) const MAXIMUM_ALLOWED: u32 = 0x0200_0000;
pub(crate) const GENERIC_ALL: u32 = 0x1000_0000;
pub(crate) const GENERIC_EXECUTE: u32 = 0x2000_0000;
pub(crate) const GENERIC_WRITE: u32 = 0x4000_0000;
pub(crate) const GENERIC_READ: u32 = 0x8000_0000;

/// The rights that a type of object knows, and what the generic ones stand for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub(crate) all: u32,
    pub(crate) read: u32,
    pub(crate) write: u32,
    pub(crate) execute: u32,
}

pub(crate) const MUTEX: Type =
    Type { all: 0x001F_0001, read: READ_CONTROL | 1, write: READ_CONTROL, execute: READ_CONTROL | SYNCHRONIZE };
pub(crate) const EVENT: Type =
    Type { all: 0x001F_0003, read: READ_CONTROL | 1, write: READ_CONTROL | 2, execute: READ_CONTROL | SYNCHRONIZE };
pub(crate) const SEMAPHORE: Type = EVENT;
pub(crate) const TIMER: Type = EVENT;
pub(crate) const SECTION: Type =
    Type { all: 0x000F_001F, read: READ_CONTROL | 1 | 4, write: READ_CONTROL | 2, execute: READ_CONTROL | 8 };
pub(crate) const THREAD: Type = Type {
    all: 0x001F_FFFF,
    read: READ_CONTROL | 0x48,
    write: READ_CONTROL | 0x37,
    execute: READ_CONTROL | SYNCHRONIZE | 0x800,
};
pub(crate) const PROCESS: Type = Type {
    all: 0x001F_FFFF,
    read: READ_CONTROL | 0x410,
    write: READ_CONTROL | 0x0BEA,
    execute: READ_CONTROL | SYNCHRONIZE | 0x1001,
};
pub(crate) const FILE: Type = Type { all: 0x001F_01FF, read: 0x0012_0089, write: 0x0012_0116, execute: 0x0012_00A0 };

/// `MUTANT_QUERY_STATE`, `EVENT_MODIFY_STATE` and their like.
pub(crate) const MODIFY_STATE: u32 = 2;

impl Type {
    /// The rights that a request grants, as if the object's security allowed everything.
    pub(crate) fn grant(self, asked: u32) -> Result<u32> {
        if asked & ACCESS_SYSTEM_SECURITY != 0 {
            return Err(Code::PRIVILEGE_NOT_HELD);
        }
        let generic = [
            (GENERIC_READ, self.read),
            (GENERIC_WRITE, self.write),
            (GENERIC_EXECUTE, self.execute),
            (GENERIC_ALL | MAXIMUM_ALLOWED, self.all),
        ];
        let mut granted = asked;
        for (asked_for, rights) in generic {
            if asked & asked_for != 0 {
                granted = granted & !asked_for | rights;
            }
        }
        if granted & !self.all == 0 { Ok(granted) } else { Err(Code::ACCESS_DENIED) }
    }

    /// The same for an object that is opened by name, where no right at all is refused.
    pub(crate) fn grant_opener(self, asked: u32) -> Result<u32> {
        if asked == 0 { Err(Code::ACCESS_DENIED) } else { self.grant(asked) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_rights_are_mapped_and_undefined_ones_refused() {
        assert_eq!(MUTEX.grant(GENERIC_ALL), Ok(MUTEX.all));
        assert_eq!(EVENT.grant(MAXIMUM_ALLOWED), Ok(EVENT.all));
        assert_eq!(EVENT.grant(GENERIC_EXECUTE).map(|access| access & SYNCHRONIZE), Ok(SYNCHRONIZE));
        assert_eq!(EVENT.grant(GENERIC_READ | GENERIC_WRITE).map(|access| access & SYNCHRONIZE), Ok(0));
        for undefined in [0x0000_fffe, 0x00e0_0000, 0x0c00_0000] {
            assert_eq!(MUTEX.grant(undefined), Err(Code::ACCESS_DENIED));
        }
        assert_eq!(MUTEX.grant(ACCESS_SYSTEM_SECURITY), Err(Code::PRIVILEGE_NOT_HELD));
        assert_eq!(MUTEX.grant_opener(0), Err(Code::ACCESS_DENIED));
        assert_eq!(MUTEX.grant(0), Ok(0));
    }
}
