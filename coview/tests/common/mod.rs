//! What the test files share: names, deadlines, and other processes, which are the test program started again.
//!
//! A role is a test that returns at once unless the environment says that this process plays it. The process that
//! started it talks to it in lines, through its standard input and output.

#![allow(dead_code, reason = "each test program uses its own part of this")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "roles speak through standard output")]

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::panic::Location;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use coview::{ErrorKind, Event, Kind, Mapping, Mutex, Reset, Semaphore, Timer};

pub(crate) mod channels;
pub(crate) mod example;
pub(crate) mod garbage;
pub(crate) mod sealed;

/// How long anything may take that is not expected to take any time.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A time that is long for a wait that is expected to pass without result.
pub(crate) const SHORT: Duration = Duration::from_millis(30);

const ROLE: &str = "COVIEW_TEST_ROLE";
const MARK: &str = "@@";

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// A name that no other test uses, in this process or another.
pub(crate) fn name(label: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}{}", own_prefix(), format_args!("{label}.{}", COUNT.fetch_add(1, Ordering::Relaxed)))
}

/// How the names begin that this process makes.
pub(crate) fn own_prefix() -> String {
    format!("coview-test.{}.", process::id())
}

/// The kind of a failure that is expected.
#[track_caller]
pub(crate) fn failure<T>(result: coview::Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it succeeded"),
        Err(error) => error.kind(),
    }
}

/// Waits for a condition by looking at it again and again.
#[track_caller]
pub(crate) fn until(what: &str, condition: impl FnMut() -> bool) {
    look(what, condition, || thread::sleep(Duration::from_millis(1)));
}

/// Like `until`, for what takes next to no time: others run in between, but nobody sleeps.
#[track_caller]
pub(crate) fn soon(what: &str, condition: impl FnMut() -> bool) {
    look(what, condition, thread::yield_now);
}

#[track_caller]
fn look(what: &str, mut condition: impl FnMut() -> bool, pause: impl Fn()) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        pause();
    }
}

/// Whether who looks at an object keeps it alive meanwhile: Windows shows an object to those only who have a handle.
pub(crate) fn looking_holds() -> bool {
    env::consts::OS == "windows"
}

/// Checks that nothing has this name any more, as soon as those who look at all objects have let go of it.
#[track_caller]
pub(crate) fn gone(name: &str) {
    if looking_holds() {
        until("the name is free", || coview::stat(name).is_err());
    }
    assert_eq!(failure(coview::stat(name)), ErrorKind::NotFound);
}

/// Runs something in a thread of its own that must end in time.
#[track_caller]
pub(crate) fn within<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || {
        let result = work();
        let _ = sender.send(());
        result
    });
    if receiver.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
        panic!("{what}: not within {DEADLINE:?}");
    }
    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Gives permits one by one to a thread that waits for nothing else, and checks that each reaches it, and all in time:
