//! Death at any moment: victims do everything there is on a few shared names and are killed, thousands of times.
//!
//! Every victim keeps its own account in shared memory, the ledger, so that what the others find can be judged. The
//! seed of a run is printed; `COVIEW_TEST_SEED` repeats the victims' choices, though not the moments of their deaths.

mod common;

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use common::{Actor, DEADLINE, Dice, Outcome, Thing, failure, given, gone, name, note, play, say, seed, until};
use coview::{
    ErrorKind, Event, Kind, Mapping, Mutex, MutexGuard, Namespace, Reset, Semaphore, State, Timer, View, try_wait_all,
    wait_all_timeout, wait_any_timeout,
};

/// A run ends after so many deaths, or so much time.
const DEATHS: u32 = 4000;
const LONG_ENOUGH: Duration = Duration::from_secs(25);

/// How many victims live at once.
const VICTIMS: usize = 4;

const MUTEXES: usize = 3;
const SIZE: u64 = 20_000;
const VALUE: u64 = 0x0123_4567_89ab_cdef;
const NAP: Duration = Duration::from_millis(2);

/// Where the ledger says who is inside a mutex, and how far each survivor has come.
const INSIDE_AT: usize = 0;
const PROGRESS_AT: usize = 64;

fn mutex_name(stage: &str, index: usize) -> String {
    format!("{stage}.mutex{index}")
}

/// The objects of a stage, as a victim has them open, and the ledger.
struct Stage {
    mutexes: Vec<Mutex>,
    auto: Event,
    manual: Event,
    semaphore: Semaphore,
    timer: Timer,
    ledger: View,
}

impl Stage {
    fn enter(name: &str) -> Result<Stage, Box<dyn std::error::Error>> {
        Ok(Stage {
            mutexes: (0..MUTEXES)
                .map(|index| Mutex::create_or_open(&mutex_name(name, index)))
                .collect::<coview::Result<_>>()?,
            auto: Event::create_or_open(&format!("{name}.auto"), Reset::Auto)?,
            manual: Event::create_or_open(&format!("{name}.manual"), Reset::Manual)?,
            semaphore: Semaphore::create_or_open(&format!("{name}.semaphore"), 2, 4)?,
            timer: Timer::create_or_open(&format!("{name}.timer"), Reset::Auto)?,
            ledger: Mapping::create_or_open(&format!("{name}.ledger"), 4096, |_| ())?.view()?,
        })
    }

    /// Goes in and out of what a mutex protects. Whoever finds somebody inside must have been told that he is dead.
    fn inside(&self, index: usize, guard: &MutexGuard<'_>) -> Outcome {
        let entry = self.ledger.atomic_u32(INSIDE_AT + 4 * index);
        let before = entry.swap(std::process::id(), Ordering::SeqCst);
        if before != 0 && !guard.was_abandoned() {
            return Err(format!("process {before} is inside mutex {index} too, or its death was not told").into());
        }
        thread::yield_now();
        let before = entry.swap(0, Ordering::SeqCst);
        if before != std::process::id() {
            return Err(format!("process {before} came into mutex {index} that was owned").into());
        }
        Ok(())
    }

    /// Does one thing of all that there is to do.
    fn act(&self, dice: &mut Dice, names: &str) -> Outcome {
        let index = dice.below(MUTEXES as u64) as usize;
        let mutex = &self.mutexes[index];
        match dice.below(16) {
            0 | 1 => {
                if let Some(guard) = mutex.lock_timeout(NAP)? {
                    self.inside(index, &guard)?;
                }
            }
            2 => {
                if let Some(guard) = mutex.try_lock()? {
                    Mutex::open(mutex.name())?.lock().map(std::mem::forget)?;
                    mutex.unlock()?;
                    self.inside(index, &guard)?;
                }
            }
            3 => self.any(index)?,
            4 | 5 => self.all(index)?,
            6 => self.auto.set()?,
            7 => drop(self.auto.wait_timeout(NAP)?),
            8 => {
                self.manual.set()?;
                self.manual.reset()?;
            }
            9 => drop(self.manual.wait_timeout(NAP)?),
            10 => self.permits()?,
            11 => self.auto.pulse()?,
            12 => self.manual.pulse()?,
            13 => self.timer.set(NAP / 2, dice.below(2).eq(&0).then_some(NAP))?,
            14 => drop(self.timer.wait_timeout(NAP)?),
            _ => self.names(dice, names)?,
        }
        Ok(())
    }

