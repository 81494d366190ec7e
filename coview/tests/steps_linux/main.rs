//! Death at every step: an operation is traced, stopped after each system call or instruction, and killed there.
//! Needs `unsafe` to fork and to trace.
#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod sleeper;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::mem::forget;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::Duration;

use common::{Actor, Dice, KINDS, Outcome, THING_SIZE, Thing, failure, given, name, note, play, say, seed};
use coview::os::linux::{MappingOptionsExt, Share, create_or_open_over};
use coview::{
    ErrorKind, Event, Kind, Mapping, MappingOptions, Mutex, MutexOptions, Namespace, Reset, Semaphore, State, Timer,
};
use sleeper::Sleeper;

/// What a traced process runs to: the next system call's begin or end, or the next instruction.
#[derive(Clone, Copy, PartialEq)]
enum Stride {
    Call,
    Instruction,
}

/// A process that will do one thing, and is stopped before it.
struct Traced(libc::pid_t);

impl Traced {
    /// Forks a process that prepares, and stops before and after it works.
    fn new(prepare: impl FnOnce(), work: impl FnOnce()) -> Traced {
        // SAFETY: nothing in this process holds a lock that the child needs: its other threads sleep in Coview's waits.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork fails");
        if pid == 0 {
            // SAFETY: there are no pointers. Who traces it and hangs is killed, and this process must not stay behind.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            prepare();
            // SAFETY: asks to be traced by the parent; there are no pointers.
            unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) };
            stop();
            work();
            stop();
            // SAFETY: ends the child here and now.
            unsafe { libc::_exit(0) }
        }
        let traced = Traced(pid);
        assert!(traced.wait() == Some(libc::SIGSTOP), "it cannot be traced, or it has failed before its work");
        traced
    }

    /// Lets it go on to the next stop; `false` when its work is done.
    fn step(&self, stride: Stride) -> bool {
        let request = if stride == Stride::Call { libc::PTRACE_SYSCALL } else { libc::PTRACE_SINGLESTEP };
        // SAFETY: the child is ours, traced and stopped.
        assert!(unsafe { libc::ptrace(request, self.0, 0, 0) } == 0, "it cannot be traced on");
        match self.wait() {
            Some(libc::SIGTRAP) => true,
            Some(libc::SIGSTOP) => false,
            other => panic!("the work was ended by {other:?}"),
        }
    }

    /// The signal that it was stopped by; `None` when it has ended.
    fn wait(&self) -> Option<libc::c_int> {
        let mut status = 0;
        // SAFETY: the child is ours, and the pointer is to a local.
        let pid = unsafe { libc::waitpid(self.0, &raw mut status, libc::__WALL) };
        (pid == self.0 && libc::WIFSTOPPED(status)).then(|| libc::WSTOPSIG(status))
    }

    fn kill(self) {
        // SAFETY: the child is ours.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
        while self.wait().is_some() {}
    }
}

fn stop() {
    // SAFETY: stops this process; there are no pointers.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// One thing to be killed in.
struct Scene<'a> {
    what: String,
    stride: Stride,
    /// The shared pages whose changes are the steps that count.
    pages: &'a [File],
    /// Lays everything out.
    begin: &'a dyn Fn(),
    /// What the victim does untraced.
    prepare: &'a dyn Fn(),
    /// What happens then, beside the victim.
    ready: &'a dyn Fn(),
    /// What the victim does until it is killed.
    work: &'a dyn Fn(),
    /// Looks at what the dead has left.
    judge: &'a dyn Fn() -> Outcome,
}

