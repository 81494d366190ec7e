//! What the tests of the command share: running it with a deadline, and holding objects with it.

// Each test program uses a part of this.
#![allow(dead_code, unreachable_pub)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before the test has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The command under test, as a COMMAND for itself too.
pub const COVIEW: &str = env!("CARGO_BIN_EXE_coview");

/// Wine's `CreateProcess` now and then gives up on a new process while others are being killed, with ERROR_INTERNAL_ERROR,
/// which Windows does not know there: to the test, or to a command that starts another. Nothing of ours has run then in
/// what was to be started, so it is asked again.
const WINE_GAVE_UP: i32 = 1359;
const TRIES: usize = 10;

/// A name that no other test and no other run uses.
pub fn name(test: &str) -> String {
    format!("cli.{test}.{}", std::process::id())
}

/// What a finished command has said.
#[derive(Debug)]
pub struct Said {
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Said {
    /// The stdout of a command that succeeded.
    pub fn ok(self) -> String {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        String::from_utf8(self.stdout).expect("stdout is UTF-8")
    }

    /// The stderr of a command that failed with a status.
    pub fn failed(self, status: i32) -> String {
        assert_eq!(self.status, Some(status), "{}", self.stderr);
        self.stderr
    }

    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).expect("stdout is JSON")
    }
}

/// Runs the command to its end.
pub fn coview(arguments: &[&str]) -> Said {
    coview_fed(arguments, b"")
}

/// Runs the command to its end with something on its stdin.
pub fn coview_fed(arguments: &[&str], input: &[u8]) -> Said {
    let run = || {
        let mut running = Running::start(arguments);
        let mut stdin = running.stdin();
        let input = input.to_vec();
        // A command that does not read its stdin is no failure.
        thread::spawn(move || stdin.write_all(&input));
        running.finish()
    };
    let mut said = run();
    for _ in 1..TRIES {
        if said.status == Some(0) || !blames_wine(&said.stderr) {
            break;
        }
        said = run();
    }
    said
}

/// Waits for what a running command makes, for which `find` waits a little.
pub fn await_made<T>(running: &mut Running, find: impl Fn(Duration) -> coview::Result<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match find(Duration::from_millis(50)) {
            Ok(made) => return made,
            Err(error) => assert!(Instant::now() < deadline, "it is not made: {error}"),
        }
        running.expect_alive();
    }
}

/// Whether a command has failed because Wine did not start another.
fn blames_wine(stderr: &str) -> bool {
    stderr.contains(&format!("(os error {WINE_GAVE_UP})"))
}

/// Starts a program.
pub fn spawn(command: &mut Command) -> Child {
    let mut spawned = command.spawn();
    for _ in 1..TRIES {
        match &spawned {
            Err(error) if error.raw_os_error() == Some(WINE_GAVE_UP) => spawned = command.spawn(),
            _ => break,
        }
    }
    spawned.expect("the program starts")
}

/// A running command, killed when the test ends before it.
pub struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    /// What all of stdout was, when it has come to its end, if it was let go on.
    collected: Option<Receiver<Vec<u8>>>,
    stderr: Receiver<String>,
    /// What of stderr was taken note of already.
    heard: String,
}

impl Running {
    pub fn start(arguments: &[&str]) -> Running {
        let mut command = Command::new(COVIEW);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawn(&mut command);
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = lines(child.stderr.take().expect("stderr is piped"));
        Running { child, stdout, collected: None, stderr, heard: String::new() }
    }

    /// Starts a command that says one line of JSON on stdout when it is ready, and waits for that.
    pub fn start_ready(arguments: &[&str]) -> Running {
        for _ in 0..TRIES {
            let mut running = Running::start(arguments);
            match running.line_or_end() {
                Ok(line) => {
                    let ready: serde_json::Value = serde_json::from_str(&line).expect("the line is JSON");
                    assert!(ready["name"].is_string(), "{line}");
                    return running;
                }
                Err(stderr) => assert!(blames_wine(&stderr), "stdout ended before a line; stderr says `{stderr}`"),
            }
        }
        panic!("Wine does not start {arguments:?}");
    }

    /// Reads one line of stdout.
    pub fn line(&mut self) -> String {
        self.line_or_end().unwrap_or_else(|stderr| panic!("stdout ended before a line; stderr says `{stderr}`"))
    }

    /// Reads one line of stdout; the error is what a command that ended without one has said on stderr.
    fn line_or_end(&mut self) -> Result<String, String> {
        let mut stdout = self.stdout.take().expect("stdout is read by one at a time");
        let (sender, received) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = stdout.read_line(&mut line);
            let _ = sender.send((read, line, stdout));
        });
        let (read, line, stdout) = received.recv_timeout(PATIENCE).expect("a line comes in time");
        self.stdout = Some(stdout);
        if read.expect("stdout is UTF-8") > 0 {
            return Ok(line);
        }
        self.wait();
        Err(self.rest_of_stderr())
    }

    /// Waits until stderr has said something.
    pub fn hear(&mut self, words: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.heard.contains(words) {
            let left = deadline.saturating_duration_since(Instant::now());
            self.heard += &self.stderr.recv_timeout(left).expect("it is said in time");
        }
    }

    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("stdin is taken once")
    }

    /// Goes on reading stdout, so that a command that writes much is not held up; the rest is in what [`Running::finish`]
    /// returns.
    pub fn collect(&mut self) {
        self.collected = self.stdout.take().map(collect);
    }

    /// Closes stdout, as `head` does.
    pub fn close_stdout(&mut self) {
        self.stdout = None;
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process without a chance to clean up.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.wait();
    }

    /// Waits for the end.
    pub fn finish(mut self) -> Said {
        drop(self.child.stdin.take());
        let stdout = self.collected.take().or_else(|| self.stdout.take().map(collect));
        let stdout = stdout.map(|stdout| stdout.recv_timeout(PATIENCE).expect("stdout ends in time"));
        let stderr = self.rest_of_stderr();
        let status = self.wait().code();
        Said { status, stdout: stdout.unwrap_or_default(), stderr }
    }

    /// All that stderr has said and nobody took out, up to its end.
    fn rest_of_stderr(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.stderr.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.heard += &line,
                Err(RecvTimeoutError::Disconnected) => return std::mem::take(&mut self.heard),
                Err(RecvTimeoutError::Timeout) => panic!("stderr does not end"),
            }
        }
    }

    /// Fails if the command has ended.
    pub fn expect_alive(&mut self) {
        if let Some(status) = self.child.try_wait().expect("it can be waited for") {
            panic!("the command has ended with {status}; stderr says `{}`", self.rest_of_stderr());
        }
    }

    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().expect("it can be waited for") {
                Some(status) => return status,
                None => assert!(Instant::now() < deadline, "the command does not end"),
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Nothing depends on this; a run of the tests leaves nothing behind, though, even for those who look.
        let _ = coview::sweep(coview::Namespace::Local);
        let _ = coview::sweep(coview::Namespace::Global);
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, received) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is what there is to see.
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    received
}

/// The lines of a stream, as they come.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, received) = mpsc::channel();
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            line.clear();
        }
    });
    received
}
