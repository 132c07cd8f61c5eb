//! What a person should know about a disk before the loader goes there, or why
//! something of it does not.

use layout::disk::{OVERLAY_LBA, OVERLAY_SECTORS, STAGE2_LBA, STAGE2_SECTORS};

use super::survey::{Code, OverlayArea, Survey};
use crate::disk;
use crate::table::Table;

/// Where the first partition begins on almost every disk.
pub const USUAL_START: u64 = 2048;

/// Where some firmware loses its way, in sectors: above, it reads nothing, or
/// other sectors than it was asked for.
const LIMITS: [(u64, &str); 4] = [
    (1 << 32, "2 TiB: firmware that counts sectors in 32 bits"),
    (1 << 28, "128 GiB: firmware without 48-bit addresses"),
    (1 << 26, "32 GiB: some firmware of USB disks"),
    (
        1 << 24,
        "8 GiB: firmware of the nineties, and some of USB disks",
    ),
];

/// What a loader without its overlay does not do.
pub const WITHOUT_OVERLAY: &str = "without it Type 1 entries boot and are counted, but there are \
     no unified kernel images, no menu and no settings";

/// What of other programs would be written over, as they are named to a person.
pub fn foreign(found: &Survey) -> Vec<String> {
    let mut foreign = Vec::new();
    if let Code::Foreign(owner) = found.code {
        foreign.push(format!("boot code of {owner} in sector 0"));
    }
    for stranger in &found.strangers {
        foreign.push(format!(
            "data of {} in sector {}",
            stranger.owner, stranger.lba
        ));
    }
    foreign
}

/// What is replaced, and what of it comes back.
pub fn strangers(found: &Survey, foreign: &[String]) -> Vec<String> {
    let mut notes: Vec<_> = foreign
        .iter()
        .map(|what| format!("replaces {what}"))
        .collect();
    for stranger in found.strangers.iter().filter(|stranger| stranger.returns) {
        notes.push(format!(
            "warning: {} is known to write to sector {} again; \
             `gapboot status` then says that stage2 is damaged",
            stranger.owner, stranger.lba
        ));
    }
    notes
}

/// Why the overlay can't be on this disk.
pub fn overlay_obstacle(table: &Table, found: &Survey) -> Option<String> {
    let range = disk::range(OVERLAY_LBA, OVERLAY_SECTORS);
    if let Some(place) = table.places.occupant(OVERLAY_LBA, OVERLAY_SECTORS) {
        return Some(format!("{} lies in {range}", place.owner));
    }
    match found.overlay {
        OverlayArea::Beyond => Some(format!("the disk ends before {range} do")),
        OverlayArea::Foreign(owner) => Some(format!("data of {owner} lies in {range}")),
        OverlayArea::Empty | OverlayArea::Gapboot(_) => None,
    }
}

/// What about the partition table of a disk of so many sectors a person should know;
/// of the gap only if it is not about to be reserved.
pub fn table(table: &Table, sectors: u64, reserve: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(gpt) = &table.gpt {
        if let Err(fault) = &gpt.backup {
            notes.push(format!(
                "warning: the backup GPT is not sound ({fault}); `sgdisk -e` makes a new one"
            ));
        }
        if gpt.first_usable < STAGE2_LBA + STAGE2_SECTORS && !reserve {
            notes.push(format!(
                "note: this GPT lets partitions begin at sector {}, where gapboot lies; \
                 create none below sector {USUAL_START}, or let --reserve forbid it",
                gpt.first_usable
            ));
        }
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
    if table.places.boot.is_empty() {
        let kinds = match table.gpt {
            Some(_) => "EFI system partition and no XBOOTLDR partition inside the disk",
            None => "partition of type EA (`sfdisk --part-type DISK NUMBER ea`)",
        };
        notes.push(format!(
            "warning: there is no {kinds}, so there is nothing to boot yet"
        ));
    }
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
