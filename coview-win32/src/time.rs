//! Clocks and dates.
//!
//! Needs `unsafe` to export functions, to ask the C library for the time, and to read and write where callers point.

use crate::last_error::{self, Code, Result};

/// Windows' structure: steps of 100 ns since the beginning of 1601, in two halves.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct FileTime {
    low: u32,
    high: u32,
}

/// Windows' structure.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct SystemTime {
    year: u16,
    month: u16,
    day_of_week: u16,
    day: u16,
    hour: u16,
    minute: u16,
    second: u16,
    milliseconds: u16,
}

const _: () = assert!(size_of::<FileTime>() == 8 && align_of::<FileTime>() == 4);
const _: () = assert!(size_of::<SystemTime>() == 16);

const NOACCESS: Code = Code(998);

const STEPS_PER_MILLISECOND: u64 = 10_000;
const STEPS_PER_SECOND: u64 = 10_000_000;
const SECONDS_PER_DAY: u64 = 86_400;
/// From 1601 to 1970.
const SECONDS_BEFORE_UNIX: u64 = 11_644_473_600;
/// From the first of March of the year 0 to the first of January 1601.
const DAYS_BEFORE_1601: u64 = 584_694;
const YEAR_MAX: u16 = 30_827;

impl FileTime {
    fn new(steps: u64) -> FileTime {
        FileTime { low: steps as u32, high: (steps >> 32) as u32 }
    }

    fn steps(self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }
}

fn clock(id: libc::clockid_t) -> libc::timespec {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure is there to be written.
    unsafe { libc::clock_gettime(id, &raw mut now) };
    now
}

fn steps(time: libc::timespec) -> u64 {
    time.tv_sec as u64 * STEPS_PER_SECOND + time.tv_nsec as u64 / 100
}

/// The time of day, in steps since 1601.
pub(crate) fn now() -> u64 {
    steps(clock(libc::CLOCK_REALTIME)) + SECONDS_BEFORE_UNIX * STEPS_PER_SECOND
}

/// Milliseconds since the machine was started, those that it slept included, as on Windows.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetTickCount64() -> u64 {
    steps(clock(libc::CLOCK_BOOTTIME)) / STEPS_PER_MILLISECOND
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetTickCount() -> u32 {
    GetTickCount64() as u32
}

/// Counts the steps of the clock that Linux programs measure with, which stands still while the machine sleeps.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn QueryPerformanceCounter(count: *mut i64) -> i32 {
    // SAFETY: as Windows demands of the caller.
    last_error::truth(unsafe { give(count, steps(clock(libc::CLOCK_MONOTONIC)) as i64) })
}

/// Ten million, as on Windows since version 10.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn QueryPerformanceFrequency(frequency: *mut i64) -> i32 {
    // SAFETY: as Windows demands of the caller.
    last_error::truth(unsafe { give(frequency, STEPS_PER_SECOND as i64) })
}

