//! From a configuration to a menu: its top level is run once, the body of each entry on a
//! copy of the state.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::commands;
use super::default::{choose, first_of, rest};
use super::devices::reason;
use super::environment;
use super::loaded::Loaded;
use super::machine::Machine;
use super::node::Node;
use super::number;
use super::state::{Item, Outcome, State, sentence};
use super::variables::Variables;
use crate::limits;
use crate::menu::{Boots, Default, Entry, EnvironmentBlock, Loader, Menu, Timeout};
use crate::storage::{Location, Storage};

/// Steps of one entry: an entry that never ends costs itself.
const ENTRY_STEPS: u32 = 10_000;

/// The reason of entries that ask for a password.
const PROTECTED: &str = "GRUB starts it only for who gives a superuser's password";

/// Reads a configuration.
pub(super) fn read(storage: &dyn Storage, config: &Location) -> Menu {
    let mut machine = Machine::new(storage, State::default(), commands::find);
    start(&mut machine, config);
    match storage.read(config, limits::FILE) {
        Ok(content) => drop(machine.run_file(&content, config)),
        Err(failure) => machine.state.note(&reason(config, &failure)),
    }
    let mut top = core::mem::take(&mut machine.state);
    // The menu that is shown may be that of another file.
    while let Some(Outcome::Menu(opened)) = &top.outcome {
        let notes = core::mem::take(&mut top.notes);
        top = State::clone(opened);
        for note in notes {
            top.note(&note);
        }
    }
    let mut menu = Menu {
        loader: Loader::Grub,
        config: config.clone(),
        entries: Vec::new(),
        default: None,
        timeout: timeout(&top.variables),
        notes: Vec::new(),
        writes: changes(&machine, &top, None),
    };
    let once = menu.writes.iter().any(|block| clears_wish(storage, block));
    entries(&mut machine, &mut menu, top, once);
    for reached in machine.budget.reached() {
        menu.notes.push(reached.clone());
    }
    menu
}

/// Variables as they are when GRUB reads its configuration.
pub(super) fn start(machine: &mut Machine<'_>, config: &Location) {
    let folder = config.path.to_ascii_uppercase();
    // Only a GRUB for UEFI reads what lies there.
    machine.state.variables = match folder.starts_with("/EFI/") {
        true => Variables::new("x86_64", "efi"),
        false => Variables::new("i386", "pc"),
    };
    let root = machine.device_name(config.device);
    let directory = machine.file_name(&config.parent());
    let variables = &mut machine.state.variables;
    variables.set_exported("root", &root);
    variables.set_exported("prefix", directory.trim_end_matches('/'));
    variables.set("cmdpath", directory.trim_end_matches('/'));
    let full = machine.file_name(config);
    machine.set_config(&full);
}

/// The entries of a menu, and which of them starts.
fn entries(machine: &mut Machine<'_>, menu: &mut Menu, mut top: State, once: bool) {
    let items = core::mem::take(&mut top.items);
    menu.notes = core::mem::take(&mut top.notes);
    if items.is_empty() {
        without_menu(menu, top);
        return;
    }
    if let Some(outcome) = &top.outcome {
        let what = match outcome {
            Outcome::PowerOff => "turns the machine off",
            Outcome::Restart => "restarts the machine",
            _ => "leaves GRUB",
        };
        let note = alloc::format!("the configuration {what} before the menu is shown");
        menu.notes.push(note);
    }
    let ends = top.outcome.take().is_some();
    let default = top.variables.get("default").map(ToString::to_string);
    let fallback = top.variables.get("fallback").map(ToString::to_string);
    machine.budget.renew();
    let mut tree = Tree {
        config: menu.config.clone(),
        entries: Vec::new(),
    };
    let nodes = tree.nodes(machine, &top, &items, &Way::default());
    menu.entries = tree.entries;
    make_unique(&mut menu.entries);
    let start = |wish: Option<&str>| first_of(&nodes, choose(&items, wish).unwrap_or(0));
    let mut chosen = start(default.as_deref());
    if let (Some(entry), Some(fallback)) = (chosen, fallback) {
        let fails = |entry: usize| match menu.entries.get(entry) {
            Some(entry) => matches!(&entry.boots, Boots::Nothing(why) if why != PROTECTED),
            None => true,
        };
        let wishes = fallback
            .split_ascii_whitespace()
            .filter_map(|wish| first_of(&nodes, choose(&items, Some(wish))?));
        if let (true, Some(other)) = (
            fails(entry),
            wishes.into_iter().find(|&entry| !fails(entry)),
        ) {
            menu.notes.push(
                "the default entry starts nothing here, so its fallback is the default".to_string(),
            );
            chosen = Some(other);
        }
    }
    let chosen = chosen.filter(|_| !ends);
    menu.default = chosen.map(|entry| Default { entry, once });
}

