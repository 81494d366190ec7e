//! The one writer of a `Shared` in a moment: the lock, and what it does with the slots.
//!
//! | step of a writer | killed after it |
//! |---|---|
//! | take the lock | the lock is abandoned: the next writer has it at once, and counts the death |
//! | write the new value into the other slot (`slots.rs`, steps 1 to 3) | the old value is current; the next writer writes there anew |
//! | make it current (step 4) | the new value is current |
//! | wake those who wait for a change | they look again by themselves, see `Bell` |
//! | give the lock back | |

use std::marker::PhantomData;
use std::sync::atomic::Ordering;

use bytemuck::Pod;

use crate::error::parse_name;
use crate::layout::{CHANGE, DEATHS};
use crate::name::Name;
use crate::region::Region;
use crate::slots::Stamp;
use crate::sys::Deadline;
use crate::{Error, ErrorKind, Mutex, MutexGuard, MutexOptions, Namespace, Noun, Result, Rights, View};

/// The mutex beside the region `NAME` is called `coview.shared.NAME`.
const LOCK: &str = "coview.shared.";

/// Larger values are changed on the heap.
const ON_STACK_MAX: usize = 1024;

/// The one writer of a moment: the lock, and the version that it found.
#[derive(Debug)]
pub(crate) struct Writing<'a, T> {
    pub(crate) region: &'a Region,
    pub(crate) view: &'a View,
    pub(crate) guard: MutexGuard<'a>,
    pub(crate) current: u64,
    _value: PhantomData<fn() -> T>,
}

impl<'a, T: Pod> Writing<'a, T> {
    /// Takes the lock; `None` when the deadline passed.
    // Always in line: a result of so many words would be moved through memory, and loaded before it is stored.
    #[inline(always)]
    pub(crate) fn begin(
        region: &'a Region,
        view: &'a View,
        lock: &'a Mutex,
        deadline: Deadline,
    ) -> Result<Option<Writing<'a, T>>> {
        let locked = lock.lock_until(deadline).map_err(|error| error.about(Noun::Shared))?;
        let Some(guard) = locked else { return Ok(None) };
        if guard.was_abandoned() {
            // Relaxed: only who has the lock writes it.
            view.atomic_u64(DEATHS).fetch_add(1, Ordering::Relaxed);
        }
        let current = region.slots.current(view);
        Ok(Some(Writing { region, view, guard, current, _value: PhantomData }))
    }

    /// Where the current value's bytes are.
    #[inline]
    pub(crate) fn value_at(&self) -> usize {
        self.region.slots.value_at(self.current)
    }

    /// The version of the value that is to come.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.current.wrapping_add(1)
    }

    /// Makes the next version current, whose bytes are written. The last thing to do; the lock goes when this is dropped.
    // By reference, here and below: see `begin`.
    #[inline]
    pub(crate) fn commit(&self) -> Result<u64> {
        let next = self.next();
        self.region.slots.commit(self.view, stamp(next), size_of::<T>());
        // Before the lock is given back: one at a time rings.
        self.region.notify()?;
        Ok(next)
    }

    /// Fails if somebody has written in spite of the lock.
    #[inline]
    pub(crate) fn check(&self) -> Result<()> {
        if self.region.slots.current(self.view) == self.current {
            return Ok(());
        }
        Err(self.disturbed())
    }

    /// What there is to say when somebody has written in spite of the lock.
    #[cold]
    pub(crate) fn disturbed(&self) -> Error {
        let advice =
            "it changed in spite of the lock: it was written to inside `update` or `edit`, or by another program";
        self.region.error("update", ErrorKind::Damaged).with_advice(advice)
    }

    #[inline]
    pub(crate) fn put(&self, value: &T) -> Result<u64> {
        let note = self.view.atomic_u64(CHANGE);
        // What an edit has left that was killed on the brink of this version. Relaxed: only who has the lock looks at it,
        // and the commit below makes it known together with the version.
        if note.load(Ordering::Relaxed) == self.next() {
            note.store(0, Ordering::Relaxed);
        }
        self.view.put_in_slot(self.region.slots.begin(self.view, self.next()), value);
        self.commit()
    }

    /// Changes a copy of the value, and makes that current.
    #[inline]
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R> {
        if size_of::<T>() <= ON_STACK_MAX { self.change_on_stack(change) } else { self.change_on_heap(change) }
    }

    // A function of its own: its frame has room for the value, which a large one would not find.
    #[inline(never)]
    fn change_on_stack<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R> {
        let mut value = self.view.get_in_slot(self.value_at());
        let result = change(&mut value);
        self.check()?;
        self.put(&value)?;
        Ok(result)
    }

    #[inline(never)]
    fn change_on_heap<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R> {
        let mut value = bytemuck::zeroed_box::<T>();
        self.view.read_in_slot(self.value_at(), &mut *value);
        let result = change(&mut value);
        self.check()?;
        self.put(&value)?;
        Ok(result)
    }
}

/// What goes with a version: it has no time and no publisher.
pub(crate) fn stamp(version: u64) -> Stamp {
    Stamp { sequence: version, ..Stamp::default() }
}

/// The mutex beside a region, made if it is not there, with the rights of the region.
///
/// Every handle that may write has it open. Names are unique, so all that are open at one time are the same; and a writer's
/// death is known as long as anybody else lives who could write.
pub(crate) fn lock_beside(operation: &'static str, name: &str, rights: Rights) -> Result<Mutex> {
    let parsed = lockable(operation, name)?;
    let beside = Name::display(parsed.namespace(), &format!("{LOCK}{}", parsed.base()));
    let lock = MutexOptions::new().rights(rights).create_or_open(&beside);
    lock.map_err(|error| error.about(Noun::Shared).doing(operation).named(name))
}

/// Fails for names beside which no mutex can stand.
pub(crate) fn lockable(operation: &'static str, name: &str) -> Result<Name> {
    let parsed = parse_name(operation, Noun::Shared, name)?;
    if parsed.namespace() == Namespace::Posix {
        let error = Error::new(operation, Noun::Shared, Some(name), ErrorKind::InvalidName);
        return Err(
            error.with_advice("no mutex can stand beside a POSIX object: take a name without a slash at its start")
        );
    }
    Ok(parsed)
}
