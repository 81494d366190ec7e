//! The objects that stand beside a named section and say what the kernel does not know of it.
//!
//! | name | kind | lives | says |
//! |---|---|---|---|
//! | `coview.lock.NAME` | mutex | during a call, and an initialiser | who may make or open it |
//! | `coview.birth.NAME` | event | while it is made and initialised | that it is not to be seen yet |
//! | `coview.slack.NAME` | semaphore | as long as the section | how many bytes of the last page do not count |
//! | `coview.claim.PART.NAME` | event | while the part is taken | that somebody has it: `claim.rs` |
//! | `coview.even.NAME`, `coview.odd.NAME` | event | while somebody has slept or rung | that a turn is over: `bell.rs` |
//! | `coview.seat.NUMBER.NAME` | event | while this end, or who has rung for it, has the channel open | that there may be something to do: `seats.rs` |
//!
//! They are handles like any other, so a process that dies leaves none of them behind. Nobody opens a section but with
//! the lock: a handle held for a moment would keep the unfinished section of a dead initialiser alive, and the next one
//! would take it for finished.

use std::io;
use std::os::windows::io::OwnedHandle;
use std::thread;
use std::time::{Duration, Instant};

use super::bell::{EVEN, ODD};
use super::claim::CLAIM;
use super::object::{WideName, already_exists};
use super::seats::SEAT;
use super::wait::wait_one;
use super::{Deadline, error_kind, event, mutex, native, semaphore};
use crate::name::Name;
use crate::sys::{EventStart, SemaphoreStart, error};
use crate::{ErrorKind, Rights};

const LOCK: &str = "coview.lock.";
const BIRTH: &str = "coview.birth.";
const SLACK: &str = "coview.slack.";

/// How long an opener waits for the lock before it looks again whether an initialiser runs.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// How long a companion may be in somebody's hands who is neither initialising nor dying. A call has it for well under a
/// millisecond; so much longer means that a process was stopped in the middle, or that a program of another kind has it.
const COMPANION_MAX: Duration = Duration::from_secs(5);

/// About how long a dying process takes to close its handles.
pub(super) const DYING: Duration = Duration::from_millis(1);

/// More than the bytes left over in any page; the count of a slack can be corrected within it.
const SLACK_MAX: u32 = i32::MAX as u32;

/// Whether an object of this base name is one of those above, and nobody's business.
pub(super) fn is_companion(base: &str) -> bool {
    [LOCK, BIRTH, SLACK, CLAIM, EVEN, ODD, SEAT].iter().any(|prefix| base.starts_with(prefix))
}

/// The right to make or open the section of a name, held by the calling thread.
#[derive(Debug)]
pub(super) struct Lock {
    mutex: OwnedHandle,
    /// The thread had it already: the call comes out of the initialiser.
    again: bool,
}

impl Lock {
    /// Waits until no initialiser runs and nobody else is at it.
    pub(super) fn take(name: &Name, rights: Rights) -> io::Result<Lock> {
        let mutex = mutex::make(Some(&WideName::with_prefix(name, LOCK)), rights_of_lock(rights), false)?.handle;
        let again = native::query_mutex(&mutex)?.owned_by_caller();
        // An abandoned lock is as good as another: the kernel has closed, or is about to close, what its owner had.
        wait_one(&mutex, Deadline::NEVER)?;
        Lock { mutex, again }.settled(name)
    }

    /// Takes it for looking only; [`ErrorKind::NotFound`] at once if an initialiser runs.
    pub(super) fn take_to_look(name: &Name) -> io::Result<Lock> {
        refuse_unborn(name)?;
        // Whoever comes meanwhile, with whatever rights, must be able to use the lock that this call may be making.
        let mutex = mutex::make(Some(&WideName::with_prefix(name, LOCK)), Rights::Everyone, false)?.handle;
        let began = Instant::now();
        while wait_one(&mutex, Deadline::after(LOOK_AGAIN))?.is_none() {
            refuse_unborn(name)?;
            refuse_to_wait_longer(began)?;
        }
        Lock { mutex, again: false }.settled(name)
    }

