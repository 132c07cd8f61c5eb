//! The entries of all disks as one list, and what starts when nobody chooses.

use crate::offers::{Cmdline, Disk, Menu};
use crate::options::block::Block;

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The id, by which the option `default` names it.
    pub id: String,
    /// The text in the menu.
    pub title: String,
    /// The command line, or why there is nothing to start.
    pub cmdline: Cmdline,
    /// All about it.
    pub details: Vec<(String, String)>,
    /// What it starts.
    pub starts: Starts,
}

/// What an entry of the list starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starts {
    /// An entry of a disk's menu, by the numbers of both.
    Entry {
        /// The number of the menu.
        menu: usize,
        /// The number of the entry.
        entry: usize,
    },
    /// An entry of the bridge's own configuration.
    Block(usize),
    /// Nothing: it shows the messages.
    Messages,
}

/// What counts for the default, besides the entries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    /// The id that was asked for.
    pub id: Option<&'a str>,
    /// The disk that was named.
    pub disk: Option<usize>,
    /// The disk that the bridge came from, which is trusted too.
    pub medium: Option<usize>,
}

/// All entries: those of the bridge's own configuration first, then those of the disks.
/// Where several disks have some, each title begins with the name of its disk.
#[must_use]
pub fn list(blocks: &[Block], menus: &[Menu], disks: &[Disk], messages: &[String]) -> Vec<Item> {
    let own = blocks
        .iter()
        .enumerate()
        .map(|(number, block)| of_block(number, block));
    let filled = menus.iter().filter(|menu| !menu.entries.is_empty());
    let mut with_entries: Vec<usize> = filled.map(|menu| menu.disk).collect();
    with_entries.sort_unstable();
    with_entries.dedup();
    let is_grouped = with_entries.len() > 1;
    let mut order: Vec<(usize, &Menu)> = menus.iter().enumerate().collect();
    order.sort_by_key(|(_, menu)| menu.disk);
    let entries = order.into_iter().flat_map(|(number, menu)| {
        let disk = disks.get(menu.disk).map(|disk| disk.name.as_str());
        let prefix = disk.filter(|_| is_grouped).map(|name| format!("{name}: "));
        let prefix = prefix.unwrap_or_default();
        menu.entries.iter().enumerate().map(move |(place, entry)| {
            let disk = disk.map(|name| ("disk".to_owned(), name.to_owned()));
            Item {
                id: entry.id.clone(),
                title: format!("{prefix}{}", entry.title),
                cmdline: entry.cmdline.clone(),
                details: disk
                    .into_iter()
                    .chain(entry.details.iter().cloned())
                    .collect(),
                starts: Starts::Entry {
                    menu: number,
                    entry: place,
                },
            }
        })
    });
    let mut items: Vec<Item> = own.chain(entries).collect();
    if !messages.is_empty() && !items.is_empty() {
        items.push(Item {
            id: String::new(),
            title: format!("Messages ({})", messages.len()),
            cmdline: Err("There is nothing to edit.".to_owned()),
            details: messages
                .iter()
                .map(|text| (String::new(), text.clone()))
                .collect(),
            starts: Starts::Messages,
        });
    }
    items
}

fn of_block(number: usize, block: &Block) -> Item {
    let row = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut details = Vec::new();
    details.extend(block.root.iter().map(|root| row("root", root)));
    details.extend(block.kernel.iter().map(|kernel| row("kernel", kernel)));
    details.extend(block.initrds.iter().map(|initrd| row("initrd", initrd)));
    details.extend(block.modules.iter().map(|module| row("module", module)));
    details.push(row("options", &block.cmdline));
    Item {
        id: block.title.clone(),
        title: block.title.clone(),
        cmdline: Ok(block.cmdline.clone()),
        details,
        starts: Starts::Block(number),
    }
}

