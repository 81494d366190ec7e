//! Unnamed mappings that are handed to child processes, and handles that are not.

mod common;

use common::{Actor, Outcome, failure, given, hear, hear_out, name, play, say};
use coview::{ErrorKind, Mapping};

#[test]
fn role_child() {
    play("role_child", || {
        let mapping = Mapping::from_token(&given("TOKEN"))?;
        let view = mapping.view()?;
        say(&format!("{} {:?} {}", mapping.size(), mapping.name(), view.get::<u32>(0)));
        view.put(4, &22u32);
        say("written");
        while let Some(line) = hear() {
            if line == "grandchild" {
                let mut command = Actor::command("role_child", &[]);
                let token = mapping.pass(&mut command)?;
                command.env("COVIEW_TEST_TOKEN", token.as_str());
                let mut grandchild = Actor::spawn("a grandchild", command);
                say(&grandchild.line());
                grandchild.says("written");
                grandchild.finish();
            } else {
                say(&view.get::<u32>(line.parse()?).to_string());
            }
        }
        Ok(())
    });
}

/// Starts a child that has been given a mapping.
fn child(mapping: &Mapping) -> coview::Result<Actor> {
    let mut command = Actor::command("role_child", &[]);
    let token = mapping.pass(&mut command)?;
    command.env("COVIEW_TEST_TOKEN", token.as_str());
    Ok(Actor::spawn("a child", command))
}

#[test]
fn a_child_shares_the_memory_that_it_was_handed() -> Outcome {
    let mapping = Mapping::unnamed(5000)?;
    let view = mapping.view()?;
    view.put(0, &11u32);
    let mut child = child(&mapping)?;
    child.says("5000 None 11");
    child.says("written");
    assert_eq!(view.get::<u32>(4), 22);
    view.put(8, &33u32);
    child.tell("8");
    child.says("33");
    child.finish();
    Ok(())
}

#[test]
fn the_memory_lives_while_either_side_holds_it() -> Outcome {
    let mapping = Mapping::unnamed(5000)?;
    mapping.view()?.put(0, &11u32);
    let mut child = child(&mapping)?;
    child.says("5000 None 11");
    child.says("written");
    drop(mapping);
    child.tell("4");
    child.says("22");
    child.finish();

    let mapping = Mapping::unnamed(5000)?;
    let mut child = self::child(&mapping)?;
    child.says("5000 None 0");
    child.says("written");
    child.kill();
    assert_eq!(mapping.read_view()?.get::<u32>(4), 22);
    Ok(())
}

#[test]
fn a_mapping_can_be_dropped_between_the_token_and_the_start() -> Outcome {
    let mapping = Mapping::unnamed(5000)?;
    mapping.view()?.put(0, &11u32);
    let mut command = Actor::command("role_child", &[]);
    let token = mapping.pass(&mut command)?;
    command.env("COVIEW_TEST_TOKEN", token.as_str());
    drop(mapping);
    let mut child = Actor::spawn("a child", command);
    drop(token);
    child.says("5000 None 11");
    child.finish();
    Ok(())
}

#[test]
fn a_child_can_hand_it_on() -> Outcome {
    let mapping = Mapping::unnamed(5000)?;
    mapping.view()?.put(0, &11u32);
    let mut child = child(&mapping)?;
    child.says("5000 None 11");
    child.says("written");
    child.tell("grandchild");
    child.says("5000 None 11");
    child.finish();
    Ok(())
}

#[test]
fn several_mappings_reach_several_children() -> Outcome {
    let mappings = (1..=4).map(|size| Mapping::unnamed(size * 1000)).collect::<coview::Result<Vec<_>>>()?;
    for (index, mapping) in mappings.iter().enumerate() {
        mapping.view()?.put(0, &(index as u32));
    }
    let mut children = mappings.iter().chain(&mappings).map(child).collect::<coview::Result<Vec<_>>>()?;
    for (index, child) in children.iter_mut().enumerate() {
        child.says(&format!("{} None {}", (index % 4 + 1) * 1000, index % 4));
    }
    children.into_iter().for_each(Actor::finish);
    Ok(())
}

#[test]
fn a_token_is_short_and_printable() -> Outcome {
    let token = Mapping::unnamed(64)?.pass(&mut Actor::command("role_child", &[]))?;
    assert!(!token.as_str().is_empty() && token.as_str().len() < 100);
    assert!(token.as_str().chars().all(|character| character.is_ascii_graphic()), "{token}");
    assert_eq!(token.to_string(), token.as_str());
    Ok(())
}

#[test]
fn what_has_a_name_is_not_handed_over() -> Outcome {
    let mapping = Mapping::create(&name("named"), 64)?;
    assert_eq!(failure(mapping.pass(&mut Actor::command("role_child", &[]))), ErrorKind::InvalidInput);
    Ok(())
}

#[test]
fn what_is_no_token_opens_nothing() -> Outcome {
    for text in
        ["", "x", "0", "1", "3", "-1", "99999999999999999999", "coview-fd", "coview-fd:", "coview-fd:0:0", "\0", "é"]
    {
        assert!(Mapping::from_token(text).is_err(), "{text:?}");
    }
    let mapping = Mapping::unnamed(64)?;
    let token = mapping.pass(&mut Actor::command("role_child", &[]))?;
    for (index, _) in token.as_str().char_indices() {
        // Whatever a broken token finds, it is no crash.
        let _ = Mapping::from_token(&token.as_str()[..index]);
        let _ = Mapping::from_token(&token.as_str()[index..]);
    }
    for broken in [format!("{token}x"), format!("{token}:1"), format!(" {token}"), format!("x{token}")] {
        assert!(Mapping::from_token(&broken).is_err(), "{broken:?}");
    }
    Ok(())
}

#[test]
fn a_child_without_the_token_has_nothing() -> Outcome {
    let mapping = Mapping::unnamed(64)?;
    let token = mapping.pass(&mut Actor::command("role_stranger", &[]))?;
    // The token belongs to another command, which is never started: this child gets its text and not the memory.
    let mut stranger = Actor::start("role_stranger", &[("TOKEN", "coview-fd:100:1")]);
    stranger.says("refused");
    stranger.finish();
    drop(token);
    Ok(())
}

#[test]
fn role_stranger() {
    play("role_stranger", || {
        say(if Mapping::from_token(&given("TOKEN")).is_err() { "refused" } else { "opened" });
        Ok(())
    });
}

#[test]
fn role_bystander() {
    play("role_bystander", || {
        say("ready");
        hear_out();
        Ok(())
    });
}

#[test]
fn a_child_does_not_keep_its_parents_objects_alive() -> Outcome {
    for kind in common::KINDS {
        let name = name("parent");
        let thing = common::Thing::create(kind, &name)?;
        let mut child = Actor::start("role_bystander", &[]);
        child.says("ready");
        drop(thing);
        assert_eq!(failure(common::Thing::open(kind, &name)), ErrorKind::NotFound, "the child holds a {kind}");
        child.finish();
    }
    Ok(())
}
