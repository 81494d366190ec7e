//! `coview demo`: the program that Coview grew from, played by real processes, in four scenes.

mod cast;
mod part;

use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use coview::{ErrorKind, Event, Mapping, Mutex, Reset, Semaphore};
use shared_child::SharedChild;

use crate::failure::{DONE, Failure, Outcome};
use crate::output;
use cast::{Cast, scene, tell};
use part::{ADDED, COUNTER, INITIALISED, Names, PRESENT, SIZE, TEXT};

pub(crate) use part::DemoPart;

/// How many processes race and add.
const PEERS: u32 = 8;

/// How long anything in the demo may take before it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

const EXAMPLES: &str = r#"Examples:
  coview demo
  coview demo --name something.else               if the name `penghao` is in use"#;

const SUMMARY: &str = "\
The scenes: client and server, eight processes race to create, eight processes add under a mutex, and one process is \
killed. Each line says which process speaks. Exits with 1 if anything is not as it should be.";

/// Show it working: shared memory, a mutex and their clean-up, with real processes
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{SUMMARY}"))]
pub(crate) struct Demo {
    /// The name to use, alone and with endings such as `.lock`
    #[arg(long, default_value = "penghao")]
    name: String,
}

/// A scene, which fails if anything is not as it should be.
type Scene = fn(&Names) -> Result<(), Failure>;

const SCENES: [(&str, Scene); 4] = [
    ("client and server", client_and_server),
    ("peer to peer", peer_to_peer),
    ("the mutex", the_mutex),
    ("the clean-up", the_clean_up),
];

impl Demo {
    pub(crate) fn run(&self) -> Outcome {
        let started = Instant::now();
        let names = Names::new(&self.name);
        check_unused(&names)?;
        for (index, (title, play)) in SCENES.iter().enumerate() {
            scene(index + 1, title)?;
            let nothing_left = |()| check_nothing_left(&names);
            play(&names).and_then(nothing_left).map_err(|failure| in_scene(index + 1, title, failure))?;
        }
        let seconds = started.elapsed().as_secs_f64();
        output::line(format_args!("\ndemo: everything as it should be ({} scenes, {seconds:.1} s)", SCENES.len()))?;
        Ok(DONE)
    }
}

fn in_scene(number: usize, title: &str, failure: Failure) -> Failure {
    match failure {
        Failure::BrokenPipe => Failure::BrokenPipe,
        failure => Failure::Refused(format!("demo: scene {number}, {title}, went wrong: {failure}")),
    }
}

/// A creates, writes under the lock and starts B; B opens by name and reads.
fn client_and_server(names: &Names) -> Result<(), Failure> {
    let lock = Mutex::create(&names.lock)?;
    let mapping = Mapping::create(&names.mapping, SIZE)?;
    tell("A", format_args!("created mapping `{}`, {} bytes, and mutex `{}`", names.mapping, SIZE, names.lock))?;
    let view = mapping.view()?;
    let held = lock.lock_timeout(PATIENCE)?.ok_or_else(|| too_slow("locking a mutex that nobody owns"))?;
    view.write(0, TEXT.as_bytes());
    drop(held);
    tell("A", format_args!("wrote \"{TEXT}\" under the lock; starting B"))?;
    let mut cast = Cast::new();
    cast.start("B", "client", names)?;
    cast.finish()?;
    tell("A", format_args!("B has ended; letting go"))
}

/// Eight processes race; exactly one initialises, and all of them see what it did.
fn peer_to_peer(names: &Names) -> Result<(), Failure> {
    let mut cast = Cast::new();
    start_together(&mut cast, "P", "peer", names)?;
    cast.lines(PEERS)?;
    let view = Mapping::open(&names.mapping)?.read_view()?;
    let (initialised, present) = (view.get::<u64>(INITIALISED), view.get::<u64>(PRESENT));
    expect("processes that initialised", initialised, 1)?;
    expect("processes that met in one mapping", present, PEERS.into())?;
    drop(view);
    cast.finish()?;
    tell(
        "A",
        format_args!("{PEERS} processes raced for `{}`: 1 initialised it, all {present} met in it", names.mapping),
    )
}

