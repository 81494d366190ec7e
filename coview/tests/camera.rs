//! The camera examples, run as a user runs them: one of two subscribers is killed and started again, and neither the camera
//! nor the other one loses a frame by it.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::example::Example;
use common::{DEADLINE, Outcome, name, note, until};
use coview::{ErrorKind, Mapping, Topic};

/// How long no frame may come, whoever is killed. What is promised is some milliseconds; but here everybody takes turns on a
/// processor or two with other tests, in programs that the compiler has not made fast.
const LATE: Duration = Duration::from_secs(2);

/// Which frames a line of `camera_histogram` speaks of. It must not miss any of them, and each must be whole.
#[track_caller]
fn frames(line: &str) -> (u64, u64) {
    let words: Vec<&str> = line.split([' ', ':', ',']).filter(|word| !word.is_empty()).collect();
    let ["frames", first, "to", last, missing, "missing", broken, "broken", ..] = words[..] else {
        panic!("it says `{line}`")
    };
    assert_eq!((missing, broken), ("0", "0"), "{line}");
    let number = |text: &str| text.parse().expect("it is a number");
    (number(first), number(last))
}

/// What came from the camera.
struct Seen {
    first: u64,
    last: u64,
    longest_wait: Duration,
}

/// Receives frames until it is told to stop. None may be missing.
fn watch(name: &str, stop: &AtomicBool) -> Result<Seen, String> {
    let told = |error: coview::Error| error.to_string();
    let mut camera = Topic::<[u8]>::open(name).and_then(|topic| topic.subscriber()).map_err(told)?;
    let mut number_of_next = || -> Result<u64, String> {
        let frame = camera.recv_timeout(DEADLINE).map_err(told)?;
        Ok(frame.ok_or("no frame comes")?.get(0))
    };
    let first = number_of_next()?;
    let mut seen = Seen { first, last: first, longest_wait: Duration::ZERO };
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let number = number_of_next()?;
        if number != seen.last + 1 {
            return Err(format!("frame {number} came after frame {}", seen.last));
        }
        seen.longest_wait = seen.longest_wait.max(began.elapsed());
        seen.last = number;
    }
    Ok(seen)
}

#[test]
fn a_subscriber_is_killed_and_started_again_and_no_frame_is_lost_late_or_torn() -> Outcome {
    let name = name("camera");
    // A subscriber may come before the camera.
    let survivor = Example::start("camera_histogram", &name);
    let camera = Example::start("camera_publisher", &name);
    let (mut begin, mut end) = frames(&survivor.says("frames "));
    let mut lines_fit = |line: &str| {
        let (first, last) = frames(line);
        assert_eq!(first, end + 1, "frames are missing before: {line}");
        end = last;
    };
    let died = || Topic::<[u8]>::open(&name).and_then(|topic| topic.state()).map(|state| state.receivers.died);
    let stop = AtomicBool::new(false);

    let seen = thread::scope(|scope| -> Result<Seen, Box<dyn std::error::Error>> {
        let watching = scope.spawn(|| watch(&name, &stop));
        for round in 1..=2 {
            let victim = Example::start("camera_histogram", &name);
            let (first, _) = frames(&victim.says("frames "));
            assert!(first > begin, "who comes late sees what comes then");
            begin = first;
            drop(victim);
            until("the death is noticed", || died().is_ok_and(|died| died == round));
            lines_fit(&survivor.says("frames "));
        }
        // Started again, and here to stay.
        let restarted = Example::start("camera_histogram", &name);
        frames(&restarted.says("frames "));
        stop.store(true, Ordering::Relaxed);
        let seen = watching.join().expect("it does not panic")?;
        // Now with nobody left but the camera to notice.
        drop(restarted);
        Ok(seen)
    })?;
    survivor.rest().for_each(|line| lines_fit(&line));
    note(&format!("{} frames, and never longer than {:?} to the next", seen.last - seen.first, seen.longest_wait));
    assert!(seen.longest_wait < LATE, "no frame came for {:?}", seen.longest_wait);

    drop(survivor);
    camera.says("subscribers: 0");
    note(&camera.says("subscribers: 0"));
    drop(camera);
    // All were killed, and the next call that meets the name finds that out.
    until("the name is free", || Mapping::open(&name).is_err_and(|error| error.kind() == ErrorKind::NotFound));
    Ok(())
}
