//! Titles to entries, those of other files included.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::body::{Outcome, outcome};
use super::config::{self, Config, Title, parse};
use super::devices::{DeviceMap, Devices};
use super::lines::number;
use crate::limits;
use crate::menu::{Boots, Default, Entry, Timeout};
use crate::reading::ids::way;
use crate::reading::{Budget, Ids, Notes, Unread, shown};
use crate::storage::{Device, Location, Storage};

/// Bytes of the file `default`.
const SAVED: usize = 1 << 12;

/// Reads files into entries.
pub(super) struct Reader<'a> {
    storage: &'a dyn Storage,
    own: Device,
    map: DeviceMap,
    budget: Budget,
    pub(super) notes: Notes,
    pub(super) entries: Vec<Entry>,
    ids: Ids,
    /// Files whose entries are listed.
    seen: Vec<Location>,
}

impl<'a> Reader<'a> {
    /// For a menu that begins with this file.
    pub(super) fn new(storage: &'a dyn Storage, main: &Location) -> Self {
        Self {
            storage,
            own: main.device,
            map: DeviceMap::read(storage, main),
            budget: Budget::new(),
            notes: Notes::default(),
            entries: Vec::new(),
            ids: Ids::default(),
            seen: Vec::new(),
        }
    }

    /// Adds the entries of a file: its default and timeout. `root` is the device in the
    /// beginning, `menu` the way to it, `depth` the number of menus around it.
    pub(super) fn file(
        &mut self,
        file: &Location,
        root: Device,
        menu: &str,
        depth: u32,
    ) -> (Option<Default>, Timeout) {
        self.seen.push(file.clone());
        let content = match self.budget.read(self.storage, file) {
            Ok(content) => content,
            Err(unread) => {
                self.notes.add(match unread {
                    Unread::Missing => format!("{} does not exist", file.path),
                    Unread::Reason(reason) => reason,
                });
                return (None, Timeout::Never);
            }
        };
        let config = parse(&content, &mut self.budget, &mut self.notes);
        let wanted = self.wanted(file, &config);
        let mut default = None;
        for (number, title) in (0..).zip(&config.titles) {
            if self.entries.len() >= limits::ENTRIES {
                let most = limits::ENTRIES;
                self.notes
                    .add(format!("only the first {most} entries are read"));
                break;
            }
            let place = Place {
                file,
                root,
                menu,
                number,
                depth,
            };
            let entry = self.title(&config, title, place);
            if number == wanted {
                default = entry;
            }
        }
        (default, config.timeout)
    }

    /// The number of the title that starts by itself: the default; if there is no title
    /// of this number, the first fallback; and if there is none of that number, 0.
    fn wanted(&self, file: &Location, config: &Config) -> u32 {
        let exists = |number: &u32| {
            usize::try_from(*number).is_ok_and(|number| number < config.titles.len())
        };
        let default = Some(self.default(file, config.default));
        let fallback = || config.fallback.filter(exists);
        default.filter(exists).or_else(fallback).unwrap_or(0)
    }

    fn default(&self, file: &Location, default: config::Default) -> u32 {
        match default {
            config::Default::Number(number) => number,
            config::Default::Saved => {
                let saved = file.parent().join("default");
                let content = saved.and_then(|at| self.storage.read(&at, SAVED).ok());
                let content = content.unwrap_or_default();
                let line = content.split(|&byte| byte == b'\n').next();
                let line = String::from_utf8_lossy(line.unwrap_or_default());
                number(line.trim_end_matches(['\0', '\r'])).unwrap_or(0)
            }
        }
    }

    /// Adds the entry of a title, or those of the file that it opens: which of them
    /// starts by itself when the title does.
    fn title(&mut self, config: &Config, title: &Title, place: Place) -> Option<Default> {
        let mut notes = Notes::default();
        let devices = Devices {
            storage: self.storage,
            own: self.own,
            map: &self.map,
        };
        let way = way(place.menu, &title.title);
        let boots = match outcome(devices, place.root, config.password, title, &mut notes) {
            Outcome::Boots(boots) => boots,
            Outcome::Link(file, root) => match self.link(&file, place.depth) {
                Some(reason) => Boots::Nothing(reason),
                None => {
                    let count = self.entries.len();
                    let depth = place.depth.saturating_add(1);
                    let (default, _) = self.file(&file, root, &way, depth);
                    if self.entries.len() != count {
                        return default;
                    }
                    Boots::Nothing(format!("it opens {}, which has no entries", file.path))
                }
            },
        };
        let entry = self.entries.len();
        let number = place.number.to_string();
        self.entries.push(Entry {
            id: self.ids.unique(&way),
            aliases: match place.menu {
                "" => [number].into(),
                _ => Vec::new(),
            },
            title: shown(&title.title),
            config: place.file.clone(),
            line: title.line,
            boots,
            notes: notes.into_vec(),
            writes: Vec::new(),
        });
        Some(Default { entry, once: false })
    }

    /// Why a file is not opened.
    fn link(&self, file: &Location, depth: u32) -> Option<String> {
        let path = &file.path;
        if self.seen.contains(file) {
            return Some(format!(
                "it opens the menu of {path}, which is listed already"
            ));
        }
        if depth.saturating_add(1) >= limits::DEPTH {
            return Some(format!(
                "it opens {path}, and too many menus are in each other"
            ));
        }
        None
    }
}

/// Where a title stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a Location,
    /// The device in the beginning.
    root: Device,
    /// The way to the menu.
    menu: &'a str,
    /// Its number in the file.
    number: u32,
    depth: u32,
}