impl Scene<'_> {
    /// Stops at each system call's begin and end.
    fn calls(what: &str) -> Scene<'static> {
        let nothing = &|| ();
        Scene {
            what: what.to_owned(),
            stride: Stride::Call,
            pages: &[],
            begin: nothing,
            prepare: nothing,
            ready: nothing,
            work: nothing,
            judge: &|| Ok(()),
        }
    }

    /// Stops at each instruction.
    fn instructions(what: &str) -> Scene<'static> {
        Scene { stride: Stride::Instruction, ..Scene::calls(what) }
    }

    /// Kills after each number of steps up to the end of the work, or after a choice of them if there are too many.
    fn play(&self) -> Outcome {
        // The first run finds out how long it is, and where the shared memory changes.
        let (mut changes, mut before) = (Vec::new(), picture(self.pages));
        let total = self.run(usize::MAX, |step| {
            let now = picture(self.pages);
            if now != before {
                changes.push(step);
                before = now;
            }
        })?;
        let limits = choose(total, &changes);
        for &limit in &limits {
            self.run(limit, |_| ())?;
        }
        say(&format!("{}: killed at {} of {total} steps, with {} changes", self.what, limits.len(), changes.len()));
        Ok(())
    }

    fn run(&self, limit: usize, mut after: impl FnMut(usize)) -> Result<usize, Box<dyn std::error::Error>> {
        (self.begin)();
        let traced = Traced::new(self.prepare, self.work);
        (self.ready)();
        let mut steps = 0;
        while steps < limit && traced.step(self.stride) {
            steps += 1;
            after(steps);
        }
        traced.kill();
        (self.judge)().map_err(|error| format!("{}, killed after {steps} steps: {error}", self.what))?;
        Ok(steps)
    }
}

/// All steps if they are few; else a choice of those around each change and of the others, which differs from run to run.
fn choose(total: usize, changes: &[usize]) -> BTreeSet<usize> {
    const FEW: usize = 400;
    const AROUND: usize = 40;
    /// How many steps all tries together may take; a step takes some 20 us.
    const STEPS_MAX: usize = 120_000;
    if total <= FEW {
        return (0..=total).collect();
    }
    let mut dice = Dice::new(seed());
    let (mut chosen, mut left) = (BTreeSet::new(), STEPS_MAX);
    while left > 0 && chosen.len() < FEW {
        let near =
            changes.get(dice.below(changes.len() as u64 + 1) as usize).map(|change| change.saturating_sub(AROUND));
        let (from, range) = near.map_or((0, total), |from| (from, 2 * AROUND));
        let limit = (from + dice.below(range as u64) as usize).min(total);
        chosen.insert(limit);
        left = left.saturating_sub(limit);
    }
    chosen
}

/// What stands in the shared pages of mutexes, events and semaphores.
fn picture(pages: &[File]) -> Vec<u8> {
    let mut bytes = vec![0; 4096 * pages.len()];
    for (page, bytes) in pages.iter().zip(bytes.chunks_mut(4096)) {
        page.read_exact_at(bytes, 64 * 1024 - 4096).expect("the file has this page");
    }
    bytes
}

fn page_of(name: &str) -> std::io::Result<File> {
    let user = fs::metadata("/proc/self")?.uid();
    File::open(format!("/dev/shm/coview-{user}/{name}"))
}

/// Plays a case in a process of its own.
fn case(case: &str) {
    let mut actor = Actor::start("role_tracer", &[("CASE", case), ("NAME", &name(case))]);
    loop {
        let line = actor.line();
        if line == "done" {
            return actor.finish();
        }
        note(&line);
    }
}

#[test]
fn role_tracer() {
    play("role_tracer", || {
        let name = given("NAME");
        match given("CASE").as_str() {
            "create" => create(&name),
            "init" => init(&name),
            "owned" => owned(&name),
            "over" => over(&name),
            "share" => share(&name),
            "open" => open(&name),
            "close" => close(&name),
            "corpse" => corpse(&name),
            "lock" => lock(&name),
            "unlock" => unlock(&name),
            "give" => give(&name),
            "dying" => dying(&name),
            "pulse" => pulse(&name),
            "timer" => timer(&name),
            "take" => take(&name),
            "all" => all(&name),
            case => Err(format!("there is no case {case}").into()),
        }?;
        say("done");
        Ok(())
    });
}

/// Nobody holds the name: it is free, what is made is new, and nothing is left.
fn is_free(kind: Kind, name: &str) -> Outcome {
    if failure(Thing::open(kind, name)) != ErrorKind::NotFound {
        return Err("the name of the dead can be opened".into());
    }
    if !Thing::create(kind, name)?.is_new()? {
        return Err(format!("a new {kind} was not new").into());
    }
    match page_of(name) {
        Err(_) => Ok(()),
        Ok(_) => Err("a file is left".into()),
    }
}

#[test]
fn killed_at_every_call_of_create() {
    case("create");
}

fn create(name: &str) -> Outcome {
    for kind in KINDS {
        let judge = &|| is_free(kind, name);
        let work = &|| forget(Thing::create(kind, name));
        Scene { work, judge, ..Scene::calls(&format!("create a {kind}")) }.play()?;
        let work = &|| forget(Thing::create_or_open(kind, name));
        Scene { work, judge, ..Scene::calls(&format!("create or open a {kind}")) }.play()?;
    }
    Ok(())
}

