//! The boot sector with its BIOS parameter block, which says where everything lies.

use crate::disk::partition::Partition;
use crate::disk::storage::Storage;
use crate::machine::{Disk, Lba, Sector};
use crate::{Error, Kind};
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// The start of the boot sector, with the fields that all FAT types share and,
/// from `fat_sz32` on, those of FAT32.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct BootSector {
    jmp_boot: [u8; 3],
    oem_name: [u8; 8],
    byts_per_sec: U16,
    sec_per_clus: u8,
    rsvd_sec_cnt: U16,
    num_fats: u8,
    root_ent_cnt: U16,
    tot_sec16: U16,
    media: u8,
    fat_sz16: U16,
    sec_per_trk: U16,
    num_heads: U16,
    hidd_sec: U32,
    tot_sec32: U32,
    fat_sz32: U32,
    ext_flags: U16,
    fs_ver: U16,
    root_clus: U32,
}

/// Half bytes in an entry of the file allocation table.
pub(super) const FAT12: u32 = 3;
pub(super) const FAT16: u32 = 4;
pub(super) const FAT32: u32 = 8;

/// `ext_flags`: one table alone is in use, the one that the low bits number.
const NOT_MIRRORED: u16 = 0x80;
const ACTIVE_TABLE: u16 = 0x0f;

/// The first cluster has this number.
pub(super) const FIRST_CLUSTER: u32 = 2;
/// A volume with this many clusters is FAT16, one with fewer is FAT12.
const FAT16_CLUSTERS: u32 = 4085;
/// A volume with this many clusters is FAT32.
const FAT32_CLUSTERS: u32 = 65_525;
/// The numbers from here on do not stand for clusters.
const END_CLUSTER: u32 = 0x0fff_fff7;

/// Bytes of the disk's sectors, as a power of two. Those of a file system may be larger.
pub(super) const SECTOR_SHIFT: u32 = 9;
/// Bytes of a directory slot, as a power of two.
const SLOT_SHIFT: u32 = 5;

/// A FAT file system: its geometry, every number checked against the others. Offsets
/// and lengths are in sectors of the disk, also where the sectors of the file system
/// are larger. Offsets count from its start.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    /// The partition's first sector.
    first: Lba,
    /// [`FAT12`], [`FAT16`] or [`FAT32`].
    pub(super) width: u32,
    /// The file allocation table that is in use, and its length.
    table: u32,
    table_sectors: u32,
    /// The root directory of FAT32 begins with this cluster.
    pub(super) root_cluster: u32,
    /// The root directory of FAT12 and FAT16 has this length.
    pub(super) root_sectors: u32,
    /// Where the clusters begin; that root directory ends here.
    data: u32,
    /// The first number after those of the clusters that lie in the partition.
    end_cluster: u32,
    /// Sectors of a cluster, as a power of two.
    pub(super) cluster_shift: u32,
}

impl Volume {
    /// The file system in a partition.
    ///
    /// # Errors
    /// [`Kind::FatMissing`], [`Kind::FatDamaged`]; those of [`Storage::sector`].
    pub fn open<D: Disk>(storage: &mut Storage<D>, partition: &Partition) -> Result<Volume, Error> {
        let Lba(at) = partition.first;
        let sector = storage.sector(partition.first)?;
        let missing = Error::new(Kind::FatMissing, at);
        let (boot, _) = BootSector::ref_from_prefix(sector).map_err(|_| missing)?;
        if !boot.is_fat() {
            return Err(missing);
        }
        boot.volume(partition)
            .ok_or(Error::new(Kind::FatDamaged, at))
    }

    /// True for the numbers of clusters that lie in the partition.
    pub(super) fn has_cluster(&self, number: u32) -> bool {
        (FIRST_CLUSTER..self.end_cluster).contains(&number)
    }

    /// Where a cluster begins, and the one before it ends.
    pub(super) fn cluster(&self, number: u32) -> u32 {
        let before = number
            .wrapping_sub(FIRST_CLUSTER)
            .wrapping_shl(self.cluster_shift);
        self.data.wrapping_add(before)
    }