    fn any(&self, index: usize) -> Outcome {
        let objects =
            [(&self.auto).into(), (&self.semaphore).into(), (&self.mutexes[index]).into(), (&self.timer).into()];
        let Some(any) = wait_any_timeout(&objects, NAP)? else { return Ok(()) };
        match any.index() {
            1 => drop(self.semaphore.release(1).map_err(only(ErrorKind::LimitExceeded))),
            2 => self.inside(index, &any.into_guard().ok_or("it is a mutex")?)?,
            _ => {}
        }
        Ok(())
    }

    fn all(&self, index: usize) -> Outcome {
        let other = (index + 1) % MUTEXES;
        let objects = [(&self.mutexes[index]).into(), (&self.mutexes[other]).into(), (&self.semaphore).into()];
        let Some(all) = wait_all_timeout(&objects, NAP)? else { return Ok(()) };
        for (place, guard) in &all.into_guards() {
            self.inside(if *place == 0 { index } else { other }, guard)?;
        }
        self.semaphore.release(1).map(drop).or_else(only(ErrorKind::LimitExceeded))?;
        Ok(())
    }

    fn permits(&self) -> Outcome {
        if self.semaphore.acquire_timeout(NAP)? {
            self.semaphore.release(1).map(drop).or_else(only(ErrorKind::LimitExceeded))?;
        } else {
            // What the dead had acquired is gone; somebody has to bring new ones.
            self.semaphore.release(1).map(drop).or_else(only(ErrorKind::LimitExceeded))?;
        }
        Ok(())
    }

    /// Makes, finds and leaves objects under a few names that nobody holds on to.
    fn names(&self, dice: &mut Dice, names: &str) -> Outcome {
        let name = format!("{names}.{}", dice.below(2));
        match dice.below(5) {
            0 => judge(&Mapping::create_or_open(&name, SIZE, fill)?)?,
            1 => match Mapping::open(&name) {
                Ok(mapping) => judge(&mapping)?,
                Err(error) => only(ErrorKind::NotFound)(error)?,
            },
            2 => {
                let name = format!("{name}.fresh");
                match Mapping::create(&name, SIZE) {
                    Ok(mapping) => {
                        if mapping.read_view()?.read_vec(0, SIZE as usize).iter().any(|&byte| byte != 0) {
                            return Err("a new mapping was not zeroed".into());
                        }
                        mapping.view()?.fill(.., 0xff);
                    }
                    Err(error) => only(ErrorKind::AlreadyExists)(error)?,
                }
            }
            3 => {
                let mutex = Mutex::create_or_open(&format!("{name}.mutex"))?;
                std::mem::forget(mutex.lock_timeout(NAP)?);
                drop(mutex);
                if let Ok(mutex) = Mutex::open(&format!("{name}.mutex")) {
                    mutex.unlock().or_else(only(ErrorKind::NotOwner))?;
                }
            }
            _ => {
                let event = Event::create_or_open(&format!("{name}.event"), Reset::Auto)?;
                event.set()?;
                event.wait_timeout(NAP)?;
            }
        }
        Ok(())
    }
}

/// Lets pass the one kind of failure that is none.
fn only(kind: ErrorKind) -> impl Fn(coview::Error) -> coview::Result<()> {
    move |error| if error.kind() == kind { Ok(()) } else { Err(error) }
}

fn fill(view: &View) {
    for offset in (0..SIZE as usize).step_by(8) {
        view.put(offset, &VALUE);
    }
}

fn judge(mapping: &Mapping) -> Outcome {
    let view = mapping.read_view()?;
    match (0..SIZE as usize).step_by(8).find(|&offset| view.get::<u64>(offset) != VALUE) {
        None => Ok(()),
        Some(offset) => Err(format!("a mapping was seen half made: {:#x} at {offset}", view.get::<u64>(offset)).into()),
    }
}

