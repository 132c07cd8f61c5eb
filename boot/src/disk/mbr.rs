//! MBR partition tables (UEFI 2.10, section 5.2), and the chain of logical
//! partitions, for which there is no specification: the chain is read as Linux reads
//! it.
//!
//! On a disk with such a table, the Boot Loader Specification (UAPI.1) places the
//! entries on a partition of type EAh. UEFI firmware boots from one of type EFh, its
//! EFI system partition, which counts where no partition has type EAh.

use super::partition::{Partition, Partitions};
use super::storage::Storage;
use crate::machine::{Disk, Lba};
use crate::overlay::Overlay;
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned, transmute_ref};

/// `OSType` of the partition that holds boot entries.
pub const BOOT: u8 = 0xea;
/// `OSType` of an EFI system partition.
pub const ESP: u8 = 0xef;
/// `OSType` of the entry that protects a GPT.
pub const PROTECTIVE: u8 = 0xee;
/// `BootIndicator` of a partition that is active. All others have 0.
pub const ACTIVE: u8 = 0x80;
/// `OSType`s of an extended partition, in which the logical ones lie.
pub const EXTENDED: [u8; 3] = [0x05, 0x0f, 0x85];
/// The last bytes of a table.
pub const SIGNATURE: [u8; 2] = [0x55, 0xaa];
/// The most tables that are read: a chain of them may run in a circle.
pub const MAX_TABLES: u32 = 100;

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
    /// True for a table that lists partitions itself, and is not only the protective
    /// one of a GPT.
    pub fn is_table(&self) -> bool {
        let protects = |record: &Record| record.os_type == PROTECTIVE;
        self.signature == SIGNATURE && !self.partition_record.iter().any(protects)
    }
}

impl Record {
    /// True if the boot indicator is a possible one. Otherwise this is no table, or its
    /// end: what follows is not read.
    pub fn is_sound(&self) -> bool {
        self.boot_indicator & !ACTIVE == 0
    }

    /// True for a slot that Linux counts as a partition, whatever its type.
    pub fn is_used(&self) -> bool {
        self.size_in_lba.get() != 0
    }

    /// True for a partition in which logical ones lie.
    pub fn is_extended(&self) -> bool {
        EXTENDED.contains(&self.os_type)
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

/// Finds the partition that holds boot entries: the first of type [`BOOT`], or else of
/// type [`ESP`]. It becomes `found.esp`, which is None before. Logical partitions are
/// found with the `overlay` only. Nothing is found on disks with a GPT, which a protective
/// entry shows, and on disks with no table at all. Nothing here checks that the partition
/// lies on the disk: reading it does.
#[inline(never)] // registers of its own save 20 bytes
pub fn find<D: Disk>(storage: &mut Storage<D>, overlay: Option<Overlay>, found: &mut Partitions) {
    let Some(mbr) = table(storage, 0) else {
        return;
    };
    let disk = mbr.unique_mbr_disk_signature;
    // Linux counts every slot of this table.
    for (record, number) in mbr.partition_record.iter().zip(1..) {
        // A file system's boot sector may end as a table does.
        if !record.is_sound() || found.take(disk, record, 0, number) {
            return;
        }
    }
    if let Some(overlay) = overlay {
        overlay.find_logical(storage, found);
    }
}

/// The table in the sector at `lba`, if there is one.
#[inline(always)] // a copy in stage2 and one in the overlay: 40 bytes less before packing
fn table<'s, D: Disk>(storage: &'s mut Storage<D>, lba: u32) -> Option<&'s Mbr> {
    let sector = storage.sector(Lba(lba.into())).ok()?;
    let mbr: &Mbr = transmute_ref!(sector);
    mbr.is_table().then_some(mbr)
}

impl Partitions {
    /// Takes in the partition of a record in the table at `base`, if it may have entries.
    /// True if it has the type that no other partition can outdo.
    #[inline(always)] // as for `table`
    fn take(&mut self, disk: [u8; 4], record: &Record, base: u32, number: u8) -> bool {
        let is_boot = record.os_type == BOOT;
        if is_boot || record.os_type == ESP && self.esp.is_none() {
            self.esp = Some(Partition {
                first: Lba(base.wrapping_add(record.starting_lba.get()).into()),
                sectors: record.size_in_lba.get().into(),
                guid: named(disk, number),
            });
        }
        is_boot
    }
}

impl Overlay {
    /// Follows the chain of tables in the extended partition, each in front of a logical
    /// partition. Linux counts only their used slots.
    #[inline(never)] // a way into the overlay
    fn find_logical<D: Disk>(self, storage: &mut Storage<D>, found: &mut Partitions) {
        let Some(mbr) = table(storage, 0) else {
            return;
        };
        let disk = mbr.unique_mbr_disk_signature;
        let extends = |record: &&Record| record.is_extended();
        let extended = mbr.partition_record.iter().rfind(extends);
        let extended = extended.map_or(0, |record| record.starting_lba.get());
        let mut next = Some(extended).filter(|at| *at > 0);
        let mut number = 4_u8;
        for _ in 1..MAX_TABLES {
            let Some(at) = next.take() else {
                return;
            };
            let Some(mbr) = table(storage, at) else {
                return;
            };
            for record in &mbr.partition_record {
                if !record.is_sound() {
                    return;
                }
                if record.is_extended() {
                    next = Some(extended.wrapping_add(record.starting_lba.get()));
                } else if record.is_used() {
                    number = number.wrapping_add(1);
                    if found.take(disk, record, at, number) {
                        return;
                    }
                }
            }
        }
    }
}

/// [`Partition::guid`] of a partition on a disk of this signature.
fn named([a, b, c, d]: [u8; 4], number: u8) -> [u8; 16] {
    [a, b, c, d, 0, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}
