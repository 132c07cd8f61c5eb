//! GUID partition tables (UEFI 2.10, section 5.3).
//!
//! A table is a header in one sector and an array of entries elsewhere, both
//! with checksums, and both stored twice: at the start of the disk and at its
//! end. The header says where its array lies and how large its entries are;
//! none of that is assumed here.

use super::partition::{Partition, Partitions};
use super::storage::Storage;
use crate::crc32::Crc32;
use crate::machine::{Disk, Lba, Sector};
use crate::overlay::Overlay;
use crate::{Error, Kind};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// `PartitionTypeGUID` of an EFI system partition, as on the disk.
pub const ESP: [u8; 16] = *b"\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b";
/// `PartitionTypeGUID` of an extended boot loader partition, as on the disk.
pub const XBOOTLDR: [u8; 16] = *b"\xff\xc2\x13\xbc\xe6\x59\x62\x42\xa3\x52\xb2\x75\xfd\x6f\x71\x72";

/// Where the primary header lies.
const PRIMARY: u64 = 1;
/// The first bytes of a header.
pub const SIGNATURE: [u8; 8] = *b"EFI PART";
const REVISION: u32 = 0x1_0000;
/// Offset of `HeaderCRC32`, which counts as 0 in its own computation.
const CRC_OFFSET: usize = 16;
/// The smallest entry, in bytes. Larger ones begin with the same fields, and
/// their sizes are powers of two.
const ENTRY: usize = 128;
const MIN_SIZE: u32 = 128;
const MAX_SIZE: u32 = 4096;
/// The most entries that are accepted.
const MAX_COUNT: u32 = 1024;
/// The longest array that is accepted, in bytes.
pub const MAX_ARRAY: u32 = 128 << 10;

/// The header, UEFI table 5-5, with its field names.
#[allow(missing_docs, reason = "the specification's names")]
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Header {
    pub signature: [u8; 8],
    pub revision: U32,
    pub header_size: U32,
    pub header_crc32: U32,
    pub reserved: U32,
    pub my_lba: U64,
    pub alternate_lba: U64,
    pub first_usable_lba: U64,
    pub last_usable_lba: U64,
    pub disk_guid: [u8; 16],
    pub partition_entry_lba: U64,
    pub number_of_partition_entries: U32,
    pub size_of_partition_entry: U32,
    pub partition_entry_array_crc32: U32,
}

/// The start of an entry, UEFI table 5-6; attributes and name follow.
#[allow(missing_docs, reason = "the specification's names")]
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct PartitionEntry {
    pub partition_type_guid: [u8; 16],
    pub unique_partition_guid: [u8; 16],
    pub starting_lba: U64,
    pub ending_lba: U64,
}

/// Finds the boot partitions: of each type the first one of the array that lies
/// on the disk.
///
/// The backup table is consulted where the primary one is unreadable or
/// damaged, not where it just lists no such partition: it could be older. The backup
/// lies where the primary header says; with the `overlay`, the end of the disk is tried
/// too.
///
/// # Errors
/// The fault of the primary table, if the backup is unusable too. [`Kind::GptMissing`],
/// [`Kind::GptDamaged`], [`Kind::GptUnsupported`] with the header's LBA; those of
/// [`Storage::sector`].
pub fn find<D: Disk>(
    storage: &mut Storage<D>,
    overlay: Option<Overlay>,
    found: &mut Partitions,
) -> Result<(), Error> {
    match found.read(storage, PRIMARY) {
        Err(error) => match overlay {
            Some(overlay) if overlay.read_backup(found, storage) => Ok(()),
            _ => Err(error),
        },
        Ok(()) => Ok(()),
    }
}

impl Overlay {
    /// Sets `found` to the partitions of a backup table, which lies where the primary
    /// header says or at the end of the disk. False if no usable backup was found.
    #[inline(never)] // a way into the overlay
    fn read_backup<D: Disk>(self, found: &mut Partitions, storage: &mut Storage<D>) -> bool {
        let last = storage.sectors().unwrap_or(0).wrapping_sub(1);
        alternate(storage).is_some_and(|at| found.read(storage, at).is_ok())
            || found.read(storage, last).is_ok()
    }
}

