//! Waitable timers.
//!
//! Needs `unsafe` to export functions that take pointers.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coview::os::linux::TimerExt;
use coview::{Reset, TimerOptions, Waitable};

use crate::access::{self, MODIFY_STATE};
use crate::apc::{self, Alarm, TimerRoutine};
use crate::handle::{created, found};
use crate::last_error::{self, Code, Result};
use crate::limit::with_descriptors;
use crate::name::Given;
use crate::object::Object;
use crate::security::{self, SecurityAttributes, Wishes};
use crate::table::{self, Handle};
use crate::time;

const CREATE_WAITABLE_TIMER_MANUAL_RESET: u32 = 1;
const CREATE_WAITABLE_TIMER_HIGH_RESOLUTION: u32 = 2;

/// A timer.
pub(crate) struct Timer {
    timer: coview::Timer,
}

impl Timer {
    pub(crate) fn new(timer: coview::Timer) -> Timer {
        Timer { timer }
    }

    pub(crate) fn timer(&self) -> &coview::Timer {
        &self.timer
    }

    pub(crate) fn waitable(&self) -> Waitable<'_> {
        (&self.timer).into()
    }
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateWaitableTimerA(
    attributes: *const SecurityAttributes,
    manual: i32,
    name: *const c_char,
) -> Handle {
    // SAFETY: as the caller promises.
    unsafe { CreateWaitableTimerExA(attributes, name, u32::from(manual != 0), access::TIMER.all) }
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateWaitableTimerW(
    attributes: *const SecurityAttributes,
    manual: i32,
    name: *const u16,
) -> Handle {
    // SAFETY: as the caller promises.
    unsafe { CreateWaitableTimerExW(attributes, name, u32::from(manual != 0), access::TIMER.all) }
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateWaitableTimerExA(
    attributes: *const SecurityAttributes,
    name: *const c_char,
    flags: u32,
    access: u32,
) -> Handle {
    // SAFETY: as the caller promises.
    let wishes = unsafe { security::wishes(attributes) };
    // SAFETY: as the caller promises.
    let name = unsafe { Given::narrow(name) };
    created(create(wishes, name, flags, access))
}

/// # Safety
///
/// The pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateWaitableTimerExW(
    attributes: *const SecurityAttributes,
    name: *const u16,
    flags: u32,
    access: u32,
) -> Handle {
    // SAFETY: as the caller promises.
    let wishes = unsafe { security::wishes(attributes) };
    // SAFETY: as the caller promises.
    let name = unsafe { Given::wide(name) };
    created(create(wishes, name, flags, access))
}

fn create(wishes: Wishes, name: Result<Given>, flags: u32, access: u32) -> Result<(Handle, bool)> {
    if flags & !(CREATE_WAITABLE_TIMER_MANUAL_RESET | CREATE_WAITABLE_TIMER_HIGH_RESOLUTION) != 0 {
        return Err(Code::INVALID_PARAMETER);
    }
    let name = name?;
    let access = access::TIMER.grant(access)?;
    let reset = if flags & CREATE_WAITABLE_TIMER_MANUAL_RESET != 0 { Reset::Manual } else { Reset::Auto };
    let options = TimerOptions::new(reset).rights(wishes.rights);
    let timer = with_descriptors(|| match name.for_creating() {
        Some(name) => options.create_or_open(name),
        None => options.unnamed(),
    })?;
    let is_new = timer.was_created();
    Ok((table::insert(Arc::new(Object::Timer(Timer::new(timer))), access, wishes.inherit)?, is_new))
}

/// # Safety
///
/// The pointer is null or leads to a string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenWaitableTimerA(access: u32, inherit: i32, name: *const c_char) -> Handle {
    // SAFETY: as the caller promises.
    found(access, inherit, unsafe { Given::narrow(name) }, open)
}

/// # Safety
///
/// The pointer is null or leads to a string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn OpenWaitableTimerW(access: u32, inherit: i32, name: *const u16) -> Handle {
    // SAFETY: as the caller promises.
    found(access, inherit, unsafe { Given::wide(name) }, open)
}

fn open(name: &str) -> coview::Result<Object> {
    Ok(Object::Timer(Timer::new(coview::Timer::open(name)?)))
}

/// # Safety
///
/// `due` is null or leads to the time; the routine may be called with the argument on this thread.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetWaitableTimer(
    handle: Handle,
    due: *const i64,
    period_ms: i32,
    routine: Option<TimerRoutine>,
    argument: *mut c_void,
    resume: i32,
) -> i32 {
    // SAFETY: as the caller promises.
    let due = unsafe { due.as_ref() }.copied();
    let result = set(handle, due, period_ms, routine, argument);
    if result.is_ok() && resume != 0 {
        // The timer is set all the same.
        last_error::set(Code::NOT_SUPPORTED);
    }
    last_error::truth(result)
}

/// # Safety
///
/// As for [`SetWaitableTimer`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SetWaitableTimerEx(
    handle: Handle,
    due: *const i64,
    period_ms: i32,
    routine: Option<TimerRoutine>,
    argument: *mut c_void,
    _wake_context: *mut c_void,
    _tolerable_delay_ms: u32,
) -> i32 {
    // SAFETY: as the caller promises.
    unsafe { SetWaitableTimer(handle, due, period_ms, routine, argument, 0) }
}

fn set(
    handle: Handle,
    due: Option<i64>,
    period_ms: i32,
    routine: Option<TimerRoutine>,
    argument: *mut c_void,
) -> Result<()> {
    let reference = table::get(handle)?;
    let timer = reference.object.as_timer()?;
    reference.demand(MODIFY_STATE)?;
    let after = after(due.ok_or(Code::INVALID_PARAMETER)?);
    let period = u64::try_from(period_ms).map_err(|_| Code::INVALID_PARAMETER).map(Duration::from_millis)?;
    timer.timer.set(after, (!period.is_zero()).then_some(period))?;
    match (routine, Instant::now().checked_add(after)) {
        (Some(routine), Some(due)) => {
            let (timer, setting) = (Arc::downgrade(&reference.object), timer.timer.setting());
            apc::set_alarm(Alarm { timer, setting, due, period, routine, argument })
        }
        _ => Ok(()),
    }
}

/// How long it is until a due time: a negative one counts from now, any other is a date. Both count 100 ns.
fn after(due: i64) -> Duration {
    let units = if due < 0 { due.unsigned_abs() } else { due.unsigned_abs().saturating_sub(time::now()) };
    Duration::from_micros(units / 10) + Duration::from_nanos(units % 10 * 100)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn CancelWaitableTimer(handle: Handle) -> i32 {
    last_error::truth(table::get(handle).and_then(|reference| {
        let timer = reference.object.as_timer()?;
        reference.demand(MODIFY_STATE)?;
        Ok(timer.timer.cancel()?)
    }))
}
