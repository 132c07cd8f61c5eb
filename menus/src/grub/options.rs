//! Options of commands, as GRUB's `lib/arg.c` takes them from the arguments.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// An option of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    /// `--long`
    pub(super) long: &'static str,
    /// `-s`
    pub(super) short: Option<char>,
    /// Whether it has a value.
    pub(super) value: Value,
}

/// Whether an option has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Never.
    No,
    /// It may.
    Maybe,
    /// Always.
    Yes,
}

/// An option without a value.
pub(super) const fn flag(long: &'static str, short: Option<char>) -> Spec {
    let value = Value::No;
    Spec { long, short, value }
}

/// An option with a value.
pub(super) const fn with(long: &'static str, short: Option<char>, value: Value) -> Spec {
    Spec { long, short, value }
}

/// How a command treats its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// An unknown option is an error.
    Strict,
    /// An unknown option is an argument.
    Lenient,
    /// As `Lenient`, and options come before the first argument.
    First,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    found: Vec<(&'static str, Option<String>)>,
    /// What is not an option.
    pub(super) rest: Vec<String>,
}

impl Parsed {
    /// Whether an option is there.
    pub(super) fn has(&self, long: &str) -> bool {
        self.found.iter().any(|(name, _)| *name == long)
    }

    /// The last value of an option.
    pub(super) fn value(&self, long: &str) -> Option<&str> {
        let mut found = self.found.iter().rev();
        found.find(|(name, _)| *name == long)?.1.as_deref()
    }

    /// All values of an option.
    pub(super) fn values<'a>(&'a self, long: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.found.iter().filter(move |(name, _)| *name == long);
        found.filter_map(|(_, value)| value.as_deref())
    }
}

/// Sorts arguments into options and others. The message if they are wrong.
pub(super) fn parse(specs: &[Spec], style: Style, arguments: &[String]) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut left = arguments.iter();
    while let Some(argument) = left.next() {
        let late = style == Style::First && !parsed.rest.is_empty();
        if late || !argument.starts_with('-') || argument.len() == 1 {
            parsed.rest.push(argument.clone());
        } else if argument == "--" {
            parsed.rest.extend(left.by_ref().cloned());
        } else if let Some(long) = argument.strip_prefix("--") {
            let (name, mut value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (long, None),
            };
            let Some(spec) = specs.iter().find(|spec| spec.long == name) else {
                if style == Style::Strict {
                    return Err(alloc::format!("unknown argument `{argument}'"));
                }
                parsed.rest.push(argument.clone());
                continue;
            };
            let next = left.clone().next();
            if let (None, Some(next), true) = (&value, next, spec.value != Value::No)
                && !next.starts_with('-')
            {
                value = left.next().cloned();
            }
            take(&mut parsed, spec, value)?;
        } else {
            short(specs, style, argument, &mut left, &mut parsed)?;
        }
    }
    Ok(parsed)
}

/// `-abc`
fn short(
    specs: &[Spec],
    style: Style,
    argument: &str,
    left: &mut core::slice::Iter<'_, String>,
    parsed: &mut Parsed,
) -> Result<(), String> {
    let find = |c: char| specs.iter().find(|spec| spec.short == Some(c));
    let letters = argument.strip_prefix('-').unwrap_or_default();
    if style != Style::Strict && !letters.chars().all(|c| find(c).is_some()) {
        parsed.rest.push(argument.to_string());
        return Ok(());
    }
    let mut letters = letters.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(spec) = find(letter) else {
            return Err(alloc::format!("unknown argument `-{letter}'"));
        };
        let mut value = None;
        if letters.peek().is_none() && spec.value != Value::No {
            let next = left.clone().next();
            let fits = next.is_some_and(|next| next.len() < 2 || !next.starts_with('-'));
            if fits || spec.value == Value::Yes {
                value = left.next().cloned();
            }
        }
        take(parsed, spec, value)?;
    }
    Ok(())
}

fn take(parsed: &mut Parsed, spec: &Spec, value: Option<String>) -> Result<(), String> {
    if spec.value == Value::Yes && value.is_none() {
        return Err(alloc::format!(
            "missing mandatory option for `{}'",
            spec.long
        ));
    }
    let value = value.filter(|_| spec.value != Value::No);
    parsed.found.push((spec.long, value));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[Spec] = &[
        with("set", Some('s'), Value::Maybe),
        flag("fs-uuid", Some('u')),
        with("hint", Some('h'), Value::Yes),
    ];

    fn parsed(style: Style, line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(ToString::to_string).collect();
        match parse(SPECS, style, &words) {
            Ok(parsed) => alloc::format!("{:?} {}", parsed.found, parsed.rest.join("|")),
            Err(message) => message,
        }
    }

    #[test]
    fn as_grub_takes_them() {
        use Style::{First, Lenient, Strict};
        for (style, line, expected) in [
            (Strict, "-u x", r#"[("fs-uuid", None)] x"#),
            (Strict, "--set=root x", r#"[("set", Some("root"))] x"#),
            (Strict, "--set root x", r#"[("set", Some("root"))] x"#),
            (
                Strict,
                "-us r x",
                r#"[("fs-uuid", None), ("set", Some("r"))] x"#,
            ),
            (
                Strict,
                "--set -u x",
                r#"[("set", None), ("fs-uuid", None)] x"#,
            ),
            (Strict, "x --hint", "missing mandatory option for `hint'"),
            (Strict, "-x", "unknown argument `-x'"),
            (Lenient, "--hint-new=1 x", "[] --hint-new=1|x"),
            (First, "x -u", "[] x|-u"),
            (Strict, "-- -u", "[] -u"),
        ] {
            assert_eq!(parsed(style, line), expected, "{line}");
        }
    }
}
