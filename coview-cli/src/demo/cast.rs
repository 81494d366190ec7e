//! The demo's child processes: started, listened to, and ended whatever happens.

use std::fmt::Arguments;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use anstyle::{AnsiColor, Style};
use shared_child::SharedChild;

use super::part::{Names, WORD};
use super::{PATIENCE, too_slow};
use crate::failure::Failure;
use crate::output;

const TITLE: Style = Style::new().bold();
const TELLER: Style = AnsiColor::Green.on_default().bold();
const ACTOR: Style = AnsiColor::Cyan.on_default();

/// Begins a scene.
pub(super) fn scene(number: usize, title: &str) -> Result<(), Failure> {
    let gap = if number > 1 { "\n" } else { "" };
    writeln!(output::stdout(), "{gap}{TITLE}{number}. {title}{TITLE:#}")?;
    Ok(())
}

/// Prints a line of this process.
pub(super) fn tell(label: &str, words: Arguments<'_>) -> Result<(), Failure> {
    speak(TELLER, label, std::process::id(), words)
}

fn speak(style: Style, label: &str, pid: u32, words: Arguments<'_>) -> Result<(), Failure> {
    let mut out = output::stdout();
    writeln!(out, "{style}{label:<2} {pid:<7}{style:#} | {words}")?;
    out.flush()?;
    Ok(())
}

/// The child processes of one scene. Those that still run when it is dropped are killed.
pub(super) struct Cast {
    actors: Vec<Actor>,
    news: Receiver<News>,
    reporter: Sender<News>,
}

struct Actor {
    label: String,
    child: Arc<SharedChild>,
    stdin: Option<ChildStdin>,
    ended: Option<ExitStatus>,
}

/// What comes from an actor, by its place in the cast.
enum News {
    Said(usize, String),
    Complained(usize, String),
    Ended(usize, ExitStatus),
}

impl Cast {
    pub(super) fn new() -> Cast {
        let (reporter, news) = mpsc::channel();
        Cast { actors: Vec::new(), news, reporter }
    }

    /// Starts this program in a role, and returns the actor's place.
    pub(super) fn start(&mut self, label: &str, role: &str, names: &Names) -> Result<usize, Failure> {
        let failure = |source| Failure::Stream(format!("start process {label}"), source);
        let mut command = Command::new(std::env::current_exe().map_err(failure)?);
        command.args([WORD, role, "--", &names.mapping]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = Arc::new(SharedChild::spawn(&mut command).map_err(failure)?);
        let place = self.actors.len();
        self.listen(place, &child);
        let stdin = child.take_stdin();
        self.actors.push(Actor { label: label.to_owned(), child, stdin, ended: None });
        Ok(place)
    }

    /// Reports what an actor says, and then its end.
    fn listen(&self, place: usize, child: &Arc<SharedChild>) {
        let (stdout, stderr) = (child.take_stdout(), child.take_stderr());
        let said = report_lines(stdout, self.reporter.clone(), move |line| News::Said(place, line));
        let complained = report_lines(stderr, self.reporter.clone(), move |line| News::Complained(place, line));
        let (child, reporter) = (Arc::clone(child), self.reporter.clone());
        thread::spawn(move || {
            for listener in [said, complained] {
                listener.join().expect("a listener does not panic");
            }
            if let Ok(status) = child.wait() {
                // Nobody listens when the scene has ended already.
                let _ = reporter.send(News::Ended(place, status));
            }
        });
    }

    /// Prints what the actors say until there were `count` lines.
    pub(super) fn lines(&mut self, count: u32) -> Result<(), Failure> {
        let mut left = count;
        while left > 0 {
            match self.next()? {
                News::Said(..) => left -= 1,
                News::Complained(..) => {}
                News::Ended(place, status) => self.check_success(place, status)?,
            }
        }
        Ok(())
    }

    /// Lets all actors come to their end, and checks that it is a good one.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        for actor in &mut self.actors {
            actor.stdin = None;
        }
        while self.actors.iter().any(|actor| actor.ended.is_none()) {
            if let News::Ended(place, status) = self.next()? {
                self.check_success(place, status)?;
            }
        }
        Ok(())
    }

    pub(super) fn child(&self, place: usize) -> &SharedChild {
        &self.actors[place].child
    }

    /// Returns when a killed actor has ended.
    pub(super) fn await_death(&mut self, place: usize) -> Result<(), Failure> {
        while self.actors[place].ended.is_none() {
            self.next()?;
        }
        Ok(())
    }

    /// The next news, printed already.
    fn next(&mut self) -> Result<News, Failure> {
        let news = self.news.recv_timeout(PATIENCE).map_err(|_| too_slow("waiting for a process"))?;
        match &news {
            News::Said(place, line) | News::Complained(place, line) => {
                let actor = &self.actors[*place];
                speak(ACTOR, &actor.label, actor.child.id(), format_args!("{line}"))?;
            }
            News::Ended(place, status) => self.actors[*place].ended = Some(*status),
        }
        Ok(news)
    }

    fn check_success(&self, place: usize, status: ExitStatus) -> Result<(), Failure> {
        let Actor { label, child, .. } = &self.actors[place];
        match status.success() {
            true => Ok(()),
            false => Err(Failure::Refused(format!("process {label} {} ended with {status}", child.id()))),
        }
    }
}

impl Drop for Cast {
    fn drop(&mut self) {
        for actor in self.actors.iter().filter(|actor| actor.ended.is_none()) {
            // One that has ended by itself is as good as one that was killed.
            let _ = actor.child.kill();
            let _ = actor.child.wait();
        }
    }
}

fn report_lines(
    stream: Option<impl Read + Send + 'static>,
    reporter: Sender<News>,
    news: impl Fn(String) -> News + Send + 'static,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let lines = stream.into_iter().flat_map(|stream| BufReader::new(stream).lines().map_while(Result::ok));
        for line in lines {
            if reporter.send(news(line)).is_err() {
                return;
            }
        }
    })
}