#[test]
fn killed_at_every_call_around_an_initialiser() {
    case("init");
}

fn init(name: &str) -> Outcome {
    let work = &|| forget(Mapping::create_or_open(name, THING_SIZE, |view| view.fill(.., 0x5a)));
    let judge = &|| {
        let zeroed = |view: &coview::View| view.read_vec(0, THING_SIZE as usize).iter().all(|&byte| byte == 0);
        let mut ran = false;
        drop(Mapping::create_or_open(name, THING_SIZE, |view| ran = zeroed(view))?);
        if ran { is_free(Kind::Mapping, name) } else { Err("the next initialiser did not find zeroed memory".into()) }
    };
    Scene { work, judge, ..Scene::calls("initialise") }.play()
}

#[test]
fn killed_at_every_call_of_creating_owned() {
    case("owned");
}

fn owned(name: &str) -> Outcome {
    let options = MutexOptions::new().owned(true);
    let judge = &|| is_free(Kind::Mutex, name);
    let work = &|| forget(options.create(name));
    Scene { work, judge, ..Scene::calls("create an owned mutex") }.play()?;
    let work = &|| forget(options.create_or_open(name));
    Scene { work, judge, ..Scene::calls("create or open an owned mutex") }.play()?;

    // Where the name is taken, by the time that it is to be had.
    let held = RefCell::new(None);
    let begin = &|| drop(held.replace(Mutex::create(name).ok()));
    let judge = &|| {
        if lock_now(&Mutex::open(name)?)? {
            return Err("it was abandoned by who never had it".into());
        }
        drop(held.take().ok_or("it was never made")?);
        is_free(Kind::Mutex, name)
    };
    let work = &|| forget(options.create(name));
    Scene { begin, work, judge, ..Scene::calls("create an owned mutex where one is") }.play()
}

#[test]
fn killed_at_every_call_of_naming_a_file() {
    case("over");
}

fn over(name: &str) -> Outcome {
    let path = std::env::temp_dir().join(name);
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    let begin = &|| file.set_len(0).expect("a file of one's own can be cut");
    let work = &|| forget(create_or_open_over(name, &file, THING_SIZE, &MappingOptions::new().marks(5)));
    let judge = &|| {
        let made = create_or_open_over(name, &file, THING_SIZE, &MappingOptions::new())?;
        if !made.was_created() || file.metadata()?.size() != THING_SIZE {
            return Err("the dead left a name, or a file of another size".into());
        }
        drop(made);
        is_free(Kind::Mapping, name)
    };
    let played = Scene { begin, work, judge, ..Scene::calls("name a file") }.play();
    fs::remove_file(&path)?;
    played
}

#[test]
fn killed_at_every_call_of_sharing() {
    case("share");
}

fn share(name: &str) -> Outcome {
    let (held, own) = (RefCell::new(None), RefCell::new(None));
    let begin = &|| drop(held.replace(Event::create(name, Reset::Auto).ok()));
    let prepare = &|| drop(own.replace(Event::open(name).ok()));
    let work = &|| {
        let shared = own.take().and_then(|event: Event| event.share().ok());
        drop(shared.and_then(|descriptor| Event::from_shared(descriptor).ok()));
    };
    let judge = &|| {
        drop(Event::open(name)?);
        drop(held.take().ok_or("it was never made")?);
        is_free(Kind::Event, name)
    };
    Scene { begin, prepare, work, judge, ..Scene::calls("share an event") }.play()?;

    let prepare = &|| drop(own.replace(Event::create(name, Reset::Auto).ok()));
    let judge = &|| is_free(Kind::Event, name);
    Scene { prepare, work, judge, ..Scene::calls("share the last event") }.play()
}

#[test]
fn killed_at_every_call_of_open() {
    case("open");
}

fn open(name: &str) -> Outcome {
    for kind in KINDS {
        let held = RefCell::new(None);
        let begin = &|| drop(held.replace(Thing::create(kind, name).ok()));
        let work = &|| forget(Thing::open(kind, name));
        let judge = &|| {
            drop(Thing::open(kind, name)?);
            drop(held.take().ok_or("it was never made")?);
            is_free(kind, name)
        };
        Scene { begin, work, judge, ..Scene::calls(&format!("open a {kind}")) }.play()?;
    }
    Ok(())
}