    /// Sector `number` of the file allocation table.
    pub(super) fn table_sector<'s, D: Disk>(
        &self,
        storage: &'s mut Storage<D>,
        number: u32,
    ) -> Result<&'s Sector, Error> {
        let at = self.lba(self.table.wrapping_add(number));
        storage.table_sector(at, (self.lba(self.table), self.table_sectors))
    }

    /// The LBA of an offset.
    pub(super) fn lba(&self, offset: u32) -> Lba {
        Lba(self.first.0.wrapping_add(u64::from(offset)))
    }
}

impl BootSector {
    /// True if this looks like a FAT file system at all. The signature does not help:
    /// boot sectors of all kinds have it, and those of FAT may lack it.
    fn is_fat(&self) -> bool {
        let size = self.byts_per_sec.get();
        size.is_power_of_two()
            && (512..=4096).contains(&size)
            && self.sec_per_clus.is_power_of_two()
            && self.rsvd_sec_cnt.get() != 0
            && self.num_fats != 0
            && matches!(self.media, 0xf0 | 0xf8..)
    }

    /// The geometry; None if it is impossible.
    fn volume(&self, partition: &Partition) -> Option<Volume> {
        let sector_bytes = u32::from(self.byts_per_sec.get());
        // Sectors of the file system become sectors of the disk.
        let larger = sector_bytes >> SECTOR_SHIFT;
        let on_disk = |sectors: u32| sectors.wrapping_mul(larger);
        let reserved = on_disk(self.rsvd_sec_cnt.get().into());
        let total = on_disk(either(self.tot_sec16, self.tot_sec32));
        let table_sectors = on_disk(either(self.fat_sz16, self.fat_sz32));
        let root = table_sectors
            .checked_mul(u32::from(self.num_fats))?
            .checked_add(reserved)?;
        let root_bytes = u32::from(self.root_ent_cnt.get()) << SLOT_SHIFT;
        let rest = root_bytes.wrapping_neg() & sector_bytes.wrapping_sub(1);
        let root_sectors = root_bytes.wrapping_add(rest) >> SECTOR_SHIFT;
        let data = root.checked_add(root_sectors)?;
        let cluster_shift = on_disk(self.sec_per_clus.into()).trailing_zeros();
        let clusters = total.checked_sub(data)?.wrapping_shr(cluster_shift);
        // By the specification the number of clusters decides. But formatters make
        // FAT32 of any size. A field of 16 bits that only FAT32 leaves empty shows the
        // type, and every driver reads that field.
        let width = match clusters {
            _ if self.fat_sz16.get() == 0 => FAT32,
            ..FAT16_CLUSTERS => FAT12,
            FAT16_CLUSTERS..FAT32_CLUSTERS => FAT16,
            FAT32_CLUSTERS.. => return None,
        };
        // The file system may be larger than its partition. Every other driver reads
        // what there is of it, and so do we: the clusters that lie in the partition.
        let end = u32::try_from(partition.sectors).map_or(total, |end| end.min(total));
        let end_cluster = end
            .checked_sub(data)?
            .wrapping_shr(cluster_shift)
            .checked_add(FIRST_CLUSTER)
            .filter(|&end| end <= END_CLUSTER)?;
        let needed = end_cluster.wrapping_mul(width).wrapping_add(1023) >> (SECTOR_SHIFT + 1);
        let (mut table, mut root_cluster) = (reserved, 0);
        if width == FAT32 {
            let flags = self.ext_flags.get();
            if flags & NOT_MIRRORED != 0 {
                let active = u32::from(flags & ACTIVE_TABLE);
                if active >= u32::from(self.num_fats) {
                    return None;
                }
                table = table.wrapping_add(active.wrapping_mul(table_sectors));
            }
            root_cluster = self.root_clus.get();
        }
        let valid = end_cluster > FIRST_CLUSTER
            && needed <= table_sectors
            && if width == FAT32 {
                self.fs_ver.get() == 0 && (FIRST_CLUSTER..end_cluster).contains(&root_cluster)
            } else {
                root_sectors > 0
            };
        valid.then_some(Volume {
            first: partition.first,
            width,
            table,
            table_sectors,
            root_cluster,
            root_sectors,
            data,
            end_cluster,
            cluster_shift,
        })
    }
}

/// A number with a second, wider field for values that do not fit into the first.
fn either(narrow: U16, wide: U32) -> u32 {
    match narrow.get() {
        0 => wide.get(),
        number => u32::from(number),
    }
}
