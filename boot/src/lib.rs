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

pub mod attempt;
pub mod choose;
pub mod disk;
pub mod entries;
pub mod error;
pub mod fat;
pub mod find;
pub mod handoff;
pub mod load;
pub mod machine;
pub mod memory_map;
pub mod menu;
pub mod overlay;
pub mod report;
pub mod settings;
pub mod text;
pub mod uki;
pub mod workspace;

pub use error::{Error, Kind};
pub use handoff::{Ending, Handoff};
pub use workspace::Workspace;

use attempt::{Attempt, Notes};
use choose::Question;
use disk::storage::{Caches, Storage};
use entries::list::List;
use fat::{Node, Sources};
use find::inventory;
use load::cmdline::CommandLine;
use load::{Loader, Part};
use machine::{Console, Machine, TICKS_PER_SECOND};
use overlay::Overlay;
use settings::conf::OnError;
use workspace::Desk;

/// Boots the disk of `machine`: finds the entries, chooses one or lets a person
/// choose, loads it. After an attempt that failed, the menu says why, and all
/// starts anew.
///
/// `overlay` is what became of loading the overlay ([`overlay::load`]): without it
/// less is possible. `wish` names the entry, as [`glob::selects`] reads it, in place of the one
/// that loader.conf names or that comes first.
pub fn boot<M: Machine>(
    machine: &mut M,
    workspace: &mut Workspace,
    overlay: Result<Overlay, Error>,
    wish: Option<&[u8]>,
) -> Ending {
    let long_mode = machine.long_mode();
    let (disk, memory, console) = machine.parts();
    let began = console.ticks();
    let Workspace {
        blocks,
        table,
        entries,
        chosen,
        desk,
    } = workspace;
    let mut storage = Storage::new(disk, Caches { blocks, table });
    let in_memory = overlay.ok();
    let mut failed = false;
    loop {
        // What there is.
        let mut sources: Sources = [None; 2];
        let mut list = List::new(entries);
        let trail = &mut desk.trail;
        trail.entry(b"");
        if let (Err(error), false) = (&overlay, failed) {
            trail.file(b"overlay");
            trail.report(console, None, *error);
        }
        let found = inventory::take(
            &mut storage,
            in_memory,
            long_mode,
            &mut desk.scratch,
            &mut desk.conf,
            (&mut sources, &mut list),
            (true, &mut |entry, file, error| {
                // It was said before, and the menu has another message to show.
                if failed {
                    return;
                }
                trail.entry(entry);
                trail.file(file);
                trail.report(console, in_memory, error);
            }),
        );
        let found = found.and_then(|()| match list.is_empty() {
            true => Err(Error::new(Kind::NoEntries, 0)),
            false => Ok(()),
        });
        if let Err(error) = found {
            trail.entry(b"");
            trail.report(console, in_memory, error);
            return Ending::Failed;
        }

        // What boots.
        let choice = match in_memory {
            Some(overlay) => {
                let question = Question {
                    list: &mut list,
                    sources: &sources,
                    storage: &mut storage,
                    long_mode,
                    wish,
                    failed,
                };
                overlay.choose(console, question, desk)
            }
            None => choose::by_number(console, &list, failed),
        };
        let choice = match choice {
            Ok(choice) => choice,
            Err(ending) => return ending,
        };

        // From the entry to the kernel.
        let Some(entry) = list.get(choice.entry) else {
            return Ending::Failed;
        };
        let Some(Some(source)) = sources.get(entry.volume()) else {
            return Ending::Failed;
        };
        chosen.set(&[entry.id()]);
        let Desk {
            scratch,
            command_line,
            trail,
            state,
            ..
        } = desk;
        trail.entry(entry.id());
        let mut attempt = Attempt {
            loader: Loader::new(&mut storage, memory, console, &source.volume, in_memory),
            entry,
            partition: &source.partition,
            image: None,
            kernel: Part::whole(Node::ROOT),
            counted: 0,
            long_mode,
            scratch,
            command_line: CommandLine::made(command_line, choice.edited.unwrap_or(0)),
            notes: Notes {
                list: &list,
                choice: &choice,
                sources: &sources,
                state,
                began,
            },
            trail,
        };
        let error = match attempt.boot() {
            Ok(handoff) => return Ending::Start(handoff),
            Err(error) => error,
        };
        // Where it could not be counted the next boot would end here again.
        let counted = attempt.counted > 0;
        desk.trail.report(console, in_memory, error);
        // For five seconds a person may object.
        let restarts = match choice.on_error {
            OnError::Auto => counted && entry.tries.left > 0,
            OnError::Reboot => true,
            OnError::Menu => false,
        };
        if restarts && console.key(Some(5 * TICKS_PER_SECOND)).is_none() {
            return Ending::Reboot;
        }
        failed = true;
    }
}
