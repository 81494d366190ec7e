//! A simulated vehicle that publishes its state a thousand times a second. Kill it and start it again: who reads reads on.

use std::{thread, time::Duration};

use coview::LatestPublisher;

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Telemetry {
    tick: u64,
    speed_mps: f64,
}

fn main() -> coview::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "vehicle".to_owned());
    let mut vehicle = LatestPublisher::<Telemetry>::create_or_open(&name)?;
    for tick in 0.. {
        let time_s = tick as f64 / 1000.0;
        vehicle.publish(&Telemetry { tick, speed_mps: 15.0 + 10.0 * time_s.sin() })?;
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