/// a wake that went to somebody else is made up for only after a while.
#[track_caller]
pub(crate) fn hand_out(semaphore: &Arc<Semaphore>, permits: u32) {
    let taken = Arc::new(AtomicU32::new(0));
    let begin = Instant::now();
    thread::spawn({
        let (semaphore, taken) = (semaphore.clone(), taken.clone());
        move || {
            while taken.load(Ordering::Relaxed) < permits {
                assert!(semaphore.acquire_timeout(DEADLINE).expect("waiting does not fail"), "a permit was lost");
                taken.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    for permit in 0..permits {
        // So that most find the thread asleep.
        thread::sleep(Duration::from_micros(100));
        semaphore.release(1).expect("there is room");
        soon(&format!("permit {permit} is taken"), || taken.load(Ordering::Relaxed) > permit);
        assert!(begin.elapsed() < DEADLINE, "{permit} of {permits} permits took {:?}", begin.elapsed());
    }
}

/// Runs something in a thread of its own and waits until that thread is gone. What the thread borrows is ours, so the whole
/// program ends if the thread does not.
#[track_caller]
pub(crate) fn in_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let caller = Location::caller();
    let (sender, receiver) = mpsc::channel::<()>();
    let work = move || {
        let _ends = sender;
        work()
    };
    thread::scope(|scope| {
        let thread = scope.spawn(work);
        if receiver.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{caller}: the thread does not end within {DEADLINE:?}");
            process::abort();
        }
        thread.join()
    })
    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Gives threads that have said that they will wait the time to do so, more in each round.
///
/// No system tells from outside that a thread is blocked on an object. A test that needs it tries a few rounds and
/// is satisfied by the first that goes as it should: too little time here costs a round and not the test.
pub(crate) fn settle(round: u32) {
    thread::sleep(Duration::from_millis(20 << round));
}

/// Tells the person who reads the test's output.
pub(crate) fn note(text: &str) {
    eprintln!("note: {text}");
}

/// Plays a role, if this process is to play it.
pub(crate) fn play(role: &str, part: impl FnOnce() -> Outcome) {
    if env::var(ROLE).is_ok_and(|given| given == role) {
        part().unwrap_or_else(|error| panic!("{role}: {error}"));
    }
}

/// What the process was given by the one that started it.
#[track_caller]
pub(crate) fn given(key: &str) -> String {
    env::var(format!("COVIEW_TEST_{key}")).unwrap_or_else(|_| panic!("{key} was not given"))
}

/// Says a line to the process that started this one.
pub(crate) fn say(text: &str) {
    println!("{MARK}{text}");
}

/// The next line from the process that started this one; `None` when it has ended or has no more to say.
pub(crate) fn hear() -> Option<String> {
    let mut line = String::new();
    let len = io::stdin().lock().read_line(&mut line).expect("standard input is a pipe");
    (len > 0).then(|| line.trim_end().to_owned())
}

/// Waits until the process that started this one has no more to say.
pub(crate) fn hear_out() {
    while hear().is_some() {}
}

/// Another process that plays a role of this test program. It does not outlive this value.
pub(crate) struct Actor {
    what: String,
    process: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Actor {
    /// Starts this program again in a role.
    pub(crate) fn start(role: &str, given: &[(&str, &str)]) -> Actor {
        Actor::spawn(role, Actor::command(role, given))
    }

    /// The command that starts a role, for those who want to change it.
    pub(crate) fn command(role: &str, given: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env::current_exe().expect("a test program has a path"));
        command.args([role, "--exact", "--nocapture", "--test-threads=1"]).env(ROLE, role);
        for (key, value) in given {
            command.env(format!("COVIEW_TEST_{key}"), value);
        }
        command
    }

    /// Starts a program that talks in marked lines.
    pub(crate) fn spawn(what: &str, mut command: Command) -> Actor {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = start(&mut command).unwrap_or_else(|error| panic!("{what} does not start: {error}"));
        let output = process.stdout.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // The test harness writes the test's name in front of the first line.
                if let Some((_, text)) = line.split_once(MARK) {
                    let _ = sender.send(text.to_owned());
                }
            }
        });
        Actor { what: what.to_owned(), input: process.stdin.take(), process, lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The next line that it says.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("{} says nothing for {DEADLINE:?}", self.what),
            Err(RecvTimeoutError::Disconnected) => panic!("{} has ended: {:?}", self.what, self.process.wait()),
        }
    }

    /// Waits for a line that is known.
    #[track_caller]
    pub(crate) fn says(&mut self, expected: &str) {
        let line = self.line();
        assert_eq!(line, expected, "{} says something else", self.what);
    }

    /// What it has said by now and nobody has read, without waiting.
    pub(crate) fn said(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// Says a line to it.
    #[track_caller]
    pub(crate) fn tell(&mut self, text: &str) {
        let input = self.input.as_mut().expect("it is still being talked to");
        writeln!(input, "{text}").unwrap_or_else(|error| panic!("{} does not listen: {error}", self.what));
    }

    /// Kills it, in whatever it is doing, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it has not been waited for");
        self.process.wait().expect("it was killed");
    }

    /// Waits until it has ended, and says how.
    #[track_caller]
    pub(crate) fn status(&mut self) -> ExitStatus {
        self.input = None;
        let begin = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(begin.elapsed() < DEADLINE, "{} does not end", self.what);
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until it has ended as it should.
    #[track_caller]
    pub(crate) fn finish(mut self) {
        let status = self.status();
        assert!(status.success(), "{} ended with {status}", self.what);
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An object of any kind, for what holds for all of them.
pub(crate) enum Thing {
    Mapping(Mapping),
    Mutex(Mutex),
    Event(Event),
    Semaphore(Semaphore),
    Timer(Timer),
}

pub(crate) const KINDS: [Kind; 5] = [Kind::Mapping, Kind::Mutex, Kind::Event, Kind::Semaphore, Kind::Timer];

/// The size that a mapping gets here.
pub(crate) const THING_SIZE: u64 = 5000;

impl Thing {
    pub(crate) fn create(kind: Kind, name: &str) -> coview::Result<Thing> {
        Ok(match kind {
            Kind::Mapping => Thing::Mapping(Mapping::create(name, THING_SIZE)?),
            Kind::Mutex => Thing::Mutex(Mutex::create(name)?),
            Kind::Event => Thing::Event(Event::create(name, Reset::Auto)?),
            Kind::Semaphore => Thing::Semaphore(Semaphore::create(name, 1, 2)?),
            Kind::Timer => Thing::Timer(Timer::create(name, Reset::Auto)?),
            _ => panic!("nobody can create a thing of kind {kind}"),
        })
    }

    pub(crate) fn open(kind: Kind, name: &str) -> coview::Result<Thing> {
        Ok(match kind {
            Kind::Mapping => Thing::Mapping(Mapping::open(name)?),
            Kind::Mutex => Thing::Mutex(Mutex::open(name)?),
            Kind::Event => Thing::Event(Event::open(name)?),
            Kind::Semaphore => Thing::Semaphore(Semaphore::open(name)?),
            Kind::Timer => Thing::Timer(Timer::open(name)?),
            _ => panic!("nobody can open a thing of kind {kind}"),
        })
    }

    pub(crate) fn create_or_open(kind: Kind, name: &str) -> coview::Result<Thing> {
        Ok(match kind {
            Kind::Mapping => Thing::Mapping(Mapping::create_or_open(name, THING_SIZE, |_| ())?),
            Kind::Mutex => Thing::Mutex(Mutex::create_or_open(name)?),
            Kind::Event => Thing::Event(Event::create_or_open(name, Reset::Auto)?),
            Kind::Semaphore => Thing::Semaphore(Semaphore::create_or_open(name, 1, 2)?),
            Kind::Timer => Thing::Timer(Timer::create_or_open(name, Reset::Auto)?),
            _ => panic!("nobody can create a thing of kind {kind}"),
        })
    }

    pub(crate) fn was_created(&self) -> bool {
        match self {
            Thing::Mapping(mapping) => mapping.was_created(),
            Thing::Mutex(mutex) => mutex.was_created(),
            Thing::Event(event) => event.was_created(),
            Thing::Semaphore(semaphore) => semaphore.was_created(),
            Thing::Timer(timer) => timer.was_created(),
        }
    }

    /// Leaves a mark in the object that a new one would not have.
    pub(crate) fn mark(&self) -> Outcome {
        match self {
            Thing::Mapping(mapping) => mapping.view()?.fill(.., 0xa5),
            Thing::Mutex(mutex) => std::mem::forget(mutex.lock()?),
            Thing::Event(event) => event.set()?,
            Thing::Semaphore(semaphore) => semaphore.acquire()?,
            Thing::Timer(timer) => timer.set(Duration::ZERO, None)?,
        }
        Ok(())
    }

    /// Says whether the object is as a new one is.
    pub(crate) fn is_new(&self) -> Result<bool, Box<dyn Error>> {
        Ok(match self {
            Thing::Mapping(mapping) => {
                mapping.size() == THING_SIZE
                    && mapping.read_view()?.read_vec(0, THING_SIZE as usize).iter().all(|&byte| byte == 0)
            }
            Thing::Mutex(mutex) => in_thread(|| mutex.try_lock().map(|held| held.is_some_and(|g| !g.was_abandoned())))?,
            Thing::Event(event) => !event.try_wait()?,
            Thing::Semaphore(semaphore) => semaphore.release(1)? == 1,
            Thing::Timer(timer) => !timer.try_wait()?,
        })
    }
}

/// Starts the role `role_hold`, which holds a marked object until it is killed or has heard everything.
pub(crate) fn hold(kind: Kind, name: &str) -> Actor {
    let mut actor = Actor::start("role_hold", &[("KIND", &kind.to_string()), ("NAME", name), ("END", "exit")]);
    actor.says("held");
    actor
}

/// The part of `role_hold`: it ends as `END` says.
pub(crate) fn play_hold() {
    play("role_hold", || {
        let kind = KINDS.into_iter().find(|kind| kind.to_string() == given("KIND")).expect("it is a known kind");
        let thing = Thing::create_or_open(kind, &given("NAME"))?;
        thing.mark()?;
        say("held");
        hear_out();
        match given("END").as_str() {
            "exit" => process::exit(0),
            "panic" => panic!("as the test wants it"),
            "abort" => process::abort(),
            end => panic!("nobody ends by {end}"),
        }
    });
}

/// Numbers that look random and are the same for the same seed (xorshift64*).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// A seed for this run, to be told to the reader; `COVIEW_TEST_SEED` repeats one.
pub(crate) fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |time| time.as_micros());
    env::var("COVIEW_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(now as u64)
}

/// Starts a process. Wine's `CreateProcess` now and then gives up on a new process while others are being killed, with
/// ERROR_INTERNAL_ERROR, which Windows does not know there; nothing of ours has run then, so it is asked again.
pub(crate) fn start(command: &mut Command) -> io::Result<Child> {
    const ERROR_INTERNAL_ERROR: i32 = 1359;
    for _ in 0..10 {
        match command.spawn() {
            Err(error) if error.raw_os_error() == Some(ERROR_INTERNAL_ERROR) => {}
            started => return started,
        }
    }
    command.spawn()
}