/// Acts until it is killed or, as a survivor, until it is told to stop; says what is not as it should be.
#[test]
fn role_victim() {
    play("role_victim", || {
        let (name, survivor) = (given("STAGE"), given("SURVIVOR").parse::<usize>()?);
        let stage = Stage::enter(&name)?;
        let mut dice = Dice::new(given("SEED").parse()?);
        let end = Event::open(&format!("{name}.end"))?;
        say("on stage");
        while !end.try_wait()? {
            if let Err(error) = stage.act(&mut dice, &format!("{name}.brief")) {
                say(&format!("wrong: {error}"));
                return Err(error);
            }
            stage.ledger.atomic_u32(PROGRESS_AT + 4 * survivor).fetch_add(1, Ordering::Relaxed);
        }
        say("left");
        Ok(())
    });
}

fn victim(stage: &str, survivor: usize, seed: u64) -> Actor {
    let (survivor, seed) = (survivor.to_string(), seed.to_string());
    Actor::start("role_victim", &[("STAGE", stage), ("SURVIVOR", &survivor), ("SEED", &seed)])
}

/// Brings victims on stage and kills each after a moment, until the deadline.
fn kill_some(stage: &str, seed: u64, deaths: u32, begin: Instant) -> u32 {
    let mut dice = Dice::new(seed);
    let mut killed = 0;
    while killed < deaths && begin.elapsed() < LONG_ENOUGH {
        let mut actor = victim(stage, 0, dice.below(u64::MAX >> 40));
        // One in four dies while it is still coming.
        let last = if dice.below(4) == 0 { dice.below(4000) } else { dice.below(6000) + 10_000 };
        if last >= 10_000 {
            actor.says("on stage");
        }
        thread::sleep(Duration::from_micros(last % 10_000));
        actor.kill();
        killed += 1;
        let said: Vec<String> = actor.said().into_iter().filter(|line| line != "on stage").collect();
        assert!(said.is_empty(), "seed {seed}, death {killed}: {said:?}");
    }
    killed
}

#[test]
fn thousands_of_kills_leave_nothing_wrong_and_nobody_stuck() -> Outcome {
    let (name, seed) = (name("stage"), seed());
    note(&format!("the seed is {seed}"));
    let end = Event::create(&format!("{name}.end"), Reset::Manual)?;
    let stage = Stage::enter(&name)?;
    let mut survivors: Vec<Actor> = [1, 2].map(|index| victim(&name, index, seed + index as u64)).into();
    survivors.iter_mut().for_each(|survivor| survivor.says("on stage"));

    let begin = Instant::now();
    let killed: u32 = thread::scope(|scope| {
        let killers: Vec<_> = (0..VICTIMS as u64)
            .map(|index| {
                let name = &name;
                scope.spawn(move || kill_some(name, seed + 10 + index, DEATHS / VICTIMS as u32, begin))
            })
            .collect();
        killers.into_iter().map(|killer| killer.join().expect("a victim found something wrong")).sum()
    });
    note(&format!("{killed} victims were killed in {:.1} s", begin.elapsed().as_secs_f64()));

    // The survivors are not stuck: each comes a good way further, and then leaves.
    for index in [1, 2] {
        let progress = stage.ledger.atomic_u32(PROGRESS_AT + 4 * index);
        let before = progress.load(Ordering::Relaxed);
        until("a survivor goes on", || progress.load(Ordering::Relaxed) > before + 20);
    }
    end.set()?;
    for mut survivor in survivors {
        survivor.says("left");
        survivor.finish();
    }
    all_is_usable(&stage)?;
    all_is_gone(stage, end, &name)
}

/// Everything on the stage works as if nothing had happened.
fn all_is_usable(stage: &Stage) -> Outcome {
    for (index, mutex) in stage.mutexes.iter().enumerate() {
        let guard = mutex.lock_timeout(DEADLINE)?.ok_or("a mutex is stuck")?;
        stage.inside(index, &guard)?;
        drop(guard);
        assert!(!mutex.lock()?.was_abandoned());
    }
    stage.auto.set()?;
    assert!(stage.auto.try_wait()? && !stage.auto.try_wait()?);
    stage.manual.set()?;
    assert!(stage.manual.wait_timeout(DEADLINE)?);
    stage.manual.reset()?;
    assert!(!stage.manual.try_wait()?);
    stage.timer.set(NAP, None)?;
    assert!(stage.timer.wait_timeout(DEADLINE)? && !stage.timer.try_wait()?);
    while stage.semaphore.try_acquire()? {}
    assert_eq!(stage.semaphore.release(4)?, 0);
    assert_eq!(failure(stage.semaphore.release(1)), ErrorKind::LimitExceeded);
    stage.auto.set()?;
    let objects = [(&stage.mutexes[0]).into(), (&stage.auto).into(), (&stage.semaphore).into()];
    assert!(try_wait_all(&objects)?.is_some());
    Ok(())
}