#[test]
fn killed_at_every_call_of_close() {
    case("close");
}

fn close(name: &str) -> Outcome {
    for kind in KINDS {
        let (held, own) = (RefCell::new(None), RefCell::new(None));
        let work = &|| drop(own.take());
        let prepare = &|| drop(own.replace(Thing::create(kind, name).ok()));
        let judge = &|| is_free(kind, name);
        Scene { prepare, work, judge, ..Scene::calls(&format!("close the last {kind}")) }.play()?;

        let begin = &|| drop(held.replace(Thing::create(kind, name).ok()));
        let prepare = &|| drop(own.replace(Thing::open(kind, name).ok()));
        let judge = &|| {
            drop(Thing::open(kind, name)?);
            drop(held.take().ok_or("it was never made")?);
            is_free(kind, name)
        };
        Scene { begin, prepare, work, judge, ..Scene::calls(&format!("close one {kind}")) }.play()?;
    }
    Ok(())
}

#[test]
fn killed_at_every_call_of_burying_the_dead() {
    case("corpse");
}

fn corpse(name: &str) -> Outcome {
    let begin = &|| Traced::new(|| forget(Mapping::create(name, THING_SIZE)), || ()).kill();
    let judge = &|| is_free(Kind::Mapping, name);
    let ways: [(&str, &dyn Fn()); 4] = [
        ("open", &|| drop(Mapping::open(name))),
        ("create", &|| forget(Mapping::create(name, THING_SIZE))),
        ("create or open", &|| forget(Mapping::create_or_open(name, THING_SIZE, |_| ()))),
        ("sweep", &|| drop(coview::sweep(Namespace::Local))),
    ];
    for (what, work) in ways {
        Scene { begin, work, judge, ..Scene::calls(&format!("{what} where a dead mapping is")) }.play()?;
    }
    Ok(())
}

/// Whoever takes the mutex now has it at once. Says whether the dead has abandoned it.
fn lock_now(mutex: &Mutex) -> Result<bool, Box<dyn std::error::Error>> {
    let guard = mutex.try_lock()?.ok_or("the dead has it still")?;
    let abandoned = guard.was_abandoned();
    drop(guard);
    if mutex.lock()?.was_abandoned() { Err("it was told twice".into()) } else { Ok(abandoned) }
}

#[test]
fn killed_at_every_instruction_of_lock() {
    case("lock");
}

fn lock(name: &str) -> Outcome {
    let mutex = Mutex::create(name)?;
    let pages = &[page_of(name)?];
    let prepare = &|| drop(mutex.lock());
    let work = &|| forget(mutex.lock());
    let judge = &|| lock_now(&mutex).map(drop);
    Scene { pages, prepare, work, judge, ..Scene::instructions("lock") }.play()?;

    let begin = &|| Traced::new(|| forget(mutex.lock()), || ()).kill();
    let judge = &|| if lock_now(&mutex)? { Ok(()) } else { Err("that it was abandoned is forgotten".into()) };
    Scene { pages, begin, work, judge, ..Scene::instructions("lock what is abandoned") }.play()
}

#[test]
fn killed_at_every_instruction_of_unlock() {
    case("unlock");
}

fn unlock(name: &str) -> Outcome {
    let mutex = Mutex::create(name)?;
    let pages = &[page_of(name)?];
    let prepare = &|| forget(mutex.lock());
    let work = &|| drop(mutex.unlock());
    let judge = &|| lock_now(&mutex).map(drop);
    Scene { pages, prepare, work, judge, ..Scene::instructions("unlock") }.play()?;

    let own = Mutex::open(name)?;
    let sleeper = Sleeper::new(move || drop(own.lock().expect("locking does not fail")));
    let ready = &|| sleeper.sleep();
    let judge = &|| {
        let released = sleeper.is_released_within(Duration::from_secs(5));
        if released { lock_now(&mutex).map(drop) } else { Err("the sleeper sleeps on".into()) }
    };
    Scene { pages, prepare, ready, work, judge, ..Scene::instructions("unlock what another sleeps for") }.play()
}

/// How many can be released without waiting.
fn count(name: &str) -> Result<u32, Box<dyn std::error::Error>> {
    match coview::stat(name)?.state {
        State::Event { signaled, .. } => Ok(u32::from(signaled)),
        State::Semaphore { count, .. } => Ok(count),
        State::Timer { signaled, .. } => Ok(u32::from(signaled)),
        state => Err(format!("{state:?}").into()),
    }
}