/// The entry that starts when nobody chooses. A stick that somebody plugs in starts nothing
/// by itself: the entries of a disk count only if that disk was named, or is the one that
/// the bridge came from.
#[must_use]
pub fn default(items: &[Item], blocks: &[Block], menus: &[Menu], wish: &Wish) -> Option<usize> {
    let own = |item: &Item| match item.starts {
        Starts::Block(number) => blocks.get(number),
        _ => None,
    };
    let disk = |item: &Item| match item.starts {
        Starts::Entry { menu, .. } => menus.get(menu).map(|menu| menu.disk),
        _ => None,
    };
    if let Some(id) = wish.id {
        let trusted = match wish.disk {
            Some(disk) => [Some(disk), None],
            None => [wish.medium, None],
        };
        let plain = |id: &str| id.strip_suffix(".conf").unwrap_or(id).to_owned();
        return items.iter().position(|item| {
            let counts =
                own(item).is_some() || disk(item).is_some_and(|disk| trusted.contains(&Some(disk)));
            counts && plain(&item.id) == plain(id)
        });
    }
    let marked = items
        .iter()
        .position(|item| own(item).is_some_and(|block| block.is_default));
    marked.or_else(|| {
        let mut menus = menus.iter().enumerate();
        let (number, menu) =
            menus.find(|(_, menu)| Some(menu.disk) == wish.disk && menu.default.is_some())?;
        let starts = Starts::Entry {
            menu: number,
            entry: menu.default?,
        };
        items.iter().position(|item| item.starts == starts)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offers::Entry;

    fn menu(disk: usize, ids: &[&str], default: Option<usize>) -> Menu {
        let entry = |id: &&str| Entry {
            id: (*id).to_owned(),
            title: format!("The {id}"),
            is_counted: false,
            cmdline: Ok("quiet".to_owned()),
            details: Vec::new(),
        };
        Menu {
            disk,
            default,
            entries: ids.iter().map(entry).collect(),
            ..Menu::default()
        }
    }

    fn disks() -> Vec<Disk> {
        let disk = |name: &str| Disk {
            name: name.to_owned(),
            node: format!("/dev/{name}").into(),
        };
        ["sda", "sdb", "sdc"].map(disk).into()
    }

    fn block(title: &str, is_default: bool) -> Block {
        Block {
            is_default,
            ..Block::new(title)
        }
    }

    fn titles(items: &[Item]) -> Vec<&str> {
        items.iter().map(|item| item.title.as_str()).collect()
    }

    #[test]
    fn grouped_by_disk() {
        let menus = [
            menu(2, &["c"], None),
            menu(0, &["a", "b"], None),
            menu(2, &["d"], None),
        ];
        let items = list(&[block("Own", false)], &menus, &disks(), &["hm".to_owned()]);
        assert_eq!(
            titles(&items),
            [
                "Own",
                "sda: The a",
                "sda: The b",
                "sdc: The c",
                "sdc: The d",
                "Messages (1)"
            ]
        );
        assert_eq!(items[3].starts, Starts::Entry { menu: 0, entry: 0 });
        assert_eq!(items[3].details, [("disk".to_owned(), "sdc".to_owned())]);
    }

    #[test]
    fn one_disk_needs_no_name() {
        let menus = [menu(1, &["a"], None), menu(0, &[], None)];
        assert_eq!(titles(&list(&[], &menus, &disks(), &[])), ["The a"]);
        assert!(list(&[], &[], &disks(), &["hm".to_owned()]).is_empty());
    }

    #[test]
    fn defaults() {
        let menus = [
            menu(0, &["a", "b"], Some(1)),
            menu(1, &["a"], Some(0)),
            menu(2, &["x.conf"], None),
        ];
        let blocks = [block("Own", false), block("Marked", true)];
        let items = list(&blocks, &menus, &disks(), &[]);
        // Own, Marked, a, b (sda), a (sdb), x (sdc)
        let is = |id, disk, medium| {
            let wish = Wish { id, disk, medium };
            default(&items, &blocks, &menus, &wish)
        };
        assert_eq!(is(None, None, None), Some(1));
        assert_eq!(is(Some("Own"), None, None), Some(0));
        assert_eq!(is(Some("a"), None, None), None);
        assert_eq!(is(Some("a"), Some(1), None), Some(4));
        assert_eq!(is(Some("a"), None, Some(0)), Some(2));
        assert_eq!(is(Some("a"), Some(2), Some(0)), None);
        assert_eq!(is(Some("x"), Some(2), None), Some(5));

        let items = list(&[], &menus, &disks(), &[]);
        let is = |disk, medium| {
            let wish = Wish {
                id: None,
                disk,
                medium,
            };
            default(&items, &[], &menus, &wish)
        };
        assert_eq!(is(None, Some(0)), None);
        assert_eq!(is(Some(0), None), Some(1));
        assert_eq!(is(Some(1), None), Some(2));
        assert_eq!(is(Some(2), None), None);
    }
}