/// A configuration that boots without a menu, or does nothing.
fn without_menu(menu: &mut Menu, top: State) {
    let boots = match top.outcome {
        Some(Outcome::Boot) => top.loaded.boots(),
        Some(Outcome::PowerOff) => Some(Boots::PowerOff),
        Some(Outcome::Restart | Outcome::Exit) => Some(Boots::Restart),
        Some(Outcome::Firmware) => Some(Boots::Firmware),
        _ => None,
    };
    let Some(boots) = boots else {
        return;
    };
    menu.timeout = Timeout::Tenths(0);
    menu.default = Some(Default {
        entry: 0,
        once: false,
    });
    menu.entries.push(Entry {
        id: "boot".to_string(),
        aliases: Vec::new(),
        title: "boot".to_string(),
        config: top
            .at
            .source
            .and_then(|source| source.location().cloned())
            .unwrap_or_else(|| menu.config.clone()),
        line: top.at.line,
        boots,
        notes: Vec::new(),
        writes: Vec::new(),
    });
}

/// The way to a menu: titles, identifiers, numbers.
#[derive(Clone, Default)]
struct Way {
    titles: String,
    ids: String,
    numbers: String,
}

impl Way {
    /// Bytes of it.
    fn len(&self) -> usize {
        let parts = [&self.titles, &self.ids, &self.numbers];
        parts
            .iter()
            .map(|part| part.len())
            .fold(0, usize::saturating_add)
    }

    fn then(&self, item: &Item, number: usize) -> Self {
        let join = |way: &str, part: &str| match way {
            "" => part.to_string(),
            way => alloc::format!("{way}>{part}"),
        };
        let title = item.title.replace('>', ">>");
        let id = item
            .id
            .as_ref()
            .map_or_else(|| title.clone(), |id| id.replace('>', ">>"));
        Self {
            titles: join(&self.titles, &title),
            ids: join(&self.ids, &id),
            numbers: join(&self.numbers, &number.to_string()),
        }
    }
}

/// The entries of all menus, in their order.
struct Tree {
    config: Location,
    entries: Vec<Entry>,
}

impl Tree {
    /// Runs the body of each item on a copy of the state.
    fn nodes(
        &mut self,
        machine: &mut Machine<'_>,
        base: &State,
        items: &[Item],
        way: &Way,
    ) -> Vec<Node> {
        let mut nodes = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let way = way.then(item, number);
            // A long title stands in the way to each entry of a submenu.
            if !machine.budget.bytes(way.len()) {
                break;
            }
            nodes.push(self.node(machine, base, item, &way));
        }
        nodes
    }

    fn node(&mut self, machine: &mut Machine<'_>, base: &State, item: &Item, way: &Way) -> Node {
        let mut state = machine.run_item(base, item);
        let protected = is_protected(base, item);
        if state.superusers.is_none() {
            state.superusers = base.variables.get("superusers").map(ToString::to_string);
        }
        if let Some(Outcome::Menu(opened)) = &state.outcome {
            let mut inner = State::clone(opened);
            inner.superusers = state.superusers;
            return self.menu(machine, inner, way, protected);
        }
        let shows_menu = item.submenu || matches!(state.loaded, Loaded::Nothing);
        if !state.items.is_empty() && shows_menu && state.outcome.is_none() {
            return self.menu(machine, state, way, protected);
        }
        self.entries.push(Entry {
            id: way.titles.clone(),
            aliases: aliases(way),
            title: item.title.clone(),
            config: item.config.clone().unwrap_or_else(|| self.config.clone()),
            line: item.line,
            writes: changes(machine, &state, Some(base)),
            notes: core::mem::take(&mut state.notes),
            boots: match protected {
                true => Boots::Nothing(PROTECTED.to_string()),
                false => boots(machine, item, state),
            },
        });
        Node::Entry(self.entries.len().saturating_sub(1))
    }

    fn menu(
        &mut self,
        machine: &mut Machine<'_>,
        mut state: State,
        way: &Way,
        protected: bool,
    ) -> Node {
        let items = core::mem::take(&mut state.items);
        let notes = core::mem::take(&mut state.notes);
        let first = self.entries.len();
        let deeper = machine.depth < limits::DEPTH;
        let nodes = match deeper {
            true => {
                machine.depth = machine.depth.saturating_add(1);
                let nodes = self.nodes(machine, &state, &items, way);
                machine.depth = machine.depth.saturating_sub(1);
                nodes
            }
            false => {
                machine.budget.deep();
                Vec::new()
            }
        };
        for entry in self.entries.iter_mut().skip(first) {
            if protected {
                entry.boots = Boots::Nothing(PROTECTED.to_string());
            }
            entry.notes.splice(0..0, notes.iter().cloned());
        }
        let wish = state.variables.get("default");
        let default = choose(&items, wish).unwrap_or(0);
        Node::Menu { nodes, default }
    }
}

