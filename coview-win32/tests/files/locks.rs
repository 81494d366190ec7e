//! Locks on parts of files.
//!
//! Needs `unsafe` to call the exported functions.

use crate::*;

#[test]
fn locks_are_exclusive_and_end_with_the_handle() {
    let folder = Folder::new("locks");
    let path = folder.path("f");
    let (first, _) = opened(&path, READ | WRITE, SHARE_ALL, CREATE_NEW, NORMAL);
    let (second, _) = opened(&path, READ, SHARE_ALL, OPEN_EXISTING, NORMAL);
    let (third, _) = opened(&path, READ, SHARE_ALL, OPEN_EXISTING, NORMAL);
    assert_eq!(outcome(LockFile(first, 0, 0, 10, 0)), Ok(()));
    assert_eq!(outcome(LockFile(first, 9, 0, 1, 0)), Err(33));
    assert_eq!(outcome(LockFile(second, 9, 0, 5, 0)), Err(33));
    assert_eq!(outcome(LockFile(second, 10, 0, 5, 0)), Ok(()));
    assert_eq!(outcome(LockFile(third, 14, 0, u32::MAX, 0x7FFF_FFFF)), Err(33));
    assert_eq!(outcome(LockFile(third, 15, 0, u32::MAX, 0x7FFF_FFFF)), Ok(()));
    assert_eq!(outcome(UnlockFile(first, 0, 0, 9, 0)), Err(158));
    assert_eq!(outcome(UnlockFile(first, 0, 0, 10, 0)), Ok(()));
    close(third);
    assert_eq!(outcome(LockFile(first, 15, 0, 1, 0)), Ok(()));
    close(first);
    assert_eq!(outcome(LockFile(second, 0, 0, 10, 0)), Ok(()));
    close(second);
}

const FAIL_IMMEDIATELY: u32 = 1;
const EXCLUSIVE: u32 = 2;

fn lock(file: Handle, flags: u32, start: u32, len: u32) -> Result<(), u32> {
    let mut overlapped = Overlapped { status: 0, transferred: 0, low: start, high: 0, event: ptr::null_mut() };
    // SAFETY: the structure is there.
    outcome(unsafe { LockFileEx(file, flags, 0, len, 0, &raw mut overlapped) })
}

fn try_lock(file: Handle, flags: u32, start: u32, len: u32) -> Result<(), u32> {
    lock(file, flags | FAIL_IMMEDIATELY, start, len)
}

fn unlock(file: Handle, start: u32, len: u32) -> Result<(), u32> {
    let mut overlapped = Overlapped { status: 0, transferred: 0, low: start, high: 0, event: ptr::null_mut() };
    // SAFETY: the structure is there.
    outcome(unsafe { UnlockFileEx(file, 0, len, 0, &raw mut overlapped) })
}

#[test]
fn shared_locks_lie_over_each_other_and_over_own_exclusive_ones() {
    let folder = Folder::new("shared-locks");
    let path = folder.path("f");
    let (first, _) = opened(&path, READ | WRITE, SHARE_ALL, CREATE_NEW, NORMAL);
    let (second, _) = opened(&path, READ | WRITE, SHARE_ALL, OPEN_EXISTING, NORMAL);
    assert_eq!(try_lock(first, 0, 0, 10), Ok(()));
    assert_eq!(try_lock(second, 0, 5, 10), Ok(()));
    assert_eq!(try_lock(second, EXCLUSIVE, 8, 1), Err(33));
    assert_eq!(try_lock(second, EXCLUSIVE, 0, 1), Err(33));
    assert_eq!(unlock(first, 0, 10), Ok(()));
    assert_eq!(try_lock(second, EXCLUSIVE, 0, 5), Ok(()));
    // Over its own exclusive lock a file may share; the exclusive one is freed first, and others may share then.
    assert_eq!(try_lock(second, 0, 0, 5), Ok(()));
    assert_eq!(try_lock(first, 0, 0, 5), Err(33));
    assert_eq!(unlock(second, 0, 5), Ok(()));
    assert_eq!(try_lock(first, 0, 0, 5), Ok(()));
    assert_eq!(try_lock(first, EXCLUSIVE, 4, 1), Err(33));
    assert_eq!(unlock(second, 0, 5), Ok(()));
    assert_eq!(unlock(second, 0, 5), Err(158));
    close(first);
    close(second);
}

