//! The directives that begin with `menu`.
//!
//! Without a label, some of them speak of the menu itself as an entry of the menu around
//! it.

use alloc::string::ToString;

use super::draft::Draft;
use super::parse::Parser;
use super::tree::{Action, Item, Submenu};
use super::words::{keyword, trimmed};
use crate::reading::Value;

impl Parser<'_> {
    pub(super) fn menu_directive(&mut self, rest: &Value) {
        let (word, argument) = keyword(&rest.text);
        match word.as_str() {
            "label" | "title" => self.title(&word, argument),
            "default" => self.mark_default(),
            "passwd" => self.lock(),
            "master" => self.note(
                "`menu master passwd` protects the editing of entries, which is not offered here",
            ),
            "hide" => self.in_label(|label| label.hidden = true),
            "disable" | "disabled" => self.in_label(|label| label.disabled = true),
            "separator" => self.record(),
            "begin" => self.begin_menu(trimmed(argument)),
            "end" => self.end_menu(),
            "include" => self.include(argument),
            "start" => self.config.start = self.menu,
            "goto" => {
                let tag = trimmed(argument).to_string();
                self.in_label(|label| label.action = Some(Action::Goto(tag)));
            }
            "exit" => {
                let tag = trimmed(argument).to_string();
                self.in_label(|label| label.action = Some(Action::Exit(tag)));
            }
            "quit" => self.in_label(|label| label.action = Some(Action::Quit)),
            "help" => self.in_label(|label| label.action = Some(Action::Help)),
            "save" => self.note(
                "`menu save`: SYSLINUX remembers the entry that was started last in its own file, \
                 which is not read",
            ),
            // Colours, sizes and messages.
            _ => {}
        }
    }

    /// `menu label`, `menu title`. Each of them names the menu if nothing else does.
    fn title(&mut self, word: &str, argument: &str) {
        match (word, &mut self.label) {
            ("label", Some(label)) => label.title = Some(argument.to_string()),
            _ => self.in_menu(|menu| {
                if word == "title" || menu.title.is_empty() {
                    menu.title = argument.replace('^', "");
                }
            }),
        }
    }

    fn mark_default(&mut self) {
        if let Some(label) = &mut self.label {
            label.default = true;
            return;
        }
        let id = self.menu;
        let is_this = |item: &Item| matches!(item, Item::Menu(menu) if *menu == id);
        let parent = self.tree.menu(id).and_then(|menu| menu.parent);
        if let Some(parent) = parent.and_then(|parent| self.tree.menu_mut(parent)) {
            parent.default = parent.items.iter().position(is_this);
        }
    }

    fn lock(&mut self) {
        match &mut self.label {
            Some(label) => label.locked = true,
            None => self.in_menu(lock_submenu),
        }
    }

    fn in_label(&mut self, change: impl FnOnce(&mut Draft)) {
        if let Some(label) = &mut self.label {
            change(label);
        }
    }
}

/// The menu of a configuration has no entry that a password could protect.
fn lock_submenu(menu: &mut Submenu) {
    menu.locked = menu.parent.is_some();
}
