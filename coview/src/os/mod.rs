//! What one system alone can do. A program that uses it is a program for that system.

#[cfg(target_os = "linux")]
pub mod linux;
