//! Mirrors by md (`mdadm`, RAID 1): their members are never written to.

use super::partition::Partition;
use super::storage::Storage;
use crate::machine::{Disk, Lba};
use crate::{Error, Kind};

/// The first bytes of an md superblock.
const MD_MAGIC: [u8; 4] = 0xa92b_4efc_u32.to_le_bytes();

/// Refuses a partition that md has made a member of a mirror: the other members
/// would not get what is written to it. Superblocks that leave the file system
/// readable are at its end: that of version 1.0 lies 8 KiB before it and aligned to
/// 4 KiB, that of version 0.90 64 KiB before it and aligned to as much.
pub(crate) fn refuse_mirror<D: Disk>(
    storage: &mut Storage<D>,
    partition: &Partition,
) -> Result<(), Error> {
    let size = partition.sectors;
    let places = [size.wrapping_sub(16) & !7, size.saturating_sub(128) & !127];
    for place in places {
        let at = partition.first.0.wrapping_add(place);
        if storage.sector(Lba(at))?.first_chunk() == Some(&MD_MAGIC) {
            return Err(Error::new(Kind::MirrorMember, at));
        }
    }
    Ok(())
}
