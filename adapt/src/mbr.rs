//! The partition table in sector 0 (UEFI specification, section 5.2), with what boot code
//! and a BIOS may look at besides: everything but the record that is added stays.

use boot::disk::mbr::{ACTIVE, ESP, Mbr as Sector, PROTECTIVE, Record, SIGNATURE};
use zerocopy::FromBytes;

use crate::bytes::{is_zero, put};

/// Offset of the records in sector 0, the size of one, and offset of the signature.
const RECORDS: usize = 446;
const RECORD: usize = 16;
const SIGNATURE_AT: usize = 510;

/// A place that has no cylinder, head and sector. Most tools write it so.
const BEYOND: [u8; 3] = [0xfe, 0xff, 0xff];
/// The most cylinders that fit.
const MOST_CYLINDERS: u64 = 1024;

/// Boot code for an image that had none: INT 18h, by which the BIOS goes on to the next
/// device, as it does where the signature is missing; then a halt for ever.
const NO_BOOT_CODE: [u8; 5] = [0xcd, 0x18, 0xf4, 0xeb, 0xfd];

/// Sector 0 of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mbr {
    /// All of it.
    pub sector: Vec<u8>,
    /// The partitions, as the records say.
    pub partitions: Vec<Partition>,
    /// The records that are not in use, from 0 on.
    pub free: Vec<usize>,
    /// Heads and sectors per track that the records were made for.
    geometry: Option<(u64, u64)>,
}

/// A partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Counted from 1.
    pub number: usize,
    /// Its type.
    pub kind: u8,
    /// A BIOS boots it.
    pub is_active: bool,
    /// The first sector.
    pub first: u64,
    /// Its sectors.
    pub sectors: u64,
}

impl Partition {
    /// The first sector after it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.sectors)
    }

    /// An EFI system partition.
    #[must_use]
    pub fn is_esp(&self) -> bool {
        self.kind == ESP
    }
}

/// What sector 0 is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A table with partitions.
    Table(Mbr),
    /// No table, or an empty one: records may be written.
    Free(Mbr),
    /// It ends as a table does, but is something else, as the boot sector of a file system.
    Other,
}

impl Mbr {
    /// Reads sector 0.
    #[must_use]
    pub fn read(sector: Vec<u8>) -> Found {
        let Ok((table, _)) = Sector::read_from_prefix(&sector) else {
            return Found::Other;
        };
        let records = || table.partition_record.iter();
        let is_table = table.signature == SIGNATURE;
        let is_empty = |record: &Record| !record.is_used() && record.os_type == 0;
        if is_table && !records().all(Record::is_sound) {
            return Found::Other;
        }
        let bytes = sector.get(RECORDS..SIGNATURE_AT).unwrap_or_default();
        if !is_table && !is_zero(bytes) {
            return Found::Other;
        }
        let numbered = || records().zip(0_usize..);
        let partitions = numbered().filter(|(record, _)| record.is_used());
        let partitions: Vec<_> = partitions
            .map(|(record, place)| Partition {
                number: place.saturating_add(1),
                kind: record.os_type,
                is_active: record.boot_indicator == ACTIVE,
                first: record.starting_lba.get().into(),
                sectors: record.size_in_lba.get().into(),
            })
            .collect();
        let free = numbered().filter(|(record, _)| is_empty(record));
        let mbr = Self {
            free: free.map(|(_, place)| place).collect(),
            geometry: records().find_map(geometry),
            partitions,
            sector,
        };
        match mbr.partitions.is_empty() {
            true => Found::Free(mbr),
            false => Found::Table(mbr),
        }
    }

    /// The record that protects a GPT.
    #[must_use]
    pub fn protective(&self) -> Option<&Partition> {
        let mut all = self.partitions.iter();
        all.find(|partition| partition.kind == PROTECTIVE)
    }

    /// The boot code.
    #[must_use]
    pub fn boot_code(&self) -> &[u8] {
        self.sector.get(..440).unwrap_or_default()
    }

    /// True if a BIOS starts what is in the sector.
    #[must_use]
    pub fn has_boot_code(&self) -> bool {
        let is_signed = self.sector.get(SIGNATURE_AT..) == Some(&SIGNATURE);
        let is_ours = self.boot_code().starts_with(&NO_BOOT_CODE);
        is_signed && !is_ours && !is_zero(self.boot_code())
    }

    /// The sector with one more record in place `slot`.
    #[must_use]
    pub fn with(&self, slot: usize, kind: u8, first: u64, sectors: u64) -> Self {
        let mut record = vec![0];
        record.extend(self.chs(first));
        record.push(kind);
        let last = first.saturating_add(sectors).saturating_sub(1);
        record.extend(self.chs(last));
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
        record.extend(number(first));
        record.extend(number(sectors));
        let mut sector = self.sector.clone();
        let at = slot.saturating_mul(RECORD).saturating_add(RECORDS);
        put(&mut sector, at, &record);
        if sector.get(SIGNATURE_AT..) != Some(&SIGNATURE) {
            // Without a signature no BIOS has started what is there.
            if is_zero(self.boot_code()) {
                put(&mut sector, 0, &NO_BOOT_CODE);
            }
            put(&mut sector, SIGNATURE_AT, &SIGNATURE);
        }
        Self {
            sector,
            free: self
                .free
                .iter()
                .copied()
                .filter(|free| *free != slot)
                .collect(),
            ..self.clone()
        }
    }

