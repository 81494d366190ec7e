//! What the tests of C programs share: they are built against the library, or for Wine, and run with a deadline.

#![allow(dead_code, reason = "each test program uses its own part of this")]
#![allow(clippy::print_stderr, reason = "what was skipped is told to the person who reads")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

/// How long a program may take; it has a watchdog of its own that strikes first.
const DEADLINE: Duration = Duration::from_secs(100);

const WINDOWS_COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// What a program said and how it ended.
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// The folder that the programs and what they leave are in.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source(file: &str) -> PathBuf {
    package().join("tests/conformance").join(file)
}

/// The folder of `libcoview_win32.so`. Cargo lays it beside the test programs that link to the crate.
pub(crate) fn library_folder() -> PathBuf {
    let own = env::current_exe().expect("a test program has a path");
    let deps = own.parent().expect("it is in a folder");
    let found = [deps, deps.parent().expect("which is in the profile's")]
        .into_iter()
        .find(|folder| folder.join("libcoview_win32.so").exists());
    found.unwrap_or_else(|| panic!("no libcoview_win32.so in {} or above", deps.display())).to_owned()
}

/// A path of this process alone, so that test programs that run side by side do not build into each other's.
fn built(file: &str, ending: &str) -> PathBuf {
    static OWN: OnceLock<PathBuf> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        remove_what_is_left();
        let own = folder().join(process::id().to_string());
        fs::create_dir_all(&own).unwrap_or_else(|error| panic!("{}: {error}", own.display()));
        own
    });
    let stem = Path::new(file).file_stem().expect("a source has a name").to_string_lossy().into_owned();
    own.join(format!("{stem}{ending}"))
}

/// Removes what test programs have built that have ended.
fn remove_what_is_left() {
    for entry in fs::read_dir(folder()).into_iter().flatten().flatten() {
        let pid = entry.file_name().to_string_lossy().parse::<u32>();
        if pid.is_ok_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Builds a program, unless this process has it already: another test may be running it.
fn compile_once(program: PathBuf, mut command: Command) -> PathBuf {
    static BUILT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if built.contains(&program) {
        return program;
    }
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    built.insert(program.clone());
    program
}

/// Builds a program against the library, as its users do.
pub(crate) fn build(file: &str) -> PathBuf {
    build_with(file, "", &[])
}

/// Builds a program so that it ends when it touches memory that is not its own, or leaves some behind.
pub(crate) fn build_sanitized(file: &str) -> PathBuf {
    build_with(file, ".sanitized", &["-fsanitize=address", "-fno-omit-frame-pointer"])
}

fn build_with(file: &str, ending: &str, flags: &[&str]) -> PathBuf {
    let library = library_folder();
    let program = built(file, ending);
    let mut command = Command::new(if file.ends_with(".cpp") { "c++" } else { "cc" });
    command.args(["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"]).args(flags);
    command.arg("-I").arg(package().join("include"));
    command.arg(source(file)).arg("-o").arg(&program).arg("-L").arg(&library).arg("-l:libcoview_win32.so");
    command.arg(format!("-Wl,-rpath,{}", library.display()));
    compile_once(program, command)
}

/// Builds a program for Windows.
pub(crate) fn build_for_windows(file: &str) -> PathBuf {
    let program = built(file, ".exe");
    let mut command = Command::new(WINDOWS_COMPILER);
    command
        // Windows 8 and later have barriers.
        .args(["-O1", "-Wall", "-Wextra", "-Werror", "-D_WIN32_WINNT=0x0602"])
        .arg(source(file))
        .arg("-o")
        .arg(&program)
        .arg("-lsynchronization");
    compile_once(program, command)
}

/// Whether programs can be built for Windows and run here; says it when they cannot.
pub(crate) fn has_wine(test: &str) -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let found = *FOUND.get_or_init(|| exists(WINDOWS_COMPILER) && exists("wine") && prepare_wine());
    if !found {
        eprintln!("\n*** SKIPPED: {test} was not compared with Wine, for {WINDOWS_COMPILER} or wine is not here ***\n");
    }
    found
}

pub(crate) fn exists(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).exists()))
}

fn wine_prefix() -> PathBuf {
    env::var_os("WINEPREFIX").map_or_else(|| folder().join("wine"), PathBuf::from)
}

/// Wine sets up its folder the first time; that takes longer than a program may. And its server stays a while, for a program
/// that begins while the server of the one before is about to end is refused.
fn prepare_wine() -> bool {
    let mut server = Command::new("wineserver");
    let _ = in_wine(server.arg("-p60")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let mut command = Command::new("wine");
    command.args(["wineboot", "--init"]).env("WINEDLLOVERRIDES", "mscoree,mshtml=");
    in_wine(&mut command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn in_wine(command: &mut Command) -> &mut Command {
    command.env("WINEPREFIX", wine_prefix()).env("WINEDEBUG", "-all")
}

/// The command that runs a program with no more descriptors than a login shell begins with.
pub(crate) fn as_from_a_shell(program: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#"ulimit -Sn 1024; exec "$0""#]).arg(program);
    command
}

/// The command that runs a program for Windows.
pub(crate) fn under_wine(program: &Path) -> Command {
    let mut command = Command::new("wine");
    in_wine(command.arg(program));
    command
}

/// Runs a program to its end, and kills it when it takes too long.
pub(crate) fn run(mut command: Command) -> Outcome {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Cargo names the folder of its last build first, and what is there may be older than what was built for the tests.
    command.env_remove("LD_LIBRARY_PATH");
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let output = reader(child.stdout.take().expect("it is piped"));
    let errors = reader(child.stderr.take().expect("it is piped"));
    let status = status(&mut child, &format!("{command:?}"));
    let text = |reading: thread::JoinHandle<String>| reading.join().expect("reading does not panic");
    Outcome { status, output: text(output), errors: text(errors) }
}

fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).replace('\r', "")
    })
}

fn status(child: &mut Child, what: &str) -> ExitStatus {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        if begin.elapsed() > DEADLINE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{what}: not within {DEADLINE:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a program against the library and demands that it ends well.
#[track_caller]
pub(crate) fn run_well(command: Command) -> String {
    let what = format!("{command:?}");
    let outcome = run(command);
    assert!(outcome.status.success(), "{what}: {}\n{}\n{}", outcome.status, failures(&outcome.output), outcome.errors);
    outcome.output
}

/// The lines of a program's output that tell what is wrong, and the last one.
fn failures(output: &str) -> String {
    let last = output.lines().last().unwrap_or("it said nothing");
    let wrong = output.lines().filter(|line| line.contains(": FAILED (")).collect::<Vec<_>>().join("\n");
    format!("{wrong}\n{last}")
}

/// A program that is talked to in lines. It does not outlive this value.
pub(crate) struct Peer {
    process: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Peer {
    pub(crate) fn start(mut command: Command) -> Peer {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env_remove("LD_LIBRARY_PATH");
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let output = process.stdout.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Peer { input: process.stdin.take().expect("it is piped"), process, lines }
    }

    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        self.lines.recv_timeout(DEADLINE).unwrap_or_else(|error| panic!("the program says nothing: {error}"))
    }

    #[track_caller]
    pub(crate) fn tell(&mut self, text: &str) {
        writeln!(self.input, "{text}").unwrap_or_else(|error| panic!("the program does not listen: {error}"));
    }

    /// Says a line, and demands an answer.
    #[track_caller]
    pub(crate) fn answers(&mut self, text: &str, expected: &str) {
        self.tell(text);
        assert_eq!(self.line(), expected, "the answer to {text:?}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
