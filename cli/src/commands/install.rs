//! `gapboot install`: puts the loader on a disk, or brings it up to date.
//!
//! Refused, with a reason: what has no partition table, and a partition or the
//! table's own entries in the loader's sectors; nothing overrides these. Foreign
//! boot code in sector 0 and foreign bytes in the loader's sectors are replaced with
//! `--force`, which then says whose they were. Without `--force`, foreign bytes in
//! the overlay's sectors cost the overlay only, which is optional; but a disk never
//! loses an overlay that works, unless `--no-overlay` says so.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use super::arguments::{DISK, LoaderArgument};
use super::context::Context;
use super::dry_run::print_writes;
use super::outlook::Outlook;
use crate::disk::{Access, Disk, Look};
use crate::error::Error;
use crate::install::console::Console;
use crate::install::plan::{InstallOptions, Plan};
use crate::install::undo::Undo;
use crate::install::write;

/// Put the loader on a disk, or bring it up to date.
///
/// Puts the loader on DISK, an image file or a block device with a GPT or an MBR:
/// boot code into the first 440 bytes of sector 0, stage2 into sectors 34-65, the
/// overlay (optional) into as many of the sectors 66-191 as it needs. Nothing else
/// is written. An older gapboot is updated. What was written is read back and
/// compared.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
--active, --protective-slot and --reserve are for firmware that does not start
the disk otherwise (docs/hardware.md). Without them no partition table is
changed.

`gapboot remove DISK` takes the loader out.

Examples:
  gapboot install disk.img
  gapboot install --undo before.undo /dev/sda
  gapboot install --console=serial:2@9600 /dev/sda"
)]
pub struct Arguments {
    #[arg(value_name = "DISK", help = DISK)]
    disk: PathBuf,
    /// say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// replace another program's boot code in sector 0 or its bytes in the sectors
    /// of stage2 and overlay, but never a partition; that program does not start
    /// any more
    #[arg(long)]
    force: bool,
    /// where the loader talks: vga, serial or vga,serial; serial:2 is COM2,
    /// serial@9600 sets a speed, serial:2@9600 both. Without this option the
    /// choice of the last install stays; at first it is vga,serial:1@115200
    #[arg(long, value_name = "OUTPUTS")]
    console: Option<Console>,
    /// leave the overlay out, and clear one that is there
    #[arg(long)]
    no_overlay: bool,
    /// keep what is overwritten in FILE, which must not exist; `gapboot remove
    /// --undo FILE DISK` brings it back
    #[arg(long, value_name = "FILE")]
    undo: Option<PathBuf>,
    /// set the active flag in sector 0, if no entry has it
    #[arg(long)]
    active: bool,
    /// move the entry that protects the GPT to place N (1 to 4)
    #[arg(long, value_name = "N", value_parser = slot)]
    protective_slot: Option<usize>,
    /// raise the first sector that the GPT gives to partitions, so that no tool
    /// makes one in the loader's sectors
    #[arg(long)]
    reserve: bool,
    /// fail (exit status 1) if the disk would not boot, after it was installed
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    loader: LoaderArgument,
}

fn slot(text: &str) -> Result<usize, Error> {
    match text.parse() {
        Ok(slot @ 1..=4) => Ok(slot),
        _ => Err(Error::usage(format!(
            "{text:?} is not a place in the table: --protective-slot is 1, 2, 3 or 4"
        ))),
    }
}

impl Arguments {
    fn options(&self) -> InstallOptions {
        InstallOptions {
            force: self.force,
            no_overlay: self.no_overlay,
            console: self.console,
            active: self.active,
            protective_slot: self.protective_slot,
            reserve: self.reserve,
            undo: self.undo.is_some(),
        }
    }

    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let stages = self.loader.stages(context)?;
        let name = self.disk.display();
        let access = if self.dry_run {
            Access::Read
        } else {
            Access::Write
        };
        let on = |error: Error| error.on(&self.disk);
        let mut disk = Disk::open(&self.disk, access).map_err(on)?;
        let look = Look::new(&disk);
        let plan = Plan::new(&look, &stages, &self.options()).map_err(on)?;
        for note in &plan.notes {
            writeln!(context.err, "gapboot: {name}: {note}")?;
        }
        let done = if plan.writes.is_empty() {
            if let Some(file) = &self.undo {
                let file = file.display();
                writeln!(
                    context.err,
                    "gapboot: {name}: note: {file} was not written, because there is nothing to undo"
                )?;
            }
            let version = &stages.version;
            format!("gapboot {version} is installed already; compared, nothing to write")
        } else if self.dry_run {
            format!("would have {}, writing:", plan.outcome())
        } else {
            self.keep(&look, &plan)
                .and_then(|()| self.check_again(&look))
                .map_err(on)?;
            write::write_all(&plan.writes, &mut disk)
                .and_then(|()| write::verify(&plan.writes, &disk.reopen()?))
                .map_err(on)?;
            format!("{}; read back and compared", plan.outcome())
        };
        writeln!(context.out, "{name}: {done}")?;
        if self.dry_run {
            print_writes(&plan.writes, context)?;
        }
        let outlook = Outlook::of(&disk.reopen().map_err(on)?, plan.has_overlay);
        let checked = outlook.check();
        for line in outlook.lines() {
            match &checked {
                Ok(()) => writeln!(context.out, "{name}: {line}")?,
                Err(_) => writeln!(context.err, "gapboot: {name}: warning: {line}")?,
            }
        }
        match self.check {
            true => checked.map_err(on),
            false => Ok(()),
        }
    }

    /// Keeps what will be overwritten, if that is wanted.
    fn keep(&self, look: &Look, plan: &Plan) -> Result<(), Error> {
        match &self.undo {
            None => Ok(()),
            Some(file) => Undo::of(look, &plan.writes)?.save(file, look),
        }
    }

    /// Looks whether the plan still fits the disk. If not, the undo file has something
    /// that was never overwritten: it goes.
    fn check_again(&self, look: &Look) -> Result<(), Error> {
        let again = look.again();
        if again.is_err()
            && let Some(file) = &self.undo
        {
            fs::remove_file(file).map_err(|error| Error::file("remove", file, &error))?;
        }
        again
    }
}
