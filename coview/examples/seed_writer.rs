//! The seed's program, its first side: writes under the lock, then starts the reader, which opens both by name.

use std::process::Command;

use coview::{Mapping, Mutex};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "seed".to_owned());
    let reader = std::env::current_exe()?.with_file_name(format!("seed_reader{}", std::env::consts::EXE_SUFFIX));

    let lock = Mutex::create(&format!("{name}.lock"))?;
    let view = Mapping::create(&name, 1024)?.view()?;
    let held = lock.lock()?;
    view.write(0, b"Update");
    drop(held);
    let status = Command::new(reader).arg(&name).status()?;
    std::process::exit(status.code().unwrap_or(1));
}
