//! Warnings about a disk before the loader is installed there, and the reasons why a
//! part of the loader cannot be installed.

use layout::disk::{OVERLAY_LBA, SECTOR};

use super::survey::{Code, Stranger, Survey};
use crate::disk::contents::{self, Contents};
use crate::disk::{self, Sectors};
use crate::number::to_u64;
use crate::table::place::Kind;
use crate::table::{OwnedRange, Table};

/// The way to replace another program, and back.
pub const FORCE: &str = "--force replaces it, which that program does not survive; with --undo \
     FILE as well there is a way back";

/// The sector where the first partition begins on almost every disk.
pub const USUAL_START: u64 = 2048;

/// A limit of some firmware, in sectors: above the limit it reads nothing, or other
/// sectors than it was asked for.
const LIMITS: [(u64, &str); 4] = [
    (1 << 32, "2 TiB: firmware that counts sectors in 32 bits"),
    (1 << 28, "128 GiB: firmware without 48-bit addresses"),
    (1 << 26, "32 GiB: some firmware of USB disks"),
    (
        1 << 24,
        "8 GiB: firmware of the nineties, and some of USB disks",
    ),
];

/// The list of things that a loader without its overlay does, and does not do.
pub const WITHOUT_OVERLAY: &str = "without it Type 1 entries and legacy-compatible unified kernel \
     images boot and are counted, but there are no other unified kernel images, no menu and no \
     settings";

/// The names, for messages, of other programs whose data would be overwritten.
pub fn foreign(code: Code, strangers: &[Stranger]) -> Vec<String> {
    let code = match code {
        Code::Foreign(owner) => Some(format!("boot code of {owner} in sector 0")),
        Code::Empty | Code::Gapboot => None,
    };
    let data =
        |stranger: &Stranger| format!("data of {} in sector {}", stranger.owner, stranger.lba);
    code.into_iter().chain(strangers.iter().map(data)).collect()
}

/// Warnings about replaced programs that will write to their sectors again.
pub fn returning(strangers: &[Stranger]) -> impl Iterator<Item = String> {
    let returning = strangers.iter().filter(|stranger| stranger.returns);
    returning.map(|stranger| {
        let part = match stranger.lba {
            OVERLAY_LBA.. => "the overlay",
            _ => "stage2",
        };
        format!(
            "warning: {} is known to write to sector {} again; \
             `gapboot status` then says that {part} is damaged",
            stranger.owner, stranger.lba
        )
    })
}

/// The reason why a part of the loader cannot be installed in its place.
pub struct Obstacle {
    /// The problem, with the sectors.
    pub problem: String,
    /// The advice to the user.
    pub remedy: String,
}

impl Obstacle {
    /// An obstacle if a partition, or the partition table, has any of the `count` sectors
    /// from `at` on, which `part` needs. No option overrides this, even if the partition
    /// is in a second table: a hybrid MBR, or the rest of a former GPT.
    pub fn occupant(
        part: &str,
        (at, count): (u64, u64),
        table: &Table,
        found: &Survey,
    ) -> Option<Self> {
        let (place, second, remedy) = match table.places.occupant(at, count) {
            Some(place) => (place, "", way_out(place)),
            None => (
                found.intruder(at, count)?,
                " of a second partition table",
                "look at both tables first (`wipefs DISK` lists them)".to_owned(),
            ),
        };
        let size = place.last.saturating_sub(place.first).saturating_add(1);
        Some(Self {
            problem: format!(
                "{}{second} lies in {}, {part} needs {}",
                place.owner,
                disk::range(place.first, size),
                disk::range(at, count),
            ),
            remedy,
        })
    }

    /// An obstacle if there is a file system beside the partitions of the table, such as
    /// one that fills the whole disk. No option overrides this.
    pub fn file_system(disk: &dyn Sectors, table: &Table) -> Option<Self> {
        let beside = |found: &Contents| match found.at {
            // The boot code is there, with what formatting tools have left in it.
            0 => false,
            // No file system of a partition has it there.
            contents::ISO_DESCRIPTOR => true,
            at => table.places.occupant(at, 1).is_none(),
        };
        let found = contents::file_systems(disk).find(beside)?;
        Some(Self {
            problem: format!(
                "{} fills the whole disk (sector {} has its mark), besides the partition table",
                found.name, found.at
            ),
            remedy: "name a disk with partitions alone; if one of the two is left over, look at \
                     both first (`wipefs DISK` lists them)"
                .to_owned(),
        })
    }

