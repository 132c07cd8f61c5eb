//! The menus of SYSLINUX, ISOLINUX, EXTLINUX and PXELINUX.
//!
//! ```text
//! files -> Tree of menus and labels -> links to other files -> entries -> default
//! ```
//!
//! | module | content |
//! |---|---|
//! | `places` | where the loaders look for their configuration |
//! | `words` | lines and words as SYSLINUX sees them |
//! | `tree` | menus in menus, as the files say them |
//! | `draft` | a label half read |
//! | `parse` | files to menus: the directives |
//! | `menu_directives` | the directives that begin with `menu` |
//! | `locate` | names of files to places |
//! | `context` | where a command stands, and what it may ask |
//! | `com32` | programs of SYSLINUX and what they boot |
//! | `chain` | `chain.c32`: another boot loader |
//! | `command` | a command to what it boots |
//! | `links` | labels that open another configuration |
//! | `entries` | menus in menus to a list of entries |
//! | `default` | what starts when nobody touches a key |
//!
//! The sources are Syslinux's documents `syslinux.cfg.txt`, `menu.txt`, `chain.txt`,
//! `mboot.txt` and `pxelinux.txt`, and what version 6.04 does where they are silent.

mod chain;
mod com32;
mod command;
mod context;
mod default;
mod draft;
mod entries;
mod links;
mod locate;
mod menu_directives;
mod parse;
pub mod places;
#[cfg(test)]
mod tests;
mod tree;
mod words;

pub use places::{PLACES, places};

use context::{Context, Link, Outcome};
use entries::Entries;
use parse::{Source, parse};
use tree::{ConfigId, Tree};

use crate::menu::{Loader, Menu};
use crate::reading::{Budget, Notes, Value};
use crate::storage::{Location, Storage};

/// Reads the menu of a configuration file, whatever bytes it has.
#[must_use]
pub fn read(storage: &dyn Storage, config: &Location) -> Menu {
    let mut notes = Notes::default();
    let mut budget = Budget::new();
    let mut tree = Tree::default();
    let source = Source {
        storage,
        budget: &mut budget,
        notes: &mut notes,
    };
    let link = Link {
        files: [config.clone()].into(),
        main: config.clone(),
        folder: places::folder(config),
    };
    let first = parse(source, &mut tree, &link, 0);
    tree.configs.push(first);
    let main = ConfigId(0);
    let source = Source {
        storage,
        budget: &mut budget,
        notes: &mut notes,
    };
    let shown = menu_of_other_files(source, &mut tree, main).unwrap_or(main);
    links::follow(storage, &mut tree, &mut budget, &mut notes);
    let mut entries = Entries::default();
    entries.add(storage, &tree, shown);
    if shown != main {
        entries.add(storage, &tree, main);
    }
    let is_menu = tree.config(main).is_some_and(default::shows_menu);
    let (default, timeout) = default::default(storage, &tree, shown, is_menu, &mut entries);
    Menu {
        loader: Loader::Syslinux,
        config: config.clone(),
        entries: entries.list,
        default,
        timeout,
        notes: notes.into_vec(),
        writes: [].into(),
    }
}

/// Opens the files of a menu program that is given other files than its own
/// configuration (`ui vesamenu.c32 other.cfg`).
fn menu_of_other_files(source: Source, tree: &mut Tree, main: ConfigId) -> Option<ConfigId> {
    let config = tree.config(main)?;
    if !default::shows_menu(config) {
        return None;
    }
    let command: &Value = config.ui.as_ref().or(config.default.as_ref())?;
    if !com32::is_menu(&command.text) {
        return None;
    }
    let context = Context {
        storage: source.storage,
        tree,
        config,
        depth: 0,
    };
    let Outcome::Link(link) = context.typed(command, &mut Notes::default()) else {
        return None;
    };
    links::open(source, tree, &link, 0).map(|(opened, _)| opened)
}
