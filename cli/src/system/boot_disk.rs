//! The disk that the running system was started from.

use super::mounts;
use super::running::{Device, System};
use crate::error::Error;

/// The disk that the running system was started from.
///
/// # Errors
/// The system does not say where it was started from.
pub fn boot_disk(system: &System) -> Result<Device, Error> {
    let node = system.node()?;
    let uuid = node.and_then(|node| Some(node.get(layout::node::DEVICE_PART_UUID)?.to_owned()));
    let partition = match uuid {
        Some(uuid) => system.partition(&uuid)?,
        None => match mounts::customary_esp(system)? {
            Some(mount) => system.numbered(&mount.device)?,
            None => {
                return Err(Error::failed(
                    "cannot tell which disk this system was started from: gapboot did not start \
                     it, and /efi, /boot/efi and /boot are no FAT file systems; name the DISK",
                ));
            }
        },
    };
    system.disk(&partition)
}
