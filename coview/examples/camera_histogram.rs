//! Counts how many pixels of each frame of `camera_publisher` are how bright, in place. Starts before it or after it,
//! and survives it.
//!
//! Needs `unsafe` to see a frame as a slice: going over memory that another program could write to is only sound if that
//! does not, and here the two programs belong together. Who trusts nobody takes `frame.read(offset, &mut row)` instead, a
//! row at a time: a row that was read is one's own.
#![allow(clippy::print_stdout, reason = "what it has counted is its result")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use coview::{ErrorKind, Subscriber, Topic, TopicOptions};

const PIXELS: u32 = 1920 * 1080;
const BAR_PIXELS: u32 = 120 * 1080;

/// What a frame begins with; its pixels follow.
#[derive(Clone, Copy, bytemuck::AnyBitPattern)]
#[repr(C)]
struct Stamp {
    number: u64,
    taken_us: u64,
}

fn main() -> coview::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "camera".to_owned());
    let patient = TopicOptions::new().max_len(0).open_timeout(Duration::from_secs(60));
    let mut camera = Topic::<[u8]>::open_with(&patient, &name)?.subscriber()?;
    loop {
        camera.wait_connected()?;
        match watch(&mut camera) {
            // "all senders have gone: 0 have ended, 1 have died"
            Err(error) if error.kind() == ErrorKind::Disconnected => println!("{error}"),
            ended => return ended,
        }
    }
}

fn watch(camera: &mut Subscriber<[u8]>) -> coview::Result<()> {
    let (mut next, mut missing, mut broken) = (None, 0, 0);
    let (mut first, mut oldest_us, mut told) = (None, 0, Instant::now());
    loop {
        let frame = camera.recv()?;
        let Stamp { number, taken_us } = frame.get(0);
        oldest_us = oldest_us.max(now_us().saturating_sub(taken_us));
        // SAFETY: the topic is lossless, so that Coview lets nobody write to a frame that is being read, and private, so that
        // only programs of this user can write to it past Coview. Of these we trust the camera.
        let counts = histogram(&unsafe { frame.as_slice() }[size_of::<Stamp>()..]);
        frame.finish()?;

        let grey = (number % 200) as usize;
        broken += u64::from((counts[grey], counts[255]) != (PIXELS - BAR_PIXELS, BAR_PIXELS));
        missing += number.saturating_sub(next.unwrap_or(number));
        next = Some(number + 1);
        let begin = *first.get_or_insert(number);
        if told.elapsed() >= Duration::from_secs(1) {
            let age = Duration::from_micros(oldest_us);
            println!(
                "frames {begin} to {number}: {missing} missing, {broken} broken, at most {age:?} old, grey {grey}"
            );
            (first, oldest_us, told) = (None, 0, Instant::now());
        }
    }
}

/// How many pixels there are of each brightness.
fn histogram(pixels: &[u8]) -> [u32; 256] {
    let mut counts = [0; 256];
    for pixel in pixels.as_chunks::<4>().0 {
        counts[pixel[0] as usize] += 1;
    }
    counts
}

fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros() as u64)
}
