//! The seed's program, its second side: opens by name what `seed_writer` has made, and reads it under the lock.
#![allow(clippy::print_stdout, reason = "what it has read is its result")]

use coview::{Mapping, Mutex};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "seed".to_owned());

    let lock = Mutex::open(&format!("{name}.lock"))?;
    let view = Mapping::open(&name)?.view()?;
    let _held = lock.lock()?;
    let text: [u8; 6] = view.get(0);
    println!("{}", String::from_utf8_lossy(&text));
    Ok(())
}
