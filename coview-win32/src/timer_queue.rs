//! Timer queues: timers that call the program.
//!
//! Needs `unsafe` to export functions, to write where callers point, and to hand a timer over to its thread.
//!
//! Each timer has a thread of its own, so that one call does not keep another one waiting.

use std::collections::{HashMap, HashSet};
use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::callback::{self, Callback, Completion, Routine};
use crate::last_error::{self, Code, Result};
use crate::table::{Handle, lock};
use crate::{thread, wait};

/// The queue of timers that were made without one.
const DEFAULT_QUEUE: usize = 0;

struct Timer {
    queue: usize,
    schedule: Mutex<Schedule>,
    changed: Condvar,
    callback: Callback,
}

#[derive(Clone, Copy)]
struct Schedule {
    /// `None` when there is no next time.
    due: Option<Instant>,
    period: Option<Duration>,
    is_over: bool,
}

#[derive(Default)]
struct Known {
    queues: HashSet<usize>,
    timers: HashMap<usize, Arc<Timer>>,
}

impl Known {
    fn take_timers_of(&mut self, queue: usize) -> Vec<Arc<Timer>> {
        let of_queue = |timer: &Arc<Timer>| timer.queue == queue;
        let taken = self.timers.values().filter(|timer| of_queue(timer)).cloned().collect();
        self.timers.retain(|_, timer| !of_queue(timer));
        taken
    }
}

/// The queues and the timers, by what the program has in place of handles.
static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

fn with_known<T>(work: impl FnOnce(&mut Known) -> T) -> T {
    work(lock(&KNOWN).get_or_insert_default())
}

impl Schedule {
    fn new(due_ms: u32, period_ms: u32) -> Schedule {
        let due = wait::timeout(due_ms).and_then(|after| Instant::now().checked_add(after));
        let period = (period_ms != 0).then(|| Duration::from_millis(period_ms.into()));
        Schedule { due, period, is_over: false }
    }

    /// What comes after a call that was due.
    fn next(self) -> Schedule {
        let due = self.period.zip(self.due).map(|(period, due)| (due + period).max(Instant::now()));
        Schedule { due, is_over: self.period.is_none(), ..self }
    }
}

impl Timer {
    /// Waits for the next call; false if there is none any more.
    fn await_due(&self) -> bool {
        let mut schedule = lock(&self.schedule);
        loop {
            let now = Instant::now();
            schedule = match schedule.due {
                _ if schedule.is_over => return false,
                Some(due) if due <= now => break,
                Some(due) => self.changed.wait_timeout(schedule, due - now).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(schedule).unwrap_or_else(PoisonError::into_inner),
            };
        }
        *schedule = schedule.next();
        true
    }

    /// A timer that has called for the last time stays as it is.
    fn change(&self, due_ms: u32, period_ms: u32) {
        let mut schedule = lock(&self.schedule);
        if !schedule.is_over {
            *schedule = Schedule::new(due_ms, period_ms);
            self.changed.notify_all();
        }
    }

    fn end(&self, completion: &Completion) -> Result<()> {
        lock(&self.schedule).is_over = true;
        self.changed.notify_all();
        completion.end(&self.callback)
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn CreateTimerQueue() -> Handle {
    let number = callback::number();
    with_known(|known| known.queues.insert(number));
    ptr::without_provenance_mut(number)
}

/// # Safety
///
/// `timer` may be written; the routine may be called with the argument, on another thread.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateTimerQueueTimer(
    timer: *mut Handle,
    queue: Handle,
    routine: Option<Routine>,
    argument: *mut c_void,
    due_ms: u32,
    period_ms: u32,
    _flags: u32,
) -> i32 {
    let made = routine.ok_or(Code::INVALID_PARAMETER).and_then(|routine| {
        let callback = Callback::new(routine, argument);
        let schedule = Mutex::new(Schedule::new(due_ms, period_ms));
        add(Arc::new(Timer { queue: queue.addr(), schedule, changed: Condvar::new(), callback }))
    });
    let written = made.and_then(|(number, made)| {
        // Before the thread runs: the routine may look there.
        // SAFETY: as the caller promises.
        unsafe { timer.write(ptr::without_provenance_mut(number)) };
        start(made).inspect_err(|_| with_known(|known| drop(known.timers.remove(&number))))
    });
    last_error::truth(written)
}

fn add(timer: Arc<Timer>) -> Result<(usize, Arc<Timer>)> {
    with_known(|known| {
        if timer.queue != DEFAULT_QUEUE && !known.queues.contains(&timer.queue) {
            return Err(Code::INVALID_HANDLE);
        }
        let number = callback::number();
        known.timers.insert(number, timer.clone());
        Ok((number, timer))
    })
}

fn start(timer: Arc<Timer>) -> Result<()> {
    let argument = Arc::into_raw(timer);
    let started = thread::start(run, argument.cast_mut().cast(), 0, 0);
    if started.is_err() {
        // SAFETY: no thread has taken it.
        drop(unsafe { Arc::from_raw(argument) });
    }
    started.map(drop)
}

/// # Safety
///
/// The argument is a timer that is the thread's own.
unsafe extern "C-unwind" fn run(argument: *mut c_void) -> u32 {
    // SAFETY: as the caller promises.
    let timer = unsafe { Arc::from_raw(argument.cast_const().cast::<Timer>()) };
    while timer.await_due() {
        timer.callback.call(true);
    }
    0
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn ChangeTimerQueueTimer(_queue: Handle, timer: Handle, due_ms: u32, period_ms: u32) -> i32 {
    let found = with_known(|known| known.timers.get(&timer.addr()).cloned());
    last_error::truth(found.ok_or(Code::INVALID_HANDLE).map(|timer| timer.change(due_ms, period_ms)))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn DeleteTimerQueueTimer(_queue: Handle, timer: Handle, completion: Handle) -> i32 {
    last_error::truth(Completion::of(completion).and_then(|completion| {
        let found = with_known(|known| known.timers.remove(&timer.addr()));
        found.ok_or(Code::INVALID_HANDLE)?.end(&completion)
    }))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn DeleteTimerQueue(queue: Handle) -> i32 {
    DeleteTimerQueueEx(queue, ptr::null_mut())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn DeleteTimerQueueEx(queue: Handle, completion: Handle) -> i32 {
    last_error::truth(Completion::of(completion).and_then(|completion| delete_queue(queue.addr(), &completion)))
}

/// Ends all timers of a queue.
fn delete_queue(queue: usize, completion: &Completion) -> Result<()> {
    let timers = with_known(|known| known.queues.remove(&queue).then(|| known.take_timers_of(queue)));
    let timers = timers.ok_or(Code::INVALID_HANDLE)?;
    // All of them end before any of them is waited for.
    let ended = timers.iter().map(|timer| timer.end(&Completion::Untold)).collect::<Vec<_>>();
    match completion {
        Completion::Untold => {}
        Completion::Awaited => {
            timers.iter().for_each(|timer| timer.callback.await_end());
            return Ok(());
        }
        Completion::Event(event) => callback::announce_ends(timers.iter().map(|timer| &timer.callback), event),
    }
    ended.into_iter().collect()
}