    /// The sector in which the record of this number has another size.
    #[must_use]
    pub fn resized(&self, number: usize, sectors: u64) -> Self {
        let mut sector = self.sector.clone();
        let at = number.saturating_sub(1).saturating_mul(RECORD);
        let at = at.saturating_add(RECORDS + 12);
        let sectors = u32::try_from(sectors).unwrap_or(u32::MAX);
        put(&mut sector, at, &sectors.to_le_bytes());
        Self {
            sector,
            ..self.clone()
        }
    }

    /// Cylinder, head and sector of a place, in the geometry of the other records: some
    /// BIOSes guess the geometry from the table.
    fn chs(&self, lba: u64) -> [u8; 3] {
        match self.geometry {
            Some(geometry) => chs(lba, geometry).unwrap_or_else(|| last(geometry)),
            None => BEYOND,
        }
    }
}

/// Heads and sectors per track by which a record was made, if it ends with a cylinder.
fn geometry(record: &Record) -> Option<(u64, u64)> {
    let [head, sector, _] = record.ending_chs;
    let geometry = (u64::from(head).saturating_add(1), u64::from(sector & 0x3f));
    let first = u64::from(record.starting_lba.get());
    let last = first.checked_add(record.size_in_lba.get().into())?;
    let is_right = record.is_used()
        && geometry.1 > 0
        && chs(last.checked_sub(1)?, geometry) == Some(record.ending_chs);
    is_right.then_some(geometry)
}

fn chs(lba: u64, (heads, sectors): (u64, u64)) -> Option<[u8; 3]> {
    let track = lba.checked_div(sectors)?;
    let sector = lba.checked_rem(sectors)?.saturating_add(1);
    let (cylinder, head) = (track.checked_div(heads)?, track.checked_rem(heads)?);
    (cylinder < MOST_CYLINDERS).then(|| packed(cylinder, head, sector))
}

/// The last place that can be named.
fn last((heads, sectors): (u64, u64)) -> [u8; 3] {
    let cylinder = MOST_CYLINDERS.saturating_sub(1);
    packed(cylinder, heads.saturating_sub(1), sectors)
}

fn packed(cylinder: u64, head: u64, sector: u64) -> [u8; 3] {
    let byte = |number: u64| u8::try_from(number & 0xff).unwrap_or_default();
    // The upper two bits of the cylinder stand above the sector.
    let high = cylinder.wrapping_shr(2) & 0xc0;
    [byte(head), byte(sector | high), byte(cylinder)]
}

/// Sectors that a record can name.
#[must_use]
pub fn fits(first: u64, sectors: u64) -> bool {
    first.saturating_add(sectors) <= u32::MAX.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(records: &[[u8; 16]]) -> Vec<u8> {
        let mut sector = vec![0; 512];
        for (place, record) in records.iter().enumerate() {
            put(&mut sector, RECORDS + place * RECORD, record);
        }
        put(&mut sector, SIGNATURE_AT, &SIGNATURE);
        sector
    }

    /// As `isohybrid` makes it: 64 heads of 32 sectors.
    const ISOHYBRID: [u8; 16] = [
        0x80, 0, 1, 0, 0x17, 0x3f, 0x20, 3, 0, 0, 0, 0, 0, 0x20, 0, 0,
    ];

    fn table(found: Found) -> Mbr {
        match found {
            Found::Table(mbr) => mbr,
            found => panic!("{found:?}"),
        }
    }

    #[test]
    fn a_record_is_added_in_the_geometry_of_the_others() {
        let before = sector(&[ISOHYBRID]);
        let mbr = table(Mbr::read(before.clone()));
        assert_eq!(mbr.free, [1, 2, 3]);
        assert_eq!(mbr.geometry, Some((64, 32)));
        let after = mbr.with(1, ESP, 8192, 40960);
        assert_eq!(after.free, [2, 3]);
        assert_eq!(
            after.sector[462..478],
            [
                0, 0, 1, 4, 0xef, 0x3f, 0x20, 23, 0, 0x20, 0, 0, 0, 0xa0, 0, 0
            ]
        );
        let mut rest = after.sector.clone();
        rest[462..478].fill(0);
        assert_eq!(rest, before);
        let again = table(Mbr::read(after.sector));
        assert!(again.partitions[1].is_esp());
        assert!(again.partitions[0].is_active && !again.partitions[1].is_active);
        let far = mbr.with(1, ESP, 3 << 20, 2);
        assert_eq!(far.sector[463..466], [0x3f, 0xe0, 0xff]);
    }

    #[test]
    fn a_free_sector_does_not_stop_a_bios() {
        let Found::Free(mbr) = Mbr::read(vec![0; 512]) else {
            panic!("it is free");
        };
        assert!(!mbr.has_boot_code());
        let after = mbr.with(0, ESP, 8192, 16);
        assert_eq!(after.sector[..6], [0xcd, 0x18, 0xf4, 0xeb, 0xfd, 0]);
        assert_eq!(after.sector[447..450], BEYOND);
        let again = table(Mbr::read(after.sector));
        assert!(!again.has_boot_code());
    }

    #[test]
    fn what_is_no_table() {
        let mut boot_sector = sector(&[]);
        boot_sector[446] = 7;
        assert_eq!(Mbr::read(boot_sector), Found::Other);
        let mut unsigned = vec![0; 512];
        unsigned[450] = 7;
        assert_eq!(Mbr::read(unsigned), Found::Other);
        assert_eq!(Mbr::read(vec![0; 100]), Found::Other);
    }

    #[test]
    fn limits() {
        assert!(fits(1, u64::from(u32::MAX) - 1));
        assert!(!fits(2, u64::from(u32::MAX) - 1));
        assert!(!fits(u64::MAX, 2));
    }
}