/// Every name is free once the handles are gone, and nothing is left when the next calls have passed.
fn all_is_gone(stage: Stage, end: Event, name: &str) -> Outcome {
    for brief in 0..2 {
        let brief = format!("{name}.brief.{brief}");
        judge(&Mapping::create_or_open(&brief, SIZE, fill)?)?;
        drop(Mapping::create(&format!("{brief}.fresh"), SIZE)?);
        drop(Mutex::create(&format!("{brief}.mutex"))?);
        drop(Event::create(&format!("{brief}.event"), Reset::Auto)?);
    }
    drop((stage, end));
    coview::sweep(Namespace::Local)?;
    for left in coview::list(Namespace::Local)?.iter().filter(|object| object.name.starts_with(name)) {
        gone(&left.name);
    }
    Ok(())
}

#[test]
fn names_that_only_victims_hold_are_free_after_their_deaths() -> Outcome {
    let (name, mut dice) = (name("brief"), Dice::new(seed()));
    let begin = Instant::now();
    let mut killed = 0;
    while killed < 100 && begin.elapsed() < LONG_ENOUGH / 5 {
        let end = Event::create(&format!("{name}.end"), Reset::Manual)?;
        let mut victims: Vec<Actor> = (0..2).map(|index| victim(&name, index, dice.below(1 << 20))).collect();
        victims.iter_mut().for_each(|victim| victim.says("on stage"));
        thread::sleep(Duration::from_micros(dice.below(2000)));
        victims.iter_mut().for_each(Actor::kill);
        let said: Vec<String> = victims.iter().flat_map(Actor::said).collect();
        assert!(said.is_empty(), "{said:?}");
        killed += 2;
        for (index, kind) in [Kind::Mutex, Kind::Mapping, Kind::Semaphore].into_iter().enumerate() {
            assert!(Thing::create(kind, &mutex_name(&name, index))?.is_new()?);
        }
        for last in ["auto", "manual", "semaphore", "timer", "ledger"] {
            assert_eq!(failure(Mapping::open(&format!("{name}.{last}"))), ErrorKind::NotFound);
        }
        drop(end);
    }
    Ok(())
}

/// Does nothing but lock and unlock, so that a kill hits every instruction of that sooner or later.
#[test]
fn role_hammer() {
    play("role_hammer", || {
        let (mutex, inside) = (Mutex::open(&given("MUTEX"))?, Mapping::open(&given("INSIDE"))?.view()?);
        let entry = inside.atomic_u32(0);
        say("on stage");
        loop {
            let guard = mutex.lock()?;
            if entry.swap(1, Ordering::SeqCst) != 0 && !guard.was_abandoned() {
                say("wrong: somebody is inside, or the death of who was there has not been told");
            }
            entry.store(0, Ordering::SeqCst);
        }
    });
}

#[test]
fn a_kill_at_any_instruction_of_lock_and_unlock_leaves_the_mutex_usable() -> Outcome {
    let (mutex, inside) = (Mutex::create(&name("hammered"))?, name("inside"));
    let view = Mapping::create(&inside, 64)?.view()?;
    let mut dice = Dice::new(seed());
    let begin = Instant::now();
    let (mut killed, mut told) = (0, 0);
    while killed < 1500 && begin.elapsed() < LONG_ENOUGH / 3 {
        let start = |_| Actor::start("role_hammer", &[("MUTEX", mutex.name()), ("INSIDE", &inside)]);
        // Alone it never sleeps, in company it often does.
        let mut hammers: Vec<Actor> = (0..dice.below(3) + 1).map(start).collect();
        hammers.iter_mut().for_each(|hammer| hammer.says("on stage"));
        for hammer in &mut hammers {
            thread::sleep(Duration::from_micros(dice.below(500)));
            hammer.kill();
            assert_eq!(hammer.said(), Vec::<String>::new());
            killed += 1;
        }
        let guard = mutex.try_lock()?.ok_or("the dead have it still")?;
        assert!(guard.was_abandoned() || view.get::<u32>(0) == 0, "a death was not told");
        told += u32::from(guard.was_abandoned());
        view.put(0, &0u32);
    }
    note(&format!("{killed} victims were killed, and {told} times the mutex was abandoned"));
    Ok(())
}

