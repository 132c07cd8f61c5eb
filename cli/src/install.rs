//! `gapboot install`: puts the loader on a disk, or brings it up to date.
//!
//! Refused, with a reason: what is no GPT disk, and a partition or the table's
//! own entries in the loader's sectors; nothing overrides these. Foreign boot
//! code in sector 0 and foreign bytes in the gap are replaced with `--force`,
//! which then says whose they were. Foreign bytes in the overlay's sectors
//! cost the overlay only, which is optional.

use std::path::PathBuf;

use layout::disk::{OVERLAY_LBA, OVERLAY_SECTORS, STAGE2_LBA, STAGE2_SECTORS};
use lexopt::Arg::{Long, Value};

use crate::args::{self, DiskArgument};
use crate::disk::{self, Access, Disk, Sectors};
use crate::error::Error;
use crate::gpt::{self, Table};
use crate::image::Stages;
use crate::plan::{self, Step};
use crate::survey::{Code, Gap, Overlay, Survey};
use crate::{Command, Context};

/// `gapboot install`.
pub const COMMAND: Command = Command {
    name: "install",
    summary: "put the loader on a disk, or bring it up to date",
    help: "\
Usage: gapboot install DISK [--dry-run] [--force]

Puts the loader on DISK, an image file or a block device with a GPT: boot code
into the first 440 bytes of sector 0, stage2 into sectors 34-65, the overlay
(optional) into sectors 66-129. Nothing else is written. An older gapboot is
updated. What was written is read back and compared.

      --dry-run  say what would be written, and write nothing
      --force    replace another program's boot code in sector 0 or its bytes
                 in sectors 34-65; that program does not start any more
  -h, --help     this text

Partition tables are never changed. `gapboot remove DISK` takes the loader out.
",
    run,
};

struct Options {
    disk: PathBuf,
    dry_run: bool,
    force: bool,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut disk = DiskArgument::default();
        let (mut dry_run, mut force) = (false, false);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("dry-run") => dry_run = true,
                Long("force") => force = true,
                Value(value) => disk.set(value)?,
                unknown => return Err(args::other(unknown)),
            }
        }
        Ok(Self {
            disk: disk.get()?,
            dry_run,
            force,
        })
    }
}

/// What is going to happen to a disk.
pub struct Plan {
    /// What is there now.
    pub found: Survey,
    /// The writes, none if gapboot is there already.
    pub steps: Vec<Step>,
    /// What a person should know, a line each.
    pub notes: Vec<String>,
}

impl Plan {
    /// Looks at the disk and decides; writes nothing.
    pub fn new(disk: &dyn Sectors, stages: &Stages, force: bool) -> Result<Self, Error> {
        let table = gpt::read(disk)?;
        check_room(&table)?;
        let found = Survey::new(disk)?;
        let foreign = foreign(&found);
        if !foreign.is_empty() && !force {
            return Err(Error::failed(format!(
                "there is {}: --force replaces it, which that program does not survive",
                foreign.join(" and ")
            )));
        }
        let mut notes = table_notes(&table);
        notes.extend(foreign.iter().map(|what| format!("replaces {what}")));
        for stranger in found.strangers.iter().filter(|stranger| stranger.returns) {
            notes.push(format!(
                "warning: {} is known to write to sector {} again; \
                 `gapboot status` then says that stage2 is damaged",
                stranger.owner, stranger.lba
            ));
        }
        let obstacle = stages
            .overlay
            .as_ref()
            .and_then(|_| overlay_obstacle(&table, &found));
        if let Some(obstacle) = &obstacle {
            notes.push(format!(
                "note: the overlay (help and editing comforts of the menu) is left out: {obstacle}"
            ));
        }
        let steps = plan::install(&found, stages, obstacle.is_none());
        Ok(Self {
            found,
            steps,
            notes,
        })
    }

