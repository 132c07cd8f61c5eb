//! A GPT (UEFI specification, section 5.3) that gets one more partition and a new end.

use boot::disk::gpt::{self as format, ESP, MAX_ARRAY, SIGNATURE};
use volumes::Bytes;

use crate::SECTOR;
use crate::bytes::{put, sectors, to_usize, u32_at, u64_at};

/// Offsets in a header, by the specification's names.
mod at {
    pub(super) const REVISION: usize = 8;
    pub(super) const HEADER_SIZE: usize = 12;
    pub(super) const HEADER_CRC32: usize = 16;
    pub(super) const MY_LBA: usize = 24;
    pub(super) const ALTERNATE_LBA: usize = 32;
    pub(super) const FIRST_USABLE_LBA: usize = 40;
    pub(super) const LAST_USABLE_LBA: usize = 48;
    pub(super) const DISK_GUID: usize = 56;
    pub(super) const PARTITION_ENTRY_LBA: usize = 72;
    pub(super) const NUMBER_OF_PARTITION_ENTRIES: usize = 80;
    pub(super) const SIZE_OF_PARTITION_ENTRY: usize = 84;
    pub(super) const PARTITION_ENTRY_ARRAY_CRC32: usize = 88;
}
/// Offsets in an entry.
const UNIQUE_AT: usize = 16;
const FIRST_AT: usize = 32;
const LAST_AT: usize = 40;
const NAME_AT: usize = 56;

const REVISION: u32 = 0x1_0000;
/// Of a new table: bytes of an entry, and their number.
const ENTRY: u32 = 128;
const ENTRIES: u32 = 128;
/// The name of the partition.
const NAME: &str = "EFI System";

/// A table: a header, and the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpt {
    header: Vec<u8>,
    array: Vec<u8>,
    /// Its partitions.
    pub partitions: Vec<Partition>,
    /// The first entry that is not in use, from 0 on.
    pub free: Option<usize>,
}

/// A partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Counted from 1.
    pub number: usize,
    /// An EFI system partition.
    pub is_esp: bool,
    /// The first sector.
    pub first: u64,
    /// The first sector after it.
    pub end: u64,
}

/// Sectors that are to be written: header and entries of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Where the header lies.
    pub lba: u64,
    /// The header's sector.
    pub header: Vec<u8>,
    /// Where the entries lie.
    pub array_lba: u64,
    /// The sectors of the entries.
    pub array: Vec<u8>,
}

/// True if something in sector 1 calls itself a GPT, or one for sectors of 4,096 bytes
/// does in its place.
#[must_use]
pub fn is_there(image: &dyn Bytes) -> bool {
    let starts = |lba| sectors(image, lba, 1).is_ok_and(|sector| sector.starts_with(&SIGNATURE));
    starts(1) || starts(8)
}

