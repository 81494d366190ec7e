//! Messages between processes, with descriptors, over sockets of the kind `SOCK_SEQPACKET`.
//!
//! Needs `unsafe` for `sendmsg` and `recvmsg`.

use std::ffi::{c_int, c_void};
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use crate::linux::{self, check, own};

/// A message is never longer than this, and has no more descriptors.
const BYTES_MAX: usize = 64 * 1024;
const DESCRIPTORS_MAX: usize = 4;

/// Room for the descriptors of a message, aligned as the kernel's headers are.
type Control = [u64; 8];

const DESCRIPTOR_BYTES: usize = size_of::<c_int>();
const CONTROL_BYTES: usize = size_of::<Control>();

// SAFETY: arithmetic.
const _: () =
    assert!(unsafe { libc::CMSG_SPACE((DESCRIPTORS_MAX * DESCRIPTOR_BYTES) as u32) } as usize <= CONTROL_BYTES);

/// Sends bytes and descriptors, which stay open here.
pub(crate) fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[OwnedFd]) -> io::Result<()> {
    if bytes.len() > BYTES_MAX || descriptors.len() > DESCRIPTORS_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut piece = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast::<c_void>(), iov_len: bytes.len() };
    let mut control: Control = [0; 8];
    let mut message = message(&mut piece);
    if !descriptors.is_empty() {
        attach(&mut message, &mut control, descriptors);
    }
    linux::uninterrupted(|| {
        // SAFETY: the message leads to bytes and room of our own.
        let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) };
        linux::check_long(sent as libc::c_long)
    })?;
    Ok(())
}

/// Receives a message; an empty one is the end.
pub(crate) fn receive(socket: BorrowedFd<'_>) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut bytes = vec![0; BYTES_MAX];
    let mut piece = libc::iovec { iov_base: bytes.as_mut_ptr().cast::<c_void>(), iov_len: bytes.len() };
    let mut control: Control = [0; 8];
    let mut message = message(&mut piece);
    message.msg_control = control.as_mut_ptr().cast::<c_void>();
    message.msg_controllen = CONTROL_BYTES as _;
    let received = linux::uninterrupted(|| {
        // SAFETY: the message leads to room of our own.
        let received = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
        linux::check_long(received as libc::c_long)
    })?;
    let descriptors = detach(&message);
    if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    bytes.truncate(usize::try_from(received).unwrap_or(0));
    Ok((bytes, descriptors))
}

fn message(piece: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: null pointers and zeros are a message without anything.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = piece;
    message.msg_iovlen = 1;
    message
}

fn attach(message: &mut libc::msghdr, control: &mut Control, descriptors: &[OwnedFd]) {
    let len = (descriptors.len() * DESCRIPTOR_BYTES) as u32;
    message.msg_control = control.as_mut_ptr().cast::<c_void>();
    // SAFETY: arithmetic.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(len) } as _;
    // SAFETY: arithmetic.
    let header_len = unsafe { libc::CMSG_LEN(len) };
    // SAFETY: the message has room for one header.
    let header = unsafe { libc::CMSG_FIRSTHDR(message) };
    // SAFETY: as above; the room is aligned.
    unsafe {
        header.write(libc::cmsghdr {
            cmsg_len: header_len as _,
            cmsg_level: libc::SOL_SOCKET,
            cmsg_type: libc::SCM_RIGHTS,
        });
    };
    let numbers: Vec<c_int> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    // SAFETY: behind a header in the room.
    let data = unsafe { libc::CMSG_DATA(header) };
    // SAFETY: there is room for these numbers, as a constant assertion has shown.
    unsafe { ptr::copy_nonoverlapping(numbers.as_ptr().cast::<u8>(), data, numbers.len() * DESCRIPTOR_BYTES) };
}

/// Takes the descriptors out of a message that the kernel has filled in.
fn detach(message: &libc::msghdr) -> Vec<OwnedFd> {
    let mut descriptors = Vec::new();
    // SAFETY: the kernel has filled in the message.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
    // SAFETY: null, or a header that the kernel has written.
    while let Some(found) = unsafe { header.as_ref() } {
        if (found.cmsg_level, found.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_RIGHTS) {
            // SAFETY: arithmetic.
            let bytes = found.cmsg_len.saturating_sub(unsafe { libc::CMSG_LEN(0) } as usize);
            // SAFETY: behind a header that the kernel has written.
            let data = unsafe { libc::CMSG_DATA(header) }.cast::<c_int>();
            for index in 0..bytes / DESCRIPTOR_BYTES {
                // SAFETY: the header's length says that the number is there.
                let number = unsafe { data.wrapping_add(index).read_unaligned() };
                // SAFETY: the kernel has just made it for us.
                descriptors.push(unsafe { own(number) });
            }
        }
        // SAFETY: as above.
        header = unsafe { libc::CMSG_NXTHDR(message, header) };
    }
    descriptors
}

/// Lets no call on the socket take longer.
pub(crate) fn limit(socket: BorrowedFd<'_>, patience: Duration) -> io::Result<()> {
    let patience = libc::timeval { tv_sec: patience.as_secs().cast_signed(), tv_usec: patience.subsec_micros().into() };
    for option in [libc::SO_RCVTIMEO, libc::SO_SNDTIMEO] {
        let (value, len) = ((&raw const patience).cast::<c_void>(), size_of::<libc::timeval>() as u32);
        // SAFETY: the value is of the option's type, and its length is right.
        check(unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, value, len) })?;
    }
    Ok(())
}

/// The process at the other end, and its user: for a client, those that began to listen.
pub(crate) fn peer(socket: BorrowedFd<'_>) -> io::Result<libc::ucred> {
    let mut peer = libc::ucred { pid: 0, uid: libc::uid_t::MAX, gid: libc::gid_t::MAX };
    let (value, mut len) = ((&raw mut peer).cast::<c_void>(), size_of::<libc::ucred>() as u32);
    // SAFETY: there is room for what the option says.
    check(unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, value, &raw mut len) })?;
    Ok(peer)
}
