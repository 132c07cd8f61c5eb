//! Menus in menus to a list of entries.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;

use super::context::{Context, Outcome};
use super::tree::{ConfigId, Item, ItemId, Label, MenuId, Submenu, Tree};
use crate::menu::{Boots, Entry};
use crate::reading::ids::way;
use crate::reading::{Ids, Notes, shown};
use crate::storage::Storage;

/// The entries, and which label became which.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) list: Vec<Entry>,
    pub(super) places: BTreeMap<ItemId, usize>,
    pub(super) ids: Ids,
}

/// A menu, and the way to it.
#[derive(Clone, Copy)]
struct Place<'a> {
    config: ConfigId,
    menu: MenuId,
    way: &'a str,
    /// A password protects a menu around it.
    locked: bool,
}

impl Entries {
    /// Adds all entries of a configuration, at the top.
    pub(super) fn add(&mut self, storage: &dyn Storage, tree: &Tree, config: ConfigId) {
        if let Some(root) = tree.config(config).map(|config| config.root) {
            let place = Place {
                config,
                menu: root,
                way: "",
                locked: false,
            };
            self.menu(storage, tree, place);
        }
    }

    /// Menus are at most [`crate::limits::DEPTH`] deep, which the parser saw to.
    fn menu(&mut self, storage: &dyn Storage, tree: &Tree, place: Place) {
        let Some(menu) = tree.menu(place.menu) else {
            return;
        };
        let locked = place.locked || menu.locked;
        for (at, item) in menu.items.iter().enumerate() {
            match item {
                Item::Menu(id) => {
                    let name = tree.menu(*id).map_or("", name);
                    let inner = Place {
                        menu: *id,
                        way: &way(place.way, name),
                        locked,
                        ..place
                    };
                    self.menu(storage, tree, inner);
                }
                Item::Label(label) => {
                    let id = ItemId(place.menu, at);
                    self.label(storage, tree, Place { locked, ..place }, id, label);
                }
            }
        }
    }

    fn label(
        &mut self,
        storage: &dyn Storage,
        tree: &Tree,
        place: Place,
        id: ItemId,
        label: &Label,
    ) {
        let way = way(place.way, &label.name);
        if let Some((config, true)) = label.link
            && let Some(linked) = tree.config(config)
            && tree
                .menu(linked.root)
                .is_some_and(|menu| !menu.items.is_empty())
        {
            let inner = Place {
                config,
                menu: linked.root,
                way: &way,
                locked: place.locked,
            };
            return self.menu(storage, tree, inner);
        }
        let mut notes = label.notes.clone();
        let boots = match place.locked {
            true => Boots::Nothing("a password protects the menu in which it is".into()),
            false => boots(storage, tree, place.config, label, &mut notes),
        };
        if label.hidden {
            notes.add("the menu does not show it: its label is to be typed at the boot prompt");
        }
        self.places.insert(id, self.list.len());
        self.list.push(Entry {
            id: self.ids.unique(&way),
            aliases: Vec::new(),
            title: shown(&label.title),
            config: label.file.clone(),
            line: label.line,
            boots,
            notes: notes.into_vec(),
            writes: Vec::new(),
        });
    }
}

/// The name of a menu in the ids of its entries.
fn name(menu: &Submenu) -> &str {
    match (menu.tag.as_str(), menu.title.as_str()) {
        ("", "") => "menu",
        ("", title) => title,
        (tag, _) => tag,
    }
}

fn boots(
    storage: &dyn Storage,
    tree: &Tree,
    config: ConfigId,
    label: &Label,
    notes: &mut Notes,
) -> Boots {
    let Some(config) = tree.config(config) else {
        return Boots::Nothing("it is in no configuration".into());
    };
    let context = Context {
        storage,
        tree,
        config,
        depth: 0,
    };
    let link = match context.label(label, notes) {
        Outcome::Boots(boots) => return boots,
        Outcome::Link(link) => link,
    };
    let file = link.files.first().map_or("", |file| file.path.as_str());
    Boots::Nothing(match label.link {
        Some((_, true)) => format!("it opens the menu of {file}, which has no entries"),
        Some((_, false)) => format!("it opens the menu of {file}, which is listed already"),
        None => format!("it opens the menu of {file}, which is not read"),
    })
}