#[test]
fn killed_at_every_instruction_of_set_and_release() {
    case("give");
}

fn give(name: &str) -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let name = &format!("{name}.{reset:?}");
        let (event, own) = (Event::create(name, reset)?, Event::open(name)?);
        let sleeper = Sleeper::new(move || own.wait().expect("waiting does not fail"));
        let set = &|| event.set().expect("setting does not fail");
        let again = &|| Ok(event.reset()?);
        let what = format!("set an event of {reset:?} reset");
        given_to(&what, name, &sleeper, set, again, reset == Reset::Manual)?;
    }
    let (semaphore, own) = (Semaphore::create(name, 0, 10)?, Semaphore::open(name)?);
    let sleeper = Sleeper::new(move || own.acquire().expect("acquiring does not fail"));
    let give = &|| assert!(semaphore.release(1).is_ok(), "there is room");
    let again = &|| {
        while semaphore.try_acquire()? {}
        Ok(())
    };
    given_to("release a semaphore", name, &sleeper, give, again, false)
}

#[test]
fn killed_at_every_call_of_set_with_others_of_the_process_asleep() {
    case("dying");
}

/// The kernel's one wake for a dead setter may come to a thread that dies with it.
fn dying(name: &str) -> Outcome {
    for (reset, several) in [Reset::Auto, Reset::Manual].into_iter().flat_map(|reset| [(reset, false), (reset, true)]) {
        let name = &format!("{name}.{reset:?}.{several}");
        let (event, own) = (Event::create(name, reset)?, Event::open(name)?);
        let sleeper = Sleeper::new(move || {
            let objects = [(&own).into()];
            let waited = if several { coview::wait_any(&objects).map(drop) } else { own.wait() };
            waited.expect("waiting does not fail");
        });
        // Falls asleep first, and so is woken first.
        let prepare = &|| {
            let own = Event::open(name).expect("it exists");
            Sleeper::new(move || drop(coview::wait_any(&[(&own).into()]))).sleep();
        };
        let ready = &|| sleeper.sleep();
        let work = &|| event.set().expect("setting does not fail");
        let judge = &|| {
            let set = count(name)? > 0;
            if set && !sleeper.is_released_within(Duration::from_secs(5)) {
                return Err("it is signaled, and the sleeper sleeps on".into());
            }
            if !set {
                event.set()?;
                if !sleeper.is_released_within(Duration::from_secs(5)) {
                    return Err("the sleeper is lost".into());
                }
            }
            Ok(event.reset()?)
        };
        let what = format!("set an event of {reset:?} reset beside another sleeper");
        for _ in 0..3 {
            Scene { prepare, ready, work, judge, ..Scene::calls(&what) }.play()?;
        }
    }
    Ok(())
}

#[test]
fn killed_at_every_instruction_of_pulse() {
    case("pulse");
}

fn pulse(name: &str) -> Outcome {
    for (reset, several) in [Reset::Auto, Reset::Manual].into_iter().flat_map(|reset| [(reset, false), (reset, true)]) {
        let name = &format!("{name}.{reset:?}.{several}");
        let (event, own) = (Event::create(name, reset)?, Event::open(name)?);
        let other = Event::create(&format!("{name}.other"), Reset::Auto)?;
        let sleeper = Sleeper::new(move || {
            if several {
                drop(coview::wait_any(&[(&other).into(), (&own).into()]).expect("waiting does not fail"));
            } else {
                own.wait().expect("waiting does not fail");
            }
        });
        let pulse = &|| event.pulse().expect("pulsing does not fail");
        // What the dead had given to nobody yet must not be there for one who comes now.
        let again = &|| if event.try_wait()? { Err("it has an effect later".into()) } else { Ok(()) };
        let what = format!("pulse an event of {reset:?} reset");
        given_to(&what, name, &sleeper, pulse, again, false)?;
    }
    Ok(())
}

#[test]
fn killed_at_every_instruction_of_setting_a_timer() {
    case("timer");
}

