//! The plan of an installation: every change is decided before the first write.

use layout::disk::{OVERLAY_LBA, STAGE2_LBA, STAGE2_SECTORS};

use super::console::Console;
use super::layout_advice::{self as advice, Obstacle};
use super::order::{self, OverlayAction};
use super::stages::Stages;
use super::survey::{Gap, Survey};
use super::write::Write;
use crate::disk::Sectors;
use crate::error::Error;
use crate::table::gpt::NewHeader;
use crate::table::{self, Table, mbr};

/// The options of an installation, besides the loader itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct InstallOptions {
    /// Other programs' code and data may be overwritten.
    pub force: bool,
    /// The overlay is not installed.
    pub no_overlay: bool,
    /// The console; `None` keeps that of the installed loader.
    pub console: Option<Console>,
    /// An entry of sector 0 gets the active flag.
    pub active: bool,
    /// The place of the entry that protects the GPT, from 1 on.
    pub protective_slot: Option<usize>,
    /// The GPT keeps partitions out of the gap.
    pub reserve: bool,
    /// What is overwritten is kept for an undo.
    pub undo: bool,
}

/// The plan of an installation on one disk.
pub struct Plan {
    /// The present contents of the disk.
    pub found: Survey,
    /// The loader as it will be installed.
    pub stages: Stages,
    /// The writes; no writes if everything is there already.
    pub writes: Vec<Write>,
    /// The loader will have its overlay.
    pub has_overlay: bool,
    /// Warnings to the user, a line each.
    pub notes: Vec<String>,
}

impl Plan {
    /// Reads the disk and makes the plan; writes nothing.
    pub fn new(
        disk: &dyn Sectors,
        stages: &Stages,
        options: &InstallOptions,
    ) -> Result<Self, Error> {
        let table = table::read(disk)?;
        let found = Survey::new(disk)?;
        let stage2 = (STAGE2_LBA, STAGE2_SECTORS);
        let obstacle = Obstacle::file_system(disk, &table)
            .or_else(|| Obstacle::occupant("stage2", stage2, &table, &found));
        if let Some(Obstacle { problem, remedy }) = obstacle {
            return Err(Error::failed(format!("{problem}: {remedy}")));
        }
        let foreign = advice::foreign(found.code, &found.strangers);
        if !foreign.is_empty() && !options.force {
            return Err(Error::failed(format!(
                "there is {}: {}",
                foreign.join(" and "),
                advice::FORCE
            )));
        }
        let stages = stages
            .clone()
            .with_console(options.console.or(found.console()));
        let (overlay, left_out) = overlay(&table, &found, &stages, options)?;
        let (mut end, mut replaced) = (OVERLAY_LBA, found.strangers.clone());
        if overlay == OverlayAction::Write {
            end = end.saturating_add(stages.overlay_sectors());
            replaced.extend(found.overlay_strangers(stages.overlay_sectors()));
        }
        let mut notes = advice::defects(&table, disk.sectors());
        // Once is enough: an update changes nothing about it.
        if !options.reserve && found.gap == Gap::Without {
            notes.extend(advice::unreserved(&table, end));
        }
        let foreign = advice::foreign(found.code, &replaced);
        let back = match options.undo {
            true => "",
            false => "; without --undo FILE there is no way back to it",
        };
        let foreign = foreign.into_iter();
        notes.extend(foreign.map(|what| format!("replaces {what}{back}")));
        notes.extend(advice::returning(&replaced));
        notes.extend(left_out);
        let first = first_sector(&found, &stages, options)?;
        let mut writes = order::install(&found, &stages, &first, overlay);
        if options.reserve {
            writes.extend(reserve(&table)?);
        }
        Ok(Self {
            found,
            stages,
            writes,
            has_overlay: overlay == OverlayAction::Write,
            notes,
        })
    }

