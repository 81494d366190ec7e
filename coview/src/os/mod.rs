//! What only one system offers. A program that uses it says so in its `use`.

#[cfg(target_os = "linux")]
pub mod linux;
