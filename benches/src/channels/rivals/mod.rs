//! What one would take otherwise: each file has the channels of one rival, used as its own documentation shows.

mod boost;
mod cloudtoid;
mod iceoryx;
mod interprocess;
mod ipc_channel;
mod raw_sync;
mod ringfire;
mod shmem_ipc;

use super::kernel::{Pipe, Socket};
use super::works::{Measure, Side, Task};

/// Everybody who can do the task.
pub(super) fn sides(task: Task) -> Vec<Side> {
    let mut sides: Vec<Side> = Vec::new();
    sides.extend(ring(task));
    sides.extend(shmem_ipc(task));
    sides.push(task.side::<iceoryx::PubSub>("iceoryx2"));
    if task.measure == Measure::RoundTrip {
        sides.push(task.side::<raw_sync::Mailbox>("raw_sync"));
    }
    if task.measure != Measure::Publish {
        sides.push(task.side::<cloudtoid::Queue>("cloudtoid-interprocess"));
        if boost::is_there() {
            sides.push(task.side::<boost::MessageQueue>("Boost message_queue"));
        }
        sides.push(task.side::<ipc_channel::Bytes>("ipc-channel"));
        sides.push(task.side::<interprocess::LocalSocket>("interprocess"));
    }
    sides.push(task.side::<Pipe>("pipe"));
    sides.push(task.side::<Socket>("Unix socket"));
    sides
}

/// Values have their length in their type; what is large goes as a blob.
fn ring(task: Task) -> Option<Side> {
    Some(match task.len() {
        8 => task.side::<ringfire::Ring<8>>("ringfire"),
        64 => task.side::<ringfire::Ring<64>>("ringfire"),
        1024 => task.side::<ringfire::Ring<1024>>("ringfire"),
        _ => task.side::<ringfire::Blobs>("ringfire"),
    })
}

fn shmem_ipc(task: Task) -> Option<Side> {
    Some(match task.len() {
        8 => task.side::<shmem_ipc::Ring<1>>("shmem-ipc"),
        64 => task.side::<shmem_ipc::Ring<8>>("shmem-ipc"),
        1024 => task.side::<shmem_ipc::Ring<128>>("shmem-ipc"),
        0x1_0000 => task.side::<shmem_ipc::Ring<0x2000>>("shmem-ipc"),
        0x10_0000 => task.side::<shmem_ipc::Ring<0x2_0000>>("shmem-ipc"),
        _ => return None,
    })
}

/// Removes what rivals leave behind of this run.
pub(super) fn remove_leftovers() {
    cloudtoid::remove_leftovers();
    iceoryx::remove_leftovers();
}
