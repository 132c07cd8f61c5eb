//! The boot loader: every decision, and no hardware.
//!
//! ```text
//! disk -> partition table -> volume -> entries -> choice -> loaded image -> handoff
//! ```
//!
//! Each step is a value, and [`boot`] below is the whole story. What it needs of
//! a machine are the traits of [`machine`]: stage2 implements them over the
//! BIOS, `bootloader_emu` over a file and a model of memory.
//!
//! Whatever bytes are on the disk, it ends in a [`Handoff`] or in a message.

#![no_std]
#![forbid(unsafe_code)]
// Tests may fail by panicking: that is what they are for.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

#[cfg(test)]
extern crate std;

pub mod conf;
pub mod count;
pub mod crc32;
pub mod entries;
pub mod error;
pub mod fat;
pub mod glob;
pub mod gpt;
pub mod handoff;
pub mod load;
pub mod machine;
pub mod memory_map;
pub mod report;
pub mod start;
pub mod storage;
pub mod workspace;

pub use error::{Error, Kind};
pub use handoff::Handoff;
pub use workspace::Workspace;

use conf::Conf;
use entries::list::List;
use entries::scan::Scan;
use entries::select::{self, Wishes};
use fat::{File, Volume};
use gpt::Partition;
use machine::{Console, Disk, Machine};
use report::Trail;
use storage::{Caches, Storage};
use workspace::Scratch;

/// Where the settings lie, on the EFI system partition only.
const CONF: &[u8] = b"/loader/loader.conf";

/// Boots the disk of `machine`: finds the entries, chooses one, loads it.
///
/// `wish` names the entry, as [`glob::selects`] reads it, in place of the one
/// that loader.conf names or that comes first.
///
/// # Errors
/// What went wrong; it was reported on the console.
pub fn boot<M: Machine>(
    machine: &mut M,
    workspace: &mut Workspace,
    wish: Option<&[u8]>,
) -> Result<Handoff, Error> {
    let long_mode = machine.long_mode();
    let (disk, memory, console) = machine.parts();
    let mut trail = Trail::START;
    let mut storage = Storage::new(
        disk,
        Caches {
            blocks: &mut workspace.blocks,
            table: &mut workspace.table,
        },
    );

    let mut attempt = || {
        let partitions = gpt::find(&mut storage)?;
        if partitions.esp.is_none() && partitions.xbootldr.is_none() {
            return Err(Error::new(Kind::NoEsp, 0));
        }
        let esp = open(&mut storage, &partitions.esp, &mut trail, console);
        let xbootldr = open(&mut storage, &partitions.xbootldr, &mut trail, console);
        let volumes = [esp, xbootldr];

        let mut conf = Conf::new(&mut workspace.patterns);
        if let Some(esp) = &volumes[0]
            && let Err(error) = read_conf(&mut storage, esp, &mut workspace.scratch, &mut conf)
        {
            trail.file(CONF);
            trail.report(console, error);
        }

        let mut list = List::new(&mut workspace.entries);
        for (volume, tag) in volumes.iter().zip(0..) {
            let Some(volume) = volume else { continue };
            let mut scan = Scan {
                storage: &mut storage,
                volume,
                tag,
                long_mode,
            };
            scan.type1(
                &mut workspace.scratch,
                &mut list,
                &mut |name, file, error| {
                    trail.entry(name);
                    trail.file(file);
                    trail.report(console, error);
                },
            );
        }

        trail.entry(b"");
        let wishes = Wishes {
            one_shot: wish,
            preferred: [None, conf.preferred()],
            default: [None, conf.default()],
            last_booted: None,
        };
        let nothing = Error::new(Kind::NoEntries, 0);
        let entry = select::default(&list, &wishes).and_then(|rank| list.get(rank));
        let entry = entry.ok_or(nothing)?;
        trail.entry(entry.id());
        workspace.chosen.set(&[entry.id()]);
        let (Some(file), Some(Some(volume))) = (entry.file, volumes.get(usize::from(entry.tag)))
        else {
            return Err(nothing);
        };
        start::type1(
            &mut storage,
            memory,
            volume,
            &file,
            &mut workspace.scratch,
            &mut workspace.command_line,
            &mut trail,
        )
    };
    let result = attempt();
    if let Err(error) = result {
        trail.report(console, error);
    }
    result
}

/// The file system of a partition, if there is one. A damaged one is reported,
/// and costs what is on it.
fn open<D: Disk>(
    storage: &mut Storage<D>,
    partition: &Option<Partition>,
    trail: &mut Trail,
    console: &mut impl Console,
) -> Option<Volume> {
    let volume = Volume::open(storage, partition.as_ref()?);
    if let Err(error) = volume {
        trail.report(console, error);
    }
    volume.ok()
}

/// Takes in loader.conf, if there is one.
fn read_conf<D: Disk>(
    storage: &mut Storage<D>,
    esp: &Volume,
    scratch: &mut Scratch,
    conf: &mut Conf,
) -> Result<(), Error> {
    let node = match esp.find(storage, CONF) {
        Err(error) if error.is(Kind::NotFound) => return Ok(()),
        found => found?,
    };
    let mut file = File::open(esp, &node);
    while let Some(line) = file.line(storage, &mut scratch.line)? {
        conf.line(line);
    }
    Ok(())
}
