//! Files to menus: the directives.
//!
//! A configuration is parsed as if its includes stood in it. What a label says counts
//! until the next label, or the beginning or end of a menu.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::context::Link;
use super::draft::Draft;
use super::locate::locate;
use super::tree::{Action, Config, Item, ItemId, Kind, MenuId, Names, Submenu, Tree};
use super::words::{self, keyword, split, trimmed};
use crate::limits;
use crate::reading::{Budget, Notes, Unread, Value};
use crate::storage::{Location, Storage};

/// What a parser works with.
pub(super) struct Source<'a> {
    pub(super) storage: &'a dyn Storage,
    pub(super) budget: &'a mut Budget,
    pub(super) notes: &'a mut Notes,
}

/// Reads the files of a link as one configuration, and gives it with its menus in the tree. `depth` is
/// the number of menus around it.
pub(super) fn parse(source: Source, tree: &mut Tree, link: &Link, depth: u32) -> Config {
    let root = tree.add(Submenu {
        parent: None,
        tag: ".top".to_string(),
        title: String::new(),
        depth,
        items: Vec::new(),
        default: None,
        timeout: 0,
        on_timeout: None,
        locked: false,
    });
    let config = Config {
        files: link.files.clone(),
        main: link.main.clone(),
        folder: link.folder.clone(),
        root,
        start: root,
        labels: Vec::new(),
        names: Names::default(),
        default: None,
        ui: None,
        prompt: false,
        timeout: 0,
        total_timeout: 0,
        on_timeout: None,
    };
    let mut parser = Parser {
        source,
        tree,
        config,
        menu: root,
        label: None,
        append: Value::default(),
        sysappend: 0,
        open: Vec::new(),
    };
    for file in &link.files {
        parser.file(file, false);
    }
    parser.record();
    parser.config
}

/// A configuration half read.
pub(super) struct Parser<'a> {
    pub(super) source: Source<'a>,
    pub(super) tree: &'a mut Tree,
    pub(super) config: Config,
    /// The menu to which the next label belongs.
    pub(super) menu: MenuId,
    /// The label to which the next line belongs.
    pub(super) label: Option<Draft>,
    /// What every label gets that has no `append` of its own.
    append: Value,
    sysappend: i64,
    /// The files that are being read, one inside the other.
    open: Vec<Location>,
}

