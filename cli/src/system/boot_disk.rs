//! The disk that the running system was started from.

use super::mounts;
use super::running::{Device, System};
use crate::error::Error;

/// The disk that the running system was started from.
///
/// # Errors
/// The system does not say where it was started from.
pub fn boot_disk(system: &System) -> Result<Device, Error> {
    find_boot_disk(system)?.ok_or_else(|| {
        Error::failed(
            "cannot tell which disk this system was started from: gapboot did not start it, and \
             nothing on a disk is mounted at /efi, /boot/efi or /boot; name the DISK",
        )
    })
}

/// The same; nothing if the system does not say it. It is the disk of the partition that
/// the loader has named, or else of what is mounted where the EFI system partition, XBOOTLDR
/// and the kernels are by custom.
///
/// # Errors
/// What the system says is wrong or cannot be read.
pub fn find_boot_disk(system: &System) -> Result<Option<Device>, Error> {
    let node = system.node()?;
    let uuid = node.and_then(|node| Some(node.get(layout::node::DEVICE_PART_UUID)?.to_owned()));
    let partition = match uuid {
        Some(uuid) => Some(system.partition(&uuid)?),
        None => {
            let mounts = [mounts::customary_esp(system)?, mounts::boot(system)?];
            let mut mounts = mounts.into_iter().flatten();
            mounts.find_map(|mount| system.numbered(&mount.device).ok())
        }
    };
    partition
        .map(|partition| system.disk(&partition))
        .transpose()
}
