//! Threads: made, ended, waited for.
//!
//! Needs `unsafe` to export functions, to start and end threads by the C library, and to run what callers pass.
//!
//! A thread's handle is signaled after the thread has abandoned its mutexes: whoever has waited for the thread finds
//! them abandoned. Threads that `CreateThread` did not make are known from the first call that needs to know them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};

use coview::Reset;
use coview::os::linux::abandon_held;

use crate::access;
use crate::apc::{self, Queue};
use crate::handle::{Pseudo, opened, pseudo, resolve};
use crate::last_error::{self, Code, Result};
use crate::limit::with_descriptors;
use crate::object::Object;
use crate::priority::Priority;
use crate::security::{self, SecurityAttributes};
use crate::table::{self, Handle, lock};
use crate::{last_thread, process, thread_end};

/// What a thread runs.
pub(crate) type Routine = unsafe extern "C-unwind" fn(*mut c_void) -> u32;

const CREATE_SUSPENDED: u32 = 4;
const STACK_SIZE_PARAM_IS_A_RESERVATION: u32 = 0x0001_0000;
pub(crate) const STILL_ACTIVE: u32 = 259;
const QUERY: u32 = 0x0040;
pub(crate) const QUERY_LIMITED: u32 = 0x0800;
const SET: u32 = 0x0020;
pub(crate) const SET_LIMITED: u32 = 0x0400;
const SUSPEND_RESUME: u32 = 0x0002;
const TERMINATE: u32 = 0x0001;
const SET_CONTEXT: u32 = 0x0010;

/// A thread, of this process or the first one of a child.
pub(crate) struct Thread {
    ended: coview::Event,
    /// The kernel's ids of the thread and its process; the thread's is 0 until it runs.
    id: AtomicU32,
    process: u32,
    /// Sees the end of the process, if that is another one.
    other: Option<Arc<process::State>>,
    code: AtomicU32,
    priority: Priority,
    /// How often it has to be resumed before it runs.
    suspended: Mutex<u32>,
    changed: Condvar,
    queue: Queue,
}

impl Thread {
    /// The event that is set when the thread has ended.
    pub(crate) fn ended(&self) -> &coview::Event {
        &self.ended
    }

    pub(crate) fn id(&self) -> u32 {
        // Relaxed: whoever has the handle got it after the thread had begun.
        self.id.load(Ordering::Relaxed)
    }

    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    pub(crate) fn priority(&self) -> &Priority {
        &self.priority
    }

    /// The asynchronous procedure calls that wait for the thread.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// A thread that this process did not start: of another process, say, of which only its end can be told.
    /// The state of that process has the event set.
    pub(crate) fn of_other(ended: coview::Event, id: u32, state: Arc<process::State>) -> Thread {
        let process = state.process();
        Thread { id: AtomicU32::new(id), process, other: Some(state), ..Thread::with_end(ended, 0) }
    }

    /// The process of a thread that is not of this process.
    pub(crate) fn other(&self) -> Option<&Arc<process::State>> {
        self.other.as_ref()
    }

    /// Says with what code a thread has ended that is not of this process.
    pub(crate) fn set_code(&self, code: u32) {
        // Release, by way of the event: whoever sees the end sees the code.
        self.code.store(code, Ordering::Release);
    }

    fn new(suspended: u32) -> Result<Thread> {
        Ok(Thread::with_end(with_descriptors(|| coview::Event::unnamed(Reset::Manual))?, suspended))
    }

    fn with_end(ended: coview::Event, suspended: u32) -> Thread {
        Thread {
            ended,
            id: AtomicU32::new(0),
            process: process::current_pid(),
            other: None,
            code: AtomicU32::new(0),
            priority: Priority::normal(),
            suspended: Mutex::new(suspended),
            changed: Condvar::new(),
            queue: Queue::new(),
        }
    }

