//! GUID partition tables: makes them, and corrects their checksums after changes.

use crate::disk::MemoryDisk;
use boot::crc32::Crc32;
use boot::disk::gpt::{ESP, MAX_ARRAY, SIGNATURE, XBOOTLDR};
use boot::machine::Disk;
use layout::disk::SECTOR;

/// Sizes of a header and of an entry, in bytes.
const HEADER: usize = 92;
const ENTRY: usize = 128;

/// A partition of a table to be made.
pub struct Partition {
    /// Its type, as on the disk.
    pub kind: [u8; 16],
    /// First and last sector.
    pub place: (u64, u64),
}

/// An EFI system partition.
pub fn esp(first: u64, last: u64) -> Partition {
    Partition {
        kind: ESP,
        place: (first, last),
    }
}

/// An extended boot loader partition.
pub fn xbootldr(first: u64, last: u64) -> Partition {
    Partition {
        kind: XBOOTLDR,
        place: (first, last),
    }
}

/// Writes both copies of a table with `count` entries into an image.
pub fn write(image: &mut [u8], partitions: &[Partition], count: u32) {
    let sectors = (image.len() / SECTOR) as u64;
    let mut array = vec![0; count as usize * ENTRY];
    for (index, (entry, partition)) in array.chunks_mut(ENTRY).zip(partitions).enumerate() {
        entry[..16].copy_from_slice(&partition.kind);
        entry[16..32].fill(index as u8 + 1);
        entry[32..40].copy_from_slice(&partition.place.0.to_le_bytes());
        entry[40..48].copy_from_slice(&partition.place.1.to_le_bytes());
    }
    let array_sectors = array.len().div_ceil(SECTOR) as u64;
    for (at, other, place) in [
        (1, sectors - 1, 2),
        (sectors - 1, 1, sectors - 1 - array_sectors),
    ] {
        let start = place as usize * SECTOR;
        image[start..start + array.len()].copy_from_slice(&array);
        let header = &mut image[at as usize * SECTOR..][..HEADER];
        header[..8].copy_from_slice(&SIGNATURE);
        header[8..16].copy_from_slice(&[0, 0, 1, 0, HEADER as u8, 0, 0, 0]);
        header[24..32].copy_from_slice(&at.to_le_bytes());
        header[32..40].copy_from_slice(&other.to_le_bytes());
        header[40..48].copy_from_slice(&34_u64.to_le_bytes());
        header[48..56].copy_from_slice(&(sectors - 34).to_le_bytes());
        header[72..80].copy_from_slice(&place.to_le_bytes());
        header[80..84].copy_from_slice(&count.to_le_bytes());
        header[84..88].copy_from_slice(&(ENTRY as u32).to_le_bytes());
        repair(image, at as usize, true, true);
    }
}

/// Corrects the checksums of the table whose header is in sector `at`, as far as
/// the image contains the bytes that they cover.
pub fn repair(image: &mut [u8], at: usize, array: bool, header: bool) {
    let Some(sector) = image.get(at * SECTOR..(at + 1) * SECTOR) else {
        return;
    };
    let quad = |at: usize| u64::from_le_bytes(sector[at..at + 8].try_into().expect("8 bytes"));
    let double = |at: usize| quad(at) as u32;
    let length = u64::from(double(80)) * u64::from(double(84));
    if array && length <= MAX_ARRAY.into() {
        let bytes = usize::try_from(quad(72))
            .ok()
            .and_then(|at| at.checked_mul(SECTOR));
        let bytes = bytes.and_then(|start| image.get(start..)?.get(..length as usize));
        if let Some(sum) = bytes.map(checksum) {
            image[at * SECTOR + 88..][..4].copy_from_slice(&sum.to_le_bytes());
        }
    }
    let sector = &mut image[at * SECTOR..(at + 1) * SECTOR];
    let size = u32::from_le_bytes(sector[12..16].try_into().expect("4 bytes")) as usize;
    if header && (20..=SECTOR).contains(&size) {
        sector[16..20].fill(0);
        let sum = checksum(&sector[..size]);
        sector[16..20].copy_from_slice(&sum.to_le_bytes());
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc32::new();
    crc.update(bytes);
    crc.finish()
}

/// Asserts that the partitions that the loader found are possible on this disk.
pub fn check(found: &boot::disk::partition::Partitions, disk: &MemoryDisk) {
    let sectors = disk.sectors().unwrap_or(0);
    for partition in [found.esp, found.xbootldr].into_iter().flatten() {
        assert!(partition.sectors > 0, "{partition:?}");
        let end = partition.first.0.checked_add(partition.sectors);
        assert!(
            end.is_some_and(|end| end <= sectors),
            "{partition:?} of {sectors}"
        );
    }
}