impl Parser<'_> {
    /// Reads a file at this point.
    fn file(&mut self, file: &Location, included: bool) {
        let path = &file.path;
        if self.open.contains(file) {
            return self.note(format!("{path} includes itself: that include is left out"));
        }
        if self.open.len() >= usize::try_from(limits::DEPTH).unwrap_or(usize::MAX) {
            return self.note(format!(
                "{path} is not read: too many files are in each other"
            ));
        }
        let content = match self.source.budget.read(self.source.storage, file) {
            Ok(content) => content,
            Err(Unread::Missing) if included => {
                return self.note(format!(
                    "{path} is included but does not exist, which SYSLINUX ignores"
                ));
            }
            Err(Unread::Missing) => return self.note(format!("{path} does not exist")),
            Err(Unread::Reason(reason)) => return self.note(reason),
        };
        self.open.push(file.clone());
        let mut in_text = false;
        for (number, line) in words::lines(&content) {
            let (word, rest) = keyword(&line.text);
            match word.as_str() {
                "endtext" if in_text => in_text = false,
                _ if in_text => {}
                "text" => in_text = true,
                word => self.directive(word, &line.part(rest), number),
            }
        }
        self.open.pop();
    }

    fn directive(&mut self, word: &str, rest: &Value, number: u32) {
        match word {
            "menu" => self.menu_directive(rest),
            "include" => self.include(&rest.text),
            "label" => {
                self.record();
                self.begin(rest, number);
            }
            "append" => match &mut self.label {
                Some(label) => label.append = Some(rest.clone()),
                None => self.append = rest.clone(),
            },
            "initrd" => {
                if let Some(label) = &mut self.label {
                    label.initrd = Some(rest.clone());
                }
            }
            "ipappend" | "sysappend" => {
                let number = words::number_of_any_base(&rest.text);
                match &mut self.label {
                    Some(label) => label.sysappend = number,
                    None => self.sysappend = number,
                }
            }
            "default" => self.config.default = Some(rest.clone()),
            "ui" => self.config.ui = Some(rest.clone()),
            "prompt" => self.config.prompt = words::number(&rest.text) != 0,
            "timeout" => {
                let timeout = words::number(&rest.text);
                self.config.timeout = timeout;
                self.in_menu(|menu| menu.timeout = timeout);
            }
            "totaltimeout" => self.config.total_timeout = words::number(&rest.text),
            "ontimeout" => {
                self.config.on_timeout = Some(rest.clone());
                self.in_menu(|menu| menu.on_timeout = Some(rest.clone()));
            }
            "implicit" if words::number(&rest.text) == 0 => {
                self.note("IMPLICIT 0: at the boot prompt only labels are started");
            }
            word => match Kind::by_name(word) {
                Some(kind) => self.kernel(kind, rest),
                None => self.other(word),
            },
        }
    }

    fn kernel(&mut self, kind: Kind, rest: &Value) {
        if let Some(label) = &mut self.label {
            label.kind = kind;
            label.kernel = rest.clone();
        }
    }

    /// A directive that says nothing of what is booted.
    fn other(&mut self, word: &str) {
        const OF_THE_SCREEN: &[&str] = &[
            "",
            "say",
            "display",
            "font",
            "kbdmap",
            "serial",
            "console",
            "nohalt",
            "nocomplete",
            "noescape",
            "allowoptions",
            "onerror",
            "path",
            "pxeretry",
            "sendcookies",
            "implicit",
            "endtext",
            "f0",
            "f1",
            "f2",
            "f3",
            "f4",
            "f5",
            "f6",
            "f7",
            "f8",
            "f9",
            "f10",
            "f11",
            "f12",
        ];
        const DEVICE_TREE: &[&str] = &[
            "fdt",
            "fdtdir",
            "fdtoverlays",
            "devicetree",
            "devicetreedir",
        ];
        if word.starts_with('#') || OF_THE_SCREEN.contains(&word) {
            return;
        }
        let word: String = crate::reading::shown(word).chars().take(32).collect();
        match &mut self.label {
            Some(label) if DEVICE_TREE.contains(&word.as_str()) => label.notes.add(format!(
                "{} is left out: kexec gives the kernel this machine's own description",
                word.to_ascii_uppercase()
            )),
            Some(label) => label
                .notes
                .add(format!("`{word}` is no directive of SYSLINUX")),
            None => self.note(format!("`{word}` is no directive of SYSLINUX")),
        }
    }

    /// `include FILE`, or `include FILE TAG`, which makes a menu of it.
    pub(super) fn include(&mut self, rest: &str) {
        let (name, tag) = split(rest);
        let file = match name {
            "~" => Ok(self.config.main.clone()),
            name => locate(self.source.storage, &self.config.folder, name),
        };
        let file = match file {
            Ok(file) => file,
            Err(reason) => return self.note(format!("an include is left out: {reason}")),
        };
        match trimmed(tag) {
            "" => self.file(&file, true),
            tag => {
                self.begin_menu(tag);
                self.file(&file, true);
                self.end_menu();
            }
        }
    }

    /// Begins a label.
    fn begin(&mut self, rest: &Value, line: u32) {
        let Some(file) = self.open.last().cloned() else {
            return;
        };
        self.label = Some(Draft::new(rest, file, line, self.sysappend));
    }

    /// Ends the label, if there is one, and adds it to its menu.
    pub(super) fn record(&mut self) {
        let Some(draft) = self.label.take() else {
            return;
        };
        if self.is_full() {
            return;
        }
        let default = draft.default
            && !draft.disabled
            && !draft.hidden
            && matches!(draft.action, None | Some(Action::Goto(_)));
        let label = draft.label(&self.append);
        let Some(menu) = self.tree.menu_mut(self.menu) else {
            return;
        };
        let at = menu.items.len();
        self.config.names.add(&label.name, ItemId(self.menu, at));
        menu.items.push(Item::Label(Box::new(label)));
        if default {
            menu.default = Some(at);
        }
        self.config.labels.push(ItemId(self.menu, at));
    }

    /// `menu begin`
    pub(super) fn begin_menu(&mut self, tag: &str) {
        self.record();
        let Some(parent) = self.tree.menu(self.menu) else {
            return;
        };
        let depth = parent.depth.saturating_add(1);
        let menu = Submenu {
            parent: Some(self.menu),
            tag: tag.to_string(),
            title: String::new(),
            depth,
            items: Vec::new(),
            default: None,
            locked: false,
            timeout: parent.timeout,
            on_timeout: parent.on_timeout.clone(),
        };
        // The entries of a menu that is too deep go into the menu around it. The end of
        // it then ends the menu around it too, which changes ids only.
        if depth >= limits::DEPTH || self.is_full() {
            return self.note("too many menus are in each other");
        }
        let id = self.tree.add(menu);
        self.in_menu(|menu| menu.items.push(Item::Menu(id)));
        self.menu = id;
    }

    /// `menu end`
    pub(super) fn end_menu(&mut self) {
        self.record();
        let parent = self.tree.menu(self.menu).and_then(|menu| menu.parent);
        self.menu = parent.unwrap_or(self.menu);
    }

    /// Changes the menu to which lines belong.
    pub(super) fn in_menu(&mut self, change: impl FnOnce(&mut Submenu)) {
        if let Some(menu) = self.tree.menu_mut(self.menu) {
            change(menu);
        }
    }

    /// Whether there are as many labels and menus as a menu may have.
    fn is_full(&mut self) -> bool {
        let labels = self.tree.configs.iter().map(|config| config.labels.len());
        let menus = self.tree.menus.len();
        let count = labels.fold(menus, usize::saturating_add);
        let full = count.saturating_add(self.config.labels.len()) > limits::ENTRIES;
        if full {
            let most = limits::ENTRIES;
            self.note(format!("only the first {most} labels and menus are read"));
        }
        full
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.source.notes.add(note);
    }
}