fn timer(name: &str) -> Outcome {
    for reset in [Reset::Auto, Reset::Manual] {
        let name = &format!("{name}.{reset:?}");
        let (timer, own) = (Timer::create(name, reset)?, Timer::open(name)?);
        let sleeper = Sleeper::new(move || own.wait().expect("waiting does not fail"));
        let set = &|| timer.set(Duration::ZERO, None).expect("setting does not fail");
        let again = &|| {
            timer.set(Duration::from_secs(1000), None)?;
            Ok(timer.cancel()?)
        };
        // Killed while it fires, an auto-reset timer too may fire a second time.
        given_to(&format!("set a timer of {reset:?} reset"), name, &sleeper, set, again, true)?;
    }
    Ok(())
}

/// The sleeper has what was given, or nothing was given; and nobody has it besides.
fn given_to(
    what: &str,
    name: &str,
    sleeper: &Sleeper,
    give: &dyn Fn(),
    again: &dyn Fn() -> Outcome,
    stays: bool,
) -> Outcome {
    let pages = &[page_of(name)?];
    let judge = &|| {
        let mut released = sleeper.is_released_within(Duration::from_millis(5));
        if !released && count(name)? > 0 {
            released = sleeper.is_released_within(Duration::from_secs(5));
            if !released {
                return Err("it is signaled, and the sleeper sleeps on".into());
            }
        }
        if released && !stays && count(name)? > 0 {
            return Err("it was given twice".into());
        }
        if !released {
            // It works still.
            give();
            if !sleeper.is_released_within(Duration::from_secs(5)) {
                return Err("the sleeper is lost".into());
            }
        }
        again()?;
        if count(name)? > 0 { Err("it does not go back".into()) } else { Ok(()) }
    };
    let ready = &|| sleeper.sleep();
    Scene { pages, ready, work: give, judge, ..Scene::instructions(&format!("{what} that another sleeps for")) }
        .play()?;
    let judge = &|| {
        if count(name)? > 1 {
            return Err("it was given twice".into());
        }
        again()
    };
    Scene { pages, work: give, judge, ..Scene::instructions(what) }.play()
}

#[test]
fn killed_at_every_instruction_of_taking() {
    case("take");
}

fn take(name: &str) -> Outcome {
    let (event, semaphore) = (format!("{name}.event"), format!("{name}.semaphore"));
    let (event, semaphore) = (Event::create(&event, Reset::Auto)?, Semaphore::create(&semaphore, 0, 5)?);
    let pages = &[page_of(event.name())?];
    let begin = &|| event.set().expect("setting does not fail");
    let work = &|| drop(event.wait());
    let judge = &|| {
        event.set()?;
        if event.try_wait()? && !event.try_wait()? { Ok(()) } else { Err("it is broken".into()) }
    };
    Scene { pages, begin, work, judge, ..Scene::instructions("wait for an event") }.play()?;

    let pages = &[page_of(semaphore.name())?];
    let begin = &|| assert!(semaphore.release(2).is_ok(), "there is room");
    let work = &|| drop(semaphore.acquire());
    let judge = &|| {
        let left = count(semaphore.name())?;
        while semaphore.try_acquire()? {}
        if matches!(left, 1 | 2) { Ok(()) } else { Err(format!("{left} of 2 are left").into()) }
    };
    Scene { pages, begin, work, judge, ..Scene::instructions("acquire a semaphore") }.play()
}

#[test]
fn killed_at_every_instruction_of_taking_all() {
    case("all");
}

fn all(name: &str) -> Outcome {
    let (mutex, event) =
        (Mutex::create(&format!("{name}.mutex"))?, Event::create(&format!("{name}.event"), Reset::Auto)?);
    let semaphore = Semaphore::create(&format!("{name}.semaphore"), 0, 5)?;
    let pages = &[page_of(mutex.name())?, page_of(event.name())?, page_of(semaphore.name())?];
    let begin = &|| {
        event.set().expect("setting does not fail");
        semaphore.release(1).expect("there is room");
    };
    let work = &|| forget(coview::wait_all(&[(&mutex).into(), (&event).into(), (&semaphore).into()]));
    let judge = &|| {
        let (set, permits) = (event.try_wait()?, semaphore.try_acquire()?);
        let abandoned = lock_now(&mutex)?;
        if semaphore.try_acquire()? || event.try_wait()? {
            return Err("there is more than was given".into());
        }
        // Killed in the act it may have taken some and not others; but if it has taken all, the mutex tells.
        if !set && !permits && !abandoned { Err("nobody was told that all were taken".into()) } else { Ok(()) }
    };
    Scene { pages, begin, work, judge, ..Scene::instructions("wait for all") }.play()
}