    /// Describes the plan as a participle and its object.
    pub fn outcome(&self) -> String {
        let new = &self.stages.version;
        match &self.found.gap {
            Gap::Without => format!("installed gapboot {new}"),
            Gap::Incomplete => format!("installed gapboot {new}, over an interrupted install"),
            Gap::Stage2(old) if !old.intact => {
                format!(
                    "installed gapboot {new}, over a damaged gapboot {}",
                    old.version
                )
            }
            Gap::Stage2(old) if old.version != *new => {
                format!("updated gapboot {} to {new}", old.version)
            }
            Gap::Stage2(_) if self.found.gap_bytes == self.stages.stage2 => {
                format!("completed gapboot {new}")
            }
            Gap::Stage2(old) if self.stages.is_newer_than(old) => {
                format!("updated gapboot {new} to a newer build")
            }
            Gap::Stage2(_) => format!("changed gapboot {new}, to another build or console"),
        }
    }
}

/// The change to the overlay's sectors, with a warning if no overlay will be installed.
///
/// # Errors
///
/// The disk would lose an overlay that works.
fn overlay(
    table: &Table,
    found: &Survey,
    stages: &Stages,
    options: &InstallOptions,
) -> Result<(OverlayAction, Option<String>), Error> {
    if options.no_overlay {
        return Ok((OverlayAction::Clear, None));
    }
    let obstacle = overlay_obstacle(table, found, stages, options.force);
    let Some(Obstacle { problem, remedy }) = obstacle else {
        return Ok((OverlayAction::Write, None));
    };
    if found.has_working_overlay() {
        return Err(Error::failed(format!(
            "{problem}; the overlay on the disk works, so nothing is changed: {remedy}, or give \
             the overlay up with --no-overlay"
        )));
    }
    let warning = format!(
        "warning: the overlay is left out, {problem}: {remedy}; {}",
        advice::WITHOUT_OVERLAY
    );
    // A program without an overlay does not repeat this for every disk.
    let warning = stages.overlay.is_some().then_some(warning);
    Ok((OverlayAction::Leave, warning))
}

/// The reason why this disk cannot have an overlay.
fn overlay_obstacle(
    table: &Table,
    found: &Survey,
    stages: &Stages,
    force: bool,
) -> Option<Obstacle> {
    if stages.overlay.is_none() {
        return Some(Obstacle {
            problem: "this gapboot was built without an overlay".to_owned(),
            remedy: "install with a gapboot that has one".to_owned(),
        });
    }
    let count = stages.overlay_sectors();
    let strangers = found.overlay_strangers(count);
    let strangers = (!force).then(|| Obstacle::foreign(&strangers, count));
    Obstacle::overlay(table, found, count).or(strangers.flatten())
}

/// The new first bytes of sector 0: the boot code, followed by the partition table only
/// if an entry of the table changes.
fn first_sector(
    found: &Survey,
    stages: &Stages,
    options: &InstallOptions,
) -> Result<Vec<u8>, Error> {
    let mut table = found.table_bytes.clone();
    if let Some(slot) = options.protective_slot {
        mbr::move_protective(&mut table, slot)?;
    }
    if options.active {
        mbr::activate(&mut table)?;
    }
    let mut first = stages.code.clone();
    if table != found.table_bytes {
        first.extend(table);
    }
    Ok(first)
}

/// The writes that change the GPT so that partitions cannot begin in the gap, but only
/// from the usual sector on, or from the start of the first partition.
fn reserve(table: &Table) -> Result<Vec<Write>, Error> {
    let Some(gpt) = &table.gpt else {
        return Err(Error::failed(
            "--reserve is for disks with a GPT: an MBR does not say where partitions may begin",
        ));
    };
    let first = table.places.first_partition().unwrap_or(u64::MAX);
    let headers = gpt.reserve(first.min(advice::USUAL_START))?.into_iter();
    let write = |header: NewHeader| Write::new(header.what, header.at, &header.bytes);
    Ok(headers.map(write).collect())
}
