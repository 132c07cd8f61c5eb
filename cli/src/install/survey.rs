//! What is where gapboot goes: in the boot code of sector 0 and in the gap.

use layout::disk::{OVERLAY_LBA, OVERLAY_SECTORS, SECTOR, STAGE1_CODE, STAGE2_LBA, STAGE2_SECTORS};

use super::console::Console;
use super::overlay::OverlayHeader;
use super::stages::{self, INCOMPLETE, Stage2};
use crate::disk::{self, Sectors, foreign};
use crate::error::Error;
use crate::number::to_u64;
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

/// What is in the overlay's sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayArea {
    /// Nothing.
    Empty,
    /// gapboot's overlay, of any version.
    Gapboot(OverlayHeader),
    /// Something of the program named.
    Foreign(&'static str),
    /// The disk is too short to have these sectors.
    Beyond,
}

/// A sector of the gap that is not gapboot's.
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
    fn partition(place: &Place) -> Self {
        Self {
            owner: PARTITION,
            lba: place.first.max(STAGE2_LBA),
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
    /// Sectors 66-191; empty if the disk ends before.
    pub overlay_bytes: Vec<u8>,
    /// Whose boot code it is.
    pub code: Code,
    /// What the gap begins with.
    pub gap: Gap,
    /// What is in the overlay's sectors.
    pub overlay: OverlayArea,
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
        let overlay_bytes = match disk.sectors() >= OVERLAY_LBA + OVERLAY_SECTORS {
            true => disk::read(disk, OVERLAY_LBA, OVERLAY_SECTORS)?,
            false => Vec::new(),
        };
        let partitions = table::partitions(disk)?;
        let intruder = |at, count| partitions.iter().find(|place| place.has_any(at, count));
        let (gap, strangers) = match intruder(STAGE2_LBA, STAGE2_SECTORS) {
            None => {
                let gap = gap(&gap_bytes);
                let strangers = strangers(&gap, &gap_bytes);
                (gap, strangers)
            }
            Some(place) => (Gap::Without, vec![Stranger::partition(place)]),
        };
        let overlay = match intruder(OVERLAY_LBA, OVERLAY_SECTORS) {
            None => overlay(&overlay_bytes),
            Some(_) => OverlayArea::Foreign(PARTITION),
        };
        Ok(Self {
            code: code(&code_bytes),
            strangers,
            overlay,
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
        match (&self.gap, self.overlay) {
            (Gap::Stage2(stage2), OverlayArea::Gapboot(overlay)) => {
                !overlay.intact || overlay.build != stage2.build
            }
            (Gap::Stage2(_), _) => true,
            _ => false,
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

    /// Sectors of the gap, from its start, that hold gapboot's stage2.
    pub fn own_sectors(&self) -> u64 {
        own_sectors(&self.gap)
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

fn overlay(bytes: &[u8]) -> OverlayArea {
    if bytes.is_empty() {
        OverlayArea::Beyond
    } else if is_zero(bytes) {
        OverlayArea::Empty
    } else if let Some(overlay) = OverlayHeader::find(bytes) {
        OverlayArea::Gapboot(overlay)
    } else {
        let sector = bytes.chunks(SECTOR).find(|sector| !is_zero(sector));
        OverlayArea::Foreign(sector.map_or(foreign::UNKNOWN, foreign::sector))
    }
}

/// Whatever lies behind our stage2, and inside a damaged one what bears the
/// mark of a program that may have damaged it.
fn strangers(gap: &Gap, bytes: &[u8]) -> Vec<Stranger> {
    let intact = matches!(gap, Gap::Stage2(stage2) if stage2.intact);
    let mut strangers: Vec<Stranger> = Vec::new();
    for (lba, sector) in (STAGE2_LBA..).zip(bytes.chunks(SECTOR)) {
        let squatter = foreign::squatter(sector);
        let ours = lba < STAGE2_LBA.saturating_add(own_sectors(gap));
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
