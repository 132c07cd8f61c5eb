//! MBR partition tables (UEFI 2.10, section 5.2), and the chain of logical
//! partitions, which nothing specifies: it is read as Linux reads it.
//!
//! The Boot Loader Specification (UAPI.1) has one place for entries on a disk
//! with such a table: a partition of type EAh.

use crate::gpt::Partition;
use crate::machine::{Disk, Lba};
use crate::storage::Storage;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// `OSType` of the partition that holds boot entries.
pub const BOOT: u8 = 0xea;
/// `OSType` of the entry that protects a GPT.
pub const PROTECTIVE: u8 = 0xee;
/// `OSType`s of an extended partition, in which the logical ones lie.
pub const EXTENDED: [u8; 3] = [0x05, 0x0f, 0x85];
/// The last bytes of a table.
pub const SIGNATURE: [u8; 2] = [0x55, 0xaa];
/// The most tables that are looked at: a chain of them may lead in a circle.
pub const MAX_TABLES: u8 = 100;

/// The table, UEFI table 5-1, with its field names. Each logical partition has
/// one of its own, in which the second entry leads to the next.
#[allow(missing_docs, reason = "the specification's names")]
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Mbr {
    pub boot_code: [u8; 440],
    pub unique_mbr_disk_signature: [u8; 4],
    pub unknown: [u8; 2],
    pub partition_record: [Record; 4],
    pub signature: [u8; 2],
}

impl Mbr {
    /// True for a table that speaks for itself: neither boot code that merely
    /// ends like one, nor the companion of a GPT.
    pub fn is_table(&self) -> bool {
        let alone =
            |record: &Record| record.boot_indicator & 0x7f == 0 && record.os_type != PROTECTIVE;
        self.signature == SIGNATURE && self.partition_record.iter().all(alone)
    }
}

/// An entry of the table, UEFI table 5-2.
#[allow(missing_docs, reason = "the specification's names")]
#[derive(Clone, Copy, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Record {
    pub boot_indicator: u8,
    pub starting_chs: [u8; 3],
    pub os_type: u8,
    pub ending_chs: [u8; 3],
    pub starting_lba: U32,
    pub size_in_lba: U32,
}

impl Record {
    /// True for an extended partition.
    pub fn is_extended(&self) -> bool {
        EXTENDED.contains(&self.os_type)
    }
}

/// Finds the partition that holds boot entries, primary or logical: the first
/// one that lies on the disk. None on disks with a GPT, which a protective entry
/// tells of, and on disks with no table at all.
pub fn find<D: Disk>(storage: &mut Storage<D>) -> Option<Partition> {
    let end = storage.sectors().unwrap_or(u64::MAX);
    let [mut at, mut extended] = [0; 2];
    let mut number = 0_u8;
    let mut disk = [0; 4];
    for _ in 0..MAX_TABLES {
        let mbr = Mbr::ref_from_bytes(storage.sector(Lba(at)).ok()?).ok()?;
        if !mbr.is_table() {
            return None;
        }
        if at == 0 {
            disk = mbr.unique_mbr_disk_signature;
        }
        let mut next = 0;
        for record in &mbr.partition_record {
            let first = u64::from(record.starting_lba.get());
            let sectors = u64::from(record.size_in_lba.get());
            if record.is_extended() && next == 0 {
                next = extended.wrapping_add(first);
            }
            // Linux counts every place of the first table, and later what is there.
            if at == 0 || (sectors != 0 && !record.is_extended()) {
                number = number.wrapping_add(1);
            }
            let first = at.wrapping_add(first);
            if record.os_type == BOOT && sectors != 0 && first.wrapping_add(sectors) <= end {
                return Some(Partition {
                    first: Lba(first),
                    sectors,
                    guid: named(disk, number),
                });
            }
        }
        if next == 0 {
            return None;
        }
        if at == 0 {
            extended = next;
        }
        at = next;
    }
    None
}

/// [`Partition::guid`] of a partition on a disk of this signature.
fn named([a, b, c, d]: [u8; 4], number: u8) -> [u8; 16] {
    [a, b, c, d, 0, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}
