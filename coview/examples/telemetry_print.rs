//! Prints what `telemetry_vehicle` publishes, ten times a second. Starts before it or after it, and survives it.
#![allow(clippy::print_stdout, reason = "what it has read is its result")]

use std::{thread, time::Duration};

use coview::{Latest, RegionOptions};

#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Telemetry {
    tick: u64,
    speed_mps: f64,
}

fn main() -> coview::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "vehicle".to_owned());
    let patient = RegionOptions::new().open_timeout(Duration::from_secs(60));
    let vehicle = Latest::<Telemetry>::open_with(&patient, &name)?;
    let mut seen = 0;
    loop {
        match vehicle.wait_newer_than_timeout(seen, Duration::from_secs(1))? {
            Some(news) => {
                seen = news.stamp.sequence;
                println!("vehicle {}, {:?} old: {:?}", news.stamp.generation, news.stamp.age(), news.value);
            }
            None => println!("nothing new for a second: the publisher {}", vehicle.publisher()?),
        }
        thread::sleep(Duration::from_millis(100));
    }
}
