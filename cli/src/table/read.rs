//! The partition table as the installer sees it: is it sound, and who lies
//! where?
//!
//! The loader's own readers find the partitions with entries and fall back to a
//! GPT's backup without a word. Here every fault is named, because a person can
//! mend it now, and every place that belongs to someone is known.

use super::gpt::{self, Gpt};
use super::mbr;
use super::place::{Place, Places};
use crate::disk::{self, Sectors};
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
pub fn partitions(disk: &dyn Sectors) -> Result<Vec<Place>, Error> {
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
/// The disk has no sound table, or cannot be read.
pub fn read(disk: &dyn Sectors) -> Result<Table, Error> {
    let sector = disk::read(disk, 0, 1)?;
    match mbr::read(disk, &sector) {
        Some(places) if !gpt::is_there(disk) => Ok(Table { gpt: None, places }),
        _ => {
            let (gpt, places) = gpt::read(disk, &sector)?;
            Ok(Table {
                gpt: Some(gpt),
                places,
            })
        }
    }
}
