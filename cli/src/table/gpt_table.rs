//! One table of a GPT, the primary or the backup, with every fault named. UEFI
//! specification, section 5.3.
//!
//! What the loader refuses (revision, entry size, array size) is refused here too.

use boot::disk::gpt::{self, Header, MAX_ARRAY, SIGNATURE};
use layout::disk::SECTOR;
use zerocopy::FromBytes;

use crate::disk::{self, Sectors};
use crate::error::Error;
use crate::number::{to_u64, to_usize};

/// The table whose header is in sector `at`, with its entry array. The error
/// is a clause that says what is wrong with it.
pub(super) fn table(disk: &dyn Sectors, at: u64) -> Result<(Header, Vec<u8>), Fault> {
    let sector = disk::read(disk, at, 1).map_err(Fault::Unreadable)?;
    let header = Header::read_from_prefix(&sector)
        .map_err(|_| Fault::Missing)?
        .0;
    check_header(&header, &sector, at)?;
    let first = header.partition_entry_lba.get();
    let array = disk::read(disk, first, array_sectors(&header)).map_err(Fault::Unreadable)?;
    let array = &array[..to_usize(array_bytes(&header))];
    if crc32fast::hash(array) != header.partition_entry_array_crc32.get() {
        return Err(Fault::Damaged("the checksum of its entries is wrong"));
    }
    Ok((header, array.to_vec()))
}

fn check_header(header: &Header, sector: &[u8], at: u64) -> Result<(), Fault> {
    if header.signature != SIGNATURE {
        return Err(Fault::Missing);
    }
    let sector = sector.first_chunk().ok_or(Fault::Missing)?;
    match gpt::checksum(sector, header.header_size.get()) {
        None => return Err(Fault::Damaged("the size of its header is impossible")),
        Some(sum) if sum != header.header_crc32.get() => {
            return Err(Fault::Damaged("the checksum of its header is wrong"));
        }
        Some(_) => {}
    }
    if header.revision.get() != 0x1_0000 {
        return Err(Fault::Damaged("its revision is not 1.0"));
    }
    if header.my_lba.get() != at {
        return Err(Fault::Damaged("its header belongs to another sector"));
    }
    let entry = header.size_of_partition_entry.get();
    if !entry.is_power_of_two() || !(128..=4096).contains(&entry) {
        return Err(Fault::Damaged("the size of its entries is impossible"));
    }
    if !(1..=u64::from(MAX_ARRAY)).contains(&array_bytes(header)) {
        return Err(Fault::Damaged(
            "it has no entries or more than gapboot reads (128 KiB)",
        ));
    }
    if header.partition_entry_lba.get() < 2 {
        return Err(Fault::Damaged("its entries lie in its header"));
    }
    Ok(())
}

fn array_bytes(header: &Header) -> u64 {
    let size = u64::from(header.size_of_partition_entry.get());
    size.saturating_mul(header.number_of_partition_entries.get().into())
}

/// Sectors of the entry array.
pub(super) fn array_sectors(header: &Header) -> u64 {
    array_bytes(header).div_ceil(to_u64(SECTOR))
}

/// What is wrong with a table.
pub(super) enum Fault {
    /// There is no table.
    Missing,
    /// It can't be read.
    Unreadable(Error),
    /// There is one, but not a sound one.
    Damaged(&'static str),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Missing => to.write_str("it is not there"),
            Self::Unreadable(error) => error.fmt(to),
            Self::Damaged(what) => to.write_str(what),
        }
    }
}
