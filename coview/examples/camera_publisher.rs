//! A simulated camera: 60 frames of 1920×1080 pixels a second, each written once, where all who look at it read it.
//! Kill those and start them again, with `kill -9` if you like: the camera goes on, and so does who else looks.
#![allow(clippy::print_stdout, reason = "what it tells is its result")]

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use coview::{Topic, TopicOptions};

const WIDTH: usize = 1920;
const HEIGHT: usize = 1080;
const FRAME_TIME: Duration = Duration::from_nanos(1_000_000_000 / 60);

/// What a frame begins with; rows of red, green, blue and opacity follow.
#[derive(Clone, Copy, bytemuck::NoUninit)]
#[repr(C)]
struct Stamp {
    number: u64,
    taken_us: u64,
}

const FRAME_LEN: usize = size_of::<Stamp>() + WIDTH * HEIGHT * 4;

fn main() -> coview::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "camera".to_owned());
    // Room for four frames, 33 MB. A subscriber that is killed is missed within some 16 ms by the others that wait for frames, and
    // if there are none, within 10 ms by a camera that has run out of room for it: less than a frame takes.
    let options = TopicOptions::new().max_len(FRAME_LEN as u64).capacity(4).one_publisher();
    let topic = Topic::<[u8]>::create_or_open_with(&options, &name)?;
    let mut camera = topic.publisher()?;
    let (mut due, mut told) = (Instant::now(), (0, Instant::now()));
    for number in 0.. {
        // A camera that cannot wait would take `loan_timeout`, and drop the frame if there is no room.
        let mut frame = camera.loan(FRAME_LEN)?;
        frame.put(0, &Stamp { number, taken_us: now_us() });
        let row = row(number);
        for y in 0..HEIGHT {
            frame.write(size_of::<Stamp>() + y * row.as_flattened().len(), row.as_flattened());
        }
        frame.commit()?;

        if told.1.elapsed() >= Duration::from_secs(1) {
            let rate = (number - told.0) as f64 / told.1.elapsed().as_secs_f64();
            let (blocked, subscribers) = (camera.stats().blocked, topic.state()?.receivers.present);
            println!(
                "frame {number}: {rate:.1} a second, held up for {blocked:.1?} in all, subscribers: {subscribers}"
            );
            told = (number, Instant::now());
        }
        due += FRAME_TIME;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// A white bar that moves over a grey that brightens: of each frame it is known how many pixels are how bright.
fn row(number: u64) -> [[u8; 4]; WIDTH] {
    let (grey, bar) = ((number % 200) as u8, (number * 8) as usize % (WIDTH - 120));
    let mut row = [[grey, grey, grey, 255]; WIDTH];
    row[bar..bar + 120].fill([255; 4]);
    row
}

fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros() as u64)
}
