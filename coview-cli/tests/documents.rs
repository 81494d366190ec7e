//! `coview completions`, `man`, `--help` and `--version`: generated, complete, and nothing hidden in them.

mod common;

use std::fs;

use common::{coview, name};

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = coview(&["completions", shell]).ok();
        assert!(script.contains("semaphore") && script.contains("timer"), "{shell}: {script}");
        assert!(!script.contains("demo-part"), "{shell} shows the demo's inner command");
    }
    coview(&["completions", "cmd"]).failed(2);
}

#[test]
fn every_command_has_a_manual_page() {
    assert!(coview(&["man"]).ok().contains(".TH coview 1"));
    let dir = std::env::temp_dir().join(name("man"));
    coview(&["man", "--dir", dir.to_str().expect("the path is UTF-8")]).ok();
    for page in ["coview.1", "coview-create.1", "coview-event-wait.1", "coview-timer-set.1", "coview-ls.1"] {
        let text = fs::read_to_string(dir.join(page)).expect(page);
        assert!(text.contains(".SH EXAMPLES\n.nf\ncoview "), "{page}: {text}");
    }
    fs::remove_dir_all(&dir).expect("the folder is the test's own");
}

#[test]
fn help_and_version_are_results() {
    assert!(coview(&["--help"]).ok().contains("coview demo"));
    assert!(coview(&["read", "-h"]).ok().contains("Examples:"));
    assert!(coview(&["--version"]).ok().starts_with("coview "));
}
