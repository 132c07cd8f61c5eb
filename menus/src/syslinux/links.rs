//! Follows the labels that open another configuration.
//!
//! A configuration is opened once, by the label with the fewest menus around it.
//! Another label that opens it only says so.

use alloc::vec::Vec;

use super::context::{Context, Link, Outcome};
use super::parse::{Source, parse};
use super::tree::{ConfigId, ItemId, Tree};
use crate::limits;
use crate::reading::{Budget, Notes};
use crate::storage::Storage;

/// Follows all links, those in the configurations that links open included.
pub(super) fn follow(
    storage: &dyn Storage,
    tree: &mut Tree,
    budget: &mut Budget,
    notes: &mut Notes,
) {
    let mut next = 0;
    while next < tree.configs.len() {
        let id = ConfigId(next);
        for item in labels_by_depth(tree, id) {
            let Some(link) = link_of(storage, tree, id, item) else {
                continue;
            };
            let source = Source {
                storage,
                budget: &mut *budget,
                notes: &mut *notes,
            };
            let opened = open(source, tree, &link, depth(tree, item));
            if let Some(label) = tree.label_mut(item) {
                label.link = opened;
            }
        }
        next = next.saturating_add(1);
    }
}

/// Opens a configuration, unless it is open already: it, and whether it is new. `None`
/// if too many menus are around it.
pub(super) fn open(
    source: Source,
    tree: &mut Tree,
    link: &Link,
    depth: u32,
) -> Option<(ConfigId, bool)> {
    let open = tree
        .configs
        .iter()
        .position(|known| known.files == link.files);
    if let Some(open) = open {
        return Some((ConfigId(open), false));
    }
    let depth = depth.saturating_add(1);
    if depth >= limits::DEPTH {
        source.notes.add("too many menus are in each other");
        return None;
    }
    let config = parse(source, tree, link, depth);
    let id = ConfigId(tree.configs.len());
    tree.configs.push(config);
    Some((id, true))
}

fn labels_by_depth(tree: &Tree, id: ConfigId) -> Vec<ItemId> {
    let labels = tree.config(id).map(|config| config.labels.clone());
    let mut labels = labels.unwrap_or_default();
    labels.sort_by_key(|&item| depth(tree, item));
    labels
}

fn depth(tree: &Tree, ItemId(menu, _): ItemId) -> u32 {
    tree.menu(menu).map_or(0, |menu| menu.depth)
}

/// What a label opens.
fn link_of(storage: &dyn Storage, tree: &Tree, id: ConfigId, item: ItemId) -> Option<Link> {
    let context = Context {
        storage,
        tree,
        config: tree.config(id)?,
        depth: 0,
    };
    match context.label(tree.label(item)?, &mut Notes::default()) {
        Outcome::Link(link) => Some(link),
        Outcome::Boots(_) => None,
    }
}
