//! `coview completions`, `man`, `--help` and `--version`: generated, complete, and nothing hidden in them.

mod common;

use std::fs;

use common::{coview, name};

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = coview(&["completions", shell]).ok();
        assert!(script.contains("semaphore") && script.contains("timer"), "{shell}: {script}");
        assert!(script.contains("length-prefixed") && script.contains("quick"), "{shell}: {script}");
        for inner in ["demo-part", "bench-part"] {
            assert!(!script.contains(inner), "{shell} shows the inner command {inner}");
        }
    }
    coview(&["completions", "cmd"]).failed(2);
}

#[test]
fn every_command_has_a_manual_page() {
    assert!(coview(&["man"]).ok().contains(".TH coview 1"));
    let dir = std::env::temp_dir().join(name("man"));
    coview(&["man", "--dir", dir.to_str().expect("the path is UTF-8")]).ok();
    let pages = ["coview.1", "coview-create.1", "coview-event-wait.1", "coview-timer-set.1", "coview-ls.1"];
    let channel_pages = ["coview-send.1", "coview-recv.1", "coview-pub.1", "coview-sub.1", "coview-bench.1"];
    for page in pages.into_iter().chain(channel_pages) {
        let text = fs::read_to_string(dir.join(page)).expect(page);
        let examples = text.split(".SH EXAMPLES\n.nf\n").nth(1).and_then(|examples| examples.lines().next());
        assert!(examples.is_some_and(|first| first.contains("coview ")), "{page}: {text}");
    }
    fs::remove_dir_all(&dir).expect("the folder is the test's own");
}

#[test]
fn help_and_version_are_results() {
    assert!(coview(&["--help"]).ok().contains("coview demo"));
    assert!(coview(&["read", "-h"]).ok().contains("Examples:"));
    assert!(coview(&["--version"]).ok().starts_with("coview "));
}
