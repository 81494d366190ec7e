//! Plots the speed that `telemetry_vehicle` publishes, twenty lines a second.
#![allow(clippy::print_stdout, reason = "the plot is its result")]

use std::{thread, time::Duration};

use coview::{Latest, RegionOptions};

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
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
        let news = vehicle.wait_newer_than(seen)?;
        let bar = "#".repeat(2 * news.value.speed_mps as usize);
        println!("vehicle {} {:6.2} m/s {bar}", news.stamp.generation, news.value.speed_mps);
        seen = news.stamp.sequence;
        thread::sleep(Duration::from_millis(50));
    }
}
