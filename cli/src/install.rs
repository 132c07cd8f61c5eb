//! `gapboot install`: puts the loader on a disk, or brings it up to date.
//!
//! Refused, with a reason: what has no partition table, and a partition or the
//! table's own entries in the loader's sectors; nothing overrides these. Foreign
//! boot code in sector 0 and foreign bytes in the gap are replaced with
//! `--force`, which then says whose they were. Foreign bytes in the overlay's
//! sectors cost the overlay only, which is optional.

use std::path::PathBuf;

use layout::disk::{STAGE2_LBA, STAGE2_SECTORS};
use lexopt::Arg::{Long, Value};

use crate::args::{self, DiskArgument};
use crate::console::Console;
use crate::disk::{self, Access, Disk, Sectors};
use crate::error::Error;
use crate::image::Stages;
use crate::plan::{self, Step};
use crate::survey::{Gap, Survey};
use crate::table::{self, Table};
use crate::undo::Undo;
use crate::{Command, Context, mbr, notes};

/// `gapboot install`.
pub const COMMAND: Command = Command {
    name: "install",
    summary: "put the loader on a disk, or bring it up to date",
    help: "\
Usage: gapboot install DISK [--dry-run] [--force] [--console=OUTPUTS] [--undo FILE]
                            [--no-overlay] [--active] [--protective-slot N] [--reserve]

Puts the loader on DISK, an image file or a block device with a GPT or an MBR:
boot code into the first 440 bytes of sector 0, stage2 into sectors 34-65, the
overlay (optional) into sectors 66-191. Nothing else is written. An older gapboot
is updated. What was written is read back and compared.

      --dry-run    say what would be written, and write nothing
      --force      replace another program's boot code in sector 0 or its bytes
                   in sectors 34-65; that program does not start any more
      --console=OUTPUTS
                   where the loader talks: vga, serial or vga,serial; serial:2 is
                   COM2, serial@9600 a speed, serial:2@9600 both. Without this
                   option it is what was chosen at the last install, at first
                   vga,serial:1@115200
      --no-overlay leave the overlay out, and clear one that is there
      --undo FILE  keep what is written over in FILE, which must not exist;
                   `gapboot remove --undo FILE DISK` brings it back

For firmware that does not start the disk otherwise (docs/hardware.md):

      --active     set the active flag in sector 0, if no entry has it
      --protective-slot N
                   move the entry that protects the GPT to place N (1 to 4)
      --reserve    raise the first sector that the GPT gives to partitions, so
                   that no tool makes one in the loader's sectors
  -h, --help       this text

Without these three no partition table is changed.
`gapboot remove DISK` takes the loader out.
",
    run,
};

/// What a person wishes besides the loader itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
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

struct Options {
    disk: PathBuf,
    dry_run: bool,
    undo: Option<PathBuf>,
    wishes: Wishes,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut disk = DiskArgument::default();
        let (mut dry_run, mut undo) = (false, None);
        let mut wishes = Wishes::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("dry-run") => dry_run = true,
                Long("force") => wishes.force = true,
                Long("console") => wishes.console = Some(args::text(&mut parser)?.parse()?),
                Long("no-overlay") => wishes.no_overlay = true,
                Long("undo") => undo = Some(PathBuf::from(parser.value()?)),
                Long("active") => wishes.active = true,
                Long("protective-slot") => wishes.protective_slot = Some(slot(&mut parser)?),
                Long("reserve") => wishes.reserve = true,
                Value(value) => disk.set(value)?,
                unknown => return Err(args::other(unknown)),
            }
        }
        Ok(Self {
            disk: disk.get()?,
            dry_run,
            undo,
            wishes,
        })
    }
}

fn slot(parser: &mut lexopt::Parser) -> Result<usize, Error> {
    match args::text(parser)?.parse() {
        Ok(slot @ 1..=4) => Ok(slot),
        _ => Err(Error::usage("--protective-slot is 1, 2, 3 or 4")),
    }
}

/// What is going to happen to a disk.
pub struct Plan {
    /// What is there now.
    pub found: Survey,
    /// The loader as it goes there.
    pub stages: Stages,
    /// The writes, none if everything is there already.
    pub steps: Vec<Step>,
    /// What a person should know, a line each.
    pub notes: Vec<String>,
}

