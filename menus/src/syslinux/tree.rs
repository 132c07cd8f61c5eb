//! Menus in menus, as the files say them.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::reading::{Notes, Value};
use crate::storage::Location;

/// All that was read for one menu.
#[derive(Default)]
pub(super) struct Tree {
    /// The first is the one that the loader reads first; the others are linked to.
    pub(super) configs: Vec<Config>,
    pub(super) menus: Vec<Submenu>,
}

/// The place of a configuration in [`Tree::configs`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ConfigId(pub(super) usize);

/// The place of a menu in [`Tree::menus`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct MenuId(pub(super) usize);

/// The place of a label or submenu: the menu, and the place there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ItemId(pub(super) MenuId, pub(super) usize);

/// A configuration file with its includes.
pub(super) struct Config {
    /// More than one only if a menu program is given several.
    pub(super) files: Vec<Location>,
    /// The file that `~` names.
    pub(super) main: Location,
    /// Where its paths begin.
    pub(super) folder: Location,
    pub(super) root: MenuId,
    /// The menu that is shown first (`menu start`).
    pub(super) start: MenuId,
    /// Every label in the order of the files.
    pub(super) labels: Vec<ItemId>,
    pub(super) names: Names,
    pub(super) default: Option<Value>,
    pub(super) ui: Option<Value>,
    pub(super) prompt: bool,
    /// Tenths of a second, of the boot prompt; 0 is for ever.
    pub(super) timeout: i64,
    /// Tenths of a second, whatever a person does; 0 is for ever.
    pub(super) total_timeout: i64,
    pub(super) on_timeout: Option<Value>,
}

/// The labels of a configuration by their names, which have case. Of several labels with
/// a name the first counts.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, ItemId>);

impl Names {
    pub(super) fn add(&mut self, name: &str, id: ItemId) {
        self.0.entry(name.into()).or_insert(id);
    }

    pub(super) fn find(&self, name: &str) -> Option<ItemId> {
        self.0.get(name).copied()
    }
}

/// A menu.
#[derive(Clone)]
pub(super) struct Submenu {
    /// `None`: the menu of a configuration.
    pub(super) parent: Option<MenuId>,
    /// By which `menu goto` calls it.
    pub(super) tag: String,
    pub(super) title: String,
    /// Menus around it, those of links included.
    pub(super) depth: u32,
    pub(super) items: Vec<Item>,
    /// The place in `items` that is marked first.
    pub(super) default: Option<usize>,
    pub(super) timeout: i64,
    pub(super) on_timeout: Option<Value>,
    /// A password protects it.
    pub(super) locked: bool,
}

/// What stands in a menu.
#[derive(Clone)]
pub(super) enum Item {
    Label(Box<Label>),
    Menu(MenuId),
}

/// A label.
#[derive(Clone)]
pub(super) struct Label {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) file: Location,
    pub(super) line: u32,
    pub(super) action: Action,
    /// The menu does not show it.
    pub(super) hidden: bool,
    /// The menu shows it, but it cannot be chosen.
    pub(super) disabled: bool,
    /// A password protects it.
    pub(super) locked: bool,
    pub(super) notes: Notes,
    /// The configuration that it opens, and whether it is the first that opens it.
    pub(super) link: Option<(ConfigId, bool)>,
}

/// What happens when a label is chosen.
#[derive(Clone)]
pub(super) enum Action {
    Run(Command),
    Goto(String),
    /// Back to the menu around, or to the one with this tag.
    Exit(String),
    Quit,
    Help,
}

/// What is run: a file or the like, and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) kind: Kind,
    pub(super) text: Value,
}

/// The directives that name what is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// The extension says what it is.
    Kernel,
    Linux,
    Com32,
    Config,
    LocalBoot,
    /// `BOOT` and `BSS`.
    BootSector,
    Pxe,
    FloppyImage,
    Comboot,
}

impl Kind {
    /// By the name of its directive, in lower case.
    pub(super) fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "kernel" => Self::Kernel,
            "linux" => Self::Linux,
            "com32" => Self::Com32,
            "config" => Self::Config,
            "localboot" => Self::LocalBoot,
            "boot" | "bss" => Self::BootSector,
            "pxe" => Self::Pxe,
            "fdimage" => Self::FloppyImage,
            "comboot" => Self::Comboot,
            _ => return None,
        })
    }

    /// By the extension of a file.
    pub(super) fn by_extension(file: &str) -> Self {
        match file.rsplit_once('.').map(|(_, extension)| extension) {
            Some("c32") => Self::Com32,
            Some("bss" | "bin" | "bs") => Self::BootSector,
            Some("0") => Self::Pxe,
            Some("com" | "cbt") => Self::Comboot,
            _ => Self::Linux,
        }
    }
}

impl Tree {
    pub(super) fn menu(&self, MenuId(at): MenuId) -> Option<&Submenu> {
        self.menus.get(at)
    }

    pub(super) fn menu_mut(&mut self, MenuId(at): MenuId) -> Option<&mut Submenu> {
        self.menus.get_mut(at)
    }

    pub(super) fn config(&self, ConfigId(at): ConfigId) -> Option<&Config> {
        self.configs.get(at)
    }

    pub(super) fn item(&self, ItemId(menu, at): ItemId) -> Option<&Item> {
        self.menu(menu)?.items.get(at)
    }

    pub(super) fn label(&self, id: ItemId) -> Option<&Label> {
        match self.item(id)? {
            Item::Label(label) => Some(label),
            Item::Menu(_) => None,
        }
    }

    pub(super) fn label_mut(&mut self, ItemId(menu, at): ItemId) -> Option<&mut Label> {
        match self.menu_mut(menu)?.items.get_mut(at)? {
            Item::Label(label) => Some(label),
            Item::Menu(_) => None,
        }
    }

    /// Adds a menu, which nothing contains yet.
    pub(super) fn add(&mut self, menu: Submenu) -> MenuId {
        let id = MenuId(self.menus.len());
        self.menus.push(menu);
        id
    }
}
