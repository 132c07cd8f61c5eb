//! Ids that are unique in a menu.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};

use super::value::shown;

/// Bytes of one part of an id. Ids are repeated in every entry below them.
const PART: usize = 200;

/// The ids that are taken, each with the number with which the next of its name is tried.
#[derive(Default)]
pub(crate) struct Ids(BTreeMap<String, u32>);

impl Ids {
    /// An id that no other entry has: the way to the entry, and `#2`, `#3` and so on
    /// where several entries have the same way.
    pub(crate) fn unique(&mut self, way: &str) -> String {
        let Some(&next) = self.0.get(way) else {
            self.0.insert(way.to_string(), 2);
            return way.to_string();
        };
        let mut number = next;
        let mut id = format!("{way}#{number}");
        while self.0.contains_key(&id) {
            number = number.saturating_add(1);
            id = format!("{way}#{number}");
        }
        self.0.insert(way.to_string(), number.saturating_add(1));
        self.0.insert(id.clone(), 2);
        id
    }
}

/// The way to something in a menu: the way to the menu, and its name there.
pub(crate) fn way(menu: &str, name: &str) -> String {
    let mut end = name.len().min(PART);
    while !name.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let name = shown(name.get(..end).unwrap_or_default());
    match menu {
        "" => name,
        menu => format!("{menu}>{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_way_twice_gives_two_ids() {
        let mut ids = Ids::default();
        assert_eq!(ids.unique("a>b"), "a>b");
        assert_eq!(ids.unique("a>b"), "a>b#2");
        assert_eq!(ids.unique("a>b#2"), "a>b#2#2");
        assert_eq!(ids.unique("a>b"), "a>b#3");
    }

    #[test]
    fn ways() {
        assert_eq!(way("", "a"), "a");
        assert_eq!(way("a", "b\u{1b}c"), "a>b\u{fffd}c");
        assert_eq!(way("", &"ä".repeat(150)), "ä".repeat(100));
    }
}
