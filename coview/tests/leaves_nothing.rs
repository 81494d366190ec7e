//! A whole test program that makes a lot and ends well or badly leaves nothing behind.

mod common;

use common::{Actor, KINDS, Outcome, Thing, given, hear_out, play, say};
use coview::{Mapping, Namespace};

const OBJECTS: usize = 50;

#[test]
fn role_maker() {
    play("role_maker", || {
        let mut made = Vec::new();
        for prefix in ["", r"Global\"] {
            for kind in KINDS {
                for index in 0..OBJECTS {
                    made.push(Thing::create(kind, &format!("{prefix}{}.{kind}.{index}", given("NAME")))?);
                }
            }
        }
        let views = made.iter().filter_map(|thing| match thing {
            Thing::Mapping(mapping) => Some(mapping.view()),
            _ => None,
        });
        let views = views.collect::<coview::Result<Vec<_>>>()?;
        let _unnamed = (0..OBJECTS).map(|_| Mapping::unnamed(10_000)).collect::<coview::Result<Vec<_>>>()?;
        made.iter().step_by(3).try_for_each(Thing::mark)?;
        say("made");
        hear_out();
        match given("END").as_str() {
            "return" => drop((made, views)),
            "exit" => std::process::exit(0),
            "panic" => panic!("as the test wants it"),
            _ => std::process::abort(),
        }
        Ok(())
    });
}

/// The names that are left of those that begin like this.
fn left(name: &str) -> coview::Result<Vec<String>> {
    let mut names = Vec::new();
    for namespace in [Namespace::Local, Namespace::Global] {
        names.extend(coview::list(namespace)?.into_iter().map(|object| object.name));
    }
    names.retain(|listed| listed.trim_start_matches(r"Global\").starts_with(name));
    Ok(names)
}

/// Sees that everything is listed. Windows reads a directory by position: what moves, because another test makes and
/// drops objects, is missed now and then.
fn all_are_listed(name: &str) {
    common::until("all are listed", || left(name).is_ok_and(|left| left.len() == 2 * KINDS.len() * OBJECTS));
}

fn maker(name: &str, end: &str) -> Actor {
    let mut command = Actor::command("role_maker", &[("NAME", name), ("END", end)]);
    command.stderr(std::process::Stdio::null());
    let mut maker = Actor::spawn("a maker", command);
    maker.says("made");
    maker
}

#[test]
fn a_program_that_ends_well_leaves_nothing() -> Outcome {
    let name = common::name("well");
    let maker = maker(&name, "return");
    all_are_listed(&name);
    maker.finish();
    left(&name)?.iter().for_each(|name| common::gone(name));
    Ok(())
}

#[test]
fn a_program_that_ends_badly_leaves_nothing_once_the_next_call_has_passed() -> Outcome {
    for end in ["exit", "panic", "abort", "kill"] {
        let name = common::name(end);
        let mut maker = maker(&name, end);
        all_are_listed(&name);
        if end == "kill" {
            maker.kill();
        } else {
            maker.status();
        }
        coview::sweep(Namespace::Local)?;
        coview::sweep(Namespace::Global)?;
        left(&name)?.iter().for_each(|name| common::gone(name));
    }
    Ok(())
}

#[test]
fn the_dead_are_swept_in_passing() -> Outcome {
    let name = common::name("passing");
    maker(&name, "kill").kill();
    // Nobody calls `sweep`: ordinary creations of other names look at the rest of the folder now and then.
    common::until("the dead are swept", || {
        for prefix in ["", r"Global\"] {
            drop(Mapping::create(&format!("{prefix}{}", common::name("next")), 64));
        }
        left(&name).is_ok_and(|left| left.is_empty())
    });
    Ok(())
}
