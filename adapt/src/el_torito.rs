//! El Torito's catalogue ("El Torito" Bootable CD-ROM Format Specification, version 1.0,
//! section 2; UEFI specification, section 13.3.2.1), by which firmware boots CDs, and
//! UEFI sticks as well.
//!
//! It is a list of records of 32 bytes: one that validates it, the default entry, and then
//! sections, each a header and its entries. Firmware made of EDK II reads the first 512
//! bytes of it, so only these count here.

use std::io;

use volumes::Bytes;

use crate::bytes::{is_zero, put, sectors, u16_at, u32_at};
use crate::change::Change;
use crate::{CD_SECTOR, SECTOR};

/// The first sector of ISO 9660's descriptors.
const DESCRIPTORS: u64 = 16;
/// Bytes of a record.
const RECORD: usize = 32;

/// Bits of the first byte of a record.
const VALIDATION: u8 = 0x01;
const HEADER: u8 = 0x90;
const LAST_HEADER: u8 = 0x91;
const BOOTABLE: u8 = 0x88;
const EXTENSION: u8 = 0x44;

/// `Platform ID`s.
const BIOS: u8 = 0;
const EFI: u8 = 0xef;

/// In the record that validates.
const KEY: [u8; 2] = [0x55, 0xaa];
const KEY_AT: usize = 30;
/// In the header of a section, and in a validation record: the platform. In a header: the
/// number of entries.
const PLATFORM_AT: usize = 1;
const COUNT_AT: usize = 2;
/// In an entry: the size in 512 bytes, and the first sector of 2,048.
const SIZE_AT: usize = 6;
const START_AT: usize = 8;

/// The catalogue of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// The first sector of 512 bytes.
    pub lba: u64,
    /// That sector.
    sector: Vec<u8>,
    /// What it boots.
    pub entries: Vec<Entry>,
    /// The number of records in use.
    used: usize,
    /// The record that is the header of the last section.
    last_header: Option<usize>,
}

/// An entry of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// For which firmware.
    pub platform: Platform,
    /// It can be booted.
    pub is_bootable: bool,
    /// Where its image begins, in bytes.
    pub start: u64,
}

/// For which firmware an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// A BIOS.
    Bios,
    /// UEFI.
    Uefi,
    /// Another one.
    Other(u8),
}

impl Platform {
    fn of(id: u8) -> Self {
        match id {
            BIOS => Self::Bios,
            EFI => Self::Uefi,
            id => Self::Other(id),
        }
    }
}

/// Why a catalogue cannot be used: a clause.
pub type Fault = &'static str;

impl Catalogue {
    /// Reads the catalogue in this sector of 2,048 bytes.
    ///
    /// # Errors
    /// It lies outside of the image, or is damaged: a clause.
    pub fn read(image: &dyn Bytes, sector: u64) -> Result<Self, Fault> {
        if sector <= DESCRIPTORS {
            return Err("it lies where the descriptors of ISO 9660 are, or before them");
        }
        let lba = sector.saturating_mul(CD_SECTOR / SECTOR);
        let outside = |_: io::Error| "it lies after the end of the image";
        Self::parse(lba, sectors(image, lba, 1).map_err(outside)?)
    }

    fn parse(lba: u64, sector: Vec<u8>) -> Result<Self, Fault> {
        let records: Vec<&[u8]> = sector.chunks(RECORD).collect();
        let first = *records.first().ok_or("it is empty")?;
        let sum = first
            .chunks(2)
            .fold(0_u16, |sum, word| sum.wrapping_add(u16_at(word, 0)));
        if first.first() != Some(&VALIDATION) || first.get(KEY_AT..) != Some(&KEY) || sum != 0 {
            return Err("its first record is damaged");
        }
        let platform = byte(first, PLATFORM_AT);
        let default = *records.get(1).ok_or("it is empty")?;
        let mut entries = vec![entry(default, platform)];
        let (mut used, mut last_header) = (2, None);
        while let Some(header) = records.get(used).copied() {
            let kind = byte(header, 0);
            if kind != HEADER && kind != LAST_HEADER {
                break;
            }
            last_header = Some(used);
            used = used.saturating_add(1);
            let count = u16_at(header, COUNT_AT);
            for _ in 0..count {
                let Some(record) = records.get(used) else {
                    break;
                };
                entries.push(entry(record, byte(header, PLATFORM_AT)));
                used = used.saturating_add(1);
                while records
                    .get(used)
                    .is_some_and(|record| byte(record, 0) == EXTENSION)
                {
                    used = used.saturating_add(1);
                }
            }
            if kind == LAST_HEADER {
                break;
            }
        }
        Ok(Self {
            lba,
            entries,
            used,
            last_header,
            sector,
        })
    }

