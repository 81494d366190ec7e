//! Where and when figures were taken.

use std::fs;
use std::process::Command;

/// The processor's name, how many of it there are, the kernel, and the day.
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) processors: usize,
    pub(crate) kernel: String,
    pub(crate) date: String,
}

impl Machine {
    pub(crate) fn this_one() -> Machine {
        Machine {
            processor: processor(),
            // Not those that this process may run on: it has one.
            processors: read("/proc/cpuinfo").lines().filter(|line| line.starts_with("processor")).count(),
            kernel: read("/proc/sys/kernel/osrelease"),
            date: today(),
        }
    }

    /// All of it in a line.
    pub(crate) fn text(&self) -> String {
        let Machine { processor, processors, kernel, date } = self;
        format!("{processor}, {processors} processors, Linux {kernel}, {date}")
    }
}

/// The name, with family and model where the name says little, as virtual machines like it.
fn processor() -> String {
    let information = read("/proc/cpuinfo");
    let field = |name: &str| {
        let line = information.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name));
        line.and_then(|line| line.split(':').nth(1)).map_or("unknown", str::trim)
    };
    format!("{} (family {}, model {})", field("model name"), field("cpu family"), field("model"))
}

/// The standard library has no calendar.
fn today() -> String {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().expect("date");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}
