//! Which entry of which menu is meant.

use menus::menu::{Entry, Menu};

use super::others::Others;
use crate::error::Error;
use crate::menu::{self, MenuEntry};

/// An entry that may be meant.
#[derive(Clone, Copy)]
pub enum Choice<'a> {
    /// One of the Boot Loader Specification.
    Bls(&'a MenuEntry),
    /// One of another loader's menu.
    Other {
        /// The menu.
        menu: &'a Menu,
        /// The entry.
        entry: &'a Entry,
        /// It starts this once.
        once: bool,
    },
}

/// All menus of a disk or tree.
pub struct Menus<'a> {
    /// That of the Boot Loader Specification, if there is one.
    pub bls: Option<&'a menu::Menu>,
    /// Those of other loaders.
    pub others: &'a Others,
}

impl<'a> Menus<'a> {
    /// The entry with this id, of whichever menu.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn by_id(&self, id: &str) -> Result<Choice<'a>, Error> {
        let bls = self
            .bls
            .and_then(|bls| bls.select(&bls.without_counter(id)));
        let mut found: Vec<Choice> = bls.map(Choice::Bls).into_iter().collect();
        for menu in &self.others.menus {
            let mut entries = menu.entries.iter();
            let entry = entries.find(|entry| entry.id == id).or_else(|| {
                let mut entries = menu.entries.iter();
                entries.find(|entry| entry.aliases.iter().any(|alias| alias == id))
            });
            found.extend(entry.map(|entry| Choice::Other {
                menu,
                entry,
                once: false,
            }));
        }
        match (found.as_slice(), self.bls) {
            ([choice], _) => Ok(*choice),
            ([], Some(bls)) if self.others.menus.is_empty() => Err(Error::failed(bls.no_entry(id))),
            ([], _) => Err(Error::failed(format!(
                "no entry {id}: choose one that `gapboot list` shows"
            ))),
            (several, _) => Err(self.list(&format!("{id} is in several menus"), several)),
        }
    }

    /// What starts when nobody chooses. `prefers_bls` is true where entries of the Boot
    /// Loader Specification come before other loaders' menus.
    ///
    /// # Errors
    /// Nothing starts by itself, or several menus have something that does.
    pub fn default(&self, prefers_bls: bool) -> Result<Choice<'a>, Error> {
        let bls = self.bls.and_then(|bls| {
            let mut entries = bls.entries.iter();
            entries.find(|entry| entry.is_default == Some(true))
        });
        let mut found: Vec<Choice> = bls.map(Choice::Bls).into_iter().collect();
        if let ([choice], true) = (found.as_slice(), prefers_bls) {
            return Ok(*choice);
        }
        if self.others.menus.iter().any(shows_bls) {
            found.clear();
        }
        found.extend(self.others.menus.iter().filter_map(|menu| {
            let default = menu.default.as_ref()?;
            Some(Choice::Other {
                menu,
                entry: menu.entries.get(default.entry)?,
                once: default.once,
            })
        }));
        match found.as_slice() {
            [choice] => Ok(*choice),
            [] if self.others.menus.is_empty() && self.bls.is_none() => {
                Err(Error::failed("there is no menu of a loader that is known"))
            }
            [] => Err(Error::failed(
                "its menu would start no kernel: name an entry",
            )),
            several => Err(self.list("several menus start something by themselves", several)),
        }
    }

    /// All that may be meant, a line for each.
    fn list(&self, problem: &str, choices: &[Choice]) -> Error {
        let lines = choices.iter().map(|choice| match choice {
            Choice::Bls(entry) => format!("Boot Loader Specification: {}", entry.id),
            Choice::Other { menu, entry, .. } => {
                format!("{}: {}", self.others.heading(menu), entry.id)
            }
        });
        let first = format!("{problem}: name one of their entries, and its loader by --from");
        let lines: Vec<_> = std::iter::once(first).chain(lines).collect();
        Error::failed(lines.join("\n"))
    }
}

/// Whether another loader's menu shows the entries of the Boot Loader Specification, as
/// GRUB's does by `blscfg`.
fn shows_bls(menu: &Menu) -> bool {
    let is_of_bls = |entry: &Entry| entry.config.path.contains("/loader/entries/");
    menu.entries.iter().any(is_of_bls)
}
