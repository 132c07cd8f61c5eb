//! `gapboot install`: puts the loader on a disk, or brings it up to date.
//!
//! Refused, with a reason: what has no partition table, and a partition or the
//! table's own entries in the loader's sectors; nothing overrides these. Foreign
//! boot code in sector 0 and foreign bytes in the gap are replaced with
//! `--force`, which then says whose they were. Foreign bytes in the overlay's
//! sectors cost the overlay only, which is optional.

use std::path::PathBuf;

use lexopt::Arg::{Long, Value};

use super::args::{self, DiskArgument};
use super::command::{Command, Context};
use super::dry_run::print_writes;
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::install::plan::{InstallOptions, Plan};
use crate::install::undo::Undo;
use crate::install::write;

/// `gapboot install`.
pub const COMMAND: Command = Command {
    name: "install",
    summary: "put the loader on a disk, or bring it up to date",
    help: "\
Usage: gapboot install DISK [--dry-run] [--force] [--console=OUTPUTS] [--undo FILE]
                            [--no-overlay] [--active] [--protective-slot N] [--reserve]

Puts the loader on DISK, an image file or a block device with a GPT or an MBR:
boot code into the first 440 bytes of sector 0, stage2 into sectors 34-65, the
overlay (optional) into sectors 66-129. Nothing else is written. An older gapboot
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

struct Options {
    disk: PathBuf,
    dry_run: bool,
    undo: Option<PathBuf>,
    install: InstallOptions,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut disk = DiskArgument::default();
        let (mut dry_run, mut undo) = (false, None);
        let mut install = InstallOptions::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("dry-run") => dry_run = true,
                Long("force") => install.force = true,
                Long("console") => install.console = Some(args::text(&mut parser)?.parse()?),
                Long("no-overlay") => install.no_overlay = true,
                Long("undo") => undo = Some(PathBuf::from(parser.value()?)),
                Long("active") => install.active = true,
                Long("protective-slot") => install.protective_slot = Some(slot(&mut parser)?),
                Long("reserve") => install.reserve = true,
                Value(value) => disk.set(value)?,
                unknown => return Err(args::other(unknown)),
            }
        }
        Ok(Self {
            disk: disk.get()?,
            dry_run,
            undo,
            install,
        })
    }
}

fn slot(parser: &mut lexopt::Parser) -> Result<usize, Error> {
    match args::text(parser)?.parse() {
        Ok(slot @ 1..=4) => Ok(slot),
        _ => Err(Error::usage("--protective-slot is 1, 2, 3 or 4")),
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
    let plan = Plan::new(&disk, &stages, &options.install).map_err(on)?;
    for note in &plan.notes {
        writeln!(context.err, "gapboot: {name}: {note}")?;
    }
    if plan.writes.is_empty() {
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
        return print_writes(&plan.writes, context);
    }
    if let Some(file) = &options.undo {
        Undo::of(&disk, &plan.writes)
            .map_err(on)?
            .save(file, &disk)?;
    }
    write::write_all(&plan.writes, &mut disk)
        .and_then(|()| write::verify(&plan.writes, &disk.reopen()?))
        .map_err(on)?;
    Ok(writeln!(
        context.out,
        "{name}: {}; read back and compared",
        plan.outcome()
    )?)
}