/// Eight processes add to one counter, each reading, adding and writing back under the mutex.
fn the_mutex(names: &Names) -> Result<(), Failure> {
    let _lock = Mutex::create(&names.lock)?;
    let view = Mapping::create(&names.mapping, SIZE)?.view()?;
    let mut cast = Cast::new();
    start_together(&mut cast, "M", "adder", names)?;
    cast.lines(PEERS)?;
    cast.finish()?;
    let total = view.get::<u64>(COUNTER);
    expect("the total", total, u64::from(PEERS) * ADDED)?;
    tell("A", format_args!("the counter says {total} = {PEERS} x {ADDED}: nothing was lost"))
}

/// The holder of a mapping and owner of a mutex is killed; the mutex passes on, and the mapping is gone.
fn the_clean_up(names: &Names) -> Result<(), Failure> {
    let mut cast = Cast::new();
    let holder = cast.start("H", "holder", names)?;
    cast.lines(1)?;
    let lock = Mutex::open(&names.lock)?;
    drop(Mapping::open(&names.mapping)?);
    tell("A", format_args!("waiting for the mutex; H is about to be killed"))?;
    let victim = cast.child(holder);
    let (held, killed) = thread::scope(|scope| {
        let killer = scope.spawn(|| kill_soon(victim));
        let held = lock.lock_timeout(PATIENCE);
        (held.map(|held| (held, Instant::now())), killer.join().expect("the killer does not panic"))
    });
    let (held, locked) = held?;
    let held = held.ok_or_else(|| too_slow("getting the mutex of a killed process"))?;
    let waited_ms = locked.saturating_duration_since(killed?).as_secs_f64() * 1e3;
    if !held.was_abandoned() {
        return Err(Failure::Refused("the mutex of a killed process was not said to be abandoned".into()));
    }
    tell("A", format_args!("H was killed; the mutex came {waited_ms:.1} ms later, marked as abandoned"))?;
    drop(held);
    cast.await_death(holder)?;
    expect_error("the killed process's mapping", Mapping::open(&names.mapping).map(drop), ErrorKind::NotFound)?;
    tell("A", format_args!("opening `{}` says: not found. Its name is free again", names.mapping))
}

/// Starts all processes of a scene, and lets them go only when all of them are ready.
fn start_together(cast: &mut Cast, letter: &str, role: &str, names: &Names) -> Result<(), Failure> {
    let ready = Semaphore::create(&names.ready, 0, PEERS)?;
    let go = Event::create(&names.go, Reset::Manual)?;
    for number in 1..=PEERS {
        cast.start(&format!("{letter}{number}"), role, names)?;
    }
    for _ in 0..PEERS {
        if !ready.acquire_timeout(PATIENCE)? {
            return Err(too_slow("starting the processes"));
        }
    }
    tell("A", format_args!("started {PEERS} processes, and lets them go at once"))?;
    Ok(go.set()?)
}

/// Kills a process without a chance to clean up, and says when. The pause gives the waiter time to fall asleep;
/// nothing depends on it.
fn kill_soon(victim: &SharedChild) -> Result<Instant, Failure> {
    thread::sleep(Duration::from_millis(50));
    let now = Instant::now();
    victim.kill().map(|()| now).map_err(|source| Failure::Stream("kill a process".into(), source))
}

fn check_unused(names: &Names) -> Result<(), Failure> {
    if names.mapping.starts_with('/') {
        let reason = "demo: a name that begins with `/` may be POSIX shared memory, which does not go by itself";
        return Err(Failure::Refused(reason.into()));
    }
    for name in names.all() {
        if coview::stat(name).is_ok_and(|object| !object.dead) {
            let name = output::printable(name);
            return Err(Failure::Refused(format!("demo: the name `{name}` is in use; choose another with --name")));
        }
    }
    Ok(())
}

fn check_nothing_left(names: &Names) -> Result<(), Failure> {
    for name in names.all() {
        expect_error(&format!("what is left of `{name}`"), coview::stat(name).map(drop), ErrorKind::NotFound)?;
    }
    Ok(())
}

fn expect(what: &str, found: u64, expected: u64) -> Result<(), Failure> {
    match found == expected {
        true => Ok(()),
        false => Err(Failure::Refused(format!("{what}: {found}, and should be {expected}"))),
    }
}

fn expect_error(what: &str, result: coview::Result<()>, expected: ErrorKind) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == expected => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => Err(Failure::Refused(format!("{what}: is there, and should be {expected}"))),
    }
}

fn too_slow(what: &str) -> Failure {
    Failure::Refused(format!("{what} took longer than {PATIENCE:?}"))
}
