//! What starts when nobody touches a key, and when.

use alloc::vec::Vec;

use super::com32::is_menu;
use super::context::{Context, Outcome};
use super::entries::Entries;
use super::tree::{Action, Command, Config, ConfigId, Item, ItemId, Kind, MenuId, Tree};
use super::words::split;
use crate::limits;
use crate::menu::{self, Boots, Entry, Timeout};
use crate::reading::{Notes, Value, shown};
use crate::storage::Storage;

/// What starts by itself.
enum Choice<'a> {
    Item(ItemId),
    /// A command line, as at the boot prompt.
    Typed(&'a Value),
}

/// The default entry and the timeout of a configuration, which is shown as a menu or at
/// the boot prompt. A command line that is no entry's becomes an entry.
pub(super) fn default(
    storage: &dyn Storage,
    tree: &Tree,
    id: ConfigId,
    is_menu: bool,
    entries: &mut Entries,
) -> (Option<menu::Default>, Timeout) {
    let Some(config) = tree.config(id) else {
        return (None, Timeout::Never);
    };
    let (choice, timeout) = match is_menu {
        true => in_menu(tree, config),
        false => at_prompt(config),
    };
    let entry = match choice {
        Some(Choice::Item(item)) => {
            let item = descend(tree, config, item);
            item.and_then(|item| entries.places.get(&item).copied())
        }
        Some(Choice::Typed(text)) => typed(storage, tree, config, text, entries),
        None => None,
    };
    let default = entry.map(|entry| menu::Default { entry, once: false });
    (default, timeout)
}

/// Whether a menu is shown. Whatever `ui` names is taken for a menu.
pub(super) fn shows_menu(config: &Config) -> bool {
    let default = config.default.as_ref();
    config.ui.is_some() || default.is_some_and(|default| is_menu(&default.text))
}

/// At the boot prompt. Without `prompt` nothing waits.
fn at_prompt(config: &Config) -> (Option<Choice<'_>>, Timeout) {
    let default = config.default.as_ref().map(Choice::Typed);
    if !config.prompt && default.is_some() {
        return (default, Timeout::Tenths(0));
    }
    match (
        tenths(config.timeout, config.total_timeout),
        &config.on_timeout,
    ) {
        (Timeout::Never, _) => (default, Timeout::Never),
        (timeout, Some(text)) => (Some(Choice::Typed(text)), timeout),
        (timeout, None) => (default, timeout),
    }
}

/// In a menu. `default` counts only if there is a `ui` too, as the menu programs do it.
fn in_menu<'a>(tree: &'a Tree, config: &'a Config) -> (Option<Choice<'a>>, Timeout) {
    let named = config.default.as_ref().filter(|_| config.ui.is_some());
    let named = named.and_then(|text| config.names.find(split(&text.text).0));
    let named = named.filter(|&item| tree.label(item).is_some_and(|label| !label.hidden));
    let start = named.map_or(config.start, |ItemId(menu, _)| menu);
    let Some(menu) = tree.menu(start) else {
        return (None, Timeout::Never);
    };
    let timeout = tenths(menu.timeout, config.total_timeout);
    let choice = match (timeout, &menu.on_timeout) {
        (Timeout::Tenths(_), Some(text)) => Some(Choice::Typed(text)),
        _ => named.or_else(|| marked(tree, start)).map(Choice::Item),
    };
    (choice, timeout)
}

/// The entry of a menu that is marked first.
fn marked(tree: &Tree, id: MenuId) -> Option<ItemId> {
    let menu = tree.menu(id)?;
    let can_be_chosen = |item: &Item| match item {
        Item::Label(label) => !label.hidden && !label.disabled,
        Item::Menu(_) => true,
    };
    let at = menu
        .default
        .or_else(|| menu.items.iter().position(can_be_chosen))?;
    Some(ItemId(id, at))
}

/// The label that starts in the end: a submenu and a link lead to the entry that is
/// marked there.
fn descend(tree: &Tree, config: &Config, mut item: ItemId) -> Option<ItemId> {
    for _ in 0..limits::DEPTH {
        let menu = match tree.item(item)? {
            Item::Menu(menu) => *menu,
            Item::Label(label) => match (&label.action, label.link) {
                (Action::Goto(tag), _) => tagged(tree, config, tag)?,
                (_, Some((linked, true))) => tree.config(linked)?.start,
                _ => return Some(item),
            },
        };
        item = marked(tree, menu)?;
    }
    None
}

/// A menu by its tag.
fn tagged(tree: &Tree, config: &Config, tag: &str) -> Option<MenuId> {
    if tag == ".top" {
        return Some(config.root);
    }
    let position = tree.menus.iter().position(|menu| menu.tag == tag);
    position.map(MenuId)
}

/// The entry that a command line starts: the label that it names, or the entry that
/// boots the same; else a new one.
fn typed(
    storage: &dyn Storage,
    tree: &Tree,
    config: &Config,
    text: &Value,
    entries: &mut Entries,
) -> Option<usize> {
    let (name, arguments) = split(&text.text);
    if let Some(item) = config.names.find(name)
        && arguments.is_empty()
    {
        let item = descend(tree, config, item)?;
        return entries.places.get(&item).copied();
    }
    let context = Context {
        storage,
        tree,
        config,
        depth: 0,
    };
    let unchecked = Command {
        kind: Kind::Kernel,
        text: text.clone(),
    };
    let same = |outcome| match outcome {
        Outcome::Boots(Boots::Nothing(_)) | Outcome::Link(_) => None,
        Outcome::Boots(boots) => {
            // The labels of this configuration come before those of links.
            let own = config
                .labels
                .iter()
                .filter_map(|id| entries.places.get(id).copied());
            let boots = Some(&boots);
            own.chain(0..entries.list.len())
                .find(|&at| entries.list.get(at).map(|entry| &entry.boots) == boots)
        }
    };
    let mut notes = Notes::default();
    let as_file = same(context.command(&unchecked, &mut Notes::default()));
    let found = as_file.or_else(|| same(context.typed(text, &mut Notes::default())));
    if found.is_some() {
        return found;
    }
    let boots = match context.typed(text, &mut notes) {
        Outcome::Boots(boots) => boots,
        Outcome::Link(_) => Boots::Nothing("it opens another menu".into()),
    };
    entries.list.push(Entry {
        id: entries.ids.unique("default"),
        aliases: Vec::new(),
        title: shown(&text.text),
        config: config.files.first()?.clone(),
        line: 1,
        boots,
        notes: notes.into_vec(),
        writes: Vec::new(),
    });
    entries.list.len().checked_sub(1)
}

/// The time that a menu or prompt waits, of which 0 means for ever.
fn tenths(timeout: i64, total: i64) -> Timeout {
    let times = [timeout, total].into_iter().filter(|&time| time > 0);
    match times.min() {
        Some(time) => Timeout::Tenths(u32::try_from(time).unwrap_or(u32::MAX)),
        None => Timeout::Never,
    }
}