    /// The reason why an overlay of `count` sectors cannot be installed on this disk, even
    /// if other programs' data is replaced.
    pub fn overlay(table: &Table, found: &Survey, count: u64) -> Option<Self> {
        let have = to_u64(found.overlay_bytes.len() / SECTOR);
        let beyond = (have < count).then(|| Self {
            problem: format!(
                "the disk ends before the end of {}, which the overlay needs",
                disk::range(OVERLAY_LBA, count)
            ),
            remedy: "make the disk larger, or check that the image is complete".to_owned(),
        });
        Self::occupant("the overlay", (OVERLAY_LBA, count), table, found).or(beyond)
    }

    /// Other programs' data in the `count` sectors of the overlay.
    pub fn foreign(strangers: &[Stranger], count: u64) -> Option<Self> {
        (!strangers.is_empty()).then(|| Self {
            problem: format!(
                "there is {}, the overlay needs {}",
                foreign(Code::Empty, strangers).join(" and "),
                disk::range(OVERLAY_LBA, count)
            ),
            remedy: FORCE.to_owned(),
        })
    }
}

/// The way to free the place of the loader from what occupies it.
fn way_out(place: &OwnedRange) -> String {
    match place.kind {
        Kind::BiosBoot(number) => format!(
            "GRUB has its second part there, and nothing else. When GRUB is not to start this disk \
             any more, delete that partition (`sgdisk --delete={number} DISK`) and install with \
             --force --undo FILE"
        ),
        Kind::Table => {
            "the loader has no room on a disk with this partition table; use another disk"
                .to_owned()
        }
        Kind::Esp | Kind::Partition => {
            "move it out of there first (partitions should begin at sector 2048)".to_owned()
        }
    }
}

/// The warning if partitions may begin in the loader's place, which ends in front of
/// sector `end`.
pub fn unreserved(table: &Table, end: u64) -> Option<String> {
    let gpt = table.gpt.as_ref().filter(|gpt| gpt.first_usable < end)?;
    Some(format!(
        "note: partitions may begin at sector {} of this disk, but must not: gapboot is there \
         (--reserve forbids it)",
        gpt.first_usable
    ))
}

/// What keeps the loader from finding entries, as far as the partition table tells.
pub fn without_entries(table: &Table) -> Option<String> {
    let places = &table.places;
    if places.boot.is_empty() {
        let kinds = match table.gpt {
            Some(_) => "EFI system partition and no XBOOTLDR partition inside the disk",
            None => "partition of type EA or EF (`sfdisk --part-type DISK NUMBER ef`)",
        };
        return Some(format!("there is no {kinds}"));
    }
    let is_other = |place: &&OwnedRange| place.kind == Kind::Esp && !places.boot.contains(place);
    let other = places.partitions.iter().find(is_other)?;
    let looked_at: Vec<_> = places.boot.iter().map(|place| &*place.owner).collect();
    Some(format!(
        "the loader looks for entries on {}, not on the other EFI system partition, {}",
        looked_at.join(" and "),
        other.owner
    ))
}

/// The warnings about the partition table of a disk with `sectors` sectors.
pub fn table(table: &Table, sectors: u64) -> Vec<String> {
    let mut notes = defects(table, sectors);
    if table.places.boot.is_empty() {
        let without = without_entries(table).into_iter();
        notes.extend(
            without.map(|what| format!("warning: {what}, so there is nothing to boot yet")),
        );
    }
    notes
}

/// The warnings about a partition table that is usable.
pub fn defects(table: &Table, sectors: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(gpt) = &table.gpt
        && let Err(fault) = &gpt.backup
    {
        notes.push(format!(
            "warning: the backup GPT is not sound ({fault}): {}",
            gpt.backup_advice()
        ));
    }
    let beyond = table
        .places
        .partitions
        .iter()
        .filter(|place| place.last >= sectors);
    let beyond = beyond.map(|place| {
        format!(
            "warning: {} ends with sector {}, the disk with sector {}: is the image complete?",
            place.owner,
            place.last,
            sectors.saturating_sub(1)
        )
    });
    notes.extend(beyond);
    for place in &table.places.boot {
        let limit = LIMITS.iter().find(|(limit, _)| place.last >= *limit);
        notes.extend(limit.map(|(_, limit)| {
            format!(
                "note: {} reaches above {limit} can't boot from there (docs/hardware.md)",
                place.owner
            )
        }));
    }
    notes
}