    /// The sector with a section for UEFI, whose image begins at `start` and has `size`
    /// bytes.
    ///
    /// # Errors
    /// There is no room: a clause.
    pub fn with_uefi(&self, start: u64, size: u64) -> Result<Change, Fault> {
        let at = self.used.saturating_mul(RECORD);
        let end = at.saturating_add(2 * RECORD);
        let room = self.sector.get(at..end);
        let room = room.ok_or("it has no room for another section in its first 512 bytes")?;
        if !is_zero(room) {
            return Err("something unknown follows its last section");
        }
        let start = u32::try_from(start / CD_SECTOR)
            .map_err(|_| "it cannot name a place so far from the start")?;
        let mut bytes = self.sector.clone();
        if let Some(last) = self.last_header {
            put(&mut bytes, last.saturating_mul(RECORD), &[HEADER]);
        }
        // One entry.
        put(&mut bytes, at, &[LAST_HEADER, EFI, 1, 0]);
        let entry = at.saturating_add(RECORD);
        put(&mut bytes, entry, &[BOOTABLE]);
        put(
            &mut bytes,
            entry.saturating_add(SIZE_AT),
            &load_size(size).to_le_bytes(),
        );
        put(
            &mut bytes,
            entry.saturating_add(START_AT),
            &start.to_le_bytes(),
        );
        Ok(Change {
            what: "a section for UEFI in the catalogue by which CDs boot",
            lba: self.lba,
            bytes,
            is_new: false,
        })
    }

    /// True if it boots something on a BIOS.
    #[must_use]
    pub fn has_bios(&self) -> bool {
        self.has(Platform::Bios)
    }

    /// True if it boots something on UEFI.
    #[must_use]
    pub fn has_uefi(&self) -> bool {
        self.has(Platform::Uefi)
    }

    fn has(&self, platform: Platform) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.platform == platform && entry.is_bootable)
    }
}

fn byte(record: &[u8], at: usize) -> u8 {
    record.get(at).copied().unwrap_or_default()
}

fn entry(record: &[u8], platform: u8) -> Entry {
    Entry {
        platform: Platform::of(platform),
        is_bootable: byte(record, 0) == BOOTABLE,
        start: u64::from(u32_at(record, START_AT)).saturating_mul(CD_SECTOR),
    }
}

/// The size of an image in 512 bytes. Firmware takes 0 and 1 for "up to the end of the
/// file system", in which the image does not lie.
#[must_use]
fn load_size(size: u64) -> u16 {
    u16::try_from(size / SECTOR).unwrap_or(u16::MAX).max(2)
}

/// The most bytes of an image that an entry can name.
pub const LONGEST: u64 = 0xffff * SECTOR;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::to_usize;

    fn catalogue(more: &[u8]) -> Vec<u8> {
        let mut sector = vec![0; to_usize(SECTOR)];
        put(&mut sector, 0, &[1, 0]);
        put(&mut sector, 28, &[0xaa, 0x55, 0x55, 0xaa]);
        put(&mut sector, 32, &[0x88, 0, 0, 0, 0, 0, 4, 0, 34, 0, 0, 0]);
        put(&mut sector, 64, more);
        sector
    }

    #[test]
    fn a_section_is_added() {
        let found = Catalogue::parse(132, catalogue(&[])).unwrap();
        assert_eq!(
            found.entries,
            [Entry {
                platform: Platform::Bios,
                is_bootable: true,
                start: 34 * 2048
            }]
        );
        let change = found.with_uefi(8 << 20, 20 << 20).unwrap();
        assert_eq!(change.lba, 132);
        assert_eq!(&change.bytes[64..68], [0x91, 0xef, 1, 0]);
        assert_eq!(
            &change.bytes[96..112],
            [0x88, 0, 0, 0, 0, 0, 0, 0xa0, 0, 0x10, 0, 0, 0, 0, 0, 0]
        );
        let again = Catalogue::parse(132, change.bytes.clone()).unwrap();
        assert!(again.has_uefi() && again.has_bios());
        assert_eq!(again.entries[1].start, 8 << 20);
        let twice = again.with_uefi(0, 1 << 30).unwrap();
        assert_eq!(twice.bytes[64], 0x90, "no longer the last one");
        assert_eq!(twice.bytes[128], 0x91);
        assert_eq!(&twice.bytes[166..168], [0xff, 0xff]);
    }

    #[test]
    fn only_512_bytes_count() {
        let section: Vec<u8> = std::iter::once([0x91, 0, 12, 0])
            .chain([[0x88, 0, 0, 0]; 12])
            .flat_map(|start| {
                let mut record = start.to_vec();
                record.resize(32, 0);
                record
            })
            .collect();
        let found = Catalogue::parse(0, catalogue(&section)).unwrap();
        assert_eq!(found.entries.len(), 13);
        assert!(found.with_uefi(0, 1).unwrap_err().contains("no room"));
        let strange = Catalogue::parse(0, catalogue(&[7])).unwrap();
        assert!(strange.with_uefi(0, 1).unwrap_err().contains("unknown"));
        let mut damaged = catalogue(&[]);
        damaged[3] = 1;
        assert!(Catalogue::parse(0, damaged).is_err());
    }

    #[test]
    fn sizes() {
        let sizes = [0, 512, 1024, 31 << 20, LONGEST, LONGEST + 512].map(load_size);
        assert_eq!(sizes, [2, 2, 2, 0xf800, 0xffff, 0xffff]);
    }
}
