//! The partition table as the installer sees it: is it sound, and who lies
//! where?
//!
//! The loader's own readers find the partitions with entries and fall back to a
//! GPT's backup without a word. Here every fault is named, because a person can
//! mend it now, and every place that belongs to someone is known.

use crate::disk::{self, Sectors};
use crate::error::Error;
use crate::gpt::{self, Gpt};
use crate::mbr;

/// A place on the disk that belongs to someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its first sector.
    pub first: u64,
    /// Its last sector.
    pub last: u64,
    /// Whose it is.
    pub owner: String,
}

impl Place {
    /// The sectors from `first` to `last`.
    pub fn new(first: u64, last: u64, owner: &str) -> Self {
        Self {
            first,
            last,
            owner: owner.to_owned(),
        }
    }

    /// True if any of `count` sectors from `at` on lies in it.
    pub fn has_any(&self, at: u64, count: u64) -> bool {
        self.first < at.saturating_add(count) && self.last >= at
    }
}

/// A sound partition table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The GPT; none on a disk with an MBR alone.
    pub gpt: Option<Gpt>,
    /// The partitions that entries can lie on.
    pub boot: Vec<Place>,
    /// All partitions, those with entries included.
    pub partitions: Vec<Place>,
    /// What the table itself takes.
    pub own: Vec<Place>,
}

impl Table {
    /// Who owns any of `count` sectors from `at` on.
    pub fn occupant(&self, at: u64, count: u64) -> Option<&Place> {
        let mut places = self.own.iter().chain(&self.partitions);
        places.find(|place| place.has_any(at, count))
    }

    /// Where the first partition begins.
    pub fn first_partition(&self) -> Option<u64> {
        self.partitions.iter().map(|place| place.first).min()
    }
}

/// All partitions that a table of any kind tells of, be it damaged or left over:
/// none of them may be written to.
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
pub fn read(disk: &dyn Sectors) -> Result<Table, Error> {
    let sector = disk::read(disk, 0, 1)?;
    match mbr::read(disk, &sector) {
        Some(table) if !gpt::is_there(disk) => Ok(table),
        _ => gpt::read(disk, &sector),
    }
}
