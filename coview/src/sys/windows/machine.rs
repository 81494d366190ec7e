//! What the machine is like: its address space and the lengths that go with it.
//!
//! Needs `unsafe` to call the kernel.

use windows_sys::Win32::System::Memory::GetLargePageMinimum;
use windows_sys::Win32::System::SystemInformation::{GetSystemInfo, SYSTEM_INFO};

/// What the offset of a view must be a multiple of.
pub(super) fn granularity() -> u64 {
    u64::from(information().dwAllocationGranularity)
}

/// The highest address that a process can use: no view and no memory is longer.
pub(super) fn address_max() -> u64 {
    information().lpMaximumApplicationAddress.addr() as u64
}

/// The length of a large page, if there are any.
pub(super) fn large_page_len() -> Option<u64> {
    // SAFETY: takes nothing.
    let len = unsafe { GetLargePageMinimum() };
    Some(len as u64).filter(|&len| len > 0)
}

fn information() -> SYSTEM_INFO {
    let mut information = SYSTEM_INFO::default();
    // SAFETY: fills in the structure, which is ours.
    unsafe { GetSystemInfo(&raw mut information) };
    information
}