    /// What the plan does, as a participle and its object.
    fn outcome(&self, stages: &Stages) -> String {
        let new = &stages.version;
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
            Gap::Stage2(_) if self.found.gap_bytes != stages.stage2 => {
                format!("installed gapboot {new}, over another build of the same version")
            }
            Gap::Stage2(_) => format!("completed gapboot {new}"),
        }
    }
}

fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let options = Options::parse(parser)?;
    let stages = context.stages()?.clone();
    let name = options.disk.display();
    let access = if options.dry_run {
        Access::Read
    } else {
        Access::Write
    };
    let mut disk = Disk::open(&options.disk, access).map_err(|error| error.on(&options.disk))?;
    let plan = Plan::new(&disk, &stages, options.force).map_err(|error| error.on(&options.disk))?;
    for note in &plan.notes {
        writeln!(context.err, "gapboot: {name}: {note}")?;
    }
    if plan.steps.is_empty() {
        let version = &stages.version;
        return Ok(writeln!(
            context.out,
            "{name}: gapboot {version} is installed already; compared, nothing to write"
        )?);
    }
    if options.dry_run {
        writeln!(
            context.out,
            "{name}: would have {}, writing:",
            plan.outcome(&stages)
        )?;
        return print_steps(&plan.steps, context);
    }
    plan::take(&plan.steps, &mut disk)
        .and_then(|()| plan::verify(&plan.steps, &disk.reopen()?))
        .map_err(|error| error.on(&options.disk))?;
    Ok(writeln!(
        context.out,
        "{name}: {}; read back and compared",
        plan.outcome(&stages)
    )?)
}

/// Prints what `--dry-run` shows.
pub fn print_steps(steps: &[Step], context: &mut Context) -> Result<(), Error> {
    for step in steps {
        writeln!(context.out, "  {}: {}", step.place(), step.what)?;
    }
    Ok(())
}

/// Refuses a disk on which stage2's sectors belong to someone.
fn check_room(table: &Table) -> Result<(), Error> {
    let Some(place) = table.occupant(STAGE2_LBA, STAGE2_SECTORS) else {
        return Ok(());
    };
    Err(Error::failed(format!(
        "{} lies in {}, stage2 needs {}: move it out of there first \
         (partitions should begin at sector 2048)",
        place.owner,
        disk::range(place.first, (place.last - place.first).saturating_add(1)),
        disk::range(STAGE2_LBA, STAGE2_SECTORS),
    )))
}

/// What of other programs would be written over, as they are named to a person.
fn foreign(found: &Survey) -> Vec<String> {
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

/// Why the overlay can't be on this disk.
fn overlay_obstacle(table: &Table, found: &Survey) -> Option<String> {
    let range = disk::range(OVERLAY_LBA, OVERLAY_SECTORS);
    if let Some(place) = table.occupant(OVERLAY_LBA, OVERLAY_SECTORS) {
        return Some(format!("{} lies in {range}", place.owner));
    }
    match found.overlay {
        Overlay::Beyond => Some(format!("the disk ends before {range} do")),
        Overlay::Foreign(owner) => Some(format!("data of {owner} lies in {range}")),
        Overlay::Empty | Overlay::Gapboot => None,
    }
}

/// What about the partition table a person should know.
fn table_notes(table: &Table) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(fault) = &table.backup_fault {
        notes.push(format!(
            "warning: the backup GPT is not sound ({fault}); `sgdisk -e` makes a new one"
        ));
    }
    if !table.has_boot_partition {
        notes.push(
            "warning: there is no EFI system partition and no XBOOTLDR partition, \
             so there is nothing to boot yet"
                .to_owned(),
        );
    }
    if table.first_usable < STAGE2_LBA + STAGE2_SECTORS {
        notes.push(format!(
            "note: this GPT lets partitions begin at sector {}, where gapboot lies; \
             create none below sector 2048",
            table.first_usable
        ));
    }
    notes
}
