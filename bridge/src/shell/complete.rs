//! What a word may go on with.

use menus::storage::Kind;

use super::commands::COMMANDS;
use crate::places::Places;
use crate::session::Session;

/// Names of a directory that are looked at.
const NAMES: usize = 1024;

/// All words that begin as the last word of this text: commands, devices, files.
#[must_use]
pub fn complete(session: &Session, root: Option<&str>, text: &str) -> Vec<String> {
    let (before, word) = text.rsplit_once(' ').unwrap_or(("", text));
    if before.trim().is_empty() {
        return commands(word);
    }
    match (word.strip_prefix('('), word.rsplit_once('/')) {
        (Some(device), None) => {
            let storage = session.offers.storage();
            let names = storage.devices().into_iter();
            let names = names.map(|device| session.offers.called(device));
            let names = names.filter(|name| name.starts_with(device));
            names.map(|name| format!("({name})")).collect()
        }
        (_, Some((directory, start))) => files(session, root, directory, start),
        _ => Vec::new(),
    }
}

/// The commands that begin so.
fn commands(start: &str) -> Vec<String> {
    let names = COMMANDS
        .iter()
        .filter_map(|(usage, _)| usage.split(' ').next());
    let names = names.filter(|name| name.starts_with(start));
    names.map(str::to_owned).collect()
}

/// The files of a directory whose names begin so.
fn files(session: &Session, root: Option<&str>, directory: &str, start: &str) -> Vec<String> {
    let storage = session.offers.storage();
    let Ok(at) = Places(&*session.offers).file(&format!("{directory}/"), root) else {
        return Vec::new();
    };
    let names = storage
        .directory(&at, NAMES)
        .unwrap_or_default()
        .into_iter();
    let names = names.filter(|name| name.starts_with(start));
    let words = names.map(|name| {
        let below = at.join(&name).and_then(|below| storage.kind(&below).ok());
        let end = if below == Some(Kind::Directory) {
            "/"
        } else {
            ""
        };
        format!("{directory}/{name}{end}")
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_commands() {
        assert_eq!(commands("mod"), ["modprobe", "module"]);
        assert_eq!(commands("power"), ["poweroff"]);
        assert!(commands("x").is_empty());
    }
}