impl Gpt {
    /// Reads the primary table.
    ///
    /// # Errors
    /// It is damaged, or of a kind that is not known: a clause.
    pub fn read(image: &dyn Bytes) -> Result<Self, &'static str> {
        let ends = "the image ends in it";
        let header = sectors(image, 1, 1).map_err(|_| ends)?;
        if !header.starts_with(&SIGNATURE) {
            return Err("it is one for sectors of 4096 bytes");
        }
        let size = u32_at(&header, at::HEADER_SIZE);
        let first = header.first_chunk().ok_or(ends)?;
        let sum = format::checksum(first, size).ok_or("the size of its header is impossible")?;
        if sum != u32_at(&header, at::HEADER_CRC32) {
            return Err("the checksum of its header is wrong");
        }
        if u32_at(&header, at::REVISION) != REVISION || u64_at(&header, at::MY_LBA) != 1 {
            return Err("its header is not one of revision 1.0 for sector 1");
        }
        let entry = u32_at(&header, at::SIZE_OF_PARTITION_ENTRY);
        let count = u32_at(&header, at::NUMBER_OF_PARTITION_ENTRIES);
        let bytes = entry.saturating_mul(count);
        let is_sound = entry.is_power_of_two()
            && (128..=4096).contains(&entry)
            && (1..=MAX_ARRAY).contains(&bytes);
        let lba = u64_at(&header, at::PARTITION_ENTRY_LBA);
        if !is_sound || lba < 2 {
            return Err("its entries are impossible");
        }
        let mut array = sectors(image, lba, array_sectors(bytes)).map_err(|_| ends)?;
        array.truncate(to_usize(bytes));
        if crc32fast::hash(&array) != u32_at(&header, at::PARTITION_ENTRY_ARRAY_CRC32) {
            return Err("the checksum of its entries is wrong");
        }
        Ok(Self::of(header, array))
    }

    /// A table without partitions, for an image in whose first sectors there is room.
    #[must_use]
    pub fn new(disk: [u8; 16]) -> Self {
        let mut header = vec![0; to_usize(SECTOR)];
        put(&mut header, 0, &SIGNATURE);
        put(&mut header, at::REVISION, &REVISION.to_le_bytes());
        put(&mut header, at::HEADER_SIZE, &92_u32.to_le_bytes());
        put(&mut header, at::MY_LBA, &1_u64.to_le_bytes());
        put(&mut header, at::PARTITION_ENTRY_LBA, &2_u64.to_le_bytes());
        let first = array_sectors(ENTRY.saturating_mul(ENTRIES)).saturating_add(2);
        put(&mut header, at::FIRST_USABLE_LBA, &first.to_le_bytes());
        put(&mut header, at::DISK_GUID, &disk);
        let count = at::NUMBER_OF_PARTITION_ENTRIES;
        put(&mut header, count, &ENTRIES.to_le_bytes());
        put(
            &mut header,
            at::SIZE_OF_PARTITION_ENTRY,
            &ENTRY.to_le_bytes(),
        );
        let array = vec![0; to_usize(ENTRY.saturating_mul(ENTRIES))];
        Self::of(header, array)
    }

    fn of(header: Vec<u8>, array: Vec<u8>) -> Self {
        let size = to_usize(u32_at(&header, at::SIZE_OF_PARTITION_ENTRY)).max(1);
        let entries = || array.chunks_exact(size).zip(0_usize..);
        let kind = |entry: &[u8]| entry.first_chunk::<16>().copied().unwrap_or_default();
        let used = entries().filter(|(entry, _)| kind(entry) != [0; 16]);
        let partitions = used.map(|(entry, place)| Partition {
            number: place.saturating_add(1),
            is_esp: kind(entry) == ESP,
            first: u64_at(entry, FIRST_AT),
            end: u64_at(entry, LAST_AT).saturating_add(1),
        });
        let mut unused = entries().filter(|(entry, _)| kind(entry) == [0; 16]);
        Self {
            partitions: partitions.collect(),
            free: unused.next().map(|(_, place)| place),
            header,
            array,
        }
    }

    /// The first sector after the backup, as the header names it.
    #[must_use]
    pub fn end(&self) -> u64 {
        u64_at(&self.header, at::ALTERNATE_LBA).saturating_add(1)
    }

    /// Sectors that the backup takes at the end.
    #[must_use]
    pub fn backup_sectors(&self) -> u64 {
        array_sectors(u32::try_from(self.array.len()).unwrap_or(u32::MAX)).saturating_add(1)
    }

    /// The identifier of the disk.
    #[must_use]
    pub fn disk(&self) -> [u8; 16] {
        let guid = self.header.get(at::DISK_GUID..);
        let guid = guid.and_then(|rest| rest.first_chunk());
        guid.copied().unwrap_or_default()
    }

    /// The backup and the primary table with one more partition, an EFI system partition,
    /// for an image of this many sectors. Nothing if all entries are in use.
    #[must_use]
    pub fn with_esp(&self, first: u64, count: u64, total: u64) -> Option<[Copy; 2]> {
        let free = self.free?;
        let size = to_usize(u32_at(&self.header, at::SIZE_OF_PARTITION_ENTRY));
        let start = free.saturating_mul(size);
        let last = first.saturating_add(count).saturating_sub(1);
        let mut array = self.array.clone();
        put(&mut array, start, &ESP);
        let unique = guid(&[&self.disk(), &first.to_le_bytes()]);
        put(&mut array, start.saturating_add(UNIQUE_AT), &unique);
        put(
            &mut array,
            start.saturating_add(FIRST_AT),
            &first.to_le_bytes(),
        );
        put(
            &mut array,
            start.saturating_add(LAST_AT),
            &last.to_le_bytes(),
        );
        let name: Vec<u8> = NAME.encode_utf16().flat_map(u16::to_le_bytes).collect();
        put(&mut array, start.saturating_add(NAME_AT), &name);

        let backup = total.saturating_sub(1);
        let backup_array = total.saturating_sub(self.backup_sectors());
        let mut header = self.header.clone();
        let last_usable = backup_array.saturating_sub(1);
        put(&mut header, at::LAST_USABLE_LBA, &last_usable.to_le_bytes());
        let sum = crc32fast::hash(&array).to_le_bytes();
        put(&mut header, at::PARTITION_ENTRY_ARRAY_CRC32, &sum);
        array.resize(array.len().next_multiple_of(to_usize(SECTOR)), 0);
        let primary_array = u64_at(&header, at::PARTITION_ENTRY_LBA);
        let copy = |lba: u64, other: u64, array_lba: u64| {
            let mut header = header.clone();
            put(&mut header, at::MY_LBA, &lba.to_le_bytes());
            put(&mut header, at::ALTERNATE_LBA, &other.to_le_bytes());
            let place = at::PARTITION_ENTRY_LBA;
            put(&mut header, place, &array_lba.to_le_bytes());
            let sum = header
                .first_chunk()
                .and_then(|first| format::checksum(first, u32_at(&header, at::HEADER_SIZE)));
            let sum = sum.unwrap_or_default();
            put(&mut header, at::HEADER_CRC32, &sum.to_le_bytes());
            Copy {
                lba,
                header,
                array_lba,
                array: array.clone(),
            }
        };
        Some([
            copy(backup, 1, backup_array),
            copy(1, backup, primary_array),
        ])
    }
}

