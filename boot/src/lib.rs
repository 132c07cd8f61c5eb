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

pub mod ansi;
pub mod conf;
pub mod crc32;
pub mod entries;
pub mod error;
pub mod fat;
pub mod glob;
pub mod gpt;
pub mod handoff;
pub mod keys;
pub mod load;
pub mod machine;
pub mod memory_map;
pub mod menu;
pub mod report;
pub mod start;
pub mod storage;
pub mod workspace;

pub use error::{Error, Kind};
pub use handoff::Handoff;
pub use workspace::Workspace;

use entries::list::List;
use entries::scan::Scan;
use entries::select::{self, Wishes};
use fat::Volume;
use machine::{Disk, Machine};
use report::Trail;
use storage::{Caches, Storage};

/// Boots the disk of `machine`: finds the entries, chooses one, loads it.
///
/// `wish` names the entry, as [`glob::selects`] reads it, in place of the one
/// that comes first.
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
        let volume = boot_volume(&mut storage)?;
        let mut list = List::new(&mut workspace.entries);
        let mut scan = Scan {
            storage: &mut storage,
            volume: &volume,
            tag: 0,
            long_mode,
        };
        scan.type1(
            &mut workspace.scratch,
            &mut list,
            &mut |name, kernel, error| {
                trail.entry(name);
                trail.file(kernel);
                trail.report(console, error);
            },
        )?;
        trail.entry(b"");
        let wishes = Wishes {
            one_shot: wish,
            ..Wishes::default()
        };
        let entry = select::default(&list, &wishes)
            .and_then(|rank| list.get(rank))
            .ok_or(Error::new(Kind::NoEntries, 0))?;
        trail.entry(entry.id());
        workspace.chosen.set(&[entry.id()]);
        let file = entry.file.ok_or(Error::new(Kind::NoEntries, 0))?;
        start::type1(
            &mut storage,
            memory,
            &volume,
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

/// The file system that holds the entries.
fn boot_volume<D: Disk>(storage: &mut Storage<D>) -> Result<Volume, Error> {
    let esp = gpt::find(storage)?.esp.ok_or(Error::new(Kind::NoEsp, 0))?;
    Volume::open(storage, &esp)
}
