//! VirtualAlloc and its kin.