#[test]
fn what_remains_of_overlapping_locks_stays_locked() {
    let folder = Folder::new("overlapping-locks");
    let path = folder.path("f");
    let (first, _) = opened(&path, READ | WRITE, SHARE_ALL, CREATE_NEW, NORMAL);
    let (second, _) = opened(&path, READ | WRITE, SHARE_ALL, OPEN_EXISTING, NORMAL);
    assert_eq!(try_lock(first, EXCLUSIVE, 0, 10), Ok(()));
    assert_eq!(try_lock(first, 0, 5, 10), Ok(()));
    assert_eq!(try_lock(second, 0, 9, 1), Err(33));
    assert_eq!(unlock(first, 0, 10), Ok(()));
    assert_eq!(try_lock(second, EXCLUSIVE, 0, 5), Ok(()));
    assert_eq!(try_lock(second, EXCLUSIVE, 5, 1), Err(33));
    assert_eq!(try_lock(second, 0, 5, 10), Ok(()));
    // A lock that fails half-way leaves nothing locked.
    assert_eq!(try_lock(first, 0, 0, 30), Err(33));
    assert_eq!(try_lock(second, EXCLUSIVE, 20, 10), Ok(()));
    close(first);
    close(second);
}

#[test]
fn a_lock_is_waited_for() {
    let folder = Folder::new("waited-locks");
    let path = folder.path("f");
    let (first, _) = opened(&path, READ | WRITE, SHARE_ALL, CREATE_NEW, NORMAL);
    for flags in [EXCLUSIVE, 0] {
        // Through another handle, which waits for the file's other locks, and through the same one.
        for same in [false, flags == EXCLUSIVE] {
            let second = if same { first } else { opened(&path, READ | WRITE, SHARE_ALL, OPEN_EXISTING, NORMAL).0 };
            assert_eq!(try_lock(first, EXCLUSIVE, 0, 10), Ok(()));
            let freed = AtomicBool::new(false);
            let address = second.expose_provenance();
            thread::scope(|scope| {
                let (begin, begun) = mpsc::channel();
                let freed = &freed;
                let waiter = scope.spawn(move || {
                    begin.send(()).expect("the test waits");
                    let second = ptr::with_exposed_provenance_mut(address);
                    assert_eq!(lock(second, flags, 5, 10), Ok(()));
                    assert!(freed.load(SeqCst));
                    assert_eq!(unlock(second, 5, 10), Ok(()));
                });
                begun.recv().expect("the thread begins");
                freed.store(true, SeqCst);
                assert_eq!(unlock(first, 0, 10), Ok(()));
                waiter.join().expect("the lock comes");
            });
            if !same {
                close(second);
            }
        }
    }
    close(first);
}

#[test]
fn locks_need_a_structure_and_fill_it() {
    let folder = Folder::new("structure-locks");
    let path = folder.path("f");
    let (file, _) = opened(&path, READ | WRITE, SHARE_ALL, CREATE_NEW, NORMAL);
    // SAFETY: null is what is tested.
    assert_eq!(outcome(unsafe { LockFileEx(file, 0, 0, 1, 0, ptr::null_mut()) }), Err(87));
    let mut overlapped = Overlapped { status: 5, transferred: 5, low: 0, high: 1, event: ptr::null_mut() };
    // SAFETY: the structure is there.
    assert_eq!(outcome(unsafe { LockFileEx(file, EXCLUSIVE, 0, 1, 0, &raw mut overlapped) }), Ok(()));
    assert_eq!((overlapped.status, overlapped.transferred), (0, 0));
    assert_eq!(outcome(LockFile(file, 0, 1, 1, 0)), Err(33));
    assert_eq!(outcome(UnlockFile(file, 0, 1, 1, 0)), Ok(()));
    close(file);
}
