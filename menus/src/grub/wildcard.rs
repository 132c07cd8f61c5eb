//! File and device names by `*` and `?`, as in GRUB's `commands/wildcard.c`.

use alloc::string::String;
use alloc::vec::Vec;

use super::escape::unescape;
use super::machine::Machine;
use crate::limits;

/// The names that an argument with wildcards stands for, in the order of the alphabet.
/// `None` if it has no wildcards, cannot be a file's name, or fits no name.
pub(super) fn expand(machine: &mut Machine<'_>, argument: &str) -> Option<Vec<String>> {
    if !argument.starts_with(['/', '(', '*']) || !has_wildcard(argument) {
        return None;
    }
    let mut parts = split(argument).into_iter();
    let first = parts.next()?;
    let mut names = match first {
        "" => Vec::from([String::new()]),
        first if has_wildcard(first) => devices(machine, first),
        first => Vec::from([unescape(first)]),
    };
    let mut known = true;
    for part in parts {
        let mut longer = Vec::new();
        for name in names {
            if has_wildcard(part) {
                longer.extend(files(machine, &name, part));
                known = false;
            } else {
                let longer_name = alloc::format!("{name}/{}", unescape(part));
                if known || part.is_empty() || exists(machine, &longer_name) {
                    longer.push(longer_name);
                }
            }
            if longer.len() > limits::NAMES || !machine.budget.step() {
                return None;
            }
        }
        names = longer;
    }
    (!names.is_empty()).then_some(names)
}

/// At each slash that is not escaped.
fn split(argument: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (at, c) in argument.char_indices() {
        if c == '/' && !escaped {
            parts.push(argument.get(start..at).unwrap_or_default());
            start = at.saturating_add(1);
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(argument.get(start..).unwrap_or_default());
    parts
}

fn has_wildcard(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            '*' | '?' => return true,
            _ => {}
        }
    }
    false
}

/// Devices that a pattern fits: disks alone if it has no parentheses.
fn devices(machine: &Machine<'_>, pattern: &str) -> Vec<String> {
    let all = machine.storage.devices().into_iter();
    let names = all.map(|device| alloc::format!("({})", machine.device_name(device)));
    let pattern: Vec<Element> = elements(pattern);
    let partitions = pattern.first() == Some(&Element::Character('('));
    names
        .filter(|name| partitions || !name.contains(','))
        .filter(|name| fits(&pattern, name))
        .collect()
}

fn files(machine: &mut Machine<'_>, directory: &str, pattern: &str) -> Vec<String> {
    let Ok(at) = machine.locate(&alloc::format!("{directory}/")) else {
        return Vec::new();
    };
    let Ok(mut names) = machine.storage.directory(&at, limits::NAMES) else {
        return Vec::new();
    };
    let length = names.iter().map(String::len).fold(0, usize::saturating_add);
    if !machine.budget.bytes(length) {
        return Vec::new();
    }
    names.sort_unstable();
    let pattern = elements(pattern);
    let mut fitting = Vec::new();
    for name in names {
        if !machine
            .budget
            .bytes(name.len().saturating_mul(pattern.len()))
        {
            break;
        }
        if fits(&pattern, &name) {
            fitting.push(alloc::format!("{directory}/{name}"));
        }
    }
    fitting
}

fn exists(machine: &Machine<'_>, name: &str) -> bool {
    let at = machine.locate(name);
    at.is_ok_and(|at| machine.storage.kind(&at).is_ok())
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Many,
    One,
    Character(char),
}

fn elements(pattern: &str) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        elements.push(match c {
            '\\' => match characters.next() {
                Some(c) => Element::Character(c),
                None => break,
            },
            '*' => Element::Many,
            '?' => Element::One,
            c => Element::Character(c),
        });
    }
    elements
}

/// Whether a pattern fits the whole text.
fn fits(pattern: &[Element], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0_usize, 0_usize);
    // Where to go on if what follows the last `*` does not fit: it takes one more.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(&c) = text.get(t) {
        let fit = match pattern.get(p) {
            Some(Element::Many) => {
                retry = Some((p, t));
                p = p.saturating_add(1);
                continue;
            }
            Some(Element::One) => true,
            Some(Element::Character(expected)) => *expected == c,
            None => false,
        };
        if fit {
            p = p.saturating_add(1);
            t = t.saturating_add(1);
            continue;
        }
        let Some((star, taken)) = retry else {
            return false;
        };
        t = taken.saturating_add(1);
        retry = Some((star, t));
        p = star.saturating_add(1);
    }
    let rest = pattern.get(p..).unwrap_or_default();
    rest.iter().all(|element| *element == Element::Many)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn patterns() {
        for (pattern, text, fit) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("*.cfg*", "x.cfg.cfz", true),
        ] {
            assert_eq!(fits(&elements(pattern), text), fit, "{pattern} {text}");
        }
        assert_eq!(
            split("(hd0)/a\\/b/*"),
            ["(hd0)", "a\\/b", "*"].map(ToString::to_string)
        );
    }
}
