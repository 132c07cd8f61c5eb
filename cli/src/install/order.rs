//! The writes of an installation, in an order that survives an interruption.
//!
//! Writes between two syncs may reach the disk in any order, or in part. After
//! every cut, at any sector, the disk must hold one of three: the old loader,
//! unharmed; a stage1 of gapboot with a stage2 that it refuses with a message on the
//! screen; or the new gapboot. Boot code that trusts the sectors after it is
//! dangerous: foreign code does, stage1 does not (it checks magic, length and
//! checksum before it jumps).
//!
//! stage2 is written in three parts, with a sync after each:
//!
//! 1. *mark*: its first sector with the magic [`INCOMPLETE`]. From here on
//!    every stage1 refuses the sectors, and a later `gapboot install` can tell an
//!    interrupted installation from a foreign program.
//! 2. *body*: all other sectors; then the overlay, its first sector before the
//!    rest, so that a partly written overlay is recognised as gapboot's. If the former
//!    overlay was longer, the sectors that the new one does not take are cleared first,
//!    while the first sector of the former overlay still marks them as gapboot's.
//! 3. *seal*: its first sector again, now with the true magic.
//!
//! The place of the boot code in this order depends on the disk:
//!
//! - **The gap holds a foreign program** (with `--force`): boot code first. The
//!   old boot code may depend on the gap, so it must be gone before the gap
//!   changes. The new boot code finds no magic there, and prints a message.
//!   The overlay's sectors count as part of the gap here.
//! - **The boot code is an older gapboot's**: between mark and body. The old
//!   stage2 is invalid by then and the new one not valid yet, so that no stage1
//!   ever starts the stage2 of another version. The place is the same if the boot code
//!   is foreign and foreign data follows gapboot's stage2 in the gap.
//! - **Otherwise** (no boot code, or foreign code that cannot depend on the gap, because
//!   the gap is empty or gapboot's): last. The old loader, if there is one, boots until
//!   the new one is complete.
//!
//! The boot code is less than a sector, and a disk writes a sector as a whole.
//! An update has one copy of stage2 in one place, so there is a moment, some
//! tens of milliseconds long, in which an interruption leaves a disk that prints an
//! error message instead of booting; running `gapboot install` again repairs it.

use std::ops::Range;

use layout::disk::{OVERLAY_LBA, SECTOR, STAGE2_LBA};

use super::stages::{INCOMPLETE, Stages};
use super::survey::{Code, Gap, Survey, is_zero};
use super::write::Write;
use crate::number::{sector_bytes, to_u64, to_usize};

/// The change to the overlay's sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayAction {
    /// They get the overlay.
    Write,
    /// They stay as they are.
    Leave,
    /// They get zeros, if they hold an overlay.
    Clear,
}

/// The writes that install gapboot on the disk of the survey; no writes if it is
/// installed already. `first` holds the new first bytes of sector 0: the boot code, or
/// the boot code and a changed partition table.
pub fn install(
    found: &Survey,
    stages: &Stages,
    first: &[u8],
    overlay: OverlayAction,
) -> Vec<Write> {
    let what = match first.len() {
        SECTOR => "stage1, the boot code, and the partition table",
        _ => "stage1, the boot code",
    };
    let is_there = first.len() < SECTOR && found.code_bytes == first;
    let boot_code = (!is_there).then(|| Write::new(what, 0, first));
    let replaces_overlay = overlay == OverlayAction::Write
        && !found.overlay_strangers(stages.overlay_sectors()).is_empty();
    let replaces = replaces_overlay || !found.strangers.is_empty();
    let overlay = match (&stages.overlay, overlay) {
        (Some(bytes), OverlayAction::Write) => write_overlay(found, bytes),
        (_, OverlayAction::Clear) => clear_overlay(found),
        _ => Vec::new(),
    };
    let is_same_stage2 = found.gap_bytes == stages.stage2;
    let mut writes = match is_same_stage2 {
        // An overlay of another build is never loaded, so it may be written at any
        // time.
        true => overlay,
        false => write_stage2(&stages.stage2, overlay),
    };
    let position = match (&found.gap, found.code) {
        (Gap::Without, _) if replaces => 0,
        _ if is_same_stage2 => match replaces {
            true => 0,
            false => writes.len(),
        },
        (_, Code::Gapboot) => 1,
        _ if replaces => 1,
        _ => writes.len(),
    };
    if let Some(boot_code) = boot_code {
        writes.insert(position, boot_code);
    }
    writes
}