impl Plan {
    /// Looks at the disk and decides; writes nothing.
    pub fn new(disk: &dyn Sectors, stages: &Stages, wishes: &Wishes) -> Result<Self, Error> {
        let table = table::read(disk)?;
        check_room(&table)?;
        let found = Survey::new(disk)?;
        let foreign = notes::foreign(&found);
        if !foreign.is_empty() && !wishes.force {
            return Err(Error::failed(format!(
                "there is {}: --force replaces it, which that program does not survive",
                foreign.join(" and ")
            )));
        }
        let stages = stages
            .clone()
            .with_console(wishes.console.or(found.console()));
        let mut notes = notes::table(&table, disk.sectors(), wishes.reserve);
        notes.extend(notes::strangers(&found, &foreign));
        let overlay = notes::overlay_obstacle(&table, &found);
        let overlay = match (&stages.overlay, overlay) {
            _ if wishes.no_overlay => plan::Overlay::Clear,
            (None, _) => plan::Overlay::Leave,
            (Some(_), None) => plan::Overlay::Write,
            (Some(_), Some(obstacle)) => {
                notes.push(format!(
                    "warning: the overlay is left out, {obstacle}; {}",
                    notes::WITHOUT_OVERLAY
                ));
                plan::Overlay::Leave
            }
        };
        let first = first_sector(&found, &stages, wishes)?;
        let mut steps = plan::install(&found, &stages, &first, overlay);
        if wishes.reserve {
            steps.extend(reserve(&table)?);
        }
        Ok(Self {
            found,
            stages,
            steps,
            notes,
        })
    }

    /// What the plan does, as a participle and its object.
    fn outcome(&self) -> String {
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

fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let options = Options::parse(parser)?;
    let stages = context.stages()?.clone();
    let name = options.disk.display();
    let access = if options.dry_run {
        Access::Read
    } else {
        Access::Write
    };
    let on = |error: Error| error.on(&options.disk);
    let mut disk = Disk::open(&options.disk, access).map_err(on)?;
    let plan = Plan::new(&disk, &stages, &options.wishes).map_err(on)?;
    for note in &plan.notes {
        writeln!(context.err, "gapboot: {name}: {note}")?;
    }
    if plan.steps.is_empty() {
        let version = &stages.version;
        if let Some(file) = &options.undo {
            let file = file.display();
            writeln!(
                context.err,
                "gapboot: {name}: note: {file} is not made, there is nothing to undo"
            )?;
        }
        return Ok(writeln!(
            context.out,
            "{name}: gapboot {version} is installed already; compared, nothing to write"
        )?);
    }
    if options.dry_run {
        let outcome = plan.outcome();
        writeln!(context.out, "{name}: would have {outcome}, writing:")?;
        return print_steps(&plan.steps, context);
    }
    if let Some(file) = &options.undo {
        Undo::of(&disk, &plan.steps)
            .map_err(on)?
            .save(file, &disk)?;
    }
    plan::take(&plan.steps, &mut disk)
        .and_then(|()| plan::verify(&plan.steps, &disk.reopen()?))
        .map_err(on)?;
    Ok(writeln!(
        context.out,
        "{name}: {}; read back and compared",
        plan.outcome()
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

/// What sector 0 is to begin with: the boot code, and the partition table behind
/// it only if something in it is to change.
fn first_sector(found: &Survey, stages: &Stages, wishes: &Wishes) -> Result<Vec<u8>, Error> {
    let mut table = found.table_bytes.clone();
    if let Some(slot) = wishes.protective_slot {
        mbr::move_protective(&mut table, slot)?;
    }
    if wishes.active {
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
fn reserve(table: &Table) -> Result<Vec<Step>, Error> {
    let Some(gpt) = &table.gpt else {
        return Err(Error::failed(
            "--reserve is for disks with a GPT: an MBR does not say where partitions may begin",
        ));
    };
    let first = table.first_partition().unwrap_or(u64::MAX);
    gpt.reserve(first.min(notes::USUAL_START))
}
