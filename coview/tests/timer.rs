//! Timers: when they release whom, in one process and across several, and that nobody has to live for it.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::{
    Actor, DEADLINE, Outcome, SHORT, given, hear, hear_out, in_thread, looking_holds, name, play, say, settle, until,
    within,
};
use coview::{Event, Mutex, Reset, Semaphore, State, Timer, wait_all_timeout, wait_any_timeout};

const MS: Duration = Duration::from_millis(1);
const BOTH: [Reset; 2] = [Reset::Auto, Reset::Manual];

#[test]
fn a_timer_that_nobody_has_set_is_not_signaled() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("new"), reset)?;
        assert!(!timer.try_wait()? && !timer.wait_timeout(SHORT)?);
        timer.cancel()?;
        assert!(!timer.try_wait()?);
    }
    Ok(())
}

#[test]
fn a_timer_releases_when_its_time_has_come_and_not_before() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("once"), reset)?;
        for after in [MS, SHORT, SHORT * 3] {
            let begin = Instant::now();
            timer.set(after, None)?;
            assert!(timer.wait_timeout(DEADLINE)?);
            // Windows counts in ticks of its own.
            assert!(begin.elapsed() + MS * 2 >= after, "{after:?}: {:?}", begin.elapsed());
            assert_eq!(timer.try_wait()?, reset == Reset::Manual);
            assert_eq!(timer.wait_timeout(SHORT)?, reset == Reset::Manual, "it is signaled once");
        }
    }
    Ok(())
}

#[test]
fn a_time_of_zero_has_come_at_once() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("zero"), reset)?;
        timer.set(Duration::ZERO, None)?;
        assert!(timer.wait_timeout(DEADLINE)?);
        timer.set(Duration::ZERO, Some(Duration::ZERO))?;
        assert!(timer.wait_timeout(DEADLINE)?);
        assert_eq!(timer.wait_timeout(SHORT)?, reset == Reset::Manual, "a period of zero is none");
    }
    Ok(())
}

#[test]
fn setting_a_timer_ends_its_signal() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("again"), reset)?;
        timer.set(Duration::ZERO, None)?;
        until("it is signaled", || is_signaled(&timer));
        timer.set(DEADLINE * 10, None)?;
        assert!(!timer.try_wait()? && !timer.wait_timeout(SHORT)?);
        timer.set(Duration::MAX, Some(Duration::MAX))?;
        assert!(!timer.wait_timeout(SHORT)?);
    }
    Ok(())
}

#[test]
fn cancelling_leaves_the_state_as_it_is() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("cancel"), reset)?;
        timer.set(SHORT, None)?;
        timer.cancel()?;
        assert!(!timer.wait_timeout(SHORT * 3)?);
        timer.set(Duration::ZERO, Some(DEADLINE))?;
        until("it is signaled", || is_signaled(&timer));
        timer.cancel()?;
        assert!(timer.try_wait()?);
        assert_eq!(timer.try_wait()?, reset == Reset::Manual);
    }
    Ok(())
}

#[test]
fn a_periodic_timer_releases_again_and_again() -> Outcome {
    let timer = Timer::create(&name("period"), Reset::Auto)?;
    let begin = Instant::now();
    timer.set(SHORT, Some(SHORT))?;
    for _ in 0..5 {
        assert!(timer.wait_timeout(DEADLINE)?);
    }
    assert!(begin.elapsed() + MS * 20 >= SHORT * 5, "{:?}", begin.elapsed());
    timer.cancel()?;
    Ok(())
}

#[test]
fn expiries_do_not_add_up() -> Outcome {
    let timer = Timer::create(&name("sum"), Reset::Auto)?;
    timer.set(MS, Some(MS * 200))?;
    let event = Event::create(&name("never"), Reset::Auto)?;
    assert!(!event.wait_timeout(MS * 450)?);
    assert!(timer.try_wait()?);
    assert!(!timer.try_wait()?);
    Ok(())
}

#[test]
fn each_expiry_of_an_auto_reset_timer_releases_one_wait_and_of_a_manual_one_all() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("crowd"), reset)?;
        timer.set(SHORT * 5, None)?;
        let released = thread::scope(|scope| -> coview::Result<usize> {
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| timer.wait_timeout(SHORT * 20))).collect();
            threads.into_iter().try_fold(0, |sum, thread| Ok(sum + usize::from(thread.join().expect("no panic")?)))
        })?;
        assert_eq!(released, if reset == Reset::Manual { 6 } else { 1 });
    }
    Ok(())
}

