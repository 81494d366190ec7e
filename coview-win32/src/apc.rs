//! Asynchronous procedure calls: queued for a thread, run by it in alertable waits.
//!
//! Needs `unsafe` to export functions and to run what callers pass.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use coview::Reset;
use coview::os::linux::{TimerExt, Waited};

use crate::last_error::{self, Code, Result};
use crate::limit::with_descriptors;
use crate::object::Object;
use crate::table::{Handle, lock};
use crate::{process, thread, time};

type Routine = unsafe extern "C-unwind" fn(usize);
/// What a waitable timer calls, with the time at which it was due.
pub(crate) type TimerRoutine = unsafe extern "C-unwind" fn(*mut c_void, u32, u32);

/// The calls that wait for a thread.
pub(crate) struct Queue {
    calls: Mutex<VecDeque<Call>>,
    /// Set while there are calls. Made by the first who needs it.
    alert: OnceLock<coview::Event>,
    /// The timers that the thread has set, with what they call. Only the thread looks at them.
    alarms: Mutex<Vec<Alarm>>,
}

#[derive(Clone, Copy)]
enum Call {
    User { routine: Routine, argument: usize },
    Timer { routine: TimerRoutine, argument: *mut c_void, due: u64 },
}

// SAFETY: the pointer is the caller's, who has asked for the call to be made on that thread.
unsafe impl Send for Call {}

impl Queue {
    pub(crate) const fn new() -> Queue {
        Queue { calls: Mutex::new(VecDeque::new()), alert: OnceLock::new(), alarms: Mutex::new(Vec::new()) }
    }

    /// The event that interrupts the thread's alertable waits.
    pub(crate) fn alert(&self) -> Result<&coview::Event> {
        if self.alert.get().is_none() {
            // Should another thread be faster, this one is dropped.
            let _ = self.alert.set(with_descriptors(|| coview::Event::unnamed(Reset::Manual))?);
        }
        Ok(self.alert.get().expect("it was set above"))
    }

    fn push(&self, call: Call) -> Result<()> {
        let alert = self.alert()?;
        let mut calls = lock(&self.calls);
        calls.push_back(call);
        Ok(alert.set()?)
    }

    /// Takes the next call; after the last one the alert is over.
    fn pop(&self) -> Option<Call> {
        let mut calls = lock(&self.calls);
        let call = calls.pop_front();
        if calls.is_empty()
            && let Some(alert) = self.alert.get()
        {
            let _ = alert.reset();
        }
        call
    }
}

/// # Safety
///
/// The routine may be called with the argument on the thread of the handle.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn QueueUserAPC(routine: Option<Routine>, handle: Handle, argument: usize) -> u32 {
    let result = thread::for_apc(handle, |thread| {
        let routine = routine.ok_or(Code::INVALID_PARAMETER)?;
        // Another process' thread runs this process' code nowhere; one that has ended runs nothing.
        if thread.process() != process::current_pid() || thread.ended().try_wait()? {
            return Err(Code::GEN_FAILURE);
        }
        thread.queue().push(Call::User { routine, argument })
    });
    last_error::truth(result).cast_unsigned()
}

/// Runs every call that waits for the calling thread, those queued meanwhile too; says whether there was one.
pub(crate) fn run_all() -> Result<bool> {
    let thread = thread::current()?;
    let mut some = false;
    while let Some(call) = thread.queue().pop() {
        some = true;
        run(call);
    }
    Ok(some)
}

fn run(call: Call) {
    match call {
        // SAFETY: as the caller of `QueueUserAPC` promised.
        Call::User { routine, argument } => unsafe { routine(argument) },
        Call::Timer { routine, argument, due } => {
            // SAFETY: as the caller of `SetWaitableTimer` promised.
            unsafe { routine(argument, due as u32, (due >> 32) as u32) }
        }
    }
}

/// A timer that calls its thread when it is due.
pub(crate) struct Alarm {
    /// The timer, unless its handles in this process are closed.
    pub(crate) timer: Weak<Object>,
    /// Which setting of the timer it belongs to: whoever sets that again or cancels it takes the alarm back.
    pub(crate) setting: u32,
    pub(crate) due: Instant,
    pub(crate) period: Duration,
    pub(crate) routine: TimerRoutine,
    pub(crate) argument: *mut c_void,
}

// SAFETY: as for `Call`.
unsafe impl Send for Alarm {}

impl Alarm {
    fn counts(&self) -> bool {
        let timer = self.timer.upgrade();
        timer.is_some_and(|timer| timer.as_timer().is_ok_and(|timer| timer.timer().setting() == self.setting))
    }
}

/// Has the calling thread called when the alarm is due.
pub(crate) fn set_alarm(alarm: Alarm) -> Result<()> {
    let thread = thread::current()?;
    let mut alarms = lock(&thread.queue().alarms);
    alarms.retain(Alarm::counts);
    alarms.push(alarm);
    Ok(())
}

/// Queues the calls of the thread's timers that are due, and returns when the next one will be.
fn ring(queue: &Queue) -> Result<Option<Instant>> {
    let mut alarms = lock(&queue.alarms);
    if alarms.is_empty() {
        return Ok(None);
    }
    alarms.retain(Alarm::counts);
    let now = Instant::now();
    for alarm in alarms.iter_mut().filter(|alarm| alarm.due <= now) {
        queue.push(Call::Timer { routine: alarm.routine, argument: alarm.argument, due: time::now() })?;
        while !alarm.period.is_zero() && alarm.due <= now {
            alarm.due += alarm.period;
        }
    }
    alarms.retain(|alarm| alarm.due > now);
    Ok(alarms.iter().map(|alarm| alarm.due).min())
}

/// How an alertable wait ended.
pub(crate) enum Ended<T> {
    Taken(T),
    TimedOut,
    /// Calls have run.
    Called,
}

/// Waits by `wait`, which an alert interrupts, until the timeout or until calls have run.
pub(crate) fn wait_alertably<T>(
    timeout: Option<Duration>,
    mut wait: impl FnMut(&coview::Event, Option<Duration>) -> Result<Waited<T>>,
) -> Result<Ended<T>> {
    let thread = thread::current()?;
    let alert = thread.queue().alert()?;
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    loop {
        let until = [end, ring(thread.queue())?].into_iter().flatten().min();
        let rest = until.map(|until| until.saturating_duration_since(Instant::now()));
        match wait(alert, rest)? {
            Waited::Taken(taken) => return Ok(Ended::Taken(taken)),
            Waited::Alerted => {
                if run_all()? {
                    return Ok(Ended::Called);
                }
            }
            Waited::TimedOut => {
                if end.is_some_and(|end| end <= Instant::now()) {
                    return Ok(Ended::TimedOut);
                }
            }
        }
    }
}
