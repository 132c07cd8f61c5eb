//! Entries of the Boot Loader Specification as Fedora's `blscfg` makes them.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::machine::Machine;
use super::state::{Body, Item};
use crate::limits;
use crate::storage::Location;

/// Where the entries are unless `blsdir` says otherwise, and where they are if that
/// directory is missing.
const DIRECTORIES: [&str; 2] = ["/loader/entries", "/boot/loader/entries"];

/// A file of the directory.
struct Entry {
    /// Its name without `.conf`.
    name: String,
    file: Location,
    fields: Vec<(String, String)>,
}

impl Entry {
    fn first<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.all(key).next()
    }

    fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.fields.iter().filter(move |(name, _)| name == key);
        fields.map(|(_, value)| value.as_str())
    }
}

/// Adds the entries of the directory to the menu, the newest first.
pub(super) fn add_entries(machine: &mut Machine<'_>, arguments: &[String]) {
    let argument = arguments.first().map(String::as_str);
    let mut entries = match argument.filter(|argument| argument.starts_with('(')) {
        Some(path) if path.ends_with(".conf") => {
            let file = machine.file(path).ok();
            file.and_then(|file| read(machine, file))
                .into_iter()
                .collect()
        }
        place => directory(machine, place),
    };
    entries.sort_by(|a, b| compare_names(&b.name, &a.name));
    entries.dedup_by(|b, a| compare_names(&a.name, &b.name) == Ordering::Equal);
    let only = argument.filter(|word| !word.starts_with('(') && !word.ends_with("default"));
    for entry in entries {
        let wanted = only.is_none_or(|only| only == entry.name);
        if wanted && !machine.state.bls.contains(&entry.name) {
            add(machine, &entry);
        }
    }
}

fn directory(machine: &mut Machine<'_>, place: Option<&str>) -> Vec<Entry> {
    let blsdir = machine
        .state
        .variables
        .get("blsdir")
        .map(ToString::to_string);
    let places = match (place, blsdir) {
        (Some(place), _) => Vec::from([place.to_string()]),
        (None, Some(blsdir)) => Vec::from([blsdir, DIRECTORIES[1].to_string()]),
        (None, None) => DIRECTORIES.map(ToString::to_string).to_vec(),
    };
    for place in places {
        let Ok(at) = machine.locate(&place) else {
            continue;
        };
        let Ok(mut names) = machine.storage.directory(&at, limits::NAMES) else {
            continue;
        };
        names.sort_unstable();
        let names = names
            .iter()
            .filter(|name| name.len() > 5 && !name.starts_with('.'));
        let names = names.filter(|name| name.ends_with(".conf"));
        let files: Vec<Location> = names.filter_map(|name| at.join(name)).collect();
        return files
            .into_iter()
            .filter_map(|file| read(machine, file))
            .collect();
    }
    machine.note("`blscfg` finds no directory of entries");
    Vec::new()
}

fn read(machine: &mut Machine<'_>, file: Location) -> Option<Entry> {
    if !machine.budget.entry() {
        return None;
    }
    let content = machine.storage.read(&file, limits::OUTPUT).ok()?;
    machine.budget.bytes(content.len());
    let text = String::from_utf8_lossy(&content);
    let mut fields = Vec::new();
    for line in text.split('\n') {
        let line = line
            .split('\0')
            .next()
            .unwrap_or_default()
            .replace('\r', "");
        let line = line.trim_start_matches([' ', '\t']);
        if line.starts_with('#') {
            continue;
        }
        // GRUB takes the first space, and a tab only if there is none.
        let cut = line.find(' ').or_else(|| line.find('\t'));
        let Some((key, value)) = cut.and_then(|cut| line.split_at_checked(cut)) else {
            // It reads nothing after a line without a value.
            break;
        };
        let value = value.trim_start_matches([' ', '\t']);
        if value.is_empty() {
            break;
        }
        fields.push((key.to_string(), value.to_string()));
    }
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".conf").unwrap_or(name).to_string();
    Some(Entry { name, file, fields })
}

