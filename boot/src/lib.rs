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
//! Whatever bytes are on the disk, it ends in a [`Handoff`], a menu or a message.

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
pub mod choice;
pub mod conf;
pub mod count;
pub mod crc32;
pub mod entries;
pub mod error;
pub mod fat;
pub mod generated;
pub mod glob;
pub mod gpt;
pub mod handoff;
pub mod inventory;
pub mod keys;
pub mod load;
pub mod machine;
pub mod mbr;
pub mod memory_map;
pub mod menu;
pub mod node;
pub mod overlay;
pub mod part_uuid;
pub mod report;
pub mod start;
pub mod state;
pub mod storage;
pub mod uki;
pub mod workspace;

pub use error::{Error, Kind};
pub use handoff::{Ending, Handoff};
pub use workspace::Workspace;

use core::cell::Cell;

use choice::{Choice, Prelude, SECOND};
use conf::{Conf, timeout};
use entries::list::List;
use inventory::Sources;
use load::Loader;
use load::cmdline::CommandLine;
use machine::{Console, Machine};
use menu::listed::{self, OnDisk};
use start::{Attempt, Notes};
use storage::{Caches, Storage};

/// Boots the disk of `machine`: finds the entries, chooses one or lets a person
/// choose, loads it. After an attempt that failed, the menu says why, and all
/// starts anew.
///
/// `wish` names the entry, as [`glob::selects`] reads it, in place of the one
/// that loader.conf names or that comes first.
pub fn boot<M: Machine>(machine: &mut M, workspace: &mut Workspace, wish: Option<&[u8]>) -> Ending {
    let (long_mode, build) = (machine.long_mode(), machine.build());
    let (disk, memory, console) = machine.parts();
    let began = console.ticks();
    let Workspace {
        blocks,
        table,
        entries,
        scratch,
        chosen,
        patterns,
        command_line,
        trail,
        state,
    } = workspace;
    let mut storage = Storage::new(disk, Caches { blocks, table });
    let overlay = overlay::load(&mut storage, memory, build);
    let in_memory = overlay.as_ref().ok();
    let mut failed = false;
    loop {
        // What there is.
        let quiet = Cell::new(false);
        let mut conf = Conf::new(patterns, &quiet);
        let mut list = List::new(entries);
        trail.entry(b"");
        if let (Err(error), false) = (&overlay, failed) {
            trail.report(console, None, *error);
        }
        let found = inventory::take(
            &mut storage,
            in_memory,
            long_mode,
            scratch,
            &mut conf,
            &mut list,
            &mut |entry, file, error| {
                // After a failure it was said before, and the menu has another
                // message.
                if failed || quiet.get() {
                    return;
                }
                trail.entry(entry);
                trail.file(file);
                trail.report(console, in_memory, error);
            },
        );
        let found = found.and_then(|sources| match list.is_empty() {
            true => Err(Error::new(Kind::NoEntries, 0)),
            false => Ok(sources),
        });
        let sources: Sources = match found {
            Ok(sources) => sources,
            Err(error) => {
                trail.entry(b"");
                trail.report(console, in_memory, error);
                return Ending::Failed;
            }
        };
        let [esp, _] = &sources;
        if let Some(overlay) = in_memory {
            if let Some(esp) = esp {
                state.read(overlay, &mut storage, &esp.volume);
            }
            generated::offer(overlay, &conf, &mut list, &mut scratch.entry);
        }

        // What boots.
        let default = match in_memory {
            Some(overlay) => inventory::default(overlay, &list, &conf, state, wish),
            None => Some(0),
        };
        let timeout = match (state.timeout().unwrap_or(conf.timeout), default) {
            _ if failed => timeout::FORCED,
            // Nothing boots by itself: somebody has to see that.
            (timeout::HIDDEN | timeout::DISABLED, None) => 10,
            (timeout, _) => timeout,
        };
        let selected = default.unwrap_or(0);
        let choice = match (choice::prelude(console, timeout), in_memory) {
            (Prelude::Nobody, _) => Choice::plain(selected),
            (Prelude::Menu(typed), Some(overlay)) => listed::choose(
                console,
                OnDisk {
                    list: &mut list,
                    sources: &sources,
                    storage: &mut storage,
                    scratch,
                    long_mode,
                    overlay: *overlay,
                },
                state,
                &menu::Settings {
                    timeout,
                    lines: conf.lines(),
                    editor: conf.editor,
                    beep: conf.beep,
                    selected,
                    message: if failed { trail.message() } else { b"" },
                },
                typed,
                command_line,
            ),
            (Prelude::Menu(_), None) => {
                match choice::by_number(console, &list, selected, timeout) {
                    Some(entry) => Choice::plain(entry),
                    None => return Ending::Failed,
                }
            }
        };
        let (rank, edited, changes) = match choice {
            Choice::Boot {
                entry,
                edited,
                changes,
            } => (entry, edited, changes),
            Choice::PowerOff => return Ending::PowerOff,
            Choice::Reboot => return Ending::Reboot,
            Choice::Quit if failed => return Ending::Failed,
            Choice::Quit => return Ending::Quit,
        };

        // From the entry to the kernel.
        let id_of = |rank: Option<usize>| {
            rank.and_then(|rank| list.get(rank))
                .map_or(&b""[..], |entry| entry.id())
        };
        let Some(entry) = list.get(rank) else {
            return Ending::Failed;
        };
        let Some(Some(source)) = sources.get(entry.volume()) else {
            return Ending::Failed;
        };
        trail.entry(entry.id());
        chosen.set(&[entry.id()]);
        let attempt = Attempt {
            loader: Loader::new(&mut storage, memory, console, &source.volume, in_memory),
            entry,
            source,
            image: None,
            long_mode,
            scratch,
            command_line: CommandLine::made(command_line, edited.unwrap_or(0)),
            edited: edited.is_some(),
            notes: Notes {
                state: esp.as_ref().map(|esp| (&mut *state, esp)),
                wishes: [changes.default.map(id_of), changes.preferred.map(id_of)],
                changes,
                default: id_of(default),
                began,
            },
            trail,
        };
        let error = match attempt.boot() {
            Ok(handoff) => return Ending::Start(handoff),
            Err(error) => error,
        };
        trail.report(console, in_memory, error);
        // For five seconds a person may object.
        let restarts = conf.reboot_on_error.unwrap_or(entry.tries.left > 0);
        if restarts && console.key(Some(5 * SECOND)).is_none() {
            return Ending::Reboot;
        }
        failed = true;
    }
}