/// Where the backup lies according to the primary header, if that header is good enough
/// to be believed.
fn alternate<D: Disk>(storage: &mut Storage<D>) -> Option<u64> {
    let sectors = storage.sectors().unwrap_or(0);
    let (header, is_intact) = header(storage, PRIMARY).ok()?;
    let at = header.alternate_lba.get();
    // Some controllers hang when a sector beyond the end is read. So a damaged header
    // is believed only if the end of the disk is known.
    (is_intact || at < sectors).then_some(at)
}

/// The header at `at`, and whether its checksum is right.
fn header<'s, D: Disk>(storage: &'s mut Storage<D>, at: u64) -> Result<(&'s Header, bool), Error> {
    let missing = Error::new(Kind::GptMissing, at);
    let sector = storage.sector(Lba(at))?;
    let (header, _) = Header::ref_from_prefix(sector).map_err(|_| missing)?;
    if header.signature != SIGNATURE {
        return Err(missing);
    }
    let checksum = checksum(sector, header.header_size.get());
    Ok((header, checksum == Some(header.header_crc32.get())))
}

/// The correct `HeaderCRC32` of the header in `sector`, whatever stands there; None if
/// `size`, its `HeaderSize`, is impossible.
pub fn checksum(sector: &Sector, size: u32) -> Option<u32> {
    let size = usize::try_from(size)
        .ok()
        .filter(|&size| size >= size_of::<Header>())?;
    let mut crc = Crc32::new();
    crc.update(sector.get(..CRC_OFFSET)?);
    crc.update(&[0; 4]);
    crc.update(sector.get(CRC_OFFSET + 4..size)?);
    Some(crc.finish())
}

impl Partitions {
    /// Takes the partitions of the table whose header is at `at`.
    fn read<D: Disk>(&mut self, storage: &mut Storage<D>, at: u64) -> Result<(), Error> {
        let end = storage.sectors().unwrap_or(0).wrapping_sub(1);
        let damaged = Error::new(Kind::GptDamaged, at);
        let (header, is_intact) = header(storage, at)?;
        if !is_intact || header.my_lba.get() != at {
            return Err(damaged);
        }
        let size = header.size_of_partition_entry.get();
        let count = header.number_of_partition_entries.get();
        let length = size.saturating_mul(count);
        let known = header.revision.get() == REVISION
            && size.is_power_of_two()
            && (MIN_SIZE..=MAX_SIZE).contains(&size)
            && (1..=MAX_COUNT).contains(&count)
            && length <= MAX_ARRAY;
        if !known {
            return Err(Error::new(Kind::GptUnsupported, at));
        }
        let mut next = header.partition_entry_lba.get();
        let expected = header.partition_entry_array_crc32.get();

        *self = Self::default();
        let mut crc = Crc32::new();
        let mut offset = 0_u32;
        while offset < length {
            let sector = storage.sector(Lba(next))?;
            next = next.wrapping_add(1);
            for piece in sector.as_chunks::<ENTRY>().0 {
                if offset < length {
                    crc.update(piece);
                    if offset & size.wrapping_sub(1) == 0 {
                        self.consider(piece, end);
                    }
                    offset = offset.wrapping_add(MIN_SIZE);
                }
            }
        }
        if crc.finish() == expected {
            Ok(())
        } else {
            Err(damaged)
        }
    }

    /// Takes in the partition of an entry, if the partition ends at `end` or before.
    fn consider(&mut self, entry: &[u8; ENTRY], end: u64) {
        let Ok((entry, _)) = PartitionEntry::ref_from_prefix(entry) else {
            return;
        };
        let (first, last) = (entry.starting_lba.get(), entry.ending_lba.get());
        let places = [&mut self.esp, &mut self.xbootldr];
        for (kind, place) in [ESP, XBOOTLDR].iter().zip(places) {
            if entry.partition_type_guid == *kind && place.is_none() && first <= last && last <= end
            {
                *place = Some(Partition {
                    first: Lba(first),
                    sectors: last.wrapping_sub(first).saturating_add(1),
                    guid: entry.unique_partition_guid,
                });
            }
        }
    }
}
