//! `gapboot remove`: takes the loader out again.
//!
//! Only what is gapboot's goes: boot code with its mark, stage2 by its header,
//! the overlay by its mark. A damaged or half-written stage2 goes too. What
//! was there before gapboot does not come back; the disk is left as a
//! partitioning tool makes one, with zeros.

use std::path::PathBuf;

use lexopt::Arg::{Long, Value};

use crate::args::{self, DiskArgument};
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::install::print_steps;
use crate::plan;
use crate::survey::{Code, Survey};
use crate::{Command, Context};

/// `gapboot remove`.
pub const COMMAND: Command = Command {
    name: "remove",
    summary: "take the loader out again",
    help: "\
Usage: gapboot remove DISK [--dry-run]

Fills with zeros what belongs to gapboot on DISK, an image file or a block
device: the boot code in the first 440 bytes of sector 0 and stage2 and overlay
behind the partition table. What belongs to another program stays.

      --dry-run  say what would be written, and write nothing
  -h, --help     this text
",
    run,
};

struct Options {
    disk: PathBuf,
    dry_run: bool,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut disk = DiskArgument::default();
        let mut dry_run = false;
        while let Some(argument) = parser.next()? {
            match argument {
                Long("dry-run") => dry_run = true,
                Value(value) => disk.set(value)?,
                unknown => return Err(args::other(unknown)),
            }
        }
        Ok(Self {
            disk: disk.get()?,
            dry_run,
        })
    }
}

fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let options = Options::parse(parser)?;
    let name = options.disk.display();
    let access = if options.dry_run {
        Access::Read
    } else {
        Access::Write
    };
    let mut disk = Disk::open(&options.disk, access).map_err(|error| error.on(&options.disk))?;
    let found = Survey::new(&disk).map_err(|error| error.on(&options.disk))?;
    let steps = plan::remove(&found);
    if steps.is_empty() {
        return Err(Error::failed(
            "gapboot is not on this disk, nothing to remove",
        ))
        .map_err(|error| error.on(&options.disk));
    }
    if options.dry_run {
        writeln!(context.out, "{name}: would have removed gapboot, writing:")?;
        print_steps(&steps, context)?;
    } else {
        plan::take(&steps, &mut disk)
            .and_then(|()| plan::verify(&steps, &disk.reopen()?))
            .map_err(|error| error.on(&options.disk))?;
        writeln!(context.out, "{name}: removed gapboot, writing zeros:")?;
        print_steps(&steps, context)?;
    }
    if let Code::Foreign(owner) = found.code {
        writeln!(
            context.err,
            "gapboot: {name}: note: boot code of {owner} in sector 0 stays"
        )?;
    }
    for stranger in &found.strangers {
        writeln!(
            context.err,
            "gapboot: {name}: note: data of {} in sector {} stays",
            stranger.owner, stranger.lba
        )?;
    }
    Ok(())
}
