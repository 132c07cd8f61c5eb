//! The boot loader: every decision, and no hardware.
//!
//! ```text
//! disk -> partition table -> volume -> entries -> choice -> loaded image -> handoff
//! ```
//!
//! Each step is a value, and [`boot`] below is the whole story. Its needs of a machine
//! are the traits of [`machine`]: stage2 implements them over the BIOS,
//! `bootloader_emu` over a file and a model of memory.
//!
//! Whatever bytes are on the disk, a boot ends in a [`Handoff`], a menu or a message.

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
pub mod crc32;
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
mod session;
pub mod settings;
pub mod text;
pub mod uki;
pub mod workspace;

pub use error::{Error, Kind};
pub use handoff::{Ending, Handoff};
pub use workspace::Workspace;

use machine::{Console, Machine};
use overlay::Overlay;
use session::{Found, Session};

/// Boots the disk of `machine`: finds the entries, chooses one or lets a person
/// choose, loads it. After an attempt that failed, the menu says why, and everything
/// starts anew.
///
/// `overlay` is the result of [`overlay::load`]; without the overlay, less is possible.
/// `wish` names the entry, as [`entries::glob::selects`] reads it, in place of the one
/// that loader.conf names or that comes first.
pub fn boot<M: Machine>(
    machine: &mut M,
    workspace: &mut Workspace,
    overlay: Result<Overlay, Error>,
    wish: Option<&[u8]>,
) -> Ending {
    let Workspace {
        caches,
        entries,
        desk,
    } = workspace;
    let long_mode = machine.long_mode();
    let (disk, memory, console) = machine.parts();
    let mut session = Session::<M> {
        began: console.ticks(),
        storage: &mut caches.storage(disk),
        memory,
        console,
        overlay: None,
        desk,
        long_mode,
        failed: false,
    };
    session.take(overlay);
    loop {
        let mut found = Found::nothing(entries);
        if let Err(ending) = session.find(&mut found) {
            return ending;
        }
        let choice = match session.choose(&mut found, wish) {
            Ok(choice) => choice,
            Err(ending) => return ending,
        };
        let Some((entry, source)) = found.entry(choice.entry) else {
            return Ending::Failed;
        };
        session.desk.chosen.set(&[entry.id()]);
        match session.attempt(&found, &choice, entry, source) {
            Ok(handoff) => return Ending::Start(handoff),
            Err(failure) if session.restarts(&choice, entry, &failure) => return Ending::Reboot,
            Err(_) => {}
        }
    }
}
