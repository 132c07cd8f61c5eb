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
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

#[cfg(test)]
extern crate std;

pub mod ansi;
pub mod conf;
pub mod count;
pub mod crc32;
pub mod entries;
pub mod error;
pub mod fat;
pub mod glob;
pub mod gpt;
pub mod handoff;
pub mod inventory;
pub mod keys;
pub mod load;
pub mod machine;
pub mod memory_map;
pub mod menu;
pub mod overlay;
pub mod report;
pub mod start;
pub mod storage;
pub mod workspace;

pub use error::{Error, Kind};
pub use handoff::Handoff;
pub use workspace::Workspace;

use conf::Conf;
use entries::list::List;
use entries::select::{self, Wishes};
use load::Loader;
use load::cmdline::CommandLine;
use machine::Machine;
use start::Type1;
use storage::{Caches, Storage};

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
    let trail = &mut workspace.trail;
    let mut storage = Storage::new(
        disk,
        Caches {
            blocks: &mut workspace.blocks,
            table: &mut workspace.table,
        },
    );

    let mut attempt = || {
        let mut conf = Conf::new(&mut workspace.patterns);
        let mut list = List::new(&mut workspace.entries);
        let volumes = inventory::take(
            &mut storage,
            long_mode,
            &mut workspace.scratch,
            &mut conf,
            &mut list,
            &mut |entry, file, error| {
                trail.entry(entry);
                trail.file(file);
                trail.report(console, error);
            },
        )?;

        trail.entry(b"");
        let wishes = Wishes {
            one_shot: wish,
            ..inventory::wishes(&conf)
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
        Type1 {
            loader: Loader::new(&mut storage, memory, volume),
            entry: &file,
            line: &mut workspace.scratch.line,
            path: &mut workspace.scratch.path,
            command_line: CommandLine::new(&mut workspace.command_line),
            trail,
        }
        .boot()
    };
    let result = attempt();
    if let Err(error) = result {
        trail.report(console, error);
    }
    result
}