fn add(machine: &mut Machine<'_>, entry: &Entry) {
    let Some(linux) = entry.first("linux") else {
        machine.note(&alloc::format!(
            "{} has no `linux`, and is left out",
            entry.file.path
        ));
        return;
    };
    let title = entry.first("title").unwrap_or(linux);
    let options = match entry.first("options") {
        Some(options) => fill_in(machine, options),
        None => {
            let default = machine.state.variables.get("default_kernelopts");
            let default = default.unwrap_or_default().to_string();
            fill_in(machine, &default)
        }
    };
    let mut text =
        alloc::format!("load_video\nset gfxpayload=keep\ninsmod gzio\nlinux {linux} {options}\n");
    let mut initrds: Vec<String> = Vec::new();
    let first = entry.first("initrd");
    if let Some(early) = machine.state.variables.get("early_initrd") {
        let beside = first.unwrap_or(linux);
        let folder = beside.rsplit_once('/').map_or("", |(folder, _)| folder);
        let early = early
            .split(' ')
            .map(|name| alloc::format!("{folder}/{name}"));
        initrds.extend(early);
    }
    initrds.extend(entry.all("initrd").map(ToString::to_string));
    if !initrds.is_empty() {
        text.push_str(&alloc::format!("initrd {}\n", initrds.join(" ")));
    }
    if machine.state.variables.get("save_default") == Some("true") {
        text.insert_str(0, "savedefault\n");
    }
    let mut arguments = Vec::from([title.to_string()]);
    arguments.extend(entry.all("grub_arg").map(ToString::to_string));
    let users = entry
        .first("grub_users")
        .map(|users| fill_in(machine, users));
    machine.charge(machine.state.bls.len());
    Rc::make_mut(&mut machine.state.bls).insert(entry.name.clone());
    machine.state.items.push(Item {
        title: title.to_string(),
        id: Some(entry.name.clone()),
        arguments: arguments.into(),
        users,
        submenu: false,
        body: Body::Text(text.into()),
        config: Some(entry.file.clone()),
        line: 1,
    });
}

/// Fills in variables. A variable's value is followed by a space, and a space after its
/// name is dropped.
fn fill_in(machine: &mut Machine<'_>, value: &str) -> String {
    let mut filled = String::new();
    let mut before = ' ';
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if c != '$' || before == '\\' {
            filled.push(c);
            before = c;
            rest = after;
            continue;
        }
        let length = after
            .bytes()
            .take_while(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let (name, following) = after
            .split_at_checked(length.count())
            .unwrap_or((after, ""));
        if let Some(value) = machine.state.variables.get(name) {
            filled.push_str(value);
            filled.push(' ');
        }
        before = '$';
        rest = following.strip_prefix(' ').unwrap_or(following);
        if !machine.budget.step() || filled.len() > limits::OUTPUT {
            break;
        }
    }
    filled
}

/// Compares names of packages: name, then version, then release.
fn compare_names(a: &str, b: &str) -> Ordering {
    let [a, b] = [a, b].map(split_name);
    a.iter()
        .zip(b.iter())
        .fold(Ordering::Equal, |order, (a, b)| {
            order.then_with(|| compare_versions(a, b))
        })
}

/// Name, version and release: what is missing is taken from the next one.
fn split_name(text: &str) -> [&str; 3] {
    match text.rsplit_once('-') {
        None => [text, "", ""],
        Some((rest, release)) => match rest.rsplit_once('-') {
            None => [rest, release, ""],
            Some((name, version)) => [name, version, release],
        },
    }
}

/// RPM's comparison of versions.
fn compare_versions(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    let separator = |c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '+';
    loop {
        a = a.trim_start_matches(separator);
        b = b.trim_start_matches(separator);
        let starts = |c: char| (a.strip_prefix(c), b.strip_prefix(c));
        match starts('~') {
            (Some(x), Some(y)) => {
                (a, b) = (x, y);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match starts('+') {
            (Some(x), Some(y)) => {
                (a, b) = (x, y);
                continue;
            }
            (Some(_), None) if b.is_empty() => return Ordering::Greater,
            (None, Some(_)) if a.is_empty() => return Ordering::Less,
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        if a.is_empty() || b.is_empty() {
            return a.len().min(1).cmp(&b.len().min(1));
        }
        let digits = a.starts_with(|c: char| c.is_ascii_digit());
        let same = |c: char| match digits {
            true => c.is_ascii_digit(),
            false => c.is_ascii_alphabetic(),
        };
        let cut = |text: &str| text.find(|c| !same(c)).unwrap_or(text.len());
        let (one, rest_a) = a.split_at_checked(cut(a)).unwrap_or((a, ""));
        let (two, rest_b) = b.split_at_checked(cut(b)).unwrap_or((b, ""));
        if two.is_empty() {
            // Numbers are newer than letters.
            return if digits {
                Ordering::Greater
            } else {
                Ordering::Less
            };
        }
        let order = match digits {
            true => {
                let [one, two] = [one, two].map(|number| number.trim_start_matches('0'));
                one.len().cmp(&two.len()).then_with(|| one.cmp(two))
            }
            false => one.cmp(two),
        };
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (a, b, order) in [
            ("6.1.10", "6.1.9", Ordering::Greater),
            ("6.1.0", "6.1", Ordering::Greater),
            ("6.1~rc1", "6.1", Ordering::Less),
            ("6.1+1", "6.1", Ordering::Greater),
            ("1.a", "1.1", Ordering::Less),
            ("007", "7", Ordering::Equal),
        ] {
            assert_eq!(compare_versions(a, b), order, "{a} {b}");
            assert_eq!(compare_versions(b, a), order.reverse(), "{b} {a}");
        }
        assert_eq!(compare_names("x-5.10-1", "x-5.9-2"), Ordering::Greater);
        assert_eq!(compare_names("x-5.10-1", "x-5.10-2"), Ordering::Less);
    }
}
