//! Entries of a menu by their ids, for commands that are given one.

use boot::entries::counter::EntryName;
use boot::entries::glob;

use super::entry::MenuEntry;
use super::read::Menu;

/// Ids that a message names at most.
const NAMED: usize = 8;

impl Menu {
    /// The first entry that an id or a pattern selects, as the loader takes it.
    pub fn select(&self, pattern: &str) -> Option<&MenuEntry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| glob::selects(pattern.as_bytes(), entry.id.as_bytes()))
    }

    /// An id or a pattern, without the counter of the entry's file if only that keeps it
    /// from selecting the entry.
    pub fn without_counter(&self, id: &str) -> String {
        if self.select(id).is_some() {
            return id.to_owned();
        }
        without_counter(id).unwrap_or_else(|| id.to_owned())
    }

    /// Why an id selects nothing: a sentence without a full stop that names the ids there
    /// are.
    pub fn no_entry(&self, id: &str) -> String {
        let ids: Vec<_> = self.entries.iter().map(|entry| entry.id.as_str()).collect();
        let (named, others) = ids.split_at(ids.len().min(NAMED));
        let named = named.join(", ");
        match (ids.len(), others.len()) {
            (0, _) => format!("no entry {id}: the menu is empty"),
            (1, _) => format!("no entry {id}: there is {named} only"),
            (_, 0) => format!("no entry {id}: there are {named}"),
            (_, more) => {
                format!("no entry {id}: there are {named} and {more} more (`gapboot list`)")
            }
        }
    }
}

/// The id of an entry whose file has this name, with or without its suffix; nothing if
/// there is no counter in it.
fn without_counter(name: &str) -> Option<String> {
    let of = |name: &str, suffix: &str| {
        let parsed = EntryName::parse(name.as_bytes(), suffix.as_bytes())?;
        let base = name.get(..parsed.base().len())?.to_owned();
        parsed.tries.is_counted().then_some(base)
    };
    let with = |suffix: &str| Some(of(name, suffix)? + suffix);
    with(".conf")
        .or_else(|| with(".efi"))
        .or_else(|| of(&format!("{name}.conf"), ".conf"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_in_ids() {
        for (name, id) in [
            ("a+3.conf", Some("a.conf")),
            ("a+2-1.CONF", Some("a.conf")),
            ("a+0-3.efi", Some("a.efi")),
            ("a+2-1", Some("a")),
            ("c++11+3-0.conf", Some("c++11.conf")),
            ("6.1+deb13.conf", None),
            ("a.conf", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(without_counter(name).as_deref(), id, "{name}");
        }
    }
}
