//! What is going to happen to a disk: decided before anything is written.

use layout::disk::{STAGE2_LBA, STAGE2_SECTORS};

use super::console::Console;
use super::layout_advice as advice;
use super::order::{self, OverlayAction};
use super::stages::Stages;
use super::survey::{Gap, Survey};
use super::write::Write;
use crate::disk::{self, Sectors};
use crate::error::Error;
use crate::table::gpt::NewHeader;
use crate::table::{self, Table, mbr};

/// What a person options besides the loader itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct InstallOptions {
    /// Other programs' code and data may be written over.
    pub force: bool,
    /// The overlay is not wanted.
    pub no_overlay: bool,
    /// The console; what is installed keeps its own without.
    pub console: Option<Console>,
    /// An entry of sector 0 gets the active flag.
    pub active: bool,
    /// The place of the entry that protects the GPT, from 1 on.
    pub protective_slot: Option<usize>,
    /// The GPT keeps partitions out of the gap.
    pub reserve: bool,
}

/// What is going to happen to a disk.
pub struct Plan {
    /// What is there now.
    pub found: Survey,
    /// The loader as it goes there.
    pub stages: Stages,
    /// The writes, none if everything is there already.
    pub writes: Vec<Write>,
    /// What a person should know, a line each.
    pub notes: Vec<String>,
}

impl Plan {
    /// Looks at the disk and decides; writes nothing.
    pub fn new(
        disk: &dyn Sectors,
        stages: &Stages,
        options: &InstallOptions,
    ) -> Result<Self, Error> {
        let table = table::read(disk)?;
        check_room(&table)?;
        let found = Survey::new(disk)?;
        let foreign = advice::foreign(&found);
        if !foreign.is_empty() && !options.force {
            return Err(Error::failed(format!(
                "there is {}: --force replaces it, which that program does not survive",
                foreign.join(" and ")
            )));
        }
        let stages = stages
            .clone()
            .with_console(options.console.or(found.console()));
        let mut notes = advice::table(&table, disk.sectors(), options.reserve);
        notes.extend(advice::strangers(&found, &foreign));
        let overlay = advice::overlay_obstacle(&table, &found);
        let overlay = match (&stages.overlay, overlay) {
            _ if options.no_overlay => OverlayAction::Clear,
            (None, _) => OverlayAction::Leave,
            (Some(_), None) => OverlayAction::Write,
            (Some(_), Some(obstacle)) => {
                notes.push(format!(
                    "warning: the overlay is left out, {obstacle}; {}",
                    advice::WITHOUT_OVERLAY
                ));
                OverlayAction::Leave
            }
        };
        let first = first_sector(&found, &stages, options)?;
        let mut writes = order::install(&found, &stages, &first, overlay);
        if options.reserve {
            writes.extend(reserve(&table)?);
        }
        Ok(Self {
            found,
            stages,
            writes,
            notes,
        })
    }

    /// What the plan does, as a participle and its object.
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
            Gap::Stage2(_) => format!("changed gapboot {new}, to another build or console"),
        }
    }
}

/// Refuses a disk on which stage2's sectors belong to someone.
fn check_room(table: &Table) -> Result<(), Error> {
    let Some(place) = table.places.occupant(STAGE2_LBA, STAGE2_SECTORS) else {
        return Ok(());
    };
    Err(Error::failed(format!(
        "{} lies in {}, stage2 needs {}: move it out of there first \
         (partitions should begin at sector 2048)",
        place.owner,
        disk::range(
            place.first,
            place.last.saturating_sub(place.first).saturating_add(1)
        ),
        disk::range(STAGE2_LBA, STAGE2_SECTORS),
    )))
}

/// What sector 0 is to begin with: the boot code, and the partition table behind
/// it only if something in it is to change.
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

/// The writes that keep partitions out of the gap: from the usual sector on, or
/// from where the first one begins.
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