#[test]
fn who_waits_already_waits_for_the_new_time() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("anew"), reset)?;
        for before in [None, Some(DEADLINE * 10)] {
            if let Some(before) = before {
                timer.set(before, None)?;
            }
            let waiter = Timer::open(timer.name())?;
            let waiter = thread::spawn(move || waiter.wait());
            settle(2);
            assert!(!waiter.is_finished());
            timer.set(MS, None)?;
            within("the waiter", move || waiter.join().expect("it does not panic"))?;
            timer.cancel()?;
        }
    }
    Ok(())
}

#[test]
fn an_expiry_that_has_come_releases_who_waits_although_the_timer_is_set_anew() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("expired"), reset)?;
        let mut released = 0;
        for round in 0..6 {
            thread::scope(|scope| -> Outcome {
                let waiter = scope.spawn(|| timer.wait_timeout(SHORT * 20));
                settle(round);
                timer.set(Duration::ZERO, None)?;
                // Where a system fires by a tick of its own.
                let wait = Instant::now();
                while looking_holds() && wait.elapsed() < SHORT {
                    thread::yield_now();
                }
                timer.set(DEADLINE * 10, None)?;
                released += u32::from(waiter.join().expect("it does not panic")?);
                Ok(())
            })?;
            assert!(!timer.try_wait()?, "the expiry is there still");
        }
        assert!(released > 0, "the expiry was lost in each round");
    }
    Ok(())
}

#[test]
fn a_timer_takes_part_in_waits_for_several() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("several"), reset)?;
        let (event, mutex) = (Event::create(&name("event"), Reset::Auto)?, Mutex::create(&name("mutex"))?);
        timer.set(SHORT, None)?;
        assert!(wait_any_timeout(&[(&event).into(), (&timer).into()], SHORT / 10)?.is_none());
        let any = wait_any_timeout(&[(&event).into(), (&timer).into()], DEADLINE)?.ok_or("the timer is forgotten")?;
        assert_eq!(any.index(), 1);
        assert_eq!(timer.try_wait()?, reset == Reset::Manual);

        timer.set(SHORT, None)?;
        assert!(wait_all_timeout(&[(&mutex).into(), (&timer).into()], SHORT / 10)?.is_none());
        drop(wait_all_timeout(&[(&mutex).into(), (&timer).into()], DEADLINE)?.ok_or("the timer is forgotten")?);
        assert_eq!(timer.try_wait()?, reset == Reset::Manual);
        timer.set(Duration::ZERO, None)?;
        assert!(wait_all_timeout(&[(&event).into(), (&timer).into()], SHORT)?.is_none());
        assert!(timer.try_wait()?, "a wait in vain has taken from it");
    }
    Ok(())
}

#[test]
fn sixty_four_timers_can_be_waited_for() -> Outcome {
    let timers = (0..64).map(|_| Timer::create(&name("many"), Reset::Auto)).collect::<coview::Result<Vec<_>>>()?;
    let objects: Vec<_> = timers.iter().map(Into::into).collect();
    for index in [0, 31, 63] {
        thread::scope(|scope| -> Outcome {
            let waiter = scope.spawn(|| wait_any_timeout(&objects, DEADLINE).map(|any| any.map(|any| any.index())));
            settle(1);
            timers[index].set(SHORT, None)?;
            assert_eq!(waiter.join().expect("it does not panic")?, Some(index));
            Ok(())
        })?;
    }
    timers.iter().try_for_each(|timer| timer.set(SHORT, None))?;
    assert!(wait_all_timeout(&objects, DEADLINE)?.is_some());
    Ok(())
}

fn is_signaled(timer: &Timer) -> bool {
    matches!(coview::stat(timer.name()), Ok(coview::Object { state: State::Timer { signaled: true, .. }, .. }))
}