    /// Notes that the calling thread is this one, and that its end is the thread's.
    fn enter(self: &Arc<Self>) {
        // Relaxed: see `id`.
        self.id.store(current_id(), Ordering::Relaxed);
        lock(&LIVING).get_or_insert_default().insert(self.id(), Arc::downgrade(self));
        // The thread's record in `coview` registers its destructor now: made at the thread's end it would be lost.
        let _ = self.ended.reset();
        CURRENT.with(|current| drop(current.replace(Some(self.clone()))));
        thread_end::watch();
    }

    /// Says that the thread has ended, after it has given up what it owns.
    fn end(&self) {
        lock(&LIVING).get_or_insert_default().remove(&self.id());
        abandon_held();
        let _ = self.ended.set();
    }

    /// Lets it run once every suspension is taken back; returns how many there were.
    fn resume(&self) -> u32 {
        let mut suspended = lock(&self.suspended);
        let before = *suspended;
        *suspended = before.saturating_sub(1);
        drop(suspended);
        self.changed.notify_all();
        before
    }

    fn wait_until_resumed(&self) {
        let mut suspended = lock(&self.suspended);
        while *suspended > 0 {
            suspended = self.changed.wait(suspended).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }
}

/// The threads of this process that are known, by their ids.
static LIVING: Mutex<Option<HashMap<u32, Weak<Thread>>>> = Mutex::new(None);

pub(crate) type Held = MutexGuard<'static, Option<HashMap<u32, Weak<Thread>>>>;

/// The lock, for who forks.
pub(crate) fn hold() -> Held {
    lock(&LIVING)
}

thread_local! {
    static ID: Cell<u32> = const { Cell::new(0) };
    /// The calling thread's own reference, which `end_current` drops.
    static CURRENT: ManuallyDrop<RefCell<Option<Arc<Thread>>>> = const { ManuallyDrop::new(RefCell::new(None)) };
}

/// Called when the calling thread ends, as the last that this library does there.
pub(crate) fn end_current() {
    let current = CURRENT.with(|current| current.take());
    // A forked child may have only its parent's.
    if let Some(thread) = current.filter(|thread| thread.process == process::current_pid()) {
        thread.end();
    }
}

/// The calling thread.
pub(crate) fn current() -> Result<Arc<Thread>> {
    let known = CURRENT.with(|current| current.borrow().clone());
    if let Some(thread) = known.filter(|thread| thread.process == process::current_pid()) {
        return Ok(thread);
    }
    let thread = Arc::new(Thread::new(0)?);
    thread.enter();
    Ok(thread)
}

fn current_id() -> u32 {
    if ID.get() == 0 {
        forget_id_in_children();
        // SAFETY: a call without arguments that cannot fail.
        ID.set(unsafe { libc::gettid() }.cast_unsigned());
    }
    ID.get()
}

/// A forked child is another thread.
fn forget_id_in_children() {
    extern "C" fn forget() {
        ID.set(0);
    }
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler writes a thread-local word.
        unsafe { libc::pthread_atfork(None, None, Some(forget)) };
    });
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetCurrentThread() -> Handle {
    ptr::without_provenance_mut((-2_isize).cast_unsigned())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetCurrentThreadId() -> u32 {
    current_id()
}

/// # Safety
///
/// The routine may be called with the argument, on another thread; the pointers are null or as in `windows.h`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn CreateThread(
    attributes: *const SecurityAttributes,
    stack_size: usize,
    routine: Option<Routine>,
    argument: *mut c_void,
    flags: u32,
    id: *mut u32,
) -> Handle {
    // SAFETY: as the caller promises.
    let wishes = unsafe { security::wishes(attributes) };
    let made = routine.ok_or(Code::INVALID_PARAMETER).and_then(|routine| start(routine, argument, stack_size, flags));
    let made = made.inspect(|thread| {
        if !id.is_null() {
            // SAFETY: as the caller promises.
            unsafe { id.write(thread.id()) };
        }
    });
    opened(made.and_then(|thread| table::insert(Arc::new(Object::Thread(thread)), access::THREAD.all, wishes.inherit)))
}

/// What a new thread finds to do.
struct Work {
    thread: Arc<Thread>,
    routine: Routine,
    argument: *mut c_void,
}