    /// Waits until an initialiser that died has closed its handles: the kernel gives up its lock before them.
    fn settled(self, name: &Name) -> io::Result<Lock> {
        let began = Instant::now();
        while birth_runs(name)? {
            if self.again {
                return Err(already_exists());
            }
            refuse_to_wait_longer(began)?;
            thread::sleep(DYING);
        }
        Ok(self)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Cannot fail: it is dropped by the thread that took it, as nothing that holds it leaves that thread.
        let _ = mutex::release(&self.mutex);
    }
}

/// What the maker of a section holds from before the section exists until it is finished, and never beside one that
/// exists: openers would not see it. Closed in this order, and by
/// the kernel when the maker dies: who has the lock next knows by the birth that something may still be closing.
#[derive(Debug)]
pub(super) struct Cradle {
    _birth: OwnedHandle,
    lock: Lock,
}

impl Cradle {
    pub(super) fn new(name: &Name, rights: Rights, lock: Lock) -> io::Result<Cradle> {
        let start = EventStart { manual: true, signaled: false };
        let birth = event::make(Some(&WideName::with_prefix(name, BIRTH)), start, rights)?.handle;
        Ok(Cradle { _birth: birth, lock })
    }

    /// Keeps the lock and takes the birth back.
    pub(super) fn into_lock(self) -> Lock {
        self.lock
    }
}

fn refuse_unborn(name: &Name) -> io::Result<()> {
    if birth_runs(name)? {
        return Err(error(ErrorKind::NotFound));
    }
    Ok(())
}

fn birth_runs(name: &Name) -> io::Result<bool> {
    match event::open(&WideName::with_prefix(name, BIRTH), event::QUERY) {
        Ok(_) => Ok(true),
        Err(error) => match error_kind(&error) {
            ErrorKind::NotFound => Ok(false),
            // Somebody else's, hence there.
            ErrorKind::AccessDenied => Ok(true),
            _ => Err(error),
        },
    }
}

/// Who may only read the section must still be able to hold the lock, in order to open it.
fn rights_of_lock(rights: Rights) -> Rights {
    match rights {
        Rights::EveryoneReadOnly => Rights::Everyone,
        rights => rights,
    }
}

/// Notes how many bytes at the end of a new section do not count. Made with the lock held.
pub(super) fn make_slack(name: &Name, rights: Rights, slack: u32) -> io::Result<OwnedHandle> {
    let start = SemaphoreStart { initial: slack, maximum: SLACK_MAX };
    let made = semaphore::make(Some(&WideName::with_prefix(name, SLACK)), start, rights)?;
    if !made.created {
        correct(&made.handle, slack)?;
    }
    Ok(made.handle)
}

/// Sets the count of a slack whose section is gone while its last holder is still about to close it.
fn correct(semaphore: &OwnedHandle, slack: u32) -> io::Result<()> {
    let count = native::query_semaphore(semaphore)?.count;
    if let Some(missing) = slack.checked_sub(count).filter(|&missing| missing > 0) {
        semaphore::release(semaphore, missing)?;
    }
    for _ in slack..count {
        wait_one(semaphore, Deadline::NOW)?;
    }
    Ok(())
}

/// The slack beside a section, and its count; `None` if there is none, or it is not to be read.
pub(super) fn open_slack(name: &Name) -> io::Result<Option<(OwnedHandle, u32)>> {
    let semaphore = match semaphore::open(&WideName::with_prefix(name, SLACK), semaphore::QUERY) {
        Ok(semaphore) => semaphore,
        Err(error) => {
            return match error_kind(&error) {
                ErrorKind::NotFound | ErrorKind::WrongKind | ErrorKind::AccessDenied => Ok(None),
                _ => Err(error),
            };
        }
    };
    let count = native::query_semaphore(&semaphore)?.count;
    Ok(Some((semaphore, count)))
}

fn refuse_to_wait_longer(began: Instant) -> io::Result<()> {
    if began.elapsed() < COMPANION_MAX { Ok(()) } else { Err(error(ErrorKind::Damaged)) }
}
