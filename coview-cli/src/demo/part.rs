//! What the demo's child processes do, each in its role.

use std::io;
use std::time::Duration;

use clap::{Parser, Subcommand};
use coview::{Event, Mapping, Mutex, MutexGuard, Semaphore};

use super::PATIENCE;
use crate::failure::{DONE, Failure, Outcome};
use crate::output;

/// The seed's size and text.
pub(super) const SIZE: u64 = 1024;
pub(super) const TEXT: &str = "Update";

/// How often each adder adds.
pub(super) const ADDED: u64 = 1000;

/// Offsets of the words that the processes share.
pub(super) const COUNTER: usize = 0;
pub(super) const INITIALISED: usize = 0;
pub(super) const PRESENT: usize = 8;
const INITIALISER: usize = 16;

/// The names that the demo uses, all made from one.
pub(super) struct Names {
    pub(super) mapping: String,
    pub(super) lock: String,
    pub(super) go: String,
    pub(super) ready: String,
}

impl Names {
    pub(super) fn new(name: &str) -> Names {
        let ending = |ending: &str| format!("{name}.{ending}");
        Names { mapping: name.to_owned(), lock: ending("lock"), go: ending("go"), ready: ending("ready") }
    }

    pub(super) fn all(&self) -> [&str; 4] {
        [&self.mapping, &self.lock, &self.go, &self.ready]
    }
}

/// The word by which the demo starts its parts. It is not among the commands, so that no help, manual or completion
/// shows it.
pub(super) const WORD: &str = "demo-part";

/// One process of the demo.
#[derive(Debug, Parser)]
pub(crate) struct DemoPart {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Opens the mapping and reads what the server wrote
    Client { name: String },
    /// Races with the others to create the mapping
    Peer { name: String },
    /// Adds to a counter under the mutex
    Adder { name: String },
    /// Holds everything until it is killed
    Holder { name: String },
}

impl DemoPart {
    /// The part to play, if this process was started to play one.
    pub(crate) fn from_command_line() -> Option<DemoPart> {
        let is_part = std::env::args_os().nth(1).is_some_and(|word| word == WORD);
        is_part.then(|| DemoPart::parse_from(std::env::args_os().skip(1)))
    }

    pub(crate) fn run(&self) -> Outcome {
        match &self.role {
            Role::Client { name } => client(&Names::new(name)),
            Role::Peer { name } => peer(&Names::new(name)),
            Role::Adder { name } => adder(&Names::new(name)),
            Role::Holder { name } => holder(&Names::new(name)),
        }?;
        Ok(DONE)
    }
}

fn client(names: &Names) -> Result<(), Failure> {
    let lock = Mutex::open(&names.lock)?;
    let mapping = Mapping::open(&names.mapping)?;
    output::line(format_args!("opened mapping `{}`, {} bytes", names.mapping, mapping.size()))?;
    let view = mapping.view()?;
    let held = locked(&lock)?;
    let bytes = view.read_vec(0, view.len());
    drop(held);
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..end]);
    if text != TEXT {
        return Err(Failure::Refused(format!("the mapping says {text:?}, and should say {TEXT:?}")));
    }
    Ok(output::line(format_args!("it says \"{text}\""))?)
}

fn peer(names: &Names) -> Result<(), Failure> {
    await_go(names)?;
    let mapping = Mapping::create_or_open(&names.mapping, SIZE, |view| {
        view.put(INITIALISER, &std::process::id());
        view.put(INITIALISED, &(view.get::<u64>(INITIALISED) + 1));
    })?;
    let view = mapping.view()?;
    let (initialised, initialiser) = (view.get::<u64>(INITIALISED), view.get::<u32>(INITIALISER));
    super::expect("processes that had initialised", initialised, 1)?;
    view.atomic_u64(PRESENT).fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    match mapping.was_created() {
        true => output::line("created it and initialised it")?,
        false => output::line(format_args!("found it initialised by {initialiser}"))?,
    }
    await_end()
}

fn adder(names: &Names) -> Result<(), Failure> {
    let lock = Mutex::open(&names.lock)?;
    let view = Mapping::open(&names.mapping)?.view()?;
    await_go(names)?;
    for _ in 0..ADDED {
        let held = locked(&lock)?;
        view.put(COUNTER, &(view.get::<u64>(COUNTER) + 1));
        held.unlock()?;
    }
    Ok(output::line(format_args!("added 1, {ADDED} times"))?)
}

fn holder(names: &Names) -> Result<(), Failure> {
    let lock = Mutex::create(&names.lock)?;
    let mapping = Mapping::create(&names.mapping, SIZE)?;
    let _held = locked(&lock)?;
    mapping.view()?.write(0, b"half d");
    output::line(format_args!("owns mutex `{}` and holds mapping `{}`", names.lock, names.mapping))?;
    await_end()
}

fn locked(lock: &Mutex) -> Result<MutexGuard<'_>, Failure> {
    lock.lock_timeout(PATIENCE)?.ok_or_else(|| super::too_slow("locking the mutex"))
}

/// Says that this process is ready, and waits for the starting signal.
fn await_go(names: &Names) -> Result<(), Failure> {
    let go = Event::open(&names.go)?;
    Semaphore::open(&names.ready)?.release(1)?;
    match go.wait_timeout(PATIENCE + Duration::from_secs(1))? {
        true => Ok(()),
        false => Err(super::too_slow("waiting for the starting signal")),
    }
}

/// Waits until the demo closes stdin, as it does in the end and when it dies.
fn await_end() -> Result<(), Failure> {
    io::copy(&mut io::stdin().lock(), &mut io::sink()).map_err(|source| Failure::stream("read stdin", source))?;
    Ok(())
}
