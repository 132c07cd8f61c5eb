//! What is where gapboot goes: in the boot code of sector 0 and in the gap.

use std::ops::Range;

use layout::disk::{OVERLAY_LBA, OVERLAY_SECTORS, SECTOR, STAGE1_CODE, STAGE2_LBA, STAGE2_SECTORS};

use super::console::Console;
use super::overlay::{self, OverlayHeader};
use super::stages::{self, INCOMPLETE, Stage2};
use crate::disk::{self, Sectors, foreign};
use crate::error::Error;
use crate::number::{sector_bytes, to_u64, to_usize};
use crate::table::{self, Place};

/// Whose the loader's sectors are where a partition was made in them since.
const PARTITION: &str = "a partition";

/// Whose boot code is in sector 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Nobody's: all zero.
    Empty,
    /// gapboot's, of any version.
    Gapboot,
    /// That of the program named.
    Foreign(&'static str),
}

/// What the gap begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Nothing of gapboot's.
    Without,
    /// A stage2.
    Stage2(Stage2),
    /// A stage2 whose writing was interrupted.
    Incomplete,
}

/// A sector in the loader's place that is not gapboot's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The program that wrote it.
    pub owner: &'static str,
    /// Where.
    pub lba: u64,
    /// It is known to write there again.
    pub returns: bool,
}

impl Stranger {
    /// A partition in a place that begins with sector `at`.
    fn partition(place: &Place, at: u64) -> Self {
        Self {
            owner: PARTITION,
            lba: place.first.max(at),
            returns: false,
        }
    }
}

/// What a disk holds, with the bytes.
pub struct Survey {
    /// The first 440 bytes of sector 0.
    pub code_bytes: Vec<u8>,
    /// The others: signature and partition table.
    pub table_bytes: Vec<u8>,
    /// Sectors 34-65.
    pub gap_bytes: Vec<u8>,
    /// Sectors 66-191, or as many of them as the disk has.
    pub overlay_bytes: Vec<u8>,
    /// Whose boot code it is.
    pub code: Code,
    /// What the gap begins with.
    pub gap: Gap,
    /// The overlay that the loader would read, of any version, be it in a partition by
    /// now.
    pub overlay: Option<OverlayHeader>,
    /// Sectors of the gap that are not gapboot's, one for each owner.
    pub strangers: Vec<Stranger>,
    partitions: Vec<Place>,
}

impl Survey {
    /// Looks at `disk`. Sectors of a partition are never gapboot's, whatever they
    /// hold: one that was made over an installed loader still bears its marks.
    pub fn new(disk: &dyn Sectors) -> Result<Self, Error> {
        let mut code_bytes = disk::read(disk, 0, 1)?;
        let table_bytes = code_bytes.split_off(STAGE1_CODE);
        let gap_bytes = disk::read(disk, STAGE2_LBA, STAGE2_SECTORS)?;
        let overlay_sectors = disk.sectors().saturating_sub(OVERLAY_LBA);
        let overlay_bytes = disk::read(disk, OVERLAY_LBA, overlay_sectors.min(OVERLAY_SECTORS))?;
        let partitions = table::partitions(disk)?;
        let mut intruders = partitions.iter();
        let intruder = intruders.find(|place| place.has_any(STAGE2_LBA, STAGE2_SECTORS));
        let (gap, strangers) = match intruder {
            None => {
                let gap = gap(&gap_bytes);
                let intact = matches!(&gap, Gap::Stage2(stage2) if stage2.intact);
                let own = own_range(STAGE2_LBA, own_sectors(&gap));
                let strangers = strangers(STAGE2_LBA, &gap_bytes, &own, intact);
                (gap, strangers)
            }
            Some(place) => (Gap::Without, vec![Stranger::partition(place, STAGE2_LBA)]),
        };
        Ok(Self {
            code: code(&code_bytes),
            strangers,
            overlay: OverlayHeader::find(&overlay_bytes),
            partitions,
            gap,
            code_bytes,
            table_bytes,
            gap_bytes,
            overlay_bytes,
        })
    }

    /// True if a loader is here whose overlay is missing, damaged or another's.
    pub fn lacks_overlay(&self) -> bool {
        let stage2 = self.stage2();
        stage2.is_some_and(|stage2| !stage2.loads(&self.overlay_bytes))
    }

    /// True if a loader is here that starts, and its overlay with it.
    pub fn has_working_overlay(&self) -> bool {
        let stage2 = self.stage2();
        stage2.is_some_and(|stage2| stage2.intact && stage2.loads(&self.overlay_bytes))
    }

    /// The stage2 that is here, be it damaged.
    pub fn stage2(&self) -> Option<&Stage2> {
        match &self.gap {
            Gap::Stage2(stage2) => Some(stage2),
            Gap::Without | Gap::Incomplete => None,
        }
    }