/// # Safety
///
/// The pointer is null or may be written to.
unsafe fn give<T>(target: *mut T, value: T) -> Result<()> {
    if target.is_null() {
        return Err(NOACCESS);
    }
    // SAFETY: as the caller promises.
    unsafe { target.write(value) };
    Ok(())
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetSystemTimeAsFileTime(time: *mut FileTime) {
    // SAFETY: as Windows demands of the caller.
    unsafe { time.write(FileTime::new(now())) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetSystemTimePreciseAsFileTime(time: *mut FileTime) {
    // SAFETY: as Windows demands of the caller.
    unsafe { time.write(FileTime::new(now())) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetSystemTime(time: *mut SystemTime) {
    // SAFETY: as Windows demands of the caller.
    unsafe { time.write(date(now())) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetLocalTime(time: *mut SystemTime) {
    // SAFETY: as Windows demands of the caller.
    unsafe { time.write(date(to_local(now()))) };
}

/// The difference to the time of day here is the present one, whatever it was or will be at that time, as on Windows.
fn to_local(time: u64) -> u64 {
    time.saturating_add_signed(offset_now() * STEPS_PER_SECOND as i64)
}

/// Seconds that the local time is ahead.
fn offset_now() -> i64 {
    let now = clock(libc::CLOCK_REALTIME).tv_sec;
    let mut local = std::mem::MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both structures are there.
    if unsafe { libc::localtime_r(&raw const now, local.as_mut_ptr()) }.is_null() {
        return 0;
    }
    // SAFETY: the structure was zeroed, then written.
    unsafe { local.assume_init() }.tm_gmtoff
}

/// The date in the Gregorian calendar, by Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day
/// is the last.
fn date(time: u64) -> SystemTime {
    let seconds = time / STEPS_PER_SECOND;
    let days = seconds / SECONDS_PER_DAY;
    let (year, month, day) = civil(days + DAYS_BEFORE_1601);
    let of_day = seconds % SECONDS_PER_DAY;
    SystemTime {
        year: year as u16,
        month: month as u16,
        // The first of January 1601 was a Monday.
        day_of_week: ((days + 1) % 7) as u16,
        day: day as u16,
        hour: (of_day / 3600) as u16,
        minute: (of_day / 60 % 60) as u16,
        second: (of_day % 60) as u16,
        milliseconds: (time / STEPS_PER_MILLISECOND % 1000) as u16,
    }
}

/// Year, month and day of a number of days since the first of March of the year 0.
fn civil(days: u64) -> (u64, u64, u64) {
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// The reverse of [`civil`].
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let year_of_era = year % 400;
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    year / 400 * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
}

/// The day of the week is not looked at, as on Windows.
fn time_of(date: SystemTime) -> Result<u64> {
    if !is_valid(date) {
        return Err(Code::INVALID_PARAMETER);
    }
    let days = days(date.year.into(), date.month.into(), date.day.into()) - DAYS_BEFORE_1601;
    let minutes = u64::from(date.hour) * 60 + u64::from(date.minute);
    let seconds = days * SECONDS_PER_DAY + minutes * 60 + u64::from(date.second);
    Ok(seconds * STEPS_PER_SECOND + u64::from(date.milliseconds) * STEPS_PER_MILLISECOND)
}

fn is_valid(date: SystemTime) -> bool {
    let of_day = date.hour < 24 && date.minute < 60 && date.second < 60 && date.milliseconds < 1000;
    let of_year = (1601..=YEAR_MAX).contains(&date.year) && (1..=12).contains(&date.month);
    of_day && of_year && (1..=month_len(date.year, date.month)).contains(&date.day)
}

fn month_len(year: u16, month: u16) -> u16 {
    let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A time is valid if it is not negative when taken as a signed number.
fn valid(time: FileTime) -> Result<u64> {
    if time.high >> 31 == 0 { Ok(time.steps()) } else { Err(Code::INVALID_PARAMETER) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn SystemTimeToFileTime(date: *const SystemTime, time: *mut FileTime) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let date = unsafe { date.read() };
    // SAFETY: as Windows demands of the caller.
    last_error::truth(time_of(date).and_then(|steps| unsafe { give(time, FileTime::new(steps)) }))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn FileTimeToSystemTime(time: *const FileTime, date: *mut SystemTime) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let time = unsafe { time.read() };
    // SAFETY: as Windows demands of the caller.
    last_error::truth(valid(time).and_then(|steps| unsafe { give(date, self::date(steps)) }))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn FileTimeToLocalFileTime(time: *const FileTime, local: *mut FileTime) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let time = unsafe { time.read() };
    // SAFETY: as Windows demands of the caller.
    last_error::truth(valid(time).and_then(|steps| unsafe { give(local, FileTime::new(to_local(steps))) }))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CompareFileTime(one: *const FileTime, other: *const FileTime) -> i32 {
    // SAFETY: as Windows demands of the caller.
    let one = unsafe { one.read() };
    // SAFETY: as Windows demands of the caller.
    let other = unsafe { other.read() };
    one.steps().cmp(&other.steps()) as i32
}
