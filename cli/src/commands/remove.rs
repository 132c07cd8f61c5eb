//! `gapboot remove`: takes the loader out again.
//!
//! Only what is gapboot's goes: boot code with its mark, stage2 by its header,
//! the overlay by its mark. A damaged or half-written stage2 goes too, but nothing
//! that lies in a partition by now. The disk
//! is left as a partitioning tool makes one, with zeros; or, with `--undo`, as it
//! was before gapboot.

use std::path::PathBuf;

use clap::Args;

use super::arguments::DISK;
use super::context::Context;
use super::dry_run::print_writes;
use crate::disk::{self, Access, Disk, Look};
use crate::error::Error;
use crate::install::survey::{Code, Survey};
use crate::install::undo::Undo;
use crate::install::{order, write};
use crate::number::to_u64;

/// Take the loader out again.
///
/// Fills with zeros what belongs to gapboot on DISK, an image file or a block
/// device: the boot code in the first 440 bytes of sector 0, and stage2 and overlay
/// after the partition table. What belongs to another program or lies in a
/// partition stays.
#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub struct Arguments {
    #[arg(value_name = "DISK", help = DISK)]
    disk: PathBuf,
    /// say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// instead of zeros, bring back what `gapboot install --undo FILE` has
    /// overwritten: boot code, data in the gap, and what was changed in the
    /// partition table, unless it has changed since
    #[arg(long, value_name = "FILE")]
    undo: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let name = self.disk.display();
        let access = if self.dry_run {
            Access::Read
        } else {
            Access::Write
        };
        let on = |error: Error| error.on(&self.disk);
        let mut disk = Disk::open(&self.disk, access).map_err(on)?;
        let look = Look::new(&disk);
        let found = Survey::new(&look).map_err(on)?;
        let (writes, stay) = match &self.undo {
            None => (order::remove(&found), Vec::new()),
            Some(file) => Undo::load(file, &look)?.writes(&found, &look).map_err(on)?,
        };
        if writes.is_empty() {
            let nothing = "gapboot is not on this disk, nothing to remove";
            writeln!(context.out, "{name}: {nothing}")?;
        } else if self.dry_run {
            writeln!(context.out, "{name}: would have removed gapboot, writing:")?;
            print_writes(&writes, context)?;
        } else {
            look.again().map_err(on)?;
            write::write_all(&writes, &mut disk)
                .and_then(|()| write::verify(&writes, &disk.reopen()?))
                .map_err(on)?;
            writeln!(context.out, "{name}: removed gapboot, writing:")?;
            print_writes(&writes, context)?;
        }
        for run in stay.chunk_by(|at, next| at.checked_add(1) == Some(*next)) {
            let place = disk::range(run[0], to_u64(run.len()));
            let what = match run {
                [_] => "has changed since the install, and stays",
                _ => "have changed since the install, and stay",
            };
            writeln!(context.err, "gapboot: {name}: note: {place} {what}")?;
        }
        if self.undo.is_some() || writes.is_empty() {
            return Ok(());
        }
        if let Code::Foreign(owner) = found.code {
            writeln!(
                context.err,
                "gapboot: {name}: note: boot code of {owner} in sector 0 stays"
            )?;
        }
        let overlay = found.overlay_strangers(found.overlay_sectors());
        for stranger in found.strangers.iter().chain(&overlay) {
            writeln!(
                context.err,
                "gapboot: {name}: note: data of {} in sector {} stays",
                stranger.owner, stranger.lba
            )?;
        }
        Ok(())
    }
}