/// An object that one side gives and another takes, whose wakes must not die with either.
enum Signal {
    Event(Event, Reset),
    Semaphore(Semaphore),
    Timer(Timer),
}

const SIGNALS: [&str; 4] = ["auto", "manual", "semaphore", "timer"];

impl Signal {
    fn reach(kind: &str, name: &str) -> coview::Result<Signal> {
        let event = |reset| Event::create_or_open(name, reset).map(|event| Signal::Event(event, reset));
        match kind {
            "auto" => event(Reset::Auto),
            "manual" => event(Reset::Manual),
            "timer" => Timer::create_or_open(name, Reset::Auto).map(Signal::Timer),
            _ => Semaphore::create_or_open(name, 0, 100).map(Signal::Semaphore),
        }
    }

    fn give(&self) -> coview::Result<()> {
        match self {
            Signal::Event(event, _) => event.set(),
            Signal::Semaphore(semaphore) => semaphore.release(1).map(drop).or_else(only(ErrorKind::LimitExceeded)),
            Signal::Timer(timer) => timer.set(NAP / 20, None),
        }
    }

    fn take(&self) -> coview::Result<()> {
        match self {
            Signal::Event(event, Reset::Auto) => event.wait(),
            Signal::Event(event, Reset::Manual) => event.wait().and_then(|()| event.reset()),
            Signal::Semaphore(semaphore) => semaphore.acquire(),
            Signal::Timer(timer) => timer.wait(),
        }
    }
}

fn is_signaled(name: &str) -> bool {
    match coview::stat(name).map(|object| object.state) {
        Ok(State::Event { signaled, .. }) => signaled,
        Ok(State::Semaphore { count, .. }) => count > 0,
        // What is still to come is given too.
        Ok(State::Timer { signaled, due, .. }) => signaled || due.is_some(),
        state => panic!("{state:?}"),
    }
}

#[test]
fn role_giver() {
    play("role_giver", || {
        let signal = Signal::reach(&given("KIND"), &given("SIGNAL"))?;
        let taken = Event::open(&given("TAKEN"))?;
        say("on stage");
        loop {
            signal.give()?;
            taken.wait_timeout(NAP)?;
        }
    });
}

#[test]
fn role_taker() {
    play("role_taker", || {
        let signal = Signal::reach(&given("KIND"), &given("SIGNAL"))?;
        let taken = Event::open(&given("TAKEN"))?;
        say("on stage");
        loop {
            // Without a timeout: nothing but a wake ends this.
            signal.take()?;
            taken.set()?;
        }
    });
}

#[test]
fn no_signal_is_left_with_somebody_asleep_when_givers_and_takers_are_killed() -> Outcome {
    let mut dice = Dice::new(seed());
    for kind in SIGNALS {
        let (signal, taken) = (name(kind), Event::create(&name("taken"), Reset::Auto)?);
        let _signal = Signal::reach(kind, &signal)?;
        let start = |role: &str| {
            let given = [("KIND", kind), ("SIGNAL", &signal), ("TAKEN", taken.name())];
            let mut actor = Actor::start(role, &given);
            actor.says("on stage");
            actor
        };
        let _survivor = start("role_taker");
        let begin = Instant::now();
        let mut killed = 0;
        while killed < 400 && begin.elapsed() < LONG_ENOUGH / 8 {
            let mut victims = [start("role_giver"), start(["role_giver", "role_taker"][dice.below(2) as usize])];
            let first = dice.below(2) as usize;
            for victim in [first, 1 - first] {
                thread::sleep(Duration::from_micros(dice.below(700)));
                victims[victim].kill();
                killed += 1;
            }
            until("the survivor takes what is there", || !is_signaled(&signal));
        }
        note(&format!("{killed} givers and takers were killed, {kind}"));
    }
    Ok(())
}
