//! Records of what a child inherits that nobody honest has written.
//!
//! Needs `unsafe` to make and seal a file in memory.

use std::fs;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};
use std::process::Command;

use crate::start::own_program;
use crate::{DETAIL, ROLE};

#[test]
fn a_forged_record_does_no_harm() {
    let numbers = ["", "x", "-1", "0", "1", "2", "3", "99", "2147483647", "99999999999"];
    for number in numbers {
        let status = Command::new(own_program())
            .args(["a_child", "--exact", "--nocapture"])
            .envs([("COVIEW_WIN32_START", number), (ROLE, "exit"), (DETAIL, "21")])
            .status()
            .expect("it starts");
        assert_eq!(status.code(), Some(21), "{number}");
    }
}

#[test]
fn a_record_that_is_sealed_and_makes_no_sense_does_no_harm() {
    let magic = b"coviewS1";
    let mut named = magic.to_vec();
    // A page that is descriptor 5 of file 0, and a command line longer than the record.
    named.extend([5_u32.to_le_bytes(), [0; 4], [0; 4], [0; 4], [0; 4], u32::MAX.to_le_bytes()].concat());
    let noise = (0..4000_u32).flat_map(|number| (number.wrapping_mul(2_654_435_761) >> 13).to_le_bytes());
    let noise: Vec<u8> = magic.iter().copied().chain(noise).collect();
    for bytes in [&magic[..], &named, &noise, b"something else", b""] {
        let file = sealed(bytes);
        let status = Command::new(own_program())
            .args(["a_child", "--exact", "--nocapture"])
            .envs([("COVIEW_WIN32_START", file.as_raw_fd().to_string().as_str()), (ROLE, "exit"), (DETAIL, "21")])
            .status()
            .expect("it starts");
        assert_eq!(status.code(), Some(21), "{bytes:?}");
    }
}

/// A sealed file in memory that children inherit.
fn sealed(bytes: &[u8]) -> fs::File {
    // SAFETY: the name ends with a NUL.
    let descriptor = unsafe { libc::memfd_create(c"forged".as_ptr(), libc::MFD_ALLOW_SEALING) };
    // SAFETY: the descriptor is new.
    let mut file = unsafe { fs::File::from_raw_fd(descriptor) };
    file.write_all(bytes).expect("there is room");
    // SAFETY: a call without pointers.
    assert_eq!(unsafe { libc::fcntl(descriptor, libc::F_ADD_SEALS, 0xF) }, 0);
    file
}
