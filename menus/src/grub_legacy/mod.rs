//! The menus of GRUB 0.97, GRUB Legacy.
//!
//! ```text
//! a file -> lines -> titles with their commands -> entries
//! ```
//!
//! | module | content |
//! |---|---|
//! | `lines` | lines and words as GRUB Legacy sees them |
//! | `config` | a file's settings and titles |
//! | `devices` | names of devices and files to places |
//! | `body` | the commands of a title to what they boot |
//! | `entries` | titles to entries, those of other files included |
//!
//! The source is the GNU GRUB Manual 0.97, and what version 0.97 does where the manual
//! is silent.

mod body;
mod config;
mod devices;
mod entries;
mod lines;
#[cfg(test)]
mod tests;

use crate::menu::{Loader, Menu};
use crate::storage::{Location, Storage};
use entries::Reader;

/// Where GRUB Legacy's menu is, in the order in which to look: in `/boot` of a root file
/// system, or on a file system of its own. GRUB takes the file whose name was written
/// into it when it was installed.
pub const PLACES: &[&str] = &[
    "/boot/grub/menu.lst",
    "/grub/menu.lst",
    "/boot/grub/grub.conf",
    "/grub/grub.conf",
];

/// Reads the menu of a configuration file, whatever bytes it has.
#[must_use]
pub fn read(storage: &dyn Storage, config: &Location) -> Menu {
    let mut reader = Reader::new(storage, config);
    let (default, timeout) = reader.file(config, config.device, "", 0);
    Menu {
        loader: Loader::GrubLegacy,
        config: config.clone(),
        entries: reader.entries,
        default,
        timeout,
        notes: reader.notes.into_vec(),
        writes: [].into(),
    }
}