/// Starts a thread, and returns when its id is known.
pub(crate) fn start(routine: Routine, argument: *mut c_void, stack_size: usize, flags: u32) -> Result<Arc<Thread>> {
    if flags & !(CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION) != 0 {
        return Err(Code::INVALID_PARAMETER);
    }
    let thread = Arc::new(Thread::new(u32::from(flags & CREATE_SUSPENDED != 0))?);
    let work = Box::into_raw(Box::new(Work { thread: thread.clone(), routine, argument }));
    if let Err(error) = spawn(work.cast(), stack_size) {
        // SAFETY: no thread has taken it.
        drop(unsafe { Box::from_raw(work) });
        return Err(error.into());
    }
    let mut begun = lock(&thread.suspended);
    while thread.id() == 0 {
        begun = thread.changed.wait(begun).unwrap_or_else(std::sync::PoisonError::into_inner);
    }
    drop(begun);
    Ok(thread)
}

fn spawn(work: *mut c_void, stack_size: usize) -> std::io::Result<()> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let attributes = attributes.as_mut_ptr();
    // SAFETY: initialises it.
    code(unsafe { libc::pthread_attr_init(attributes) })?;
    // SAFETY: it is initialised.
    unsafe { libc::pthread_attr_setdetachstate(attributes, libc::PTHREAD_CREATE_DETACHED) };
    if stack_size > 0 {
        let too_large = || std::io::Error::from_raw_os_error(libc::ENOMEM);
        let stack_size = stack_size.checked_next_multiple_of(4096).ok_or_else(too_large)?.max(64 * 1024);
        // SAFETY: as above. A size that the system does not like leaves the usual one.
        unsafe { libc::pthread_attr_setstacksize(attributes, stack_size) };
    }
    let mut id = MaybeUninit::uninit();
    // SAFETY: everything lives across the call, and `run` takes the work.
    let made = code(unsafe { pthread_create(id.as_mut_ptr(), attributes, run, work) });
    // SAFETY: it is initialised.
    unsafe { libc::pthread_attr_destroy(attributes) };
    made
}

fn code(result: libc::c_int) -> std::io::Result<()> {
    if result == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(result)) }
}

unsafe extern "C-unwind" {
    // As in the C library, but that the thread may be unwound, which is how `pthread_exit` ends it.
    fn pthread_create(
        id: *mut libc::pthread_t,
        attributes: *const libc::pthread_attr_t,
        run: unsafe extern "C-unwind" fn(*mut c_void) -> *mut c_void,
        work: *mut c_void,
    ) -> libc::c_int;
    fn pthread_exit(result: *mut c_void) -> !;
}

/// What a new thread runs. While the routine runs this frame has nothing to drop, so that it may be unwound.
///
/// # Safety
///
/// The pointer is to a boxed `Work` that is the thread's own.
unsafe extern "C-unwind" fn run(work: *mut c_void) -> *mut c_void {
    // SAFETY: as the caller promises.
    let (routine, argument) = unsafe { begin(work) };
    // Calls that were queued before the thread ran come first.
    let _ = apc::run_all();
    // SAFETY: as the caller of `CreateThread` promised.
    let code = unsafe { routine(argument) };
    note_code(code);
    ptr::null_mut()
}

/// # Safety
///
/// As for [`run`].
unsafe fn begin(work: *mut c_void) -> (Routine, *mut c_void) {
    // SAFETY: as the caller promises.
    let work = unsafe { Box::from_raw(work.cast::<Work>()) };
    let begun = lock(&work.thread.suspended);
    work.thread.enter();
    drop(begun);
    work.thread.changed.notify_all();
    work.thread.wait_until_resumed();
    (work.routine, work.argument)
}