fn aliases(way: &Way) -> Vec<String> {
    let mut aliases = Vec::from([way.numbers.clone()]);
    if way.ids != way.titles {
        aliases.push(way.ids.clone());
    }
    aliases
}

impl Machine<'_> {
    /// The state after an item was chosen.
    fn run_item(&mut self, base: &State, item: &Item) -> State {
        self.state = base.clone();
        self.budget.bytes(base.variables.len().saturating_mul(64));
        if item.submenu {
            self.state.variables = base.variables.exported();
        }
        let chosen = item.id.as_ref().unwrap_or(&item.title).replace('>', ">>");
        let chosen = match base.variables.get("chosen") {
            Some(way) => alloc::format!("{way}>{chosen}"),
            None => chosen,
        };
        self.state.variables.set_exported("chosen", &chosen);
        match base.variables.get("default").and_then(rest) {
            Some(rest) => self.state.variables.set("default", rest),
            None => self.state.variables.unset("default"),
        }
        self.state.at = super::state::Place::default();
        let kept = self.budget.begin(ENTRY_STEPS);
        self.body(&item.body, &item.arguments);
        let mut state = core::mem::take(&mut self.state);
        if let Some(why) = self.budget.end(kept) {
            state.failure = Some(why.clone());
            state.loaded = Loaded::Other(why);
            state.outcome = None;
            state.items.clear();
        }
        state
    }
}

fn boots(machine: &Machine<'_>, item: &Item, state: State) -> Boots {
    match state.outcome {
        Some(Outcome::PowerOff) => return Boots::PowerOff,
        Some(Outcome::Restart | Outcome::Exit) => return Boots::Restart,
        Some(Outcome::Firmware) => return Boots::Firmware,
        Some(Outcome::Boot | Outcome::Menu(_)) | None => {}
    }
    match state.loaded.boots() {
        Some(Boots::Nothing(reason)) => return Boots::Nothing(sentence(&reason)),
        Some(boots) => return boots,
        None => {}
    }
    let reason = match (
        state.failure,
        machine.budget.reached().first(),
        item.submenu,
    ) {
        (Some(failure), _, _) => failure,
        (None, Some(reached), _) if machine.budget.stopped() => reached.clone(),
        (None, _, true) => "it is a menu without entries".to_string(),
        (None, _, false) => "it loads nothing".to_string(),
    };
    Boots::Nothing(sentence(&reason))
}

/// Whether GRUB asks for a password.
fn is_protected(base: &State, item: &Item) -> bool {
    let superusers = base
        .superusers
        .as_deref()
        .or(base.variables.get("superusers"));
    superusers.is_some() && item.users.is_some()
}

/// Blocks that are not as they were before, or as they are on the disk.
fn changes(machine: &Machine<'_>, state: &State, before: Option<&State>) -> Vec<EnvironmentBlock> {
    let changed = state.blocks.iter().filter(|(file, content)| {
        let known = before.and_then(|before| before.blocks.get(*file));
        known.or(machine.blocks.get(*file)) != Some(*content)
    });
    let block = |(file, content): (&Location, &Vec<u8>)| EnvironmentBlock {
        file: file.clone(),
        content: content.clone(),
    };
    changed.map(block).collect()
}

/// Whether a wish to start an entry once is in the block on the disk, and no longer after
/// the change.
fn clears_wish(storage: &dyn Storage, block: &EnvironmentBlock) -> bool {
    let Ok(old) = storage.read(&block.file, limits::OUTPUT) else {
        return false;
    };
    let wish = |content: &[u8], name: &str| {
        let variables = environment::variables(content).unwrap_or_default();
        variables
            .iter()
            .any(|(known, value)| known == name && !value.is_empty())
    };
    let names = ["next_entry", "prev_saved_entry"];
    names
        .iter()
        .any(|name| wish(&old, name) && !wish(&block.content, name))
}

fn timeout(variables: &Variables) -> Timeout {
    let seconds = variables.get("timeout").and_then(number::leading);
    match seconds {
        Some((seconds, _)) => {
            let tenths = seconds.saturating_mul(10);
            Timeout::Tenths(u32::try_from(tenths).unwrap_or(u32::MAX))
        }
        None => Timeout::Never,
    }
}

/// Of entries with the same way to them all but the first get a number: `#2`, `#3`.
fn make_unique(entries: &mut [Entry]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for entry in entries.iter() {
        seen.entry(entry.id.clone()).or_insert(0);
    }
    for entry in entries {
        let mut count = seen.get(&entry.id).copied().unwrap_or(0);
        count = count.saturating_add(1);
        seen.insert(entry.id.clone(), count);
        if count == 1 {
            continue;
        }
        let mut id = alloc::format!("{}#{count}", entry.id);
        while seen.contains_key(&id) {
            count = count.saturating_add(1);
            id = alloc::format!("{}#{count}", entry.id);
        }
        seen.insert(entry.id.clone(), count);
        seen.insert(id.clone(), 1);
        entry.id = id;
    }
}
