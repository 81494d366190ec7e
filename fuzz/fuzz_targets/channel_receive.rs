//! Receives from channels whose memory holds what the fuzzer wants. The same runs over random bytes in
//! `coview/tests/channel_hostile.rs`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../coview/tests/common/garbage.rs"]
mod garbage;

fuzz_target!(|bytes: &[u8]| {
    let _received = garbage::receive(bytes);
});