    /// The console that was chosen for a gapboot that is here, be it damaged or
    /// half written.
    pub fn console(&self) -> Option<Console> {
        match self.gap {
            Gap::Without => None,
            Gap::Stage2(_) | Gap::Incomplete => Console::of(&self.gap_bytes),
        }
    }

    /// True if the sector lies in a partition.
    pub fn is_in_partition(&self, at: u64) -> bool {
        self.partitions.iter().any(|place| place.has_any(at, 1))
    }

    /// Sectors from which the loader that is here reads its overlay.
    pub fn overlay_sectors(&self) -> u64 {
        self.stage2().map_or(0, |stage2| stage2.overlay_sectors)
    }

    /// A partition that has any of `count` sectors from `at` on.
    pub fn intruder(&self, at: u64, count: u64) -> Option<&Place> {
        let mut partitions = self.partitions.iter();
        partitions.find(|place| place.has_any(at, count))
    }

    /// The sectors that hold gapboot's stage2.
    pub fn own_gap(&self) -> Range<u64> {
        own_range(STAGE2_LBA, own_sectors(&self.gap))
    }

    /// The sectors that hold gapboot's overlay; of a damaged one whose size nothing
    /// tells, all that it can have. A partition and all that follows it are not
    /// gapboot's.
    pub fn own_overlay(&self) -> Range<u64> {
        let stage2 = self.stage2().filter(|stage2| stage2.intact);
        let size = self.overlay.map_or(0, |overlay| {
            let by_stage2 = stage2.map(|stage2| stage2.overlay_sectors);
            let size = overlay.sectors.or(by_stage2);
            size.unwrap_or(OVERLAY_SECTORS)
        });
        let disk = overlay::sectors(&self.overlay_bytes);
        let begins = |place: &Place| place.first.saturating_sub(OVERLAY_LBA);
        let partitions = self.partitions.iter();
        let partitions = partitions.filter(|place| place.last >= OVERLAY_LBA);
        let room = partitions.map(begins).min().unwrap_or(u64::MAX);
        own_range(OVERLAY_LBA, size.min(disk).min(room))
    }

    /// What is not gapboot's in the first `count` sectors of the overlay's place: one
    /// sector for each owner.
    pub fn overlay_strangers(&self, count: u64) -> Vec<Stranger> {
        let intruder = self.intruder(OVERLAY_LBA, count);
        let partition = intruder.map(|place| Stranger::partition(place, OVERLAY_LBA));
        let end = partition.map_or(u64::MAX, |partition| partition.lba);
        let free = sector_bytes(count.min(end.saturating_sub(OVERLAY_LBA)));
        let bytes = self.overlay_bytes.get(..to_usize(free));
        let bytes = bytes.unwrap_or(&self.overlay_bytes);
        let intact = self.overlay.is_some_and(|overlay| overlay.intact);
        let mut found = strangers(OVERLAY_LBA, bytes, &self.own_overlay(), intact);
        found.extend(partition);
        found
    }
}

/// True if there is nothing but zeros.
pub fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

fn code(bytes: &[u8]) -> Code {
    if is_zero(bytes) {
        Code::Empty
    } else if stages::is_ours(bytes) {
        Code::Gapboot
    } else {
        Code::Foreign(foreign::boot_code(bytes))
    }
}

fn gap(bytes: &[u8]) -> Gap {
    if bytes.starts_with(&INCOMPLETE) {
        return Gap::Incomplete;
    }
    Stage2::find(bytes).map_or(Gap::Without, Gap::Stage2)
}

fn own_sectors(gap: &Gap) -> u64 {
    match gap {
        Gap::Without => 0,
        Gap::Incomplete => STAGE2_SECTORS,
        Gap::Stage2(stage2) => to_u64(stage2.length.div_ceil(SECTOR)),
    }
}

fn own_range(at: u64, count: u64) -> Range<u64> {
    at..at.saturating_add(count)
}

/// Whatever of `bytes`, which begin with sector `at`, is not in the `own` sectors;
/// and inside of these, unless they are intact, what bears the mark of a program
/// that may have damaged them.
fn strangers(at: u64, bytes: &[u8], own: &Range<u64>, intact: bool) -> Vec<Stranger> {
    let mut strangers: Vec<Stranger> = Vec::new();
    for (lba, sector) in (at..).zip(bytes.chunks(SECTOR)) {
        let squatter = foreign::squatter(sector);
        let ours = own.contains(&lba);
        if (ours && (intact || squatter.is_none())) || is_zero(sector) {
            continue;
        }
        let owner = foreign::sector(sector);
        if strangers.iter().all(|known| known.owner != owner) {
            strangers.push(Stranger {
                owner,
                lba,
                returns: squatter.is_some(),
            });
        }
    }
    strangers
}