/// Mark, body and seal of a stage2, with the writes of its overlay among them.
fn write_stage2(stage2: &[u8], overlay: Vec<Write>) -> Vec<Write> {
    let [seal, body] = halves(
        ["stage2, its first sector", "stage2, the rest"],
        STAGE2_LBA,
        stage2,
    );
    let mut mark = Write {
        what: "stage2, its first sector marked as incomplete",
        ..seal.clone()
    };
    mark.bytes[..INCOMPLETE.len()].copy_from_slice(&INCOMPLETE);
    let mut writes = vec![mark, body];
    writes.extend(overlay);
    writes.push(seal);
    writes
}

/// The writes that install the overlay if it is not there yet, and clear the end of a
/// longer former one.
fn write_overlay(found: &Survey, overlay: &[u8]) -> Vec<Write> {
    let mut writes = Vec::from_iter(clear_after(found, overlay.len()));
    if !found.overlay_bytes.starts_with(overlay) {
        let what = ["the overlay, its first sector", "the overlay, the rest"];
        let halves = halves(what, OVERLAY_LBA, overlay).into_iter();
        writes.extend(halves.filter(|half| !half.bytes.is_empty()));
    }
    writes
}

/// The write that clears the present overlay after its first `size` bytes.
fn clear_after(found: &Survey, size: usize) -> Option<Write> {
    let own = found.own_overlay();
    let end = sector_bytes(own.end.saturating_sub(own.start));
    let rest = found.overlay_bytes.get(size..to_usize(end))?;
    let first = OVERLAY_LBA.saturating_add(to_u64(size / SECTOR));
    let write = Write::new(
        "the rest of the former overlay, zeros",
        first,
        &vec![0; rest.len()],
    );
    (!is_zero(rest)).then_some(write)
}

/// The writes that remove gapboot: the boot code first, so that no code jumps into the
/// sectors that are cleared next, and those sectors last by which the rest is recognised
/// as gapboot's, so that an interrupted removal can be repeated. No other sector is
/// changed.
pub fn remove(found: &Survey) -> Vec<Write> {
    let mut writes = Vec::new();
    if found.code == Code::Gapboot {
        writes.push(Write::new(
            "stage1, zeros",
            0,
            &vec![0; found.code_bytes.len()],
        ));
    }
    writes.extend(clear_overlay(found));
    writes.extend(clear("stage2, zeros", found.own_gap()));
    writes
}

/// The writes that remove the overlay, if there is one.
fn clear_overlay(found: &Survey) -> Vec<Write> {
    clear("the overlay, zeros", found.own_overlay())
}

/// Fills sectors with zeros; the first one, which marks them as gapboot's, comes last.
fn clear(what: &'static str, sectors: Range<u64>) -> Vec<Write> {
    if sectors.is_empty() {
        return Vec::new();
    }
    let size = sector_bytes(sectors.end.saturating_sub(sectors.start));
    let [first, rest] = halves([what, what], sectors.start, &vec![0; to_usize(size)]);
    let rest = (!rest.bytes.is_empty()).then_some(rest);
    rest.into_iter().chain([first]).collect()
}

/// Two writes: the first sector of `bytes`, and the rest.
fn halves(what: [&'static str; 2], at: u64, bytes: &[u8]) -> [Write; 2] {
    let (first, rest) = bytes.split_at(SECTOR);
    [
        Write::new(what[0], at, first),
        Write::new(what[1], at.saturating_add(1), rest),
    ]
}
