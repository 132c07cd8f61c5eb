//! Which entry starts: GRUB's `default` by number, title or identifier.

use super::node::Node;
use super::number;
use super::state::Item;

/// The item that a value of `default` names: what is after the first single `>` is for
/// the submenu.
///
/// A number is a number. Anything else is an identifier or a title, and if there is none
/// of that name, the number that it begins with, as GRUB takes it.
pub(super) fn choose(items: &[Item], wish: Option<&str>) -> Option<usize> {
    let wish = wish?;
    let here = match split(wish) {
        Some((here, _)) => here,
        None => wish,
    };
    let exact = number::leading(here).filter(|(_, rest)| rest.trim().is_empty());
    let named = || {
        let plain = here.replace(">>", ">");
        let by_id = items.iter().position(|item| match &item.id {
            Some(id) => *id == plain,
            None => false,
        });
        by_id.or_else(|| items.iter().position(|item| item.title == plain))
    };
    let number = match exact {
        Some((number, _)) => Some(number),
        None => match named() {
            Some(index) => return Some(index),
            None => number::leading(here).map(|(number, _)| number),
        },
    };
    let index = usize::try_from(number?).ok()?;
    (index < items.len()).then_some(index)
}

/// What a submenu gets of the value of `default`.
pub(super) fn rest(wish: &str) -> Option<&str> {
    split(wish)
        .map(|(_, rest)| rest)
        .filter(|rest| !rest.is_empty())
}

/// At the first `>` that is not doubled.
fn split(wish: &str) -> Option<(&str, &str)> {
    let mut doubled = false;
    for (at, c) in wish.char_indices() {
        if c != '>' || doubled {
            doubled = false;
            continue;
        }
        let after = wish.get(at.saturating_add(1)..).unwrap_or_default();
        if !after.starts_with('>') {
            return Some((wish.get(..at)?, after));
        }
        doubled = true;
    }
    None
}

/// The entry that starts when this item is chosen: a submenu goes on to its own default.
pub(super) fn first_of(nodes: &[Node], index: usize) -> Option<usize> {
    let mut node = nodes.get(index)?;
    loop {
        match node {
            Node::Entry(entry) => return Some(*entry),
            Node::Menu { nodes, default } => node = nodes.get(*default)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways() {
        assert_eq!(split("1>2>3"), Some(("1", "2>3")));
        assert_eq!(split("a>>b>c"), Some(("a>>b", "c")));
        assert_eq!(split("a>>b"), None);
        assert_eq!(rest("1>"), None);
    }
}
