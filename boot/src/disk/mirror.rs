//! Mirrors by md (`mdadm`, RAID 1): their members are never written to.

use super::partition::Partition;
use super::storage::Storage;
use crate::machine::{Disk, Lba};
use crate::overlay::Overlay;
use crate::{Error, Kind};

/// The first bytes of an md superblock.
const MD_MAGIC: [u8; 4] = 0xa92b_4efc_u32.to_le_bytes();

/// Refuses a partition that md has made a member of a mirror: a write to one member
/// would not reach the others. Superblocks that leave the file system readable are at
/// the end of the partition. That of version 1.0 lies 8 KiB before the end, aligned to
/// 4 KiB.
///
/// Where no superblock can be read there is no member: md could not read the superblock
/// either, and would not take the partition into a mirror. If such a read error counted as
/// a member, a bad sector that nothing else uses would end counting for ever, and with it
/// the fall-back to an entry that works.
///
/// # Errors
/// [`Kind::MirrorMember`] with the superblock's LBA.
pub(crate) fn refuse_mirror<D: Disk>(
    storage: &mut Storage<D>,
    partition: &Partition,
    overlay: Option<Overlay>,
) -> Result<(), Error> {
    if let Some(overlay) = overlay {
        overlay.refuse_old_mirror(storage, partition)?;
    }
    refuse_superblock(storage, partition, partition.sectors.wrapping_sub(16) & !7)
}

impl Overlay {
    /// The same for version 0.90, which few tools still make: 64 KiB before the end,
    /// aligned to 64 KiB.
    #[inline(never)] // a way into the overlay
    fn refuse_old_mirror<D: Disk>(
        self,
        storage: &mut Storage<D>,
        partition: &Partition,
    ) -> Result<(), Error> {
        let place = partition.sectors.saturating_sub(128) & !127;
        refuse_superblock(storage, partition, place)
    }
}

/// Refuses a partition that has a superblock in its sector `place`.
fn refuse_superblock<D: Disk>(
    storage: &mut Storage<D>,
    partition: &Partition,
    place: u64,
) -> Result<(), Error> {
    let at = partition.first.0.wrapping_add(place);
    if let Ok(sector) = storage.sector(Lba(at))
        && sector.first_chunk() == Some(&MD_MAGIC)
    {
        return Err(Error::new(Kind::MirrorMember, at));
    }
    Ok(())
}
