//! The partition table as the installer sees it: is it sound, and who lies
//! where?
//!
//! The loader's own readers find the partitions with entries and fall back to a
//! GPT's backup without a word. Here every fault is named, because a person can
//! mend it now, and every place that belongs to someone is known.

use boot::disk::partition::Partition;

use super::gpt::{self, Gpt};
use super::mbr;
use super::place::{OwnedRange, Places};
use crate::disk::{self, Sectors, reader};
use crate::error::Error;

/// A sound partition table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The GPT; none on a disk with an MBR alone.
    pub gpt: Option<Gpt>,
    /// Who lies where.
    pub places: Places,
}

/// All partitions that a table of any kind tells of, be it damaged or left over:
/// none of them may be written to.
///
/// # Errors
/// The disk cannot be read.
pub fn partitions(disk: &dyn Sectors) -> Result<Vec<OwnedRange>, Error> {
    let sector = disk::read(disk, 0, 1)?;
    let mut partitions = gpt::known_partitions(disk);
    if let Some(mbr) = mbr::read(disk, &sector) {
        // The tables of logical partitions too, but not sector 0.
        let own = mbr.own.into_iter().filter(|place| place.first > 0);
        partitions.extend(own.chain(mbr.partitions));
    }
    Ok(partitions)
}

/// Reads the table and checks it; an error for each reason why gapboot can't be
/// installed beside it.
///
/// # Errors
/// The disk has no sound table, or two tables, or cannot be read.
pub fn read(disk: &dyn Sectors) -> Result<Table, Error> {
    let sector = disk::read(disk, 0, 1)?;
    if gpt::is_there(disk) && mbr::has_partitions(&sector) {
        return Err(two_tables());
    }
    let mut table = match mbr::read(disk, &sector) {
        Some(places) => Table { gpt: None, places },
        None => {
            let (gpt, places) = gpt::read(disk, &sector)?;
            Table {
                gpt: Some(gpt),
                places,
            }
        }
    };
    table.places.boot = boot_partitions(disk, &table.places.partitions);
    Ok(table)
}

/// Linux takes the MBR of such a disk, and repairs of the GPT would overwrite it.
fn two_tables() -> Error {
    Error::failed(
        "it has two partition tables, an MBR with partitions and a GPT that the MBR does not \
         protect: one of them is left over from earlier, so look at both first (`wipefs DISK` \
         lists them)",
    )
}

/// Those of the partitions that the loader itself finds.
fn boot_partitions(disk: &dyn Sectors, partitions: &[OwnedRange]) -> Vec<OwnedRange> {
    let found = reader::partitions(disk).unwrap_or_default();
    let found = [found.esp, found.xbootldr].into_iter().flatten();
    let place = |partition: Partition| {
        let mut places = partitions.iter();
        let place = places.find(|place| place.first == partition.first.0)?;
        (place.last < disk.sectors()).then(|| place.clone())
    };
    found.filter_map(place).collect()
}
