//! `coview watch` on a terminal, which `script` provides.
#![cfg(target_os = "linux")]

mod common;

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use common::{COVIEW, PATIENCE, name};
use coview::{LatestPublisher, Mapping, Shared};

const ENTER: &str = "\x1b[?1049h";
const CURSOR: &str = "\x1b[?25h";
const LEAVE: &str = "\x1b[?1049l";

/// A command on a terminal of 24 rows and 120 columns.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    shown: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn start(arguments: &str) -> Terminal {
        let line = format!("stty rows 24 columns 120; exec '{COVIEW}' {arguments}");
        // What runs in a shell's background ignores SIGINT, and so would the command.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT", "TERM=xterm", "script", "-qec", &line, "/dev/null"]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("`script` starts");
        let keys = child.stdin.take().expect("stdin is piped");
        let mut stdout = child.stdout.take().expect("stdout is piped");
        let (sender, shown) = mpsc::channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(len @ 1..) = stdout.read(&mut piece) {
                let _ = sender.send(piece[..len].to_vec());
            }
        });
        Terminal { child, keys, shown, seen: String::new() }
    }

    /// Waits until something is shown that was not yet looked for, and takes note of all up to there.
    fn wait_for(&mut self, what: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.find(what) {
                self.seen.drain(..at + what.len());
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(piece) = self.shown.recv_timeout(left) else {
                let last = self.seen.char_indices().rev().nth(2000).map_or(0, |(at, _)| at);
                panic!("no {what:?} in {:?}", &self.seen[last..]);
            };
            self.seen += &String::from_utf8_lossy(&piece);
        }
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).expect("the terminal takes keys");
    }

    fn status(mut self) -> Option<i32> {
        self.child.wait().expect("it can be waited for").code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended by itself unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn changed_values_are_marked_and_ctrl_c_gives_the_terminal_back() {
    let name = name("screen");
    let mut publisher = LatestPublisher::<[u32; 2]>::create(&name).expect("the name is free");
    publisher.publish(&[7, 8]).expect("it can be published");
    let mut terminal = Terminal::start(&format!("watch {name} --as 'u32 id; u32 count'"));
    terminal.wait_for(ENTER);
    terminal.wait_for("latest of 8 B   value 1");
    terminal.wait_for("publisher 1 alive");
    terminal.wait_for("count = 8");
    publisher.publish(&[7, 9]).expect("it can be published");
    terminal.wait_for("value 2");
    terminal.wait_for("id    = 7");
    terminal.wait_for("count = \x1b[7m9\x1b[0m");
    drop(publisher);
    terminal.wait_for("publisher 1 ended");
    terminal.press(b"\x03");
    terminal.wait_for(CURSOR);
    terminal.wait_for(LEAVE);
    // The last picture stays.
    terminal.wait_for("count = ");
    assert_eq!(terminal.status(), Some(0));
}

#[test]
fn a_large_mapping_is_shown_as_far_as_it_fits() {
    let name = name("screen-large");
    let mapping = Mapping::create(&name, 1 << 20).expect("the name is free");
    let mut terminal = Terminal::start(&format!("watch {name} --offset 32 --count 2"));
    terminal.wait_for("mapping of 1 MiB   0 changes");
    terminal.wait_for("00000020  00 00");
    // 24 rows, less the headline, the empty one and the last.
    terminal.wait_for("00000160  00 00");
    terminal.wait_for("1048208 bytes more are not shown");
    mapping.view().expect("it can be mapped").write(33, b"!");
    terminal.wait_for("00000020  00 \x1b[7m21\x1b[0m 00");
    terminal.wait_for(LEAVE);
    assert_eq!(terminal.status(), Some(0));
}

#[test]
fn a_timeout_gives_the_terminal_back_and_lines_need_none() {
    let name = name("screen-timeout");
    let _shared = Shared::create(&name, &5u8).expect("the name is free");
    let mut terminal = Terminal::start(&format!("watch {name} --timeout 100ms"));
    terminal.wait_for(CURSOR);
    terminal.wait_for(LEAVE);
    terminal.wait_for("timed out");
    assert_eq!(terminal.status(), Some(124));
    let mut lines = Terminal::start(&format!("watch {name} --as u8 --format text --count 1"));
    lines.wait_for("#1 value=5\r\n");
    assert!(!lines.seen.contains(ENTER));
    assert_eq!(lines.status(), Some(0));
}
