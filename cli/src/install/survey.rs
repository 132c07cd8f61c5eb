//! The present contents of gapboot's place on a disk: the boot code of sector 0 and the
//! gap.

use std::ops::Range;

use layout::disk::{OVERLAY_LBA, OVERLAY_SECTORS, SECTOR, STAGE1_CODE, STAGE2_LBA, STAGE2_SECTORS};

use super::console::Console;
use super::overlay::{self, OverlayHeader};
use super::stages::{self, INCOMPLETE, Stage2};
use crate::disk::{self, Sectors, foreign};
use crate::error::Error;
use crate::number::{sector_bytes, to_u64, to_usize};
use crate::table::{self, OwnedRange};

/// The owner of the loader's sectors in which a partition was made later.
const PARTITION: &str = "a partition";

/// The owner of the boot code in sector 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// There is no boot code: all bytes are zero.
    Empty,
    /// gapboot's, of any version.
    Gapboot,
    /// The named program's.
    Foreign(&'static str),
}

/// The data at the start of the gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// No data of gapboot.
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
    /// Its number.
    pub lba: u64,
    /// The program is known to write there again.
    pub returns: bool,
}

impl Stranger {
    /// The partition at `place`, in an area of the loader that begins with sector `at`.
    fn partition(place: &OwnedRange, at: u64) -> Self {
        Self {
            owner: PARTITION,
            lba: place.first.max(at),
            returns: false,
        }
    }
}

/// The contents of a disk, with the bytes.
pub struct Survey {
    /// The first 440 bytes of sector 0.
    pub code_bytes: Vec<u8>,
    /// The other bytes of sector 0: signature and partition table.
    pub table_bytes: Vec<u8>,
    /// Sectors 34-65.
    pub gap_bytes: Vec<u8>,
    /// Sectors 66-191, or as many of them as the disk has.
    pub overlay_bytes: Vec<u8>,
    /// The owner of the boot code.
    pub code: Code,
    /// The data at the start of the gap.
    pub gap: Gap,
    /// The overlay that the loader would read, of any version, even if a partition was
    /// made there.
    pub overlay: Option<OverlayHeader>,
    /// Sectors of the gap that are not gapboot's, one for each owner.
    pub strangers: Vec<Stranger>,
    partitions: Vec<OwnedRange>,
}

impl Survey {
    /// Reads `disk`. Sectors of a partition are never gapboot's: a partition that was made
    /// over an installed loader still holds the loader's bytes.
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

    /// True if a loader is installed whose overlay is missing, damaged or of another
    /// build.
    pub fn lacks_overlay(&self) -> bool {
        let stage2 = self.stage2();
        stage2.is_some_and(|stage2| !stage2.loads(&self.overlay_bytes))
    }

    /// True if a loader is installed that starts and loads its overlay.
    pub fn has_working_overlay(&self) -> bool {
        let stage2 = self.stage2();
        stage2.is_some_and(|stage2| stage2.intact && stage2.loads(&self.overlay_bytes))
    }

    /// The stage2 on the disk, even if it is damaged.
    pub fn stage2(&self) -> Option<&Stage2> {
        match &self.gap {
            Gap::Stage2(stage2) => Some(stage2),
            Gap::Without | Gap::Incomplete => None,
        }
    }

    /// The console that was chosen for the gapboot on the disk, even if that is damaged or
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

    /// Sectors from which the loader on the disk reads its overlay.
    pub fn overlay_sectors(&self) -> u64 {
        self.stage2().map_or(0, |stage2| stage2.overlay_sectors)
    }

    /// A partition that has any of `count` sectors from `at` on.
    pub fn intruder(&self, at: u64, count: u64) -> Option<&OwnedRange> {
        let mut partitions = self.partitions.iter();
        partitions.find(|place| place.has_any(at, count))
    }

    /// The sectors that hold gapboot's stage2.
    pub fn own_gap(&self) -> Range<u64> {
        own_range(STAGE2_LBA, own_sectors(&self.gap))
    }

    /// The sectors that hold gapboot's overlay; if the overlay is damaged and its size is
    /// unknown, all sectors that an overlay can have. A partition and all sectors after
    /// its start are not gapboot's.
    pub fn own_overlay(&self) -> Range<u64> {
        let stage2 = self.stage2().filter(|stage2| stage2.intact);
        let size = self.overlay.map_or(0, |overlay| {
            let by_stage2 = stage2.map(|stage2| stage2.overlay_sectors);
            let size = overlay.sectors.or(by_stage2);
            size.unwrap_or(OVERLAY_SECTORS)
        });
        let disk = overlay::sectors(&self.overlay_bytes);
        let begins = |place: &OwnedRange| place.first.saturating_sub(OVERLAY_LBA);
        let partitions = self.partitions.iter();
        let partitions = partitions.filter(|place| place.last >= OVERLAY_LBA);
        let room = partitions.map(begins).min().unwrap_or(u64::MAX);
        own_range(OVERLAY_LBA, size.min(disk).min(room))
    }

    /// Sectors that are not gapboot's among the first `count` sectors of the overlay's
    /// place: one sector for each owner.
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

/// True if all bytes are zero.
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

/// Foreign sectors in `bytes`, which begin with sector `at`: those outside the `own`
/// sectors, and, unless the own sectors are intact, those inside that bear the mark of a
/// program which may have damaged them.
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
