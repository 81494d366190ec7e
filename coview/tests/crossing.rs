//! A Windows program under Wine and a Linux program read each other's `Latest`, through mappings of one file.
//!
//! The roles exist on both systems. The native test plays them with this program built for Windows, of which
//! `COVIEW_WINDOWS_PEER` says where it is and `COVIEW_WINDOWS_RUNNER` what starts it and becomes it: `ci/test-windows.sh`.

mod common;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use common::sealed::Sealed;
use common::{Actor, DEADLINE, Outcome, failure, given, hear, name, note, play, say, until};
use coview::{ErrorKind, Latest, LatestPublisher, Mapping, PublisherState, RegionOptions};

fn map(path: &Path) -> Result<Mapping, Box<dyn std::error::Error>> {
    let file = File::options().read(true).write(true).open(path)?;
    Ok(Mapping::from_file(&file, Some(Latest::<Sealed>::REGION_SIZE))?)
}

/// What a reader sees: value, number, generation, publisher.
fn look(reader: &Latest<Sealed>, newer_than: u64) -> Result<String, Box<dyn std::error::Error>> {
    let Some(reading) = reader.wait_newer_than_timeout(newer_than, DEADLINE)? else { return Ok("nothing".into()) };
    reading.value.check()?;
    let (number, stamp) = (reading.value.number, reading.stamp);
    Ok(format!("{number} {} {} {}", stamp.sequence, stamp.generation, reader.publisher()?))
}

/// Does what it is told: `publish NUMBER`, `drop`, `read`, `wait SEQUENCE`.
#[test]
fn role_peer() {
    play("role_peer", || {
        let mapping = map(Path::new(&given("PATH")))?;
        let mut publisher: Option<LatestPublisher<Sealed>> = None;
        say("ready");
        while let Some(line) = hear() {
            let (what, number) = line.split_once(' ').unwrap_or((&line, "0"));
            let number: u64 = number.parse()?;
            let options = RegionOptions::new();
            match what {
                "publish" => match LatestPublisher::over(&mapping, &options) {
                    Ok(new) => {
                        let new = publisher.insert(new);
                        let sequence = new.publish(&Sealed::new(number))?;
                        say(&format!("{sequence} {}", new.generation()));
                    }
                    Err(error) => say(&format!("{:?}", error.kind())),
                },
                "drop" => {
                    drop(publisher.take());
                    say("dropped");
                }
                "wait" => {
                    let reader = Latest::over(&mapping, &options)?;
                    say("waiting");
                    say(&look(&reader, number)?);
                }
                _ => say(&look(&Latest::over(&mapping, &options)?, number)?),
            }
        }
        Ok(())
    });
}

/// A file that is removed when this is dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Starts the role in the program that was built for Windows; `None` if nobody has said where that is.
fn windows_peer(path: &Path) -> Option<Actor> {
    let program = env::var_os("COVIEW_WINDOWS_PEER")?;
    let runner = env::var_os("COVIEW_WINDOWS_RUNNER").expect("who says where the peer is says what starts it");
    // Wine knows the root folder as drive Z.
    let path = format!("Z:{}", path.to_str().expect("a plain path").replace('/', "\\"));
    let role = Actor::command("role_peer", &[("PATH", &path)]);
    let mut command = std::process::Command::new(runner);
    command.arg(program).args(role.get_args());
    command.envs(role.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let mut peer = Actor::spawn("the Windows program", command);
    peer.says("ready");
    Some(peer)
}

#[test]
fn a_windows_program_and_a_linux_program_read_each_others_latest_value() -> Outcome {
    let scratch = Scratch(env::temp_dir().join(name("crossing")));
    fs::write(&scratch.0, [])?;
    let Some(mut peer) = windows_peer(&scratch.0) else {
        note("nobody has said where the Windows program is: ci/test-windows.sh does");
        return Ok(());
    };
    let (mapping, options) = (map(&scratch.0)?, RegionOptions::new());

    // The Windows program makes the region and publishes.
    peer.tell("publish 41");
    peer.says("1 1");
    let reader = Latest::<Sealed>::over(&mapping, &options)?;
    assert_eq!(look(&reader, 0)?, "41 1 1 alive");
    assert_eq!(failure(LatestPublisher::<Sealed>::over(&mapping, &options)), ErrorKind::Busy);
    peer.tell("drop");
    peer.says("dropped");
    assert_eq!(reader.publisher()?, PublisherState::Ended);

    // The Linux program takes over.
    let mut publisher = LatestPublisher::over(&mapping, &options)?;
    assert_eq!((publisher.publish(&Sealed::new(42))?, publisher.generation()), (2, 2));
    peer.tell("read");
    peer.says("42 2 2 alive");
    peer.tell("publish 0");
    peer.says("Busy");
    peer.tell("wait 2");
    peer.says("waiting");
    publisher.publish(&Sealed::new(43))?;
    peer.says("43 3 2 alive");
    drop(publisher);
    peer.tell("read");
    peer.says("43 3 2 ended");

    // The Windows program takes over while the Linux program waits, and is killed.
    peer.tell("publish 44");
    assert_eq!(look(&reader, 3)?, "44 4 3 alive");
    peer.says("4 3");
    peer.kill();
    until("its death is known", || reader.publisher().is_ok_and(|state| state == PublisherState::Died));
    assert_eq!(LatestPublisher::<Sealed>::over(&mapping, &options)?.generation(), 4);

    // A Linux program is killed.
    let path = scratch.0.to_str().ok_or("an odd path")?;
    let mut native = Actor::start("role_peer", &[("PATH", path)]);
    native.says("ready");
    native.tell("publish 45");
    native.says("5 5");
    let mut peer = windows_peer(&scratch.0).ok_or("it was there")?;
    peer.tell("read");
    peer.says("45 5 5 alive");
    native.kill();
    peer.tell("read");
    peer.says("45 5 5 died");
    peer.tell("publish 46");
    peer.says("6 6");
    assert_eq!(look(&reader, 5)?, "46 6 6 alive");
    peer.finish();
    assert_eq!(look(&reader, 5)?, "46 6 6 ended");
    Ok(())
}