#[test]
fn the_state_of_a_timer_is_told_and_not_taken() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("state"), reset)?;
        let state = || match coview::stat(timer.name()).map(|object| object.state) {
            Ok(State::Timer { manual, signaled, due }) => {
                assert!(manual.is_none_or(|manual| manual == (reset == Reset::Manual)));
                (signaled, due)
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(state(), (false, None));
        timer.set(DEADLINE * 10, None)?;
        let (signaled, due) = state();
        let due = due.ok_or("it was set")?;
        assert!(!signaled && due <= DEADLINE * 10 && due > DEADLINE * 9, "{due:?}");
        timer.set(Duration::ZERO, Some(DEADLINE * 10))?;
        until("it is signaled", || state().0);
        // Wine's manual-reset timers have no period.
        assert!(state().0 && state().1.map_or(looking_holds(), |due| due <= DEADLINE * 10));
        assert!(timer.try_wait()?);
        assert_eq!(state().0, reset == Reset::Manual);
        timer.cancel()?;
        let (signaled, due) = state();
        assert_eq!(signaled, reset == Reset::Manual);
        // Windows does not forget the time.
        assert!(due.is_none() || looking_holds());
    }
    Ok(())
}

#[test]
fn role_setter() {
    play("role_setter", || {
        let timer = Timer::open(&given("NAME"))?;
        let after = Duration::from_millis(given("AFTER").parse()?);
        match given("HOW").as_str() {
            "thread" => in_thread(|| timer.set(after, None))?,
            _ => timer.set(after, None)?,
        }
        say("set");
        hear_out();
        Ok(())
    });
}

#[test]
fn role_waiter() {
    play("role_waiter", || {
        let timer = Timer::open(&given("NAME"))?;
        say("ready");
        while hear().is_some() {
            say(if timer.wait_timeout(DEADLINE)? { "released" } else { "forgotten" });
        }
        Ok(())
    });
}

#[test]
fn a_timer_that_one_process_sets_releases_another_even_if_the_first_is_killed() -> Outcome {
    for (reset, how) in BOTH.into_iter().flat_map(|reset| [(reset, "live"), (reset, "thread"), (reset, "kill")]) {
        let timer = Timer::create(&name("other"), reset)?;
        let mut waiter = Actor::start("role_waiter", &[("NAME", timer.name())]);
        waiter.says("ready");
        waiter.tell("wait");
        let mut setter = Actor::start("role_setter", &[("NAME", timer.name()), ("AFTER", "150"), ("HOW", how)]);
        setter.says("set");
        if how == "kill" {
            setter.kill();
        }
        waiter.says("released");
        assert_eq!(timer.try_wait()?, reset == Reset::Manual);
        waiter.finish();
    }
    Ok(())
}

#[test]
fn a_waiter_that_is_killed_does_not_stop_the_others() -> Outcome {
    for reset in BOTH {
        let timer = Timer::create(&name("killed"), reset)?;
        for _ in 0..5 {
            let [mut dead, mut alive] = [(); 2].map(|()| Actor::start("role_waiter", &[("NAME", timer.name())]));
            for waiter in [&mut dead, &mut alive] {
                waiter.says("ready");
                waiter.tell("wait");
            }
            timer.set(SHORT, None)?;
            dead.kill();
            until("the other is released", || {
                // An auto-reset timer may have released the dead.
                let released = alive.said() == ["released"];
                if !released && reset == Reset::Auto {
                    timer.set(MS, None).expect("setting does not fail");
                    settle(0);
                }
                released
            });
            timer.cancel()?;
            until("the cancelled timer is not signaled", || {
                reset == Reset::Manual || timer.try_wait().is_ok_and(|it| !it)
            });
        }
    }
    Ok(())
}

#[test]
fn every_expiry_reaches_one_of_many_who_wait() -> Outcome {
    let (timer, stop) = (Timer::create(&name("storm"), Reset::Auto)?, Event::create(&name("stop"), Reset::Manual)?);
    let taken = Semaphore::create(&name("taken"), 0, 1000)?;
    thread::scope(|scope| -> Outcome {
        for _ in 0..3 {
            scope.spawn(|| {
                let objects = [(&stop).into(), (&timer).into()];
                while wait_any_timeout(&objects, DEADLINE)
                    .expect("waiting does not fail")
                    .is_some_and(|any| any.index() == 1)
                {
                    taken.release(1).expect("there is room");
                }
            });
        }
        for round in 0..200 {
            timer.set(Duration::from_micros(50 * (round % 5)), None)?;
            let reached = taken.acquire_timeout(DEADLINE);
            let once = reached.and_then(|reached| Ok(reached && !taken.try_acquire()?));
            if !matches!(once, Ok(true)) {
                stop.set()?;
                return Err(format!("round {round}: the expiry has released nobody, or more than one: {once:?}").into());
            }
        }
        stop.set()?;
        Ok(())
    })
}