/// How many sectors entries of this many bytes take.
fn array_sectors(bytes: u32) -> u64 {
    u64::from(bytes).div_ceil(SECTOR)
}

/// An identifier that follows from other bytes: the same image gives the same bytes.
#[must_use]
pub fn guid(of: &[&[u8]]) -> [u8; 16] {
    let mut guid = [0; 16];
    for (seed, part) in (1_u8..).zip(guid.chunks_mut(4)) {
        let mut sum = crc32fast::Hasher::new();
        sum.update(&[seed]);
        of.iter().for_each(|bytes| sum.update(bytes));
        part.copy_from_slice(&sum.finalize().to_le_bytes());
    }
    // Version 8: made in a way of one's own (RFC 9562).
    let [.., _, version, variant, _, _, _, _, _, _, _] = &mut guid;
    *version = *version & 0x0f | 0x80;
    *variant = *variant & 0x3f | 0x80;
    guid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_added_and_the_end_moves() {
        let total = 100_000_u64;
        let disk = guid(&[b"x"]);
        let empty = Gpt::new(disk);
        let [backup, primary] = empty.with_esp(2048, 4096, total).unwrap();
        let mut image = vec![0; to_usize(total * SECTOR)];
        for copy in [&backup, &primary] {
            put(&mut image, to_usize(copy.lba * SECTOR), &copy.header);
            put(&mut image, to_usize(copy.array_lba * SECTOR), &copy.array);
        }
        assert_eq!((backup.lba, backup.array_lba), (99_999, 99_967));
        assert!(is_there(&image));
        let found = Gpt::read(&image).unwrap();
        let esp = Partition {
            number: 1,
            is_esp: true,
            first: 2048,
            end: 6144,
        };
        assert_eq!(found.partitions, [esp]);
        assert_eq!((found.free, found.end()), (Some(1), total));
        assert_eq!(found.disk(), disk);
        // A second one, on a larger disk.
        let [backup, primary] = found.with_esp(100_352, 10, 200_000).unwrap();
        assert_eq!(backup.array, primary.array);
        assert_ne!(backup.array[16..32], backup.array[144..160]);
        let mut damaged = image.clone();
        damaged[1024] ^= 1;
        assert!(Gpt::read(&damaged).unwrap_err().contains("entries"));
        let mut damaged = image;
        damaged[560] ^= 1;
        assert!(Gpt::read(&damaged).unwrap_err().contains("header"));
    }

    #[test]
    fn a_full_table_stays() {
        let mut gpt = Gpt::new([1; 16]);
        gpt.array.fill(7);
        let gpt = Gpt::of(gpt.header, gpt.array);
        assert_eq!(gpt.partitions.len(), 128);
        assert_eq!(gpt.with_esp(1, 1, 100), None);
    }
}