fn note_code(code: u32) {
    last_thread::note_code(code);
    if let Ok(thread) = current() {
        // Release, by way of the event: whoever sees the end sees the code.
        thread.code.store(code, Ordering::Release);
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn ExitThread(code: u32) -> ! {
    note_code(code);
    if current_id() == process::current_pid() {
        last_thread::await_last();
    }
    // SAFETY: the frames of this crate below have nothing to drop, and those of the caller are the caller's business.
    unsafe { pthread_exit(ptr::null_mut()) }
}

/// # Safety
///
/// `code` is null or may be written.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn GetExitCodeThread(handle: Handle, code: *mut u32) -> i32 {
    // SAFETY: as the caller promises.
    let Some(code) = (unsafe { code.as_mut() }) else { return last_error::truth(Err(Code::INVALID_PARAMETER)) };
    let found = with_thread(handle, QUERY_LIMITED, |thread| {
        // Acquire, by way of the event.
        Ok(if thread.ended.try_wait()? { thread.code.load(Ordering::Acquire) } else { STILL_ACTIVE })
    });
    last_error::truth(found.map(|found| *code = found))
}

/// Calls `work` with the thread of a handle that has the right, or of the pseudo handle.
pub(crate) fn with_thread<T>(handle: Handle, right: u32, work: impl FnOnce(&Arc<Thread>) -> Result<T>) -> Result<T> {
    let reference = resolve(handle)?;
    let thread = reference.object.as_thread()?;
    // The full rights to query and to set include the limited ones.
    let whole = match right {
        QUERY_LIMITED => QUERY,
        SET_LIMITED => SET,
        right => right,
    };
    if reference.access & whole != whole {
        reference.demand(right)?;
    }
    work(thread)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn ResumeThread(handle: Handle) -> u32 {
    let resume = |thread: &Arc<Thread>| Ok(process::resume(thread).unwrap_or_else(|| thread.resume()));
    last_error::value(with_thread(handle, SUSPEND_RESUME, resume), u32::MAX)
}

/// A running thread cannot be stopped from outside here.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn SuspendThread(handle: Handle) -> u32 {
    let result = with_thread(handle, SUSPEND_RESUME, |thread| {
        if thread.ended.try_wait()? {
            return Err(Code::ACCESS_DENIED);
        }
        let mut suspended = lock(&thread.suspended);
        if *suspended == 0 {
            return Err(Code::NOT_SUPPORTED);
        }
        *suspended += 1;
        Ok(*suspended - 1)
    });
    last_error::value(result, u32::MAX)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn OpenThread(access: u32, inherit: i32, id: u32) -> Handle {
    let found = lock(&LIVING).get_or_insert_default().get(&id).and_then(Weak::upgrade);
    let found = match found {
        None if id == current_id() => current(),
        found => found.ok_or(Code::INVALID_PARAMETER),
    };
    opened(found.and_then(|thread| {
        let access = access::THREAD.grant_opener(access)?;
        table::insert(Arc::new(Object::Thread(thread)), access, inherit != 0)
    }))
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetThreadId(handle: Handle) -> u32 {
    if pseudo(handle) == Some(Pseudo::Thread) {
        return current_id();
    }
    last_error::value(with_thread(handle, QUERY_LIMITED, |thread| Ok(thread.id())), 0)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetProcessIdOfThread(handle: Handle) -> u32 {
    last_error::value(with_thread(handle, QUERY_LIMITED, |thread| Ok(thread.process())), 0)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn SetThreadAffinityMask(handle: Handle, mask: usize) -> usize {
    // The mask before is a question, the new one an order.
    let before = with_thread(handle, QUERY_LIMITED, |_| Ok(()));
    let result = before.and_then(|()| with_thread(handle, SET_LIMITED, |thread| set_affinity(thread.id(), mask)));
    last_error::value(result, 0)
}

/// Returns the mask before.
fn set_affinity(id: u32, mask: usize) -> Result<usize> {
    let size = size_of::<usize>();
    let mut before = 0_usize;
    if mask == 0 {
        return Err(Code::INVALID_PARAMETER);
    }
    // SAFETY: the mask is a word of our own.
    if unsafe { libc::syscall(libc::SYS_sched_getaffinity, id, size, &mut before) } < 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: as above.
    if unsafe { libc::syscall(libc::SYS_sched_setaffinity, id, size, &mask) } < 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    Ok(before)
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn GetCurrentProcessorNumber() -> u32 {
    // SAFETY: a call without arguments.
    unsafe { libc::sched_getcpu() }.max(0).cast_unsigned()
}

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn TerminateThread(handle: Handle, code: u32) -> i32 {
    let result = with_thread(handle, TERMINATE, |thread| {
        if thread.id() == current_id() {
            return Ok(true);
        }
        crate::termination::terminate(thread, code).map(|()| false)
    });
    if let Ok(true) = result {
        ExitThread(code);
    }
    last_error::truth(result.map(drop))
}

impl Thread {
    /// Notes the end of a thread that was killed, in its stead.
    pub(crate) fn note_killed(&self, code: u32) {
        self.code.store(code, Ordering::Release);
        lock(&LIVING).get_or_insert_default().remove(&self.id());
        let _ = self.ended.set();
    }
}

/// The right that `QueueUserAPC` needs.
pub(crate) fn for_apc<T>(handle: Handle, work: impl FnOnce(&Arc<Thread>) -> Result<T>) -> Result<T> {
    with_thread(handle, SET_CONTEXT, work)
}

/// # Safety
///
/// As for [`CreateThread`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn _beginthreadex(
    attributes: *const SecurityAttributes,
    stack_size: u32,
    routine: Option<Routine>,
    argument: *mut c_void,
    flags: u32,
    id: *mut u32,
) -> usize {
    // SAFETY: as the caller promises.
    unsafe { CreateThread(attributes, stack_size as usize, routine, argument, flags, id) }.addr()
}

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn _endthreadex(code: u32) -> ! {
    ExitThread(code)
}

/// The handle closes itself when the thread ends.
///
/// # Safety
///
/// As for [`CreateThread`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn _beginthread(
    routine: Option<unsafe extern "C-unwind" fn(*mut c_void)>,
    stack_size: u32,
    argument: *mut c_void,
) -> usize {
    const FAILED: usize = usize::MAX;
    let Some(routine) = routine else { return last_error::value(Err(Code::INVALID_PARAMETER), FAILED) };
    let call = Box::into_raw(Box::new(Call { routine, argument, handle: Mutex::new(0) }));
    let made = start(run_call, call.cast(), stack_size as usize, CREATE_SUSPENDED);
    let handle = made.and_then(|thread| {
        let handle = table::insert(Arc::new(Object::Thread(thread.clone())), access::THREAD.all, false)?;
        // SAFETY: the thread is suspended and has not taken it.
        *lock(unsafe { &(*call).handle }) = handle.addr();
        thread.resume();
        Ok(handle.addr())
    });
    last_error::value(handle, FAILED)
}

/// What a thread of `_beginthread` runs.
struct Call {
    routine: unsafe extern "C-unwind" fn(*mut c_void),
    argument: *mut c_void,
    handle: Mutex<usize>,
}

thread_local! {
    /// The handle that the thread closes at its end.
    static OWN_HANDLE: OwnHandle = const { OwnHandle(Cell::new(0)) };
}

struct OwnHandle(Cell<usize>);

impl Drop for OwnHandle {
    fn drop(&mut self) {
        if self.0.get() != 0 {
            let _ = table::close(ptr::without_provenance_mut(self.0.get()));
        }
    }
}

/// # Safety
///
/// The pointer is to a boxed `Call` that is the thread's own.
unsafe extern "C-unwind" fn run_call(call: *mut c_void) -> u32 {
    // SAFETY: as the caller promises.
    let (routine, argument) = unsafe { take_call(call) };
    // SAFETY: as the caller of `_beginthread` promised.
    unsafe { routine(argument) };
    0
}

/// # Safety
///
/// As for [`run_call`].
unsafe fn take_call(call: *mut c_void) -> (unsafe extern "C-unwind" fn(*mut c_void), *mut c_void) {
    // SAFETY: as the caller promises.
    let call = unsafe { Box::from_raw(call.cast::<Call>()) };
    OWN_HANDLE.with(|own| own.0.set(*lock(&call.handle)));
    (call.routine, call.argument)
}

#[unsafe(no_mangle)]
pub(crate) extern "C-unwind" fn _endthread() -> ! {
    ExitThread(0)
}
