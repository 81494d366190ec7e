//! `coview demo`: the story is told, and a name in use is told too.

mod common;

use common::{Running, coview, name};

#[test]
fn the_demo_finds_everything_as_it_should_be() {
    let story = coview(&["demo", "--name", &name("demo")]).ok();
    assert!(story.contains("it says \"Update\""), "{story}");
    assert_eq!(story.matches("created it and initialised it").count(), 1, "{story}");
    assert_eq!(story.matches("found it initialised by").count(), 7, "{story}");
    assert!(story.contains("8000 = 8 x 1000"), "{story}");
    assert!(story.contains("marked as abandoned"), "{story}");
    assert!(story.contains("demo: everything as it should be (4 scenes"), "{story}");
    assert!(!story.contains('\u{1b}'), "colour in a pipe: {story}");
}

#[test]
fn the_demo_refuses_a_name_in_use() {
    let name = name("demo-used");
    let _holder = Running::start_ready(&["event", "create", &name, "--json"]);
    let complaint = coview(&["demo", "--name", &name]).failed(1);
    assert!(complaint.contains("is in use; choose another with --name"), "{complaint}");
}

#[test]
fn the_demo_refuses_a_name_that_it_could_not_leave_as_it_was() {
    let complaint = coview(&["demo", "--name", "/posix"]).failed(1);
    assert!(complaint.contains("POSIX shared memory"), "{complaint}");
}

#[test]
fn nobody_listening_ends_the_demo_quietly() {
    let mut demo = Running::start(&["demo", "--name", &name("demo-unheard")]);
    demo.line();
    demo.close_stdout();
    let said = demo.finish();
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
}
